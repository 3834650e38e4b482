"""The operations in the embedded cloud, which answers as the recordings do."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from tests.operations.scripted import ImpatientClock
from tests.operations.worlds import ANYWHERE, OFFICE, events, told
from tui.cloud.client import CloudClient
from tui.cloud.endpoint import Endpoint, Keys
from tui.cloud.listings import (
    ADDRESSES,
    FIREWALL_RULES,
    NETWORKS,
    PROJECTS,
    ROUTERS,
    VPCS,
    VPN_USERS,
    VPNS,
)
from tui.lab.lab import Lab, open_lab
from tui.operations.addresses import AcquireAddress, Place, ReleaseAddress
from tui.operations.disable import DisablePlan, DisableVpn
from tui.operations.enable import EnablePlan, EnableVpn
from tui.operations.facts import (
    Owner,
    address_facts,
    ingress_rule,
    network_facts,
    router_facts,
    vpc_facts,
)
from tui.operations.firewall import AddRule, DeleteRule, OpenPorts
from tui.operations.users import AddUsers, NewUser, RemoveUsers
from tui.safety.secret import Secret
from tui.vpn.eligibility import judge_network, judge_vpc
from tui.vpn.ports import IngressRule
from tui.vpn.ranges import parse_range


class BriskClock(ImpatientClock):
    """Sleeps a hundredth of what it is asked to: the lab's jobs need some time."""

    async def sleep(self, seconds: float) -> None:
        await super().sleep(seconds)
        await asyncio.sleep(seconds / 100)


class Bench:
    """A lab and clients of it."""

    def __init__(self, lab: Lab) -> None:
        self.lab = lab
        self.root = self.client("root")
        self.user = self.client("user")

    def client(self, actor: str) -> CloudClient:
        who = self.lab.actors[actor]
        return CloudClient(
            Endpoint(url="http://lab/client/api"),
            Keys(who.api_key, Secret(who.secret_key)),
            transport=httpx.ASGITransport(app=self.lab.app),
            clock=BriskClock(),
        )

    async def wish(self, name: str, who: CloudClient | None = None) -> EnablePlan:
        """The plan for the network or VPC of this name as the user (or another) sees it."""
        client = who or self.user
        vpcs = [vpc for vpc in await client.fetch(VPCS) if vpc.name == name]
        addresses = await client.fetch(ADDRESSES)
        if vpcs:
            place = Place("vpc", vpcs[0].id, name, vpcs[0].state)
            mine = [one for one in addresses if one.vpc_id == place.id]
        else:
            (network,) = [one for one in await client.fetch(NETWORKS) if one.name == name]
            place = Place("network", network.id, name, network.state)
            mine = [one for one in addresses if one.network_id == place.id]
        carrier = next((one for one in mine if one.is_source_nat), None)
        if carrier is None:
            return EnablePlan(place=place)
        rules = await client.fetch(FIREWALL_RULES, ipaddressid=carrier.id)
        return EnablePlan(
            place=place,
            address_id=carrier.id,
            public_ip=carrier.address,
            rules=tuple(ingress_rule(row) for row in rules),
        )

    async def rules(self, address_id: str) -> tuple[IngressRule, ...]:
        rows = await self.user.fetch(FIREWALL_RULES, ipaddressid=address_id)
        return tuple(ingress_rule(row) for row in rows)

    async def fails_next(self, command: str) -> None:
        """The next command of this kind is refused by the router."""
        await self.root.call("configureSimulator", name=command, value="result:fail", count="1")

    async def aclose(self) -> None:
        await self.root.aclose()
        await self.user.aclose()


@pytest.fixture
async def bench(tmp_path: Path) -> AsyncIterator[Bench]:
    async with open_lab("contract", tmp_path, routers=False, networks=1) as lab:
        bench = Bench(lab)
        try:
            yield bench
        finally:
            await bench.aclose()


def some(*names: str) -> tuple[NewUser, ...]:
    return tuple(NewUser.generate(name) for name in names)


def disabling(wanted: EnablePlan) -> DisablePlan:
    return DisablePlan(
        place=wanted.place,
        address_id=wanted.address_id,
        public_ip=wanted.public_ip,
        rules=wanted.rules,
    )


def with_changes(wanted: EnablePlan, **changes: object) -> EnablePlan:
    fields = {name: getattr(wanted, name) for name in wanted.__struct_fields__}
    return EnablePlan(**(fields | changes))


async def test_enable_use_and_disable(bench: Bench) -> None:
    wanted = with_changes(
        await bench.wish("acme-prod"),
        client_range=parse_range("10.99.0.1-10.99.0.20"),
        users=some("alice", "bob"),
    )
    operation = EnableVpn(bench.user, wanted)
    reported = await events(operation)
    assert {event.state for event in reported} == {"done"}
    result = operation.result
    assert result is not None
    assert str(result.client_range) == "10.99.0.1-10.99.0.20"
    assert [added.state for added in result.users] == ["Active", "Active"]
    assert [port.access for port in result.ports] == ["open"] * 3
    (listed,) = await bench.user.fetch(VPNS, publicipid=wanted.address_id)
    assert listed.preshared_key == result.preshared_key

    reported = await events(DisableVpn(bench.user, disabling(wanted)))
    assert told(reported) == {"vpn": "done", "ports": "done"}
    assert await bench.user.fetch(VPNS) == []
    assert await bench.rules(wanted.address_id) == ()
    assert [user.user_name for user in await bench.user.fetch(VPN_USERS)] == ["alice", "bob"]
    again = await events(DisableVpn(bench.user, disabling(wanted)))
    assert told(again)["vpn"] == "done!"


async def test_a_router_that_refuses_and_the_same_call_again(bench: Bench) -> None:
    wanted = await bench.wish("acme-prod")
    await bench.fails_next("RemoteAccessVpnCfgCommand")
    reported = await events(EnableVpn(bench.user, wanted))
    assert told(reported) == {"vpn": "failed", "listed": "skipped", "ports": "skipped"}
    assert "Unable to send commands to virtual router" in reported[0].says
    assert await bench.user.fetch(VPNS) == []
    assert len(await bench.rules(wanted.address_id)) == 3
    asked = with_changes(wanted, client_range=parse_range("10.99.0.1-10.99.0.20"))
    reported = await events(EnableVpn(bench.user, asked))
    assert told(reported) == {"vpn": "done", "listed": "done!", "ports": "done"}


async def test_a_removal_that_is_refused_and_finished(bench: Bench) -> None:
    wanted = await bench.wish("acme-prod")
    await events(EnableVpn(bench.user, wanted))
    await bench.fails_next("RemoteAccessVpnCfgCommand")
    reported = await events(DisableVpn(bench.user, disabling(wanted)))
    assert told(reported)["vpn"] == "failed"
    stuck = await events(EnableVpn(bench.user, wanted, looks=()))
    assert "disable it, which finishes the removal" in stuck[0].remedy
    assert told(await events(DisableVpn(bench.user, disabling(wanted))))["vpn"] == "done"
    assert told(await events(EnableVpn(bench.user, wanted)))["listed"] == "done"


async def test_two_who_enable_at_once_end_with_open_ports(bench: Bench) -> None:
    """Recording 19: the loser's clean-up takes the winner's rules away."""
    wanted = await bench.wish("acme-prod")
    both = [EnableVpn(bench.user, wanted, looks=(0.05,) * 40) for _ in range(2)]
    told_by_both = [told(one) for one in await asyncio.gather(*(events(one) for one in both))]
    assert sorted(one["vpn"] for one in told_by_both) == ["done", "failed"]
    assert any("reopen 500" in one for one in told_by_both)
    final = OpenPorts(bench.user, wanted.address_id, wanted.public_ip, [])
    assert {rule.start for rule in await bench.rules(wanted.address_id)} == {500, 1701, 4500}
    assert told(await events(final))["ports"] == "done"


async def test_the_limit_of_eight_and_a_name_that_is_taken(bench: Bench) -> None:
    operation = AddUsers(bench.user, some("alice", "alice", *(f"user{n}" for n in range(9))))
    reported = await events(operation)
    states = [event.state for event in reported]
    assert states == ["done", "failed", *["done"] * 7, "failed", "skipped"]
    assert "already has a user alice" in reported[1].says
    assert len(operation.added) == 8
    assert {added.state for added in operation.added} == {"Add"}


async def test_a_router_that_refuses_users(bench: Bench) -> None:
    await events(EnableVpn(bench.user, await bench.wish("acme-prod")))
    await bench.fails_next("VpnUsersCfgCommand")
    operation = AddUsers(bench.user, some("dave", "erin"))
    reported = await events(operation)
    assert told(reported) == {"user dave": "failed", "user erin": "done"}
    assert [added.name for added in operation.added] == ["erin"]
    await bench.fails_next("VpnUsersCfgCommand")
    removal = RemoveUsers(bench.user, ["erin"])
    (event,) = await events(removal)
    assert event.state == "failed"
    (blocked,) = await events(AddUsers(bench.user, some("erin")))
    assert "a removal was refused half-way" in blocked.remedy
    assert told(await events(RemoveUsers(bench.user, ["erin", "erin"]))) == {"remove erin": "done!"}


async def test_somebody_elses_users_are_out_of_reach(bench: Bench) -> None:
    (network,) = [n for n in await bench.user.fetch(NETWORKS) if n.name == "acme-prod"]
    stranger = bench.client("other-user")
    (event,) = await events(AddUsers(stranger, some("mallory"), owner=Owner.of(network)))
    assert event.state == "failed"
    assert await bench.user.fetch(VPN_USERS) == []
    operation = AddUsers(bench.root, some("carol"), owner=Owner.of(network))
    assert told(await events(operation)) == {"user carol": "done"}
    assert [user.user_name for user in await bench.user.fetch(VPN_USERS)] == ["carol"]


async def test_a_vpc(bench: Bench) -> None:
    wanted = await bench.wish("acme-vpc")
    (vpc,) = [one for one in await bench.user.fetch(VPCS) if one.name == "acme-vpc"]
    addresses = await bench.user.fetch(ADDRESSES)
    mine = [address_facts(one, []) for one in addresses if one.vpc_id == vpc.id]
    verdict = judge_vpc(vpc_facts(vpc), mine)
    assert verdict.address is not None
    assert verdict.address.id == wanted.address_id
    operation = EnableVpn(bench.user, wanted)
    assert told(await events(operation)) == {"vpn": "done", "listed": "done"}
    assert told(await events(DisableVpn(bench.user, disabling(wanted)))) == {"vpn": "done"}


async def test_a_network_that_nobody_uses(bench: Bench) -> None:
    """Recording 18: Running, and no router at all."""
    other = bench.client("other-user")
    (network,) = [n for n in await other.fetch(NETWORKS) if n.name == "net-00000"]
    assert judge_network(network_facts(network), []).standing == "acquire"
    wanted = await bench.wish("net-00000", other)
    assert wanted.place.unused
    assert wanted.address_id == ""
    operation = EnableVpn(other, with_changes(wanted, sources=(OFFICE,)))
    reported = await events(operation)
    assert {event.state for event in reported} == {"done"}
    assert operation.result is not None
    assert [port.access for port in operation.result.ports] == ["limited"] * 3
    assert await bench.root.fetch(ROUTERS, networkid=network.id, listall="true") == []
    await other.aclose()


async def test_a_wide_rule_and_sources(bench: Bench) -> None:
    wanted = await bench.wish("acme-prod")
    wide = IngressRule("", "udp", 1, 65535, (ANYWHERE,))
    await events(AddRule(bench.user, wanted.address_id, wanted.public_ip, wide))
    blind = await events(EnableVpn(bench.user, wanted))
    assert told(blind)["vpn"] == "failed"
    assert blind[0].error is not None
    assert blind[0].error.code == 537
    knowing = await bench.wish("acme-prod")
    assert {event.state for event in await events(EnableVpn(bench.user, knowing))} == {"done"}
    await events(DisableVpn(bench.user, disabling(knowing)))
    (left,) = await bench.rules(wanted.address_id)
    gone = DeleteRule(bench.user, wanted.address_id, wanted.public_ip, left)
    assert told(await events(gone)) == {f"delete {left.id}": "done"}

    narrow = with_changes(wanted, sources=(OFFICE,))
    assert {event.state for event in await events(EnableVpn(bench.user, narrow))} == {"done"}
    reported = await events(DisableVpn(bench.user, disabling(wanted)))
    assert told(reported)["ports"] == "done!"
    assert {rule.cidrs for rule in await bench.rules(wanted.address_id)} == {(OFFICE,)}


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("acme-novpn", "no-vpn-service"),
        ("acme-noconserve", "no-conserve-mode"),
        ("acme-l2", "network-type"),
    ],
)
async def test_the_verdict_foresees_the_refusal(bench: Bench, name: str, code: str) -> None:
    (network,) = [one for one in await bench.user.fetch(NETWORKS) if one.name == name]
    addresses = await bench.user.fetch(ADDRESSES)
    mine = [address_facts(one, []) for one in addresses if one.network_id == network.id]
    verdict = judge_network(network_facts(network), mine)
    assert verdict.reasons[0].code == code
    if verdict.reasons[0].server_says:
        (first, *_) = await events(EnableVpn(bench.user, await bench.wish(name)))
        assert first.says == verdict.reasons[0].server_says


async def test_a_stopped_router_is_foreseen_and_refused(bench: Bench) -> None:
    wanted = await bench.wish("acme-prod")
    (router,) = await bench.root.fetch(ROUTERS, networkid=wanted.place.id, listall="true")
    await bench.root.run("stopRouter", id=router.id)
    (network,) = [one for one in await bench.user.fetch(NETWORKS) if one.name == "acme-prod"]
    addresses = await bench.user.fetch(ADDRESSES)
    mine = [address_facts(one, []) for one in addresses if one.network_id == network.id]
    routers = await bench.root.fetch(ROUTERS, networkid=wanted.place.id, listall="true")
    verdict = judge_network(network_facts(network), mine, router_facts(routers))
    assert not verdict.can_enable
    (first, *_) = await events(EnableVpn(bench.user, wanted))
    assert "router not in right state Stopped" in first.says
    assert "start it if it is stopped" in first.remedy


async def test_addresses_come_and_go(bench: Bench) -> None:
    wanted = await bench.wish("acme-prod")
    operation = AcquireAddress(bench.user, wanted.place)
    (event,) = await events(operation)
    assert "no VPN is possible" in event.says
    assert operation.address is not None
    released = ReleaseAddress(bench.user, operation.address.id, operation.address.address)
    assert told(await events(released)) == {"release": "done"}
    kept = ReleaseAddress(bench.user, wanted.address_id, wanted.public_ip)
    (event,) = await events(kept)
    assert event.says.startswith("ip address is used for source nat purposes")


async def test_a_projects_vpn(bench: Bench) -> None:
    """Recording 06: it is in no list without the project."""
    (project,) = [one for one in await bench.user.fetch(PROJECTS) if one.name == "rocket"]
    (address,) = await bench.user.fetch(ADDRESSES, projectid=project.id)
    owner = Owner.of(address)
    place = Place("network", address.network_id, "rocket-net", "Implemented", owner)
    wanted = EnablePlan(place=place, address_id=address.id, public_ip=address.address)
    again = await events(EnableVpn(bench.user, wanted))
    assert told(again)["vpn"] == "failed" and "A VPN runs there already" in again[0].says
    assert told(await events(DisableVpn(bench.user, disabling(wanted))))["vpn"] == "done"
    reported = await events(EnableVpn(bench.user, with_changes(wanted, users=some("rocky"))))
    assert told(reported) == {
        "vpn": "done",
        "listed": "done",
        "user rocky": "done",
        "ports": "done",
    }
    users = await bench.user.fetch(VPN_USERS, **owner.parameters)
    assert [user.user_name for user in users] == ["rocky"]


async def test_cancelled_within_a_step(bench: Bench) -> None:
    wanted = with_changes(await bench.wish("acme-prod"), users=some("alice"))
    await bench.root.call(
        "configureSimulator", name="RemoteAccessVpnCfgCommand", value="wait:60000", count="1"
    )
    operation = EnableVpn(bench.user, wanted)
    begun = asyncio.Event()

    async def watch() -> None:
        async for event in operation.run():
            if event.step.name == "vpn":
                begun.set()

    task = asyncio.create_task(watch())
    await begun.wait()
    await asyncio.sleep(0.05)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert operation.current is not None
    assert operation.current.name == "vpn"
    assert operation.result is None
    assert await bench.user.fetch(VPN_USERS) == []
