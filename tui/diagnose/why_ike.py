"""Rules for clients that do not get as far as a key: rungs 0 to 4."""

import re
from typing import Final

from tui.diagnose.verdicts import Evidence
from tui.diagnose.why_case import (
    GUESS,
    LIKELY,
    OPEN,
    SURE,
    ClientCase,
    Finding,
    of_line,
    of_packet,
    times_of,
)
from tui.diagnose.why_logs import DAEMON_LOG, MOST_FOUND
from tui.diagnose.why_probe import flood, probe, refusals, scanner
from tui.logs.attempts import LogRef, Rung

_UNREADABLE: Final = (
    "could not decrypt payloads",
    "decryption failed?",
    "but MAC mismatched",
    "no shared key found for",
)


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
    eap = case.marked("eap_requested")
    found = (*case.marked("auth_method", "peer_config_unacceptable"), *eap)
    other_ways = case.said("XAuthInitPSK peer configs", "public key peer configs")
    if not (found or other_ways) or case.rung > Rung.KEY_ACCEPTED:
        return None
    return Finding(
        category="ike_auth_method_mismatch",
        outcome="fail",
        certainty=SURE,
        evidence=(*found, *other_ways),
        says="It is set up for IKEv2 with a name and a password (EAP)." if eap else "",
    )


def key_unreadable(case: ClientCase) -> Finding | None:
    """The first encrypted message cannot be read: another key made it."""
    found = case.said(*_UNREADABLE) or _unreadable_before(case)
    if not found or case.rung >= Rung.IKE_ESTABLISHED:
        return None
    half_open = case.said("deleting half open IKE_SA")
    return Finding(
        category="psk_mismatch",
        outcome="fail",
        certainty=SURE,
        evidence=(*found[:3], *case.said("processing failed")[:1], *half_open[:1]),
        says="It is the router that has no key for this client: look at "
        "/etc/ipsec.d/ipsec.any.secrets, then `ipsec rereadsecrets`."
        if case.marked("no_shared_key")
        else "",
    )


_SAME_TRY: Final = 60.0
"""Seconds within which two attempts may be one that the log tells in two parts."""


def _unreadable_before(case: ClientCase) -> tuple[Evidence, ...]:
    """Where a log begins in the midst of an attempt its lines may stand apart from the last one;
    they say nothing of one that was refused for another reason, or much later."""
    last = case.last
    if (
        last is None
        or refusals(last)
        or any(each.rung >= Rung.KEY_ACCEPTED for each in case.attempts)
    ):
        return ()
    since = min(times_of(last), default=0.0) - _SAME_TRY
    return tuple(
        of_line(mark)
        for attempt in case.attempts[:-1]
        for mark in attempt.marks
        if (mark.time is None or mark.time >= since)
        and any(each in mark.text for each in _UNREADABLE)
    )


def ike_proposals(case: ClientCase) -> Finding | None:
    """No algorithms in common, said by charon; with IKEv2 after it has seen a NAT."""
    found = case.marked("ike_no_proposal", "proposals_unacceptable")
    if not found or case.rung > Rung.NAT_SEEN:
        return None
    offered = case.said("received proposals: IKE:")
    return Finding(
        category="ike_proposal_mismatch",
        outcome="fail",
        certainty=SURE,
        evidence=(*found[:1], *offered[:1], *case.said("configured proposals: IKE:")[:1]),
    )


_ASKED_FOR: Final = re.compile(
    r"(\d\d)\[CFG\] looking for peer configs matching ([^\s\[]+)\[([^\]]*)\]\.\.\."
)


def unknown_server(case: ClientCase) -> Finding | None:
    """An IKEv2 client asks for a server of another name, and charon knows none of that name."""
    found = case.marked("no_peer_config")
    if not found or case.rung > Rung.KEY_ACCEPTED:
        return None
    line, asked = _asked_for(case)
    return Finding(
        category="server_id_mismatch",
        outcome="fail",
        certainty=0.9 if asked else OPEN,
        evidence=(*line, *found),
        says=f"It asks for the server {asked!r}, and the router goes by its address."
        if asked
        else "What it calls itself and the router fits no connection that strongSwan has loaded.",
        others=() if asked else ("ike_auth_method_mismatch", "vpn_conn_not_loaded"),
        next_look="" if asked else "`ipsec statusall`: which connections are loaded",
    )


def _asked_for(case: ClientCase) -> tuple[tuple[Evidence, ...], str]:
    """The line with the server's identity that the client asks for, and that identity; empty where
    the log does not say it or it is the router's own."""
    refused = case.marked("no_peer_config")[0]
    for line in case.logs.above(refused.file, refused.line, b"looking for peer configs matching"):
        if f"...{case.client}[" in line.text and (asked := _ASKED_FOR.search(line.text)):
            own = asked[3] in ("", "%any", asked[2])
            return (line,), "" if own else asked[3][:80]
    return (), ""


def nat_port(case: ClientCase) -> Finding | None:
    """Behind NAT the client goes on through UDP 4500, and nothing of that arrives."""
    if not Rung.NAT_SEEN <= case.rung < Rung.KEY_ACCEPTED or on_nat_port(case):
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


def on_nat_port(case: ClientCase) -> tuple[Evidence, ...]:
    """Packets from the client's address that charon got on port 4500 after it saw the NAT."""
    steps = case.last.steps if case.last is not None else []
    seen = next((each for each in steps if "remote host is behind NAT" in each.text), None)
    if seen is None:
        return ()
    return tuple(each for each in _packets_after(case, seen) if "[4500] (" in each.text)


def _packets_after(case: ClientCase, step: LogRef) -> tuple[Evidence, ...]:
    """Packets from the client's address below `step`, until charon gave the attempt up."""
    given_up = [each.line for each in case.marked("half_open") if each.file == step.source]
    until = max(given_up, default=0) or float("inf")
    needle = f"received packet: from {case.client}[".encode()
    found = case.logs.find(step.source, needle, most=MOST_FOUND)
    return tuple(each for each in found if step.line < each.line < until)


_FRAGMENT: Final = re.compile(
    r"(\d\d)\[ENC\] received fragment #.*(waiting for complete|reassembl)"
)
_BELOW: Final = 6
"""Lines below a packet within which its thread says that it is a fragment."""


def fragments(case: ClientCase) -> Finding | None:
    """A message of the client came in pieces, and not all of them."""
    if case.last is None or not Rung.IKE_STARTED <= case.rung < Rung.KEY_ACCEPTED:
        return None
    waiting: list[Evidence] = []
    for packet in _packets_after(case, case.last.steps[0]) if case.last.steps else ():
        for line in case.logs.above(packet.file, packet.line + _BELOW, b"received fragment #"):
            said = _FRAGMENT.search(line.text)
            if said is None or line.line < packet.line or f" {said[1]}[NET]" not in packet.text:
                continue
            if said[2] == "reassembl":
                return None
            waiting.append(line)
    if not waiting:
        return None
    half_open = case.said("deleting half open IKE_SA")
    return Finding(
        category="ike_fragments_lost",
        outcome="fail",
        certainty=0.65 if half_open else GUESS,
        evidence=(*waiting[:3], *half_open[:1], *case.top),
        others=("udp4500_blocked", "psk_mismatch"),
        next_look="a packet capture of 30 s while it is tried: whether the other pieces arrive",
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
    arrived = on_nat_port(case)
    likelier = "udp500_blocked" if (half_open or gate) and not arrived else "psk_mismatch"
    return Finding(
        category=likelier,
        outcome="fail",
        certainty=0.3 if likelier == "psk_mismatch" else GUESS,
        evidence=(*half_open[:1], *gate, *arrived[-1:], *case.top),
        says="Packets of its address arrive on UDP 4500 too; why it comes no further, these logs "
        "do not say."
        if arrived
        else "The client does not go on; why, these logs do not say. Its network may lose our "
        "answers.",
        others=(
            "psk_mismatch" if likelier == "udp500_blocked" else "udp500_blocked",
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
    probe,
    aggressive_mode,
    auth_method,
    unknown_server,
    key_unreadable,
    scanner,
    flood,
    ike_proposals,
    fragments,
    nat_port,
    gate_shut,
    clear_text,
)
