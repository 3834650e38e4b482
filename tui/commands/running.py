"""Running an operation for a headless command: each step as it ends, and what came of them."""

import asyncio
import sys
from collections.abc import Sequence
from typing import Final

from tui.cloud.errors import OutcomeUnknown
from tui.commands.opening import Context
from tui.commands.output import Exit, code_of, tell
from tui.operations.journal import KeptOperation
from tui.operations.steps import Operation, StepEvent
from tui.safety.redact import redact
from tui.safety.text import clean

WORDS: Final = {"done": "✔ done", "failed": "✘ failed", "skipped": "– skipped"}


async def run(
    context: Context, operation: Operation, resumed: KeptOperation | None = None
) -> list[StepEvent]:
    """Run the steps by the book and print each one that ends; the last events in their order.

    `resumed` is what the journal has of an operation that goes on. With `--json` the steps go to
    stderr, because stdout has room for one document only.
    """
    if context.session is None:
        raise RuntimeError("an operation is run within `opened`")
    ended: list[StepEvent] = []
    try:
        async for event in context.session.books.run(operation, resumed):
            if event.state == "running":
                continue
            ended.append(event)
            for line in _lines(event):
                if context.as_json:
                    tell(line)
                else:
                    sys.stdout.write(f"{clean(redact(line))}\n")
                    sys.stdout.flush()
    except asyncio.CancelledError:
        tell("Broken off. What was begun is in the journal: csvpn journal shows how to go on.")
        raise
    return ended


def _lines(event: StepEvent) -> Sequence[str]:
    word = "▲ done" if event.warning else WORDS[event.state]
    first = f"{word:10} {event.step.title}: {event.says}"
    return [first, f"{'':10} {event.remedy}"] if event.remedy else [first]


def code_after(events: Sequence[StepEvent]) -> Exit:
    """The exit code for what became of the steps."""
    failed = [event for event in events if event.state == "failed"]
    if not failed:
        return Exit.FINE
    if any(isinstance(event.error, OutcomeUnknown) for event in failed):
        return Exit.CANNOT_TELL
    refused = [event.error for event in failed if event.error is not None]
    codes = {code_of(error) for error in refused}
    return Exit.REFUSED if Exit.REFUSED in codes else Exit.FINDINGS


def step_documents(events: Sequence[StepEvent]) -> list[dict[str, object]]:
    """The steps for `--json`."""
    return [
        {
            "step": event.step.name,
            "title": event.step.title,
            "state": event.state,
            "says": clean(redact(event.says)),
            "remedy": clean(redact(event.remedy)),
            "warning": event.warning,
            "call": event.step.call.cloudmonkey() if event.step.call else None,
            "job": event.job_id or None,
        }
        for event in events
    ]
