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


_ORDER: Final[tuple[tuple[str, tuple[str, ...], str], ...]] = (
    (
        "reprogram",
        ("programmed",),
        "Have CloudStack program the router again (restart of the network without clean-up, or "
        "reboot of the router); that puts key, range, users, rules and daemons right, so look "
        "again before anything below.",
    ),
    (
        "stop_xl2tpd",
        ("l2tp_without_ipsec", "charon_process"),
        "Stop xl2tpd, so that nobody connects without IPsec: `systemctl stop xl2tpd`.",
    ),
    (
        "end_orphans",
        ("orphan_session",),
        "End the left-over pppds before anybody gets their addresses again: `kill PID`.",
    ),
    (
        "leave",
        ("daemons_after_delete",),
        "Disconnect who is left, stop xl2tpd, then strongSwan, then remove the key: `csvpn disable "
        "NETWORK --clean`.",
    ),
    (
        "rewrite",
        ("psk_present", "psk_matches", "files_agree", "forward_rules", "ip_forward", "input_rules"),
        "Have CloudStack write files and rules again: restart of the network without clean-up.",
    ),
    (
        "open",
        ("vpn_ports", "udp500_gate", "udp4500_gate", "udp1701_gate"),
        "Open the missing ports in CloudStack's firewall.",
    ),
    (
        "edit_xl2tpd",
        ("xl2tpd_settings",),
        "Take what xl2tpd does not know out of /etc/xl2tpd/xl2tpd.conf.",
    ),
    (
        "start_charon",
        ("charon_process", "conn_loaded", "ports_listening"),
        "Start strongSwan: `systemctl restart strongswan-starter`.",
    ),
    (
        "start_xl2tpd",
        (
            "charon_process",
            "l2tp_without_ipsec",
            "xl2tpd_process",
            "range_loaded",
            "ports_listening",
        ),
        "Then start xl2tpd: `systemctl restart xl2tpd`. Whoever is connected has to connect again.",
    ),
    (
        "users",
        ("users_match", "users_pushed", "users_confirmed"),
        "Put the users right: `csvpn repair NETWORK --fix`.",
    ),
)
"""Steps in an order in which none leaves an orphan or an open door, and the checks that ask for
them. xl2tpd is stopped before strongSwan is touched and started after it; left-over pppds go before
xl2tpd gives their addresses to somebody else; what CloudStack programs anew is not mended by hand.
"""


def remedies(checks: Iterable[Check]) -> tuple[str, ...]:
    """What to do, in this order. After a reboot the one step is to program the router again."""
    flagged = {check.name for check in checks if check.state in ("fail", "warn")}
    if "programmed" in flagged:
        return (_ORDER[0][2],)
    return tuple(words for _, names, words in _ORDER if flagged & set(names))


def of_places(
    checked: Sequence[tuple[str, Sequence[Check]]],
) -> Mapping[str, Summary]:
    """The summaries of several routers by what they belong to: pairs of a network's, a VPC's or a
    zone's name and the checks of one of its routers."""
    gathered: dict[str, list[Check]] = {}
    for name, checks in checked:
        gathered.setdefault(name, []).extend(checks)
    return {name: summary(checks) for name, checks in gathered.items()}
