"""VPN users: which names and passwords the server takes, in the order in which it looks.

Recording 08 and `RemoteAccessVpnManagerImpl`: name, password, name taken, limit. Users belong to
an account (or a project) and reach every VPN of it.
"""

import re
from collections.abc import Iterable, Sequence
from itertools import permutations
from typing import Final

from tui.vpn.findings import Finding
from tui.vpn.limits import DEFAULT_LIMIT as DEFAULT_LIMIT

NAME_LENGTHS: Final = (3, 64)
PASSWORD_LENGTHS: Final = (3, 32)
NAME_SIGNS: Final = "@.-_"
PASSWORD_SIGNS: Final = "@+=.-_"  # noqa: S105 - the alphabet, not a password

_NAME: Final = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9@._-]{2,63}")
_PASSWORD: Final = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9@+=._-]{2,31}")


def _shown(character: str) -> str:
    if character == " ":
        return "a blank"
    return f"“{character}”" if character.isprintable() else "an invisible character"


def _problem(what: str, text: str, lengths: tuple[int, int], signs: str) -> str:
    """The first thing that is wrong with `text`, in words that come after “The name”."""
    shortest, longest = lengths
    if not text:
        return f"The {what} is empty; it needs {shortest} to {longest} characters."
    odd = next(
        (one for one in text if not (one.isascii() and one.isalnum()) and one not in signs), None
    )
    if odd is not None:
        allowed = f"letters, digits and {' '.join(signs)}"
        return f"The {what} has {_shown(odd)} in it; allowed are {allowed}."
    if not text[0].isalnum():
        return f"The {what} begins with “{text[0]}”; it must begin with a letter or a digit."
    count = f"{len(text)} character{'s' * (len(text) != 1)}"
    return f"The {what} has {count}; it needs {shortest} to {longest}."


def check_name(name: str) -> Finding | None:
    """What is wrong with a user name, None if the server takes it."""
    if _NAME.fullmatch(name):
        return None
    server_says = (
        f"Username [{name}] is invalid. Username has to begin with an alphabet have 3-64 "
        "characters including alphabets, numbers and the set '@.-_'."
        if name
        else "Invalid value provided for API arg: username"
    )
    says = _problem("name", name, NAME_LENGTHS, NAME_SIGNS)
    return Finding("error", "user-name", says, server_says)


def check_password(password: str) -> Finding | None:
    """What is wrong with a password, None if the server takes it; never quotes it whole."""
    if _PASSWORD.fullmatch(password):
        return None
    server_says = (
        "Password has to be 3-32 characters including alphabets, numbers and the set '@+=.-_'"
        if password
        else "Invalid value provided for API arg: password"
    )
    says = _problem("password", password, PASSWORD_LENGTHS, PASSWORD_SIGNS)
    return Finding("error", "user-password", says, server_says)


def check_taken(name: str, existing: Iterable[str]) -> Finding | None:
    """Whether the account has this user already, or one that differs in case only.

    The database compares names without looking at case, the router's list does look at it.
    """
    names = tuple(existing)
    if name in names:
        return Finding(
            "error",
            "user-taken",
            f"The account already has a VPN user {name}; remove it first to change its password.",
            f"VPN User with name {name} is already added for account …",
        )
    same = next((other for other in names if other.lower() == name.lower()), None)
    if same is None:
        return None
    return Finding(
        "warning",
        "user-case",
        f"{name} differs from {same} in case only; people will mix them up and the server may "
        "refuse it.",
    )


def check_limit(existing: int, adding: int = 1, limit: int = DEFAULT_LIMIT) -> Finding | None:
    """Whether the account has room for `adding` more users beside its `existing` ones."""
    if existing + adding <= limit:
        return None
    room = max(0, limit - existing)
    left = "none is" if room == 0 else "one is" if room == 1 else f"{room} are"
    return Finding(
        "error",
        "user-limit",
        f"The account has {existing} of {limit} VPN users, so {left} left; {adding} more do not "
        "fit. Remove users, or ask an administrator to raise remote.access.vpn.user.limit.",
        f"Cannot add more than [{limit}] remote access VPN users to Account …",
    )


def check_new_user(
    name: str, password: str, existing: Sequence[str] = (), limit: int = DEFAULT_LIMIT
) -> tuple[Finding, ...]:
    """Everything about a user to be added, in the order in which the server looks, then what it
    does not look at (names that a removal would confuse)."""
    found = (
        check_name(name),
        check_password(password),
        check_taken(name, existing),
        check_limit(len(existing), 1, limit),
        check_confusion(name, existing),
    )
    return tuple(finding for finding in found if finding is not None)


def cut_off_together(removed: str, connected: Iterable[str]) -> tuple[str, ...]:
    """The users who lose their connection too when `removed` is removed.

    The router looks for the name anywhere in its list of sessions, so removing bob also ends the
    session of bobby (`configure.py` of the router).
    """
    return tuple(other for other in connected if other != removed and removed in other)


def check_confusion(name: str, existing: Iterable[str]) -> Finding | None:
    """Whether a name is part of another's, so that removing one ends the other's session too."""
    for other in existing:
        for inner, outer in permutations((name, other)):
            if inner != outer and inner in outer:
                return Finding(
                    "warning",
                    "user-substring",
                    f"{inner} is part of {outer}: when {inner} is removed, the router also cuts "
                    f"off {outer}, who has to connect again.",
                )
    return None
