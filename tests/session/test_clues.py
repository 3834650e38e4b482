"""The checklist of a diagnosis, and the casebook of several."""

import pytest

from tests.consoles import lab_session
from tui.cloud.models import Router
from tui.diagnose.checks import Check, State
from tui.diagnose.cloud_side import CloudSide
from tui.diagnose.verdicts import Verdict
from tui.lab.lab import Lab
from tui.logs.attempts import Rung
from tui.session import clues
from tui.session.casebook import Casebook
from tui.session.clues import Checklist
from tui.session.diagnosing import Case, Question, cloud_words, in_order


def state_of(checklist: Checklist, name: str) -> tuple[str, str]:
    clue = next(each for each in checklist.clues if each.name == name)
    return clue.state, clue.says


def check(name: str, state: State, says: str) -> Check:
    return Check(name=name, state=state, says=says)


def test_the_worst_check_speaks_for_a_clue() -> None:
    checklist = Checklist()
    checklist.settle_checks(
        [
            check("charon_process", "pass", "charon runs"),
            check("xl2tpd_process", "fail", "xl2tpd is dead"),
            check("ports_listening", "fail", "nothing listens on UDP 1701"),
            check("psk_present", "pass", "a key is there"),
            check("psk_matches", "warn", "the key is old"),
            check("range_loaded", "n/a", "no VPN"),
            check("something_else", "fail", "not on the list"),
        ]
    )
    assert state_of(checklist, "daemons") == (
        "bad",
        "xl2tpd is dead; nothing listens on UDP 1701",
    )
    assert state_of(checklist, "key") == ("doubtful", "the key is old")
    assert state_of(checklist, "range") == ("none", "no VPN")
    assert state_of(checklist, "users") == ("waiting", "")


def test_what_is_unknown_may_still_come_until_the_end() -> None:
    checklist = Checklist()
    unknown = [check("conn_loaded", "unknown", "it was not asked")]
    checklist.settle_checks(unknown)
    assert state_of(checklist, "connection") == ("waiting", "")
    checklist.settle_checks(unknown, at_end=True)
    assert state_of(checklist, "connection") == ("unknown", "it was not asked")


def test_giving_up_leaves_what_came_before() -> None:
    checklist = Checklist()
    checklist.settle(clues.CLOUD, "good", "VPN Running")
    checklist.settle(clues.LOGS, "running")
    checklist.give_up("no link")
    assert state_of(checklist, clues.CLOUD) == ("good", "VPN Running")
    assert state_of(checklist, clues.LOGS) == ("unknown", "no link")
    assert state_of(checklist, "gate") == ("unknown", "no link")
    assert state_of(checklist, clues.VERDICT) == ("waiting", ""), "it is still to be made"


def test_packets_are_on_the_list_once_somebody_looks_at_them() -> None:
    checklist = Checklist()
    assert clues.PACKETS not in [each.name for each in checklist.clues]
    checklist.settle(clues.PACKETS, "running", "for 20 seconds")
    assert clues.PACKETS in [each.name for each in checklist.clues]


@pytest.mark.parametrize(
    ("cloud", "state", "says"),
    [
        (CloudSide(router="r-1-VM"), "bad", "there is no VPN on r-1-VM"),
        (
            CloudSide(public_ip="203.0.113.9", vpn_state="Running", users=("a", "b")),
            "good",
            "VPN Running on 203.0.113.9, 2 users",
        ),
        (
            CloudSide(public_ip="203.0.113.9", vpn_state="Running", router_state="Stopped"),
            "bad",
            "VPN Running on 203.0.113.9, router Stopped",
        ),
        (
            CloudSide(public_ip="203.0.113.9", vpn_state="Added", users=("a",)),
            "bad",
            "VPN Added on 203.0.113.9, 1 user",
        ),
    ],
)
def test_the_word_of_the_cloud(cloud: CloudSide, state: str, says: str) -> None:
    assert cloud_words(cloud) == (state, says)


ONE = Router(id="1", name="r-1-VM")
TWO = Router(id="2", name="r-2-VM")


def verdict(client: str, at: float = 0.0, **fields: object) -> Verdict:
    given: dict[str, object] = {
        "client": client,
        "category": "psk_mismatch",
        "outcome": "fail",
        "certainty": 0.9,
        "says": "It is so.",
        "rung": Rung.IKE_STARTED,
        "at": at,
    }
    return Verdict(**{**given, **fields})  # type: ignore[arg-type]


def test_what_keeps_people_out_comes_first_then_the_newest() -> None:
    old, new = verdict("192.0.2.1", 100.0), verdict("192.0.2.2", 200.0)
    fine = verdict("192.0.2.3", 300.0, category="ok", outcome="connected")
    assert in_order([fine, old, new]) == [new, old, fine]


def test_the_chosen_client_stays_chosen_while_more_comes(contract_lab: Lab) -> None:
    session = lab_session(contract_lab)
    book = Casebook(session, Question(routers=(ONE, TWO)), "", lambda case: None)
    assert book.entry is None and book.case is not None and book.case.router is ONE
    book.take(Case(router=ONE, verdicts=(verdict("192.0.2.1", 100.0),), done=True))
    assert book.verdict is not None and book.verdict.client == "192.0.2.1"
    book.take(Case(router=TWO, verdicts=(verdict("192.0.2.2", 200.0),), done=True))
    assert [each.verdict.client for each in book.entries] == ["192.0.2.2", "192.0.2.1"]
    assert book.verdict.client == "192.0.2.2", "nobody has picked one yet"
    book.pick(1)
    assert book.done == 2
    changed = verdict("192.0.2.1", 300.0, category="ppp_bad_password")
    book.take(Case(router=ONE, verdicts=(changed,), done=True))
    assert book.verdict is changed and book.case is not None and book.case.router is ONE
    book.take(Case(router=ONE, done=True))
    assert book.verdict is not None and book.verdict.client == "192.0.2.2"


def test_what_is_about_the_user_comes_first_by_name_or_by_address(contract_lab: Lab) -> None:
    session = lab_session(contract_lab)
    question = Question(routers=(ONE, TWO), user="alice")
    book = Casebook(session, question, "", lambda case: None)
    named = verdict("192.0.2.7", 100.0, user="alice", category="ok", outcome="connected")
    book.take(Case(router=ONE, verdicts=(named,), done=True))
    other, same = verdict("192.0.2.8", 900.0), verdict("192.0.2.7", 50.0)
    book.take(Case(router=TWO, verdicts=(other, same), done=True))
    assert [each.verdict for each in book.entries] == [same, named, other]
