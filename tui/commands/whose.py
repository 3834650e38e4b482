"""Whose users are meant: what was typed, and which account or project that is."""

from collections.abc import Iterable, Sequence

import msgspec

from tui.cloud import listings
from tui.cloud.models import Account
from tui.commands.opening import did_you_mean, the_one
from tui.commands.output import CommandError
from tui.operations.facts import Owner
from tui.session.people import names_of
from tui.session.session import Session
from tui.session.views import UserRow


class Whose(msgspec.Struct, frozen=True):
    """Whose users are meant, as typed; all empty: one's own, or for the list everybody's."""

    account: str = ""
    domain: str = ""
    """Path, name or id."""
    project: str = ""

    @property
    def is_open(self) -> bool:
        """Whether nobody was named."""
        return not (self.account or self.domain or self.project)


class Chosen(msgspec.Struct, frozen=True):
    """The owner of users, for commands and for comparing with rows."""

    owner: Owner
    words: str
    key: tuple[str, str] | None
    """As `Owned.owner_key`; None where it is not known who we are."""


def is_of(row: UserRow, whose: Whose) -> bool:
    """Whether a user is one of those that are meant."""
    user = row.user
    if whose.project and whose.project not in {user.project, user.project_id}:
        return False
    if whose.account and whose.account != user.account:
        return False
    return not whose.domain or _is_domain(
        whose.domain, user.domain, user.domain_path, user.domain_id
    )


def _is_domain(typed: str, name: str, path: str, domain_id: str) -> bool:
    """Whether `typed` (`ROOT/customers`, `/customers`, a name or an id) is that domain."""
    wanted = typed.strip("/")
    full = path.strip("/")
    return wanted in {domain_id, full, full.removeprefix("ROOT/"), name} or (
        not wanted and full == "ROOT"
    )


def not_there(session: Session, name: str, chosen: Chosen) -> CommandError:
    """That the owner has no such user, and whose it is instead."""
    elsewhere = sorted(
        {
            user.owner
            for user in session.inventory.users.rows.values()
            if user.user_name == name and user.owner_key != chosen.key
        }
    )
    if elsewhere:
        remedy = f"there is one of that name in {', '.join(elsewhere)}: name it with --account"
    else:
        remedy = did_you_mean(
            name, [*names_of(session, chosen.key), *suspended_of(session, chosen)]
        )
    return CommandError(f"{chosen.words} has no VPN user {name!r}", remedy)


def suspended_of(session: Session, chosen: Chosen) -> tuple[str, ...]:
    """The users of an owner that only the roster has."""
    return () if chosen.key is None else session.roster.suspended(chosen.key)


def refuse_missing(
    session: Session, chosen: Chosen, names: Iterable[str], there: Sequence[str]
) -> None:
    """Raises `CommandError` for the first of `names` that is not `there`."""
    missing = [name for name in names if name not in there]
    if missing and chosen.key is not None:
        raise not_there(session, missing[0], chosen)


async def choose(session: Session, whose: Whose) -> Chosen:
    """The owner that was named, or the account of the credentials. Raises `CommandError`."""
    if whose.project:
        return await _project(session, whose.project)
    if not whose.is_open:
        return await _account(session, whose)
    identity = session.identity
    accounts = await session.client.fetch(listings.ACCOUNTS, name=identity.account)
    mine = [
        account
        for account in accounts
        if identity.account
        and (account.name, account.domain) == (identity.account, identity.domain)
    ]
    key = (mine[0].domain_id, mine[0].name) if len(mine) == 1 else None
    return Chosen(Owner(), f"your account {identity.account}".rstrip(), key)


async def _account(session: Session, whose: Whose) -> Chosen:
    name = whose.account or session.identity.account
    accounts = await session.client.fetch(listings.ACCOUNTS, listall=True)
    named = [account for account in accounts if account.name == name]
    if not named:
        raise CommandError(
            f"there is no account {name!r} that these credentials may see",
            did_you_mean(name, [account.name for account in accounts]),
        )
    fitting = [
        account
        for account in named
        if not whose.domain
        or _is_domain(whose.domain, account.domain, account.domain_path, account.domain_id)
    ]
    if not fitting:
        there = [account.domain_path or account.domain for account in named]
        raise CommandError(
            f"the domain {whose.domain!r} has no account {name!r}", did_you_mean("", there)
        )

    def spell(account: Account) -> str:
        return account.domain_path or account.domain

    account = the_one(fitting, name, spell, choose="say which with --domain")
    return Chosen(
        Owner(account.name, account.domain_id),
        f"the account {account.name}",
        (account.domain_id, account.name),
    )


async def _project(session: Session, name: str) -> Chosen:
    projects = await session.client.fetch(listings.PROJECTS, listall=True)
    found = [project for project in projects if name in {project.name, project.id}]
    if not found:
        raise CommandError(
            f"there is no project {name!r} that these credentials may see",
            did_you_mean(name, [project.name for project in projects]),
        )
    project = the_one(found, name, lambda each: each.id, choose="give the id of the one you mean")
    return Chosen(Owner(project_id=project.id), f"the project {project.name}", ("", project.id))
