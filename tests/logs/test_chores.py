"""What is done for lines while nobody waits."""

from tests.logs.blocks import NOW, block, syslog
from tui.logs.chores import Chores
from tui.logs.line import LEVELS
from tui.logs.merge import LogBlock, Origin
from tui.logs.store import LogStore

LINES = 12_000


def filled() -> LogStore:
    """Lines of one router, more than one segment of them."""
    store = LogStore()
    for first in range(1, LINES, 1000):
        said = ((n // 100, f"no IKE config found for {n}") for n in range(first, first + 1000))
        store.add(LogBlock(Origin("r-42-VM", "daemon", NOW), syslog(*said), first))
    return store


def test_all_is_marked_and_then_there_is_nothing_to_do() -> None:
    store, slices = filled(), 0
    chores = Chores(store)
    while chores.mark(0.0):
        slices += 1
        assert slices < 10 * len(store.segments)
    assert slices >= len(store.segments)
    for segment in store.segments:
        assert len(segment.levels) == len(segment.once) == segment.timed == segment.count
        assert {LEVELS[level] for level in segment.levels} == {"error"}
    store.add(block((200, "one more"), first=LINES + 1))
    assert chores.mark(60.0) is False
    assert len(store.segments[-1].levels) == store.segments[-1].count


def test_only_cold_segments_are_packed_and_nothing_is_lost() -> None:
    store = filled()
    before = [line.raw for line in store]
    chores = Chores(store, hot=200_000)
    packed = 0
    while (segment := chores.next_to_pack()) is not None:
        length = segment.length
        segment.pack(segment.packed(), length)
        packed += 1
    assert 0 < packed < len(store.segments)
    assert [each.is_packed for each in store.segments] == [True] * packed + [False] * (
        len(store.segments) - packed
    )
    assert store.memory < 0.6 * store.bytes
    assert [line.raw for line in store] == before
    assert sum(each.length for each in store.segments if not each.is_packed) >= 200_000


def test_lines_that_come_while_it_is_packed_are_kept() -> None:
    store = LogStore()
    store.add(block((0, "a")))
    [segment] = store.segments
    length, packed = segment.length, segment.packed()
    store.add(block((1, "b"), first=2))
    segment.pack(packed, length)
    assert not segment.is_packed and [line.line.text for line in store] == ["a", "b"]
