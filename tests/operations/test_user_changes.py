"""New passwords, suspending and returning: order, what fails half-way, and what the roster says."""

from pathlib import Path

import pytest

from tests.operations.scripted import Reply, ScriptedCloud, done, refused, rows
from tui.operations.facts import Owner
from tui.operations.roster import Person, Remark, Roster, RosterPlace
from tui.operations.steps import Operation, StepEvent
from tui.operations.user_changes import (
    ResetUsers,
    ReturnUsers,
    SuspendUsers,
    UserChange,
    resetting_means,
    returning_means,
    suspending_means,
)
from tui.operations.users import NewUser
from tui.safety.secret import Secret

ACME = Owner("acme", "d-1")
KEY = ("d-1", "acme")
ADDED = done(vpnuser={"id": "u", "username": "x", "state": "Active"})
DOWN = refused(530, "Failed add vpn user due to Resource unavailable", in_job=True)


@pytest.fixture
def place(tmp_path: Path) -> RosterPlace:
    return RosterPlace(str(tmp_path / "roster.sqlite"), "https://cloud.test/client/api")


@pytest.fixture
def cloud() -> ScriptedCloud:
    made = ScriptedCloud()
    made.answers("removeVpnUser", done())
    made.answers("addVpnUser", ADDED)
    made.answers("listVpnUsers", rows("vpnuser"))
    return made


def change(place: RosterPlace | None, *names: str, add: bool = True) -> UserChange:
    users = tuple(NewUser(name, Secret(f"New-{name}-2026"), generated=True) for name in names)
    return UserChange(
        users=users if add else (),
        names=() if add else names,
        owner=ACME,
        owner_key=KEY,
        roster=place,
        at=1000.0,
    )


async def ended(operation: Operation) -> dict[str, StepEvent]:
    return {event.step.name: event async for event in operation.run() if event.state != "running"}


def person(place: RosterPlace, name: str = "alice") -> Person:
    return Roster(place).people()[KEY][name]


def damage(place: RosterPlace) -> None:
    Path(place.file).write_bytes(b"damaged" * 400)


async def test_a_reset_removes_and_adds_one_after_the_other(
    cloud: ScriptedCloud, place: RosterPlace
) -> None:
    operation = ResetUsers(cloud.client(), change(place, "alice", "bob"))
    assert [step.name for step in operation.plan()] == [
        "remove alice", "user alice", "remove bob", "user bob",
    ]  # fmt: skip
    assert "New-alice" not in str(
        [step.call.cloudmonkey() for step in operation.plan() if step.call]
    )
    events = await ended(operation)
    assert cloud.changes == ["removeVpnUser", "addVpnUser"] * 2
    assert cloud.parameters("addVpnUser")[0] == {
        "username": "alice", "password": "New-alice-2026", "account": "acme", "domainid": "d-1",
    }  # fmt: skip
    assert {event.state for event in events.values()} == {"done"}
    assert "has a new password" in events["user alice"].says
    assert [user.name for user in operation.added] == ["alice", "bob"]
    assert not operation.must_finish and person(place).reset == 1000.0


async def test_a_user_that_cannot_be_added_again_is_gone_loudly(
    cloud: ScriptedCloud, place: RosterPlace
) -> None:
    cloud.answers("addVpnUser", DOWN, ADDED)
    operation = ResetUsers(cloud.client(), change(place, "alice", "bob"))
    events = await ended(operation)
    gone = events["user alice"]
    assert gone.state == "failed" and gone.says.startswith("alice is gone: it was removed")
    assert "alice cannot connect until it is added" in gone.remedy
    assert events["user bob"].state == "done", "the others go on"
    assert operation.must_finish.startswith("alice cannot connect")
    (again,) = operation.to_finish
    assert again.name == "alice" and again.password.reveal() == "New-alice-2026"
    assert "alice" not in Roster(place).people()[KEY]


async def test_a_removal_that_fails_adds_nothing(cloud: ScriptedCloud, place: RosterPlace) -> None:
    cloud.answers("removeVpnUser", refused(530, "Failed to refresh VPN user", in_job=True), done())
    operation = ResetUsers(cloud.client(), change(place, "alice", "bob"))
    events = await ended(operation)
    assert cloud.changes == ["removeVpnUser", "removeVpnUser", "addVpnUser"]
    assert events["remove alice"].state == "failed"
    assert "the name stays taken" in events["remove alice"].remedy
    assert (
        events["user alice"].state == "skipped" and "was not removed" in events["user alice"].says
    )
    assert person(place).left_behind == 1000.0 and not operation.must_finish


async def test_who_is_not_there_is_added(cloud: ScriptedCloud, place: RosterPlace) -> None:
    cloud.answers("removeVpnUser", refused(431, "Could not find VPN user=[alice]", in_job=True))
    operation = ResetUsers(cloud.client(), change(place, "alice"))
    events = await ended(operation)
    assert events["remove alice"].warning and events["user alice"].state == "done"


async def test_a_limit_that_somebody_else_has_used_up_does_not_stop_the_next(
    cloud: ScriptedCloud, place: RosterPlace
) -> None:
    limit = refused(532, "Cannot add more than [8] remote access VPN users", cserrorcode=4280)
    cloud.answers("addVpnUser", limit, ADDED)
    operation = ResetUsers(cloud.client(), change(place, "alice", "bob"))
    events = await ended(operation)
    assert events["user alice"].state == "failed" and events["user bob"].state == "done"


async def test_who_is_suspended_stays_in_the_roster(
    cloud: ScriptedCloud, place: RosterPlace
) -> None:
    Roster(place).remember(KEY, {"alice": Remark(group="sales", note="desk 4")})
    operation = SuspendUsers(cloud.client(), change(place, "alice", add=False))
    events = await ended(operation)
    assert [(name, event.state) for name, event in events.items()] == [
        ("keep", "done"), ("remove alice", "done"),
    ]  # fmt: skip
    kept = person(place)
    assert (kept.group, kept.note, kept.suspended) == ("sales", "desk 4", 1000.0)
    assert cloud.changes == ["removeVpnUser"]


async def test_nobody_is_suspended_whom_the_roster_cannot_keep(
    cloud: ScriptedCloud, place: RosterPlace
) -> None:
    damage(place)
    operation = SuspendUsers(cloud.client(), change(place, "alice", add=False))
    events = await ended(operation)
    assert events["keep"].state == "failed" and "is damaged" in events["keep"].says
    assert "Nothing was changed" in events["keep"].remedy
    assert events["remove alice"].state == "skipped" and cloud.changes == []
    nowhere = SuspendUsers(cloud.client(), change(None, "alice", add=False))
    assert (await ended(nowhere))["keep"].state == "failed" and cloud.changes == []


async def test_a_suspension_that_a_router_refuses(cloud: ScriptedCloud, place: RosterPlace) -> None:
    cloud.answers("removeVpnUser", refused(530, "Failed to refresh VPN user", in_job=True), done())
    operation = SuspendUsers(cloud.client(), change(place, "alice", "bob", add=False))
    events = await ended(operation)
    assert events["remove alice"].state == "failed" and events["remove bob"].state == "done"
    alice, bob = person(place), person(place, "bob")
    assert alice.suspended is None and alice.left_behind == 1000.0 and bob.suspended == 1000.0


async def test_a_removal_whose_reply_is_lost_is_looked_for(
    cloud: ScriptedCloud, place: RosterPlace
) -> None:
    cloud.answers("removeVpnUser", Reply({"success": True}, job=True, lost=True))
    operation = SuspendUsers(cloud.client(), change(place, "alice", add=False))
    assert (await ended(operation))["remove alice"].state == "done"
    cloud.answers("listVpnUsers", rows("vpnuser", {"id": "u", "username": "bob"}))
    there = SuspendUsers(cloud.client(), change(place, "bob", add=False))
    assert (await ended(there))["remove bob"].state == "failed"
    assert person(place, "bob").suspended is None


async def test_who_returns_has_a_new_password_and_the_old_remarks(
    cloud: ScriptedCloud, place: RosterPlace
) -> None:
    Roster(place).remember(KEY, {"alice": Remark(group="sales", suspended=5.0)})
    operation = ReturnUsers(cloud.client(), change(place, "alice"))
    events = await ended(operation)
    assert events["user alice"].state == "done" and cloud.changes == ["addVpnUser"]
    assert person(place) == Person(name="alice", group="sales", reset=1000.0)
    assert [user.generated for user in operation.added] == [True]


async def test_who_cannot_return_stays_suspended(cloud: ScriptedCloud, place: RosterPlace) -> None:
    Roster(place).remember(KEY, {"alice": Remark(suspended=5.0)})
    cloud.answers("addVpnUser", DOWN)
    events = await ended(ReturnUsers(cloud.client(), change(place, "alice")))
    assert events["user alice"].state == "failed" and person(place).suspended == 5.0


async def test_a_roster_that_breaks_afterwards_is_a_warning(
    cloud: ScriptedCloud, place: RosterPlace
) -> None:
    damage(place)
    events = await ended(ResetUsers(cloud.client(), change(place, "alice")))
    assert events["user alice"].state == "done" and events["user alice"].warning
    assert "The roster could not be written" in events["user alice"].remedy


def test_what_they_mean_is_said_before() -> None:
    words = " ".join(resetting_means(["bob"], ["bobby", "alice"]))
    assert "removed and at once added again" in words and "also cuts off bobby" in words
    assert "the user is gone until it is added" in words
    words = " ".join(suspending_means(["bob"], ["bobby"]))
    assert "also cuts off bobby" in words and "stay in the roster" in words
    assert "with a new password" in " ".join(returning_means(["bob"]))


def test_it_can_be_built_again_from_what_it_wanted(
    cloud: ScriptedCloud, place: RosterPlace
) -> None:
    for kind in (ResetUsers, SuspendUsers, ReturnUsers):
        wanted = change(place, "alice", add=kind is not SuspendUsers)
        first, again = kind(cloud.client(), wanted), kind(cloud.client(), wanted)
        assert first.plan() == again.plan() and first.title == again.title
        assert first.subject == ACME.subject and first.target[2] == "alice"
