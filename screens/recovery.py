"""Operations that were left unfinished: what is known of each, and what to do about it."""

from collections.abc import Callable
from typing import ClassVar, Final

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.types import CSSPathType
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from screens import going_on
from tui.operations.call_states import CallState
from tui.session.call_lines import CallLine
from tui.session.recovery import Found, Recovery

LOOK_AGAIN: Final = 5.0
"""Seconds between looks at what other consoles do."""

_STYLES: Final[dict[CallState | None, str]] = {
    CallState.DONE: "$text-success",
    CallState.FAILED: "bold $text-error",
    CallState.SENT: "$text-warning",
    CallState.ACCEPTED: "$text-warning",
    CallState.UNKNOWN: "$text-warning",
}


def call_content(lines: tuple[CallLine, ...]) -> Content:
    """Calls with what is known of each, one on a line."""
    return Content("\n").join(
        [
            Content.assemble(
                Content.styled(f"{line.glyph} {line.title}", _STYLES.get(line.state, "dim")),
                Content(f"  {line.words}"),
            )
            for line in lines
        ]
    )


class RecoveryDialog(ModalScreen[None]):
    """The unfinished operations of this cloud; the console goes on behind it."""

    CSS_PATH: ClassVar[CSSPathType | None] = ["dialogs.tcss", "recovery.tcss"]
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q", "dismiss", "Later"),
        Binding("u", "roll_back", "Roll back"),
        Binding("x", "forget", "Forget"),
        Binding("a", "ask", "Ask the server again"),
    ]

    def __init__(self, recovery: Recovery) -> None:
        super().__init__()
        self._recovery = recovery
        self._stop: Callable[[], None] | None = None

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog") as box:
            box.border_title = Content("Unfinished operations")
            box.border_subtitle = "⏎ resume  u roll back  x forget  a ask again  esc later"
            yield OptionList(markup=False)
            with VerticalScroll(id="about", can_focus=True):
                yield Static("", id="known", classes="words")
            yield Static("", id="elsewhere", classes="words quiet")

    def on_mount(self) -> None:
        self._stop = self._recovery.listen(self._show)
        self._show()
        self.query_one(OptionList).focus()
        self.set_interval(LOOK_AGAIN, self._look_again)
        self._look_again()

    def on_unmount(self) -> None:
        if self._stop is not None:
            self._stop()
        self._recovery.tidy()

    @work(group="look again", exclusive=True, exit_on_error=False)
    async def _look_again(self) -> None:
        await self._recovery.load()

    # Showing.

    def _show(self) -> None:
        if not self.is_mounted:
            return
        options = self.query_one(OptionList)
        found = self._recovery.found
        if [option.id for option in options.options] == list(found):
            for key, each in found.items():
                options.replace_option_prompt(key, _row(each))
        else:
            chosen = self._chosen
            options.clear_options()
            options.add_options([Option(_row(each), id=key) for key, each in found.items()])
            keys = list(found)
            if keys:
                kept = chosen.kept.id if chosen is not None else ""
                options.highlighted = keys.index(kept) if kept in keys else 0
        options.display = bool(found)
        self._show_known()
        self.query_one("#elsewhere", Static).update(self._elsewhere())

    @property
    def _chosen(self) -> Found | None:
        option = self.query_one(OptionList).highlighted_option
        return self._recovery.found.get(option.id or "") if option is not None else None

    @on(OptionList.OptionHighlighted)
    def _show_known(self) -> None:
        chosen = self._chosen
        if chosen is not None:
            text = _about(chosen)
        else:
            text = Content(self._recovery.trouble or "Nothing is unfinished here.")
        self.query_one("#known", Static).update(text)

    def _elsewhere(self) -> Content:
        lines = [
            f"The profile {profile} has {count} more; open it to go on with them."
            for profile, count in sorted(self._recovery.elsewhere.items())
        ]
        reason = self._recovery.against_changes
        return Content("\n".join([*lines, *([reason] if reason and self._chosen else [])]))

    # Going on.

    def _may(self, what: str, found: Found | None) -> bool:
        """Whether something may be done about it; says why not."""
        if found is None:
            return False
        reason = going_on.reason_against(self._recovery, found.known, here=found.here)
        if found.is_over:
            reason = "It is over; nothing is left to be done for it."
        elif found.asking:
            reason = "The server is being asked what became of it; wait for the answer."
        if reason is not None:
            self.notify(reason, title=f"{what} is not possible", severity="warning")
        return reason is None

    @on(OptionList.OptionSelected)
    def _selected(self) -> None:
        found = self._chosen
        if found is not None and self._may("Resuming", found):
            self._resume(found)

    @work(group="go on", exclusive=True, exit_on_error=False)
    async def _resume(self, found: Found) -> None:
        await going_on.resume(self, self._recovery, found.known)

    def action_roll_back(self) -> None:
        """Take back what the operation has made, after showing the calls."""
        found = self._chosen
        if found is not None and self._may("Rolling back", found):
            self._roll_back(found)

    @work(group="go on", exclusive=True, exit_on_error=False)
    async def _roll_back(self, found: Found) -> None:
        task = await going_on.roll_back(self, self._recovery, found.kept)
        if task is not None:
            self.notify("J shows its steps.", title=task.title)
        await self._recovery.load()

    def action_forget(self) -> None:
        """Leave everything as it is, after saying what that is."""
        found = self._chosen
        if found is not None and self._may("Forgetting", found):
            self._forget(found)

    @work(group="go on", exclusive=True, exit_on_error=False)
    async def _forget(self, found: Found) -> None:
        await going_on.forget(self, self._recovery, found.known)

    def action_ask(self) -> None:
        """Ask the server again what became of the calls."""
        found = self._chosen
        if found is not None and found.waits:
            self._ask(found)

    @work(group="ask again", exclusive=True, exit_on_error=False)
    async def _ask(self, found: Found) -> None:
        await self._recovery.ask(found.kept.id)


def _row(found: Found) -> Content:
    """One line: what it is, when it was begun, how far it is."""
    if found.is_over:
        glyph, style, words = "✔", "$text-success", f"over: {found.kept.outcome}"
    elif found.asking:
        glyph, style, words = "?", "bold", "asking …"
    elif found.here or found.known.running:
        glyph, style, words = "●", "bold", f"running: {found.known.holder or 'this console'}"
    else:
        glyph, style, words = "▲", "$text-warning", _counts(found.calls)
    return Content.assemble(
        Content.styled(f"{glyph} {found.kept.title}", style),
        Content(f"  {going_on.when(found.kept.began)}  {words}"),
    )


def _counts(calls: tuple[CallLine, ...]) -> str:
    """How many calls are how far: `2 done, 1 not known, 2 not sent`."""
    groups = (
        ("done", {CallState.DONE}),
        ("taken back", {CallState.COMPENSATED}),
        ("failed", {CallState.FAILED}),
        ("not known", {CallState.SENT, CallState.ACCEPTED, CallState.UNKNOWN}),
        ("not sent", {None, CallState.INTENT}),
    )
    counts = [(sum(line.state in states for line in calls), word) for word, states in groups]
    return ", ".join(f"{count} {word}" for count, word in counts if count) or "nothing was sent"


def _about(found: Found) -> Content:
    """Everything that is known about an operation."""
    kept = found.kept
    who = f" (…{kept.who})" if kept.who else ""
    lines = [
        Content.styled(kept.title, "bold"),
        Content(f"Begun {going_on.when(kept.began)} with the profile {kept.profile}{who}."),
    ]
    if found.is_over:
        lines.append(Content.styled(_OVER.get(kept.outcome, kept.outcome), "$text-success"))
    elif found.known.running:
        lines.append(Content(f"It is being run now: {found.known.holder}."))
    elif found.asking:
        lines.append(Content("The server is asked what became of it; nothing is changed."))
    if found.known.rolled_back_by:
        lines.append(Content("Taking it back was begun: go on with that."))
    if kept.must_finish and not found.is_over:
        lines.append(Content.styled(f"▲ {kept.must_finish}", "$text-warning"))
    if found.trouble:
        lines.append(Content.styled(f"✘ {found.trouble}", "$text-error"))
    if found.calls:
        lines.append(call_content(found.calls))
    return Content("\n").join(lines)


_OVER: Final = {
    "done": "✔ Everything is done: it is closed.",
    "rolled back": "✔ It was rolled back: what it had made is taken back.",
    "forgotten": "– It is forgotten: everything stays as it is.",
    "settled": "✔ Another operation has made it unnecessary.",
    "failed": "✘ It has ended with a failure; nothing is half-done.",
}
