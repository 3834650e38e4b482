"""Which lines are shown.

One text says it all: words that must be there, `!word` that must not, `"two words"`, `/regex/`,
`!/regex/`, and `level:`, `source:`, `router:`, `tag:` with their value (also with `!`). Case counts
only where a word has capitals.
"""

import re
from typing import Final

import msgspec

from tui.logs.line import LEVELS, LogLine

_TOKEN: Final = re.compile(
    r"(?P<no>!)?(?:/(?P<regex>(?:[^/\\]|\\.)*)/(?=\s|$)"
    r"|(?P<key>level|source|router|tag):(?P<value>\S+)"
    r'|"(?P<phrase>[^"]*)"?|(?P<word>\S+))'
)
_LONGEST_EXPRESSION: Final = 200


class FilterProblem(msgspec.Struct, frozen=True):
    """A filter that means nothing."""

    what: str


class _Test(msgspec.Struct, frozen=True):
    field: str
    pattern: re.Pattern[str]
    wanted: bool


class Filter(msgspec.Struct, frozen=True):
    """A filter ready for use. The empty one lets everything but duplicates through."""

    tests: tuple[_Test, ...] = ()
    least_level: int = 0
    """Index in `LEVELS`."""
    duplicates: bool = False
    """Show charon's late duplicates too."""

    def matches(self, line: LogLine) -> bool:
        """True if `line` is shown."""
        if line.is_duplicate and not self.duplicates:
            return False
        if LEVELS.index(line.level) < self.least_level:
            return False
        return all(
            (test.pattern.search(_field(line, test.field)) is not None) == test.wanted
            for test in self.tests
        )


def _field(line: LogLine, name: str) -> str:
    if name == "text":
        return f"{line.tag}: {line.text}"
    return {"source": line.source, "router": line.router, "tag": line.tag}[name]


def parse_filter(text: str, *, duplicates: bool = False) -> Filter | FilterProblem:
    """The filter that `text` means, or what is wrong with it."""
    tests: list[_Test] = []
    least = 0
    for token in _TOKEN.finditer(text):
        wanted = token["no"] is None
        if token["key"] == "level":
            names = [name for name in LEVELS if name.startswith(token["value"].lower())]
            if len(names) != 1 or not wanted:
                return FilterProblem(f"level is one of {', '.join(LEVELS)}")
            least = LEVELS.index(names[0])
        elif token["key"] is not None:
            tests.append(_Test(token["key"], _exactly(token["value"]), wanted))
        elif token["regex"] is not None:
            pattern = _expression(token["regex"])
            if isinstance(pattern, FilterProblem):
                return pattern
            tests.append(_Test("text", pattern, wanted))
        else:
            words = token["phrase"] if token["phrase"] is not None else token["word"]
            if words:
                tests.append(_Test("text", re.compile(re.escape(words), _flags(words)), wanted))
    return Filter(tuple(tests), least, duplicates)


def _exactly(value: str) -> re.Pattern[str]:
    return re.compile(rf"{re.escape(value)}\Z" if value else "", re.IGNORECASE)


def _flags(text: str) -> re.RegexFlag:
    return re.NOFLAG if text != text.lower() else re.IGNORECASE


def _expression(text: str) -> re.Pattern[str] | FilterProblem:
    if len(text) > _LONGEST_EXPRESSION:
        return FilterProblem(f"an expression has at most {_LONGEST_EXPRESSION} characters")
    try:
        return re.compile(text, _flags(re.sub(r"\\.", "", text)))
    except (re.error, OverflowError, RecursionError) as error:
        return FilterProblem(f"/{text}/ is not a regular expression: {error}")
