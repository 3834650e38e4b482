"""The console: modes, session, bindings; everything else lives on the floors below."""

import time
from collections.abc import Callable
from typing import ClassVar

from textual import work
from textual.driver import Driver
from textual.filter import LineFilter
from textual.notifications import SeverityLevel
from textual.screen import Screen
from textual.widgets import Input

from screens.addresses import AddressesScreen
from screens.checkup import CheckupScreen
from screens.confirm import ConfirmDialog
from screens.firewall import FirewallScreen
from screens.frame import FactsChanged, SectionScreen
from screens.handover import HoldsPasswords
from screens.help import HelpDialog
from screens.jobs import TasksDialog
from screens.journal_watch import JournalWatch
from screens.lists import Notice, NoticesDialog
from screens.logs import LogsScreen
from screens.networks import NetworksScreen
from screens.palette import ActionCommands
from screens.progress import TaskOwner, TaskWatcher
from screens.sessions import SessionsScreen
from screens.users import UsersScreen
from screens.vpns import VpnsScreen
from screens.welcome import WelcomeScreen
from tui.actions import SECTIONS, needed_commands
from tui.cloud.errors import CloudError
from tui.safety.clipboard import Clipboard
from tui.safety.redact import redact
from tui.safety.secret import Secret
from tui.session.auditing import SecretUse, note_secret_use
from tui.session.launch import Launcher
from tui.session.session import Session
from tui.session.status import words_for_delay
from tui.session.tray import Task, TaskState
from tui.terminal.crash import CrashesQuietly
from tui.terminal.driver import TerminalWriter
from tui.terminal.keys import KeysInOrder
from tui.terminal.lastfilter import LastFilter
from tui.widgets.failures import TellsFailures
from tui.widgets.header import HeaderFacts

SECTION_SCREENS: dict[str, type[SectionScreen]] = {
    "networks": NetworksScreen,
    "addresses": AddressesScreen,
    "vpns": VpnsScreen,
    "users": UsersScreen,
    "firewall": FirewallScreen,
    "logs": LogsScreen,
    "checkup": CheckupScreen,
    "sessions": SessionsScreen,
}

BETWEEN = "between"
"""The mode of an empty screen, on which the sections of one session make room for another's."""


class Console(TellsFailures, CrashesQuietly, KeysInOrder):
    """The application. Screens know it as `screens.frame.Console`."""

    TITLE = "csvpn"
    COMMANDS = {ActionCommands}  # noqa: RUF012 - Textual declares it so
    CSS_PATH = "../screens/console.tcss"
    ENABLE_COMMAND_PALETTE = True
    MODES: ClassVar[dict[str, str | Callable[[], Screen[object]]]] = {}

    def __init__(
        self,
        launcher: Launcher,
        session: Session | None = None,
        *,
        clipboard: Clipboard,
        writer: TerminalWriter | None = None,
    ) -> None:
        """`session` is opened at once; without one the console asks for a profile. `writer` is
        given the way to the terminal, for what the clipboard writes there."""
        self._writer = writer  # before the constructor of Textual, which asks for the driver
        super().__init__()
        self._launcher = launcher
        self._session = session
        self._clipboard_out = clipboard
        self._net = LastFilter()
        self._watch: JournalWatch | None = None
        self._stop_listening: list[Callable[[], None]] = []
        self.notices: list[Notice] = []
        self._unread = 0

    # Starting and ending.

    def get_driver_class(self) -> type[Driver]:
        """Textual's driver for this system, through which the clipboard can write too."""
        driver_class = super().get_driver_class()
        return driver_class if self._writer is None else self._writer.attached_to(driver_class)

    @property
    def session(self) -> Session:
        """What the open profile is doing; sections exist only while there is one."""
        if self._session is None:
            raise RuntimeError("no profile is open")
        return self._session

    def on_mount(self) -> None:
        self.add_mode(BETWEEN, Screen)
        if self._session is None:
            self.push_screen(WelcomeScreen(self._launcher), self._start)
        else:
            self._start(self._session)

    def _start(self, session: Session | None) -> None:
        """Show the sections of `session`; without one there is nothing left to show."""
        if session is None:
            if self._session is None:
                self.exit()
            return
        self._session = session
        self._watch = JournalWatch(self, session)
        self._stop_listening = [
            self._watch.stop,
            session.inventory.listen(self._list_changed),
            session.tray.listen(self._task_changed),
        ]
        for name, section in SECTION_SCREENS.items():
            self.add_mode(name, section)
        self.switch_mode(SECTIONS[0])
        self._open_session(session)

    @work(group="open", exclusive=True, exit_on_error=False)
    async def _open_session(self, session: Session) -> None:
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
        if isinstance(screen, SectionScreen):
            screen.refresh_facts()
            screen.post_message(FactsChanged("session"))
        if self._watch is not None:
            self._watch.begin()

    @work(group="switch", exclusive=True, exit_on_error=False)
    async def _replace_session(self, session: Session) -> None:
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
        screen = self.screen
        if isinstance(screen, SectionScreen):
            screen.post_message(FactsChanged(name))

    def _task_changed(self, task: Task) -> None:
        for screen in self.screen_stack:
            if screen.is_mounted and isinstance(screen, TaskWatcher):
                screen.show_task(task)
        # One that is cancelled ends with the console, or with the session.
        if task.finished is not None and task.state is not TaskState.CANCELLED:
            self._tell_end(task)

    def _tell_end(self, task: Task) -> None:
        if isinstance(self.screen, TaskOwner) and self.screen.owns(task):
            return
        took = f"{task.seconds:.0f} s"
        if task.state is TaskState.DONE:
            warned = any(event.warning for event in task.latest.values())
            self.notify(
                f"{task.title}: done in {took}. {task.outcome}",
                title="Job done",
                severity="warning" if warned else "information",
            )
        elif task.state is TaskState.FAILED:
            self.notify(
                f"{task.title}: {task.outcome}", title="Job failed", severity="error", timeout=20
            )

    # What sections may ask for (`screens.frame.Console`).

    def status(self) -> HeaderFacts:
        """What the header shows, but for the age of a section's lists."""
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
        if isinstance(screen, SectionScreen) and then:
            screen.arrive_for(key, filter_text, then)
        elif isinstance(screen, SectionScreen) and (key or filter_text):
            screen.arrive(key, filter_text)

    @work(group="audit", exclusive=False, exit_on_error=False)
    async def note_secret_use(self, use: SecretUse, what: str, target: str = "") -> None:
        """Record that a secret was shown, and say so where that was not possible."""
        await self._record_use(use, what, target)

    async def _record_use(self, use: SecretUse, what: str, target: str = "") -> None:
        if self._session is not None:
            trouble = await note_secret_use(self._session, use, what, target)
            if trouble:
                self.notify(trouble, title="Audit trail", severity="warning")

    def copy_out(self, text: str | Secret, what: str) -> None:
        """Send `text` to the clipboard and say how far it is known to have come."""
        self._copy(text, what)

    @work(group="copy", exclusive=True, exit_on_error=False)
    async def _copy(self, text: str | Secret, what: str) -> None:
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
        if isinstance(self.screen, SectionScreen):
            self.push_screen(HelpDialog(self.screen))

    def action_show_tasks(self) -> None:
        """Show the jobs of this console, and what the journal has of earlier ones."""
        if self._watch is not None:
            self.push_screen(TasksDialog(self.session.tray.tasks, self._watch.recovery))

    def action_show_unfinished(self) -> None:
        """Show what was left unfinished."""
        if self._watch is not None:
            self._watch.show()

    def action_show_notifications(self) -> None:
        """Show every message again."""
        self._unread = 0
        self.push_screen(NoticesDialog(self.notices))

    def action_switch_profile(self) -> None:
        """Open another profile, or add one; ask first while jobs run."""
        welcome = WelcomeScreen(self._launcher)
        self._after_asking("Switch profile", lambda: self.push_screen(welcome, self._switch))

    def _switch(self, session: Session | None) -> None:
        if session is not None:
            self._replace_session(session)

    def action_repaint(self) -> None:
        """Draw the whole screen again."""
        self.screen.refresh(layout=True)

    async def action_quit(self) -> None:
        """Leave; ask first while jobs run or passwords would be lost."""
        self._after_asking("Quit", self.exit)

    def _after_asking(self, what: str, go_on: Callable[[], object]) -> None:
        """Do what ends the present session, after asking where something would be lost."""
        running = 0 if self._session is None else self._session.tray.running
        holding = [screen for screen in self.screen_stack if isinstance(screen, HoldsPasswords)]
        names = [name for screen in holding for name in screen.unseen]
        sentences = []
        if running:
            sentences = [
                f"{running} job(s) of this console still run.",
                "What the server has taken goes on there; steps not yet sent are not sent.",
                "The journal keeps what was begun: the next start shows it and can go on with it.",
            ]
        if names:
            sentences.append(f"The passwords of {', '.join(names)} were not shown or copied yet.")
        if not sentences:
            go_on()
            return

        def answered(yes: bool | None) -> None:
            if yes:
                go_on()

        self.push_screen(ConfirmDialog(what, sentences, what), answered)

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
