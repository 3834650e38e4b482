"""Operations by the book: how they end in the journal, and what a later run makes of them."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.operations.scripted import Reply, ScriptedCloud, done, refused, rows
from tests.operations.worlds import ALICE, BOB, PROD, WANTED, told, user, vpn, wants, willing
from tui.operations.addresses import AcquireAddress
from tui.operations.bookkeeping import Books, CannotRollBack
from tui.operations.call_states import CallState
from tui.operations.enable import EnableVpn
from tui.operations.exclusion import Exclusion, HeldElsewhere
from tui.operations.facts import Owner
from tui.operations.journal import Journal, KeptOperation
from tui.operations.keeping import Keeping
from tui.operations.ledger import JournalUnavailable, Record
from tui.operations.reach import Reach
from tui.operations.rollback import RollBack
from tui.operations.steps import Operation, StepEvent
from tui.operations.users import AddUsers, NewUser, RemoveUsers
from tui.safety.sealing import SealingKey

CLOUD = "https://cloud.test/client/api"
ACME = Owner("acme", "a-domain")
HALF_MADE = refused(534, "Unable to start vpn", in_job=True, cserrorcode=4380)


def books(
    folder: Path,
    cloud: ScriptedCloud,
    key: SealingKey | None = None,
    cloud_url: str = CLOUD,
) -> Books:
    """The books of one process on the files in `folder`."""

    async def keeping() -> Keeping:
        return Keeping(key)

    return Books(
        Journal(folder / "journal.sqlite3"),
        Exclusion(folder / "locks"),
        Reach(client=cloud.client()),
        cloud=cloud_url,
        profile="prod",
        who="abcd",
        keeping=keeping,
    )


async def all_of(events: AsyncIterator[StepEvent]) -> list[StepEvent]:
    return [event async for event in events if event.state != "running"]


async def broken_off(by: Books, operation: Operation, after: CallState, step: str = "") -> None:
    """Run until the first record of that state (of a step) is on disk, then end as if killed."""
    journal = by.journal
    write = journal.add

    async def add(operation_id: str, record: Record) -> None:
        await write(operation_id, record)
        if record.state is after and step in ("", record.step):
            raise asyncio.CancelledError

    journal.add = add  # type: ignore[method-assign]
    with pytest.raises(asyncio.CancelledError):
        await all_of(by.run(operation))
    journal.close()


async def test_an_operation_that_went_well_is_closed(tmp_path: Path) -> None:
    cloud = willing()
    by = books(tmp_path, cloud)
    reported = await all_of(by.run(EnableVpn(cloud.client(), WANTED)))
    assert {event.state for event in reported} == {"done"}
    (kept,) = await by.journal.operations()
    assert kept.outcome == "done" and kept.title == "Enable the VPN of acme-prod"
    assert kept.target[2] == "203.0.113.12"
    assert await by.open_operations() == ()


async def test_a_failure_that_changed_nothing_is_closed(tmp_path: Path) -> None:
    cloud = willing()
    cloud.answers("createRemoteAccessVpn", refused(431, "IP range [x] is an invalid IP range."))
    by = books(tmp_path, cloud)
    await all_of(by.run(EnableVpn(cloud.client(), WANTED)))
    (kept,) = await by.journal.operations()
    assert kept.outcome == "failed"


async def test_a_half_made_vpn_stays_open_until_another_has_made_it(tmp_path: Path) -> None:
    cloud = willing()
    cloud.answers("createRemoteAccessVpn", HALF_MADE, done(remoteaccessvpn=vpn()))
    by = books(tmp_path, cloud)
    await all_of(by.run(EnableVpn(cloud.client(), WANTED)))
    (found,) = await by.open_operations()
    assert found.says.startswith("The VPN of acme-prod is half-made: it is in no list")
    assert not found.running
    settled = await by.settle(found.kept)
    assert settled.kept.must_finish == found.kept.must_finish, "settling forgets nothing"
    await all_of(by.run(EnableVpn(cloud.client(), WANTED)))
    assert await by.open_operations() == ()
    assert {each.outcome for each in await by.journal.operations()} == {"settled", "done"}


@pytest.mark.parametrize("after", [CallState.INTENT, CallState.SENT, CallState.ACCEPTED])
async def test_resuming_in_another_process(tmp_path: Path, after: CallState) -> None:
    key = SealingKey.new(persistent=True)
    cloud = willing()
    cloud.answers("addVpnUser", done(vpnuser=user("alice")), done(vpnuser=user("bob")))
    cloud.answers("listVpnUsers", rows("vpnuser"))
    first = books(tmp_path, cloud, key)
    await broken_off(first, AddUsers(cloud.client(), (ALICE, BOB), owner=ACME), after, "user bob")
    by = books(tmp_path, cloud, key)
    (found,) = await by.open_operations()
    assert found.kept.title == "Add 2 users"
    assert "Calls so far: 1 done" in found.says
    assert ("not known yet" in found.says) is (after is not CallState.INTENT)
    operation = await by.rebuild(found.kept)
    reported = await all_of(by.run(operation, found.kept))
    assert told(reported) == {"user alice": "done", "user bob": "done"}
    assert cloud.changes == ["addVpnUser", "addVpnUser"], "each once"
    assert isinstance(operation, AddUsers)
    passwords = {each.name: each.password.reveal() for each in operation.added}
    assert passwords == {"alice": ALICE.password.reveal(), "bob": BOB.password.reveal()}
    await by.hand_over(operation)
    assert await by.open_operations() == ()


async def test_a_password_that_could_not_be_kept_is_made_anew(tmp_path: Path) -> None:
    """Without a store there is no key for a later start: the user is removed and added again."""
    cloud = willing()
    cloud.answers("removeVpnUser", done(success=True))
    cloud.answers("listVpnUsers", rows("vpnuser", user("bob")))
    first = books(tmp_path, cloud)
    await broken_off(first, AddUsers(cloud.client(), (BOB,), owner=ACME), CallState.DONE)
    by = books(tmp_path, cloud)
    (found,) = await by.open_operations()
    operation = await by.rebuild(found.kept)
    assert isinstance(operation, AddUsers) and not operation.users[0].password
    (event,) = await all_of(by.run(operation, found.kept))
    assert event.warning and "it has a new one" in event.says
    assert cloud.changes == ["addVpnUser", "removeVpnUser", "addVpnUser"]
    sent = [each["password"] for each in cloud.parameters("addVpnUser")]
    assert sent[0] == BOB.password.reveal() != sent[1]
    assert operation.added[0].password.reveal() == sent[1]
    text = first.journal.path.read_bytes()
    assert not any(password.encode() in text for password in sent)


async def test_a_user_not_sent_yet_gets_another_password(tmp_path: Path) -> None:
    cloud = willing()
    first = books(tmp_path, cloud)
    operation = AddUsers(cloud.client(), (ALICE, BOB), owner=ACME)
    await broken_off(first, operation, CallState.INTENT, "user bob")
    by = books(tmp_path, cloud)
    (found,) = await by.open_operations()
    cloud.answers("listVpnUsers", rows("vpnuser", user("bob")))
    cloud.answers("removeVpnUser", done(success=True))
    await all_of(by.run(await by.rebuild(found.kept), found.kept))
    assert cloud.changes.count("addVpnUser") == 3, "alice twice: nobody has her first password"


async def test_settling_asks_and_sends_nothing(tmp_path: Path) -> None:
    cloud = willing()
    first = books(tmp_path, cloud)
    await broken_off(first, EnableVpn(cloud.client(), wants(users=(ALICE,))), CallState.SENT)
    by = books(tmp_path, cloud)
    (found,) = await by.open_operations()
    assert "createRemoteAccessVpn was sent; what became of it is not known" in found.says
    cloud.answers("listRemoteAccessVpns", rows("remoteaccessvpn"))
    before = list(cloud.changes)
    settled = await by.settle(found.kept)
    assert cloud.changes == before
    assert "1 failed" in settled.says, "it had never arrived"
    assert settled.kept.outcome == "open"


async def test_settling_asks_about_every_call_although_passwords_were_lost(tmp_path: Path) -> None:
    """Who was added first is still to be added anew; what became of the second is asked for."""
    cloud = willing()
    cloud.answers("addVpnUser", done(vpnuser=user("alice")), done(vpnuser=user("bob")))
    cloud.answers("removeVpnUser", done(success=True))
    first = books(tmp_path, cloud)
    operation = AddUsers(cloud.client(), (NewUser.generate("alice"), BOB), owner=ACME)
    await broken_off(first, operation, CallState.ACCEPTED, "user bob")
    by = books(tmp_path, cloud)
    (found,) = await by.open_operations()
    settled = await by.settle(found.kept)
    assert settled.kept.outcome == "open" and not settled.unknown
    assert cloud.changes == ["addVpnUser", "addVpnUser"], "nothing was sent"
    rolling, undone = await by.roll_back(found.kept)
    assert not undone.unsettled
    assert {event.state for event in await all_of(by.run(rolling))} == {"done"}
    assert cloud.changes[2:] == ["removeVpnUser", "removeVpnUser"]


async def test_settling_what_was_done_but_for_the_last_word(tmp_path: Path) -> None:
    cloud = willing()
    first = books(tmp_path, cloud)
    await broken_off(first, EnableVpn(cloud.client(), WANTED), CallState.DONE)
    by = books(tmp_path, cloud)
    (found,) = await by.open_operations()
    settled = await by.settle(found.kept)
    assert settled.kept.outcome == "done", "nothing was left to send, so it is over"
    assert cloud.changes == ["createRemoteAccessVpn"]


async def test_rolling_back_takes_users_before_the_vpn(tmp_path: Path) -> None:
    cloud = willing()
    for command in ("removeVpnUser", "deleteRemoteAccessVpn", "deleteFirewallRule"):
        cloud.answers(command, done(success=True))
    cloud.answers("listFirewallRules", rows("firewallrule"))
    first = books(tmp_path, cloud, SealingKey.new(persistent=True))
    operation = EnableVpn(cloud.client(), wants(users=(ALICE,), sources=("198.51.100.0/24",)))
    await broken_off(first, operation, CallState.DONE, "user alice")
    by = books(tmp_path, cloud)
    (found,) = await by.open_operations()
    rolling, undone = await by.roll_back(found.kept)
    assert not undone.staying and not undone.unsettled
    assert [step.title for step in rolling.plan()][:2] == [
        "Take back: Add the user alice",
        "Take back: Enable the VPN on 203.0.113.12",
    ]
    cloud.sent.clear()
    reported = await all_of(by.run(rolling))
    assert {event.state for event in reported} == {"done"}
    assert cloud.changes == ["removeVpnUser", "deleteRemoteAccessVpn"] + ["deleteFirewallRule"] * 3
    assert await by.open_operations() == ()
    outcomes = {each.kind: each.outcome for each in await by.journal.operations()}
    assert outcomes == {"enable": "rolled back", "roll-back": "done"}
    with pytest.raises(CannotRollBack, match="nothing that can be taken back"):
        await by.roll_back(found.kept)


async def test_rolling_back_goes_on_after_a_kill(tmp_path: Path) -> None:
    cloud = willing()
    cloud.answers("removeVpnUser", done(success=True))
    by = books(tmp_path, cloud, SealingKey.new(persistent=True))
    adding = AddUsers(cloud.client(), (ALICE, BOB), owner=ACME)
    await all_of(by.run(adding))
    await by.hand_over(adding)
    (kept,) = await by.journal.operations()
    rolling, _ = await by.roll_back(kept)
    await broken_off(by, rolling, CallState.DONE)
    later = books(tmp_path, cloud)
    (found,) = await later.open_operations()
    assert found.kept.title == "Roll back: Add 2 users"
    again = await later.rebuild(found.kept)
    assert isinstance(again, RollBack)
    await all_of(later.run(again, found.kept))
    assert cloud.changes.count("removeVpnUser") == 2
    outcomes = {each.kind: each.outcome for each in await later.journal.operations()}
    assert outcomes == {"add-users": "rolled back", "roll-back": "done"}


async def test_what_is_gone_already_is_no_failure(tmp_path: Path) -> None:
    cloud = willing()
    gone = "Could not find VPN user=[alice]. VPN owner=[Account [{…}]]"
    cloud.answers("removeVpnUser", refused(431, gone, in_job=True))
    by = books(tmp_path, cloud)
    await all_of(by.run(AddUsers(cloud.client(), (ALICE,), owner=ACME)))
    (kept,) = await by.journal.operations()
    rolling, _ = await by.roll_back(kept)
    (event,) = await all_of(by.run(rolling))
    assert event.state == "done" and event.warning and event.says == "It was gone already."


async def test_a_removal_cannot_be_taken_back(tmp_path: Path) -> None:
    cloud = willing()
    cloud.answers("removeVpnUser", done(success=True))
    by = books(tmp_path, cloud)
    await all_of(by.run(RemoveUsers(cloud.client(), ["alice"], owner=ACME)))
    (kept,) = await by.journal.operations()
    assert [each.command for each in (await by.reversal(kept)).staying] == ["removeVpnUser"]
    with pytest.raises(CannotRollBack):
        await by.roll_back(kept)


async def test_what_is_not_known_is_not_taken_back(tmp_path: Path) -> None:
    cloud = willing()
    cloud.answers("associateIpAddress", Reply({}, job=True, lost=True))
    cloud.answers("listPublicIpAddresses", rows("publicipaddress"))
    by = books(tmp_path, cloud)
    await all_of(by.run(AcquireAddress(cloud.client(), PROD)))
    (found,) = await by.open_operations()
    with pytest.raises(CannotRollBack, match="What became of associateIpAddress is not known"):
        await by.roll_back(found.kept)
    await by.forget(found.kept)
    assert await by.open_operations() == ()


async def test_another_console_is_kept_out(tmp_path: Path) -> None:
    cloud, begun, wait = willing(), asyncio.Event(), asyncio.Event()
    first, second = books(tmp_path, cloud), books(tmp_path, cloud)

    async def slow() -> None:
        async for event in first.run(AddUsers(cloud.client(), (ALICE,), owner=ACME)):
            if event.state == "running":
                begun.set()
                await wait.wait()

    running = asyncio.create_task(slow())
    await begun.wait()
    (seen,) = await second.open_operations()
    assert seen.running and seen.says == "It is being run now, in this console or another."
    (refusal,) = await all_of(second.run(AddUsers(cloud.client(), (BOB,), owner=ACME)))
    assert refusal.state == "failed"
    assert "Another console is changing the same now (pid " in refusal.says
    with pytest.raises(HeldElsewhere):
        await second.forget(seen.kept)
    other = Owner("beta", "a-domain")
    (fine,) = await all_of(second.run(AddUsers(cloud.client(), (BOB,), owner=other)))
    assert fine.state == "done", "another account is another matter"
    wait.set()
    await running
    (fine,) = await all_of(second.run(AddUsers(cloud.client(), (BOB,), owner=ACME)))
    assert fine.state == "done"
    assert second.trouble is None


async def test_two_operations_of_one_console_wait_for_each_other(tmp_path: Path) -> None:
    cloud = willing()
    by = books(tmp_path, cloud)
    both = [AddUsers(cloud.client(), (each,), owner=ACME) for each in (ALICE, BOB)]
    reported = await asyncio.gather(*(all_of(by.run(each)) for each in both))
    assert [events[0].state for events in reported] == ["done", "done"]


async def test_without_a_journal_nothing_is_sent(tmp_path: Path) -> None:
    (tmp_path / "journal.sqlite3").write_bytes(b"no database" * 1000)
    cloud = willing()
    by = books(tmp_path, cloud)
    reported = await all_of(by.run(EnableVpn(cloud.client(), wants(users=(ALICE,)))))
    assert [event.state for event in reported] == ["failed", "skipped", "skipped", "skipped"]
    assert "so nothing is changed" in reported[0].says and reported[0].remedy
    assert cloud.sent == []
    assert isinstance(by.trouble, JournalUnavailable)
    (tmp_path / "journal.sqlite3").unlink()
    await by.check()
    assert by.trouble is None


async def test_a_disk_that_fills_up_in_the_middle(tmp_path: Path) -> None:
    """What was sent is settled later; nothing more is sent now."""
    cloud, key = willing(), SealingKey.new(persistent=True)
    by = books(tmp_path, cloud, key)
    write = by.journal.add

    async def add(operation_id: str, record: Record) -> None:
        if record.state is CallState.DONE:
            raise JournalUnavailable("The journal cannot be written (disk is full)", "Free space.")
        await write(operation_id, record)

    by.journal.add = add  # type: ignore[method-assign]
    operation = AddUsers(cloud.client(), (ALICE,), owner=ACME)
    (event,) = await all_of(by.run(operation))
    assert event.state == "failed" and "disk is full" in event.says
    later = books(tmp_path, cloud, key)
    (found,) = await later.open_operations()
    assert (await later.settle(found.kept)).kept.outcome == "done"
    assert cloud.changes == ["addVpnUser"]


async def test_operations_of_other_clouds_and_versions(tmp_path: Path) -> None:
    cloud = willing()
    first = books(tmp_path, cloud)
    await broken_off(first, AddUsers(cloud.client(), (ALICE,), owner=ACME), CallState.SENT)
    elsewhere = books(tmp_path, cloud, cloud_url="https://other.test")
    assert await elsewhere.open_operations() == ()
    (kept,) = await elsewhere.journal.operations()
    with pytest.raises(JournalUnavailable, match="belongs to another cloud"):
        await elsewhere.rebuild(kept)
    by = books(tmp_path, cloud)
    for strange, words in (
        ({"kind": "teleport"}, "of a kind that this csvpn does not know"),
        ({"wanted": b'{"users": 1}'}, "cannot be read"),
    ):
        fields = {name: getattr(kept, name) for name in kept.__struct_fields__}
        with pytest.raises(JournalUnavailable, match=words):
            await by.rebuild(KeptOperation(**{**fields, **strange}))


async def test_new_passwords_are_those_of_the_journal(tmp_path: Path) -> None:
    generated = NewUser.generate("carol")
    key = SealingKey.new(persistent=True)
    kept = Keeping(key).write(AddUsers(willing().client(), (generated,)).wanted, "op-1")
    assert generated.password.reveal().encode() not in kept
    read = Keeping(key).read(kept, AddUsers.WANTED, "op-1")
    assert read == AddUsers(willing().client(), (generated,)).wanted
    for other, about in ((Keeping(None), "op-1"), (Keeping(key), "op-2")):
        lost = other.read(kept, AddUsers.WANTED, about)
        assert isinstance(lost, AddUsers.WANTED) and not lost.users[0].password


async def test_an_operation_is_over_when_its_passwords_were_handed_over(tmp_path: Path) -> None:
    key, cloud = SealingKey.new(persistent=True), willing()
    by = books(tmp_path, cloud, key)
    generated = NewUser.generate("alice")
    operation = AddUsers(cloud.client(), (generated,), owner=ACME)
    (event,) = await all_of(by.run(operation))
    assert event.state == "done" and by.awaits_hand_over(operation)
    (found,) = await by.open_operations()
    assert "nobody was shown the generated passwords of alice" in found.says
    # Killed now, the next start shows them and sends nothing.
    later = books(tmp_path, cloud, key)
    again = await later.rebuild(found.kept)
    await all_of(later.run(again, found.kept))
    assert isinstance(again, AddUsers) and again.added[0].password == generated.password
    assert cloud.changes == ["addVpnUser"]
    await later.hand_over(again)
    assert not later.awaits_hand_over(again) and await later.open_operations() == ()
    (kept,) = await later.journal.operations()
    assert kept.outcome == "done"
    read = Keeping(key).read(kept.wanted, AddUsers.WANTED, kept.id)
    assert isinstance(read, AddUsers.WANTED) and not read.users[0].password, "no longer kept"
    await by.hand_over(operation)
    assert [each.outcome for each in await by.journal.operations()] == ["done"]


async def test_passwords_that_were_seen_at_once_or_typed_are_not_waited_for(tmp_path: Path) -> None:
    cloud = willing()
    by = books(tmp_path, cloud)
    seen = AddUsers(cloud.client(), (NewUser.generate("alice"),), owner=ACME)
    await by.hand_over(seen)
    await all_of(by.run(seen))
    await all_of(by.run(AddUsers(cloud.client(), (ALICE,), owner=ACME)))
    assert [each.outcome for each in await by.journal.operations()] == ["done", "done"]


async def test_a_failure_beside_passwords_is_a_failure_after_them(tmp_path: Path) -> None:
    cloud = willing()
    taken = refused(431, "VPN User with name bob is already added for account Account [{…}]")
    cloud.answers("addVpnUser", done(vpnuser=user("alice")), taken)
    by = books(tmp_path, cloud)
    people = (NewUser.generate("alice"), NewUser.generate("bob"))
    operation = AddUsers(cloud.client(), people, owner=ACME)
    await all_of(by.run(operation))
    assert len(await by.open_operations()) == 1
    await by.hand_over_all()
    assert [each.outcome for each in await by.journal.operations()] == ["failed"]
