"""Opening sessions: from a profile of the file, from a form, or on the embedded lab."""

from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING

from tui.session.session import Session
from tui.settings.model import Profile

if TYPE_CHECKING:
    pass

OpenDemo = Callable[[AsyncExitStack], Awaitable[Session]]
"""Starts the embedded lab; what has to be ended with it goes onto the stack."""


class SecretMissing(Exception):
    """No store has the secret of a profile; the person has to give it."""

    def __init__(self, profile: Profile, why: str) -> None:
        super().__init__(why)
        self.profile = profile
