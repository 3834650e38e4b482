"""VPN users as people know them: what CloudStack lists, joined with the roster."""

import time
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime
from typing import Final

import msgspec

from tui.cloud import listings
from tui.cloud.errors import CloudError, JobFailed
from tui.cloud.models import Owned, VpnUser
from tui.operations.facts import Owner
from tui.operations.roster import Person, Remark
from tui.operations.steps import Operation, StepEvent
from tui.operations.user_changes import UserChange
from tui.operations.users import AddUsers, NewUser, RemoveUsers
from tui.safety.secret import Secret
from tui.session.inventory import Inventory, Kind
from tui.session.session import Session
from tui.session.tray import Task
from tui.session.views import OwnerKey, UserRow, user_rows
from tui.vpn.passwords import PasswordStyle, make_password
from tui.vpn.states import Mark
from tui.vpn.usercheck import Room
from tui.vpn.userfile import Entry
from tui.vpn.users import DEFAULT_LIMIT
from tui.vpn.usertable import write_table

SUSPENDED: Final = Mark(
    "–",
    "suspended",
    "off",
    "Removed at CloudStack and kept in the roster of this machine: it cannot connect, and can "
    "return with a new password.",
)
LIMIT_SETTING: Final = "remote.access.vpn.user.limit"


class PersonRow(msgspec.Struct, frozen=True, kw_only=True):
    """A VPN user, or one that was suspended, with what the roster has about it."""

    row: UserRow
    person: Person

    @property
    def key(self) -> str:
        """What it is known by across refreshes."""
        return self.row.key

    @property
    def name(self) -> str:
        """The user's name."""
        return self.row.user.user_name

    @property
    def owner_key(self) -> OwnerKey:
        """Whose user it is."""
        return self.row.owner_key

    @property
    def is_suspended(self) -> bool:
        """Whether only the roster has it."""
        return self.row.mark is SUSPENDED


def person_rows(session: Session) -> list[PersonRow]:
    """Every VPN user that is listed, and those of the same owners that were suspended."""
    roster = session.roster
    listed = user_rows(session.inventory, session.user_limit or DEFAULT_LIMIT)
    rows = [
        PersonRow(row=row, person=roster.person(row.owner_key, row.user.user_name))
        for row in listed
    ]
    there = {(row.owner_key, row.user.user_name) for row in listed}
    for key in roster.owners():
        absent = [name for name in roster.suspended(key) if (key, name) not in there]
        owned = owned_by(session.inventory, key) if absent else None
        if owned is not None:
            rows += [_suspended(owned, roster.person(key, name), session) for name in absent]
    return rows


def owned_by(inventory: Inventory, key: OwnerKey) -> Owned | None:
    """Anything that this owner has, for the owner's names; None where nothing is seen of it."""
    shelves = (inventory.users, inventory.networks, inventory.vpcs, inventory.addresses)
    return next(
        (each for shelf in shelves for each in shelf.rows.values() if each.owner_key == key), None
    )


def _suspended(owned: Owned, person: Person, session: Session) -> PersonRow:
    user = VpnUser(
        id=f"suspended {owned.owner_key} {person.name}",
        user_name=person.name,
        account=owned.account,
        project=owned.project,
        project_id=owned.project_id,
        domain=owned.domain,
        domain_id=owned.domain_id,
        domain_path=owned.domain_path,
        state="Suspended",
    )
    row = UserRow(
        key=user.id,
        user=user,
        mark=SUSPENDED,
        owner=user.owner,
        owner_key=user.owner_key,
        domain=user.domain_path or user.domain,
        place_in_limit=f"–/{session.user_limit or DEFAULT_LIMIT}",
        reaches=(),
    )
    return PersonRow(row=row, person=person)


def names_of(session: Session, key: OwnerKey | None) -> list[str]:
    """The users of an owner that are listed."""
    users = session.inventory.users.rows.values()
    return sorted(user.user_name for user in users if user.owner_key == key)


def room_of(session: Session, key: OwnerKey, hidden: Iterable[str] = ()) -> Room:
    """What the account has room for; `hidden` are more names that are taken and in no list."""
    return Room(
        existing=tuple(names_of(session, key)),
        hidden=tuple(dict.fromkeys([*session.roster.left_behind(key), *hidden])),
        limit=session.user_limit or DEFAULT_LIMIT,
        limit_known=session.user_limit is not None,
    )


async def learn_limit(session: Session) -> None:
    """Ask the server how many users an account may have; only few roles are told."""
    if session.user_limit is not None or not session.may_call("listConfigurations"):
        return
    try:
        rows = await session.client.fetch(listings.CONFIGURATIONS, name=LIMIT_SETTING)
    except CloudError:
        # Most roles may not ask; then the usual limit is shown as such.
        return
    for row in rows:
        if row.name == LIMIT_SETTING and row.value.isdecimal():
            session.user_limit = int(row.value)


# From a list of users to operations, and from their ends to the roster.


def new_users(entries: Iterable[Entry], style: PasswordStyle = "characters") -> list[NewUser]:
    """The users of a list; who has no password gets one of this style."""
    return [new_user(entry.name, entry.password, style) for entry in entries]


def new_user(name: str, password: str = "", style: PasswordStyle = "characters") -> NewUser:
    """A user with this password, or with a new one of this style."""
    if password:
        return NewUser(name, Secret(password))
    return NewUser(name, Secret(make_password(style)), generated=True)


def remarks_of(entries: Iterable[Entry]) -> dict[str, Remark]:
    """What a list says about its users beside names and passwords, for the roster."""
    return {
        entry.name: Remark(group=entry.group, expires=entry.expires, note=entry.note)
        for entry in entries
        if entry.group or entry.expires or entry.note
    }


def change_of(
    session: Session,
    owner: Owner,
    key: OwnerKey | None,
    *,
    users: Iterable[NewUser] = (),
    names: Iterable[str] = (),
) -> UserChange:
    """What a change of users needs to know, from now."""
    return UserChange(
        users=tuple(users),
        names=tuple(names),
        owner=owner,
        owner_key=key,
        roster=session.roster.place,
        at=time.time(),
    )


def start_noted(session: Session, operation: Operation, key: OwnerKey | None) -> Task:
    """Start a change of users; the roster learns what has come of it."""

    def ended(task: Task) -> None:
        note_ended(session, key, operation, task.latest.values())

    return session.start(operation, [Kind.USERS], after=ended)


def note_ended(
    session: Session,
    key: OwnerKey | None,
    operation: object,
    events: Iterable[StepEvent],
) -> None:
    """Write into the roster, in the background, what has come of adding or removing users."""
    if key is None:
        return
    roster, now = session.roster, time.time()
    if isinstance(operation, AddUsers):
        remark = Remark(added=now, suspended=None, left_behind=None)
        remarks = {user.name: remark for user in operation.added}
        roster.soon(roster.remember(key, remarks))
    elif isinstance(operation, RemoveUsers):
        roster.soon(roster.forget(key, operation.removed))
        behind = left_behind(events)
        roster.soon(roster.remember(key, {name: Remark(left_behind=now) for name in behind}))
    else:
        # The others write themselves; what they wrote has to be read.
        roster.soon(roster.load())


def note_resumed(session: Session, operation: Operation, events: Iterable[StepEvent]) -> None:
    """The same for an operation that goes on after a crash, where it is one on users."""
    owner = getattr(operation.wanted, "owner", None)
    if operation.target[0] == "VpnUser" and isinstance(owner, Owner):
        note_ended(session, owner.key, operation, events)


def left_behind(events: Iterable[StepEvent]) -> tuple[str, ...]:
    """The names that removals which failed have left taken, though no list shows them."""
    return tuple(
        event.step.name.removeprefix("remove ")
        for event in events
        if event.state == "failed"
        and event.step.name.startswith("remove ")
        and isinstance(event.error, JobFailed)
    )


def failed_users(users: Sequence[NewUser], added: Iterable[str]) -> tuple[NewUser, ...]:
    """Those that were to be added and were not, with the passwords that they were to have."""
    there = set(added)
    return tuple(user for user in users if user.name not in there)


# Expiry dates.


def today() -> date:
    """The day that expiry dates are compared with: that of this machine."""
    return datetime.now(UTC).astimezone().date()


def expired_rows(rows: Iterable[PersonRow], day: date) -> list[PersonRow]:
    """Whose last day is over and who could still connect."""
    return [
        each
        for each in rows
        if not each.is_suspended and each.person.expires is not None and each.person.expires < day
    ]


def reminder(session: Session, day: date) -> str:
    """Who has expired and who soon will, in sentences; empty where there is nobody."""
    rows = [each for each in person_rows(session) if not each.is_suspended]
    over = [each.name for each in expired_rows(rows, day)]
    soon = [
        each.name
        for each in rows
        if any(p.name == each.name for p in session.roster.expiring(each.owner_key, day))
    ]
    said = []
    if over:
        says = "has expired and can still connect" if len(over) == 1 else "have expired and can"
        still = "" if len(over) == 1 else " still connect"
        said.append(f"{', '.join(over)} {says}{still}: X removes them.")
    if soon:
        verb = "expires" if len(soon) == 1 else "expire"
        said.append(f"{', '.join(soon)} {verb} within a week.")
    return " ".join(said)


EXPORTED: Final = (
    "name",
    "group",
    "expires",
    "note",
    "account",
    "domain",
    "state",
    "last seen",
)


def export_table(rows: Iterable[PersonRow]) -> str:
    """The users as CSV, without passwords: nobody has them."""
    cells = [
        (
            each.name,
            each.person.group,
            each.person.expires.isoformat() if each.person.expires else "",
            each.person.note,
            each.row.owner,
            each.row.domain,
            each.row.mark.word,
            f"{each.person.last_seen_at:%Y-%m-%dT%H:%M:%SZ}" if each.person.last_seen_at else "",
        )
        for each in rows
    ]
    return write_table(EXPORTED, cells)
