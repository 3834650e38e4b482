"""The section Logs on a lab: following a router, and writing into its logs."""

import time

from screens.logs import LogsScreen
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
