"""The logs of Virtual Routers: which routers, what the link does, the line under the cursor."""

from collections.abc import Sequence
from typing import ClassVar

from textual.binding import BindingType
from textual.content import Content
from textual.types import CSSPathType
from textual.widgets import Static

from screens.choose_logs import ChooseLogsDialog, Chosen, name_of_router
from screens.details import DetailsDialog, facts_text
from screens.hostkey import ask_about_key
from screens.logs_attempt_words import RUNGS, glyph_of, name_of
from screens.logs_export import ExportingLogs
from screens.logs_lines import Entry, program_of, text_of, zone_words
from screens.section_keys import bindings_of
from tui.actions import Action
from tui.cloud.models import Router
from tui.logs.signatures import signatures_of
from tui.router.errors import RouterError
from tui.session.inventory import Kind
from tui.session.logfeed import (
    DEFAULT_SOURCES,
    ClockOffset,
    FeedEvent,
    LinkNews,
    LogFeed,
    RouterFailed,
)
from tui.session.views import vpn_rows
from tui.vpn.states import router_mark

CLOCK_SHOWN = 1.0
"""Seconds that a router's clock has to be off before the head says so."""


class LogsScreen(ExportingLogs):
    """One or more routers; what they said is kept while other sections are looked at."""

    SECTION = "logs"
    CSS_PATH: ClassVar[CSSPathType | None] = ["frame.tcss", "logs.tcss"]
    BINDINGS: ClassVar[list[BindingType]] = bindings_of("logs")
    KINDS = (Kind.ROUTERS, Kind.VPNS, Kind.ADDRESSES, Kind.NETWORKS, Kind.VPCS)

    def __init__(self) -> None:
        super().__init__()
        self._news: dict[str, LinkNews] = {}
        """The newest word about the link to each router, by its name."""
        self._errors: dict[str, RouterFailed] = {}
        self._asked: set[RouterError] = set()
        """The errors that somebody was asked about."""
        self._clocks: dict[str, float] = {}
        """By how many seconds the clock of each router is ahead."""
        self._said_following = True

    def _age(self) -> str:
        """None: the lines are of now, and a header that counts is written while nothing happens."""
        return ""

    # Which routers.

    def show_facts(self) -> None:
        """Follow the first router that has a VPN, unless others were chosen."""
        if self.feed is None:
            router = self._first_router()
            if router is not None:
                self.follow_routers([router], DEFAULT_SOURCES)
        self._show_feed()

    def _first_router(self) -> Router | None:
        for row in vpn_rows(self.session.inventory):
            running = [router for router in row.routers if router.state == "Running"]
            if running:
                return running[0]
        return None

    @property
    def sources(self) -> tuple[str, ...]:
        """The logs that are followed."""
        return self.feed.choices[0][1] if self.feed is not None else DEFAULT_SOURCES

    def arrive(self, key: str, filter_text: str) -> None:
        """Come from another section, for the router with the id `key`."""
        router = self.session.inventory.routers.rows.get(key)
        followed = self.feed.routers if self.feed is not None else ()
        if router is not None and key not in {each.id for each in followed}:
            self.follow_routers([router], self.sources)
        if filter_text:
            self.set_filter(filter_text)

    def follow_routers(self, routers: Sequence[Router], sources: Sequence[str]) -> None:
        """Follow other routers, or other logs of these, from a little before their end."""
        for known in (self._news, self._errors, self._clocks):
            known.clear()
        self.marks.clear()
        self.start(LogFeed(self.session, [(router, tuple(sources)) for router in routers]))
        self._show_feed()

    # What happens to the links.

    def take_news(self, event: FeedEvent) -> None:
        """Remember what the head line says."""
        if isinstance(event, RouterFailed):
            self._errors[event.router.name] = event
            self._news.pop(event.router.name, None)
            self._ask_about_key()
        elif isinstance(event, ClockOffset):
            self._clocks[event.router] = event.seconds
        elif isinstance(event, LinkNews):
            self._errors.pop(event.router, None)
            self._news[event.router] = event
            if event.gap:
                router = f"{event.router}: " if self.look.names_routers else ""
                self.intake.take_gap(f"{router}{event.says}")
                self.sift_soon()
        elif event.router in self._errors or event.router in self._news:
            self._errors.pop(event.router, None)
            self._news.pop(event.router, None)
        else:
            return  # lines like those before: the head says the same
        self._show_feed()

    def on_screen_resume(self) -> None:
        """Ask what came up while another section was looked at."""
        self._ask_about_key()

    def _ask_about_key(self) -> None:
        """Ask once about a host key that is not known, when this section is on the screen."""
        if not self.is_current:
            return
        for failed in self._errors.values():
            if failed.error not in self._asked:
                self._asked.add(failed.error)
                self._ask_about(failed)
                return

    def _ask_about(self, failed: RouterFailed) -> None:
        feed = self.feed

        def again() -> None:
            if feed is not None and feed is self.feed:
                self._errors.pop(failed.router.name, None)
                if len(self._errors) + 1 == len(feed.routers):
                    self.follow_feed(feed)  # nobody is followed any more
                else:
                    feed.retry(failed.router)

        ask_about_key(self, self.session, failed.router, failed.error, again)

    # The head line.

    def _show_feed(self) -> None:
        self.query_one("#feed", Static).update(self._feed_line())
        self.show_counts()
        self.show_hints()

    def show_pill(self) -> None:
        super().show_pill()
        if self._said_following != self.view.following:
            self._said_following = self.view.following
            self.query_one("#feed", Static).update(self._feed_line())

    def _feed_line(self) -> Content:
        feed = self.feed
        if feed is None:
            return Content(f" {self._why_nothing()}")
        head = Content.styled(f" {self._router_words(feed)}", "bold")
        clocks = "".join(f"  {words}" for words in self._clock_words())
        about = Content(f"  {' '.join(self.sources)}  {zone_words(self.look.times)}")
        return Content.assemble(
            head, about, Content.styled(clocks, "$text-warning"), "  ", self._link_words()
        )

    def _router_words(self, feed: LogFeed) -> str:
        known = self.session.inventory.routers.rows
        routers = [known.get(router.id, router) for router in feed.routers]
        if len(routers) == 1:
            router = routers[0]
            stopped = "" if router.state == "Running" else f"  {router_mark(router.state)}"
            return f"{router.name}{stopped}  {router.guest_network_name or router.vpc_name}"
        names = ", ".join(router.name for router in routers[:3])
        return names if len(routers) <= 3 else f"{names} and {len(routers) - 3} more"

    def _clock_words(self) -> list[str]:
        """The clocks that are off, by how much."""
        several = self.look.names_routers
        return [
            f"▲ clock{f' of {name}' if several else ''} {seconds:+.0f} s"
            for name, seconds in self._clocks.items()
            if abs(seconds) > CLOCK_SHOWN
        ]

    def _link_words(self) -> Content:
        several = self.look.names_routers
        for name, failed in self._errors.items():
            of = f"{name}: " if several else ""
            words = f"✘ {of}{failed.error.what}. {failed.error.remedy}"
            return Content.styled(words, "bold $text-error")
        bad = [(name, news) for name, news in self._news.items() if not news.good]
        for name, news in bad:
            of = f"{name}: " if several else ""
            return Content.styled(f"▲ {of}{news.says}", "bold $text-warning")
        news_of = next((news.says for news in self._news.values() if news.says), "")
        return Content(news_of or ("following" if self.view.following else "not following"))

    def _why_nothing(self) -> str:
        inventory = self.session.inventory
        if not self.session.may_list(Kind.ROUTERS):
            return "Your role may not see routers, so their logs cannot be followed."
        if inventory.routers.error is not None:
            return f"The routers could not be listed: {inventory.routers.error}"
        if inventory.routers.fetched is None:
            return "Asking the server for its routers …"
        return "No router with a VPN runs. Press c to choose routers."

    def reason_against(self, action: Action) -> str | None:
        reason = super().reason_against(action)
        if reason is not None:
            return reason
        if action.name == "choose_router" and not self.session.may_list(Kind.ROUTERS):
            return "Your role may not see routers."
        if action.name in _OF_LINES and self.feed is None:
            return "No router is followed. Press c to choose one."
        return None

    # The line under the cursor.

    def show_meaning(self) -> None:
        self.query_one("#meaning", Static).update(self._meaning(), layout=False)

    def _meaning(self) -> Content:
        """What the line is: its note, what such lines mean, whose attempt it belongs to."""
        entry = self.entry
        if entry is None or entry.words:
            return Content("")
        parts: list[Content] = []
        note = self.marks.note(entry.kept)
        if note is not None:
            parts.append(Content.styled(f"◆ {note or 'marked'}", "bold $text-accent"))
        signature = signatures_of(entry.kept.raw)
        if signature is not None and signature.level != "noise":
            glyph, style = _WEIGHTS[signature.level]
            parts.append(Content.styled(f"{glyph} {signature.says}", style))
        attempt = None if self.intake.waiting else self.attempt_of(entry.kept)
        if attempt is not None:
            words = f"{name_of(attempt)}: {glyph_of(attempt)[0]} {RUNGS[attempt.rung]}"
            parts.append(Content(words))
        return Content.assemble(" ", Content("   ").join(parts))

    def action_line_details(self) -> None:
        """Show the line whole, with what is known of it."""
        entry, line = self.entry, self.line
        if entry is None or line is None:
            self.notify("There is no line of a log under the cursor.")
            return
        facts = [
            ("time", f"{line.time:%Y-%m-%d %H:%M:%S.%f} UTC" if line.time else "not said"),
            ("router", line.router),
            ("log", line.source),
            ("program", program_of(line)),
            ("level", line.level),
            ("note", self.marks.note(entry.kept) or ""),
            *self._known_of(entry),
        ]
        self.app.push_screen(DetailsDialog(program_of(line), facts_text(facts, [line.text])))

    def _known_of(self, entry: Entry) -> list[tuple[str, str]]:
        """What such lines mean, and whose attempt this one belongs to."""
        signature = signatures_of(entry.kept.raw)
        attempt = self.attempt_of(entry.kept)
        known = [("means", "" if signature is None else signature.says)]
        if attempt is not None:
            reached = f"{glyph_of(attempt)[0]} {RUNGS[attempt.rung]}"
            known.append(("attempt", f"{attempt.number} of {name_of(attempt)}: {reached}"))
        return known

    def action_copy_line(self) -> None:
        """Copy the line to the clipboard."""
        line = self.line
        if line is None:
            self.notify("There is no line of a log under the cursor.")
            return
        clock = f"{line.time:%Y-%m-%dT%H:%M:%SZ} " if line.time else ""
        self.console.copy_out(f"{clock}{line.router} {text_of(line)}", "The line")

    # Actions.

    def action_choose_router(self) -> None:
        """Choose the routers and the logs."""
        inventory = self.session.inventory
        chosen = [router.id for router in self.feed.routers] if self.feed is not None else []
        with_vpn = {router.id for row in vpn_rows(inventory) for router in row.routers}

        def answered(answer: Chosen | None) -> None:
            if answer is None:
                return
            known = inventory.routers.rows
            routers = [known[each] for each in answer.routers if each in known]
            if routers:
                self.follow_routers(routers, answer.sources)

        routers = list(inventory.routers.rows.values())
        self.app.push_screen(ChooseLogsDialog(routers, with_vpn, chosen, self.sources), answered)

    def action_times(self) -> None:
        super().action_times()
        self._show_feed()


_WEIGHTS = {
    "error": ("✘", "$text-error"),
    "warning": ("▲", "$text-warning"),
    "notice": ("✔", "$text-success"),
}
_OF_LINES = frozenset({"freeze", "search", "follow", "export", "mark", "note", "go_to_time"})
__all__ = ["LogsScreen", "name_of_router"]
