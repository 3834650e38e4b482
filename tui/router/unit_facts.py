"""What systemd says of the router's services.

Of the VPN's daemons its word is not to be trusted: `xl2tpd` is `active` when its process is gone,
`running` while a leftover pppd is in its group, and has no main process even in health; all of the
VPN's units are disabled by design, because CloudStack starts them itself (recorded as
`xl2tpd_killed`, `vpn_idle`).
"""

from calendar import timegm
from time import strptime
from typing import Final

import msgspec

from tui.router.output import Output

SERVICES: Final = (
    "strongswan-starter",
    "ipsec",
    "xl2tpd",
    "rsyslog",
    "haproxy",
    "dnsmasq",
    "apache2",
    "cron",
    "ssh",
)
"""The services that are asked about, in the order of the answers. `ipsec` is another name of
`strongswan-starter`."""
TIME_SERVICES: Final = ("ntpsec", "ntp", "chrony", "systemd-timesyncd")


class Unit(msgspec.Struct, frozen=True):
    """A unit of systemd."""

    name: str
    """Its own name, without `.service`."""
    load: str
    active: str
    sub: str
    result: str
    main_pid: int
    restarts: int
    exit_status: int
    file_state: str
    """`enabled`, `disabled`, `generated` …"""
    fragment: str
    active_since: float | None
    """Seconds since the epoch; None if it has not been active since boot."""


def read_service_states(output: Output) -> dict[str, str]:
    """`systemctl is-active …`: service to word. The status is 0 when one of them is active."""
    return dict(zip(SERVICES, read_words_of(output), strict=True))


def read_time_service_states(output: Output) -> dict[str, str]:
    """The same for the services that set the clock."""
    return dict(zip(TIME_SERVICES, read_words_of(output), strict=True))


def read_words_of(output: Output) -> list[str]:
    """One word a line."""
    return [line.strip() for line in output.lines if line.strip()]


def read_units(output: Output) -> dict[str, Unit]:
    """`systemctl show -p …`: by name. One block a unit; its properties come in any order, and a
    unit that was asked for under two names is there twice."""
    blocks: list[dict[str, str]] = [{}]
    for line in output.lines:
        name, separator, value = line.partition("=")
        if separator:
            blocks[-1][name] = value
        elif not line.strip():
            blocks.append({})
    units = [_unit(block) for block in blocks if block]
    return {unit.name: unit for unit in units}


def _unit(block: dict[str, str]) -> Unit:
    return Unit(
        name=block["Id"].removesuffix(".service"),
        load=block.get("LoadState", ""),
        active=block.get("ActiveState", ""),
        sub=block.get("SubState", ""),
        result=block.get("Result", ""),
        main_pid=int(block.get("MainPID") or 0),
        restarts=int(block.get("NRestarts") or 0),
        exit_status=int(block.get("ExecMainStatus") or 0),
        file_state=block.get("UnitFileState", ""),
        fragment=block.get("FragmentPath", ""),
        active_since=_moment(block.get("ActiveEnterTimestamp", "")),
    )


def _moment(text: str) -> float | None:
    """`Mon 2026-11-23 03:51:44 UTC`, in the router's zone, which is UTC."""
    words = text.split()
    if len(words) < 3:
        return None
    return float(timegm(strptime(f"{words[1]} {words[2]}", "%Y-%m-%d %H:%M:%S")))


def read_failed_units(output: Output) -> tuple[str, ...]:
    """`systemctl --failed --no-legend --plain`: names of units that have failed."""
    return tuple(line.split()[0] for line in output.lines if line.strip())
