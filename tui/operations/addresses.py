"""Acquire and release public addresses.

The calls succeed where the job does not (recording 05), so the job decides; and the first address
of a network that nobody uses yet is the only one that becomes its source NAT address.
"""

from collections.abc import Sequence
from typing import Literal

import msgspec

from tui.cloud.client import CloudClient
from tui.cloud.errors import JobFailed, OutcomeUnknown
from tui.cloud.listings import ADDRESSES
from tui.cloud.models import PublicIp
from tui.operations.facts import Owner
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

    def __str__(self) -> str:
        return f"the VPC {self.name}" if self.is_vpc else self.name


def acquiring_call(place: Place, wanted: str = "") -> PlannedCall:
    """The call that acquires an address; `wanted` is a certain one, "" for any."""
    parameters = {"vpcid" if place.is_vpc else "networkid": place.id}
    if wanted:
        parameters["ipaddress"] = wanted
    return PlannedCall.of("associateIpAddress", **parameters)


class AcquireAddress(Operation):
    """Acquire an address for a network or VPC; the result is in `address`."""

    def __init__(self, client: CloudClient, place: Place, wanted: str = "") -> None:
        super().__init__(client)
        self.place = place
        self.wanted = wanted
        self.address: PublicIp | None = None

    @property
    def title(self) -> str:
        return f"Acquire {self.wanted or 'an address'} for {self.place}"

    def _actions(self) -> Sequence[Action]:
        return [self.acquiring()]

    def acquiring(self) -> Action:
        """The one step; `address` holds its result."""
        call = acquiring_call(self.place, self.wanted)

        async def do() -> Outcome:
            self.address = await acquire(self, call, self.place)
            return Outcome(_acquired(self.address, self.place))

        return Action(Step("address", self.title, call), do)


def _acquired(address: PublicIp, place: Place) -> str:
    if address.is_source_nat:
        return f"{address.address} is the source NAT address of {place}; it can have the VPN."
    return f"{address.address} is acquired. It is not the source NAT address: no VPN is possible."


async def acquire(operation: Operation, call: PlannedCall, place: Place) -> PublicIp:
    """Send `call` and return the address as the list shows it afterwards.

    The job's own result says `Allocating` even when it has ended, hence the list.
    """
    job = await operation.send(call)
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


class ReleaseAddress(Operation):
    """Release an address."""

    def __init__(
        self, client: CloudClient, address_id: str, public_ip: str, *, owner: Owner | None = None
    ) -> None:
        super().__init__(client)
        self.address_id = address_id
        self.public_ip = public_ip
        self.owner = owner or Owner()

    @property
    def title(self) -> str:
        return f"Release {self.public_ip}"

    def _actions(self) -> Sequence[Action]:
        call = PlannedCall.of("disassociateIpAddress", id=self.address_id)

        async def do() -> Outcome:
            return await self._release(call)

        return [Action(Step("release", self.title, call), do)]

    async def _release(self, call: PlannedCall) -> Outcome:
        try:
            await self.send(call)
        except JobFailed as problem:
            remedy = f"{self.public_ip} is still yours; nothing was changed."
            raise StepFailed(problem.text, remedy, problem) from problem
        except OutcomeUnknown as problem:
            if await self.rows(ADDRESSES, id=self.address_id, **self.owner.listing):
                raise problem
        return Outcome(f"{self.public_ip} is released.")
