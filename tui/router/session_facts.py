"""Who is connected, in pieces: records and processes of pppd, sessions and tunnels of the kernel.

No piece alone proves a session (recordings `xl2tpd_killed` and `orphan_pppd`); `sessions` joins
them. Form of the outputs: recordings of a CloudStack 4.22 router (ppp 2.4.9, iproute2 6.1).
"""

import re

import msgspec

from tui.router.output import Output


class PppRecord(msgspec.Struct, frozen=True):
    """pppd's own record of a login. It outlives a pppd that was killed: check the pid."""

    pid: int
    interface: str
    user: str
    local_ip: str
    remote_ip: str


class PppProcess(msgspec.Struct, frozen=True):
    """A running pppd, with the tunnel and session it was started for."""

    pid: int
    tunnel: int
    session: int
    remote_ip: str
    local_ip: str = ""
    """The router's own end of it."""


class L2tpSession(msgspec.Struct, frozen=True):
    """A session in the kernel."""

    session: int
    tunnel: int


class L2tpTunnel(msgspec.Struct, frozen=True):
    """A tunnel in the kernel and where its other end is."""

    tunnel: int
    remote: str
    remote_port: int


def read_ppp_records(output: Output) -> tuple[PppRecord, ...]:
    """`tdbdump /var/run/pppd2.tdb`: status 1 before the first login ever."""
    found = []
    for line in output.lines:
        if not line.startswith("data(") or "PPPD_PID=" not in line:
            continue
        fields = line.partition('"')[2].removesuffix('"').removesuffix("\\00")
        values = dict(pair.partition("=")[::2] for pair in fields.split(";"))
        found.append(
            PppRecord(
                int(values["PPPD_PID"]),
                values.get("IFNAME", ""),
                values.get("PEERNAME", ""),
                values.get("IPLOCAL", ""),
                values.get("IPREMOTE", ""),
            )
        )
    return tuple(found)


_PPPD = re.compile(
    r"(\d+) \S*pppd .*?pppol2tp_tunnel_id (\d+) pppol2tp_session_id (\d+) .*?([\d.]+)[: ]([\d.]+)"
)


def read_ppp_processes(output: Output) -> tuple[PppProcess, ...]:
    """`pgrep -a pppd`; a pppd that serves no L2TP is left out."""
    matches = (_PPPD.match(line) for line in output.lines)
    return tuple(
        PppProcess(int(match[1]), int(match[2]), int(match[3]), match[5], match[4])
        for match in matches
        if match
    )


_SESSION = re.compile(r"Session (\d+) in tunnel (\d+)")


def read_l2tp_sessions(output: Output) -> tuple[L2tpSession, ...]:
    """`ip l2tp show session`; session 0 is a tunnel's control socket and no user."""
    matches = (_SESSION.match(line) for line in output.lines)
    found = [L2tpSession(int(match[1]), int(match[2])) for match in matches if match]
    return tuple(entry for entry in found if entry.session)


_TUNNEL = re.compile(r"Tunnel (\d+), encap")
_FROM_TO = re.compile(r"\s+From \S+ to (\S+)")
_PORTS = re.compile(r"\s+UDP source / dest ports: \d+/(\d+)")


def read_l2tp_tunnels(output: Output) -> tuple[L2tpTunnel, ...]:
    """`ip l2tp show tunnel`."""
    found: list[L2tpTunnel] = []
    for line in output.lines:
        if match := _TUNNEL.match(line):
            found.append(L2tpTunnel(int(match[1]), "", 0))
        elif found and (match := _FROM_TO.match(line)):
            found[-1] = msgspec.structs.replace(found[-1], remote=match[1])
        elif found and (match := _PORTS.match(line)):
            found[-1] = msgspec.structs.replace(found[-1], remote_port=int(match[1]))
    return tuple(found)
