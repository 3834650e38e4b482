"""What pppd and the L2TP kernel modules leave behind, as a CloudStack 4.22 router prints it."""

import json
from collections.abc import Callable

from tui.lab.router.machine import Machine, call_of, tunnel_of
from tui.lab.router.recorded import Answer
from tui.lab.router.times import full_iso
from tui.lab.state import LabSession

_TDB = "/var/run/pppd2.tdb"


def _records(machine: Machine) -> Answer:
    """`tdbdump`: a file that is not there before the first login since boot.

    The entries that find a record by its address or process belong to the pppd that came last.
    """
    everybody = [*machine.stale_records, *machine.state.sessions]
    if not everybody and not machine.had_sessions:
        missing = f"tdb({_TDB}): WARNING: tdb_open_ex: could not open file {_TDB}: "
        return Answer(1, f"Failed to open {_TDB}\n", f"{missing}No such file or directory\n")
    entries: dict[str, str] = {}
    for session in everybody:
        unit = session.interface.removeprefix("ppp")
        key = f"pppd{session.pid}"
        index = f'key({{}}) = "{{}}"\ndata({len(key)}) = "{key}"'
        for name in (
            f"PPPD_PID={session.pid}",
            f"IPREMOTE={session.inner_ip}",
            f"IFNAME={session.interface}",
            f"UNIT={unit}",
        ):
            entries[name] = index.format(len(name), name)
        values = _record(machine, session, unit)
        entries[key] = f'key({len(key)}) = "{key}"\ndata({len(values) + 1}) = "{values}\\00"'
    return Answer(0, "".join(f"{{\n{entry}\n}}\n" for entry in entries.values()))


def _record(machine: Machine, session: LabSession, unit: str) -> str:
    pid = session.pid
    ours, theirs = (f"fe80::{pid * factor & 0xFFFF:04x}:849c:a4e8:50f4" for factor in (1009, 2003))
    return (
        f"ORIG_UID=0;PPPLOGNAME=root;PPPD_PID={pid};IFNAME={session.interface};UNIT={unit};"
        f"PEERNAME={session.user};LLLOCAL={ours};LLREMOTE={theirs};CONNECT_TIME=1;BYTES_SENT=48;"
        f"BYTES_RCVD=106;IPLOCAL={machine.local_ip};IPREMOTE={session.inner_ip}"
    )


def _sessions(machine: Machine) -> Answer:
    """`ip l2tp show session`, with the control socket of each tunnel."""
    blocks = []
    for session in machine.live_sessions:
        tunnel, peer = tunnel_of(session.pid), tunnel_of(session.pid + 1)
        calls = ((0, 0), (call_of(session.pid), call_of(session.pid + 1)))
        blocks += [
            f"Session {ours} in tunnel {tunnel}\n  Peer session {theirs}, tunnel {peer}\n"
            "  offset 0, peer offset 0\n\n"
            for ours, theirs in calls
        ]
    return Answer(0, "".join(blocks))


def _tunnels(machine: Machine) -> Answer:
    return Answer(
        0,
        "".join(
            f"Tunnel {tunnel_of(session.pid)}, encap UDP\n"
            f"  From {machine.public_ip} to {session.client_ip}\n"
            f"  Peer tunnel {tunnel_of(session.pid + 1)}\n"
            f"  UDP source / dest ports: 1701/{session.client_port}\n  UDP checksum: disabled\n"
            for session in machine.live_sessions
        ),
    )


def _tunnels_as_json(machine: Machine) -> Answer:
    rows = [
        {
            "tunnel_id": tunnel_of(session.pid),
            "encap": "UDP",
            "local": machine.public_ip,
            "peer": session.client_ip,
            "peer_tunnel": tunnel_of(session.pid + 1),
            "local_port": 1701,
            "peer_port": session.client_port,
            "checksum": False,
        }
        for session in machine.live_sessions
    ]
    return Answer(0, json.dumps(rows, separators=(",", ":")) + "\n")


def _run_folder(machine: Machine) -> Answer:
    """`ls` of pid files, pppd's records and xl2tpd's pipe; each pattern lists what it matches."""
    state, booted = machine.state, machine.booted
    files = [
        ("crond", 4, booted + 18, "-rw-r--r--"),
        ("haproxy", 5, booted + 102, "-rw-r--r--"),
        ("ntpd", 4, booted + 29, "-rw-r--r--"),
        ("sshd", 4, booted + 30, "-rw-r--r--"),
    ]
    if state.charon_running:
        files += [
            ("charon", 5, machine.charon_started + 6, "-rw-r--r--"),
            ("starter.charon", 5, machine.charon_started, "-rw-r--r--"),
        ]
    links = [(each.interface, 5, each.since, "-rw-r--r--") for each in state.sessions]
    daemon = [("xl2tpd", 5, machine.xl2tpd_started, "-rw-r-----")] if state.xl2tpd_running else []
    rows = [
        (f"/var/run/{name}.pid", size, when, mode)
        for name, size, when, mode in (*files, *links, *links, *daemon, *daemon)
    ]
    if machine.had_sessions or state.sessions:
        rows.append((_TDB, 8192, machine.booted + 120, "-rw-r--r--"))
    lines = [
        f"{mode} 1 root root {size:>4} {full_iso(when)} {name}"
        for name, size, when, mode in sorted(rows)
    ]
    missing = [] if links else ["/var/run/ppp*"]
    missing += [] if state.xl2tpd_running else ["/var/run/xl2tpd*"]
    if state.xl2tpd_running:
        stamp = full_iso(machine.xl2tpd_started)
        lines += [
            "",
            "/var/run/xl2tpd:",
            "total 0",
            f"prw-------  1 root root   0 {stamp} l2tp-control",
        ]
    complaint = "".join(
        f"ls: cannot access '{pattern}': No such file or directory\n" for pattern in missing
    )
    return Answer(2 if missing else 0, "\n".join(lines) + "\n", complaint)


RENDERED: dict[str, Callable[[Machine], Answer]] = {
    "tdbdump": _records,
    "l2tp_session": _sessions,
    "l2tp_tunnel": _tunnels,
    "l2tp_tunnel_json": _tunnels_as_json,
    "run_ppp": _run_folder,
}
