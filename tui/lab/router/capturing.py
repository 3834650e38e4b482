"""How a lab router answers a bounded packet capture: what goes over its wire meanwhile."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final

from tui.lab.router.ipsec_answers import traffic
from tui.lab.router.machine import Machine
from tui.lab.router.traffic import Packet, utc_clock

_JOB: Final = "csvpn-capture"
_ENDED_BY_TIME: Final = 124
_LOOK: Final = 0.1
"""Seconds after which what has come is printed."""
_ESP: Final = 132
"""Length of an ESP packet that carries a ping."""


def is_capture(argv: tuple[str, ...]) -> bool:
    """Whether `argv` is the script with its five parameters: interface, client (`-` for all),
    seconds, packets, bytes."""
    fits = argv[:2] == ("sh", "-c") and argv[3:4] == (_JOB,) and len(argv) == 9
    return fits and all(word.isdecimal() for word in argv[6:9])


async def capture(
    argv: tuple[str, ...], machine: Machine, write: Callable[[bytes], Awaitable[None]]
) -> int:
    """Print packets as they pass until the time is over or enough have passed; the exit status."""
    interface, client, seconds, most = argv[4], argv[5].strip("-"), int(argv[6]), int(argv[7])
    loop = asyncio.get_running_loop()
    end, last = loop.time() + seconds, machine.now()
    left = most
    while loop.time() < end:
        await asyncio.sleep(min(_LOOK, max(0.0, end - loop.time())))
        now = machine.now()
        if interface == machine.public_interface:
            found = [*_seen(machine, last, now, client), *_of_sessions(machine, last, now, client)]
            found.sort(key=lambda packet: packet.when)
            text = "".join(f"{utc_clock(each.when)} {each.text}\n" for each in found[:left])
            if text:
                await write(text.encode())
            left -= len(found)
            if left <= 0:
                return 0
        last = now
    return _ENDED_BY_TIME


def _seen(machine: Machine, start: float, end: float, client: str) -> list[Packet]:
    """What came and went; that something cannot be reached is shown whoever it is for."""
    return [
        packet
        for packet in machine.wire.between(start, end)
        if client in {"", packet.client} or "unreachable" in packet.text
    ]


def _of_sessions(machine: Machine, start: float, end: float, client: str) -> list[Packet]:
    """A packet a second of each session, and the answer where there is one."""
    found = []
    for association in machine.associations():
        session = machine.session_with(association)
        address = association.client_ip
        if session is None or client not in {"", address}:
            continue
        _, got, _, sent = traffic(machine, association)
        for second in range(int(start) + 1, int(end) + 1):
            ways = [(address, machine.public_ip, association.spi_in, got)]
            if machine.passes(session):
                ways.append((machine.public_ip, address, association.spi_out, sent))
            found += [
                Packet(
                    second + 0.01 * number,
                    address,
                    _esp(way, in_udp=association.private_ip is not None),
                )
                for number, way in enumerate(ways)
            ]
    return found


def _esp(way: tuple[str, str, str, int], *, in_udp: bool) -> str:
    source, target, spi, sequence = way
    esp = f"ESP(spi=0x{spi},seq=0x{sequence:x}), length {_ESP}"
    if in_udp:
        return (
            f"IP (tos 0x0, ttl 63, id 4711, offset 0, flags [none], proto UDP (17), length "
            f"{_ESP + 28})\n    {source}.4500 > {target}.4500: UDP-encap: {esp}"
        )
    return (
        f"IP (tos 0x0, ttl 64, id 4711, offset 0, flags [none], proto ESP (50), length "
        f"{_ESP + 20})\n    {source} > {target}: {esp}"
    )
