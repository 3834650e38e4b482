"""Acquiring and releasing addresses (recording 05)."""

from typing import Any

from tests.operations.scripted import Reply, done, refused, rows
from tests.operations.worlds import IDLE, PROD, VPC, events, willing
from tui.cloud.errors import Capacity, JobFailed, Limit
from tui.cloud.models import PublicIp
from tui.operations.addresses import AcquireAddress, ReleaseAddress, release_findings

NEW = "9ed191ee-d86f-47d4-8e55-14ad98e92457"


def wire(**changes: Any) -> dict[str, Any]:
    address = {"id": NEW, "ipaddress": "203.0.113.20", "issourcenat": False, "state": "Allocated"}
    return address | changes


async def test_a_second_address_is_said_to_be_of_no_use_for_a_vpn() -> None:
    cloud = willing()
    cloud.answers("associateIpAddress", done(ipaddress=wire(state="Allocating")))
    cloud.answers("listPublicIpAddresses", rows("publicipaddress", wire()))
    operation = AcquireAddress(cloud.client(), PROD)
    (event,) = await events(operation)
    assert event.says.endswith("It is not the source NAT address: no VPN is possible.")
    assert operation.address is not None
    assert operation.address.state == "Allocated"
    assert cloud.parameters("associateIpAddress") == [{"networkid": PROD.id}]


async def test_the_first_one_of_an_unused_network() -> None:
    cloud = willing()
    cloud.answers("associateIpAddress", done(ipaddress=wire()))
    cloud.answers("listPublicIpAddresses", rows("publicipaddress", wire(issourcenat=True)))
    (event,) = await events(AcquireAddress(cloud.client(), IDLE))
    assert event.says == "203.0.113.20 is the source NAT address of acme-new; it can have the VPN."


async def test_a_certain_address_for_a_vpc_that_is_taken() -> None:
    cloud = willing()
    cloud.answers("associateIpAddress", refused(533, "Insufficient address capacity"))
    operation = AcquireAddress(cloud.client(), VPC, "203.0.113.21")
    assert operation.title == "Acquire 203.0.113.21 for the VPC acme-vpc"
    (event,) = await events(operation)
    assert isinstance(event.error, Capacity)
    assert cloud.parameters("associateIpAddress") == [
        {"vpcid": VPC.id, "ipaddress": "203.0.113.21"}
    ]


async def test_the_limit_of_the_account() -> None:
    cloud = willing()
    text = "Maximum number of public IP addresses for account: acme has been exceeded."
    cloud.answers("associateIpAddress", refused(532, text, cserrorcode=4280))
    (event,) = await events(AcquireAddress(cloud.client(), PROD))
    assert isinstance(event.error, Limit)
    assert event.says == text


async def test_a_success_that_left_nothing() -> None:
    cloud = willing()
    cloud.answers("associateIpAddress", done(ipaddress=wire()))
    cloud.answers("listPublicIpAddresses", rows("publicipaddress"))
    (event,) = await events(AcquireAddress(cloud.client(), PROD))
    assert event.state == "failed"
    assert "lists no such address" in event.says


async def test_releasing_looks_at_the_job() -> None:
    cloud = willing()
    text = "ip address is used for source nat purposes and can not be disassociated."
    cloud.answers("disassociateIpAddress", done(), refused(530, text, in_job=True))
    (event,) = await events(ReleaseAddress(cloud.client(), NEW, "203.0.113.20"))
    assert (event.state, event.says) == ("done", "203.0.113.20 is released.")
    (event,) = await events(ReleaseAddress(cloud.client(), NEW, "203.0.113.20"))
    assert (event.state, event.says) == ("failed", text)
    assert event.remedy == "203.0.113.20 is still yours; nothing was changed."
    assert isinstance(event.error, JobFailed)


async def test_a_lost_reply_is_settled_by_the_list() -> None:
    cloud = willing()
    cloud.answers("disassociateIpAddress", Reply({}, job=True, lost=True))
    cloud.answers("listPublicIpAddresses", rows("publicipaddress"))
    (event,) = await events(ReleaseAddress(cloud.client(), NEW, "203.0.113.20"))
    assert event.state == "done"
    cloud.answers("listPublicIpAddresses", rows("publicipaddress", wire()))
    (event,) = await events(ReleaseAddress(cloud.client(), NEW, "203.0.113.20"))
    assert event.state == "failed"


def test_what_stands_in_the_way_of_a_release() -> None:
    def codes(address: PublicIp, *, has_vpn: bool = False) -> list[str]:
        return [f.code for f in release_findings(address, has_vpn=has_vpn)]

    assert codes(PublicIp(address="a")) == []
    assert codes(PublicIp(is_source_nat=True, has_rules=True), has_vpn=True) == [
        "source-nat",
        "has-vpn",
        "has-rules",
    ]
    assert codes(PublicIp(is_system=True)) == ["system-address"]
    assert codes(PublicIp(is_static_nat=True, virtual_machine_name="web-1")) == ["static-nat"]
