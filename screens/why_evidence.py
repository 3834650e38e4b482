"""What a diagnosis can do with its evidence: more of it by a capture of packets, and keeping it."""

import time
from pathlib import Path
from typing import ClassVar, cast

from textual import work
from textual.message import Message
from textual.screen import Screen

from screens.capture import CaptureDialog, CaptureWish
from screens.frame import Console
from tui.cloud.models import Router
from tui.router.errors import RouterError
from tui.session.casebook import Casebook
from tui.session.checking import bundle_folder, keep_bundle
from tui.session.diagnosing import Case, Diagnosis
from tui.widgets.failures import TellsFailures


class EvidenceScreen(TellsFailures, Screen[None]):
    """A screen with a casebook; subclasses show it."""

    ABSTRACT: ClassVar[bool] = True
    """It is shown only as one of its subclasses."""
    book: Casebook | None = None
    """What is known; None before the first question."""
    capture_ends = 0.0
    """When a running capture is over, in monotonic seconds; 0 without one."""

    class Captured(Message):
        """A capture is over; `error` says why it gave nothing."""

        def __init__(self, error: RouterError | None = None) -> None:
            super().__init__()
            self.error = error

    class Saved(Message):
        """The evidence was kept in `folder`; or not, for the reason `trouble`."""

        def __init__(self, folder: Path, trouble: str) -> None:
            super().__init__()
            self.folder = folder
            self.trouble = trouble

    # What subclasses say.

    def show_book(self) -> None:
        """Show what the casebook holds now."""
        raise NotImplementedError

    @property
    def client(self) -> str:
        """The address whose packets are of interest; empty where it is not known."""
        raise NotImplementedError

    @property
    def console(self) -> Console:
        return cast(Console, self.app)

    @property
    def case(self) -> Case | None:
        """The case of the router that is looked at."""
        return self.book.case if self.book is not None else None

    @property
    def router(self) -> Router | None:
        """The router that is looked at."""
        return self.case.router if self.case is not None else None

    def reason_against(self, name: str) -> str | None:
        """Why an action cannot be done now; None when it can."""
        case = self.case
        verdict = self.book.verdict if self.book is not None else None
        if name == "copy" and (verdict is None or not verdict.tell):
            return "There is nothing to tell the user yet."
        if name == "fix" and (verdict is None or not verdict.action):
            return "There is no fix that the console could start."
        if name in ("capture", "save") and (case is None or not case.done):
            return "Wait until the evidence is there."
        if name == "capture" and self.capture_ends:
            return "A capture runs already; escape ends it."
        if name == "capture" and case is not None and case.error is not None:
            return f"{case.router.name} could not be asked: {case.error}"
        return None

    def refused(self, name: str) -> bool:
        """Whether an action cannot be done now; a message says why."""
        reason = self.reason_against(name)
        if reason is not None:
            self.notify(reason, severity="warning")
        return reason is not None

    # Packets.

    @property
    def capture_words(self) -> str:
        """How long a running capture goes on; empty without one."""
        if not self.capture_ends:
            return ""
        left = max(0.0, self.capture_ends - time.monotonic())
        return f"capturing packets, {left:.0f} s left (esc ends it)"

    def action_capture(self) -> None:
        """Ask how long to look at the packets, then do it."""
        router, book = self.router, self.book
        if self.refused("capture") or router is None or book is None:
            return
        diagnosis = book.diagnoses[router.id]

        def answered(wish: CaptureWish | None) -> None:
            if wish is not None:
                self.capture_ends = time.monotonic() + wish.seconds
                self._capture(diagnosis, wish)
                self.show_book()

        self.app.push_screen(CaptureDialog(router.name, self.client), answered)

    @work(group="capture", exclusive=True, exit_on_error=False)
    async def _capture(self, diagnosis: Diagnosis, wish: CaptureWish) -> None:
        error: RouterError | None = None
        try:
            await diagnosis.capture(wish.seconds, wish.client)
        except RouterError as problem:
            error = problem
        finally:
            self.post_message(self.Captured(error))

    def on_evidence_screen_captured(self, event: Captured) -> None:
        self.capture_ends = 0.0
        self.show_book()
        if event.error is not None:
            self.notify(str(event.error), title="No packets were captured", severity="error")

    def end_capture(self) -> None:
        """End a running capture before its time."""
        self.workers.cancel_group(self, "capture")

    # Keeping.

    def action_save(self) -> None:
        """Keep the evidence, so that it can be judged again elsewhere."""
        if not self.refused("save") and self.case is not None:
            self._save(self.case)

    @work(group="save", exclusive=True, exit_on_error=False)
    async def _save(self, case: Case) -> None:
        folder = bundle_folder(case.router, "why", Path.cwd())
        if case.bundle is not None:
            trouble = await keep_bundle(case.bundle, folder)
            self.post_message(self.Saved(folder, trouble))

    def on_evidence_screen_saved(self, event: Saved) -> None:
        if event.trouble:
            self.notify(event.trouble, title="Not saved", severity="error")
            return
        says = f"{event.folder}, without secrets: csvpn why --bundle judges it again."
        self.notify(says, title="The evidence is saved", timeout=15)
