"""Going on with what the journal has: resume, roll back, forget; each said before it is done.

Shared by the dialog of unfinished operations and the one of jobs. All of it runs in a worker of the
screen that asks.
"""

import time
from typing import Any

from textual.screen import Screen

from screens.confirm import ConfirmDialog
from screens.handover import HandoverDialog
from screens.resumed import ResumedDialog
from tui.operations.call_states import CallState
from tui.operations.handing_over import AddsUsers, lost_passwords
from tui.operations.journal import OPEN, KeptOperation
from tui.operations.ledger import JournalUnavailable
from tui.operations.steps import Operation
from tui.operations.unfinished import OpenOperation
from tui.session.call_lines import call_lines
from tui.session.recovery import CannotRollBack, Recovery, forgetting_means
from tui.session.tray import Task

Asking = Screen[Any]


def when(seconds: float) -> str:
    """A moment of the last days, by the clock of this machine: `25 Nov 14:05`."""
    return time.strftime("%d %b %H:%M", time.localtime(seconds))


def reason_against(recovery: Recovery, known: OpenOperation, *, here: bool = False) -> str | None:
    """Why nothing can be done about an operation now; None when something can."""
    if here:
        return "This console runs it now; J shows its steps."
    if known.running:
        return f"It is being run now ({known.holder})."
    return recovery.against_changes


async def resume(
    screen: Asking, recovery: Recovery, known: OpenOperation, again: Operation | None = None
) -> None:
    """Ask, then run what is left of an operation and show it; `again` is one of this console."""
    try:
        operation = again or await recovery.rebuild(known.kept)
    except JournalUnavailable as problem:
        _tell(screen, "It cannot be resumed", problem)
        return
    sentences = _resuming_means(known, operation)
    other = recovery.other_credentials(known.kept)
    if other:
        sentences.append(
            f"It was begun with other credentials (…{other}) than the profile has now: what is not "
            "named in the calls is that of the new ones."
        )
    if sentences:
        done = {entry.step for entry in known.entries if entry.state is CallState.DONE}
        calls = [
            step.call.cloudmonkey()
            for step in operation.plan()
            if step.call is not None and step.name not in done
        ]
        go = "Resume" if known.kept.outcome == OPEN else "Try again"
        dialog = ConfirmDialog(f"{go}: {known.kept.title}", sentences, go, calls=calls)
        if not await screen.app.push_screen_wait(dialog):
            return
    recovery.run(operation, known.kept)
    _show(screen, operation)


def _resuming_means(known: OpenOperation, operation: Operation) -> list[str]:
    """What resuming does, in sentences; none where nothing is left to be sent."""
    lines = call_lines(known.entries, operation.plan())
    waiting = [line for line in lines if line.state not in (CallState.DONE, CallState.COMPENSATED)]
    lost = [
        name
        for name in lost_passwords(operation)
        if any(e.step == f"user {name}" and e.state is CallState.DONE for e in known.entries)
    ]
    sentences = []
    if waiting:
        sentences.append("What is done is not done again; only what is left is sent.")
    if known.unknown:
        sentences.append(
            "Where it is not known what became of a call, its job is asked for and the lists are "
            "looked at before it is sent again."
        )
    if lost:
        sentences.append(
            f"The passwords of {', '.join(lost)} could not be kept: they are removed and added "
            "again, with new ones."
        )
    return sentences


def dialog_of(operation: Operation) -> HandoverDialog | ResumedDialog:
    """What shows how an operation goes; passwords are handed over as after adding users."""
    if isinstance(operation, AddsUsers):
        return HandoverDialog(operation)
    return ResumedDialog(operation)


def _show(screen: Asking, operation: Operation) -> None:
    dialog = dialog_of(operation)
    if screen.is_current:
        screen.app.switch_screen(dialog)
    else:
        screen.app.push_screen(dialog)


async def roll_back(screen: Asking, recovery: Recovery, kept: KeptOperation) -> Task | None:
    """Say which calls take an operation back and what stays; send them when the answer is yes."""
    try:
        back = await recovery.taking_back(kept)
    except (CannotRollBack, JournalUnavailable) as problem:
        _tell(screen, "It cannot be rolled back", problem)
        return None
    dialog = ConfirmDialog(
        back.operation.title,
        ["These calls take back what was made, the last first.", *back.staying],
        "Roll back",
        calls=back.calls,
        typed=recovery.production,
    )
    if not await screen.app.push_screen_wait(dialog):
        return None
    return recovery.run(back.operation, None)


async def forget(screen: Asking, recovery: Recovery, known: OpenOperation) -> None:
    """Say what stays as it is; forget it when the answer is yes."""
    dialog = ConfirmDialog(f"Forget: {known.kept.title}", forgetting_means(known), "Forget")
    if not await screen.app.push_screen_wait(dialog):
        return
    try:
        await recovery.forget(known.kept)
    except JournalUnavailable as problem:
        _tell(screen, "It cannot be forgotten", problem)


def _tell(screen: Asking, title: str, problem: CannotRollBack | JournalUnavailable) -> None:
    remedy = problem.remedy if isinstance(problem, JournalUnavailable) else ""
    says = f"{problem}. {remedy}" if remedy else str(problem)
    screen.notify(says, title=title, severity="warning", timeout=15)
