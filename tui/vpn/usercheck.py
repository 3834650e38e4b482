"""A list of new users against the account that is to have them: nothing is sent before it is right.

The limit of the account counts users that no list shows: a removal that a router refused leaves the
user in the state `Revoke`, hidden and still counted (recording 08).
"""

from collections.abc import Iterable, Sequence
from typing import Final

import msgspec

from tui.vpn.findings import Finding, errors, warnings
from tui.vpn.passwords import estimate
from tui.vpn.userfile import Entry, Line
from tui.vpn.users import (
    DEFAULT_LIMIT,
    check_confusion,
    check_limit,
    check_name,
    check_password,
    check_taken,
)

LONGEST_GROUP: Final = 40
LONGEST_NOTE: Final = 200


class Room(msgspec.Struct, frozen=True):
    """What an account has room for."""

    existing: tuple[str, ...] = ()
    """Its users that are listed."""
    hidden: tuple[str, ...] = ()
    """Names that a removal which failed has left behind: in no list, but taken and counted."""
    limit: int = DEFAULT_LIMIT
    limit_known: bool = False
    """Whether the server has told the limit; otherwise it is that of a fresh CloudStack."""

    @property
    def unseen(self) -> tuple[str, ...]:
        """The hidden names that really are in no list."""
        return tuple(name for name in self.hidden if name not in self.existing)

    @property
    def used(self) -> int:
        """How many users the server counts, as far as is known."""
        return len(self.existing) + len(self.unseen)

    @property
    def left(self) -> int:
        """How many more it takes."""
        return max(0, self.limit - self.used)

    @property
    def words(self) -> str:
        """`5 of 8 used`, with what no list shows and whether the limit is certain."""
        unseen = self.unseen
        half = f" ({', '.join(unseen)} half removed, in no list)" if unseen else ""
        limit = f"{self.limit}" if self.limit_known else f"{self.limit} (the usual limit)"
        return f"{self.used} of {limit} used{half}"


class CheckedList(msgspec.Struct, frozen=True):
    """The lines with everything there is to say about them, and about all of them together."""

    lines: tuple[Line, ...]
    findings: tuple[Finding, ...] = ()

    @property
    def is_right(self) -> bool:
        """Whether all of it can be sent."""
        return (
            bool(self.lines)
            and not errors(self.findings)
            and all(line.is_right for line in self.lines)
        )

    @property
    def entries(self) -> tuple[Entry, ...]:
        """The users, in the order of the list."""
        return tuple(line.entry for line in self.lines)

    @property
    def counts(self) -> str:
        """`8 users: 2 wrong, 1 to look at`."""
        wrong = sum(not line.is_right for line in self.lines)
        odd = sum(line.is_right and bool(warnings(line.findings)) for line in self.lines)
        users = "1 user" if len(self.lines) == 1 else f"{len(self.lines)} users"
        said = [f"{wrong} wrong"] if wrong else []
        said += [f"{odd} to look at"] if odd else []
        return f"{users}: {', '.join(said) or 'all right'}"


def check_list(lines: Sequence[Line], room: Room) -> CheckedList:
    """Everything about these users in this account, each line with its own findings."""
    checked: list[Line] = []
    first: dict[str, int] = {}
    passwords: dict[str, int] = {}
    fitting = 0
    for line in lines:
        found = list(line.findings)
        if not any(each.code in _UNREADABLE for each in found):
            found += _of_entry(line.entry)
            found += _of_names(line, room, first)
            found += _of_password(line, passwords)
            first.setdefault(line.entry.name.lower(), line.number)
        if not errors(found):
            fitting += 1
            if fitting > room.left:
                says = f"There is no room for {line.entry.name}: {room.words}."
                found.append(Finding("error", "user-limit", says, _LIMIT_SAYS))
        checked.append(msgspec.structs.replace(line, findings=tuple(found)))
    return CheckedList(tuple(checked), check_room(len(lines), room))


_UNREADABLE: Final = frozenset({"file-quotes", "file-cell", "file-long"})
_LIMIT_SAYS: Final = "Cannot add more than [8] remote access VPN users to Account …"


def check_room(adding: int, room: Room) -> tuple[Finding, ...]:
    """Whether the account has room for `adding` more users, hidden ones counted."""
    limit = check_limit(room.used, adding, room.limit)
    if limit is None:
        return ()
    if not room.unseen:
        return (limit,)
    half = (
        f" Among them {', '.join(room.unseen)}, half removed and in no list: remove once more to "
        "have the room."
    )
    return (msgspec.structs.replace(limit, says=limit.says + half),)


def _of_entry(entry: Entry) -> list[Finding]:
    found = [check_name(entry.name)]
    for what, text, longest in (
        ("group", entry.group, LONGEST_GROUP),
        ("note", entry.note, LONGEST_NOTE),
    ):
        found.append(check_words(what, text, longest))
    return [each for each in found if each is not None]


def check_words(what: str, text: str, longest: int) -> Finding | None:
    """What is wrong with a group or a note, which only this console keeps."""
    if len(text) > longest:
        says = f"The {what} has {len(text)} characters; it may have {longest}."
        return Finding("error", f"roster-{what}", says)
    if not text.isprintable():
        says = f"The {what} has a character that cannot be printed; leave it out."
        return Finding("error", f"roster-{what}", says)
    return None


def _of_names(line: Line, room: Room, first: dict[str, int]) -> list[Finding]:
    name = line.entry.name
    if not name:
        return []
    if name.lower() in first:
        says = f"{name} stands on line {first[name.lower()]} already; the server wants it once."
        return [Finding("error", "file-twice", says)]
    if name in room.unseen:
        return [hidden_name(name)]
    found = [check_taken(name, room.existing), _confused(name, room.existing, first)]
    return [each for each in found if each is not None]


def hidden_name(name: str) -> Finding:
    """That a name is taken although no list shows it."""
    says = (
        f"{name} is half removed: in no list, but the name is taken. Remove {name} once more, "
        "then add it."
    )
    return Finding("error", "user-hidden", says)


def _confused(name: str, existing: Iterable[str], first: dict[str, int]) -> Finding | None:
    # Names of the list are known here by their lower case; a router does look at case, so this may
    # warn once too often and never too seldom.
    return check_confusion(name, existing) or check_confusion(name.lower(), first)


def _of_password(line: Line, passwords: dict[str, int]) -> list[Finding]:
    entry = line.entry
    if not entry.password:
        return []
    problem = check_password(entry.password)
    if problem is not None:
        return [problem]
    found: list[Finding] = []
    if entry.password in passwords:
        says = f"The password is the one of line {passwords[entry.password]}."
        found.append(Finding("warning", "password-shared", says))
    passwords.setdefault(entry.password, line.number)
    judged = estimate(entry.password, [entry.name] if entry.name else [])
    if judged.strength != "strong":
        found.append(Finding("warning", "password-strength", f"Its password: {judged.says}"))
    return found
