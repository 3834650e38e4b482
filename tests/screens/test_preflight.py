"""The checks beside the form: grouped, folded, unfolded, filled in as answers arrive."""

from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import pytest

from screens.enable import EnableScreen
from screens.preflight import checklist
from tests.screens.stage import LARGE, SMALL, Stage, quick_lab, quiet_routers, refusal, stage
from tests.vpn.preflights import ROUTER, WHY, facts
from tui.lab.lab import Lab
from tui.vpn.ports import Forwarding
from tui.vpn.preflight import preflight
from tui.vpn.preflight_facts import WAITING

FORWARDED = (Forwarding("f", "udp", 4500, 4500, "pbx [bold]1"),)


def lines(unfolded: bool = False, **changes: object) -> list[str]:
    """The checks of the changed facts, line by line."""
    checks = preflight(facts(**changes))
    return checklist(checks, ["Address: this one"], unfolded=unfolded).plain.split("\n")


def test_where_all_is_fine_there_is_little_to_read() -> None:
    number = len(preflight(facts()))
    assert lines() == [
        "Before anything is sent",
        "✔ Address: this one",
        f"✔ {number} checks are fine (F3 shows all, with what says so)",
    ]


def test_what_is_in_the_way_comes_first_with_its_remedy() -> None:
    shown = lines(forwardings=FORWARDED, range_text="192.168.178.1-192.168.178.9", zone=WHY)
    assert shown[0] == "Before anything is sent  ✘ 1 in the way  ▲ 1 to know  ? 1 open"
    assert shown[1].startswith("✘ ports.forwarding: NAT-T (UDP 4500) is forwarded to pbx [bold]1;")
    assert shown[2].startswith("  → Delete that port forwarding first")
    assert shown[2].endswith("(cmk delete portforwardingrule id=f)")
    assert shown[3].startswith("▲ range.home: ")
    assert shown[4].startswith("  → ") and "csvpn enable acme-prod --range auto" in shown[4]
    assert shown[5] == f"? zone.advanced: {WHY.why}"
    assert len(shown) == 8


def test_an_action_of_the_console_is_named_by_its_key() -> None:
    shown = lines(users=tuple(f"user{n}" for n in range(8)))
    assert any("(Remove, key x in the section users)" in line for line in shown)


def test_what_one_router_leaves_open_is_said_once() -> None:
    silent = msgspec.structs.replace(ROUTER, said=WHY)
    shown = [line for line in lines(routers=(silent,)) if line.startswith("?")]
    names = "router.forwarding, router.interfaces, router.clock"
    assert shown == [f"? {names} and 6 more: {WHY.why}"]
    whole = [line for line in lines(unfolded=True, routers=(silent,)) if line.startswith("?")]
    assert "router.stale-users" in whole[0] and "more" not in whole[0]


def test_answers_that_are_awaited_are_only_counted() -> None:
    shown = lines(server_version=WAITING, traces=WAITING, limit=WAITING)
    assert "? 3 checks wait for an answer …" in shown
    assert not any(WAITING.why in line for line in shown)
    assert "? 1 check waits for an answer …" in lines(server_version=WAITING)


def test_unfolded_every_check_shows_what_said_so() -> None:
    shown = lines(unfolded=True, forwardings=FORWARDED)
    assert "✔ zone.advanced: The zone dc1 is Advanced." in shown
    assert "  · listZones: networktype Advanced" in shown
    assert any(line.startswith("  · the server would say: The range specified") for line in shown)
    names = {line.split(": ")[0].split(" ")[1] for line in shown if line[:1] in "✔✘▲?"}
    assert names >= {check.name for check in preflight(facts(forwardings=FORWARDED))}


@pytest.fixture
async def lab(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Lab]:
    quiet_routers(monkeypatch)
    async with quick_lab(tmp_path, routers=True) as opened:
        yield opened


async def open_form(on: Stage, network: str) -> None:
    await on.row(network)
    await on.press("e")
    await on.until(lambda: isinstance(on.app.screen, EnableScreen))
    await on.says("checks are fine")
    await on.until(lambda: "wait for an answer" not in on.flat)


@pytest.mark.parametrize("size", [SMALL, LARGE])
async def test_f3_unfolds_and_folds_without_losing_the_field(
    lab: Lab, size: tuple[int, int]
) -> None:
    async with stage(lab, size) as on:
        await open_form(on, "acme-prod")
        await on.tab_to("#users-input")
        await on.type("walter")
        await on.press("f3")
        assert "ip_forward = 1" in on.flat, "what the router said"
        form = on.app.screen.query_one("#form")
        assert form.display is (size == LARGE), "a narrow screen has no room for both"
        await on.press("end", "f3")
        assert "ip_forward = 1" not in on.flat
        assert "Before anything is sent" in on.text, "back at the top, where the worst stands"
        assert form.display
        assert on.app.focused is on.app.screen.query_one("#users-input")
        assert "walter" in on.text


async def test_a_narrow_screen_says_what_is_in_the_way_above_the_fold(lab: Lab) -> None:
    async with stage(lab, SMALL) as on:
        await open_form(on, "acme-voip")
        await on.says("✘ 1 in the way")
        assert "✘ ports.forwarding" in on.text
        assert max(len(line) for line in on.text.split("\n")) <= SMALL[0]


async def test_typing_asks_nobody(lab: Lab) -> None:
    async with stage(lab, LARGE) as on:
        await open_form(on, "acme-prod")
        on.wire.forms.clear()
        await on.tab_to("#range-input")
        for text in ("10.", "10.77.0.1-10.77.0.9", "10.1.1.1-10.1.1.9"):
            await on.type(text)
        assert "✘ range.overlap.own-network" in on.text
        assert on.wire.forms == []


async def test_answers_are_shown_as_they_arrive(lab: Lab) -> None:
    async with stage(lab, LARGE) as on:
        on.wire.fail(refusal(530, "the database is away"), "listEvents", "listLoadBalancerRules")
        await open_form(on, "acme-prod")
        assert "ports.load-balancing: The load balancer rules could not be asked" in on.flat
        assert "vpn.none-yet: No VPN is listed; a half-made or half-removed one" in on.flat
        assert not on.app.screen.query_one("#go").disabled, "what could not be asked stops nothing"
        on.wire.mend()
        await on.press("f5")
        await on.until(lambda: "could not be asked" not in on.flat)


async def test_a_half_removed_vpn_can_be_disabled_once_it_was_seen(lab: Lab) -> None:
    async with stage(lab, LARGE) as on:
        await open_form(on, "globex-edge")
        await on.says("✘ vpn.none-yet", "(Disable, key x in the section networks)")
        assert on.app.screen.query_one("#go").disabled
        await on.press("escape")
        await on.row("globex-edge")
        await on.press("x")
        await on.says("Disable")
        assert not isinstance(on.app.screen, EnableScreen)
