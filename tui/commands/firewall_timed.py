"""A timed change in the foreground: it counts down, can be kept, and says what ctrl+c leaves."""

import asyncio
import contextlib
import sys

from tui.commands.opening import Context
from tui.commands.output import tell
from tui.commands.running import run
from tui.operations.steps import StepEvent
from tui.operations.timed import TimedSources
from tui.vpn.spans import spoken_time

_EVERY = 60
"""Seconds between two lines where stderr is no terminal."""


async def run_timed(context: Context, operation: TimedSources) -> list[StepEvent]:
    """Run the change to its end; `keep` on stdin leaves it for good, `back` ends it now."""
    telling = asyncio.create_task(_count_down(operation))
    listening = _listen(operation)
    try:
        return await run(context, operation)
    except asyncio.CancelledError:
        if operation.phase in ("applying", "waiting", "returning"):
            tell(
                "The change stays until csvpn is started again or csvpn journal resume is run; "
                f"after {operation.wanted.until_words} it is then put back at once. The server "
                "does not put it back."
            )
        raise
    finally:
        telling.cancel()
        if listening:
            asyncio.get_running_loop().remove_reader(sys.stdin.fileno())
        with contextlib.suppress(asyncio.CancelledError):
            await telling


def _listen(operation: TimedSources) -> bool:
    """Read answers from the terminal; False where there is none."""
    if not sys.stdin.isatty():
        return False

    def read() -> None:
        word = sys.stdin.readline().strip().lower()
        if word == "keep" and not operation.keep():
            tell("It is too late to keep it: it is being put back.")
        elif word == "back":
            operation.put_back()

    asyncio.get_running_loop().add_reader(sys.stdin.fileno(), read)
    return True


async def _count_down(operation: TimedSources) -> None:
    on_terminal = sys.stderr.isatty()
    told = False
    while operation.phase in ("applying", "waiting"):
        if operation.phase == "waiting":
            left = spoken_time(operation.seconds_left)
            if on_terminal and not told:
                tell("Type keep and enter to keep it, back and enter to put it back now.")
            told = True
            if on_terminal:
                sys.stderr.write(f"\rgoes back in {left}   ")
                sys.stderr.flush()
            else:
                tell(f"goes back in {left}")
        await asyncio.sleep(
            1 if on_terminal or not told else min(_EVERY, 1 + operation.seconds_left)
        )
    if on_terminal and told:
        sys.stderr.write("\n")
