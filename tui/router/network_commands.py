"""Commands of the registry about the network: links, routes, the firewall, cards, counters."""

from tui.router import bag_facts, network_facts, system_facts, vpn_facts
from tui.router.registry import allow, shell

_NO_SUCH_CARD = 71
"""With this status ethtool says that the card is not there: a VPC's router has no eth2 at first."""

IP_ADDR = allow("ip_addr", ("ip", "-j", "addr"), network_facts.read_addresses)
IP_ROUTE = allow("ip_route", ("ip", "-j", "route"), network_facts.read_routes)
IP_RULE = allow("ip_rule", ("ip", "-j", "rule"), network_facts.read_routing_rules)
IP_NEIGH = allow("ip_neigh", ("ip", "-j", "neigh"), network_facts.read_neighbours)
IP_LINK_STATS = allow("ip_link_stats", ("ip", "-s", "-j", "link"), network_facts.read_links)
IP_LINK_PPP = allow(
    "ip_link_ppp",
    ("ip", "-d", "-s", "-j", "link", "show", "type", "ppp"),
    network_facts.read_links,
)
SYSCTL = allow(
    "sysctl",
    (
        "sysctl",
        "net.ipv4.ip_forward",
        "net.ipv4.conf.all.rp_filter",
        "net.ipv4.conf.eth2.rp_filter",
        "net.netfilter.nf_conntrack_max",
        "net.netfilter.nf_conntrack_count",
        "net.core.rmem_max",
        "net.core.wmem_max",
        "net.core.netdev_max_backlog",
        "net.ipv4.conf.all.send_redirects",
        "net.ipv6.conf.all.disable_ipv6",
    ),
    system_facts.read_settings,
    statuses=(0, 1, 255),
)

IPTABLES_MANGLE = allow(
    "iptables_mangle", ("iptables-save", "-c", "-t", "mangle"), vpn_facts.read_rules
)
"""With its counters it says all that a look at the chain of one address would say."""
IPTABLES_FILTER = allow(
    "iptables_filter", ("iptables-save", "-c", "-t", "filter"), vpn_facts.read_rules
)
IPTABLES_NAT = allow("iptables_nat", ("iptables-save", "-c", "-t", "nat"), vpn_facts.read_rules)
IPTABLES_RAW = allow("iptables_raw", ("iptables-save", "-c", "-t", "raw"), vpn_facts.read_rules)
IPTABLES_UPDOWN = allow(
    "iptables_updown",
    shell("iptables -S INPUT | grep 'policy match\\|-m policy'"),
    system_facts.read_lines,
    statuses=(0, 1),
)
BAG_FIREWALLRULES = allow(
    "bag_firewallrules",
    ("cat", "/etc/cloudstack/firewallrules.json"),
    bag_facts.read_pushed_rules,
    statuses=(0, 1),
)
BAG_IPS = allow(
    "bag_ips",
    ("cat", "/etc/cloudstack/ips.json"),
    bag_facts.read_bag_addresses,
    statuses=(0, 1),
)
BAG_GUESTNETWORK = allow(
    "bag_guestnetwork",
    ("cat", "/etc/cloudstack/guestnetwork.json"),
    bag_facts.read_guest_networks,
    statuses=(0, 1),
)

CONNTRACK_STATS = allow("conntrack_stats", ("conntrack", "-S"), network_facts.read_conntrack)
CONNTRACK_COUNT = allow("conntrack_count", ("conntrack", "-C"), system_facts.read_count)
SNMP = allow("snmp", ("cat", "/proc/net/snmp"), network_facts.read_protocol_counters)
SOFTNET = allow("softnet", ("cat", "/proc/net/softnet_stat"), network_facts.read_softnet)
TC_QDISC = allow("tc_qdisc", ("tc", "-s", "qdisc", "show"), network_facts.read_queues)
NIC_DRIVER = allow(
    "nic_driver",
    shell(
        "for i in eth0 eth1 eth2; do echo $i"
        " $(basename $(readlink /sys/class/net/$i/device/driver))"
        " $(cat /sys/class/net/$i/mtu) $(cat /sys/class/net/$i/operstate); done"
    ),
    network_facts.read_cards,
)
ETHTOOL_I_ETH0 = allow(
    "ethtool_i_eth0",
    ("ethtool", "-i", "eth0"),
    network_facts.read_properties,
    statuses=(0, _NO_SUCH_CARD),
)
ETHTOOL_I_ETH1 = allow(
    "ethtool_i_eth1",
    ("ethtool", "-i", "eth1"),
    network_facts.read_properties,
    statuses=(0, _NO_SUCH_CARD),
)
ETHTOOL_I_ETH2 = allow(
    "ethtool_i_eth2",
    ("ethtool", "-i", "eth2"),
    network_facts.read_properties,
    statuses=(0, _NO_SUCH_CARD),
)
ETHTOOL_K_ETH2 = allow(
    "ethtool_k_eth2",
    ("ethtool", "-k", "eth2"),
    network_facts.read_offloads,
    statuses=(0, 1, _NO_SUCH_CARD),
)
