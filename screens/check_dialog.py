"""One check: what was found, what proves it, and the way to its fix."""

from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.content import Content

from screens.details import DetailsDialog
from screens.frame import SectionScreen


class CheckDialog(DetailsDialog):
    """Evidence and fix of one check; its fix can be started from here."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f", "fix", "Start the fix"),
        Binding("y", "copy", "Copy it"),
    ]

    def __init__(self, section: SectionScreen, title: str, text: Content) -> None:
        """`section` does what the keys say, with the row under its cursor."""
        super().__init__(title, text)
        self._section = section

    async def action_fix(self) -> None:
        """Start what mends it, in place of this dialog."""
        self.dismiss()
        await self._section.action_perform("fix")

    async def action_copy(self) -> None:
        """Copy the result with its evidence."""
        await self._section.action_perform("copy")
