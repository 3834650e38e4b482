"""Packets through tables of iptables."""

import pytest

from tui.diagnose.firewall_walk import Packet, read_table
from tui.router.output import Output

TABLE = """*filter
:INPUT DROP [0:0]
:FORWARD ACCEPT [0:0]
:GATE - [0:0]
:LOOP - [0:0]
[1:2] -A INPUT -i eth2 -m state --state RELATED,ESTABLISHED -j ACCEPT
[0:0] -A INPUT -s 198.51.100.0/24 -p udp -m udp --dport 1701 -m policy --pol ipsec -j ACCEPT
[0:0] -A INPUT -d 203.0.113.10/32 -j GATE
[0:0] -A INPUT ! -s 192.0.2.0/24 -p udp -m udp --dport 4500 -j ACCEPT
[0:0] -A INPUT -p udp -m multiport --dports 7000,8000:8010 -m comment --comment "a b" -j ACCEPT
[0:0] -A INPUT -p udp -m udp --dport 6000 -j REJECT --reject-with icmp-port-unreachable
[0:0] -A INPUT -p udp -m udp --dport 9 -j LOOP
[0:0] -A INPUT -i ppp+ -j ACCEPT
[0:0] -A GATE -p udp -m udp --dport 500 -j ACCEPT
[0:0] -A GATE -j RETURN
[0:0] -A GATE -j DROP
[0:0] -A LOOP -j LOOP
COMMIT
"""


@pytest.mark.parametrize(
    ("packet", "target", "chain"),
    [
        (Packet(source="8.8.8.8", destination="203.0.113.10", port=500), "ACCEPT", "GATE"),
        (Packet(source="8.8.8.8", destination="203.0.113.11", port=500), "DROP", "INPUT"),
        (Packet(source="8.8.8.8", destination="203.0.113.10", port=4500), "ACCEPT", "INPUT"),
        (Packet(source="192.0.2.7", destination="203.0.113.10", port=4500), "DROP", "INPUT"),
        (
            Packet(source="198.51.100.7", destination="203.0.113.10", port=1701, comes_in="eth2"),
            "DROP",
            "INPUT",
        ),
        (
            Packet(source="8.8.8.8", destination="1.1.1.1", comes_in="eth2", state="ESTABLISHED"),
            "ACCEPT",
            "INPUT",
        ),
        (Packet(source="8.8.8.8", destination="1.1.1.1", port=8005), "ACCEPT", "INPUT"),
        (Packet(source="8.8.8.8", destination="1.1.1.1", port=7001), "DROP", "INPUT"),
        (Packet(source="8.8.8.8", destination="1.1.1.1", port=6000), "DROP", "INPUT"),
        (Packet(source="8.8.8.8", destination="1.1.1.1", port=9), "DROP", "INPUT"),
        (Packet(source="8.8.8.8", destination="1.1.1.1", comes_in="ppp7"), "ACCEPT", "INPUT"),
    ],
)
def test_a_packet_ends_where_the_kernel_ends_it(packet: Packet, target: str, chain: str) -> None:
    fate = read_table(Output(0, TABLE.encode(), b"")).fate("INPUT", packet)
    assert (fate.target, fate.chain) == (target, chain)


def test_a_policy_decides_at_the_end_and_a_chain_that_is_missing_lets_through() -> None:
    known = read_table(Output(0, TABLE.encode(), b""))
    packet = Packet(source="8.8.8.8", destination="1.1.1.1", protocol="tcp", port=22)
    assert known.fate("INPUT", packet).rule == ""
    assert not known.fate("INPUT", packet).is_let_through
    assert known.fate("FORWARD", packet).is_let_through
    assert known.fate("NOWHERE", packet).is_let_through
