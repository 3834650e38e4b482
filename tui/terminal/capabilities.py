"""What the terminal in front of the user can do, as far as its environment tells."""

import os
import shutil
from collections.abc import Mapping
from enum import StrEnum
from typing import Final

import msgspec

SMALLEST: Final = (40, 10)
"""Columns and rows below which the console says that there is too little room."""


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
        if not self.unicode:
            parts.append("without UTF-8: glyphs will look wrong, set LANG to a UTF-8 locale")
        return ", ".join(parts)

    @property
    def too_small(self) -> bool:
        """True if the console cannot be shown at this size."""
        return self.columns < SMALLEST[0] or self.rows < SMALLEST[1]


def read_capabilities(environment: Mapping[str, str] = os.environ) -> Capabilities:
    """What `environment` says about the terminal; its size is asked of the terminal itself."""
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
    )


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
