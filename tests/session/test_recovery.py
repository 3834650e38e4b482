"""What was left unfinished: found, asked about, resumed, rolled back, forgotten."""

import asyncio
import shutil
import time
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import pytest

from tests.consoles import lab_session
from tests.operations.test_bookkeeping import broken_off
from tests.session.crashes import (
    break_off,
    enabling,
    enabling_broken_off,
    find_key,
    owner_of,
    users_broken_off,
)
from tui.cloud.listings import ADDRESSES, FIREWALL_RULES
from tui.lab.lab import Lab, open_lab
from tui.operations.bookkeeping import CannotRollBack
from tui.operations.call_states import CallState
from tui.operations.exclusion import Exclusion
from tui.operations.facts import Owner, ingress_rule
from tui.operations.journal import FAILED, FORGOTTEN, OPEN
from tui.operations.ledger import JournalUnavailable
from tui.operations.roster import Roster
from tui.operations.sources import SourcesWanted
from tui.operations.timed import TimedSources, TimedWanted
from tui.operations.users import AddUsers, NewUser
from tui.session.call_lines import call_lines
from tui.session.recovery import Recovery, forgetting_means
from tui.session.session import Session
from tui.session.tray import Task, TaskState
from tui.vpn.ports import IngressRule, rule_sentence
from tui.vpn.sources import vpn_slots


@pytest.fixture
async def lab(tmp_path: Path) -> AsyncIterator[Lab]:
    async with open_lab("demo", tmp_path, routers=False, speed=200) as opened:
        yield opened


@pytest.fixture
def state(tmp_path: Path) -> Path:
    return tmp_path / "state"


@pytest.fixture
async def session(lab: Lab, state: Path) -> AsyncIterator[Session]:
    """The next start of the program; its journal was written by the one before."""
    opened = lab_session(lab, state=state, find_sealing_key=find_key)
    yield opened
    await opened.aclose()


def passwords(lab: Lab) -> dict[str, str]:
    return {user.username: user.password for user in lab.world.vpn_users.values()}


async def ended(task: Task, session: Session) -> Task:
    end = asyncio.Event()
    stop = session.tray.listen(lambda told: end.set() if told.finished is not None else None)
    if task.state is TaskState.RUNNING:
        await end.wait()
    stop()
    return task


async def test_nothing_is_unfinished(session: Session) -> None:
    recovery = Recovery(session)
    told: list[int] = []
    stop = recovery.listen(lambda: told.append(recovery.waiting))
    await recovery.load()
    stop()
    await recovery.settle()
    assert (recovery.found, recovery.elsewhere, recovery.trouble, told) == ({}, {}, "", [0])


async def test_what_is_known_call_by_call(lab: Lab, state: Path, session: Session) -> None:
    await users_broken_off(lab, state, "nora", "omar", "pia", after=CallState.SENT, at="omar")
    recovery = Recovery(session)
    await recovery.load()
    (found,) = recovery.found.values()
    assert recovery.waiting == 1 and found.waits
    assert [(line.title, line.words) for line in found.calls] == [
        ("Add the user nora", "done"),
        ("Add the user omar", "sent, and what became of it is not known"),
        ("Add the user pia", "not sent"),
    ]
    heard: list[bool] = []
    recovery.listen(lambda: heard.append(any(each.asking for each in recovery.found.values())))
    await recovery.settle()
    (found,) = recovery.found.values()
    assert True in heard and not found.asking and not found.trouble
    assert found.calls[1].words == "failed: it never arrived", "SENT is written before it is sent"
    assert "omar" not in passwords(lab)


async def test_resuming_sends_what_is_left(lab: Lab, state: Path, session: Session) -> None:
    kept = await users_broken_off(lab, state, "nora", "omar", after=CallState.ACCEPTED, at="omar")
    recovery = Recovery(session)
    await recovery.load()
    operation = await recovery.rebuild(kept)
    task = await ended(recovery.run(operation, kept), session)
    assert task.state is TaskState.DONE and isinstance(operation, AddUsers)
    made = {user.name: user.password.reveal() for user in operation.added}
    assert made.keys() == {"nora", "omar"} and made.items() <= passwords(lab).items()
    await recovery.load()
    assert recovery.waiting == 0, "this console shows the passwords"
    await session.books.hand_over(operation)
    await recovery.load()
    (found,) = recovery.found.values()
    assert found.is_over and recovery.waiting == 0, "it is told until it was seen"
    recovery.tidy()
    assert recovery.found == {}


async def test_passwords_that_nobody_has_seen_keep_it_open(
    lab: Lab, state: Path, session: Session
) -> None:
    kept = await users_broken_off(lab, state, "nora", after=CallState.DONE, at="nora")
    recovery = Recovery(session)
    await recovery.load()
    await recovery.settle()
    (found,) = recovery.found.values()
    assert found.kept.outcome == OPEN
    assert "nobody was shown the generated passwords of nora" in found.kept.must_finish
    operation = await recovery.rebuild(kept)
    await ended(recovery.run(operation, found.kept), session)
    assert isinstance(operation, AddUsers)
    assert operation.added[0].password.reveal() == passwords(lab)["nora"]
    await session.books.hand_over(operation)
    assert [each.outcome for each in await session.books.journal.operations()] == ["done"]


async def test_what_was_done_but_for_the_last_word_closes_itself(
    lab: Lab, state: Path, session: Session
) -> None:
    await enabling_broken_off(lab, state, "acme-prod", after=CallState.DONE)
    recovery = Recovery(session)
    await recovery.load()
    assert recovery.waiting == 1
    await recovery.settle()
    (found,) = recovery.found.values()
    assert found.kept.outcome == "done" and recovery.waiting == 0


async def test_rolling_back_says_what_it_sends(lab: Lab, state: Path, session: Session) -> None:
    kept = await enabling_broken_off(
        lab, state, "acme-prod", "nora", after=CallState.DONE, at="user nora"
    )
    back = await Recovery(session).taking_back(kept)
    assert [call.split()[1:3] for call in back.calls] == [
        ["remove", "vpnuser"],
        ["delete", "remoteaccessvpn"],
    ]
    assert back.staying == ()
    before = len(lab.world.vpns)
    await ended(Recovery(session).run(back.operation, None), session)
    assert "nora" not in passwords(lab) and len(lab.world.vpns) == before - 1
    with pytest.raises(CannotRollBack, match="changed nothing that can be taken back"):
        await Recovery(session).taking_back(kept)


async def test_a_user_who_was_made_anew_is_taken_back_once(
    lab: Lab, state: Path, session: Session
) -> None:
    kept = await users_broken_off(lab, state, "nora", after=CallState.DONE, keeps=False)
    recovery = Recovery(session)
    await recovery.load()
    await ended(recovery.run(await recovery.rebuild(kept), kept), session)
    known = await recovery.look(kept)
    assert [line.title for line in call_lines(known.entries, ())] == [
        f"user nora ({command})" for command in ("addVpnUser", "removeVpnUser", "addVpnUser")
    ]
    back = await recovery.taking_back(kept)
    assert len(back.calls) == 1 and back.staying == ()
    task = await ended(recovery.run(back.operation, None), session)
    assert task.state is TaskState.DONE and "nora" not in passwords(lab)
    (now,) = await session.books.journal.operation(kept.id)
    assert now.outcome == "rolled back"


async def test_an_operation_that_is_half_taken_back_is_not_resumed(
    lab: Lab, state: Path, session: Session
) -> None:

    kept = await users_broken_off(lab, state, "nora", "omar", after=CallState.DONE, at="omar")
    earlier = lab_session(lab, state=state, find_sealing_key=find_key)
    back = await Recovery(earlier).taking_back(kept)
    await broken_off(earlier.books, back.operation, CallState.DONE)
    await earlier.aclose()
    recovery = Recovery(session)
    await recovery.load()
    original = recovery.found[kept.id]
    (rolling,) = [each for key, each in recovery.found.items() if key != kept.id]
    assert original.known.rolled_back_by == rolling.kept.id
    refused = await ended(recovery.run(await recovery.rebuild(kept), kept), session)
    assert refused.failure is not None and "is half taken back" in refused.failure.says
    task = recovery.run(await recovery.rebuild(rolling.kept), rolling.kept)
    assert (await ended(task, session)).state is TaskState.DONE
    await recovery.load()
    assert recovery.waiting == 0 and not {"nora", "omar"} & passwords(lab).keys()


async def test_a_half_made_vpn_comes_from_the_journal(
    lab: Lab, state: Path, session: Session
) -> None:
    lab.cloud.simulator.configure("RemoteAccessVpnCfgCommand", "result:fail", 1)
    before = len(lab.world.vpns)
    kept = await enabling_broken_off(lab, state, "acme-prod", after=CallState.FAILED)
    recovery = Recovery(session)
    await recovery.load()
    (address_id,) = session.inventory.half_made
    await recovery.settle()
    (found,) = recovery.found.values()
    assert found.kept.must_finish.startswith("The VPN of acme-prod is half-made")
    back = await recovery.taking_back(found.kept)
    assert back.calls == (f"cmk delete remoteaccessvpn publicipid={address_id}",)
    await ended(recovery.run(back.operation, None), session)
    await recovery.load()
    assert session.inventory.half_made == {} and recovery.waiting == 0
    assert len(lab.world.vpns) == before
    assert (await session.books.journal.operation(kept.id))[0].outcome == "rolled back"


async def test_resuming_finishes_a_half_made_vpn(lab: Lab, state: Path, session: Session) -> None:
    lab.cloud.simulator.configure("RemoteAccessVpnCfgCommand", "result:fail", 1)
    kept = await enabling_broken_off(lab, state, "acme-prod", after=CallState.FAILED)
    recovery = Recovery(session)
    await recovery.load()
    task = await ended(recovery.run(await recovery.rebuild(kept), kept), session)
    assert task.state is TaskState.DONE and session.inventory.half_made == {}


async def test_forgetting_leaves_everything(lab: Lab, state: Path, session: Session) -> None:
    kept = await users_broken_off(lab, state, "nora", "omar", after=CallState.ACCEPTED, at="omar")
    recovery = Recovery(session)
    await recovery.load()
    sentences = forgetting_means(recovery.found[kept.id].known)
    assert any("One call that was made stays made" in each for each in sentences)
    assert any("What became of addVpnUser is not known" in each for each in sentences)
    await recovery.forget(kept)
    assert recovery.found[kept.id].kept.outcome == FORGOTTEN and recovery.waiting == 0
    assert "nora" in passwords(lab)


async def test_what_another_console_runs_is_left_alone(
    lab: Lab, state: Path, session: Session
) -> None:
    kept = await users_broken_off(lab, state, "nora", after=CallState.SENT)
    recovery = Recovery(session)
    async with Exclusion(state / "locks").hold(kept.cloud, kept.subject):
        await recovery.load()
        (found,) = recovery.found.values()
        assert found.known.running and found.known.holder.startswith("pid ")
        assert recovery.waiting == 0
        await recovery.settle()
        with pytest.raises(JournalUnavailable, match="being run now"):
            await recovery.forget(kept)
    await recovery.load()
    assert recovery.waiting == 1


async def test_an_operation_that_another_console_has_ended(
    lab: Lab, state: Path, session: Session
) -> None:
    kept = await users_broken_off(lab, state, "nora", after=CallState.SENT)
    recovery = Recovery(session)
    operation = await recovery.rebuild(kept)
    other = lab_session(lab, state=state)
    await other.books.forget(kept)
    await other.aclose()
    task = await ended(recovery.run(operation, kept), session)
    assert task.failure is not None and "is over: forgotten" in task.failure.says
    assert "nora" not in passwords(lab)


async def test_other_profiles_and_clouds_are_only_counted(
    lab: Lab, state: Path, session: Session
) -> None:
    """Whose users are meant depends on who asks, so nobody else goes on with it."""
    kept = await users_broken_off(lab, state, "nora", actor="user", name="other")
    await users_broken_off(lab, state, "omar", url="http://elsewhere/client/api", name="far")
    recovery = Recovery(session)
    await recovery.load()
    assert recovery.found == {} and recovery.elsewhere == {"other": 1, "far": 1}
    with pytest.raises(JournalUnavailable, match="begun with another profile"):
        await recovery.rebuild(kept)


async def test_what_failed_is_tried_again_with_the_same_password(
    lab: Lab, session: Session
) -> None:
    lab.cloud.simulator.configure("VpnUsersCfgCommand", "result:fail", 1)
    users = [NewUser.generate(name) for name in ("nora", "omar")]
    adding = AddUsers(session.client, users, owner=owner_of(lab, "acme"))
    recovery = Recovery(session)
    task = await ended(recovery.run(adding, None), session)
    assert task.state is TaskState.FAILED and "omar" in passwords(lab)
    await session.books.hand_over(adding)
    kept = await recovery.kept_of(task)
    assert kept is not None and kept.outcome == FAILED
    omar = passwords(lab)["omar"]
    again = recovery.again(adding)
    assert (await ended(recovery.run(again, kept), session)).state is TaskState.DONE
    assert passwords(lab)["omar"] == omar, "what was done is not done again"
    assert passwords(lab)["nora"] == users[0].password.reveal()


async def test_history_has_what_earlier_consoles_ended(
    lab: Lab, state: Path, session: Session
) -> None:
    earlier = lab_session(lab, state=state)
    async for _ in earlier.books.run(await enabling(earlier, "acme-prod")):
        pass
    await earlier.aclose()
    recovery = Recovery(session)
    (past,) = await recovery.history()
    assert past.kept.title == "Enable the VPN of acme-prod" and past.kept.outcome == "done"
    adding = AddUsers(session.client, [NewUser.generate("nora")], owner=owner_of(lab, "acme"))
    await ended(recovery.run(adding, None), session)
    assert len(await recovery.history()) == 1, "its own jobs are not history"


@pytest.fixture
def broken_journal(state: Path) -> Path:
    state.mkdir(parents=True)
    file = state / "journal.sqlite3"
    file.write_bytes(b"no database" * 1000)
    return file


async def test_a_journal_that_cannot_be_read(
    broken_journal: Path, session: Session, state: Path
) -> None:
    recovery = Recovery(session)
    await recovery.load()
    assert "cannot be read" in recovery.trouble and "Move the file away" in recovery.trouble
    shutil.rmtree(state)
    await recovery.load()
    assert recovery.trouble == ""


async def test_the_roster_learns_of_what_is_resumed(
    lab: Lab, state: Path, session: Session
) -> None:
    kept = await users_broken_off(lab, state, "nora", "omar", after=CallState.ACCEPTED, at="omar")
    recovery = Recovery(session)
    await recovery.load()
    operation = await recovery.rebuild(kept)
    await ended(recovery.run(operation, kept), session)
    await session.roster.aclose()
    owner = owner_of(lab, "acme").key
    assert owner is not None
    people = Roster(session.roster.place).people()[owner]
    assert {"nora", "omar"} <= people.keys()


async def changed_for_a_time(lab: Lab, state: Path, seconds: float) -> tuple[str, set[str]]:
    """Sources of an address are narrowed for so long, and the program is killed meanwhile;
    returns the address and who got in before."""
    before = lab_session(lab, state=state)
    (address,) = [
        each
        for each in await before.client.fetch(ADDRESSES, listall=True)
        if each.network_name == "acme-office" and each.is_source_nat
    ]
    rules = await rules_of(before, address.id)
    change = SourcesWanted(
        address_id=address.id,
        public_ip=address.address,
        rules=rules,
        slots=vpn_slots(),
        cidrs=("198.51.100.0/24",),
        owner=Owner.of(address),
    )
    operation = TimedSources(before.client, TimedWanted(change=change, until=time.time() + seconds))
    last = operation.plan()[2].name
    await break_off(before, operation, CallState.DONE, last)
    return address.id, who_gets_in(rules)


async def rules_of(session: Session, address_id: str) -> tuple[IngressRule, ...]:
    rows = await session.client.fetch(FIREWALL_RULES, ipaddressid=address_id, listall=True)
    return tuple(ingress_rule(row) for row in rows)


def who_gets_in(rules: Sequence[IngressRule]) -> set[str]:
    return {rule_sentence(rule) for rule in rules}


async def test_a_change_for_a_time_goes_back_without_being_asked(
    lab: Lab, state: Path, session: Session
) -> None:
    address_id, before = await changed_for_a_time(lab, state, seconds=3)
    assert who_gets_in(await rules_of(session, address_id)) != before
    recovery = Recovery(session)
    await recovery.load()
    (task,) = await recovery.go_on()
    (found,) = recovery.found.values()
    assert found.here and recovery.waiting == 0, "nobody has to do anything about it"
    await ended(task, session)
    assert task.state is TaskState.DONE
    assert who_gets_in(await rules_of(session, address_id)) == before
    assert await recovery.go_on() == ()


async def test_nothing_goes_on_by_itself_where_nothing_may_be_changed(
    lab: Lab, state: Path
) -> None:
    await changed_for_a_time(lab, state, seconds=3)
    await users_broken_off(lab, state, "nora", after=CallState.SENT, at="nora")
    reading = lab_session(lab, state=state, read_only=True)
    recovery = Recovery(reading)
    await recovery.load()
    assert await recovery.go_on() == () and recovery.waiting == 2
    await reading.aclose()
