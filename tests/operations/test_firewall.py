"""Opening ports, adding and deleting rules."""

from tests.operations.scripted import Reply, done, refused, rows
from tests.operations.worlds import (
    ADDRESS,
    ANYWHERE,
    IP,
    OFFICE,
    events,
    rule,
    told,
    willing,
)
from tui.cloud.errors import Conflict
from tui.operations.facts import Owner
from tui.operations.firewall import AddRule, DeleteRule, OpenPorts, deleting_means
from tui.vpn.ports import IngressRule

IKE_OPEN = IngressRule("ike", "udp", 500, 500, (ANYWHERE,))
IKE_NARROW = IngressRule("ike-narrow", "udp", 500, 500, (OFFICE,))
SSH = IngressRule("ssh", "tcp", 22, 22, (OFFICE,))
CONFLICT = refused(
    537,
    'The range specified, 4500-4500, conflicts with rule FirewallRule {"id":81,"networkId":208,'
    '"purpose":"Firewall","state":"Active","uuid":"ae8a08e9-3253-4323-a8b4-30381471beb5"} '
    "which has 4500-4500",
    cserrorcode=4360,
)


async def test_only_what_is_missing_is_opened() -> None:
    cloud = willing()
    operation = OpenPorts(cloud.client(), ADDRESS, IP, [IKE_OPEN])
    reported = await events(operation)
    assert told(reported) == {"open 4500": "done", "open 1701": "done", "ports": "done"}
    assert cloud.parameters("createFirewallRule") == [
        {
            "ipaddressid": ADDRESS,
            "protocol": "udp",
            "startport": port,
            "endport": port,
            "cidrlist": ANYWHERE,
        }
        for port in ("4500", "1701")
    ]
    assert reported[-1].says.startswith("IKE (UDP 500) from anywhere; NAT-T")
    assert len(operation.rules) == 3


async def test_nothing_missing_sends_nothing() -> None:
    cloud = willing()
    whole = [IKE_OPEN, *(IngressRule(str(p), "udp", p, p, ()) for p in (4500, 1701))]
    reported = await events(OpenPorts(cloud.client(), ADDRESS, IP, whole))
    assert told(reported) == {"ports": "done"}
    assert cloud.changes == []


async def test_a_rule_that_somebody_else_has_just_made() -> None:
    cloud = willing()
    cloud.answers("createFirewallRule", CONFLICT)
    reported = await events(OpenPorts(cloud.client(), ADDRESS, IP, [IKE_OPEN]))
    assert told(reported)["open 4500"] == "done"
    assert "somebody else has just opened it" in reported[0].says


async def test_a_conflict_that_is_one() -> None:
    cloud = willing()
    cloud.answers("createFirewallRule", CONFLICT, done())
    cloud.answers("listFirewallRules", rows("firewallrule", rule(500), rule(1701)))
    reported = await events(OpenPorts(cloud.client(), ADDRESS, IP, [IKE_OPEN]))
    assert told(reported) == {"open 4500": "failed", "open 1701": "done", "ports": "failed"}
    assert isinstance(reported[0].error, Conflict)
    assert reported[2].says == "Still closed: NAT-T (UDP 4500) from anywhere."


async def test_a_lost_reply_is_settled_by_the_list() -> None:
    cloud = willing()
    cloud.answers("createFirewallRule", Reply({}, job=True, lost=True))
    reported = await events(OpenPorts(cloud.client(), ADDRESS, IP, [IKE_OPEN]))
    assert {event.state for event in reported} == {"done"}


async def test_lists_of_a_project_are_asked_for_with_it() -> None:
    cloud = willing()
    owner = Owner(project_id="44a9d32b")
    await events(OpenPorts(cloud.client(), ADDRESS, IP, [IKE_OPEN], owner=owner))
    (asked,) = cloud.parameters("listFirewallRules")
    assert asked == {"ipaddressid": ADDRESS, "listall": "true", "projectid": "44a9d32b"}


async def test_a_rule_still_on_its_way_is_a_warning() -> None:
    cloud = willing()
    waiting = rows("firewallrule", rule(500, state="Add"), rule(4500), rule(1701))
    cloud.answers("listFirewallRules", waiting)
    reported = await events(OpenPorts(cloud.client(), ADDRESS, IP, []))
    assert told(reported)["ports"] == "done!"


async def test_adding_rules_of_every_kind() -> None:
    cloud = willing()
    for wanted in (
        SSH,
        IngressRule("", "icmp", None, None, ()),
        IngressRule("", "UDP", None, None, ()),
    ):
        (event,) = await events(AddRule(cloud.client(), ADDRESS, IP, wanted))
        assert event.state == "done"
    assert cloud.parameters("createFirewallRule") == [
        {
            "ipaddressid": ADDRESS,
            "protocol": "tcp",
            "startport": "22",
            "endport": "22",
            "cidrlist": OFFICE,
        },
        {
            "ipaddressid": ADDRESS,
            "protocol": "icmp",
            "icmptype": "-1",
            "icmpcode": "-1",
            "cidrlist": ANYWHERE,
        },
        {"ipaddressid": ADDRESS, "protocol": "udp", "cidrlist": ANYWHERE},
    ]


async def test_deleting_and_finding_it_gone() -> None:
    cloud = willing()
    cloud.answers(
        "deleteFirewallRule",
        done(),
        refused(431, "Unable to execute API command deletefirewallrule due to invalid value."),
    )
    (event,) = await events(DeleteRule(cloud.client(), ADDRESS, IP, SSH))
    assert (event.state, event.says) == ("done", f"TCP 22 from {OFFICE} is removed.")
    (event,) = await events(DeleteRule(cloud.client(), ADDRESS, IP, SSH))
    assert event.warning
    assert "somebody else" in event.says
    still_there = IngressRule(f"rule-500-{ANYWHERE}", "udp", 500, 500, (ANYWHERE,))
    (event,) = await events(DeleteRule(cloud.client(), ADDRESS, IP, still_there))
    assert event.state == "failed"


def test_what_deleting_means() -> None:
    assert deleting_means(SSH, [SSH, IKE_OPEN]) == (f"TCP 22 from {OFFICE} is removed.",)
    assert deleting_means(IKE_OPEN, [IKE_OPEN])[1] == (
        "IKE (UDP 500) is closed for everyone: nobody can connect to the VPN any more."
    )
    assert deleting_means(IKE_OPEN, [IKE_OPEN, IKE_NARROW])[1] == (
        f"IKE (UDP 500) stays open from {OFFICE} only."
    )
