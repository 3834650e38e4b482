"""Sessions: real ones, left-over ones, and whether IPsec protects them.

A session is real when the kernel has it. pppd, its interface and its record outlive xl2tpd by
minutes, and a record outlives a pppd that was killed for ever.
"""

import re
from typing import Final

from tui.diagnose.check_firewall import ANYWHERE, gate_sources
from tui.diagnose.check_service import charon_age, open_ports
from tui.diagnose.checks import Proof
from tui.diagnose.firewall_walk import Packet
from tui.diagnose.session_leftovers import Leftovers, Seen, leftovers
from tui.diagnose.subject import Result, Subject, failed, passed, prove, skipped, unknown, warned
from tui.router import commands
from tui.router.ipsec_facts import L2TP_PORT
from tui.router.session_facts import PppProcess
from tui.router.survey import Unanswered


def orphan_session(subject: Subject) -> Result:
    """No pppd, interface or record without a session in the kernel."""
    running = subject.fact(commands.PGREP_PPPD)
    if isinstance(running, Unanswered):
        return unknown(running)
    records = subject.fact(commands.TDBDUMP)
    told = None if isinstance(records, Unanswered) else records
    interfaces = ppp_interfaces(subject)
    live = subject.fact(commands.L2TP_SESSION)
    if isinstance(live, Unanswered):
        if not running and told == () and not interfaces:
            return passed("no session, and nothing is left of one")
        return unknown(live)
    seen = Seen(
        running=running, live=live, records=told, interfaces=interfaces, ages=_ages(subject)
    )
    left = leftovers(seen)
    if left.processes:
        return failed(_says(left, seen), _left(left), _end(left.processes), "disconnect")
    if left.extra:
        return _loose(left, seen)
    if left.doubtful:
        return unknown(
            f"pppd {_pids(left.doubtful)} has no session in the kernel; whether somebody is just "
            f"coming or going cannot be told: {_silent(subject)}"
        )
    if left.records:
        names = ", ".join(dict.fromkeys(each.user or "?" for each in left.records))
        return warned(
            f"a record of {names} is left of a pppd that was killed: removing such a user in "
            "CloudStack kills whatever process has that number by then",
            _left(left),
            "It goes away with the next reboot of the router, or when a pppd with that interface "
            "writes its own record.",
        )
    if isinstance(records, Unanswered):
        return unknown(records)
    count = len(live)
    says = f"{count} session{'s' * (count != 1)}, nothing is left over"
    if left.moving:
        says += f"; somebody is just coming or going (pppd {_pids(left.moving)})"
    return passed(says)


def _ages(subject: Subject) -> dict[int, int] | None:
    """How long each pppd has run; None where it was not told."""
    table = subject.fact(commands.PS_VPN)
    if isinstance(table, Unanswered):
        return None
    return {each.pid: each.age for each in table if each.name == "pppd"}


def _silent(subject: Subject) -> str:
    for command in (commands.IP_LINK_PPP, commands.PS_VPN, commands.TDBDUMP):
        said = subject.fact(command)
        if isinstance(said, Unanswered):
            return f"{said.name} gave no answer: {said.why}"
    return "the answers do not belong together"


def _pids(found: tuple[PppProcess, ...]) -> str:
    return ", ".join(str(each.pid) for each in found)


def _end(found: tuple[PppProcess, ...]) -> str:
    pids = " ".join(str(each.pid) for each in found)
    return (
        f"`kill {pids}` on the router before anybody connects: a new session gets the same address "
        "and its traffic goes into the dead interface. What is left over ends by itself after 2.5 "
        "minutes."
    )


def _loose(left: Leftovers, seen: Seen) -> Result:
    """Interfaces beyond the sessions, and no pppd is known to hold them."""
    names = ", ".join(left.interfaces)
    is_plain = len(left.interfaces) == left.extra
    says = f"{names} has no session in the kernel"
    if not is_plain:
        says = (
            f"{len(seen.interfaces or ())} ppp interfaces and {len(seen.live)} sessions in the "
            f"kernel: one of {names} is left over"
        )
    where = f" The number stands in /run/{names}.pid." if is_plain and left.extra == 1 else ""
    return warned(
        says,
        _left(left),
        "Run the checkup again: somebody may be coming or going. If it stays, compare `pgrep -a "
        "pppd` with `ip l2tp show session` and end the pppd whose session the kernel does not "
        f"have.{where}",
        "disconnect",
    )


def ppp_interfaces(subject: Subject) -> tuple[str, ...] | None:
    """The interfaces of sessions, of whatever kind; None where it was not asked."""
    links = subject.fact(commands.IP_LINK_PPP)
    if isinstance(links, Unanswered):
        cards = subject.fact(commands.IP_ADDR)
        if isinstance(cards, Unanswered):
            return None
        names = tuple(card for card, _ in cards)
    else:
        names = tuple(link.name for link in links)
    return tuple(dict.fromkeys(name for name in names if name.startswith("ppp")))


def _says(left: Leftovers, seen: Seen) -> str:
    strange = {each.pid for each in seen.strangers}
    taken = {each.remote_ip for each in seen.running if each.pid not in strange}
    doubled = sorted({each.remote_ip for each in left.processes} & taken)
    many = len(left.processes) > 1
    says = (
        f"pppd {_pids(left.processes)} {'are' if many else 'is'} left over: the kernel has no such "
        "session"
    )
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
            *_shut(subject),
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
    evidence = (
        *(policy or prove("xfrm_policy", "no policy for UDP 1701")),
        *subject.quote("ss_vpn_ports", ":1701"),
    )
    fix, action = _shut(subject)
    age = charon_age(subject)
    if age is not None and subject.wants_vpn:
        return warned(
            f"charon was started {age} s ago and has no policies yet: until then xl2tpd can be "
            "reached without IPsec",
            evidence,
            f"Look again in half a minute. If it is open then: {fix}",
        )
    return failed(
        "xl2tpd can be reached without IPsec: L2TP in clear text is accepted", evidence, fix, action
    )


def _shut(subject: Subject) -> tuple[str, str]:
    """How L2TP in clear text is ended, and the action that does it."""
    stop = "Stop xl2tpd, which cuts off whoever is connected: `systemctl stop xl2tpd`."
    if subject.wants_vpn is False:
        return f"{stop} Then clean up what is left: `csvpn disable NETWORK --clean`.", "disable"
    if subject.is_programmed is False:
        return f"{stop} Then have CloudStack program the router again: see programmed.", "restart"
    return (
        f"{stop} Then start strongSwan and xl2tpd: `systemctl restart strongswan-starter`, "
        "`systemctl restart xl2tpd`.",
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
