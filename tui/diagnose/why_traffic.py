"""Rules for clients that are connected: does traffic pass, and is anything odd about them."""

import ipaddress
import re
from typing import Final

from tui.diagnose.packets import FULL_SIZE, is_size_test
from tui.diagnose.verdicts import Evidence
from tui.diagnose.why_case import (
    GUESS,
    LIKELY,
    OPEN,
    SURE,
    ClientCase,
    Finding,
    faults_of,
    of_packet,
)
from tui.diagnose.why_logs import CLOUD_LOG, DAEMON_LOG, PPP_LOGS
from tui.diagnose.why_session import offered_address
from tui.diagnose.why_stops import KERNEL_LOGS
from tui.logs.attempts import Rung
from tui.logs.signatures import BY_NAME

_TABLE_FULL: Final = b"nf_conntrack: table full, dropping packet"
_NO_TRAFFIC_LOOK: Final = (
    "`sysctl net.ipv4.ip_forward` and `iptables -nvL FORWARD` on the router, with counters"
)


def table_full(case: ClientCase) -> Finding | None:
    """The kernel dropped packets while the client tried."""
    began, ended = case.lifetime
    if case.last is None or case.last.started is None or _is_refused(case):
        return None
    near = case.logs.between(KERNEL_LOGS, began - 1, ended + 1, _TABLE_FULL)
    if not near:
        return None
    return Finding(
        category="conntrack_full",
        outcome="degraded" if case.rung >= Rung.IKE_ESTABLISHED else "fail",
        certainty=0.9,
        evidence=(*near, *case.top),
    )


def _is_refused(case: ClientCase) -> bool:
    """A daemon said no in so many words: packets that are lost do not make it say that."""
    if case.last is None or case.rung >= Rung.CONNECTED:
        return False
    return any(BY_NAME[mark.signature].category not in _OF_SILENCE for mark in faults_of(case.last))


_OF_SILENCE: Final = (
    "",
    *("peer_dead_l2tp", "peer_dead_lcp_echo", "dpd_timeout", "esp_blocked_outbound"),
    *("ppp_lcp_timeout", "ppp_chap_timeout", "udp500_blocked", "udp4500_blocked"),
    *("half_open_flood", "conntrack_full"),
)
"""Categories of lines that are written because nothing came."""


def not_forwarded(case: ClientCase) -> Finding | None:
    """The router passes nothing on, as its kernel or its rules say."""
    if case.rung < Rung.CONNECTED:
        return None
    if case.facts.forwards is False:
        return Finding(
            category="forwarding_disabled",
            outcome="connected_no_traffic",
            certainty=SURE,
            evidence=(*case.facts.line("sysctl", "net.ipv4.ip_forward"), *case.top),
        )
    missing = forward_rules_missing(case)
    if missing:
        return Finding(
            category="forward_rule_missing",
            outcome="connected_no_traffic",
            certainty=SURE,
            evidence=(*missing, *(of_packet(each) for each in case.echoes.unanswered[:2])),
        )
    return None


def forward_rules_missing(case: ClientCase) -> tuple[Evidence, ...]:
    """Proof that the rules from ppp to the network or back are not there."""
    facts = case.facts
    if facts.filter is None or not facts.is_listed("iptables_filter", "FORWARD"):
        return ()
    forward = [rule for rule in facts.filter if rule.chain == "FORWARD"]
    if facts.is_vpc or any("ACL_" in rule.text for rule in forward):
        wanted = {"-i ppp+": "VPN_FORWARD", "-o ppp+": "VPN_FORWARD"}
    else:
        wanted = {"-i ppp+": "ACCEPT", "-o ppp+": "ACCEPT"}
    for card, target in wanted.items():
        other = "-o ppp+" if card == "-i ppp+" else "-i ppp+"
        fits = any(
            card in rule.text and other not in rule.text and rule.text.endswith(f"-j {target}")
            for rule in forward
        )
        if not fits:
            return facts.silence("iptables_filter", f"no rule of FORWARD with {card} accepts")
    return ()


def acl_denies(case: ClientCase) -> Finding | None:
    """The tier's ACL has no rule for the client range and drops what comes."""
    facts, inner = case.facts, case.inner_ip
    if case.rung < Rung.CONNECTED or facts.filter is None:
        return None
    from_ppp = sum(r.packets for r in facts.filter if r.chain == "FORWARD" and "-i ppp+" in r.text)
    for chain in dict.fromkeys(r.chain for r in facts.filter if r.chain.startswith("ACL_INBOUND_")):
        rules = [rule for rule in facts.filter if rule.chain == chain]
        drops = [rule for rule in rules if rule.text == "-j DROP" and rule.packets]
        allowed = any(_allows(rule.text, inner) for rule in rules)
        if drops and not allowed and from_ppp:
            return Finding(
                category="vpc_acl_denies",
                outcome="connected_no_traffic",
                certainty=SURE if case.echoes.unanswered else LIKELY,
                evidence=(
                    *facts.line("iptables_filter", f"-A {chain}", "-j DROP"),
                    *facts.line("iptables_filter", "-A FORWARD", "-i ppp+"),
                    *(of_packet(each) for each in case.echoes.unanswered[:2]),
                ),
                says=f"{chain} dropped {drops[0].packets} packets; no rule of it lets in {inner}.",
            )
    return None


def _allows(rule: str, address: str) -> bool:
    """Whether an ACL's rule lets all packets of `address` in, not one port only."""
    if not rule.endswith(("-j ACCEPT", "-j RETURN")) or "--dport" in rule or "-d 22" in rule:
        return False
    source = re.search(r"-s ([\d./]+)", rule)
    try:
        return source is None or ipaddress.ip_address(address) in ipaddress.ip_network(source[1])
    except ValueError:
        return False


def pings_unanswered(case: ClientCase) -> Finding | None:
    """A row of equal packets, a second apart, that nothing answers; the same size is answered
    elsewhere."""
    lost, answered = case.echoes.unanswered, case.echoes.answered
    if case.rung < Rung.CONNECTED or not lost or (case.last is not None and case.last.end):
        return None
    same = any(each.size == lost[0].size for each in answered)
    vpc = case.facts.is_vpc
    causes = ["forwarding_disabled", "forward_rule_missing", "vpc_acl_denies"]
    if vpc:
        causes.insert(0, causes.pop())
    if case.facts.forwards:
        causes.remove("forwarding_disabled")
    if case.identity or len(case.packets.ports if case.packets else ()) > 2:
        causes.append("same_nat_conflict")
    known = case.facts.is_listed("iptables_filter", "FORWARD")
    if known and case.facts.filter and not vpc:
        causes.remove("forward_rule_missing")
    return Finding(
        category=causes[0],
        outcome="connected_no_traffic",
        certainty=0.65 if same else GUESS,
        evidence=(*(of_packet(each) for each in (*lost[:3], *answered[-1:])), *case.top),
        says="The capture shows pings of the client that nothing answers"
        + (", and others of the same size that the router answers." if same else "."),
        others=tuple(causes[1:]) or ("ok",),
        next_look=_NO_TRAFFIC_LOOK,
    )


def packet_size(case: ClientCase) -> Finding | None:
    """Full packets in fragments, or somebody who measures how large they may be."""
    packets, capture = case.packets, case.facts.capture
    if case.rung < Rung.CONNECTED or packets is None or capture is None:
        return None
    tested = is_size_test(packets, capture.router)
    if not packets.fragments and not tested:
        return None
    largest = [each for each in packets.esp if each.size >= FULL_SIZE]
    shown = packets.fragments or largest
    says = (
        f"{len(packets.fragments)} packets left in two pieces."
        if packets.fragments
        else f"Packets of growing size were tried; the largest passed whole ({packets.largest})."
    )
    return Finding(
        category="mtu",
        outcome="connected",
        certainty=0.9 if packets.fragments else 0.75,
        evidence=tuple(of_packet(each) for each in shown[:4]),
        says=says,
        others=() if packets.fragments else ("ok",),
    )


def healthy(case: ClientCase) -> Finding | None:
    """Connected, and nothing that speaks against it; what is not at hand is named."""
    if case.rung < Rung.CONNECTED or (case.last is not None and case.last.end):
        return None
    unseen = tuple(dict.fromkeys(_unseen(case)))
    return Finding(
        category="ok",
        outcome="connected",
        certainty=0.9 if not unseen else 0.65 if len(unseen) <= 3 else OPEN,
        evidence=(*case.said("remote IP address"), *case.top),
        says="" if not unseen else "Not everything could be looked at.",
        others=unseen,
        next_look="" if not unseen else _NO_TRAFFIC_LOOK,
    )


def _unseen(case: ClientCase) -> list[str]:
    """What the files at hand could not show even if it were so."""
    facts, unseen = case.facts, list[str]()
    if facts.forwards is None and not case.echoes.answered:
        unseen += ["forwarding_disabled", "forward_rule_missing", "vpc_acl_denies"]
        unseen += ["mtu"] if facts.capture is None else []
    if not case.logs.has(DAEMON_LOG) and not facts.has("l2tp_session"):
        unseen += ["admin_user_removed", "peer_dead_l2tp", "ipsec_restarted", "same_nat_conflict"]
    if not case.logs.has(*PPP_LOGS) and not facts.has("l2tp_session"):
        unseen += ["idle_timeout", "normal_disconnect"]
    if not case.logs.has(DAEMON_LOG) and not case.logs.has(*PPP_LOGS):
        unseen += ["dpd_timeout", "peer_dead_l2tp"]
    if _ike_unanswered(case):
        unseen += ["vpn_deleted_daemons_left", "udp500_blocked"]
    if facts.is_wanted is None and facts.capture is None and not case.logs.has(CLOUD_LOG):
        unseen.append("vpn_deleted_daemons_left")
    if not case.inner_ip or not (offered_address(case)[0] or facts.pool):
        unseen.append("client_chose_own_ip")
    return unseen


def _ike_unanswered(case: ClientCase) -> bool:
    """The client began anew and nothing answered: new connections are not let in any more."""
    packets = case.packets
    return packets is not None and packets.unanswered_ike >= 3


BEFORE: Final = (table_full,)
RULES: Final = (not_forwarded, acl_denies)
LATER: Final = (packet_size, pings_unanswered, healthy)
