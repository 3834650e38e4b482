"""Rows of the lab's two worlds, as each actor sees them."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.consoles import lab_session
from tests.session.clouds import HeldCloud
from tui.cloud.models import PublicIp, Router
from tui.lab.lab import open_lab
from tui.session.inventory import Inventory, Kind
from tui.session.session import Session
from tui.session.views import (
    address_rows,
    clients_of,
    network_row,
    network_rows,
    purpose_of,
    range_of,
    row_of_address,
    user_rows,
    vpn_rows,
)


async def _filled(world: str, actor: str, folder: Path) -> AsyncIterator[Session]:
    async with open_lab(world, folder, routers=False, speed=100) as lab:
        session = lab_session(lab, actor, page_size=7)
        await session.open()
        await session.inventory.refresh(Kind)
        yield session
        await session.aclose()


@pytest.fixture
async def demo(tmp_path: Path) -> AsyncIterator[Session]:
    async for session in _filled("demo", "root", tmp_path):
        yield session


@pytest.fixture
async def acme(tmp_path: Path) -> AsyncIterator[Session]:
    async for session in _filled("demo", "user", tmp_path):
        yield session


@pytest.fixture
async def contract(tmp_path: Path) -> AsyncIterator[Session]:
    async for session in _filled("contract", "root", tmp_path):
        yield session


async def test_networks_of_the_demo(demo: Session) -> None:
    rows = {row.name: row for row in network_rows(demo.inventory)}
    told = {
        name: (row.type, str(row.vpn_mark), row.users, row.router_words, row.clients)
        for name, row in rows.items()
    }
    assert told["acme-office"] == ("isolated", "✔ running", 5, "r-47-VM ✔ running", 7)
    assert told["acme-prod"] == ("isolated", "– off", 5, "r-42-VM ✔ running", None)
    assert told["acme-grown"][4] == 59
    assert told["initech-early"] == ("isolated", "▲ no router yet", 0, "–", 7)
    assert told["initech-new"] == ("isolated", "– off", 0, "–", None)
    assert told["initech-novpn"][1] == "– n/a"
    assert told["office-shared"] == ("shared", "– n/a", 0, "–", None)
    assert told["acme-l2"] == ("L2", "– n/a", 5, "–", None)
    assert told["umbrella-west"] == ("isolated", "✘ router down", 8, "r-54-VM ✘ stopped", 7)
    assert told["umbrella-ha"][3] == "r-56-VM ✔ primary +1"
    assert told["acme-dev"] == ("VPC", "– off", 5, "r-51-VM ✔ running", None)
    assert told["globex-vpc"][:2] == ("VPC", "✔ running")


async def test_tiers_are_part_of_their_vpc(demo: Session) -> None:
    tiers = {n.name for n in demo.inventory.networks.rows.values() if n.vpc_id}
    assert tiers == {"acme-dev-web", "acme-dev-db", "globex-web"}
    assert not tiers & {row.name for row in network_rows(demo.inventory)}


async def test_a_redundant_pair_is_named_by_the_one_that_carries(demo: Session) -> None:
    row = next(row for row in network_rows(demo.inventory) if row.name == "umbrella-ha")
    assert [router.redundant_state for router in row.routers] == ["PRIMARY", "BACKUP"]
    assert row.routers[0].name == "r-56-VM"


async def test_the_place_is_what_operations_take(demo: Session) -> None:
    by_name = {row.name: row for row in network_rows(demo.inventory)}
    prod = by_name["acme-prod"].place
    assert (prod.kind, prod.name, prod.state) == ("network", "acme-prod", "Implemented")
    assert prod.owner.account == "acme"
    assert by_name["acme-dev"].place.is_vpc
    assert by_name["initech-new"].place.unused


async def test_vpns_of_the_demo(demo: Session) -> None:
    rows = {row.place: row for row in vpn_rows(demo.inventory)}
    assert len(rows) == 9
    office = rows["acme-office"]
    assert (office.range, office.clients, office.users) == ("10.1.2.1-10.1.2.8", 7, 5)
    assert office.place_key == next(
        row.key for row in network_rows(demo.inventory) if row.name == "acme-office"
    )
    assert str(rows["umbrella-west"].mark) == "✘ router down"
    assert rows["initech-early"].router == "–"
    assert office.open_ports is None
    await demo.inventory.refresh_rules_of(row.key for row in rows.values() if row.key)
    opened = {row.place: row.open_ports for row in vpn_rows(demo.inventory)}
    assert opened["acme-office"] == 3
    assert opened["acme-lab"] == 1
    assert opened["acme-staging"] == 0
    assert opened["globex-vpc"] is None


async def test_a_half_made_vpn_is_shown_though_no_list_has_it(demo: Session) -> None:
    inventory = demo.inventory
    row = next(row for row in network_rows(inventory) if row.name == "globex-core")
    assert row.address is not None
    assert "globex-core" not in {vpn.place for vpn in vpn_rows(inventory)}
    inventory.half_made[row.address.id] = "the router refused it"
    (vpn,) = [vpn for vpn in vpn_rows(inventory) if vpn.place == "globex-core"]
    assert (str(vpn.mark), vpn.vpn, vpn.range, vpn.clients) == ("▲ half-made", None, "", None)
    again = network_row(inventory, row.key)
    assert again is not None
    assert str(again.vpn_mark) == "▲ half-made"
    assert "globex-core" not in {place for user in user_rows(inventory) for place in user.reaches}


async def test_users_belong_to_accounts_and_reach_all_of_their_vpns(demo: Session) -> None:
    rows = {row.user.user_name: row for row in user_rows(demo.inventory)}
    alice = rows["alice"]
    assert (alice.owner, alice.domain, alice.place_in_limit) == ("acme", "ROOT/customers", "5/8")
    assert alice.reaches == ("acme-grown", "acme-lab", "acme-office", "acme-staging")
    assert str(rows["frank"].mark) == "▲ waiting"
    assert rows["frank"].reaches == ("globex-vpc",)
    assert rows["judy"].place_in_limit == "8/8"
    assert user_rows(demo.inventory, limit=20)[0].place_in_limit.endswith("/20")


async def test_addresses_of_the_demo(demo: Session) -> None:
    rows = {row.address.address: row for row in address_rows(demo.inventory)}
    assert rows["203.0.113.15"].purpose == "source NAT"
    assert str(rows["203.0.113.15"].vpn_mark) == "✔ running"
    # Another address of a network with a VPN cannot have one itself.
    assert (rows["203.0.113.27"].place, rows["203.0.113.27"].purpose) == ("acme-office", "rules")
    assert str(rows["203.0.113.27"].vpn_mark) == "– n/a"
    office = row_of_address(demo.inventory, rows["203.0.113.27"].key)
    assert office is not None
    assert office.name == "acme-office"
    dev = row_of_address(demo.inventory, rows["203.0.113.25"].key)
    assert dev is not None
    assert dev.kind == "vpc"
    assert row_of_address(demo.inventory, "no-such-address") is None
    assert network_row(demo.inventory, "no-such-network") is None


async def test_a_user_sees_no_routers_and_gets_rows_all_the_same(acme: Session) -> None:
    assert acme.inventory.routers.error is not None
    rows = network_rows(acme.inventory)
    assert {row.owner for row in rows} == {"acme", ""}
    assert all(row.router_mark is None and row.router_words == "–" for row in rows)
    office = next(row for row in rows if row.name == "acme-office")
    assert str(office.vpn_mark) == "✔ running"
    assert "globex" not in {row.owner for row in vpn_rows(acme.inventory)}


async def test_the_world_of_the_recordings(contract: Session) -> None:
    assert contract.inventory.has_projects
    rows = {row.name: row for row in network_rows(contract.inventory)}
    assert rows["rocket-net"].owner == "project rocket"
    assert rows["rocket-net"].owner_key[0] == ""
    assert str(rows["rocket-net"].vpn_mark) == "✔ running"
    assert rows["acme-ha"].router_words == "r-17-VM – backup +1"
    assert str(rows["acme-idle"].vpn_mark) == "– off"
    assert rows["acme-idle"].place.unused
    assert str(rows["acme-novpn"].vpn_mark) == "– n/a"
    purposes = {row.address.address: row.purpose for row in address_rows(contract.inventory)}
    assert purposes["203.0.113.10"] == "lb"
    assert purposes["203.0.113.19"] == "unused"


async def test_states_that_the_lists_may_tell() -> None:
    cloud = HeldCloud()
    cloud.rows["listNetworks"] = [
        {"id": f"n{i}", "name": f"net-{i}", "type": "Isolated", "state": state,
         "service": [{"name": "Vpn", "provider": [{"name": "VirtualRouter"}]}]}
        for i, state in enumerate(["Implemented", "Allocated", "Implemented", "Implemented"])
    ]  # fmt: skip
    cloud.rows["listNetworks"].append({"id": "sys", "name": "system", "issystem": True})
    cloud.rows["listPublicIpAddresses"] = [
        {"id": f"a{i}", "ipaddress": f"192.0.2.{i}", "issourcenat": True,
         "associatednetworkid": f"n{i}"}
        for i in range(5)
    ]  # fmt: skip
    cloud.rows["listRemoteAccessVpns"] = [
        {"publicipid": "a0", "state": "Added", "iprange": "10.1.2.2-10.1.2.8"},
        {"publicipid": "a1", "state": "Running", "iprange": "not a range"},
        {"publicipid": "a2", "state": "Removed", "iprange": "10.1.2.2-10.1.2.1"},
        {"publicipid": "a4", "state": "Running", "iprange": "10.1.2.2-10.1.2.8"},
    ]
    cloud.rows["listRouters"] = [
        {"id": "r0", "name": "r-0-VM", "state": "Stopped", "guestnetworkid": "n0"},
        {"id": "r2", "name": "r-2-VM", "state": "Running", "guestnetworkid": "n2"},
    ]
    session = cloud.session()
    await session.inventory.refresh(Kind)
    rows = {row.name: row for row in network_rows(session.inventory)}
    assert [str(rows[f"net-{i}"].vpn_mark) for i in range(4)] == [
        "▲ half-made",  # and not that CloudStack calls it running: it does not
        "▲ no router yet",
        "▲ half-removed",
        "– off",
    ]
    assert "system" not in rows
    vpns = {row.address.id: row for row in vpn_rows(session.inventory)}
    assert (vpns["a1"].range, vpns["a1"].clients) == ("not a range", None)
    assert (vpns["a2"].range, vpns["a2"].clients) == ("10.1.2.1-10.1.2.1", 0)
    # The network of a4 is not listed: the VPN is shown all the same.
    assert (vpns["a4"].place_key, str(vpns["a4"].mark), vpns["a4"].users) == ("", "✔ running", 0)
    assert range_of(session.inventory.vpns.rows["a1"]) is None
    assert clients_of(session.inventory.vpns.rows["a4"]) == 7
    await session.aclose()


@pytest.mark.parametrize(
    ("address", "words"),
    [
        (PublicIp(is_source_nat=True), "source NAT"),
        (PublicIp(is_static_nat=True, virtual_machine_name="robot"), "static NAT to robot"),
        (PublicIp(is_static_nat=True), "static NAT"),
        (PublicIp(purpose="PortForwarding"), "portforwarding"),
        (PublicIp(has_rules=True), "rules"),
        (PublicIp(), "unused"),
    ],
)
def test_purposes(address: PublicIp, words: str) -> None:
    assert purpose_of(address) == words


def test_a_router_that_serves_several_places() -> None:
    inventory: Inventory = HeldCloud().session().inventory
    inventory.routers.rows["r"] = Router(id="r", name="r-1-VM", vpc_id="v", guest_network_id="n")
    assert network_rows(inventory) == []
