"""The actions that ask what is wrong, and those of the sections Checkup and Sessions; see
`tui.actions`."""

from typing import Final

from tui.action import ROUTER_TABLES, Action

DIAGNOSE_ACTIONS: Final = (
    Action(
        name="why",
        keys=("w",),
        label="Why",
        help="Find out why people cannot connect: evidence, a verdict in plain words, the fix.",
        screens=("networks", "vpns", "users", "logs", "checkup", "sessions"),
        on_row=True,
    ),
    Action(
        name="fix",
        keys=("f",),
        label="Fix",
        help="Start the action that mends what the check has found.",
        screens=("checkup",),
        on_row=True,
    ),
    Action(
        name="findings",
        keys=("o",),
        label="Findings",
        help="Show only what should be looked at, or every check again.",
        screens=("checkup",),
    ),
    Action(
        name="remedies",
        keys=("m",),
        label="In order",
        help="Show what to do about the router of the row, step by step in the right order.",
        screens=("checkup",),
        on_row=True,
    ),
    Action(
        name="save_bundle",
        keys=("b",),
        label="Save",
        help="Save what the router and CloudStack have said as a bundle, without secrets.",
        screens=("checkup",),
        on_row=True,
        hint=False,
    ),
    Action(
        name="choose_scope",
        keys=("c",),
        label="Choose",
        help="Choose a router, a zone, or every router that has a VPN, and look at it.",
        screens=("checkup",),
    ),
    Action(
        name="disconnect",
        keys=("x",),
        label="Disconnect",
        help="End this one session on the router, or those that are marked; others stay connected.",
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
