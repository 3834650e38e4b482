"""Evidence of running routers for `csvpn why`: answers, logs of the last hour, a packet capture."""

import argparse
import asyncio
import math
from pathlib import Path

import msgspec

from tui.cloud.models import Router
from tui.commands.host_keys import learn_accepted, with_remedy
from tui.commands.opening import Context, learn, opened
from tui.commands.output import CommandError, sentence, tell
from tui.commands.routers_named import routers_named
from tui.diagnose.bundle import Bundle
from tui.diagnose.bundle_folder import NoBundle, write_bundle
from tui.router.captures import capture
from tui.router.errors import CommandFailed, RouterError
from tui.safety.text import clean
from tui.session.evidence import KINDS, gather
from tui.session.session import Session

MOST_ROUTERS = 4
"""Without `--router`, at most so many routers are asked."""
CAPTURE_FILE = "vr.tcpdump.txt"


async def bundles_of(
    context: Context, arguments: argparse.Namespace, client: str
) -> list[tuple[str, Bundle]]:
    """What the routers that were named say now, each with its name; without a name those that run.

    Raises one of `output.EXPECTED`.
    """
    async with opened(context) as session:
        await learn(session, KINDS)
        named = [arguments.router] if arguments.router else []
        routers = routers_named(session, named, most=MOST_ROUTERS)
        found = []
        for router in routers:
            bundle = await _evidence(session, router, arguments, client)
            if arguments.save:
                await _save(Path(arguments.save), router.name, bundle, alone=len(routers) == 1)
            found.append((router.name, bundle))
    return found


async def _evidence(
    session: Session, router: Router, arguments: argparse.Namespace, client: str
) -> Bundle:
    """The capture first, so that the logs have what it shows."""
    connection = await session.routers.connection(router)
    try:
        while True:  # each machine on the way has a host key of its own
            try:
                await connection.connect()
                break
            except RouterError as error:
                learn_accepted(session, router, error, arguments.accept)
    except RouterError as error:
        raise with_remedy(error) from error
    packets: dict[str, bytes] = {}
    if arguments.capture:
        seconds = math.ceil(arguments.capture)
        tell(f"{router.name}: packets are captured for {seconds} s; let the user try now")
        try:
            packets[CAPTURE_FILE] = await capture(connection, client=client, seconds=seconds)
        except CommandFailed as error:
            tell(f"{router.name}: no capture: {sentence(error)}")
    bundle = await gather(session, router, since_seconds=max(60, math.ceil(arguments.since * 60)))
    return msgspec.structs.replace(bundle, logs={**bundle.logs, **packets})


async def _save(folder: Path, router: str, bundle: Bundle, *, alone: bool) -> None:
    place = folder if alone else folder / router
    try:
        await asyncio.to_thread(write_bundle, place, bundle)
    except NoBundle as error:
        raise CommandError(clean(error.what), error.remedy) from error
    except OSError as error:
        raise CommandError(
            f"{place} cannot be written: {error.strerror}", "name another folder"
        ) from error
    tell(f"{router}: kept in {place}")
