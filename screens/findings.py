"""A form field with its findings right below it, as they are typed."""

from collections.abc import Iterable
from typing import Final

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Input, Label, Static

from tui.vpn.findings import Finding, Severity

GLYPHS: Final[dict[Severity, str]] = {"error": "✘", "warning": "▲"}
STYLES: Final[dict[Severity, str]] = {"error": "$text-error", "warning": "$text-warning"}


def finding_lines(findings: Iterable[Finding], good: str = "") -> Content:
    """One line a finding, or `good` where there is none."""
    lines = [
        Content.styled(f"{GLYPHS[each.severity]} {each.says}", STYLES[each.severity])
        for each in findings
    ]
    if not lines and good:
        lines = [Content.styled(f"✔ {good}", "$text-success")]
    return Content("\n").join(lines)


class FindingField(Vertical):
    """A label, an input, and what there is to say about the text in it."""

    DEFAULT_CSS = """
    FindingField { height: auto; width: 1fr; }
    FindingField > Label { color: $text-muted; width: 1fr; }
    FindingField > .says { height: auto; width: 1fr; display: none; }
    FindingField > .says.-shown { display: block; }
    """

    def __init__(
        self,
        label: str,
        name: str,
        value: str = "",
        *,
        placeholder: str = "",
        password: bool = False,
    ) -> None:
        """`name` is the id of the field; its input has the id `name-input`."""
        super().__init__(id=name)
        self._label = label
        self.input = Input(
            value,
            placeholder=placeholder,
            password=password,
            id=f"{name}-input",
            compact=True,
            select_on_focus=False,
        )

    def compose(self) -> ComposeResult:
        yield Label(Content(self._label))
        yield self.input
        yield Static("", classes="says")

    @property
    def text(self) -> str:
        """What is typed, without blanks at the ends."""
        return self.input.value.strip()

    @text.setter
    def text(self, value: str) -> None:
        self.input.value = value

    def say(self, findings: Iterable[Finding], good: str = "") -> None:
        """Show findings below the input, or `good` where there is none."""
        words = finding_lines(findings, good)
        line = self.query_one(".says", Static)
        line.update(words)
        line.set_class(bool(words.plain), "-shown")
