"""The checks beyond the named list: each right, wrong, and unknown where its answer lacks."""

from typing import Any

import msgspec
import pytest

from tests.diagnose.surveys import (
    Change,
    checks_of,
    cloud_of,
    flagged,
    lines_without,
    nothing,
    replaced,
    survey_of,
)
from tui.actions import ACTIONS
from tui.diagnose.bundle import Bundle
from tui.diagnose.check_logins import failed_logins_in
from tui.diagnose.check_tuning import largest_inner
from tui.diagnose.checkup import FURTHER, checkup, checkup_bundle

LATE: dict[str, Change] = {"proc_uptime": "90000.12 3.4\n"}


def case(name: str, state: str, says: str, recorded: str = "two_sessions", **more: Any) -> Any:
    return pytest.param(name, state, says, recorded, more, id=f"{name}: {says}")


WRONG = [
    case("right_router", "fail", "r-43-VM", changed={"hostname": "r-43-VM\n"}),
    case(
        "router_version", "warn", "upgraded", cloud=cloud_of("two_sessions", requires_upgrade=True)
    ),
    case("router_version", "warn", "4.23", cloud=cloud_of("two_sessions", version="4.23.0.0")),
    case("router_state", "fail", "Stopped", cloud=cloud_of("two_sessions", router_state="Stopped")),
    case(
        "router_state",
        "warn",
        "Allocated",
        cloud=cloud_of("two_sessions", network_state="Allocated"),
    ),
    case(
        "network_offering",
        "fail",
        "no VPN service",
        cloud=cloud_of("two_sessions", network_services=("Dns",)),
    ),
    case(
        "network_offering",
        "warn",
        "conserve mode",
        cloud=cloud_of("two_sessions", conserve_mode=False),
    ),
    case(
        "public_address",
        "fail",
        "on no card",
        changed={"ip_addr": replaced("203.0.113.10", "203.0.113.9")},
    ),
    case(
        "routes",
        "fail",
        "a default route",
        changed={"ip_route": replaced('"default"', '"198.51.100.0/24"')},
    ),
    case(
        "routes",
        "fail",
        "10.1.1.0/24 by eth0",
        changed={"ip_route": replaced("10.1.1.0/24", "10.1.8.0/24")},
    ),
    case(
        "gateway",
        "fail",
        "203.0.113.1 does not answer",
        changed={
            "ip_neigh": replaced(
                '02:00:cb:00:71:01","state":["STALE"]', '02:00:cb:00:71:01","state":["FAILED"]'
            )
        },
    ),
    case(
        "rp_filter",
        "warn",
        "another way",
        changed={"sysctl": replaced("all.rp_filter = 0", "all.rp_filter = 1")},
    ),
    case("disk_space", "warn", "fills up", changed={"df": replaced("4970082304", "749890437")}),
    case("disk_space", "fail", "is full", changed={"df": replaced("4970082304", "49890437")}),
    case("inodes", "fail", "no more files", changed={"df_inodes": replaced("23759", "393000")}),
    case(
        "root_writable",
        "fail",
        "read-only",
        changed={"mounts": replaced("/dev/vda / ext4 rw,", "/dev/vda / ext4 ro,")},
    ),
    case("memory", "warn", "are left", changed={"free": replaced("1797795840", "180000000")}),
    case("memory", "fail", "are left", changed={"free": replaced("1797795840", "18000000")}),
    case("load", "warn", "quarter of an hour", changed={"loadavg": "9.1 9.2 8.8 1/184 2610\n"}),
    case(
        "load",
        "warn",
        "for memory",
        changed={
            "pressure": replaced(
                "memory <==\nsome avg10=0.00 avg60=0.00 avg300=0.00",
                "memory <==\nsome avg10=0.00 avg60=0.00 avg300=33.00",
            )
        },
    ),
    case(
        "kernel_complaints",
        "fail",
        "the table of connections is full",
        changed={"dmesg_tail": "[1.0] nf_conntrack: table full, dropping packet\n"},
    ),
    case("time_server", "warn", "follows no time server", changed=LATE),
    case("time_server", "warn", "has ever answered", changed=LATE, recorded="fresh"),
    case("addresses", "fail", "2 of 2", cloud=cloud_of("two_sessions", pool="10.1.2.2-10.1.2.3")),
    case(
        "addresses",
        "warn",
        "gets tight",
        changed={
            "tail_messages": "".join(
                f"Nov 23 03:00:00 r-42-VM pppd[{n}]: remote IP address 10.1.2.{n}\n"
                for n in range(2, 9)
            )
        },
    ),
    case(
        "conntrack",
        "warn",
        "fills up",
        changed={"sysctl": replaced("count = 15", "count = 850000")},
    ),
    case(
        "conntrack", "fail", "is full", changed={"sysctl": replaced("count = 15", "count = 990000")}
    ),
    case(
        "conntrack",
        "warn",
        "for want of room",
        changed={"conntrack_stats": replaced("early_drop=0 error", "early_drop=7 error")},
    ),
    case(
        "lost_packets",
        "warn",
        "processors dropped 1 ",
        changed={"softnet": replaced("00000052 00000000", "00000052 00000001")},
    ),
    case(
        "lost_packets",
        "warn",
        "sockets had no room",
        changed={"snmp": replaced("Udp: 128 6 0 59 0", "Udp: 128 6 0 59 44")},
    ),
    case(
        "nic_driver",
        "warn",
        "e1000",
        changed={"nic_driver": replaced("eth2 virtio_net", "eth2 e1000")},
    ),
    case(
        "aes_hardware",
        "warn",
        "in software",
        changed={"crypto_cbc_aes": "name         : cbc(aes)\ndriver       : cbc(aes-generic)\n"},
    ),
    case(
        "mtu",
        "warn",
        "1356",
        changed={"nic_driver": replaced("eth2 virtio_net 1500", "eth2 virtio_net 1434")},
    ),
    case(
        "mtu",
        "warn",
        "behind NAT",
        changed={
            "ip_link_ppp": replaced('"mtu":1280', '"mtu":1410'),
            "ipsec_statusall": lines_without("{2}", "[1]"),
        },
    ),
    case(
        "proposals",
        "warn",
        "3des",
        changed={"l2tp_conf": lambda text: f"{text}\n ike=3des-md5-modp1024\n"},
    ),
    case(
        "weak_in_use",
        "warn",
        "3DES_CBC",
        changed={
            "ipsec_statusall": replaced("IKE proposal: AES_CBC_256/", "IKE proposal: 3DES_CBC/")
        },
    ),
    case(
        "file_modes", "warn", "chap-secrets", changed={"conf_stat": replaced("119 600", "119 644")}
    ),
    case("key_age", "warn", "120 days", cloud=cloud_of("two_sessions", psk_age_days=120)),
    case(
        "pool_overlaps",
        "warn",
        "10.1.0.0/16",
        cloud=cloud_of("two_sessions", other_cidrs=("10.1.0.0/16",)),
    ),
    case(
        "removed_people",
        "fail",
        "bob is connected",
        cloud=cloud_of("two_sessions", users=("alice",)),
    ),
    case(
        "inner_addresses",
        "warn",
        "10.1.2.200",
        changed={"tdbdump": replaced("IPREMOTE=10.1.2.3\\00", "IPREMOTE=10.1.2.200\\00")},
    ),
    case(
        "shared_logins",
        "warn",
        "alice is connected more than once",
        changed={"tdbdump": replaced("PEERNAME=bob", "PEERNAME=alice")},
    ),
    case("users_pushed", "warn", "carol", recorded="ghost_user"),
    case("users_confirmed", "warn", "dora", cloud=cloud_of("two_sessions", adding=("dora",))),
    case(
        "files_agree",
        "warn",
        "10.5.0.2",
        changed={"xl2tpd_conf": replaced("10.1.2.2-", "10.5.0.2-")},
    ),
    case(
        "units_failed",
        "fail",
        "haproxy",
        changed={"systemctl_failed": "haproxy.service loaded failed failed HAProxy\n"},
    ),
    case(
        "input_rules", "fail", "ESP", changed={"iptables_filter": lines_without("-i eth2 -p esp")}
    ),
    case(
        "standby_idle",
        "warn",
        "still listens",
        changed={
            "bag_cmdline": replaced('router": "false"', 'router": "true"'),
            "checkrouter": "Status: BACKUP\n",
        },
    ),
    case(
        "redundancy",
        "fail",
        "keepalived",
        changed={
            "bag_cmdline": replaced('router": "false"', 'router": "true"'),
            "checkrouter": "Status: FAULT\n",
        },
    ),
    case(
        "redundancy",
        "warn",
        "takes it for PRIMARY",
        changed={
            "bag_cmdline": replaced('router": "false"', 'router": "true"'),
            "checkrouter": "Status: BACKUP\n",
        },
        cloud=cloud_of("two_sessions", redundant_state="PRIMARY"),
    ),
    case(
        "rules_pushed",
        "warn",
        "not pushed to the router: udp 1701",
        changed={"bag_firewallrules": replaced('"revoked": false', '"revoked": true')},
    ),
    case(
        "rules_pushed",
        "warn",
        "pushed and not listed: udp 1701",
        cloud=cloud_of("two_sessions", rules=()),
    ),
    case(
        "health_checks",
        "warn",
        "own health checks",
        cloud=cloud_of("two_sessions", health_checks_failed=True),
    ),
]


@pytest.mark.parametrize(("name", "state", "says", "recorded", "more"), WRONG)
def test_what_is_wrong_is_told(
    name: str, state: str, says: str, recorded: str, more: dict[str, Any]
) -> None:
    check = checks_of(recorded, **more)[name]
    assert (check.state, says in check.says) == (state, True), check.says
    assert check.evidence
    assert check.fix


def test_an_overlapping_route_is_told() -> None:
    wider: dict[str, Change] = {
        "ip_route": replaced("169.254.0.0/16", "10.1.2.0/24"),
    }
    check = checks_of("vpn_idle", wider)["routes"]
    assert check.state == "warn"
    assert "10.1.2.0/24 by eth1 overlaps" in check.says


@pytest.mark.parametrize("look", FURTHER, ids=lambda look: str(look.name))
def test_a_check_without_its_answers_does_not_pass(look: Any) -> None:
    told = survey_of("two_sessions")
    bare = msgspec.structs.replace(cloud_of("two_sessions"), users=None, rules=None)
    checks = checkup(type(told)("r", {}), bare)
    found = next(check for check in checks if check.name == look.name)
    if look.name not in ("router_state", "pool_overlaps"):  # what the API alone tells
        assert found.state in ("unknown", "n/a")


def test_every_action_that_is_named_is_one() -> None:
    names = {action.name for action in ACTIONS}
    found = [
        check
        for state in ("xl2tpd_killed", "rebooted", "deleted_daemons_left", "ghost_user")
        for check in checks_of(state).values()
    ]
    found += [c for p in WRONG for c in checks_of(p.values[3], **p.values[4]).values()]
    assert {check.action for check in found if check.action} <= names


def test_the_arithmetic_is_that_of_the_wire() -> None:
    # What was measured: see the table of MTUs in docs/checkup.md.
    assert largest_inner(1500, behind_nat=False) == 1420
    assert largest_inner(1500, behind_nat=True) == 1404
    assert largest_inner(1500, behind_nat=True, checksum=16) == 1404
    assert largest_inner(1492, behind_nat=False) == 1404
    assert largest_inner(1450, behind_nat=False) == 1372
    assert largest_inner(1450, behind_nat=True) == 1356
    assert largest_inner(1450, behind_nat=False, checksum=16) == 1356


def test_failed_logins_are_counted_by_name_and_by_address() -> None:
    gone = b"09[JOB] deleting half open IKE_SA with 192.0.2.8 after timeout\n"
    daemon = (
        b"Nov 23 00:00:00 r xl2tpd[9]: Call established with 192.0.2.7, PID: 71, Local: 1\n"
        + (b"Nov 23 00:00:01 r charon: " + gone) * 12
        + (b"Nov 23 00:00:01 r ipsec[3]: " + gone) * 12
    )
    messages = b"Nov 23 00:00:02 r pppd[71]: Peer eve failed CHAP authentication\n" * 6
    found = failed_logins_in(daemon, messages)
    assert found.users == {"eve": 6}
    assert found.addresses == {"192.0.2.7": 6, "192.0.2.8": 12}
    logs = {"vr.log": daemon, "vr.messages.log": messages}
    checks = checkup_bundle(
        Bundle(survey=survey_of("vpn_idle"), cloud=cloud_of("vpn_idle"), logs=logs)
    )
    check = next(c for c in checks if c.name == "failed_logins")
    assert check.state == "warn"
    assert "eve" in check.says
    assert "192.0.2.8/32" in check.fix


def test_the_processor_without_aes_gets_advice_and_no_warning() -> None:
    check = checks_of("vpn_idle", {"cpu_aes": nothing("cpu_aes")})["aes_hardware"]
    assert check.state == "pass"
    assert "host-passthrough" in check.fix


def test_further_checks_leave_the_named_ones_alone() -> None:
    assert flagged(checks_of("vpn_idle", LATE)) == set()
