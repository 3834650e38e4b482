"""Rows of sessions: their marks, their rates between two looks, and how amounts are told."""

import time
from types import SimpleNamespace
from typing import Any, cast

import msgspec
import pytest

from tui.cloud.models import Router, VpnUser
from tui.router.errors import ConnectTimeout
from tui.router.sessions import RouterSession
from tui.session import sessions_watch
from tui.session.session import Session
from tui.session.sessions_watch import (
    Look,
    Rate,
    SessionsWatch,
    amount_words,
    duration_words,
    moment_words,
    rates_between,
)

ROUTER = Router(id="r", name="r-1-VM", state="Running", account="acme", domain_id="d")
ALICE = RouterSession(
    user="alice",
    inner_ip="10.1.2.2",
    client_ip="198.51.100.23",
    interface="ppp0",
    pid=4711,
    is_orphan=False,
    since=1000.0,
    bytes_in=1000,
    bytes_out=5000,
)


def more(session: RouterSession, **fields: Any) -> RouterSession:
    return msgspec.structs.replace(session, **fields)


def look(*said: RouterSession, taken: float = 2000.0) -> Look:
    return Look(router=ROUTER, said=said, taken=taken)


@pytest.fixture
def watch(monkeypatch: pytest.MonkeyPatch) -> SessionsWatch:
    monkeypatch.setattr(sessions_watch, "note_sessions", lambda *told: noted.append(told))
    noted.clear()
    users = {"u": VpnUser(id="u", user_name="alice", account="acme", domain_id="d")}
    session = SimpleNamespace(
        inventory=SimpleNamespace(
            routers=SimpleNamespace(rows={"r": ROUTER}),
            users=SimpleNamespace(rows=users, fetched=1.0),
        )
    )
    return SessionsWatch(cast(Session, session))


noted: list[Any] = []


@pytest.mark.parametrize(
    ("fields", "word"),
    [
        ({}, "connected"),
        ({"is_orphan": True, "without_ipsec": True}, "left over"),
        ({"without_ipsec": True, "user": "zed"}, "no IPsec"),
        ({"user": "zed", "duplicate_of": 7}, "not in cloud"),
        ({"duplicate_of": 7, "outside_pool": True}, "twice"),
        ({"outside_pool": True}, "odd address"),
        ({"user": ""}, "connected"),
    ],
)
def test_the_worst_is_what_marks_a_session(
    watch: SessionsWatch, fields: dict[str, Any], word: str
) -> None:
    watch.take(look(more(ALICE, **fields)))
    (row,) = watch.rows()
    assert row.mark.word == word
    assert (row.mark.tone == "ok") is (row.mark.means == "")


def test_users_that_are_not_listed_yet_are_no_reproach(watch: SessionsWatch) -> None:
    watch.session.inventory.users.fetched = None
    watch.take(look(more(ALICE, user="zed")))
    assert watch.rows()[0].mark.word == "connected"


def test_what_passed_between_two_looks(watch: SessionsWatch) -> None:
    watch.take(look(ALICE))
    assert watch.rows()[0].rate is None
    watch.take(look(more(ALICE, bytes_in=2000, bytes_out=15000), taken=2010.0))
    (row,) = watch.rows()
    assert row.rate == Rate(100.0, 1000.0) and row.seconds == 1010.0


@pytest.mark.parametrize(
    "later",
    [
        more(ALICE, pid=4712),
        more(ALICE, interface="ppp1"),
        more(ALICE, bytes_in=0),
        more(ALICE, bytes_out=None),
    ],
)
def test_no_rate_where_the_counters_are_not_the_same_ones(later: RouterSession) -> None:
    assert rates_between(look(ALICE), look(later, taken=2010.0)) == {}
    assert rates_between(look(ALICE), look(ALICE, taken=2000.0)) == {}


def test_a_router_that_falls_away_keeps_its_sessions(watch: SessionsWatch) -> None:
    watch.take(look(ALICE))
    gone = Look(router=ROUTER, error=ConnectTimeout("no answer"), taken=2020.0)
    watch.take(gone)
    (row,) = watch.rows()
    assert row.mark.word == "not asked" and row.seen == 2000.0
    assert [each.router.name for each in watch.failed] == ["r-1-VM"]
    watch.take(look(taken=2030.0))
    assert watch.rows() == [] and watch.failed == []


def test_somebody_is_noted_in_the_roster_when_he_comes(watch: SessionsWatch) -> None:
    watch.take(look(ALICE))
    watch.take(look(ALICE, taken=2010.0))
    assert len(noted) == 1
    watch.take(look(ALICE, more(ALICE, user="bob", pid=1), taken=2020.0))
    assert len(noted) == 2
    watch.take(look(more(ALICE, user="carol", is_orphan=True), taken=2030.0))
    assert len(noted) == 2


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (None, ""),
        (0.0, "0s"),
        (59.9, "59s"),
        (60.0, "1m"),
        (3599.0, "59m"),
        (3600.0 + 5 * 60, "1h05m"),
        (86400.0 * 2 + 4 * 3600, "2d04h"),
    ],
)
def test_how_long(seconds: float | None, words: str) -> None:
    assert duration_words(seconds) == words


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (None, ""),
        (0, "0 B"),
        (999, "999 B"),
        (999.6, "1.0 kB"),
        (3400, "3.4 kB"),
        (99_900, "100 kB"),
        (5_700_000, "5.7 MB"),
        (10**16, "10000 TB"),
    ],
)
def test_how_much(number: float | None, words: str) -> None:
    assert amount_words(number) == words


def test_a_moment_has_its_day_where_it_is_not_today() -> None:
    assert moment_words(1_000_000_000.0) == "2001-09-09 01:46"
    assert len(moment_words(time.time())) == len("12:34:56")
