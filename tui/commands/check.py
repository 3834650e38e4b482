"""`csvpn check`: the checkup of routers, live or on a saved bundle."""

import argparse
import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from tui.commands.check_words import Checked, code_of_checks, document, lines, zone_lines
from tui.commands.opening import Context
from tui.commands.output import CommandError, Exit, print_json, print_line
from tui.safety.redact import redact
from tui.safety.text import clean

if TYPE_CHECKING:
    from tui.diagnose.bundle import Bundle


async def run_command(context: Context, arguments: argparse.Namespace) -> Exit:
    """Check what was named. Raises one of `output.EXPECTED`."""
    if arguments.facts is not None:
        _refuse_both(arguments)
        checked = await asyncio.to_thread(check_folders, arguments.facts)
    else:
        from tui.commands.check_live import check_routers

        checked = await check_routers(context, arguments)
    show(context, checked, evidence=arguments.evidence, everything=arguments.everything)
    return code_of_checks(checked)


def _refuse_both(arguments: argparse.Namespace) -> None:
    live = {
        "--router": arguments.routers,
        "--zone": arguments.zone,
        "--save": arguments.save,
        "--accept-host-key": arguments.accept,
    }
    for option, given in live.items():
        if given:
            raise CommandError(
                f"{option} and --facts exclude each other",
                "--facts reads a saved bundle and asks no router",
            )


def check_folders(folder: Path) -> list[Checked]:
    """The checkups of the bundles in `folder`. Raises `CommandError`."""
    from tui.diagnose.bundle_folder import NoBundle, bundles_in, read_bundle

    try:
        found = bundles_in(folder)
        named = len(found) > 1
        return [
            checked_bundle(read_bundle(each), folder=each.name if named else "") for each in found
        ]
    except NoBundle as error:
        raise CommandError(clean(error.what), error.remedy) from error


def checked_bundle(bundle: "Bundle", *, folder: str = "") -> Checked:
    """The checkup of what was gathered."""
    from tui.diagnose.checkup import checkup_bundle

    cloud = bundle.cloud
    return Checked(
        router=clean(bundle.survey.router),
        belongs_to=cloud.network if cloud is not None else "",
        zone=cloud.zone if cloud is not None else "",
        checks=checkup_bundle(bundle),
        folder=clean(folder),
    )


def show(context: Context, checked: Sequence[Checked], *, evidence: bool, everything: bool) -> None:
    """Print the answer."""
    if context.as_json:
        print_json(document(checked))
        return
    for each in checked:
        for line in lines(each, evidence=evidence, everything=everything):
            print_line(clean(redact(line)))
    if len(checked) > 1:
        for line in zone_lines(checked):
            print_line(line)
