"""The least that Textual can be: one word on the screen. Run as a file, it imports nothing else."""

from textual.app import App, ComposeResult
from textual.widgets import Static


class Minimal(App[None]):
    """Shows the word."""

    def compose(self) -> ComposeResult:
        yield Static("minimal-app-is-here")


if __name__ == "__main__":
    Minimal().run()
