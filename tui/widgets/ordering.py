"""The order of rows by their sort keys, as a permutation that is made no sooner than it is needed.

A list that is in order already costs one look at it; a short one is sorted at once. Of a long one
only the places that are asked for are sorted: everything below and above a stretch of keys is
counted, not ordered, so what stands on the screen is exact from the first moment. The rest follows
in slices (`settling`), or at once when a place is asked for that is not known yet.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from itertools import islice, repeat
from operator import ge, gt, le, lt
from typing import Any, Final, NamedTuple

AT_ONCE: Final = 16_384
"""As many rows are sorted in one go, within a frame."""

SAMPLES: Final = 1_024
"""Keys that tell roughly where a key stands among all of them."""

REACH: Final = 6
"""Samples on each side of what is asked for: some hundred rows of a hundred thousand."""

RUN: Final = 4_096
"""Rows that one slice of `settling` sorts."""


class Stretch(NamedTuple):
    """Neighbours in the order, and the place of the first of them."""

    place: int
    numbers: Sequence[int]


class Ordering:
    """Some numbers of rows by the keys of these rows; equal keys stay as they come."""

    def __init__(
        self, numbers: Sequence[int], keys: Sequence[Any] | None, *, reverse: bool = False
    ) -> None:
        """`numbers` are ascending, `keys` are by number: `keys[n]` belongs to the row `n`.

        Without keys the numbers stay as they are, or are turned round.
        """
        self._numbers = numbers
        self._keys: Sequence[Any] = () if keys is None else keys
        self._reverse = reverse
        self._stretches: list[Stretch] = []
        self._samples: list[Any] = []
        self._order: Sequence[int] | None
        if keys is None:
            self._order = numbers[::-1] if reverse else numbers
        else:
            self._order = self._order_of_few_or_ordered()

    def __len__(self) -> int:
        return len(self._numbers)

    @property
    def is_settled(self) -> bool:
        """Whether every place is known."""
        return self._order is not None

    def between(self, first: int, last: int) -> Sequence[int]:
        """The numbers at the places from `first` to before `last`, as far as there are some."""
        last = min(last, len(self._numbers))
        if self._order is None:
            found = self._stretch_with(first, last)
            if found is not None:
                return found.numbers[first - found.place : last - found.place]
            self.settle()
        return (self._order or ())[first:last]

    def place_of(self, number: int) -> int:
        """Where the row `number`, one of those given, stands in the order."""
        if self._order is None:
            for place, numbers in self._stretches:
                if number in numbers:
                    return place + numbers.index(number)
            near = self._stretch_near(self._keys[number])
            return near.place + near.numbers.index(number)
        return self._order.index(number)

    def settle(self) -> Sequence[int]:
        """The whole order, made now."""
        if self._order is None:
            self._order = self._sorted(self._numbers)
        return self._order

    def settling(self) -> Iterator[None]:
        """Make the whole order in steps of a few milliseconds, one each time it is advanced."""
        ordered: list[int] = []
        for start in range(0, len(self._numbers), RUN):
            if self._order is not None:
                return
            ordered += self._sorted(self._numbers[start : start + RUN])
            yield
        if self._order is None:
            # Runs that are in order are merged, and equal keys stay in the order of the runs.
            self._order = self._sorted(ordered)

    def _sorted(self, numbers: Sequence[int]) -> list[int]:
        return sorted(numbers, key=self._keys.__getitem__, reverse=self._reverse)

    def _order_of_few_or_ordered(self) -> Sequence[int] | None:
        keys = self._keys_in_turn()
        if _each_pair(ge if self._reverse else le, keys):
            return self._numbers
        # Turned round only where no two are equal: those would have to stay as they come.
        if _each_pair(lt if self._reverse else gt, keys):
            return self._numbers[::-1]
        return self._sorted(self._numbers) if len(keys) <= AT_ONCE else None

    def _keys_in_turn(self) -> Sequence[Any]:
        if len(self._numbers) == len(self._keys):
            return self._keys
        return [self._keys[number] for number in self._numbers]

    # Stretches.

    def _stretch_with(self, first: int, last: int) -> Stretch | None:
        """What is known of these places; the beginning is made known for it."""
        for found in self._stretches:
            if found.place <= first and last <= found.place + len(found.numbers):
                return found
        if first == 0 and not any(found.place == 0 for found in self._stretches):
            top = self._made_between(*self._ends_of_top())
            return top if last <= len(top.numbers) else None
        return None

    def _sample(self) -> list[Any]:
        if not self._samples:
            keys = self._keys_in_turn()
            self._samples = sorted(keys[:: max(1, len(keys) // SAMPLES)])
        return self._samples

    def _ends_of_top(self) -> tuple[Any, Any]:
        """The least and the greatest key of the first places; None for no bound."""
        sample = self._sample()
        reach = min(REACH, len(sample) - 1)
        return (sample[-1 - reach], None) if self._reverse else (None, sample[reach])

    def _stretch_near(self, key: Any) -> Stretch:
        sample = self._sample()
        low, high = bisect_left(sample, key) - REACH, bisect_right(sample, key) + REACH
        return self._made_between(
            sample[low] if low >= 0 else None, sample[high] if high < len(sample) else None
        )

    def _made_between(self, low: Any, high: Any) -> Stretch:
        """Order the rows whose keys are from `low` to `high`, and count those before them."""
        keys = self._keys_in_turn()
        pairs = zip(self._numbers, keys, strict=True)
        if low is None and high is None:
            inside = list(self._numbers)
        elif low is None:
            inside = [number for number, key in pairs if key <= high]
        elif high is None:
            inside = [number for number, key in pairs if low <= key]
        else:
            inside = [number for number, key in pairs if low <= key <= high]
        before = 0
        if self._reverse and high is not None:
            before = sum(map(gt, keys, repeat(high)))
        elif not self._reverse and low is not None:
            before = sum(map(lt, keys, repeat(low)))
        stretch = Stretch(before, self._sorted(inside))
        self._stretches.append(stretch)
        return stretch


def _each_pair(holds: Any, keys: Sequence[Any]) -> bool:
    return all(map(holds, keys, islice(keys, 1, None)))
