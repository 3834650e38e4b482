"""Enabling a VPN, step by step."""

from collections.abc import Awaitable, Callable

import pytest

from tests.operations.scripted import done, refused, rows
from tests.operations.worlds import (
    ADDRESS,
    ALICE,
    ANYWHERE,
    BOB,
    IDLE,
    KEY,
    OFFICE,
    VPC,
    WANTED,
    events,
    opened,
    rule,
    told,
    wants,
    willing,
)
from tui.operations.enable import NEW_ADDRESS, EnableVpn
from tui.operations.reach import RouterWord
from tui.safety.secret import Secret
from tui.vpn.ports import IngressRule
from tui.vpn.ranges import parse_range

WIDE = IngressRule("wide", "udp", 1, 65535, (ANYWHERE,))
NARROW = IngressRule("narrow", "udp", 500, 500, (OFFICE,))


def saying(ok: bool | None, says: str) -> Callable[[], Awaitable[RouterWord]]:
    async def verify() -> RouterWord:
        return RouterWord(ok, says)

    return verify


async def test_the_whole_of_it() -> None:
    cloud = willing()
    wish = wants(client_range=parse_range("10.1.2.1-10.1.2.8"), users=(ALICE, BOB))
    operation = EnableVpn(cloud.client(), wish, saying(True, "IKE and L2TP listen."))
    assert operation.result is None
    reported = await events(operation)
    assert told(reported) == {
        "vpn": "done",
        "listed": "done",
        "user alice": "done",
        "user bob": "done",
        "ports": "done",
        "router": "done",
    }
    assert [event.step for event in reported] == list(operation.plan())
    assert cloud.parameters("createRemoteAccessVpn") == [
        {"publicipid": ADDRESS, "iprange": "10.1.2.1-10.1.2.8", "openfirewall": "true"}
    ]
    result = operation.result
    assert result is not None
    assert result.preshared_key == Secret(KEY)
    assert str(result.client_range) == "10.1.2.1-10.1.2.8"
    assert [added.name for added in result.users] == ["alice", "bob"]
    assert cloud.parameters("addVpnUser")[1]["password"] == result.users[1].password.reveal()
    assert [port.access for port in result.ports] == ["open"] * 3
    assert result.router == RouterWord(True, "IKE and L2TP listen.")
    assert all(event.job_id for event in reported if event.step.call)


def test_the_plan_names_every_call_and_no_secret() -> None:
    operation = EnableVpn(willing().client(), wants(users=(ALICE,), sources=(OFFICE,)))
    lines = [step.call.cloudmonkey() for step in operation.plan() if step.call]
    assert lines[0] == (
        f"cmk create firewallrule ipaddressid={ADDRESS} protocol=udp startport=500 endport=500 "
        f"cidrlist={OFFICE}"
    )
    assert lines[3] == f"cmk create remoteaccessvpn publicipid={ADDRESS} openfirewall=false"
    assert lines[4].startswith("cmk add vpnuser username=alice password=")
    assert "Winter2026x" not in repr(operation.plan()) + "".join(lines)


async def test_sources_are_opened_first_and_the_server_keeps_out() -> None:
    cloud = willing()
    cloud.answers("listFirewallRules", opened(OFFICE))
    operation = EnableVpn(cloud.client(), wants(sources=(OFFICE,)))
    reported = await events(operation)
    assert {event.state for event in reported} == {"done"}
    assert cloud.changes == ["createFirewallRule"] * 3 + ["createRemoteAccessVpn"]
    assert cloud.parameters("createRemoteAccessVpn")[0]["openfirewall"] == "false"
    assert [one["cidrlist"] for one in cloud.parameters("createFirewallRule")] == [OFFICE] * 3
    assert operation.result is not None
    assert [port.access for port in operation.result.ports] == ["limited"] * 3


async def test_a_port_that_cannot_be_opened_leaves_the_vpn_alone() -> None:
    cloud = willing()
    cloud.answers(
        "createFirewallRule",
        done(),
        refused(530, "Failed to create firewall rule", in_job=True),
    )
    operation = EnableVpn(cloud.client(), wants(sources=(OFFICE,), users=(ALICE,)))
    reported = await events(operation)
    assert told(reported) == {
        "open 500": "done",
        "open 4500": "failed",
        "open 1701": "skipped",
        "vpn": "skipped",
        "listed": "skipped",
        "user alice": "skipped",
        "ports": "skipped",
    }
    assert reported[-1].says == "Not done, because this failed: open NAT-T (UDP 4500) from " + (
        f"{OFFICE}."
    )
    assert operation.result is None


async def test_a_wide_rule_is_stepped_around() -> None:
    """Recording 07: `openfirewall=true` would be refused with 537."""
    cloud = willing()
    cloud.answers("listFirewallRules", rows("firewallrule", rule(1, end=65535)))
    wish = wants(rules=(WIDE,))
    assert [finding.code for finding in wish.findings()] == ["port-wide-rule"] * 3
    reported = await events(EnableVpn(cloud.client(), wish))
    assert {event.state for event in reported} == {"done"}
    assert cloud.changes == ["createRemoteAccessVpn"]
    assert cloud.parameters("createRemoteAccessVpn")[0]["openfirewall"] == "false"


async def test_a_narrow_rule_stays_narrow_unless_anywhere_is_asked_for() -> None:
    assert wants(rules=(NARROW,)).server_opens
    assert wants(rules=(NARROW,)).openings == ()
    asked = wants(rules=(NARROW,), sources=(ANYWHERE,))
    assert [str(one) for one in asked.openings] == [
        "IKE (UDP 500) from anywhere",
        "NAT-T (UDP 4500) from anywhere",
        "L2TP (UDP 1701) from anywhere",
    ]
    wider = wants(rules=(WIDE,), sources=(OFFICE,)).findings()
    assert {finding.code for finding in wider} == {"port-wide-rule", "port-wider"}


async def test_a_vpc_opens_its_ports_itself() -> None:
    cloud = willing()
    wish = wants(place=VPC, sources=(OFFICE,), rules=(WIDE,))
    reported = await events(EnableVpn(cloud.client(), wish))
    assert told(reported) == {"vpn": "done", "listed": "done"}
    assert cloud.parameters("createRemoteAccessVpn") == [{"publicipid": ADDRESS}]
    assert "listFirewallRules" not in [command for command, _ in cloud.sent]
    assert wish.findings() == ()


def address(source_nat: bool) -> dict[str, object]:
    return {
        "id": "a415716c-0000-4000-8000-000000000000",
        "ipaddress": "203.0.113.163",
        "issourcenat": source_nat,
        "associatednetworkid": IDLE.id,
        "state": "Allocated",
    }


async def test_a_network_without_a_router() -> None:
    """Recording 18: an address first, and nothing runs until the first VM."""
    cloud = willing()
    cloud.answers("associateIpAddress", done(ipaddress=address(True) | {"state": "Allocating"}))
    cloud.answers("listPublicIpAddresses", rows("publicipaddress", address(True)))
    wish = wants(place=IDLE, address_id="", public_ip="", sources=(OFFICE,))
    assert wish.findings()[0].code == "no-router-yet"
    operation = EnableVpn(cloud.client(), wish, saying(False, "never asked"))
    planned = [dict(step.call.parameters) for step in operation.plan() if step.call]
    assert planned[0] == {"networkid": IDLE.id}
    assert planned[1]["ipaddressid"] == NEW_ADDRESS
    assert planned[4]["publicipid"] == NEW_ADDRESS
    cloud.answers("listFirewallRules", opened(OFFICE))
    reported = await events(operation)
    assert told(reported)["router"] == "skipped"
    assert "until the first VM" in reported[-1].says
    made = address(True)["id"]
    assert cloud.parameters("createRemoteAccessVpn")[0]["publicipid"] == made
    assert {one["ipaddressid"] for one in cloud.parameters("createFirewallRule")} == {made}
    assert operation.result is not None
    assert operation.result.address_id == made


async def test_an_address_that_is_not_source_nat_ends_it() -> None:
    cloud = willing()
    cloud.answers("associateIpAddress", done(ipaddress=address(False)))
    cloud.answers("listPublicIpAddresses", rows("publicipaddress", address(False)))
    wish = wants(place=IDLE, address_id="", public_ip="")
    reported = await events(EnableVpn(cloud.client(), wish))
    assert told(reported)["address"] == "failed"
    assert reported[0].remedy.startswith("Release 203.0.113.163")
    assert cloud.changes == ["associateIpAddress"]


@pytest.mark.parametrize(("ok", "state"), [(True, "done"), (None, "done!"), (False, "failed")])
async def test_the_routers_word(ok: bool | None, state: str) -> None:
    operation = EnableVpn(willing().client(), WANTED, saying(ok, "its word"))
    reported = await events(operation)
    assert told(reported)["router"] == state
    assert reported[-1].says == "its word"
    assert operation.result is not None


async def test_opening_nothing_is_possible_and_warned_of() -> None:
    cloud = willing()
    cloud.answers("listFirewallRules", rows("firewallrule"))
    reported = await events(EnableVpn(cloud.client(), wants(sources=())))
    assert told(reported) == {"vpn": "done", "listed": "done", "ports": "done!"}
    assert cloud.parameters("createRemoteAccessVpn")[0]["openfirewall"] == "false"
