"""Processes, units and sockets in the form a CloudStack 4.22 router prints them.

The unit of xl2tpd lies as on a real router: it comes from an init script, so systemd calls it
active after its process has died.
"""

import re
from collections.abc import Callable
from typing import NamedTuple

from tui.lab.router.machine import Machine, call_of, tunnel_of
from tui.lab.router.recorded import Answer, recorded
from tui.lab.router.times import for_systemd, in_words, since
from tui.lab.state import LabSession

_PPPD = (
    "/usr/sbin/pppd plugin pppol2tp.so pppol2tp {n} pppol2tp_lns_mode pppol2tp_tunnel_id {tunnel}"
    " pppol2tp_session_id {call} passive nodetach {local}:{inner} refuse-pap"
    " file /etc/ppp/options.xl2tpd"
)


class Process(NamedTuple):
    """One process of the VPN."""

    pid: int
    parent: int
    started: float
    kilobytes: int
    threads: int
    arguments: str


def pppd_arguments(machine: Machine, number: int, session: LabSession) -> str:
    """The command line of the pppd of a session, the `number`th that runs."""
    return _PPPD.format(
        n=7 + 2 * number,
        tunnel=tunnel_of(session.pid),
        call=call_of(session.pid),
        local=machine.local_ip,
        inner=session.offered_ip or session.inner_ip,
    )


def processes(machine: Machine) -> list[Process]:
    """starter, charon, xl2tpd, and one pppd per session; pppds outlive an xl2tpd that died."""
    state, found = machine.state, []
    if state.charon_running:
        started = machine.charon_started
        found += [
            Process(
                machine.starter_pid,
                1,
                started,
                3236,
                1,
                "/usr/lib/ipsec/starter --daemon charon --nofork",
            ),
            Process(
                machine.charon_pid,
                machine.starter_pid,
                started,
                15988,
                17,
                "/usr/lib/ipsec/charon",
            ),
        ]
    if state.xl2tpd_running:
        found.append(
            Process(machine.xl2tpd_pid, 1, machine.xl2tpd_started, 1640, 1, "/usr/sbin/xl2tpd")
        )
    live = machine.live_sessions
    found += [
        Process(
            session.pid,
            machine.xl2tpd_pid if session in live else 1,
            session.since - 1,
            5244,
            1,
            pppd_arguments(machine, number, session),
        )
        for number, session in enumerate(state.sessions)
    ]
    return found


def _pgrep(word: str) -> Callable[[Machine], Answer]:
    """`pgrep -a WORD`: looks at the name of the program only."""

    def answer(machine: Machine) -> Answer:
        rows = [
            f"{process.pid} {process.arguments}\n"
            for process in processes(machine)
            if word in process.arguments.split()[0].rpartition("/")[2]
        ]
        return Answer(0 if rows else 1, "".join(rows))

    return answer


def _ps(machine: Machine) -> Answer:
    now = machine.now()
    rows = [
        f"{each.pid:>7} {each.parent:>7} {in_words(each.started)} "
        f"{max(0, int(now - each.started)):>7} {each.kilobytes:>5} {each.threads:>4} "
        f"{each.arguments}\n"
        for each in processes(machine)
    ]
    head = "    PID    PPID                  STARTED ELAPSED   RSS NLWP COMMAND\n"
    return Answer(0 if rows else 1, head + "".join(rows))


def _is_active(machine: Machine) -> Answer:
    units = [_charon_unit(machine).active, _charon_unit(machine).active, _l2tp_unit(machine).active]
    return Answer(0, "".join(f"{word}\n" for word in (*units, *["active"] * 6)))


class _Unit(NamedTuple):
    active: str
    sub: str
    result: str
    exit_code: int
    exit_status: int
    entered: float
    left: float


def _charon_unit(machine: Machine) -> _Unit:
    stopped = machine.charon_stopped
    if machine.state.charon_running:
        return _Unit("active", "running", "success", 0, 0, machine.charon_started, stopped)
    if not stopped:
        return _Unit("inactive", "dead", "success", 0, 0, 0.0, 0.0)
    return _Unit("inactive", "dead", "success", 1, 0, machine.charon_started, stopped)


def _l2tp_unit(machine: Machine) -> _Unit:
    state, stopped, started = machine.state, machine.xl2tpd_stopped, machine.xl2tpd_started
    if state.xl2tpd_running:
        return _Unit("active", "running", "success", 0, 0, started, stopped)
    if state.xl2tpd_unit == "failed":
        return _Unit("failed", "failed", "exit-code", 0, 0, started, stopped)
    if state.xl2tpd_unit == "stopped" or state.loaded_pool is None:
        entered = started if stopped else 0.0
        return _Unit("inactive", "dead", "success", 0, 0, entered, stopped)
    # It died: the unit stays active, and even running while a pppd of it is left.
    sub = "running" if state.sessions else "exited"
    return _Unit("active", sub, "success", 0, 0, started, 0.0)


def _show(machine: Machine) -> Answer:
    found = recorded(machine, "systemctl_show")
    if found is None:
        return Answer(0)
    blocks = found.stdout.rstrip("\n").split("\n\n")
    charon = _block(blocks[0], _charon_unit(machine), machine.starter_pid)
    l2tp = _block(blocks[2], _l2tp_unit(machine), 0)
    return Answer(0, "\n\n".join([charon, charon, l2tp, *blocks[3:]]) + "\n")


def _block(text: str, unit: _Unit, pid: int) -> str:
    values = {
        "MainPID": str(pid if unit.active == "active" else 0),
        "Result": unit.result,
        "ExecMainCode": str(unit.exit_code),
        "ExecMainStatus": str(unit.exit_status),
        "ActiveState": unit.active,
        "SubState": unit.sub,
        "ActiveEnterTimestamp": for_systemd(unit.entered) if unit.entered else "",
        "InactiveEnterTimestamp": for_systemd(unit.left) if unit.left else "",
    }
    return re.sub(
        rf"(?m)^({'|'.join(values)})=.*$", lambda match: f"{match[1]}={values[match[1]]}", text
    )


def _status(machine: Machine, unit: _Unit, head: list[str], rows: list[tuple[int, str]]) -> Answer:
    now = machine.now()
    running = unit.active == "active"
    mark = {"active": "●", "failed": "×"}.get(unit.active, "○")
    moment = unit.entered if running else unit.left
    tail = f" since {for_systemd(moment)}; {since(now - moment)} ago" if moment else ""
    result = f"Result: {unit.result}" if unit.active == "failed" else unit.sub
    lines = [
        f"{mark} {head[0]}",
        f"     Loaded: {head[1]}",
        f"     Active: {unit.active} ({result}){tail}",
    ]
    lines += head[2:]
    if running and rows:
        lines += [
            f"      Tasks: {len(rows)} (limit: 2306)",
            f"     CGroup: /system.slice/{head[0].split()[0]}",
        ]
        for number, (pid, arguments) in enumerate(rows, 1):
            lines.append(f"             {'└' if number == len(rows) else '├'}─{pid} {arguments}")
    return Answer(0 if running else 3, "\n".join(lines) + "\n")


def _charon_status(machine: Machine) -> Answer:
    head = [
        "strongswan-starter.service - strongSwan IPsec IKEv1/IKEv2 daemon using ipsec.conf",
        "loaded (/lib/systemd/system/strongswan-starter.service; disabled; preset: enabled)",
    ]
    if machine.state.charon_running:
        head.append(f"   Main PID: {machine.starter_pid} (starter)")
    rows = [(p.pid, p.arguments) for p in processes(machine) if "/ipsec/" in p.arguments]
    return _status(machine, _charon_unit(machine), head, rows)


def _l2tp_status(machine: Machine) -> Answer:
    head = [
        "xl2tpd.service - LSB: layer 2 tunelling protocol daemon",
        "loaded (/etc/init.d/xl2tpd; generated)",
        "       Docs: man:systemd-sysv-generator(8)",
    ]
    rows = [(p.pid, p.arguments) for p in processes(machine) if "/sbin/" in p.arguments]
    return _status(machine, _l2tp_unit(machine), head, rows)


def _failed(machine: Machine) -> Answer:
    if _l2tp_unit(machine).active != "failed":
        return Answer(0)
    return Answer(0, "xl2tpd.service loaded failed failed LSB: layer 2 tunelling protocol daemon\n")


def _system_state(machine: Machine) -> Answer:
    degraded = _l2tp_unit(machine).active == "failed"
    return Answer(1, "degraded\n") if degraded else Answer(0, "running\n")


_VPN_HEAD = "State  Recv-Q Send-Q Local Address:Port Peer Address:PortProcess" + 27 * " "


def _socket(local: str, name: str, pid: int, descriptor: int) -> str:
    address, _, port = local.rpartition(":")
    peer = "[::]:*" if address.startswith("[") else "0.0.0.0:*"
    users = f'users:(("{name}",pid={pid},fd={descriptor}))'
    return f"UNCONN 0      0      {address:>18}:{port:<4} {peer:>14}    {users}"


def _vpn_sockets(machine: Machine) -> list[str]:
    rows = []
    if machine.state.xl2tpd_running:
        rows.append(_socket("0.0.0.0:1701", "xl2tpd", machine.xl2tpd_pid, 3))
    if machine.state.charon_running:
        rows += [
            _socket(local, "charon", machine.charon_pid, descriptor)
            for local, descriptor in (
                ("0.0.0.0:4500", 16),
                ("0.0.0.0:500", 15),
                ("[::]:4500", 14),
                ("[::]:500", 13),
            )
        ]
    return rows


def _vpn_ports(machine: Machine) -> Answer:
    rows = _vpn_sockets(machine)
    if not rows:
        return Answer(0, "State Recv-Q Send-Q Local Address:Port Peer Address:PortProcess\n")
    return Answer(0, "\n".join([_VPN_HEAD, *rows]) + "\n")


def _udp_sockets(machine: Machine) -> Answer:
    found = recorded(machine, "ss_udp")
    if found is None:
        return Answer(0)
    head, *rows = found.stdout.splitlines()
    others = [row for row in rows if '"xl2tpd"' not in row and '"charon"' not in row]
    mine = _vpn_sockets(machine)
    if machine.state.charon_running:
        mine.append(_socket("0.0.0.0:68", "charon", machine.charon_pid, 22))
    return Answer(0, "\n".join([head, *mine, *others]) + "\n")


RENDERED: dict[str, Callable[[Machine], Answer]] = {
    "pgrep_charon": _pgrep("charon"),
    "pgrep_starter": _pgrep("starter"),
    "pgrep_xl2tpd": _pgrep("xl2tpd"),
    "pgrep_pppd": _pgrep("pppd"),
    "ps_vpn": _ps,
    "systemctl_is_active": _is_active,
    "systemctl_show": _show,
    "systemctl_status_strongswan_starter": _charon_status,
    "systemctl_status_xl2tpd": _l2tp_status,
    "systemctl_failed": _failed,
    "system_state": _system_state,
    "ss_vpn_ports": _vpn_ports,
    "ss_udp": _udp_sockets,
}
