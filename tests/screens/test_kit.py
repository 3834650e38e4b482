"""Client kits in the console: chosen, shown, written, refused; passwords that were just made."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from textual.widgets import Button, Select, Static

from screens.handover import HandoverDialog
from screens.kit import KitDialog, open_kits
from screens.kit_view import KitView
from screens.users import UsersScreen
from tests.screens.stage import LARGE, Stage, hurry, stage, users_of, vpns_of
from tests.vpn.kits.settings import run, tool
from tests.vpn.kits.test_qr import as_picture
from tui.lab.lab import Lab
from tui.operations import kit_places
from tui.operations.kit_files import Written
from tui.operations.kit_register import kept_kits, remember
from tui.operations.roster import Remark


@pytest.fixture(autouse=True)
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    hurry(monkeypatch)


@pytest.fixture(autouse=True)
def out(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder for kits; pytest's own lie where kits are refused."""
    monkeypatch.setattr(kit_places, "SHARED", ("/dev/shm",))
    folder = tmp_path_factory.mktemp("kits")
    folder.chmod(0o700)
    return folder


async def open_dialog(on: Stage, user: str = "alice") -> KitDialog:
    await on.go("users")
    await on.row(user)
    await on.press("K")
    return on.on(KitDialog)


async def choose(on: Stage, name: str, value: str) -> None:
    """Choose as a person would: open the list, go down to it, press enter."""
    await on.tab_to(f"#{name}")
    chooser = on.app.screen.query_one(f"#{name}", Select)
    await on.press("enter", "home")
    for _ in range(12):
        overlay = chooser.query_one("SelectOverlay")
        values = [option for _, option in chooser._options]
        if values[overlay.highlighted] == value:  # type: ignore[attr-defined]
            break
        await on.press("down")
    await on.press("enter")
    assert chooser.value == value


async def into(on: Stage, folder: Path) -> None:
    await on.tab_to("#folder")
    await on.type(str(folder))


def office(lab: Lab) -> tuple[str, str]:
    """Id of the address and key of a VPN of acme."""
    (vpn,) = vpns_of(lab, "acme-office")
    return vpn.address, vpn.preshared_key


async def test_a_kit_for_a_user(lab: Lab, out: Path) -> None:
    address, key = office(lab)
    async with stage(lab) as on:
        await open_dialog(on)
        await on.says("one kit, without a secret in the files")
        await choose(on, "vpn", address)
        await choose(on, "key", "shown")
        await on.says("The pre-shared key will stand in clear text in the files.")
        await into(on, out)
        await on.press("enter")
        await on.says("✔ ", "vpn-acme-office-alice", "csvpn kits calls them due in 7 days")
        assert key not in on.text and on.wire.writes == []
        script = out / "vpn-acme-office-alice" / "windows" / "install.ps1"
        assert f"$Key = '{key}'" in script.read_text("utf-8-sig")
        (kept,) = kept_kits(on.session.state)
        assert kept.user == "alice" and kept.secrets == ("key",)
        trail = on.session.state / "audit.jsonl"
        await on.until(lambda: trail.exists() and "secret.export" in trail.read_text())
        record = json.loads(trail.read_text().splitlines()[-1])
        assert record["action"] == "secret.export" and "alice" in record["target"]["name"]
        assert key not in trail.read_text()
        await on.tab_to("#write")
        await on.press("enter")
        await on.says("is there already, and a kit replaces nothing")
        await on.press("escape")
        assert isinstance(on.app.screen, UsersScreen)


async def test_everybody_of_an_account_as_zips(lab: Lab, out: Path) -> None:
    address, _ = office(lab)
    async with stage(lab) as on:
        await open_dialog(on)
        await choose(on, "vpn", address)
        await choose(on, "people", "all")
        await choose(on, "platform", "linux")
        await choose(on, "form", "zip")
        await on.says(f"{len(users_of(lab, 'acme'))} kits, without a secret")
        await into(on, out)
        await on.tab_to("#write")
        await on.press("enter")
        await on.says("vpn-acme-office-erin.zip")
        names = {f"vpn-acme-office-{name}.zip" for name in users_of(lab, "acme")}
        assert {each.name for each in _in(out)} == names


def _in(folder: Path) -> list[Path]:
    return list(folder.iterdir())


async def test_a_bad_place_is_said_while_it_is_typed(lab: Lab, out: Path) -> None:
    async with stage(lab) as on:
        dialog = await open_dialog(on)
        await choose(on, "key", "shown")
        await into(on, Path("/dev/shm/kits"))
        await on.says("which everybody on this machine shares")
        assert dialog.query_one("#write", Button).disabled
        await on.tab_to("#anyway")
        await on.press("space")
        assert not dialog.query_one("#write", Button).disabled
        await on.press("space")
        await choose(on, "key", "asked")
        assert not dialog.query_one("#write", Button).disabled, "there is no secret in it"
        await on.says("▲ /dev/shm/kits is below /dev/shm")
        await into(on, out)
        assert "shares" not in on.flat


async def test_a_password_of_the_server_cannot_be_in_a_kit(lab: Lab) -> None:
    async with stage(lab) as on:
        dialog = await open_dialog(on)
        values = [value for _, value in dialog.query_one("#password", Select)._options]
        assert values == ["asked", "left-out"]


async def test_passwords_just_made_go_into_kits(lab: Lab, out: Path) -> None:
    async with stage(lab) as on:
        await on.go("users")
        await on.row("bob")
        await on.press("a")
        await on.type("walter nadia")
        await on.press("enter")
        await on.settled()
        handover = on.on(HandoverDialog)
        assert handover.unseen == ["walter", "nadia"]
        await on.press("k")
        on.on(KitDialog)
        await choose(on, "vpn", office(lab)[0])
        await choose(on, "password", "shown")
        await on.says("The password will stand in clear text in the files.")
        await into(on, out)
        await on.press("enter")
        await on.says("vpn-acme-office-nadia")
        onc = json.loads((out / "vpn-acme-office-walter" / "chromeos" / "vpn.onc").read_text())
        login = onc["NetworkConfigurations"][0]["VPN"]["L2TP"]
        assert login["Password"] == users_of(lab, "acme")["walter"]
        assert login["Password"] not in on.text
        await on.press("escape")
        assert on.on(HandoverDialog).unseen == [], "a kit has them"
        await on.press("escape")
        assert isinstance(on.app.screen, UsersScreen)


async def test_a_kit_on_the_screen_masks_until_asked(lab: Lab) -> None:
    address, key = office(lab)
    async with stage(lab) as on:
        await open_dialog(on)
        await choose(on, "vpn", address)
        await on.tab_to("#show")
        await on.press("enter")
        on.on(KitView)
        await on.says("acme-office: alice", "Server 203.0.113.", "the settings, without a secret")
        assert key not in on.flat
        await on.press("c")
        assert key not in on.flat and "the settings, without a secret" in on.flat
        await on.press("p")
        assert key in on.flat
        await on.press("c")
        await on.says("the pre-shared key alone")
        trail = on.session.state / "audit.jsonl"
        await on.until(lambda: trail.exists() and "secret.reveal" in trail.read_text())
        await on.press("p")
        assert key not in on.flat and "the settings, without a secret" in on.flat
        await on.press("escape", "escape")
        assert isinstance(on.app.screen, UsersScreen)


@pytest.mark.parametrize("theme", ["textual-dark", "textual-light"])
async def test_a_camera_reads_the_code_on_dark_and_light_screens(
    lab: Lab, theme: str, tmp_path: Path
) -> None:
    tool("zbarimg")
    address, key = office(lab)
    async with stage(lab, LARGE) as on:
        on.app.theme = theme
        await open_dialog(on)
        await choose(on, "vpn", address)
        await on.tab_to("#show")
        await on.press("enter", "p", "c")
        shown = str(on.app.screen.query_one("#code", Static).content).split("\n")[:-1]
        picture = tmp_path / "screen.pgm"
        as_picture(shown, picture, light_blocks=theme == "textual-dark")
        said = run(tool("zbarimg"), "--quiet", "--raw", picture).stdout
        assert said.strip() == key


async def test_users_are_shown_one_after_another(lab: Lab) -> None:
    address, _ = office(lab)
    async with stage(lab) as on:
        await open_dialog(on)
        await choose(on, "vpn", address)
        await choose(on, "people", "all")
        await on.tab_to("#show")
        await on.press("enter")
        await on.says("acme-office: alice (1 of 5)")
        await on.press("right")
        await on.says("acme-office: bob (2 of 5)")
        await on.press("left", "left")
        await on.says("acme-office: erin (5 of 5)")


async def test_kits_from_a_vpn(lab: Lab) -> None:
    async with stage(lab) as on:
        await on.go("vpns")
        await on.row("acme-office")
        await on.press("K")
        dialog = on.on(KitDialog)
        assert dialog.query_one("#people", Select).value == "all"
        assert dialog.query_one("#vpn", Select).value == office(lab)[0]
        await on.says("5 kits, without a secret")


async def test_kits_for_a_group(lab: Lab) -> None:
    async with stage(lab) as on:
        await on.go("users")
        users = on.session.inventory.users.rows.values()
        owner = next(user.owner_key for user in users if user.user_name == "alice")
        remarks = {name: Remark(group="sales") for name in ("alice", "erin")}
        assert await on.session.roster.remember(owner, remarks)
        on.session.roster.is_loaded = False
        await open_dialog(on)
        await on.until(lambda: on.session.roster.is_loaded)
        assert on.app.screen.query_one("#people", Select).value == "named"
        await choose(on, "people", "group sales")
        await on.says("2 kits, without a secret")


async def test_kits_that_are_due_are_said(lab: Lab, out: Path) -> None:
    async with stage(lab) as on:
        (out / "old").mkdir()
        old = Written(out / "old", (), "alice", ("key",))
        then = datetime.now(UTC) - timedelta(days=9)
        remember([old], network="n", server="s", now=then, state=on.session.state)
        await open_dialog(on)
        await on.says("One kit should have been deleted by now: csvpn kits delete --due")


async def test_without_a_vpn_there_is_nothing_to_connect_to(lab: Lab) -> None:
    async with stage(lab) as on:
        await on.go("users")
        assert not open_kits(on.section.console, "", (), owner_key=("", "no such project"))
        await on.pilot.pause()
        assert any("no running VPN" in notice for notice in on.notices)


async def test_kits_are_for_everybody_who_may_look(lab: Lab) -> None:
    async with stage(lab, read_only=True) as on:
        await open_dialog(on)
        await on.says("one kit, without a secret")
