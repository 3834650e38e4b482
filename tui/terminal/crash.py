"""What is printed when the console crashes: where, without the values of variables.

Textual prints a traceback with local variables, and those hold keys and passwords. How a crash
ends is not part of Textual's public interface, so all that touches it is in this file, and a test
runs it against the installed version.
"""

import sys

from rich.text import Text
from textual.app import App

from tui.safety.process import redacted_traceback


class CrashesQuietly(App[None]):
    """An application whose crash report shows no variable."""

    def _fatal_error(self) -> None:
        """End after an exception that nobody has handled."""
        error = sys.exc_info()[1]
        self.bell()
        if error is not None:
            self._exit_renderables.append(Text(redacted_traceback(error)))
        self._close_messages_no_wait()
