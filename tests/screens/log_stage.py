"""The section Logs on a lab: following a router, and writing into its logs."""

import re
import time

from screens.logs import LogsScreen
from tests.router_cases import case
from tests.screens.stage import Stage
from tests.widgets.apps import lines
from tui.lab.lab import Lab
from tui.lab.router.logfiles import RouterLogs
from tui.widgets.logview import LogView

OFFICE = "r-47-VM"


def logs_of(lab: Lab, router: str = OFFICE) -> RouterLogs:
    """The logs of a router of the lab."""
    assert lab.routers is not None
    return lab.routers.logs(router)


def write(lab: Lab, text: str, *, tag: str = "charon", router: str = OFFICE) -> None:
    """A line in the journal of a router."""
    logs_of(lab, router).journal(time.time(), tag, 977, text)


async def follow(on: Stage, network: str = "acme-office") -> LogView:
    """Go to the logs of a network's router."""
    await on.row(network)
    await on.press("l")
    await on.until(lambda: isinstance(on.app.screen, LogsScreen))
    await on.says(OFFICE, "following")
    await on.until(lambda: on.on(LogsScreen).view.count > 0)
    return on.on(LogsScreen).view


def pointed(on: Stage) -> str:
    """The line at the pointer, whatever lies over it."""
    shown = lines(on.on(LogsScreen).view)
    return next((line for line in shown if line[0] in "▸◈"), "")


def replay(lab: Lab, name: str) -> None:
    """What a recorded case has written, in the journal of the office's router, just now."""
    files = case(name).files
    told = [
        match
        for file in ("vr.log", "vr.pppd-journal.log")
        for line in files[file].decode("utf-8", "replace").splitlines()
        if (match := _SYSLOG.match(line)) is not None
        and match["tag"] in ("charon", "xl2tpd", "pppd")
    ]
    began = time.time() - 60
    told.sort(key=lambda match: match["clock"])
    first = _seconds(told[0]["clock"])
    for match in told:
        when = began + _seconds(match["clock"]) - first
        logs_of(lab).journal(when, match["tag"], int(match["pid"] or 977), match["text"])


_SYSLOG = re.compile(
    r"\w{3} [ \d]\d (?P<clock>[\d:]{8}) \S+ (?P<tag>[\w-]+)(?:\[(?P<pid>\d+)\])?: (?P<text>.*)"
)


def _seconds(clock: str) -> int:
    hours, minutes, seconds = (int(part) for part in clock.split(":"))
    return 3600 * hours + 60 * minutes + seconds
