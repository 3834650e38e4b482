"""Give the terminal to another program for a moment, such as one that asks for a passphrase."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from typing import Any

from textual.app import App, SuspendNotSupported


def aside_of(app: App[Any]) -> Callable[[], AbstractContextManager[None]]:
    """Takes the console off the screen and brings it back; where it cannot, it stays."""

    @contextmanager
    def aside() -> Iterator[None]:
        with ExitStack() as stack:
            try:
                stack.enter_context(app.suspend())
            except SuspendNotSupported:
                app.log("this terminal cannot be given to another program")
            yield

    return aside
