"""Why somebody cannot connect: a checklist that fills, then the verdict, its proof and its fix."""

from typing import ClassVar, Final

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, VerticalScroll
from textual.content import Content
from textual.message import Message
from textual.types import CSSPathType
from textual.widgets import Input, OptionList, Static
from textual.widgets.option_list import Option

from screens.fixes import FixPlace, start_fix, starts_here
from screens.frame import SectionScreen
from screens.hostkey import ask_about_key
from screens.why_evidence import EvidenceScreen
from screens.why_words import (
    choice_line,
    clue_lines,
    no_verdict_text,
    symptom_text,
    verdict_text,
)
from tui.session.casebook import Casebook
from tui.session.diagnosing import Case, Question
from tui.session.questions import either
from tui.session.router_rounds import place_of
from tui.widgets.hints import Hint, HintBar, make_hints

HINTS: Final = (
    ("y", "copy", "Tell"),
    ("f", "fix", "Fix"),
    ("p", "capture", "Packets"),
    ("s", "symptom", "It says"),
    ("r", "again", "Again"),
    ("l", "logs", "Logs"),
    ("b", "save", "Save"),
    ("esc", "leave", "Close"),
)


class WhyScreen(EvidenceScreen):
    """One question, every router that it concerns, and a verdict for each client."""

    CSS_PATH: ClassVar[CSSPathType | None] = "why.tcss"
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (120, "-wide")]  # noqa: RUF012
    AUTO_FOCUS: ClassVar[str | None] = "#body"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q", "leave", "Leave, or end a capture"),
        Binding("y", "copy", "Copy what to tell the user"),
        Binding("f", "fix", "Start the fix"),
        Binding("p", "capture", "Look at the packets for a while"),
        Binding("s", "symptom", "Type what the client says"),
        Binding("r", "again", "Gather the evidence again"),
        Binding("l", "logs", "Go to the lines in the logs"),
        Binding("b", "save", "Save the evidence as a bundle"),
        Binding("k", "accept_key", "Accept a host key"),
        Binding("up", "scroll(-1)", show=False),
        Binding("down", "scroll(1)", show=False),
        Binding("pageup", "scroll(-10)", show=False, priority=True),
        Binding("pagedown", "scroll(10)", show=False, priority=True),
    ]

    class CaseChanged(Message):
        """More is known of one router."""

        def __init__(self, round_number: int, case: Case) -> None:
            super().__init__()
            self.round_number = round_number
            self.case = case

    def __init__(self, question: Question) -> None:
        super().__init__()
        self._question = question
        self._round = 0
        self._symptom = ""
        self._lines: list[str] = []
        """The list of verdicts as it is shown."""

    def compose(self) -> ComposeResult:
        yield Static("", id="question")
        yield OptionList(id="choices", markup=False)
        with VerticalScroll(id="body"), Horizontal(id="panes"):
            yield Static("", id="verdict")
            yield Static("", id="clues")
        with Horizontal(id="said"):
            yield Static("It says: ", classes="quiet")
            yield Input(
                placeholder="what the client shows: error 789 … (s)", id="symptom", compact=True
            )
        yield HintBar()

    def on_mount(self) -> None:
        self.query_one("#choices").display = False
        self.set_interval(1, self._tick)
        self.action_again()

    # Gathering.

    def action_again(self) -> None:
        """Gather the evidence of every router anew."""
        self._round += 1
        number = self._round
        self.book = Casebook(
            self.console.session,
            self._question,
            self._symptom,
            lambda case: self._tell(self.CaseChanged(number, case)),
        )
        self._gather(self.book)
        self.show_book()

    @work(group="gather", exclusive=True, exit_on_error=False)
    async def _gather(self, book: Casebook) -> None:
        await book.run()

    def _tell(self, message: Message) -> None:
        self.post_message(message)

    def on_why_screen_case_changed(self, event: CaseChanged) -> None:
        if event.round_number == self._round and self.book is not None:
            self.book.take(event.case)
            self.show_book()

    # Showing.

    @property
    def client(self) -> str:
        verdict = self.book.verdict if self.book is not None else None
        return verdict.client if verdict is not None else self._question.client

    def show_book(self) -> None:
        book = self.book
        if book is None:
            return
        self._show_question(book)
        self._show_choices(book)
        self.query_one("#verdict", Static).update(self._words(book))
        if book.case is not None:
            head = Content.styled(f"Looked at on {book.case.router.name}", "bold underline")
            clues = Content("\n").join([head, clue_lines(book.case.clues)])
            self.query_one("#clues", Static).update(clues)
        self.query_one(HintBar).hints = make_hints(
            [
                Hint(name, key, label, disabled=self.reason_against(name) is not None)
                for key, name, label in HINTS
            ]
        )

    def _words(self, book: Casebook) -> Content:
        """The verdict, or why there is none yet, and what the client's own words may mean."""
        if book.verdict is not None and book.case is not None:
            text = verdict_text(self.console.session, book.case, book.verdict)
        else:
            text = no_verdict_text(list(book.cases.values()), self._whom)
        said = symptom_text(self._symptom)
        return Content("\n").join([text, Content(""), said]) if said.plain else text

    @property
    def _whom(self) -> str:
        return self._question.user or self._question.client or "anybody who has tried"

    def _show_question(self, book: Casebook) -> None:
        routers = [case.router for case in book.cases.values()]
        where = ", ".join(f"{each.name} {place_of(each)}" for each in routers[:2])
        where += f" and {len(routers) - 2} more" if len(routers) > 2 else ""
        state = "" if book.done == len(routers) else f"{book.done} of {len(routers)} done"
        state = self.capture_words or state
        line = Content.assemble(
            Content.styled(f" {self._question.words}", "bold"),
            Content.styled(f"  ● {state}" if state else "", "bold"),
            Content(f"  {where}"),
        )
        self.query_one("#question", Static).update(line)

    def _show_choices(self, book: Casebook) -> None:
        """The list of verdicts, where there are several."""
        choices = self.query_one("#choices", OptionList)
        choices.display = len(book.entries) > 1
        names = {key: case.router.name for key, case in book.cases.items()}
        if len(names) == 1:
            names.clear()
        lines = [
            f"{'▸' if number == book.chosen else ' '} "
            f"{choice_line(each.verdict, names.get(each.router_id, ''))}"
            for number, each in enumerate(book.entries)
        ]
        if len(lines) != len(self._lines):
            choices.clear_options()
            choices.add_options([Option(Content(line)) for line in lines])
        for number, (old, new) in enumerate(zip(self._lines, lines, strict=False)):
            if old != new:
                choices.replace_option_prompt_at_index(number, Content(new))
        self._lines = lines
        if lines and choices.highlighted != book.chosen:
            choices.highlighted = book.chosen
        if choices.display and self.focused is self.query_one("#body"):
            choices.focus()

    def _tick(self) -> None:
        if self.capture_ends and self.book is not None:
            self._show_question(self.book)

    @on(OptionList.OptionHighlighted, "#choices")
    def _highlighted(self, event: OptionList.OptionHighlighted) -> None:
        book = self.book
        if book is None or event.option_index == book.chosen:
            return
        if event.option_index < len(book.entries):
            book.pick(event.option_index)
            self.show_book()
            self.query_one("#body").scroll_home(animate=False)

    # Actions.

    @on(HintBar.Pressed)
    async def _hint_pressed(self, event: HintBar.Pressed) -> None:
        await self.run_action(f"screen.{event.name}")

    @property
    def _section(self) -> SectionScreen | None:
        below = [each for each in self.app.screen_stack if isinstance(each, SectionScreen)]
        return below[-1] if below else None

    def action_copy(self) -> None:
        """Copy what to tell the user."""
        verdict = self.book.verdict if self.book is not None else None
        if not self.refused("copy") and verdict is not None:
            self.console.copy_out(verdict.tell, "What to tell the user")

    def action_fix(self) -> None:
        """Start the action that mends it."""
        verdict = self.book.verdict if self.book is not None else None
        router, section = self.router, self._section
        if self.refused("fix") or verdict is None or router is None or section is None:
            return
        at = FixPlace(router=router, user=verdict.user or self._question.user)
        if starts_here(verdict.action):
            start_fix(section, verdict.action, at)
        else:
            self.dismiss()
            section.call_later(start_fix, section, verdict.action, at)

    def action_symptom(self) -> None:
        """Type what the client says."""
        self.query_one("#symptom", Input).focus()

    @on(Input.Submitted, "#symptom")
    def _said(self, event: Input.Submitted) -> None:
        self._symptom = event.value
        self.query_one("#body").focus()
        if self.book is not None:
            self._judge(self.book, event.value)
        self.show_book()

    @work(group="judge", exclusive=True, exit_on_error=False)
    async def _judge(self, book: Casebook, symptom: str) -> None:
        await book.judge(symptom)

    def action_logs(self) -> None:
        """Go to the lines that are about the client."""
        router = self.router
        verdict = self.book.verdict if self.book is not None else None
        if router is None:
            return
        names = [self._question.user, self._question.client]
        if verdict is not None:
            names = [verdict.user or "", verdict.client, verdict.identity]
        self.dismiss()
        self.console.go_to("logs", key=router.id, filter_text=either(names))

    def action_accept_key(self) -> None:
        """Ask about a host key that nobody has vouched for yet."""
        for case in self.book.cases.values() if self.book is not None else ():
            if case.error is not None and ask_about_key(
                self, self.console.session, case.router, case.error, self.action_again
            ):
                return
        self.notify("No router waits for a host key to be accepted.")

    def action_scroll(self, lines: int) -> None:
        """Scroll the verdict."""
        self.query_one("#body").scroll_relative(y=lines, animate=False)

    def action_leave(self) -> None:
        """Leave the field, end a capture, or leave; what is under way is ended."""
        if self.focused is self.query_one("#symptom"):
            self.query_one("#body").focus()
        elif self.capture_ends:
            self.end_capture()
        else:
            self.dismiss()


def open_why(section: SectionScreen, question: Question) -> None:
    """Ask why somebody cannot connect; a message says so where there is no router to ask."""
    if not question.routers:
        section.notify(
            "No router is known that could be asked: the VPN has none yet, or your role may not "
            "see routers.",
            title="Why is not possible",
            severity="warning",
        )
        return
    section.app.push_screen(WhyScreen(question))
