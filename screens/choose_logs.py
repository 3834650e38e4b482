"""Choose a router and which of its logs to follow."""

from collections.abc import Sequence
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Button, Checkbox, Select, Static

from screens.fields import CheckBox
from tui.cloud.models import Router
from tui.session.logfeed import SOURCE_WORDS
from tui.vpn.states import router_mark


class ChooseLogsDialog(ModalScreen[tuple[str, tuple[str, ...]] | None]):
    """Returns the router's id and the names of the logs."""

    CSS_PATH = "dialogs.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "dismiss", "Cancel"),
        Binding("f10", "go", "Follow"),
    ]

    def __init__(self, routers: Sequence[Router], chosen: str, sources: Sequence[str]) -> None:
        super().__init__()
        self._routers = sorted(routers, key=lambda router: (router.state != "Running", router.name))
        self._chosen = chosen
        self._sources = tuple(sources)

    def compose(self) -> ComposeResult:
        options = [(Content(_words(router)), router.id) for router in self._routers]
        known = {router.id for router in self._routers}
        with VerticalScroll(classes="dialog", can_focus=False) as box:
            box.border_title = Content("Logs of which router?")
            yield Static("Router", classes="quiet")
            yield Select(
                options,
                value=self._chosen if self._chosen in known else Select.NULL,
                prompt="choose a router" if options else "no router is known",
                compact=True,
            )
            yield Static("Logs (space chooses)", classes="quiet")
            for name, words in SOURCE_WORDS.items():
                label = Content(f"{name:9} {words}")
                yield CheckBox(label, name in self._sources, id=f"log-{name}", compact=True)
            with Horizontal(classes="buttons"):
                yield Button("Cancel", id="cancel", compact=True)
                yield Button("Follow", id="go", variant="primary", compact=True)

    def on_mount(self) -> None:
        self.query_one(Select).focus()
        self._check()

    @on(Select.Changed)
    @on(Checkbox.Changed)
    def _check(self) -> None:
        self.query_one("#go", Button).disabled = self._answer() is None

    def _answer(self) -> tuple[str, tuple[str, ...]] | None:
        router = self.query_one(Select).value
        boxes = {name: self.query_one(f"#log-{name}", CheckBox) for name in SOURCE_WORDS}
        sources = tuple(name for name, box in boxes.items() if box.value)
        return (router, sources) if isinstance(router, str) and sources else None

    @on(Button.Pressed)
    def _pressed(self, event: Button.Pressed) -> None:
        self.dismiss(self._answer() if event.button.id == "go" else None)

    def action_go(self) -> None:
        """Follow what is chosen."""
        answer = self._answer()
        if answer is not None:
            self.dismiss(answer)


def _words(router: Router) -> str:
    state = router_mark(router.state, router.redundant_state if router.is_redundant else None)
    where = router.guest_network_name or router.vpc_name
    return f"{router.name}  {where}  {state}  {router.owner}"
