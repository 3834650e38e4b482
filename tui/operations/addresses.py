"""Acquire and release public addresses.

The calls succeed where the job does not (recording 05), so the job decides; and the first address
of a network that nobody uses yet is the only one that becomes its source NAT address.
"""

from collections.abc import Sequence
from typing import Literal

import msgspec

from tui.cloud.client import CloudClient
from tui.cloud.errors import JobFailed
from tui.cloud.listings import ADDRESSES
from tui.cloud.models import PublicIp
from tui.operations.facts import Owner
from tui.operations.reach import Reach
from tui.operations.steps import Action, Operation, Outcome, PlannedCall, Step, StepFailed
from tui.vpn.findings import Finding


class Place(msgspec.Struct, frozen=True):
    """The isolated network or VPC that an address or a VPN is for."""

    kind: Literal["network", "vpc"]
    id: str
    name: str
    state: str = ""
    owner: Owner = Owner()

    @property
    def is_vpc(self) -> bool:
        return self.kind == "vpc"

    @property
    def unused(self) -> bool:
        """Whether no VM has used the network yet, so that it has no router (recording 18)."""
        return self.kind == "network" and self.state == "Allocated"

    @property
    def subject(self) -> str:
        """What two consoles must not change at once: its VPN."""
        return f"{self.kind} {self.id}"

    def __str__(self) -> str:
        return f"the VPC {self.name}" if self.is_vpc else self.name


def acquiring_call(place: Place, wanted: str = "") -> PlannedCall:
    """The call that acquires an address; `wanted` is a certain one, "" for any."""
    parameters = {"vpcid" if place.is_vpc else "networkid": place.id}
    if wanted:
        parameters["ipaddress"] = wanted
    return PlannedCall.of("associateIpAddress", **parameters)


class Acquisition(msgspec.Struct, frozen=True, kw_only=True):
    """What is wanted: an address for a network or VPC."""

    place: Place
    address: str = ""
    """A certain one; "" for any."""


class AcquireAddress(Operation):
    """Acquire an address for a network or VPC; the result is in `address`."""

    KIND = "acquire-address"
    WANTED = Acquisition
    wanted: Acquisition

    def __init__(self, client: CloudClient, place: Place, wanted: str = "") -> None:
        super().__init__(client)
        self.wanted = Acquisition(place=place, address=wanted)
        self.address: PublicIp | None = None

    @classmethod
    def rebuild(cls, wanted: Acquisition, reach: Reach) -> "AcquireAddress":
        return cls(reach.client, wanted.place, wanted.address)

    @property
    def title(self) -> str:
        return f"Acquire {self.wanted.address or 'an address'} for {self.wanted.place}"

    @property
    def target(self) -> tuple[str, str, str]:
        return self.wanted.place.kind, self.wanted.place.id, self.wanted.place.name

    def _actions(self) -> Sequence[Action]:
        place = self.wanted.place
        call = acquiring_call(place, self.wanted.address)

        async def do() -> Outcome:
            self.address = await acquire(self, call, place)
            return Outcome(_acquired(self.address, place))

        return [Action(Step("address", self.title, call), do)]


def _acquired(address: PublicIp, place: Place) -> str:
    if address.is_source_nat:
        return f"{address.address} is the source NAT address of {place}; it can have the VPN."
    return f"{address.address} is acquired. It is not the source NAT address: no VPN is possible."


def _of_place(place: Place) -> dict[str, str]:
    return {"vpcid" if place.is_vpc else "associatednetworkid": place.id}


async def acquire(operation: Operation, call: PlannedCall, place: Place) -> PublicIp:
    """Send `call` and return the address as the list shows it afterwards.

    The job's own result says `Allocating` even when it has ended, hence the list. Where the reply
    is lost, a certain address can be looked for, and so can the first one of a network that nobody
    uses, which has none before; any other cannot be told from what somebody else has acquired.
    """
    wanted = dict(call.parameters).get("ipaddress", "")

    async def look() -> str | None:
        rows = await operation.rows(ADDRESSES, **place.owner.listing, **_of_place(place))
        if wanted:
            return next((row.id for row in rows if row.address == wanted), "")
        source_nat = next((row.id for row in rows if row.is_source_nat), "")
        return source_nat if place.unused else None

    job = await operation.send(call, look=look, only_one=bool(wanted) or place.unused)
    made = job.outcome("ipaddress", PublicIp)
    address_id = made.id if made is not None else job.instance_id
    rows = await operation.rows(ADDRESSES, id=address_id, **place.owner.listing)
    if not rows:
        raise StepFailed(
            "The server reports success, but lists no such address.",
            f"Look at the addresses of {place}; acquire again if there is none.",
        )
    return rows[0]


def release_findings(address: PublicIp, *, has_vpn: bool = False) -> tuple[Finding, ...]:
    """Why an address cannot be released, or what goes with it."""
    found: list[Finding] = []
    if address.is_source_nat:
        found.append(
            Finding(
                "error",
                "source-nat",
                f"{address.address} is the source NAT address of its network; it goes with the "
                "network only.",
                "ip address is used for source nat purposes and can not be disassociated.",
            )
        )
    elif address.is_system:
        found.append(
            Finding(
                "error",
                "system-address",
                f"{address.address} belongs to the system.",
                "Can't release system IP address with specified id",
            )
        )
    if has_vpn:
        found.append(
            Finding("warning", "has-vpn", f"The VPN on {address.address} goes with the address.")
        )
    if address.is_static_nat:
        owner = address.virtual_machine_name or "a machine"
        says = f"{owner} loses {address.address}, which is its own (static NAT)."
        found.append(Finding("warning", "static-nat", says))
    if address.has_rules:
        says = f"The rules on {address.address} go with the address."
        found.append(Finding("warning", "has-rules", says))
    return tuple(found)


class Release(msgspec.Struct, frozen=True, kw_only=True):
    """Which address is to go."""

    address_id: str
    public_ip: str
    owner: Owner = Owner()


class ReleaseAddress(Operation):
    """Release an address."""

    KIND = "release-address"
    WANTED = Release
    wanted: Release

    def __init__(
        self, client: CloudClient, address_id: str, public_ip: str, *, owner: Owner | None = None
    ) -> None:
        super().__init__(client)
        self.wanted = Release(address_id=address_id, public_ip=public_ip, owner=owner or Owner())

    @classmethod
    def rebuild(cls, wanted: Release, reach: Reach) -> "ReleaseAddress":
        return cls(reach.client, wanted.address_id, wanted.public_ip, owner=wanted.owner)

    @property
    def title(self) -> str:
        return f"Release {self.wanted.public_ip}"

    @property
    def target(self) -> tuple[str, str, str]:
        return "PublicIpAddress", self.wanted.address_id, self.wanted.public_ip

    def _actions(self) -> Sequence[Action]:
        call = PlannedCall.of("disassociateIpAddress", id=self.wanted.address_id)

        async def do() -> Outcome:
            return await self._release(call)

        return [Action(Step("release", self.title, call), do)]

    async def _release(self, call: PlannedCall) -> Outcome:
        where = self.wanted.public_ip
        try:
            await self.send(call, look=self._gone)
        except JobFailed as problem:
            raise StepFailed(
                problem.text, f"{where} is still yours; nothing was changed.", problem
            ) from problem
        return Outcome(f"{where} is released.")

    async def _gone(self) -> bool:
        return not await self.rows(
            ADDRESSES, id=self.wanted.address_id, **self.wanted.owner.listing
        )
