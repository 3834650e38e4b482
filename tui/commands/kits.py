"""`csvpn kits`: the client kits that lie on this machine, and deleting them."""

import argparse
import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from tui.commands.opening import Context, did_you_mean
from tui.commands.output import CommandError, Exit, confirm, print_json, print_line, table, tell
from tui.operations.kit_files import KitNotWritten, delete_kit
from tui.operations.kit_register import KeptKit, forget, kept_kits
from tui.safety.text import clean


async def run_command(context: Context, arguments: argparse.Namespace) -> Exit:
    """What the command line runs."""
    if arguments.kits_command == "delete":
        return await delete(
            context,
            arguments.paths,
            due=arguments.due,
            everything=arguments.all,
            yes=arguments.yes,
        )
    return await show(context)


async def show(context: Context, now: datetime | None = None) -> Exit:
    """Print the kits, those that are due first; `FINDINGS` when one is."""
    at = now or datetime.now(UTC)
    kits = await asyncio.to_thread(kept_kits)
    kits.sort(key=lambda kit: (not kit.is_due(at), kit.written))
    due = [kit for kit in kits if kit.is_due(at)]
    if context.as_json:
        print_json({"kits": [_document(kit, at) for kit in kits]})
    elif not kits:
        tell("No kit lies on this machine, as far as csvpn has written it.")
    else:
        cells = [
            (
                f"▲ {_days(at - kit.delete_after)} over" if kit.is_due(at) else "✔ fine",
                _days(kit.age(at)),
                clean(kit.user) or "–",
                clean(kit.network),
                ", ".join(kit.secrets) or "none",
                clean(kit.path),
            )
            for kit in kits
        ]
        for line in table(("STATE", "AGE", "USER", "NETWORK", "SECRETS", "KIT"), cells):
            print_line(line)
    if due:
        tell(f"{_kits(len(due))} should have been deleted: csvpn kits delete --due")
    return Exit.FINDINGS if due else Exit.FINE


def _document(kit: KeptKit, now: datetime) -> dict[str, object]:
    return {
        "path": kit.path,
        "user": kit.user,
        "network": kit.network,
        "server": kit.server,
        "written": kit.written.isoformat(),
        "delete_after": kit.delete_after.isoformat(),
        "due": kit.is_due(now),
        "secrets": list(kit.secrets),
    }


def _days(age: timedelta) -> str:
    hours = max(0, int(age.total_seconds() // 3600))
    if hours < 48:
        return f"{hours} h"
    return f"{hours // 24} d"


def _kits(number: int) -> str:
    return "one kit" if number == 1 else f"{number} kits"


async def delete(
    context: Context,
    named: Sequence[str],
    *,
    due: bool = False,
    everything: bool = False,
    yes: bool = False,
    now: datetime | None = None,
) -> Exit:
    """Delete the kits that were named, all that are due, or all; asks unless `yes`."""
    if sum((bool(named), due, everything)) != 1:
        raise CommandError(
            "it is not clear which kits are meant", "name them, or give either --due or --all"
        )
    at = now or datetime.now(UTC)
    known = await asyncio.to_thread(kept_kits)
    if named:
        chosen = [_named(name, known) for name in named]
    else:
        chosen = [kit for kit in known if everything or kit.is_due(at)]
    if not chosen:
        tell("There is nothing to delete.")
        return Exit.FINE
    for kit in chosen:
        tell(f"  {kit.path}")
    if not yes and not confirm(f"Delete {_kits(len(chosen))}?"):
        tell("Nothing was changed.")
        return Exit.FINDINGS
    left = await asyncio.to_thread(_delete, chosen)
    if context.as_json:
        print_json({"deleted": [kit.path for kit in chosen], "left": [str(path) for path in left]})
    else:
        print_line(f"deleted {_kits(len(chosen))}")
    for path in left:
        tell(f"note: {path} is no part of a kit and was left")
    tell("Copies in backups, mails and on other machines are out of reach of this.")
    return Exit.FINE


def _named(name: str, known: Sequence[KeptKit]) -> KeptKit:
    path = str(Path(name).expanduser().absolute())
    for kit in known:
        if kit.path in (name, path):
            return kit
    by_name = [kit for kit in known if Path(kit.path).name == name]
    if len(by_name) == 1:
        return by_name[0]
    if by_name:
        paths = ", ".join(kit.path for kit in by_name)
        raise CommandError(f"{name} is the name of {len(by_name)} kits: {paths}", "give the path")
    raise CommandError(
        f"csvpn has written no kit {clean(name)!r}",
        did_you_mean(name, [Path(kit.path).name for kit in known]),
    )


def _delete(chosen: Sequence[KeptKit]) -> list[Path]:
    left: list[Path] = []
    for kit in chosen:
        try:
            left += delete_kit(Path(kit.path), kit.files)
        except KitNotWritten as error:
            raise CommandError(error.what, error.remedy, Exit.FINDINGS) from error
        forget([kit.path])
    return left
