"""Say it when background work ends in an error that nobody foresaw.

Workers do not end the console (`exit_on_error=False`), so without this an error in one would be
lost, and with it the reason why a screen shows nothing.
"""

from textual.dom import DOMNode
from textual.worker import Worker, WorkerState

from tui.safety.text import clean


class TellsFailures(DOMNode):
    """A screen or application whose workers' unforeseen errors are shown as messages."""

    def on_worker_state_changed(self, event: Worker.StateChanged) -> None:
        """Show the error of a worker that failed; what is foreseen never gets here."""
        error = event.worker.error
        if event.state is WorkerState.ERROR and error is not None:
            self.app.notify(
                clean(f"{type(error).__name__}: {error}. What was asked for was not finished."),
                title="Something unforeseen went wrong",
                severity="error",
                timeout=30,
                markup=False,
            )
