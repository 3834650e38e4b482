"""Sessions: real ones, left-over ones, and whether IPsec protects them.

A session is real when the kernel has it. pppd, its interface and its record outlive xl2tpd by
minutes, and a record outlives a pppd that was killed for ever.
"""

import re
from typing import Final

import msgspec

from tui.diagnose.check_firewall import ANYWHERE, gate_sources
from tui.diagnose.check_service import open_ports
from tui.diagnose.checks import Proof
from tui.diagnose.firewall_walk import Packet
from tui.diagnose.subject import Result, Subject, failed, passed, prove, skipped, unknown, warned
from tui.router import commands
from tui.router.ipsec_facts import L2TP_PORT
from tui.router.session_facts import L2tpSession, PppProcess, PppRecord
from tui.router.survey import Unanswered

_END_ORPHANS: Final = (
    "End the left-over pppd (`kill PID`) before anybody connects: a new session gets the same "
    "address and its traffic goes into the dead interface. It ends by itself after 2.5 minutes."
)


class Leftovers(msgspec.Struct, frozen=True, kw_only=True):
    """What is there of sessions that the kernel does not have."""

    processes: tuple[PppProcess, ...] = ()
    interfaces: tuple[str, ...] = ()
    records: tuple[PppRecord, ...] = ()
    """Records whose pppd does not run."""

    @property
    def is_none(self) -> bool:
        """True if nothing is left over."""
        return not (self.processes or self.interfaces or self.records)


def orphan_session(subject: Subject) -> Result:
    """No pppd, interface or record without a session in the kernel."""
    running = subject.fact(commands.PGREP_PPPD)
    if isinstance(running, Unanswered):
        return unknown(running)
    records = subject.fact(commands.TDBDUMP)
    if isinstance(records, Unanswered):
        return unknown(records)
    interfaces = ppp_interfaces(subject)
    live = subject.fact(commands.L2TP_SESSION)
    if isinstance(live, Unanswered):
        if not running and not records and not interfaces:
            return passed("no session, and nothing is left of one")
        return unknown(live)
    left = leftovers(running, records, live, interfaces)
    count = len(live)
    if left.is_none:
        return passed(f"{count} session{'s' * (count != 1)}, nothing is left over")
    if left.processes or left.interfaces:
        return failed(_says(left, running, live), _left(left), _END_ORPHANS, "disconnect")
    names = ", ".join(dict.fromkeys(each.user or "?" for each in left.records))
    return warned(
        f"a record of {names} is left of a pppd that was killed: removing such a user in "
        "CloudStack kills whatever process has that number by then",
        _left(left),
        "It goes away with the next reboot of the router, or when a pppd with that interface "
        "writes its own record.",
    )


def leftovers(
    running: tuple[PppProcess, ...],
    records: tuple[PppRecord, ...],
    live: tuple[L2tpSession, ...],
    interfaces: tuple[str, ...],
) -> Leftovers:
    """What there is beyond the sessions that the kernel has."""
    there = {(each.tunnel, each.session) for each in live}
    real = {each.pid for each in running if (each.tunnel, each.session) in there}
    alive = {each.pid for each in running}
    orphans = tuple(each for each in running if each.pid not in real)
    claimed = {each.interface for each in records if each.pid in real}
    # A pppd that is still logging somebody in has an interface and may have no record yet.
    unrecorded = len(real - {each.pid for each in records})
    loose = tuple(name for name in interfaces if name not in claimed)
    stale = tuple(each for each in records if each.pid not in alive)
    return Leftovers(
        processes=orphans,
        interfaces=loose if len(loose) > unrecorded else (),
        records=stale,
    )


def ppp_interfaces(subject: Subject) -> tuple[str, ...]:
    """The interfaces of sessions, of whatever kind; none where it was not asked."""
    links = subject.fact(commands.IP_LINK_PPP)
    if isinstance(links, Unanswered):
        cards = subject.fact(commands.IP_ADDR)
        names = () if isinstance(cards, Unanswered) else tuple(card for card, _ in cards)
    else:
        names = tuple(link.name for link in links)
    return tuple(dict.fromkeys(name for name in names if name.startswith("ppp")))


def _says(left: Leftovers, running: tuple[PppProcess, ...], live: tuple[L2tpSession, ...]) -> str:
    if not left.processes:
        return f"{', '.join(left.interfaces)} has no session in the kernel"
    there = {(each.tunnel, each.session) for each in live}
    taken = {each.remote_ip for each in running if (each.tunnel, each.session) in there}
    doubled = sorted({each.remote_ip for each in left.processes} & taken)
    pids = ", ".join(str(each.pid) for each in left.processes)
    many = len(left.processes) > 1
    says = f"pppd {pids} {'are' if many else 'is'} left over: the kernel has no such session"
    if doubled:
        says += f"; {', '.join(doubled)} is given out twice, and its traffic is lost"
    return says


def _left(left: Leftovers) -> tuple[Proof, ...]:
    return (
        *prove(
            "pgrep_pppd",
            *(
                f"pppd {each.pid}: tunnel {each.tunnel} session {each.session} {each.remote_ip}"
                for each in left.processes
            ),
        ),
        *prove("ip_link_ppp", *left.interfaces),
        *prove(
            "tdbdump",
            *(
                f"pppd {each.pid} {each.interface} {each.user} {each.remote_ip}: no process"
                for each in left.records
            ),
        ),
    )


def l2tp_without_ipsec(subject: Subject) -> Result:
    """Nobody can reach xl2tpd, and nobody is connected, without IPsec."""
    naked = unprotected(subject)
    if isinstance(naked, Unanswered):
        return unknown(naked)
    enforced = is_enforced(subject)
    if naked:
        clients = ", ".join(naked)
        evidence = (
            *prove("l2tp_tunnel", *(f"session of {client}" for client in naked)),
            *(subject.quote("xfrm_policy", "dport 1701") or prove("xfrm_policy", "no policy")),
        )
        if enforced is True:
            return warned(
                f"the session of {clients} has lost its IPsec: its packets are held back, and it "
                "will end",
                evidence,
                "Whoever it is has to connect again.",
                "disconnect",
            )
        return failed(
            f"{clients} is connected without IPsec: everything passes in clear text",
            evidence,
            "Disconnect the session, stop xl2tpd, start strongSwan, then xl2tpd.",
            "repair",
        )
    open_now = open_ports(subject)
    if isinstance(open_now, Unanswered):
        return unknown(open_now)
    if L2TP_PORT not in open_now:
        return skipped("xl2tpd does not listen")
    if isinstance(enforced, Unanswered):
        return unknown(enforced)
    policy = subject.quote("xfrm_policy", "dport 1701", most=2)
    if enforced:
        return passed("L2TP is taken only inside IPsec", policy)
    reached = _is_reachable(subject)
    if isinstance(reached, Unanswered):
        return unknown(reached)
    if not reached:
        return passed(
            "nothing enforces IPsec, but the firewall does not let UDP 1701 in",
            policy or prove("xfrm_policy", "no policy"),
        )
    return failed(
        "xl2tpd can be reached without IPsec: L2TP in clear text is accepted",
        (
            *(policy or prove("xfrm_policy", "no policy for UDP 1701")),
            *subject.quote("ss_vpn_ports", ":1701"),
        ),
        "Stop xl2tpd, start strongSwan, then xl2tpd: `systemctl stop xl2tpd`, `systemctl restart "
        "strongswan-starter`, `systemctl start xl2tpd`.",
        "repair",
    )


def is_optional(subject: Subject) -> bool:
    """Whether the policies ask for IPsec only where there is some (`level use`)."""
    text = subject.text("xfrm_policy")
    return not isinstance(text, Unanswered) and "level use" in text


def is_enforced(subject: Subject) -> bool | Unanswered:
    """Whether the kernel takes L2TP from anybody only inside IPsec."""
    said = subject.fact(commands.XFRM_POLICY)
    if isinstance(said, Unanswered):
        ipsec = subject.text("ipsec_statusall", (0, 3))
        if isinstance(ipsec, Unanswered):
            return said
        return _ROUTED.search(ipsec) is not None
    public = ("0.0.0.0/0", f"{subject.public_ip}/32")
    return not is_optional(subject) and any(
        policy.direction == "in"
        and policy.demands in ("esp", "ah")
        and not policy.is_of_socket
        and policy.source == "0.0.0.0/0"
        and policy.destination in public
        and policy.protocol in ("udp", "")
        and policy.destination_port in (L2TP_PORT, 0)
        for policy in said
    )


_ROUTED: Final = re.compile(
    r"^Routed Connections:\n(?:.*\n)*?\s+\S+\}:\s+\S+\[udp/l2f\]", re.MULTILINE
)


def unprotected(subject: Subject) -> tuple[str, ...] | Unanswered:
    """Public addresses of clients whose session has no IPsec, each once."""
    live = subject.fact(commands.L2TP_SESSION)
    tunnels = subject.fact(commands.L2TP_TUNNEL)
    if isinstance(live, Unanswered) or isinstance(tunnels, Unanswered):
        running = subject.fact(commands.PGREP_PPPD)
        if not isinstance(running, Unanswered) and not running:
            return ()
        return live if isinstance(live, Unanswered) else _first_unanswered(tunnels)
    used = {each.tunnel for each in live}
    clients = [each.remote for each in tunnels if each.tunnel in used and each.remote]
    if not clients:
        return ()
    ipsec = subject.fact(commands.IPSEC_STATUSALL)
    said = subject.fact(commands.XFRM_POLICY)
    if isinstance(ipsec, Unanswered) and isinstance(said, Unanswered):
        return ipsec
    covered: set[str] = set()
    if not isinstance(ipsec, Unanswered):
        covered |= {each.remote for each in ipsec.children if each.state != "ROUTED"}
    if not isinstance(said, Unanswered):
        covered |= {
            each.source.removesuffix("/32")
            for each in said
            if each.direction == "in" and each.demands and not each.is_of_socket
        }
    return tuple(dict.fromkeys(client for client in clients if client not in covered))


def _first_unanswered(said: object) -> Unanswered:
    return said if isinstance(said, Unanswered) else Unanswered("l2tp_tunnel", "it was not asked")


def _is_reachable(subject: Subject) -> bool | Unanswered:
    """Whether a packet to UDP 1701 from outside gets to xl2tpd."""
    taken = subject.table(commands.IPTABLES_FILTER)
    gate = subject.table(commands.IPTABLES_MANGLE)
    if isinstance(taken, Unanswered):
        return taken
    if isinstance(gate, Unanswered):
        return gate
    named = [cidr.partition("/")[0] for cidr in gate_sources(gate, subject.public_ip)]
    for source in (ANYWHERE, *named):
        packet = Packet(
            source=source,
            destination=subject.public_ip or ANYWHERE,
            port=L2TP_PORT,
            comes_in=subject.public_interface,
        )
        if (
            gate.fate("PREROUTING", packet).is_let_through
            and taken.fate("INPUT", packet).is_let_through
        ):
            return True
    return False
