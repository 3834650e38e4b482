"""Enabling a VPN when something is in the way."""

from tests.operations.scripted import Reply, done, refused, rows
from tests.operations.worlds import (
    ALICE,
    BOB,
    IP,
    OFFICE,
    WANTED,
    events,
    opened,
    told,
    user,
    vpn,
    wants,
    willing,
)
from tui.cloud.errors import Conflict, InternalMasked, JobFailed
from tui.operations.enable import EnableVpn
from tui.vpn.ports import Forwarding
from tui.vpn.ranges import parse_range


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
    operation = EnableVpn(cloud.client(), wants(users=(ALICE,)))
    reported = await events(operation)
    assert told(reported) == {
        "vpn": "failed",
        "ports": "done!",
        "reopen 500": "done",
        "reopen 4500": "done",
        "reopen 1701": "done",
        "ports again": "done",
        "listed": "skipped",
        "user alice": "skipped",
    }
    assert "somebody else was faster. Nothing of yours was added to it." in reported[0].says
    assert cloud.changes == ["createRemoteAccessVpn"] + ["createFirewallRule"] * 3
    assert operation.result is None, "the other's VPN is not taken for ours"


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
    reported = await events(EnableVpn(cloud.client(), WANTED, looks=(0.0, 0.0)))
    assert told(reported)["vpn"] == "failed"
    assert "disable it, which finishes the removal" in reported[0].remedy
    assert len(cloud.parameters("listRemoteAccessVpns")) == 3


async def test_a_vpn_that_somebody_else_is_still_enabling_is_waited_for() -> None:
    """It is in no list before it runs; disabling it then would undo their work."""
    cloud = willing()
    cloud.answers("createRemoteAccessVpn", ALREADY)
    cloud.answers("listRemoteAccessVpns", rows("remoteaccessvpn"), rows("remoteaccessvpn", vpn()))
    reported = await events(EnableVpn(cloud.client(), WANTED, looks=(0.0, 0.0)))
    assert told(reported) == {"vpn": "failed", "ports": "done", "listed": "skipped"}
    assert "A VPN runs there already" in reported[0].says


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
