"""Making a VPN anew, against a cloud that answers what each test puts down."""

from typing import Any

import msgspec
import pytest

from tests.operations.scripted import ScriptedCloud, done, refused, rows
from tests.operations.worlds import (
    ADDRESS,
    ANYWHERE,
    IP,
    OFFICE,
    PROD,
    VPC,
    events,
    told,
    user,
    vpn,
)
from tests.operations.worlds import rule as wire_rule
from tui.operations.change_range import ChangeRange, changing_means
from tui.operations.reach import RouterWord
from tui.operations.remake_plan import RemakePlan, remake_means
from tui.operations.rotate import RotateKey, rotating_means
from tui.operations.router_changes import RouterRef
from tui.router.errors import PathUnknown, RouterError
from tui.router.remedies import RESTART_IPSEC, RESTART_XL2TPD, Applied, Remedy
from tui.safety.secret import Secret
from tui.vpn.ports import IngressRule
from tui.vpn.psk_policy import TAG
from tui.vpn.ranges import parse_range

OLD = Secret("OldKeyThatGoesAway2345678")
RANGE = parse_range("10.1.2.1-10.1.2.8")
R1, R2 = RouterRef("r1", "r-1-VM"), RouterRef("r2", "r-2-VM", stands_by=True)


def rule(port: int, *cidrs: str) -> IngressRule:
    return IngressRule(f"rule-{port}-{cidrs[0]}", "udp", port, port, cidrs, "Active")


OPEN = tuple(rule(port, ANYWHERE) for port in (500, 4500, 1701))
NARROW = tuple(rule(port, OFFICE) for port in (500, 4500, 1701))


def plan(**changes: Any) -> RemakePlan:
    usual = RemakePlan(
        place=PROD,
        address_id=ADDRESS,
        public_ip=IP,
        client_range=RANGE,
        range_before=RANGE,
        key_before=OLD.sha256(),
        rules=OPEN,
        made_on="2026-11-23",
        users=2,
        connected=("alice",),
    )
    return msgspec.structs.replace(usual, **changes)


def address(day: str = "2026-11-23") -> dict[str, Any]:
    tags = [{"key": TAG, "value": day}] if day else []
    return {"id": ADDRESS, "ipaddress": IP, "tags": tags}


def willing(*rules: dict[str, Any]) -> ScriptedCloud:
    """A cloud in which everything succeeds; the VPN is listed with the key of `worlds`."""
    cloud = ScriptedCloud()
    cloud.answers("deleteRemoteAccessVpn", done(success=True))
    cloud.answers("createRemoteAccessVpn", done(remoteaccessvpn=vpn()))
    listed = rows("remoteaccessvpn", vpn())
    cloud.answers("listRemoteAccessVpns", rows("remoteaccessvpn"), listed)
    cloud.answers("listFirewallRules", rows("firewallrule", *rules))
    cloud.answers("createFirewallRule", done(firewallrule=wire_rule(500)))
    cloud.answers("listVpnUsers", rows("vpnuser", user("alice"), user("bob")))
    cloud.answers("createTags", done(success=True))
    cloud.answers("deleteTags", done(success=True))
    cloud.answers("listPublicIpAddresses", rows("publicipaddress", address()))
    return cloud


class Hand:
    """A router that notes what it is told."""

    def __init__(self, refuses: str = "") -> None:
        self.applied: list[str] = []
        self.refuses = refuses

    async def run(self, command: Any) -> Any:
        raise AssertionError(f"{command.name} was not expected")

    async def apply(self, remedy: Remedy, *values: str) -> Applied:
        if remedy.name == self.refuses:
            raise RouterError("it hangs", "look at it")
        self.applied.append(" ".join((remedy.name, *values)))
        return Applied()


async def test_the_server_opens_what_it_had_opened() -> None:
    cloud = willing(*(wire_rule(port) for port in (500, 4500, 1701)))
    operation = RotateKey(cloud.client(), plan())
    reported = await events(operation)
    assert {event.state for event in reported} == {"done"}
    assert cloud.changes == ["deleteRemoteAccessVpn", "createRemoteAccessVpn", "createTags"]
    assert cloud.parameters("createRemoteAccessVpn") == [
        {"publicipid": ADDRESS, "iprange": "10.1.2.1-10.1.2.8", "openfirewall": "true"}
    ]
    assert cloud.parameters("createTags") == [
        {
            "resourceids": ADDRESS,
            "resourcetype": "PublicIpAddress",
            "tags[0].key": TAG,
            "tags[0].value": "2026-11-23",
        }
    ]
    assert operation.result is not None and operation.result.preshared_key is not None
    assert operation.result.preshared_key.sha256() != OLD.sha256()
    assert operation.must_finish == ""


async def test_narrow_rules_stay_narrow() -> None:
    """What the deletion takes is made again before the VPN, with its sources; the rest stays."""
    still = wire_rule(500, OFFICE)
    cloud = willing(still)
    gone = rows("firewallrule", still)
    whole = rows("firewallrule", *(wire_rule(port, OFFICE) for port in (500, 4500, 1701)))
    cloud.answers("listFirewallRules", gone, gone, gone, whole)
    reported = await events(RotateKey(cloud.client(), plan(rules=NARROW)))
    assert cloud.changes == [
        "deleteRemoteAccessVpn",
        "createFirewallRule",
        "createFirewallRule",
        "createRemoteAccessVpn",
        "createTags",
    ]
    made = cloud.parameters("createFirewallRule")
    assert [(each["startport"], each["cidrlist"]) for each in made] == [
        ("4500", OFFICE),
        ("1701", OFFICE),
    ]
    assert cloud.parameters("createRemoteAccessVpn")[0]["openfirewall"] == "false"
    assert told(reported)[f"keep 500 {OFFICE}"] == "skipped"
    assert told(reported)["ports"] == "done"


async def test_a_closed_port_is_not_opened() -> None:
    cloud = willing(wire_rule(500))
    reported = await events(RotateKey(cloud.client(), plan(rules=OPEN[:1])))
    assert cloud.parameters("createRemoteAccessVpn")[0]["openfirewall"] == "false"
    assert "createFirewallRule" not in cloud.changes
    assert told(reported)["ports"] == "done!"


async def test_rules_that_a_rival_takes_away_are_made_once_more() -> None:
    cloud = willing()
    whole = rows("firewallrule", *(wire_rule(port) for port in (500, 4500, 1701)))
    cloud.answers("listFirewallRules", *([rows("firewallrule")] * 4), whole)
    reported = await events(RotateKey(cloud.client(), plan()))
    assert cloud.changes.count("createFirewallRule") == 3
    assert told(reported)["ports"] == "done!" and told(reported)["ports again"] == "done"


async def test_a_vpc_has_no_rules() -> None:
    cloud = willing()
    reported = await events(RotateKey(cloud.client(), plan(place=VPC, rules=())))
    assert "ports" not in told(reported)
    assert "openfirewall" not in cloud.parameters("createRemoteAccessVpn")[0]


async def test_a_creation_that_fails_is_said_loudly_and_finished_later() -> None:
    cloud = willing(*(wire_rule(port) for port in (500, 4500, 1701)))
    cloud.answers("listRemoteAccessVpns", rows("remoteaccessvpn"))
    text = "Resource [Host:1] is unreachable: Unable to send commands to virtual router"
    cloud.answers("createRemoteAccessVpn", refused(534, text, in_job=True))
    operation = RotateKey(cloud.client(), plan())
    reported = await events(operation)
    failed = next(event for event in reported if event.state == "failed")
    assert failed.step.name == "vpn"
    assert failed.says.startswith("THE VPN IS DOWN") and text in failed.says
    assert "Resume this" in failed.remedy and "cmk create remoteaccessvpn" in failed.remedy
    assert "THE VPN IS DOWN" in operation.must_finish
    assert operation.result is None
    assert "createTags" not in cloud.changes

    # The same operation, built from what was wanted, goes on from the ledger.
    cloud.answers("createRemoteAccessVpn", done(remoteaccessvpn=vpn()))
    cloud.answers("listRemoteAccessVpns", rows("remoteaccessvpn"), rows("remoteaccessvpn", vpn()))
    again = RotateKey(cloud.client(), operation.wanted)
    reported = [e async for e in again.run(operation.ledger) if e.state != "running"]
    assert {event.state for event in reported} == {"done"}
    assert cloud.changes.count("deleteRemoteAccessVpn") == 1
    assert cloud.changes.count("createRemoteAccessVpn") == 2
    assert again.must_finish == ""


async def test_a_run_that_had_ended_well_changes_nothing_when_run_again() -> None:
    cloud = willing(*(wire_rule(port) for port in (500, 4500, 1701)))
    operation = RotateKey(cloud.client(), plan())
    await events(operation)
    before = list(cloud.changes)
    again = RotateKey(cloud.client(), operation.wanted)
    reported = [e async for e in again.run(operation.ledger) if e.state != "running"]
    assert cloud.changes == before
    assert {event.state for event in reported} == {"done"}
    assert again.result is not None


async def test_a_lost_reply_of_the_creation() -> None:
    cloud = willing(*(wire_rule(port) for port in (500, 4500, 1701)))
    made = msgspec.structs.replace(done(remoteaccessvpn=vpn()), lost=True)
    cloud.answers("createRemoteAccessVpn", made)
    operation = RotateKey(cloud.client(), plan())
    reported = await events(operation)
    assert told(reported)["vpn"] == "done" and operation.result is not None
    assert cloud.changes.count("createRemoteAccessVpn") == 1


async def test_a_deletion_that_is_refused_leaves_everything() -> None:
    cloud = willing()
    cloud.answers("deleteRemoteAccessVpn", refused(431, "no", cserrorcode=4350))
    operation = RotateKey(cloud.client(), plan())
    reported = await events(operation)
    assert told(reported)["gone"] == "failed"
    assert cloud.changes == ["deleteRemoteAccessVpn"] and operation.must_finish == ""


async def test_a_deletion_that_a_router_refuses_stays_open() -> None:
    cloud = willing()
    text = "Failed to delete remote access vpn"
    cloud.answers("deleteRemoteAccessVpn", refused(530, text, in_job=True))
    operation = RotateKey(cloud.client(), plan())
    reported = await events(operation)
    assert "half-removed" in reported[0].remedy and operation.must_finish
    assert cloud.changes == ["deleteRemoteAccessVpn"]


async def test_a_vpn_that_is_still_there_with_its_old_key() -> None:
    cloud = willing()
    old = vpn() | {"presharedkey": OLD.reveal()}
    cloud.answers("listRemoteAccessVpns", rows("remoteaccessvpn", old))
    reported = await events(RotateKey(cloud.client(), plan()))
    assert "still listed with its old key" in reported[0].says
    assert "createRemoteAccessVpn" not in cloud.changes


async def test_somebody_else_was_faster() -> None:
    cloud = willing()
    text = f"A remote Access VPN already exists for the public IP address [{IP}]."
    cloud.answers("createRemoteAccessVpn", refused(431, text))
    operation = RotateKey(cloud.client(), plan())
    reported = await events(operation)
    failed = next(event for event in reported if event.state == "failed")
    assert "Somebody else has just made a VPN here" in failed.says
    assert operation.must_finish == ""


async def test_another_range_than_asked_is_told() -> None:
    cloud = willing(*(wire_rule(port) for port in (500, 4500, 1701)))
    wanted = plan(client_range=parse_range("10.9.0.1-10.9.0.20"))
    reported = await events(ChangeRange(cloud.client(), wanted))
    assert told(reported)["listed"] == "done!"
    assert cloud.parameters("createRemoteAccessVpn")[0]["iprange"] == "10.9.0.1-10.9.0.20"


async def test_users_that_wait_are_told() -> None:
    cloud = willing(*(wire_rule(port) for port in (500, 4500, 1701)))
    cloud.answers("listVpnUsers", rows("vpnuser", user("alice"), user("bob", "Add")))
    reported = await events(RotateKey(cloud.client(), plan()))
    waiting = next(event for event in reported if event.step.name == "users")
    assert waiting.warning and "bob" in waiting.says and "alice" not in waiting.says


async def test_the_tag_of_before_is_replaced() -> None:
    cloud = willing(*(wire_rule(port) for port in (500, 4500, 1701)))
    await events(RotateKey(cloud.client(), plan(tag_before="2026-08-01")))
    assert cloud.changes[-2:] == ["deleteTags", "createTags"]
    assert cloud.parameters("deleteTags")[0]["tags[0].key"] == TAG


async def test_a_tag_that_may_not_be_written_fails_nothing_else() -> None:
    cloud = willing(*(wire_rule(port) for port in (500, 4500, 1701)))
    cloud.answers("createTags", refused(432, "The API does not exist or is not available"))
    cloud.answers("listPublicIpAddresses", rows("publicipaddress", address("")))
    operation = RotateKey(cloud.client(), plan())
    reported = await events(operation)
    assert told(reported)["tag"] == "failed" and told(reported)["ports"] == "done"
    assert operation.result is not None


async def test_daemons_are_restarted_where_asked_but_not_on_the_one_that_stands_by() -> None:
    cloud = willing(*(wire_rule(port) for port in (500, 4500, 1701)))
    hands = {"r1": Hand(), "r2": Hand()}

    async def reach(router_id: str) -> Hand:
        return hands[router_id]

    async def verify() -> RouterWord:
        assert hands["r1"].applied == [RESTART_IPSEC.name, RESTART_XL2TPD.name]
        return RouterWord(True, "r-1-VM: fine")

    wanted = plan(routers=(R1, R2), restart_ipsec=True, restart_xl2tpd=True)
    operation = RotateKey(cloud.client(), wanted, verify=verify, reach=reach)
    titles = [step.title for step in operation.plan()]
    assert "Restart strongSwan on r-1-VM" in titles and "Restart xl2tpd on r-1-VM" in titles
    reported = await events(operation)
    assert {event.state for event in reported} == {"done"}
    assert hands["r2"].applied == []
    assert operation.result is not None and operation.result.router is not None


@pytest.mark.parametrize("refuses", ["restart_xl2tpd", "no way"])
async def test_a_router_that_does_not_obey_fails_only_its_step(refuses: str) -> None:
    cloud = willing(*(wire_rule(port) for port in (500, 4500, 1701)))

    async def reach(router_id: str) -> Hand:
        if refuses == "no way":
            raise PathUnknown("the profile does not say how", "add it")
        return Hand(refuses)

    wanted = plan(routers=(R1,), restart_xl2tpd=True)
    operation = ChangeRange(cloud.client(), wanted, reach=reach)
    reported = await events(operation)
    assert told(reported)["restart_xl2tpd r-1-VM"] == "failed"
    assert told(reported)["ports"] == "done" and operation.result is not None


async def test_a_router_that_disagrees() -> None:
    cloud = willing(*(wire_rule(port) for port in (500, 4500, 1701)))

    async def verify() -> RouterWord:
        return RouterWord(False, "r-1-VM: xl2tpd has not read the range")

    reported = await events(ChangeRange(cloud.client(), plan(), verify=verify))
    assert told(reported)["router"] == "failed" and told(reported)["ports"] == "done"


def test_what_it_does_is_said_before() -> None:
    said = " ".join(rotating_means(plan(routers=(R1,))))
    for part in (
        "Nobody can connect in between",
        "old one cannot come back",
        "Connected now: alice",
        "go on with the old key",
        "2 VPN users stay",
        "IKE (UDP 500) from anywhere",
        "cannot be undone",
    ):
        assert part in said
    cut = " ".join(remake_means(plan(routers=(R1, R2), restart_xl2tpd=True)))
    assert "xl2tpd is restarted on r-1-VM: whoever is connected is cut off" in cut
    assert "r-2-VM" not in cut
    assert "not known" in " ".join(remake_means(plan(connected=None)))
    assert "Nobody is connected now." in remake_means(plan(connected=()))
    changed = " ".join(changing_means(plan(client_range=parse_range("10.9.0.1-10.9.0.20"))))
    assert "10.9.0.1-10.9.0.20 instead of 10.1.2.1-10.1.2.8" in changed
    assert "goes on handing out the old range" in changed


def test_nothing_secret_is_in_what_is_kept() -> None:
    kept = msgspec.json.encode(plan(), enc_hook=str).decode()
    assert OLD.reveal() not in kept
    read = msgspec.json.decode(kept, type=RemakePlan, dec_hook=lambda kind, text: kind(text))
    assert read == plan()
