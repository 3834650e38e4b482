"""The few commands that change something on a router, apart from those that only read.

Each is a fixed script or argument vector plus parameters that must match a pattern; nothing else
that changes a router can be sent. What is to be done is looked at once more by the script itself,
in the same moment: a process number may belong to somebody else by now, and CloudStack may have
configured a VPN again. The names of units are those of the 4.22 template, where `ipsec` is another
name of `strongswan-starter` and xl2tpd is known by its init script.
"""

import re
from typing import Final

import msgspec

from tui.router.commands import command_line
from tui.router.errors import NotAllowed


class Applied(msgspec.Struct, frozen=True):
    """What became of a remedy that has not failed."""

    says: str = ""
    """What there is to add; "" when it was simply done."""
    already: bool = False
    """There was nothing to do."""


class Remedy(msgspec.Struct, frozen=True, kw_only=True):
    """One command that changes something."""

    name: str
    words: str
    """What it does, as a title: `Restart xl2tpd`. `{user}` and the like stand for parameters."""
    cost: str
    """What it costs the people who are connected, in one sentence."""
    argv: tuple[str, ...]
    parameters: tuple[tuple[str, str], ...] = ()
    """Name and pattern of each."""
    meanings: tuple[tuple[int, str], ...] = ()
    """What an exit status means that is not simply a failure."""
    already: frozenset[int] = frozenset()
    """Statuses that mean that there was nothing to do."""
    in_part: frozenset[int] = frozenset()
    """Statuses that mean that part of it was left alone, for a reason."""
    seconds: float = 40.0
    """Time limit; stopping a daemon that hangs takes systemd a while."""

    def line(self, *values: str) -> str:
        """What is sent. Raises `NotAllowed` for a value that does not match its pattern."""
        if len(values) != len(self.parameters):
            raise NotAllowed(f"{self.name} takes {len(self.parameters)} parameters")
        for value, (parameter, pattern) in zip(values, self.parameters, strict=True):
            if re.fullmatch(pattern, value, re.ASCII) is None:
                raise NotAllowed(f"{value!r} is not allowed as {parameter} of {self.name}")
        return command_line((*self.argv, *values))

    def title(self, router: str, *values: str) -> str:
        """The words of a step: what is done, and on which router."""
        named = dict(zip((name for name, _ in self.parameters), values, strict=True))
        return f"{self.words.format_map(named)} on {router}"

    def meaning(self, status: int | None) -> str:
        """What `status` means; "" where it is not known."""
        return dict(self.meanings).get(-1 if status is None else status, "")


_USER: Final = r"[a-zA-Z0-9][a-zA-Z0-9@._-]{2,63}"
"""A VPN user's name as the server allows it: no blank, no quote, no backslash."""
_PID: Final = r"[1-9]\d{0,6}"


def _script(name: str, text: str) -> tuple[str, ...]:
    return ("sh", "-c", text.strip(), name)


_PROGRAMMED: Final = (
    "grep -Eq '\"create\": *true' /etc/cloudstack/remoteaccessvpn.json 2>/dev/null && exit 3"
)
# The data bag has an entry with `create` only while CloudStack wants a VPN here.

_END_SESSION: Final = r"""
p=$1 u=$2
gone() { ! [ -d "/proc/$p" ]; }
gone && exit 6
read -r c <"/proc/$p/comm" && [ "$c" = pppd ] || exit 4
tdbdump /var/run/pppd2.tdb | awk -v p="PPPD_PID=$p" -v u="PEERNAME=$u" -F '[;"]' '
  { a = b = 0; for (i = 1; i <= NF; i++) { if ($i == p) a = 1; if ($i == u) b = 1 }
    if (a && b) f = 1 } END { exit !f }' || exit 5
kill "$p"
i=0
while [ "$i" -lt 20 ]; do gone && exit 0; sleep 0.5; i=$((i + 1)); done
exit 7
"""
# The process must be a pppd, and pppd's own record must name exactly this user for it: `bob` is
# not `bobby`.

_STOP: Final = (
    _PROGRAMMED
    + r"""
systemctl stop xl2tpd || exit 1
for f in /etc/ipsec.d/ipsec.vpn-*.conf; do [ -e "$f" ] && exit 8; done
systemctl stop strongswan-starter
"""
)
# A site-to-site connection of a VPC has its own file and needs the same charon.

_REMOVE_KEY: Final = (
    _PROGRAMMED
    + r"""
rm -f /etc/ipsec.d/ipsec.any.secrets || exit 1
pgrep -x charon >/dev/null || exit 0
ipsec rereadsecrets >/dev/null
"""
)

_REMOVE_LOGIN: Final = r"""
f=/etc/ppp/chap-secrets u=$1
awk -v u="$u" '$1 == u { f = 1 } END { exit !f }' "$f" || exit 6
t=$(mktemp "$f.XXXXXX") || exit 1
awk -v u="$u" '$1 != u' "$f" >"$t" && chmod 600 "$t" && mv -f "$t" "$f" && exit 0
rm -f "$t"
exit 1
"""
# `mktemp` makes the new file unreadable for others, and the change of name replaces it whole.

RESTART_XL2TPD: Final = Remedy(
    name="restart_xl2tpd",
    words="Restart xl2tpd",
    cost="Whoever is connected through this router is cut off and has to connect again.",
    argv=("systemctl", "restart", "xl2tpd"),
)
RESTART_IPSEC: Final = Remedy(
    name="restart_ipsec",
    words="Restart strongSwan",
    cost="Every IPsec connection of this router breaks off, site-to-site connections of its VPC "
    "too; they come back by themselves, people have to connect again.",
    argv=("systemctl", "restart", "strongswan-starter"),
)
STOP_DAEMONS: Final = Remedy(
    name="stop_daemons",
    words="Stop xl2tpd and strongSwan",
    cost="Every session that has outlived the VPN ends.",
    argv=_script("csvpn-stop-daemons", _STOP),
    meanings=(
        (3, "CloudStack has a VPN configured on it again, so its daemons were left alone"),
        (8, "xl2tpd is stopped; strongSwan goes on, a site-to-site connection needs it"),
    ),
    in_part=frozenset({8}),
    seconds=90.0,
)
END_SESSION: Final = Remedy(
    name="end_session",
    words="End the session of {user} (pppd {pid})",
    cost="This one session ends; the others are left alone.",
    argv=_script("csvpn-end-session", _END_SESSION),
    parameters=(("pid", _PID), ("user", _USER)),
    meanings=(
        (4, "that process is no pppd any more, so nothing was ended"),
        (5, "that pppd serves somebody else by now, so nothing was ended"),
        (6, "the session had ended already"),
        (7, "pppd was told to end, but still runs after ten seconds"),
    ),
    already=frozenset({6}),
)
REMOVE_LOGIN: Final = Remedy(
    name="remove_login",
    words="Take the login {user} out of chap-secrets",
    cost="Nobody is cut off; this name can no longer log in.",
    argv=_script("csvpn-remove-login", _REMOVE_LOGIN),
    parameters=(("user", _USER),),
    meanings=((6, "there was no such login any more"),),
    already=frozenset({6}),
)
REMOVE_KEY: Final = Remedy(
    name="remove_key",
    words="Remove the old pre-shared key",
    cost="Nobody is cut off; the key can no longer be read there.",
    argv=_script("csvpn-remove-key", _REMOVE_KEY),
    meanings=((3, "CloudStack has a VPN configured on it again, so the key was left alone"),),
    seconds=60.0,
)

REMEDIES: Final = (
    RESTART_XL2TPD,
    RESTART_IPSEC,
    STOP_DAEMONS,
    END_SESSION,
    REMOVE_LOGIN,
    REMOVE_KEY,
)
"""Everything that may be changed on a router."""
