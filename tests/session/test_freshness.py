"""What is asked for again: whole lists by what they cost, rows by their ids, and only those."""

import asyncio
import time

import pytest

from tests.consoles import lab_session
from tests.screens.stage import Wire
from tests.session.clouds import HeldCloud, turns
from tui.cloud.models import PublicIp
from tui.lab.lab import Lab
from tui.session.enabling import Wish, learn, prepare
from tui.session.freshness import DEAR, FRESH, is_due, is_settled, wants_a_look
from tui.session.inventory import Inventory, Kind
from tui.session.session import Session
from tui.session.shelf import Shelf


def listed(age: float, cost: float, *, remembered: bool = False) -> Shelf[str]:
    """A list of two rows that was complete `age` seconds ago and took the server `cost`."""
    shelf: Shelf[str] = Shelf()
    if remembered:
        shelf.recall({"a": "a", "b": "b"}, time.time() - age, cost)
        return shelf
    question = shelf.ask()
    shelf.settle(question, {"a": "a", "b": "b"}, cost=cost)
    shelf.leave(question)
    assert shelf.fetched is not None
    shelf.fetched -= age
    return shelf


@pytest.mark.parametrize(
    ("age", "cost", "due"),
    [
        (FRESH - 2, 0.0, False),
        (FRESH + 2, 0.0, True),
        (FRESH + 2, 3.0, False),
        (302, 3.0, True),
        (3600, 100.0, False),
        (10_002, 100.0, True),
    ],
)
def test_what_a_list_costs_says_how_long_it_is_good(age: float, cost: float, due: bool) -> None:
    assert is_due(listed(age, cost)) is due


def test_rows_of_an_earlier_run_are_good_enough_only_where_the_list_is_dear() -> None:
    assert is_due(listed(1, DEAR / 2, remembered=True))
    assert not is_due(listed(1, DEAR * 2, remembered=True))
    assert is_due(listed(1e6, DEAR * 2, remembered=True))
    assert is_due(Shelf())
    assert not is_settled(Shelf())
    assert is_settled(listed(1, DEAR * 2, remembered=True))
    assert not is_settled(listed(1, DEAR / 2, remembered=True))


def test_a_list_that_is_on_its_way_is_not_asked_for_again() -> None:
    shelf = listed(1e6, 100.0)
    shelf.ask()
    assert not is_due(shelf)


def test_rows_are_looked_at_when_they_are_old_or_only_remembered() -> None:
    shelf = listed(30, 100.0)
    assert not wants_a_look(shelf, "a")
    shelf = listed(90, 100.0)
    assert wants_a_look(shelf, "a")
    shelf.put("a", "A")
    assert not wants_a_look(shelf, "a")
    assert wants_a_look(shelf, "b")
    remembered = listed(1, 100.0, remembered=True)
    assert wants_a_look(remembered, "a")
    remembered.put("a", "A")
    assert not wants_a_look(remembered, "a")
    assert remembered.remembered == {"b"}


def test_a_row_that_was_asked_for_alone_is_not_undone_by_an_older_list() -> None:
    shelf = listed(10, 0.0)
    question = shelf.ask()
    shelf.put("a", "newer")
    shelf.drop("b")
    shelf.put("c", "made meanwhile")
    shelf.settle(question, {"a": "older", "b": "gone since", "d": "d"})
    assert shelf.rows == {"a": "newer", "d": "d", "c": "made meanwhile"}
    again = shelf.ask()
    shelf.settle(again, {"a": "newest"})
    assert shelf.rows == {"a": "newest"}


def test_projects_that_are_found_later_make_lists_that_were_complete_outdated() -> None:
    lists = Inventory(HeldCloud().session().client)
    lists.take(Kind.NETWORKS, [])
    lists.take(Kind.ZONES, [])
    assert not is_due(lists.networks)
    lists.has_projects = True
    assert is_due(lists.networks)
    assert not is_due(lists.zones)
    lists.take(Kind.NETWORKS, [])
    assert not is_due(lists.networks)


async def seen(lab: Lab) -> tuple[Session, Wire]:
    """A session that has listed everything, and the wire on which it asks from now on."""
    wire = Wire(lab)
    session = lab_session(lab, transport=wire)
    await session.open()
    await session.inventory.refresh(Kind)
    wire.forms.clear()
    return session, wire


def id_of(session: Session, name: str) -> str:
    lists = session.inventory
    named = {row.name: row.id for row in lists.networks.rows.values()}
    named |= {row.name: row.id for row in lists.vpcs.rows.values()}
    return named[name]


async def test_a_row_is_asked_for_by_its_id_and_by_nothing_else(contract_lab: Lab) -> None:
    session, wire = await seen(contract_lab)
    key, project = id_of(session, "acme-prod"), id_of(session, "rocket-net")
    contract_lab.world.networks[key].state = "Shutdown"
    before = dict(session.inventory.networks.rows)
    await session.inventory.look_at(
        [(Kind.NETWORKS, key), (Kind.NETWORKS, project), (Kind.NETWORKS, key)]
    )
    assert sorted(form["id"] for form in wire.sent("listNetworks")) == sorted([key, project])
    assert len(wire.forms) == 2
    rows = session.inventory.networks.rows
    assert rows[key].state == "Shutdown"
    assert rows[project].name == "rocket-net", "what a project owns is found as well"
    assert [rows[other] is before[other] for other in before if other not in (key, project)]
    await session.aclose()


async def test_what_is_gone_goes(contract_lab: Lab) -> None:
    session, _ = await seen(contract_lab)
    key = id_of(session, "acme-novpn")
    del contract_lab.world.networks[key]  # its id names nothing now: 431, as recorded
    total = session.inventory.networks.total
    assert total is not None
    await session.inventory.look_at([(Kind.NETWORKS, key), (Kind.VPNS, "no-such-address")])
    assert key not in session.inventory.networks.rows
    assert session.inventory.networks.total == total - 1
    assert session.inventory.networks.error is None
    await session.aclose()


async def test_an_answer_that_does_not_come_changes_nothing(contract_lab: Lab) -> None:
    from tests.screens.stage import refusal

    session, wire = await seen(contract_lab)
    key = id_of(session, "acme-prod")
    wire.fail(refusal(432, "not for your role"), "listNetworks")
    before = dict(session.inventory.networks.rows)
    await session.inventory.look_at([(Kind.NETWORKS, key)])
    assert session.inventory.networks.rows == before
    await session.aclose()


@pytest.mark.parametrize("name", ["acme-prod", "acme-vpc"])
async def test_looking_around_finds_what_is_new_without_a_whole_list(
    contract_lab: Lab, name: str
) -> None:
    session, wire = await seen(contract_lab)
    inventory = session.inventory
    key = id_of(session, name)
    address = next(
        a
        for a in inventory.addresses.rows.values()
        if a.is_source_nat and key in (a.network_id, a.vpc_id)
    )
    routers = [r.id for r in inventory.routers.rows.values() if r.vpc_id == key or r.serves(key)]
    # As if the address and the routers had been made by an operation just now.
    del inventory.addresses.rows[address.id]
    for router in routers:
        del inventory.routers.rows[router]
    inventory.addresses.rows["gone"] = PublicIp(
        id="gone", network_id=address.network_id, vpc_id=address.vpc_id
    )
    await inventory.look_around(place=key)
    assert address.id in inventory.addresses.rows
    assert "gone" not in inventory.addresses.rows
    assert set(routers) <= set(inventory.routers.rows)
    whole = [
        form for form in wire.forms
        if not {"id", "vpcid", "associatednetworkid", "networkid", "publicipid"} & set(form)
    ]  # fmt: skip
    assert whole == []
    await session.aclose()


async def test_looking_around_an_address_that_is_not_known_yet(contract_lab: Lab) -> None:
    session, wire = await seen(contract_lab)
    inventory = session.inventory
    key = id_of(session, "acme-prod")
    address = next(a for a in inventory.addresses.rows.values() if a.network_id == key)
    del inventory.addresses.rows[address.id]
    await inventory.look_around(address_id=address.id)
    assert inventory.addresses.rows[address.id].network_id == key
    asked = {form["command"] for form in wire.forms}
    assert asked == {
        "listPublicIpAddresses", "listNetworks", "listRouters", "listRemoteAccessVpns"
    }  # fmt: skip
    await session.aclose()


def make_dear(session: Session) -> None:
    for kind in (Kind.NETWORKS, Kind.VPCS, Kind.ADDRESSES, Kind.ROUTERS, Kind.VPNS):
        session.inventory.shelf(kind).cost = DEAR * 2


async def test_a_preflight_asks_for_its_network_alone_where_lists_are_dear(
    contract_lab: Lab,
) -> None:
    session, wire = await seen(contract_lab)
    key = id_of(session, "acme-prod")
    row = await learn(session, key)
    assert row is not None
    usual = prepare(session.inventory, row, Wish()).checks
    make_dear(session)
    wire.forms.clear()
    row = await learn(session, key)
    assert row is not None
    assert prepare(session.inventory, row, Wish()).checks == usual
    (asked,) = {form["id"] for form in wire.sent("listNetworks")}
    assert asked == row.key
    assert all({"id", "networkid"} & set(form) for form in wire.sent("listRouters"))
    await session.aclose()


async def test_renewing_asks_for_whole_lists_where_they_are_cheap_or_missing(
    contract_lab: Lab,
) -> None:
    session, wire = await seen(contract_lab)
    key = id_of(session, "acme-prod")
    await session.inventory.renew([Kind.NETWORKS], key)
    assert [form.get("id") for form in wire.sent("listNetworks")] == [None]
    make_dear(session)
    session.inventory.networks.fetched = None
    wire.forms.clear()
    await session.inventory.renew([Kind.NETWORKS], key)
    assert [form.get("id") for form in wire.sent("listNetworks")] == [None]
    await session.aclose()


async def test_a_dear_list_that_is_on_its_way_is_waited_for() -> None:
    cloud = HeldCloud()
    cloud.rows["listNetworks"] = [{"id": str(number)} for number in range(6)]
    let_go = cloud.hold("listNetworks")
    session = cloud.session()
    lists = session.inventory
    listing = asyncio.create_task(lists.refresh([Kind.NETWORKS]))
    let_go()
    await turns(lambda: len(lists.networks.rows) == 2)
    await lists.complete(Kind.NETWORKS)  # not known to be dear: nobody waits
    lists.networks.cost = DEAR
    waiting = asyncio.create_task(lists.complete(Kind.NETWORKS))
    await asyncio.sleep(0)
    assert not waiting.done()
    let_go()
    let_go()
    await waiting
    assert len(lists.networks.rows) == 6
    await listing
    await session.aclose()
