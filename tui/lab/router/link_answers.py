"""Interfaces, addresses and routes: those of the recorded router, and a ppp link per session."""

import json
import re
from collections.abc import Callable
from typing import Any

from tui.lab.router.machine import Machine
from tui.lab.router.recorded import Answer, recorded
from tui.lab.state import LabSession

_FIRST_PPP_INDEX = 5
_MTU = 1280
"""What the recorded clients negotiate."""


def _recorded_rows(machine: Machine, name: str) -> list[dict[str, Any]]:
    found = recorded(machine, name)
    rows: list[dict[str, Any]] = json.loads(found.stdout) if found else []
    return rows


def _as_json(rows: list[dict[str, Any]]) -> Answer:
    return Answer(0, json.dumps(rows, separators=(",", ":")) + "\n")


def _ppp(machine: Machine, session: LabSession) -> dict[str, Any]:
    number = int(session.interface.removeprefix("ppp"))
    return {
        "ifindex": _FIRST_PPP_INDEX + number,
        "ifname": session.interface,
        "flags": ["POINTOPOINT", "MULTICAST", "NOARP", "UP", "LOWER_UP"],
        "mtu": _MTU,
        "qdisc": "noqueue",
        "operstate": "UNKNOWN",
        "group": "default",
        "txqlen": 3,
        "link_type": "ppp",
    }


def _links(machine: Machine) -> list[LabSession]:
    return sorted(machine.state.sessions, key=lambda session: session.interface)


def _counters(machine: Machine, session: LabSession) -> dict[str, dict[str, int]]:
    meter = machine.meter(session)
    common = {"errors": 0, "dropped": 0}
    return {
        "rx": {
            "bytes": int(meter.bytes_in),
            "packets": int(meter.packets_in),
            **common,
            "over_errors": 0,
            "multicast": 0,
        },
        "tx": {
            "bytes": int(meter.bytes_out),
            "packets": int(meter.packets_out),
            **common,
            "carrier_errors": 0,
            "collisions": 0,
        },
    }


def _addresses(machine: Machine) -> Answer:
    rows = _recorded_rows(machine, "ip_addr")
    for session in _links(machine):
        address = {
            "family": "inet",
            "local": machine.local_ip,
            "address": session.inner_ip,
            "prefixlen": 32,
            "scope": "global",
            "label": session.interface,
            "valid_life_time": 4294967295,
            "preferred_life_time": 4294967295,
        }
        rows.append({**_ppp(machine, session), "addr_info": [address]})
    return _as_json(rows)


def _routes(machine: Machine) -> Answer:
    """Two sessions with one address make two routes, and the older one wins."""
    rows = _recorded_rows(machine, "ip_route")
    rows[2:2] = [
        {
            "dst": session.inner_ip,
            "dev": session.interface,
            "protocol": "kernel",
            "scope": "link",
            "prefsrc": machine.local_ip,
            "flags": [],
        }
        for session in _links(machine)
    ]
    return _as_json(rows)


def _link_rows(machine: Machine) -> list[dict[str, Any]]:
    return [
        {
            **_ppp(machine, session),
            "linkmode": "DEFAULT",
            "stats64": _counters(machine, session),
        }
        for session in _links(machine)
    ]


def _link_stats(machine: Machine) -> Answer:
    rows = _recorded_rows(machine, "ip_link_stats")
    carried = [machine.meter(session) for session in machine.live_sessions]
    for row in rows:
        if row["ifname"] == machine.public_interface:
            for way, size, packets in (
                ("rx", sum(m.bytes_in for m in carried), sum(m.packets_in for m in carried)),
                ("tx", sum(m.bytes_out for m in carried), sum(m.packets_out for m in carried)),
            ):
                row["stats64"][way]["bytes"] += int(size + 66 * packets)
                row["stats64"][way]["packets"] += int(packets)
    return _as_json([*rows, *_link_rows(machine)])


def _ppp_links(machine: Machine) -> Answer:
    """Before the first session ever `ip` prints one empty object per link, later none."""
    rows = _link_rows(machine)
    if not rows and not machine.had_sessions:
        return _as_json([{}, {}, {}, {}])
    for row in rows:
        row |= {"promiscuity": 0, "allmulti": 0, "linkinfo": {"info_kind": "ppp"}}
    return _as_json(rows)


def _device_counters(machine: Machine) -> Answer:
    found = recorded(machine, "proc_net_dev")
    rows = []
    for session in _links(machine):
        meter = machine.meter(session)
        received = f"{int(meter.bytes_in):7} {int(meter.packets_in):7}"
        sent = f"{int(meter.bytes_out):7} {int(meter.packets_out):7}"
        rows.append(
            f"{session.interface:>6}: {received}    0    0    0     0          0         0  {sent}"
            "    0    0    0     0       0          0\n"
        )
    return Answer(0, (found.stdout if found else "") + "".join(rows))


def _neighbours(machine: Machine) -> Answer:
    rows = [row for row in _recorded_rows(machine, "ip_neigh") if row["dst"] != "203.0.113.77"]
    return _as_json(rows)


def _queues(machine: Machine) -> Answer:
    found = recorded(machine, "tc_qdisc")
    rows = [
        f"qdisc noqueue 0: dev {session.interface} root refcnt 2 \n"
        " Sent 0 bytes 0 pkt (dropped 0, overlimits 0 requeues 0) \n backlog 0b 0p requeues 0\n"
        for session in _links(machine)
    ]
    return Answer(0, (found.stdout if found else "") + "".join(rows))


def _snmp(machine: Machine) -> Answer:
    """`/proc/net/snmp`: packets that were passed on grow with the sessions' traffic."""
    found = recorded(machine, "snmp")
    forwarded = sum(
        int(meter.forwarded_in + meter.forwarded_out)
        for meter in map(machine.meter, machine.state.sessions)
    )
    forwarding = 1 if machine.state.ip_forward else 2

    def row(match: re.Match[str]) -> str:
        words = match.group().split()
        words[1], words[6] = str(forwarding), str(int(words[6]) + forwarded)
        return " ".join(words)

    return Answer(0, re.sub(r"(?m)^Ip: \d.*$", row, found.stdout if found else ""))


RENDERED: dict[str, Callable[[Machine], Answer]] = {
    "ip_addr": _addresses,
    "ip_route": _routes,
    "ip_link_stats": _link_stats,
    "ip_link_ppp": _ppp_links,
    "ip_neigh": _neighbours,
    "proc_net_dev": _device_counters,
    "tc_qdisc": _queues,
    "snmp": _snmp,
}
