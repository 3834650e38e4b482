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
from typing import Any, Final, NamedTuple

from tui.lab.router.machine import Machine, call_of, tunnel_of
from tui.lab.state import LabAssociation, LabSession

_PLACEHOLDER = re.compile("⟦(\\w+)⟧")
_MESSAGES: Final = 6
"""As many IKE messages with an id of their own as a scene has."""
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


IPSEC_UP: Final = " CHILD_SA L2TP-PSK{"
_ESP: Final = re.compile(
    r"proto ESP \(50\), length (\d+)\)\n    (⟦\w+⟧) > (⟦\w+⟧): (ESP\(.*\), length \d+)"
)
_ESP_IN_UDP: Final = re.compile(
    r"proto UDP \(17\), length (\d+)\)\n    (⟦\w+⟧)\.\d+ > (⟦\w+⟧)\.\d+: UDP-encap: (ESP\(.*)"
)


@cache
def scene_for(name: str, behind_nat: bool) -> tuple[SceneLine, ...]:
    """Scene `name` as it goes with a client that is behind NAT, or is not.

    A scene that was recorded the other way gets the beginning of one that was not, up to the moment
    when IPsec is up; from then on the lines are the same, and behind NAT ESP comes in UDP.
    """
    lines = scene(name)
    ready = _ready(lines)
    if ready is None or any("behind NAT" in line.text for line in lines) == behind_nat:
        return lines
    start = scene("connect_nat" if behind_nat else "connect")
    first = _ready(start) or 0
    return (
        *(line for line in start if line.seconds <= first),
        *(
            line._replace(
                seconds=line.seconds - ready + first, text=_encapsulated(line.text, behind_nat)
            )
            for line in lines
            if line.seconds > ready
        ),
    )


def _ready(lines: tuple[SceneLine, ...]) -> int | None:
    """The second in which IPsec is up."""
    for line in lines:
        if line.source == "daemon" and IPSEC_UP in line.text:
            return line.seconds
    return None


def _encapsulated(text: str, behind_nat: bool) -> str:
    if behind_nat:
        return _ESP.sub(
            lambda match: (
                f"proto UDP (17), length {int(match[1]) + 8})\n    {match[2]}.4500 > "
                f"{match[3]}.4500: UDP-encap: {match[4]}"
            ),
            text,
        )
    return _ESP_IN_UDP.sub(
        lambda match: (
            f"proto ESP (50), length {int(match[1]) - 8})\n    {match[2]} > {match[3]}: {match[4]}"
        ),
        text,
    )


@cache
def scene_after_ipsec(name: str) -> tuple[SceneLine, ...]:
    """What xl2tpd and pppd say in scene `name`, without anything of IPsec."""
    lines = [
        line for line in scene(name) if line.source != "wire" and line.tag in {"xl2tpd", "pppd"}
    ]
    return tuple(line._replace(seconds=line.seconds - lines[0].seconds) for line in lines)


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
    machine: Machine,
    client: Client,
    pid: int,
    inner_ip: str,
    link: str,
    association: LabAssociation | None = None,
) -> dict[str, str]:
    """What the placeholders of a scene with `client` stand for. Draws new random numbers."""
    chance, state = machine.chance, machine.state
    messages = [chance.getrandbits(32) for _ in range(_MESSAGES)]
    numbered = {f"message{n}": str(value) for n, value in enumerate(messages, 1)}
    numbered |= {f"msgid{n}": f"{value:08x}" for n, value in enumerate(messages, 1)}
    if association is None:
        association = LabAssociation(
            0, 1, client.public_ip, client.private_ip, machine.new_spi(), machine.new_spi(), 0.0
        )
    return {
        **numbered,
        "router": state.name,
        "public": machine.public_ip,
        "local": machine.local_ip,
        "guest_cidr": state.guest_cidr,
        "guest_ip": state.guest_ip,
        "client": client.public_ip,
        "private": client.private_ip or client.public_ip,
        "user": client.user,
        "inner": inner_ip,
        "offered": inner_ip,
        "link": link,
        "pid": str(pid),
        "script_pid": str(pid + 5),
        "tunnel": str(tunnel_of(pid)),
        "call": str(call_of(pid)),
        "peer_tunnel": str(tunnel_of(pid + 1)),
        "peer_call": str(call_of(pid + 1)),
        "ike": str(association.number),
        "child": str(association.child),
        "spi_in": association.spi_in,
        "spi_out": association.spi_out,
        "message": str(messages[0]),
        "device": f"{client.user}-pc",
        "kernel": f"[{machine.now() - machine.booted:12.6f}]",
        "xl2tpd": str(machine.xl2tpd_pid),
        "charon": str(machine.charon_pid),
        "job": f"{chance.getrandbits(32):08x}",
    }


def words_for_session(machine: Machine, session: LabSession) -> dict[str, str]:
    """The same for somebody who is connected."""
    client = Client(session.user, session.client_ip, session.private_ip)
    known = {each.number: each for each in machine.associations()}
    return words_for(
        machine,
        client,
        session.pid,
        session.inner_ip,
        session.interface,
        known.get(session.association),
    )
