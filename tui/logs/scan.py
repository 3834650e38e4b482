"""Looking for many literals in a block of bytes at once.

The automaton of `ahocorasick_rs` is built so that its vector search is used, which takes at most
64 literals: more of them are split into groups, each a pass of its own over the block. Where the
library cannot be loaded, the literals are looked for one by one: slower, with the same hits.
"""

import importlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, Final

_MOST_IN_A_GROUP: Final = 64
_NEWLINE: Final = b"\n"

Hit = tuple[int, int, int]
"""(number of the literal, where it begins in the block, where it ends)"""


class LiteralScanner:
    """Finds the places where literals stand. `literals` are not empty and differ."""

    def __init__(self, literals: Sequence[bytes], *, plain: bool = False) -> None:
        self.literals = tuple(literals)
        """By number."""
        self._groups: list[tuple[int, Callable[[bytes | memoryview], list[Hit]]]] = []
        self._line: Callable[[bytes], Iterable[Hit]] | None = None
        library = None if plain else _library()
        if library is None:
            return
        for first in range(0, len(self.literals), _MOST_IN_A_GROUP):
            group = self.literals[first : first + _MOST_IN_A_GROUP]
            automaton = library.BytesAhoCorasick(group, matchkind=library.MatchKind.LeftmostFirst)
            self._groups.append((first, automaton.find_matches_as_indexes))
        every = library.BytesAhoCorasick(self.literals)
        self._line = lambda line: every.find_matches_as_indexes(line, overlapping=True)

    def hits(self, block: bytes | memoryview) -> list[Hit]:
        """Places in `block`, in order. Of two that overlap in one line one may be left out."""
        if not self._groups:
            return self._found_one_by_one(bytes(block))
        found: list[Hit] = []
        for first, find in self._groups:
            if first:
                found.extend([(number + first, at, end) for number, at, end in find(block)])
            else:
                found = find(block)
        if len(self._groups) > 1:
            found.sort(key=_place)
        return found

    def found_in(self, line: bytes) -> set[int]:
        """Numbers of all literals in `line`, those that overlap too."""
        if self._line is not None:
            return {number for number, _, _ in self._line(line)}
        return {number for number, literal in enumerate(self.literals) if literal in line}

    def _found_one_by_one(self, block: bytes) -> list[Hit]:
        found: list[Hit] = []
        for number, literal in enumerate(self.literals):
            at = block.find(literal)
            while at >= 0:
                end = at + len(literal)
                found.append((number, at, end))
                at = block.find(literal, end)
        found.sort(key=_place)
        return found


def _library() -> Any:
    """`ahocorasick_rs`; None where there is no wheel for the platform."""
    try:
        return importlib.import_module("ahocorasick_rs")
    except ImportError:
        return None


def _place(hit: Hit) -> int:
    return hit[1]


def lines_with(scanner: LiteralScanner, block: bytes) -> Iterator[tuple[int, int]]:
    """Where the lines of `block` with a hit begin and end (without the newline), in order."""
    end = -1
    for _, at, _ in scanner.hits(block):
        if at < end:
            continue
        start = block.rfind(_NEWLINE, max(end, 0), at) + 1
        end = block.find(_NEWLINE, at)
        if end < 0:
            end = len(block)
        yield start, end
