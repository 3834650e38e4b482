"""Enabling a VPN on the guided screen: the whole story, and what may come in its way."""

import base64
import re

import pytest
from textual.widgets import Button

from screens.confirm import ConfirmDialog
from screens.enable import EnableScreen
from screens.jobs import TasksDialog
from screens.kit import KitDialog
from screens.networks import NetworksScreen
from tests.screens.stage import (
    LARGE,
    Stage,
    address_of,
    hurry,
    place_of,
    rules_of,
    stage,
    users_of,
    vpns_of,
)
from tui.lab.lab import Lab
from tui.session.tray import TaskState

VPN_PORTS = {("udp", 500, 500), ("udp", 4500, 4500), ("udp", 1701, 1701)}


@pytest.fixture(autouse=True)
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    hurry(monkeypatch)


async def open_form(on: Stage, network: str) -> None:
    """The guided screen of a network, with all that it asks for."""
    await on.row(network)
    await on.press("e")
    await on.until(lambda: bool(on.on(EnableScreen).query_one("#calls").render()))
    await on.says("Before anything is sent")


async def run_it(on: Stage) -> None:
    """Press Enable."""
    await on.tab_to("#go")
    await on.press("enter")


def can_run(on: Stage) -> bool:
    return not on.app.screen.query_one("#go", Button).disabled


def copied(on: Stage) -> str:
    """The last text that went to the clipboard by an escape sequence."""
    found = [match[1] for each in on.written if (match := re.search(r"52;c;([^\x07\x1b]+)", each))]
    return base64.b64decode(found[-1]).decode() if found else ""


async def test_the_whole_story(lab_with_routers: Lab) -> None:
    lab = lab_with_routers
    async with stage(lab) as on:
        await open_form(on, "acme-prod")
        await on.tab_to("#users-input")
        await on.type("walter nadia")
        assert can_run(on)
        assert on.wire.writes == [], "nothing is sent before somebody says so"
        await on.press("enter", "enter")  # from the last field to the button, and press it
        await on.says("✔ The VPN is enabled")
        task = await on.settled()
        assert task.state is TaskState.DONE
        assert on.wire.writes == ["createRemoteAccessVpn", "addVpnUser", "addVpnUser"]

        (vpn,) = vpns_of(lab, "acme-prod")
        assert vpn.state == "Running" and rules_of(lab, "acme-prod") >= VPN_PORTS
        passwords = users_of(lab, "acme")
        assert vpn.preshared_key not in on.text and passwords["walter"] not in on.text
        assert "IKE listens on UDP 500 and 4500" in on.flat, "the router's own word"
        await on.press("p")
        await on.says(vpn.preshared_key, passwords["walter"], passwords["nadia"])
        await on.press("p")
        assert vpn.preshared_key not in on.text
        await on.press("y")
        await on.until(lambda: copied(on) == vpn.preshared_key)
        await on.press("c")
        await on.until(lambda: f"walter {passwords['walter']}" in copied(on))
        assert f"Server {address_of(lab, 'acme-prod').address}" in copied(on)
        assert all(vpn.preshared_key not in notice for notice in on.notices)
        await on.press("k")
        await on.until(lambda: isinstance(on.app.screen, KitDialog))
        await on.says("walter", "nadia", "203.0.113.10")
        await on.press("escape")

        await on.press("escape")
        await on.until(lambda: isinstance(on.app.screen, NetworksScreen))
        await on.says("✔ running")
        await on.go("users")
        await on.row("nadia")


async def test_passwords_that_nobody_saw_are_asked_about(lab: Lab) -> None:
    async with stage(lab) as on:
        await open_form(on, "acme-prod")
        await on.tab_to("#users-input")
        await on.type("walter")
        await run_it(on)
        await on.settled()
        await on.press("escape")
        await on.says("The passwords of walter were neither shown nor copied yet.")
        assert on.app.focused is on.app.screen.query_one("#cancel")
        await on.press("enter")
        assert isinstance(on.app.screen, EnableScreen)
        await on.press("ctrl+q")
        await on.says("The passwords of walter were not shown or copied yet.")
        await on.press("escape", "p", "p", "escape")
        assert isinstance(on.app.screen, NetworksScreen), "they were shown"


async def test_going_back_while_it_runs(lab: Lab) -> None:
    lab.cloud.simulator.configure("RemoteAccessVpnCfgCommand", "wait:2500", 1)
    async with stage(lab) as on:
        await open_form(on, "acme-prod")
        await run_it(on)
        await on.says("the job goes on, J shows it")
        await on.press("escape")
        assert isinstance(on.app.screen, NetworksScreen)
        assert "jobs 1 ●" in on.text
        await on.press("J")
        await on.says("● running Enable the VPN of acme-prod")
        assert isinstance(on.app.screen, TasksDialog)
        await on.settled()
        await on.says("✔ done Enable the VPN of acme-prod", "✔ See that it is listed as running")
        await on.press("escape")
        await on.until(lambda: "jobs" not in on.text)
        assert [vpn.state for vpn in vpns_of(lab, "acme-prod")] == ["Running"]
        assert any("Job done" in notice for notice in on.notices)


async def test_going_back_while_users_wait_for_their_passwords(lab: Lab) -> None:
    lab.cloud.simulator.configure("RemoteAccessVpnCfgCommand", "wait:2500", 1)
    async with stage(lab) as on:
        await open_form(on, "acme-prod")
        await on.tab_to("#users-input")
        await on.type("walter")
        await run_it(on)
        await on.says("the job goes on")
        await on.press("escape")
        await on.says("The passwords of walter were neither shown nor copied yet.")
        await on.press("escape")
        await on.settled()
        await on.says("Passwords, shown only now")


async def test_quitting_while_it_runs_asks_first(lab: Lab) -> None:
    lab.cloud.simulator.configure("RemoteAccessVpnCfgCommand", "wait:2500", 1)
    async with stage(lab) as on:
        await open_form(on, "acme-prod")
        await run_it(on)
        await on.press("escape", "ctrl+q")
        await on.says("1 job(s) of this console still run.")
        await on.press("escape", "P")
        await on.says("Switch profile", "1 job(s) of this console still run.")
        await on.press("escape")
        await on.settled()


async def test_a_router_that_refuses_leaves_it_half_made_and_enabling_again_repairs(
    lab: Lab,
) -> None:
    lab.cloud.simulator.configure("RemoteAccessVpnCfgCommand", "result:fail", 1)
    async with stage(lab) as on:
        await open_form(on, "acme-prod")
        await on.tab_to("#users-input")
        await on.type("walter")
        await run_it(on)
        task = await on.settled()
        assert task.state is TaskState.FAILED
        await on.says("✘ Enable the VPN on", "is unreachable", "The VPN is half-made")
        assert "– Add the user walter Not done" in on.flat
        assert "esc back: enabling again goes on" in on.text
        assert "walter" not in users_of(lab, "acme")
        await on.press("escape")
        await on.says("half-made")
        await on.go("vpns")
        await on.row("acme-prod")
        assert "half-made" in on.text
        await on.go("networks")

        await open_form(on, "acme-prod")
        await on.says("▲", "half-made VPN")
        await run_it(on)
        again = await on.settled(2)
        assert again.state is TaskState.DONE
        assert [vpn.state for vpn in vpns_of(lab, "acme-prod")] == ["Running"]
        await on.press("escape")
        await on.until(lambda: "half-made" not in on.text)


async def test_a_range_that_overlaps_the_network_cannot_be_enabled(lab: Lab) -> None:
    async with stage(lab) as on:
        await open_form(on, "acme-prod")
        await on.tab_to("#range-input")
        await on.type("10.1.1.50-10.1.1.60")
        assert "✘ The range overlaps this network acme-prod" in on.flat
        assert not can_run(on)
        await on.type("10.77.0.1-10.77.0.8")
        assert can_run(on) and "room for 7 at once" in on.text


RANGES = (
    ("10.1.1.1", "is not", False),
    ("10.77.0.9-10.77.0.1", "", False),
    ("8.8.8.1-8.8.8.9", "is not private", False),
    ("10.77.0.1-10.77.0.1", "nobody could connect", False),
    ("10.77.0.1-10.78.0.1", "are a mistake", False),
    ("10.9.1.1-10.9.1.9", "overlaps the VPC acme-dev", True),
    ("10.2.1.1-10.2.1.9", "overlaps the network acme-office", True),
    ("192.168.50.10-192.168.50.20", "branch-hamburg", True),
    ("10.3.4.1-10.3.4.9", "VPN acme-grown", True),
    ("192.168.178.10-192.168.178.20", "FRITZ!Box", True),
    ("100.64.0.1-100.64.0.9", "address space of carriers", True),
    ("10.77.0.1-10.77.0.3", "the account has 5 people", True),
    ("10.77.0.1-10.77.3.1", "", True),
    ("", "left to CloudStack's setting", True),
)
"""What is typed, what is said to it, and whether it can be sent: an error stands in the way, a
warning does not."""


async def test_ranges(lab: Lab) -> None:
    async with stage(lab) as on:
        await open_form(on, "acme-prod")
        await on.tab_to("#range-input")
        for typed, says, runs in RANGES:
            await on.type(typed)
            assert says in on.flat, typed
            assert can_run(on) is runs, typed
            assert ("✘" in on.text) is not runs, typed


async def test_a_vpcs_range_may_not_overlap_its_peer(lab: Lab) -> None:
    async with stage(lab, LARGE) as on:
        await open_form(on, "acme-dev")
        await on.tab_to("#range-input")
        await on.type("192.168.50.10-192.168.50.20")
        assert "the router cannot tell its clients from the peer" in on.flat and not can_run(on)
        await on.type("10.9.1.1-10.9.1.9")
        assert "this VPC acme-dev" in on.flat and not can_run(on)
        await on.type("10.77.0.1-10.77.0.9")
        assert "the VPC's router opens UDP 500, 4500 and 1701 by itself" in on.flat
        await run_it(on)
        await on.settled()
        assert [vpn.vpc for vpn in vpns_of(lab, "acme-dev")] == [place_of(lab, "acme-dev")]
        assert on.wire.writes == ["createRemoteAccessVpn"]


async def test_only_certain_networks_may_reach_the_ports(lab: Lab) -> None:
    async with stage(lab) as on:
        await open_form(on, "acme-prod")
        await on.tab_to("#sources-input")
        await on.type("198.51.100.0/33")
        assert not can_run(on) and "is not a network in CIDR form" in on.flat
        await on.type("198.51.100.0/24")
        assert "stays open to more than these" in on.flat, "UDP 500 is open to all already"
        await run_it(on)
        await on.settled()
        sent = on.wire.sent("createFirewallRule")
        assert {(form["startport"], form["cidrlist"]) for form in sent} == {
            ("4500", "198.51.100.0/24"),
            ("1701", "198.51.100.0/24"),
        }
        assert on.wire.sent("createRemoteAccessVpn")[0]["openfirewall"] == "false"


async def test_users_beyond_the_limit(lab: Lab) -> None:
    async with stage(lab) as on:
        await open_form(on, "acme-prod")
        await on.tab_to("#users-input")
        await on.type("one2 two2 three")
        assert can_run(on)
        await on.type("one2 two2 three four")
        assert "so 3 are left; 4 more do not fit" in on.flat and not can_run(on)
        await on.type("alice")
        assert "already has a VPN user alice" in on.flat and not can_run(on)
        await on.type("a!b")
        assert not can_run(on)


async def test_a_port_that_is_forwarded_elsewhere_stands_in_the_way(lab: Lab) -> None:
    async with stage(lab) as on:
        await open_form(on, "acme-voip")
        assert "NAT-T (UDP 4500) is forwarded to pbx-1" in on.flat and not can_run(on)
        await on.press("escape")
        assert on.wire.writes == []


async def test_a_network_without_conserve_mode_cannot_have_one(lab: Lab) -> None:
    async with stage(lab) as on:
        await open_form(on, "initech-strict")
        assert "without conserve mode" in on.flat and not can_run(on)


async def test_a_network_that_nobody_uses_gets_its_address_and_no_router(lab: Lab) -> None:
    async with stage(lab) as on:
        await open_form(on, "initech-new")
        assert "initech-new has no address yet" in on.flat
        assert "No VM has used initech-new yet" in on.flat
        await run_it(on)
        await on.settled()
        assert on.wire.writes == ["associateIpAddress", "createRemoteAccessVpn"]
        assert "until the first VM" in on.flat, "what CloudStack calls running runs nowhere"
        assert [vpn.state for vpn in vpns_of(lab, "initech-new")] == ["Running"]
        await on.press("escape")
        await on.row("initech-new")
        await on.says("no router yet")


async def test_what_cannot_have_a_vpn_says_why(lab: Lab) -> None:
    async with stage(lab) as on:
        for network, why in (
            ("office-shared", "is a shared network"),
            ("acme-l2", "is a layer 2 network"),
            ("initech-novpn", "has no Vpn service"),
            ("acme-office", "has a VPN already"),
        ):
            await on.row(network)
            await on.press("e")
            assert isinstance(on.app.screen, NetworksScreen)
            assert why in on.notices[-1] and "Enable is not possible" in on.notices[-1]


async def test_the_calls_can_be_copied(lab: Lab) -> None:
    async with stage(lab) as on:
        await open_form(on, "acme-prod")
        await on.tab_to("#users-input")
        await on.type("walter")
        await on.press("f2")
        await on.until(lambda: "cmk create remoteaccessvpn" in copied(on))
        assert "password='<password>'" in copied(on), "a secret is not copied with the calls"


async def test_a_network_that_is_gone(lab: Lab) -> None:
    async with stage(lab) as on:
        await on.row("initech-new")
        del lab.world.networks[place_of(lab, "initech-new")]
        await on.press("e")
        await on.says("This network is not listed any more.")
        assert not can_run(on)
        await on.press("escape")
        assert not isinstance(on.app.screen, EnableScreen | ConfirmDialog)
