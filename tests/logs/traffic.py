"""Logs of a router with many clients, made of the recorded cases.

Each session is a recorded case with addresses, ids, threads and times of its own, so that what it
folds into is known: what the case folds into. Sessions overlap; their lines lie in the files in
order of time, as on a router.
"""

import random
import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from functools import cache
from typing import Final

import msgspec

from tests.router_cases import case
from tui.logs.attempts import Attempt
from tui.logs.fold import fold_logs

FILES: Final = (
    "vr.log",
    "vr.messages.log",
    "vr.pppd-journal.log",
    "vr.auth.log",
    "vr.haproxy.log",
    "vr.cloud.log",
)
SLOTS: Final = 8
"""Sessions at one time; each has two of charon's sixteen threads."""
USUAL: Final = (
    *("ok_baseline",) * 6,
    *("mtu_natt_sha1",) * 6,
    *("ok_mschapv2",) * 4,
    *("client_disconnect",) * 4,
    *("idle_timeout",) * 2,
    *("client_vanished",) * 2,
    "two_clients_same_nat",
    "ip_pool_exhausted",
    "user_deleted_live",
    "mschapv2_wrong_password",
    "mschapv2_unknown_user",
    "pap_only_client",
    "mppe_required_client",
    "ppp_lcp_timeout",
    "psk_wrong",
    "ike_prop_modp1024",
    "esp_prop_mismatch",
    "udp4500_blocked_fw",
    "esp_blocked",
    "ikev2_client",
    "aggressive_mode",
    "client_rejects_server_id",
)
"""Mostly healthy."""
BEGIN: Final = datetime(2026, 11, 3, tzinfo=UTC).timestamp()
_STAMP: Final = re.compile(
    rb"(?m)^(?:[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d|\d{4}-\d\d-\d\d [\d:,]{12})"
)
_OWN: Final = re.compile(rb"charon|xl2tpd|pppd|ipsec\[|vpn: |kill -9|udev-worker")
_SPI: Final = re.compile(rb"\b(c[0-9a-f]{7})(?=_[io]\b|$)", re.MULTILINE)
_THREAD: Final = re.compile(rb"((?:charon|ipsec\[\d+\]): )(\d\d)(\[)")

Line = tuple[float, str, bytes]
"""(time, file, line)"""


class Outcome(msgspec.Struct, frozen=True, order=True):
    """What an attempt comes to."""

    client: str
    identity: str
    rung: int
    end: str
    user: str


def outcome_of(attempt: Attempt) -> Outcome:
    """The same of a folded attempt."""
    return Outcome(attempt.client, attempt.identity, int(attempt.rung), attempt.end, attempt.user)


@cache
def template(name: str) -> tuple[tuple[Line, ...], tuple[Attempt, ...]]:
    """The lines of a case that are about its clients, from time 0 on, and what they fold into."""
    files = case(name).files
    lines: list[Line] = []
    for file in FILES:
        moment = 0.0
        for line in files.get(file, b"").splitlines():
            stamp = _STAMP.match(line)
            if stamp is None or _OWN.search(line) is None:
                continue
            moment = _seconds(stamp[0])
            lines.append((moment, file, line))
    first = min(moment for moment, _, _ in lines)
    begin = BEGIN - first
    moved = {file: b"".join(line + b"\n" for _, of, line in lines if of == file) for file in FILES}
    folded = fold_logs(moved, now=BEGIN + 40 * 86_400)
    return tuple((moment + begin, file, line) for moment, file, line in lines), tuple(
        folded.attempts
    )


def _seconds(stamp: bytes) -> float:
    if stamp[:1].isdigit():
        return (
            datetime.strptime(stamp.decode()[:19], "%Y-%m-%d %H:%M:%S")
            .replace(tzinfo=UTC)
            .timestamp()
        )
    return (
        datetime.strptime(f"2026 {stamp.decode()}", "%Y %b %d %H:%M:%S")
        .replace(tzinfo=UTC)
        .timestamp()
    )


class Session(msgspec.Struct, frozen=True):
    """One case played once."""

    lines: tuple[Line, ...]
    outcomes: tuple[Outcome, ...]
    seconds: float


class Players:
    """Gives each session addresses and ids that no other one has at that time."""

    def __init__(self, seed: int = 0) -> None:
        self._random = random.Random(seed)
        self._count = 0
        self._ike = 0
        self._child = 1
        self._ids = 1000

    def play(self, name: str, begin: float, slot: int = 0) -> Session:
        """`name` as it would be logged from `begin` (seconds since the epoch) on."""
        lines, attempts = template(name)
        text = b"\n".join(line for _, _, line in lines)
        clients = self._clients(attempts)
        for old, new in self._renamed(text, attempts, clients):
            text = re.sub(old, new, text)
        text = self._fresh_spis(text)
        text = _THREAD.sub(lambda found: found[1] + _thread(found[2], slot) + found[3], text)
        moved = []
        for (moment, file, _), line in zip(lines, text.split(b"\n"), strict=True):
            at = moment - BEGIN + begin
            moved.append((at, file, _STAMP.sub(_stamp(at, is_script=file == "vr.cloud.log"), line)))
        outcomes = tuple(
            Outcome(
                clients.get(attempt.client, attempt.client),
                clients.get(attempt.identity, attempt.identity),
                int(attempt.rung),
                attempt.end,
                attempt.user,
            )
            for attempt in attempts
        )
        return Session(tuple(moved), outcomes, lines[-1][0] - BEGIN)

    def _clients(self, attempts: Sequence[Attempt]) -> dict[str, str]:
        found: dict[str, str] = {}
        for attempt in attempts:
            if attempt.client not in found:
                self._count += 1
                number = self._count
                found[attempt.client] = (
                    f"198.{18 + number // 65_536}.{number // 256 % 256}.{number % 256}"
                )
        return found

    def _renamed(
        self, text: bytes, attempts: Sequence[Attempt], clients: Mapping[str, str]
    ) -> list[tuple[bytes, bytes]]:
        """Regular expressions and what to put for them; through names that cannot be confused."""
        first: list[tuple[bytes, bytes]] = []
        second: list[tuple[bytes, bytes]] = []

        def rename(before: str, old: object, after: str, new: object) -> None:
            mark = f"\0{len(second)}\0"
            first.append((f"{before}{re.escape(str(old))}{after}".encode(), mark.encode()))
            second.append((mark.encode(), str(new).encode()))

        for old, new in clients.items():
            rename(r"(?<!\d)(?<!\d\.)", old, r"(?!\d|\.\d)", new)
        for attempt in attempts:
            for number in attempt.ike_sas:
                self._ike += 1
                rename(r"(?<=L2TP-PSK\[)", number, r"(?=\])", self._ike)
            for number in attempt.child_sas:
                self._child += 1
                rename(r"(?<=L2TP-PSK\{)", number, r"(?=\})", self._child)
        for number in sorted(set(re.findall(rb"(?:Local: |Remote: |PID: |Call )(\d+)", text))):
            self._ids += 1
            rename(r"(?<![\d.:{\[])", number.decode(), r"(?!\d|[.:]\d)", self._ids)
            rename(r"(?<=pppd\[)", number.decode(), r"(?=\])", self._ids)
        return [*first, *second]

    def _fresh_spis(self, text: bytes) -> bytes:
        known: dict[bytes, bytes] = {}
        for spi in _SPI.findall(text):
            known.setdefault(spi, b"c%07x" % self._random.getrandbits(28))
        return _SPI.sub(lambda found: known[found[1]], text)


def _thread(thread: bytes, slot: int) -> bytes:
    number = int(thread)
    return b"%02d" % (1 + 2 * slot + number % 2) if number else thread


def _stamp(moment: float, *, is_script: bool = False) -> bytes:
    at = datetime.fromtimestamp(moment, UTC)
    if is_script:
        return f"{at:%Y-%m-%d %H:%M:%S},{int(moment % 1 * 1000):03}".encode()
    return f"{at:%b} {at.day:2} {at:%H:%M:%S}".encode()


def files_of(lines: Iterable[Line]) -> dict[str, bytes]:
    """The files that the lines lie in, in the order in which they are given."""
    found: dict[str, list[bytes]] = {file: [] for file in FILES}
    for _, file, line in lines:
        found[file].append(line)
    return {file: b"".join(line + b"\n" for line in lines) for file, lines in found.items()}
