"""Who comes or goes while the router is asked is no fault; what is left over is told exactly."""

import json
import re

import pytest

from tests.diagnose.surveys import Change, checks_of, lines_without, replaced
from tests.router.recorded import recording
from tui.diagnose.checks import Check
from tui.router import commands
from tui.router.output import Output
from tui.router.survey import Answer

BOB = "2569"
BOBS_CALL = "Session 45029"


def sessions_check(state: str, changed: dict[str, Change], without: tuple[str, ...] = ()) -> Check:
    return checks_of(state, changed, without=without)["orphan_session"]


def told(state: str, name: str) -> str:
    return str(recording(state)["answers"][name]["stdout"])


def only(interface: str) -> str:
    """The links of two_sessions, of one of them."""
    links = [x for x in json.loads(told("two_sessions", "ip_link_ppp")) if x]
    return json.dumps([link for link in links if link["ifname"] == interface])


def without_record(pid: str) -> str:
    entries = told("two_sessions", "tdbdump").split("}\n")
    return "}\n".join(entry for entry in entries if f"PPPD_PID={pid}" not in entry)


def aged(pid: str, seconds: int) -> str:
    """The processes of two_sessions, one of them that old."""
    text, count = re.subn(
        rf"(?m)^( *{pid} .* 2026 +)\d+( )", rf"\g<1>{seconds}\2", told("two_sessions", "ps_vpn")
    )
    assert count == 1
    return text


GONE: dict[str, Change] = {
    "l2tp_session": lines_without(BOBS_CALL),
    "ip_link_ppp": only("ppp0"),
    "tdbdump": without_record(BOB),
}
"""Bob has hung up; the processes were asked before."""


def test_who_hung_up_after_the_processes_were_asked_is_not_left_over() -> None:
    check = sessions_check("two_sessions", GONE)
    assert check.state == "pass" and f"coming or going (pppd {BOB})" in check.says
    check = sessions_check("two_sessions", {**GONE, "ps_vpn": lines_without(f" {BOB} ")})
    assert check.state == "pass"


def test_a_record_without_its_interface_is_of_who_has_just_ended() -> None:
    changed = {**GONE, "tdbdump": told("two_sessions", "tdbdump")}
    assert sessions_check("two_sessions", changed).state == "pass"


def test_who_began_after_the_processes_were_asked_is_not_left_over() -> None:
    changed: dict[str, Change] = {
        "pgrep_pppd": lines_without(BOB),
        "ps_vpn": lines_without(f" {BOB} "),
    }
    check = sessions_check("two_sessions", changed)
    assert check.state == "pass", check.says
    changed["tdbdump"] = without_record(BOB)
    assert sessions_check("two_sessions", changed).state == "pass"


@pytest.mark.parametrize(("seconds", "state"), [(1, "pass"), (9, "pass"), (10, "fail")])
def test_a_young_pppd_has_no_session_yet(seconds: int, state: str) -> None:
    """Its interface may be there already."""
    changed: dict[str, Change] = {
        "l2tp_session": lines_without(BOBS_CALL),
        "tdbdump": without_record(BOB),
        "ps_vpn": aged(BOB, seconds),
    }
    assert sessions_check("two_sessions", changed).state == state
    changed["ip_link_ppp"] = only("ppp0")
    assert sessions_check("two_sessions", changed).state == "pass"


def test_what_is_left_over_is_told_with_its_command() -> None:
    check = sessions_check("two_sessions", {"l2tp_session": "", "l2tp_tunnel": ""})
    assert check.state == "fail" and check.fix.startswith("`kill 2317 2569` on the router")
    assert "PID" not in check.fix


def test_left_over_is_proven_without_records() -> None:
    missing = Answer(name="tdbdump", status=127, stderr="sh: 1: tdbdump: not found\n")
    check = sessions_check("xl2tpd_killed", {"tdbdump": missing})
    assert check.state == "fail" and "kill 4563" in check.fix
    assert sessions_check("two_sessions", {"tdbdump": missing}).state == "unknown"
    assert sessions_check("vpn_idle", {"tdbdump": missing}).state == "unknown"


def test_left_over_is_proven_by_a_record_and_age_without_interfaces() -> None:
    check = sessions_check("xl2tpd_killed", {}, without=("ip_link_ppp", "ip_addr"))
    assert check.state == "fail"
    check = sessions_check("xl2tpd_killed", {}, without=("ip_link_ppp", "ip_addr", "ps_vpn"))
    assert check.state == "unknown" and "ip_link_ppp gave no answer" in check.says


def test_without_ages_a_record_and_an_interface_prove_it() -> None:
    assert sessions_check("xl2tpd_killed", {}, without=("ps_vpn",)).state == "fail"
    check = sessions_check("xl2tpd_killed", {"tdbdump": ""}, without=("ps_vpn",))
    assert check.state == "unknown" and "4563" in check.says and "ps_vpn" in check.says
    check = sessions_check("two_sessions", GONE, without=("ps_vpn",))
    assert check.state == "pass"


def test_an_interface_alone_names_no_process_to_kill() -> None:
    link = '[{"ifname":"ppp3","mtu":1400}]'
    check = sessions_check("vpn_idle", {"ip_link_ppp": link})
    assert check.state == "warn" and check.says == "ppp3 has no session in the kernel"
    assert "/run/ppp3.pid" in check.fix and "kill" not in check.fix
    more = told("two_sessions", "ip_link_ppp").strip().removesuffix("]") + "," + link[1:]
    check = sessions_check("two_sessions", {"ip_link_ppp": more, "tdbdump": without_record(BOB)})
    assert check.state == "warn"
    assert check.says == (
        "3 ppp interfaces and 2 sessions in the kernel: one of ppp1, ppp3 is left over"
    )


def test_a_record_of_a_killed_pppd_is_left_for_ever() -> None:
    changed: dict[str, Change] = {
        "pgrep_pppd": lines_without(BOB),
        "l2tp_session": lines_without(BOBS_CALL),
        "ip_link_ppp": only("ppp0"),
    }
    check = sessions_check("two_sessions", changed)
    assert check.state == "warn" and "a record of bob is left" in check.says
    taken = replaced("IFNAME=ppp1;UNIT=1", "IFNAME=ppp0;UNIT=0")
    check = sessions_check("two_sessions", {**changed, "tdbdump": taken})
    assert check.state == "warn" and "a record of bob is left" in check.says


def test_both_ends_of_a_session_are_read() -> None:
    (alice, _) = commands.PGREP_PPPD.parse(
        Output(0, told("two_sessions", "pgrep_pppd").encode(), b"")
    )
    assert (alice.local_ip, alice.remote_ip) == ("10.1.2.1", "10.1.2.2")
