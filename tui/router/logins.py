"""Who has logged in, by the journal of the router: the only place that has names of users.

pppd says `rcvd [CHAP Response id=0x79 <…>, name = "bob"]` and, when the password was right,
`sent [CHAP Success id=0x79 …]` (recordings of the sessions in `router_facts`). A name without the
second line tried and was not let in.
"""

import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

import msgspec

from tui.router.errors import CommandFailed
from tui.router.log_commands import JOURNAL_LOGINS
from tui.safety.text import clean

if TYPE_CHECKING:
    from tui.router.connection import RouterConnection

MOST_LINES: Final = 50_000
"""Lines about logins that are read, two for each."""
_LARGEST: Final = 64 * 1024 * 1024

_RESPONSE: Final = re.compile(r'rcvd \[CHAP Response id=(0x[0-9a-f]+) .*name = "(.*)"\]')
_SUCCESS: Final = re.compile(r"sent \[CHAP Success id=(0x[0-9a-f]+)")


class LoginRecords(msgspec.Struct, frozen=True):
    """What the journal of one router has about logins."""

    since: datetime | None = None
    """Its oldest entry: of what was before, nothing is known. None for an empty journal."""
    last: tuple[tuple[str, datetime], ...] = ()
    """Each name that was let in, with the last time."""


class _Entry(msgspec.Struct, frozen=True):
    MESSAGE: str | list[int] | None = None
    PID: str = msgspec.field(default="", name="_PID")
    micros: str = msgspec.field(default="", name="__REALTIME_TIMESTAMP")

    @property
    def when(self) -> datetime | None:
        if not self.micros.isdecimal():
            return None
        try:
            return datetime.fromtimestamp(int(self.micros) / 1e6, UTC)
        except (ValueError, OverflowError, OSError):
            return None


def read_logins(text: bytes) -> LoginRecords:
    """What `journal_logins` prints. Lines that cannot be read are left out."""
    since: datetime | None = None
    asked: dict[tuple[str, str], str] = {}
    last: dict[str, datetime] = {}
    for number, line in enumerate(text.splitlines()):
        entry = _entry(line)
        if entry is None or entry.when is None:
            continue
        if number == 0:
            since = entry.when
        if not isinstance(entry.MESSAGE, str):
            continue
        if response := _RESPONSE.search(entry.MESSAGE):
            asked[entry.PID, response[1]] = clean(response[2])
        elif success := _SUCCESS.search(entry.MESSAGE):
            name = asked.pop((entry.PID, success[1]), None)
            if name is not None:
                last[name] = max(entry.when, last.get(name, entry.when))
    return LoginRecords(since, tuple(sorted(last.items())))


def _entry(line: bytes) -> _Entry | None:
    try:
        return msgspec.json.decode(line, type=_Entry)
    except msgspec.MsgspecError:
        return None


async def logins(router: "RouterConnection") -> LoginRecords:
    """Ask a router; raises `RouterError`."""
    portions: list[bytes] = []
    size = 0
    async with router.stream(JOURNAL_LOGINS, str(MOST_LINES)) as stream:
        while portion := await stream.read():
            size += len(portion)
            if size > _LARGEST:
                raise CommandFailed(JOURNAL_LOGINS.name, None, "more than 64 MB of logins")
            portions.append(portion)
        if not portions:
            raise CommandFailed(JOURNAL_LOGINS.name, None, await stream.complaint() or "no journal")
    return read_logins(b"".join(portions))
