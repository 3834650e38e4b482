"""What becomes of a packet in a table of iptables: the rules are followed as the kernel does.

Only what tells the VPN's packets apart is understood: interfaces, addresses, protocol, ports and
the state of the connection. A rule with any other condition (`-m policy`, a mark, a limit) is taken
not to match, so that nothing is called open that is open for some packets only.
"""

import ipaddress
import re
import shlex
from collections.abc import Iterable
from functools import lru_cache
from typing import Final, Literal

import msgspec

from tui.router.output import Output
from tui.router.vpn_facts import Rule, read_rules

Target = Literal["ACCEPT", "DROP"]


class Packet(msgspec.Struct, frozen=True, kw_only=True):
    """The first packet of a connection, or one of a known connection."""

    source: str
    destination: str
    protocol: str = "udp"
    port: int = 0
    """Destination port; 0: none that a rule could name."""
    comes_in: str = ""
    """Interface it comes from."""
    goes_out: str = ""
    """Interface it leaves by; empty for one that is for the router itself."""
    state: Literal["NEW", "ESTABLISHED"] = "NEW"


class Fate(msgspec.Struct, frozen=True):
    """What became of a packet, and where that was decided."""

    target: Target
    chain: str
    rule: str = ""
    """The rule; empty: the policy of the chain."""

    @property
    def is_let_through(self) -> bool:
        """True if it was accepted."""
        return self.target == "ACCEPT"


class Table:
    """One table, as `iptables-save -c` prints it."""

    def __init__(self, rules: Iterable[Rule], policies: dict[str, str]) -> None:
        self._chains: dict[str, list[Rule]] = {name: [] for name in policies}
        self._policies = policies
        for rule in rules:
            self._chains.setdefault(rule.chain, []).append(rule)

    @property
    def chains(self) -> tuple[str, ...]:
        """Names of all chains."""
        return tuple(self._chains)

    def rules(self, chain: str) -> tuple[Rule, ...]:
        """The rules of a chain, in order; none for a chain that does not exist."""
        return tuple(self._chains.get(chain, ()))

    def fate(self, chain: str, packet: Packet) -> Fate:
        """Follow `packet` from the built-in `chain` on."""
        decided = self._follow(chain, packet, 0)
        if decided is not None:
            return decided
        policy = self._policies.get(chain, "ACCEPT")
        return Fate("DROP" if policy == "DROP" else "ACCEPT", chain)

    def _follow(self, chain: str, packet: Packet, depth: int) -> Fate | None:
        if depth > _DEEPEST:
            return None
        for rule in self._chains.get(chain, ()):
            target = _target(rule.text)
            if target is None or not _matches(rule.text, packet):
                continue
            if target == "RETURN":
                return None
            if target in ("ACCEPT", "DROP", "REJECT"):
                return Fate("ACCEPT" if target == "ACCEPT" else "DROP", chain, rule.text)
            if target in self._chains:
                decided = self._follow(target, packet, depth + 1)
                if decided is not None:
                    return decided
        return None


_DEEPEST: Final = 20
_POLICY: Final = re.compile(r":(\S+) (\S+)")


def read_table(output: Output) -> Table:
    """`iptables-save -c -t TABLE`, with the policies of its chains."""
    found = (_POLICY.match(line) for line in output.lines)
    return Table(read_rules(output), {match[1]: match[2] for match in found if match})


_TARGET: Final = re.compile(r"(?:^| )-[jg] (\S+)")


def _target(text: str) -> str | None:
    found = _TARGET.search(text)
    return found[1] if found else None


def sources_of(rules: Iterable[Rule]) -> tuple[str, ...]:
    """The networks that rules name with `-s`, each once."""
    found = (re.search(r"(?:^| )-s (\S+)", rule.text) for rule in rules)
    return tuple(dict.fromkeys(match[1] for match in found if match))


def _matches(text: str, packet: Packet) -> bool:
    """Whether every condition of a rule holds for the packet."""
    return all(_holds(*condition, packet) for condition in _conditions(text))


# A chain is tried with two packets for every network that it names.
@lru_cache(4096)
def _conditions(text: str) -> tuple[tuple[str, str, bool], ...]:
    """Option, its value, and whether it is negated, of each condition of a rule."""
    words = shlex.split(text, posix=False)
    found: list[tuple[str, str, bool]] = []
    negated = False
    position = 0
    while position < len(words):
        word = words[position]
        position += 1
        if word == "!":
            negated = True
            continue
        if word in ("-j", "-g"):
            break
        value = ""
        if position < len(words) and not words[position].startswith("-"):
            value = words[position]
            position += 1
            while position < len(words) and not words[position].startswith(("-", "!")):
                value += f" {words[position]}"
                position += 1
        if word != "-m" or value not in _PLAIN_MODULES:
            found.append((word, value, negated))
        negated = False
    return tuple(found)


_PLAIN_MODULES: Final = ("udp", "tcp", "icmp", "state", "conntrack", "multiport", "comment")
_NUMBERS: Final = {"6": "tcp", "17": "udp", "50": "esp", "51": "ah", "1": "icmp"}


def _holds(option: str, value: str, negated: bool, packet: Packet) -> bool:
    if option == "--comment":
        return True
    answer = _answer(option, value, packet)
    return False if answer is None else answer != negated


def _answer(option: str, value: str, packet: Packet) -> bool | None:
    """Whether one condition is fulfilled; None for one that is not understood."""
    if option in ("-i", "--in-interface"):
        return _is_interface(packet.comes_in, value)
    if option in ("-o", "--out-interface"):
        return _is_interface(packet.goes_out, value)
    if option in ("-s", "--source"):
        return _is_in(packet.source, value)
    if option in ("-d", "--destination"):
        return _is_in(packet.destination, value)
    if option in ("-p", "--protocol"):
        return value in ("all", "0") or _NUMBERS.get(value, value) == packet.protocol
    if option in ("--dport", "--dports", "--destination-port"):
        return _is_port(packet.port, value)
    if option in ("--state", "--ctstate"):
        return packet.state in value.split(",")
    return None


def _is_interface(name: str, pattern: str) -> bool:
    return name.startswith(pattern[:-1]) if pattern.endswith("+") else name == pattern


def _is_in(address: str, networks: str) -> bool:
    return any(_address(address) in _network(each) for each in networks.split(","))


_address = lru_cache(4096)(ipaddress.ip_address)


@lru_cache(4096)
def _network(cidr: str) -> ipaddress.IPv4Network | ipaddress.IPv6Network:
    return ipaddress.ip_network(cidr, strict=False)


def _is_port(port: int, ports: str) -> bool:
    for each in ports.split(","):
        first, _, last = each.partition(":")
        if int(first or 0) <= port <= int(last or first or 65535):
            return True
    return False
