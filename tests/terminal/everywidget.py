"""Run by `test_lastfilter` in a pseudo-terminal: every widget of Textual shows every payload.

Nothing is cleaned here on purpose, so that only the last filter stands between the payloads and the
terminal. `python -m tests.terminal.everywidget filtered|raw FIRST LAST` shows the screens
`SCREENS[FIRST:LAST]`.
"""

import asyncio
import sys
from collections.abc import Sequence

from rich.style import Style as RichStyle
from rich.text import Text
from textual.app import App, ComposeResult
from textual.containers import ItemGrid, VerticalScroll
from textual.content import Content
from textual.filter import LineFilter
from textual.widget import Widget
from textual.widgets import (
    Button,
    Checkbox,
    Collapsible,
    DataTable,
    Digits,
    Footer,
    Header,
    Input,
    Label,
    Link,
    ListItem,
    ListView,
    Log,
    Markdown,
    MarkdownViewer,
    OptionList,
    Placeholder,
    Pretty,
    RadioButton,
    RadioSet,
    RichLog,
    Select,
    SelectionList,
    Static,
    Switch,
    Tab,
    Tabs,
    TextArea,
    Tree,
)
from textual.widgets.option_list import Option
from textual.widgets.selection_list import Selection

from tests.hostile import PAYLOADS
from tui.terminal.lastfilter import LastFilter

DONE = "EVERY-PAYLOAD-SHOWN"
TOGETHER = 12
SHORT = [payload[:60] for payload in PAYLOADS]
SCREENS = [" ".join(SHORT[first : first + TOGETHER]) for first in range(0, len(SHORT), TOGETHER)]
"""Some payloads at a time, each short enough for a few to be seen in one widget."""


class EveryWidget(App[None]):
    """One screen with all widgets; the next payload goes into all of them at once."""

    CSS = """
    ItemGrid { grid-size: 4; height: auto; }
    ItemGrid > * { height: 5; border: round white; }
    Header, Footer { height: 1; border: none; }
    """
    ENABLE_COMMAND_PALETTE = False

    def __init__(self, filtered: bool, texts: Sequence[str]) -> None:
        super().__init__()
        self.filtered = filtered
        self.texts = texts
        self.last_filter = LastFilter()

    def get_line_filters(self) -> Sequence[LineFilter]:
        filters = super().get_line_filters()
        return [*filters, self.last_filter] if self.filtered else filters

    def compose(self) -> ComposeResult:
        yield Header()
        yield VerticalScroll(id="all")
        yield Footer()

    def on_mount(self) -> None:
        self.run_worker(self.show_all(), exit_on_error=True)

    async def show_all(self) -> None:
        """Show one payload after the other, each really painted."""
        everything = self.query_one("#all")
        for text in self.texts:
            self.title = self.sub_title = text
            self.bind("f9", "none", description=text)
            await everything.remove_children()
            await everything.mount(ItemGrid(*widgets(text)))
            everything.query_one(Log).write_line(text)
            for message, title in ((text, "t"), ("m", text)):
                self.notify(message, title=title, markup=False, timeout=0.2)
            await painted(self)
        await everything.remove_children()
        await everything.mount(Static(DONE))
        await painted(self)
        self.exit()


async def painted(app: App[None]) -> None:
    """Wait until what is mounted now has been written to the terminal."""

    event = asyncio.Event()
    app.screen.refresh(layout=True)
    app.call_after_refresh(event.set)
    await event.wait()
    await asyncio.sleep(0.02)


def widgets(text: str) -> list[Widget]:
    """Every kind of widget that shows text, showing `text` in every place it has."""
    content = Content(text)
    styled = Text(text, style=RichStyle(link=f"http://x/{text}", meta={"@click": "app.bell"}))
    bordered = Static("border")
    bordered.border_title = content
    bordered.border_subtitle = content
    table: DataTable[Text] = DataTable(show_row_labels=True)
    table.add_column(Text(text))
    table.add_row(Text(text), label=Text(text))
    table.add_row(styled, label=Text(text))
    tree: Tree[None] = Tree(Text(text))
    tree.root.expand().add_leaf(Text(text))
    rich_log = RichLog()
    rich_log.write(Text(text))
    rich_log.write(text)
    rich_log.write(styled)
    options = OptionList(Option(content), None, Option(Text(text)))
    selections = SelectionList[int](Selection(content, 1), Selection(content, 2, True))
    select = Select([(content, 1)], value=1)
    tooltip = Label(content)
    tooltip.tooltip = content
    area = TextArea(text, show_line_numbers=True)
    area.border_title = content
    return [
        Static(content), Static(styled), Label(content), Button(content), Checkbox(content),
        RadioButton(content), RadioSet(RadioButton(content)), bordered, table, tree, rich_log,
        Log(), options, selections, select, tooltip, area,
        Input(value=text), Input(placeholder=text),
        Input(value=text, password=True), Collapsible(Label(content), title=escaped(text)),
        ListView(ListItem(Label(content))), Markdown(text), MarkdownViewer(text), Pretty([text]),
        Tabs(Tab(content)), Placeholder(escaped(text)),
        Digits(text), Link(escaped(text), url=text), Switch(),
    ]  # fmt: skip


def escaped(text: str) -> str:
    """For the few places that only take a `str` and read it as markup."""
    return text.replace("[", "(").replace("\\", "/")


if __name__ == "__main__":
    first, last = int(sys.argv[2]), int(sys.argv[3])
    app = EveryWidget(sys.argv[1] == "filtered", SCREENS[first:last])
    app.run()
    sys.exit(app.return_code)
