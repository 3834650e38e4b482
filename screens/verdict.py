"""The router's own word: what listens, what is loaded, who is connected."""

from typing import ClassVar, cast

from textual import work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.message import Message
from textual.screen import ModalScreen
from textual.widgets import Static

from screens.frame import Console
from screens.hostkey import ask_about_key
from tui.router.facts import Check
from tui.session.verifying import RouterReport, ask_router, expected_of, is_standby
from tui.session.views import NetworkRow, network_row
from tui.widgets.failures import TellsFailures

CHECK_GLYPHS = {"pass": "✔", "fail": "✘", "unknown": "?"}
CHECK_STYLES = {"pass": "$text-success", "fail": "bold $text-error", "unknown": "$text-warning"}


STANDBY = (
    "– It stands by: its daemons start when it takes over, and whoever is connected then has to "
    "connect again."
)


def check_lines(checks: tuple[Check, ...]) -> Content:
    """One line a check, with its evidence below where it did not pass."""
    lines = []
    for check in checks:
        glyph, style = CHECK_GLYPHS[check.state], CHECK_STYLES[check.state]
        lines.append(Content.styled(f"{glyph} {check.says}", style))
        if check.state != "pass":
            lines += [Content.styled(f"    {line}", "dim") for line in check.evidence]
    return Content("\n").join(lines)


class VerifyDialog(TellsFailures, ModalScreen[None]):
    """Asks every router of a network, and shows what each says."""

    CSS_PATH = "dialogs.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,enter", "dismiss", "Close"),
        Binding("r", "ask", "Ask again"),
        Binding("k", "accept_key", "Accept host key"),
    ]

    class Reported(Message):
        """A router has answered, or could not be asked."""

        def __init__(self, report: RouterReport) -> None:
            super().__init__()
            self.report = report

    def __init__(self, key: str) -> None:
        """`key` is the id of the network or VPC."""
        super().__init__()
        self._key = key
        self._reports: dict[str, RouterReport] = {}

    @property
    def console(self) -> Console:
        return cast(Console, self.app)

    @property
    def _row(self) -> NetworkRow | None:
        return network_row(self.console.session.inventory, self._key)

    def compose(self) -> ComposeResult:
        with VerticalScroll(classes="dialog", can_focus=True) as box:
            box.border_title = Content("What the router says")
            box.border_subtitle = "r asks again   escape closes"
            yield Static("", id="reports", classes="words")

    def on_mount(self) -> None:
        self.query_one(VerticalScroll).focus()
        self.action_ask()

    def action_ask(self) -> None:
        """Ask every router again."""
        self._reports = {}
        self._show("")
        row = self._row
        if row is None or not row.routers:
            self._show("No router of this network is known.")
            return
        if expected_of(self.console.session, row) is None:
            self._show("CloudStack lists no VPN here, so there is nothing to compare.")
            return
        self._ask(row)

    @work(group="ask", exclusive=True, exit_on_error=False)
    async def _ask(self, row: NetworkRow) -> None:
        session = self.console.session
        expected = expected_of(session, row)
        if expected is None:
            return
        for router in row.routers:
            self.post_message(self.Reported(await ask_router(session, router, expected)))

    def on_verify_dialog_reported(self, event: Reported) -> None:
        self._reports[event.report.router.id] = event.report
        self._show("")

    def _show(self, note: str) -> None:
        row = self._row
        parts: list[Content] = [Content(note)] if note else []
        for router in row.routers if row and not note else ():
            title = f"{router.name}  {router.state.lower()}"
            if router.is_redundant:
                title += f"  {router.redundant_state.lower()}"
            parts.append(Content.styled(title, "bold"))
            report = self._reports.get(router.id)
            if is_standby(router):
                parts.append(Content(STANDBY))
            parts.append(report_text(report) if report else Content("● asking …"))
            parts.append(Content(""))
        self.query_one("#reports", Static).update(Content("\n").join(parts))

    def action_accept_key(self) -> None:
        """Ask about a host key that nobody has vouched for yet."""
        for report in self._reports.values():
            if report.error is not None:
                ask_about_key(
                    self, self.console.session, report.router, report.error, self.action_ask
                )
                return


def report_text(report: RouterReport) -> Content:
    """What one router said."""
    if report.verdict is None:
        words = Content.styled(f"✘ It could not be asked: {report.error}", "bold $text-error")
        if report.unknown_key is not None:
            return Content.assemble(words, "\nPress k to look at the key and accept it.")
        return words
    lines = [check_lines(report.verdict.checks)]
    if is_standby(report.router):
        return Content("\n").join(lines)
    lines.append(Content(""))
    if not report.sessions:
        lines.append(Content("Nobody is connected."))
    for session in report.sessions:
        orphan = "  ▲ left over: its tunnel is gone" if session.is_orphan else ""
        where = f" from {session.client_ip}" if session.client_ip else ""
        lines.append(Content(f"● {session.user}{where} as {session.inner_ip}{orphan}"))
    return Content("\n").join(lines)
