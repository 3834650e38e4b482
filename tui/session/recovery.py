"""Operations that a console has left unfinished: found, asked about, resumed, rolled back or
forgotten.

Looking and asking change nothing in the cloud. What becomes of it is for a person to decide.
"""

import asyncio
import logging
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Final

import msgspec

from tui.operations.bookkeeping import CannotRollBack
from tui.operations.call_states import CallState
from tui.operations.enable import EnableVpn
from tui.operations.journal import OPEN, KeptOperation
from tui.operations.ledger import JournalUnavailable
from tui.operations.registry import BY_KIND
from tui.operations.rollback import Reversal, RollBack
from tui.operations.steps import Operation, Step
from tui.operations.unfinished import OpenOperation
from tui.safety.redact import redact
from tui.safety.text import clean
from tui.session.call_lines import CallLine, call_lines, title_of
from tui.session.half_made import note_from_journal, note_half_made
from tui.session.inventory import Kind
from tui.session.people import note_resumed
from tui.session.session import Session
from tui.session.tray import Task, TaskState
from tui.session.views import row_of_address

_log = logging.getLogger(__name__)

KINDS: Final = (Kind.VPNS, Kind.USERS, Kind.ADDRESSES, Kind.NETWORKS, Kind.VPCS, Kind.ROUTERS)
"""The lists that an operation of any kind may change."""

HISTORY_DAYS: Final = 7
_MOST_OF_HISTORY: Final = 50


class _Change(msgspec.Struct, frozen=True):
    """Any change, as far as permissions go."""

    needs: tuple[str, ...] = ()
    writes: bool = True


_CHANGE: Final = _Change()


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """An operation that was found unfinished, and what came of asking about it."""

    known: OpenOperation
    calls: tuple[CallLine, ...] = ()
    asking: bool = False
    """Whether the server is being asked about it now."""
    trouble: str = ""
    """Why it cannot be built again or asked about."""
    here: bool = False
    """Whether this console runs it."""

    @property
    def kept(self) -> KeptOperation:
        """What the journal has of it."""
        return self.known.kept

    @property
    def is_over(self) -> bool:
        """Whether it has come to its end since it was found."""
        return self.kept.outcome != OPEN

    @property
    def waits(self) -> bool:
        """Whether it is for somebody to go on with it."""
        return not self.is_over and not self.known.running and not self.here


def staying_words(undone: Reversal, plan: Sequence[Step]) -> tuple[str, ...]:
    """What rolling back leaves, in sentences."""
    titles = {step.name: step.title for step in plan}
    return tuple(
        f"Cannot be taken back and stays: {title_of(entry.step, titles)} ({entry.command})."
        for entry in undone.staying
    )


class TakingBack(msgspec.Struct, frozen=True):
    """Rolling an operation back, as it is shown before anybody agrees."""

    operation: RollBack
    calls: tuple[str, ...]
    """The calls that will be sent, as CloudMonkey lines."""
    staying: tuple[str, ...]
    """What stays, in sentences."""


class Recovery:
    """What one session knows of unfinished operations."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self.found: dict[str, Found] = {}
        """By id, oldest first; those that came to their end stay until `tidy`."""
        self.elsewhere: dict[str, int] = {}
        """How many are open that were begun with other profiles, by profile."""
        self.trouble = ""
        """Why the journal could not be read."""
        self._asked: set[str] = set()
        self._half_made: dict[str, str] = {}
        self._listeners: list[Callable[[], None]] = []
        self._loading = asyncio.Lock()

    def listen(self, listener: Callable[[], None]) -> Callable[[], None]:
        """Call `listener` whenever something is known anew; returns what ends that."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    def _tell(self) -> None:
        for listener in tuple(self._listeners):
            listener()

    @property
    def waiting(self) -> int:
        """How many operations wait for somebody to go on with them."""
        return sum(found.waits for found in self.found.values())

    def tidy(self) -> None:
        """Speak no more of those that are over."""
        self.found = {key: found for key, found in self.found.items() if not found.is_over}

    # -- finding out ---------------------------------------------------------------------------

    async def load(self) -> None:
        """Read the journal; asks no server. `trouble` says why it could not be read."""
        async with self._loading:
            try:
                everything = await self._session.books.unfinished.all()
                await self._take(everything)
            except JournalUnavailable as problem:
                self.trouble = f"{problem}. {problem.remedy}"
            else:
                self.trouble = ""
        self._tell()

    async def _take(self, everything: Sequence[OpenOperation]) -> None:
        books = self._session.books
        ours = [one for one in everything if books.is_ours(one.kept)]
        others = [one.kept.profile for one in everything if not books.is_ours(one.kept)]
        self.elsewhere = dict(Counter(others))
        gone = self.found.keys() - {one.kept.id for one in ours}
        for operation_id in gone:
            for kept in await books.journal.operation(operation_id):
                ours.append(await books.look(kept))
        note_from_journal(self._session.inventory, ours, self._half_made)
        running = self._running_here
        found = [await self._look(one, here=one.kept.id in running) for one in ours]
        self.found = {each.kept.id: each for each in sorted(found, key=lambda f: f.kept.began)}

    async def _look(self, known: OpenOperation, *, here: bool) -> Found:
        before = self.found.get(known.kept.id)
        try:
            plan: Sequence[Step] = (await self._session.books.rebuild(known.kept)).plan()
            trouble = before.trouble if before is not None else ""
        except JournalUnavailable as problem:
            plan, trouble = (), f"{problem}. {problem.remedy}"
        return Found(
            known=known,
            calls=call_lines(known.entries, plan),
            asking=before is not None and before.asking,
            trouble=trouble,
            here=here,
        )

    @property
    def _running_here(self) -> set[str]:
        books, tasks = self._session.books, self._session.tray.tasks
        return {
            books.id_of(task.operation)
            for task in tasks
            if task.state is TaskState.RUNNING or books.awaits_hand_over(task.operation)
        }

    async def settle(self) -> None:
        """Ask the server about each that was not asked about yet, one after the other."""
        for operation_id in [key for key in self.found if key not in self._asked]:
            if operation_id in self.found and self.found[operation_id].waits:
                await self.ask(operation_id)

    async def ask(self, operation_id: str) -> None:
        """Ask the server what became of the calls of one operation."""
        found = self.found.get(operation_id)
        if found is None or found.asking or not found.waits:
            return
        self._asked.add(operation_id)
        self._note(operation_id, asking=True, trouble="")
        trouble = ""
        try:
            await self._session.books.settle(found.kept)
        except JournalUnavailable as problem:
            trouble = f"{problem}. {problem.remedy}"
        except Exception as error:
            _log.exception("asking about %s was broken off", found.kept.id)
            trouble = redact(clean(f"{type(error).__name__}: {error}"))
        finally:
            self._note(operation_id, asking=False, trouble=trouble)
        await self.load()

    def _note(self, operation_id: str, *, asking: bool, trouble: str) -> None:
        found = self.found.get(operation_id)
        if found is not None:
            self.found[operation_id] = msgspec.structs.replace(
                found, asking=asking, trouble=trouble
            )
        self._tell()

    # -- going on ------------------------------------------------------------------------------

    async def rebuild(self, kept: KeptOperation) -> Operation:
        """The operation again. Raises `JournalUnavailable`."""
        return await self._session.books.rebuild(kept)

    def run(self, operation: Operation, kept: KeptOperation | None) -> Task:
        """Run it in the tray; `kept` is what goes on, None for an operation that is new."""
        inventory = self._session.inventory

        def after(task: Task) -> None:
            if isinstance(operation, EnableVpn):
                note_half_made(inventory, operation.address_id, task)
            note_resumed(self._session, operation, task.latest.values())

        kind, address_id, _ = operation.target
        row = row_of_address(inventory, address_id) if kind == "PublicIpAddress" else None
        rules_of = address_id if row is not None and row.kind == "network" else ""
        return self._session.start(operation, KINDS, rules_of, after, resumed=kept)

    async def go_on(self) -> tuple[Task, ...]:
        """Run on what needs nobody's word, such as a change that was to go back by itself."""
        if self.against_changes is not None:
            return ()
        tasks = []
        for found in [each for each in self.found.values() if each.waits and not each.trouble]:
            if BY_KIND[found.kept.kind].GOES_ON:
                tasks.append(self.run(await self.rebuild(found.kept), found.kept))
        if tasks:
            await self.load()
        return tuple(tasks)

    async def taking_back(self, kept: KeptOperation) -> TakingBack:
        """What rolling back would send and leave. Raises `CannotRollBack` and
        `JournalUnavailable`."""
        return await taking_back(self._session, kept)

    async def forget(self, kept: KeptOperation) -> None:
        """Speak of it no more. Raises `JournalUnavailable`."""
        await self._session.books.forget(kept)
        await self.load()

    def other_credentials(self, kept: KeptOperation) -> str:
        """Whose credentials it was begun with, where the profile has others; "" for the same."""
        return self._session.books.other_credentials(kept)

    def again(self, operation: Operation) -> Operation:
        """An operation of this console once more, with the passwords that it was given."""
        return self._session.books.again(operation)

    @property
    def production(self) -> str:
        """The name to be typed before something is taken back; "" where none is."""
        profile = self._session.profile
        return profile.name if profile.production else ""

    @property
    def against_changes(self) -> str | None:
        """Why nothing may be changed here, in a sentence; None when it may."""
        return self._session.reason_against(_CHANGE)

    async def kept_of(self, task: Task) -> KeptOperation | None:
        """What the journal has of a job of this console; None for nothing.

        Raises `JournalUnavailable`.
        """
        operation_id = self._session.books.id_of(task.operation)
        if not operation_id:
            return None
        return next(iter(await self._session.books.journal.operation(operation_id)), None)

    async def look(self, kept: KeptOperation) -> OpenOperation:
        """What the journal knows of an operation now. Raises `JournalUnavailable`."""
        return await self._session.books.look(kept)

    async def history(self) -> tuple[OpenOperation, ...]:
        """The operations that have ended in the last days, newest first, but for those of this
        console. Raises `JournalUnavailable`."""
        books = self._session.books
        mine = {books.id_of(task.operation) for task in self._session.tray.tasks}
        since = books.journal.now() - HISTORY_DAYS * 86_400
        kept = [
            one
            for one in await books.journal.operations()
            if books.is_ours(one) and one.id not in mine and (one.ended or 0.0) >= since
        ]
        return await books.unfinished.look_at(kept[:_MOST_OF_HISTORY])


async def taking_back(session: Session, kept: KeptOperation) -> TakingBack:
    """What rolling back would send and leave. Raises `CannotRollBack` and `JournalUnavailable`."""
    original = await session.books.rebuild(kept)
    operation, undone = await session.books.roll_back(kept)
    calls = [step.call.cloudmonkey() for step in operation.plan() if step.call]
    staying = staying_words(undone, original.plan())
    if staying and original.undo_words:
        staying = (original.undo_words, *staying)
    return TakingBack(operation, tuple(calls), staying)


def forgetting_means(known: OpenOperation) -> tuple[str, ...]:
    """What forgetting an operation leaves as it is, in sentences."""
    done = sum(entry.state is CallState.DONE for entry in known.entries)
    sentences = ["Nothing is sent and nothing is changed; csvpn speaks of it no more."]
    if known.kept.must_finish:
        sentences.append(f"It stays as it is: {known.kept.must_finish}")
    if done:
        calls = "One call that was" if done == 1 else f"{done} calls that were"
        sentences.append(f"{calls} made stays made." if done == 1 else f"{calls} made stay made.")
    sentences += [
        f"What became of {entry.command} is not known, and nobody will ask any more: look at the "
        "lists."
        for entry in known.unknown
    ]
    return tuple(sentences)


__all__ = [
    "CannotRollBack",
    "Found",
    "Recovery",
    "TakingBack",
    "forgetting_means",
    "staying_words",
    "taking_back",
]
