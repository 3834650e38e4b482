"""Sessions that are older than the logs, logs that lack, and daemons that did not come back."""

import pytest

from tests.diagnose.bundles import bundle_of
from tests.diagnose.lines import Files, closed, cloud, line, logs_of, only_verdict, restarted
from tests.diagnose.retold import retold
from tui.diagnose.why import why
from tui.diagnose.why_facts import holds

# -- sessions that are older than the logs --------------------------------------------------------


def ending(*of_daemon: str, pppd: tuple[str, ...] = (), more: Files | None = None) -> Files:
    """Logs that begin an hour into a session and have its end only."""
    lines = b"".join(line(3, each) for each in of_daemon)
    said = b"".join(line(3, f"pppd[3011]: {each}") for each in pppd)
    files = {"vr.log": line(0, "systemd[1]: logrotate.service: Deactivated.") + lines}
    return files | ({"vr.messages.log": said} if pppd else {}) | (more or {})


TIMEOUT = (
    "xl2tpd[18]: Maximum retries exceeded for tunnel 5112.  Closing.",
    "xl2tpd[18]: Terminating pppd: sending TERM signal to pid 3011",
    "xl2tpd[18]: Connection 77 closed to 198.51.100.23, port 51200 (Timeout)",
)
CODE_12 = (
    "xl2tpd[18]: child_handler : pppd exited for call 901 with code 12",
    "xl2tpd[18]: call_close: Call 4001 to 198.51.100.23 disconnected",
)
HUNG_UP = (
    "xl2tpd[18]: control_finish: Connection closed to 198.51.100.23, serial 1 ()",
    "xl2tpd[18]: Terminating pppd: sending TERM signal to pid 3011",
)


@pytest.mark.parametrize(
    ("files", "category", "outcome"),
    [
        (ending(*TIMEOUT), "peer_dead_l2tp", "dropped"),
        (
            ending(*TIMEOUT, pppd=("Terminating on signal 15", "Connect time 312.4 minutes.")),
            "peer_dead_l2tp",
            "dropped",
        ),
        (ending(*CODE_12), "idle_timeout", "disconnected"),
        (
            ending(
                *HUNG_UP,
                pppd=("LCP terminated by peer (User request)", "Connect time 120.3 minutes."),
            ),
            "normal_disconnect",
            "disconnected",
        ),
    ],
)
def test_the_end_of_a_session_that_began_before_the_logs(
    files: Files, category: str, outcome: str
) -> None:
    verdict = only_verdict(files)
    assert (verdict.category, verdict.outcome) == (category, outcome)
    assert verdict.certainty >= 0.7


def test_a_hang_up_without_its_beginning_is_left_open() -> None:
    verdict = only_verdict(ending(*HUNG_UP))
    assert (verdict.category, verdict.outcome) == ("normal_disconnect", "disconnected")
    assert verdict.certainty < 0.7 and "ppp_bad_password" in verdict.others


def test_a_login_that_fails_late_was_no_session() -> None:
    files = logs_of("mppe_required_client")
    text = files["vr.messages.log"]
    cut = text[text.index(b"Unsupported protocol") - 45 :]
    cut = cut[cut.index(b"\n") + 1 :]
    verdict = only_verdict({"vr.log": files["vr.log"], "vr.messages.log": cut})
    assert verdict.category != "peer_dead_l2tp" and verdict.outcome != "dropped"


# -- logs that lack, and the router itself --------------------------------------------------------


def test_the_silence_of_xl2tpd_says_nothing_where_its_log_lacks() -> None:
    began = line(0, "vpn: + 192.168.1.5 198.51.100.23 -- 192.0.2.44")
    left = line(101, "vpn: - 192.168.1.5 198.51.100.23 -- 192.0.2.44")
    verdict = only_verdict({"vr.haproxy.log": began + left})
    assert (verdict.category, verdict.outcome) == ("normal_disconnect", "disconnected")
    assert verdict.certainty < 0.5 and "xl2tpd_down" in verdict.others
    audit = closed(0, 0)["vr.auth.log"] + line(300, "CRON[99]: session opened for user root")
    verdict = only_verdict({"vr.auth.log": audit})
    assert verdict.outcome != "fail" and verdict.certainty < 0.5


UNITS = """\
○ strongswan-starter.service - strongSwan IPsec IKEv1/IKEv2 daemon using ipsec.conf
     Active: inactive (dead)
● xl2tpd.service - LSB: layer 2 tunelling protocol daemon
     Active: active (running)
""".encode()


def test_charon_that_was_stopped_and_not_started_again_is_down() -> None:
    stopped = b"".join(restarted(0)[:2])
    (verdict,) = why(bundle_of({"vr.log": stopped}))
    assert (verdict.category, verdict.outcome) == ("ipsec_service_down", "n/a")
    assert 0.7 <= verdict.certainty < 0.9
    (sure,) = why(bundle_of({"vr.log": stopped, "vr.systemctl.txt": UNITS}))
    assert sure.category == "ipsec_service_down" and sure.certainty >= 0.9
    assert any("inactive (dead)" in each.text and each.line == 2 for each in sure.evidence)
    (again,) = why(bundle_of({"vr.log": b"".join(restarted(0))}))
    assert again.category == "ok"


def test_the_unit_of_strongswan_is_not_that_of_xl2tpd() -> None:
    verdict = only_verdict(closed(900, 0) | {"vr.systemctl.txt": UNITS})
    assert verdict.category == "udp1701_fw_rule_missing"
    dead = UNITS.replace(b"inactive (dead)", b"active (running)", 1)
    dead = dead[: dead.rindex(b"active (running)")] + b"inactive (dead)\n"
    verdict = only_verdict(closed(900, 0) | {"vr.systemctl.txt": dead})
    assert verdict.category == "xl2tpd_down"


# -- other clients' lines -------------------------------------------------------------------------


def test_a_reconnect_of_hours_ago_is_not_this_session() -> None:
    from tests.diagnose.made_up import crashed_and_back

    files = crashed_and_back()
    assert only_verdict(files).category == "reconnect_initial_contact"
    later = retold("ok_mschapv2", number=3)
    day = {
        name: files.get(name, b"") + later[name].replace(b"Nov 22 ", b"Nov 24 ")
        for name in ("vr.log", "vr.messages.log")
    }
    assert only_verdict(day).category == "ok"


def test_rules_that_were_put_back_before_they_were_taken_away_do_not_count() -> None:
    gone = cloud(600, "Delete rule -D FORWARD -i ppp+ -o ppp+ -j ACCEPT from table filter")
    put = "Executing: iptables -I FORWARD -i ppp+ -o ppp+ -j ACCEPT"
    files = {"vr.log": b""}
    (deleted,) = why(bundle_of(files | {"vr.cloud.log": cloud(0, put) + gone}))
    assert deleted.category == "vpn_deleted_daemons_left"
    (renewed,) = why(bundle_of(files | {"vr.cloud.log": gone + cloud(900, put)}))
    assert renewed.category == "ok"


def test_numbers_are_compared_whole() -> None:
    assert holds("Executing: kill -9 3101", "kill -9 3101")
    assert not holds("Executing: kill -9 31015", "kill -9 3101")
    assert not holds("13101 /usr/sbin/pppd", "3101 ")
    assert holds("13101 3101 pppd", "3101 ")
    assert not holds("PEER=10.1.2.20;", "=10.1.2.2")
    assert not holds("closed to 198.51.100.230", " to 198.51.100.23")
    assert holds("closed to 198.51.100.23, port 1701", " to 198.51.100.23")
    assert not holds("with code 127", "with code 12")
    assert holds("with code 12.", "with code 12")
