"""Looking through whole blocks finds the lines that looking at each of them finds."""

import json
import time

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.logs.blocks import NOW, block
from tests.router_cases import case, case_names
from tui.logs.filter import Filter, parse_filter
from tui.logs.levels import ERROR, errors_in, levels_of
from tui.logs.line import LEVELS
from tui.logs.merge import LogBlock, Origin
from tui.logs.segment import Segment
from tui.logs.sifter import Sifter
from tui.logs.store import LogStore

WORDS = ["alice", "Alice", "charon", "no IKE config found", "ERROR", "ipsec", "07[IKE] established",
         "deleting", "0.113", "sent [LCP", "authentication of 'x' failed", "password=alice",
         "psk alice", '"quoted"', "\\u0061lice", "\u00e9", "\x00", "\x1b[31m",
         "\t", "x" * 2500, "message longer alice", "}", "{", " * ", "vpn", "l2tp"]  # fmt: skip
FILTERS = ["", "alice", "Alice", "!alice", "charon", "!charon !alice", "level:error", "level:info",
           "level:debug", "level:notice alice", "level:warning !ipsec", "/al.ce$/", "!/^charon/",
           '"no IKE"', "tag:charon", "!tag:pppd", "tag:cloud", "tag:ipsec", "source:daemon",
           "!source:journal", "router:r-1 alice", "router:r-9", "client:203.0.113.77", "user:alice",
           "attempt:3", "!attempt:3", "characters", "x00", "hidden", "e", "alice !07", '"sent ["',
           "level:error /./", "!level", "u0061lice", "ipsec", "messages"]  # fmt: skip


def entry(tag: str, said: str, priority: str, *, escaped: bool) -> bytes:
    """A journal entry."""
    fields = {"SYSLOG_IDENTIFIER": tag, "PRIORITY": priority, "MESSAGE": said, "_PID": "9"}
    return json.dumps(fields, separators=(",", ":"), ensure_ascii=escaped).encode()


@st.composite
def raw_lines(draw: st.DrawFn) -> bytes:
    said = " ".join(draw(st.lists(st.sampled_from(WORDS), max_size=4)))
    tag = draw(st.sampled_from(["charon", "ipsec", "pppd", "cloud", "Alice"]))
    form = draw(st.integers(0, 7))
    if form == 0:
        priority = draw(st.sampled_from("034567"))
        return entry(tag, said, priority, escaped=draw(st.booleans()))
    if form == 1:
        return f"2026-11-22 23:17:26,644 {draw(st.sampled_from(LEVELS)).upper()} {said}".encode()
    if form == 2:
        return f"2026-11-22T23:17:26+00:00 r-1 {tag}[5]: {said}".encode()
    if form == 3:
        return said.encode()
    if form == 4:
        return b'{"MESSAGE":null,"SYSLOG_IDENTIFIER":"alice"}'
    pid = draw(st.sampled_from(["", "[977]"]))
    return f"Nov 22 23:17:26 r-1 {tag}{pid}: {said}".encode()


def segments(lines: list[tuple[bytes, str]]) -> list[Segment]:
    """One segment of lines of several logs, with some copies."""
    grown: Segment | None = None
    for number, (raw, source) in enumerate(lines):
        origin = Origin("r-1", source, NOW)
        one = Segment(raw.replace(b"\n", b"") + b"\n", origin, number)
        if number % 7 == 3:
            one.copies.add(0)
        if grown is None:
            grown = one
        else:
            grown.extend(one)
    return [] if grown is None else [grown]


def filter_of(text: str, *, duplicates: bool = False) -> Filter:
    found = parse_filter(text, duplicates=duplicates)
    assert isinstance(found, Filter), text
    return found


SOURCES = st.sampled_from(["daemon", "journal", "messages", "cloud"])


@settings(max_examples=400)
@given(
    st.lists(st.tuples(raw_lines(), SOURCES), max_size=12),
    st.sampled_from(FILTERS),
    st.booleans(),
    st.integers(0, 3),
)
@example([(b"Nov 22 23:17:26 r-1 charon: psk hidden", "daemon")], "!hidden", False, 0)
@example([(b"Nov 22 23:17:26 r-1 charon: \xff alice", "daemon")], "xff", False, 0)
def test_the_same_lines_pass(
    lines: list[tuple[bytes, str]], text: str, duplicates: bool, low: int
) -> None:
    wanted = filter_of(text, duplicates=duplicates)
    for segment in segments(lines):
        low = min(low, segment.count)
        store = [line for line in _lines(segment)][low:]
        expected = [line.index for line in store if wanted.passes(line)]
        assert list(Sifter(wanted).passing(segment, low, segment.count)) == expected
        levels = [LEVELS.index(line.line.level) for line in _lines(segment)]
        assert list(levels_of(segment)) == levels
        assert errors_in(segment, range(low, segment.count)) == levels[low:].count(ERROR)


def _lines(segment: Segment) -> list:  # type: ignore[type-arg]
    from tui.logs.segment import StoredLine

    return [StoredLine(segment, index) for index in range(segment.count)]


@pytest.mark.parametrize("name", case_names())
@pytest.mark.parametrize(
    "text", ["", "level:error", "level:info !charon", "ike", "tag:pppd", "/f/"]
)
def test_the_same_lines_of_recordings_pass(name: str, text: str) -> None:
    wanted = filter_of(text)
    for file, content in case(name).files.items():
        if not file.endswith(".log") or not content:
            continue
        segment = Segment(content.rstrip(b"\n") + b"\n", Origin("r-1", file, NOW), 1)
        expected = [line.index for line in _lines(segment) if wanted.passes(line)]
        assert list(Sifter(wanted).passing(segment, 0, segment.count)) == expected
        levels = [LEVELS.index(line.line.level) for line in _lines(segment)]
        assert list(levels_of(segment)) == levels


def test_most_lines_are_never_read(monkeypatch: pytest.MonkeyPatch) -> None:
    """What has no word of the filter is not even cut out."""
    store = LogStore()
    store.add(block(*((number, f"line {number}") for number in range(5_000))))
    read: list[int] = []
    cut = Segment.raw

    def counted(segment: Segment, index: int) -> bytes:
        read.append(index)
        return cut(segment, index)

    monkeypatch.setattr(Segment, "raw", counted)
    for text, passing in (("4711", 1), ("!4711", 4999), ("", 5000), ("level:error", 0)):
        sifter = Sifter(filter_of(text))
        found = [len(sifter.passing(each, 0, each.count)) for each in store.segments]
        assert sum(found) == passing
    assert read == []


@pytest.mark.parametrize("filling", [b"\0", b"a", b"\xff", b"ipsec ", b"chap ", b"{"])
def test_a_line_of_a_megabyte_is_harmless(filling: bytes) -> None:
    line = b"Nov 22 23:17:26 r-1 charon: " + filling * (1_000_000 // len(filling)) + b" alice\n"
    store = LogStore()
    store.add(LogBlock(Origin("r-1", "daemon", NOW), line * 3 + b"Nov 22 23:17:26 r x: bob\n"))
    begun = time.process_time()
    for segment in store.segments:
        for text in ("alice", "!alice", "bob", "level:error", "/bob$/"):
            wanted = filter_of(text)
            expected = [each.index for each in _lines(segment) if wanted.passes(each)]
            assert list(Sifter(wanted).passing(segment, 0, segment.count)) == expected
    assert time.process_time() - begun < 20  # far from what it would be for each of its bytes
