"""Enabling a VPN, step by step."""

from collections.abc import Awaitable, Callable

import pytest

from tests.operations.scripted import Reply, done, refused, rows
from tests.operations.worlds import (
    ADDRESS,
    ANYWHERE,
    IDLE,
    IP,
    KEY,
    OFFICE,
    PROD,
    VPC,
    events,
    opened,
    rule,
    told,
    user,
    vpn,
    willing,
)
from tui.cloud.errors import Conflict, InternalMasked, JobFailed
from tui.operations.enable import NEW_ADDRESS, EnablePlan, EnableVpn, RouterWord
from tui.operations.users import NewUser
from tui.safety.secret import Secret
from tui.vpn.ports import Forwarding, IngressRule
from tui.vpn.ranges import parse_range

WANTED = EnablePlan(place=PROD, address_id=ADDRESS, public_ip=IP)
ALICE = NewUser("alice", Secret("Winter2026x"))
BOB = NewUser.generate("bob")
WIDE = IngressRule("wide", "udp", 1, 65535, (ANYWHERE,))
NARROW = IngressRule("narrow", "udp", 500, 500, (OFFICE,))


def wants(**changes: object) -> EnablePlan:
    """The usual wish with some changes."""
    fields = {name: getattr(WANTED, name) for name in WANTED.__struct_fields__}
    return EnablePlan(**(fields | changes))


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


async def test_port_forwarding_is_named_before_and_by_the_server() -> None:
    taken = Forwarding("pf", "udp", 4500, 4500, "web-1")
    (finding,) = wants(forwardings=(taken,)).findings()
    assert finding.severity == "error"
    cloud = willing()
    cloud.answers(
        "createRemoteAccessVpn",
        refused(
            537,
            'The range specified, 4500-4500, conflicts with rule FirewallRule {"id":40,'
            '"networkId":208,"purpose":"PortForwarding","state":"Active",'
            '"uuid":"347c687f-4de2-45f0-b91c-01a0848adc6c"} which has 4500-4500',
            cserrorcode=9999,
        ),
    )
    reported = await events(EnableVpn(cloud.client(), WANTED))
    assert told(reported)["vpn"] == "failed"
    assert isinstance(reported[0].error, Conflict)
    assert "port forwarding rule 347c687f" in reported[0].remedy


async def test_a_refusal_in_the_job_is_half_made_and_finished_by_the_same_call() -> None:
    """Recording 10."""
    cloud = willing()
    text = "Resource [Host:1] is unreachable: Host 1: Unable to send commands to virtual router "
    cloud.answers(
        "createRemoteAccessVpn",
        refused(534, text, in_job=True),
        done(remoteaccessvpn=vpn()),
    )
    reported = await events(EnableVpn(cloud.client(), wants(users=(ALICE,))))
    assert told(reported) == {
        "vpn": "failed",
        "listed": "skipped",
        "user alice": "skipped",
        "ports": "skipped",
    }
    assert isinstance(reported[0].error, JobFailed)
    assert "half-made" in reported[0].remedy
    assert cloud.changes == ["createRemoteAccessVpn"]
    again = await events(EnableVpn(cloud.client(), WANTED))
    assert {event.state for event in again} == {"done"}


async def test_a_half_made_vpn_keeps_its_range_and_that_is_said() -> None:
    cloud = willing()
    wish = wants(client_range=parse_range("10.9.0.1-10.9.0.20"))
    reported = await events(EnableVpn(cloud.client(), wish))
    assert told(reported)["listed"] == "done!"
    assert "not 10.9.0.1-10.9.0.20" in reported[1].says


async def test_success_without_running_is_a_failure() -> None:
    cloud = willing()
    cloud.answers("createRemoteAccessVpn", done(remoteaccessvpn=vpn(state="Added")))
    reported = await events(EnableVpn(cloud.client(), WANTED))
    assert told(reported)["vpn"] == "failed"
    assert "the VPN is Added, not Running" in reported[0].says


async def test_running_but_not_listed_is_a_failure() -> None:
    cloud = willing()
    cloud.answers("listRemoteAccessVpns", rows("remoteaccessvpn"))
    operation = EnableVpn(cloud.client(), WANTED)
    reported = await events(operation)
    assert told(reported) == {"vpn": "done", "listed": "failed", "ports": "skipped"}
    assert operation.result is None


ALREADY = refused(431, f"A remote Access VPN already exists for the public IP address [{IP}].")


async def test_the_loser_of_a_race_opens_the_ports_again() -> None:
    """Recording 19: the loser's clean-up takes the winner's rules away."""
    cloud = willing()
    cloud.answers("createRemoteAccessVpn", ALREADY)
    cloud.answers("listFirewallRules", rows("firewallrule"), opened())
    operation = EnableVpn(cloud.client(), WANTED)
    reported = await events(operation)
    assert told(reported) == {
        "vpn": "done!",
        "listed": "done",
        "ports": "done!",
        "reopen 500": "done",
        "reopen 4500": "done",
        "reopen 1701": "done",
        "ports again": "done",
    }
    assert "It runs already" in reported[0].says
    assert cloud.changes == ["createRemoteAccessVpn"] + ["createFirewallRule"] * 3
    assert operation.result is not None
    assert [port.access for port in operation.result.ports] == ["open"] * 3


async def test_ports_that_stay_closed_are_a_failure() -> None:
    cloud = willing()
    cloud.answers("listFirewallRules", rows("firewallrule"))
    reported = await events(EnableVpn(cloud.client(), WANTED))
    assert told(reported)["ports again"] == "failed"
    assert reported[-1].says.startswith("Still closed: IKE (UDP 500) from anywhere, NAT-T")


async def test_a_removal_stuck_half_way_is_named() -> None:
    """Recording 10: in no list, and yet `already exists`."""
    cloud = willing()
    cloud.answers("createRemoteAccessVpn", ALREADY)
    cloud.answers("listRemoteAccessVpns", rows("remoteaccessvpn"))
    reported = await events(EnableVpn(cloud.client(), WANTED))
    assert told(reported)["vpn"] == "failed"
    assert reported[0].remedy.startswith("Disable it, which finishes the removal")


async def test_a_lost_reply_is_settled_by_the_list() -> None:
    cloud = willing()
    cloud.answers("createRemoteAccessVpn", Reply({}, job=True, lost=True))
    reported = await events(EnableVpn(cloud.client(), WANTED))
    assert told(reported)["vpn"] == "done"
    assert "only the reply was lost" in reported[0].says


async def test_a_masked_error_is_handed_on() -> None:
    """Recording 06: a free address."""
    cloud = willing()
    text = "Internal error executing command, please contact your system administrator"
    cloud.answers("createRemoteAccessVpn", refused(530, text, cserrorcode=9999))
    (first, *_) = await events(EnableVpn(cloud.client(), WANTED))
    assert isinstance(first.error, InternalMasked)
    assert "root only" in first.remedy


async def test_what_was_opened_before_a_refusal_is_said() -> None:
    cloud = willing()
    refusal = "There is no new provider for IP 203.0.113.12 of service Vpn!"
    cloud.answers("createRemoteAccessVpn", refused(431, refusal))
    reported = await events(EnableVpn(cloud.client(), wants(sources=(OFFICE,))))
    failed = next(event for event in reported if event.state == "failed")
    assert failed.says == refusal
    assert f"still open: IKE (UDP 500) from {OFFICE}, NAT-T" in failed.remedy


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


async def test_stopping_between_steps() -> None:
    cloud = willing()
    operation = EnableVpn(cloud.client(), wants(users=(ALICE, BOB)))
    seen = []
    async for event in operation.run():
        if event.state != "running":
            seen.append(event)
        if event.step.name == "user alice" and event.state == "done":
            operation.stop()
    assert told(seen) == {
        "vpn": "done",
        "listed": "done",
        "user alice": "done",
        "user bob": "skipped",
        "ports": "skipped",
    }
    assert cloud.changes == ["createRemoteAccessVpn", "addVpnUser"]
    assert operation.result is not None
    assert operation.current is None


async def test_one_user_that_fails_does_not_stop_the_others() -> None:
    cloud = willing()
    cloud.answers(
        "addVpnUser",
        refused(431, "VPN User with name alice is already added for account Account [{…}]"),
        done(vpnuser=user("bob")),
    )
    operation = EnableVpn(cloud.client(), wants(users=(ALICE, BOB)))
    reported = await events(operation)
    assert told(reported)["user alice"] == "failed"
    assert told(reported)["user bob"] == "done"
    assert told(reported)["ports"] == "done"
    assert operation.result is not None
    assert [added.name for added in operation.result.users] == ["bob"]


async def test_opening_nothing_is_possible_and_warned_of() -> None:
    cloud = willing()
    cloud.answers("listFirewallRules", rows("firewallrule"))
    reported = await events(EnableVpn(cloud.client(), wants(sources=())))
    assert told(reported) == {"vpn": "done", "listed": "done", "ports": "done!"}
    assert cloud.parameters("createRemoteAccessVpn")[0]["openfirewall"] == "false"
