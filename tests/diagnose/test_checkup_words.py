"""What the checks say and advise: what is there, what it means, and no more."""

from pathlib import Path
from typing import Final

import pytest

from tests.diagnose.surveys import Change, checks_of, nothing, replaced, survey_of
from tests.diagnose.test_checkup_causes import FORGOTTEN, NO_CHARON, NO_XL2TPD
from tui.diagnose.check_service import JUST_STARTED
from tui.diagnose.checkup import checkup
from tui.router.commands import IPSEC_STATUSALL
from tui.router.errors import CommandTimeout
from tui.router.survey import Survey, Unanswered
from tui.router.survey_folder import read_answers, write_answers

STARTING: Final[dict[str, Change]] = {
    "ss_vpn_ports": lambda text: "".join(
        line for line in text.splitlines(keepends=True) if "charon" not in line
    ),
    "ipsec_statusall": nothing("ipsec_statusall", 3),
    "xfrm_policy": "",
}


def processes_of(age: int) -> str:
    return (
        "    PID    PPID                  STARTED ELAPSED   RSS NLWP COMMAND\n"
        f"   1709    1699 Mon Nov 23 03:51:44 2026 {age:7d} 15988    1 /usr/lib/ipsec/charon\n"
    )


def test_a_charon_that_was_started_just_now_is_looked_at_again() -> None:
    young = checks_of("vpn_idle", {**STARTING, "ps_vpn": processes_of(2)})
    for name in ("ports_listening", "conn_loaded"):
        assert young[name].state == "unknown"
        assert "was started 2 s ago" in young[name].says
        assert "look again" in young[name].says
    old = checks_of("vpn_idle", {**STARTING, "ps_vpn": processes_of(JUST_STARTED)})
    assert old["ports_listening"].state == "fail"
    assert "look again" not in old["conn_loaded"].says


def test_an_xl2tpd_without_its_port_is_told_of_whatever_charon_does() -> None:
    checks = checks_of(
        "vpn_idle", {**STARTING, "ps_vpn": processes_of(2), "ss_vpn_ports": "State Recv-Q\n"}
    )
    assert checks["ports_listening"].state == "fail"


def test_a_charon_that_does_not_answer_may_hang() -> None:
    for survey in (
        survey_of("vpn_idle", {"ipsec_statusall": nothing("ipsec_statusall", 124)}),
        Survey(
            "r-42-VM",
            survey_of("vpn_idle", without=["ipsec_statusall"]).answers,
            {"ipsec_statusall": CommandTimeout("ipsec_statusall", 20).what},
        ),
    ):
        found = {check.name: check for check in checkup(survey, None)}
        check = found["conn_loaded"]
        assert check.state == "warn"
        assert check.says.startswith("charon runs and does not answer: it may hang")
        assert check.fix.startswith("Look again in a minute.")
        assert check.fix.index("systemctl stop xl2tpd") < check.fix.index("restart strongswan")
        said = found["weak_in_use"].says
        assert said.count("ipsec_statusall") == 1
        assert "in time" in said or "within 20 seconds" in said


def test_a_silent_ipsec_without_charon_is_no_hang() -> None:
    changed: dict[str, Change] = {**NO_CHARON, "ipsec_statusall": nothing("ipsec_statusall", 124)}
    assert checks_of("vpn_idle", changed)["conn_loaded"].state == "n/a"


def test_a_time_limit_is_known_again_from_a_bundle(tmp_path: Path) -> None:
    why = CommandTimeout("ipsec_statusall", 20).what
    write_answers(tmp_path / "kept", Survey("r-42-VM", {}, {"ipsec_statusall": why}))
    said = read_answers(tmp_path / "kept").fact(IPSEC_STATUSALL)
    assert said == Unanswered("ipsec_statusall", "it gave no answer within 20 seconds", True)


@pytest.mark.parametrize(
    ("name", "change", "check", "says"),
    [
        (
            "bag_remoteaccessvpn",
            '{"id": ',
            "programmed",
            "bag_remoteaccessvpn: what it said was not understood: not JSON",
        ),
        ("sysctl", nothing("sysctl", 7), "ip_forward", "sysctl: it ended with status 7: no output"),
    ],
)
def test_an_answer_that_lacks_is_named_once(
    name: str, change: Change, check: str, says: str
) -> None:
    found = checks_of("vpn_idle", {name: change})[check]
    assert found.state == "unknown"
    assert found.says.startswith(says)
    assert found.says.count(name) == 1


def test_an_answer_of_an_unforeseen_form_is_named_without_an_error_of_ours() -> None:
    found = checks_of("vpn_idle", {"ip_route": replaced("10.1.1.0/24", "10.1.1.0/99")})["routes"]
    assert found.state == "unknown"
    assert "not understood" in found.says
    assert "ip_route" in found.says
    assert "Error" not in found.says
    assert "Error" in found.evidence[0].text


def test_programmed_says_what_runs_and_what_does_not() -> None:
    nobody = checks_of("rebooted")["programmed"]
    assert "nothing of it runs" in nobody.says
    by_hand = checks_of("vpn_idle", FORGOTTEN)["programmed"]
    assert "charon and xl2tpd run on files from before" in by_hand.says
    assert "nothing of it runs" not in by_hand.says
    one = checks_of("vpn_idle", {**FORGOTTEN, **NO_CHARON})["programmed"]
    assert "xl2tpd runs on files from before" in one.says
    blind = checks_of("vpn_idle", FORGOTTEN, without=["pgrep_charon", "ps_vpn", "ss_vpn_ports"])
    assert "runs" not in blind["programmed"].says


def test_xl2tpd_is_stopped_before_strongswan_only_where_it_runs() -> None:
    up = checks_of("vpn_idle", NO_CHARON)["charon_process"]
    assert up.says == "charon does not run: nobody can connect with IPsec"
    assert up.fix.startswith("Stop xl2tpd first")
    down = checks_of("vpn_idle", {**NO_CHARON, **NO_XL2TPD, "ss_vpn_ports": "State\n"})
    assert down["charon_process"].fix.startswith("Start strongSwan")


def test_a_closed_port_names_its_cause_where_the_file_has_it() -> None:
    closed: dict[str, Change] = {"ss_vpn_ports": replaced("0.0.0.0:1701", "127.0.0.1:1701")}
    line = "listen-addr = 127.0.0.1"
    by_file = checks_of(
        "vpn_idle", {**closed, "xl2tpd_conf": lambda text: f"[global]\n{line}\n{text}"}
    )["ports_listening"]
    assert line in by_file.says
    assert by_file.fix.startswith(f"Take `{line}` out of /etc/xl2tpd/xl2tpd.conf")
    assert any(proof.text == line for proof in by_file.evidence)
    assert not by_file.action
    own = "listen-addr = 203.0.113.10"
    for file in (lambda text: text, lambda text: f"[global]\n{own}\n{text}"):
        other = checks_of("vpn_idle", {**closed, "xl2tpd_conf": file})["ports_listening"]
        assert other.state == "fail"
        assert "listen-addr" not in other.says
        assert other.fix.count("Restart xl2tpd") == 1
        assert other.action == "repair"


@pytest.mark.parametrize(
    ("line", "says", "fix"),
    [
        (
            "Out of memory: Killed process 1709 (charon) total-vm:1412940kB",
            "the kernel says: out of memory, killed charon",
            "larger offering",
        ),
        (
            "oom-kill:constraint=CONSTRAINT_NONE,task=xl2tpd,pid=1726,uid=0",
            "the kernel says: out of memory, killed xl2tpd",
            "larger offering",
        ),
        (
            "nf_conntrack: table full, dropping packet",
            "the kernel says: the table of connections is full, packets are dropped",
            "nf_conntrack_max",
        ),
        ("I/O error, dev vda, sector 1", "the kernel says: errors of the disk", "storage"),
        (
            "EXT4-fs (vda): Remounting filesystem read-only",
            "the kernel says: a file system was made read-only",
            "storage",
        ),
    ],
)
def test_what_the_kernel_says_is_said(line: str, says: str, fix: str) -> None:
    found = checks_of("vpn_idle", {"dmesg_tail": f"[  274.113381] {line}\n"})["kernel_complaints"]
    assert found.state == "fail"
    assert found.says == says
    assert fix in found.fix
    assert line in found.evidence[0].text


def test_two_complaints_are_both_told() -> None:
    both = "[1.0] Out of memory: Killed process 7 (pppd)\n[2.0] nf_conntrack: table full\n"
    found = checks_of("vpn_idle", {"dmesg_tail": both})["kernel_complaints"]
    assert "killed pppd; the table of connections is full" in found.says
    assert "offering" in found.fix
    assert "nf_conntrack_max" in found.fix


def test_an_open_door_is_only_a_warning_while_charon_starts() -> None:
    young = checks_of("vpn_idle", {**STARTING, "ps_vpn": processes_of(2)})["l2tp_without_ipsec"]
    assert young.state == "warn"
    assert "was started 2 s ago" in young.says
    assert young.fix.startswith("Look again in half a minute.")
    old = checks_of("vpn_idle", {**STARTING, "ps_vpn": processes_of(JUST_STARTED)})
    assert old["l2tp_without_ipsec"].state == "fail"


@pytest.mark.parametrize(
    ("state", "changed", "then", "action"),
    [
        ("vpn_idle", {"xfrm_policy": ""}, "systemctl restart strongswan-starter", "repair"),
        ("cleartext_session", {}, "systemctl restart strongswan-starter", "repair"),
        ("deleted_daemons_left", NO_CHARON, "csvpn disable NETWORK --clean", "disable"),
        ("vpn_idle", {**FORGOTTEN, "xfrm_policy": ""}, "see programmed", "restart"),
    ],
)
def test_the_fix_of_an_open_door_agrees_with_the_order_of_steps(
    state: str, changed: dict[str, Change], then: str, action: str
) -> None:
    check = checks_of(state, changed)["l2tp_without_ipsec"]
    assert check.state == "fail"
    assert check.action == action
    assert check.fix.index("systemctl stop xl2tpd") < check.fix.index(then)
    assert "systemctl start " not in check.fix
    assert ("restart xl2tpd" in check.fix) is (action == "repair")
