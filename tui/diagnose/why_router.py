"""Rules for the router itself, where no client has tried."""

from collections.abc import Callable
from math import inf
from typing import Final

from tui.diagnose.subject import Subject
from tui.diagnose.verdicts import Evidence
from tui.diagnose.why_case import LIKELY, OPEN, SURE, ClientCase, Finding
from tui.diagnose.why_facts import VPN_PORTS
from tui.diagnose.why_ike import gate_proof
from tui.diagnose.why_ipsec import bad_config_lines, stopped_lines
from tui.diagnose.why_logs import DAEMON_LOG
from tui.diagnose.why_session import deleting_lines
from tui.diagnose.why_stops import CHARON, KERNEL_LOGS, last_stop
from tui.diagnose.why_traffic import forward_rules_missing
from tui.diagnose.xl2tpd_start import Reading, reading
from tui.router import commands

Rule = Callable[[ClientCase], Finding | None]


def _fault(category: str, *evidence: Evidence, says: str = "", drift: bool = False) -> Finding:
    return Finding(
        category=category,
        outcome="drift" if drift else "n/a",
        certainty=SURE,
        evidence=evidence,
        says=says,
    )


def not_wanted(case: ClientCase) -> Finding | None:
    """CloudStack has no VPN on this router."""
    facts = case.facts
    log = deleting_lines(case) if facts.is_wanted is None else ()
    if facts.is_wanted is not False and not log:
        return None
    alive = (*facts.line("pgrep_charon", "charon"), *facts.line("pgrep_xl2tpd", "xl2tpd"))
    if not alive and (facts.charon_runs or facts.xl2tpd_runs):
        alive = facts.line("ss_udp", "charon") or facts.line("ss_udp", "xl2tpd")
    if alive:
        return _fault("vpn_deleted_daemons_left", *alive, *log, drift=True)
    if facts.charon_runs is None and facts.xl2tpd_runs is None and log:
        return Finding(
            category="vpn_deleted_daemons_left",
            outcome="drift",
            certainty=OPEN,
            evidence=log,
            others=("ok",),
            next_look="`pgrep -a charon; pgrep -a xl2tpd`: whether the daemons still run",
        )
    return Finding(
        category="ok",
        outcome="n/a",
        certainty=0.9,
        says="There is no VPN on this router, and CloudStack wants none.",
    )


def not_programmed(case: ClientCase) -> Finding | None:
    """CloudStack has a VPN, and the router was never told since it booted."""
    facts = case.facts
    answer = facts.survey.answers.get("bag_remoteaccessvpn")
    absent = answer is not None and answer.status != 0
    if not absent or facts.charon_runs is not False:
        return None
    if facts.cloud is None or not facts.cloud.has_vpn:
        return None
    return Finding(
        category="ipsec_service_down",
        outcome="drift",
        certainty=SURE,
        evidence=facts.silence("bag_remoteaccessvpn", "no such file: not pushed since boot"),
        says="The router booted without being told of its VPN. Restart the network, so that "
        "CloudStack sends everything again; mending files on the router does not help.",
    )


def standing_by(case: ClientCase) -> Finding | None:
    """The one of a pair that does nothing: its daemons rest until it takes over."""
    facts = case.facts
    subject = Subject(facts.survey, facts.cloud)
    if not (subject.is_redundant and subject.stands_by) or facts.charon_runs:
        return None
    return Finding(
        category="ok",
        outcome="n/a",
        certainty=0.9,
        evidence=facts.line("checkrouter", "Status"),
        says="This router stands by: its daemons rest until it takes over. Look at the other one "
        "of the pair, which serves the clients.",
    )


def charon_down(case: ClientCase) -> Finding | None:
    """No charon where one is wanted, or where xl2tpd waits for it."""
    facts = case.facts
    if facts.charon_runs is not False or not (facts.is_wanted or facts.xl2tpd_runs):
        return None
    name = "pgrep_charon" if facts.has("pgrep_charon") else "ss_udp"
    says = ""
    if facts.xl2tpd_runs:
        says = "xl2tpd goes on without it: whoever sends L2TP in clear text is let in."
    return _fault("ipsec_service_down", *facts.silence(name, "no charon"), says=says)


def charon_stopped(case: ClientCase) -> Finding | None:
    """Where nothing says whether charon runs: it was stopped and has not come back in the logs."""
    facts = case.facts
    if facts.charon_runs is not None or facts.is_wanted is False:
        return None
    stopped = last_stop(case.logs, CHARON)
    unit = facts.line(_UNIT, "inactive (dead)") or facts.line(_UNIT, "Active: failed")
    if not stopped and not unit:
        return None
    certainty = SURE if stopped and unit else LIKELY if stopped else OPEN
    return Finding(
        category="ipsec_service_down",
        outcome="n/a",
        certainty=certainty,
        evidence=(*stopped, *unit),
        says="It was stopped, and no line says that it was started again." if stopped else "",
        others=() if certainty >= LIKELY else ("ok",),
        next_look="" if certainty >= LIKELY else "`pgrep -a charon`: whether it runs",
    )


_UNIT: Final = "systemctl_status_strongswan_starter"


def xl2tpd_gone(case: ClientCase) -> Finding | None:
    """No xl2tpd where one is wanted, or where charon waits for it."""
    facts = case.facts
    if facts.xl2tpd_runs is not False or not (facts.is_wanted or facts.charon_runs):
        return None
    name = "pgrep_xl2tpd" if facts.has("pgrep_xl2tpd") else "ss_udp"
    gone = facts.silence(name, "no xl2tpd")
    bad = bad_config_lines(case)
    if bad:
        return _fault("xl2tpd_bad_config", *bad, *gone)
    return Finding(
        category="xl2tpd_down",
        outcome="n/a",
        certainty=SURE if stopped_lines(case) else LIKELY,
        evidence=(*gone, *stopped_lines(case)),
        others=() if stopped_lines(case) else ("xl2tpd_bad_config",),
    )


def wrong_connection(case: ClientCase) -> Finding | None:
    """charon has loaded a connection for another address."""
    facts = case.facts
    address = facts.vpn_address
    if not address or facts.ipsec is None or not facts.ipsec.running or not facts.is_wanted:
        return None
    if any(each.local == address for each in facts.ipsec.connections):
        return None
    loaded = facts.line("ipsec_statusall", "...%any") or facts.silence(
        "ipsec_statusall", "no connection is loaded"
    )
    return _fault("vpn_conn_not_loaded", *loaded)


def wrong_key(case: ClientCase) -> Finding | None:
    """The key file is not the API's key."""
    facts = case.facts
    have = facts.fact(commands.PSK_SHA256)
    if facts.cloud is None or not facts.cloud.psk_sha256 or have is None:
        return None
    if have == facts.cloud.psk_sha256:
        return None
    says = "The router's key is not CloudStack's." if have else "The router has no key at all."
    proof = facts.silence("psk_sha256", "another digest than that of CloudStack's key")
    return _fault("psk_mismatch", *proof, says=says, drift=True)


def shut_ports(case: ClientCase) -> Finding | None:
    """The firewall of the public address does not let in a port."""
    if case.facts.is_wanted is False:
        return None
    categories = ("udp500_blocked", "udp4500_blocked", "udp1701_fw_rule_missing")
    for port, category in zip(VPN_PORTS, categories, strict=True):
        if proof := gate_proof(case, port):
            return _fault(category, *proof)
    return None


def forwards_nothing(case: ClientCase) -> Finding | None:
    """The kernel or its rules pass nothing on."""
    if case.facts.forwards is False:
        return _fault("forwarding_disabled", *case.facts.line("sysctl", "net.ipv4.ip_forward"))
    if case.facts.is_wanted and (missing := forward_rules_missing(case)):
        return _fault("forward_rule_missing", *missing)
    return None


def old_range(case: ClientCase) -> Finding | None:
    """xl2tpd was started before its present configuration was written."""
    facts = case.facts
    read = reading(Subject(facts.survey, facts.cloud))
    is_older = isinstance(read, Reading) and bool(read.is_older)
    written = facts.fact(commands.XL2TPD_CONF)
    differs = (
        facts.cloud is not None
        and bool(facts.cloud.pool)
        and written is not None
        and written.pool != facts.cloud.pool
    )
    if not is_older and not differs:
        return None
    proof = facts.silence("xl2tpd_started", "xl2tpd is older than its configuration")
    line = facts.line("xl2tpd_conf", "ip range")
    return _fault("stale_ip_range", *(proof if not differs else ()), *line, drift=True)


def nobody_may(case: ClientCase) -> Finding | None:
    """chap-secrets names nobody."""
    if case.facts.is_wanted and case.facts.known_users == frozenset():
        proof = case.facts.silence("chap_users", "chap-secrets names nobody")
        return _fault("ppp_no_secrets", *proof)
    return None


def full_table(case: ClientCase) -> Finding | None:
    """The kernel drops packets for want of room."""
    settings = case.facts.fact(commands.SYSCTL) or {}
    try:
        count = int(settings["net.netfilter.nf_conntrack_count"])
        most = int(settings["net.netfilter.nf_conntrack_max"])
    except (KeyError, ValueError):
        count, most = 0, 0
    end = case.logs.end
    since = 0.0 if end is None else end - _LATELY
    lines = case.logs.between(KERNEL_LOGS, since, inf, b"nf_conntrack: table full")
    if most and count >= most:
        return _fault("conntrack_full", *case.facts.line("sysctl", "nf_conntrack_count"), *lines)
    if lines and not most:
        return _fault("conntrack_full", *lines)
    return None


_LATELY: Final = 3600.0
"""Seconds before the end of the logs in which a line still tells of now."""


def nothing_wrong(case: ClientCase) -> Finding:
    """Nobody tried, and nothing that was looked at is wrong."""
    facts = case.facts
    logged = case.logs.has(DAEMON_LOG)
    looked = facts.charon_runs is not None and facts.xl2tpd_runs is not None and logged
    refused = facts.kernel_counter("XfrmInTmplMismatch")
    clear = looked and refused > 0 and facts.capture is None
    says = "Nobody has tried, as far as these files go."
    if clear:
        says += f" {refused} packets of L2TP without IPsec were refused since boot."
    unseen: tuple[str, ...] = () if looked else ("udp500_blocked", "ipsec_service_down")
    if not facts.gate and facts.capture is None:
        unseen = ("udp500_blocked", *unseen[1:])
    return Finding(
        category="ok",
        outcome="n/a",
        certainty=0.9 if looked and facts.gate else OPEN if looked else 0.3,
        evidence=facts.line("ss_udp", ":500") + facts.line("ss_udp", ":1701"),
        says=says,
        others=(*unseen, *(("no_ipsec_on_client",) if clear else ())),
        next_look="a packet capture of 60 s while somebody tries: packets that do not arrive "
        "leave no line in any log",
    )


RULES: Final[tuple[Rule, ...]] = (
    not_wanted,
    standing_by,
    not_programmed,
    charon_down,
    charon_stopped,
    xl2tpd_gone,
    wrong_connection,
    wrong_key,
    shut_ports,
    forwards_nothing,
    old_range,
    nobody_may,
    full_table,
)
"""The worst first; where none applies, `nothing_wrong`."""
