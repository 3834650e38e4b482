"""`csvpn users`: who may use the VPNs of an account; add and remove users."""

import sys
from collections.abc import Sequence

import msgspec

from tui.cloud import listings
from tui.cloud.models import Account
from tui.commands.opening import Context, did_you_mean, learn, opened, refuse_read_only, the_one
from tui.commands.output import CommandError, Exit, confirm, print_json, print_line, table, tell
from tui.commands.printed_secrets import note_printed
from tui.commands.running import code_after, run, step_documents
from tui.operations.facts import Owner
from tui.operations.users import AddUsers, NewUser, RemoveUsers, removing_means
from tui.safety.secret import Secret
from tui.session.inventory import Kind
from tui.session.session import Session
from tui.session.views import UserRow, user_rows
from tui.vpn.findings import Finding, errors
from tui.vpn.users import DEFAULT_LIMIT, check_limit, check_name, check_new_user, check_password

KINDS = (Kind.USERS, Kind.VPNS, Kind.ADDRESSES, Kind.NETWORKS, Kind.VPCS)
"""The lists that a user's row is made from."""


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


class _Chosen(msgspec.Struct, frozen=True):
    """The owner of users, for commands and for comparing with rows."""

    owner: Owner
    words: str
    key: tuple[str, str] | None
    """As `Owned.owner_key`; None where it is not known who we are."""


async def list_users(context: Context, whose: Whose) -> Exit:
    """Print the VPN users that the credentials may see."""
    async with opened(context) as session:
        await learn(session, KINDS)
        rows = [row for row in user_rows(session.inventory) if _is_of(row, whose)]
    rows.sort(key=lambda row: (row.domain, row.owner, row.user.user_name))
    if context.as_json:
        print_json({"users": [_document(row) for row in rows], "limit": DEFAULT_LIMIT})
        return Exit.FINE
    if not rows:
        tell("There are no VPN users here.")
        return Exit.FINE
    cells = [
        (
            row.user.user_name,
            str(row.mark),
            row.owner,
            row.domain,
            row.place_in_limit,
            ", ".join(row.reaches) or "–",
        )
        for row in rows
    ]
    for line in table(("USER", "STATE", "ACCOUNT", "DOMAIN", "OF LIMIT", "REACHES"), cells):
        print_line(line)
    return Exit.FINE


def _document(row: UserRow) -> dict[str, object]:
    return {
        "name": row.user.user_name,
        "state": row.user.state,
        "means": row.mark.means,
        "account": row.user.account or None,
        "project": row.user.project or None,
        "domain": row.domain,
        "reaches": list(row.reaches),
        "id": row.user.id,
    }


def _is_of(row: UserRow, whose: Whose) -> bool:
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


async def add_users(
    context: Context, names: Sequence[str], whose: Whose, *, password_stdin: bool = False
) -> Exit:
    """Add users, with generated passwords or the one of the first line of stdin."""
    if password_stdin and len(names) > 1:
        raise CommandError("--password-stdin is for one user", "add the others by themselves")
    users = [_new_user(name, password_stdin) for name in names]
    async with opened(context) as session:
        refuse_read_only(session, "addVpnUser")
        chosen = await _choose(session, whose)
        await learn(session, (Kind.USERS,))
        existing = _names(session, chosen)
        found = _findings(users, existing)
        for finding in found:
            tell(f"{'error' if finding.severity == 'error' else 'note'}: {finding.says}")
        if errors(found):
            return Exit.FINDINGS
        operation = AddUsers(session.client, users, owner=chosen.owner)
        events = await run(context, operation)
        made = ", ".join(user.name for user in operation.added if user.generated)
        await note_printed(session, "passwords", made)
    added = [
        {
            "name": user.name,
            "state": user.state,
            "password": user.password.reveal() if user.generated else None,
        }
        for user in operation.added
    ]
    if context.as_json:
        print_json({"account": chosen.words, "added": added, "steps": step_documents(events)})
        return code_after(events)
    for user in operation.added:
        if user.generated:
            print_line(f"password of {user.name}: {user.password.reveal()}")
    if any(user.generated for user in operation.added):
        tell("Generated passwords are shown only now: the server never gives them back.")
    return code_after(events)


def _new_user(name: str, password_stdin: bool) -> NewUser:
    problem = check_name(name)
    if problem is not None:
        raise CommandError(problem.says)
    if not password_stdin:
        return NewUser.generate(name)
    password = sys.stdin.readline().rstrip("\r\n")
    problem = check_password(password)
    if problem is not None:
        raise CommandError(problem.says, "the password is the first line of stdin")
    return NewUser(name, Secret(password))


def _findings(users: Sequence[NewUser], existing: Sequence[str]) -> list[Finding]:
    found: list[Finding] = []
    names = list(existing)
    for user in users:
        checked = check_new_user(user.name, user.password.reveal(), names, len(names) + 1)
        found += checked
        names.append(user.name)
    limit = check_limit(len(existing), len(users))
    return [*found, limit] if limit is not None else found


async def remove_users(
    context: Context, names: Sequence[str], whose: Whose, *, yes: bool = False
) -> Exit:
    """Remove users, after saying what that means and asking."""
    async with opened(context) as session:
        refuse_read_only(session, "removeVpnUser")
        chosen = await _choose(session, whose)
        await learn(session, (Kind.USERS,))
        existing = _names(session, chosen)
        missing = [name for name in names if name not in existing]
        if missing and chosen.key is not None:
            raise _not_there(session, missing[0], chosen)
        for sentence in removing_means(names, existing):
            tell(sentence)
        profile = session.profile
        question = f"Remove {', '.join(names)} from {chosen.words}?"
        if not yes and not confirm(question, typed=profile.name if profile.production else ""):
            tell("Nothing was changed.")
            return Exit.FINDINGS
        operation = RemoveUsers(session.client, names, owner=chosen.owner)
        events = await run(context, operation)
    if context.as_json:
        print_json(
            {
                "account": chosen.words,
                "removed": operation.removed,
                "steps": step_documents(events),
            }
        )
    return code_after(events)


def _not_there(session: Session, name: str, chosen: _Chosen) -> CommandError:
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
        remedy = did_you_mean(name, _names(session, chosen))
    return CommandError(f"{chosen.words} has no VPN user {name!r}", remedy)


def _names(session: Session, chosen: _Chosen) -> list[str]:
    return [
        user.user_name
        for user in session.inventory.users.rows.values()
        if user.owner_key == chosen.key
    ]


async def _choose(session: Session, whose: Whose) -> _Chosen:
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
    return _Chosen(Owner(), f"your account {identity.account}".rstrip(), key)


async def _account(session: Session, whose: Whose) -> _Chosen:
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
    return _Chosen(
        Owner(account.name, account.domain_id),
        f"the account {account.name}",
        (account.domain_id, account.name),
    )


async def _project(session: Session, name: str) -> _Chosen:
    projects = await session.client.fetch(listings.PROJECTS, listall=True)
    found = [project for project in projects if name in {project.name, project.id}]
    if not found:
        raise CommandError(
            f"there is no project {name!r} that these credentials may see",
            did_you_mean(name, [project.name for project in projects]),
        )
    project = the_one(found, name, lambda each: each.id, choose="give the id of the one you mean")
    return _Chosen(Owner(project_id=project.id), f"the project {project.name}", ("", project.id))
