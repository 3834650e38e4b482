"""What the terminal in front of the user can do, as far as its environment tells."""

import os
import shutil
from collections.abc import Mapping
from enum import StrEnum
from typing import Final

import msgspec

SMALLEST: Final = (40, 10)
"""Columns and rows below which the console says that there is too little room."""


_ERASING: Final = (
    "xterm", "tmux", "screen", "linux", "rxvt", "alacritty", "kitty", "foot", "wezterm", "ghostty",
    "konsole", "gnome", "vte", "iterm", "st-", "putty", "contour", "mintty", "ms-terminal",
)  # fmt: skip
_WITHOUT_CURSOR: Final = frozenset(("", "dumb", "unknown", "network", "emacs"))
_WITHOUT_LINKS: Final = frozenset(("linux", "vt100", "vt102", "vt220", "ansi"))


class Colours(StrEnum):
    """How many colours may be used."""

    NONE = "no colours"
    SIXTEEN = "16 colours"
    MANY = "256 colours"
    TRUE = "true colour"


class Capabilities(msgspec.Struct, frozen=True, kw_only=True):
    """One terminal."""

    term: str
    colours: Colours
    multiplexer: str
    """`tmux`, `GNU screen` or nothing."""
    over_ssh: bool
    unicode: bool
    columns: int
    rows: int
    erases_with_colour: bool = False
    """Whether erasing leaves the background of what is written (terminfo's `bce`)."""
    links: bool = True
    """Whether it may be told of links; who does not know them is expected to ignore them."""
    plain_output: str = ""
    """Why whole frames are written as Textual writes them; empty if only changes are."""

    def sentence(self) -> str:
        """Everything in one line, for the header's help and for bug reports."""
        parts = [
            f"{self.term or 'unknown terminal'}",
            f"{self.columns}×{self.rows}",
            str(self.colours),
            "over SSH" if self.over_ssh else "local",
        ]
        if self.multiplexer:
            parts.append(f"inside {self.multiplexer}")
        if self.plain_output:
            parts.append(f"plain output ({self.plain_output})")
        if not self.unicode:
            parts.append("without UTF-8: glyphs will look wrong, set LANG to a UTF-8 locale")
        return ", ".join(parts)

    @property
    def too_small(self) -> bool:
        """True if the console cannot be shown at this size."""
        return self.columns < SMALLEST[0] or self.rows < SMALLEST[1]


def read_capabilities(
    environment: Mapping[str, str] = os.environ, *, plain_output: bool = False
) -> Capabilities:
    """What `environment` says about the terminal; its size is asked of the terminal itself.

    `plain_output` is the wish of whoever started the program, as is `CSVPN_PLAIN_OUTPUT`.
    """
    size = shutil.get_terminal_size()
    term = "".join(c for c in environment.get("TERM", "") if c.isprintable())[:40]
    multiplexer = "tmux" if environment.get("TMUX") else ""
    if not multiplexer and environment.get("STY"):
        multiplexer = "GNU screen"
    return Capabilities(
        term=term,
        colours=_colours(term, environment),
        multiplexer=multiplexer,
        over_ssh=any(environment.get(name) for name in ("SSH_CONNECTION", "SSH_TTY")),
        unicode=_is_utf8(environment),
        columns=size.columns,
        rows=size.lines,
        erases_with_colour=_erases_with_colour(term, multiplexer),
        links=term not in _WITHOUT_LINKS,
        plain_output=_why_plain(term, environment, plain_output),
    )


def _erases_with_colour(term: str, multiplexer: str) -> bool:
    """Every emulator of today does, GNU screen does not unless it is told to (`defbce`).

    Terminals with a name that is not known here are not relied on.
    """
    if multiplexer == "GNU screen" or (term.startswith("screen") and multiplexer != "tmux"):
        return False
    return term.startswith(_ERASING)


def _why_plain(term: str, environment: Mapping[str, str], wished: bool) -> str:
    if wished:
        return "--plain-output"
    if environment.get("CSVPN_PLAIN_OUTPUT", "") not in {"", "0"}:
        return "CSVPN_PLAIN_OUTPUT"
    if term in _WITHOUT_CURSOR:
        return f"TERM={term} does not say what the terminal can do"
    return ""


def _colours(term: str, environment: Mapping[str, str]) -> Colours:
    if environment.get("NO_COLOR") or term in {"", "dumb"}:
        return Colours.NONE
    if environment.get("COLORTERM", "").lower() in {"truecolor", "24bit"}:
        return Colours.TRUE
    if term.endswith("-direct"):
        return Colours.TRUE
    return Colours.MANY if "256color" in term else Colours.SIXTEEN


def _is_utf8(environment: Mapping[str, str]) -> bool:
    """By the rule of locales: LC_ALL before LC_CTYPE before LANG."""
    for name in ("LC_ALL", "LC_CTYPE", "LANG"):
        value = environment.get(name, "")
        if value:
            return value.lower().replace("-", "").endswith("utf8")
    return False
