"""Answers of a real router, with the names, addresses and times of a lab's router put in."""

import json
import lzma
import re
from functools import cache
from importlib.resources import files
from typing import Any, NamedTuple

from tui.lab.router.machine import Machine
from tui.lab.router.times import moved


class Answer(NamedTuple):
    """Exit status and both streams."""

    status: int
    stdout: str = ""
    stderr: str = ""


@cache
def recordings() -> dict[str, Any]:
    """`commands` by name, and the answers of a router without a VPN (`fresh`) and with (`vpn`)."""
    packed = files("tui.lab").joinpath("data", "router_answers.json.xz").read_bytes()
    loaded: dict[str, Any] = json.loads(lzma.decompress(packed))
    return loaded


def recorded(machine: Machine, name: str) -> Answer | None:
    """What the recorded router printed, as `machine` would; None where nothing is recorded."""
    found = recordings()["vpn" if machine.has_key else "fresh"].get(name)
    if found is None:
        return None
    status, stdout, stderr = found
    return Answer(status, adapt(machine, stdout), stderr)


_RECORDED_WORDS = re.compile(
    r"r-42-VM|(?<![\d.])(?:203\.0\.113\.10|169\.254\.77\.42|10\.1\.1\.1|10\.1\.1\.0/24|10\.1\.2\.1)"
    r"(?!\d|\.\d)"
)
_IN_A_VPC = {"eth0": "eth2", "eth1": "eth0", "eth2": "eth1", "router": "vpcrouter"}
"""Which interface of the recorded router does what, and where a VPC's router has that."""
_VPC_WORDS = re.compile(r"\beth[012]\b|(?<=type=)router\b|(?<=\"type\": \")router\b")


def adapt(machine: Machine, text: str) -> str:
    """`text` of the recorded router with the names, addresses and times of this one."""
    state = machine.state
    words = {
        "r-42-VM": state.name,
        "203.0.113.10": machine.public_ip,
        "169.254.77.42": state.control_ip,
        "10.1.1.1": state.guest_ip,
        "10.1.1.0/24": state.guest_cidr,
        "10.1.2.1": machine.local_ip,
    }
    text = _RECORDED_WORDS.sub(lambda match: words[match.group()] or match.group(), text)
    if state.is_vpc:
        text = _VPC_WORDS.sub(lambda match: _IN_A_VPC[match.group()], text)
    return moved(text, machine.booted)
