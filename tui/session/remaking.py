"""Everything that is known before a VPN is made anew, and the plan that follows from it.

The dialogs and the commands `rotate` and `change-range` ask the same questions here.
"""

from datetime import date

import msgspec

from tui.operations.remake_plan import RemakePlan
from tui.session.enabling import learn, neighbours_of, rules_of
from tui.session.reaching import refs_of
from tui.session.session import Session
from tui.session.verifying import connected_people
from tui.session.views import NetworkRow, range_of
from tui.vpn.findings import Finding, errors
from tui.vpn.overlaps import check_range
from tui.vpn.psk_policy import TAG
from tui.vpn.ranges import ClientRange


class Remaking(msgspec.Struct, frozen=True, kw_only=True):
    """A VPN that can be made anew, or why not."""

    row: NetworkRow
    range_before: ClientRange | None = None
    connected: tuple[str, ...] | None = None
    reason: str = ""
    """Why it cannot be made anew; "" when it can."""


class RangeWish(msgspec.Struct, frozen=True, kw_only=True):
    """Another range that somebody typed, and what there is to say about it."""

    range: ClientRange | None
    findings: tuple[Finding, ...] = ()

    @property
    def usable(self) -> bool:
        """Whether nothing stands in the way of it."""
        return self.range is not None and not errors(self.findings)


async def look_before(session: Session, key: str) -> Remaking | None:
    """Ask for all that is needed about the network or VPC `key`; None if it is gone."""
    row = await learn(session, key)
    if row is None:
        return None
    if row.vpn is None or row.address is None:
        return Remaking(row=row, reason=f"{row.name} has no VPN that runs, so nothing to change.")
    whole = range_of(row.vpn)
    if whole is None:
        says = f"The server answers the range “{row.vpn.ip_range}”, which cannot be read."
        return Remaking(row=row, reason=says)
    return Remaking(row=row, range_before=whole, connected=await connected_people(session, row))


def judge_range(session: Session, found: Remaking, text: str) -> RangeWish:
    """What there is to say about another range for the VPN."""
    neighbours = neighbours_of(session.inventory, found.row)
    checked = check_range(text.strip(), neighbours, users=found.row.users)
    findings = checked.findings
    if checked.range is not None and checked.range == found.range_before:
        same = Finding("error", "range-same", f"The VPN has {checked.range} already.")
        findings = (same, *findings)
    return RangeWish(range=checked.range, findings=findings)


def plan_of(
    session: Session,
    found: Remaking,
    today: date,
    *,
    new_range: ClientRange | None = None,
    restart_ipsec: bool = False,
    restart_xl2tpd: bool = False,
) -> RemakePlan:
    """The plan for making the VPN of `found` anew; raises `ValueError` where there is none."""
    row = found.row
    wanted = new_range or found.range_before
    if row.vpn is None or row.address is None or wanted is None:
        raise ValueError(found.reason or f"{row.name} has no VPN")
    key = row.vpn.preshared_key
    tags = {tag.key: tag.value for tag in row.address.tags}
    return RemakePlan(
        place=row.place,
        address_id=row.address.id,
        public_ip=row.address.address,
        client_range=wanted,
        range_before=found.range_before,
        key_before=key.sha256() if key is not None else "",
        rules=rules_of(session.inventory, row) if row.kind == "network" else (),
        made_on=today.isoformat(),
        tag_before=tags.get(TAG),
        users=row.users,
        connected=found.connected,
        routers=refs_of(session, row.routers),
        restart_ipsec=restart_ipsec,
        restart_xl2tpd=restart_xl2tpd,
    )
