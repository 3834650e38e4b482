"""How far a call that changes something is known to have come, and what may be done next.

Pure: the journal keeps the records, this says what they mean. Each state is written to disk before
what it announces is done, so that after any end of the program, a `kill -9` too, the records are at
most one step behind the world, and never ahead of it.

A command that creates something makes it before its job (`BaseAsyncCreateCmd`), so a job that the
server does not know proves nothing right after sending: it is asked for a minute, then the lists
decide.
"""

from enum import StrEnum
from typing import Final


class CallState(StrEnum):
    """How far a call has come."""

    INTENT = "intent"
    """It is going to be sent under a job id of ours; nothing has left this machine."""
    SENT = "sent"
    """It may have arrived."""
    ACCEPTED = "accepted"
    """The server has a job for it."""
    UNKNOWN = "unknown"
    """It was sent and its reply lost, and nobody could be asked or the answer decided nothing."""
    DONE = "done"
    """Its effect is there."""
    FAILED = "failed"
    """It has no effect: refused, failed, or it never arrived."""
    COMPENSATED = "compensated"
    """Its effect was there and was taken back."""


NEXT: Final[dict[CallState | None, frozenset[CallState]]] = {
    None: frozenset({CallState.INTENT}),
    CallState.INTENT: frozenset({CallState.SENT, CallState.FAILED}),
    CallState.SENT: frozenset(
        {CallState.ACCEPTED, CallState.DONE, CallState.FAILED, CallState.UNKNOWN}
    ),
    CallState.ACCEPTED: frozenset({CallState.DONE, CallState.FAILED, CallState.UNKNOWN}),
    CallState.UNKNOWN: frozenset({CallState.ACCEPTED, CallState.DONE, CallState.FAILED}),
    CallState.DONE: frozenset({CallState.COMPENSATED}),
    CallState.FAILED: frozenset({CallState.INTENT}),
    CallState.COMPENSATED: frozenset({CallState.INTENT}),
}
"""What may follow what. After a failure the next attempt begins anew, under another job id."""


class Disorder(Exception):
    """A record that cannot follow the one before it: the journal was not written by this rule."""


def follow(before: CallState | None, after: CallState) -> CallState:
    """Return `after`; raises `Disorder` where it cannot follow `before`."""
    if after not in NEXT[before]:
        raise Disorder(f"{after} cannot follow {before or 'nothing'}")
    return after


class Move(StrEnum):
    """What to do about a call now."""

    BEGIN = "begin"
    """Write the intent of a new attempt, then send it."""
    SEND = "send"
    """Send it under the job id of the intent: it has certainly not been sent."""
    ASK = "ask"
    """Ask the server for the job of our id."""
    LOOK = "look"
    """The server knows no such job: see in the lists whether the effect is there."""
    NOTHING = "nothing"
    """It is done."""


def next_move(state: CallState | None, *, job_missing: bool = False) -> Move:
    """What to do about a call in `state`.

    `job_missing`: the server was asked for as long as a job may take to turn up, and has none of
    our id.
    """
    match state:
        case None | CallState.FAILED | CallState.COMPENSATED:
            return Move.BEGIN
        case CallState.INTENT:
            return Move.SEND
        case CallState.DONE:
            return Move.NOTHING
        case CallState.SENT | CallState.UNKNOWN | CallState.ACCEPTED:
            # Of a job that was accepted and is missing: jobs are kept for a day.
            return Move.LOOK if job_missing else Move.ASK


NOT_REPEATABLE: Final = frozenset({"associateIpAddress"})
"""Commands that make one more thing each time: sent again by mistake they leave something behind.
Every other change is refused, or changes nothing, when its effect is there already."""


def may_repeat(command: str, effect_seen: bool | str | None, *, only_one: bool = False) -> bool:
    """Whether a call that never seems to have arrived may be sent again.

    `effect_seen` is what the lists say: False (or "") not there, None they cannot tell.
    `only_one`: a look that says no is proof, since the thing can exist only once.
    """
    if effect_seen is None or effect_seen:
        return False
    return only_one or command not in NOT_REPEATABLE
