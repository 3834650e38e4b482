"""What a lab router prints for each read-only command.

Commands whose output follows from the state are rendered; the rest are recordings of a real
router with its name, addresses and times replaced. Nothing is executed.
"""

import shlex
from collections.abc import Callable
from functools import cache

from tui.lab.router import (
    clock_answers,
    file_answers,
    ipsec_answers,
    link_answers,
    ppp_answers,
    process_answers,
    table_answers,
)
from tui.lab.router.logfiles import RouterLogs
from tui.lab.router.machine import Machine
from tui.lab.router.recorded import Answer, recorded, recordings

__all__ = ["NOT_ALLOWED", "Answer", "answer", "words_of"]

NOT_ALLOWED = Answer(126, "", "not a read-only command of the registry\n")

_RENDERED: dict[str, Callable[[Machine], Answer]] = {
    **clock_answers.RENDERED,
    **process_answers.RENDERED,
    **ipsec_answers.RENDERED,
    **ppp_answers.RENDERED,
    **link_answers.RENDERED,
    **table_answers.RENDERED,
    **file_answers.RENDERED,
}


@cache
def _names() -> dict[tuple[str, ...], str]:
    return {tuple(argv): name for name, argv in recordings()["commands"].items()}


def words_of(command: str) -> tuple[str, ...]:
    """The arguments of a command as it came over SSH; empty if it is not even quoted well."""
    try:
        words = tuple(shlex.split(command))
    except ValueError:
        return ()
    return words[1:] if words[:1] == ("LC_ALL=C",) else words


def answer(machine: Machine, argv: tuple[str, ...], logs: RouterLogs) -> Answer:
    """The answer to `argv`, a command without parameters."""
    name = _names().get(argv)
    if name is None:
        return NOT_ALLOWED
    render = _RENDERED.get(name)
    if render is not None:
        return render(machine)
    written = logs.recorded(name)
    if written is not None:
        return Answer(0, written)
    return recorded(machine, name) or Answer(0)
