"""What a lab router prints for each read-only command.

Commands whose output follows from the state are rendered; the rest are recordings of a real
router with its name and addresses replaced. Nothing is executed.
"""

import json
import lzma
import re
import shlex
import time
from collections.abc import Callable
from functools import cache
from importlib.resources import files
from typing import Any, NamedTuple

from tui.lab.router import vpn_answers
from tui.lab.router.logfiles import RouterLogs
from tui.lab.router.machine import Machine


class Answer(NamedTuple):
    """Exit status and both streams."""

    status: int
    stdout: str = ""
    stderr: str = ""


NOT_ALLOWED = Answer(126, "", "not a read-only command of the registry\n")


@cache
def _recordings() -> dict[str, Any]:
    packed = files("tui.lab").joinpath("data", "router_answers.json.xz").read_bytes()
    loaded: dict[str, Any] = json.loads(lzma.decompress(packed))
    return loaded


@cache
def _names() -> dict[tuple[str, ...], str]:
    return {tuple(argv): name for name, argv in _recordings()["commands"].items()}


def words_of(command: str) -> tuple[str, ...]:
    """The arguments of a command as it came over SSH; empty if it is not even quoted well."""
    try:
        words = tuple(shlex.split(command))
    except ValueError:
        return ()
    return words[1:] if words[:1] == ("LC_ALL=C",) else words


def answer(machine: Machine, argv: tuple[str, ...], logs: RouterLogs) -> Answer:
    """The answer to `argv`, a command without parameters."""
    name = _names().get(argv)
    if name is None:
        return NOT_ALLOWED
    render = _RENDERED.get(name)
    if render is not None:
        return render(machine)
    written = logs.recorded(name)
    if written is not None:
        return Answer(0, written)
    variant = "vpn" if machine.has_key else "fresh"
    recorded = _recordings()[variant].get(name)
    if recorded is None:
        return Answer(0)
    status, stdout, stderr = recorded
    return Answer(status, adapt(machine, stdout), stderr)


_RECORDED_WORDS = re.compile(
    r"r-42-VM|(?<![\d.])(?:203\.0\.113\.10|169\.254\.77\.42|10\.1\.1\.1|10\.1\.1\.0/24|10\.1\.2\.1)"
    r"(?!\d|\.\d)"
)


def adapt(machine: Machine, text: str) -> str:
    """`text` of the recorded router with the names and addresses of this one."""
    state = machine.state
    words = {
        "r-42-VM": state.name,
        "203.0.113.10": machine.public_ip,
        "169.254.77.42": state.control_ip,
        "10.1.1.1": state.guest_ip,
        "10.1.1.0/24": state.guest_cidr,
        "10.1.2.1": machine.local_ip,
    }
    return _RECORDED_WORDS.sub(lambda match: words[match.group()] or match.group(), text)


def _processes(rows: list[tuple[int, str]]) -> Answer:
    return Answer(0 if rows else 1, "".join(f"{pid} {arguments}\n" for pid, arguments in rows))


def _charon(machine: Machine) -> Answer:
    return _processes(
        [(machine.charon_pid, "/usr/lib/ipsec/charon")] if machine.state.charon_running else []
    )


def _starter(machine: Machine) -> Answer:
    arguments = "/usr/lib/ipsec/starter --daemon charon --nofork"
    return _processes([(machine.starter_pid, arguments)] if machine.state.charon_running else [])


def _xl2tpd(machine: Machine) -> Answer:
    return _processes(
        [(machine.xl2tpd_pid, "/usr/sbin/xl2tpd")] if machine.state.xl2tpd_running else []
    )


def _uptime(machine: Machine) -> Answer:
    seconds = max(0, int(time.time() - machine.booted))
    days, rest = divmod(seconds, 86400)
    clock = time.strftime("%H:%M:%S", time.gmtime())
    up = f"{days} days, {rest // 3600:2d}:{rest % 3600 // 60:02d}" if days else f"{rest // 60} min"
    return Answer(0, f" {clock} up {up},  0 user,  load average: 0.08, 0.05, 0.01\n")


def _checkrouter(machine: Machine) -> Answer:
    state = machine.state.redundant_state
    return Answer(0, f"Status: {'FAULT' if state == 'UNKNOWN' else state}\n")


def _sysctl(machine: Machine) -> Answer:
    status, stdout, _ = _recordings()["vpn"]["sysctl"]
    forward = int(machine.state.ip_forward)
    return Answer(status, stdout.replace("ip_forward = 1", f"ip_forward = {forward}"))


_RENDERED: dict[str, Callable[[Machine], Answer]] = {
    "hostname": lambda machine: Answer(0, f"{machine.state.name}\n"),
    "date": lambda _: Answer(0, f"{time.time():.9f}\n"),
    "uptime": _uptime,
    "proc_uptime": lambda m: Answer(0, f"{max(0.0, time.time() - m.booted):.2f} 1000.00\n"),
    "loadavg": lambda machine: Answer(0, f"0.08 0.05 0.01 1/184 {machine.charon_pid + 900}\n"),
    "checkrouter": _checkrouter,
    "sysctl": _sysctl,
    "pgrep_charon": _charon,
    "pgrep_starter": _starter,
    "pgrep_xl2tpd": _xl2tpd,
    "pgrep_pppd": lambda machine: _processes(vpn_answers.pppd_processes(machine)),
    "ss_vpn_ports": lambda machine: Answer(0, vpn_answers.vpn_sockets(machine)),
    "ipsec_statusall": lambda machine: Answer(*vpn_answers.ipsec_status(machine)),
    "l2tp_conf": lambda machine: Answer(0, vpn_answers.l2tp_conf(machine)),
    "xl2tpd_conf": lambda machine: Answer(0, vpn_answers.xl2tpd_conf(machine)),
    "xl2tpd_started": lambda machine: Answer(*vpn_answers.xl2tpd_started(machine)),
    "psk_sha256": lambda machine: Answer(0, f"{machine.key_digest()}  -\n"),
    "chap_users": lambda machine: Answer(0, "".join(f"{name}\n" for name in machine.logins)),
    "tdbdump": lambda machine: Answer(*vpn_answers.ppp_records(machine)),
    "l2tp_session": lambda machine: Answer(0, vpn_answers.l2tp_sessions(machine)),
    "l2tp_tunnel": lambda machine: Answer(0, vpn_answers.l2tp_tunnels(machine)),
    "iptables_mangle": lambda machine: Answer(0, vpn_answers.mangle_table(machine)),
    "iptables_filter": lambda machine: Answer(0, vpn_answers.filter_table(machine)),
    "bag_remoteaccessvpn": lambda machine: Answer(*vpn_answers.vpn_bag(machine)),
    "bag_vpnuserlist": lambda machine: Answer(*vpn_answers.user_bag(machine)),
}
