"""What looks like a fault and is none, and what hides behind an answer that looks right."""

import json
import re
from pathlib import Path
from typing import Any

import msgspec
import pytest

from tests.diagnose.bundles import bundle_of_state
from tests.diagnose.surveys import (
    Change,
    checks_of,
    cloud_answers,
    cloud_of,
    lines_without,
    nothing,
    replaced,
    survey_of,
)
from tui.diagnose.bundle import Bundle
from tui.diagnose.bundle_folder import read_bundle
from tui.diagnose.cloud_json import UnclearVpn, cloud_document, read_cloud
from tui.diagnose.why_facts import RouterFacts
from tui.router.survey import Answer
from tui.router.survey_folder import write_answers

# When xl2tpd has read its file.

PUSHED = "1795406184"
"""When CloudStack wrote the new range in `range_not_loaded`; xl2tpd was started 278 s before."""


def clock_stepped(seconds: int) -> Change:
    """What `xl2tpd_started` says once the clock was stepped: the age stays, the clock does not."""

    def change(text: str) -> str:
        now = text.split()[-1]
        return text.replace(now, str(int(now) + seconds))

    return change


def conf_written(at: int, *, alone: bool = True) -> dict[str, Change]:
    """xl2tpd.conf was changed at `at`; `alone`: and no other file."""
    was = "1795405904"
    pattern = r"(xl2tpd\.conf .*) " if alone else r"((?:xl2tpd|secrets).*) "
    return {
        "conf_stat": lambda text: re.sub(pattern + was, rf"\1 {at}", text),
        "xl2tpd_started": replaced(f"\n{was}\n", f"\n{at}\n"),
    }


NOBODY: dict[str, Change] = {
    "pgrep_pppd": nothing("pgrep_pppd"),
    "l2tp_session": "",
    "ip_link_ppp": "[]",
    "tdbdump": "",
}


def test_a_clock_that_was_stepped_back_makes_no_daemon_older() -> None:
    check = checks_of("two_sessions", {"xl2tpd_started": clock_stepped(-180)})["range_loaded"]
    assert check.state == "pass", check.says


@pytest.mark.parametrize("listed", [True, False])
def test_a_clock_that_was_stepped_forward_hides_no_old_daemon(listed: bool) -> None:
    """Without the file of its number the unit's word is against that of the clock."""
    changed = {**NOBODY, "xl2tpd_started": clock_stepped(330)}
    without = () if listed else ("run_ppp",)
    check = checks_of("range_not_loaded", changed, without=without)["range_loaded"]
    assert check.state == ("fail" if listed else "warn"), check.says
    if listed:
        assert "xl2tpd.pid is 278 s older than xl2tpd.conf" in str(check.evidence)
    else:
        assert "may have been started before" in check.says


def test_the_clock_decides_where_nothing_else_tells() -> None:
    alone = ("run_ppp", "systemctl_show")
    assert checks_of("range_not_loaded", NOBODY, without=alone)["range_loaded"].state == "fail"
    assert checks_of("two_sessions", without=alone)["range_loaded"].state == "pass"
    unit = ("run_ppp",)
    assert checks_of("range_not_loaded", NOBODY, without=unit)["range_loaded"].state == "fail"
    assert checks_of("two_sessions", without=unit)["range_loaded"].state == "pass"
    told = checks_of("two_sessions", without=("xl2tpd_started",))["range_loaded"]
    assert told.state == "pass", "the file of its number beside the configuration tells"
    told = checks_of("two_sessions", without=("xl2tpd_started", "run_ppp"))["range_loaded"]
    assert told.state == "unknown"


def test_an_own_line_that_was_added_later_is_no_old_range() -> None:
    check = checks_of("one_session", conf_written(1795405960))["range_loaded"]
    assert check.state == "pass" and "somebody else than CloudStack" in check.says
    assert "once xl2tpd is restarted" in check.fix
    nobody = checks_of("one_session", {**conf_written(1795405960), **NOBODY})["range_loaded"]
    assert nobody.state == "warn" and "it may still hand out" in nobody.says


def test_a_push_after_the_start_may_have_changed_the_range() -> None:
    changed = conf_written(1795405960, alone=False)
    check = checks_of("one_session", changed)["range_loaded"]
    assert check.state == "warn" and "it may still hand out" in check.says
    assert checks_of("one_session", {**changed, **NOBODY})["range_loaded"].state == "fail"


def test_another_address_of_the_router_is_no_proof_of_the_range() -> None:
    changed: dict[str, Change] = {
        **conf_written(1795405960),
        "pgrep_pppd": replaced("10.1.2.1:10.1.2.2", "10.1.9.1:10.1.2.2"),
    }
    assert checks_of("one_session", changed)["range_loaded"].state == "warn"


def test_a_wrong_file_that_is_not_read_yet_counts_from_the_next_start() -> None:
    changed: dict[str, Change] = {
        **conf_written(1795405960),
        "xl2tpd_conf": replaced("10.1.2.2-10.1.2.8", "10.5.0.2-10.5.0.8"),
    }
    check = checks_of("one_session", changed)["range_loaded"]
    assert check.state == "warn" and "from the next start" in check.says


def test_a_key_that_stops_xl2tpd_is_told_where_it_was_added_after_the_start() -> None:
    changed: dict[str, Change] = {
        **conf_written(1795405960),
        "xl2tpd_conf": lambda text: f"{text}max-connections = 50\n",
    }
    assert checks_of("one_session", changed)["xl2tpd_settings"].state == "fail"
    changed["xl2tpd_started"] = clock_stepped(-180)
    changed["conf_stat"] = lambda text: text
    assert checks_of("one_session", changed)["xl2tpd_settings"].state == "pass"


# Whose VPN it is.


def two_vpns() -> dict[str, Any]:
    """The API's word to somebody who is not told the router's address, another VPN first."""
    answers = cloud_answers("two_sessions")
    for router in answers["listroutersresponse"]["router"]:
        router.pop("publicip", None)
    vpns = answers["listremoteaccessvpnsresponse"]
    other = {**vpns["remoteaccessvpn"][0], "publicip": "198.51.100.9", "iprange": "10.9.9.2-9"}
    vpns["remoteaccessvpn"].insert(0, other)
    vpns["count"] = 2
    return answers


def folder_of(tmp_path: Path, answers: dict[str, Any], without: tuple[str, ...] = ()) -> Path:
    write_answers(tmp_path, survey_of("two_sessions", without=without))
    (tmp_path / "cloud.json").write_text(json.dumps(answers))
    return tmp_path


@pytest.mark.parametrize("without", [(), ("bag_ips",), ("bag_remoteaccessvpn",)])
def test_the_router_says_which_of_several_vpns_is_its_own(
    tmp_path: Path, without: tuple[str, ...]
) -> None:
    told = read_bundle(folder_of(tmp_path, two_vpns(), without)).cloud
    assert told is not None and told.public_ip == "203.0.113.10"
    checks = checks_of("two_sessions", cloud=told)
    assert {checks[name].state for name in ("programmed", "inner_addresses")} == {"pass"}


def test_none_of_several_vpns_is_taken_where_nothing_tells(tmp_path: Path) -> None:
    bags = ("bag_ips", "bag_remoteaccessvpn")
    assert read_bundle(folder_of(tmp_path, two_vpns(), bags)).cloud is None
    with pytest.raises(UnclearVpn):
        read_cloud(json.dumps(two_vpns()).encode())


def test_the_vpns_of_other_routers_are_not_this_ones() -> None:
    raw = json.dumps(two_vpns()).encode()
    assert not read_cloud(raw, ("203.0.113.77",)).has_vpn
    alone = two_vpns()
    alone["listremoteaccessvpnsresponse"]["remoteaccessvpn"].pop()
    assert read_cloud(json.dumps(alone).encode(), ("203.0.113.77",)).public_ip == "198.51.100.9"


# Who may log in, and who is in.


def test_who_is_still_logging_in_has_no_wrong_address() -> None:
    changed: dict[str, Change] = {
        "tdbdump": lambda text: text.replace(";IPREMOTE=10.1.2.3\\00", "\\00").replace(
            "PEERNAME=bob;", ""
        )
    }
    checks = checks_of("two_sessions", changed)
    assert checks["inner_addresses"].state == "pass"
    assert checks["removed_people"].state == "pass"


def chap(stderr: str) -> Answer:
    return Answer(name="chap_users", status=2, stderr=f'awk: cannot open "/etc/ppp/x" ({stderr})\n')


def test_without_chap_secrets_nobody_may_log_in() -> None:
    gone: dict[str, Change] = {"chap_users": chap("No such file or directory")}
    checks = checks_of("two_sessions", gone)
    says = "alice, bob cannot log in: /etc/ppp/chap-secrets is not there"
    assert (checks["users_match"].state, checks["users_match"].says) == ("fail", says)
    assert checks["users_pushed"].state == "warn"
    assert checks_of("fresh", gone)["users_match"].state == "n/a"
    unread = checks_of("two_sessions", {"chap_users": chap("Permission denied")})
    assert unread["users_match"].state == unread["users_pushed"].state == "unknown"


def test_a_user_that_is_being_removed_is_called_so() -> None:
    answers = cloud_answers("two_sessions")
    answers["listvpnusersresponse"]["vpnuser"][1]["state"] = "Revoke"
    told = read_cloud(json.dumps(answers).encode())
    assert told.removing == ("bob",) and told.users == ("alice",)
    assert read_cloud(json.dumps(cloud_document(told)).encode()).removing == ("bob",)
    checks = checks_of("two_sessions", cloud=told)
    assert checks["users_match"].says == "CloudStack is removing bob, who may still log in"
    assert checks["users_match"].fix.startswith("`csvpn repair NETWORK --fix`")
    assert checks["removed_people"].says == "bob is connected and CloudStack is removing bob"
    both = checks_of("two_sessions", {"chap_users": "alice\nbob\ncarol\n"}, cloud=told)
    assert both["users_match"].says.startswith(
        "carol may log in and CloudStack does not know the name; CloudStack is removing bob"
    )


# Processes and sockets by their exact name.

CONTROL: dict[str, Change] = {
    "pgrep_xl2tpd": "3401 xl2tpd-control lns-list\n",
    "xl2tpd_started": nothing("xl2tpd_started"),
    "ss_vpn_ports": lines_without(":1701"),
}
SOCAT = replaced(
    '0.0.0.0:500       0.0.0.0:*    users:(("charon",pid=1709,fd=15))',
    ('0.0.0.0:500       0.0.0.0:*    users:(("socat",pid=3001,fd=5))'),
)


def test_a_program_with_a_longer_name_is_not_the_daemon() -> None:
    assert checks_of("vpn_idle", CONTROL)["xl2tpd_process"].state == "fail"
    facts = RouterFacts(Bundle(survey=survey_of("vpn_idle", CONTROL), cloud=cloud_of("vpn_idle")))
    assert facts.xl2tpd_runs is False and facts.charon_runs is True


def test_a_port_that_another_program_holds_is_not_the_daemons() -> None:
    check = checks_of("two_sessions", {"ss_vpn_ports": SOCAT})["ports_listening"]
    assert (check.state, check.says) == ("fail", "UDP 500 is held by socat, not by charon")
    assert "kill 3001" in check.fix
    unnamed = re.compile(r" users:\S+")
    check = checks_of("two_sessions", {"ss_vpn_ports": lambda text: unnamed.sub("", text)})[
        "ports_listening"
    ]
    assert check.state == "pass", "who holds a socket need not be told"


def test_l2tp_of_another_program_is_not_xl2tpd() -> None:
    taken = replaced('("xl2tpd",pid=1726', '("socat",pid=3001')
    checks = checks_of("vpn_idle", {"ss_vpn_ports": taken})
    assert checks["ports_listening"].says == "UDP 1701 is held by socat, not by xl2tpd"
    assert checks["l2tp_without_ipsec"].state == "n/a"


def test_the_holder_of_a_port_tells_what_runs_where_no_process_was_listed() -> None:
    changed: dict[str, Change] = {
        "ss_vpn_ports": lambda text: text.replace('"charon",pid=1709', '"socat",pid=3001')
    }
    survey = survey_of("vpn_idle", changed, without=("pgrep_charon", "pgrep_xl2tpd"))
    facts = RouterFacts(msgspec.structs.replace(bundle_of_state("vpn_idle"), survey=survey))
    assert facts.xl2tpd_runs is True and facts.charon_runs is False


def test_comments_of_the_connection_are_no_evidence() -> None:
    changed: dict[str, Change] = {
        "l2tp_conf": lambda text: f"# defaultroute, you can use: left=%any\n{text}",
        "ipsec_statusall": lines_without("L2TP-PSK"),
    }
    check = checks_of("vpn_idle", changed)["conn_loaded"]
    texts = [proof.text for proof in check.evidence if proof.source == "l2tp_conf"]
    assert texts and not [text for text in texts if "#" in text or "you can use" in text]
