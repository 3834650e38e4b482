"""Recorded scenes: what a real router wrote while a client connected, failed or went away.

A scene is a list of lines with the seconds since its beginning; names, addresses and numbers are
placeholders like `⟦client⟧`.
"""

import json
import lzma
import random
import re
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any, NamedTuple

from tui.lab.router.machine import Machine, call_of, tunnel_of
from tui.lab.state import LabSession

_PLACEHOLDER = re.compile("⟦(\\w+)⟧")
_RANDOM_HEX = re.compile(r"(hex|HEX)(\d+)")


class SceneLine(NamedTuple):
    """One line: `source` is a log file, or `journal` for lines that are in no file."""

    seconds: int
    source: str
    tag: str
    text: str


@cache
def _recorded() -> dict[str, Any]:
    packed = files("tui.lab").joinpath("data", "router_scenes.json.xz").read_bytes()
    loaded: dict[str, Any] = json.loads(lzma.decompress(packed))
    return loaded


@cache
def scene(name: str) -> tuple[SceneLine, ...]:
    """The lines of scene `name`, in order of time."""
    return tuple(SceneLine(*row) for row in _recorded()["scenes"][name])


@cache
def push_lines(what: str) -> tuple[tuple[str, str], ...]:
    """Level and text of the lines in cloud.log that a push of `what` leaves."""
    return tuple((level, text) for level, text in _recorded()["pushes"].get(what, ()))


def fill(text: str, words: Mapping[str, str], chance: random.Random) -> str:
    """`text` with its placeholders replaced; hexadecimal ones by random digits."""

    def replace(match: re.Match[str]) -> str:
        name = match[1]
        digits = _RANDOM_HEX.fullmatch(name)
        if digits is None:
            return words.get(name, "0")
        value = f"{chance.getrandbits(4 * int(digits[2])):0{int(digits[2])}x}"
        return value.upper() if digits[1] == "HEX" else value

    return _PLACEHOLDER.sub(replace, text)


class Client(NamedTuple):
    """Somebody's device."""

    user: str
    public_ip: str
    private_ip: str | None
    """Its own address where it is behind NAT."""


def words_for(
    machine: Machine, client: Client, pid: int, inner_ip: str, link: str
) -> dict[str, str]:
    """What the placeholders of a scene with `client` stand for. Draws new random numbers."""
    chance, state = machine.chance, machine.state
    association = machine.next_association() if pid else 0
    return {
        "router": state.name,
        "public": machine.public_ip,
        "local": machine.local_ip,
        "guest_cidr": state.guest_cidr,
        "guest_ip": state.guest_ip,
        "client": client.public_ip,
        "private": client.private_ip or client.public_ip,
        "user": client.user,
        "inner": inner_ip,
        "link": link,
        "pid": str(pid),
        "script_pid": str(pid + 5),
        "tunnel": str(tunnel_of(pid)),
        "call": str(call_of(pid)),
        "peer_tunnel": str(tunnel_of(pid + 1)),
        "peer_call": str(call_of(pid + 1)),
        "ike": str(association),
        "child": str(association + 1),
        "spi_in": f"c{chance.getrandbits(28):07x}",
        "spi_out": f"c{chance.getrandbits(28):07x}",
        "message": str(chance.getrandbits(32)),
        "xl2tpd": str(machine.xl2tpd_pid),
        "charon": str(machine.charon_pid),
        "job": f"{chance.getrandbits(32):08x}",
    }


def words_for_session(machine: Machine, session: LabSession) -> dict[str, str]:
    """The same for somebody who is connected."""
    client = Client(session.user, session.client_ip, session.private_ip)
    return words_for(machine, client, session.pid, session.inner_ip, session.interface)
