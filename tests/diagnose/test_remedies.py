"""The order of what to do: no step leaves an orphan, an open door, or does harm for nothing."""

from typing import Any, Final

import pytest

from screens.checkup_words import remedies_text
from tests.diagnose.surveys import Change, checks_of, cloud_of, lines_without, nothing, replaced
from tests.diagnose.test_checkup_causes import FORGOTTEN, NO_CHARON, NO_XL2TPD
from tui.diagnose.checks import Check, Proof
from tui.diagnose.summaries import remedies

STEPS: Final = {
    "stop": "systemctl stop xl2tpd",
    "orphans": "`kill ",
    "reprogram": "program the router again",
    "edit": "out of /etc/xl2tpd/xl2tpd.conf",
    "strongswan": "systemctl restart strongswan-starter",
    "rewrite": "write files and rules again",
    "forward": "sysctl -w net.ipv4.ip_forward=1",
    "push": "delete the rule and add it again",
    "open": "Open the missing ports",
    "xl2tpd": "systemctl restart xl2tpd",
    "users": "csvpn repair NETWORK --fix",
    "clean": "csvpn disable NETWORK --clean",
}
"""A step by words that only it has."""
NO_POLICY: Final[dict[str, Change]] = {"xfrm_policy": ""}
WHOLE_CHAIN: Final = {"iptables_mangle": lines_without("--dport 1701")}


def steps_of(checks: dict[str, Check]) -> list[str]:
    """The steps by their short names; each is one that is known."""
    found = []
    for words in remedies(checks.values()):
        named = [name for name, said in STEPS.items() if said in words]
        assert len(named) == 1, words
        found += named
    return found


def case(says: str, *steps: str, state: str = "vpn_idle", **more: Any) -> Any:
    return pytest.param(state, list(steps), more, id=says)


@pytest.mark.parametrize(
    ("state", "steps", "more"),
    [
        case("nothing is wrong"),
        case("after a reboot", "reprogram", state="rebooted"),
        case(
            "strongSwan is down, sessions are left",
            "stop",
            "orphans",
            "strongswan",
            "xl2tpd",
            state="ipsec_stopped",
        ),
        case("xl2tpd died, sessions are left", "orphans", "xl2tpd", state="xl2tpd_killed"),
        case("policies are lost", "stop", "strongswan", "xl2tpd", changed=NO_POLICY),
        case(
            "both daemons are down: no xl2tpd to be stopped",
            "strongswan",
            "xl2tpd",
            changed={**NO_CHARON, **NO_XL2TPD, "ss_vpn_ports": lines_without("UNCONN")},
        ),
        case(
            "a connection for another address: the file is wrong, so it is not loaded again",
            "rewrite",
            changed={
                "ipsec_statusall": replaced("L2TP-PSK:  203.0.113.10...", "L2TP-PSK:  10.0.0.1...")
            },
        ),
        case(
            "no connection and no policy: strongSwan comes before the push that starts xl2tpd",
            "stop",
            "strongswan",
            "rewrite",
            "xl2tpd",
            changed={
                **NO_POLICY,
                "ipsec_statusall": replaced("L2TP-PSK:  203.0.113.10...", "L2TP-PSK:  10.0.0.1..."),
            },
        ),
        case(
            "only 1701 is closed: strongSwan is left alone",
            "xl2tpd",
            changed={"ss_vpn_ports": lines_without(":1701 ")},
        ),
        case(
            "1701 on loopback by its file",
            "edit",
            "xl2tpd",
            changed={
                "ss_vpn_ports": replaced("0.0.0.0:1701", "127.0.0.1:1701"),
                "xl2tpd_conf": lambda text: "[global]\nlisten-addr = 127.0.0.1\n" + text,
            },
        ),
        case(
            "a port of charon is closed",
            "stop",
            "strongswan",
            "xl2tpd",
            state="two_sessions",
            changed={"ss_vpn_ports": lines_without(":4500 ")},
        ),
        case("forwarding is off", "forward", state="forward_off"),
        case("a rule of CloudStack is not on the router", "push", changed=WHOLE_CHAIN),
        case(
            "the rule is not on the router, and files are to be written as well",
            "rewrite",
            changed=WHOLE_CHAIN,
            cloud=cloud_of("vpn_idle", psk_sha256="0" * 64),
        ),
        case(
            "CloudStack has no rule at all",
            "open",
            cloud=cloud_of("vpn_idle", rules=()),
        ),
        case(
            "not programmed, and L2TP open: what is open cannot wait",
            "stop",
            "reprogram",
            changed={**FORGOTTEN, **NO_POLICY},
        ),
        case(
            "the running xl2tpd is older than its file",
            "xl2tpd",
            state="range_not_loaded",
        ),
    ],
)
def test_steps_and_their_order(state: str, steps: list[str], more: dict[str, Any]) -> None:
    assert steps_of(checks_of(state, **more)) == steps


def deleted(changed: dict[str, Change] | None = None) -> dict[str, Check]:
    return checks_of("deleted_daemons_left", changed)


def test_nothing_is_started_after_a_vpn_was_deleted() -> None:
    checks = deleted(NO_CHARON)
    assert checks["l2tp_without_ipsec"].state == "fail"
    assert steps_of(checks) == ["stop", "clean"]


def test_of_a_deleted_vpn_only_what_is_left_is_named() -> None:
    everything = deleted()["daemons_after_delete"].fix
    assert everything == (
        "Disconnect who is left, then stop xl2tpd, then stop strongSwan, then remove the old key: "
        "`csvpn disable NETWORK --clean`."
    )
    no_session: dict[str, Change] = {"l2tp_session": "", "l2tp_tunnel": "", "pgrep_pppd": ""}
    only_key: dict[str, Change] = {**NO_CHARON, **NO_XL2TPD, **no_session, "tdbdump": ""}
    checks = deleted({**only_key, "ss_vpn_ports": "", "ip_link_ppp": "", "ip_addr": "[]"})
    assert checks["daemons_after_delete"].state == "warn"
    left = [words for words in remedies(checks.values()) if "disable" in words]
    assert left == ["Remove the old key: `csvpn disable NETWORK --clean`."]


def test_a_deleted_vpn_that_is_still_programmed_needs_a_reboot_first() -> None:
    cloud = cloud_of("vpn_idle", public_ip="")
    check = checks_of("vpn_idle", cloud=cloud)["daemons_after_delete"]
    assert check.fix.startswith("The router still has the VPN programmed: a reboot of the router")


def flagged_as(name: str, state: Any, *sources: str, fix: str = "`kill 7`") -> Check:
    evidence = tuple(Proof(source, "…") for source in sources)
    return Check(name=name, state=state, says="…", evidence=evidence, fix=fix, action="restart")


def test_only_a_pppd_that_runs_is_ended() -> None:
    record = flagged_as("orphan_session", "warn", "tdbdump")
    process = flagged_as("orphan_session", "fail", "pgrep_pppd", "tdbdump")
    assert steps_of({"": record}) == []
    assert steps_of({"": process}) == ["orphans"]


def test_a_record_alone_asks_for_no_kill() -> None:
    left = '{\nkey(8) = "pppd9999"\ndata(223) = "PPPD_PID=9999;IFNAME=ppp9;PEERNAME=bob"\n}\n'
    checks = checks_of("two_sessions", {"tdbdump": lambda text: text + left})
    assert checks["orphan_session"].state == "warn"
    assert not remedies(checks.values())


@pytest.mark.parametrize(
    "name",
    ["l2tp_without_ipsec", "charon_process", "ports_listening", "conn_loaded", "range_loaded"],
)
def test_a_warning_cuts_nobody_off(name: str) -> None:
    assert not remedies([flagged_as(name, "warn")])


def test_a_gate_of_a_vpc_is_no_rule_of_cloudstack() -> None:
    assert steps_of({"": flagged_as("udp4500_gate", "fail", "iptables_filter")}) == ["rewrite"]
    both = flagged_as("udp4500_gate", "fail", "iptables_mangle", "listFirewallRules")
    assert steps_of({"": both}) == ["push"]


def test_a_rule_by_hand_is_taken_out_by_hand_and_not_pushed() -> None:
    by_hand = "-A PREROUTING -d 203.0.113.10/32 -p udp -m udp --dport 4500 -j DROP"
    checks = checks_of(
        "vpn_idle",
        {
            "iptables_mangle": lambda text: text.replace(
                "-A PREROUTING", f"{by_hand}\n-A PREROUTING", 1
            )
        },
    )
    assert checks["udp4500_gate"].state == "fail"
    assert remedies(checks.values()) == (checks["udp4500_gate"].fix,)
    assert "iptables -t mangle -D PREROUTING" in checks["udp4500_gate"].fix


def test_orphans_are_ended_by_their_numbers() -> None:
    said = remedies(checks_of("xl2tpd_killed").values())
    assert said[0].startswith("`kill 4563`")


def test_orphans_end_before_cloudstack_programs_anew() -> None:
    checks = {
        "programmed": flagged_as("programmed", "fail"),
        "orphan_session": flagged_as("orphan_session", "fail", "pgrep_pppd"),
        "users_match": flagged_as("users_match", "fail"),
    }
    assert steps_of(checks) == ["orphans", "reprogram"]


def test_no_step_follows_from_one_that_is_not_there() -> None:
    said = [
        remedies(checks_of(state).values())
        for state in (
            "range_not_loaded",
            "xl2tpd_killed",
            "ipsec_stopped",
            "rebooted",
            "forward_off",
        )
    ]
    assert all(said)
    for words in (each for steps in said for each in steps):
        assert not words.startswith("Then")
        assert "below" not in words
        assert "systemctl start " not in words


def test_without_steps_the_console_does_not_say_that_nothing_is_to_be_done() -> None:
    full = checks_of("two_sessions", {"df": replaced("4970082304", "49890437")})
    assert "each check says what to do" in remedies_text(tuple(full.values())).plain
    assert remedies_text(tuple(checks_of("vpn_idle").values())).plain == "Nothing has to be done."


def test_a_silent_command_is_no_reason_for_a_step() -> None:
    slow = nothing("ipsec_statusall", 124)
    assert not remedies(checks_of("vpn_idle", {"ipsec_statusall": slow}).values())


def test_a_charon_that_was_started_just_now_is_not_started_again() -> None:
    head = "PID PPID STARTED ELAPSED RSS NLWP COMMAND\n"
    row = "1709 1699 Mon Nov 23 03:51:44 2026 2 15988 1 /usr/lib/ipsec/charon\n"
    changed: dict[str, Change] = {
        "ss_vpn_ports": lines_without("charon"),
        "ipsec_statusall": nothing("ipsec_statusall", 3),
        "xfrm_policy": "",
        "ps_vpn": head + row,
    }
    checks = checks_of("vpn_idle", changed)
    assert checks["l2tp_without_ipsec"].state == "warn"
    assert not remedies(checks.values())
