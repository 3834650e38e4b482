"""Calls into code that may never return."""

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import TypeVar

R = TypeVar("R")


async def call_within(seconds: float, function: Callable[[], R]) -> R:
    """Run the blocking `function` in a thread of its own; `TimeoutError` after `seconds`.

    A call that is late is left alone: its thread is a daemon, so that it keeps neither the event
    loop nor the end of the program waiting, as one of the default executor would.
    """
    answer: Future[R] = Future()
    answer.set_running_or_notify_cancel()

    def run() -> None:
        try:
            result = function()
        except BaseException as error:
            answer.set_exception(error)
        else:
            answer.set_result(result)

    threading.Thread(target=run, name="deadline", daemon=True).start()
    async with asyncio.timeout(seconds):
        return await asyncio.wrap_future(answer)
