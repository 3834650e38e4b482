"""Asking many routers: ten at a time, and an error is an answer."""

import asyncio
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any, cast

import pytest

from tui.cloud.models import Router
from tui.router.errors import (
    ConnectTimeout,
    HopFailed,
    HostKeyUnknown,
    PathUnknown,
    RouterError,
)
from tui.session.router_rounds import (
    AT_A_TIME,
    RouterAnswer,
    ask_each,
    place_key_of,
    place_of,
    running_routers,
    unreached_words,
)
from tui.session.session import Session

ROUTERS = tuple(Router(id=str(n), name=f"r-{n}-VM", state="Running") for n in range(25))
UNKNOWN = HostKeyUnknown("r-1-VM", "vr:1", "ssh-ed25519 AAAA", "SHA256:abc")


def session_with(connect: Callable[[Router], Any]) -> Session:
    """A session whose pool gives what `connect` gives."""

    async def connection(router: Router) -> Any:
        return connect(router)

    return cast(Session, SimpleNamespace(routers=SimpleNamespace(connection=connection)))


async def test_ten_at_a_time() -> None:
    under_way = most = 0

    async def ask(router: Router, connection: Any) -> str:
        nonlocal under_way, most
        under_way += 1
        most = max(most, under_way)
        for _ in range(3):
            await asyncio.sleep(0)
        under_way -= 1
        return router.name

    said: list[RouterAnswer[str]] = []
    await ask_each(session_with(lambda router: object()), ROUTERS, ask, said.append)
    assert most == AT_A_TIME
    assert sorted(str(each.said) for each in said) == sorted(each.name for each in ROUTERS)
    assert all(each.error is None and each.taken > 0 for each in said)


async def test_a_router_that_cannot_be_asked_says_why() -> None:
    def connect(router: Router) -> object:
        if router.id == "3":
            raise HopFailed("jump host b", UNKNOWN)
        if router.id == "4":
            raise ConnectTimeout("r-4-VM does not answer")
        return object()

    async def ask(router: Router, connection: Any) -> str:
        return router.name

    said: list[RouterAnswer[str]] = []
    await ask_each(session_with(connect), ROUTERS, ask, said.append)
    failed = {each.router.id: each for each in said if each.error is not None}
    assert set(failed) == {"3", "4"} and len(said) == len(ROUTERS)
    assert failed["3"].unknown_key is UNKNOWN
    assert failed["4"].unknown_key is None


async def test_what_nobody_foresaw_is_not_taken_for_an_answer() -> None:
    async def ask(router: Router, connection: Any) -> str:
        raise ZeroDivisionError

    with pytest.raises(ExceptionGroup):
        await ask_each(session_with(lambda r: object()), ROUTERS[:1], ask, lambda answer: None)


def failure(number: int, error: RouterError) -> RouterAnswer[str]:
    return RouterAnswer(router=ROUTERS[number], error=error, taken=1.0)


def test_words_about_routers_that_could_not_be_asked() -> None:
    timeout = ConnectTimeout("no answer", "look")
    path = PathUnknown("the profile p does not say how", "add the path")
    fine = RouterAnswer(router=ROUTERS[0], said="x", taken=1.0)
    assert unreached_words([fine]) == ""
    assert unreached_words([fine, failure(1, timeout)]) == (
        "r-1-VM could not be asked: no answer; look"
    )
    assert unreached_words([failure(1, timeout), failure(2, timeout), failure(3, path)]) == (
        "r-1-VM could not be asked: no answer; look – and 2 more (u)"
    )
    assert unreached_words([failure(1, path), failure(2, path)]) == (
        "No router was asked: the profile p does not say how; add the path"
    )


def test_the_place_of_a_router() -> None:
    isolated = Router(id="1", guest_network_id="n", guest_network_name="office")
    vpc = Router(id="2", vpc_id="v", vpc_name="cloud", guest_network_id="tier")
    assert (place_of(isolated), place_key_of(isolated)) == ("office", "n")
    assert (place_of(vpc), place_key_of(vpc)) == ("cloud", "v")


def test_routers_that_run() -> None:
    rows = {each.id: each for each in (*ROUTERS, Router(id="x", name="a", state="Stopped"))}
    session = SimpleNamespace(inventory=SimpleNamespace(routers=SimpleNamespace(rows=rows)))
    names = [each.name for each in running_routers(cast(Session, session))]
    assert names == sorted(each.name for each in ROUTERS)
