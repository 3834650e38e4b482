"""A way to write to the terminal beside Textual's frames: the clipboard's escapes need it.

Textual's driver is the only one that may write, because it queues whole frames; a write from
elsewhere could land within an escape sequence. `App.get_driver_class` is where an application may
choose its driver, and so where this hooks in.
"""

from typing import Any

from textual.driver import Driver


class TerminalWriter:
    """Writes through the driver of the running application; before and after it, nowhere."""

    def __init__(self) -> None:
        self._driver: Driver | None = None

    def __call__(self, text: str) -> None:
        """Send `text` to the terminal as it is."""
        if self._driver is not None:
            self._driver.write(text)
            self._driver.flush()

    def attached_to(self, driver_class: type[Driver]) -> type[Driver]:
        """`driver_class`, whose instance this writer will write through."""
        writer = self

        class AttachedDriver(driver_class):  # type: ignore[misc, valid-type]
            def __init__(self, *arguments: Any, **options: Any) -> None:
                super().__init__(*arguments, **options)
                writer._driver = self

        return AttachedDriver
