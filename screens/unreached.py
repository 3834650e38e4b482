"""The routers that could not be asked, and why; a host key that nobody has vouched for can be
looked at and accepted here."""

from collections.abc import Callable, Sequence
from typing import Any, ClassVar, cast

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

from screens.frame import Console
from screens.hostkey import ask_about_key
from tui.cloud.models import Router
from tui.session.router_rounds import RouterAnswer, place_of


class UnreachedDialog(ModalScreen[None]):
    """One paragraph a router."""

    CSS_PATH = "dialogs.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,enter,q", "dismiss", "Close"),
        Binding("k", "accept_key", "Accept a host key"),
    ]

    def __init__(
        self, failed: Sequence[RouterAnswer[Any]], again: Callable[[Router], object]
    ) -> None:
        """`again` is called with a router whose host key was accepted."""
        super().__init__()
        self._failed = list(failed)
        self._again = again

    @property
    def console(self) -> Console:
        return cast(Console, self.app)

    def compose(self) -> ComposeResult:
        with VerticalScroll(classes="dialog", can_focus=True) as box:
            box.border_title = Content("Routers that could not be asked")
            box.border_subtitle = "k accepts a host key   escape closes"
            yield Static("", id="failed", classes="words")

    def on_mount(self) -> None:
        self.query_one(VerticalScroll).focus()
        self._show()

    def _show(self) -> None:
        if not self._failed:
            self.query_one("#failed", Static).update(Content("Every router could be asked."))
            return
        parts: list[Content] = []
        for answer in self._failed:
            head = f"✘ {answer.router.name}  {place_of(answer.router)}"
            parts.append(Content.styled(head, "bold $text-error"))
            parts.append(Content(f"    {answer.error}"))
            if answer.unknown_key is not None:
                parts.append(Content("    Press k to look at its key and accept it."))
        self.query_one("#failed", Static).update(Content("\n").join(parts))

    def action_accept_key(self) -> None:
        """Ask about the first host key that nobody has vouched for yet."""
        for answer in self._failed:
            if answer.error is None:
                continue
            if ask_about_key(
                self,
                self.console.session,
                answer.router,
                answer.error,
                lambda answer=answer: self._accepted(answer),  # type: ignore[misc]
            ):
                return
        self.notify("None of them waits for a host key to be accepted.")

    def _accepted(self, answer: RouterAnswer[Any]) -> None:
        self._failed.remove(answer)
        self._show()
        self._again(answer.router)
