"""The store in segments keeps the order of the plain one, whatever comes in which order."""

from datetime import timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.logs.blocks import NOW, START, syslog
from tests.logs.plain_store import PlainStore
from tui.logs import segment, weaving
from tui.logs.merge import LogBlock, Origin
from tui.logs.stamps import Clock
from tui.logs.store import LogStore

LOGS = [("r-1", "journal"), ("r-1", "daemon"), ("r-2", "daemon"), ("r-2", "cloud")]
SECONDS = st.one_of(st.none(), st.integers(0, 60), st.integers(-4000, 90_000))


@st.composite
def blocks(draw: st.DrawFn, *, logs: int = len(LOGS)) -> list[tuple[bool, LogBlock]]:
    """Blocks of several logs, some of them from before the others."""
    found = []
    numbers = dict.fromkeys(LOGS, 1)
    earliest = dict.fromkeys(LOGS, 0)
    begun: set[tuple[str, str]] = set()
    for count in range(draw(st.integers(1, 12))):
        log = draw(st.sampled_from(LOGS[:logs]))
        seconds = draw(st.lists(SECONDS, max_size=9))
        if draw(st.booleans()):
            seconds.sort(key=lambda each: each or 0)
        if log not in begun:  # lines without a time go with those of their block
            begun.add(log)
            seconds.insert(0, draw(st.integers(0, 60)))
        lines = [(each, draw(st.sampled_from(["same", f"{count} {each}", ""]))) for each in seconds]
        is_earlier = draw(st.integers(0, 4)) == 0
        offset = draw(st.sampled_from([0.0, 0.0, 30.0]))
        origin = Origin(*log, NOW + timedelta(seconds=count), Clock(offset))
        first = earliest[log] - len(lines) + 1 if is_earlier else numbers[log]
        if is_earlier:
            earliest[log] -= len(lines)
        else:
            numbers[log] += len(lines)
        found.append((is_earlier, LogBlock(origin, syslog(*lines), first)))
    return found


def fill(pieces: list[tuple[bool, LogBlock]]) -> tuple[PlainStore, LogStore]:
    """Both stores with the same lines."""
    plain, store = PlainStore(), LogStore()
    for is_earlier, block in pieces:
        if is_earlier:
            plain.add_earlier(block)
            store.add_earlier(block)
        else:
            inserted = plain.add(block)
            added = store.add(block)
            assert added.inserted == inserted
            assert len(added.appended) == len(block.raw_lines) - inserted
            tail = plain.lines[len(plain.lines) - len(added.appended) :]
            assert [each.raw for each in added.appended] == [each.raw for each in tail]
    return plain, store


def check(plain: PlainStore, store: LogStore) -> None:
    assert len(store) == len(plain.lines)
    for kept, wanted in zip(store, plain.lines, strict=True):
        assert kept.raw == wanted.raw and kept.number == wanted.number
        assert kept.at == wanted.at and kept.is_copy == wanted.is_copy
        assert kept.origin.log == wanted.origin.log and kept.origin.clock == wanted.origin.clock
        assert kept.line == wanted.line
    for position, kept in enumerate(store):
        assert store.position(kept) == position and store[position] == kept
    assert store.bytes == sum(len(each.raw) for each in plain.lines)


@settings(max_examples=150)
@given(blocks(), st.sampled_from([1, 60, 200, 64 * 1024]))
def test_the_order_is_that_of_one_list(pieces: list[tuple[bool, LogBlock]], small: int) -> None:
    before = weaving.SMALL, weaving.PIECE
    try:
        weaving.SMALL, weaving.PIECE = small, 3 * small  # type: ignore[misc]
        check(*fill(pieces))
    finally:
        weaving.SMALL, weaving.PIECE = before  # type: ignore[misc]


@given(blocks(logs=1))
def test_one_log_has_its_times_only_when_they_are_asked_for(
    pieces: list[tuple[bool, LogBlock]],
) -> None:
    only_after = [(False, block) for _, block in pieces]
    plain, store = fill(only_after)
    assert all(each.timed == 0 for each in store.segments)
    check(plain, store)


@given(blocks())
def test_packing_changes_nothing(pieces: list[tuple[bool, LogBlock]]) -> None:
    plain, store = fill(pieces)
    for each in store.segments:
        each.pack(each.packed(), each.length)
        assert each.is_packed
    segment._unpacked.cache_clear()
    check(plain, store)


def test_a_line_now_and_then_from_two_routers_makes_few_segments() -> None:
    store = LogStore()
    count = 4000
    for number in range(count):
        router = f"r-{number % 2}"
        text = syslog((number // 2, f"line {number} {60 * chr(120)}"))
        now = START + timedelta(seconds=number // 2)
        store.add(LogBlock(Origin(router, "daemon", now), text, number // 2 + 1))
    assert len(store) == count and len(store.segments) <= 2 + store.bytes // (32 * 1024)
    assert store.memory <= 1.3 * store.bytes
    assert sum(len(each.origins) for each in store.segments) < 2 * len(store.segments) + 4
    assert [each.number for each in store] == [number // 2 + 1 for number in range(count)]


def test_each_router_has_room_of_its_own() -> None:
    store = LogStore(most_bytes=20_000)
    quiet = [store.add(LogBlock(Origin("quiet", "daemon", NOW), syslog((0, "q" * 50))))]
    for number in range(400):
        text = syslog((1 + number, "x" * 100), (1 + number, "y"))
        added = store.add(LogBlock(Origin("loud", "daemon", NOW), text, 2 * number + 1))
        quiet.append(added)
    of_quiet = [each for each in store if each.origin.router == "quiet"]
    assert len(of_quiet) == 1 and any(each.is_anew for each in quiet)
    loud = [each.number for each in store if each.origin.router == "loud"]
    assert loud == list(range(loud[0], 801)) and loud[0] > 1
    assert 15_000 < store.bytes - len(of_quiet[0].raw) <= 20_000
    assert store.dropped == loud[0] - 1 and len(store) == len(loud) + 1
    assert [store.position(each) for each in store] == list(range(len(store)))
