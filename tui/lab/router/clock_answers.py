"""Clock, boots and load of a lab router."""

import time
from collections.abc import Callable

from tui.lab.router.machine import Machine
from tui.lab.router.recorded import Answer
from tui.lab.router.times import for_systemd, in_words


def _up(machine: Machine) -> float:
    return max(0.0, machine.now() - machine.booted)


def _uptime(machine: Machine) -> Answer:
    seconds = int(_up(machine))
    days, rest = divmod(seconds, 86400)
    clock = time.strftime("%H:%M:%S", time.gmtime(machine.now()))
    hours = f"{rest // 3600:2d}:{rest % 3600 // 60:02d}"
    up = f"{days} day{'' if days == 1 else 's'}, {hours}" if days else f"{rest // 60} min"
    if not days and rest >= 3600:
        up = hours
    return Answer(0, f" {clock} up {up},  0 user,  load average: 0.08, 0.05, 0.01\n")


def _l2tp_started(machine: Machine) -> Answer:
    """Start of xl2tpd, time of its file, and now; status 1 and nothing where it does not run."""
    if not machine.state.xl2tpd_running:
        return Answer(1)
    now, started = int(machine.now()), int(machine.xl2tpd_started)
    return Answer(
        0,
        f"{machine.xl2tpd_pid:>7} {in_words(started)} {now - started:>7}\n{started}\n"
        f"{int(machine.configured)}\n{now}\n",
    )


def _redundancy(machine: Machine) -> Answer:
    state = machine.state.redundant_state
    return Answer(0, f"Status: {'FAULT' if state == 'UNKNOWN' else state}\n")


def _boot_id(machine: Machine) -> Answer:
    done = time.strftime("%a %b %d %H:%M:%S UTC %Y", time.gmtime(machine.booted + 53))
    return Answer(0, f"{done}\n{machine.boot_id}\n")


def _boots(machine: Machine) -> Answer:
    rows = [*machine.boots, (machine.boot_id, machine.booted, machine.now())]
    lines = ["IDX BOOT ID                          FIRST ENTRY                 LAST ENTRY"]
    for number, (boot, first, last) in enumerate(rows, 1 - len(rows)):
        lines.append(
            f"{number:>3} {boot.replace('-', '')} {for_systemd(first)} {for_systemd(last)}"
        )
    return Answer(0, "\n".join(lines) + "\n")


def _reboots(machine: Machine) -> Answer:
    def short(when: float) -> str:
        return time.strftime("%a %b %e %H:%M", time.gmtime(when))

    lines = [f"reboot   system boot  6.1.0-56-amd64   {short(machine.booted)}   still running"]
    for _, first, last in reversed(machine.boots):
        clock = time.strftime("%H:%M", time.gmtime(last))
        minutes = int(last - first) // 60
        length = f"({minutes // 1440}+{minutes % 1440 // 60:02d}:{minutes % 60:02d})"
        lines.append(f"reboot   system boot  6.1.0-56-amd64   {short(first)} - {clock} {length}")
    first = machine.boots[0][1] if machine.boots else machine.booted
    return Answer(0, "\n".join([*lines, "", f"wtmp begins {in_words(first)}"]) + "\n")


def _time_control(machine: Machine) -> Answer:
    now = time.gmtime(machine.now())
    local = time.strftime("%a %Y-%m-%d %H:%M:%S", now)
    return Answer(
        0,
        f"               Local time: {local} UTC\n           Universal time: {local} UTC\n"
        f"                 RTC time: {local}\n                Time zone: UTC (UTC, +0000)\n"
        "System clock synchronized: yes\n              NTP service: n/a\n"
        "          RTC in local TZ: no\n",
    )


def _timers(machine: Machine) -> Answer:
    now = machine.now()
    following = (int(now) // 3600 + 1) * 3600
    left = f"{int(following - now) // 60}min left"
    return Answer(
        0,
        "NEXT                        LEFT      LAST PASSED UNIT            ACTIVATES\n"
        f"{for_systemd(following)} {left:<9} -    -      logrotate.timer logrotate.service\n\n"
        "1 timers listed.\n",
    )


def _time_server(machine: Machine) -> Answer:
    """`ntpq`: a clock that is off says by how much, in milliseconds."""
    off = -1000 * machine.state.clock_offset
    mark = " " if abs(off) > 128 else "*"
    return Answer(
        0,
        "     remote           refid      st t when poll reach   delay   offset   jitter\n"
        "===============================================================================\n"
        f"{mark}203.0.113.1     192.0.2.123      2 u   49   64  377   0.7267 {off:8.3f}   1.4217\n",
    )


RENDERED: dict[str, Callable[[Machine], Answer]] = {
    "hostname": lambda machine: Answer(0, f"{machine.state.name}\n"),
    "date": lambda machine: Answer(0, f"{machine.now():.9f}\n"),
    "uptime": _uptime,
    "proc_uptime": lambda machine: Answer(0, f"{_up(machine):.2f} 1000.00\n"),
    "loadavg": lambda machine: Answer(0, f"0.08 0.05 0.01 1/184 {machine.charon_pid + 900}\n"),
    "xl2tpd_started": _l2tp_started,
    "checkrouter": _redundancy,
    "boot_up_done": _boot_id,
    "journal_boots": _boots,
    "last_reboot": _reboots,
    "timedatectl": _time_control,
    "timers": _timers,
    "ntpq": _time_server,
}
