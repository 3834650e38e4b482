"""The console: modes, session, bindings; everything else lives on the floors below.

What the first frame does not show is loaded where it is used: see `docs/architecture.md`.
"""

import time
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar

from textual import work
from textual.driver import Driver
from textual.filter import LineFilter
from textual.notifications import SeverityLevel
from textual.screen import Screen
from textual.widgets import Input

from screens.leaving import leave
from screens.looks import Looks
from screens.opening import FIRST_STYLES, Opening, commands_of_sections
from screens.sections import SECTION_SCREENS, is_section, make_section
from tui.actions import SECTIONS, needed_commands
from tui.session.start import Start
from tui.terminal.compositor import WritesChanges
from tui.terminal.crash import CrashesQuietly
from tui.terminal.driver import TerminalWriter
from tui.terminal.keys import KeysInOrder
from tui.terminal.lastfilter import LastFilter
from tui.widgets.failures import TellsFailures
from tui.widgets.header import HeaderFacts

if TYPE_CHECKING:
    from screens.journal_watch import JournalWatch
    from screens.lists import Notice
    from tui.safety.clipboard import Clipboard
    from tui.safety.secret import Secret
    from tui.session.auditing import SecretUse
    from tui.session.launch import Launcher, SecretMissing
    from tui.session.session import Session
    from tui.session.tray import Task

__all__ = ["BETWEEN", "SECTION_SCREENS", "Console"]

BETWEEN = "between"
"""The mode of an empty screen, on which the sections of one session make room for another's."""


class Console(TellsFailures, CrashesQuietly, KeysInOrder, WritesChanges):
    """The application. Screens know it as `screens.frame.Console`."""

    TITLE = "csvpn"
    COMMANDS = {commands_of_sections}  # noqa: RUF012 - Textual declares it so
    CSS_PATH = "../screens/console.tcss"
    ENABLE_COMMAND_PALETTE = True
    MODES: ClassVar[dict[str, str | Callable[[], Screen[object]]]] = {}

    def __init__(
        self,
        launcher: "Launcher | Callable[[], Launcher]",
        session: "Session | None" = None,
        *,
        clipboard: "Clipboard",
        writer: TerminalWriter | None = None,
        start: Start | None = None,
    ) -> None:
        """`session` is opened at once, the profile of `start` is once the first frame is there;
        without either the console asks for a profile. A `launcher` that is slow to make is made
        when it is needed, in a thread where that is possible. `writer` is given the way to the
        terminal, for what the clipboard writes there."""
        self._writer = writer  # before the constructor of Textual, which asks for the driver
        super().__init__()
        self._launcher = launcher
        self._begins_with = start
        if start is not None:
            # Textual loads the styles of a first screen only together with those of the app.
            self.css_path = [*self.css_path, FIRST_STYLES]
        self._opening: Opening | None = None
        self._session = session
        self._clipboard_out = clipboard
        self._net = LastFilter()
        self._watch: JournalWatch | None = None
        self._stop_listening: list[Callable[[], None]] = []
        self.notices: list[Notice] = []
        self._unread = 0
        self.looks = Looks()

    # Starting and ending.

    def get_driver_class(self) -> type[Driver]:
        """Textual's driver for this system, through which the clipboard can write too."""
        driver_class = super().get_driver_class()
        return driver_class if self._writer is None else self._writer.attached_to(driver_class)

    @property
    def launcher(self) -> "Launcher":
        """What opens profiles; may take a while the first time."""
        return self._launcher() if callable(self._launcher) else self._launcher

    @property
    def session(self) -> "Session":
        """What the open profile is doing; sections exist only while there is one."""
        if self._session is None:
            raise RuntimeError("no profile is open")
        return self._session

    def get_default_screen(self) -> Screen[Any]:
        """The networks as they were last seen, where a profile is to be opened."""
        if self._begins_with is None:
            return super().get_default_screen()
        self._opening = Opening(self, self._begins_with, lambda: self.launcher)
        return self._opening.screen

    def on_mount(self) -> None:
        self.add_mode(BETWEEN, Screen)
        if self._session is not None:
            self._start(self._session)
        elif self._opening is None:
            self.choose_profile()

    def choose_profile(self, missing: "SecretMissing | None" = None) -> None:
        """Ask which profile to open; `missing` says what one of them lacks."""
        from screens.welcome import WelcomeScreen

        self.push_screen(WelcomeScreen(self.launcher, missing), self.begin_session)

    def on_first_screen_drawn(self) -> None:
        """The first frame is there: now for what takes longer."""
        if self._opening is not None:
            self._opening.begin()

    def on_opening_done(self, event: Opening.Done) -> None:
        """The profile of this start is open, or lacks its secret."""
        if event.session is not None:
            self.begin_session(event.session)
        else:
            self.choose_profile(event.missing)

    def begin_session(self, session: "Session | None") -> None:
        """Show the sections of `session`; without one there is nothing left to show."""
        if session is None:
            if self._session is None:
                self.exit()
            return
        self._start(session)

    def _start(self, session: "Session") -> None:
        from screens.journal_watch import JournalWatch

        self._session = session
        session.keeping_rows.begin()
        self._watch = JournalWatch(self, session)
        self._stop_listening = [
            self._watch.stop,
            session.inventory.listen(self._list_changed),
            session.tray.listen(self._task_changed),
        ]
        for name in SECTION_SCREENS:
            self.add_mode(name, partial(make_section, name))
        shown = self.switch_mode(SECTIONS[0])
        if self._opening is not None:
            self._opening.hand_over(session, shown)
            self._opening = None
        self._open_session(session)

    @work(group="open", exclusive=True, exit_on_error=False)
    async def _open_session(self, session: "Session") -> None:
        from screens.frame import FactsChanged
        from tui.cloud.errors import CloudError

        try:
            await session.open(needed_commands())
        except CloudError as error:
            self.notify(
                error.explain(),
                title="The server cannot be asked",
                severity="error",
                timeout=30,
            )
        screen = self.screen
        if is_section(screen):
            screen.refresh_due_facts()
            screen.post_message(FactsChanged("session"))
        if self._watch is not None:
            self._watch.begin()

    @work(group="switch", exclusive=True, exit_on_error=False)
    async def _replace_session(self, session: "Session") -> None:
        """Close the present profile and show another one."""
        for stop in self._stop_listening:
            stop()
        old = self._session
        await self.switch_mode(BETWEEN)
        for name in SECTION_SCREENS:
            await self.remove_mode(name)
        if old is not None:
            await old.aclose()
        self._start(session)

    async def on_unmount(self) -> None:
        await self._clipboard_out.clear()
        if self._session is not None:
            await self._session.aclose()

    # What comes from the session.

    def _list_changed(self, name: str) -> None:
        from screens.frame import FactsChanged

        screen = self.screen
        if is_section(screen):
            screen.post_message(FactsChanged(name))

    def _task_changed(self, task: "Task") -> None:
        from screens.progress import tell_tasks

        tell_tasks(self, task)

    # What sections may ask for (`screens.frame.Console`).

    def status(self) -> HeaderFacts:
        """What the header shows, but for the age of a section's lists."""
        from tui.session.status import words_for_delay

        session, watch = self.session, self._watch
        return HeaderFacts(
            profile=session.profile.name,
            who=session.identity.who,
            zone=session.zone_name,
            read_only=session.read_only,
            production=session.profile.production,
            jobs=session.tray.running,
            link=words_for_delay(session.client.round_trip),
            unread=self._unread,
            note="✘ no answer" if session.trouble is not None else "",
            journal=watch.in_header if watch is not None else "",
            unfinished=watch.recovery.waiting if watch is not None else 0,
        )

    def go_to(self, section: str, key: str = "", filter_text: str = "", then: str = "") -> None:
        """Show another section, filtered or with the cursor on the row `key`; `then` is done there
        when its lists are there."""
        self._go(section, key, filter_text, then)

    @work(group="go", exclusive=True, exit_on_error=False)
    async def _go(self, section: str, key: str, filter_text: str, then: str) -> None:
        await self.switch_mode(section)
        screen = self.screen
        if is_section(screen) and then:
            screen.arrive_for(key, filter_text, then)
        elif is_section(screen) and (key or filter_text):
            screen.arrive(key, filter_text)

    @work(group="audit", exclusive=False, exit_on_error=False)
    async def note_secret_use(self, use: "SecretUse", what: str, target: str = "") -> None:
        """Record that a secret was shown, and say so where that was not possible."""
        await self._record_use(use, what, target)

    async def _record_use(self, use: "SecretUse", what: str, target: str = "") -> None:
        from tui.session.auditing import note_secret_use

        if self._session is not None:
            trouble = await note_secret_use(self._session, use, what, target)
            if trouble:
                self.notify(trouble, title="Audit trail", severity="warning")

    def copy_out(self, text: "str | Secret", what: str) -> None:
        """Send `text` to the clipboard and say how far it is known to have come."""
        self._copy(text, what)

    @work(group="copy", exclusive=True, exit_on_error=False)
    async def _copy(self, text: "str | Secret", what: str) -> None:
        from tui.safety.secret import Secret

        if isinstance(text, Secret):
            await self._record_use("copy", what)
        try:
            copied = await self._clipboard_out.copy(text)
        except OSError as error:
            self.notify(f"{what} could not be copied: {error}", severity="error")
            return
        self.notify(f"{what}: {copied.says}", title="Clipboard")

    def copy_to_clipboard(self, text: str) -> None:
        """Textual's own copying goes through the one class that writes to the clipboard, and
        what a field hides stays in it."""
        if isinstance(self.focused, Input) and self.focused.password:
            self.notify("What the field hides is not copied.", severity="warning")
        else:
            self.copy_out(text, "Selection")

    # Messages.

    def notify(
        self,
        message: str,
        *,
        title: str = "",
        severity: SeverityLevel = "information",
        timeout: float | None = None,
        markup: bool = False,
    ) -> None:
        """Show a message, never as markup, and keep it for the history."""
        from screens.lists import Notice
        from tui.safety.redact import redact

        message = redact(message)
        self.notices.append(Notice(time.time(), severity, title, message))
        if severity != "information":
            self._unread += 1
        super().notify(message, title=title, severity=severity, timeout=timeout, markup=False)

    def get_line_filters(self) -> list[LineFilter]:
        """Textual's filters, and the last net against control characters."""
        return [*super().get_line_filters(), self._net]

    # Actions of the application (`tui.actions`).

    def action_show_help(self) -> None:
        """Show what every key does here."""
        from screens.help import HelpDialog

        if is_section(self.screen):
            self.push_screen(HelpDialog(self.screen))

    def action_show_tasks(self) -> None:
        """Show the jobs of this console, and what the journal has of earlier ones."""
        from screens.jobs import TasksDialog

        if self._watch is not None:
            self.push_screen(TasksDialog(self.session.tray.tasks, self._watch.recovery))

    def action_show_unfinished(self) -> None:
        """Show what was left unfinished."""
        if self._watch is not None:
            self._watch.show()

    def action_show_notifications(self) -> None:
        """Show every message again."""
        from screens.lists import NoticesDialog

        self._unread = 0
        self.push_screen(NoticesDialog(self.notices))

    def action_switch_profile(self) -> None:
        """Open another profile, or add one; ask first while jobs run."""
        from screens.welcome import WelcomeScreen

        welcome = WelcomeScreen(self.launcher)
        self._after_asking("Switch profile", lambda: self.push_screen(welcome, self._switch))

    def _switch(self, session: "Session | None") -> None:
        if session is not None:
            self._replace_session(session)

    def action_repaint(self) -> None:
        """Draw the whole screen again, whatever another program wrote over it."""
        self.write_all_again()

    async def action_quit(self) -> None:
        """Leave; ask first while jobs run or passwords would be lost."""
        self._after_asking("Quit", self.exit)

    def _after_asking(self, what: str, go_on: Callable[[], object]) -> None:
        """Do what ends the present session, after asking where something would be lost."""
        leave(self, self._session, what, go_on)

    def action_section_networks(self) -> None:
        """Go to the networks."""
        self.go_to("networks")

    def action_section_addresses(self) -> None:
        """Go to the addresses."""
        self.go_to("addresses")

    def action_section_vpns(self) -> None:
        """Go to the VPNs."""
        self.go_to("vpns")

    def action_section_users(self) -> None:
        """Go to the VPN users."""
        self.go_to("users")

    def action_section_firewall(self) -> None:
        """Go to the firewall rules."""
        self.go_to("firewall")

    def action_section_logs(self) -> None:
        """Go to the logs."""
        self.go_to("logs")

    def action_section_checkup(self) -> None:
        """Go to the checkup."""
        self.go_to("checkup")

    def action_section_sessions(self) -> None:
        """Go to the sessions."""
        self.go_to("sessions")
