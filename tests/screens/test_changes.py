"""Changes from the sections: addresses, firewall rules, disabling; each said before it is sent."""

import httpx
import pytest
from textual.widgets import Button, Select

from screens.acquire import AcquireDialog
from screens.addresses import AddressesScreen
from screens.confirm import ConfirmDialog
from screens.firewall import FirewallScreen
from screens.networks import NetworksScreen
from screens.rule import RuleDialog
from tests.screens.stage import Stage, address_of, hurry, place_of, rules_of, stage, vpns_of
from tui.lab.lab import Lab
from tui.session.tray import TaskState


@pytest.fixture(autouse=True)
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    hurry(monkeypatch)


async def open_firewall(on: Stage, network: str) -> None:
    """The rules of a network's address."""
    await on.row(network)
    await on.press("f")
    await on.until(lambda: isinstance(on.app.screen, FirewallScreen))
    await on.says(address_of(on.lab, network).address, "IKE (UDP 500)")


def can_go(on: Stage) -> bool:
    return not on.app.screen.query_one("#go", Button).disabled


async def test_the_missing_ports_are_opened(lab: Lab) -> None:
    async with stage(lab) as on:
        await open_firewall(on, "acme-prod")
        assert "✘ NAT-T (UDP 4500) is closed" in on.flat and "✔ IKE (UDP 500)" in on.flat
        await on.press("o")
        await on.says("NAT-T (UDP 4500)", "L2TP (UDP 1701)", "cmk create firewallrule")
        assert "startport=500 " not in on.flat, "that one is open"
        await on.press("right", "enter")
        await on.settled()
        assert on.wire.writes == ["createFirewallRule"] * 2
        assert rules_of(lab, "acme-prod") >= {("udp", 4500, 4500), ("udp", 1701, 1701)}
        await on.says("✔ NAT-T (UDP 4500) from anywhere", "✔ L2TP (UDP 1701) from anywhere")
        await on.press("o")
        assert "are open to somebody already" in on.notices[-1]


async def test_a_rule_is_added(lab: Lab) -> None:
    async with stage(lab) as on:
        await open_firewall(on, "acme-prod")
        await on.press("a")
        assert isinstance(on.app.screen, RuleDialog) and not can_go(on)
        for typed, says in (
            ("0", "write a number from 1 to 65535"),
            ("65536", "write a number from 1 to 65535"),
            ("http", "“http” is no port"),
            ("600-500", "is above the last"),
            ("499-501", "The server refuses this beside the rule IKE (UDP 500)"),
        ):
            await on.type(typed)
            assert says in on.flat and not can_go(on), typed
        await on.type("4500")
        await on.tab_to("#sources-input")
        await on.type("198.51.100.7")
        assert "write 198.51.100.7/32 for this one address" in on.flat and not can_go(on)
        await on.type("198.51.100.0/24")
        assert "Opens NAT-T (UDP 4500) from 198.51.100.0/24." in on.flat and can_go(on)
        await on.press("enter")
        await on.settled()
        assert ("udp", 4500, 4500) in rules_of(lab, "acme-prod")
        assert on.wire.sent("createFirewallRule")[0]["cidrlist"] == "198.51.100.0/24"
        await on.says("NAT-T (UDP 4500) from 198.51.100.0/24")


async def test_a_rule_of_another_protocol(lab: Lab) -> None:
    async with stage(lab) as on:
        await open_firewall(on, "acme-prod")
        await on.press("a")
        await on.type("500")
        assert not can_go(on), "UDP 500 is there"
        on.app.screen.query_one(Select).value = "tcp"
        await on.pilot.pause()
        assert can_go(on)
        on.app.screen.query_one(Select).value = "icmp"
        await on.pilot.pause()
        assert "ICMP has no ports" in on.flat and not can_go(on)


async def test_deleting_says_what_it_closes(lab: Lab) -> None:
    async with stage(lab) as on:
        await open_firewall(on, "acme-office")
        await on.until(lambda: on.on(FirewallScreen).row is not None)
        await on.press("home", "x")
        dialog = on.on(ConfirmDialog)
        assert "nobody can connect to the VPN any more" in on.flat
        assert on.app.focused is dialog.query_one("#cancel")
        await on.press("escape", "x", "right", "enter")
        await on.settled()
        assert on.wire.writes == ["deleteFirewallRule"]
        assert ("udp", 500, 500) not in rules_of(lab, "acme-office")
        await on.says("✘ IKE (UDP 500) is closed")


async def test_rules_that_are_not_known_are_not_called_missing(lab: Lab) -> None:
    async with stage(lab) as on:
        on.wire.fail(httpx.ConnectError("gone"), "listFirewallRules")
        await on.row("acme-prod")
        await on.press("f")
        await on.says("The firewall rules could not be listed.", "Its rules are not known yet.")
        assert "is closed" not in on.text
        await on.press("o")
        assert "are not known yet" in on.notices[-1] and on.wire.writes == []
        on.wire.mend()
        await on.press("r")
        await on.says("✘ NAT-T (UDP 4500) is closed")


async def test_a_vpc_has_no_firewall_rules(lab: Lab) -> None:
    async with stage(lab) as on:
        await on.row("globex-vpc")
        await on.press("f")
        await on.says(
            "The router of a VPC opens the VPN ports by itself", "globex-web (10.8.1.0/24)"
        )
        for key in ("o", "a", "e", "E", "t", "x"):
            await on.press(key)
            assert "of a VPC has no firewall rules" in on.notices[-1], key


async def test_another_address_is_chosen(lab: Lab) -> None:
    async with stage(lab) as on:
        await on.go("firewall")
        await on.press("c")
        await on.type("voip")
        await on.press("enter")
        await on.says("203.0.113.11 acme-voip")


async def test_an_address_is_acquired(lab: Lab) -> None:
    async with stage(lab) as on:
        await on.row("initech-new")
        await on.press("a")
        assert isinstance(on.app.screen, AcquireDialog)
        assert "the first one that is acquired becomes it" in on.flat and can_go(on)
        await on.tab_to("#wanted-input")
        for typed in ("203.0.113", "203.0.113.300", "x", "203.0.113.1.1"):
            await on.type(typed)
            assert "is not an IPv4 address" in on.flat and not can_go(on), typed
        await on.type("")
        await on.press("enter")
        task = await on.settled()
        assert task.state is TaskState.DONE
        address = address_of(lab, "initech-new").address
        assert address in on.notices[-1], "it says which one"
        await on.go("addresses")
        await on.row(address)


async def test_a_certain_address(lab: Lab) -> None:
    free = [a.address for a in lab.world.addresses.values() if a.state == "Free"]
    async with stage(lab) as on:
        await on.go("addresses")
        await on.press("a")
        assert not can_go(on), "for nobody yet"
        on.app.screen.query_one(Select).value = place_of(lab, "acme-prod")
        await on.tab_to("#wanted-input")
        await on.type(free[-1])
        assert "the only one that can have the VPN" in on.flat
        await on.press("enter")
        await on.settled()
        assert on.wire.sent("associateIpAddress")[0]["ipaddress"] == free[-1]
        await on.row(free[-1])
        await on.press("e")
        assert "is not one" in on.notices[-1], "no VPN on another address"
        await on.press("x")
        await on.says("goes back to the pool")
        await on.press("right", "enter")
        await on.settled(2)
        await on.until(lambda: free[-1] not in on.titles)


async def test_an_address_that_somebody_else_has(lab: Lab) -> None:
    async with stage(lab) as on:
        await on.row("acme-prod")
        await on.press("a")
        await on.tab_to("#wanted-input")
        await on.type("203.0.113.15")
        await on.press("enter")
        task = await on.settled()
        assert task.state is TaskState.FAILED and task.failure is not None
        assert task.failure.says in on.notices[-1] and task.failure.remedy in on.notices[-1]


async def test_the_source_nat_address_stays(lab: Lab) -> None:
    async with stage(lab) as on:
        await on.go("addresses")
        await on.row("203.0.113.10")
        await on.press("x")
        assert isinstance(on.app.screen, AddressesScreen)
        assert "is the source NAT address of acme-prod" in on.notices[-1]
        assert on.wire.writes == []


async def test_disabling_says_what_goes_and_what_stays(lab: Lab) -> None:
    async with stage(lab) as on:
        await on.row("acme-lab")
        await on.press("x")
        await on.says(
            "The pre-shared key is gone for good.",
            "The client range 10.3.2.1-10.3.2.8",
            "The 5 VPN users of the account stay",
            "cmk delete remoteaccessvpn",
        )
        assert on.app.focused is on.app.screen.query_one("#cancel")
        await on.press("enter")
        assert isinstance(on.app.screen, NetworksScreen) and on.wire.writes == []
        await on.press("x")
        await on.until(lambda: isinstance(on.app.screen, ConfirmDialog))
        await on.press("right", "enter")
        task = await on.settled()
        assert task.state is TaskState.DONE and vpns_of(lab, "acme-lab") == []
        assert on.wire.writes[0] == "deleteRemoteAccessVpn"
        await on.until(lambda: on.on(NetworksScreen).row is not None)
        await on.row("acme-lab")
        await on.press("x")
        assert "has no VPN to disable" in on.notices[-1]


async def test_a_refused_removal_is_half_made_and_disabling_again_ends_it(lab: Lab) -> None:
    lab.cloud.simulator.configure("RemoteAccessVpnCfgCommand", "result:fail", 1)
    async with stage(lab) as on:
        await on.row("acme-lab")
        await on.press("x")
        await on.until(lambda: isinstance(on.app.screen, ConfirmDialog))
        await on.press("right", "enter")
        task = await on.settled()
        assert task.state is TaskState.FAILED and task.failure is not None
        assert task.failure.remedy in on.notices[-1]
        await on.says("half-made")
        await on.press("x")
        await on.until(lambda: isinstance(on.app.screen, ConfirmDialog))
        await on.press("right", "enter")
        again = await on.settled(2)
        assert again.state is TaskState.DONE and vpns_of(lab, "acme-lab") == []
        await on.until(lambda: "half-made" not in on.text)
