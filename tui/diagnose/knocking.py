"""From where to try a door: addresses that tell whether a router lets in a whole network, or more.

A rule says for which sources it holds. One packet from the middle of nowhere tells little, so a
network is tried from both its ends, and the rest of the world from an address that no rule names.
"""

import ipaddress
from collections.abc import Iterable, Iterator
from typing import Final

from tui.diagnose.firewall_walk import Fate, Table, sources_of

Network = ipaddress.IPv4Network

_FIRST_CHOICE: Final = "192.0.2.250"
_OF_CLOUDSTACK: Final = ("ACL_", "FW_")
"""Chains of its ACLs and egress rules, which may drop for any reason."""


def somewhere(table: Table, besides: Iterable[str] = ()) -> str | None:
    """An address that neither a rule of `table` nor a network of `besides` names; None where they
    name every address."""
    named = [*_networks(besides), *_named_by(table)]
    beyond = (int(each.broadcast_address) + 1 for each in named)
    choices = [_FIRST_CHOICE, *(ipaddress.IPv4Address(each) for each in beyond if each < 2**32)]
    for choice in map(ipaddress.IPv4Address, choices):
        if not _is_in(choice, named):
            return str(choice)
    return None


def _named_by(table: Table) -> Iterator[Network]:
    """Networks that rules name; one that holds every address says nothing of any."""
    for chain in table.chains:
        for each in _networks(sources_of(table.rules(chain))):
            if each.prefixlen:
                yield each


def _networks(cidrs: Iterable[str]) -> Iterator[Network]:
    for cidr in cidrs:
        for each in cidr.split(","):
            if ":" not in each:
                yield ipaddress.IPv4Network(each.strip(), strict=False)


def ends_of(table: Table, chain: str, cidr: str) -> tuple[str, ...]:
    """Addresses by which a network is tried: both its ends, and for every address one that no rule
    names and those beside the networks that `chain` names. Whom a rule names, such as a scanner
    that is kept out, does not speak for everybody."""
    network = ipaddress.IPv4Network(cidr, strict=False)
    if network.prefixlen:
        return tuple(dict.fromkeys((str(network[0]), str(network[-1]))))
    tried = [nameless] if (nameless := somewhere(table)) else []
    named = list(_networks(sources_of(table.rules(chain))))
    beside = [end for each in named for end in (int(each[0]) - 1, int(each[-1]) + 1)]
    for address in (ipaddress.IPv4Address(end) for end in beside if 0 <= end < 2**32):
        if not _is_in(address, named):
            tried.append(str(address))
    if not tried:  # they name every address
        tried = [str(each[0]) for each in named]
    return tuple(dict.fromkeys(tried))


def beyond(table: Table, chain: str, cidrs: Iterable[str]) -> dict[str, str]:
    """Addresses outside `cidrs`, with what they stand for: each network that `chain` names, and
    everybody else."""
    wanted = list(_networks(cidrs))
    found: dict[str, str] = {}
    nameless = somewhere(table, map(str, wanted))
    if nameless is not None:
        found[nameless] = "anywhere"
    for each in _networks(sources_of(table.rules(chain))):
        if each.prefixlen and not any(each.subnet_of(known) for known in wanted):
            outside = [end for end in (each[0], each[-1]) if not _is_in(end, wanted)]
            found |= {str(end): str(each) for end in outside}
    return found


def _is_in(address: ipaddress.IPv4Address, networks: Iterable[Network]) -> bool:
    return any(address in each for each in networks)


def hand_made(fate: Fate, table: str = "filter") -> str:
    """The command that takes out the rule that dropped a packet, where CloudStack writes no such
    rule: outside of ACLs it drops by a policy, or by a last rule without conditions."""
    conditions = fate.rule.partition("-j ")[0].strip()
    if fate.is_let_through or not conditions or fate.chain.startswith(_OF_CLOUDSTACK):
        return ""
    where = "" if table == "filter" else f"-t {table} "
    return f"iptables {where}-D {fate.chain} {fate.rule}"
