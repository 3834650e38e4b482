"""Choose routers and which of their logs to follow."""

from collections.abc import Collection, Iterable, Sequence
from typing import ClassVar

import msgspec
from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, VerticalScroll
from textual.content import Content
from textual.message import Message
from textual.screen import ModalScreen
from textual.widgets import Button, Checkbox, OptionList, Static
from textual.widgets.option_list import Option

from screens.fields import CheckBox
from tui.cloud.models import Router
from tui.session.logfeed import SOURCE_WORDS
from tui.vpn.states import router_mark

MOST_ROUTERS = 40
"""Routers that are followed at once."""


class Chosen(msgspec.Struct, frozen=True):
    """What to follow."""

    routers: tuple[str, ...]
    """Their ids."""
    sources: tuple[str, ...]
    """Names of the logs."""


class TickList(OptionList):
    """A list of which any number can be chosen; a tick says which, not colour alone."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("space", "select", "Choose", show=False)]

    class Changed(Message):
        """Others are chosen."""

    def __init__(self, rows: Sequence[tuple[str, str]], chosen: Collection[str], id: str) -> None:
        """`rows` are (key, words)."""
        super().__init__(id=id, markup=False)
        self._rows = tuple(rows)
        self.chosen = set(chosen)

    def on_mount(self) -> None:
        self.add_options([Option(self._prompt(*row), id=row[0]) for row in self._rows])

    def _prompt(self, key: str, words: str) -> Content:
        return Content(f"▐{'✔' if key in self.chosen else ' '}▌ {words}")

    def choose(self, keys: Iterable[str]) -> None:
        """Choose these, and no others."""
        self.chosen = set(keys)
        for row in self._rows:
            self.replace_option_prompt(row[0], self._prompt(*row))
        self.post_message(self.Changed())

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Choose the row, or do so no longer."""
        event.stop()
        if event.option_id is not None:
            self.choose(self.chosen ^ {event.option_id})


class ChooseLogsDialog(ModalScreen[Chosen | None]):
    """Lists the routers of the zone, those that run first."""

    CSS_PATH = "dialogs.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "dismiss", "Cancel"),
        Binding("f10", "go", "Follow"),
        Binding("v", "with_vpn", "All with a VPN"),
        Binding("o", "only", "Only this one"),
    ]

    def __init__(
        self,
        routers: Sequence[Router],
        with_vpn: Collection[str],
        chosen: Sequence[str],
        sources: Sequence[str],
    ) -> None:
        """`with_vpn` are the ids of routers that serve a VPN."""
        super().__init__()
        self._routers = sorted(
            routers,
            key=lambda each: (
                each.state != "Running",
                each.id not in with_vpn,
                each.guest_network_name or each.vpc_name,
                each.name,
            ),
        )
        self._with_vpn = with_vpn
        self._chosen = frozenset(chosen)
        self._sources = tuple(sources)

    def compose(self) -> ComposeResult:
        rows = [(router.id, self._words(router)) for router in self._routers]
        with VerticalScroll(classes="dialog", can_focus=False) as box:
            box.border_title = Content("Logs of which routers?")
            box.border_subtitle = "space chooses   v all with a VPN   o only this one   f10 follows"
            yield TickList(rows, self._chosen, id="routers")
            yield Static("Logs", classes="quiet")
            for name, words in SOURCE_WORDS.items():
                label = Content(f"{name:9} {words}")
                yield CheckBox(label, name in self._sources, id=f"log-{name}", compact=True)
            yield Static("", id="problem", classes="words")
            with Horizontal(classes="buttons"):
                yield Button("Cancel", id="cancel", compact=True)
                yield Button("Follow", id="go", variant="primary", compact=True)

    def on_mount(self) -> None:
        self.query_one(TickList).focus()
        self._check()

    def _words(self, router: Router) -> str:
        role = router.redundant_state if router.is_redundant else None
        vpn = "VPN" if router.id in self._with_vpn else "   "
        pair = "  ⇄ pair" if router.is_redundant else ""
        return f"{name_of_router(router)}  {vpn}  {router_mark(router.state, role)}{pair}"

    @on(TickList.Changed)
    @on(Checkbox.Changed)
    def _check(self) -> None:
        problem = self._problem()
        self.query_one("#go", Button).disabled = bool(problem)
        self.query_one("#problem", Static).update(Content.styled(problem, "$text-warning"))

    def _problem(self) -> str:
        answer = self._answer()
        if not self._routers:
            return "▲ no router is known"
        if not answer.routers:
            return "▲ choose a router with space"
        if len(answer.routers) > MOST_ROUTERS:
            return f"▲ at most {MOST_ROUTERS} routers at once; {len(answer.routers)} are chosen"
        return "" if answer.sources else "▲ choose a log with space"

    def _answer(self) -> Chosen:
        chosen = self.query_one(TickList).chosen
        boxes = {name: self.query_one(f"#log-{name}", CheckBox) for name in SOURCE_WORDS}
        return Chosen(
            tuple(router.id for router in self._routers if router.id in chosen),
            tuple(name for name, box in boxes.items() if box.value),
        )

    @on(Button.Pressed)
    def _pressed(self, event: Button.Pressed) -> None:
        if event.button.id == "go":
            self.action_go()
        else:
            self.dismiss(None)

    def action_go(self) -> None:
        """Follow what is chosen."""
        if not self._problem():
            self.dismiss(self._answer())

    def action_with_vpn(self) -> None:
        """Choose all routers that run and serve a VPN, and no others."""
        self.query_one(TickList).choose(
            router.id
            for router in self._routers
            if router.id in self._with_vpn and router.state == "Running"
        )

    def action_only(self) -> None:
        """Choose the router under the cursor, and no other."""
        at = self.query_one(TickList).highlighted
        if at is not None:
            self.query_one(TickList).choose([self._routers[at].id])


def name_of_router(router: Router) -> str:
    """Name, network and owner of a router."""
    where = router.guest_network_name or router.vpc_name
    return f"{router.name:10} {where:16} {router.owner:10}"
