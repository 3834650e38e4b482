"""The state machine of a call: what may follow what, and that a crash anywhere loses nothing."""

from typing import Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from tui.operations.call_states import (
    NEXT,
    NOT_REPEATABLE,
    CallState,
    Disorder,
    Move,
    follow,
    may_repeat,
    next_move,
)
from tui.operations.ledger import NEVER_ARRIVED, CallEntry, Record, entries_of, fold

SETTLED: Final = (CallState.DONE, CallState.FAILED, CallState.COMPENSATED)


def test_every_state_says_what_may_follow() -> None:
    assert set(NEXT) == {None, *CallState}
    for state, nexts in NEXT.items():
        for after in CallState:
            if after in nexts:
                assert follow(state, after) is after
            else:
                with pytest.raises(Disorder, match=f"{after} cannot follow"):
                    follow(state, after)


def test_nothing_is_sent_twice_without_having_asked() -> None:
    for state in (CallState.SENT, CallState.ACCEPTED, CallState.UNKNOWN):
        assert next_move(state) is Move.ASK
        assert next_move(state, job_missing=True) is Move.LOOK
    assert next_move(CallState.INTENT) is Move.SEND
    assert next_move(CallState.DONE) is Move.NOTHING
    for fresh in (None, CallState.FAILED, CallState.COMPENSATED):
        assert next_move(fresh) is Move.BEGIN


@pytest.mark.parametrize(
    ("command", "seen", "only_one", "may"),
    [
        ("addVpnUser", False, False, True),
        ("addVpnUser", "", False, True),
        ("addVpnUser", None, False, False),
        ("addVpnUser", "an-id", False, False),
        ("associateIpAddress", False, False, False),
        ("associateIpAddress", False, True, True),
        ("associateIpAddress", None, True, False),
    ],
)
def test_what_may_be_sent_again(
    command: str, seen: bool | str | None, only_one: bool, may: bool
) -> None:
    assert may_repeat(command, seen, only_one=only_one) is may
    assert "associateIpAddress" in NOT_REPEATABLE


@given(st.lists(st.sampled_from(list(CallState)), max_size=12))
def test_any_order_of_records_folds_or_is_disorder(states: list[CallState]) -> None:
    records = [
        Record(step="s", number=0, attempt=1, state=state, at=float(at), job_id="j", command="c")
        for at, state in enumerate(states)
    ]
    entry: CallEntry | None = None
    for record in records:
        before = entry.state if entry else None
        if record.state in NEXT[before]:
            entry = fold(entry, record)
            assert entry.state is record.state and entry.last is record
        else:
            with pytest.raises(Disorder):
                fold(entry, record)
            return
    if entry is not None:
        assert entries_of(records) == {("s", 0): entry}
        assert entry.settled is (entry.state in SETTLED)


class Server:
    """A server that does a change at most once for each request that arrives, and keeps jobs."""

    def __init__(self) -> None:
        self.effects = 0
        self.jobs: dict[str, bool] = {}
        self.refusals = 0

    def arrive(self, job_id: str) -> bool:
        """A request; False where it is refused because the thing exists."""
        if self.effects:
            self.refusals += 1
            return False
        self.effects += 1
        self.jobs[job_id] = True
        return True


class Client:
    """Does what `next_move` says, and writes each record before it does it."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.records: list[Record] = []
        self.ids = 0

    @property
    def entry(self) -> CallEntry | None:
        return entries_of(self.records).get(("s", 0))

    @property
    def state(self) -> CallState | None:
        return self.entry.state if self.entry else None

    def note(self, state: CallState, job_id: str = "") -> None:
        entry = self.entry
        begins = state is CallState.INTENT
        record = Record(
            step="s",
            number=0,
            attempt=(entry.attempt if entry else 0) + begins,
            state=state,
            at=float(len(self.records)),
            job_id=job_id or (entry.job_id if entry else ""),
            command="addVpnUser",
            says=NEVER_ARRIVED if state is CallState.FAILED else "",
        )
        self.records.append(record)

    def intend(self) -> None:
        self.ids += 1
        self.note(CallState.INTENT, f"job-{self.ids}")

    def send(self, fate: str) -> None:
        entry = self.entry
        assert entry is not None and next_move(entry.state) is Move.SEND
        self.note(CallState.SENT)
        if fate == "request lost":
            return
        taken = self.server.arrive(entry.job_id)
        if fate == "reply lost":
            return
        if taken:
            self.note(CallState.ACCEPTED)
        else:
            assert entry.maybe_before, "refused although nothing of ours can be there"
            self.note(CallState.DONE)

    def ask_and_look(self, answers: bool) -> None:
        entry = self.entry
        assert entry is not None and next_move(entry.state) is Move.ASK
        if not answers:
            if entry.state is not CallState.UNKNOWN:
                self.note(CallState.UNKNOWN)
            return
        if entry.job_id in self.server.jobs:
            self.note(CallState.DONE)
            return
        assert next_move(entry.state, job_missing=True) is Move.LOOK
        seen = bool(self.server.effects)
        if seen:
            self.note(CallState.DONE)
        elif may_repeat(entry.command, seen):
            self.note(CallState.FAILED)

    def finish(self) -> None:
        """Go on as a later run does, on a link that works, until nothing is left to do."""
        while (move := next_move(self.state)) is not Move.NOTHING:
            match move:
                case Move.BEGIN:
                    self.intend()
                case Move.SEND:
                    self.send("arrives")
                case _:
                    self.ask_and_look(True)


class Crashes(RuleBasedStateMachine):
    """A client that is ended after any record, and whose requests and replies are lost: whenever
    it is brought to its end there is exactly one effect, and it is known."""

    @initialize()
    def begin(self) -> None:
        self.server = Server()
        self.client = Client(self.server)

    @precondition(lambda self: next_move(self.client.state) is Move.BEGIN)
    @rule()
    def intend(self) -> None:
        self.client.intend()

    @precondition(lambda self: next_move(self.client.state) is Move.SEND)
    @rule(fate=st.sampled_from(["arrives", "request lost", "reply lost"]))
    def send(self, fate: str) -> None:
        self.client.send(fate)

    @precondition(lambda self: next_move(self.client.state) is Move.ASK)
    @rule(answers=st.booleans())
    def ask_and_look(self, answers: bool) -> None:
        self.client.ask_and_look(answers)

    @precondition(lambda self: self.client.state is CallState.DONE)
    @rule()
    def take_back(self) -> None:
        self.server.effects = 0
        self.client.note(CallState.COMPENSATED)

    @invariant()
    def never_two(self) -> None:
        assert self.server.effects <= 1
        if self.client.state is CallState.DONE:
            assert self.server.effects == 1

    @invariant()
    def every_prefix_comes_to_the_same_end(self) -> None:
        """Ended right here, the records as they are on disk lead to the one effect."""
        server = Server()
        server.effects, server.jobs = self.server.effects, dict(self.server.jobs)
        later = Client(server)
        later.records, later.ids = list(self.client.records), self.client.ids
        later.finish()
        assert server.effects == 1 and later.state is CallState.DONE


TestCrashes = Crashes.TestCase
TestCrashes.settings = settings(max_examples=150, stateful_step_count=25)
