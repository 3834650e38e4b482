"""The last stretch of a router's logs: what happened in the last N seconds, from every source.

The router itself cuts: it knows its clock and its zone. A rotated generation is read too where
the stretch reaches into it. What is longer than the limit loses its oldest lines. The year that
syslog leaves out is the present one, or the last for a day that is still to come.
"""

import asyncio
from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from tui.router.errors import CommandFailed
from tui.router.log_commands import LogCommand

if TYPE_CHECKING:
    from tui.router.connection import RouterConnection

LARGEST_SLICE: Final = 4 * 1024 * 1024
"""Bytes of one source, where the caller says nothing else."""

SLICE_FILES: Final[Mapping[str, str]] = {
    "vr.log": "daemon.log",
    "vr.messages.log": "messages",
    "vr.auth.log": "auth.log",
    "vr.haproxy.log": "haproxy.log",
    "vr.cloud.log": "cloud.log",
    "vr.kern.log": "kern.log",
}
"""Name in a bundle, and the file of `/var/log`."""
JOURNAL_SLICE_NAME: Final = "vr.pppd-journal.log"
"""The journal of pppd: the only place with its errors and the names of users."""

_SECONDS: Final = 30.0
"""Time limit of one source."""
_AT_A_TIME: Final = 3
_MISSING: Final = 4
"""The script's word for a file that is not there."""

_FILE: Final = r"""
f=/var/log/$1 n=$2 b=$3
[ -r "$f" ] || exit 4
now=$(date +%s)
s=$((now - n))
[ "$s" -gt 0 ] || s=1
g= k=1
while [ "$k" -le 10 ]; do
  r=
  for c in "$f.$k" "$f.$k.gz"; do [ ! -r "$c" ] || r=$c; done
  [ -n "$r" ] && [ "$(stat -c %Y "$r")" -ge "$s" ] || break
  g="$r $g"
  k=$((k + 1))
done
for c in $g "$f"; do
  case $c in *.gz) gzip -dc "$c" ;; *) cat "$c" ;; esac
done | tail -c "$b" | awk -v from="$(date -d "@$s" +%Y%m%d%H%M%S)" \
  -v year="$(date -d "@$now" +%Y)" -v today="$(date -d "@$now" +%m%d)" '
  BEGIN {
    split("Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec", names, " ")
    for (i in names) month[names[i]] = i
  }
  !on {
    if ($1 in month) {
      day = sprintf("%02d%02d", month[$1], $2)
      clock = $3
      gsub(/:/, "", clock)
      key = (day + 0 > today + 0 ? year - 1 : year) day clock
    } else if ($0 ~ /^[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]/) {
      key = substr($0, 1, 19)
      gsub(/[^0-9]/, "", key)
    } else next
    if (key + 0 < from + 0) next
    on = 1
  }
  { print }'
exit 0
"""
# From the first line of the stretch on, everything: later lines are not always later in time.

_JOURNAL: Final = r"""
s=$(($(date +%s) - $1))
[ "$s" -gt 0 ] || s=1
journalctl --no-pager -q -o short -t pppd --since "@$s" 2>/dev/null | tail -c "$2"
exit 0
"""

_NUMBERS: Final = (("seconds", r"[1-9]\d{0,8}"), ("bytes", r"[1-9]\d{0,8}"))
FILE_SLICE: Final = LogCommand(
    "file_slice",
    ("sh", "-c", _FILE, "csvpn-slice"),
    (("file", "|".join(name.replace(".", r"\.") for name in SLICE_FILES.values())), *_NUMBERS),
)
JOURNAL_SLICE: Final = LogCommand(
    "journal_slice", ("sh", "-c", _JOURNAL, "csvpn-journal-slice"), _NUMBERS
)
SLICES: Final = (FILE_SLICE, JOURNAL_SLICE)


async def log_slices(
    connection: "RouterConnection", since_seconds: int, *, limit_bytes: int = LARGEST_SLICE
) -> Mapping[str, bytes]:
    """The last `since_seconds` of every source, by its name in a bundle, as it was written.

    Each has at most `limit_bytes`, its newest. A file that the router does not have is missing,
    and so is a source that cannot be read; one without a line in that time is empty. Raises
    `NotAllowed` for a number out of bounds, `CommandFailed` where nothing can be read at all, and
    what a stream raises when the link breaks off.
    """
    turns = asyncio.Semaphore(_AT_A_TIME)
    numbers = (str(since_seconds), str(limit_bytes))
    found: dict[str, bytes] = {}
    failures: list[CommandFailed] = []

    async def read(name: str, command: LogCommand, *values: str) -> None:
        async with turns:
            try:
                text = await _read(connection, command, values)
            except CommandFailed as problem:
                failures.append(problem)
                return
        if text is not None:
            found[name] = text[-limit_bytes:]

    try:
        async with asyncio.TaskGroup() as group:
            for name, file in SLICE_FILES.items():
                group.create_task(read(name, FILE_SLICE, file, *numbers))
            group.create_task(read(JOURNAL_SLICE_NAME, JOURNAL_SLICE, *numbers))
    except ExceptionGroup as problems:
        raise problems.exceptions[0] from problems
    if failures and not found:
        raise failures[0]
    return found


async def _read(
    connection: "RouterConnection", command: LogCommand, values: tuple[str, ...]
) -> bytes | None:
    """One source; None if it is not there. Raises `CommandFailed` if it cannot be read."""
    portions: list[bytes] = []
    async with connection.stream(command, *values) as stream:
        try:
            async with asyncio.timeout(_SECONDS):
                while portion := await stream.read():
                    portions.append(portion)
                ended = await stream.end()
        except TimeoutError as error:
            raise CommandFailed(command.name, None, f"no end in {_SECONDS:g} seconds") from error
    if ended.status == _MISSING:
        return None
    if ended.status != 0:
        raise CommandFailed(command.name, ended.status, ended.complaint)
    return b"".join(portions)
