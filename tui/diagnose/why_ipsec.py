"""Rules for clients whose key is right and that get no tunnel: rungs 4 to 7."""

import re
from typing import Final

from tui.diagnose.verdicts import Evidence, Outcome
from tui.diagnose.why_case import (
    GUESS,
    LIKELY,
    OPEN,
    SURE,
    ClientCase,
    Finding,
    of_packet,
)
from tui.diagnose.why_ike import gate_proof
from tui.diagnose.why_logs import DAEMON_LOG
from tui.diagnose.why_stops import XL2TPD, XL2TPD_CONFIG, last_stop, stopped_later
from tui.logs.attempts import Rung

_DROPS_L2TP: Final = re.compile(r"--dport 1701\b.*-j (?:DROP|REJECT)$")
TOO_EARLY_SECONDS: Final = 15
"""Clients begin with L2TP within a few seconds; before that silence means nothing."""


def esp_proposals(case: ClientCase) -> Finding | None:
    """No algorithms in common for ESP, said by charon."""
    found = case.said("no matching proposal found", "no acceptable proposal found")
    if not found or case.rung >= Rung.ESP_PROPOSAL:
        return None
    offered = case.said("received proposals: ESP:")
    return Finding(
        category="esp_proposal_mismatch",
        outcome="fail",
        certainty=SURE,
        evidence=(*found[:1], *offered[:1], *case.said("configured proposals: ESP:")[:1]),
    )


def selectors(case: ClientCase) -> Finding | None:
    """The client proposes other traffic than L2TP, or tunnel mode."""
    found = case.said("no matching CHILD_SA config found", "traffic selectors", "INVAL_ID")
    if not found or case.rung >= Rung.CHILD_ESTABLISHED:
        return None
    looks_right = all("l2f" in each.text or "1701" in each.text for each in found[:1])
    return Finding(
        category="ts_or_mode_mismatch",
        outcome="fail",
        certainty=SURE,
        evidence=found,
        says="The selectors are those of L2TP, so it is tunnel mode." if looks_right else "",
    )


def rejected_server(case: ClientCase) -> Finding | None:
    """Established, and at once deleted by the client, before any ESP was proposed."""
    if case.rung != Rung.IKE_ESTABLISHED:
        return None
    deleted = case.said("received DELETE for IKE_SA")
    if not deleted and (case.last is None or case.last.end != "deleted"):
        return None
    return Finding(
        category="server_id_mismatch",
        outcome="fail",
        certainty=0.85,
        evidence=(*deleted, *case.said("established between")),
        others=("normal_disconnect",),
    )


def phase_two_never_came(case: ClientCase) -> Finding | None:
    """The key was accepted, and nothing more is heard."""
    if not Rung.KEY_ACCEPTED <= case.rung < Rung.CHILD_ESTABLISHED:
        return None
    return Finding(
        category="server_id_mismatch",
        outcome="fail",
        certainty=GUESS,
        evidence=case.top,
        says="The key is right; the client does not go on to phase 2.",
        others=("esp_proposal_mismatch", "ts_or_mode_mismatch", "udp4500_blocked"),
        next_look="daemon.log of that time, and what the client itself says",
    )


def daemon_gone(case: ClientCase) -> Finding | None:
    """IPsec stands and nobody listens on UDP 1701."""
    if case.rung != Rung.CHILD_ESTABLISHED:
        return None
    closed = case.packets.unreachable.get(1701) if case.packets is not None else None
    wire = (of_packet(closed),) if closed is not None else ()
    bad, stopped = bad_config_lines(case), stopped_lines(case)
    # The state is of now: what has ended since then was there when the client tried.
    lived = stopped_later(case.logs, XL2TPD, _tried_until(case))
    gone = case.facts.xl2tpd_runs is False and not lived
    if bad and (gone or wire or case.facts.xl2tpd_runs is None):
        return Finding(
            category="xl2tpd_bad_config",
            outcome="fail",
            certainty=SURE,
            evidence=(*bad, *wire, *_no_socket(case)),
        )
    if not gone and not wire and not (stopped and case.facts.xl2tpd_runs is None):
        return None
    counted = case.counted
    spoke = counted is not None and counted.sent > 0
    return Finding(
        category="xl2tpd_down",
        outcome="dropped" if spoke else "fail",
        certainty=SURE if stopped else 0.65,
        evidence=(*_no_socket(case), *wire, *stopped, *case.top),
        says="The capture shows the router answering that UDP 1701 is closed." if wire else "",
        others=() if stopped else ("xl2tpd_bad_config",),
        next_look="" if stopped else "`systemctl status xl2tpd`: whether it was stopped or failed",
    )


def _no_socket(case: ClientCase) -> tuple[Evidence, ...]:
    """Proof that nothing listens on 1701."""
    if case.facts.xl2tpd_runs is not False:
        return ()
    name = "pgrep_xl2tpd" if case.facts.has("pgrep_xl2tpd") else "ss_udp"
    return case.facts.silence(name, "no xl2tpd: nothing listens on UDP 1701")


def bad_config_lines(case: ClientCase) -> tuple[Evidence, ...]:
    """xl2tpd's complaint about its configuration, unless it has come up after that."""
    lines = last_stop(case.logs, XL2TPD_CONFIG, _tried_until(case))
    if case.facts.line(_UNIT, "active (running)"):
        return lines
    unit = case.facts.line(_UNIT, "parse_config:")
    failed = case.facts.line(_UNIT, "Unable to load config file")
    return (*lines, *(unit or failed))


def stopped_lines(case: ClientCase) -> tuple[Evidence, ...]:
    """Proof that xl2tpd was stopped or died, and did not fail to start."""
    if bad_config_lines(case):
        return ()
    unit = case.facts.line(_UNIT, "inactive (dead)") or case.facts.line(_UNIT, "active (exited)")
    return (*unit, *last_stop(case.logs, XL2TPD, _tried_until(case)))


def _tried_until(case: ClientCase) -> float:
    return case.lifetime[1]


_UNIT: Final = "systemctl_status_xl2tpd"


def l2tp_dropped(case: ClientCase) -> Finding | None:
    """Packets are decrypted and never answered although xl2tpd is there: the rule for UDP 1701."""
    if case.rung != Rung.CHILD_ESTABLISHED or _tunnel_asked_again(case):
        return None
    counted, gate = case.counted, gate_proof(case, 1701)
    silent = counted is not None and counted.received > 0 and counted.sent == 0
    if not silent and not (gate and counted is None):
        return None
    gate = gate or _dropped_by_hand(case)
    if not gate and case.facts.lets_in(1701, case.client):
        return None
    known = case.facts.xl2tpd_runs
    counters = counted.evidence if counted is not None else ()
    return Finding(
        category="udp1701_fw_rule_missing",
        outcome="fail",
        certainty=SURE if gate and silent else LIKELY if known or gate else OPEN,
        evidence=(*gate, *counters, *case.facts.line("ss_udp", ":1701"), *case.top),
        says="charon counts bytes that came in and none that went out." if silent else "",
        others=() if known or gate else ("xl2tpd_down", "xl2tpd_bad_config"),
        next_look="" if known or gate else "`ss -lunp`: whether xl2tpd listens on UDP 1701",
    )


def _dropped_by_hand(case: ClientCase) -> tuple[Evidence, ...]:
    """A rule of somebody's own that drops L2TP, and has done so."""
    dropped = any(
        rule.chain == "INPUT" and _DROPS_L2TP.search(rule.text) and rule.packets
        for rule in case.facts.filter or ()
    )
    return case.facts.line("iptables_filter", "--dport 1701", "-j DROP") if dropped else ()


def _tunnel_asked_again(case: ClientCase) -> tuple[Evidence, ...]:
    """The client asks for a tunnel that it has. Such a tunnel never stands, so that its lines may
    be an attempt of their own."""
    words = ("Peer requested tunnel", "Peer requested call")
    return case.said_near(*words, seconds=_SAME_TRY_SECONDS, below=Rung.CALL)


_SAME_TRY_SECONDS: Final = 120.0


def esp_lost_outbound(case: ClientCase) -> Finding | None:
    """xl2tpd hears the client and the client does not hear xl2tpd."""
    if not Rung.CHILD_ESTABLISHED <= case.rung < Rung.CALL:
        return None
    counted = case.counted
    if counted is not None and counted.sent == 0:
        return None
    again = _tunnel_asked_again(case)
    gave_up = case.said_near(
        "Maximum retries",
        "(Timeout)",
        "select timeout with max retries",
        seconds=_SAME_TRY_SECONDS,
        below=Rung.CALL,
    )
    if not again and not gave_up:
        return None
    return Finding(
        category="esp_blocked_outbound",
        outcome="fail",
        certainty=SURE if again and gave_up else LIKELY,
        evidence=(*again[:3], *gave_up[:2]),
    )


def esp_lost_inbound(case: ClientCase) -> Finding | None:
    """ESP is sent by the client and not one byte of it is decrypted."""
    counted = case.counted
    if case.rung != Rung.CHILD_ESTABLISHED or (counted is not None and counted.received > 0):
        return None
    received, _ = case.esp or (0, 0)
    blocked = case.facts.line("iptables_mangle", "-p esp", "-j DROP")
    age = counted.seconds if counted is not None else case.sa_seconds
    old = (age or 0) > TOO_EARLY_SECONDS
    wire = (of_packet(case.packets.firsts["esp"]),) if received and case.packets else ()
    if counted is not None and (received or (blocked and old)):
        certainty = SURE
    elif blocked:
        certainty = LIKELY
    elif counted is not None and old and case.esp is None:
        # Behind NAT it travels as IKE does, in UDP 4500, which gets through.
        certainty = LIKELY if counted.is_closed and not _in_udp(case) else OPEN
    elif counted is not None and old:
        certainty = LIKELY
    else:
        return None
    return Finding(
        category="esp_blocked_inbound",
        outcome="fail",
        certainty=certainty,
        evidence=(*(counted.evidence if counted else ()), *blocked, *wire, *case.top),
        says="" if received else "Nothing of it is in a capture either." if case.esp else "",
        others=("ok",) if certainty < LIKELY else (),
        next_look="a packet capture of 30 s: whether ESP of the client arrives"
        if certainty < LIKELY
        else "",
    )


def _in_udp(case: ClientCase) -> bool:
    return case.last is not None and case.last.behind_nat


def ipsec_only(case: ClientCase) -> Finding | None:
    """IPsec stands and nothing was sent yet: too early to blame anything."""
    if case.rung != Rung.CHILD_ESTABLISHED:
        return None
    received, _ = case.esp or (0, 0)
    quiet = case.counted is not None and case.counted.received == 0
    young = case.sa_seconds is not None and case.sa_seconds <= TOO_EARLY_SECONDS
    if received or (case.silence_seconds or 0) > 30:
        return None
    if quiet and case.esp is not None and case.logs.has(DAEMON_LOG):
        certainty = LIKELY if case.logs.has("vr.kern.log", "vr.messages.log") else 0.65
    elif (quiet and (young or case.esp is not None)) or case.esp is not None:
        certainty = OPEN
    else:
        return None
    return Finding(
        category="ok",
        outcome="ipsec_up_only",
        certainty=certainty,
        evidence=(*case.top, *case.facts.line("ipsec_statusall", "bytes_i")),
        says="IPsec is up; the client has not begun L2TP.",
        others=() if certainty >= LIKELY else ("esp_blocked_inbound", "conntrack_full"),
        next_look=""
        if certainty >= LIKELY
        else "whether the client goes on: a packet capture of 30 s, and the kernel's log",
    )


_BEYOND_IPSEC: Final = (
    "ppp_bad_password",
    "ppp_unknown_user",
    "ppp_no_secrets",
    "ppp_auth_protocol",
    "ppp_mppe_required",
    "ppp_lcp_timeout",
    "ip_pool_exhausted",
    "normal_disconnect",
)
"""What ends a connection in which packets go both ways, and only xl2tpd and pppd tell."""
_FEW_PACKETS: Final = 6
"""ESP packets of one side: an L2TP tunnel and its call take so many; an answer that is lost leads
to five tries."""


def talks_both_ways(case: ClientCase) -> Finding | None:
    """IPsec stands and both sides send; the logs of what went on inside are not here."""
    if case.rung != Rung.CHILD_ESTABLISHED or case.logs.has(DAEMON_LOG):
        return None
    received, sent = case.esp or (0, 0)
    if min(received, sent) < _FEW_PACKETS:
        return None
    return Finding(
        category="ok",
        outcome="ipsec_up_only",
        certainty=GUESS,
        evidence=case.top,
        says="IPsec is up and encrypted packets go both ways; how L2TP and the login went stands "
        "in logs that are not here.",
        others=(*_BEYOND_IPSEC, "esp_blocked_outbound"),
        next_look="daemon.log and the journal of pppd of that time",
    )


def silence_after_ipsec(case: ClientCase) -> Finding | None:
    """IPsec stands, then nothing, and neither counters nor a capture tell more."""
    if case.rung != Rung.CHILD_ESTABLISHED or case.last is None:
        return None
    received, sent = case.esp or (0, 0)
    if case.counted is not None:
        received, sent = case.counted.received, case.counted.sent
    heard = case.logs.has(DAEMON_LOG)
    late = (heard and (case.silence_seconds or 0) > 30) or received > 0
    causes: tuple[str, ...] = (
        "udp1701_fw_rule_missing",
        "esp_blocked_inbound",
        "xl2tpd_down",
        "xl2tpd_bad_config",
        "esp_blocked_outbound",
        "conntrack_full",
    )
    if received:
        causes = tuple(each for each in causes if each != "esp_blocked_inbound")
    if received and sent:
        causes = ("esp_blocked_outbound", *(each for each in causes if "outbound" not in each))
    says = "IPsec came up and xl2tpd says nothing; these files do not say why."
    category, others = causes[0], (*causes[1:], "ok")
    outcome: Outcome = "fail"
    if not late:
        category, outcome, others = "ok", "ipsec_up_only", causes
    if not heard and case.last.end:
        # Where xl2tpd's log lacks, its silence is no sign: the session may have been a good one.
        category, outcome = "normal_disconnect", "disconnected"
        others = (*causes, *_BEYOND_IPSEC[:-1])
        says = "IPsec came up and was closed; what went on inside stands in logs that lack here."
    elif not heard:
        others = (*others, *_BEYOND_IPSEC)
        says = "IPsec came up; what went on inside stands in logs that are not here."
    elif received and sent and case.last.started is None:
        category, outcome = "normal_disconnect", "disconnected"
        others = (*causes, "peer_dead_l2tp", "idle_timeout", "admin_user_removed")
        says = "Packets went both ways; how it began is older than these logs."
    return Finding(
        category=category,
        outcome=outcome,
        certainty=GUESS,
        evidence=(*(case.counted.evidence if case.counted else ()), *case.top),
        says=says,
        others=others,
        next_look="`ipsec statusall` (bytes_i and bytes_o), `ss -lunp`, and the chain FIREWALL_… "
        "with its counters",
    )


RULES: Final = (
    esp_proposals,
    selectors,
    rejected_server,
    phase_two_never_came,
    daemon_gone,
    esp_lost_outbound,
    l2tp_dropped,
    esp_lost_inbound,
    ipsec_only,
    talks_both_ways,
    silence_after_ipsec,
)
