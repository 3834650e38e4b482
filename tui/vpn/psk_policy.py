"""How old a pre-shared key is, and whether it is time for another one.

The API tells no date. Two things do: the tag `csvpn.psk-rotated` on the public address, which a
rotation here leaves, and the event `VPN.REMOTE.ACCESS.CREATE` of the address, as long as the server
keeps it (recordings 16 and 20). Every VPN that is made gets a key of its own, so the later of the
two counts.
"""

from collections.abc import Iterable
from datetime import UTC, date, datetime
from typing import Final, Literal

import msgspec

TAG: Final = "csvpn.psk-rotated"
"""Key of the tag; its value is the day as `2026-11-23`."""
DEFAULT_DAYS: Final = 90
"""Days that a key is good for, unless the profile says otherwise (`psk_days`)."""
SOON: Final = 75 / 90
"""Part of its time after which a key is due soon."""

State = Literal["fresh", "due soon", "overdue", "unknown"]
Source = Literal["tag", "event", ""]

GLYPHS: Final[dict[State, str]] = {"fresh": "✔", "due soon": "▲", "overdue": "✘", "unknown": "?"}


class KeyAge(msgspec.Struct, frozen=True):
    """How old a key is."""

    state: State
    days: int | None = None
    """Whole days since it was made; None when nobody knows."""
    source: Source = ""
    """What the age is known from."""
    policy: int = DEFAULT_DAYS
    """Days that a key is good for."""

    def __str__(self) -> str:
        """For a cell: `✔ 12 d`, `? unknown`."""
        return f"{GLYPHS[self.state]} {self.state if self.days is None else f'{self.days} d'}"

    @property
    def is_due(self) -> bool:
        """Whether it is time, or nearly."""
        return self.state in ("due soon", "overdue")

    @property
    def says(self) -> str:
        """The age in a sentence, with where it is known from."""
        if self.days is None:
            return (
                "How old the key is, nobody knows: there is no tag of a rotation, and the server "
                "shows no event of its making."
            )
        from_what = "a tag on the address" if self.source == "tag" else "the server's events"
        age = "made today" if self.days == 0 else f"{self.days} day{'s' * (self.days != 1)} old"
        ends = {
            "fresh": f"it is good for {self.policy} days",
            "due soon": f"it is due for another one in {self.policy - self.days} days",
            "overdue": f"it should have been changed after {self.policy} days",
            "unknown": "",
        }[self.state]
        return f"The key is {age} (known from {from_what}); {ends}."


class Making(msgspec.Struct, frozen=True):
    """An event of `VPN.REMOTE.ACCESS.CREATE`."""

    when: datetime | None
    level: str = "INFO"
    state: str = "Completed"


def day_of_tag(value: str | None) -> date | None:
    """The day that a tag names; None for no tag and for one that somebody wrote otherwise."""
    try:
        return date.fromisoformat(value or "")
    except ValueError:
        return None


def day_of_events(events: Iterable[Making]) -> date | None:
    """The day of the last making that succeeded; every command leaves several events."""
    done = [e.when for e in events if e.when and e.state == "Completed" and e.level != "ERROR"]
    return max(done).astimezone(UTC).date() if done else None


def judge_age(
    tagged: date | None, made: date | None, today: date, policy: int = DEFAULT_DAYS
) -> KeyAge:
    """The age of a key whose address has the tag `tagged` and whose VPN was `made`.

    A clock that runs behind the server's makes no key younger than new.
    """
    known = max((day for day in (tagged, made) if day is not None), default=None)
    if known is None:
        return KeyAge("unknown", policy=policy)
    days = max(0, (today - known).days)
    source: Source = "tag" if known == tagged else "event"
    if days >= policy:
        return KeyAge("overdue", days, source, policy)
    return KeyAge("due soon" if days >= policy * SOON else "fresh", days, source, policy)
