"""The actions that ask what is wrong, and those of the section Sessions; see
`tui.actions`."""

from typing import Final

from tui.action import Action

ROUTER_TABLES: Final = ("sessions",)
"""Sections whose rows come from the routers themselves."""

DIAGNOSE_ACTIONS: Final = (
    Action(
        name="disconnect",
        keys=("x",),
        label="Disconnect",
        help="End this one session on the router; everybody else stays connected.",
        screens=("sessions",),
        writes=True,
        on_router=True,
        on_row=True,
    ),
    Action(
        name="go_log_lines",
        keys=("l",),
        label="Log lines",
        help="Go to the lines of the row in the logs of its router.",
        screens=("sessions",),
        on_row=True,
    ),
    Action(
        name="show_unreached",
        keys=("u",),
        label="Not reached",
        help="Show the routers that could not be asked, and why; accept a host key there.",
        screens=ROUTER_TABLES,
        hint=False,
    ),
)
