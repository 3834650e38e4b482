"""One line of a router's log, understood and made harmless.

Formats (recordings of a CloudStack 4.22 router): rsyslog's traditional one (no year, whole seconds,
UTC), CloudStack's scripts (`2026-11-22 23:17:26,644 ERROR    text`, and `date` lines of the boot
scripts), and `journalctl -o json`.
"""

import re
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Final, Literal

import msgspec

from tui.safety.redact import redact
from tui.safety.text import clean, clean_bytes

Level = Literal["debug", "info", "notice", "warning", "error"]
LEVELS: Final[tuple[Level, ...]] = ("debug", "info", "notice", "warning", "error")
"""Least important first. `notice` marks success: a client got one step further."""

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


_SYSLOG: Final = re.compile(
    r"(?P<month>[A-Z][a-z]{2}) (?P<day>[ \d]\d) (?P<hour>\d\d):(?P<minute>\d\d):(?P<second>\d\d) "
    r"(?P<host>\S+) (?P<tag>[^\s:\[]+)(?:\[(?P<pid>\d+)\])?: ?(?P<text>.*)",
    re.DOTALL,
)
_CLOUD: Final = re.compile(r"(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d),(\d{3}) ([A-Z]+)\s+(.*)", re.DOTALL)
_DATE: Final = re.compile(
    r"[A-Z][a-z]{2} ([A-Z][a-z]{2}) ([ \d]\d) (\d\d:\d\d:\d\d) UTC (\d{4}):? (.*)", re.DOTALL
)
_CHARON: Final = re.compile(r"\d\d\[[A-Z]{3}\] ")
_MONTHS: Final = {
    name: number
    for number, name in enumerate(
        ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"), 1
    )
}
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
_ERRORS: Final = re.compile(
    r"no IKE config found|no proposal found|no matching proposal|no matching CHILD_SA"
    r"|could not decrypt|processing failed|MAC mismatched|no shared key found|Mode PSK disabled"
    r"|none allows |half-open IKE_SA limit|failed CHAP|No CHAP secret|Out of IP addresses"
    r"|required to authenticate itself|couldn't find any suitable secret|Unable to load config"
    r"|Unknown field|Fatal signal|peer refused to authenticate|table full|terminated for call",
)
_WARNINGS: Final = re.compile(
    r"deleting half open|parsing failed|decryption failed|invalid IKE header"
    r"|unsupported IKE version|header could not be parsed|no message rules"
    r"|Maximum retries exceeded|timeout sending"
    r"|No response to|Serial link appears|with code (?!0\b)\d+|lack of activity|Peer refused"
    r"|tty is not open|Unable to|NO_PROPOSAL|AUTHENTICATION_FAILED"
    r"|N\((?:NO_PROP|AUTH_FAILED|PLD_MAL)",
)
_STEPS: Final = re.compile(
    r"SA \S+[\]}] established|Connection established to|Call established with|Access granted"
    r"|(?:local |remote) IP address|Connection terminated|Connection closed to|deleting IKE_SA"
    r"|^[+-] \S+ \S+ -- "
)
_DEBUG: Final = re.compile(
    r"sent \[|rcvd \[|forecast |vendor ID|\[ENC\] (?:parsed|generating)"
    r"|\[NET\] (?:received|sending)"
    r"|start_pppd: I'm running|^\"|PPPoL2TP options"
)
_NOISE: Final = re.compile(
    r"[sc]if6addr|IPV6CP TermReq|Cannot determine ethernet address|Overriding m[tr]u"
    r"|Peer did not specify transmit speed|plugin 'tpm'|lacks library path"
    r"|expanding file expression"
)
"""Harmless on every router (IPv6 is off there), whatever priority the daemons give it."""
_SECRET_HINT: Final = re.compile(r"CHAP|PSK\s|assw|preshared|secret| \* ", re.IGNORECASE)


def read_lines(
    source: str, raw_lines: Iterable[bytes], *, router: str, now: datetime
) -> list[LogLine]:
    """The lines of `source` (`cloud` and `journal` have forms of their own, the rest is syslog).

    `now` puts the year right. Never fails: a line that is not understood keeps its text.
    """
    read = {"cloud": _read_cloud, "journal": _read_journal}.get(source, _read_syslog)
    return [read(router, source, raw, now) for raw in raw_lines]


def _read_syslog(router: str, source: str, raw: bytes, now: datetime) -> LogLine:
    text = _harmless(raw)
    match = _SYSLOG.match(text)
    if match is None:
        return LogLine(router, source, None, "", "", None, "info", text)
    tag, said = match["tag"], match["text"]
    return LogLine(
        router,
        source,
        _moment(match, now),
        match["host"],
        tag,
        int(match["pid"]) if match["pid"] else None,
        guess_level(tag, said),
        said,
        tag == "ipsec" and _CHARON.match(said) is not None,
    )


def _moment(match: re.Match[str], now: datetime) -> datetime | None:
    """The time of a line without a year: the latest that is not in the future.

    A day of grace: the clocks of router and console may differ.
    """
    for year in (now.year + 1, now.year, now.year - 1, now.year - 2, now.year - 3, now.year - 4):
        try:
            found = datetime(
                year,
                _MONTHS[match["month"]],
                int(match["day"]),
                int(match["hour"]),
                int(match["minute"]),
                int(match["second"]),
                tzinfo=UTC,
            )
        except (KeyError, ValueError):  # no such month, or 29 February of another year
            continue
        if found <= now + timedelta(days=1):
            return found
    return None


def _read_cloud(router: str, source: str, raw: bytes, now: datetime) -> LogLine:
    text = _harmless(raw)
    if match := _CLOUD.match(text):
        stamp, millis, name, said = match.groups()
        moment = _parsed(f"{stamp}.{millis}000", "%Y-%m-%d %H:%M:%S.%f")
        level = _NAMED_LEVELS.get(name, "info")
        return LogLine(router, source, moment, router, "cloud", None, level, said)
    if match := _DATE.match(text):
        month, day, clock, year, said = match.groups()
        moment = _parsed(f"{year} {_MONTHS.get(month, 0)} {day} {clock}", "%Y %m %d %H:%M:%S")
        return LogLine(router, source, moment, router, "boot", None, "info", said)
    return LogLine(router, source, None, router, "cloud", None, "info", text)


def _parsed(text: str, form: str) -> datetime | None:
    try:
        return datetime.strptime(text, form).replace(tzinfo=UTC)
    except ValueError:
        return None


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


def _read_journal(router: str, source: str, raw: bytes, now: datetime) -> LogLine:
    try:
        entry = _decode_entry(raw)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return LogLine(router, source, None, "", "", None, "warning", _harmless(raw))
    tag = clean(entry.SYSLOG_IDENTIFIER or "", 64)
    text = _harmless(_message(entry.MESSAGE))
    pid = entry.syslog_pid or entry.pid or ""
    level = guess_level(tag, text)
    if level == "info":
        level = _PRIORITIES.get(entry.PRIORITY or "", level)
    return LogLine(
        router,
        source,
        _from_micros(entry.written or entry.received),
        clean(entry.hostname or "", 255),
        tag,
        int(pid) if pid.isascii() and pid.isdecimal() else None,
        level,
        text,
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


def _from_micros(text: str | None) -> datetime | None:
    try:
        return datetime.fromtimestamp(int(text or "") / 1_000_000, UTC)
    except (ValueError, OverflowError, OSError):
        return None


def _harmless(raw: bytes) -> str:
    """Text that no terminal acts on, without secrets: pppd logs what a password can be guessed
    from (CHAP challenge and response), CloudStack's scripts at debug level passwords."""
    text = clean_bytes(raw, LONGEST_TEXT)
    return redact(text) if _SECRET_HINT.search(text) else text


def guess_level(tag: str, text: str) -> Level:
    """How important a line is, by what is known of its words; syslog files do not say it."""
    if _NOISE.search(text):
        return "debug"
    if _ERRORS.search(text):
        return "error"
    if _WARNINGS.search(text):
        return "warning"
    if _STEPS.search(text):
        return "notice"
    return "debug" if tag != "cloud" and _DEBUG.search(text) else "info"
