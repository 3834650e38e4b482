"""The calls of an operation that was left unfinished, one line each, for screens and commands."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Final

import msgspec

from tui.operations.call_states import CallState
from tui.operations.ledger import CallEntry
from tui.operations.steps import Step
from tui.safety.text import clean

STATE_WORDS: Final[dict[CallState | None, tuple[str, str]]] = {
    None: ("·", "not sent"),
    CallState.INTENT: ("·", "not sent"),
    CallState.SENT: ("?", "sent, and what became of it is not known"),
    CallState.ACCEPTED: ("?", "taken by the server, and how it ended is not known"),
    CallState.UNKNOWN: ("?", "sent, and what became of it is not known"),
    CallState.DONE: ("✔", "done"),
    CallState.FAILED: ("✘", "failed"),
    CallState.COMPENSATED: ("–", "taken back"),
}
"""Glyph and words for how far a call is known to have come; None: not even intended yet."""


class CallLine(msgspec.Struct, frozen=True):
    """One call of an operation, and what is known of it."""

    title: str
    """What its step does: `Add the user alice`."""
    command: str
    state: CallState | None
    says: str = ""
    """Why it failed, or how its outcome was learnt."""
    job_id: str = ""

    @property
    def glyph(self) -> str:
        """One sign for its state."""
        return STATE_WORDS[self.state][0]

    @property
    def words(self) -> str:
        """Its state, and what there is to say about it."""
        words = STATE_WORDS[self.state][1]
        return f"{words}: {self.says}" if self.says else words


def call_lines(entries: Sequence[CallEntry], plan: Sequence[Step]) -> tuple[CallLine, ...]:
    """The calls that were made or begun in their order, then those that are still to be sent.

    Without a `plan`, as for an operation that cannot be built again, steps have only their names.
    """
    titles = {step.name: step.title for step in plan}
    times = Counter(entry.step for entry in entries)
    lines = [
        CallLine(
            clean(title_of(entry.step, titles) + _which(entry, times[entry.step])),
            clean(entry.command),
            entry.state,
            "" if entry.state is CallState.INTENT else clean(entry.last.says),
            clean(entry.job_id),
        )
        for entry in entries
    ]
    begun = {entry.step for entry in entries}
    lines += [
        CallLine(step.title, step.call.command, None)
        for step in plan
        if step.call is not None and step.name not in begun
    ]
    return tuple(lines)


def title_of(name: str, titles: Mapping[str, str]) -> str:
    """The title of a step; one that was done again has a number after its name."""
    first, _, number = name.rpartition(" ")
    return titles.get(name) or (titles.get(first) if number.isdigit() else "") or name


def _which(entry: CallEntry, times: int) -> str:
    """What tells the calls of one step apart."""
    return f" ({entry.command})" if times > 1 else ""
