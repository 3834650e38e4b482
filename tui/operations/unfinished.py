"""Operations that have not come to their end: what the journal knows of them, and who runs them."""

from collections.abc import Iterable

import msgspec

from tui.operations.call_states import CallState
from tui.operations.exclusion import Exclusion, HeldElsewhere
from tui.operations.inverses import is_half_made
from tui.operations.journal import FORGOTTEN, Journal, KeptOperation
from tui.operations.ledger import CallEntry, entries_of
from tui.operations.rollback import RollBack, RollBackPlan


class OpenOperation(msgspec.Struct, frozen=True, kw_only=True):
    """An operation, as far as the journal knows it."""

    kept: KeptOperation
    entries: tuple[CallEntry, ...]
    running: bool
    """Whether it, or another change of the same, is being run now."""
    holder: str = ""
    """Who runs it: `this console`, or `pid 4711 on pts/3 since 14:05`; "" where nobody does."""
    rolled_back_by: str = ""
    """The id of an unfinished operation that takes it back; "" for none."""

    @property
    def unknown(self) -> tuple[CallEntry, ...]:
        """The calls of which it is not known what became of them."""
        return tuple(
            entry
            for entry in self.entries
            if not entry.settled and entry.state is not CallState.INTENT
        )

    @property
    def half_made(self) -> tuple[str, str]:
        """The address of a VPN that a router refused half-way, and why; empty for none."""
        for entry in self.entries:
            if is_half_made(entry):
                return entry.parameters.get("publicipid", ""), entry.last.says
        return "", ""

    @property
    def says(self) -> str:
        """What is known, in sentences."""
        if self.running:
            return "It is being run now, in this console or another."
        counts = {
            state: sum(1 for entry in self.entries if entry.state is state) for state in CallState
        }
        words = [f"{counts[CallState.DONE]} done"]
        if counts[CallState.COMPENSATED]:
            words.append(f"{counts[CallState.COMPENSATED]} taken back")
        if counts[CallState.FAILED]:
            words.append(f"{counts[CallState.FAILED]} failed")
        if counts[CallState.INTENT]:
            words.append(f"{counts[CallState.INTENT]} not sent")
        sentence = f"Calls so far: {', '.join(words)}."
        for entry in self.unknown:
            sentence += f" {entry.command} was sent; what became of it is not known yet."
        return f"{self.kept.must_finish} {sentence}".strip()


def name_of(kept: KeptOperation) -> str:
    """The name under which an operation is held while it runs."""
    return f"operation {kept.id}"


def original_of(kept: KeptOperation) -> str:
    """The id of what an operation takes back; "" for one that takes nothing back."""
    if kept.kind != RollBack.KIND:
        return ""
    try:
        return msgspec.json.decode(kept.wanted, type=RollBackPlan).original
    except msgspec.DecodeError:
        return ""


class Unfinished:
    """Looks into a journal; needs no server. All methods raise `JournalUnavailable`."""

    def __init__(self, journal: Journal, exclusion: Exclusion) -> None:
        self._journal = journal
        self._exclusion = exclusion

    async def all(self, cloud: str = "") -> tuple[OpenOperation, ...]:
        """Those of a cloud, or of all clouds, oldest first."""
        kept = await self._journal.operations(cloud=cloud, only_open=True)
        backwards = {original_of(one): one.id for one in kept}
        return tuple([await self._look(one, backwards) for one in reversed(kept)])

    async def look(self, kept: KeptOperation) -> OpenOperation:
        """What the journal knows of an operation, one that has ended too."""
        others = await self._journal.operations(cloud=kept.cloud, only_open=True)
        return await self._look(kept, {original_of(one): one.id for one in others})

    async def look_at(self, kept: Iterable[KeptOperation]) -> tuple[OpenOperation, ...]:
        """What the journal knows of several that have ended."""
        return tuple([await self._look(one, {}) for one in kept])

    async def _look(self, kept: KeptOperation, backwards: dict[str, str]) -> OpenOperation:
        records = await self._journal.records(kept.id)
        holder = self.holder(kept)
        return OpenOperation(
            kept=kept,
            entries=tuple(entries_of(records).values()),
            running=bool(holder),
            holder=holder,
            rolled_back_by=backwards.get(kept.id, ""),
        )

    def holder(self, kept: KeptOperation) -> str:
        """Who runs it, or another change of the same, now; "" for nobody."""
        found = [self._exclusion.holder(kept.cloud, name) for name in (name_of(kept), kept.subject)]
        return next((words for words in found if words), "")

    async def forget(self, kept: KeptOperation) -> None:
        """Leave everything as it is and speak of it no more.

        Raises `HeldElsewhere` while it runs.
        """
        if self.holder(kept):
            raise HeldElsewhere("It is being run now", "Wait until it has ended.")
        async with self._exclusion.hold(kept.cloud, name_of(kept)):
            await self._journal.end(kept.id, FORGOTTEN)
