"""The checkup: everything that is looked at on one router, by name.

The checks of `NAMED` decide whether people can connect and whether anything is open that should not
be; the others are about how well it runs and what may come.
"""

from collections.abc import Callable
from typing import Final

import msgspec

from tui.diagnose import (
    check_capacity,
    check_drift,
    check_firewall,
    check_hardening,
    check_logins,
    check_machine,
    check_network,
    check_passing,
    check_people,
    check_programming,
    check_router,
    check_service,
    check_sessions,
    check_tuning,
    check_users,
)
from tui.diagnose.bundle import Bundle
from tui.diagnose.checks import Check
from tui.diagnose.cloud_side import CloudSide
from tui.diagnose.subject import Result, Subject, prove, unknown
from tui.router.commands import DATE
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
    Look("forward_rules", "firewall", check_passing.forward_rules),
    Look("ip_forward", "firewall", check_passing.ip_forward),
    Look("daemons_after_delete", "drift", check_programming.daemons_after_delete),
    Look("orphan_session", "sessions", check_sessions.orphan_session),
    Look("l2tp_without_ipsec", "security", check_sessions.l2tp_without_ipsec),
)
"""What decides whether the VPN works as CloudStack says."""

FURTHER: Final = (
    Look("right_router", "router", check_router.right_router),
    Look("router_state", "router", check_router.router_state),
    Look("router_version", "router", check_router.router_version),
    Look("redundancy", "router", check_router.redundancy),
    Look("standby_idle", "router", check_programming.standby_idle),
    Look("network_offering", "router", check_router.network_offering),
    Look("health_checks", "router", check_router.health_checks),
    Look("xl2tpd_settings", "service", check_service.xl2tpd_settings),
    Look("units_failed", "service", check_service.units_failed),
    Look("files_agree", "drift", check_drift.files_agree),
    Look("users_pushed", "drift", check_users.users_pushed),
    Look("users_confirmed", "drift", check_users.users_confirmed),
    Look("similar_names", "drift", check_users.similar_names),
    Look("vpn_ports", "firewall", check_firewall.vpn_ports),
    Look("rules_pushed", "firewall", check_firewall.rules_pushed),
    Look("gate_surplus", "firewall", check_firewall.gate_surplus),
    Look("input_rules", "firewall", check_firewall.input_rules),
    Look("tier_acls", "firewall", check_passing.tier_acls),
    Look("removed_people", "sessions", check_people.removed_people),
    Look("inner_addresses", "sessions", check_people.inner_addresses),
    Look("shared_logins", "sessions", check_people.shared_logins),
    Look("ike_without_session", "sessions", check_capacity.ike_without_session),
    Look("public_address", "network", check_router.public_address),
    Look("routes", "network", check_network.routes),
    Look("gateway", "network", check_network.gateway),
    Look("rp_filter", "network", check_network.rp_filter),
    Look("disk_space", "machine", check_machine.disk_space),
    Look("inodes", "machine", check_machine.inodes),
    Look("root_writable", "machine", check_machine.root_writable),
    Look("memory", "machine", check_machine.memory),
    Look("load", "machine", check_machine.load),
    Look("kernel_complaints", "machine", check_machine.kernel_complaints),
    Look("clock", "machine", check_machine.clock),
    Look("time_server", "machine", check_machine.time_server),
    Look("addresses", "capacity", check_capacity.addresses),
    Look("user_slots", "capacity", check_capacity.user_slots),
    Look("throughput", "capacity", check_capacity.throughput),
    Look("conntrack", "capacity", check_network.conntrack),
    Look("proposals", "hardening", check_hardening.proposals),
    Look("weak_in_use", "hardening", check_hardening.weak_in_use),
    Look("failed_logins", "hardening", check_logins.failed_logins),
    Look("clear_text_attempts", "hardening", check_hardening.clear_text_attempts),
    Look("file_modes", "hardening", check_hardening.file_modes),
    Look("key_age", "hardening", check_hardening.key_age),
    Look("pool_overlaps", "hardening", check_hardening.pool_overlaps),
    Look("mtu", "tuning", check_tuning.mtu),
    Look("mss_clamp", "tuning", check_tuning.mss_clamp),
    Look("aes_hardware", "tuning", check_tuning.aes_hardware),
    Look("nic_driver", "tuning", check_network.nic_driver),
    Look("lost_packets", "tuning", check_network.lost_packets),
)
"""What else there is to know of the router and of the VPN."""

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


def checkup_bundle(bundle: Bundle) -> tuple[Check, ...]:
    """The checkup of what was gathered at one moment, logs included."""
    subject = Subject(bundle.survey, bundle.cloud, clock_of(bundle.survey), logs=bundle.logs)
    return tuple(_check(look, subject) for look in LOOKS)


def clock_of(survey: Survey) -> float | None:
    """Our own clock when the router was asked for its time; None where no answer says it."""
    answer = survey.answers.get(DATE.name)
    return answer.taken.timestamp() if answer is not None and answer.taken is not None else None


def _not_understood(read: tuple[str, ...], error: Exception) -> Result:
    """What is said where an answer has another form than anybody foresaw."""
    names = ", ".join(read)
    says = (
        f"an answer was not understood: {read[0]}"
        if len(read) == 1
        else (
            f"one of these answers was not understood: {names}"
            if names
            else "what CloudStack says was not understood"
        )
    )
    trouble = prove(read[0] if read else "cloud", f"{type(error).__name__}: {error}")
    return msgspec.structs.replace(unknown(says), evidence=trouble)


def _check(look: Look, subject: Subject) -> Check:
    subject.begin()
    try:
        result = look.look(subject)
    except (ValueError, LookupError, TypeError, AttributeError) as error:
        # Answers come from outside; one that nobody foresaw must not take the others along.
        result = _not_understood(subject.read, error)
    return Check(
        name=look.name,
        group=look.group,
        state=result.state,
        says=result.says,
        evidence=result.evidence,
        fix=result.fix,
        action=result.action,
        steps=result.steps,
    )
