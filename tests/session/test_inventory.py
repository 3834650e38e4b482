"""Lists: pages as they come, what was known stays until all is there, errors stay on their list."""

import asyncio
import logging

import httpx
import pytest

from tests.session.clouds import HeldCloud, refusal, turns
from tui.cloud.errors import Network, Permission
from tui.session.inventory import Inventory, Kind, Shelf


def _networks(*names: str) -> list[dict[str, str]]:
    return [{"id": f"id-{name}", "name": name} for name in names]


def _names(inventory: Inventory) -> list[str]:
    return [network.name for network in inventory.networks.rows.values()]


async def test_rows_are_there_before_the_list_is_complete() -> None:
    cloud = HeldCloud()
    cloud.rows["listNetworks"] = _networks("a", "b", "c", "d", "e")
    let_go = cloud.hold("listNetworks")
    session = cloud.session()
    inventory = session.inventory
    told: list[tuple[str, int]] = []
    stop = inventory.listen(lambda name: told.append((name, len(inventory.networks.rows))))
    asking = asyncio.create_task(inventory.refresh([Kind.NETWORKS]))
    let_go()
    await turns(lambda: len(inventory.networks.rows) == 2)
    shelf = inventory.networks
    assert (shelf.loading, shelf.total, shelf.fetched) == (True, 5, None)
    assert not shelf.is_older_than(0)  # it is being asked for, so nobody need ask again
    let_go()
    let_go()
    await asking
    assert _names(inventory) == ["a", "b", "c", "d", "e"]
    assert (shelf.loading, shelf.total, shelf.error) == (False, 5, None)
    assert shelf.fetched is not None
    assert told[0] == ("networks", 2)
    assert told[-1] == ("networks", 5)
    stop()
    await inventory.refresh([Kind.ADDRESSES])
    assert told[-1] == ("networks", 5)
    await session.aclose()


async def test_a_row_that_is_gone_leaves_only_with_the_complete_answer() -> None:
    cloud = HeldCloud()
    cloud.rows["listNetworks"] = _networks("a", "b", "c", "d")
    session = cloud.session()
    inventory = session.inventory
    await inventory.refresh([Kind.NETWORKS])
    cloud.rows["listNetworks"] = _networks("b", "c", "new")
    let_go = cloud.hold("listNetworks")
    asking = asyncio.create_task(inventory.refresh([Kind.NETWORKS]))
    let_go()
    await turns(lambda: len(cloud.questions("listNetworks")) > 2)
    assert set("abcd") <= set(_names(inventory))
    let_go()
    await asking
    assert _names(inventory) == ["b", "c", "new"]
    await session.aclose()


async def test_an_error_stays_on_its_list_and_the_rows_stay_too() -> None:
    cloud = HeldCloud()
    cloud.rows["listNetworks"] = _networks("a")
    cloud.rows["listVPCs"] = _networks("v")
    session = cloud.session()
    inventory = session.inventory
    await inventory.refresh([Kind.NETWORKS, Kind.VPCS])
    fetched = inventory.networks.fetched
    cloud.fails["listNetworks"] = refusal(432, "not for your role")
    await inventory.refresh([Kind.NETWORKS, Kind.VPCS])
    assert isinstance(inventory.networks.error, Permission)
    assert _names(inventory) == ["a"]
    assert inventory.networks.fetched == fetched
    assert inventory.vpcs.error is None
    del cloud.fails["listNetworks"]
    await inventory.refresh([Kind.NETWORKS])
    assert inventory.networks.error is None
    await session.aclose()


async def test_an_older_answer_never_replaces_a_newer_one() -> None:
    cloud = HeldCloud()
    cloud.rows["listNetworks"] = _networks("old")
    held = cloud.hold("listNetworks")
    session = cloud.session()
    inventory = session.inventory
    older = asyncio.create_task(inventory.refresh([Kind.NETWORKS]))
    await turns(lambda: len(cloud.asked) == 1)
    first = cloud.held.pop("listNetworks")
    newer = _networks("new")
    old, cloud.rows["listNetworks"] = cloud.rows["listNetworks"], newer
    await inventory.refresh([Kind.NETWORKS])
    assert _names(inventory) == ["new"]
    assert inventory.networks.loading
    cloud.rows["listNetworks"] = old
    assert first.empty()
    held()
    await older
    assert _names(inventory) == ["new"]
    assert not inventory.networks.loading
    await session.aclose()


async def test_being_cancelled_ends_the_loading() -> None:
    cloud = HeldCloud()
    cloud.hold("listNetworks")
    session = cloud.session()
    asking = asyncio.create_task(session.inventory.refresh([Kind.NETWORKS]))
    await turns(lambda: session.inventory.networks.loading)
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking
    assert not session.inventory.networks.loading
    assert session.inventory.networks.is_older_than(1000)
    await session.aclose()


async def test_projects_are_asked_for_where_there_are_any() -> None:
    cloud = HeldCloud()
    cloud.rows["listNetworks"] = _networks("mine")
    cloud.of_projects["listNetworks"] = _networks("of-a-project", "mine")
    session = cloud.session()
    await session.inventory.refresh([Kind.NETWORKS, Kind.GATEWAYS])
    assert _names(session.inventory) == ["mine"]
    cloud.asked.clear()
    session.inventory.has_projects = True
    await session.inventory.refresh([Kind.NETWORKS, Kind.GATEWAYS])
    assert _names(session.inventory) == ["mine", "of-a-project"]
    assert session.inventory.networks.total == 2
    asked = [form.get("projectid") for form in cloud.questions("listNetworks")]
    assert asked == [None, "-1"]
    assert all(form["listall"] == "true" for form in cloud.questions("listNetworks"))
    assert [f.get("projectid") for f in cloud.questions("listVpnCustomerGateways")] == [None]
    await session.aclose()


async def test_root_asks_once_for_what_belongs_to_projects_and_all_else() -> None:
    cloud = HeldCloud()
    cloud.of_projects["listNetworks"] = _networks("of-a-project", "mine", "yours")
    session = cloud.session()
    session.inventory.has_projects = session.inventory.sees_all = True
    await session.inventory.refresh([Kind.NETWORKS, Kind.GATEWAYS])
    assert _names(session.inventory) == ["of-a-project", "mine", "yours"]
    asked = [form.get("projectid") for form in cloud.questions("listNetworks")]
    assert asked == ["-1", "-1"]
    assert [f.get("projectid") for f in cloud.questions("listVpnCustomerGateways")] == [None]
    await session.aclose()


async def test_who_turns_out_to_be_root_does_not_read_a_long_list_twice() -> None:
    cloud = HeldCloud()
    mine = [f"mine-{number}" for number in range(9)]
    cloud.rows["listNetworks"] = _networks(*mine)
    cloud.of_projects["listNetworks"] = _networks(*mine, "of-a-project")
    held = cloud.hold("listNetworks")
    session = cloud.session()
    inventory = session.inventory
    asking = asyncio.create_task(inventory.refresh([Kind.NETWORKS]))
    await turns(lambda: bool(cloud.questions("listNetworks")))
    inventory.has_projects = inventory.sees_all = True
    for _ in range(20):
        held()
    await asking
    assert _names(inventory) == [*mine, "of-a-project"]
    assert inventory.networks.total == 10
    asked = [form.get("projectid") for form in cloud.questions("listNetworks")]
    assert asked == [None, *["-1"] * 5]
    await session.aclose()


async def test_vpns_are_known_by_their_address() -> None:
    cloud = HeldCloud()
    cloud.rows["listRemoteAccessVpns"] = [{"publicipid": "address-1", "state": "Running"}]
    cloud.rows["listPublicIpAddresses"] = [{"id": "address-1"}, {"id": "address-2"}]
    session = cloud.session()
    inventory = session.inventory
    await inventory.refresh([Kind.VPNS, Kind.ADDRESSES])
    vpn = inventory.vpn_of(inventory.addresses.rows["address-1"])
    assert vpn is not None
    assert vpn.state == "Running"
    assert inventory.vpn_of(inventory.addresses.rows["address-2"]) is None
    assert inventory.vpn_of(None) is None
    await session.aclose()


async def test_rules_of_an_address() -> None:
    cloud = HeldCloud()
    cloud.rows["listFirewallRules"] = [{"id": "rule-1", "protocol": "udp", "startport": 500}]
    cloud.rows["listPortForwardingRules"] = [{"id": "forward-1", "publicport": "80"}]
    session = cloud.session()
    inventory = session.inventory
    assert not inventory.knows_rules_of("address-1")
    await inventory.refresh_rules_of(["address-1", "address-2"])
    assert list(inventory.rules["address-1"].rows) == ["rule-1"]
    assert list(inventory.forwardings["address-2"].rows) == ["forward-1"]
    assert inventory.knows_rules_of("address-1")
    asked = {form["ipaddressid"] for form in cloud.questions("listFirewallRules")}
    assert asked == {"address-1", "address-2"}
    cloud.fails["listFirewallRules"] = httpx.UnsupportedProtocol("nothing is tried again")
    await inventory.refresh_rules("address-3")
    assert isinstance(inventory.rules["address-3"].error, Network)
    assert inventory.knows_rules_of("address-3")
    await session.aclose()


async def test_a_listener_that_fails_breaks_nothing(caplog: pytest.LogCaptureFixture) -> None:
    cloud = HeldCloud()
    cloud.rows["listNetworks"] = _networks("a", "b", "c")
    session = cloud.session()
    told: list[str] = []

    def fail(name: str) -> None:
        raise RuntimeError("no screen")

    session.inventory.listen(fail)
    session.inventory.listen(told.append)
    with caplog.at_level(logging.ERROR):
        await session.inventory.refresh([Kind.NETWORKS])
    assert _names(session.inventory) == ["a", "b", "c"]
    assert told
    assert "a listener of the lists failed" in caplog.text
    await session.aclose()


async def test_what_nobody_foresaw_stands_on_the_list(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    cloud = HeldCloud()
    session = cloud.session()

    def broken(*arguments: object, **parameters: object) -> object:
        raise KeyError("secret-key-of-a-test")

    monkeypatch.setattr(session.client, "pages", broken)
    await session.inventory.refresh([Kind.NETWORKS])
    error = session.inventory.networks.error
    assert error is not None
    assert "KeyError" in str(error)
    assert "secret-key-of-a-test" not in str(error)
    assert not session.inventory.networks.loading
    assert "could not be taken in" in caplog.text
    await session.aclose()


def test_age() -> None:
    shelf: Shelf[str] = Shelf()
    assert shelf.is_older_than(1000)
    shelf.settle(shelf.ask(), {"a": "b"})
    assert shelf.loading
    shelf.leave(1)
    assert not shelf.is_older_than(1000)
    assert shelf.is_older_than(0)


def test_every_kind_has_its_own_shelf() -> None:
    inventory = HeldCloud().session().inventory
    assert len({id(inventory.shelf(kind)) for kind in Kind}) == len(Kind)
