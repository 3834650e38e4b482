"""Who is connected from where, on every router that can be asked."""

from collections.abc import Sequence
from functools import partial
from operator import attrgetter
from typing import ClassVar, Final

from textual import work
from textual.binding import BindingType
from textual.content import Content
from textual.message import Message
from textual.types import CSSPathType
from textual.widgets import Static

from screens.details import facts_text
from screens.many import Piece, ask_for_all
from screens.section_keys import bindings_of
from screens.tables import TableScreen
from screens.unreached import UnreachedDialog
from screens.why import open_why
from tui.actions import Action
from tui.cloud.models import Router
from tui.operations.end_session import DisconnectSession, ending_means
from tui.operations.router_changes import EndSession, RouterRef
from tui.router.sessions import RouterSession
from tui.session.inventory import Kind
from tui.session.questions import about_client, either
from tui.session.reaching import reaching
from tui.session.router_rounds import unreached_words
from tui.session.sessions_watch import (
    Look,
    SessionRow,
    SessionsWatch,
    amount_words,
    duration_words,
    moment_words,
)
from tui.session.tray import Task, TaskState
from tui.widgets.columns import Cell, Column, text_column

EVERY_SECONDS: Final = 10.0
"""How often the routers are asked again while the section is looked at."""

KINDS_OF_CLOUD: Final = (
    Kind.ROUTERS,
    Kind.VPNS,
    Kind.ADDRESSES,
    Kind.NETWORKS,
    Kind.VPCS,
    Kind.USERS,
)


def _traffic(row: SessionRow) -> Cell:
    """`↓ 3.4 kB ↑ 812 B` in a second: to the client and from it."""
    if row.rate is None:
        return Cell("…", "off")
    return Cell(f"↓ {amount_words(row.rate.gone)} ↑ {amount_words(row.rate.come)}")


def _speed(row: SessionRow) -> float:
    return row.rate.come + row.rate.gone if row.rate is not None else -1.0


class SessionsScreen(TableScreen[SessionRow]):
    """One row a session; refreshed while it is looked at."""

    SECTION = "sessions"
    WHAT = "sessions"
    CSS_PATH: ClassVar[CSSPathType | None] = ["frame.tcss", "sessions.tcss"]
    BINDINGS: ClassVar[list[BindingType]] = bindings_of("sessions")
    KINDS = KINDS_OF_CLOUD
    COLUMNS: ClassVar[tuple[Column[SessionRow], ...]] = (
        Column("USER", lambda r: Cell(r.session.user or "–"), widest=24, narrowest=8),
        Column("FROM", lambda r: Cell(r.session.client_ip or "–"), widest=15, narrowest=15),
        Column("INSIDE", lambda r: Cell(r.session.inner_ip or "–"), widest=15, narrowest=9),
        Column("STATE", lambda r: Cell(str(r.mark), r.mark.tone), widest=14, narrowest=14),
        Column(
            "FOR",
            lambda r: Cell(duration_words(r.seconds)),
            widest=7,
            narrowest=5,
            order=lambda r: r.seconds or 0.0,
        ),
        Column("PER SECOND", _traffic, widest=19, narrowest=9, rank=3, order=_speed),
        text_column("NETWORK", attrgetter("place"), widest=20, narrowest=10, rank=1),
        text_column("ROUTER", attrgetter("router.name"), widest=12, narrowest=7, rank=2),
    )

    class Looked(Message):
        """A router has said who is connected, or why it could not be asked."""

        def __init__(self, look: Look) -> None:
            super().__init__()
            self.look = look

    class AllLooked(Message):
        """A round has ended: every router that was to be asked has answered."""

        def __init__(self, number: int) -> None:
            super().__init__()
            self.number = number

    def __init__(self) -> None:
        super().__init__()
        self._watch: SessionsWatch | None = None
        self._round = 0
        """The number of the newest round; 0 before the first."""
        self._looking = False

    @property
    def watch_of_sessions(self) -> SessionsWatch:
        """What the routers said last."""
        if self._watch is None:
            self._watch = SessionsWatch(self.session)
        return self._watch

    # Asking.

    def on_mount(self) -> None:
        self.set_interval(EVERY_SECONDS, self._tick)

    def _tick(self) -> None:
        if self.is_current and self._round and not self._looking:
            self._ask(self.watch_of_sessions.routers(every=False))

    def show_facts(self) -> None:
        """Ask every router once when the list of them is there."""
        routers = self.session.inventory.routers
        if not self._round and routers.fetched is not None and not routers.loading:
            self._ask(self.watch_of_sessions.routers(every=True))
        super().show_facts()

    def on_screen_resume(self) -> None:
        """Look again at once when somebody comes back."""
        if self._round and not self._looking:
            self._ask(self.watch_of_sessions.routers(every=False))

    def action_refresh(self) -> None:
        """Ask the server and every router again."""
        super().action_refresh()
        self._ask(self.watch_of_sessions.routers(every=True))

    def _ask(self, routers: Sequence[Router]) -> None:
        self._round += 1
        self._looking = bool(routers)
        if routers:
            self._look(self._round, routers)

    @work(group="look", exclusive=True, exit_on_error=False)
    async def _look(self, number: int, routers: Sequence[Router]) -> None:
        try:
            await self.watch_of_sessions.look(routers, self._tell)
        finally:
            self.post_message(self.AllLooked(number))

    @work(group="look again", exclusive=False, exit_on_error=False)
    async def _ask_again(self, router: Router) -> None:
        await self.watch_of_sessions.look([router], self._tell)

    def _tell(self, look: Look) -> None:
        self.post_message(self.Looked(look))

    def on_sessions_screen_looked(self, event: Looked) -> None:
        self.watch_of_sessions.take(event.look)
        self.show_facts()

    def on_sessions_screen_all_looked(self, event: AllLooked) -> None:
        if event.number == self._round:
            self._looking = False
            self.show_facts()

    # Rows.

    def rows(self) -> Sequence[SessionRow]:
        return self.watch_of_sessions.rows()

    def key_of(self, row: SessionRow) -> str:
        return row.key

    def title_of(self, row: SessionRow) -> str:
        return row.session.user or row.session.inner_ip

    def note_when_empty(self) -> str:
        if not self.session.may_list(Kind.ROUTERS):
            return "Your role may not see routers, so they cannot be asked who is connected."
        watch = self.watch_of_sessions
        if self._looking:
            return "Asking the routers who is connected …"
        if not watch.looks:
            return "No router runs, so nobody is connected."
        unreached = unreached_words(watch.failed)
        if len(watch.failed) == len(watch.looks):
            return f"{unreached}\nPress r to try again, u to see every reason."
        answered = len(watch.looks) - len(watch.failed)
        return f"Nobody is connected to the {answered} router(s) that answered.\n{unreached}"

    def _show_trouble(self, *, beside_rows: bool) -> None:
        """Routers that could not be asked stand above the rows too."""
        super()._show_trouble(beside_rows=beside_rows)
        line = self.query_one("#trouble", Static)
        words = unreached_words(self.watch_of_sessions.failed)
        if beside_rows and words and not line.display:
            line.display = True
            line.update(Content.styled(f" ▲ {words}", "bold $text-warning"))

    def text_to_copy(self, row: SessionRow) -> tuple[str, str]:
        session = row.session
        return session.client_ip or session.inner_ip, f"Address of {self.title_of(row)}"

    def details(self, row: SessionRow) -> tuple[str, Content]:
        session = row.session
        facts = [
            ("State", str(row.mark)),
            ("From", _from(session)),
            ("Calls itself", session.identity if session.is_behind_nat else ""),
            ("NAT", "on the way, ESP in UDP 4500" if session.in_udp else ""),
            ("Inside", session.inner_ip),
            ("Since", _since(row)),
            ("To the client", _amount(session.bytes_out, row.rate.gone if row.rate else None)),
            ("From it", _amount(session.bytes_in, row.rate.come if row.rate else None)),
            ("Network", row.place),
            ("Router", row.router.name),
            ("Interface", session.interface),
            ("MTU", str(session.mtu) if session.mtu else ""),
            ("pppd", str(session.pid)),
            ("L2TP", _numbers(session)),
            ("IKE", session.ike_proposal),
            ("ESP", session.esp_proposal),
            ("As of", f"{moment_words(row.seen)} UTC"),
        ]
        return self.title_of(row), facts_text(facts, [row.mark.means] if row.mark.means else [])

    # Actions.

    def reason_against(self, action: Action) -> str | None:
        reason = super().reason_against(action)
        if reason is not None:
            return reason
        if action.name == "disconnect" and not all(each.session.user for each in self.chosen):
            return "The router has no name for this session, so it cannot be told from others."
        if action.name == "show_unreached" and not self.watch_of_sessions.failed:
            return "Every router that was asked has answered."
        return None

    def action_disconnect(self) -> None:
        """End the session under the cursor, or those that are marked, after asking."""
        pieces: list[Piece] = []
        sentences: list[str] = []
        for row in self.chosen:
            ref = RouterRef(row.router.id, row.router.name)
            wanted = EndSession(ref, row.session.pid, row.session.user)
            operation = DisconnectSession(self.session.client, wanted, reach=reaching(self.session))
            pieces.append((operation, partial(self._start_ending, operation)))
            sentences += ending_means(wanted, self._others(row))
        if pieces:
            one = len(pieces) == 1
            typed = self.title_of(self.chosen[0]) if one else self.session.profile.name
            title = f"Disconnect {len(pieces)} sessions"
            ask_for_all(self, title, pieces, sentences, "Disconnect", typed=typed)

    def _start_ending(self, operation: DisconnectSession) -> None:
        self.session.start(operation, (), after=self._ended)

    def _others(self, row: SessionRow) -> list[str]:
        """Who else is connected to the router and stays so, each named once."""
        ended = {each.key for each in self.chosen}
        mine = [r for r in self.rows() if r.router.id == row.router.id and r.key not in ended]
        return list(dict.fromkeys(self.title_of(each) for each in mine))

    def _ended(self, task: Task) -> None:
        if task.state is not TaskState.RUNNING and isinstance(task.operation, DisconnectSession):
            router = self.session.inventory.routers.rows.get(task.operation.wanted.router.id)
            if router is not None and self.is_mounted:
                self._ask_again(router)

    def action_why(self) -> None:
        """Find out what is wrong with the session under the cursor."""
        row = self.row
        if row is not None:
            open_why(self, about_client(row.router, row.session.user, row.session.client_ip))

    def action_go_log_lines(self) -> None:
        """Go to the logs of the router, filtered for this session."""
        row = self.row
        if row is not None:
            names = (row.session.user, row.session.client_ip, row.session.inner_ip)
            self.console.go_to("logs", key=row.router.id, filter_text=either(names))

    def action_show_unreached(self) -> None:
        """Show the routers that could not be asked."""
        dialog = UnreachedDialog(self.watch_of_sessions.failed, self._ask_again)
        self.app.push_screen(dialog)


def _from(session: RouterSession) -> str:
    port = f" port {session.client_port}" if session.client_port else ""
    return f"{session.client_ip}{port}" if session.client_ip else ""


def _numbers(session: RouterSession) -> str:
    return f"tunnel {session.tunnel}, session {session.session}" if session.tunnel else ""


def _since(row: SessionRow) -> str:
    """When it began by the router's clock, and how long that is ago."""
    if row.session.since is None:
        return ""
    return f"{moment_words(row.session.since)} UTC ({duration_words(row.seconds)})"


def _amount(total: int | None, rate: float | None) -> str:
    """`3.4 MB, 812 B/s now`"""
    now = f", {amount_words(rate)}/s now" if rate is not None else ""
    return f"{amount_words(total)}{now}" if total is not None else ""
