"""A server that is busy, broken or gone: every section says so, and `r` mends it."""

import email.utils
import json
import time
from collections.abc import Callable
from functools import partial

import httpx
import pytest

from screens.tables import TableScreen
from tests.screens.stage import Answer, Form, Stage, hurry, refusal, stage
from tui.actions import CLOUD_TABLES
from tui.lab.lab import Lab
from tui.widgets.header import ConsoleHeader


def _unverified(form: Form, *, ahead: float = 0) -> Answer:
    """What is said to a wrong key, and by a server whose clock is `ahead`, to what has expired."""
    date = email.utils.formatdate(time.time() + ahead, usegmt=True)
    text = "unable to verify user credentials and/or request signature"
    body = {"uuidList": [], "errorcode": 401, "errortext": text}
    content = json.dumps({f"{form['command'].lower()}response": body}).encode()
    return httpx.Response(401, content=content, headers={"Date": date})


HALF = b'{"listnetworksresponse":{"count":2,"network":[{"id":"1","name":"ac'
HTML = b"<!DOCTYPE html><html><body><h1>[red]It works![/]</h1></body></html>"
TROUBLES: dict[str, tuple[Callable[[Form], Answer], tuple[str, ...]]] = {
    "429": (
        lambda form: refusal(429, "The given user has reached his/her account api limit"),
        ("limit", "Wait a moment"),
    ),
    "503": (
        lambda form: httpx.Response(503, content=b"Service Unavailable"),
        ("503",),
    ),
    "html": (
        lambda form: httpx.Response(200, content=HTML, headers={"content-type": "text/html"}),
        ("A web page answered",),
    ),
    "half a document": (
        lambda form: httpx.Response(200, content=HALF),
        ("breaks off", "Check the URL of the profile"),
    ),
    "no network": (
        lambda form: httpx.ConnectError("[Errno 111] Connection refused"),
        ("No connection to lab", "Check the address and the port"),
    ),
    "a clock": (partial(_unverified, ahead=1200), ("20 min behind the server's",)),
    "a wrong key": (_unverified, ("Check the API key",)),
    "an internal error": (
        lambda form: refusal(530, "Internal error executing command"),
        ("Internal error",),
    ),
}


@pytest.fixture(autouse=True)
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    hurry(monkeypatch)


async def refreshed(on: Stage) -> None:
    """Press r and wait for the answers."""
    await on.press("r")
    section = on.on(TableScreen)
    await on.until(lambda: not any(shelf.loading for shelf in section.shelves().values()))
    await on.pilot.pause()


@pytest.mark.parametrize("name", TROUBLES)
async def test_trouble_from_the_beginning(lab: Lab, name: str) -> None:
    answer, words = TROUBLES[name]
    async with stage(lab, answers={"*": answer}) as on:
        await on.until(lambda: "The server cannot be asked" in "".join(on.notices))
        sections = CLOUD_TABLES if name == "no network" else ("networks", "users")
        for section in sections:
            await on.go(section)
            on.app.clear_notifications()
            await on.says("could not be listed", *words, "Press r to try again.")
            assert "It works!" not in on.text
        on.wire.mend()
        for section in sections:
            await on.go(section)
            await refreshed(on)
            assert "could not be listed" not in on.text and on.titles, section
        assert "✘" not in on.text.split("\n")[0]


@pytest.mark.parametrize("name", ["429", "half a document", "no network", "an internal error"])
async def test_trouble_later_keeps_what_is_known(lab: Lab, name: str) -> None:
    answer, words = TROUBLES[name]
    async with stage(lab) as on:
        await on.row("acme-prod")
        before = on.titles
        on.wire.answers["*"] = answer
        await refreshed(on)
        await on.says("✘ The networks could not be listed (r tries again)")
        assert all(word.lower() in on.flat.lower() for word in words)
        assert on.titles == before and on.section.name_of_row() == "acme-prod"
        header = on.section.query_one(ConsoleHeader).facts
        assert (header.note == "✘ no answer") is (name == "no network")
        on.wire.mend()
        await refreshed(on)
        assert "could not be listed" not in on.text
        assert not on.section.query_one(ConsoleHeader).facts.note


async def test_a_list_that_fails_does_not_end_the_others(lab: Lab) -> None:
    async with stage(lab) as on:
        on.wire.fail(refusal(530, "this one is broken"), "listVpnUsers")
        await refreshed(on)
        await on.says("✘ The VPN users could not be listed (r tries again)", "this one is broken")
        assert len(on.titles) == 20


async def test_trouble_while_something_changes(lab: Lab) -> None:
    """A change whose answer is lost is looked for, never sent twice."""
    async with stage(lab) as on:
        await on.go("users")
        await on.row("bob")
        on.wire.fail(httpx.ConnectError("gone"), "removeVpnUser")
        await on.press("x", "right", "enter")
        task = await on.settled()
        assert task.failure is not None and len(on.wire.sent("removeVpnUser")) == 1
        assert "No connection" in on.notices[-1] and "bob" in on.titles


async def test_an_answer_that_never_comes_can_be_left(lab: Lab) -> None:
    """The console works on while a list is awaited, and says that it is."""
    async with stage(lab) as on:
        lab.cloud.pace.network = 0.05
        await on.press("r")
        await on.says("…")
        await on.press("down", "down", "question_mark", "escape", "4")
        await on.says("alice")
        await on.press("1")
        await on.until(lambda: not on.session.inventory.networks.loading)
        await on.says("20 of 20")
