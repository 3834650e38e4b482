"""Markers in a stream that comes in portions of any size."""

import asyncio
from typing import cast

from hypothesis import given
from hypothesis import strategies as some

from tui.router.connection import LogStream
from tui.router.follow_file import marked

MARKER = "a1" * 16


class _Portions:
    """A stream that hands on what it is given, as it is."""

    def __init__(self, portions: list[bytes]) -> None:
        self._portions = portions

    async def read(self) -> bytes:
        if not self._portions:
            return b""
        return self._portions.pop(0)


def _read(portions: list[bytes]) -> list[tuple[bytes, list[str]]]:
    async def all_of_it() -> list[tuple[bytes, list[str]]]:
        stream = cast(LogStream, _Portions(list(portions)))
        return [each async for each in marked(stream, MARKER)]

    return asyncio.run(all_of_it())


# Content that is full of what a marker begins with.
_CONTENT = some.lists(some.sampled_from([b"a", b"1", b"a1", b"\n", b"x", b" ", b"a1a1a1a1"])).map(
    b"".join
)


@given(some.lists(_CONTENT, min_size=1, max_size=4), some.integers(1, 40))
def test_content_and_markers_come_apart_however_they_are_cut(
    contents: list[bytes], size: int
) -> None:
    stream = b"".join(
        content + f"{MARKER} = {number} 5 -\n".encode() for number, content in enumerate(contents)
    )
    portions = [stream[at : at + size] for at in range(0, len(stream), size)]
    found: list[tuple[bytes, list[str]]] = []
    before = b""
    for content, words in _read(portions):
        before += content
        if words:
            found.append((before, words))
            before = b""
    assert before == b""
    assert found == [
        (content, ["=", str(number), "5", "-"]) for number, content in enumerate(contents)
    ]


def test_what_cannot_begin_a_marker_is_handed_on_at_once_and_not_copied() -> None:
    portion = b"received packet: from 203.0.113.7\n" * 1000
    found = _read([portion, portion])
    assert [words for _, words in found] == [[], []]
    assert all(content is portion for content, _ in found)


def test_what_may_begin_a_marker_waits_for_the_rest() -> None:
    assert _read([b"line\n" + MARKER.encode()[:7]]) == [(b"line\n", [])]
    assert _read([b"line\na1a1", b"b\n"]) == [(b"line\n", []), (b"a1a1b\n", [])]
