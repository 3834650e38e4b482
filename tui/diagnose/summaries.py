"""What several checks come to: for one router, for a VPN, for a zone; and what to do first."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

import msgspec

from tui.diagnose.checks import Check, State
from tui.diagnose.checkup import NAMED

WEIGHT: Final[Mapping[State, int]] = {"fail": 0, "warn": 1, "unknown": 2, "pass": 3, "n/a": 4}
DECISIVE: Final = frozenset(look.name for look in NAMED)
"""Checks without which nobody can tell whether the VPN works."""


class Summary(msgspec.Struct, frozen=True, kw_only=True):
    """How many results of each kind there are."""

    fails: int = 0
    warnings: int = 0
    unknowns: int = 0
    """Decisive checks that could not be looked at."""
    passes: int = 0
    worst: str = ""
    """What is worst, in a sentence; empty where nothing is to be said."""

    @property
    def state(self) -> State:
        """The worst of all: fail, warn, unknown or pass."""
        if self.fails:
            return "fail"
        if self.warnings:
            return "warn"
        return "unknown" if self.unknowns else "pass"

    @property
    def says(self) -> str:
        """The counts in a sentence."""
        parts = []
        if self.fails:
            parts.append(f"{self.fails} failed")
        if self.warnings:
            parts.append(f"{self.warnings} to look at")
        if self.unknowns:
            parts.append(f"{self.unknowns} could not be told")
        parts.append(f"{self.passes} fine")
        return ", ".join(parts)


def summary(checks: Iterable[Check]) -> Summary:
    """What the checks of one router, or of all routers of a VPN, a network or a zone, come to."""
    found = worst_first(checks)
    flagged = [check for check in found if check.state in ("fail", "warn")]
    return Summary(
        fails=sum(check.state == "fail" for check in found),
        warnings=sum(check.state == "warn" for check in found),
        unknowns=sum(check.state == "unknown" and check.name in DECISIVE for check in found),
        passes=sum(check.state == "pass" for check in found),
        worst=flagged[0].says if flagged else "",
    )


def worst_first(checks: Iterable[Check]) -> tuple[Check, ...]:
    """Failed ones first, then warnings, what is unknown, what is right, what does not apply; those
    that decide whether the VPN works before the others."""
    return tuple(
        sorted(checks, key=lambda check: (WEIGHT[check.state], check.name not in DECISIVE))
    )


_WORDS: Final[Mapping[str, str]] = {
    "stop_xl2tpd": "Stop xl2tpd, so that nobody connects without IPsec: `systemctl stop xl2tpd`. "
    "Whoever is connected is cut off.",
    "end_orphans": "",
    "reprogram": "Have CloudStack program the router again (restart of the network without "
    "clean-up, or reboot of the router); that puts key, range, users, rules and daemons right. "
    "Then look again.",
    "leave": "",
    "edit_xl2tpd": "Take the line that the check names out of /etc/xl2tpd/xl2tpd.conf.",
    "restart_charon": "Restart strongSwan: `systemctl restart strongswan-starter`. Site-to-site "
    "connections break off for a moment too.",
    "rewrite": "Have CloudStack write files and rules again: restart of the network without "
    "clean-up.",
    "forward": "Switch forwarding on: `sysctl -w net.ipv4.ip_forward=1`, or a reboot of the router "
    "by CloudStack, which cuts everybody off. Find out what has switched it off.",
    "by_hand": "",
    "push_rules": "Have CloudStack write the firewall's rules again: delete the rule and add it "
    "again (it refuses a second one like it), or restart the network without clean-up.",
    "open": "Open the missing ports in CloudStack's firewall.",
    "restart_xl2tpd": "Restart xl2tpd: `systemctl restart xl2tpd`. Whoever is connected has to "
    "connect again.",
    "users": "Put the users right: `csvpn repair NETWORK --fix`.",
}
"""The steps in an order in which none leaves an orphan or an open door.

xl2tpd is stopped before strongSwan is touched and started after it. Left-over pppds go before
anything that starts xl2tpd, which gives their addresses to somebody else. Every push of CloudStack
starts an xl2tpd that was stopped, hence strongSwan comes before what makes CloudStack push. Steps
without words here depend on what was found: they are the fixes of the checks that ask for them.
"""
_FOR_FAILED: Final[Mapping[str, tuple[str, ...]]] = {
    "programmed": ("reprogram",),
    "charon_process": ("restart_charon",),
    "l2tp_without_ipsec": ("stop_xl2tpd", "restart_charon"),
    "xl2tpd_process": ("restart_xl2tpd",),
    "range_loaded": ("restart_xl2tpd",),
    "xl2tpd_settings": ("edit_xl2tpd",),
    "conn_loaded": ("rewrite",),
    "forward_rules": ("rewrite",),
    "input_rules": ("rewrite",),
    "ip_forward": ("forward",),
}
"""What a failed check asks for where it does not say itself. A warning cuts nobody off."""
_FOR_FLAGGED: Final[Mapping[str, tuple[str, ...]]] = {
    "psk_present": ("rewrite",),
    "psk_matches": ("rewrite",),
    "files_agree": ("rewrite",),
    "daemons_after_delete": ("leave",),
    "vpn_ports": ("open",),
    "users_match": ("users",),
    "users_pushed": ("users",),
    "users_confirmed": ("users",),
}
"""What a check asks for whether it failed or warns."""
_GATES: Final = frozenset({"udp500_gate", "udp4500_gate", "udp1701_gate"})
_BEFORE_REPROGRAMMING: Final = frozenset({"stop_xl2tpd", "end_orphans", "reprogram"})
_AFTER_DELETING: Final = frozenset({"stop_xl2tpd", "end_orphans", "leave"})


def remedies(checks: Iterable[Check]) -> tuple[str, ...]:
    """What to do, in this order; empty where no step depends on another.

    Where CloudStack has to program the router anew, only what cannot wait comes before it. Where
    the VPN was deleted, nothing is started.
    """
    found = [check for check in checks if check.state in ("fail", "warn")]
    asked: dict[str, list[Check]] = {}
    for check in found:
        for step in _asked_by(check):
            asked.setdefault(step, []).append(check)
    steps = set(asked)
    if "restart_charon" in steps:
        steps.add("restart_xl2tpd")
        if not any(check.name == "xl2tpd_process" and check.state == "fail" for check in found):
            steps.add("stop_xl2tpd")
    if "rewrite" in steps:
        steps.discard("push_rules")
    if "reprogram" in steps:
        steps &= _BEFORE_REPROGRAMMING
    if "leave" in steps:
        steps &= _AFTER_DELETING
    return tuple(
        words or " ".join(dict.fromkeys(check.fix for check in asked[step]))
        for step, words in _WORDS.items()
        if step in steps
    )


def _asked_by(check: Check) -> tuple[str, ...]:
    """The steps that a flagged check asks for."""
    if check.steps:
        return check.steps
    sources = {proof.source for proof in check.evidence}
    if check.name in _GATES:
        # A rule that CloudStack has is pushed anew; a VPC's router opens its ports itself.
        return ("push_rules",) if "listFirewallRules" in sources else ("rewrite",)
    if check.name == "orphan_session":
        # A record or an interface alone has no process that could be ended.
        return ("end_orphans",) if check.state == "fail" and "pgrep_pppd" in sources else ()
    if check.state == "fail" and check.name in _FOR_FAILED:
        return _FOR_FAILED[check.name]
    return _FOR_FLAGGED.get(check.name, ())


def of_places(
    checked: Sequence[tuple[str, Sequence[Check]]],
) -> Mapping[str, Summary]:
    """The summaries of several routers by what they belong to: pairs of a network's, a VPC's or a
    zone's name and the checks of one of its routers."""
    gathered: dict[str, list[Check]] = {}
    for name, checks in checked:
        gathered.setdefault(name, []).extend(checks)
    return {name: summary(checks) for name, checks in gathered.items()}
