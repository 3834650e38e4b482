"""The first screen: opening what there is, and what it says when that does not work."""

from pathlib import Path

import pytest
from textual.widgets import OptionList

from screens.confirm import ConfirmDialog
from screens.import_profiles import ImportScreen
from screens.profile_form import ProfileForm
from screens.secret import SecretDialog
from screens.welcome import WelcomeScreen
from tests.consoles import DemoConsole, lab_session, until, words
from tests.launchers import MemoryKeyring, lab_launcher, saved_profile, secret_of
from tests.screens.welcomes import answers, enter, text_of, welcome
from tui.app import Console
from tui.lab.lab import Lab
from tui.safety.clipboard import Clipboard
from tui.session.session import Session
from tui.settings.paths import profiles_file

CMK = """
verifycert = false
profile = prod
[prod]
url = https://cloud.example.org/client/api
apikey = {key}
secretkey = {secret}
[odd name]
url = http://cloud.example.com
username = [red]eve\x1b[31m
password = secret word
[empty]
url = cloud.example.net
"""


@pytest.fixture
def cloudmonkey(contract_lab: Lab, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A configuration of CloudMonkey in a home folder of this test."""
    monkeypatch.setenv("HOME", str(tmp_path))
    root = contract_lab.actors["root"]
    path = tmp_path / ".cmk" / "config"
    path.parent.mkdir()
    path.write_text(CMK.format(key=root.api_key, secret=root.secret_key))
    return path


def content(path: Path) -> str:
    return path.read_text()


def garble(path: Path) -> None:
    """Put bytes into the file that are no text."""
    path.write_bytes(b"\xff\xfe")


@pytest.fixture(autouse=True)
def no_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No configuration of CloudMonkey but the test's own."""
    monkeypatch.setenv("HOME", str(tmp_path))


async def test_the_first_run_offers_a_new_profile_and_says_so(contract_lab: Lab) -> None:
    async with welcome(lab_launcher(contract_lab)) as pilot:
        shown = words(pilot)
        assert "There is no profile yet" in shown and "New profile" in shown
        assert "Demo" not in shown and "Import" not in shown
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(pilot.app.screen, ProfileForm))


async def test_a_profile_opens_by_enter(contract_lab: Lab) -> None:
    saved_profile(contract_lab, "one")
    saved_profile(contract_lab, "two", production=True, read_only=True)
    async with welcome(lab_launcher(contract_lab, secret_of(contract_lab))) as pilot:
        shown = words(pilot)
        assert "one  default" in shown and "two  PRODUCTION · read-only" in shown
        await pilot.press("down", "enter")
        await until(pilot, lambda: bool(answers(pilot)))
        (session,) = answers(pilot)
        assert session is not None and session.profile.name == "two" and session.read_only


async def test_the_wanted_profile_opens_by_itself_and_once(contract_lab: Lab) -> None:
    saved_profile(contract_lab, "one")
    saved_profile(contract_lab, "two")
    launcher = lab_launcher(contract_lab, secret_of(contract_lab), wanted="two")
    async with welcome(launcher) as pilot:
        await until(pilot, lambda: bool(answers(pilot)))
        (session,) = answers(pilot)
        assert session is not None and session.profile.name == "two"
        assert launcher.wanted == ""


async def test_a_missing_secret_is_asked_for_tested_and_kept(contract_lab: Lab) -> None:
    saved_profile(contract_lab)
    keyring = MemoryKeyring()
    secret = contract_lab.actors["root"].secret_key
    async with welcome(lab_launcher(contract_lab, keyring=keyring)) as pilot:
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(pilot.app.screen, SecretDialog))
        await until(pilot, lambda: "kept in Secret Service" in words(pilot))
        await pilot.press("enter")
        assert "This is needed" in words(pilot)

        await enter(pilot, "secret", "wrong")
        await pilot.press("enter")
        await until(pilot, lambda: "unable to verify user credentials" in words(pilot))
        assert "Check the API key and the secret key" in words(pilot)
        assert text_of(pilot, "secret") == "wrong" and "wrong" not in words(pilot)
        assert keyring.values == {}

        await enter(pilot, "secret", secret)
        assert secret not in words(pilot)
        await pilot.press("enter")
        await until(pilot, lambda: bool(answers(pilot)))
    assert list(keyring.values.values()) == [secret]


async def test_escape_leaves_the_question_for_a_secret(contract_lab: Lab) -> None:
    saved_profile(contract_lab)
    async with welcome(lab_launcher(contract_lab)) as pilot:
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(pilot.app.screen, SecretDialog))
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(pilot.app.screen, WelcomeScreen))
        assert answers(pilot) == []


async def test_a_broken_file_is_named_and_its_text_is_no_markup(contract_lab: Lab) -> None:
    saved_profile(contract_lab)
    path = profiles_file()
    path.write_text(path.read_text() + '\n"[red]ur\\u001b[31ml" = 1\n')
    async with welcome(lab_launcher(contract_lab)) as pilot:
        shown = words(pilot)
        assert "The profiles cannot be read" in shown and "unknown key" in shown
        assert "[red]" in shown and "\x1b" not in shown
        assert "New profile" in shown


async def test_the_demo_opens(contract_lab: Lab) -> None:
    async def open_demo() -> Session:
        return lab_session(contract_lab)

    async with welcome(lab_launcher(contract_lab, open_demo=open_demo)) as pilot:
        assert "Look around in the demo" in words(pilot)
        await pilot.press("enter")
        await until(pilot, lambda: bool(answers(pilot)))
        assert answers(pilot) != [None]


async def test_a_demo_that_cannot_start_says_why(contract_lab: Lab) -> None:
    async def open_demo() -> Session:
        raise OSError(24, "Too many open files [bold]")

    async with welcome(lab_launcher(contract_lab, open_demo=open_demo)) as pilot:
        await pilot.press("enter")
        await until(pilot, lambda: "Too many open files [bold]" in words(pilot))
        assert answers(pilot) == []


async def test_a_profile_is_removed_after_a_question(contract_lab: Lab) -> None:
    saved_profile(contract_lab, "one")
    saved_profile(contract_lab, "two")
    async with welcome(lab_launcher(contract_lab)) as pilot:
        await pilot.press("x")
        await until(pilot, lambda: isinstance(pilot.app.screen, ConfirmDialog))
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(pilot.app.screen, WelcomeScreen))
        assert "one" in profiles_file().read_text()
        await pilot.press("x")
        await until(pilot, lambda: isinstance(pilot.app.screen, ConfirmDialog))
        await pilot.press("right", "enter")
        await until(pilot, lambda: "one" not in words(pilot))
        assert "profiles.one" not in profiles_file().read_text()
        assert "profiles.two" in profiles_file().read_text()


async def test_only_profiles_are_edited_and_removed(contract_lab: Lab) -> None:
    async with welcome(lab_launcher(contract_lab)) as pilot:
        await pilot.press("e", "x")
        assert isinstance(pilot.app.screen, WelcomeScreen)


@pytest.mark.usefixtures("cloudmonkey")
async def test_cloudmonkeys_profiles_are_listed_with_what_is_wrong(contract_lab: Lab) -> None:
    saved_profile(contract_lab)
    async with welcome(lab_launcher(contract_lab)) as pilot:
        assert "2 profiles of CloudMonkey" in words(pilot)
        await pilot.press("down", "enter")
        await until(pilot, lambda: isinstance(pilot.app.screen, ImportScreen))
        shown = " ".join(words(pilot).split())
        assert "holds secrets and others may read it" in shown
        assert "'empty' was left out" in shown
        assert "prod used by CloudMonkey now · imported already" in shown
        assert "called odd-name here" in shown
        assert "[red]eve␛[31m" in shown
        assert "keys and passwords cross the network readable" in shown


async def test_a_profile_of_cloudmonkey_is_tested_and_saved(
    contract_lab: Lab, cloudmonkey: Path
) -> None:
    before = content(cloudmonkey)
    async with welcome(lab_launcher(contract_lab)) as pilot:
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(pilot.app.screen, ImportScreen))
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(pilot.app.screen, ProfileForm))
        assert text_of(pilot, "name") == "prod"
        assert "CloudMonkey does not verify" in words(pilot)
        await pilot.press("ctrl+s")
        await until(pilot, lambda: "prod works and is saved" in words(pilot))
        assert "admin@ROOT" in words(pilot)
        await pilot.press("enter")
        await until(pilot, lambda: bool(answers(pilot)))
    secret = contract_lab.actors["root"].secret_key
    assert "profiles.prod" in profiles_file().read_text()
    assert secret not in profiles_file().read_text()
    assert content(cloudmonkey) == before


async def test_a_file_of_cloudmonkey_that_is_broken_is_named(
    contract_lab: Lab, cloudmonkey: Path
) -> None:
    garble(cloudmonkey)
    async with welcome(lab_launcher(contract_lab)) as pilot:
        assert "CloudMonkey's profiles cannot be read" in words(pilot)
        assert "is not UTF-8" in " ".join(words(pilot).split())


@pytest.mark.parametrize("size", [(80, 24), (40, 10), (160, 48)])
async def test_every_size_shows_the_choices_and_moves_among_them(
    contract_lab: Lab, size: tuple[int, int]
) -> None:
    for number in range(6):
        saved_profile(contract_lab, f"cloud-{number}")
    async with welcome(lab_launcher(contract_lab), size) as pilot:
        await pilot.press(*["down"] * 6)
        choices = pilot.app.screen.query_one(OptionList)
        assert choices.highlighted == 6 and "New profile" in words(pilot)
        await pilot.resize_terminal(40, 10)
        await pilot.press("up")
        await pilot.resize_terminal(120, 40)
        await pilot.pause()
        assert "cloud-5" in words(pilot)


# In the console.


def console(lab: Lab, **options: str) -> Console:
    return Console(
        lab_launcher(lab, secret_of(lab), **options),  # type: ignore[arg-type]
        clipboard=Clipboard(print, {}),
    )


async def test_on_the_first_run_escape_ends_the_program(contract_lab: Lab) -> None:
    async with console(contract_lab).run_test() as pilot:
        await until(pilot, lambda: "esc Quit" in words(pilot))
        await pilot.press("escape")
        await until(pilot, lambda: not pilot.app.is_running)


async def test_the_console_opens_the_wanted_profile(contract_lab: Lab) -> None:
    saved_profile(contract_lab)
    async with console(contract_lab, wanted="prod").run_test() as pilot:
        await until(pilot, lambda: "acme-prod" in words(pilot))


async def test_switching_goes_back_by_escape_and_over_by_enter(
    demo_console: DemoConsole, demo_lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    saved_profile(demo_lab, "other")
    launcher = lab_launcher(demo_lab, secret_of(demo_lab))
    async with demo_console.run() as pilot:
        monkeypatch.setattr(pilot.app, "_launcher", launcher)
        await pilot.press("P")
        await until(pilot, lambda: "esc Back" in words(pilot))
        await pilot.press("escape")
        await until(pilot, lambda: " demo " in words(pilot).splitlines()[0])
        await pilot.press("P")
        await until(pilot, lambda: isinstance(pilot.app.screen, WelcomeScreen))
        await pilot.press("enter")
        await until(pilot, lambda: " other " in words(pilot).splitlines()[0])
