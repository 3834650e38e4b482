"""The worlds: the story that the demo tells, files, crowds, and what a broken file is told."""

import asyncio
import gzip
import time
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest

from tests.lab.replaying import Bench, bench
from tui.lab.lab import open_lab
from tui.lab.state import RouterState
from tui.lab.worlds.contract import contract_world
from tui.lab.worlds.demo import demo_world
from tui.lab.worlds.snapshot import WorldUnreadable

Json = dict[str, Any]


def document() -> Json:
    """The recorded world as a document that can be damaged."""
    found: Json = msgspec.json.decode(msgspec.json.encode(contract_world()))
    return found


async def refused(path: Path, folder: Path) -> str:
    with pytest.raises(WorldUnreadable) as caught:
        async with open_lab(path, folder, routers=False):
            raise AssertionError("opened")
    return str(caught.value)


async def test_a_file_is_a_world(tmp_path: Path) -> None:
    plain, packed = tmp_path / "world.json", tmp_path / "world.json.gz"
    plain.write_bytes(msgspec.json.encode(demo_world()))
    packed.write_bytes(gzip.compress(plain.read_bytes()))
    for path in (plain, packed):
        async with open_lab(path, tmp_path, routers=False) as lab:
            assert "acme-prod" in {n.name for n in lab.world.networks.values()}
            assert lab.actors["user"].username == "acme"


async def test_what_a_broken_file_is_told(tmp_path: Path) -> None:
    path = tmp_path / "world.json"
    assert "contract and demo are built in" in await refused(path, tmp_path)
    path.write_text("{")
    assert "world.json is not a lab world" in await refused(path, tmp_path)
    damaged = document()
    damaged["networks"][0]["colour"] = "blue"
    path.write_text(msgspec.json.encode(damaged).decode())
    assert "unknown field `colour`" in await refused(path, tmp_path)
    damaged = document()
    damaged["networks"][2]["account"] = "nobody"
    path.write_text(msgspec.json.encode(damaged).decode())
    said = await refused(path, tmp_path)
    assert "networks[2].account is 'nobody', and accounts has no such id" in said
    damaged = document()
    damaged["networks"][0]["cidr"] = "10.1.1.5/24"
    path.write_text(msgspec.json.encode(damaged).decode())
    assert "networks[0].cidr: 10.1.1.5/24 has host bits set" in await refused(path, tmp_path)
    damaged = document()
    for person in damaged["people"]:
        person.pop("actor")
    path.write_text(msgspec.json.encode(damaged).decode())
    assert "nobody could log in" in await refused(path, tmp_path)


async def test_more_networks_that_cost(tmp_path: Path) -> None:
    async with open_lab("contract", tmp_path, networks=2000, cost_ms=2, routers=False) as lab:
        transport = httpx.ASGITransport(app=lab.app)
        async with httpx.AsyncClient(transport=transport, base_url="http://lab") as client:
            ask = Bench(lab, client)
            query = {"command": "listNetworks", "listall": "true", "page": "1", "pagesize": "50"}
            before = time.monotonic()
            listed = await ask.inner("root", **query)
            took = time.monotonic() - before
            assert listed["count"] == 2010, "as recorded in 04"
            assert listed["network"][0]["name"] == "net-01999"
            assert took >= 0.1, "50 networks at 2 ms"
            counted = await ask.inner("root", **query, retrieveonlyresourcecount="true")
            assert counted == {"count": 2010}
            # Three at a time are worked on, the others wait.
            before = time.monotonic()
            await asyncio.gather(*(ask.inner("root", **query) for _ in range(6)))
            assert time.monotonic() - before >= 0.2


@pytest.fixture
def story() -> dict[str, RouterState]:
    from tui.lab.cloud.engine import Cloud, Pace
    from tui.lab.cloud.world import World

    async def build() -> dict[str, RouterState]:
        pace = Pace(job=0, router=0, transaction=0, network=0)
        cloud = Cloud(World(demo_world()), pace)
        return {state.name: state for state in cloud.routers.states.values()}

    return asyncio.run(build())


def test_routers_of_the_story(story: dict[str, RouterState]) -> None:
    prod = story["r-42-VM"]
    assert prod.running and prod.vpn is None and not prod.charon_running
    assert {(port.protocol, port.start) for port in prod.ports} == {("udp", 500), ("tcp", 443)}
    office = story["r-47-VM"]
    assert office.vpn is not None and office.xl2tpd_running
    assert set(office.users) == {"alice", "bob", "carol", "dave", "erin"}
    assert set(office.ghost_users) == {"walter"}
    assert [port.start for port in story["r-48-VM"].ports] == [500]
    assert story["r-49-VM"].vpn is not None and not story["r-49-VM"].ports
    grown = story["r-50-VM"]
    assert grown.vpn is not None and grown.loaded_pool != grown.vpn.pool
    refused_once = story["r-52-VM"]
    assert refused_once.vpn is None and not refused_once.charon_running and not refused_once.users
    half_removed = story["r-53-VM"]
    assert half_removed.vpn is not None and "ivan" in half_removed.users
    assert not story["r-54-VM"].running
    assert story["r-55-VM"].charon_running and not story["r-55-VM"].xl2tpd_running
    assert story["r-56-VM"].charon_running and not story["r-57-VM"].charon_running
    assert story["r-58-VM"].is_vpc and story["r-58-VM"].vpn is not None


async def test_what_the_console_is_told_of_the_story(tmp_path: Path) -> None:
    async with open_lab("demo", tmp_path, speed=100, routers=False) as lab:
        transport = httpx.ASGITransport(app=lab.app)
        async with httpx.AsyncClient(transport=transport, base_url="http://lab") as client:
            ask = Bench(lab, client)
            everything = {"listall": "true"}
            networks = await ask.inner("root", command="listNetworks", **everything)
            names = {row["name"]: row for row in networks["network"]}
            assert len(names) >= 12
            assert names["acme-prod"]["cidr"] == "10.1.1.0/24"
            assert names["acme-l2"]["displaytext"] == "[bold red]layer 2[/] & [not markup]"
            vpns = await ask.inner("root", command="listRemoteAccessVpns", **everything)
            hidden = {"globex-core", "globex-edge"}
            addresses = await ask.inner("root", command="listPublicIpAddresses", **everything)
            of_network = {
                row["id"]: row.get("associatednetworkname") for row in addresses["publicipaddress"]
            }
            shown = {of_network[row["publicipid"]] for row in vpns["remoteaccessvpn"]}
            assert not shown & hidden
            assert {"acme-office", "initech-early", "umbrella-west"} <= shown
            users = await ask.inner("root", command="listVpnUsers", **everything)
            states = {(row["account"], row["state"]) for row in users["vpnuser"]}
            assert states == {("acme", "Active"), ("globex", "Add"), ("umbrella", "Active")}
            assert "ivan" not in {row["username"] for row in users["vpnuser"]}
            status, body = await ask.ask(
                "other-user", command="addVpnUser", username="ivan", password="Winter2026x"
            )
            assert status == 431
            assert "already added" in body["addvpnuserresponse"]["errortext"]
            # The half-made VPN is repaired by the same call again.
            core = names["globex-core"]["id"]
            (address,) = [
                row["id"]
                for row in addresses["publicipaddress"]
                if row.get("associatednetworkid") == core
            ]
            row = await ask.run("other-user", "createRemoteAccessVpn", publicipid=address)
            assert row["jobresult"]["remoteaccessvpn"]["state"] == "Running"


async def test_the_first_walk_through(tmp_path: Path) -> None:
    """Enable on acme-prod: two ports are opened, the one that was there is kept."""
    async with open_lab("demo", tmp_path, speed=100, routers=False) as lab:
        transport = httpx.ASGITransport(app=lab.app)
        async with httpx.AsyncClient(transport=transport, base_url="http://lab") as client:
            ask = Bench(lab, client)
            named = await ask.inner("user", command="listNetworks", name="acme-prod")
            (network,) = named["network"]
            (address,) = (
                await ask.inner(
                    "user",
                    command="listPublicIpAddresses",
                    associatednetworkid=network["id"],
                    issourcenat="true",
                )
            )["publicipaddress"]
            query = {"command": "listFirewallRules", "ipaddressid": address["id"]}
            before = {row["id"] for row in (await ask.inner("user", **query))["firewallrule"]}
            row = await ask.run("user", "createRemoteAccessVpn", publicipid=address["id"])
            assert row["jobstatus"] == 1
            rules = (await ask.inner("user", **query))["firewallrule"]
            new = sorted(row["startport"] for row in rules if row["id"] not in before)
            assert new == [1701, 4500]
            for name in ("zoe", "yves"):
                row = await ask.run("user", "addVpnUser", username=name, password="Winter2026x")
                assert row["jobresult"]["vpnuser"]["state"] == "Active"
            states = {state.name: state for state in lab.cloud.routers.states.values()}
            router = states["r-42-VM"]
            assert router.vpn is not None and router.xl2tpd_running
            assert {"zoe", "yves"} <= set(router.users)
            assert {500, 1701, 4500} <= {port.start for port in router.ports}


async def test_the_lab_is_closed_while_a_job_runs(tmp_path: Path) -> None:
    async with bench(tmp_path) as lab:
        lab.lab.cloud.pace.job = 60
        await lab.inner("user", command="addVpnUser", username="late", password="Winter2026x")
    assert lab.lab.cloud.jobs.pending(), "it was cut off, and nothing waited for it"
