"""The checkup: everything that is looked at on one router, by name.

The checks of `NAMED` decide whether people can connect and whether anything is open that should not
be; the others are about how well it runs and what may come.
"""

from collections.abc import Callable
from typing import Final

import msgspec

from tui.diagnose import (
    check_drift,
    check_firewall,
    check_programming,
    check_service,
    check_sessions,
    check_users,
)
from tui.diagnose.checks import Check
from tui.diagnose.cloud_side import CloudSide
from tui.diagnose.subject import Result, Subject, unknown
from tui.router.survey import Survey


class Look(msgspec.Struct, frozen=True):
    """One thing that is looked at."""

    name: str
    group: str
    look: Callable[[Subject], Result]


NAMED: Final = (
    Look("programmed", "service", check_programming.programmed),
    Look("charon_process", "service", check_service.charon_process),
    Look("xl2tpd_process", "service", check_service.xl2tpd_process),
    Look("ports_listening", "service", check_service.ports_listening),
    Look("conn_loaded", "service", check_service.conn_loaded),
    Look("psk_present", "drift", check_drift.psk_present),
    Look("psk_matches", "drift", check_drift.psk_matches),
    Look("range_loaded", "drift", check_drift.range_loaded),
    Look("users_match", "drift", check_users.users_match),
    Look("udp500_gate", "firewall", check_firewall.gate_of(500)),
    Look("udp4500_gate", "firewall", check_firewall.gate_of(4500)),
    Look("udp1701_gate", "firewall", check_firewall.gate_of(1701)),
    Look("forward_rules", "firewall", check_firewall.forward_rules),
    Look("ip_forward", "firewall", check_firewall.ip_forward),
    Look("daemons_after_delete", "drift", check_programming.daemons_after_delete),
    Look("orphan_session", "sessions", check_sessions.orphan_session),
    Look("l2tp_without_ipsec", "security", check_sessions.l2tp_without_ipsec),
)
"""What decides whether the VPN works as CloudStack says."""

FURTHER: Final = (
    Look("xl2tpd_settings", "service", check_service.xl2tpd_settings),
    Look("units_failed", "service", check_service.units_failed),
    Look("standby_idle", "service", check_programming.standby_idle),
    Look("files_agree", "drift", check_drift.files_agree),
    Look("users_pushed", "drift", check_users.users_pushed),
    Look("users_confirmed", "drift", check_users.users_confirmed),
    Look("similar_names", "drift", check_users.similar_names),
    Look("vpn_ports", "firewall", check_firewall.vpn_ports),
    Look("gate_surplus", "firewall", check_firewall.gate_surplus),
    Look("input_rules", "firewall", check_firewall.input_rules),
    Look("tier_acls", "firewall", check_firewall.tier_acls),
)

LOOKS: Final = (*NAMED, *FURTHER)
NAMES: Final = tuple(look.name for look in LOOKS)


def checkup(
    survey: Survey, cloud: CloudSide | None, *, now: float | None = None
) -> tuple[Check, ...]:
    """Everything that there is to say about one router, in the order of `LOOKS`.

    `now` is our own clock, in seconds since the epoch, at the moment when the router told its time;
    without it the two are not compared. Never raises for what a router or the API said.
    """
    subject = Subject(survey, cloud, now)
    return tuple(_check(look, subject) for look in LOOKS)


def _check(look: Look, subject: Subject) -> Check:
    try:
        result = look.look(subject)
    except (ValueError, LookupError, TypeError, AttributeError) as error:
        # Answers come from outside; one that nobody foresaw must not take the others along.
        result = unknown(f"the answers could not be read: {type(error).__name__}: {error}")
    return Check(
        name=look.name,
        group=look.group,
        state=result.state,
        says=result.says,
        evidence=result.evidence,
        fix=result.fix,
        action=result.action,
    )
