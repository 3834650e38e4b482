"""The logs of a bundle, searched as they are: each word is looked for once, however many ask."""

import re
from bisect import bisect_left, bisect_right
from collections import Counter
from datetime import datetime
from functools import cached_property
from typing import Final

import msgspec

from tui.diagnose.bundle import Bundle
from tui.diagnose.verdicts import Evidence
from tui.diagnose.why_facts import shown
from tui.logs.line import read_lines

DAEMON_LOG: Final = "vr.log"
JOURNAL: Final = "vr.pppd-journal.log"
PPP_LOGS: Final = ("vr.messages.log", JOURNAL)
CLOUD_LOG: Final = "vr.cloud.log"

MOST_FOUND: Final = 20_000
"""Lines with one word that are kept; the first ones."""

_ENDS: Final = {
    "tail_daemon_log": "vr.log",
    "tail_messages": "vr.messages.log",
    "tail_cloud_log": "vr.cloud.log",
    "tail_auth_log": "vr.auth.log",
}
"""Commands that show the end of a log, and the bundle's name of that log."""
_LATE_COPY: Final = re.compile(rb"\S+ +\S+ \S+ \S+ ipsec\[\d+\]: \d\d\[[A-Z]{3}\]")
_FROM: Final = re.compile(r"\bfrom ([\d.]+\d)")
_SPOKEN: Final = re.compile(
    rb"pppd\[(\d+)\]: (?:(sent|rcvd) \[(LCP|CHAP|IPCP) (\w+)[^\n]*|pppd \S+ started by)"
)
_CALLED: Final = re.compile(rb"Call established with \S+ PID: (\d+),")
_ARGUMENT: Final = re.compile(rb'"?([\d.]+):([\d.]+)"?\s*$')


def logs_of(bundle: Bundle) -> tuple[dict[str, bytes], dict[str, str]]:
    """Logs by the bundle's names, and the real names of those that came from a command."""
    texts = dict(bundle.logs)
    renamed = {}
    for command, name in _ENDS.items():
        answer = bundle.survey.answers.get(command)
        if answer is None or not answer.stdout:
            continue
        if texts.setdefault(name, answer.output.stdout) != answer.output.stdout:
            continue
        renamed[name] = answer.file or command
    return texts, renamed


def _time_of(line: tuple[float, Evidence]) -> float:
    return line[0]


def _time_and_line(line: tuple[float, Evidence]) -> tuple[float, int]:
    return line[0], line[1].line


class Dialogue(msgspec.Struct):
    """What one pppd and its client said to each other, as far as a verdict needs it."""

    counted: Counter[str]
    """Messages by `sent LCP ConfReq`…"""
    offered: str = ""
    """The address that the router wanted the client to take."""
    wished: str = ""
    """The first address that the client asked for."""


class Logs:
    """The logs of a bundle."""

    def __init__(self, texts: dict[str, bytes], now: datetime) -> None:
        self.texts = texts
        self._now = now
        self._found: dict[tuple[str, bytes], list[tuple[int, Evidence]]] = {}
        self._timed: dict[tuple[str, bytes], list[tuple[float, Evidence]]] = {}

    def has(self, *names: str) -> bool:
        """True if one of the files is there; it may be empty, which says something too."""
        return any(name in self.texts for name in names)

    def find(self, name: str, *needles: bytes, most: int = 3) -> tuple[Evidence, ...]:
        """The first lines of the log `name` that hold one of `needles`."""
        found = dict(each for needle in needles for each in self._lines_with(name, needle))
        return tuple(found[start] for start in sorted(found)[:most])

    def find_in(self, names: tuple[str, ...], *needles: bytes) -> tuple[Evidence, ...]:
        """As `find`, in the first log that has such a line."""
        return next((found for name in names if (found := self.find(name, *needles))), ())

    def between(
        self, names: tuple[str, ...], start: float, end: float, *needles: bytes
    ) -> tuple[Evidence, ...]:
        """As `find_in`, only lines of that time; the first three."""
        for name in names:
            found = []
            for needle in needles:
                found += self.within(name, start, end, needle)[:3]
            if found:
                unique = {each.line: each for _, each in sorted(found, key=_time_and_line)}
                return tuple(unique.values())[:3]
        return ()

    def above(self, name: str, line: int, needle: bytes, most: int = 40) -> tuple[Evidence, ...]:
        """Lines of the log `name` with `needle` above line number `line`, the nearest first."""
        found = self._lines_with(name, needle)
        at = bisect_left(found, line, key=lambda each: each[1].line)
        return tuple(each for _, each in reversed(found[max(0, at - most) : at]))

    def within(
        self, name: str, start: float, end: float, needle: bytes
    ) -> list[tuple[float, Evidence]]:
        """All lines of the log `name` that hold `needle` and are of that time, with their times."""
        lines = self.timed(name, needle)
        first = bisect_left(lines, start, key=_time_of)
        return lines[first : bisect_right(lines, end, key=_time_of)]

    def timed(self, name: str, needle: bytes) -> list[tuple[float, Evidence]]:
        """Lines of the log `name` that hold `needle` and say when, in the order of their times."""
        key = (name, needle)
        if key not in self._timed:
            timed = [
                (time, each)
                for each in self.find(name, needle, most=MOST_FOUND)
                if (time := self._time(name, each.text.encode())) is not None
            ]
            self._timed[key] = sorted(timed, key=_time_and_line)
        return self._timed[key]

    def _lines_with(self, name: str, needle: bytes) -> list[tuple[int, Evidence]]:
        """Lines that hold `needle` by where they begin; charon's late copies are left out."""
        key = (name, needle)
        if key in self._found:
            return self._found[key]
        text = self.texts.get(name, b"")
        found: list[tuple[int, Evidence]] = []
        number, counted = 1, 0
        at = text.find(needle)
        while at >= 0 and len(found) < MOST_FOUND:
            start = text.rfind(b"\n", 0, at) + 1
            end = text.find(b"\n", at)
            end = end if end >= 0 else len(text)
            number += text.count(b"\n", counted, start)
            counted = start
            line = text[start:end]
            if _LATE_COPY.match(line) is None:
                words = shown(line.decode("utf-8", "replace"))
                found.append((start, Evidence(name, number, words)))
            at = text.find(needle, end)
        self._found[key] = found
        return found

    @cached_property
    def end(self) -> float | None:
        """Time of the last line of all logs: seconds since the epoch."""
        times = []
        for name, text in self.texts.items():
            if name.endswith(".log") and text.strip():
                times.append(self._time(name, text.rstrip(b"\n").rpartition(b"\n")[2]))
        return max((time for time in times if time is not None), default=None)

    def _time(self, name: str, line: bytes) -> float | None:
        source = "cloud" if name == CLOUD_LOG else "journal" if line.startswith(b"{") else "daemon"
        moment = read_lines(source, [line], router="", now=self._now)[0].time
        return moment.timestamp() if moment is not None else None

    def by_address(self, *needles: bytes) -> dict[str, list[Evidence]]:
        """Lines of daemon.log with one of `needles`, by the address that they say is the source."""
        found: dict[str, list[Evidence]] = {}
        for each in self.find(DAEMON_LOG, *needles, most=MOST_FOUND):
            if match := _FROM.search(each.text):
                found.setdefault(match[1], []).append(each)
        return found

    @cached_property
    def dialogues(self) -> dict[int, Dialogue]:
        """What each pppd and its client said, by process id; the journal alone has it."""
        found: dict[int, Dialogue] = {}
        for match in _SPOKEN.finditer(self.texts.get(JOURNAL, b"")):
            if match[2] is None:
                # Another pppd that was given the number of an old one.
                found[int(match[1])] = Dialogue(Counter())
                continue
            talk = found.setdefault(int(match[1]), Dialogue(Counter()))
            direction, protocol, message = (part.decode() for part in match.group(2, 3, 4))
            said = f"{direction} {protocol} {message}"
            talk.counted[said] += 1
            address = re.search(rb"<addr ([\d.]+)>", match[0])
            if address and said == "rcvd IPCP ConfReq" and not talk.wished:
                talk.wished = address[1].decode()
            elif address and said == "sent IPCP ConfNak":
                talk.offered = address[1].decode()
        return found

    @cached_property
    def offers(self) -> dict[int, str]:
        """The address that xl2tpd chose for each pppd: an argument, which it writes down."""
        text = self.texts.get(DAEMON_LOG, b"")
        found: dict[int, str] = {}
        for called in _CALLED.finditer(text):
            begun = text.rfind(b"start_pppd: I'm running", 0, called.start())
            for line in text[max(begun, 0) : called.start()].split(b"\n")[:40]:
                if match := _ARGUMENT.search(line.rstrip()):
                    found[int(called[1])] = match[2].decode()
        return found
