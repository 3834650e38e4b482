"""What the application itself adds to its screens: the clipboard, the last filter, the driver."""

import base64

from textual.app import App
from textual.widget import Widget
from textual.widgets import Input

from tests.consoles import DemoConsole, lab_session, until, words
from tui.app import Console
from tui.safety.clipboard import Clipboard
from tui.safety.credentials import CredentialStore
from tui.safety.secret import Secret
from tui.session.launch import Launcher
from tui.terminal.driver import TerminalWriter
from tui.terminal.lastfilter import LastFilter


def osc52(text: str) -> str:
    """The escape sequence that sets a terminal's clipboard."""
    return f"\x1b]52;c;{base64.b64encode(text.encode()).decode()}\a"


async def test_a_selection_is_sent_out_and_not_kept(demo_console: DemoConsole) -> None:
    async with demo_console.run() as pilot:
        pilot.app.copy_to_clipboard("acme-prod")
        await until(pilot, lambda: demo_console.written == [osc52("acme-prod")])
        assert pilot.app.clipboard == ""


async def test_what_a_field_hides_is_not_copied(demo_console: DemoConsole) -> None:
    async with demo_console.run() as pilot:
        hidden = Input("typed-password", password=True)
        await pilot.app.screen.mount(hidden)
        hidden.focus()
        await until(pilot, lambda: hidden.has_focus)
        hidden.select_all()
        await pilot.press("ctrl+c")
        await until(pilot, lambda: "is not copied" in words(pilot))
        hidden.select_all()
        await pilot.press("ctrl+x")
        await pilot.pause()
        assert demo_console.written == []
        assert pilot.app.clipboard == ""


async def test_a_secret_is_cleared_from_the_clipboard_at_the_end(demo_console: DemoConsole) -> None:
    async with demo_console.run() as pilot:
        assert isinstance(pilot.app, Console)
        pilot.app.copy_out(Secret("the-shared-key"), "Key")
        await until(pilot, lambda: demo_console.written == [osc52("the-shared-key")])
        assert "the-shared-key" not in words(pilot)
    assert demo_console.written == [osc52("the-shared-key"), osc52(" ")]


async def test_every_widget_goes_through_the_last_filter(demo_console: DemoConsole) -> None:
    async with demo_console.run() as pilot:
        for widget in pilot.app.screen.walk_children(Widget):
            filters = widget.get_line_filters()
            assert isinstance(filters[-1], LastFilter)


def test_its_driver_is_the_one_the_clipboard_writes_through() -> None:
    writer = TerminalWriter()
    launcher = Launcher(CredentialStore({}))
    attached = Console(launcher, clipboard=Clipboard(writer), writer=writer)
    plain = Console(launcher, clipboard=Clipboard(writer))
    usual = App[None]().driver_class
    assert plain.driver_class is usual
    assert issubclass(attached.driver_class, usual)
    assert attached.driver_class is not usual


async def test_the_return_code(demo_console: DemoConsole) -> None:
    async with demo_console.run() as pilot:
        await pilot.press("ctrl+q")
    assert pilot.app.return_code == 0
    session = lab_session(demo_console.lab)
    async with demo_console.run(session=session) as pilot:
        pilot.app.exit(return_code=143)
    assert pilot.app.return_code == 143
