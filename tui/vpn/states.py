"""States of VPNs, users, networks, routers and addresses, and what each means in words.

A state is always shown as glyph and word, with a tone that a theme turns into a colour; the tone
is never the only sign.
"""

from collections.abc import Mapping
from typing import Final, Literal

import msgspec

Tone = Literal["ok", "warn", "bad", "off"]


class Mark(msgspec.Struct, frozen=True):
    """How a state is shown: `✔ running`, tone ok."""

    glyph: str
    word: str
    tone: Tone
    means: str
    """One sentence: what it means for the people who want to connect."""

    def __str__(self) -> str:
        return f"{self.glyph} {self.word}"


def _ok(word: str, means: str) -> Mark:
    return Mark("✔", word, "ok", means)


def _warn(word: str, means: str) -> Mark:
    return Mark("▲", word, "warn", means)


def _bad(word: str, means: str) -> Mark:
    return Mark("✘", word, "bad", means)


def _off(word: str, means: str) -> Mark:
    return Mark("–", word, "off", means)


NO_VPN: Final = _off("off", "There is no VPN on this address.")
CANNOT_HAVE_VPN: Final = _off("n/a", "A VPN is not possible here.")
HALF_MADE: Final = _warn(
    "half-made",
    "Enabling or disabling was refused half-way: it is in no list, but its ports are reserved. "
    "Enable it again to finish it, or disable it to clean up.",
)
RUNNING_WITHOUT_ROUTER: Final = _warn(
    "no router yet",
    "CloudStack says Running, but nothing runs until the first VM of the network starts the "
    "router, which then gets the VPN, its rules and its users.",
)

_VPN: Final = {
    "Running": _ok("running", "The router has taken the VPN; people can connect."),
    "Added": _warn(
        "half-made",
        "The router has not taken it yet. Enable it again: the same call finishes it, with the "
        "range and the key that it already has.",
    ),
    "Removed": _warn(
        "half-removed",
        "The router refused the removal. Disable it again to finish; until then it can neither "
        "be enabled nor seen.",
    ),
}

_USER: Final = {
    "Active": _ok("active", "CloudStack has handed this user to every VPN of the account."),
    "Add": _warn(
        "waiting",
        "Not on every router: the account has no VPN yet, or a router refused the last change. "
        "The next change that succeeds brings every user along.",
    ),
    "Revoke": _warn(
        "leaving",
        "The removal was refused by a router. The name stays taken until it is removed again.",
    ),
}

_ROUTER: Final = {
    "Running": _ok("running", "The router runs."),
    "Starting": _warn("starting", "The router boots; changes to its VPN fail until it is up."),
    "Stopping": _warn("stopping", "The router is going down; connected people are cut off."),
    "Stopped": _bad("stopped", "The router does not run, so nobody can connect."),
    "Migrating": _warn("moving", "The router is being moved to another host."),
    "Error": _bad("error", "The router could not be started; an administrator has to look."),
    "Unknown": _bad("unknown", "Its host does not answer, so nobody knows whether it runs."),
    "Shutdowned": _bad("stopped", "The router was shut down from inside, so nobody can connect."),
    "Expunging": _off("expunging", "The router is being removed."),
    "Destroyed": _off("destroyed", "The router is gone; a restart of the network makes another."),
}

_REDUNDANT: Final = {
    "PRIMARY": _ok("primary", "This router carries the address now; the VPN runs here."),
    "BACKUP": _off("backup", "This router stands by; the VPN runs on the other one."),
    "FAULT": _bad("fault", "This router cannot take over."),
    "UNKNOWN": _warn("unknown", "CloudStack does not know which role this router has now."),
}

_NETWORK: Final = {
    "Implemented": _ok("in use", "The network has its router."),
    "Setup": _ok("set up", "The network is ready; it is shared and has no router of its own."),
    "Implementing": _warn("starting", "The network's router is being started."),
    "Allocated": _off("no router", "No VM has used the network yet, so it has no router."),
    "Shutdown": _warn("shutting down", "The network's router is being removed."),
    "Destroy": _off("destroyed", "The network is being removed."),
}

_VPC: Final = {
    "Enabled": _ok("enabled", "The VPC is in use."),
    "Inactive": _off("inactive", "The VPC is switched off."),
}

_ADDRESS: Final = {
    "Allocated": _ok("in use", "The address belongs to the account."),
    "Allocating": _warn("on its way", "The address is being set up on the router."),
    "Releasing": _warn("leaving", "The address is being released."),
    "Reserved": _off("reserved", "The address is kept for someone."),
    "Free": _off("free", "Nobody uses the address; it can be acquired."),
}

_RULE: Final = {
    "Active": _ok("active", "The rule is on the router."),
    "Add": _warn("waiting", "The router has not taken the rule yet."),
    "Staged": _warn("waiting", "The rule is not yet given to the router."),
    "Deleting": _warn("leaving", "The rule is being removed."),
    "Revoke": _warn("leaving", "The rule is being removed."),
}


def _lookup(table: Mapping[str, Mark], state: str | None) -> Mark:
    if not state:
        return Mark("?", "unknown", "warn", "The server did not name a state.")
    known = table.get(state)
    if known is not None:
        return known
    return Mark("?", state.lower(), "warn", f"The server calls this {state}; it is not known here.")


def vpn_mark(state: str | None) -> Mark:
    """The mark of a VPN; None means that there is none."""
    return NO_VPN if state is None else _lookup(_VPN, state)


def user_mark(state: str | None) -> Mark:
    """The mark of a VPN user."""
    return _lookup(_USER, state)


def router_mark(state: str | None, redundant_state: str | None = None) -> Mark:
    """The mark of a router; a running one of a redundant pair is known by its role.

    `redundant_state` is the API's `redundantstate`; pass it only where `isredundantrouter` is
    true, since CloudStack says UNKNOWN for every single router.
    """
    if state == "Running" and redundant_state is not None:
        return _lookup(_REDUNDANT, redundant_state)
    return _lookup(_ROUTER, state)


def network_mark(state: str | None) -> Mark:
    """The mark of an isolated or shared network."""
    return _lookup(_NETWORK, state)


def vpc_mark(state: str | None) -> Mark:
    """The mark of a VPC."""
    return _lookup(_VPC, state)


def address_mark(state: str | None) -> Mark:
    """The mark of a public address."""
    return _lookup(_ADDRESS, state)


def rule_mark(state: str | None) -> Mark:
    """The mark of a firewall rule."""
    return _lookup(_RULE, state)
