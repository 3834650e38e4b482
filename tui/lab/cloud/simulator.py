"""Injected failures, as CloudStack's own simulator has them (`configureSimulator`)."""

import asyncio
from dataclasses import dataclass

from tui.lab.cloud.errors import malformed


@dataclass(slots=True)
class _Mock:
    fails: bool
    wait: float
    left: int | None
    """How many more commands it hits; None: all."""


class Simulator:
    """What the next commands to a router will do."""

    def __init__(self) -> None:
        self._mocks: dict[str, _Mock] = {}

    def configure(self, command: str, value: str, count: int | None) -> None:
        """`result:fail|wait:MS` for the next `count` commands; without a count for all.

        The newest word counts, also when it is used up: `enabled:true count=0` is how one takes
        everything back. Raises 431 for a value that is none of these.
        """
        fails, wait = False, 0.0
        for part in value.split("|"):
            name, _, argument = part.partition(":")
            if name == "enabled":
                self._mocks.pop(command, None)
                return
            if name == "result" and argument == "fail":
                fails = True
            elif name == "wait" and argument.isdigit():
                wait = int(argument) / 1000
            else:
                raise malformed(f"Invalid configureSimulator value {part}")
        self._mocks[command] = _Mock(fails, wait, count)

    async def meets(self, command: str) -> bool:
        """Go through one command: wait as told; False if the router is to refuse it."""
        mock = self._mocks.get(command)
        if mock is None or mock.left == 0:
            return True
        if mock.left is not None:
            mock.left -= 1
        if mock.wait:
            await asyncio.sleep(mock.wait)
        return not mock.fails
