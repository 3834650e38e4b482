"""When a list is asked for again: what it costs the server decides, not only how old it is."""

from typing import Any, Final

from tui.session.shelf import Shelf

FRESH: Final = 15.0
"""Seconds for which any list is good."""
SHARE: Final = 0.01
"""The part of the server's time that asking for one list again and again may take."""
DEAR: Final = 5.0
"""Seconds of the server's time from which on a whole list is dear: then single rows are asked for,
and rows of an earlier run are good until they are too old."""
LOOK: Final = 60.0
"""Seconds after which a row that is on the screen is asked for again."""


def is_due(shelf: Shelf[Any]) -> bool:
    """Whether the whole list has to be asked for, because somebody wants to see it.

    A list that took the server a tenth of a second is good for 15 seconds, one that took it 100
    seconds for nearly three hours.
    """
    age = shelf.age
    if shelf.loading:
        return False
    if age is None or shelf.is_outdated:
        return True
    if shelf.fetched is None and shelf.cost < DEAR:
        return True
    return age >= max(FRESH, shelf.cost / SHARE)


def is_dear(shelf: Shelf[Any]) -> bool:
    """Whether a row of it is better asked for alone than with all the others."""
    return shelf.cost >= DEAR


def wants_a_look(shelf: Shelf[Any], key: str) -> bool:
    """Whether a row that is on the screen has to be asked for again."""
    age = shelf.age_of(key)
    return age is None or age >= LOOK


def is_settled(shelf: Shelf[Any]) -> bool:
    """Whether nothing more of a list is to be waited for: its rows are there and good enough, or
    it is known why not."""
    if shelf.fetched is not None or shelf.error is not None:
        return True
    return bool(shelf.remembered) and not shelf.loading and not is_due(shelf)
