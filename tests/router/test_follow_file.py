"""The corners of following a file that timing rarely hits, with scripted answers."""

import asyncio
import contextlib
import hashlib
from collections.abc import AsyncIterator

import pytest

from tui.router.errors import CommandFailed, ConnectionDropped
from tui.router.follow_file import FileFollower
from tui.router.hops import RouterTarget
from tui.router.log_commands import LogCommand, LogSource, Position
from tui.router.log_events import FollowEvent, LogChunk, LogGap

SOURCE = LogSource("cloud", "/var/log/cloud.log")


def digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def row(name: str, inode: int, content: bytes, asked: int, size: int | None = None) -> bytes:
    """A row of `log_generations`."""
    size = len(content) if size is None else size
    head = content[:256]
    words = (name, inode, size, digest(content[:asked]), len(head), digest(head))
    return (" ".join(str(word) for word in words) + "\n").encode()


class ScriptedStream:
    """Gives the portions of one answer; `MARK` stands for the marker that was asked for."""

    def __init__(self, portions: list[bytes], marker: str) -> None:
        self._portions = [portion.replace(b"MARK", marker.encode()) for portion in portions]

    async def read(self) -> bytes:
        return self._portions.pop(0) if self._portions else b""

    async def complaint(self) -> str:
        return "sh: not found"


class ScriptedRouter:
    """Answers log commands from a script of (command name, portions)."""

    def __init__(self, script: list[tuple[str, list[bytes]]]) -> None:
        self.script = script
        self.asked: list[tuple[str, ...]] = []
        self.target = RouterTarget(name="r-42-VM", uuid="u", control_ip="192.0.2.1")

    @contextlib.asynccontextmanager
    async def stream(self, command: LogCommand, *values: str) -> AsyncIterator[ScriptedStream]:
        command.line(*values)
        self.asked.append((command.name, *values[:5]))
        if not self.script:
            raise ConnectionDropped("r-42-VM", "the script is over")
        name, portions = self.script.pop(0)
        assert name == command.name
        yield ScriptedStream(portions, values[-1])


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tui.router.follow_file._SETTLE_SECONDS", 0)
    monkeypatch.setattr("tui.router.follow_file._MISSING_SECONDS", 0)


async def followed(
    script: list[tuple[str, list[bytes]]], position: Position
) -> tuple[bytes, list[FollowEvent], FileFollower, ScriptedRouter]:
    """Run a follower through `script`; the text it gave and everything it said."""
    events: list[FollowEvent] = []

    async def emit(event: FollowEvent) -> None:
        events.append(event)

    follower = FileFollower(SOURCE, position, 65536, emit)
    router = ScriptedRouter(script)
    with pytest.raises(ConnectionDropped):
        async with asyncio.timeout(5):
            await follower.follow(router)  # type: ignore[arg-type]
    text = b"".join(event.text for event in events if isinstance(event, LogChunk))
    return text, events, follower, router


OLD = b"old 1\nold 2\n"
IN_OLD = Position(7, len(OLD), len(OLD), digest(OLD))


def mark(at: int, head: int, content: bytes) -> bytes:
    return f"MARK = {at} {head} {digest(content[:head])}\n".encode()


async def test_bytes_without_a_marker_are_not_handed_on() -> None:
    live = [row("cloud.log", 7, OLD, len(OLD))]
    text, _, follower, _ = await followed(
        [
            ("log_generations", live),
            ("log_follow", [b"new 3\n" + mark(18, 12, OLD), b"new 4\nbroken off"]),
        ],
        IN_OLD,
    )
    assert text == b"new 3\n"
    assert follower.position == Position(7, 18, 12, digest(OLD))


async def test_a_marker_in_pieces_is_found() -> None:
    answer = b"new 3\nhal" + mark(21, 12, OLD) + b"f\n" + mark(23, 12, OLD)
    # One byte at a time would cut inside `MARK` before it is replaced: replace it beforehand.
    script = [
        ("log_generations", [row("cloud.log", 7, OLD, len(OLD))]),
        ("log_follow", [answer]),
    ]
    text, events, follower, _ = await followed(script, IN_OLD)
    assert text == b"new 3\nhalf\n"
    assert [e.position.offset for e in events if isinstance(e, LogChunk)] == [18, 23]
    assert follower.position.offset == 23


async def test_lines_written_between_copy_and_truncation_are_kept() -> None:
    """They are in no file any more, but they were read."""
    fresh = b"fresh 1\n"
    text, events, _, _ = await followed(
        [
            ("log_generations", [row("cloud.log", 7, OLD, len(OLD))]),
            ("log_follow", [b"new 3\nnew 4\nMARK truncated\n"]),
            (
                "log_generations",
                [row("cloud.log", 7, fresh, len(OLD)), row("cloud.log.1", 8, OLD, len(OLD))],
            ),
            ("log_rest", [b"new 3\nMARK end\n"]),
            ("log_generations", [row("cloud.log", 7, fresh, len(fresh))]),
            ("log_follow", [fresh + mark(8, 8, fresh)]),
        ],
        IN_OLD,
    )
    assert text == b"new 3\nnew 4\nfresh 1\n"
    assert not any(isinstance(event, LogGap) for event in events)


async def test_bytes_of_the_new_content_are_not_taken_for_the_old() -> None:
    """The file was truncated and had grown past our offset when it was read."""
    fresh = b"fresh 1 and much more\n"
    text, _, _, _ = await followed(
        [
            ("log_generations", [row("cloud.log", 7, OLD, len(OLD))]),
            ("log_follow", [b"much more\nMARK truncated\n"]),
            (
                "log_generations",
                [row("cloud.log", 7, fresh, len(OLD)), row("cloud.log.1", 8, OLD, len(OLD))],
            ),
            ("log_rest", [b"new 3\nMARK end\n"]),
            ("log_generations", [row("cloud.log", 7, fresh, len(fresh))]),
            ("log_follow", [fresh + mark(22, 22, fresh)]),
        ],
        IN_OLD,
    )
    assert text == b"new 3\n" + fresh


async def test_a_copy_that_vanishes_is_looked_for_again() -> None:
    fresh = b"fresh 1\n"
    now = row("cloud.log", 9, fresh, len(OLD))
    text, _, _, router = await followed(
        [
            ("log_generations", [now, row("cloud.log.1", 7, OLD, len(OLD))]),
            ("log_rest", [b"MARK missing\n"]),
            ("log_generations", [now, row("cloud.log.1.gz", 11, OLD, len(OLD), 40)]),
            ("log_rest", [b"new 3\nMARK end\n"]),
            ("log_generations", [row("cloud.log", 9, fresh, len(fresh))]),
            ("log_follow", [fresh + mark(8, 8, fresh)]),
        ],
        IN_OLD,
    )
    assert text == b"new 3\nfresh 1\n"
    assert router.asked[3][:3] == ("log_rest", "/var/log/cloud.log.1.gz", "11")


async def test_a_renamed_file_is_not_left_before_its_successor_has_lines() -> None:
    fresh = b"fresh 1\n"
    empty = row("cloud.log", 9, b"", len(OLD))
    old = row("cloud.log.1", 7, OLD, len(OLD))
    text, _, _, _ = await followed(
        [
            ("log_generations", [empty, old]),
            ("log_rest", [b"new 3\nMARK end\n"]),
            ("log_generations", [empty, old]),
            ("log_rest", [b"new 4\nMARK end\n"]),
            ("log_generations", [row("cloud.log", 9, fresh, len(OLD)), old]),
            ("log_rest", [b"MARK end\n"]),
            ("log_generations", [row("cloud.log", 9, fresh, len(fresh))]),
            ("log_follow", [fresh + mark(8, 8, fresh)]),
        ],
        IN_OLD,
    )
    assert text == b"new 3\nnew 4\nfresh 1\n"


async def test_generations_in_between_are_read_in_order() -> None:
    third, second = b"third 1\n", b"second 1\n"
    rows = [row("cloud.log", 9, third, 12), row("cloud.log.1", 8, second, 12)]
    text, _, _, _ = await followed(
        [
            ("log_generations", [*rows, row("cloud.log.2.gz", 7, OLD, 12, 30)]),
            ("log_rest", [b"MARK end\n"]),
            (
                "log_generations",
                [row("cloud.log", 9, third, 9), row("cloud.log.1", 8, second, 9)],
            ),
            ("log_rest", [second + b"MARK end\n"]),
            ("log_generations", [row("cloud.log", 9, third, 8)]),
            ("log_follow", [third + mark(8, 8, third)]),
        ],
        IN_OLD,
    )
    assert text == second + third


async def test_an_empty_file_gets_its_fingerprint_when_it_has_bytes() -> None:
    fresh = b"fresh 1\n"
    text, _, follower, _ = await followed(
        [
            ("log_generations", [row("cloud.log", 9, b"", 0)]),
            ("log_follow", [b"MARK = 0 0 -\n", b"MARK other\n"]),
            ("log_generations", [row("cloud.log", 9, fresh, 0)]),
            ("log_follow", [fresh + mark(8, 8, fresh)]),
        ],
        Position(),
    )
    assert text == fresh
    assert follower.position == Position(9, 8, 8, digest(fresh))


@pytest.mark.parametrize(
    "script",
    [
        [("log_generations", [b"one two\n"])],
        [("log_generations", [row("cloud.log", 7, OLD, 12)]), ("log_follow", [])],
    ],
)
async def test_answers_that_make_no_sense(script: list[tuple[str, list[bytes]]]) -> None:
    async def emit(event: FollowEvent) -> None:
        raise AssertionError(event)

    follower = FileFollower(SOURCE, IN_OLD, 65536, emit)
    with pytest.raises(CommandFailed):
        await follower.follow(ScriptedRouter(script))  # type: ignore[arg-type]
