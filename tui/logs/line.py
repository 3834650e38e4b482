"""One line of a router's log, understood and made harmless. The forms are those of `stamps`."""

import re
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Final, Literal

import msgspec

from tui.logs.signatures import signatures_of
from tui.logs.stamps import EXACT, Clock, parse_iso, read_date_line, with_year
from tui.safety.redact import redact
from tui.safety.text import clean, clean_bytes

Level = Literal["debug", "info", "notice", "warning", "error"]
LEVELS: Final[tuple[Level, ...]] = ("debug", "info", "notice", "warning", "error")
"""Least important first. `notice` marks success: a client got one step further."""

_ANY_TIME: Final = datetime(2000, 1, 1, tzinfo=UTC)
LONGEST_TEXT: Final = 2000
"""Characters of one line that are shown."""


class LogLine(msgspec.Struct, frozen=True):
    """One line."""

    router: str
    source: str
    time: datetime | None
    """UTC; None where the line does not say it."""
    host: str
    tag: str
    """Program: `charon`, `xl2tpd`, `pppd`, `cloud`…"""
    pid: int | None
    level: Level
    text: str
    is_duplicate: bool = False
    """charon's line a second time: the starter passes its output on late, with a wrong time."""


_SAID: Final = r"(?P<host>\S+) (?P<tag>[^\s:\[]+)(?:\[(?P<pid>\d{1,10})\])?: ?(?P<text>.*)"
_SYSLOG: Final = re.compile(r"(?P<stamp>[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d) " + _SAID, re.DOTALL)
_ISO_STAMP: Final = re.compile(r"[\d-]{10}[T ][\d:]{8}(?:[.,]\d+)?(?:Z|[+-]\d\d:?\d\d)? *")
_ISO_SYSLOG: Final = re.compile(
    r"[\d-]{10}[T ][\d:]{8}(?:[.,]\d+)?(?:Z|[+-]\d\d:?\d\d)? " + _SAID, re.DOTALL
)
_CLOUD: Final = re.compile(
    r"[\d-]{10} [\d:]{8},\d{3} (?P<level>DEBUG|INFO|WARN|WARNING|ERROR|CRITICAL)\s+(?P<text>.*)",
    re.DOTALL,
)
_DATE: Final = re.compile(r"(?:\S+ +){5}\d{4}:? ?")
_SYSLOG_SOURCES: Final = frozenset({"daemon", "messages", "auth", "haproxy", "kern"})
_CHARON: Final = re.compile(r"\d\d\[[A-Z]{3}\] ")
_NAMED_LEVELS: Final[dict[str, Level]] = {
    "DEBUG": "debug",
    "INFO": "info",
    "WARNING": "warning",
    "WARN": "warning",
    "ERROR": "error",
    "CRITICAL": "error",
}
_PRIORITIES: Final[dict[str, Level]] = {
    **dict.fromkeys("0123", "error"),
    "4": "warning",
    "7": "debug",
}
CHATTER: Final = re.compile(
    r"sent \[|rcvd \[|\[ENC\] (?:parsed|generating)|\[NET\] (?:received|sending)"
    r"|start_pppd: I'm running|^\"|PPPoL2TP options"
)
"""What daemons say of every packet."""
SECONDARY: Final = (
    "sent [", "rcvd [", "[ENC] parsed", "[ENC] generating", "[NET] received", "[NET] sending",
    "start_pppd: I'm running", ': "', "PPPoL2TP options",
)  # fmt: skip
"""Each line that is `CHATTER` has one of these."""
_LEVELS: Final[dict[str, Level]] = {
    "noise": "debug",
    "notice": "notice",
    "warning": "warning",
    "error": "error",
}
_SECRET_HINTS: Final = ("chap", "psk ", "assw", "preshared", "secret", " * ")


def read_lines(
    source: str,
    raw_lines: Iterable[bytes],
    *,
    router: str,
    now: datetime,
    clock: Clock = EXACT,
) -> list[LogLine]:
    """The lines of `source`; see `read_line`."""
    return [read_line(router, source, raw, now, clock) for raw in raw_lines]


def read_line(router: str, source: str, raw: bytes, now: datetime, clock: Clock = EXACT) -> LogLine:
    """One line, in whatever form it is: it is known by its first character.

    `now` puts the year right, `clock` the time. Never fails: a line that is not understood keeps
    its text.
    """
    first = raw[:1]
    if first == b"{" or source == "journal":
        return _read_journal(router, source, raw, clock)
    text = _harmless(raw)
    if first.isdigit():
        return _read_iso(router, source, text, clock)
    match = _SYSLOG.match(text)
    if match is None:
        return _read_other(router, source, raw, text, clock)
    moment = with_year(match["stamp"], now, clock.zone)
    if moment is not None and clock.offset:
        moment -= timedelta(seconds=clock.offset)
    return _line_of(match, router, source, moment)


def tag_and_text(source: str, raw: bytes) -> tuple[str, str]:
    """Program and words of a line as `read_line` gives them, without the rest that it takes."""
    if raw[:1] == b"{" or source == "journal":
        try:
            entry = _decode_entry(raw)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            return "", _harmless(raw)
        return clean(entry.SYSLOG_IDENTIFIER or "", 64), _harmless(_message(entry.MESSAGE))
    text = _harmless(raw)
    match = _SYSLOG.match(text)
    if match is not None:
        return match["tag"], match["text"]
    line = read_line("", source, raw, _ANY_TIME)
    return line.tag, line.text


def _line_of(match: re.Match[str], router: str, source: str, moment: datetime | None) -> LogLine:
    tag, said = match["tag"], match["text"]
    return LogLine(
        router,
        source,
        moment,
        match["host"],
        tag,
        int(match["pid"]) if match["pid"] else None,
        guess_level(tag, said),
        said,
        is_late_copy(tag, said),
    )


def is_late_copy(tag: str, text: str) -> bool:
    """True for what the starter passes on of charon's output, late and in bursts. Its own words
    (`'L2TP-PSK' routed`, `charon (906) started after …`) are said only once."""
    return tag == "ipsec" and _CHARON.match(text) is not None


def _read_iso(router: str, source: str, text: str, clock: Clock) -> LogLine:
    """A line that begins with a whole date: of CloudStack's scripts, of rsyslog's other form, or
    of `journalctl -o short-iso`."""
    moment = parse_iso(text, clock.zone)
    if moment is None:
        return LogLine(router, source, None, router, "cloud", None, "info", text)
    if clock.offset:
        moment -= timedelta(seconds=clock.offset)
    if match := _CLOUD.match(text):
        level = _NAMED_LEVELS.get(match["level"], "info")
        return LogLine(router, source, moment, router, "cloud", None, level, match["text"])
    if match := _ISO_SYSLOG.match(text):
        return _line_of(match, router, source, moment)
    rest = _ISO_STAMP.sub("", text, count=1)
    tag = "" if source in _SYSLOG_SOURCES else "cloud"
    return LogLine(router, source, moment, router, tag, None, "info", rest)


def _read_other(router: str, source: str, raw: bytes, text: str, clock: Clock) -> LogLine:
    """A line of the boot scripts, or one that belongs to the line before it."""
    told = read_date_line(raw[:64])
    tag, host = ("", "") if source in _SYSLOG_SOURCES else ("cloud", router)
    if told is None:
        return LogLine(router, source, None, host, tag, None, "info", text)
    moment = told[0] - timedelta(seconds=clock.offset)
    return LogLine(
        router, source, moment, router, "boot", None, "info", _DATE.sub("", text, count=1)
    )


class _Entry(msgspec.Struct):
    """The fields of a journal entry that matter. A value too long for journalctl is null, one that
    is not text a list of bytes, one that occurs twice a list."""

    MESSAGE: str | list[int | str] | None = None
    SYSLOG_IDENTIFIER: str | None = None
    PRIORITY: str | None = None
    hostname: str | None = msgspec.field(name="_HOSTNAME", default=None)
    pid: str | None = msgspec.field(name="_PID", default=None)
    syslog_pid: str | None = msgspec.field(name="SYSLOG_PID", default=None)
    written: str | None = msgspec.field(name="_SOURCE_REALTIME_TIMESTAMP", default=None)
    received: str | None = msgspec.field(name="__REALTIME_TIMESTAMP", default=None)


_decode_entry: Final = msgspec.json.Decoder(_Entry).decode


def _read_journal(router: str, source: str, raw: bytes, clock: Clock) -> LogLine:
    try:
        entry = _decode_entry(raw)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        level: Level = "warning" if source == "journal" else "info"
        return LogLine(router, source, None, "", "", None, level, _harmless(raw))
    tag = clean(entry.SYSLOG_IDENTIFIER or "", 64)
    text = _harmless(_message(entry.MESSAGE))
    pid = entry.syslog_pid or entry.pid or ""
    level = guess_level(tag, text)
    if level == "info":
        level = _PRIORITIES.get(entry.PRIORITY or "", level)
    return LogLine(
        router,
        source,
        _from_micros(entry.written or entry.received, clock.offset),
        clean(entry.hostname or "", 255),
        tag,
        int(pid) if pid.isascii() and pid.isdecimal() else None,
        level,
        text,
        is_late_copy(tag, text),
    )


def _message(message: str | list[int | str] | None) -> bytes:
    if isinstance(message, list):
        octets = [part for part in message if isinstance(part, int) and 0 <= part < 256]
        words = [part for part in message if isinstance(part, str)]
        whole = len(octets) == len(message)
        return bytes(octets) if whole else " ".join(words).encode("utf-8", "replace")
    if message is None:
        return b"(longer than the journal shows)"
    return message.encode("utf-8", "replace")


def _from_micros(text: str | None, offset: float) -> datetime | None:
    try:
        return datetime.fromtimestamp(int(text or "") / 1_000_000 - offset, UTC)
    except (ValueError, OverflowError, OSError):
        return None


def _harmless(raw: bytes) -> str:
    """Text that no terminal acts on, without secrets: pppd logs what a password can be guessed
    from (CHAP challenge and response), CloudStack's scripts at debug level passwords."""
    text = clean_bytes(raw, LONGEST_TEXT)
    lowered = text.lower()
    for hint in _SECRET_HINTS:
        if hint in lowered:
            return redact(text)
    return text


def guess_level(tag: str, text: str) -> Level:
    """How important a line is, by what is known of its words; syslog files do not say it."""
    signature = signatures_of(text)
    if signature is not None:
        return _LEVELS[signature.level]
    return "debug" if tag != "cloud" and CHATTER.search(text) else "info"
