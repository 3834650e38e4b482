"""Which networks and VPCs can have a VPN, by recordings 05, 06, 10 and 18."""

from typing import Final

import msgspec
import pytest

from tui.vpn.eligibility import (
    Address,
    NetworkFacts,
    RouterFacts,
    VpcFacts,
    judge_network,
    judge_vpc,
)

SERVICES: Final = ("Dhcp", "Dns", "Firewall", "SourceNat", "Vpn")
PROD: Final = NetworkFacts("acme-prod", "Isolated", "Implemented", SERVICES, True)
SOURCE_NAT: Final = Address("a", "203.0.113.12", True)
EXTRA: Final = Address("b", "203.0.113.20", False)
VPC: Final = VpcFacts("acme-vpc", "Enabled", ("SourceNat", "Vpn"))


def test_the_source_nat_address_is_taken() -> None:
    verdict = judge_network(PROD, [EXTRA, SOURCE_NAT], [RouterFacts("r-4-VM", "Running")])
    assert verdict.standing == "ready"
    assert verdict.address == SOURCE_NAT
    assert verdict.can_enable
    assert "source NAT address of acme-prod" in verdict.says


@pytest.mark.parametrize(
    ("changes", "code", "server"),
    [
        (
            {"services": ("SourceNat",)},
            "no-vpn-service",
            "There is no new provider for IP 203.0.113.12 of service Vpn!",
        ),
        (
            {"conserve_mode": False},
            "no-conserve-mode",
            "The IP 203.0.113.12 is already used as SourceNat rather than Vpn",
        ),
        ({"type": "Shared"}, "network-type", ""),
        ({"type": "L2"}, "network-type", ""),
        (
            {"routed": True},
            "network-routed",
            "Vpn service can not be configured on the Source NAT IP of network id=…",
        ),
        ({"vpc_name": "acme-vpc"}, "vpc-tier", ""),
    ],
)
def test_networks_that_cannot(changes: dict[str, object], code: str, server: str) -> None:
    network = msgspec.structs.replace(PROD, **changes)
    verdict = judge_network(network, [SOURCE_NAT])
    assert verdict.standing == "impossible"
    assert not verdict.can_enable
    (reason,) = verdict.reasons
    assert (reason.code, reason.server_says) == (code, server)
    assert network.name in verdict.says


def test_a_network_that_nobody_uses_yet() -> None:
    """Recording 18."""
    idle = msgspec.structs.replace(PROD, name="acme-idle", state="Allocated")
    without = judge_network(idle, [])
    assert without.standing == "acquire"
    assert without.can_enable
    assert without.reasons[0].code == "no-router-yet"
    with_address = judge_network(idle, [SOURCE_NAT])
    assert with_address.standing == "ready"
    assert with_address.reasons == without.reasons


def test_only_an_unused_network_is_helped_by_acquiring() -> None:
    verdict = judge_network(PROD, [EXTRA])
    assert verdict.standing == "impossible"
    assert verdict.reasons[0].code == "no-source-nat"


def test_a_running_vpn() -> None:
    taken = msgspec.structs.replace(SOURCE_NAT, vpn_state="Running")
    verdict = judge_network(PROD, [taken])
    assert verdict.standing == "running"
    assert not verdict.can_enable
    assert "[203.0.113.12]" in verdict.reasons[0].server_says
    unused = msgspec.structs.replace(PROD, state="Allocated")
    assert [r.code for r in judge_network(unused, [taken]).reasons] == [
        "already-running",
        "no-router-yet",
    ]


def test_a_half_made_vpn_is_finished_by_enabling() -> None:
    suspicious = msgspec.structs.replace(SOURCE_NAT, holds_unlisted_rules=True)
    verdict = judge_network(PROD, [suspicious])
    assert verdict.standing == "half-made"
    assert verdict.can_enable


def test_an_address_on_its_way() -> None:
    early = msgspec.structs.replace(SOURCE_NAT, state="Allocating")
    assert judge_network(PROD, [early]).reasons[0].code == "address-not-ready"


def test_one_stopped_router_of_two_is_enough() -> None:
    """Recording 14."""
    pair = [RouterFacts("r-17-VM", "Stopped"), RouterFacts("r-18-VM", "Running")]
    verdict = judge_network(PROD, [SOURCE_NAT], pair)
    assert not verdict.can_enable
    (reason,) = verdict.reasons
    assert "r-17-VM is stopped" in reason.says
    assert reason.server_says.endswith("router not in right state Stopped")


def test_vpcs() -> None:
    verdict = judge_vpc(VPC, [EXTRA, SOURCE_NAT])
    assert verdict.can_enable
    assert verdict.address == SOURCE_NAT
    assert judge_vpc(VPC, [EXTRA]).reasons[0].server_says == (
        "Vpn service can only be configured on the Source NAT IP of VPC id=…"
    )
    for changed in ({"services": ("SourceNat",)}, {"routed": True}):
        vpc = msgspec.structs.replace(VPC, **changed)
        assert judge_vpc(vpc, [SOURCE_NAT]).standing == "impossible"
    assert not judge_vpc(VPC, [SOURCE_NAT], [RouterFacts("r-7-VM", "Stopped")]).can_enable
