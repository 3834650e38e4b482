"""What a router says of itself before it gets a VPN."""

import asyncio
from collections.abc import Callable
from typing import Final, TypeVar

from tui.router import commands
from tui.router.commands import Asks, Command
from tui.router.errors import CommandFailed, CommandTimeout
from tui.router.system_facts import FileSystem, Process
from tui.vpn.preflight_facts import Disk, Memory, RouterSaid, Unasked

T = TypeVar("T")
_DAEMONS: Final = ("charon", "xl2tpd")


async def look(router: Asks, now: Callable[[], float]) -> RouterSaid:
    """Ask one router, and change nothing on it.

    `now` is the time that its clock should show, in seconds since the epoch. Raises `LinkError`
    and `ConnectionDropped`; a single command that fails leaves its own fact open.
    """
    (
        (kernel, addresses, disks, memory, digest),
        (bag, logins, charon, xl2tpd),
    ) = await asyncio.gather(
        asyncio.gather(
            _ask(router, commands.SYSCTL),
            _ask(router, commands.IP_ADDR),
            _ask(router, commands.DF),
            _ask(router, commands.FREE),
            _ask(router, commands.PSK_SHA256),
        ),
        asyncio.gather(
            _ask(router, commands.BAG_REMOTEACCESSVPN),
            _ask(router, commands.CHAP_USERS),
            _ask(router, commands.PGREP_CHARON),
            _ask(router, commands.PGREP_XL2TPD),
        ),
    )
    # Alone and on an open connection, so that the way there and back is all that blurs it.
    before = now()
    clock = await _ask(router, commands.DATE)
    between = (before + now()) / 2
    return RouterSaid(
        forwards=_forwards(kernel),
        addresses=addresses
        if isinstance(addresses, Unasked)
        else tuple(address for _, address in addresses),
        clock_ahead=clock if isinstance(clock, Unasked) else clock - between,
        disks=disks if isinstance(disks, Unasked) else _disks(disks),
        memory=memory if isinstance(memory, Unasked) else Memory(memory.total, memory.available),
        daemons=_running([charon, xl2tpd]),
        has_key=digest if isinstance(digest, Unasked) else bool(digest),
        range=bag if isinstance(bag, Unasked) else (bag.pool if bag is not None else ""),
        logins=logins,
    )


async def _ask(router: Asks, command: Command[T]) -> T | Unasked:
    try:
        return await router.run(command)
    except (CommandFailed, CommandTimeout) as error:
        return Unasked(error.what)


def _forwards(kernel: dict[str, str] | Unasked) -> bool | Unasked:
    if isinstance(kernel, Unasked):
        return kernel
    value = kernel.get("net.ipv4.ip_forward")
    return Unasked("net.ipv4.ip_forward was not named") if value is None else value == "1"


def _disks(systems: tuple[FileSystem, ...]) -> tuple[Disk, ...]:
    """File systems on a disk; those in memory fill up with other things."""
    return tuple(
        Disk(each.mount, each.size, each.available)
        for each in systems
        if each.device.startswith("/dev/")
    )


def _running(answers: list[tuple[Process, ...] | Unasked]) -> tuple[str, ...] | Unasked:
    running: list[str] = []
    for name, answer in zip(_DAEMONS, answers, strict=True):
        if isinstance(answer, Unasked):
            return answer
        running += [name] if answer else []
    return tuple(running)
