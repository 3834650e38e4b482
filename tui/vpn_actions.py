"""The actions that change a VPN which is there; see `tui.actions`."""

from typing import Final

from tui.action import Action

VPN_ACTIONS: Final = (
    Action(
        name="rotate",
        keys=("R",),
        label="Rotate key",
        help="Give the VPN another pre-shared key: it is deleted and made again.",
        screens=("networks", "vpns"),
        needs=("deleteRemoteAccessVpn", "createRemoteAccessVpn"),
        writes=True,
        on_row=True,
        hint=False,
    ),
    Action(
        name="change_range",
        keys=("C",),
        label="Client range",
        help="Give the VPN another client range, and so another key.",
        screens=("networks", "vpns"),
        needs=("deleteRemoteAccessVpn", "createRemoteAccessVpn"),
        writes=True,
        on_row=True,
        hint=False,
    ),
    Action(
        name="repair",
        keys=("M",),
        label="Repair",
        help="Look what is wrong with the VPN and its users, and mend it.",
        screens=("networks", "vpns"),
        needs=("createRemoteAccessVpn",),
        writes=True,
        on_row=True,
        hint=False,
    ),
    Action(
        name="restart",
        keys=("B",),
        label="Restart",
        help="Restart the router or the whole network, as the last resort.",
        screens=("networks", "vpns"),
        needs=("restartNetwork",),
        writes=True,
        on_row=True,
        hint=False,
    ),
)
