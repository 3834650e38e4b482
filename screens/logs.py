"""The logs of a Virtual Router: follow, freeze, filter, search, wrap."""

import re
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import ClassVar, Final

from textual import on, work
from textual.binding import BindingType
from textual.content import Content
from textual.message import Message
from textual.types import CSSPathType
from textual.widget import Widget
from textual.widgets import Static

from screens.choose_logs import ChooseLogsDialog
from screens.frame import FilterLine, SectionScreen, bindings_of
from screens.hostkey import ask_about_key
from screens.search import SearchDialog
from tui.actions import Action
from tui.cloud.models import Router
from tui.logs.filter import Filter, FilterProblem, parse_filter
from tui.logs.line import Level, LogLine
from tui.logs.merge import LogBlock
from tui.logs.store import LogStore
from tui.router.errors import RouterError
from tui.session.inventory import Kind
from tui.session.logfeed import (
    DEFAULT_SOURCES,
    ClockOffset,
    LinesArrived,
    LinkNews,
    LogFeed,
    RouterFailed,
)
from tui.session.views import vpn_rows
from tui.vpn.states import router_mark
from tui.widgets.columns import Tone
from tui.widgets.logview import LogRow, LogView

KEPT: Final = 20_000
TONES: Final[dict[Level, Tone]] = {
    "debug": "off",
    "info": "",
    "notice": "ok",
    "warning": "warn",
    "error": "bad",
}
GLYPHS: Final[dict[Level, str]] = {
    "debug": " ",
    "info": " ",
    "notice": "✔",
    "warning": "▲",
    "error": "✘",
}


class LogsScreen(SectionScreen):
    """One router at a time; lines are kept while other sections are looked at."""

    SECTION = "logs"
    CSS_PATH: ClassVar[CSSPathType | None] = ["frame.tcss", "logs.tcss"]
    BINDINGS: ClassVar[list[BindingType]] = bindings_of("logs")
    KINDS = (Kind.ROUTERS, Kind.VPNS, Kind.ADDRESSES, Kind.NETWORKS, Kind.VPCS)

    class Arrived(Message):
        """Lines or news from the router."""

        def __init__(self, feed: LogFeed, event: LinesArrived | LinkNews) -> None:
            super().__init__()
            self.feed = feed
            self.event = event

    class Failed(Message):
        """The router cannot be followed."""

        def __init__(self, feed: LogFeed, error: RouterError) -> None:
            super().__init__()
            self.feed = feed
            self.error = error

    def __init__(self) -> None:
        super().__init__()
        self._feed: LogFeed | None = None
        self._store = LogStore(KEPT)
        self._filter: Filter = Filter()
        self._frozen = False
        self._news = LinkNews("", good=True)
        self._error: RouterError | None = None
        self._asked: RouterError | None = None
        """The error that somebody was asked about."""
        self._unseen = 0
        self._unseen_errors = 0

    def compose_body(self) -> Iterable[Widget]:
        yield Static("", id="feed")
        yield FilterLine()
        yield LogView(id="lines")

    @property
    def view(self) -> LogView:
        """The lines."""
        return self.query_one("#lines", LogView)

    # Which router.

    def show_facts(self) -> None:
        """Follow the first router that has a VPN, unless another was chosen."""
        if self._feed is None:
            router = self._first_router()
            if router is not None:
                self.follow_router(router, DEFAULT_SOURCES)
        self._show_feed()

    def _first_router(self) -> Router | None:
        for row in vpn_rows(self.session.inventory):
            running = [router for router in row.routers if router.state == "Running"]
            if running:
                return running[0]
        return None

    def arrive(self, key: str, filter_text: str) -> None:
        """Come from another section, for the router with the id `key`."""
        router = self.session.inventory.routers.rows.get(key)
        if router is not None and (self._feed is None or self._feed.routers[0].id != key):
            sources = self._feed.choices[0][1] if self._feed else DEFAULT_SOURCES
            self.follow_router(router, sources)
        if filter_text:
            self.query_one(FilterLine).set_text(filter_text)

    def follow_router(self, router: Router, sources: Iterable[str]) -> None:
        """Follow another router, or other logs of this one, from a little before their end."""
        self._feed = LogFeed(self.session, [(router, tuple(sources))])
        self._store = LogStore(KEPT)
        self._error = None
        self._news = LinkNews("", good=True)
        self._unseen = self._unseen_errors = 0
        self.view.replace(())
        self.view.follow()
        self._follow(self._feed)
        self._show_feed()

    @work(group="follow", exclusive=True, exit_on_error=False)
    async def _follow(self, feed: LogFeed) -> None:
        try:
            async for event in feed.events():
                if isinstance(event, RouterFailed):
                    self.post_message(self.Failed(feed, event.error))
                elif not isinstance(event, ClockOffset):
                    self.post_message(self.Arrived(feed, event))
        except RouterError as error:
            self.post_message(self.Failed(feed, error))

    def on_logs_screen_arrived(self, event: Arrived) -> None:
        if event.feed is not self._feed:
            return
        self._error = None
        if isinstance(event.event, LinkNews):
            self._news = event.event
        else:
            self._take(event.event.block)
        self._show_feed()

    def on_logs_screen_failed(self, event: Failed) -> None:
        if event.feed is not self._feed:
            return
        self._error = event.error
        self._show_feed()
        self._ask_about_key()

    def on_screen_resume(self) -> None:
        """Ask what came up while another section was looked at."""
        self._ask_about_key()

    def _ask_about_key(self) -> None:
        """Ask once about a host key that is not known, when this section is on the screen."""
        feed, error = self._feed, self._error
        if feed is None or error is None or error is self._asked or not self.is_current:
            return
        self._asked = error
        ask_about_key(self, self.session, feed.routers[0], error, lambda: self._again(feed))

    def _again(self, feed: LogFeed) -> None:
        if feed is self._feed:
            self._follow(feed)

    # Lines.

    def _take(self, block: LogBlock) -> None:
        self._news = LinkNews("", good=True)
        added = self._store.add(block)
        shown = [line.line for line in added.appended if self._filter.passes(line)]
        errors = sum(line.level == "error" for line in shown)
        if self._frozen or not self.view.following:
            self._unseen += len(shown)
            self._unseen_errors += errors
        if self._frozen:
            return
        if added.inserted:
            self._show_lines()
        else:
            self.view.append([_row(line) for line in shown])

    def _show_lines(self) -> None:
        """Draw everything again: after another filter, or lines that came late."""
        self.view.replace([_row(line.line) for line in self._store.lines(self._filter)])

    @on(FilterLine.Changed)
    def _filtered(self, event: FilterLine.Changed) -> None:
        wanted = parse_filter(event.text)
        if isinstance(wanted, FilterProblem):
            self.query_one(FilterLine).count(f"✘ {wanted.what}")
            return
        self._filter = wanted
        self._show_lines()
        self._show_feed()

    @on(FilterLine.Left)
    def _filter_left(self) -> None:
        self.view.focus()

    def on_log_view_moved(self, event: LogView.Moved) -> None:
        if self.view.following:
            self._unseen = self._unseen_errors = 0
        self._show_feed()

    # Showing.

    def _show_feed(self) -> None:
        self.query_one("#feed", Static).update(self._feed_line())
        self.query_one(FilterLine).count(f"{self.view.count} of {len(self._store)}")

    def _feed_line(self) -> Content:
        feed = self._feed
        if feed is None:
            return Content(f" {self._why_nothing()}")
        router = self.session.inventory.routers.rows.get(feed.routers[0].id, feed.routers[0])
        stopped = "" if router.state == "Running" else f"  {router_mark(router.state)}"
        head = Content.styled(f" {feed.routers[0].name}{stopped}", "bold")
        where = feed.routers[0].guest_network_name or feed.routers[0].vpc_name
        about = Content(f"  {where}  {' '.join(feed.choices[0][1])}  times in UTC  ")
        if self._error is not None:
            words = f"✘ {self._error.what}. {self._error.remedy}"
            return Content.assemble(head, about, Content.styled(words, "bold $text-error"))
        return Content.assemble(head, about, self._mode())

    def _mode(self) -> Content:
        """What the view does now; the newest news comes first."""
        if self._news.says and not self._news.good:
            return Content.styled(f"▲ {self._news.says}", "bold $text-warning")
        new = f"{self._unseen} new"
        if self._unseen_errors:
            new += f", {self._unseen_errors} of them errors"
        if self._frozen:
            return Content.styled(f"‖ frozen, {new} (space goes on)", "bold reverse")
        if not self.view.following:
            return Content.styled(f"↓ {new} (G follows)", "bold reverse")
        return Content(self._news.says or "following")

    def _why_nothing(self) -> str:
        inventory = self.session.inventory
        if not self.session.may_list(Kind.ROUTERS):
            return "Your role may not see routers, so their logs cannot be followed."
        if inventory.routers.error is not None:
            return f"The routers could not be listed: {inventory.routers.error}"
        if inventory.routers.fetched is None:
            return "Asking the server for its routers …"
        return "No router with a VPN runs. Press c to choose a router."

    def reason_against(self, action: Action) -> str | None:
        reason = super().reason_against(action)
        if reason is not None:
            return reason
        if action.name == "choose_router" and not self.session.may_list(Kind.ROUTERS):
            return "Your role may not see routers."
        if action.name in ("freeze", "search", "follow") and self._feed is None:
            return "No router is followed. Press c to choose one."
        return None

    # Actions.

    def action_choose_router(self) -> None:
        """Choose the router and the logs."""
        chosen = self._feed.routers[0].id if self._feed else ""
        sources = self._feed.choices[0][1] if self._feed else DEFAULT_SOURCES

        def answered(answer: tuple[str, tuple[str, ...]] | None) -> None:
            if answer is None:
                return
            router = self.session.inventory.routers.rows.get(answer[0])
            if router is not None:
                self.follow_router(router, answer[1])

        routers = list(self.session.inventory.routers.rows.values())
        self.app.push_screen(ChooseLogsDialog(routers, chosen, sources), answered)

    def action_freeze(self) -> None:
        """Freeze the view, or go on with all that came meanwhile."""
        self._frozen = not self._frozen
        if not self._frozen:
            self._show_lines()
            self.view.follow()
        self._show_feed()

    def action_filter(self) -> None:
        """Type a filter."""
        self.query_one(FilterLine).focus_field()

    def action_search(self) -> None:
        """Search without hiding the other lines."""

        def answered(pattern: re.Pattern[str] | None) -> None:
            if pattern is None:
                self.view.search(None)
                return
            found = self.view.search(pattern)
            severity = "information" if found else "warning"
            self.notify(
                f"{found} line(s) match; n and N go to the next and the previous one.",
                severity="information" if severity == "information" else "warning",
            )

        self.app.push_screen(SearchDialog(), answered)

    def action_next_match(self) -> None:
        """Go to the next match."""
        if not self.view.find(1):
            self.notify("No further match below.")

    def action_previous_match(self) -> None:
        """Go to the previous match."""
        if not self.view.find(-1):
            self.notify("No further match above.")

    def action_wrap(self) -> None:
        """Wrap long lines, or cut them."""
        self.view.wrapping = not self.view.wrapping

    def action_follow(self) -> None:
        """Go to the end."""
        if self._frozen:
            self.action_freeze()
        self.view.follow()


def _row(line: LogLine) -> LogRow:
    clock = "        "
    if line.time is not None:
        today = line.time.date() == datetime.now(UTC).date()
        clock = line.time.strftime("%H:%M:%S" if today else "%Y-%m-%d %H:%M:%S")
    pid = f"[{line.pid}]" if line.pid is not None else ""
    head = f"{clock} {line.tag}{pid} "
    return LogRow(f"{GLYPHS[line.level]} {head}{line.text}", TONES[line.level], len(head) + 2)
