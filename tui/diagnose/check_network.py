"""Routes, cards, queues, connections: how packets get through, and what gets lost on the way."""

import ipaddress
from typing import Final

from tui.diagnose.check_drift import pool_ends
from tui.diagnose.check_passing import insides
from tui.diagnose.subject import Result, Subject, failed, passed, prove, skipped, unknown, warned
from tui.router import commands
from tui.router.network_facts import Route
from tui.router.survey import Unanswered

_GOOD_DRIVERS: Final = ("virtio_net", "vmxnet3", "xen_netfront", "vif", "netvsc", "hv_netvsc")
_SLOW_DRIVERS: Final = ("e1000", "e1000e", "8139cp", "8139too", "rtl8139", "pcnet32", "ne2k_pci")


def rp_filter(subject: Subject) -> Result:
    """Packets are not dropped for the way they come by."""
    kernel = subject.fact(commands.SYSCTL)
    if isinstance(kernel, Unanswered):
        return unknown(kernel)
    names = [name for name in kernel if name.endswith(".rp_filter")]
    evidence = prove("sysctl", *(f"{name} = {kernel[name]}" for name in names))
    if not names:
        return unknown("the kernel did not say rp_filter")
    if any(kernel[name] == "1" for name in names):
        return warned(
            "the kernel drops packets that come by another way than answers would go",
            evidence,
            "CloudStack switches this off at the router's start (disable_rp_filter): reboot it by "
            "CloudStack, or `sysctl -w net.ipv4.conf.all.rp_filter=0`.",
        )
    return passed("rp_filter is off", evidence)


def routes(subject: Subject) -> Result:
    """There is a way out, a way to the network, and nobody else has the clients' addresses."""
    found = subject.fact(commands.IP_ROUTE)
    if isinstance(found, Unanswered):
        return unknown(found)
    if subject.stands_by:
        return skipped("the router stands by: it has no way out until it takes over")
    evidence = prove("ip_route", *(f"{each.destination} dev {each.device}" for each in found[:10]))
    missing = [] if any(each.destination == "default" for each in found) else ["a default route"]
    for card, network in insides(subject) if subject.wants_vpn else []:
        if not any(_is_to(each, network) and each.device == card for each in found):
            missing.append(f"a route to {network} by {card}")
    if missing:
        return failed(
            f"the router lacks {' and '.join(missing)}",
            evidence,
            "Have CloudStack program the router again: restart of the network without clean-up.",
            "restart",
        )
    taken = [each for each in found if _overlaps(each, subject.pool)]
    if subject.wants_vpn and taken:
        return warned(
            f"{taken[0].destination} by {taken[0].device} overlaps the clients' {subject.pool}",
            evidence,
            "Give the VPN another range.",
            "change_range",
        )
    return passed("the ways out and to the network are there", evidence)


def _is_to(route: Route, network: ipaddress.IPv4Network) -> bool:
    if route.destination == "default" or ":" in route.destination:
        return False
    return network.subnet_of(ipaddress.IPv4Network(route.destination, strict=False))


def _overlaps(route: Route, pool: str) -> bool:
    """Whether a route of somebody else has addresses of the pool."""
    ends = pool_ends(pool)
    if ends is None or route.destination == "default" or route.device.startswith("ppp"):
        return False
    network = ipaddress.IPv4Network(route.destination, strict=False)
    return int(network.network_address) <= ends[1] and ends[0] <= int(network.broadcast_address)


def gateway(subject: Subject) -> Result:
    """The gateway of the public network answers."""
    found, around = subject.fact(commands.IP_ROUTE), subject.fact(commands.IP_NEIGH)
    if isinstance(found, Unanswered):
        return unknown(found)
    if isinstance(around, Unanswered):
        return unknown(around)
    ways = {each.gateway for each in found if each.destination == "default" and each.gateway}
    failing = [each for each in around if each.address in ways and "FAILED" in each.state]
    evidence = prove(
        "ip_neigh", *(f"{e.address} {e.device} {e.state}" for e in around if e.address in ways)
    )
    if failing:
        return failed(
            f"the gateway {failing[0].address} does not answer",
            evidence,
            "Look at the public network: VLAN, the router's host, the gateway itself.",
        )
    return passed("the gateway answers, or was not needed lately", evidence)


def conntrack(subject: Subject) -> Result:
    """The table of connections has room."""
    kernel, counters = subject.fact(commands.SYSCTL), subject.fact(commands.CONNTRACK_STATS)
    if isinstance(kernel, Unanswered):
        return unknown(kernel)
    try:
        most = int(kernel["net.netfilter.nf_conntrack_max"])
        count = int(kernel["net.netfilter.nf_conntrack_count"])
    except KeyError:
        return unknown("the kernel did not say how many connections it has")
    evidence = prove("sysctl", f"{count} of {most} connections")
    early = 0
    if not isinstance(counters, Unanswered):
        early = counters.get("early_drop", 0)
        shown = ("insert_failed", "drop", "early_drop")
        evidence += prove("conntrack_stats", *(f"{n}={counters.get(n, 0)}" for n in shown))
    fix = "Raise net.netfilter.nf_conntrack_max, or find who opens so many connections."
    if most and count / most >= 0.95:
        return failed(f"the table of connections is full: {count} of {most}", evidence, fix)
    if most and count / most >= 0.80:
        return warned(f"the table of connections fills up: {count} of {most}", evidence, fix)
    if early:
        return warned(f"{early} connections were dropped for want of room", evidence, fix)
    return passed(f"{count} of {most} connections", evidence)


def lost_packets(subject: Subject) -> Result:
    """Neither processors nor sockets nor queues lose packets."""
    cpus, counters = subject.fact(commands.SOFTNET), subject.fact(commands.SNMP)
    queues = subject.fact(commands.TC_QDISC)
    if isinstance(cpus, Unanswered):
        return unknown(cpus)
    if isinstance(counters, Unanswered):
        return unknown(counters)
    dropped = sum(cpu.dropped for cpu in cpus)
    overflown = counters.get("Udp.RcvbufErrors", 0)
    waiting = [] if isinstance(queues, Unanswered) else [q for q in queues if q.dropped]
    received = counters.get("Ip.InReceives", 0)
    evidence = (
        *prove("softnet", f"{dropped} dropped of {sum(cpu.processed for cpu in cpus)}"),
        *prove("snmp", f"Udp.RcvbufErrors {overflown}, Ip.InReceives {received}"),
        *prove("tc_qdisc", *(f"{q.device} {q.kind} dropped {q.dropped}" for q in waiting)),
    )
    says = []
    if dropped:
        says.append(f"processors dropped {dropped} packets (net.core.netdev_max_backlog)")
    if overflown:
        says.append(f"sockets had no room for {overflown} datagrams (net.core.rmem_max)")
    if received and sum(q.dropped for q in waiting) > max(1000, received // 1000):
        says.append("queues dropped more than one packet in a thousand")
    if says:
        return warned(
            "; ".join(says),
            evidence,
            "Raise what is named in brackets with sysctl (a rebuilt router forgets it), or give "
            "the router more processors.",
        )
    return passed("no packet was lost for want of room", evidence)


def nic_driver(subject: Subject) -> Result:
    """The cards are those made for virtual machines."""
    found = drivers_of(subject)
    if not found:
        return unknown(subject.missing(commands.NIC_DRIVER))
    evidence = prove("ethtool", *(f"{card} {driver}" for card, driver in found.items()))
    slow = [card for card, driver in found.items() if driver in _SLOW_DRIVERS]
    if slow:
        return warned(
            f"{slow[0]} is an emulated {found[slow[0]]}: it costs much of a processor",
            evidence,
            "Let the router have virtio (KVM: the guest OS of the system VM's template) or vmxnet3 "
            "(VMware: the setting vmware.systemvm.nic.device.type), and make it anew.",
        )
    drivers = ", ".join(sorted(set(found.values())))
    known = all(driver in _GOOD_DRIVERS for driver in found.values())
    says = f"cards: {drivers}" if known else f"cards of a kind not known: {drivers}"
    return passed(says, evidence)


def drivers_of(subject: Subject) -> dict[str, str]:
    """Cards and their drivers, whichever command told them."""
    cards = subject.fact(commands.NIC_DRIVER)
    if not isinstance(cards, Unanswered):
        return {card.name: card.driver for card in cards}
    found = {}
    for name, command in (
        ("eth0", commands.ETHTOOL_I_ETH0),
        ("eth1", commands.ETHTOOL_I_ETH1),
        ("eth2", commands.ETHTOOL_I_ETH2),
    ):
        told = subject.fact(command)
        if not isinstance(told, Unanswered) and told.get("driver"):
            found[name] = told["driver"]
    return found
