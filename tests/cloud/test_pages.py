"""Long lists in small pages, from servers whose lists move."""

import asyncio
from contextlib import aclosing
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.cloud.servers import Answer as Reply
from tests.cloud.servers import Bench, Form, envelope, noted, recording, replay
from tui.cloud.errors import Network, Validation
from tui.cloud.listings import APIS, CONFIGURATIONS, NETWORKS
from tui.cloud.pages import Answer, Page, Sizes, read_pages


class List:
    """A list on a server, which `changes` alters before the answers of that number."""

    def __init__(
        self,
        rows: list[int],
        size: int,
        changes: dict[int, list[int]] | None = None,
        *,
        counts: bool = True,
        pages: bool = True,
    ) -> None:
        self.rows = rows
        self.size = size
        self.changes = changes or {}
        self.counts = counts
        self.pages = pages
        self.asked: list[int] = []
        self.running = 0
        self.most = 0

    async def ask(self, number: int) -> Answer[int]:
        self.asked.append(number)
        self.rows = self.changes.get(len(self.asked), self.rows)
        self.running += 1
        self.most = max(self.most, self.running)
        await asyncio.sleep(0)
        self.running -= 1
        first = (number - 1) * self.size if self.pages else 0
        last = first + self.size if self.pages else len(self.rows)
        return Answer(self.rows[first:last], len(self.rows) if self.counts else None)

    async def read(self, width: int = 3) -> list[Page[int]]:
        pages = read_pages(self.ask, sizes=Sizes(self.size), width=width, key=lambda row: row)
        return [page async for page in pages]


def _all(pages: list[Page[int]]) -> list[int]:
    return [row for page in pages for row in page.rows]


@given(st.integers(0, 60), st.integers(1, 20), st.integers(1, 4), st.booleans())
def test_a_list_that_stands_still(length: int, size: int, width: int, counts: bool) -> None:
    server = List(list(range(length)), size, counts=counts)
    pages = asyncio.run(server.read(width))
    assert sorted(_all(pages)) == list(range(length))
    assert len(set(_all(pages))) == len(_all(pages))
    assert server.most <= width
    assert pages[-1].total == length
    needed = max(1, -(-length // size))
    # Without a count, a last page that is full does not say that it is the last.
    assert len(server.asked) <= needed + (0 if counts else width)
    by_number = sorted(pages, key=lambda page: page.number)
    assert _all(by_number) == list(range(length))


@given(
    st.lists(st.integers(0, 30), unique=True, max_size=31),
    st.dictionaries(
        st.integers(2, 8), st.lists(st.integers(0, 30), unique=True, max_size=31), max_size=3
    ),
    st.integers(1, 6),
)
def test_a_list_that_moves(rows: list[int], changes: dict[int, list[int]], size: int) -> None:
    server = List(rows, size, changes)
    seen = _all(asyncio.run(server.read()))
    assert len(seen) == len(set(seen))
    assert len(server.asked) <= 100
    ever = [set(rows), *map(set, changes.values())]
    assert set(seen) <= set.union(*ever)


@given(st.data(), st.integers(2, 40), st.integers(1, 6))
def test_a_row_that_vanishes_hides_no_other(data: st.DataObject, length: int, size: int) -> None:
    rows = list(range(length))
    gone = data.draw(st.sampled_from(rows))
    when = data.draw(st.integers(2, max(2, -(-length // size))))
    rest = [row for row in rows if row != gone]
    server = List(rows, size, {when: rest})
    seen = set(_all(asyncio.run(server.read())))
    assert set(rest) <= seen <= set(rows)


@given(st.integers(1, 40), st.integers(1, 6), st.integers(2, 6))
def test_rows_that_appear_at_the_end_are_found(length: int, size: int, when: int) -> None:
    rows = list(range(length))
    server = List(rows, size, {when: [*rows, 100, 101]})
    seen = _all(asyncio.run(server.read()))
    assert set(rows) <= set(seen)
    pages_before = max(1, -(-length // size))
    if when <= pages_before:
        assert {100, 101} <= set(seen)


def test_a_server_that_does_not_page_is_not_asked_for_ever() -> None:
    server = List(list(range(50)), 10, pages=False)
    assert _all(asyncio.run(server.read())) == list(range(50))
    assert server.asked == [1]
    lying = List(list(range(10)), 10, counts=False, pages=False)
    assert _all(asyncio.run(lying.read())) == list(range(10))
    assert len(lying.asked) <= 4


def test_a_count_beyond_all_reason_ends() -> None:
    async def ask(number: int) -> Answer[int]:
        asked.append(number)
        return Answer([1, 2], 10**9)

    async def read() -> list[Page[int]]:
        pages = read_pages(ask, sizes=Sizes(2), width=3, key=lambda row: row)
        return [page async for page in pages]

    asked: list[int] = []
    assert _all(asyncio.run(read())) == [1, 2]
    assert len(asked) <= 4


async def test_pages_are_handed_on_as_they_arrive() -> None:
    gates = {number: asyncio.Event() for number in range(1, 5)}

    async def ask(number: int) -> Answer[int]:
        await gates[number].wait()
        return Answer([number * 10], 4)

    async with aclosing(read_pages(ask, sizes=Sizes(1), width=3, key=lambda row: row)) as pages:
        for number in (1, 3, 2, 4):
            gates[number].set()
            page = await anext(pages)
            assert (page.number, page.rows, page.total) == (number, (number * 10,), 4)


async def test_an_error_on_one_page_ends_the_reading_and_cancels_the_others() -> None:
    cancelled: list[int] = []

    async def ask(number: int) -> Answer[int]:
        if number == 3:
            raise Network("cut", phase="receive")
        if number > 1:
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                cancelled.append(number)
                raise
        return Answer([number], 10)

    pages = read_pages(ask, sizes=Sizes(1), width=3, key=lambda row: row)
    assert (await anext(pages)).rows == (1,)
    with pytest.raises(Network):
        await anext(pages)
    assert cancelled == [2, 4]


# -- through the client, as recorded ---------------------------------------------------------------


async def test_the_recorded_shapes_of_pages() -> None:
    notes = {"1": "first page", "2": "second page", "99": "past the end: count without array"}

    def script(form: Form) -> Reply:
        assert form["pagesize"] == "2"
        return replay(noted("03", notes.get(form["page"], notes["99"])))

    bench = Bench(script, page_size=2)
    networks = await bench.client.fetch(NETWORKS, listall=True)
    assert len(networks) == 4
    assert len({network.id for network in networks}) == 4
    empty = Bench(lambda form: replay(recording("03")[0]))
    pages = [page async for page in empty.client.pages(NETWORKS)]
    assert [(page.rows, page.total) for page in pages] == [((), 0)]


async def test_a_server_with_a_smaller_limit_is_taken_at_its_word() -> None:
    def script(form: Form) -> Reply:
        if int(form["pagesize"]) > 3:
            inner = {
                "errorcode": 431,
                "cserrorcode": 4350,
                "errortext": "Page size can't exceed max allowed page size value: 3",
            }
            return envelope("listNetworks", inner, 431)
        first = (int(form["page"]) - 1) * 3
        rows = [{"id": str(n)} for n in range(first, min(first + 3, 7))]
        return envelope("listNetworks", {"count": 7, "network": rows})

    bench = Bench(script)
    assert [n.id for n in await bench.client.fetch(NETWORKS)] == list("0123456")
    assert bench.server.forms[0]["pagesize"] == "100"
    assert [n.id for n in await bench.client.fetch(NETWORKS)] == list("0123456")
    assert {form["pagesize"] for form in bench.server.forms[1:]} == {"3"}


async def test_a_limit_that_makes_no_sense_is_an_error() -> None:
    inner = {"errorcode": 431, "errortext": "Page size can't exceed max allowed page size value: 0"}
    bench = Bench(lambda form: envelope("listNetworks", inner, 431))
    with pytest.raises(Validation):
        await bench.client.fetch(NETWORKS)
    assert len(bench.server.forms) == 1


async def test_a_page_is_never_larger_than_the_server_allows() -> None:
    bench = Bench(lambda form: envelope("listNetworks", {}), page_size=5000)
    await bench.client.fetch(NETWORKS)
    assert bench.server.forms[0]["pagesize"] == "500"


async def test_lists_without_pages_and_rows_without_ids() -> None:
    def script(form: Form) -> Reply:
        if form["command"] == "listApis":
            assert "page" not in form
            return envelope("listApis", {"count": 1, "api": [{"name": "listZones"}]})
        rows: list[dict[str, Any]] = [{"name": "a", "value": "1"}, {"name": "b", "value": "2"}, {}]
        return envelope("listConfigurations", {"count": 3, "configuration": rows})

    bench = Bench(script)
    assert [api.name for api in await bench.client.fetch(APIS)] == ["listZones"]
    assert len(await bench.client.fetch(CONFIGURATIONS)) == 3


# -- pages that grow -------------------------------------------------------------------------------


@given(st.integers(0, 600), st.integers(1, 500))
def test_growing_pages_cover_a_list_once(first: int, most: int) -> None:
    sizes = Sizes.growing(first, most)
    assert sizes.largest <= most
    assert sizes.first == (first if 0 < first < most else most)
    covered = 0
    for number in range(1, 30):
        page, size = sizes.page(number)
        assert (page - 1) * size == covered, "pages follow each other without a gap"
        covered = page * size
        assert sizes.pages(covered) == number
        assert sizes.pages(covered + 1) == number + 1
    assert sizes.pages(0) == 1
    assert size == sizes.largest, "in the end they are as large as they may be"
    assert sizes.largest * 2 > most or not sizes.doublings


async def test_the_first_page_is_as_long_as_the_screen() -> None:
    def script(form: Form) -> Reply:
        page, size = int(form["page"]), int(form["pagesize"])
        rows = [{"id": str(n)} for n in range((page - 1) * size, min(page * size, 333))]
        return envelope("listNetworks", {"count": 333, "network": rows})

    bench = Bench(script, page_size=100)
    pages = [page async for page in bench.client.pages(NETWORKS, first=18)]
    assert sorted(int(n.id) for page in pages for n in page.rows) == list(range(333))
    assert [len(page.rows) for page in sorted(pages, key=lambda each: each.number)] == [
        18, 18, 36, 72, 72, 72, 45
    ]  # fmt: skip
    assert sum(int(form["pagesize"]) for form in bench.server.forms) == 360, "no row is asked twice"


async def test_a_server_that_allows_less_than_the_later_pages_loses_no_row() -> None:
    def script(form: Form) -> Reply:
        page, size = int(form["page"]), int(form["pagesize"])
        if size > 30:
            text = "Page size can't exceed max allowed page size value: 30"
            return envelope("listNetworks", {"errorcode": 431, "errortext": text}, 431)
        rows = [{"id": str(n)} for n in range((page - 1) * size, min(page * size, 200))]
        return envelope("listNetworks", {"count": 200, "network": rows})

    bench = Bench(script, page_size=100)
    seen = [n.id async for page in bench.client.pages(NETWORKS, first=18) for n in page.rows]
    assert len(seen) == len(set(seen)) == 200
