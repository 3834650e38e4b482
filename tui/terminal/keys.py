"""Keys that come at once do what they would have done one after the other.

Textual hands every key to the widget that has the focus at that moment. Over a slow link several
keys arrive in one packet, and then `/acme` is five keys for the table: its `a` would open a dialog,
because the filter that `/` moves the focus to gets it only when all of them are under way. So a key
waits here until what the one before it started has been done and drawn.
"""

import asyncio
from collections import deque
from typing import Final

from textual import events
from textual.app import App
from textual.message import Message

PATIENCE: Final = 0.5
"""Seconds after which a key no longer waits: what the one before it began may take longer."""


class KeysInOrder(App[None]):
    """An application in which a key waits for the effect of the key before it."""

    class Settled(Message):
        """Goes the way of a key through the widgets, behind it."""

        def __init__(self, number: int) -> None:
            super().__init__()
            self.number = number

    def __init__(self) -> None:
        super().__init__()
        self._keys_waiting: deque[events.Event] = deque()
        self._key_number = 0
        self._key_patience: asyncio.TimerHandle | None = None

    async def on_event(self, event: events.Event) -> None:
        """Hold a key, or a pasted text, while one is under way."""
        is_typed = isinstance(event, events.Key | events.Paste) and not event.is_forwarded
        if is_typed and self._key_patience is not None:
            self._keys_waiting.append(event)
        elif is_typed:
            await self._hand_on(event)
        else:
            await super().on_event(event)

    async def _hand_on(self, event: events.Event) -> None:
        self._key_number += 1
        number = self._key_number
        loop = asyncio.get_running_loop()
        self._key_patience = loop.call_later(PATIENCE, self.call_later, self._next_key, number)
        target = self.focused or self.screen
        await super().on_event(event)
        target.post_message(self.Settled(number))

    def on_keys_in_order_settled(self, message: Settled) -> None:
        """The key has been through all the widgets; what it started is done after a refresh."""
        message.stop()
        self.call_after_refresh(self._next_key, message.number)

    async def _next_key(self, number: int) -> None:
        if number != self._key_number or self._key_patience is None:
            return
        self._key_patience.cancel()
        self._key_patience = None
        if self._keys_waiting:
            await self._hand_on(self._keys_waiting.popleft())
