"""The checkup: what CloudStack says beside what the routers do, check by check, the worst first."""

from collections.abc import Iterable, Sequence
from operator import attrgetter
from pathlib import Path
from typing import ClassVar

from textual import work
from textual.binding import BindingType
from textual.content import Content
from textual.message import Message
from textual.types import CSSPathType
from textual.widget import Widget
from textual.widgets import Static

from screens.check_dialog import CheckDialog
from screens.checkup_words import (
    GROUP_WIDTH,
    STATE_TONES,
    check_text,
    counts_line,
    remedies_text,
    state_words,
)
from screens.choose import ChooseDialog
from screens.details import DetailsDialog
from screens.fixes import FixPlace, reason_against_fix, start_fix
from screens.section_keys import bindings_of
from screens.tables import TableScreen
from screens.unreached import UnreachedDialog
from screens.why import open_why
from tui.actions import Action
from tui.cloud.models import Router
from tui.diagnose.bundle import Bundle
from tui.session.checking import (
    RANKS,
    CheckRow,
    Checkups,
    Result,
    Scope,
    bundle_folder,
    checks_of,
    keep_bundle,
)
from tui.session.inventory import Kind
from tui.session.questions import about_client
from tui.session.router_rounds import AT_A_TIME, place_of, unreached_words
from tui.session.sessions_watch import moment_words
from tui.session.tray import Task
from tui.widgets.columns import Cell, Column, text_column


class CheckupScreen(TableScreen[CheckRow]):
    """One row a check; the routers of one scope."""

    SECTION = "checkup"
    WHAT = "checks"
    CSS_PATH: ClassVar[CSSPathType | None] = ["frame.tcss", "checkup.tcss"]
    BINDINGS: ClassVar[list[BindingType]] = bindings_of("checkup")
    KINDS = (Kind.ROUTERS, Kind.VPNS, Kind.ADDRESSES, Kind.NETWORKS, Kind.VPCS, Kind.USERS)
    COLUMNS: ClassVar[tuple[Column[CheckRow], ...]] = (
        Column(
            "STATE",
            lambda r: Cell(state_words(r.check.state), STATE_TONES[r.check.state]),
            widest=9,
            order=lambda r: RANKS[r.check.state],
        ),
        text_column("GROUP", attrgetter("check.group"), widest=GROUP_WIDTH, rank=2),
        text_column("CHECK", attrgetter("check.name"), widest=24, narrowest=12, rank=3),
        text_column("SAYS", attrgetter("check.says"), widest=60, narrowest=30),
        text_column("ROUTER", attrgetter("router.name"), widest=14, narrowest=7, rank=1),
    )

    class Answered(Message):
        """A router has answered one more command."""

        def __init__(self, router: Router, name: str) -> None:
            super().__init__()
            self.router = router
            self.name = name

    class Checked(Message):
        """The checkup of a router is done, or the router could not be asked."""

        def __init__(self, result: Result) -> None:
            super().__init__()
            self.result = result

    class Saved(Message):
        """What a result was made from was kept in `folder`; or not, for the reason `trouble`."""

        def __init__(self, folder: Path, trouble: str) -> None:
            super().__init__()
            self.folder = folder
            self.trouble = trouble

    class Ended(Message):
        """Every router of a round is done."""

        def __init__(self, number: int) -> None:
            super().__init__()
            self.number = number

    def __init__(self) -> None:
        super().__init__()
        self._checkups: Checkups | None = None
        self._scope_key = ""
        self._findings_only = False
        self._round = 0
        self._under_way: dict[str, int] = {}
        """Answers so far of the routers that are being asked, by their id."""

    @property
    def checkups(self) -> Checkups:
        """What was found so far."""
        if self._checkups is None:
            self._checkups = Checkups(self.session)
        return self._checkups

    @property
    def scope(self) -> Scope | None:
        """Which routers are shown; None before they are known, or where none is chosen."""
        return self.checkups.scope(self._scope_key)

    def compose_body(self) -> Iterable[Widget]:
        yield Static("", id="summary")
        yield from super().compose_body()

    # Asking.

    def show_facts(self) -> None:
        """Look at once, where that is not too much to do unasked."""
        if not self._scope_key and self.is_filled and self.session.may_list(Kind.ROUTERS):
            self._choose_at_first()
        self.query_one("#summary", Static).update(self._summary())
        super().show_facts()

    def _choose_at_first(self) -> None:
        scopes = self.checkups.scopes()
        if 0 < len(scopes[0].routers) <= AT_A_TIME:
            self._look_at(scopes[0])

    def arrive(self, key: str, filter_text: str) -> None:
        """Come from another section, for the router with the id `key`."""
        super().arrive("", filter_text)
        scope = self.checkups.scope(key) if key else None
        if scope is not None and scope.key != self._scope_key:
            self._look_at(scope)

    def _look_at(self, scope: Scope) -> None:
        self._scope_key = scope.key
        self._check(scope.routers)
        self.show_facts()

    def _check(self, routers: Sequence[Router]) -> None:
        if routers:
            self._round += 1
            self._under_way = {router.id: 0 for router in routers}
            self._run(self._round, routers)

    @work(group="checkup", exclusive=True, exit_on_error=False)
    async def _run(self, number: int, routers: Sequence[Router]) -> None:
        try:
            await self.checkups.check(
                routers,
                lambda router, name: self._tell(self.Answered(router, name)),
                lambda result: self._tell(self.Checked(result)),
            )
        finally:
            self.post_message(self.Ended(number))

    def _tell(self, message: Message) -> None:
        self.post_message(message)

    def on_checkup_screen_answered(self, event: Answered) -> None:
        if event.router.id in self._under_way:
            self._under_way[event.router.id] += 1
            self.query_one("#summary", Static).update(self._summary())

    def on_checkup_screen_checked(self, event: Checked) -> None:
        self.checkups.take(event.result)
        self._under_way.pop(event.result.router.id, None)
        self.show_facts()

    def on_checkup_screen_ended(self, event: Ended) -> None:
        if event.number == self._round:
            self._under_way = {}
            self.show_facts()
            self._check_what_was_mended()

    def show_task(self, task: Task) -> None:
        super().show_task(task)
        self._check_what_was_mended()

    def on_screen_resume(self) -> None:
        self._check_what_was_mended()

    def _check_what_was_mended(self) -> None:
        if not self._under_way:
            self._check(self.checkups.due())

    def action_refresh(self) -> None:
        """Ask the server and the routers again."""
        super().action_refresh()
        scope = self.scope
        if scope is not None:
            self._check(scope.routers)
            self.show_facts()

    # Showing.

    def _summary(self) -> Content:
        """What was found on all routers that are shown, and on the one under the cursor."""
        scope = self.scope
        if scope is None:
            return Content(" No router is chosen. Press c to choose.")
        results = [self.checkups.results.get(router.id) for router in scope.routers]
        known = [each for each in results if each is not None]
        checks = [check for each in known for check in checks_of(each)]
        parts = [Content.styled(f" {scope.words}  ", "bold"), counts_line(checks)]
        if self._under_way:
            parts.append(Content.styled(f"  ● {self._progress(scope)}", "bold"))
        elif known:
            parts.append(Content(f"  {moment_words(min(each.taken for each in known))} UTC"))
        lines = [Content.assemble(*parts)]
        if len(scope.routers) > 1:
            lines.append(self._of_router())
        return Content("\n").join(lines)

    def _progress(self, scope: Scope) -> str:
        answers = sum(self._under_way.values())
        if len(scope.routers) == 1:
            return f"asking, {answers} answers so far"
        done = len(scope.routers) - len(self._under_way)
        return f"{done} of {len(scope.routers)} routers done, {answers} answers under way"

    def _of_router(self) -> Content:
        row = self.row
        result = self.checkups.results.get(row.router.id) if row is not None else None
        if row is None or result is None:
            return Content("")
        head = f" {row.router.name} {place_of(row.router)}: "
        return Content.assemble(Content(head), counts_line(checks_of(result)))

    def show_details(self, row: CheckRow | None) -> None:
        super().show_details(row)
        self.query_one("#summary", Static).update(self._summary())

    def rows(self) -> Sequence[CheckRow]:
        scope = self.scope
        if scope is None:
            return ()
        return self.checkups.rows(scope.routers, findings_only=self._findings_only)

    def key_of(self, row: CheckRow) -> str:
        return row.key

    def title_of(self, row: CheckRow) -> str:
        return row.check.name

    def name_of_row(self) -> str:
        return "" if self.row is None else self.row.router.name

    def note_when_empty(self) -> str:
        if not self.session.may_list(Kind.ROUTERS):
            return "Your role may not see routers, so they cannot be checked."
        scope = self.scope
        if scope is None:
            scopes = self.checkups.scopes()
            if len(scopes) == 1:
                return "No router runs, so there is nothing to check."
            number = len(scopes[0].routers)
            if not number:
                return "No router that runs has a VPN. Press c to check one all the same."
            return f"{number} routers have a VPN. Press c to choose one of them, or all."
        if self._under_way:
            return "Asking the router …" if len(scope.routers) == 1 else "Asking the routers …"
        if self._findings_only:
            return "Nothing was found. Press o to see every check."
        return "Press r to look."

    def _show_trouble(self, *, beside_rows: bool) -> None:
        """Routers that could not be asked stand above the rows too."""
        super()._show_trouble(beside_rows=beside_rows)
        line = self.query_one("#trouble", Static)
        scope = self.scope
        words = unreached_words(self.checkups.failed(scope.routers)) if scope else ""
        if beside_rows and words and not line.display:
            line.display = True
            line.update(Content.styled(f" ▲ {words}", "bold $text-warning"))

    def text_to_copy(self, row: CheckRow) -> tuple[str, str]:
        return f"{row.router.name} {check_text(row).plain}", f"Check {row.check.name}"

    def details(self, row: CheckRow) -> tuple[str, Content]:
        return f"{row.check.name} on {row.router.name}", check_text(row)

    # Actions.

    def reason_against(self, action: Action) -> str | None:
        reason = super().reason_against(action)
        if reason is not None:
            return reason
        if action.name == "choose_scope" and not self.session.may_list(Kind.ROUTERS):
            return "Your role may not see routers."
        row = self.row
        if action.name == "fix" and row is not None:
            if not row.check.action:
                return row.check.fix or "There is nothing to mend."
            return reason_against_fix(self.session, row.check.action)
        if action.name == "save_bundle" and (self._result is None or self._result.said is None):
            return "The router has not answered, so there is nothing to keep."
        if action.name == "show_unreached" and not self._failed:
            return "Every router that was asked has answered."
        return None

    @property
    def _failed(self) -> list[Result]:
        scope = self.scope
        return self.checkups.failed(scope.routers) if scope is not None else []

    def action_choose_scope(self) -> None:
        """Choose a router, a zone, or every router with a VPN."""
        choices = []
        for scope in self.checkups.scopes():
            words = scope.words
            if len(scope.routers) == 1 and scope.key == scope.routers[0].id:
                result = self.checkups.results.get(scope.key)
                found = counts_line(checks_of(result)).plain if result is not None else ""
                words = f"{words:12} {place_of(scope.routers[0]):20} {found}"
            choices.append((scope.key, words))

        def chosen(key: str | None) -> None:
            scope = self.checkups.scope(key) if key else None
            if scope is not None:
                self._look_at(scope)

        empty = "No router runs."
        self.app.push_screen(ChooseDialog("Check which routers?", choices, empty), chosen)

    def action_details(self) -> None:
        """Show evidence and fix."""
        if self.row is not None:
            self.app.push_screen(CheckDialog(self, *self.details(self.row)))

    def action_fix(self) -> None:
        """Start what mends the check under the cursor."""
        row = self.row
        if row is not None and row.check.action:
            self.checkups.mend(row.router)
            start_fix(self, row.check.action, FixPlace(router=row.router))

    def action_why(self) -> None:
        """Find out why people cannot connect through the router of the row."""
        if self.row is not None:
            open_why(self, about_client(self.row.router))

    def action_remedies(self) -> None:
        """Show what to do about the router of the row, in the right order."""
        row, result = self.row, self._result
        if row is not None and result is not None:
            title = f"What to do about {row.router.name}, in this order"
            self.app.push_screen(DetailsDialog(title, remedies_text(checks_of(result))))

    @property
    def _result(self) -> Result | None:
        """The result of the router that the row is about."""
        return self.checkups.results.get(self.row.router.id) if self.row is not None else None

    def action_save_bundle(self) -> None:
        """Keep what the result of the row's router was made from."""
        result = self._result
        if result is not None and result.said is not None:
            folder = bundle_folder(result.router, "check", Path.cwd())
            self._save(result.said.bundle, folder)

    @work(group="save", exclusive=True, exit_on_error=False)
    async def _save(self, bundle: Bundle, folder: Path) -> None:
        self.post_message(self.Saved(folder, await keep_bundle(bundle, folder)))

    def on_checkup_screen_saved(self, event: Saved) -> None:
        if event.trouble:
            self.notify(event.trouble, title="Not saved", severity="error")
            return
        says = f"{event.folder}, without secrets: csvpn check --facts judges it again."
        self.notify(says, title="The evidence is saved", timeout=15)

    def action_findings(self) -> None:
        """Show only what should be looked at, or everything again."""
        self._findings_only = not self._findings_only
        self.show_facts()

    def action_show_unreached(self) -> None:
        """Show the routers that could not be asked."""
        self.app.push_screen(UnreachedDialog(self._failed, lambda router: self._check([router])))
