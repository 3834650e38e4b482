"""What the evidence says of the router itself, asked in the words that a verdict needs.

Everything may be unknown, and unknown is never taken for no: `None` then. A listing of rules counts
as complete only where the chain's head was listed too, since bundles hold excerpts.
"""

import ipaddress
import re
from functools import cached_property
from typing import Final, TypeVar

from tui.diagnose.bundle import Bundle
from tui.diagnose.check_users import is_gone
from tui.diagnose.packets import Capture, summarise
from tui.diagnose.state_text import BRIEF_ADDRESSES, BriefAddress, read_brief_addresses
from tui.diagnose.verdicts import Evidence
from tui.router import commands
from tui.router.commands import Command
from tui.router.ipsec_facts import Ipsec
from tui.router.session_facts import PppProcess, PppRecord
from tui.router.survey import Unanswered
from tui.router.system_facts import Listener, Process
from tui.router.vpn_facts import ProgrammedVpn, Rule
from tui.safety.redact import redact
from tui.safety.text import clean

T = TypeVar("T")

CAPTURE: Final = "vr.tcpdump.txt"
VPN_PORTS: Final = (500, 4500, 1701)
LONGEST_EVIDENCE: Final = 400


class RouterFacts:
    """The facts of one bundle."""

    def __init__(self, bundle: Bundle) -> None:
        self.bundle = bundle
        self.survey = bundle.survey
        self.cloud = bundle.cloud

    def fact(self, command: Command[T]) -> T | None:
        """The fact, or None where it is not known."""
        found = self.survey.fact(command)
        return None if isinstance(found, Unanswered) else found

    def has(self, name: str) -> bool:
        """True if the command `name` was answered."""
        return name in self.survey.answers

    def line(self, name: str, *words: str) -> tuple[Evidence, ...]:
        """The first line of the answer `name` that has all of `words`, as evidence."""
        answer = self.survey.answers.get(name)
        if answer is None:
            return ()
        for number, line in enumerate(answer.stdout.split("\n")):
            if line.strip() and all(holds(line, word) for word in words):
                told = answer.original.split("\n")[number] if answer.original else line
                return (Evidence(answer.file or name, answer.line + number, shown(told)),)
        return ()

    def silence(self, name: str, says: str) -> tuple[Evidence, ...]:
        """Evidence that lies in what an answer does not say."""
        answer = self.survey.answers.get(name)
        if answer is None:
            return ()
        return (Evidence(answer.file or name, 0, says),)

    @cached_property
    def capture(self) -> Capture | None:
        """The packet capture, or None."""
        text = self.bundle.logs.get(CAPTURE)
        if not text or not text.strip():
            return None
        capture = summarise(text.decode("utf-8", "replace"), self.vpn_address)
        return capture if capture.packets or not self.vpn_address else None

    @cached_property
    def now(self) -> float | None:
        """When the router was asked, by its own clock: seconds since the epoch."""
        return self.fact(commands.DATE)

    @cached_property
    def ipsec(self) -> Ipsec | None:
        """What charon says of itself."""
        return self.fact(commands.IPSEC_STATUSALL)

    @cached_property
    def listeners(self) -> tuple[Listener, ...] | None:
        """Sockets of the VPN."""
        return self.fact(commands.SS_VPN_PORTS)

    @cached_property
    def charon_runs(self) -> bool | None:
        """True if charon is there: its process, its socket or its answer; never the unit's word."""
        answers = None if self.ipsec is None else self.ipsec.running
        return self._runs(commands.PGREP_CHARON, 500, "charon", answers)

    @cached_property
    def xl2tpd_runs(self) -> bool | None:
        """True if xl2tpd is there."""
        return self._runs(commands.PGREP_XL2TPD, 1701, "xl2tpd", None)

    def _runs(
        self, command: Command[tuple[Process, ...]], port: int, process: str, otherwise: bool | None
    ) -> bool | None:
        if (found := self.fact(command)) is not None:
            return any(each.name == process for each in found)
        if self.listeners is not None:
            return any(
                each.process == process or (each.port == port and not each.process)
                for each in self.listeners
            )
        return otherwise

    @cached_property
    def bag(self) -> ProgrammedVpn | None:
        """The VPN that CloudStack programmed last."""
        return self.fact(commands.BAG_REMOTEACCESSVPN)

    @cached_property
    def is_deleted_in_bag(self) -> bool:
        """True if the router's own record holds nothing but its name: the VPN was deleted."""
        answer = self.survey.answers.get("bag_remoteaccessvpn")
        if answer is None or answer.status != 0 or not answer.stdout.strip():
            return False
        return not isinstance(self.survey.fact(commands.BAG_REMOTEACCESSVPN), Unanswered) and (
            self.bag is None
        )

    @cached_property
    def is_wanted(self) -> bool | None:
        """Whether CloudStack wants a VPN on this router."""
        if self.cloud is not None:
            return self.cloud.has_vpn
        if self.bag is not None:
            return True
        return False if self.is_deleted_in_bag else None

    @cached_property
    def vpn_address(self) -> str:
        """Public address of the VPN; empty where nothing tells it."""
        if self.cloud is not None and self.cloud.public_ip:
            return self.cloud.public_ip
        if self.bag is not None:
            return self.bag.public_ip
        own = {each.address for each in self.brief_addresses}
        own |= {address for _, address in self.fact(commands.IP_ADDR) or ()}
        loaded = [each.local for each in (self.ipsec.connections if self.ipsec else ())]
        return next((each for each in loaded if not own or each in own), "")

    @cached_property
    def brief_addresses(self) -> tuple[BriefAddress, ...]:
        """Addresses of the cards, from a state file."""
        answer = self.survey.answers.get(BRIEF_ADDRESSES)
        return read_brief_addresses(answer.output) if answer is not None else ()

    @cached_property
    def is_vpc(self) -> bool | None:
        """True on the router of a VPC: its public card is eth1, its tiers have ACLs."""
        if self.cloud is not None and self.cloud.public_ip:
            return self.cloud.is_vpc
        if any(rule.chain.startswith(("ACL_", "VPN_FORWARD")) for rule in self.filter or ()):
            return True
        pairs = [(each.card, each.address) for each in self.brief_addresses]
        pairs += self.fact(commands.IP_ADDR) or ()
        public = [card for card, address in pairs if address == self.vpn_address]
        return public[0] == "eth1" if public else None

    @cached_property
    def filter(self) -> tuple[Rule, ...] | None:
        """Rules of the table filter."""
        return self.fact(commands.IPTABLES_FILTER)

    @cached_property
    def mangle(self) -> tuple[Rule, ...] | None:
        """Rules of the table mangle."""
        return self.fact(commands.IPTABLES_MANGLE)

    def is_listed(self, table: str, chain: str) -> bool:
        """True if the answer `table` lists `chain` wholly: its head was there."""
        answer = self.survey.answers.get(table)
        return (
            answer is not None
            and re.search(rf"^:{re.escape(chain)} ", answer.stdout, re.M) is not None
        )

    @cached_property
    def gate(self) -> tuple[Rule, ...]:
        """The rules of the firewall of the public address, where it was listed to its end.

        The chain FIREWALL_<address> of the table mangle is the real gate: RETURN lets in, its end
        drops. A VPC has no such chain.
        """
        chains = {rule.chain for rule in self.mangle or () if rule.chain.startswith("FIREWALL_")}
        wanted = f"FIREWALL_{self.vpn_address}"
        chain = wanted if wanted in chains else next(iter(sorted(chains)), "")
        rules = tuple(rule for rule in self.mangle or () if rule.chain == chain)
        return rules if any(rule.text == "-j DROP" for rule in rules) else ()

    def lets_in(self, port: int, client: str) -> bool | None:
        """Whether the gate lets UDP `port` in from `client` (empty: from anywhere)."""
        for rule in self.gate:
            if rule.text == "-j DROP":
                return False
            match = re.search(r"--dports? ([\d,:]+)", rule.text)
            wanted = match is None or str(port) in re.split(r"[,:]", match[1])
            if wanted and "-p udp" in rule.text and rule.text.endswith(_LETS):
                source = re.search(r"-s ([\d./]+)", rule.text)
                if source is None or is_within(client, source[1]):
                    return True
        return None

    def lacks_cloud_rule(self, port: int, client: str) -> bool:
        """True if the API lists the firewall rules and none lets in UDP `port` from `client`."""
        cloud = self.cloud
        if cloud is None or not cloud.has_vpn or cloud.is_vpc or cloud.rules is None:
            return False
        return not any(
            rule.protocol.lower() in ("udp", "all")
            and rule.first <= port <= rule.last
            and any(is_within(client, each) for each in rule.sources.split(",") or [""])
            for rule in cloud.rules
        )

    @cached_property
    def forwards(self) -> bool | None:
        """Whether the kernel forwards packets."""
        value = (self.fact(commands.SYSCTL) or {}).get("net.ipv4.ip_forward")
        return None if value is None else value.strip() != "0"

    @cached_property
    def records(self) -> tuple[PppRecord, ...]:
        """Login records; they outlive a pppd that was killed."""
        return self.fact(commands.TDBDUMP) or ()

    @cached_property
    def ppp_processes(self) -> tuple[PppProcess, ...]:
        """Running pppds."""
        return self.fact(commands.PGREP_PPPD) or ()

    @cached_property
    def known_users(self) -> frozenset[str] | None:
        """Names that may log in on the router."""
        names = () if is_gone(self.survey) else self.fact(commands.CHAP_USERS)
        return None if names is None else frozenset(names)

    def kernel_counter(self, name: str) -> int:
        """A counter of /proc/net/xfrm_stat; 0 where it is not known. It counts since boot."""
        answer = self.survey.answers.get("xfrm_stat")
        match = re.search(rf"^{name}\s+(\d+)", answer.stdout, re.M) if answer else None
        return int(match[1]) if match else 0

    @cached_property
    def pool(self) -> str:
        """`first-last` of the addresses for clients, as CloudStack wants it; empty if unknown."""
        if self.cloud is not None and self.cloud.pool:
            return self.cloud.pool
        if self.bag is not None:
            return self.bag.pool
        written = self.fact(commands.XL2TPD_CONF)
        return written.pool if written is not None else ""


_LETS: Final = ("-j RETURN", "-j ACCEPT")


def is_within(address: str, network: str) -> bool:
    """Whether `address` is in `network`; an empty one is everything, and nobody in particular is
    in every network."""
    if not network.strip() or not address:
        return True
    try:
        return ipaddress.ip_address(address) in ipaddress.ip_network(network.strip(), strict=False)
    except ValueError:
        return False


def holds(text: str, word: str) -> bool:
    """Whether `text` has `word`; a number or an address at its ends is never a part of a longer
    one: `kill -9 310` is not in `kill -9 3101`."""
    at = text.find(word) if word else -1
    while at >= 0:
        end = at + len(word)
        whole = not (word[0].isdigit() and _NUMBER_BEFORE.search(text, 0, at))
        if whole and not (word[-1].isdigit() and _NUMBER_AFTER.match(text, end)):
            return True
        at = text.find(word, at + 1)
    return not word


_NUMBER_BEFORE: Final = re.compile(r"(?:\d|\d\.)\Z")
_NUMBER_AFTER: Final = re.compile(r"\d|\.\d")


def shown(text: str) -> str:
    """A line as evidence: harmless, without secrets, of bearable length."""
    return clean(redact(text.strip()), LONGEST_EVIDENCE)
