"""Reading a long list in small pages, a few at a time, while it changes under our hands."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Hashable
from contextlib import aclosing
from typing import Generic, TypeVar

import msgspec

T = TypeVar("T")


class Page(msgspec.Struct, Generic[T], frozen=True):
    """Some rows of a list, in the server's order."""

    rows: tuple[T, ...]
    """Those that no earlier page of this reading had."""
    total: int
    """How many rows the list has in all, as last heard."""
    number: int
    """The place of the page in the list, from 1. Pages arrive in any order."""


class Answer(msgspec.Struct, Generic[T], frozen=True):
    """What the server said to one page."""

    rows: list[T]
    count: int | None
    """The number of rows in all; None where it was not said."""


AskPage = Callable[[int], Awaitable[Answer[T]]]


class _Reading(Generic[T]):
    """What is known of a list while it is read."""

    def __init__(self, size: Callable[[], int], key: Callable[[T], Hashable]) -> None:
        self._size = size
        self._key = key
        self._seen: set[Hashable] = set()
        self._count: int | None = None
        self.last_page = 1
        self.shrank = False

    def take(self, number: int, answer: Answer[T]) -> Page[T]:
        """Take in an answer and return the page of what is new in it."""
        fresh: list[T] = []
        for row in answer.rows:
            key = self._key(row)
            if key not in self._seen:
                self._seen.add(key)
                fresh.append(row)
        size = self._size()
        if answer.count is not None:
            self.shrank = self.shrank or (self._count or 0) > answer.count
            self._count = answer.count
            self.last_page = max(1, -(-answer.count // size))
        elif len(answer.rows) >= size:  # not said how many: more while pages come full
            self.last_page = max(self.last_page, number + 1)
        total = max(self._count or 0, len(self._seen))
        return Page(rows=tuple(fresh), total=total, number=number)

    @property
    def complete(self) -> bool:
        """Whether all the rows that the server speaks of are there."""
        return self._count is not None and len(self._seen) >= self._count


async def read_pages(
    ask: AskPage[T], *, size: Callable[[], int], width: int, key: Callable[[T], Hashable]
) -> AsyncGenerator[Page[T], None]:
    """Yield the pages of a list as they arrive; the first one is asked for alone.

    `ask(number)` gets one page of `size()` rows (known for sure once the first page is there),
    `width` of them run at a time. Rows are told apart by `key` and handed on once, however the
    list moves. When it has shrunk while it was read,
    rows may have slipped onto a page that was already there: then it is read once more, and only
    what is new is handed on. Closing the iterator cancels what is under way.
    """
    reading: _Reading[T] = _Reading(size, key)
    yield reading.take(1, await ask(1))
    async with aclosing(_read_rest(ask, reading, 2, width)) as pages:
        async for page in pages:
            yield page
    if reading.shrank:
        async with aclosing(_read_rest(ask, reading, 1, width)) as pages:
            async for page in pages:
                if page.rows:
                    yield page


async def _read_rest(
    ask: AskPage[T], reading: _Reading[T], first: int, width: int
) -> AsyncGenerator[Page[T], None]:
    running: dict[asyncio.Future[Answer[T]], int] = {}
    following = first
    ended = False
    try:
        while True:
            while (
                len(running) < width
                and following <= reading.last_page
                and not (ended or (first > 1 and reading.complete))
            ):
                running[asyncio.ensure_future(ask(following))] = following
                following += 1
            if not running:
                return
            done, _ = await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
            for task in sorted(done, key=running.__getitem__):
                number = running.pop(task)
                page = reading.take(number, task.result())
                # Nothing new on a whole page: the end, or a server that does not page at all.
                ended = ended or (first > 1 and not page.rows)
                yield page
    finally:
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)
