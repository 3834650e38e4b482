"""Which lines are shown.

One text says it all, one chip after the other: words that must be there, `"two words"`, `/regex/`,
`source:`, `router:`, `tag:` with their value, `client:`, `user:` and `attempt:` for the lines of
connection attempts, `level:` for the least that is shown; `!` before a chip means the opposite.
`context:3` shows so many lines around each that matches, `before:` and `after:` on one side. Case
counts only where a word has capitals.
"""

import re
from collections.abc import Callable, Iterable
from typing import Final, Literal

import msgspec

from tui.logs.line import LEVELS, LogLine, is_late_copy, tag_and_text
from tui.logs.merge import KeptLine

ChipKind = Literal[
    "text", "regex", "level", "source", "router", "tag", "client", "user", "attempt", "context",
    "before", "after",
]  # fmt: skip
OF_ATTEMPTS: Final = frozenset({"client", "user", "attempt"})
_TOKEN: Final = re.compile(
    r"(?P<no>!)?(?:/(?P<regex>(?:[^/\\]|\\.)*)/(?=\s|$)"
    r"|(?P<key>level|source|router|tag|client|user|attempt|context|before|after):(?P<value>\S+)"
    r'|"(?P<phrase>[^"]*)"?|(?P<word>\S+))'
)
_LONGEST_EXPRESSION: Final = 200
MOST_CONTEXT: Final = 1000
_SAFE_WORD: Final = re.compile(r"[A-Za-z0-9._\-]+")
"""Cleaning, redacting and the escapes of JSON leave these as they are."""


class FilterProblem(msgspec.Struct, frozen=True):
    """A filter that means nothing."""

    what: str


class Chip(msgspec.Struct, frozen=True):
    """One part of a filter, which can be taken out again."""

    kind: ChipKind
    value: str
    wanted: bool = True
    """False: lines that match are left out."""
    says: str = ""
    """As it was typed."""


class Test(msgspec.Struct, frozen=True):
    """What one chip asks of a line."""

    chip: Chip
    pattern: re.Pattern[str]
    literal: bytes = b""
    """A word that every raw line which matches contains, in lower case; empty where there is
    none."""


Whose = Callable[[KeptLine, Chip], bool]
"""Says whether a line belongs to an attempt that `client:`, `user:` or `attempt:` names."""


class Filter(msgspec.Struct, frozen=True):
    """A filter ready for use. The empty one lets everything but late copies through."""

    tests: tuple[Test, ...] = ()
    least_level: int = 0
    """Index in `LEVELS`."""
    duplicates: bool = False
    """Show charon's late copies too."""
    chips: tuple[Chip, ...] = ()
    before: int = 0
    """Lines of context shown before each line that matches."""
    after: int = 0

    @property
    def says(self) -> str:
        """The text that it was made of."""
        return " ".join(chip.says for chip in self.chips)

    @property
    def asks_for_attempts(self) -> bool:
        """True if it can be answered only with what is known of connection attempts."""
        return any(test.chip.kind in OF_ATTEMPTS for test in self.tests)

    def without(self, chip: Chip) -> "Filter":
        """The same filter with a chip taken out."""
        return self._of(each.says for each in self.chips if each != chip)

    def having(self, text: str) -> "Filter | FilterProblem":
        """The same filter with what `text` adds."""
        return parse_filter(f"{self.says} {text}", duplicates=self.duplicates)

    def _of(self, texts: Iterable[str]) -> "Filter":
        found = parse_filter(" ".join(texts), duplicates=self.duplicates)
        return found if isinstance(found, Filter) else Filter(duplicates=self.duplicates)

    def matches(self, line: LogLine, whose: Callable[[Chip], bool] | None = None) -> bool:
        """True if `line` is shown. Chips about attempts ask `whose`; without it they ask whether
        the name or the address stands in the line."""
        if line.is_duplicate and not self.duplicates:
            return False
        if self.least_level and LEVELS.index(line.level) < self.least_level:
            return False
        for test in self.tests:
            if whose is not None and test.chip.kind in OF_ATTEMPTS:
                found = whose(test.chip)
            elif test.chip.kind == "attempt":
                found = False
            else:
                found = test.pattern.search(_field(line, test.chip.kind)) is not None
            if found != test.chip.wanted:
                return False
        return True

    def passes(self, kept: KeptLine, whose: Whose | None = None) -> bool:
        """Like `matches`, but a line is read only as far as that can matter."""
        if kept.is_copy and not self.duplicates:
            return False
        raw = kept.raw
        open_tests = []
        for test in self.tests:
            found = _found_at_once(test, kept, whose)
            if found is None:
                open_tests.append(test)
            elif found != test.chip.wanted:
                return False
        if self.least_level and LEVELS.index(kept.line.level) < self.least_level:
            return False
        may_be_copy = not self.duplicates and b"ipsec" in raw
        if not open_tests and not may_be_copy:
            return True
        tag, text = tag_and_text(kept.origin.source, raw)
        if may_be_copy and is_late_copy(tag, text):
            return False
        both = f"{tag}: {text}"
        return all(
            (test.pattern.search(tag if test.chip.kind == "tag" else both) is not None)
            == test.chip.wanted
            for test in open_tests
        )


def _found_at_once(test: Test, kept: KeptLine, whose: Whose | None) -> bool | None:
    """Whether a test finds what it looks for, where the raw line can tell; None where not."""
    kind = test.chip.kind
    if kind == "source":
        return test.pattern.search(kept.origin.source) is not None
    if kind == "router":
        return test.pattern.search(kept.origin.router) is not None
    if kind in OF_ATTEMPTS and whose is not None:
        return whose(kept, test.chip)
    if kind == "attempt" or (test.literal and lacks(kept.raw, test.literal)):
        return False
    return None


def lacks(raw: bytes, word: bytes) -> bool:
    """True if a raw line cannot show `word` (lower case, of safe characters)."""
    if word in raw.lower():
        return False
    # What cleaning shows of bytes that are no text may contain any word.
    text = raw.decode("latin-1")
    if not text.isascii() or not text.isprintable() or len(text) > _SURELY_WHOLE:
        return False
    return not text.startswith("{") or ('"MESSAGE":"' in text and "\\u" not in text)


_SURELY_WHOLE: Final = 1900
"""Characters of a line that is surely not cut, which would add words to it."""


def _field(line: LogLine, kind: ChipKind) -> str:
    if kind in ("source", "router", "tag"):
        return {"source": line.source, "router": line.router, "tag": line.tag}[kind]
    return f"{line.tag}: {line.text}"


def parse_filter(text: str, *, duplicates: bool = False) -> Filter | FilterProblem:
    """The filter that `text` means, or what is wrong with it."""
    tests: list[Test] = []
    chips: list[Chip] = []
    least = 0
    around = {"before": 0, "after": 0}
    for token in _TOKEN.finditer(text):
        chip = _chip(token)
        if isinstance(chip, FilterProblem):
            return chip
        if not chip.value:
            continue
        chips.append(chip)
        if chip.kind == "level":
            least = LEVELS.index(chip.value)
        elif chip.kind in ("context", "before", "after"):
            sides = around if chip.kind == "context" else (chip.kind,)
            around |= dict.fromkeys(sides, int(chip.value))
        else:
            test = _test(chip)
            if isinstance(test, FilterProblem):
                return test
            tests.append(test)
    return Filter(tuple(tests), least, duplicates, tuple(chips), around["before"], around["after"])


def _chip(token: re.Match[str]) -> Chip | FilterProblem:
    wanted, says = token["no"] is None, token[0]
    if token["regex"] is not None:
        return Chip("regex", token["regex"], wanted, says)
    key, value = token["key"], token["value"]
    if key is None:
        words = token["phrase"] if token["phrase"] is not None else token["word"]
        return Chip("text", words, wanted, says)
    if key == "level":
        names = [name for name in LEVELS if name.startswith(value.lower())]
        if len(names) != 1 or not wanted:
            return FilterProblem(f"level is one of {', '.join(LEVELS)}")
        return Chip("level", names[0], wanted, says)
    if key in ("context", "before", "after"):
        if not wanted or not re.fullmatch(r"\d{1,4}", value, re.ASCII) or int(value) > MOST_CONTEXT:
            return FilterProblem(f"{key} is a number of lines, at most {MOST_CONTEXT}")
    elif key == "attempt" and re.fullmatch(r"\d{1,9}", value, re.ASCII) is None:
        return FilterProblem("attempt is the number of an attempt, as attempt:3")
    return Chip(key, value, wanted, says)  # type: ignore[arg-type]


def _test(chip: Chip) -> Test | FilterProblem:
    if chip.kind == "regex":
        pattern = _expression(chip.value)
        return pattern if isinstance(pattern, FilterProblem) else Test(chip, pattern)
    if chip.kind == "text":
        literal = chip.value.lower().encode() if _SAFE_WORD.fullmatch(chip.value) else b""
        return Test(chip, re.compile(re.escape(chip.value), _flags(chip.value)), literal)
    if chip.kind in OF_ATTEMPTS:
        return Test(chip, re.compile(rf"(?<![\w.]){re.escape(chip.value)}(?![\w]|\.\d)"))
    return Test(chip, re.compile(rf"{re.escape(chip.value)}\Z", re.IGNORECASE))


def text_test(pattern: re.Pattern[str]) -> Test:
    """The test whether a pattern matches the program and the words of a line."""
    words = re.sub(r"\\(.)", r"\1", pattern.pattern)
    is_word = re.escape(words) == pattern.pattern and _SAFE_WORD.fullmatch(words) is not None
    literal = words.lower().encode() if is_word else b""
    return Test(Chip("regex", pattern.pattern), pattern, literal)


def _flags(text: str) -> re.RegexFlag:
    return re.NOFLAG if text != text.lower() else re.IGNORECASE


def _expression(text: str) -> re.Pattern[str] | FilterProblem:
    if len(text) > _LONGEST_EXPRESSION:
        return FilterProblem(f"an expression has at most {_LONGEST_EXPRESSION} characters")
    try:
        return re.compile(text, _flags(re.sub(r"\\.", "", text)))
    except (re.error, OverflowError, RecursionError) as error:
        return FilterProblem(f"/{text}/ is not a regular expression: {error}")
