"""Whole lists: pages of the right sizes, decoded into facts."""

from collections.abc import AsyncGenerator, Awaitable, Callable, Hashable, Iterable, Mapping
from contextlib import aclosing
from typing import Final, NamedTuple, TypeVar, cast

import msgspec

from tui.cloud.endpoint import Parameter
from tui.cloud.errors import NotCloudStack, Validation
from tui.cloud.listings import Listing
from tui.cloud.models.sharing import share_parts
from tui.cloud.pages import Answer, Page, Sizes, read_pages
from tui.cloud.replies import page_size_allowed
from tui.cloud.wire import decode, decode_rows

T = TypeVar("T")

LARGEST_PAGE: Final = 500
PAGES_AT_A_TIME: Final = 3


class Told(NamedTuple):
    """What the server said to one call."""

    inner: msgspec.Raw
    """The inner object of the reply."""
    seconds: float
    """That it took, without waiting for a lane."""


Ask = Callable[[str, Mapping[str, Parameter]], Awaitable[Told]]
"""Calls a command."""


class _TooManyRows(Exception):
    """The server allows fewer rows to a page than were asked for."""


class ListReader:
    """Reads lists for one client."""

    def __init__(
        self, page_size: int, width: int, learn: Callable[[str, float, int], None]
    ) -> None:
        """`learn` is told the command, the seconds and the rows of every page."""
        self._learn = learn
        self._page_size = max(1, min(page_size, LARGEST_PAGE))
        self._width = max(1, min(PAGES_AT_A_TIME, width))

    async def pages(
        self,
        ask: Ask,
        listing: Listing[T],
        parameters: Mapping[str, Parameter],
        first: int = 0,
        later: Ask | None = None,
    ) -> AsyncGenerator[Page[T], None]:
        """Yield the pages of a list as they arrive; see `CloudClient.pages`. `later` asks for the
        pages after the first."""
        seen: set[Hashable] = set()
        while True:
            sizes = Sizes.growing(first, self._page_size) if listing.paged else Sizes(1 << 30)

            async def page(number: int, sizes: Sizes = sizes) -> Answer[T]:
                how = ask if number == 1 or later is None else later
                return await self._page(how, listing, parameters, sizes, number)

            reading = read_pages(page, sizes=sizes, width=self._width, key=row_key, seen=seen)
            try:
                async with aclosing(reading):
                    async for each in reading:
                        yield each
            except _TooManyRows:
                first = 0  # the rows that came are not handed on again
            else:
                return

    async def _page(
        self,
        ask: Ask,
        listing: Listing[T],
        parameters: Mapping[str, Parameter],
        sizes: Sizes,
        number: int,
    ) -> Answer[T]:
        wanted = dict(parameters)
        page, size = sizes.page(number)
        if listing.paged:
            wanted |= {"page": page, "pagesize": size}
        try:
            told = await ask(listing.command, wanted)
        except Validation as error:
            allowed = page_size_allowed(error.text)
            if allowed is None or allowed >= size:
                raise
            self._page_size = min(self._page_size, allowed)
            raise _TooManyRows from error
        answer = answer_of(told.inner, listing)
        self._learn(listing.command, told.seconds, len(answer.rows))
        return msgspec.structs.replace(answer, seconds=told.seconds)


def answer_of(raw: msgspec.Raw, listing: Listing[T]) -> Answer[T]:
    """The rows in the inner object of a reply. Raises `NotCloudStack` where it has none."""
    try:
        members = msgspec.json.decode(raw, type=dict[str, msgspec.Raw])
        rows = decode_rows(members[listing.key], listing.type) if listing.key in members else []
        count = decode(members["count"], int) if "count" in members else None
    except msgspec.DecodeError as error:
        raise NotCloudStack(
            f"The list of {listing.command} cannot be read",
            oddity="content",
            command=listing.command,
        ) from error
    share_parts(cast(Iterable[msgspec.Struct], rows))
    return Answer(rows=rows, count=count if count is not None or rows else 0)


def row_key(row: object) -> Hashable:
    """What tells rows apart: the id, or the name where there is none (settings, commands)."""
    for name in ("id", "job_id", "name"):
        value = getattr(row, name, "")
        if value:
            return str(value)
    return id(row)
