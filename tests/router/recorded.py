"""Answers of a real router, recorded in thirteen states, asked like a router."""

import json
import lzma
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

from tui.router.commands import Command
from tui.router.errors import CommandFailed
from tui.router.output import Output

T = TypeVar("T")

FOLDER = Path(__file__).parent.parent / "recordings" / "router_facts"
STATES = tuple(sorted(path.name.removesuffix(".json.xz") for path in FOLDER.iterdir()))


@cache
def recording(state: str) -> dict[str, Any]:
    """Everything recorded in `state`."""
    loaded: dict[str, Any] = json.loads(lzma.decompress((FOLDER / f"{state}.json.xz").read_bytes()))
    return loaded


def output(state: str, name: str) -> Output:
    """What command `name` printed in `state`."""
    answer = recording(state)["answers"][name]
    return Output(answer["rc"], answer["stdout"].encode(), answer["stderr"].encode())


class RecordedRouter:
    """Answers commands from a recording, or from `changed` where that has the name."""

    def __init__(self, state: str, changed: dict[str, Output] | None = None) -> None:
        self.state = state
        self.changed = changed or {}
        self.asked: list[str] = []

    async def run(self, command: Command[T]) -> T:
        """As `RouterConnection.run`."""
        self.asked.append(command.name)
        answer = self.changed.get(command.name) or output(self.state, command.name)
        if answer.status not in command.statuses:
            raise CommandFailed(command.name, answer.status, answer.complaint)
        return command.parse(answer)
