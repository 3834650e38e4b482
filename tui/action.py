"""What an action of the console is: its name, keys, words, and what it needs."""

from typing import Final

import msgspec

EVERYWHERE: Final = "*"

CLOUD_TABLES: Final = ("networks", "addresses", "vpns", "users", "firewall")
"""Sections whose rows come from the cloud."""
ROUTER_TABLES: Final = ("checkup", "sessions")
"""Sections whose rows come from the routers themselves."""
TABLES: Final = (*CLOUD_TABLES, *ROUTER_TABLES)


class Action(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that a person can do."""

    name: str
    keys: tuple[str, ...]
    """Textual's key names, the first is the one that is shown."""
    label: str
    """One or two words for the hint line."""
    help: str
    """One sentence for the help screen, the palette and the documentation."""
    screens: tuple[str, ...]
    """The sections where it is offered; `EVERYWHERE` for all of them."""
    needs: tuple[str, ...] = ()
    """API commands without which it cannot work; the first missing one is the reason shown."""
    writes: bool = False
    """Whether it changes something: never offered in read-only mode."""
    on_router: bool = False
    """Whether what it changes is changed on a router over SSH, so that no API command is needed."""
    on_row: bool = False
    """Whether it acts on the row under the cursor."""
    hint: bool = True
    """Whether the hint line shows it."""
    of_app: bool = False
    """Whether the application implements it rather than the screen."""

    def on(self, screen: str) -> bool:
        """Whether the action is offered on the section `screen`."""
        return EVERYWHERE in self.screens or screen in self.screens

    @property
    def key(self) -> str:
        """The key that is shown for the action, as people write it."""
        return spell_key(self.keys[0])


_SPELLING: Final = {
    "question_mark": "?",
    "colon": ":",
    "slash": "/",
    "exclamation_mark": "!",
    "enter": "⏎",
    "escape": "esc",
    "space": "space",
    "asterisk": "*",
    "minus": "-",
    "ctrl+p": "^p",
    "ctrl+q": "^q",
    "ctrl+l": "^l",
}


def spell_key(key: str) -> str:
    """The way people write Textual's key name `key`: `?` for `question_mark`."""
    return _SPELLING.get(key, key)
