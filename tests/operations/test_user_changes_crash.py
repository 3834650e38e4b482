"""Changes of users that are killed after any record: the next run brings them to the same end."""

import asyncio
from collections.abc import Sequence
from pathlib import Path

import httpx
import pytest

from tests.operations.scripted import ImpatientClock
from tests.operations.test_sending import Disk
from tests.screens.stage import quick_lab, users_of
from tui.cloud.client import CloudClient
from tui.cloud.endpoint import Endpoint, Keys
from tui.operations.facts import Owner
from tui.operations.ledger import Record
from tui.operations.reach import Reach
from tui.operations.registry import BY_KIND
from tui.operations.roster import Remark, Roster, RosterPlace
from tui.operations.steps import Operation
from tui.operations.user_changes import ResetUsers, ReturnUsers, SuspendUsers, UserChange
from tui.operations.users import AddUsers, NewUser, RemoveUsers
from tui.safety.secret import Secret

NAMES = ("walter", "nadia")


class HastyClock(ImpatientClock):
    """Waits for next to nothing, so that the lab has its turn."""

    async def sleep(self, seconds: float) -> None:
        await super().sleep(seconds)
        await asyncio.sleep(0.001)


class Killed(BaseException):
    """The program has ended here."""


class MortalDisk(Disk):
    """Ends the program once so many records are written."""

    def __init__(self, dies_after: int) -> None:
        super().__init__()
        self.on_record = self._count
        self.dies_after = dies_after

    def _count(self, record: Record) -> None:
        if len(self.records) == self.dies_after:
            raise Killed


async def run(operation: Operation, disk: Disk) -> list[str]:
    """What became of the steps; raises `Killed`."""
    return [
        f"{event.step.name} {event.state}"
        async for event in operation.run(disk.ledger())
        if event.state != "running"
    ]


async def prepared(client: CloudClient, owner: Owner, present: Sequence[str]) -> None:
    """Only those of `present` are there, with their first passwords."""
    old = [NewUser(name, Secret(f"Old-{name}-2026")) for name in present]
    for operation in (
        RemoveUsers(client, NAMES, owner=owner),
        AddUsers(client, old, owner=owner),
    ):
        async for _ in operation.run():
            pass


@pytest.mark.parametrize("kind", [ResetUsers, SuspendUsers, ReturnUsers])
async def test_it_ends_the_same_wherever_it_was_killed(
    tmp_path: Path, kind: type[ResetUsers | SuspendUsers | ReturnUsers]
) -> None:
    async with quick_lab(tmp_path, "contract") as lab:
        actor = lab.actors["root"]
        client = CloudClient(
            Endpoint(url="http://lab/client/api"),
            Keys(actor.api_key, Secret(actor.secret_key)),
            transport=httpx.ASGITransport(app=lab.app),
            clock=HastyClock(),
        )
        (acme,) = (each for each in lab.world.accounts.values() if each.name == "acme")
        owner = Owner("acme", acme.domain)
        key = (owner.domain_id, owner.account)
        new = tuple(NewUser(name, Secret(f"New-{name}-2026"), generated=True) for name in NAMES)
        suspending = kind is SuspendUsers
        dies_after, finished = 1, False
        while not finished:
            place = RosterPlace(str(tmp_path / f"{dies_after}.sqlite"), "https://cloud.test")
            Roster(place).remember(key, dict.fromkeys(NAMES, Remark(group="sales", suspended=1.0)))
            await prepared(client, owner, () if kind is ReturnUsers else NAMES)
            wanted = UserChange(
                users=() if suspending else new,
                names=NAMES if suspending else (),
                owner=owner,
                owner_key=key,
                roster=place,
                at=1000.0,
            )
            disk = MortalDisk(dies_after)
            try:
                await run(kind(client, wanted), disk)
                finished = True
            except Killed:
                later = Disk()
                later.records = disk.records
                again = BY_KIND[kind.KIND].rebuild(wanted, Reach(client=client))
                assert all(" done" in each for each in await run(again, later)), dies_after
            users = users_of(lab, "acme")
            there = {name: users[name] for name in NAMES if name in users}
            assert there == ({} if suspending else {u.name: u.password.reveal() for u in new})
            people = Roster(place).people()[key]
            assert {person.group for person in people.values()} == {"sales"}
            if suspending:
                assert {person.suspended for person in people.values()} == {1000.0}
            else:
                assert {person.reset for person in people.values()} == {1000.0}
            dies_after += 1
        assert dies_after > 6, "it was killed at every record"
        await client.aclose()
