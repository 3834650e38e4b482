"""The form of a signature: what a line of the log means."""

from typing import Literal

import msgspec

from tui.logs.attempts import Rung

Weight = Literal["error", "warning", "notice", "noise"]
"""`notice` marks steps and ends that are as they should be, `noise` what is harmless on every
router, whatever priority a daemon gives it."""


class Signature(msgspec.Struct, frozen=True):
    """Lines of one kind."""

    name: str
    says: str
    """What such a line means, in plain words."""
    level: Weight
    literal: str
    """Text that each of its lines contains; ASCII."""
    pattern: str = ""
    """Regular expression that has to match in the message as well; empty where the literal
    suffices."""
    rung: Rung | None = None
    """The rung of the ladder that an attempt has reached with this line."""
    category: str = ""
    """The verdict that it hints at; empty where it says nothing by itself."""
