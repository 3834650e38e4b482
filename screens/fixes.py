"""Start the action of the console that mends what a verdict or a checkup has found."""

from collections.abc import Sequence
from typing import Final

import msgspec

from screens.add_users import AddUsersDialog
from screens.disable import ask_to_disable
from screens.enable import EnableScreen
from screens.frame import SectionScreen
from screens.kit import open_kits
from screens.repair import ask_to_repair
from screens.restart import ask_to_restart
from screens.rotate import ask_to_remake
from screens.verdict import VerifyDialog
from tui.actions import action
from tui.cloud.models import Router
from tui.session.kits import KitUser
from tui.session.router_rounds import place_key_of
from tui.session.session import Session
from tui.session.views import NetworkRow, network_row


class FixPlace(msgspec.Struct, frozen=True, kw_only=True):
    """Where something is to be mended: a router, its network, and whom it is about."""

    router: Router
    user: str = ""


def fix_words(name: str) -> str:
    """What the console calls the action `name`, and what it does: `Repair. Look what is wrong …`;
    empty where it has no such action."""
    try:
        wanted = action(name)
    except KeyError:
        return ""
    return f"{wanted.label}. {wanted.help}"


def reason_against_fix(session: Session, name: str) -> str | None:
    """Why the action cannot be started from here; None when it can."""
    try:
        wanted = action(name)
    except KeyError:
        return "The console has no action for that; do it by hand as described."
    return session.reason_against(wanted)


def start_fix(section: SectionScreen, name: str, at: FixPlace) -> None:
    """Start the action `name`: here, or in the section that it belongs to, on the right row.

    A reason that speaks against it is shown instead.
    """
    reason = reason_against_fix(section.session, name)
    if reason is not None:
        section.notify(reason, title="The fix is not possible", severity="warning")
        return
    row = network_row(section.session.inventory, place_key_of(at.router))
    if row is None:
        section.notify(
            f"The network of {at.router.name} is not listed any more.", severity="warning"
        )
        return
    if not _start_here(section, name, row, at.user):
        _go_and_start(section, name, row, at.user)


_HERE: Final = frozenset(
    {
        "repair",
        "rotate",
        "change_range",
        "restart",
        "verify",
        "enable",
        "disable",
        "add_users",
        "kits",
    }
)


def starts_here(name: str) -> bool:
    """Whether the action is a dialog over any section; others are done in their own."""
    return name in _HERE


def _start_here(section: SectionScreen, name: str, row: NetworkRow, user: str) -> bool:
    """Start what is a dialog of its own; whether `name` is such a one."""
    if not starts_here(name):
        return False
    app = section.app
    address_id = row.address.id if row.address else ""
    if name == "repair":
        ask_to_repair(section, row.key)
    elif name in ("rotate", "change_range"):
        ask_to_remake(section, row.key, new_range=name == "change_range")
    elif name == "restart":
        ask_to_restart(section, row.key)
    elif name == "verify":
        app.push_screen(VerifyDialog(row.key))
    elif name == "enable":
        app.push_screen(EnableScreen(row.key))
    elif name == "disable" and address_id:
        ask_to_disable(section, address_id)
    elif name == "add_users":
        app.push_screen(AddUsersDialog(row.owner_key))
    elif name == "kits":
        people: Sequence[KitUser] = [KitUser(user)] if user else ()
        open_kits(section.console, address_id, people)
    return True


def _go_and_start(section: SectionScreen, name: str, row: NetworkRow, user: str) -> None:
    """Go to the section of the action, to the row that it is about, and start it there."""
    where = action(name).screens
    address_id = row.address.id if row.address else ""
    inventory = section.session.inventory
    if "firewall" in where:
        section.console.go_to("firewall", key=address_id, then=name)
    elif "users" in where:
        keys = [
            each.id
            for each in inventory.users.rows.values()
            if each.user_name == user and each.owner_key == row.owner_key
        ]
        if not keys:
            says = f"CloudStack has no VPN user {user}." if user else "No user is named."
            section.notify(says, title="The fix is not possible", severity="warning")
            return
        section.console.go_to("users", key=keys[0], then=name)
    elif "sessions" in where:
        # Which of the sessions is to end is for the person to say.
        section.console.go_to("sessions", filter_text=user or row.name)
    elif "vpns" in where:
        section.console.go_to("vpns", key=address_id, then=name)
    else:
        section.console.go_to(where[0], key=row.key, then=name)
