"""How old the pre-shared keys are: from the tag on the address, or from the server's events."""

import asyncio
from collections.abc import Iterable
from datetime import UTC, date, datetime
from typing import Final

from tui.cloud.errors import CloudError
from tui.cloud.listings import EVENTS
from tui.cloud.models import Event, PublicIp
from tui.session.session import Session
from tui.vpn.psk_policy import TAG, KeyAge, Making, day_of_events, day_of_tag, judge_age

CREATION: Final = "VPN.REMOTE.ACCESS.CREATE"


class KeyAges:
    """The ages of one session's keys; the events of an address are asked for once."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self._made: dict[str, date | None] = {}

    def knows(self, address_id: str) -> bool:
        """Whether the events of an address were asked for."""
        return address_id in self._made

    def forget(self, address_id: str = "") -> None:
        """Ask again: for one address, or for all."""
        if address_id:
            self._made.pop(address_id, None)
        else:
            self._made.clear()

    async def learn(self, address_ids: Iterable[str]) -> None:
        """Ask for the events of these addresses, side by side; one that is refused stays
        unknown."""
        await asyncio.gather(*(self._learn(address_id) for address_id in set(address_ids)))

    async def _learn(self, address_id: str) -> None:
        try:
            events = await self.session.client.fetch(
                EVENTS,
                type=CREATION,
                resourcetype="IpAddress",
                resourceid=address_id,
                listall="true",
            )
        except CloudError:
            events = []
        self._made[address_id] = day_of_events(makings(events))

    def age(self, address: PublicIp, today: date | None = None) -> KeyAge:
        """The age of the key on `address`, as far as is known."""
        tagged = next((tag.value for tag in address.tags if tag.key == TAG), None)
        return judge_age(
            day_of_tag(tagged),
            self._made.get(address.id),
            today or datetime.now(UTC).date(),
            self.session.profile.psk_days,
        )


def makings(events: Iterable[Event]) -> tuple[Making, ...]:
    """The events that tell of a VPN that was made, as the rule takes them."""
    return tuple(
        Making(event.when, event.level, event.state) for event in events if event.type == CREATION
    )
