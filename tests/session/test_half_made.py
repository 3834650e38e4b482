"""Which VPNs are remembered as half-made."""

import pytest

from tests.session.clouds import HeldCloud
from tests.session.operations import FIRST, Scripted
from tui.cloud.errors import CloudError, JobFailed, RouterUnreachable, Validation
from tui.operations.steps import Step, StepEvent, StepState
from tui.session.half_made import note_half_made
from tui.session.tray import Task

VPN = Step("vpn", "Enable the VPN on 203.0.113.12")
REFUSED = JobFailed(RouterUnreachable("the router is off"), job_id="job-1")


def _ended(state: StepState, error: CloudError | None = None, *, user: StepState = "done") -> Task:
    task = Task(1, Scripted())
    task.take(StepEvent(VPN, state, "the router is off", error=error))
    task.take(StepEvent(Step("user alice", "Add alice"), user))
    task.end()
    return task


@pytest.mark.parametrize(
    ("before", "task", "after"),
    [
        ({}, _ended("failed", REFUSED), {"address-1": "the router is off"}),
        ({}, _ended("failed", Validation("no")), {}),
        ({}, _ended("failed"), {}),
        ({"address-1": "x"}, _ended("failed", Validation("no")), {"address-1": "x"}),
        ({"address-1": "x"}, _ended("done"), {}),
        # The VPN is fine; that a user could not be added has nothing to do with it.
        ({"address-1": "x"}, _ended("done", user="failed"), {}),
        ({"address-2": "x"}, _ended("done"), {"address-2": "x"}),
        ({"address-1": "x"}, _ended("skipped"), {"address-1": "x"}),
    ],
)
def test_the_step_that_enables_decides(
    before: dict[str, str], task: Task, after: dict[str, str]
) -> None:
    inventory = HeldCloud().session().inventory
    inventory.half_made |= before
    note_half_made(inventory, "address-1", task)
    assert inventory.half_made == after


def test_without_an_address_or_a_vpn_nothing_is_noted() -> None:
    inventory = HeldCloud().session().inventory
    note_half_made(inventory, "", _ended("failed", REFUSED))
    other = Task(1, Scripted())
    other.take(StepEvent(FIRST, "failed", "no", error=REFUSED))
    other.end()
    note_half_made(inventory, "address-1", other)
    assert inventory.half_made == {}


def _made_anew(deleting: StepState, creating: StepState | None) -> Task:
    """A VPN that was deleted to be made again."""
    task = Task(1, Scripted())
    steps = (("gone", deleting), ("vpn", creating))
    for name, state in ((name, state) for name, state in steps if state is not None):
        error = REFUSED if state == "failed" else None
        task.take(StepEvent(Step(name, name), state, "the router is off", error=error))
    task.end()
    return task


@pytest.mark.parametrize(
    ("task", "noted"),
    [
        (_made_anew("failed", "skipped"), True),
        (_made_anew("done", "failed"), True),
        (_made_anew("done", "done"), False),
    ],
)
def test_one_that_is_made_anew_may_be_left_half_way(task: Task, noted: bool) -> None:
    inventory = HeldCloud().session().inventory
    note_half_made(inventory, "address-1", task)
    assert ("address-1" in inventory.half_made) is noted
