"""Facts out of the recorded lists."""

from typing import Any

import msgspec
import pytest

from tests.cloud.servers import recording, recordings, replay
from tui.cloud import listings, models
from tui.cloud.exchange import Reply
from tui.cloud.listings import Listing
from tui.cloud.replies import inner_object
from tui.cloud.wire import decode_rows

LISTINGS: dict[str, Listing[Any]] = {
    listing.command: listing for listing in vars(listings).values() if isinstance(listing, Listing)
}


def _rows(exchange: dict[str, Any]) -> list[Any]:
    command = exchange["request"]["command"]
    listing = LISTINGS[command]
    inner = inner_object(Reply(200, replay(exchange).content, "", "", (), 0.0), command)
    members = msgspec.json.decode(inner, type=dict[str, msgspec.Raw])
    return decode_rows(members[listing.key], listing.type) if listing.key in members else []


def _listed(command: str) -> list[Any]:
    """Every row that the inventory lists to anyone, once; the fullest listing of it wins."""
    rows: dict[str, Any] = {}
    for exchange in recording("04"):
        if exchange["request"]["command"] == command and exchange["status"] == 200:
            rows |= {row.id: row for row in _rows(exchange)}
    return list(rows.values())


def test_every_recorded_row_arrives_with_its_id() -> None:
    seen: set[str] = set()
    for exchange in recordings():
        command = exchange["request"].get("command", "")
        if exchange["status"] != 200 or command not in LISTINGS:
            continue
        (inner,) = exchange["body"].values()
        wire = inner.get(LISTINGS[command].key, [])
        rows = _rows(exchange)
        assert len(rows) == len(wire)
        for row, original in zip(rows, wire, strict=True):
            if "id" in original:
                assert row.id == original["id"]
        if rows:
            seen.add(command)
    assert {
        "listNetworks",
        "listVPCs",
        "listPublicIpAddresses",
        "listRemoteAccessVpns",
        "listVpnUsers",
        "listFirewallRules",
        "listRouters",
        "listVirtualMachines",
        "listEvents",
        "listApis",
        "listAsyncJobs",
        "listNetworkACLs",
        "listNetworkACLLists",
        "listZones",
    } <= seen


def test_a_network() -> None:
    (network,) = [n for n in _listed("listNetworks") if n.name == "acme-prod"]
    assert isinstance(network, models.Network)
    assert network.id == "52bc3fa6-1249-4f07-8aea-4c9e7a6f049c"
    assert (network.type, network.cidr, network.state) == (
        "Isolated",
        "10.10.1.0/24",
        "Implemented",
    )
    assert network.conserve_mode is True
    assert network.provider_of("Vpn") == "VirtualRouter"
    assert network.provider_of("Unicorns") == ""
    assert (network.owner, network.domain_path) == ("acme", "ROOT/customers")
    assert network.owner_parameters == {"account": "acme", "domainid": network.domain_id}


def test_a_network_without_vpn_and_one_without_conserve_mode() -> None:
    networks = {n.name: n for n in _listed("listNetworks")}
    assert networks["acme-novpn"].provider_of("Vpn") == ""
    assert networks["acme-noconserve"].conserve_mode is False
    assert networks["acme-l2"].type == "L2"
    assert networks["office-shared"].type == "Shared"
    assert networks["acme-ha"].type == "Isolated"


def test_a_vpc_with_its_tiers() -> None:
    (vpc,) = _listed("listVPCs")
    assert isinstance(vpc, models.Vpc)
    assert (vpc.name, vpc.cidr) == ("acme-vpc", "10.20.0.0/16")
    assert vpc.provider_of("Vpn") == "VpcVirtualRouter"
    assert len(vpc.tiers) == 2
    assert all(tier.vpc_id == vpc.id for tier in vpc.tiers)


def test_the_network_of_an_address_is_the_guest_network() -> None:
    (address,) = [a for a in _listed("listPublicIpAddresses") if a.address == "203.0.113.12"]
    assert isinstance(address, models.PublicIp)
    assert address.network_id == "52bc3fa6-1249-4f07-8aea-4c9e7a6f049c"
    assert address.network_name == "acme-prod"
    assert address.is_source_nat
    assert not address.is_static_nat


def test_a_router_knows_where_ssh_listens_and_whom_it_serves() -> None:
    routers = {router.name: router for router in _listed("listRouters")}
    router = routers["r-6-VM"]
    assert isinstance(router, models.Router)
    assert router.control_ip == router.link_local_ip == "169.254.8.20"
    assert router.serves("9ad6b9dd-fbc6-4963-ad36-9da7980c88e0")
    assert not router.serves("52bc3fa6-1249-4f07-8aea-4c9e7a6f049c")
    assert (router.state, router.version, router.software_version) == (
        "Running",
        "4.10.0",
        "4.22.0.0",
    )


def test_a_project_owns_without_an_account() -> None:
    addresses = [
        row
        for exchange in recording("04")
        if exchange["request"]["command"] == "listPublicIpAddresses" and exchange["status"] == 200
        for row in _rows(exchange)
        if row.project_id
    ]
    assert addresses
    for address in addresses:
        assert address.owner == "project rocket"
        assert address.owner_parameters == {"projectid": address.project_id}
        assert address.owner_key == ("", address.project_id)
        assert address.account == ""


def test_who_an_event_about_a_vpn_user_is_about() -> None:
    names = {
        models.user_name_in(event)
        for exchange in recording("20")
        if exchange["request"]["command"] == "listEvents" and exchange["status"] == 200
        for event in _rows(exchange)
        if event.type.startswith("VPN.USER")
    }
    assert "alice" in names
    event = models.Event(description="Adding VPN user", created="2026-11-23T03:27:46+0000")
    assert models.user_name_in(event) == ""
    assert event.when is not None
    assert event.when.isoformat() == "2026-11-23T03:27:46+00:00"


@pytest.mark.parametrize("text", ["", "yesterday", "2026-11-23", "2026-11-23T03:27:46", "9" * 400])
def test_what_is_no_time_is_none(text: str) -> None:
    assert models.wire_time(text) is None


def test_networks_of_one_offering_share_their_services() -> None:
    from tui.cloud.models.networks import share_services

    first, second = (
        msgspec.json.decode(
            b'{"service":[{"name":"Vpn","provider":[{"name":"VR"}]}]}', type=models.Network
        )
        for _ in range(2)
    )
    assert first.services is not second.services
    share_services([first, second, models.Zone()])
    assert first.services is second.services
    assert first.provider_of("Vpn") == "VR"


def test_cidrs_of_a_rule() -> None:
    rule = models.FirewallRule(cidr_list="10.0.0.0/8, 192.0.2.0/24,")
    assert rule.cidrs == ("10.0.0.0/8", "192.0.2.0/24")
    assert models.CustomerGateway(cidr_list="").cidrs == ()


def test_the_limit_of_addresses() -> None:
    limits = {
        row.account: row.max
        for exchange in recordings()
        if exchange["request"].get("command") == "listResourceLimits" and exchange["status"] == 200
        for row in _rows(exchange)
        if isinstance(row, models.ResourceLimit) and row.resource_type_name == "public_ip"
    }
    assert limits["acme"] == limits["admin"] == -1, "no limit"
    assert limits["dadmin"] == 20
