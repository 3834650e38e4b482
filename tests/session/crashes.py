"""Operations that an earlier run of the program has left unfinished, on the embedded cloud."""

from pathlib import Path
from typing import Final

import msgspec

from tests.consoles import lab_session
from tests.operations.test_bookkeeping import broken_off
from tui.cloud.listings import ADDRESSES, NETWORKS
from tui.lab.lab import Lab
from tui.operations.addresses import Place
from tui.operations.call_states import CallState
from tui.operations.enable import EnablePlan, EnableVpn
from tui.operations.facts import Owner
from tui.operations.journal import KeptOperation
from tui.operations.ledger import Record
from tui.operations.steps import Operation
from tui.operations.users import AddUsers, NewUser
from tui.safety.sealing import SealingKey
from tui.session.session import Session

KEY: Final = SealingKey.new(persistent=True)
"""A key that every run has."""

AGO: Final = 120.0
"""Seconds ago that it happened: a job that is not there now will not turn up any more."""


async def find_key() -> SealingKey:
    """What a keyring does that works."""
    return KEY


def owner_of(lab: Lab, account: str) -> Owner:
    """An account of the lab."""
    found = next(each for each in lab.world.accounts.values() if each.name == account)
    return Owner(found.name, found.domain)


async def enabling(session: Session, network: str, *users: NewUser) -> EnableVpn:
    """What enables the VPN of a network that has its address."""
    networks = await session.client.fetch(NETWORKS, listall=True)
    (found,) = [each for each in networks if each.name == network]
    addresses = await session.client.fetch(ADDRESSES, associatednetworkid=found.id, listall=True)
    address = next(each for each in addresses if each.is_source_nat)
    plan = EnablePlan(
        place=Place("network", found.id, network, found.state, Owner.of(found)),
        address_id=address.id,
        public_ip=address.address,
        users=users,
    )
    return EnableVpn(session.client, plan, looks=())


async def users_broken_off(
    lab: Lab,
    state: Path,
    *names: str,
    after: CallState = CallState.SENT,
    at: str = "",
    account: str = "acme",
    keeps: bool = True,
    **fields: object,
) -> KeptOperation:
    """Adding users to an account ends with the program at the record `after` of the user `at`.

    Without `keeps` no store keeps the key of the journal.
    """
    keys = find_key if keeps else None
    session = lab_session(lab, state=state, find_sealing_key=keys, **fields)  # type: ignore[arg-type]
    users = [NewUser.generate(name) for name in names]
    adding = AddUsers(session.client, users, owner=owner_of(lab, account))
    return await break_off(session, adding, after, f"user {at}" if at else "")


async def enabling_broken_off(
    lab: Lab,
    state: Path,
    network: str,
    *users: str,
    after: CallState,
    at: str = "vpn",
    **fields: object,
) -> KeptOperation:
    """Enabling a VPN ends with the program at the record `after` of the step `at`."""
    session = lab_session(lab, state=state, find_sealing_key=find_key, **fields)  # type: ignore[arg-type]
    operation = await enabling(session, network, *[NewUser.generate(name) for name in users])
    return await break_off(session, operation, after, at)


async def break_off(
    session: Session, operation: Operation, after: CallState, step: str
) -> KeptOperation:
    """Run an operation until the record `after` of a step ("": of any), as if killed then."""
    journal = session.books.journal
    write = journal.add

    async def add(operation_id: str, record: Record) -> None:
        await write(operation_id, msgspec.structs.replace(record, at=record.at - AGO))

    journal.add = add  # type: ignore[method-assign]
    await broken_off(session.books, operation, after, step)
    (kept, *_) = await session.books.journal.operations()
    await session.aclose()
    return kept
