"""An address of the lab with given rules, and a client that watches every state on the way."""

import asyncio
from collections.abc import Sequence

import httpx

from tests.operations.scripted import ImpatientClock
from tui.cloud.client import CloudClient
from tui.cloud.endpoint import Endpoint, Keys
from tui.cloud.listings import FIREWALL_RULES
from tui.lab.cloud import entities as e
from tui.lab.cloud.engine import Pace
from tui.lab.lab import Lab
from tui.operations.facts import ingress_rule
from tui.operations.sources import SourcesWanted
from tui.safety.secret import Secret
from tui.vpn.ports import IngressRule
from tui.vpn.slots import Slot
from tui.vpn.sources import Mode, vpn_slots

NETWORK = "acme-prod"


class SwiftClock(ImpatientClock):
    """Sleeps a thousandth of what it is asked to."""

    async def sleep(self, seconds: float) -> None:
        await super().sleep(seconds)
        await asyncio.sleep(seconds / 1000)


class Gate:
    """The source NAT address of a network of the lab, and the user who owns it."""

    def __init__(self, lab: Lab) -> None:
        lab.cloud.pace = Pace(job=0, router=0, transaction=0, network=0)
        self.lab = lab
        network = next(n.id for n in lab.world.networks.values() if n.name == NETWORK)
        self.address = next(
            a for a in lab.world.addresses.values() if a.network == network and a.source_nat
        )
        who = lab.actors["user"]
        self.client = CloudClient(
            Endpoint(url="http://lab/client/api"),
            Keys(who.api_key, Secret(who.secret_key)),
            transport=httpx.ASGITransport(app=lab.app),
            clock=SwiftClock(),
        )

    def put(self, rules: Sequence[IngressRule]) -> None:
        """Make these the rules of the address, as if they had always been there."""
        world = self.lab.world
        for old in world.rules_on(self.address.id, "Firewall"):
            world.rules.pop(old.id)
        for rule in rules:
            made = e.Rule(
                id=world.new_id(),
                number=world.number("rules"),
                purpose="Firewall",
                address=self.address.id,
                network=self.address.network,
                account=self.address.account,
                protocol=rule.protocol,
                start=rule.start,
                end=rule.end,
                cidrs=rule.sources,
                state="Active",
            )
            world.rules[made.id] = made

    async def rules(self) -> tuple[IngressRule, ...]:
        """The rules as the server lists them."""
        rows = await self.client.fetch(FIREWALL_RULES, ipaddressid=self.address.id)
        return tuple(ingress_rule(row) for row in rows)

    async def texts(self) -> set[tuple[int | None, frozenset[str]]]:
        """First port and sources of every rule."""
        return {(rule.start, frozenset(rule.sources)) for rule in await self.rules()}

    async def wish(
        self,
        *cidrs: str,
        slots: Sequence[Slot] = vpn_slots(),
        mode: Mode = "set",
        allow_gap: bool = False,
    ) -> SourcesWanted:
        """A change of the rules as they are."""
        return SourcesWanted(
            address_id=self.address.id,
            public_ip=self.address.address,
            rules=await self.rules(),
            slots=tuple(slots),
            cidrs=cidrs,
            mode=mode,
            allow_gap=allow_gap,
        )

    async def aclose(self) -> None:
        await self.client.aclose()
