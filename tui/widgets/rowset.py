"""The rows of a table, without a screen: facts, which of them are shown, in what order, which are
marked.

Facts stay where they are. A filter chooses among their numbers, sorting orders these; nothing is
made for a row that is not looked at. What was found out about a fact is kept for as long as the
same object is shown again, provided that it cannot change.
"""

import dataclasses
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from operator import indexOf, is_
from typing import Any, Final, Generic

from tui.widgets.columns import Column, Fact
from tui.widgets.haystack import Haystack
from tui.widgets.ordering import Ordering
from tui.widgets.rowfilter import RowFilter

PROBES: Final = 16
"""Facts that are compared before all are, to see whether a list is the same one again."""

TEXTS_UNASKED: Final = 20_000
"""Rows whose texts are made for filters before anybody begins to type one."""

RETIRED_AT_ONCE: Final = 512
"""Objects that are let go of in one go."""

MOST_RETIRED: Final = 1_000_000
"""Objects that wait to be let go of, at the most."""

REMEMBERED: Final = 32
"""Keys whose numbers are remembered: those of the cursor and of the first row on the screen."""


class RowSet(Generic[Fact]):
    """Facts with a filter, an order and marks; see the module."""

    def __init__(
        self, columns: Sequence[Column[Fact]], key: Callable[[Fact], str], sort: int | None
    ) -> None:
        self.columns = tuple(columns)
        self.facts: Sequence[Fact] = []
        self.sort = sort
        """The number of the column that orders the rows; None: as they come."""
        self.reverse = False
        self.marks: set[str] = set()
        """Keys of marked rows, also of such as are not there just now."""
        self.filter = RowFilter()
        self.key_of = key
        self._keys: list[str] | None = None
        self._numbers: dict[str, int] = {}
        """Where facts stood whose key was asked for; the next list may have them elsewhere."""
        self._sort_keys: tuple[int, list[Any]] | None = None
        self._haystack = Haystack(self.columns)
        self._ordering = Ordering((), None)
        self._retired: list[list[Any]] = []

    def __len__(self) -> int:
        return len(self._ordering)

    # What is shown.

    def replace(self, facts: Iterable[Fact], *, kept: bool = False) -> None:
        """Take other facts in place of those that were there. With `kept` they are a sequence that
        never changes, and may make its facts when they are looked at."""
        old = self.facts
        # A list is copied: ours are emptied when they are not shown any more.
        if not (kept and isinstance(facts, Sequence)) or isinstance(facts, list):
            facts = list(facts)
        self.facts = facts
        same = _same_objects(old, self.facts)
        keys, sort_keys = self._keys, self._sort_keys
        self._keys = None
        texts = self._haystack.replace(self.facts, same)
        self._sort_keys = self._sort_keys_with(same)
        self.arrange()
        ours = old if isinstance(old, list) else []
        self._retire(ours, keys or [], sort_keys[1] if sort_keys else [], texts)

    def merge(self, facts: Iterable[Fact]) -> None:
        """Take `facts` in place of those with the same keys; those with new keys come last."""
        numbers = {key: number for number, key in enumerate(self.keys)}
        merged = list(self.facts)
        for fact in facts:
            key = self.key_of(fact)
            if key in numbers:
                merged[numbers[key]] = fact
            else:
                numbers[key] = len(merged)
                merged.append(fact)
        self.replace(merged)

    def filter_by(self, text: str) -> None:
        """Show only what the filter line `text` lets through."""
        self.filter = RowFilter.parse(text, tuple(c.title.lower() for c in self.columns))
        self.arrange()

    def arrange(self) -> None:
        """Filter and sort again."""
        numbers: Sequence[int] = range(len(self.facts))
        if self.filter.terms:
            numbers = self._haystack.passing(self.filter)
        keys = None if self.sort is None else self._keys_for(self.sort)
        self._ordering = Ordering(numbers, keys, reverse=self.reverse)

    def _keys_for(self, sort: int) -> list[Any]:
        if self._sort_keys is None or self._sort_keys[0] != sort:
            self._sort_keys = sort, self.columns[sort].sort_keys(self.facts)
        return self._sort_keys[1]

    def _sort_keys_with(self, same: Sequence[bool]) -> tuple[int, list[Any]] | None:
        """The sort keys as they were, but for rows that are not `same`."""
        if self._sort_keys is None or not same or self.sort != self._sort_keys[0]:
            return None
        number, kept = self._sort_keys
        column, facts = self.columns[number], self.facts
        keys = [
            key if alike else column.sort_key(fact)
            for key, alike, fact in zip(kept, same, facts, strict=False)
        ]
        return number, keys + column.sort_keys(facts[len(keys) :])

    # Places.

    def fact_at(self, place: int) -> Fact | None:
        """The fact at a place of the order; None where there is none."""
        number = self._number_at(place)
        return None if number is None else self.facts[number]

    def key_at(self, place: int) -> str | None:
        """The key of the fact at a place."""
        number = self._number_at(place)
        if number is None:
            return None
        key = self.key_of(self.facts[number])
        if len(self._numbers) >= REMEMBERED:
            self._numbers.clear()
        self._numbers[key] = number
        return key

    def _number_at(self, place: int) -> int | None:
        found = self._ordering.between(place, place + 1) if place >= 0 else ()
        return found[0] if found else None

    def between(self, first: int, last: int) -> tuple[Fact, ...]:
        """The facts at the places from `first` to before `last`, as far as there are some."""
        facts = self.facts
        return tuple(facts[number] for number in self._ordering.between(max(0, first), last))

    def place_of(self, key: str | None) -> int | None:
        """Where the row `key` stands; None when it is not there or does not pass."""
        number = None if key is None else self._number_of(key)
        if number is None:
            return None
        if self.filter.terms and not self._haystack.passes(number, self.filter):
            return None
        return self._ordering.place_of(number)

    def _number_of(self, key: str) -> int | None:
        """The number of the fact with this key; a list that is refreshed has it where it was."""
        number = self._numbers.get(key)
        if (
            number is not None
            and number < len(self.facts)
            and self.key_of(self.facts[number]) == key
        ):
            return number
        try:
            return indexOf(self._keys or map(self.key_of, self.facts), key)
        except ValueError:
            return None

    @property
    def keys(self) -> list[str]:
        """The keys of all facts, by number."""
        if self._keys is None:
            self._keys = list(map(self.key_of, self.facts))
        return self._keys

    @property
    def shown(self) -> tuple[Fact, ...]:
        """All facts that pass, in their order."""
        return tuple(self.facts[number] for number in self._ordering.settle())

    # Marks.

    def is_marked(self, fact: Fact) -> bool:
        """Whether the row is marked."""
        return bool(self.marks) and self.key_of(fact) in self.marks

    @property
    def marked(self) -> tuple[Fact, ...]:
        """The marked facts that are there, whether the filter shows them or not: first those that
        are shown, in their order."""
        if not self.marks:
            return ()
        passing = self._ordering.settle()
        shown = self.marks_of(passing)
        others = set(self.marks_of(range(len(self.facts)))).difference(shown)
        return tuple(self.facts[number] for number in (*shown, *sorted(others)))

    def marks_of(self, numbers: Collection[int]) -> list[int]:
        """Those of `numbers` whose rows are marked."""
        return [number for number in numbers if self.keys[number] in self.marks]

    def turn_mark(self, key: str) -> None:
        """Mark the row `key`, or take its mark away."""
        self.marks ^= {key}

    def mark_shown(self) -> None:
        """Mark every row that passes the filter."""
        self.marks.update(self.keys[number] for number in self._ordering.settle())

    # Idle moments.

    def _retire(self, *lists: list[Any]) -> None:
        """Let go of what is not used any more, little by little: to free a long list at once takes
        longer than to show another one."""
        self._retired += [each for each in lists if each]
        while sum(map(len, self._retired)) > MOST_RETIRED:
            del self._retired[0]

    def catching_up(self, *, all_texts: bool = False) -> Iterator[None]:
        """Do a little of what will be wanted next, each time this is advanced: the rest of the
        order, then the texts that filters look at; those of a very long list only if told so."""
        yield from self._ordering.settling()
        while self._retired:
            del self._retired[-1][-RETIRED_AT_ONCE:]
            if not self._retired[-1]:
                del self._retired[-1]
            yield
        if all_texts or len(self.facts) <= TEXTS_UNASKED:
            yield from self._haystack.building()


def _same_objects(old: Sequence[Fact], new: Sequence[Fact]) -> Sequence[bool]:
    """Which facts are the very objects that stood at their place before; empty for none, or where
    a fact might have changed since."""
    shared = min(len(old), len(new))
    if not shared or not is_unchanging(new[0]):
        return ()
    probes = range(0, shared, max(1, shared // PROBES))
    if not any(old[number] is new[number] for number in probes):
        return ()
    return list(map(is_, old, new))


def is_unchanging(fact: object) -> bool:
    """Whether a fact is what it was as long as it is the same object: a tuple, a text, a number, or
    a frozen class of `dataclasses` or `msgspec`."""
    if isinstance(fact, tuple | str | bytes | int | float):
        return True
    if dataclasses.is_dataclass(fact):
        return bool(getattr(fact, "__dataclass_params__").frozen)  # noqa: B009
    return bool(getattr(getattr(fact, "__struct_config__", None), "frozen", False))
