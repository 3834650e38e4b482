"""One source of lines: where a line lies in its block, and what its head says.

Only lines that a literal was found in are looked at. Forms: rsyslog's traditional one, the
journal's `short`, `short-iso` and `json`, and CloudStack's scripts.
"""

import re
from typing import Final, Literal

import msgspec

from tui.logs.attempts import Rung
from tui.logs.fold_part import Mention, Part
from tui.logs.fold_time import Calendar, dated_seconds, syslog_seconds

Daemon = Literal["charon", "xl2tpd", "pppd", "starter", "kernel", "updown", "cloud", "other"]

_DAEMONS: Final[dict[bytes, Daemon]] = {
    b"charon": "charon",
    b"xl2tpd": "xl2tpd",
    b"pppd": "pppd",
    b"ipsec": "starter",
    b"ipsec_starter": "starter",
    b"kernel": "kernel",
    b"vpn": "updown",
}
_NEWLINE: Final = b"\n"
_COLON: Final = b": "
_NO_LEAD: Final = b"\n\n"
"""What no line has at that place."""
_PACKET: Final = b"[NET] received packet: from "
_WINDOW: Final = 1 << 17
"""How far back the packet that a line is about is looked for, in bytes."""
_CONTEXT: Final = 1 << 15
"""Bytes of earlier blocks that are kept for that."""
_LONGEST_LINE: Final = 1300
"""Bytes of a line that are kept."""
_MOST_TAGS: Final = 4096
_DATED: Final = re.compile(
    rb"(\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d)(?:[.,](\d{1,9}))?([+-]\d\d:?\d\d|Z)? +"
)
_BOOT: Final = re.compile(rb"[A-Z][a-z]{2} ([A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d) UTC (\d{4}):? ?")
_TAG: Final = re.compile(rb"(?:\.\d{1,9})? \S+ ([^\s:\[]+(?:\[\d+\])?): ?")
_PARTS_OF_TAG: Final = re.compile(rb"([^\[]+)(?:\[(\d{1,9})\])?")


class _Entry(msgspec.Struct):
    """Fields of a journal entry that matter."""

    MESSAGE: str | list[int | str] | None = None
    SYSLOG_IDENTIFIER: str | None = None
    pid: str | None = msgspec.field(name="_PID", default=None)
    syslog_pid: str | None = msgspec.field(name="SYSLOG_PID", default=None)
    written: str | None = msgspec.field(name="_SOURCE_REALTIME_TIMESTAMP", default=None)
    received: str | None = msgspec.field(name="__REALTIME_TIMESTAMP", default=None)


_decode_entry: Final = msgspec.json.Decoder(_Entry).decode


class Source:
    """Where reading one source stands."""

    def __init__(self, name: str, number: int, calendar: Calendar) -> None:
        self.name = name
        self.number = number
        self.has_packets = False
        """Whether it tells which packets charon received, and so the ports of clients."""
        self.has_tunnels = False
        """Whether it tells anything of xl2tpd's tunnels."""
        self.has_debug = False
        """Whether it tells what pppd sends and receives."""
        self.has_sessions = False
        """Whether it tells anything of pppd."""
        self.span: tuple[float, float] | None = None
        """Times of the first and the last line of the block, where both say it."""
        self.is_yearless = False
        """Whether its times have no year."""
        self.daemon: Daemon = "other"
        self.pid = 0
        self.tag = b"\0"
        self.moment = 0.0
        self.text = b""
        """What holds the message: the block, or the message alone."""
        self.message = 0
        """Where in `text` the message begins."""
        self.stop = 0
        """Where in `text` it ends."""
        self.block = b""
        self.start = 0
        """Where in the block the line begins."""
        self.end = 0
        self.head = 16
        """Where in a line of this host the tag begins."""
        self._host = b"\0"
        self.lead = _NO_LEAD
        """Host and tag of the line before, and what stands around them."""
        self.lead_size = 16
        self._calendar = calendar
        self._tags: dict[bytes, tuple[Daemon, int]] = {}
        self.stamp = b""
        self._lines = 0
        self._counted_to = 0
        self._context = b""
        self._context_packet = -1
        self._cuts: dict[bytes, int] = {}
        """By thread: before where its packets do not count; negative in earlier blocks."""
        self._first_packet: int | None = None
        self._before_thread = b""
        """What stands before the thread in charon's lines."""
        self._minute: tuple[bytes, float] | None = None
        self._is_json = False

    def forget_time(self) -> None:
        """The year may be another one than it was taken for."""
        self.stamp = b""

    def begin(self, block: bytes) -> None:
        """Go on with `block`, whole lines."""
        self.block = self.text = block
        self._is_json = False
        self._counted_to = 0
        self._first_packet = None
        self.start = self.end = 0

    def look_at(self, first: int, last: int) -> None:
        """Lines from `first` to before `last` in the block come next."""
        final = self.block.rfind(_NEWLINE, first, last - 1) + 1 or first
        begin, end = self._time_at(first), self._time_at(final)
        self.span = None if begin is None or end is None else (begin, end)
        self.start = self.end = first

    def _time_at(self, start: int) -> float | None:
        self.moment, self.stamp = -1.0, b""
        self.seat(start, start)
        return self.moment if self.moment >= 0 else None

    def finish(self) -> None:
        """The block is done."""
        block = self.block
        self._lines += block.count(_NEWLINE, self._counted_to)
        if block and not block.endswith(_NEWLINE):
            self._lines += 1
        if len(block) >= _CONTEXT:
            self._context = block[-_CONTEXT:]
        else:
            self._context = (self._context + block)[-_CONTEXT:]
        self._context_packet = -2
        self._cuts = {
            t: at - len(block) for t, at in self._cuts.items() if at > len(block) - _CONTEXT
        }
        self.block = self.text = b""

    def seat(self, start: int, at: int) -> bool:
        """Take the line that begins at `start` and contains `at`; false if it is no line of a log,
        or one of charon's copies."""
        block = self.block
        end = block.find(_NEWLINE, at)
        self.start = start
        self.end = self.stop = end if end >= 0 else len(block)
        message = start + self.lead_size
        if block[start + 15 : message] != self.lead and not self._seat_other_tag(start):
            return self._seat_otherwise(start, self.end)
        message = start + self.lead_size
        self.message = message
        if self._is_json:
            self._is_json, self.text = False, block
        stamp = block[start : start + 15]
        if stamp != self.stamp and not self.take_stamp(stamp):
            return False
        # Late copies of charon's lines, passed on by the starter: `ipsec[906]: 15[NET] …`
        return self.daemon != "starter" or block[message + 2 : message + 3] != b"["

    def take_stamp(self, stamp: bytes) -> bool:
        """The line was written at another time than the one before; false if that is none."""
        try:
            self.moment = self._calendar.moment(stamp)
        except ValueError:
            return False
        self.stamp = stamp
        return True

    def _seat_other_tag(self, start: int) -> bool:
        """Take the tag of a line of the same host; false if the line is another one's."""
        block = self.block
        tag_at = start + self.head
        end = block.find(_COLON, tag_at, self.end)
        if end < 0 or block[start + 15 : tag_at] != self._host:
            return False
        self._take_tag(block[tag_at:end])
        # The starter's lines are looked at one by one: most are copies.
        self.lead = _NO_LEAD if self.daemon == "starter" else block[start + 15 : end + 2]
        self.lead_size = end + 2 - start
        return True

    def _take_tag(self, tag: bytes) -> None:
        self.tag = tag
        self.daemon, self.pid = self._tags.get(tag) or self._learn(tag)
        if self.daemon == "charon":
            self._before_thread = tag + _COLON

    def _learn(self, tag: bytes) -> tuple[Daemon, int]:
        if len(self._tags) >= _MOST_TAGS:
            self._tags.clear()
        match = _PARTS_OF_TAG.fullmatch(tag)
        name, pid = (match[1], int(match[2] or 0)) if match else (tag, 0)
        known: tuple[Daemon, int] = (_DAEMONS.get(name, "other"), pid)
        self._tags[tag] = known
        return known

    def _seat_otherwise(self, start: int, end: int) -> bool:
        """The same for a line whose host is not the one of the line before."""
        block = self.block
        if self._is_json:
            self._is_json, self.text = False, block
        first = block[start : start + 1]
        if first == b"{":
            return self._seat_entry(start, end)
        if first.isdigit():
            return self._seat_dated(start, end)
        boot = _BOOT.match(block, start, end)
        if boot is not None:
            return self._seat_cloud(boot[2] + boot[1], boot.end())
        try:
            moment = self._calendar.moment(block[start : start + 15])
        except ValueError:
            return False
        tag = _TAG.match(block, start + 15, end)
        if tag is None:
            return False
        if block[start + 15 : start + 16] == b" ":
            self._host = block[start + 15 : tag.start(1)]
            self.head = 15 + len(self._host)
        self.is_yearless = True
        return self._seated(moment, tag)

    def _seated(self, moment: float, found: re.Match[bytes]) -> bool:
        self._take_tag(found[1])
        self.moment = moment
        self.stamp = b""
        self.lead = _NO_LEAD
        self.message = message = found.end()
        return self.daemon != "starter" or self.block[message + 2 : message + 3] != b"["

    def _seat_dated(self, start: int, end: int) -> bool:
        minute = self._minute
        if minute and self.block[start : start + 17] == minute[0]:
            # One of CloudStack's scripts, in the same minute as the line before.
            rest = self.block[start + 17 : start + 24]
            digits = rest[:2] + rest[3:6]
            if rest[2:3] == b"," and rest[6:] == b" " and digits.isdigit():
                return self._of_scripts(minute[1] + int(digits) / 1000, start + 24)
        dated = _DATED.match(self.block, start, end)
        if dated is None:
            return False
        try:
            moment = dated_seconds(dated[1], dated[2] or b"", dated[3] or b"")
        except (ValueError, OverflowError):
            return False
        self._calendar.note(moment)
        if dated[1][10:11] == b"T":
            tag = _TAG.match(self.block, dated.end() - 1, end)
            return tag is not None and self._seated(moment, tag)
        self._minute = (dated[1][:17], moment // 60 * 60) if not dated[3] else None
        return self._of_scripts(moment, dated.end())

    def _seat_cloud(self, stamp: bytes, message: int) -> bool:
        """`stamp` is the year and then the rest as in syslog."""
        try:
            moment = dated_seconds(stamp[:4] + b"-01-01T00:00:00")
            leap = (int(stamp[:4]) % 4) == 0
            within = syslog_seconds(stamp[4:])
        except (ValueError, OverflowError):
            return False
        moment += within - (0 if leap or within < 60 * 86_400 else 86_400)
        self._calendar.note(moment)
        return self._of_scripts(moment, message)

    def _of_scripts(self, moment: float, message: int) -> bool:
        self.daemon, self.pid, self.tag = "cloud", 0, b"cloud"
        self.lead = _NO_LEAD
        self.moment = moment
        self.stamp = b""
        self.message = message
        return True

    def _seat_entry(self, start: int, end: int) -> bool:
        try:
            entry = _decode_entry(self.block[start:end])
            moment = int(entry.written or entry.received or "") / 1_000_000
        except (msgspec.MsgspecError, ValueError, RecursionError, OverflowError):
            return False
        said = entry.MESSAGE
        if isinstance(said, list):
            said = bytes(
                part for part in said[:65_536] if isinstance(part, int) and 0 <= part < 256
            ).decode("utf-8", "replace")
        if said is None or not 0 < moment < 1e11:
            return False
        self._calendar.note(moment)
        tag = (entry.SYSLOG_IDENTIFIER or "").encode("utf-8", "replace")
        pid = entry.syslog_pid or entry.pid or ""
        self.daemon = _DAEMONS.get(tag, "other")
        self.pid = int(pid) if pid.isascii() and pid.isdecimal() and len(pid) < 10 else 0
        self.tag = tag
        self.lead = _NO_LEAD
        self.moment = moment
        self.stamp = b""
        self.text = said.encode("utf-8", "replace")
        self.message, self.stop = 0, len(self.text)
        self._is_json = True
        self._before_thread = b'"'
        return self.daemon != "starter" or self.text[2:3] != b"["

    def step(self, part: Part, rung: Rung) -> None:
        """With the line, `part` reached `rung`, unless it had got there before."""
        if rung <= part.rung:
            return
        part.rung = rung
        part.last = self.moment
        if part.started is None:
            part.started = part.first
        if self._is_json:
            part.steps.append(self.mention("", rung))
            return
        block, start = self.block, self.start
        self._lines += block.count(_NEWLINE, self._counted_to, start)
        self._counted_to = start
        line = block[start : self.end][:_LONGEST_LINE]
        part.steps.append((self.moment, self.number, self._lines + 1, line, "", rung))

    def mention(self, signature: str, rung: int = 0) -> Mention:
        """The line, to be kept."""
        block, start = self.block, self.start
        self._lines += block.count(_NEWLINE, self._counted_to, start)
        self._counted_to = start
        if self._is_json:
            line = b"%b[%d]: %b" % (self.tag, self.pid, self.text[:_LONGEST_LINE])
        else:
            line = block[start : self.end]
            if len(line) > _LONGEST_LINE:
                line = line[:_LONGEST_LINE]
        return (self.moment, self.number, self._lines + 1, line, signature, rung)

    def peer(self) -> bytes:
        """Where the packet came from that charon's thread works on, `203.0.113.77[500]`; empty
        where the log does not say it."""
        block, start = self.block, self.start
        thread = self.text[self.message : self.message + 2]
        needle = self._before_thread + thread + _PACKET
        first = self._first_packet
        if first is None:
            first = self._first_packet = block.find(_PACKET)
            self.has_packets |= first >= 0
        if 0 <= first < start:
            at = block.rfind(needle, start - _WINDOW if start > _WINDOW else 0, start)
            if at >= 0:
                if at < self._cuts.get(thread, at):
                    return b""
                at += len(needle)
                return block[at : block.find(b"]", at) + 1]
        return self._peer_before(needle, thread) if start < _WINDOW else b""

    def forget_peer(self) -> None:
        """The thread of the line does not work on the packet any more that it received last."""
        self._cuts[self.text[self.message : self.message + 2]] = self.start

    def _peer_before(self, needle: bytes, thread: bytes) -> bytes:
        """The same for a packet in an earlier block."""
        context = self._context
        if self._context_packet == -2:
            self._context_packet = context.find(_PACKET)
            self.has_packets |= self._context_packet >= 0
        at = -1 if self._context_packet < 0 else context.rfind(needle)
        if at < 0 or at - len(context) < self._cuts.get(thread, -_CONTEXT):
            return b""
        at += len(needle)
        return context[at : context.find(b"]", at) + 1]

    def is_to_nat_port(self, peer: bytes) -> bool:
        """Whether the last packet from `peer` came to the router's port 4500."""
        needle = _PACKET + peer + b" to "
        block = self.block
        at = block.rfind(needle, max(0, self.start - _WINDOW), self.start)
        if at < 0:
            block = self._context
            at = block.rfind(needle)
        own = block.find(b"[", at + len(needle), at + len(needle) + 60)
        return at >= 0 and block[own : own + 6] == b"[4500]"

    def before(self, size: int) -> bytes:
        """Up to `size` bytes before the line."""
        start = self.start
        if start >= size:
            return self.block[start - size : start]
        missing = size - start
        return self._context[-missing:] + self.block[:start]
