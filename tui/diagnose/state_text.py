"""State files of a recorded case, read as the answers of the registry's commands.

`vr.state.txt` holds the outputs of several commands, each under a line `# command`; beside it lie
`vr.after.txt`, `vr.iptables.txt`, `vr.systemctl.txt`, `vr.xfrm_stat.txt` and `vr.chap-secrets.txt`.
Every answer keeps the number of lines of what it was cut from, so that evidence can name the line
in the file: line `n` of `stdout` is line `answer.line + n` of `answer.file`.
"""

import re
from collections.abc import Callable, Iterable
from itertools import pairwise
from typing import Final

import msgspec

from tui.diagnose.rule_listing import tables_of
from tui.router.output import Output
from tui.router.survey import Answer

BRIEF_ADDRESSES: Final = "ip_br_addr"
"""Name of the answer to `ip -br addr`, which the registry does not ask."""

Lines = list[str]


def answers_of(name: str, text: str) -> dict[str, Answer]:
    """The answers in the file `name` by the registry's names; empty for a file of another kind.

    A `vr.….txt` of another name is read for what its lines say by themselves.
    """
    lines = text.removesuffix("\n").split("\n")
    if not name.startswith("vr.") or not name.endswith(".txt") or name in _NO_STATE:
        return {}
    read = _FILES.get(name, _loose)
    found: dict[str, Answer] = {}
    for answer in read(lines):
        if answer.name not in found or answer.stdout.strip():
            found[answer.name] = msgspec.structs.replace(answer, file=name)
    return found


def _cut(name: str, lines: Iterable[str], first: int, status: int = 0) -> Answer:
    """`first`: index of the first of `lines` in its file, from 0."""
    return Answer(name=name, status=status, stdout="\n".join(lines), line=first + 1)


def _state(lines: Lines) -> list[Answer]:
    heads = [number for number, line in enumerate(lines) if line.startswith("# ")]
    found: list[Answer] = []
    for head, end in pairwise([*heads, len(lines)]):
        title = lines[head].removeprefix("# ").strip()
        body = lines[head + 1 : end]
        reads = [read for start, read in _SECTIONS if title.startswith(start)]
        for read in reads or [_unnamed]:
            found += read(body, head + 1)
    return found


def _unnamed(body: Lines, first: int) -> list[Answer]:
    """A section of another title: what its lines themselves say."""
    return [msgspec.structs.replace(answer, line=answer.line + first) for answer in _loose(body)]


def _section(name: str) -> Callable[[Lines, int], list[Answer]]:
    return lambda body, first: [_cut(name, body, first)]


def _statusall(body: Lines, first: int) -> list[Answer]:
    """A stopped charon prints nothing at all and exits with 3."""
    silent = not any(line.strip() for line in body)
    return [_cut("ipsec_statusall", body, first, 3 if silent else 0)]


_VPN_SOCKET: Final = re.compile(r":(?:500|4500|1701)\s")


def _sockets(body: Lines, first: int) -> list[Answer]:
    kept = [line for line in body if line.strip()]
    vpn = kept[:1] + [line for line in kept[1:] if _VPN_SOCKET.search(line)]
    return [_cut("ss_udp", kept, first), _cut("ss_vpn_ports", vpn, first)]


_LONG_PROCESS: Final = re.compile(r"\s*(\d+) \w{3} \w{3} [ \d]\d \d\d:\d\d:\d\d \d{4} (.*)")


def _ppp_processes(body: Lines, first: int) -> list[Answer]:
    """`ps -o pid,lstart,args`: as `pgrep -a` has it, without the start."""
    short = _cut("pgrep_pppd", (_LONG_PROCESS.sub(r"\1 \2", line) for line in body), first)
    return [msgspec.structs.replace(short, original="\n".join(body))]


def _rules(body: Lines, first: int) -> list[Answer]:
    return [msgspec.structs.replace(each, line=first + 1) for each in tables_of(body)]


_SECTIONS: Final[tuple[tuple[str, Callable[[Lines, int], list[Answer]]], ...]] = (
    ("ipsec statusall", _statusall),
    ("ip -br addr", _section(BRIEF_ADDRESSES)),
    ("ss -lunp", _sockets),
    ("ip xfrm state count", _section("xfrm_state_count")),
    ("xfrm_stat", _section("xfrm_stat")),
    ("ip l2tp show tunnel", _section("l2tp_tunnel")),
    ("ip l2tp show session", _section("l2tp_session")),
    ("tdbdump", _section("tdbdump")),
    ("pppd procs", _ppp_processes),
    ("sysctl", _section("sysctl")),
    ("iptables", _rules),
    ("cat /etc/xl2tpd/xl2tpd.conf", _section("xl2tpd_conf")),
    ("xl2tpd.conf", _section("xl2tpd_conf")),
    ("cat /etc/ppp/options.xl2tpd", _section("options_xl2tpd")),
    ("options.xl2tpd", _section("options_xl2tpd")),
    ("systemctl status xl2tpd", _section("systemctl_status_xl2tpd")),
    ("date", _section("date")),
)
"""How a section's title begins, and how its lines are read."""

_LISTED_PROCESS: Final = re.compile(r"(\d+) (\S+)(.*)")
_RANGE: Final = re.compile(r"\s*(?:ip range|local ip)\s*=")
_SETTING: Final = re.compile(r"net\.[\w.]+ = \S+")


def _loose(lines: Lines) -> list[Answer]:
    """Outputs one after the other without heads, told apart by their form.

    Lines of other answers are left empty, so that numbers stay true. What it cites of `ipsec
    statusall` is left out: without the loaded connections it is no answer.
    """
    found = _bags(lines)
    daemons = {"xl2tpd": "pgrep_xl2tpd", "charon": "pgrep_charon", "pppd": "pgrep_pppd"}
    kept: dict[str, dict[int, str]] = {}
    for number, line in enumerate(lines):
        process = _LISTED_PROCESS.fullmatch(line)
        if process and (name := daemons.get(process[2].rpartition("/")[2])):
            if not _belongs_to_a_client(process):
                kept.setdefault(name, {})[number] = line
        elif _SETTING.fullmatch(line):
            kept.setdefault("sysctl", {})[number] = line
        elif _RANGE.match(line):
            kept.setdefault("xl2tpd_conf", {})[number] = line
    found += [_spread(name, parts) for name, parts in kept.items()]
    return found + tables_of(lines)


def _belongs_to_a_client(process: re.Match[str]) -> bool:
    """A router's xl2tpd is started without options, its charon by the starter with `--`."""
    return "/" not in process[2] or " -c " in process[3]


def _spread(name: str, parts: dict[int, str]) -> Answer:
    first, last = min(parts), max(parts)
    return _cut(name, (parts.get(number, "") for number in range(first, last + 1)), first)


def _bags(lines: Lines) -> list[Answer]:
    """Data bags in JSON: from a line `{` to the line `}`."""
    found = []
    known = (("remoteaccessvpn", "bag_remoteaccessvpn"), ("vpnuserlist", "bag_vpnuserlist"))
    for first, line in enumerate(lines):
        if line.rstrip() != "{" or "}" not in lines[first:]:
            continue
        body = lines[first : lines.index("}", first) + 1]
        text = "\n".join(body)
        found += [_cut(name, body, first) for word, name in known if f'"id": "{word}"' in text]
    return found


_UNIT_HEAD: Final = re.compile(r"\S (\S+)\.service - ")
_UNITS: Final = {
    "xl2tpd": "systemctl_status_xl2tpd",
    "strongswan-starter": "systemctl_status_strongswan_starter",
    "strongswan": "systemctl_status_strongswan_starter",
    "ipsec": "systemctl_status_strongswan_starter",
}


def _units(lines: Lines) -> list[Answer]:
    """`systemctl status` of one unit or more; without a head it is that of xl2tpd."""
    heads = [
        (number, found[1]) for number, line in enumerate(lines) if (found := _UNIT_HEAD.match(line))
    ]
    if not heads:
        return [_cut("systemctl_status_xl2tpd", lines, 0)]
    ends = [number for number, _ in heads[1:]] + [len(lines)]
    return [
        _cut(_UNITS[unit], lines[first:end], first)
        for (first, unit), end in zip(heads, ends, strict=True)
        if unit in _UNITS
    ]


def _chap_names(lines: Lines) -> list[Answer]:
    """Names only: passwords are not kept."""
    names = ("" if line.lstrip().startswith("#") else line.partition(" ")[0] for line in lines)
    return [_cut("chap_users", names, 0)]


def _whole(name: str) -> Callable[[Lines], list[Answer]]:
    return lambda lines: [_cut(name, lines, 0)]


_NO_STATE: Final = ("vr.tcpdump.txt",)
_FILES: Final[dict[str, Callable[[Lines], list[Answer]]]] = {
    "vr.state.txt": _state,
    "vr.after.txt": _loose,
    "vr.iptables.txt": tables_of,
    "vr.systemctl.txt": _units,
    "vr.xfrm_stat.txt": _whole("xfrm_stat"),
    "vr.chap-secrets.txt": _chap_names,
}

_BRIEF: Final = re.compile(r"(\S+?)(?:@\S+)?\s+[A-Z]+\s*(.*)")


class BriefAddress(msgspec.Struct, frozen=True):
    """An address of a card, from `ip -br addr`."""

    card: str
    address: str
    peer: str = ""
    """The other end of a ppp interface: the client's address inside."""


def read_brief_addresses(output: Output) -> tuple[BriefAddress, ...]:
    """`ip -br addr`: `ppp0  UNKNOWN  10.1.2.1 peer 10.1.2.2/32`; IPv6 is left out."""
    found = []
    for line in output.lines:
        match = _BRIEF.fullmatch(line)
        words = match[2].split() if match else []
        for number, word in enumerate(words):
            if "." not in word or (number and words[number - 1] == "peer"):
                continue
            peer = words[number + 2] if words[number + 1 : number + 2] == ["peer"] else ""
            card = match[1] if match else ""
            found.append(BriefAddress(card, word.partition("/")[0], peer.partition("/")[0]))
    return tuple(found)
