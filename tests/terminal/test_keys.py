"""Keys that arrive in one piece do what they would have done one by one."""

from textual import events
from textual.app import App, ComposeResult
from textual.binding import Binding
from textual.screen import Screen
from textual.widgets import Button, Input

from tests.consoles import until
from tui.terminal.keys import KeysInOrder


class Form(Screen[None]):
    """A field that has the focus as soon as the screen is there."""

    def compose(self) -> ComposeResult:
        yield Input(id="name")


class Typing(App[None]):
    """`/` moves the focus to a field, `e` opens a form; every other key is noted as misread."""

    BINDINGS = [  # noqa: RUF012 - Textual declares it so
        Binding("slash", "to_field"),
        Binding("e", "form"),
        Binding("a,c,m,x", "misread"),
    ]

    def __init__(self) -> None:
        super().__init__()
        self.misread = 0

    def compose(self) -> ComposeResult:
        yield Button("first")
        yield Input(id="filter")

    def action_to_field(self) -> None:
        self.query_one("#filter").focus()

    def action_form(self) -> None:
        self.push_screen(Form())

    def action_misread(self) -> None:
        self.misread += 1


class OrderlyTyping(KeysInOrder, Typing):
    """The same, as the console does it."""


def type_at_once(app: App[None], text: str) -> None:
    """All keys in the application's queue before it has seen the first."""
    for character in text:
        app.post_message(events.Key("slash" if character == "/" else character, character))


async def test_textual_itself_hands_all_of_them_to_the_first_focus() -> None:
    app = Typing()
    async with app.run_test() as pilot:
        type_at_once(app, "/acme")
        await until(pilot, lambda: app.misread == 3)
        assert app.query_one("#filter", Input).value == ""


async def test_a_key_waits_for_the_focus_that_the_one_before_moved() -> None:
    app = OrderlyTyping()
    async with app.run_test() as pilot:
        type_at_once(app, "/acme")
        await until(pilot, lambda: app.query_one("#filter", Input).value == "acme")
        assert app.misread == 0


async def test_a_key_waits_for_the_screen_that_the_one_before_opened() -> None:
    app = OrderlyTyping()
    async with app.run_test() as pilot:
        type_at_once(app, "eacme")
        await until(
            pilot,
            lambda: isinstance(app.screen, Form) and app.screen.query_one(Input).value == "acme",
        )
        assert app.misread == 0


async def test_what_is_pasted_waits_too() -> None:
    app = OrderlyTyping()
    async with app.run_test() as pilot:
        app.post_message(events.Key("slash", "/"))
        app.post_message(events.Paste("acme"))
        app.post_message(events.Key("x", "x"))
        await until(pilot, lambda: app.query_one("#filter", Input).value == "acmex")
        assert app.misread == 0


async def test_a_key_whose_effect_never_ends_holds_nobody_up_for_long() -> None:
    class Deaf(Button):
        """Lets nothing through that follows a key."""

        def on_keys_in_order_settled(self, message: KeysInOrder.Settled) -> None:
            message.stop()

    class WithDeaf(OrderlyTyping):
        def compose(self) -> ComposeResult:
            yield Deaf("deaf")
            yield Input(id="filter")

    app = WithDeaf()
    async with app.run_test() as pilot:
        type_at_once(app, "ax")
        await until(pilot, lambda: app.misread == 2)
