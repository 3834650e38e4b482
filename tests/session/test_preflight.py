"""What a preflight asks and when, and what it says of every network of the two worlds."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.consoles import lab_path, lab_session
from tests.screens.stage import Wire, address_of, place_of, refusal
from tests.session.clouds import HeldCloud, turns
from tui.lab.cloud import entities as e
from tui.lab.lab import Lab, open_lab
from tui.operations.users import NewUser
from tui.session.enabling import Prepared, Wish, learn, prepare
from tui.session.inventory import Kind
from tui.session.preflight import RIGHTS, Gathering
from tui.session.session import Session
from tui.vpn.preflight_facts import Check, Unasked

SIGNING = {"apikey", "signature", "signatureversion", "expires", "response"}
FREE = "10.201.7.1-10.201.7.8"


@asynccontextmanager
async def looking(
    folder: Path, world: str, actor: str = "root", *, routers: bool = True, **fields: Any
) -> AsyncIterator[tuple[Lab, Session, Wire]]:
    """A session that has asked nothing of a preflight yet."""
    async with open_lab(world, folder, routers=routers, speed=100) as lab:
        wire = Wire(lab)
        session = lab_session(lab, actor, transport=wire, **fields)
        await session.open()
        wire.forms.clear()
        yield lab, session, wire
        await session.aclose()


async def looked(lab: Lab, session: Session, name: str, **wish: Any) -> Prepared:
    """A whole preflight."""
    row = await learn(session, place_of(lab, name))
    assert row is not None
    return prepare(session.inventory, row, Wish(**wish))


def states(prepared: Prepared, state: str) -> set[str]:
    return {check.name for check in prepared.checks if check.state == state}


def check(prepared: Prepared, name: str) -> Check:
    (found,) = [each for each in prepared.checks if each.name == name]
    return found


# What is asked.


async def test_every_list_is_asked_for_once(tmp_path: Path) -> None:
    async with looking(tmp_path, "demo") as (lab, session, wire):
        prepared = await looked(lab, session, "acme-prod", range_text=FREE)
        assert {each.state for each in prepared.checks} == {"pass"}
        asked = [frozenset((k, v) for k, v in f.items() if k not in SIGNING) for f in wire.forms]
        assert len(asked) == len(set(asked))
        counted = Counter(wire.commands)
        twice = {command for command, number in counted.items() if number > 1}
        assert twice == {"listApis", "listConfigurations"}, "one per command, one per scope"
        assert counted["listApis"] == len({*RIGHTS, "listConfigurations"})
        assert wire.writes == []
        assert not {"listZones", "listCapabilities"} & set(counted), "known since the beginning"
        assert "listResourceLimits" not in counted, "no address has to be acquired"


async def test_asking_again_does_not_ask_again_for_what_the_role_may(tmp_path: Path) -> None:
    async with looking(tmp_path, "demo", routers=False) as (lab, session, wire):
        await looked(lab, session, "acme-prod")
        wire.forms.clear()
        await looked(lab, session, "acme-voip")
        assert not wire.sent("listApis")


async def test_typing_asks_nobody(tmp_path: Path) -> None:
    async with looking(tmp_path, "demo", routers=False) as (lab, session, wire):
        row = await learn(session, place_of(lab, "acme-prod"))
        assert row is not None
        wire.forms.clear()
        for text in ("1", "10.", "10.1.1.1-10.1.1.9", FREE):
            prepare(session.inventory, row, Wish(range_text=text, sources_text=text))
        await asyncio.sleep(0)
        assert wire.forms == []


async def test_no_more_calls_at_a_time_than_the_profile_allows(tmp_path: Path) -> None:
    running, most = 0, 0
    async with looking(tmp_path, "demo", routers=False, max_calls=2) as (lab, session, wire):
        answer = wire.handle_async_request

        async def counted(request: httpx.Request) -> httpx.Response:
            nonlocal running, most
            running, most = running + 1, max(most, running + 1)
            try:
                await asyncio.sleep(0.002)
                return await answer(request)
            finally:
                running -= 1

        wire.handle_async_request = counted  # type: ignore[method-assign]
        await looked(lab, session, "acme-prod")
    assert most == 2


async def test_what_does_not_depend_on_a_slow_list_is_not_kept_waiting() -> None:
    cloud = HeldCloud()
    cloud.rows["listNetworks"] = [{"id": "n", "name": "net", "type": "Isolated"}]
    address = {"id": "a", "ipaddress": "203.0.113.10", "issourcenat": True}
    cloud.rows["listPublicIpAddresses"] = [address | {"associatednetworkid": "n"}]
    let_go = cloud.hold("listNetworks")
    session = cloud.session(max_calls=3)
    news = []
    task = asyncio.create_task(learn(session, "n", lambda: news.append(1)))
    waited_for = {"listFirewallRules", "listPortForwardingRules", "listLoadBalancerRules"}
    waited_for |= {"listEvents", "listRouters", "listVpnUsers", "listCapabilities"}
    await turns(lambda: waited_for <= {command for command, _ in cloud.asked})
    assert not task.done() and news
    assert not session.inventory.gathered["n"].cloud_is_known
    let_go()
    row = await task
    assert row is not None and session.inventory.gathered["n"].cloud_is_known
    await session.aclose()


async def test_a_router_that_answers_late_holds_up_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    never = asyncio.Event()

    async def stuck(router: object, now: object) -> None:
        await never.wait()

    monkeypatch.setattr("tui.session.preflight.look", stuck)
    monkeypatch.setattr("tui.session.preflight.ROUTER_SECONDS", 0.5)
    async with looking(tmp_path, "demo") as (lab, session, _):
        key = place_of(lab, "acme-prod")
        task = asyncio.create_task(Gathering(session, key).run())
        await turns(
            lambda: (
                key in session.inventory.gathered and session.inventory.gathered[key].cloud_is_known
            )
        )
        assert not task.done()
        row = await task
        assert row is not None
        prepared = prepare(session.inventory, row, Wish(range_text=FREE))
        assert "did not answer within 0.5 s" in check(prepared, "router.clock").says
        assert prepared.can_run


# What cannot be asked.


async def test_a_user_may_ask_less_and_is_told_so(tmp_path: Path) -> None:
    async with looking(tmp_path, "contract", "user") as (lab, session, _):
        prepared = await looked(lab, session, "acme-prod")
        unknown = states(prepared, "unknown")
        assert {"router.running", "router.clock", "account.stopped-router"} <= unknown
        assert "listRouters" in check(prepared, "router.running").says
        assert {"range.form", "range.home", "users.limit"} <= unknown
        assert "listConfigurations" in check(prepared, "range.form").says
        assert states(prepared, "fail") == set()
        assert prepared.can_run, "what could not be asked does not stand in the way"


async def test_a_role_without_the_command_may_look_but_not_enable(tmp_path: Path) -> None:
    async with looking(tmp_path, "contract", "user", routers=False) as (lab, session, _):
        for role in lab.world.roles.values():
            role.deny = ("createRemoteAccessVpn",)
        prepared = await looked(lab, session, "acme-prod")
        assert check(prepared, "role.commands").state == "fail"
        assert not prepared.can_run


async def test_a_profile_without_a_way_to_the_routers(tmp_path: Path) -> None:
    async with looking(tmp_path, "demo", zones={}) as (lab, session, _):
        prepared = await looked(lab, session, "acme-prod", range_text=FREE)
        assert check(prepared, "router.running").state == "pass", "CloudStack says that"
        assert check(prepared, "router.clock").state == "unknown"
        assert "does not say how to reach routers" in check(prepared, "router.clock").says
        assert prepared.can_run


async def test_a_router_whose_host_key_nobody_has_seen(tmp_path: Path) -> None:
    async with looking(tmp_path / "lab", "demo") as (lab, _, _):
        empty = tmp_path / "known_hosts"
        empty.touch()
        asking = lab_session(lab, zones={"*": lab_path(lab, str(empty))})
        await asking.open()
        prepared = await looked(lab, asking, "acme-prod", range_text=FREE)
        assert check(prepared, "router.disk").state == "unknown"
        assert "host key" in check(prepared, "router.disk").says
        assert prepared.can_run
        await asking.aclose()


@pytest.mark.parametrize(
    ("command", "names"),
    [
        ("listVpnUsers", {"users.limit", "range.size", "router.stale-users"}),
        ("listLoadBalancerRules", {"ports.load-balancing"}),
        ("listPortForwardingRules", {"ports.forwarding"}),
        ("listFirewallRules", {"ports.wide-rules", "ports.narrow-rules", "ports.wider-rules"}),
        ("listEvents", {"vpn.none-yet"}),
        ("listRemoteAccessVpns", {"vpn.none-yet", "range.overlap.vpns", "account.stopped-router"}),
        ("listVpnCustomerGateways", {"range.overlap.own-peer", "range.overlap.peers"}),
        ("listVPCs", {"range.overlap.vpcs"}),
        ("listConfigurations", {"users.limit"}),
    ],
)
async def test_a_list_that_fails_leaves_its_own_checks_open(
    tmp_path: Path, command: str, names: set[str]
) -> None:
    async with looking(tmp_path, "demo") as (lab, session, wire):
        wire.fail(refusal(530, "the database is away"), command)
        prepared = await looked(lab, session, "acme-prod", range_text=FREE)
        assert states(prepared, "unknown") == names
        assert states(prepared, "fail") == set()
        assert all("the database is away" in check(prepared, name).says for name in names)


async def test_a_server_that_does_not_tell_its_version(tmp_path: Path) -> None:
    async with open_lab("demo", tmp_path, routers=False) as lab:
        wire = Wire(lab)
        wire.fail(refusal(530, "the database is away"), "listCapabilities")
        session = lab_session(lab, transport=wire)
        await session.open()
        prepared = await looked(lab, session, "acme-prod", range_text=FREE)
        assert check(prepared, "server.version").state == "unknown"
        assert "the database is away" in check(prepared, "server.version").says
        await session.aclose()


# What it says: the world of the recordings.


@pytest.mark.parametrize(
    ("name", "failing", "warning"),
    [
        ("acme-prod", set(), {"range.overlap.vpns"}),
        ("acme-idle", set(), {"range.overlap.vpns", "network.implemented"}),
        ("acme-novpn", {"offering.vpn"}, {"range.overlap.vpns"}),
        ("acme-noconserve", {"offering.conserve-mode"}, {"range.overlap.vpns"}),
        ("acme-l2", {"network.type"}, {"range.overlap.vpns"}),
        ("office-shared", {"network.type"}, {"range.overlap.vpns"}),
        ("acme-vpc", set(), {"range.overlap.vpns"}),
        ("rocket-net", {"vpn.none-yet"}, set()),  # of the project rocket, whose VPN runs
        ("acme-ha", set(), {"range.overlap.vpns"}),
    ],
)
async def test_the_world_of_the_recordings(
    tmp_path: Path, name: str, failing: set[str], warning: set[str]
) -> None:
    async with looking(tmp_path, "contract") as (lab, session, _):
        prepared = await looked(lab, session, name)
        assert (states(prepared, "fail"), states(prepared, "warn")) == (failing, warning)
        assert prepared.can_run is not bool(failing)


async def test_one_stopped_router_of_a_pair_is_enough(tmp_path: Path) -> None:
    async with looking(tmp_path, "contract") as (lab, session, _):
        pair = [r for r in lab.world.routers.values() if r.network == place_of(lab, "acme-ha")]
        assert len(pair) == 2
        pair[0].state, pair[0].control_ip = "Stopped", ""
        prepared = await looked(lab, session, "acme-ha")
        running = check(prepared, "router.running")
        assert (running.state, running.action) == ("fail", f"cmk start router id={pair[0].id}")
        assert pair[0].name in running.says and pair[1].name not in running.says
        assert check(prepared, "router.clock").state == "unknown", "one of the two is silent"
        assert not prepared.can_run


async def test_the_range_of_the_account_is_the_one_in_force(tmp_path: Path) -> None:
    async with looking(tmp_path, "contract") as (lab, session, _):
        (acme,) = [a for a in lab.world.accounts.values() if a.name == "acme"]
        acme.client_range = "10.99.0.1-10.99.0.30"
        prepared = await looked(lab, session, "acme-prod")
        assert (
            "10.99.0.1-10.99.0.30 (what CloudStack is set to)" in check(prepared, "range.form").says
        )
        acme.client_range = "10.10.1.1-10.10.1.30"
        prepared = await looked(lab, session, "acme-prod")
        assert check(prepared, "range.overlap.own-network").state == "fail"
        assert not prepared.can_run, "the server would refuse its own setting"


# What it says: the demo.


async def test_an_address_is_needed_and_there_is_none_left(tmp_path: Path) -> None:
    async with looking(tmp_path, "demo") as (lab, session, wire):
        prepared = await looked(lab, session, "initech-new", range_text=FREE)
        assert check(prepared, "addresses.free").state == "pass"
        assert check(prepared, "addresses.limit").state == "pass"
        assert "20 public addresses" in check(prepared, "addresses.limit").says
        (asked,) = wire.sent("listResourceLimits")
        assert (asked["resourcetype"], asked["account"]) == ("1", "initech")
        for address in lab.world.addresses.values():
            address.state = "Allocating" if address.state == "Free" else address.state
        (owner,) = [a for a in lab.world.accounts.values() if a.name == "initech"]
        owner.address_limit = 2
        prepared = await looked(lab, session, "initech-new", range_text=FREE)
        assert {"addresses.free", "addresses.limit"} <= states(prepared, "fail")
        assert not prepared.can_run


async def test_a_load_balancer_on_a_port_of_the_vpn(tmp_path: Path) -> None:
    async with looking(tmp_path, "demo", routers=False) as (lab, session, _):
        address = address_of(lab, "acme-prod")
        rule = e.Rule(
            id=lab.world.new_id(),
            purpose="LoadBalancing",
            name="spread",
            address=address.id,
            network=address.network,
            account=address.account,
            protocol="udp",
            start=4500,
            end=4500,
            private_start=4500,
            state="Active",
        )
        lab.world.rules[rule.id] = rule
        prepared = await looked(lab, session, "acme-prod", range_text=FREE)
        found = check(prepared, "ports.load-balancing")
        assert found.state == "fail" and "NAT-T (UDP 4500) is taken" in found.says
        assert found.action == f"cmk delete loadbalancerrule id={rule.id}"
        assert not prepared.can_run


async def test_a_vpc_of_the_account_whose_router_is_down(tmp_path: Path) -> None:
    async with looking(tmp_path, "demo", routers=False) as (lab, session, _):
        vpc = place_of(lab, "globex-vpc")
        (router,) = [r for r in lab.world.routers.values() if r.vpc == vpc]
        router.state = "Stopped"
        quiet = await looked(lab, session, "globex-core", range_text=FREE)
        assert check(quiet, "account.stopped-router").state == "warn"
        assert quiet.can_run
        zoe = (NewUser.generate("zoe"),)
        prepared = await looked(lab, session, "globex-core", range_text=FREE, users=zoe)
        found = check(prepared, "account.stopped-router")
        assert found.state == "fail" and "globex-vpc" in found.says
        assert not prepared.can_run
        elsewhere = await looked(lab, session, "acme-prod", range_text=FREE, users=zoe)
        assert check(elsewhere, "account.stopped-router").state == "pass"


async def test_what_an_earlier_vpn_left_on_the_router(tmp_path: Path) -> None:
    async with looking(tmp_path, "demo") as (lab, session, _):
        address = address_of(lab, "acme-office")
        await session.client.run("deleteRemoteAccessVpn", publicipid=address.id)
        prepared = await looked(lab, session, "acme-office", range_text=FREE)
        warned = states(prepared, "warn")
        assert {"router.stale-daemons", "router.stale-key", "router.stale-users"} <= warned
        assert "walter" in check(prepared, "router.stale-users").says
        assert check(prepared, "router.stale-range").state == "pass", "it is programmed no more"
        assert check(prepared, "vpn.none-yet").state == "pass"
        assert prepared.can_run


async def test_a_hidden_user_counts_where_the_router_still_has_it(tmp_path: Path) -> None:
    async with looking(tmp_path, "demo") as (lab, session, _):
        users = tuple(NewUser.generate(f"new{number}") for number in range(5))
        prepared = await looked(lab, session, "globex-edge", range_text=FREE, users=users)
        found = check(prepared, "users.limit")
        assert (found.state, "ivan may be half-removed" in found.says) == ("warn", True)
        fewer = await looked(lab, session, "globex-edge", range_text=FREE, users=users[:4])
        assert check(fewer, "users.limit").state == "pass"


async def test_what_was_learnt_is_there_for_the_next_wish(tmp_path: Path) -> None:
    async with looking(tmp_path, "demo", routers=False) as (lab, session, _):
        await looked(lab, session, "acme-prod")
        gathered = session.inventory.gathered[place_of(lab, "acme-prod")]
        assert gathered.cloud_is_known
        assert gathered.version == "4.22.0.0-SNAPSHOT"
        assert gathered.settings.user_limit == 8
        assert all(isinstance(said, Unasked) for said in gathered.routers.values())
        assert set(Kind) >= {Kind.NETWORKS}
