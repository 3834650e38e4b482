"""Editing sources, changes for a time and ACLs of tiers, from the firewall section."""

import pytest
from textual.widgets import Button, Input, Select

from screens.confirm import ConfirmDialog
from screens.firewall import FirewallScreen
from screens.sources import SourcesDialog
from screens.tier import TierDialog
from tests.screens.stage import Stage, address_of, hurry, refusal, stage
from tui.lab.lab import Lab
from tui.session.tray import TaskState

OFFICE = "198.51.100.0/24"


@pytest.fixture(autouse=True)
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    hurry(monkeypatch)


async def open_firewall(on: Stage, network: str) -> None:
    await on.row(network)
    await on.press("f")
    await on.until(lambda: isinstance(on.app.screen, FirewallScreen))
    await on.says(address_of(on.lab, network).address, "IKE (UDP 500) from anywhere")


def can_go(on: Stage) -> bool:
    return not on.app.screen.query_one("#go", Button).disabled


def sources(lab: Lab, network: str = "acme-office") -> set[tuple[int | None, tuple[str, ...]]]:
    rules = lab.world.rules_on(address_of(lab, network).id, "Firewall")
    return {(rule.start, tuple(sorted(rule.cidrs))) for rule in rules}


NARROW = {(port, (OFFICE,)) for port in (500, 4500, 1701)}
WIDE = {(port, ("0.0.0.0/0",)) for port in (500, 4500, 1701)}


async def test_the_sources_are_edited(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSH_CONNECTION", "203.0.113.200 50000 10.0.0.1 22")
    async with stage(lab, sources={"office": (OFFICE,)}) as on:
        await open_firewall(on, "acme-office")
        await on.press("e")
        on.on(SourcesDialog)
        assert not can_go(on) and f"Lists of the profile: office: {OFFICE}" in on.flat
        for typed, says in (
            ("offce", "the lists of the profile are: office"),
            ("10.0.0.1", "has no mask"),
            ("anywhere", "It is so already."),
        ):
            await on.type(typed)
            assert says in on.flat and not can_go(on), typed
        await on.type("office")
        assert can_go(on)
        assert "- The VPN ports from anywhere" in on.flat
        assert f"+ The VPN ports from office ({OFFICE})" in on.flat
        assert "You are logged in from 203.0.113.200" in on.flat
        assert "which disabling would have removed" in on.flat
        await on.press("enter")
        task = await on.settled()
        assert task.state is TaskState.DONE
        assert on.wire.writes == ["createFirewallRule"] * 3 + ["deleteFirewallRule"] * 3
        assert sources(lab) == NARROW
        await on.says(f"✔ L2TP (UDP 1701) from {OFFICE}")


async def test_one_rule_is_edited_and_a_gap_has_to_be_ticked(lab: Lab) -> None:
    async with stage(lab) as on:
        await open_firewall(on, "acme-office")
        rule = next(
            r
            for r in lab.world.rules_on(address_of(lab, "acme-office").id, "Firewall")
            if r.start == 500
        )
        rule.cidrs = ("203.0.113.7/32", OFFICE)
        await on.press("r")
        await on.says(f"IKE (UDP 500) from {OFFICE} and 203.0.113.7/32")
        await on.press("E")
        await on.type("203.0.113.7/32")
        assert "would be closed to 203.0.113.7/32 for a moment" in on.flat and not can_go(on)
        await on.tab_to("#gap")
        await on.press("space")
        assert can_go(on) and "is closed to 203.0.113.7/32 for a moment" in on.flat
        await on.tab_to("#go")
        await on.press("enter")
        await on.settled()
        assert on.wire.writes == ["deleteFirewallRule", "createFirewallRule"]
        assert (500, ("203.0.113.7/32",)) in sources(lab)


@pytest.mark.parametrize(("key", "left"), [("K", NARROW), ("B", WIDE)])
async def test_a_change_for_a_time(
    lab: Lab, key: str, left: set[tuple[int | None, tuple[str, ...]]]
) -> None:
    async with stage(lab) as on:
        await open_firewall(on, "acme-office")
        await on.press("K")
        assert "No change of this address goes back by itself." in on.notices[-1]
        await on.press("t")
        on.app.screen.query_one("#mode", Select).value = "set"
        await on.type(OFFICE)
        await on.tab_to("#span-input")
        assert on.app.screen.query_one("#span-input", Input).value == "30m"
        await on.type("30")
        assert "is not a time; write 30m" in on.flat and not can_go(on)
        await on.type("30m")
        assert can_go(on) and "That is done by csvpn, not by the server." in on.flat
        await on.press("enter")
        await on.says("A change goes back in", "K keeps it", f"✔ IKE (UDP 500) from {OFFICE}")
        assert sources(lab) == NARROW
        for other in ("e", "E", "x", "t"):
            await on.press(other)
            assert "is to go back by itself" in on.notices[-1]
        await on.press(key)
        task = await on.settled()
        assert task.state is TaskState.DONE and sources(lab) == left
        await on.until(lambda: "A change goes back in" not in on.flat)


async def test_clients_are_let_into_a_tier(lab: Lab) -> None:
    async with stage(lab) as on:
        await on.go("firewall")
        await on.press("c")
        await on.type("globex-vpc")
        await on.press("enter")
        await on.says("globex-web (10.8.1.0/24)", "▲ partly")
        await on.press("i")
        on.on(TierDialog)
        assert can_go(on) and "number=99" in on.flat
        await on.type("sctp")
        assert "cannot be let in" in on.flat and not can_go(on)
        await on.type("tcp/22")
        assert can_go(on) and "reach TCP 22 of globex-web" in on.flat
        await on.type("")
        await on.press("enter")
        await on.settled()
        assert on.wire.writes == ["createNetworkACL"]
        await on.says("✔ open", "VPN clients reach everything")
        await on.press("i")
        assert "lets the client range in already" in on.flat and not can_go(on)
        await on.press("escape", "enter")
        await on.says("Entry 99", "allow everything from 10.3.8.2/31")


async def test_a_default_list_is_not_changed(lab: Lab) -> None:
    web = next(n for n in lab.world.networks.values() if n.name == "globex-web")
    web.acl = next(a.id for a in lab.world.acl_lists.values() if a.name == "default_deny")
    async with stage(lab) as on:
        await on.row("globex-vpc")
        await on.press("f")
        await on.says("VPN clients reach nothing", "✘ closed")
        await on.press("i")
        assert "cannot be changed: make a list for the VPC" in on.notices[-1]


async def test_a_production_profile_asks_again(lab: Lab) -> None:
    async with stage(lab, production=True) as on:
        await open_firewall(on, "acme-office")
        await on.press("e")
        await on.type(OFFICE)
        await on.press("enter")
        on.on(ConfirmDialog)
        assert on.wire.writes == [] and not can_go(on)
        await on.press("escape")
        assert sources(lab) == WIDE


async def test_acls_that_cannot_be_listed(lab: Lab) -> None:
    async with stage(lab) as on:
        on.wire.fail(refusal(432, "The API is not available"), "listNetworkACLs")
        await on.row("globex-vpc")
        await on.press("f")
        await on.says("ACL is not known", "The ACL entries could not be listed")
        await on.press("i")
        assert on.app.screen.query("#go") and not can_go(on)
