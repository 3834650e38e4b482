"""An eye on the journal, for the console: what is unfinished, and whether it can be written."""

from typing import Any, Final

from textual.app import App, ScreenStackError

from screens.frame import FactsChanged, SectionScreen
from screens.recovery import RecoveryDialog
from tui.session.recovery import Recovery
from tui.session.session import Session
from tui.session.tray import Task, TaskState

LOOK_EVERY: Final = 5.0
"""Seconds between looks while the journal cannot be written."""
_CALM: Final = 12
"""Every so many of these looks while all is well."""


class JournalWatch:
    """Watches for one session; `stop` ends it."""

    def __init__(self, app: App[Any], session: Session) -> None:
        self.recovery = Recovery(session)
        self._app = app
        self._session = session
        self._trouble_told = ""
        self._looks = 0
        self._stop = [
            self.recovery.listen(self._changed),
            session.tray.listen(self._task_changed),
            session.listen_for_hand_over(self._reload),
            app.set_interval(LOOK_EVERY, self._look).stop,
        ]

    def stop(self) -> None:
        """Watch no more."""
        for stop in self._stop:
            stop()
        for group in ("unfinished", "journal"):
            self._app.workers.cancel_group(self._app, group)

    def begin(self) -> None:
        """Once the session is open: show what is unfinished, and ask the server about it."""
        self._tell_trouble()
        self._app.run_worker(self._begin(), group="unfinished", exclusive=True, exit_on_error=False)

    async def _begin(self) -> None:
        await self.recovery.load()
        for task in await self.recovery.go_on():
            self._app.notify(
                f"{task.title}: goes on where it was left.", title="Unfinished", timeout=15
            )
        if not self.recovery.waiting:
            return
        # Over a form that somebody has opened meanwhile the header has to do.
        if isinstance(self._app.screen, SectionScreen):
            self._app.push_screen(RecoveryDialog(self.recovery))
        await self.recovery.settle()

    def _task_changed(self, task: Task) -> None:
        # One that was cancelled ends with the console, or with the session.
        if task.finished is not None and task.state is not TaskState.CANCELLED:
            self._tell_trouble()
            self._reload()

    def _reload(self) -> None:
        self._app.run_worker(
            self.recovery.load(), group="journal", exclusive=True, exit_on_error=False
        )

    def _look(self) -> None:
        self._looks += 1
        if self._session.books.trouble is not None or self._looks % _CALM == 0:
            self._app.run_worker(
                self._check(), group="journal", exclusive=True, exit_on_error=False
            )
        else:
            self._tell_trouble()

    async def _check(self) -> None:
        await self._session.books.check()
        self._tell_trouble()
        await self.recovery.load()

    def _tell_trouble(self) -> None:
        """Say once that nothing can be written down, and once that it can be again."""
        trouble = self._session.books.trouble
        says = f"{trouble}. {trouble.remedy}" if trouble is not None else ""
        if says == self._trouble_told:
            return
        if says:
            self._app.notify(says, title="No journal: no changes", severity="error", timeout=30)
        else:
            self._app.notify("It can be written again: changes are possible.", title="Journal")
        self._trouble_told = says
        self._changed()

    def _changed(self) -> None:
        try:
            screen = self._app.screen
        except ScreenStackError:
            return  # the console is being closed
        if isinstance(screen, SectionScreen):
            screen.post_message(FactsChanged("journal"))

    @property
    def in_header(self) -> str:
        """What the header says while nothing can be changed; "" while all is well."""
        return "✘ no journal: no changes" if self._session.books.trouble is not None else ""

    def show(self) -> None:
        """Show what is unfinished."""
        self._app.run_worker(self._show(), group="journal", exclusive=True, exit_on_error=False)

    async def _show(self) -> None:
        if not isinstance(self._app.screen, RecoveryDialog):
            await self.recovery.load()
            self.recovery.tidy()
            self._app.push_screen(RecoveryDialog(self.recovery))
