"""The logs of a router: followed, frozen, filtered, searched; and the ways it cannot be reached."""

import time
from pathlib import Path

import asyncssh
from textual.widgets import Button

from screens.choose_logs import ChooseLogsDialog
from screens.confirm import ConfirmDialog
from screens.filterline import FilterLine
from screens.logs import LogsScreen
from screens.search import SearchDialog
from screens.verdict import VerifyDialog
from tests.consoles import lab_path
from tests.screens.log_stage import OFFICE, follow, logs_of, write
from tests.screens.stage import stage
from tui.lab.lab import Lab
from tui.router.hostkeys import public_text


async def test_lines_are_followed(quiet: Lab) -> None:
    async with stage(quiet) as on:
        await follow(on)
        write(quiet, "12[IKE] first [bold]new[/] line \x1b[2J")
        await on.says("first [bold]new[/] line")
        assert "\x1b" not in on.text
        await on.press("1")
        write(quiet, "13[IKE] written while nobody looked")
        await on.press("6")
        await on.says("written while nobody looked")


async def test_frozen_lines_are_counted(quiet: Lab) -> None:
    async with stage(quiet) as on:
        view = await follow(on)
        await on.press("space")
        await on.says("‖ frozen, 0 new")
        write(quiet, "14[IKE] unseen one")
        write(quiet, "15[IKE] no IKE config found for unseen two")
        await on.says("‖ frozen, 2 new, 1 of them errors")
        assert "unseen" not in on.text
        await on.press("space")
        await on.says("unseen one", "unseen two", "following")
        await on.press("home")
        await on.says("↓ 0 new (G follows)", "not following")
        write(quiet, "16[IKE] below the screen")
        await on.says("↓ 1 new (G follows)")
        await on.press("G")
        await on.says("below the screen", "following")
        assert view.following


async def test_lines_are_filtered(quiet: Lab) -> None:
    async with stage(quiet) as on:
        view = await follow(on)
        write(quiet, "10[IKE] needle one")
        write(quiet, "10[IKE] needle two", tag="pppd")
        await on.says("needle two")
        everything = view.count
        await on.press("slash")
        await on.type("needle !tag:pppd")
        assert view.count == 1 and f"1 of {everything}" in on.text
        write(quiet, "11[IKE] hay")
        write(quiet, "11[IKE] needle three")
        await on.until(lambda: view.count == 2)
        await on.type("/needle (/")
        assert "✘ /needle (/ is not a regular expression" in on.text and view.count == 2
        await on.type("level:loud")
        assert "✘ level is one of" in on.text
        await on.press("escape")
        await on.until(lambda: view.count == everything + 2)
        assert on.app.screen.query_one(FilterLine).text == "" and on.app.focused is view


async def test_searching_goes_from_match_to_match(quiet: Lab) -> None:
    async with stage(quiet) as on:
        view = await follow(on)
        for number in (1, 2, 3):
            write(quiet, f"10[IKE] needle {number}")
            for other in range(40):
                write(quiet, f"10[IKE] hay {number}.{other}")
        await on.says("hay 3.39")
        await on.press("s")
        await on.type("needle [")
        await on.type("/needle [/")
        assert "is not a regular expression" in on.flat
        await on.press("enter")
        assert isinstance(on.app.screen, SearchDialog), "it is not searched for"
        await on.type("/needle \\d/")
        await on.press("enter")
        await on.says("3 line(s) match", "needle 3")
        on.app.clear_notifications()
        assert not view.following
        await on.press("N")
        await on.says("needle 2")
        await on.press("N", "N")
        assert "No further match above." in on.notices[-1]
        assert "needle 1" in on.text
        await on.press("n", "n", "n")
        assert "No further match below." in on.notices[-1]
        await on.press("s")
        await on.type("nowhere")
        await on.press("enter")
        assert "0 line(s) match" in on.notices[-1]


async def test_long_lines_wrap_or_are_moved(quiet: Lab) -> None:
    async with stage(quiet) as on:
        await follow(on)
        write(quiet, "10[IKE] " + "long " * 30 + "END")
        await on.says("long long")
        assert "END" not in on.text
        await on.press("W")
        await on.says("END")
        await on.press("W", "right", "right", "right", "right")
        await on.says("END")
        await on.press("left", "left", "left", "left")
        assert "END" not in on.text


async def test_another_router_and_other_logs(quiet: Lab) -> None:
    async with stage(quiet) as on:
        await follow(on)
        await on.press("c")
        dialog = on.on(ChooseLogsDialog)
        for name in ("journal", "cloud"):
            await on.tab_to(f"#log-{name}")
            await on.press("space")
        assert dialog.query_one("#go", Button).disabled, "no log is chosen"
        await on.tab_to("#log-daemon")
        await on.press("space", "f10")
        await on.says("r-47-VM acme-office daemon")
        logs_of(quiet).syslog("daemon", time.time(), "xl2tpd", 980, "said in the file")
        await on.says("said in the file")
        await on.press("1")
        await on.row("acme-lab")
        await on.press("l")
        await on.says("r-48-VM acme-lab daemon")
        assert "said in the file" not in on.text


async def test_a_router_that_is_stopped(quiet: Lab) -> None:
    async with stage(quiet) as on:
        await on.row("umbrella-west")
        await on.press("l")
        await on.says("r-54-VM ✘ stopped umbrella-west", "▲ no link", "trying again")
        assert "following" not in on.text
        await on.press("c")
        assert isinstance(on.app.screen, ChooseLogsDialog)
        await on.press("escape", "1")
        await on.row("umbrella-west")
        await on.press("v")
        await on.says("✘ It could not be asked")


async def test_no_way_to_the_routers(quiet: Lab) -> None:
    async with stage(quiet, zones={}) as on:
        await on.row("acme-office")
        await on.press("l")
        await on.says("does not say how to reach routers of zone dc1", "add the SSH path")
        await on.press("1", "v")
        await on.says("does not say how to reach routers of zone dc1")


async def test_an_unknown_host_key_is_shown_and_accepted(quiet: Lab, tmp_path: Path) -> None:
    zones = {"*": lab_path(quiet, str(tmp_path / "learnt"))}
    async with stage(quiet, zones=zones) as on:
        await on.row("acme-office")
        await on.press("l")
        await on.says("Unknown host key", "SHA256:")
        dialog = on.on(ConfirmDialog)
        assert on.app.focused is dialog.query_one("#cancel")
        await on.press("enter")
        await on.says("✘ the host key of")
        assert not (tmp_path / "learnt").exists()
        await on.press("c", "f10")
        await on.says("Unknown host key")
        await on.press("right", "enter")
        await on.says("following")
        assert "vr:" in (tmp_path / "learnt").read_text()
        await on.until(lambda: on.on(LogsScreen).view.count > 0)


async def test_a_host_key_that_nobody_knows_yet_while_verifying(quiet: Lab, tmp_path: Path) -> None:
    zones = {"*": lab_path(quiet, str(tmp_path / "learnt"))}
    async with stage(quiet, zones=zones) as on:
        await on.row("acme-lab")
        await on.press("v")
        await on.says("It could not be asked", "Press k to look at the key and accept it.")
        await on.press("k")
        await on.says("Unknown host key", "SHA256:")
        await on.press("right", "enter")
        await on.says("✔ pre-shared key matches")
        assert isinstance(on.app.screen, VerifyDialog)


async def test_a_changed_host_key_is_refused(quiet: Lab, tmp_path: Path) -> None:
    other = asyncssh.generate_private_key("ssh-ed25519").convert_to_public()
    router = next(r for r in quiet.world.routers.values() if r.name == OFFICE)
    known = tmp_path / "changed"
    known.write_text(f"vr:{router.id} {public_text(other)}\n")
    async with stage(quiet, zones={"*": lab_path(quiet, str(known))}) as on:
        await on.row("acme-office")
        await on.press("l")
        await on.until(lambda: any("Host key changed" in notice for notice in on.notices))
        assert other.get_fingerprint() in on.notices[-1]
        assert isinstance(on.app.screen, LogsScreen), "nobody is asked whether to accept it"
        assert known.read_text() == f"vr:{router.id} {public_text(other)}\n"
        await on.press("1")
        await on.row("acme-office")
        await on.press("v")
        await on.says("It could not be asked: the host key of")
        assert "Press k" not in on.text


async def test_what_the_router_says(lab_with_routers: Lab) -> None:
    async with stage(lab_with_routers) as on:
        await on.row("umbrella-labs")
        await on.press("v")
        await on.says("✘ L2TP does not listen on UDP 1701", "✔ pre-shared key matches")
        await on.press("r")
        await on.says("✘ L2TP does not listen on UDP 1701")
        await on.press("escape")
        await on.row("acme-prod")
        await on.press("v")
        await on.says("CloudStack lists no VPN here")
        await on.press("escape")
        await on.row("umbrella-ha")
        await on.press("v")
        await on.says("r-56-VM running primary", "r-57-VM running backup")
        await on.until(lambda: "asking" not in on.text)


async def test_a_link_that_breaks_comes_back(quiet: Lab) -> None:
    assert quiet.routers is not None
    async with stage(quiet) as on:
        await follow(on)
        write(quiet, "10[IKE] before the break")
        await on.says("before the break")
        quiet.routers.drop_connections(OFFICE)
        await on.says("▲ no link")
        write(quiet, "10[IKE] during the break")
        await on.says("during the break", "following")
        assert on.text.count("before the break") == 1
