"""Give the terminal to another program for a moment, such as one that asks for a passphrase."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
from typing import Any

from textual.app import App, SuspendNotSupported


def aside_of(app: App[Any]) -> Callable[[], AbstractContextManager[None]]:
    """Takes the console off the screen and brings it back; where it cannot, it stays."""

    @contextmanager
    def aside() -> Iterator[None]:
        failed: BaseException | None = None
        with ExitStack() as stack:
            if app.is_running:
                with suppress(SuspendNotSupported):
                    stack.enter_context(app.suspend())
            try:
                yield
            except BaseException as error:
                # Textual does not come back when it sees an error, so it is raised afterwards.
                failed = error
        if failed is not None:
            raise failed

    return aside
