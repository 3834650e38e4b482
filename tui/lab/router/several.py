"""Several commands that come in one go, as the parameters of a script that marks each answer."""

from collections.abc import Callable, Iterator
from typing import NamedTuple

from tui.lab.router.answers import words_of
from tui.lab.router.recorded import Answer

_JOB = "csvpn-several"


class Printed(NamedTuple):
    """What goes to both streams after one of the commands."""

    stdout: str
    stderr: str


def is_several(argv: tuple[str, ...]) -> bool:
    """Whether `argv` is that script, with a marker and at least one command."""
    return argv[:2] == ("sh", "-c") and argv[3:4] == (_JOB,) and len(argv) > 5


def answer_several(
    argv: tuple[str, ...], answer: Callable[[tuple[str, ...]], Answer]
) -> Iterator[Printed]:
    """Answer each as `answer` does, between the markers that the script prints."""
    marker, *lines = argv[4:]
    yield Printed(f"{marker}\n", "")
    for line in lines:
        found = answer(words_of(line))
        mark = f"\n{marker} {found.status}\n"
        yield Printed(found.stdout + mark, found.stderr + mark)
