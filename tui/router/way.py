"""The way to a router, which is open before it is known that the router is at its end."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import NamedTuple, TypeVar

import asyncssh

from tui.router.errors import RouterError

T = TypeVar("T")


class Way(NamedTuple):
    """Links to the machine at the router's address, and the question for its name."""

    links: list[asyncssh.SSHClientConnection]
    named: "asyncio.Task[None]"
    """Ends when the machine has told that it is the router; raises `RouterError` otherwise."""

    @property
    def link(self) -> asyncssh.SSHClientConnection:
        """The last link, the router's own."""
        return self.links[-1]

    @property
    def is_open(self) -> bool:
        """Whether commands can go this way, as far as is known."""
        return not self.link.is_closed() and (not self.named.done() or self.is_proven)

    @property
    def is_proven(self) -> bool:
        """Whether the machine has told that it is the router."""
        return self.named.done() and not self.named.cancelled() and self.named.exception() is None

    async def prove(self) -> None:
        """Wait for the name, whoever else waits for it. Raises `WrongRouter` or a `LinkError`."""
        await asyncio.shield(self.named)

    async def hand_on(self, work: Awaitable[T], give_up: Callable[[T], object] | None = None) -> T:
        """What `work` gives, when it is known that the router gave it; else `give_up` ends it.

        The trouble of another machine, or of a link that ends for its sake, is told before that of
        `work`.
        """
        try:
            given = await work
        except RouterError:
            await self.prove()
            raise
        try:
            await self.prove()
        except BaseException:
            if give_up is not None:
                give_up(given)
            raise
        return given
