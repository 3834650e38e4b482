"""Who is connected to a router, and how the machine is: what a status pane shows."""

import asyncio
from collections.abc import Callable

import msgspec

from tui.router import commands
from tui.router.commands import Asks
from tui.router.system_facts import FileSystem, LoadAverage, Memory


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


async def sessions(router: Asks) -> tuple[RouterSession, ...]:
    """Who is connected: login records whose pppd runs, joined with the kernel's tunnels."""
    records, processes, live, tunnels = await asyncio.gather(
        router.run(commands.TDBDUMP),
        router.run(commands.PGREP_PPPD),
        router.run(commands.L2TP_SESSION),
        router.run(commands.L2TP_TUNNEL),
    )
    running = {process.pid: process for process in processes}
    in_kernel = {(entry.tunnel, entry.session) for entry in live}
    remotes = {tunnel.tunnel: tunnel.remote for tunnel in tunnels}
    found = []
    for record in records:
        process = running.get(record.pid)
        if process is None:
            continue
        found.append(
            RouterSession(
                record.user,
                record.remote_ip,
                remotes.get(process.tunnel, ""),
                record.interface,
                record.pid,
                (process.tunnel, process.session) not in in_kernel,
            )
        )
    return tuple(sorted(found, key=lambda session: session.interface))


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
