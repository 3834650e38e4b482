"""From wire facts to plain ones."""

from tui.cloud.models import (
    FirewallRule,
    Network,
    PortForwardingRule,
    PublicIp,
    RemoteAccessVpn,
    Router,
    Service,
    Vpc,
)
from tui.operations.facts import (
    Owner,
    address_facts,
    forwarding,
    ingress_rule,
    network_facts,
    router_facts,
    vpc_facts,
)
from tui.vpn.eligibility import judge_network, judge_vpc
from tui.vpn.ports import IKE, VPN_PORTS

SERVICES = (Service(name="Vpn"), Service(name="SourceNat"))


def test_owners() -> None:
    own = Owner()
    assert own.parameters == {}
    assert own.listing == {"listall": "true"}
    of_account = Owner.of(Network(account="acme", domain_id="d"))
    assert of_account.parameters == {"account": "acme", "domainid": "d"}
    of_project = Owner.of(Network(project_id="p"))
    assert of_project.parameters == {"projectid": "p"}
    assert of_project.listing == {"listall": "true", "projectid": "p"}
    assert Owner.of(Network()) == own


def test_rules() -> None:
    rule = ingress_rule(
        FirewallRule(
            id="r",
            protocol="udp",
            start_port=500,
            end_port=500,
            cidr_list="a/8, b/8",
            state="Active",
        )
    )
    assert rule.is_exactly(IKE)
    assert rule.cidrs == ("a/8", "b/8")
    every = ingress_rule(FirewallRule(protocol="udp"))
    assert all(every.covers(port) for port in VPN_PORTS)


def test_forwardings() -> None:
    taken = forwarding(
        PortForwardingRule(
            id="f",
            protocol="udp",
            public_port=400,
            public_end_port=600,
            virtual_machine_name="web-1",
        )
    )
    assert taken is not None
    assert taken.takes(IKE)
    assert taken.to == "web-1"
    single = forwarding(PortForwardingRule(protocol="udp", public_port=500, vm_guest_ip="10.1.1.5"))
    assert single is not None
    assert (single.end, single.to) == (500, "10.1.1.5")
    assert forwarding(PortForwardingRule(protocol="udp")) is None


def test_a_network_becomes_a_verdict() -> None:
    network = Network(
        name="acme-prod",
        type="Isolated",
        state="Implemented",
        services=SERVICES,
        conserve_mode=True,
    )
    address = PublicIp(id="a", address="203.0.113.12", is_source_nat=True, state="Allocated")
    facts = address_facts(address, [])
    routers = router_facts([Router(name="r-4-VM", state="Running")])
    assert judge_network(network_facts(network), [facts], routers).can_enable
    running = address_facts(address, [RemoteAccessVpn(public_ip_id="a", state="Running")])
    assert judge_network(network_facts(network), [running]).standing == "running"
    tier = Network(name="web", type="Isolated", services=SERVICES, vpc_id="v", vpc_name="acme-vpc")
    assert judge_network(network_facts(tier), []).reasons[0].code == "vpc-tier"
    vpc = Vpc(name="acme-vpc", state="Enabled", services=SERVICES)
    assert judge_vpc(vpc_facts(vpc), [facts]).can_enable


def test_rules_that_no_list_shows() -> None:
    address = PublicIp(id="a", is_source_nat=True, state="Allocated", has_rules=True)
    assert not address_facts(address, []).holds_unlisted_rules
    assert not address_facts(address, [], listed_rules=1).holds_unlisted_rules
    assert address_facts(address, [], listed_rules=0).holds_unlisted_rules
