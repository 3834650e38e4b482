"""Writing down a profile: what is said while typing, what is tested, that nothing typed is lost."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest
from textual.pilot import Pilot
from textual.widgets import OptionList, Select

from screens.confirm import ConfirmDialog
from screens.fields import CheckBox, TextField
from screens.profile_form import ProfileForm
from screens.ssh_path import SshPathScreen
from screens.tested import TestedDialog, found_in
from screens.welcome import WelcomeScreen
from tests.consoles import lab_session, until, words
from tests.launchers import MemoryKeyring, lab_launcher, saved_profile, secret_of
from tests.screens.welcomes import answers, enter, text_of, welcome
from tui.cloud.clock import Clock
from tui.lab.lab import Lab
from tui.safety.credentials import CredentialStore
from tui.session.launch import Launcher
from tui.settings.model import Hop
from tui.settings.paths import profiles_file
from tui.settings.profiles import load_profiles


@pytest.fixture(autouse=True)
def no_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No configuration of CloudMonkey."""
    monkeypatch.setenv("HOME", str(tmp_path))


@asynccontextmanager
async def form(launcher: Launcher, size: tuple[int, int] = (80, 24)) -> AsyncIterator[Pilot[None]]:
    """The form for a new profile, opened from the welcome screen."""
    async with welcome(launcher, size) as pilot:
        await pilot.press("n")
        await until(pilot, lambda: isinstance(pilot.app.screen, ProfileForm))
        yield pilot


async def fill(pilot: Pilot[None], lab: Lab, secret: str = "") -> None:
    root = lab.actors["root"]
    await enter(pilot, "name", "prod")
    await enter(pilot, "url", "cloud.example.org")
    await enter(pilot, "api-key", root.api_key)
    await enter(pilot, "secret-key", secret or root.secret_key)


def shown(pilot: Pilot[None]) -> str:
    """The words on the screen without the breaks of lines and the frames of dialogs."""
    return " ".join(words(pilot).replace("│", " ").split())


async def test_a_field_is_judged_while_it_is_typed_and_not_before(contract_lab: Lab) -> None:
    async with form(lab_launcher(contract_lab)) as pilot:
        assert "✘" not in words(pilot)
        pilot.app.screen.query_one("#name", TextField).focus_field()
        await pilot.press("-", "p")
        assert "✘ A name is 1 to 64 letters" in words(pilot)
        await enter(pilot, "name", "prod")
        assert "✘" not in words(pilot)
        await enter(pilot, "url", "cloud.example.org")
        assert "→ https://cloud.example.org/client/api" in words(pilot)
        await enter(pilot, "url", "http://cloud.example.org")
        assert "▲ http://cloud.example.org/client/api: without TLS" in words(pilot)
        await enter(pilot, "ca-file", "/nowhere/ca.pem")
        assert "✘ This file cannot be read: No such file" in words(pilot)


async def test_a_name_that_exists_is_refused(contract_lab: Lab) -> None:
    saved_profile(contract_lab)
    async with form(lab_launcher(contract_lab)) as pilot:
        await enter(pilot, "name", "prod")
        assert "There is a profile prod already" in words(pilot)


async def test_an_empty_form_is_not_tested(contract_lab: Lab) -> None:
    async with form(lab_launcher(contract_lab)) as pilot:
        await pilot.press("ctrl+s")
        assert words(pilot).count("✘") == 4
        assert isinstance(pilot.app.screen, ProfileForm)
        focused = pilot.app.focused
        assert focused is not None and focused.parent is not None
        assert not profiles_file().exists()


async def test_a_profile_is_tested_saved_and_opened(contract_lab: Lab) -> None:
    keyring = MemoryKeyring()
    async with form(lab_launcher(contract_lab, keyring=keyring)) as pilot:
        await until(pilot, lambda: "secret key will be kept in Secret Service" in shown(pilot))
        await fill(pilot, contract_lab)
        pilot.app.screen.query_one("#production", CheckBox).focus()
        await pilot.press("space")
        assert "✔▌ Production" in words(pilot) and "✔▌ Read-only" not in words(pilot)
        await pilot.press("ctrl+s")
        await until(pilot, lambda: isinstance(pilot.app.screen, TestedDialog))
        for found in ("admin@ROOT", "4.22.0", "dc1", "kept in Secret Service"):
            assert found in shown(pilot)
        await pilot.press("enter")
        await until(pilot, lambda: bool(answers(pilot)))
        (session,) = answers(pilot)
        assert session is not None and session.identity.account == "admin"
    profile = load_profiles().profiles["prod"]
    assert profile.production and not profile.read_only
    assert profile.url == "https://cloud.example.org/client/api"
    secret = contract_lab.actors["root"].secret_key
    assert list(keyring.values.values()) == [secret]
    assert secret not in profiles_file().read_text()


async def test_later_goes_back_to_the_list_with_the_new_profile(contract_lab: Lab) -> None:
    async with form(lab_launcher(contract_lab)) as pilot:
        await fill(pilot, contract_lab)
        await pilot.press("ctrl+s")
        await until(pilot, lambda: isinstance(pilot.app.screen, TestedDialog))
        assert "for this session only" in shown(pilot)
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(pilot.app.screen, WelcomeScreen))
        await until(pilot, lambda: "prod" in words(pilot))
        option = pilot.app.screen.query_one(OptionList).highlighted_option
        assert option is not None and option.id == "prod"
        assert answers(pilot) == []


async def test_user_name_and_password(contract_lab: Lab) -> None:
    domain_admin = contract_lab.actors["domain-admin"]
    async with form(lab_launcher(contract_lab)) as pilot:
        await enter(pilot, "name", "customers")
        await enter(pilot, "url", "cloud.example.org")
        pilot.app.screen.query_one("#auth", Select).focus()
        await pilot.press("enter", "down", "enter")
        await until(pilot, lambda: "User name" in words(pilot))
        assert "API key " not in words(pilot).replace("API key and", "")
        await enter(pilot, "username", domain_admin.username)
        await enter(pilot, "password", domain_admin.password)
        await enter(pilot, "domain", domain_admin.domain)
        await pilot.press("ctrl+s")
        await until(pilot, lambda: isinstance(pilot.app.screen, TestedDialog))
        assert "dadmin@customers" in shown(pilot)
    profile = load_profiles().profiles["customers"]
    assert (profile.auth, profile.username, profile.domain) == ("password", "dadmin", "/customers")
    assert profile.api_key == "" and domain_admin.password not in profiles_file().read_text()


async def test_a_wrong_key_keeps_what_was_typed(contract_lab: Lab) -> None:
    async with form(lab_launcher(contract_lab)) as pilot:
        await fill(pilot, contract_lab, "wrong")
        await pilot.press("ctrl+s")
        await until(pilot, lambda: "unable to verify user credentials" in shown(pilot))
        assert "Check the API key and the secret key" in shown(pilot)
        assert text_of(pilot, "name") == "prod" and text_of(pilot, "secret-key") == "wrong"
        assert not profiles_file().exists()
        await enter(pilot, "secret-key", contract_lab.actors["root"].secret_key)
        await pilot.press("ctrl+s")
        await until(pilot, lambda: isinstance(pilot.app.screen, TestedDialog))


def _no_connection(request: httpx.Request) -> httpx.Response:
    raise httpx.ConnectError("[Errno 111] Connection refused", request=request)


def _html(_request: httpx.Request) -> httpx.Response:
    return httpx.Response(200, html="<html><h1>[red]Sign in\x1b[31m</h1></html>")


def _half(_request: httpx.Request) -> httpx.Response:
    return httpx.Response(200, text='{"listzonesresponse":{"count":')


def _maintenance(_request: httpx.Request) -> httpx.Response:
    return httpx.Response(503, text="Service Unavailable")


@pytest.mark.parametrize(
    ("answer", "remedy"),
    [
        (_no_connection, "Check the address"),
        (_html, "Check the URL of the profile"),
        (_half, "Check the URL of the profile"),
        (_maintenance, ""),
    ],
    ids=["refused", "html", "half", "503"],
)
async def test_servers_that_are_none_are_explained(
    contract_lab: Lab,
    monkeypatch: pytest.MonkeyPatch,
    answer: Callable[[httpx.Request], httpx.Response],
    remedy: str,
) -> None:
    async def at_once(_self: Clock, _seconds: float) -> None:
        """Repeating a read waits a moment; not here."""

    monkeypatch.setattr(Clock, "sleep", at_once)
    launcher = Launcher(CredentialStore({}), transport=lambda _profile: httpx.MockTransport(answer))
    async with form(launcher) as pilot:
        await fill(pilot, contract_lab)
        await pilot.press("ctrl+s")
        await until(pilot, lambda: "✘" in words(pilot))
        assert remedy in shown(pilot) and "\x1b" not in words(pilot)
        assert text_of(pilot, "url") == "cloud.example.org"
        assert not profiles_file().exists()


async def test_a_test_can_be_given_up(contract_lab: Lab) -> None:
    class Never(httpx.AsyncBaseTransport):
        async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
            import asyncio

            await asyncio.Event().wait()
            raise AssertionError("nobody sets it")

    launcher = Launcher(CredentialStore({}), transport=lambda _profile: Never())
    async with form(launcher) as pilot:
        await fill(pilot, contract_lab)
        await pilot.press("ctrl+s")
        await until(pilot, lambda: "esc gives up" in shown(pilot))
        await pilot.press("escape")
        await until(pilot, lambda: "Given up; nothing was saved" in shown(pilot))
        assert text_of(pilot, "name") == "prod"


async def test_a_file_that_cannot_be_written_is_said(contract_lab: Lab) -> None:
    async with form(lab_launcher(contract_lab)) as pilot:
        await fill(pilot, contract_lab)
        profiles_file().parent.mkdir(parents=True)
        profiles_file().write_text("default = 1\n")
        await pilot.press("ctrl+s")
        await until(pilot, lambda: "The connection works, but nothing was saved" in shown(pilot))
        assert text_of(pilot, "name") == "prod"


async def test_going_back_asks_only_where_something_was_typed(contract_lab: Lab) -> None:
    async with form(lab_launcher(contract_lab)) as pilot:
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(pilot.app.screen, WelcomeScreen))
        await pilot.press("n")
        await until(pilot, lambda: isinstance(pilot.app.screen, ProfileForm))
        await enter(pilot, "name", "prod")
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(pilot.app.screen, ConfirmDialog))
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(pilot.app.screen, ProfileForm))
        assert text_of(pilot, "name") == "prod"
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(pilot.app.screen, ConfirmDialog))
        await pilot.press("right", "enter")
        await until(pilot, lambda: isinstance(pilot.app.screen, WelcomeScreen))


async def test_a_known_profile_is_changed_with_the_secret_it_has(contract_lab: Lab) -> None:
    saved_profile(contract_lab)
    async with welcome(lab_launcher(contract_lab, secret_of(contract_lab))) as pilot:
        await pilot.press("e")
        await until(pilot, lambda: isinstance(pilot.app.screen, ProfileForm))
        assert "empty: the one that is kept" in words(pilot)
        await enter(pilot, "url", "other.example.org")
        await pilot.press("ctrl+s")
        await until(pilot, lambda: isinstance(pilot.app.screen, TestedDialog))
    assert load_profiles().profiles["prod"].url == "https://other.example.org/client/api"


async def test_days_of_the_key_are_kept_and_taken_back(contract_lab: Lab) -> None:
    saved_profile(contract_lab)
    for typed, kept in (("30", 30), ("", 90)):
        async with welcome(lab_launcher(contract_lab, secret_of(contract_lab))) as pilot:
            await pilot.press("e")
            await until(pilot, lambda: isinstance(pilot.app.screen, ProfileForm))
            await enter(pilot, "psk-days", "many")
            assert "write a whole number from 1 to 3650" in shown(pilot)
            await enter(pilot, "psk-days", typed)
            await pilot.press("ctrl+s")
            await until(pilot, lambda: isinstance(pilot.app.screen, TestedDialog))
        assert load_profiles().profiles["prod"].psk_days == kept
    assert "psk_days" not in profiles_file().read_text()


async def test_another_way_to_sign_in_needs_its_secret(contract_lab: Lab) -> None:
    saved_profile(contract_lab)
    async with welcome(lab_launcher(contract_lab, secret_of(contract_lab))) as pilot:
        await pilot.press("e")
        await until(pilot, lambda: isinstance(pilot.app.screen, ProfileForm))
        pilot.app.screen.query_one("#auth", Select).value = "password"
        await pilot.pause()
        await pilot.press("ctrl+s")
        await pilot.pause()
        assert words(pilot).count("✘ This is needed.") == 2


# Ways to routers.


async def test_a_way_to_routers_is_written_down(contract_lab: Lab, tmp_path: Path) -> None:
    key = tmp_path / "key"
    key.write_text("a key")
    async with form(lab_launcher(contract_lab)) as pilot:
        await fill(pilot, contract_lab)
        pilot.app.screen.query_one("#ways", OptionList).focus()
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(pilot.app.screen, SshPathScreen))
        assert "Login there" not in words(pilot) and "Server" not in words(pilot)
        pilot.app.screen.query_one("#via", Select).focus()
        await pilot.press("enter", "down", "enter")
        await until(pilot, lambda: "Login there" in words(pilot))
        await enter(pilot, "jump", "me@bastion:2222")
        await enter(pilot, "key", str(key))
        await pilot.press("ctrl+s")
        await until(pilot, lambda: isinstance(pilot.app.screen, ProfileForm))
        assert "every other zone: through its KVM host as root, over me@bastion" in shown(pilot)
        await pilot.press("ctrl+s")
        await until(pilot, lambda: isinstance(pilot.app.screen, TestedDialog))
        assert "No way to the routers" not in shown(pilot)
    way = load_profiles().profiles["prod"].zones["*"]
    assert (way.via, way.jump, way.key_file) == ("kvm", (Hop("bastion", 2222, "me"),), str(key))


async def test_a_way_with_a_mistake_is_not_kept(contract_lab: Lab) -> None:
    async with form(lab_launcher(contract_lab)) as pilot:
        pilot.app.screen.query_one("#ways", OptionList).focus()
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(pilot.app.screen, SshPathScreen))
        pilot.app.screen.query_one("#via", Select).value = "management"
        await enter(pilot, "jump", "a:b")
        assert "✘ 'a:b' is not a jump host" in words(pilot)
        await pilot.press("ctrl+s")
        assert "✘ This is needed." in words(pilot)
        await enter(pilot, "server", "-oProxyCommand=x")
        assert "✘ management_host is '-oProxyCommand=x'" in words(pilot)
        assert isinstance(pilot.app.screen, SshPathScreen)
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(pilot.app.screen, ProfileForm))
        assert "None yet" in words(pilot)


async def test_ways_are_changed_renamed_and_removed(contract_lab: Lab) -> None:
    from tui.settings.model import SshPath

    saved_profile(
        contract_lab,
        zones={"*": SshPath(router_port=2222), "dc1": SshPath(via="kvm", host_user="ops")},
    )
    async with welcome(lab_launcher(contract_lab, secret_of(contract_lab))) as pilot:
        await pilot.press("e")
        await until(pilot, lambda: isinstance(pilot.app.screen, ProfileForm))
        ways = pilot.app.screen.query_one("#ways", OptionList)
        ways.focus()
        await pilot.press("down", "enter")
        await until(pilot, lambda: isinstance(pilot.app.screen, SshPathScreen))
        await enter(pilot, "zone", "*")
        assert "There is a way for * already" in words(pilot)
        await enter(pilot, "zone", "dc2")
        await pilot.press("ctrl+s")
        await until(pilot, lambda: "zone dc2: through its KVM host as ops" in words(pilot))
        assert "zone dc1" not in words(pilot)
        ways.focus()
        await pilot.press("home", "enter")
        await until(pilot, lambda: isinstance(pilot.app.screen, SshPathScreen))
        await pilot.click("#remove")
        await until(pilot, lambda: isinstance(pilot.app.screen, ProfileForm))
        assert "every other zone" not in words(pilot)
        await pilot.press("ctrl+s")
        await until(pilot, lambda: isinstance(pilot.app.screen, TestedDialog))
    assert list(load_profiles().profiles["prod"].zones) == ["dc2"]


@pytest.mark.parametrize("size", [(80, 24), (40, 10)])
async def test_every_field_is_reached_by_keyboard(contract_lab: Lab, size: tuple[int, int]) -> None:
    async with form(lab_launcher(contract_lab), size) as pilot:
        seen = set()
        for _ in range(14):
            focused = pilot.app.focused
            assert focused is not None
            owner = focused if focused.id else focused.parent.parent  # type: ignore[union-attr]
            assert owner is not None
            seen.add(owner.id)
            top, bottom = focused.region.y, focused.region.bottom
            assert 0 <= top < bottom <= size[1], f"{owner.id} is out of sight"
            await pilot.press("tab")
            await pilot.pause()
    wanted = {"name", "url", "auth", "api-key", "secret-key", "ca-file", "read-only", "production"}
    assert wanted | {"ways", "back", "save"} <= seen


def test_what_was_found_is_said_in_words(contract_lab: Lab) -> None:
    session = lab_session(contract_lab, url="http://cloud.example.org/client/api")
    facts, notes = found_in(session, "The secret key is kept in KWallet.")
    assert ("Account", "does not tell who we are") in facts
    assert notes[0] == "The secret key is kept in KWallet."
    assert any("HTTP without TLS" in note for note in notes)
