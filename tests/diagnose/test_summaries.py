"""What several checks come to, and the order of what to do."""

from typing import Any

from tests.diagnose.surveys import checks_of
from tui.diagnose.checks import Check
from tui.diagnose.summaries import of_places, remedies, summary, worst_first


def remedies_of(state: str, **more: Any) -> tuple[str, ...]:
    return remedies(checks_of(state, **more).values())


def test_after_a_reboot_there_is_one_remedy() -> None:
    assert len(remedies_of("rebooted")) == 1
    assert "program the router again" in remedies_of("rebooted")[0]


def test_no_remedy_leaves_an_orphan_or_an_open_door() -> None:
    steps = " | ".join(remedies_of("ipsec_stopped"))
    order = ["systemctl stop xl2tpd", "left-over pppds", "restart strongswan", "restart xl2tpd"]
    places = [steps.index(words) for words in order]
    assert places == sorted(places)
    killed = " | ".join(remedies_of("xl2tpd_killed"))
    assert killed.index("left-over pppds") < killed.index("restart xl2tpd")
    assert not remedies_of("two_sessions")


def test_a_summary_counts_and_names_the_worst() -> None:
    found = tuple(checks_of("ipsec_stopped").values())
    told = summary(found)
    assert told.state == "fail"
    assert told.fails == 3
    assert told.worst == worst_first(found)[0].says
    assert "3 failed" in told.says
    assert summary(checks_of("vpn_idle").values()).state == "pass"
    blind = Check(name="ip_forward", state="unknown", says="?")
    assert summary([blind]).state == "unknown"


def test_several_routers_come_to_one_summary_each_place() -> None:
    bad, good = checks_of("forward_off").values(), checks_of("vpn_idle").values()
    told = of_places([("a", tuple(bad)), ("b", tuple(good)), ("a", tuple(good))])
    assert told["a"].fails == 1
    assert told["b"].state == "pass"
