"""Commands that read logs: the only ones of the registry that take parameters.

Each is a fixed script or argument vector plus parameters that must match a pattern. Paths never
come from a caller: they are those of `SOURCES`.

A file is followed by generation, byte offset and fingerprint, not by `tail -F`: that one loses and
repeats lines when a file is copied and truncated, and cannot say where it was when the link broke.
`tail -F` serves only as a bell that wakes the loop. Bytes are printed as they are and become valid
with the marker line that follows them; the marker begins with a random word chosen by us, so no
log line can forge one. The fingerprint of a generation is the SHA-256 of its first 256 bytes at
most.
"""

import re
from typing import Final

import msgspec

from tui.router.commands import command_line
from tui.router.errors import NotAllowed


class LogSource(msgspec.Struct, frozen=True):
    """Something that can be followed."""

    name: str
    path: str = ""
    """A file; empty for the journal."""
    tags: tuple[str, ...] = ()
    """Journal identifiers."""

    @property
    def is_journal(self) -> bool:
        """True for the journal, whose positions are cursors."""
        return not self.path


SOURCES: Final[dict[str, LogSource]] = {
    source.name: source
    for source in (
        LogSource("daemon", "/var/log/daemon.log"),
        LogSource("messages", "/var/log/messages"),
        LogSource("cloud", "/var/log/cloud.log"),
        LogSource("auth", "/var/log/auth.log"),
        LogSource("haproxy", "/var/log/haproxy.log"),
        # The identifier of charon's late duplicates is `ipsec`, so this leaves them out.
        LogSource("journal", tags=("charon", "xl2tpd", "pppd")),
    )
}
"""`daemon` has charon and xl2tpd, `messages` pppd, `cloud` what CloudStack programs, `haproxy` one
line per client up and down; only the journal has pppd's errors and the names of users."""


class Position(msgspec.Struct, frozen=True):
    """Where a follower stands in a source. A fresh one (the default) starts near the end."""

    inode: int = 0
    offset: int = 0
    """Bytes of this generation that were handed on as complete lines."""
    head: int = 0
    """Bytes that `digest` covers."""
    digest: str = ""
    cursor: str = ""
    """The journal's position."""

    @property
    def is_fresh(self) -> bool:
        """True before anything was read."""
        return not self.inode and not self.cursor


class LogCommand(msgspec.Struct, frozen=True):
    """A log command with parameters."""

    name: str
    argv: tuple[str, ...]
    parameters: tuple[tuple[str, str], ...]
    """Name and pattern of each."""

    def line(self, *values: str) -> str:
        """What is sent. Raises `NotAllowed` for a value that does not match its pattern."""
        if len(values) != len(self.parameters):
            raise NotAllowed(f"{self.name} takes {len(self.parameters)} parameters")
        for value, (parameter, pattern) in zip(values, self.parameters, strict=True):
            if re.fullmatch(pattern, value, re.ASCII) is None:
                raise NotAllowed(f"{value!r} is not allowed as {parameter} of {self.name}")
        return command_line((*self.argv, *values))


_OPENING: Final = r"""
f=$1 i=$2 o=$3 h=$4 d=$5 m=$6 r=0
say() { printf '%s %s\n' "$m" "$*"; }
digest() { head -c "$1" /dev/fd/3 | sha256sum | { read -r x _; echo "$x"; }; }
"""

_LIST: Final = r"""
f=$1 i=$2 o=$3 h=$4 d=$5
content() { case $1 in *.gz) gzip -dc </dev/fd/3 2>/dev/null ;; *) cat /dev/fd/3 ;; esac; }
sum() { sha256sum | { read -r x _; echo "$x"; }; }
row() (
  exec 3<"$1" || exit 1
  set -- "$1" $(stat -L -c '%i %s' /dev/fd/3)
  a=$(content "$1" | head -c "$h" | sum)
  n=$(content "$1" | head -c 256 | wc -c)
  b=$(content "$1" | head -c 256 | sum)
  echo "${1##*/} $2 $3 $a $n $b"
  [ "$1" != "$f" ] || [ "$3" -ge "$o" ] || exit 1
  if [ "$h" -gt 0 ]; then [ "$a" = "$d" ]; else [ "$2" = "$i" ]; fi
)
[ -r "$f" ] && row "$f" && exit 0
[ "$i" -gt 0 ] || exit 0
k=1
while [ "$k" -le 10 ]; do
  for g in "$f.$k" "$f.$k.gz"; do [ -r "$g" ] && row "$g" && exit 0; done
  k=$((k + 1))
done
exit 0
"""
# One row per generation, newest first: name, inode, size on disk, digest of the first `h` bytes,
# how many bytes the head has, its digest. Ends with the generation that is asked for.

_REST: Final = (
    _OPENING
    + r"""
[ -r "$f" ] || { say missing; exit 0; }
exec 3<"$f"
read_on() { case $f in *.gz) gzip -dc </dev/fd/3 ;; *) cat /dev/fd/3 ;; esac; }
[ "$(stat -L -c %i /dev/fd/3)" = "$i" ] || { say other; exit 0; }
if [ "$h" -gt 0 ]; then
  x=$(read_on | head -c "$h" | sha256sum)
  [ "${x%% *}" = "$d" ] || { say other; exit 0; }
fi
read_on | tail -c +"$((o + 1))"
say end
"""
)
# The rest of a rotated generation.

_FOLLOW: Final = (
    _OPENING
    + r"""
[ -r "$f" ] || { say missing; exit 0; }
exec 3<"$f"
set -- $(stat -L -c '%i %s' /dev/fd/3)
[ "$1" = "$i" ] && [ "$2" -ge "$o" ] || { say other; exit 0; }
[ "$h" -eq 0 ] || [ "$(digest "$h")" = "$d" ] || { say other; exit 0; }
[ "$o" -eq 0 ] || dd bs=1 skip="$o" count=0 <&3 2>/dev/null
p=$o
{ tail -n 1 -F "$f" & while sleep 5; do echo; done; } 2>&1 </dev/null | while :; do
  q=$p
  if [ "$h" -eq 0 ]; then
    [ "$(stat -L -c %s /dev/fd/3)" -eq 0 ] || { say other; exit 0; }
  fi
  head -c 4194304 <&3
  read -r x p </proc/$$/fdinfo/3
  n=$h
  [ "$n" -ge 256 ] || { n=$p; [ "$n" -le 256 ] || n=256; }
  e=$d
  [ "$n" -eq "$h" ] || e=$(digest "$n")
  set -- $(
    head -c "$h" /dev/fd/3 | sha256sum
    stat -L -c '%i %s' /dev/fd/3 "$f" 2>/dev/null
  )
  [ "$h" -eq 0 ] || [ "$1" = "$d" ] || { say truncated; exit 0; }
  shift 2
  [ "$2" -ge "$p" ] || { say truncated; exit 0; }
  h=$n d=$e
  say = "$p" "$h" "$d"
  [ "$((p - q))" -lt 4194304 ] || continue
  [ "$r" -eq 0 ] || { say rotated; exit 0; }
  if [ "${3:-$1}" != "$1" ] && [ "${4:-0}" -gt 0 ]; then r=1; continue; fi
  x=$(dd bs=65536 count=1 2>&1 >/dev/null)
  case $x in 0+0*) exit 0 ;; esac
done
"""
)
# Bytes of the current generation as they are written; fd 3 keeps its offset between the processes,
# so what `head` prints is contiguous. A marker `= OFFSET HEAD DIGEST` makes them valid. An empty
# file has no fingerprint yet: as soon as it has bytes, `other` asks the client to look again. A
# renamed file is final only when its successor has content: until rsyslog is told, it goes on
# writing to the old one. `truncated` says that bytes since the last marker are in doubt. The pulse
# of five seconds finds what the bell missed, and ends the loop when nobody listens any more.

_EARLIER: Final = r"""
f=$1 i=$2 o=$3 h=$4 d=$5 n=$6 m=$7
say() { printf '%s %s\n' "$m" "$*"; }
content() { case $1 in *.gz) gzip -dc </dev/fd/3 2>/dev/null ;; *) cat /dev/fd/3 ;; esac; }
sum() { sha256sum | { read -r x _; echo "$x"; }; }
holds() {
  if [ "$h" -gt 0 ]; then [ "$(content "$1" | head -c "$h" | sum)" = "$d" ]
  else [ "$(stat -L -c %i /dev/fd/3)" = "$i" ]; fi
}
part() {
  s=$(($2 - n))
  [ "$s" -ge 0 ] || s=0
  content "$1" | head -c "$2" | tail -c +"$((s + 1))"
  say = "$s" "$(content "$1" | head -c 256 | wc -c)" "$(content "$1" | head -c 256 | sum)" \
    "$(stat -L -c %i /dev/fd/3)"
  exit 0
}
found=
k=0
while [ "$k" -le 11 ]; do
  g=$f
  [ "$k" -eq 0 ] || g=$f.$k
  [ -r "$g" ] || g=$g.gz
  k=$((k + 1))
  [ -r "$g" ] || continue
  exec 3<"$g" || continue
  if holds "$g"; then
    [ "$o" -eq 0 ] || part "$g" "$o"
    found=yes
    continue
  fi
  [ -z "$found" ] || part "$g" "$(content "$g" | wc -c)"
done
[ -n "$found" ] && say first || say gone
"""
# At most `n` bytes before the offset `o`; at the beginning of a generation, the end of the one
# before it. A marker `= OFFSET HEAD DIGEST INODE` says where the bytes begin. A generation that is
# copied or renamed meanwhile may be met twice: it still holds the position, and is passed over.

_JOURNAL_EARLIER: Final = r"""
journalctl --no-pager -o json -r -t charon -t xl2tpd -t pppd --cursor="$1" |
  head -n "$2" | head -c 4194304
exit 0
"""
# Newest first, beginning with the entry that the cursor names.

_LOGINS: Final = r"""
journalctl --no-pager -o json 2>/dev/null | head -n 1
journalctl --no-pager -o json -t pppd |
  grep -F -e 'rcvd [CHAP Response' -e 'sent [CHAP Success' |
  sed 's/<[0-9a-f]*>/<>/' | tail -n "$1"
exit 0
"""
# The oldest entry of the journal, which tells how far back it goes; then who has logged in. What
# the client has made of its password stays on the router.

_NUMBER: Final = r"\d{1,19}"
_WHERE: Final = (
    ("path", r"/[\w./-]+"),
    ("inode", _NUMBER),
    ("offset", _NUMBER),
    ("head", r"\d{1,3}"),
    ("digest", r"[0-9a-f]{64}|-"),
)
_MARKED: Final = (*_WHERE, ("marker", r"[0-9a-f]{32}"))
_CURSOR: Final = r"s=[0-9a-f]+;i=[0-9a-f]+;b=[0-9a-f]+;m=[0-9a-f]+;t=[0-9a-f]+;x=[0-9a-f]+"
_JOURNAL: Final = (
    "journalctl",
    "--no-pager",
    "-o",
    "json",
    "-f",
    *("-t", "charon"),
    *("-t", "xl2tpd"),
    *("-t", "pppd"),
)

LOG_GENERATIONS = LogCommand("log_generations", ("sh", "-c", _LIST, "csvpn-generations"), _WHERE)
LOG_REST = LogCommand("log_rest", ("sh", "-c", _REST, "csvpn-rest"), _MARKED)
LOG_FOLLOW = LogCommand("log_follow", ("sh", "-c", _FOLLOW, "csvpn-follow"), _MARKED)
JOURNAL_LAST = LogCommand("journal_last", (*_JOURNAL, "-n"), (("lines", r"\d{1,6}"),))
JOURNAL_AFTER = LogCommand(
    "journal_after", (*_JOURNAL, "--no-tail"), (("cursor", f"--after-cursor={_CURSOR}"),)
)
LOG_EARLIER = LogCommand(
    "log_earlier",
    ("sh", "-c", _EARLIER, "csvpn-earlier"),
    (*_WHERE, ("bytes", r"[1-9]\d{0,6}"), ("marker", r"[0-9a-f]{32}")),
)
JOURNAL_EARLIER = LogCommand(
    "journal_earlier",
    ("sh", "-c", _JOURNAL_EARLIER, "csvpn-journal-earlier"),
    (("cursor", _CURSOR), ("lines", r"\d{1,6}")),
)
JOURNAL_LOGINS = LogCommand(
    "journal_logins", ("sh", "-c", _LOGINS, "csvpn-logins"), (("lines", r"\d{1,6}"),)
)

LOG_ZONE = LogCommand("log_zone", ("date", "+%z"), ())
"""The zone of stamps that name none, as `+0000`."""

LOG_COMMANDS: Final = (
    LOG_ZONE,
    LOG_GENERATIONS,
    LOG_REST,
    LOG_FOLLOW,
    JOURNAL_LAST,
    JOURNAL_AFTER,
    LOG_EARLIER,
    JOURNAL_EARLIER,
    JOURNAL_LOGINS,
)
"""Everything with a parameter that may be sent."""
