"""Failed logins in the logs: by user, by address, and a list for the firewall.

Nothing on a router slows down who guesses passwords or keys; the logs are where it shows.
"""

import re
from collections import Counter
from collections.abc import Iterator
from typing import Final

import msgspec

from tui.diagnose.subject import Result, Subject, passed, prove, unknown, warned

MANY_OF_USER: Final = 5
"""Failed logins of one name from which on they are told."""
MANY_OF_ADDRESS: Final = 10
"""Failed attempts of one address from which on it is told."""

_CHAP: Final = re.compile(rb"pppd\[(\d+)\]: Peer (\S+) failed CHAP authentication")
_CALL: Final = re.compile(rb"Call established with ([0-9.]+), PID: (\d+)")
_HALF_OPEN: Final = re.compile(
    rb"deleting half open IKE_SA with ([0-9.]+) after timeout"
    rb"|ignoring IKE_SA setup from ([0-9.]+), per-IP half-open"
    rb"|tried \d+ shared keys? for '[^']*' - '([0-9.]+)', but MAC mismatched"
)
_LATE_COPY: Final = re.compile(rb"ipsec\[\d+\]: \d\d\[")
"""charon's lines once more, minutes later."""


class FailedLogins(msgspec.Struct, frozen=True, kw_only=True):
    """How often logins failed."""

    users: Counter[str]
    """Wrong passwords by the name that was given."""
    addresses: Counter[str]
    """Wrong passwords and connections that never got past their key, by address."""


def failed_logins_in(daemon: bytes, messages: bytes) -> FailedLogins:
    """Count the failures in daemon.log and messages, or in their ends."""
    users: Counter[str] = Counter()
    addresses: Counter[str] = Counter()
    callers: dict[bytes, str] = {}
    for line in daemon.splitlines():
        if called := _CALL.search(line):
            callers[called[2]] = called[1].decode()
        elif (found := _HALF_OPEN.search(line)) and not _LATE_COPY.search(line):
            addresses[next(each for each in found.groups() if each).decode()] += 1
    for line in messages.splitlines():
        if refused := _CHAP.search(line):
            users[refused[2].decode("utf-8", "replace")] += 1
            if refused[1] in callers:
                addresses[callers[refused[1]]] += 1
    return FailedLogins(users=users, addresses=addresses)


def failed_logins(subject: Subject) -> Result:
    """Nobody guesses passwords or keys, as far as the logs at hand show."""
    daemon = _log(subject, "vr.log", "tail_daemon_log")
    messages = _log(subject, "vr.messages.log", "tail_messages")
    if daemon is None and messages is None:
        return unknown("neither daemon.log nor messages was read")
    found = failed_logins_in(daemon or b"", messages or b"")
    evidence = (
        *prove("messages", *_spelled(found.users, "failed logins as")),
        *prove("daemon.log", *_spelled(found.addresses, "failed attempts from")),
    )
    loud = [name for name, count in found.users.most_common() if count >= MANY_OF_USER]
    blocked = [name for name, count in found.addresses.most_common() if count >= MANY_OF_ADDRESS]
    if not loud and not blocked:
        count = sum(found.users.values()) + sum(found.addresses.values())
        if not count:
            return passed("no failed login in the logs at hand")
        return passed("few failed logins in the logs at hand: people mistype", evidence)
    says = []
    if loud:
        says.append(f"{', '.join(loud)} failed to log in again and again")
    if blocked:
        says.append(f"{', '.join(blocked)} tries again and again")
    return warned("; ".join(says), evidence, _advice(blocked), "go_firewall")


def _advice(blocked: list[str]) -> str:
    """What to do, with a list that can be used as it is."""
    narrow = (
        "CloudStack's firewall only allows: replace 0.0.0.0/0 in the rules of UDP 500, 4500 and "
        "1701 by the networks of your people."
    )
    if not blocked:
        return f"Ask the person; if it is nobody, rename the user. {narrow}"
    listed = ", ".join(f"{address}/32" for address in blocked)
    now = "; ".join(f"iptables -t raw -I PREROUTING -s {a}/32 -j DROP" for a in blocked[:5])
    return f"{narrow} For a firewall that denies: {listed}. On the router for now: {now}."


def _spelled(counts: Counter[str], words: str) -> Iterator[str]:
    for name, count in counts.most_common(8):
        yield f"{count} {words} {name}"


def _log(subject: Subject, file: str, tail: str) -> bytes | None:
    """A log of the bundle, else the end of it that was asked."""
    if file in subject.logs:
        return subject.logs[file]
    answer = subject.survey.answers.get(tail)
    return answer.output.stdout if answer is not None and answer.status == 0 else None
