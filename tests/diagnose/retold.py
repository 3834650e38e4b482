"""Recorded cases with other addresses, names and numbers, at other times, several at once."""

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta

from tests.router_cases import case

_STAMP = re.compile(rb"^([A-Z][a-z]{2}) ([ \d]\d) (\d\d):(\d\d):(\d\d) ")
_NUMBERS = (
    (re.compile(rb"L2TP-PSK\[(\d+)\]"), b"L2TP-PSK[%d]", 40),
    (re.compile(rb"L2TP-PSK\{(\d+)\}"), b"L2TP-PSK{%d}", 60),
)
_IDS = (
    *(rb"(Local: )(\d+)", rb"(Remote: )(\d+)", rb"(tunnel )(\d+)", rb"(Call )(\d+)"),
    *(rb"(PID: )(\d+)", rb"(pppd\[)(\d+)", rb"(to pid )(\d+)", rb"(for call )(\d+)"),
    *(rb"(\btid )(\d+)", rb"(\bsid )(\d+)", rb'(\]: ")(\d{3,})'),
)
"""Numbers of tunnels, calls and processes, wherever a daemon writes them."""
_MONTHS = b"Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split()


def retold(
    name: str,
    *,
    client: str = "198.51.100.23",
    router: str = "192.0.2.44",
    user: str = "carol.j",
    inside: str = "172.20.7.5",
    number: int = 0,
) -> dict[str, bytes]:
    """The files of case `name` with another client, router, user, and other numbers.

    `number` keeps SA, tunnel, call and process numbers in the logs of several cases apart; state
    files go with 0 only.
    """
    return {
        file: _renamed(text, client, router, user, inside, number)
        for file, text in case(name).files.items()
    }


def _renamed(text: bytes, client: str, router: str, user: str, inside: str, number: int) -> bytes:
    names = (
        (b"203.0.113.77", client),
        (b"203.0.113.99", client),
        (b"203.0.113.10", router),
        (b"10.1.2.2", inside),
        (b"alice", user),
    )
    for old, new in names:
        text = re.sub(rb"(?<!\d)(?<!\d\.)" + re.escape(old) + rb"(?!\d)", new.encode(), text)
    for pattern, form, shift in _NUMBERS:
        text = _raised(pattern, form, shift * number, text)
    for word in _IDS:
        text = re.sub(word, lambda m: m[1] + b"%d" % (int(m[2]) + 100000 * number), text)
    text = re.sub(rb"(xl2tpd\[)\d+", rb"\g<1>880", text) if number else text
    text = re.sub(rb"(Connection )(\d+)( closed)", lambda m: _moved(m, number), text)
    return re.sub(rb"\bppp(\d)\b", lambda m: b"ppp%d" % (int(m[1]) + number), text)


def _raised(pattern: re.Pattern[bytes], form: bytes, by: int, text: bytes) -> bytes:
    return pattern.sub(lambda found: form % (int(found[1]) + by), text)


def _moved(found: re.Match[bytes], number: int) -> bytes:
    return found[1] + b"%d" % (int(found[2]) + 100000 * number) + found[3]


def at_once(cases: Sequence[Mapping[str, bytes]], apart: float = 2.0) -> dict[str, bytes]:
    """Cases that begin `apart` seconds one after the other, their lines mixed by time."""
    names = dict.fromkeys(name for files in cases for name in files if name.endswith(".log"))
    merged: dict[str, bytes] = {}
    for name in names:
        lines: list[tuple[datetime, int, bytes]] = []
        for place, files in enumerate(cases):
            shift = timedelta(seconds=apart * place) - (_begin(files) - _BEGIN)
            lines += _shifted(files.get(name, b""), shift, len(lines))
        lines.sort(key=lambda line: line[:2])
        merged[name] = b"".join(line for _, _, line in lines)
    return merged


_BEGIN = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)


def _begin(files: Mapping[str, bytes]) -> datetime:
    times = [time for line in files["vr.log"].splitlines() if (time := _time(line)) is not None]
    return min(times)


def _time(line: bytes) -> datetime | None:
    match = _STAMP.match(line)
    if match is None:
        return None
    day, hour, minute, second = (int(part) for part in match.groups()[1:])
    return datetime(2026, _MONTHS.index(match[1]) + 1, day, hour, minute, second, tzinfo=UTC)


def _shifted(text: bytes, shift: timedelta, after: int) -> list[tuple[datetime, int, bytes]]:
    found = []
    for place, line in enumerate(text.splitlines(keepends=True)):
        time = _time(line)
        if time is None:
            continue
        moved = time + shift
        stamp = f"{moved:%b} {moved.day:2} {moved:%H:%M:%S} ".encode()
        found.append((moved, after + place, stamp + line[16:]))
    return found
