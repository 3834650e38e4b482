"""Say it when background work ends in an error that nobody foresaw.

Workers do not end the console (`exit_on_error=False`), so without this an error in one would be
lost, and with it the reason why a screen shows nothing.
"""

from textual.message_pump import MessagePump
from textual.worker import Worker, WorkerState


class TellsFailures(MessagePump):
    """A screen or application whose workers' unforeseen errors are shown as messages.

    No `DOMNode`: styles and keys are inherited along the first base that is one, and this one
    would hide those of the screen.
    """

    def on_worker_state_changed(self, event: Worker.StateChanged) -> None:
        """Show the error of a worker that failed; what is foreseen never gets here."""
        error = event.worker.error
        if event.state is WorkerState.ERROR and error is not None:
            from tui.safety.text import clean  # starting must be quick, and failing is rare

            self.app.notify(
                clean(f"{type(error).__name__}: {error}. What was asked for was not finished."),
                title="Something unforeseen went wrong",
                severity="error",
                timeout=30,
                markup=False,
            )
