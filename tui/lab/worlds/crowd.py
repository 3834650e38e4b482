"""More networks than one world needs: for `--networks N`."""

import ipaddress

from tui.lab.cloud import entities as e
from tui.lab.cloud.rows_networks import derived_id
from tui.lab.worlds.snapshot import Snapshot

_CREATED = "2026-11-23T02:57:48+0000"


def add_networks(snapshot: Snapshot, count: int) -> None:
    """Add `count` isolated networks that nobody uses yet, `net-00000` and on (recording 04).

    They belong to the actor `other-user`, or to the first ordinary account.
    """
    ordinary = [account for account in snapshot.accounts if account.level == "user"]
    actors = {person.actor: person.account for person in snapshot.people if person.actor}
    owner = actors.get("other-user") or (ordinary or snapshot.accounts)[0].id
    offering = next(
        (o for o in snapshot.offerings if o.guest_type == "Isolated" and not o.for_vpc), None
    )
    if offering is None:
        raise ValueError(f"the world {snapshot.title!r} has no offering for isolated networks")
    number = max((network.number for network in snapshot.networks), default=200) + 1
    number = max(number, snapshot.numbers.get("networks", 0))
    base = ipaddress.IPv4Address("10.64.0.0")
    for position in range(count):
        # 10.64.0.0/10 holds 16384 different /24; beyond that they repeat, as they may.
        start = base + (position % 16384) * 256
        snapshot.networks.append(
            e.Network(
                id=derived_id("crowd", str(position)),
                number=number + position,
                name=f"net-{position:05d}",
                offering=offering.id,
                account=owner,
                display_text=f"network {position}",
                cidr=f"{start}/24",
                gateway=str(start + 1),
                created=_CREATED,
            )
        )
