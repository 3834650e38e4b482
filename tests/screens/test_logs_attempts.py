"""The connection attempts beside the lines of the Logs section."""

import pytest

from screens.logs import LogsScreen
from screens.logs_attempt_words import glyph_of
from screens.logs_attempts import AttemptsPane
from screens.why import WhyScreen
from tests.screens.log_stage import follow, pointed, replay, write
from tests.screens.stage import LARGE, Stage, stage
from tests.widgets.apps import lines
from tui.lab.lab import Lab
from tui.logs.attempts import Attempt, AttemptEnd, Rung
from tui.widgets.chips import ChipBar


@pytest.mark.parametrize(
    ("end", "glyph"),
    [("goodbye", "–"), ("peer_dead_l2tp", "▲"), ("refused", "✘"), ("half_open", "✘"), ("", "…")],
)
def test_one_whose_beginning_is_not_told_is_judged_by_its_end(end: AttemptEnd, glyph: str) -> None:
    attempt = Attempt(number=1, client="198.51.100.7", rung=Rung.CALL, ended=9.0, end=end)
    assert glyph_of(attempt)[0] == glyph
    seen = Attempt(number=1, client="198.51.100.7", rung=Rung.CALL, started=1.0, end=end)
    assert glyph_of(seen)[0] == ("✘" if end else "…")


def screen_of(on: Stage) -> LogsScreen:
    return on.on(LogsScreen)


def table(on: Stage) -> str:
    """The attempts as they stand on the screen."""
    return "\n".join(lines(screen_of(on).pane.table))


async def test_who_tried_and_how_far_they_came(quiet: Lab) -> None:
    async with stage(quiet, LARGE) as on:
        await follow(on)
        replay(quiet, "ok_mschapv2")
        await on.until(lambda: any(each.is_connected for each in screen_of(on).attempts))
        shown = table(on)
        assert "BEGAN▾" in shown and "✔ connected" in shown and "✘ " in shown
        begun = [each.started or 0 for each in screen_of(on).attempts]
        assert begun == sorted(begun, reverse=True), "the newest come first"
        write(quiet, "10[NET] received packet: from 192.0.2.201[500] to 203.0.113.15[500]")
        write(quiet, "10[IKE] 192.0.2.201 is initiating a Main Mode IKE_SA")
        await on.until(lambda: "192.0.2.201" in table(on))
        assert "… IKE begun" in table(on)


async def test_an_attempt_shows_its_rungs_and_its_lines(quiet: Lab) -> None:
    async with stage(quiet, LARGE) as on:
        view = await follow(on)
        replay(quiet, "ok_mschapv2")
        await on.until(lambda: any(each.is_connected for each in screen_of(on).attempts))
        everything = view.count
        connected = next(each for each in screen_of(on).attempts if each.is_connected)
        await on.press("p")
        pane = screen_of(on).pane
        assert pane.table.has_focus
        while pane.table.fact_under_cursor is not connected:
            await on.press("down")
        await on.says("logged in", "IPsec up", "IKE begun", f"{connected.inner_ip} inside")
        await on.press("enter")
        assert on.app.screen.query_one(ChipBar).chips == (f"attempt:{connected.number}",)
        await on.until(lambda: 10 < view.count < everything)
        texts = "\n".join(
            entry.kept.line.text for entry in screen_of(on).list.entries() if not entry.words
        )
        assert f'name = "{connected.user}"' in texts and connected.inner_ip in texts
        others = {each.client for each in screen_of(on).attempts} - {connected.client, ""}
        assert others and not any(f"from {other}[" in texts for other in others)
        await on.press("enter")
        await on.until(lambda: view.count == everything)
        await on.press("escape")
        assert on.app.focused is view
        assert pane.is_on_screen


async def test_a_users_chip_shows_the_lines_of_their_attempts(quiet: Lab) -> None:
    async with stage(quiet, LARGE) as on:
        view = await follow(on)
        await on.until(lambda: any(each.user for each in screen_of(on).attempts))
        someone = next(each for each in screen_of(on).attempts if each.user and each.client)
        await on.press("slash")
        await on.type(f"user:{someone.user}")
        await on.press("enter")
        await on.until(lambda: view.count > 20)
        texts = [e.kept.line.text for e in screen_of(on).list.entries() if not e.words]
        assert any("is initiating" in text and someone.client in text for text in texts)
        assert any("CHAP" in text for text in texts)


async def test_on_a_small_screen_the_attempts_lie_below_when_asked_for(quiet: Lab) -> None:
    async with stage(quiet) as on:
        view = await follow(on)
        pane = screen_of(on).query_one(AttemptsPane)
        await on.until(lambda: len(screen_of(on).attempts) > 2)
        assert not pane.display
        await on.press("p")
        assert pane.display and pane.table.has_focus
        await on.says("REACHED", "ENDED")
        assert pane.region.y > view.region.y
        await on.says("IKE begun ›")
        await on.press("p")
        assert not pane.display and on.app.focused is view
        await on.press("p")
        await on.resize(*LARGE)
        await on.until(lambda: pane.region.x > view.region.x)
        await on.press("p")
        assert not pane.display


async def test_what_a_line_means_and_whose_it_is(quiet: Lab) -> None:
    async with stage(quiet, LARGE) as on:
        await follow(on)
        screen = screen_of(on)

        def refused() -> list[Attempt]:
            return [each for each in screen.attempts if each.client == "192.0.2.66"]

        await on.until(lambda: bool(refused()))
        await on.press("s")
        await on.type("could not decrypt payloads")
        await on.press("enter")
        await on.until(lambda: "could not decrypt" in pointed(on))
        attempt = screen.attempt_under_cursor()
        assert attempt is not None and attempt in refused()
        await on.says("✘ The client's message cannot be read", "192.0.2.66: ✘ IKE proposal")
        await on.press("i")
        await on.says("attempt of 192.0.2.66", "client 192.0.2.66")
        await on.press("enter")
        assert on.app.screen.query_one(ChipBar).chips == (f"attempt:{attempt.number}",)
        assert "could not decrypt" in pointed(on)


async def test_lines_of_the_link_belong_to_nobody(quiet: Lab) -> None:
    async with stage(quiet, LARGE) as on:
        await follow(on)
        write(quiet, "10[CFG] rereading secrets")
        await on.says("rereading secrets")
        assert screen_of(on).attempt_under_cursor() is None


async def test_why_is_asked_about_a_line_and_about_an_attempt(quiet: Lab) -> None:
    async with stage(quiet, LARGE) as on:
        await follow(on)
        screen = screen_of(on)
        await on.until(lambda: any(each.client == "192.0.2.66" for each in screen.attempts))
        write(quiet, "10[NET] sending packet: from 203.0.113.15[500] to 192.0.2.201[500]")
        await on.until(lambda: "sending packet" in pointed(on))
        await on.press("w")
        await on.until(lambda: isinstance(on.app.screen, WhyScreen))
        await on.says("Why can't 192.0.2.201 connect?", "r-47-VM")
        await on.press("escape", "p")
        table = screen.pane.table
        while table.fact_under_cursor is None or table.fact_under_cursor.client != "192.0.2.66":
            await on.press("down")
        await on.press("w")
        await on.says("Why can't 192.0.2.66 connect?")
        await on.press("escape", "escape", "slash", *"no-such-word", "enter", "w")
        assert "There is no line of a log under the cursor." in on.notices[-1]
