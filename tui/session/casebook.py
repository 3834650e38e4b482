"""All that is known about one question: a case for each router, and their verdicts in one order."""

import asyncio
from collections.abc import Callable, Sequence

import msgspec

from tui.diagnose.verdicts import Verdict
from tui.session.diagnosing import Case, Diagnosis, Question, in_order
from tui.session.router_rounds import AT_A_TIME
from tui.session.session import Session


class Entry(msgspec.Struct, frozen=True):
    """One verdict, and the router that it is about."""

    router_id: str
    verdict: Verdict

    def is_about_the_same(self, other: "Entry") -> bool:
        """Whether the same client of the same router is meant."""
        one, two = self.verdict, other.verdict
        mine = (self.router_id, one.client, one.identity, one.user)
        return mine == (other.router_id, two.client, two.identity, two.user)


class Casebook:
    """The diagnoses of one question."""

    def __init__(
        self, session: Session, question: Question, symptom: str, on_case: Callable[[Case], None]
    ) -> None:
        """`on_case` is told, while `run` or `judge` are under way, whenever more is known."""
        self.diagnoses: dict[str, Diagnosis] = {}
        self.cases: dict[str, Case] = {}
        self.entries: list[Entry] = []
        self.chosen = 0
        self._picked = False
        """Whether somebody has picked a verdict; before that the first one is looked at."""
        self._user = question.user
        for router in question.routers:
            diagnosis = Diagnosis(session, router, question, on_case)
            diagnosis.symptom = symptom
            self.diagnoses[router.id] = diagnosis
            self.cases[router.id] = diagnosis.case

    async def run(self) -> None:
        """Gather the evidence of every router, ten at a time, and judge it."""
        turns = asyncio.Semaphore(AT_A_TIME)

        async def one(diagnosis: Diagnosis) -> None:
            async with turns:
                await diagnosis.run()

        async with asyncio.TaskGroup() as group:
            for diagnosis in self.diagnoses.values():
                group.create_task(one(diagnosis))

    async def judge(self, symptom: str) -> None:
        """Judge again, with what the client says; routers under way do so when they are done."""
        for router_id, diagnosis in self.diagnoses.items():
            diagnosis.symptom = symptom
            if self.cases[router_id].done:
                await diagnosis.judge(symptom)

    def take(self, case: Case) -> None:
        """Keep what is known more; the verdict that somebody has picked stays chosen."""
        before = self.entry if self._picked else None
        self.cases[case.router.id] = case
        entries = [
            Entry(router_id, verdict)
            for router_id, known in self.cases.items()
            for verdict in known.verdicts
        ]
        order = in_order([entry.verdict for entry in entries])
        theirs = self._addresses(entries)
        self.entries = sorted(
            entries,
            key=lambda entry: (entry.verdict.client not in theirs, order.index(entry.verdict)),
        )
        same = (
            number
            for number, entry in enumerate(self.entries)
            if before is not None and entry.is_about_the_same(before)
        )
        self.chosen = next(same, 0)

    def _addresses(self, entries: Sequence[Entry]) -> set[str]:
        """Where the user who is asked about comes from, as far as any router can tell: another,
        where the login is never reached, only sees the address. Everybody's, where nobody is."""
        known = {each.verdict.client for each in entries if each.verdict.user == self._user}
        return known if self._user and known else {each.verdict.client for each in entries}

    def pick(self, number: int) -> None:
        """Look at another verdict."""
        self.chosen = number
        self._picked = True

    @property
    def entry(self) -> Entry | None:
        """The verdict that is looked at."""
        return self.entries[self.chosen] if self.chosen < len(self.entries) else None

    @property
    def verdict(self) -> Verdict | None:
        """The same without its router."""
        return self.entry.verdict if self.entry is not None else None

    @property
    def case(self) -> Case | None:
        """The case of the router that the verdict is about, or of the first router."""
        entry = self.entry
        if entry is not None:
            return self.cases.get(entry.router_id)
        return next(iter(self.cases.values()), None)

    @property
    def done(self) -> int:
        """How many routers have been judged."""
        return sum(case.done for case in self.cases.values())
