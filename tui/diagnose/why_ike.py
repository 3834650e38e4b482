"""Rules for clients that do not get as far as a key: rungs 0 to 4."""

from typing import Final

from tui.diagnose.verdicts import Evidence
from tui.diagnose.why_case import (
    GUESS,
    LIKELY,
    OPEN,
    SURE,
    ClientCase,
    Finding,
    of_packet,
)
from tui.diagnose.why_logs import DAEMON_LOG
from tui.logs.attempts import Rung

_GARBAGE: Final = (
    "invalid IKE header",
    "header could not be parsed",
    "no message rules specified",
    "unsupported IKE version",
)
_UNREADABLE: Final = (
    "could not decrypt payloads",
    "decryption failed?",
    "but MAC mismatched",
    "no shared key found for",
)
FLOOD_ATTEMPTS: Final = 4
"""Attempts of one address that were all left half-done, from which on they are a flood."""


def conn_not_loaded(case: ClientCase) -> Finding | None:
    """charon knows no connection for the address that was asked."""
    found = case.said("no IKE config found for")
    if not found or case.rung > Rung.IKE_PROPOSAL:
        return None
    return Finding(
        category="vpn_conn_not_loaded",
        outcome="fail",
        certainty=SURE,
        evidence=(*found, *case.facts.line("ipsec_statusall", "...%any")),
    )


def aggressive_mode(case: ClientCase) -> Finding | None:
    """The client's mode is refused before anything else."""
    found = case.said("Aggressive Mode PSK disabled")
    if not found:
        found = case.said("a Aggressive Mode IKE_SA")
        if not found or case.rung >= Rung.KEY_ACCEPTED:
            return None
    return Finding(category="ike_mode_unsupported", outcome="fail", certainty=SURE, evidence=found)


def auth_method(case: ClientCase) -> Finding | None:
    """The client wants to prove itself in a way that the connection does not have."""
    found = case.said("none allows", "XAuthInitPSK peer configs", "public key peer configs")
    if not found or case.rung > Rung.KEY_ACCEPTED:
        return None
    return Finding(
        category="ike_auth_method_mismatch",
        outcome="fail",
        certainty=SURE,
        evidence=tuple(sorted(found, key=lambda each: "none allows" not in each.text)),
    )


def key_unreadable(case: ClientCase) -> Finding | None:
    """The first encrypted message cannot be read: another key made it."""
    found = case.said(*_UNREADABLE)
    if not found and all(each.rung < Rung.KEY_ACCEPTED for each in case.attempts):
        # Where a log begins in the midst of an attempt its lines may stand apart.
        found = case.ever_said(*_UNREADABLE)
    if not found or case.rung >= Rung.IKE_ESTABLISHED:
        return None
    half_open = case.said("deleting half open IKE_SA")
    return Finding(
        category="psk_mismatch",
        outcome="fail",
        certainty=SURE,
        evidence=(*found[:3], *case.said("processing failed")[:1], *half_open[:1]),
    )


def scanner(case: ClientCase) -> Finding | None:
    """Garbage, and nothing of the address that gets anywhere."""
    garbage = case.ever_said(*_GARBAGE) or _garbage_of(case)
    if not garbage or any(each.rung >= Rung.NAT_SEEN for each in case.attempts):
        return None
    return Finding(category="scanner_noise", outcome="n/a", certainty=LIKELY, evidence=garbage)


def _garbage_of(case: ClientCase) -> tuple[Evidence, ...]:
    """Garbage begins no IKE SA, so that the line may stand in no attempt."""
    garbage = case.logs.by_address(*(each.encode() for each in _GARBAGE))
    return tuple(garbage.get(case.client, ())[:8])


def flood(case: ClientCase) -> Finding | None:
    """One address begins and begins, and completes nothing."""
    limit = case.ever_said("half-open IKE_SA limit", "sending COOKIE notify")
    unfinished = [each for each in case.attempts if each.rung <= Rung.NAT_SEEN]
    if len(unfinished) < len(case.attempts) or case.ever_said(*_UNREADABLE, "remote host is"):
        return None
    if not limit and len(unfinished) < FLOOD_ATTEMPTS:
        return None
    if case.ever_said("no proposal found", "no IKE config", "Mode PSK", "none allows"):
        return None
    return Finding(
        category="half_open_flood",
        outcome="n/a",
        certainty=0.9 if limit else OPEN,
        evidence=(*limit, *case.ever_said("deleting half open IKE_SA"), *case.top),
        says=f"{len(unfinished)} connections were begun and none was completed.",
        others=() if limit else ("udp500_blocked", "scanner_noise"),
    )


def ike_proposals(case: ClientCase) -> Finding | None:
    """No algorithms in common, said by charon."""
    found = case.said("no proposal found")
    if not found or case.rung > Rung.IKE_PROPOSAL:
        return None
    offered = case.said("received proposals: IKE:")
    weak = any("MODP_768" in each.text or "DES_CBC/" in each.text[:80] for each in offered)
    return Finding(
        category="ike_proposal_mismatch",
        outcome="fail",
        certainty=SURE,
        evidence=(*found[:1], *offered[:1], *case.said("configured proposals: IKE:")[:1]),
        says="It also looks like what a scanner offers." if weak and not case.user else "",
    )


def nat_port(case: ClientCase) -> Finding | None:
    """Behind NAT the client goes on through UDP 4500, and nothing of that arrives."""
    if not Rung.NAT_SEEN <= case.rung < Rung.KEY_ACCEPTED:
        return None
    half_open = case.said("deleting half open IKE_SA")
    seen = case.said("remote host is behind NAT")
    packets = case.packets
    if packets is not None and packets.got("ike_nat") and not packets.gave("ike_nat"):
        on_wire: tuple[Evidence, ...] = (of_packet(packets.firsts["ike_nat"]),)
        certainty, says = SURE, "The capture shows packets for UDP 4500 that nothing answers."
    elif packets is not None and packets.got("ike"):
        on_wire, certainty = (), 0.9
        says = "Not one packet for UDP 4500 is in the capture: it is lost before the router."
    else:
        on_wire, says = (), ""
        certainty = 0.85 if half_open else OPEN
    gate = gate_proof(case, 4500)
    return Finding(
        category="udp4500_blocked",
        outcome="fail",
        certainty=max(certainty, SURE if gate else 0),
        evidence=(*on_wire, *gate, *seen[:1], *half_open[:1]),
        says=says,
        others=() if certainty > OPEN or gate else ("psk_mismatch",),
        next_look="" if certainty > OPEN or gate else "a packet capture of 30 s while it is tried",
    )


def gate_shut(case: ClientCase) -> Finding | None:
    """Nothing in the logs, and the capture shows IKE that nobody answers."""
    packets = case.packets
    if case.last is not None or packets is None or not packets.got("ike") or packets.gave("ike"):
        return None
    if closed := packets.unreachable.get(500):
        return Finding(
            category="ipsec_service_down",
            outcome="fail",
            certainty=SURE,
            evidence=(of_packet(closed), *case.facts.silence("ss_udp", "nothing listens on 500")),
        )
    gate = gate_proof(case, 500)
    if case.facts.charon_runs is False and not gate:
        return Finding(
            category="ipsec_service_down",
            outcome="fail",
            certainty=LIKELY,
            evidence=(of_packet(packets.firsts["ike"]), *case.facts.silence("ss_udp", "no charon")),
        )
    runs = case.facts.charon_runs or case.logs.has(DAEMON_LOG)
    return Finding(
        category="udp500_blocked",
        outcome="fail",
        certainty=SURE if gate else 0.9 if runs else 0.75,
        evidence=(of_packet(packets.firsts["ike"]), *gate, *case.facts.line("ss_udp", ":500 ")),
        says=f"{packets.got('ike')} requests came and none was answered.",
        others=() if gate or runs else ("ipsec_service_down",),
    )


_SAID_BY_CHARON: Final = (
    "ike_proposal_mismatch",
    "vpn_conn_not_loaded",
    "udp4500_blocked",
    "ike_mode_unsupported",
    "ike_auth_method_mismatch",
    "server_id_mismatch",
    "esp_proposal_mismatch",
    "ts_or_mode_mismatch",
    "half_open_flood",
    "conntrack_full",
    "ok",
)
"""What charon alone tells apart, once packets of IKE go both ways."""


def answered_on_the_wire(case: ClientCase) -> Finding | None:
    """A capture shows IKE both ways and no ESP; the log that says why is not here."""
    packets = case.packets
    if case.last is not None or packets is None or packets.got("esp"):
        return None
    if not packets.got("ike") or not packets.gave("ike"):
        return None
    return Finding(
        category="psk_mismatch",
        outcome="fail",
        certainty=0.3,
        evidence=(of_packet(packets.firsts["ike"]), of_packet(packets.firsts["sent ike"])),
        says="The capture shows that IKE packets arrive and are answered, and that no IPsec came "
        "of it; what charon said to them stands in a log that is not here.",
        others=_SAID_BY_CHARON,
        next_look="daemon.log or the journal of charon of that time",
    )


def clear_text(case: ClientCase) -> Finding | None:
    """L2TP that asks for a tunnel outside IPsec; a hello of an old tunnel is none."""
    packets = case.packets
    if case.rung >= Rung.IKE_ESTABLISHED or packets is None:
        return None
    if "SCCRQ" not in packets.l2tp_messages or packets.gave("l2tp"):
        return None
    refused = case.facts.line("xfrm_stat", "XfrmInTmplMismatch")
    return Finding(
        category="no_ipsec_on_client",
        outcome="fail",
        certainty=SURE if not packets.got("ike") else OPEN,
        evidence=(of_packet(packets.firsts["l2tp"]), *refused),
        says=f"{packets.got('l2tp')} packets of L2TP came without IPsec.",
        others=() if not packets.got("ike") else ("udp500_blocked",),
    )


def stuck(case: ClientCase) -> Finding | None:
    """IKE began and went no further, and charon says no reason."""
    if case.last is None or not Rung.IKE_STARTED <= case.rung < Rung.KEY_ACCEPTED:
        return None
    gate = gate_proof(case, 500)
    half_open = case.said("deleting half open IKE_SA")
    return Finding(
        category="udp500_blocked" if half_open or gate else "psk_mismatch",
        outcome="fail",
        certainty=GUESS if half_open or gate else 0.3,
        evidence=(*half_open[:1], *gate, *case.top),
        says="The client does not go on; why, these logs do not say. Its network may lose our "
        "answers.",
        others=(
            "psk_mismatch" if half_open or gate else "udp500_blocked",
            "ike_proposal_mismatch",
            "udp4500_blocked",
            "half_open_flood",
            *_NOT_SAID,
        ),
        next_look="daemon.log of that time, and a packet capture of 30 s while it is tried",
    )


_NOT_SAID: Final = (
    "ike_mode_unsupported",
    "ike_auth_method_mismatch",
    "vpn_conn_not_loaded",
    "server_id_mismatch",
)
"""What charon says in daemon.log only."""


def gate_proof(case: ClientCase, port: int) -> tuple[Evidence, ...]:
    """Proof that the firewall does not let in UDP `port`; empty where it does or is not known."""
    facts = case.facts
    who = f" from {case.client}" if case.client else ""
    if facts.gate:
        if facts.lets_in(port, case.client) is not False:
            return ()
        drop = facts.line("iptables_mangle", "-A FIREWALL_", "-j DROP")
        missing = f"no rule lets in udp {port}{who} before the chain FIREWALL_… drops"
        return (*facts.silence("iptables_mangle", missing), *drop)
    if facts.lacks_cloud_rule(port, case.client):
        return (Evidence("listFirewallRules", 0, f"no rule lets in udp {port}{who}"),)
    return ()


RULES: Final = (
    conn_not_loaded,
    aggressive_mode,
    auth_method,
    key_unreadable,
    scanner,
    flood,
    ike_proposals,
    nat_port,
    gate_shut,
    clear_text,
)
