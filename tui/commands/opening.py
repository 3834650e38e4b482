"""The session of a headless command: the profile that was named, opened and asked."""

from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from typing import TypeVar

import msgspec

from tui.cloud.errors import ReadOnly
from tui.commands.output import CommandError, Exit
from tui.safety.text import clean
from tui.session.inventory import OPTIONAL, Kind
from tui.session.launch import Launcher
from tui.session.session import Session
from tui.settings.model import Profile, Profiles
from tui.settings.schema import nearest

T = TypeVar("T")


class Context(msgspec.Struct):
    """What every command is given."""

    launcher: Launcher
    profile: str = ""
    """Name of the profile; empty for the default one."""
    as_json: bool = False
    session: Session | None = None
    """The session, while it is open: what runs operations."""


def chosen_profile(profiles: Profiles, name: str) -> Profile:
    """The profile called `name`, or the default one for no name. Raises `CommandError`."""
    profile = profiles.chosen(name)
    if profile is not None:
        return profile
    names = ", ".join(profiles.profiles)
    if not names:
        raise CommandError("there is no profile yet", "run csvpn to write one down, or csvpn demo")
    if not name:
        raise CommandError("no profile is the default one", f"choose one with --profile: {names}")
    raise CommandError(
        f"there is no profile {clean(name)!r}", did_you_mean(name, profiles.profiles)
    )


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """What to do about a name that does not exist."""
    names = sorted(set(known))
    near = nearest(word, names)
    if near:
        return f"did you mean {near}?"
    shown = ", ".join(names[:10]) + (f" and {len(names) - 10} more" if len(names) > 10 else "")
    return f"there are: {shown}" if names else "there are none"


@asynccontextmanager
async def opened(context: Context) -> AsyncIterator[Session]:
    """The session of the profile, whose server has answered; closed at the end.

    Raises one of `output.EXPECTED`.
    """
    profile = chosen_profile(context.launcher.profiles(), context.profile)
    context.session = session = await context.launcher.try_out(profile)
    try:
        yield session
        # What a command makes it prints; where it could not, this is not reached.
        await session.books.hand_over_all()
    finally:
        context.session = None
        await session.aclose()


async def learn(session: Session, kinds: Iterable[Kind]) -> None:
    """Ask for lists; raises as `raise_gaps`."""
    wanted = [kind for kind in kinds if session.may_list(kind)]
    await session.inventory.refresh(wanted)
    raise_gaps(session, wanted)


def raise_gaps(session: Session, kinds: Iterable[Kind]) -> None:
    """Raise the error of the first list that was refused, unless it is one that few may see."""
    for kind in kinds:
        error = session.inventory.shelf(kind).error
        if error is not None and kind not in OPTIONAL:
            raise error


def refuse_read_only(session: Session, command: str) -> None:
    """Raises `ReadOnly` before anything is sent, where nothing may be changed."""
    if session.read_only:
        raise ReadOnly(f"{command} is refused: this is read-only", command=command)


def the_one(found: list[T], what: str, spell: Callable[[T], str], *, choose: str) -> T:
    """The only one of `found`; raises `CommandError` where several have the name."""
    if len(found) == 1:
        return found[0]
    spelled = ", ".join(spell(one) for one in found)
    raise CommandError(f"{what} is the name of {len(found)}: {spelled}", choose, Exit.USAGE)
