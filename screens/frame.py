"""What every section of the console has: header, sections, filter line, body, hint line."""

import time
from collections.abc import Callable, Coroutine, Iterable, Sequence
from functools import partial
from typing import ClassVar, Final, Protocol, cast

import msgspec
from textual import on
from textual.app import ComposeResult
from textual.message import Message
from textual.screen import Screen
from textual.timer import Timer
from textual.types import CSSPathType
from textual.widget import Widget
from textual.worker import Worker

from screens.confirm import ConfirmDialog
from screens.looks import Looks
from screens.section_keys import TITLES
from tui.actions import SECTIONS, Action, action, actions_on
from tui.operations.steps import Operation
from tui.safety.secret import Secret
from tui.session.auditing import SecretUse
from tui.session.freshness import is_due, is_settled
from tui.session.inventory import Kind
from tui.session.session import Session
from tui.session.status import words_for_age, words_for_past
from tui.session.tray import Task
from tui.widgets.failures import TellsFailures
from tui.widgets.header import ConsoleHeader, HeaderFacts, SectionBar
from tui.widgets.hints import Hint, HintBar, make_hints

REPAINT_SECONDS: Final = 0.25
"""While pages of a list come in, the rows are shown again no sooner."""
LIST_WORKERS: Final = "list "
FIXED_LINES: Final = 6
"""Lines of a section that have no row: header, sections, filter, head of the table, hints."""


class FactsChanged(Message):
    """A list of the inventory, or the state of an operation, has changed."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.name = name

    def can_replace(self, message: Message) -> bool:
        """Only the newest of a burst is worth a repaint."""
        return isinstance(message, FactsChanged)


class Console(Protocol):
    """What a section may ask of the application."""

    session: Session
    looks: Looks

    def go_to(self, section: str, key: str = "", filter_text: str = "", then: str = "") -> None:
        """Show another section, with the cursor on the row `key` or filtered; `then` is the action
        that is done there as soon as its lists are there."""

    def copy_out(self, text: str | Secret, what: str) -> None:
        """Send `text` to the clipboard; `what` names it in the message about that."""

    def note_secret_use(self, use: SecretUse, what: str, target: str = "") -> None:
        """Record in the audit trail that a secret was shown: what it is, and of what."""

    def status(self) -> HeaderFacts:
        """What the header shows now."""
        ...


class SectionScreen(TellsFailures, Screen[None]):
    """One section; subclasses say `SECTION`, compose a body and implement their actions."""

    AUTO_FOCUS: ClassVar[str | None] = "ResourceTable, LogView"
    SECTION: ClassVar[str] = ""
    KINDS: ClassVar[tuple[Kind, ...]] = ()
    """The lists that the section shows; they are asked for when it is entered."""
    CSS_PATH: ClassVar[CSSPathType | None] = "frame.tcss"
    _shown_at = 0.0
    _shown_later: Timer | None = None
    _errand: tuple[str, str] | None = None
    """Row and action that somebody has come for from another section."""
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (120, "-wide")]  # noqa: RUF012
    VERTICAL_BREAKPOINTS = [(0, "-short"), (16, "-tall")]  # noqa: RUF012

    def compose(self) -> ComposeResult:
        yield ConsoleHeader()
        yield SectionBar([(name, TITLES[name]) for name in SECTIONS], self.SECTION)
        yield from self.compose_body()
        yield HintBar()

    def compose_body(self) -> Iterable[Widget]:
        """The widgets between the sections and the hint line."""
        raise NotImplementedError

    @property
    def console(self) -> Console:
        """The application, as far as a section may know it."""
        return cast(Console, self.app)

    @property
    def session(self) -> Session:
        """What the profile of this console is doing."""
        return self.console.session

    # Life.

    def on_mount(self) -> None:
        self._show_status()
        self.set_interval(5, self._show_status)

    def on_screen_resume(self) -> None:
        """Show what is known, and ask for what was not asked for a moment ago."""
        self.show_facts()
        self._show_status()
        self.session.inventory.lines = max(10, self.size.height - FIXED_LINES)
        self._give_up_lists_of_others()
        self.refresh_due_facts()

    @property
    def kinds(self) -> tuple[Kind, ...]:
        """The lists to ask for on entering and on refresh."""
        return tuple(kind for kind in self.KINDS if self.session.may_list(kind))

    def refresh_facts(self) -> None:
        """Ask the server for all of the section's lists, in the background."""
        self._ask_for(kind for kind in self.kinds if not self.session.inventory.shelf(kind).loading)

    def refresh_due_facts(self) -> None:
        """Ask for those that are not there, or are too old for what they cost the server."""
        self._ask_for(kind for kind in self.kinds if is_due(self.session.inventory.shelf(kind)))

    def _ask_for(self, kinds: Iterable[Kind]) -> None:
        for kind in kinds:
            # One worker a list: a list that is asked for again must not end the others.
            self.load(partial(self.session.refresh, (kind,)), f"{LIST_WORKERS}{kind}")

    def _give_up_lists_of_others(self) -> None:
        """End what other sections ask for and this one has no use for."""
        wanted = {f"{LIST_WORKERS}{kind}" for kind in self.kinds}
        for worker in list(self.workers):
            if (
                worker.node is not self
                and worker.group.startswith(LIST_WORKERS)
                and worker.group not in wanted
            ):
                worker.cancel()

    def load(self, ask: Callable[[], Coroutine[object, object, None]], group: str) -> None:
        """Ask the server for something in the background; a newer question of the same `group`
        ends an older one."""

        async def asking() -> None:
            await ask()
            self.post_message(FactsChanged(""))

        _worker: Worker[None] = self.run_worker(
            asking, group=group, exclusive=True, exit_on_error=False
        )

    @on(FactsChanged)
    def _facts_changed(self, event: FactsChanged) -> None:
        event.stop()
        loading = any(self.session.inventory.shelf(kind).loading for kind in self.kinds)
        left = self._shown_at + REPAINT_SECONDS - time.monotonic()
        if not loading or left <= 0:
            self._show_news()
        elif self._shown_later is None:
            self._shown_later = self.set_timer(left, self._show_news)

    def _show_news(self) -> None:
        if self._shown_later is not None:
            self._shown_later.stop()
            self._shown_later = None
        self._shown_at = time.monotonic()
        self.show_facts()
        self._show_status()
        self._run_errand()

    def show_facts(self) -> None:
        """Show what the inventory holds now."""
        raise NotImplementedError

    def arrive(self, key: str, filter_text: str) -> None:
        """Come from another section: show the row `key`, or filter."""

    @property
    def is_filled(self) -> bool:
        """Whether every list of the section is there, or is known not to come."""
        shelves = [self.session.inventory.shelf(kind) for kind in self.kinds]
        return all(is_settled(each) for each in shelves)

    def arrive_for(self, key: str, filter_text: str, then: str) -> None:
        """Come from another section to the row `key`, and do the action `then`, if any, there as
        soon as the lists are there."""
        self.arrive(key, filter_text)
        self._errand = (key, then)
        self._run_errand()

    def _run_errand(self) -> None:
        if self._errand is None or not self.is_filled or not self.is_current:
            return
        (key, then), self._errand = self._errand, None
        self.find_row(key)
        if then:
            # The rows are in their places only after the next refresh.
            self.call_after_refresh(self.action_perform, then)

    def find_row(self, key: str) -> None:
        """Put the cursor on the row `key`, where there are rows."""

    def is_on(self, key: str) -> bool:
        """Whether the cursor is on the row `key`."""
        return False

    def on_screen_suspend(self) -> None:
        """Whoever leaves the section does not want what was to be done there any more."""
        self._errand = None

    def show_task(self, task: Task) -> None:
        """An operation of the console has come further; most sections show it in the header."""
        self._show_status()

    def _show_status(self) -> None:
        header = self.query_one(ConsoleHeader)
        header.facts = msgspec.structs.replace(self.console.status(), age=self._age())
        self.show_hints()

    def _age(self) -> str:
        shelves = [self.session.inventory.shelf(kind) for kind in self.kinds]
        ages = [age for shelf in shelves if (age := shelf.age) is not None]
        return words_for_age(max(ages)) if ages else ""

    @property
    def words_for_memory(self) -> str:
        """What is to be said of rows that only an earlier run has seen; empty without any."""
        shelves = [self.session.inventory.shelf(kind) for kind in self.kinds]
        ages = [shelf.age or 0.0 for shelf in shelves if shelf.remembered]
        if not ages:
            return ""
        asking = any(shelf.loading for shelf in shelves)
        then = "asking the server …" if asking else "r asks the server"
        return f"from {words_for_past(max(ages))}, {then}"

    # Actions.

    def reason_against(self, action: Action) -> str | None:
        """Why `action` cannot be done now, in a sentence; None when it can.

        Subclasses add what the row under the cursor does not allow.
        """
        if action.name == "why" and not self.session.may_list(Kind.ROUTERS):
            return "Your role may not see routers, so they cannot be asked."
        return self.session.reason_against(action)

    def name_of_row(self) -> str:
        """What the row under the cursor is called, for the palette; empty without one."""
        return ""

    def show_hints(self) -> None:
        """Show the keys of the section, those that cannot be used now as such."""
        self.query_one(HintBar).hints = make_hints(
            [
                Hint(
                    each.name,
                    each.key,
                    each.label,
                    disabled=self.reason_against(each) is not None,
                    always=each.of_app,
                )
                for each in actions_on(self.SECTION)
                if each.hint
            ]
        )

    async def action_perform(self, name: str) -> None:
        """Do the action `name` of the registry, or say why it cannot be done."""
        wanted = action(name)
        reason = self.reason_against(wanted)
        if reason is not None:
            self.notify(reason, title=f"{wanted.label} is not possible", severity="warning")
            return
        await self.run_action(f"app.{name}" if wanted.of_app else f"screen.{name}")

    @on(HintBar.Pressed)
    async def _hint_pressed(self, event: HintBar.Pressed) -> None:
        await self.action_perform(event.name)

    @on(SectionBar.Chosen)
    def _section_chosen(self, event: SectionBar.Chosen) -> None:
        self.console.go_to(event.name)

    def ask_and_start(
        self,
        operation: Operation,
        sentences: Sequence[str],
        go: str,
        kinds: Iterable[Kind],
        *,
        address_id: str = "",
        after: Callable[[Task], object] | None = None,
    ) -> None:
        """Say what an operation will do, and start it when the answer is yes.

        `kinds` are the lists that it changes, `address_id` the address whose rules it changes.
        `after` is called when it has ended, well or not.
        """
        wanted = tuple(kinds)
        production = self.session.profile.production
        dialog = ConfirmDialog(
            operation.title,
            sentences,
            go,
            calls=[step.call.cloudmonkey() for step in operation.plan() if step.call],
            typed=self.name_of_row() if production else "",
        )

        def answered(yes: bool | None) -> None:
            if yes:
                self.session.start(operation, wanted, address_id, after)

        self.app.push_screen(dialog, answered)

    def action_refresh(self) -> None:
        """Ask the server again."""
        self.refresh_facts()
