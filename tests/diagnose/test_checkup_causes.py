"""States that were not recorded: which checks are flagged follows from the cause, and what only
follows from another one is not."""

from typing import Any

import pytest

from tests.diagnose.surveys import (
    Change,
    checks_of,
    cloud_of,
    flagged,
    lines_without,
    nothing,
    replaced,
)
from tui.diagnose.cloud_side import PortRule

NO_CHARON: dict[str, Change] = {
    "pgrep_charon": nothing("pgrep_charon"),
    "ipsec_statusall": nothing("ipsec_statusall", 3),
    "xfrm_policy": "",
    "ss_vpn_ports": lines_without(":500 ", ":4500 "),
}
NO_XL2TPD: dict[str, Change] = {
    "pgrep_xl2tpd": nothing("pgrep_xl2tpd"),
    "xl2tpd_started": nothing("xl2tpd_started"),
    "ss_vpn_ports": lines_without(":1701 "),
}
FORGOTTEN: dict[str, Change] = {
    "bag_remoteaccessvpn": nothing("bag_remoteaccessvpn"),
    "bag_vpnuserlist": nothing("bag_vpnuserlist"),
}
STANDBY: dict[str, Change] = {
    **NO_CHARON,
    **NO_XL2TPD,
    "ss_vpn_ports": "State Recv-Q Send-Q Local Address:Port Peer Address:PortProcess\n",
    "bag_cmdline": replaced('"redundant_router": "false"', '"redundant_router": "true"'),
    "checkrouter": "Status: BACKUP\n",
}
MISTAKEN_KEY = "0" * 64


def case(name: str, *flags: str, state: str = "two_sessions", **more: Any) -> Any:
    return pytest.param(state, set(flags), more, id=name)


@pytest.mark.parametrize(
    ("state", "flags", "more"),
    [
        case("key differs", "psk_matches", cloud=cloud_of("two_sessions", psk_sha256=MISTAKEN_KEY)),
        case(
            "no key",
            "psk_present",
            changed={
                "psk_sha256": "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855  -"
            },
            cloud=cloud_of("two_sessions", psk_sha256=MISTAKEN_KEY),
        ),
        case(
            "the key was changed by hand, and the API tells none",
            "psk_matches",
            changed={
                "conf_stat": lambda text: text.replace(
                    "33 644 root:root 1795405904", "33 644 root:root 1795405990"
                )
            },
        ),
        case(
            "charon down, xl2tpd up",
            "charon_process",
            "l2tp_without_ipsec",
            state="vpn_idle",
            changed=NO_CHARON,
        ),
        case(
            "both down",
            "charon_process",
            "xl2tpd_process",
            state="vpn_idle",
            changed={
                **NO_CHARON,
                **NO_XL2TPD,
                "ss_vpn_ports": lines_without("UNCONN"),
            },
        ),
        case(
            "charon down, xl2tpd up, UDP 1701 not let in",
            "charon_process",
            "udp1701_gate",
            state="vpn_idle",
            changed={**NO_CHARON, "iptables_mangle": lines_without("--dport 1701")},
        ),
        case(
            "xl2tpd down, nobody connected", "xl2tpd_process", state="vpn_idle", changed=NO_XL2TPD
        ),
        case(
            "a port closed although its daemon runs",
            "ports_listening",
            changed={"ss_vpn_ports": lines_without(":4500 ")},
        ),
        case(
            "xl2tpd listens on loopback only",
            "ports_listening",
            changed={"ss_vpn_ports": replaced("0.0.0.0:1701", "127.0.0.1:1701")},
        ),
        case(
            "a connection for the address of the template; its trap policy is there all the same",
            "conn_loaded",
            state="vpn_idle",
            changed={
                "ipsec_statusall": replaced(
                    "L2TP-PSK:  203.0.113.10...", "L2TP-PSK:  172.26.0.151..."
                )
            },
        ),
        case(
            "no connection at all, and so no policy",
            "conn_loaded",
            "l2tp_without_ipsec",
            state="vpn_idle",
            changed={"ipsec_statusall": lines_without("L2TP-PSK"), "xfrm_policy": ""},
        ),
        *(
            case(
                f"UDP {port} lost on the router",
                f"udp{port}_gate",
                changed={"iptables_mangle": lines_without(f"--dport {port} ")},
            )
            for port in (500, 4500, 1701)
        ),
        case(
            "UDP 500 is taken away in CloudStack and on the router",
            changed={"iptables_mangle": lines_without("--dport 500 ")},
            cloud=cloud_of(
                "two_sessions",
                rules=tuple(
                    PortRule(protocol="udp", first=port, last=port, sources="0.0.0.0/0")
                    for port in (4500, 1701)
                ),
            ),
        ),
        case(
            "a rule for one network is there for another",
            "udp500_gate",
            changed={
                "iptables_mangle": replaced(
                    "-A FIREWALL_203.0.113.10 -p udp -m udp --dport 500",
                    "-A FIREWALL_203.0.113.10 -s 192.0.2.0/24 -p udp -m udp --dport 500",
                )
            },
            cloud=cloud_of(
                "two_sessions",
                rules=(
                    PortRule(protocol="udp", first=500, last=500, sources="198.51.100.0/24"),
                    PortRule(protocol="udp", first=1, last=65535, sources="0.0.0.0/0"),
                ),
            ),
        ),
        case(
            "the rule from the VPN to the network is gone",
            "forward_rules",
            changed={"iptables_filter": lines_without("-d 10.1.1.0/24 -i ppp+")},
        ),
        case(
            "the way back is gone",
            "forward_rules",
            changed={"iptables_filter": lines_without("-s 10.1.1.0/24 -o ppp+")},
        ),
        case(
            "somebody drops before it is accepted",
            "forward_rules",
            changed={
                "iptables_filter": replaced(
                    "[40:6240] -A FORWARD -j NETWORK_STATS_eth2",
                    "[40:6240] -A FORWARD -i ppp+ -j DROP",
                )
            },
        ),
        case("a user is not on the router", "users_match", changed={"chap_users": "alice\n"}),
        case("nobody is on the router", "users_match", changed={"chap_users": ""}),
        case(
            "a user was removed in CloudStack only",
            "users_match",
            cloud=cloud_of("two_sessions", users=("alice",)),
        ),
        case(
            "a user that no router has confirmed",
            cloud=cloud_of("two_sessions", users=("alice", "bob"), adding=("carol",)),
        ),
        case(
            "a pppd was killed, as CloudStack does with a removed user",
            "orphan_session",
            changed={
                "pgrep_pppd": lines_without("2569"),
                "l2tp_session": lines_without("Session 45029"),
                "ip_link_ppp": "[]",
            },
        ),
        case(
            "an interface without anything",
            "orphan_session",
            state="vpn_idle",
            changed={"ip_link_ppp": '[{"ifname":"ppp3","mtu":1400}]'},
        ),
        case(
            "somebody is just logging in",
            state="one_session",
            changed={"tdbdump": ""},
        ),
        case(
            "strongSwan was restarted under a session",
            "l2tp_without_ipsec",
            state="one_session",
            changed={
                "ipsec_statusall": lines_without("L2TP-PSK{2}", "L2TP-PSK[1]"),
                "xfrm_policy": lambda text: text[text.index("src 0.0.0.0/0") :],
            },
        ),
        case(
            "the policy asks for IPsec only where there is some",
            "l2tp_without_ipsec",
            state="vpn_idle",
            changed={"xfrm_policy": replaced("mode transport", "mode transport\n\t\tlevel use")},
        ),
        case(
            "rebooted, and only then the users were pushed",
            "programmed",
            state="rebooted",
            changed={"bag_vpnuserlist": '{"alice": {"add": true}, "id": "vpnuserlist"}'},
        ),
        case(
            "the bag is gone while everything runs",
            "programmed",
            changed=FORGOTTEN,
        ),
        case(
            "the VPN is on another address",
            "programmed",
            cloud=cloud_of("two_sessions", public_ip="203.0.113.11"),
        ),
        case(
            "deleted, nobody connected",
            "daemons_after_delete",
            state="deleted_daemons_left",
            changed={
                "pgrep_pppd": nothing("pgrep_pppd"),
                "l2tp_session": "",
                "l2tp_tunnel": "",
                "tdbdump": "",
                "ip_link_ppp": "[]",
            },
        ),
        case(
            "deleted and rebooted: the key is left",
            "daemons_after_delete",
            state="rebooted",
            cloud=cloud_of("deleted_daemons_left"),
        ),
        case(
            "no VPN, but users",
            state="fresh",
            cloud=cloud_of("fresh", users=("alice", "bob")),
        ),
        case(
            "charon runs for a site-to-site connection only",
            state="fresh",
            changed={
                "pgrep_charon": "911 /usr/lib/ipsec/charon\n",
                "ls_ipsec_d": lambda text: (
                    f"{text}-rw-r--r-- 1 root root 9 ipsec.vpn-192.0.2.9.conf\n"
                ),
            },
        ),
        case("stands by", state="vpn_idle", changed=STANDBY),
        case(
            "stands by for CloudStack, and keepalived does not run",
            state="vpn_idle",
            changed={**STANDBY, "checkrouter": "Status: FAULT\n"},
            cloud=cloud_of("vpn_idle", redundant_state="BACKUP", is_redundant=True),
        ),
        case(
            "stands by with another key",
            "psk_matches",
            state="vpn_idle",
            changed=STANDBY,
            cloud=cloud_of("vpn_idle", psk_sha256=MISTAKEN_KEY),
        ),
        case(
            "a router that is alone prints FAULT and its daemons are down",
            "charon_process",
            "xl2tpd_process",
            state="vpn_idle",
            changed={
                **STANDBY,
                "bag_cmdline": replaced('"id": "cmdline"', '"id":  "cmdline"'),
                "checkrouter": "Status: FAULT\n",
            },
        ),
        case(
            "the range has grown and was not loaded",
            "range_loaded",
            state="range_not_loaded",
            changed={
                "xl2tpd_conf": replaced("10.1.9.2-10.1.9.8", "10.1.2.2-10.1.2.100"),
                "bag_remoteaccessvpn": replaced("10.1.9.2-10.1.9.8", "10.1.2.2-10.1.2.100"),
            },
            cloud=cloud_of("range_not_loaded", pool="10.1.2.2-10.1.2.100"),
        ),
        case(
            "the range was loaded, somebody of before is left over",
            "orphan_session",
            state="orphan_pppd",
            changed={
                "xl2tpd_conf": replaced("10.1.2.2-10.1.2.8", "10.1.9.2-10.1.9.8"),
                "pgrep_pppd": lambda text: text.replace(
                    "10.1.2.1:10.1.2.2", "10.1.9.1:10.1.9.2"
                ).replace("10.1.9.1:10.1.9.2", "10.1.2.1:10.1.2.2", 1),
            },
            cloud=cloud_of("orphan_pppd", pool="10.1.9.2-10.1.9.8"),
        ),
        case(
            "xl2tpd.conf was edited and loaded",
            "range_loaded",
            state="vpn_idle",
            changed={"xl2tpd_conf": replaced("10.1.2.2-10.1.2.8", "10.5.0.2-10.5.0.8")},
        ),
        case(
            "the API's range begins with the router's own address",
            cloud=cloud_of("two_sessions", pool="10.1.2.1-10.1.2.8"),
        ),
        case(
            "nearly full of connections",
            changed={"sysctl": replaced("nf_conntrack_count = 15", "nf_conntrack_count = 990000")},
        ),
        case(
            "two sessions of one user",
            changed={"tdbdump": replaced("PEERNAME=bob", "PEERNAME=alice")},
        ),
    ],
)
def test_what_is_flagged_follows_from_the_cause(
    state: str, flags: set[str], more: dict[str, Any]
) -> None:
    checks = checks_of(state, **more)
    assert flagged(checks) == flags, {name: checks[name].says for name in flagged(checks) ^ flags}
