"""Every action of the console, once: its key, words, help and the API command that it needs.

Bindings, the hint line, the command palette, the help screen and the table of keys in the
documentation are all made from this registry, so none of them can disagree with another.
A screen implements an action `name` as Textual's `action_name` method.
"""

from collections.abc import Iterator
from typing import Final

from tui.action import CLOUD_TABLES, EVERYWHERE, ROUTER_TABLES, TABLES, Action, spell_key
from tui.diagnose_actions import DIAGNOSE_ACTIONS
from tui.log_actions import LOG_ACTIONS
from tui.table_actions import TABLE_ACTIONS
from tui.user_actions import USER_ACTIONS
from tui.vpn_actions import VPN_ACTIONS

__all__ = [
    "ACTIONS",
    "CLOUD_TABLES",
    "EVERYWHERE",
    "SECTIONS",
    "TABLES",
    "Action",
    "action",
    "actions_on",
    "needed_commands",
    "spell_key",
]

SECTIONS: Final = (*CLOUD_TABLES, "logs", *ROUTER_TABLES)


def _of_app(
    name: str, keys: tuple[str, ...], label: str, words: str, *, hint: bool = True
) -> Action:
    return Action(
        name=name,
        keys=keys,
        label=label,
        help=words,
        screens=(EVERYWHERE,),
        hint=hint,
        of_app=True,
    )


def _section(number: int, name: str, label: str, what: str) -> Action:
    return _of_app(f"section_{name}", (str(number),), label, f"Go to {what}.", hint=False)


_SECTION_ACTIONS: Final = (
    _section(1, "networks", "Networks", "the networks and VPCs, and the VPN of each"),
    _section(2, "addresses", "Addresses", "the public IP addresses"),
    _section(3, "vpns", "VPNs", "the Remote Access VPNs"),
    _section(4, "users", "Users", "the VPN users, by account"),
    _section(5, "firewall", "Firewall", "the firewall rules of a public address"),
    _section(6, "logs", "Logs", "the logs of the Virtual Routers"),
    _section(7, "checkup", "Checkup", "the checkup of the routers and their VPNs"),
    _section(8, "sessions", "Sessions", "the people who are connected, on every router"),
)

_ROW_ACTIONS: Final = (
    Action(
        name="enable",
        keys=("e",),
        label="Enable",
        help="Enable a Remote Access VPN: address, range, ports and users on one screen.",
        screens=("networks", "addresses", "vpns"),
        needs=("createRemoteAccessVpn",),
        writes=True,
        on_row=True,
    ),
    Action(
        name="disable",
        keys=("x",),
        label="Disable",
        help="Disable the VPN, after saying what that removes and what stays.",
        screens=("networks", "vpns"),
        needs=("deleteRemoteAccessVpn",),
        writes=True,
        on_row=True,
    ),
    *VPN_ACTIONS,
    Action(
        name="acquire",
        keys=("a",),
        label="Acquire",
        help="Acquire a public address for a network or a VPC.",
        screens=("networks", "addresses"),
        needs=("associateIpAddress",),
        writes=True,
    ),
    Action(
        name="release",
        keys=("x",),
        label="Release",
        help="Release the public address, or those that are marked.",
        screens=("addresses",),
        needs=("disassociateIpAddress",),
        writes=True,
        on_row=True,
    ),
    Action(
        name="add_users",
        keys=("a",),
        label="Add",
        help="Add VPN users to an account.",
        screens=("users",),
        needs=("addVpnUser",),
        writes=True,
    ),
    Action(
        name="remove_user",
        keys=("x",),
        label="Remove",
        help="Remove the VPN user, or those that are marked; other users of the account stay.",
        screens=("users",),
        needs=("removeVpnUser",),
        writes=True,
        on_row=True,
    ),
    *USER_ACTIONS,
    *DIAGNOSE_ACTIONS,
    Action(
        name="open_ports",
        keys=("o",),
        label="Open ports",
        help="Open the VPN ports that are missing on the address.",
        screens=("firewall",),
        needs=("createFirewallRule",),
        writes=True,
    ),
    Action(
        name="add_rule",
        keys=("a",),
        label="Add rule",
        help="Add a firewall rule to the address.",
        screens=("firewall",),
        needs=("createFirewallRule",),
        writes=True,
    ),
    Action(
        name="delete_rule",
        keys=("x",),
        label="Delete",
        help="Delete the firewall rule, or those that are marked.",
        screens=("firewall",),
        needs=("deleteFirewallRule",),
        writes=True,
        on_row=True,
    ),
    Action(
        name="edit_sources",
        keys=("e",),
        label="Edit sources",
        help="Change who may reach the VPN ports; nobody who stays is shut out in between.",
        screens=("firewall",),
        needs=("createFirewallRule", "deleteFirewallRule"),
        writes=True,
    ),
    Action(
        name="edit_rule",
        keys=("E",),
        label="Edit rule",
        help="Change who may reach the ports of the rule under the cursor.",
        screens=("firewall",),
        needs=("createFirewallRule", "deleteFirewallRule"),
        writes=True,
        on_row=True,
        hint=False,
    ),
    Action(
        name="allow_for_a_time",
        keys=("t",),
        label="For a time",
        help="Let somebody reach the VPN ports for a time; then it goes back by itself.",
        screens=("firewall",),
        needs=("createFirewallRule", "deleteFirewallRule"),
        writes=True,
        hint=False,
    ),
    Action(
        name="keep_change",
        keys=("K",),
        label="Keep",
        help="Keep a change that would go back by itself.",
        screens=("firewall",),
        hint=False,
    ),
    Action(
        name="put_back",
        keys=("B",),
        label="Put back",
        help="Put a change for a time back now.",
        screens=("firewall",),
        needs=("createFirewallRule", "deleteFirewallRule"),
        writes=True,
        hint=False,
    ),
    Action(
        name="allow_clients",
        keys=("i",),
        label="Let in",
        help="Let VPN clients into the tier of a VPC, by an entry of its ACL.",
        screens=("firewall",),
        needs=("createNetworkACL", "deleteNetworkACL"),
        writes=True,
        on_row=True,
        hint=False,
    ),
    Action(
        name="choose_address",
        keys=("c",),
        label="Choose address",
        help="Choose the address whose firewall rules are shown.",
        screens=("firewall",),
    ),
    Action(
        name="verify",
        keys=("v",),
        label="Verify",
        help="Ask the router itself whether IKE and L2TP listen.",
        screens=("networks", "vpns"),
        on_row=True,
    ),
    Action(
        name="reveal",
        keys=("p",),
        label="Key",
        help="Show or hide the pre-shared key of the VPN.",
        screens=("vpns",),
        on_row=True,
    ),
    Action(
        name="kits",
        keys=("K",),
        label="Kits",
        help="Make client kits: what people need to connect from their own machines.",
        screens=("vpns", "users"),
        on_row=True,
    ),
    Action(
        name="copy",
        keys=("y",),
        label="Copy",
        help="Copy what is selected, or what names the row or the marked rows; of a VPN its key.",
        screens=TABLES,
        on_row=True,
        hint=False,
    ),
    Action(
        name="go_users",
        keys=("u",),
        label="Users",
        help="Go to the VPN users of the account that owns the row.",
        screens=("networks", "addresses", "vpns"),
        on_row=True,
    ),
    Action(
        name="go_firewall",
        keys=("f",),
        label="Firewall",
        help="Go to the firewall rules of the row's address.",
        screens=("networks", "addresses", "vpns"),
        on_row=True,
    ),
    Action(
        name="go_logs",
        keys=("l",),
        label="Logs",
        help="Go to the logs of the row's router.",
        screens=("networks", "addresses", "vpns"),
        on_row=True,
    ),
    Action(
        name="details",
        keys=("enter",),
        label="Details",
        help="Show everything that is known about the row.",
        screens=TABLES,
        on_row=True,
    ),
)

_APP_ACTIONS: Final = (
    _of_app("command_palette", ("colon", "ctrl+p"), "Commands", "Find any action by its name."),
    _of_app("show_help", ("question_mark", "f1"), "Help", "Show what every key does here."),
    _of_app(
        "show_tasks",
        ("J",),
        "Jobs",
        "Show the jobs of this console: running, done, failed.",
        hint=False,
    ),
    _of_app(
        "show_unfinished",
        ("U",),
        "Unfinished",
        "Show what an earlier run has left unfinished: resume it, roll it back or forget it.",
        hint=False,
    ),
    _of_app(
        "show_notifications",
        ("exclamation_mark",),
        "Messages",
        "Show every message of this console again.",
        hint=False,
    ),
    _of_app("switch_profile", ("P",), "Profile", "Open another profile, or add one.", hint=False),
    _of_app("repaint", ("ctrl+l",), "Repaint", "Draw the whole screen again.", hint=False),
    _of_app(
        "quit", ("ctrl+q",), "Quit", "Leave the console; jobs on the server go on.", hint=False
    ),
)

ACTIONS: Final = (
    *_ROW_ACTIONS,
    *LOG_ACTIONS,
    *TABLE_ACTIONS,
    *_APP_ACTIONS,
    *_SECTION_ACTIONS,
)


def actions_on(screen: str) -> Iterator[Action]:
    """The actions of one section, in the order in which they are shown."""
    return (each for each in ACTIONS if each.on(screen))


def action(name: str) -> Action:
    """The action called `name`; `KeyError` when there is none."""
    return _BY_NAME[name]


_BY_NAME: Final = {each.name: each for each in ACTIONS}


def needed_commands() -> tuple[str, ...]:
    """The API commands that any action needs, each once."""
    return tuple(dict.fromkeys(command for each in ACTIONS for command in each.needs))
