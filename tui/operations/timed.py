"""A change of sources that goes back by itself, unless somebody keeps it.

The moment is fixed when the change is made and part of what is wanted. Nothing on the server knows
of it: the change goes back while csvpn runs, or when it is run again.
"""

import asyncio
import contextlib
import time
from collections.abc import Sequence
from typing import Final, Literal

import msgspec

from tui.cloud.client import CloudClient
from tui.operations.rule_moves import RuleMover, compare, failed_check
from tui.operations.sending import NotSentYet
from tui.operations.sources import SourcesWanted, looked
from tui.operations.steps import Action, Operation, Outcome, Step
from tui.vpn.findings import Finding
from tui.vpn.moves import Move
from tui.vpn.sources import SourcePlan, plan_return

_NAP: Final = 5.0
"""Seconds after which the time is looked at again: a machine that was asleep has missed some."""

Phase = Literal["applying", "waiting", "returning", "kept", "returned"]


class TimedWanted(msgspec.Struct, frozen=True, kw_only=True):
    """A change, and until when."""

    change: SourcesWanted
    until: float
    """Seconds since the epoch."""

    @property
    def until_words(self) -> str:
        """The moment on the clock of this machine: `2026-11-23 14:30`."""
        return time.strftime("%Y-%m-%d %H:%M", time.localtime(self.until))

    def way_back(self) -> SourcePlan:
        """How the rules come to be as they are now."""
        change = self.change
        return plan_return(change.worked_out().after, change.rules, allow_gap=change.allow_gap)

    def findings(self) -> tuple[Finding, ...]:
        """What stands in the way of the change or of taking it back, and what to know."""
        there = self.change.worked_out().findings
        return (*there, *(each for each in self.way_back().findings if each not in there))

    def sentences(self) -> tuple[str, ...]:
        """What the time means, in sentences."""
        return (
            f"At {self.until_words} the rules go back to how they are now, unless it is kept.",
            "That is done by csvpn, not by the server. If csvpn is closed before, the change stays "
            "until the console is started again or csvpn journal resume is run; then it goes back "
            "at once.",
        )


class TimedSources(Operation):
    """Change the sources, wait, and put everything back."""

    KIND = "timed-sources"
    WANTED = TimedWanted
    GOES_ON = True
    wanted: TimedWanted

    def __init__(self, client: CloudClient, wanted: TimedWanted) -> None:
        """Raises `ValueError` for a wish whose plan, or whose way back, cannot run."""
        super().__init__(client)
        self.wanted = wanted
        self.changes, self.back = wanted.change.worked_out(), wanted.way_back()
        if not self.changes.can_run or not self.back.can_run:
            raise ValueError("this change cannot be made; look at the findings of its plan")
        self.phase: Phase = "applying"
        self._mover = RuleMover(self, wanted.change.address_id, wanted.change.owner)
        self._answered = asyncio.Event()
        self._keep = False
        self._failed = ""
        """What of the change itself was not done: then all of it goes back at once."""

    @property
    def title(self) -> str:
        return f"{self.wanted.change.words} until {self.wanted.until_words}"

    @property
    def subject(self) -> str:
        return f"timed change of {self.wanted.change.address_id}"

    @property
    def target(self) -> tuple[str, str, str]:
        change = self.wanted.change
        return "PublicIpAddress", change.address_id, change.public_ip

    @property
    def must_finish(self) -> str:
        if self.phase in ("kept", "returned"):
            return ""
        change = self.wanted.change
        return f"A change of {change.public_ip} was to go back at {self.wanted.until_words}."

    @property
    def seconds_left(self) -> float:
        """How long until the change goes back; never negative."""
        return max(0.0, self.wanted.until - time.time())

    def keep(self) -> bool:
        """Leave the change as it is; False when it is too late for that."""
        if self.phase in ("returning", "returned"):
            return False
        self._keep = True
        self._answered.set()
        return True

    def put_back(self) -> None:
        """Put everything back now, once the change itself is made."""
        self._answered.set()

    def stop(self) -> None:
        # A change that was to be for a time must not just stay.
        self.put_back()

    def _actions(self) -> Sequence[Action]:
        change = self.wanted.change
        wait = Step("wait", f"Leave it so until {self.wanted.until_words}")
        look = Step("ports", f"See who reaches {change.public_ip} now")
        return [
            *(self._guarded(one) for one in self._mover.actions(self.changes.moves)),
            Action(wait, self._wait),
            *map(self._returning, self.back.moves, self._mover.actions(self.back.moves)),
            Action(look, self._look),
        ]

    def _guarded(self, action: Action) -> Action:
        """A step of the change, which is left out when one before it has failed."""

        async def do() -> Outcome:
            if self._failed:
                return Outcome("Not done, because a step before it was not.", skipped=True)
            if not self.seconds_left and self.ledger.entry(action.step.name, 0) is None:
                # Broken off half-way and gone on with too late: nobody is let in any more.
                self._failed = action.step.title
                return Outcome("Not done: its time has passed.", skipped=True)
            try:
                return await action.do()
            except Exception:
                self._failed = action.step.title
                raise

        # What was done before a failure has to go back, so the steps after it do make sense.
        return Action(action.step, do, essential=False)

    async def _wait(self) -> Outcome:
        if self._failed:
            return Outcome("What was changed goes back at once.", skipped=True)
        if not self._may_send:
            raise NotSentYet
        self.phase = "waiting"
        while self.seconds_left and not self._answered.is_set():
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._answered.wait(), min(self.seconds_left, _NAP))
        if self._keep:
            self.phase = "kept"
            return Outcome("Kept: the change stays for good.")
        self.phase = "returning"
        return Outcome("It goes back now.")

    def _returning(self, move: Move, action: Action) -> Action:
        async def do() -> Outcome:
            if self.phase == "kept":
                return Outcome("The change was kept.", skipped=True)
            if not self._mover.was_done(move):
                return Outcome("There is nothing to take back.", skipped=True)
            return await action.do()

        return Action(action.step, do)

    async def _look(self) -> Outcome:
        change = self.wanted.change
        rules = await self._mover.rules()
        expected = self.changes.after if self.phase == "kept" else change.rules
        found = compare(expected, rules, change.slots)
        if found:
            raise failed_check(found, "Somebody else may have changed them; look at the rules.")
        if self.phase != "kept":
            self.phase = "returned"
        return looked(rules)
