"""The checklist of a diagnosis: what is looked at, and how far that has come."""

from collections.abc import Iterable
from typing import Final, Literal

import msgspec

from tui.diagnose.checks import Check, State

ClueState = Literal["waiting", "running", "good", "bad", "doubtful", "unknown", "none"]
"""`none`: it does not apply here."""


class Clue(msgspec.Struct, frozen=True, kw_only=True):
    """One line of the checklist."""

    name: str
    title: str
    state: ClueState = "waiting"
    says: str = ""


CLOUD: Final = "cloud"
REACHED: Final = "reached"
ANSWERS: Final = "answers"
LOGS: Final = "logs"
ATTEMPTS: Final = "attempts"
PACKETS: Final = "packets"
VERDICT: Final = "verdict"

_OF_CHECKS: Final[tuple[tuple[str, str, tuple[str, ...]], ...]] = (
    ("programmed", "The router was told of the VPN", ("programmed", "daemons_after_delete")),
    (
        "daemons",
        "Processes and sockets",
        ("charon_process", "xl2tpd_process", "ports_listening"),
    ),
    ("connection", "Connection for the public address", ("conn_loaded",)),
    ("key", "Pre-shared key", ("psk_present", "psk_matches")),
    ("range", "Client range", ("range_loaded",)),
    ("users", "Users who may log in", ("users_match",)),
    (
        "gate",
        "Ports that are let in",
        ("vpn_ports", "udp500_gate", "udp4500_gate", "udp1701_gate"),
    ),
    ("forward", "Packets are passed on", ("forward_rules", "ip_forward")),
    ("sessions", "Sessions", ("orphan_session", "l2tp_without_ipsec")),
)
"""Clues that the checkup settles, and the checks that they stand for."""

_STATES: Final[dict[State, ClueState]] = {
    "fail": "bad",
    "warn": "doubtful",
    "unknown": "unknown",
    "pass": "good",
    "n/a": "none",
}
_WORST: Final[tuple[State, ...]] = ("fail", "warn", "unknown", "pass", "n/a")


class Checklist:
    """The clues of one router, in the order in which they are shown."""

    def __init__(self) -> None:
        self._clues = {
            clue.name: clue
            for clue in (
                Clue(name=CLOUD, title="What CloudStack says"),
                Clue(name=REACHED, title="The router answers"),
                Clue(name=ANSWERS, title="Its answers"),
                *(Clue(name=name, title=title) for name, title, _ in _OF_CHECKS),
                Clue(name=LOGS, title="Its logs"),
                Clue(name=ATTEMPTS, title="Attempts to connect"),
                Clue(name=PACKETS, title="A capture of packets", state="none"),
                Clue(name=VERDICT, title="The verdict"),
            )
        }

    @property
    def clues(self) -> tuple[Clue, ...]:
        """All of them, but a capture that nobody has asked for."""
        return tuple(
            clue for clue in self._clues.values() if clue.name != PACKETS or clue.state != "none"
        )

    def settle(self, name: str, state: ClueState, says: str = "") -> None:
        """Say how far the clue `name` has come."""
        self._clues[name] = msgspec.structs.replace(self._clues[name], state=state, says=says)

    def settle_checks(self, checks: Iterable[Check], *, at_end: bool = False) -> None:
        """Settle what the checks tell; before the end, what is unknown yet may still come."""
        by_name = {check.name: check for check in checks}
        for name, _, wanted in _OF_CHECKS:
            found = [by_name[each] for each in wanted if each in by_name]
            if not found or (not at_end and any(each.state == "unknown" for each in found)):
                continue
            worst = min(found, key=lambda each: _WORST.index(each.state))
            same = [each.says for each in found if each.state == worst.state]
            self.settle(name, _STATES[worst.state], "; ".join(dict.fromkeys(same)))

    def give_up(self, why: str) -> None:
        """Nothing more comes of what was begun or waited for, for the reason `why`."""
        for clue in tuple(self._clues.values()):
            if clue.state in ("waiting", "running") and clue.name != VERDICT:
                self.settle(clue.name, "unknown", why)
