"""Who is connected to a router, and how the machine is: what a status pane shows.

No single fact proves a session. pppd has its record, the process its arguments, the kernel the
tunnel, charon the associations, the interface the traffic; they are joined by process number, by
tunnel and session, by the client's address and by the interface. A session is real when the kernel
has the tunnel and the session that its pppd was started for.
"""

import asyncio
from collections.abc import Callable, Iterable
from ipaddress import AddressValueError, IPv4Address
from typing import Final, TypeVar

import msgspec

from tui.router import commands
from tui.router.commands import Asks, Command
from tui.router.errors import CommandFailed, CommandTimeout
from tui.router.ipsec_facts import CONNECTION_NAME, ChildSa, IkeSa, Ipsec
from tui.router.network_facts import Link
from tui.router.session_facts import L2tpSession, L2tpTunnel, PppProcess, PppRecord
from tui.router.survey import Survey, Unanswered
from tui.router.system_facts import FileSystem, LoadAverage, Memory, VpnProcess

T = TypeVar("T")

CHARON_SECONDS: Final = 6.0
"""How long charon is waited for. A hung one takes 30 s, and who is connected is known without."""

_OTHER_ZONE: Final = 120.0
"""Seconds by which a start in words differs from an age, at least, if they are of two zones."""


class RouterSession(msgspec.Struct, frozen=True):
    """Somebody who is connected now."""

    user: str
    inner_ip: str
    client_ip: str
    """Where the packets come from; empty if the kernel has no such tunnel."""
    interface: str
    pid: int
    is_orphan: bool
    """The login record and its pppd are left over: the kernel has no such session."""
    client_port: int = 0
    """The client's port of L2TP; 0 where `client_ip` is empty."""
    identity: str = ""
    """The address that the client calls its own: behind NAT another than `client_ip`."""
    tunnel: int = 0
    session: int = 0
    since: float | None = None
    """When its pppd was started, seconds since the epoch by the router's clock."""
    bytes_in: int | None = None
    """What came from the client; None where the interface was not told."""
    bytes_out: int | None = None
    mtu: int = 0
    ike_proposal: str = ""
    """`AES_CBC_256/HMAC_SHA1_96/PRF_HMAC_SHA1/MODP_2048`; empty where charon does not know it."""
    esp_proposal: str = ""
    in_udp: bool = False
    """Its ESP travels in UDP 4500, because there is NAT on the way."""
    without_ipsec: bool = False
    """The kernel has the session, and charon has no association with its client: it is in the
    clear. False where charon did not answer."""
    duplicate_of: int = 0
    """The pppd of the first session of the same user; 0 if this is the first or the only one."""
    outside_pool: bool = False
    """Its inner address is none of the range that was given; a client may choose its own."""

    @property
    def is_behind_nat(self) -> bool:
        """True if the client calls itself something else than we see."""
        return bool(self.identity) and self.identity != self.client_ip


class RouterStatus(msgspec.Struct, frozen=True, kw_only=True):
    """For a status pane. Sizes in bytes, times in seconds."""

    uptime: float
    load: LoadAverage
    processors: int
    memory: Memory
    disk: FileSystem | None
    clock_offset: float
    """The router's clock minus ours, half the way there taken off."""
    charon_pid: int | None
    xl2tpd_pid: int | None
    ports: tuple[int, ...]
    """VPN ports that are listened on."""
    sessions: tuple[RouterSession, ...]


class SessionFacts(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that sessions are joined from."""

    records: tuple[PppRecord, ...]
    processes: tuple[PppProcess, ...]
    live: tuple[L2tpSession, ...]
    tunnels: tuple[L2tpTunnel, ...]
    ipsec: Ipsec | None = None
    """None where charon did not answer, which is not the same as a charon that is stopped."""
    links: tuple[Link, ...] = ()
    started: tuple[VpnProcess, ...] = ()
    clock: float | None = None


async def sessions(router: Asks, *, pool: str = "") -> tuple[RouterSession, ...]:
    """Who is connected, by interface: login records whose pppd runs. Raises `RouterError`.

    `pool` is the range of inner addresses (`10.1.2.2-10.1.2.8`), if they are to be compared with
    it. What a pppd has not logged in yet is no session; what charon, `ps` and `ip link` do not
    tell is left open.
    """
    records, processes, live, tunnels = await asyncio.gather(
        router.run(commands.TDBDUMP),
        router.run(commands.PGREP_PPPD),
        router.run(commands.L2TP_SESSION),
        router.run(commands.L2TP_TUNNEL),
    )
    if not records or not processes:
        return ()
    ipsec, links, started, clock = await asyncio.gather(
        _if_told(router, commands.IPSEC_STATUSALL),
        _if_told(router, commands.IP_LINK_PPP),
        _if_told(router, commands.PS_VPN),
        _if_told(router, commands.DATE),
    )
    facts = SessionFacts(
        records=records,
        processes=processes,
        live=live,
        tunnels=tunnels,
        ipsec=ipsec,
        links=links or (),
        started=started or (),
        clock=clock,
    )
    return joined(facts, pool=pool)


def sessions_of(survey: Survey, *, pool: str = "") -> tuple[RouterSession, ...] | Unanswered:
    """The same from a survey; what keeps it from being known is the first fact that is missing."""
    records = survey.fact(commands.TDBDUMP)
    processes = survey.fact(commands.PGREP_PPPD)
    live = survey.fact(commands.L2TP_SESSION)
    tunnels = survey.fact(commands.L2TP_TUNNEL)
    if isinstance(records, Unanswered):
        return records
    if isinstance(processes, Unanswered):
        return processes
    if isinstance(live, Unanswered):
        return live
    if isinstance(tunnels, Unanswered):
        return tunnels
    facts = SessionFacts(
        records=records,
        processes=processes,
        live=live,
        tunnels=tunnels,
        ipsec=_known(survey.fact(commands.IPSEC_STATUSALL)),
        links=_known(survey.fact(commands.IP_LINK_PPP)) or (),
        started=_known(survey.fact(commands.PS_VPN)) or (),
        clock=_known(survey.fact(commands.DATE)),
    )
    return joined(facts, pool=pool)


def joined(facts: SessionFacts, *, pool: str = "") -> tuple[RouterSession, ...]:
    """Sessions out of what is known, by interface."""
    running = {process.pid: process for process in facts.processes}
    in_kernel = {(entry.tunnel, entry.session) for entry in facts.live}
    tunnels = {tunnel.tunnel: tunnel for tunnel in facts.tunnels}
    links = {link.name: link for link in facts.links}
    found = []
    for record in facts.records:
        process = running.get(record.pid)
        if process is None:
            continue
        tunnel = tunnels.get(process.tunnel)
        link = links.get(record.interface)
        found.append(
            RouterSession(
                record.user,
                record.remote_ip,
                tunnel.remote if tunnel else "",
                record.interface,
                record.pid,
                (process.tunnel, process.session) not in in_kernel,
                client_port=tunnel.remote_port if tunnel else 0,
                tunnel=process.tunnel,
                session=process.session,
                since=_start(record.pid, facts),
                bytes_in=link.bytes_in if link else None,
                bytes_out=link.bytes_out if link else None,
                mtu=link.mtu if link else 0,
                outside_pool=bool(pool) and not is_inside(record.remote_ip, pool),
            )
        )
    return _with_duplicates(sorted(_with_ipsec(found, facts.ipsec), key=_by_interface))


def is_inside(address: str, pool: str) -> bool:
    """Whether an address is of a range `FIRST-LAST`; true where the range cannot be read."""
    first, _, last = pool.partition("-")
    try:
        return IPv4Address(first) <= IPv4Address(address) <= IPv4Address(last or first)
    except AddressValueError:
        return True


def _by_interface(session: RouterSession) -> tuple[int, str, int]:
    """ppp2 before ppp10."""
    return len(session.interface), session.interface, session.pid


def _start(pid: int, facts: SessionFacts) -> float | None:
    """When a process was started. In words it is in the router's own zone, so its age decides
    where the two are far apart."""
    process = next((each for each in facts.started if each.pid == pid), None)
    if process is None:
        return None
    if facts.clock is None:
        return process.started
    by_age = facts.clock - process.age
    return by_age if abs(by_age - process.started) > _OTHER_ZONE else process.started


def _with_ipsec(found: list[RouterSession], ipsec: Ipsec | None) -> list[RouterSession]:
    """Give each session the associations of its client, and mark those that have none.

    Clients behind one NAT have the same address. They are told apart by the port where that
    differs, and else by the order in which they came.
    """
    if ipsec is None:
        return found
    ike = {each.number: each for each in ipsec.ike}
    free = [
        child
        for child in ipsec.children
        if child.connection == CONNECTION_NAME and child.state == "INSTALLED"
    ]
    protected = {child.remote for child in free}
    result = []
    for session in sorted(found, key=lambda each: (each.since or 0, each.pid), reverse=True):
        child = _child_of(session, free)
        if child is not None:
            free.remove(child)
            result.append(_protected(session, child, ike.get(child.ike)))
        else:
            bare = not session.is_orphan and session.client_ip not in protected
            result.append(msgspec.structs.replace(session, without_ipsec=bare))
    return result


def _child_of(session: RouterSession, free: Iterable[ChildSa]) -> ChildSa | None:
    """The newest association with the client of a session that the kernel has."""
    if session.is_orphan:
        return None
    there = [child for child in free if child.remote == session.client_ip]
    same_port = [child for child in there if child.remote_port == session.client_port]
    return max(same_port or there, key=lambda child: child.number, default=None)


def _protected(session: RouterSession, child: ChildSa, ike: IkeSa | None) -> RouterSession:
    return msgspec.structs.replace(
        session,
        identity=ike.remote_id if ike else "",
        ike_proposal=ike.proposal if ike else "",
        esp_proposal=child.proposal,
        in_udp=child.in_udp,
    )


def _with_duplicates(found: list[RouterSession]) -> tuple[RouterSession, ...]:
    """Mark every session of a user but the first that came; what is left over is none."""
    first: dict[str, RouterSession] = {}
    for session in sorted(found, key=lambda each: (each.since or 0, each.pid)):
        if session.user and not session.is_orphan:
            first.setdefault(session.user, session)
    return tuple(
        msgspec.structs.replace(session, duplicate_of=first[session.user].pid)
        if not session.is_orphan
        and session.user in first
        and first[session.user].pid != session.pid
        else session
        for session in found
    )


async def _if_told(router: Asks, command: Command[T]) -> T | None:
    try:
        async with asyncio.timeout(CHARON_SECONDS):
            return await router.run(command)
    except (CommandFailed, CommandTimeout, TimeoutError):
        return None


def _known(fact: T | Unanswered) -> T | None:
    return None if isinstance(fact, Unanswered) else fact


async def status(router: Asks, now: Callable[[], float]) -> RouterStatus:
    """The state of the machine; `now` gives our own clock in seconds since the epoch."""
    before = now()
    clock = await router.run(commands.DATE)
    offset = clock - (before + now()) / 2
    uptime, load, processors, memory, disks = await asyncio.gather(
        router.run(commands.PROC_UPTIME),
        router.run(commands.LOADAVG),
        router.run(commands.NPROC),
        router.run(commands.FREE),
        router.run(commands.DF),
    )
    charon, xl2tpd, sockets, connected = await asyncio.gather(
        router.run(commands.PGREP_CHARON),
        router.run(commands.PGREP_XL2TPD),
        router.run(commands.SS_VPN_PORTS),
        sessions(router),
    )
    return RouterStatus(
        uptime=uptime,
        load=load,
        processors=processors,
        memory=memory,
        disk=next((disk for disk in disks if disk.mount == "/"), None),
        clock_offset=offset,
        charon_pid=charon[0].pid if charon else None,
        xl2tpd_pid=xl2tpd[0].pid if xl2tpd else None,
        ports=tuple(sorted({listener.port for listener in sockets})),
        sessions=connected,
    )
