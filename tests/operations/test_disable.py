"""Disabling a VPN."""

from tests.operations.scripted import Reply, done, refused, rows
from tests.operations.worlds import (
    ADDRESS,
    ANYWHERE,
    IP,
    OFFICE,
    PROD,
    VPC,
    events,
    rule,
    told,
    vpn,
    willing,
)
from tui.operations.disable import DisablePlan, DisableVpn, consequences, staying_rules
from tui.vpn.ports import IngressRule

NARROW = IngressRule("rule-500-" + OFFICE, "udp", 500, 500, (OFFICE,))
WIDE = IngressRule("wide", "udp", 1, 65535, (ANYWHERE,))
MADE = IngressRule("made", "udp", 4500, 4500, (ANYWHERE,))
SSH = IngressRule("ssh", "tcp", 22, 22, (ANYWHERE,))
WANTED = DisablePlan(place=PROD, address_id=ADDRESS, public_ip=IP, rules=(NARROW, MADE, SSH))
GONE = rows("remoteaccessvpn")


async def test_disabling_and_what_is_left() -> None:
    cloud = willing()
    cloud.answers("deleteRemoteAccessVpn", done())
    cloud.answers("listRemoteAccessVpns", GONE)
    cloud.answers("listFirewallRules", rows("firewallrule", rule(500, OFFICE)))
    reported = await events(DisableVpn(cloud.client(), WANTED))
    assert told(reported) == {"vpn": "done", "ports": "done!"}
    assert reported[1].says == f"Left on the VPN ports: IKE (UDP 500) from {OFFICE}."


async def test_rules_that_stay_can_go_too() -> None:
    cloud = willing()
    cloud.answers("deleteRemoteAccessVpn", done())
    cloud.answers("deleteFirewallRule", done())
    cloud.answers("listRemoteAccessVpns", GONE)
    cloud.answers("listFirewallRules", rows("firewallrule"))
    plan = DisablePlan(place=PROD, address_id=ADDRESS, public_ip=IP, also_delete=(NARROW,))
    reported = await events(DisableVpn(cloud.client(), plan))
    assert {event.state for event in reported} == {"done"}
    assert cloud.changes == ["deleteRemoteAccessVpn", "deleteFirewallRule"]
    assert reported[-1].says == "No rule is left on the VPN ports."


async def test_a_removal_refused_half_way_and_finished() -> None:
    """Recording 10."""
    cloud = willing()
    refusal = refused(530, "Failed to delete remote access vpn", in_job=True)
    cloud.answers("deleteRemoteAccessVpn", refusal, done())
    cloud.answers("listRemoteAccessVpns", GONE)
    reported = await events(DisableVpn(cloud.client(), WANTED))
    assert told(reported) == {"vpn": "failed", "ports": "skipped"}
    assert "half-removed" in reported[0].remedy
    again = await events(DisableVpn(cloud.client(), WANTED))
    assert told(again)["vpn"] == "done"


async def test_nothing_to_disable() -> None:
    cloud = willing()
    text = "The specified public ip is not allocated to any account"
    cloud.answers("deleteRemoteAccessVpn", refused(431, text))
    cloud.answers("listRemoteAccessVpns", GONE)
    reported = await events(DisableVpn(cloud.client(), WANTED))
    assert told(reported)["vpn"] == "done!"
    assert reported[0].says == f"There is no VPN on {IP} any more."
    cloud.answers("listRemoteAccessVpns", rows("remoteaccessvpn", vpn()))
    (first, *_) = await events(DisableVpn(cloud.client(), WANTED))
    assert (first.state, first.says) == ("failed", text)


async def test_another_refusal_is_one() -> None:
    cloud = willing()
    cloud.answers("deleteRemoteAccessVpn", refused(431, "Invalid parameter publicipid"))
    cloud.answers("listRemoteAccessVpns", GONE)
    (first, *_) = await events(DisableVpn(cloud.client(), WANTED))
    assert (first.state, first.says) == ("failed", "Invalid parameter publicipid")


async def test_still_listed_after_success() -> None:
    cloud = willing()
    cloud.answers("deleteRemoteAccessVpn", done())
    (first, *_) = await events(DisableVpn(cloud.client(), WANTED))
    assert first.state == "failed"
    assert "still listed" in first.says


async def test_a_lost_reply() -> None:
    cloud = willing()
    cloud.answers("deleteRemoteAccessVpn", Reply({}, job=True, lost=True))
    cloud.answers("listRemoteAccessVpns", GONE)
    (first, *_) = await events(DisableVpn(cloud.client(), WANTED))
    assert (first.state, first.warning) == ("done", False)


async def test_a_vpc_has_no_rules_to_look_at() -> None:
    cloud = willing()
    cloud.answers("deleteRemoteAccessVpn", done())
    cloud.answers("listRemoteAccessVpns", GONE)
    plan = DisablePlan(place=VPC, address_id=ADDRESS, public_ip=IP)
    assert told(await events(DisableVpn(cloud.client(), plan))) == {"vpn": "done"}
    assert not any("firewall" in sentence for sentence in consequences(plan))


def test_the_consequences_in_words() -> None:
    assert staying_rules([NARROW, WIDE, MADE, SSH]) == (NARROW, WIDE)
    plan = DisablePlan(
        place=PROD,
        address_id=ADDRESS,
        public_ip=IP,
        client_range="10.1.2.1-10.1.2.8",
        rules=(NARROW, WIDE, MADE, SSH),
        also_delete=(WIDE,),
        users=1,
        connected=3,
    )
    sentences = consequences(plan)
    assert sentences[0].startswith("Nobody new can connect. 3 people are connected now: CloudStack")
    assert any("10.1.2.1-10.1.2.8 has to be given again" in one for one in sentences)
    assert f"These rules stay: IKE (UDP 500) from {OFFICE}." in sentences
    assert any(one.startswith("UDP 1-65535") and "deleted too" in one for one in sentences)
    assert any("1 VPN user of the account" in one for one in sentences)
    assert "a session that is up may go on" in consequences(WANTED)[0]
