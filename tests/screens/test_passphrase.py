"""The encrypted file on the screen: offered, chosen, asked for, declined; in the real forms."""

from pathlib import Path

from screens.passphrase import PassphraseDialog, asking_on
from screens.profile_form import ProfileForm
from screens.secret import SecretDialog
from tests.consoles import until, words
from tests.launchers import lab_launcher, saved_profile
from tests.safety.vaults import PASSPHRASE, Person, file_in
from tests.screens.welcomes import answers, enter, welcome
from tui.lab.lab import Lab
from tui.safety.secret import Secret
from tui.session.launch import Launcher


def said(pilot: object) -> str:
    """The screen as one line of words."""
    return " ".join(words(pilot).replace("│", " ").split())  # type: ignore[arg-type]


def launcher_in(lab: Lab, folder: Path) -> Launcher:
    return lab_launcher(lab, file=file_in(folder))


async def kept(lab: Lab, folder: Path) -> None:
    """A profile whose secret an earlier run kept in the encrypted file."""
    profile = saved_profile(lab)
    launcher = launcher_in(lab, folder)
    launcher.ask_passphrase_with(Person(PASSPHRASE))
    await launcher.keep(profile, Secret(lab.actors["root"].secret_key))


async def test_the_form_offers_the_file_and_the_passphrase_is_chosen(
    contract_lab: Lab, tmp_path: Path
) -> None:
    launcher = launcher_in(contract_lab, tmp_path)
    async with welcome(launcher, (120, 40)) as pilot:
        launcher.ask_passphrase_with(asking_on(pilot.app))
        await pilot.press("n")
        await until(pilot, lambda: isinstance(pilot.app.screen, ProfileForm))
        await until(pilot, lambda: "kept in the encrypted file" in said(pilot))
        assert "under a passphrase that you will choose" in said(pilot)
        await enter(pilot, "name", "prod")
        await enter(pilot, "url", "https://cloud.example.org/client/api")
        await enter(pilot, "api-key", contract_lab.actors["root"].api_key)
        await enter(pilot, "secret-key", contract_lab.actors["root"].secret_key)
        await pilot.press("ctrl+s")
        await until(pilot, lambda: isinstance(pilot.app.screen, PassphraseDialog))
        assert "to keep the secret key of prod" in said(pilot)
        await enter(pilot, "passphrase", "short")
        await pilot.press("enter")
        assert "At least 8 characters" in said(pilot)
        await enter(pilot, "passphrase", PASSPHRASE)
        await enter(pilot, "again", "another one")
        await pilot.press("enter")
        assert "This is not the same" in said(pilot)
        assert PASSPHRASE not in said(pilot)
        await enter(pilot, "again", PASSPHRASE)
        await pilot.press("enter")
        await until(pilot, lambda: "works and is saved" in said(pilot))
        assert "The secret key is kept in the encrypted file" in said(pilot)
    assert file_in(tmp_path).kinds() == [("prod", "secret-key")]


async def test_doing_without_is_told(contract_lab: Lab, tmp_path: Path) -> None:
    saved_profile(contract_lab)
    launcher = launcher_in(contract_lab, tmp_path)
    async with welcome(launcher, (120, 40)) as pilot:
        launcher.ask_passphrase_with(asking_on(pilot.app))
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(pilot.app.screen, SecretDialog))
        assert "there is no encrypted file yet" in said(pilot)
        await enter(pilot, "secret", contract_lab.actors["root"].secret_key)
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(pilot.app.screen, PassphraseDialog))
        await pilot.press("escape")
        await until(pilot, lambda: bool(answers(pilot)))
        notices = [notice.message for notice in pilot.app._notifications]
        assert "kept for this session only" in notices[-1] and "was not given" in notices[-1]
    assert not file_in(tmp_path).exists()


async def test_a_start_asks_for_the_passphrase_and_tells_a_wrong_one(
    contract_lab: Lab, tmp_path: Path
) -> None:
    await kept(contract_lab, tmp_path)
    launcher = launcher_in(contract_lab, tmp_path)
    async with welcome(launcher, (120, 40)) as pilot:
        launcher.ask_passphrase_with(asking_on(pilot.app))
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(pilot.app.screen, PassphraseDialog))
        assert "the secret key of prod is in it" in said(pilot)
        await enter(pilot, "passphrase", "not it at all")
        await pilot.press("enter")
        await until(pilot, lambda: "This is not its passphrase" in said(pilot))
        await enter(pilot, "passphrase", PASSPHRASE)
        await pilot.press("enter")
        await until(pilot, lambda: bool(answers(pilot)))
        (session,) = answers(pilot)
        assert session is not None and session.profile.name == "prod"


async def test_who_does_not_know_it_can_type_the_secret(contract_lab: Lab, tmp_path: Path) -> None:
    await kept(contract_lab, tmp_path)
    launcher = launcher_in(contract_lab, tmp_path)
    async with welcome(launcher, (120, 40)) as pilot:
        launcher.ask_passphrase_with(asking_on(pilot.app))
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(pilot.app.screen, PassphraseDialog))
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(pilot.app.screen, SecretDialog))
        assert "the passphrase of the encrypted file" in said(pilot)
        assert "was not given" in said(pilot)


async def test_a_command_that_fails_is_named_and_the_secret_can_be_typed(
    contract_lab: Lab, tmp_path: Path
) -> None:
    saved_profile(contract_lab, credential_command="sh -c 'echo gpg: no key >&2; exit 2'")
    async with welcome(launcher_in(contract_lab, tmp_path), (120, 40)) as pilot:
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(pilot.app.screen, SecretDialog))
        assert "credential_command: sh ended with 2 (gpg: no key)" in said(pilot)


async def test_a_command_opens_the_profile(contract_lab: Lab, tmp_path: Path) -> None:
    secret = contract_lab.actors["root"].secret_key
    saved_profile(contract_lab, credential_command=f"echo {secret}")
    async with welcome(launcher_in(contract_lab, tmp_path)) as pilot:
        await pilot.press("enter")
        await until(pilot, lambda: bool(answers(pilot)))
        assert answers(pilot) != [None]


async def test_the_form_of_a_known_profile_says_where_its_secret_is(
    contract_lab: Lab, tmp_path: Path
) -> None:
    await kept(contract_lab, tmp_path)
    saved_profile(contract_lab, "asks", credential_command="pass show asks")
    async with welcome(launcher_in(contract_lab, tmp_path), (120, 40)) as pilot:
        await pilot.press("e")
        await until(pilot, lambda: "The secret key is in the encrypted file" in said(pilot))
        assert "A new one will be kept for this session only" in said(pilot)
        await pilot.press("escape", "down", "e")
        comes = "The secret key comes from the command pass show asks, before any that is kept."
        await until(pilot, lambda: comes in said(pilot))
