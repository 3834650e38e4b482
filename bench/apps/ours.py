"""What our small programs have in common: frames go to the terminal as the console's do."""

from textual.driver import Driver

from tui.terminal.capabilities import read_capabilities
from tui.terminal.compositor import WritesChanges
from tui.terminal.driver import TerminalWriter


class OurApp(WritesChanges):
    """An application that writes as the console does."""

    ENABLE_COMMAND_PALETTE = False

    def get_driver_class(self) -> type[Driver]:
        """Textual's driver for this system, through which only changes are written."""
        return TerminalWriter(read_capabilities()).attached_to(super().get_driver_class())
