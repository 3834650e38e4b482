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
    seconds: float = 0.0
    """That the server took for it."""


class Answer(msgspec.Struct, Generic[T], frozen=True):
    """What the server said to one page."""

    rows: list[T]
    count: int | None
    """The number of rows in all; None where it was not said."""
    seconds: float = 0.0
    """That the server took."""


AskPage = Callable[[int], Awaitable[Answer[T]]]


class Sizes(msgspec.Struct, frozen=True):
    """How many rows each page of a reading has: all the same, or more and more.

    A server finds a page by its number and size, so sizes double, and no row is read twice: with 20
    at first and 80 in the end rows 1-20, 21-40, 41-80, 81-160, 161-240 and so on are read.
    """

    largest: int
    doublings: int = 0
    """How often the first size is doubled until it is the largest."""

    @classmethod
    def growing(cls, first: int, most: int) -> "Sizes":
        """From `first` rows, or fewer, to no more than `most`; `first` 0 is `most` at once."""
        if first <= 0 or first >= most:
            return cls(most)
        doublings = (most // first).bit_length() - 1
        return cls(first << doublings, doublings)

    @property
    def first(self) -> int:
        """Rows of the first page."""
        return self.largest >> self.doublings

    def page(self, number: int) -> tuple[int, int]:
        """Page and page size that the server is asked for as the page `number` of the reading."""
        if number == 1:
            return 1, self.first
        if number <= self.doublings + 1:
            return 2, self.first << (number - 2)
        return number - self.doublings, self.largest

    def pages(self, rows: int) -> int:
        """How many pages it takes to read so many rows."""
        for number in range(1, self.doublings + 1):
            if rows <= self.first << (number - 1):
                return number
        return max(1, -(-rows // self.largest) + self.doublings)


class _Reading(Generic[T]):
    """What is known of a list while it is read."""

    def __init__(
        self, sizes: Sizes, key: Callable[[T], Hashable], seen: set[Hashable] | None = None
    ) -> None:
        self._sizes = sizes
        self._key = key
        self._seen: set[Hashable] = set() if seen is None else seen
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
        if answer.count is not None:
            self.shrank = self.shrank or (self._count or 0) > answer.count
            self._count = answer.count
            self.last_page = self._sizes.pages(answer.count)
        elif len(answer.rows) >= self._sizes.page(number)[1]:
            # Not said how many: more while pages come full.
            self.last_page = max(self.last_page, number + 1)
        total = max(self._count or 0, len(self._seen))
        return Page(rows=tuple(fresh), total=total, number=number, seconds=answer.seconds)

    @property
    def complete(self) -> bool:
        """Whether all the rows that the server speaks of are there."""
        return self._count is not None and len(self._seen) >= self._count


async def read_pages(
    ask: AskPage[T],
    *,
    sizes: Sizes,
    width: int,
    key: Callable[[T], Hashable],
    seen: set[Hashable] | None = None,
) -> AsyncGenerator[Page[T], None]:
    """Yield the pages of a list as they arrive; the first one is asked for alone.

    `ask(number)` gets one page, of as many rows as `sizes` says, and `width` of them run at a time.
    Rows are told apart by `key` and handed on once, however the list moves; those in `seen` were
    handed on before. When the list has shrunk while it was read, rows may have slipped onto a page
    that was already there: then it is read once more, and only what is new is handed on. Closing
    the iterator cancels what is under way.
    """
    reading: _Reading[T] = _Reading(sizes, key, seen)
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
