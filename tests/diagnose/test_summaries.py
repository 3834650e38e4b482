"""What several checks come to."""

from tests.diagnose.surveys import checks_of
from tui.diagnose.checks import Check
from tui.diagnose.summaries import of_places, summary, worst_first


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
