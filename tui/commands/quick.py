"""What opens the console, understood without the parser of all commands.

The parser has to load what each command may be given; the console is opened most often of all and
has to be there at once. What is not understood here is for the parser, and so is every mistake.
"""

from collections.abc import Mapping, Sequence
from typing import Final

FLAGS: Final[Mapping[str, str]] = {
    "--read-only": "read_only",
    "--plain-output": "plain_output",
}
"""Options without a value, and what the parser calls them."""

VALUES: Final[Mapping[str, str]] = {"--profile": "profile"}
"""Options with a value: the next word, or what follows `=`."""


def console_options(words: Sequence[str]) -> dict[str, object] | None:
    """The options of `csvpn` without a command, by the parser's names for them.

    None where there is a command, or anything that only the parser understands.
    """
    found: dict[str, object] = {}
    rest = iter(words)
    for word in rest:
        option, separator, value = word.partition("=")
        if word in FLAGS:
            found[FLAGS[word]] = True
        elif option in VALUES:
            given = value if separator else next(rest, "-")
            # The parser takes a leading dash for an option that lacks its value, and says so.
            if given.startswith("-"):
                return None
            found[VALUES[option]] = given
        else:
            return None
    return found
