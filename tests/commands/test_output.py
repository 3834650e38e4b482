"""Errors in one line, and the exit code of each."""

import io

import pytest

from tests.hostile import PAYLOADS
from tui.cloud import errors as cloud
from tui.commands.output import EXPECTED, CommandError, Exit, code_of, confirm, sentence, table
from tui.router import errors as router
from tui.safety.credentials import CredentialError
from tui.safety.secret import Secret
from tui.session.launch import SecretMissing
from tui.settings.errors import SettingsError
from tui.settings.model import Profile

PROFILE = Profile(name="prod", url="https://cloud.example.org/client/api", api_key="key")
UNKNOWN_KEY = router.HostKeyUnknown("r-4-VM", "vr:1", "ssh-ed25519 AAAA", "SHA256:abc")


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (CommandError("what"), Exit.USAGE),
        (CommandError("what", code=Exit.CANNOT_TELL), Exit.CANNOT_TELL),
        (SettingsError("what"), Exit.USAGE),
        (CredentialError("what"), Exit.REFUSED),
        (SecretMissing(PROFILE, "why"), Exit.REFUSED),
        (cloud.Credentials("what"), Exit.REFUSED),
        (cloud.LoginRefused("what"), Exit.REFUSED),
        (cloud.Permission("what"), Exit.REFUSED),
        (cloud.ReadOnly("what"), Exit.REFUSED),
        (cloud.Network("what", phase="connect"), Exit.CANNOT_TELL),
        (cloud.NotCloudStack("what", oddity="markup"), Exit.CANNOT_TELL),
        (cloud.Maintenance("what"), Exit.CANNOT_TELL),
        (cloud.JobFailed(cloud.Permission("what"), job_id="1"), Exit.REFUSED),
        (cloud.OutcomeUnknown("what", job_id="1"), Exit.CANNOT_TELL),
        (router.PathUnknown("what"), Exit.USAGE),
        (router.LoginRefused("what"), Exit.REFUSED),
        (UNKNOWN_KEY, Exit.REFUSED),
        (router.HopFailed("bastion", router.LoginRefused("what")), Exit.REFUSED),
        (router.HopFailed("bastion", router.Refused("what")), Exit.CANNOT_TELL),
        (router.ConnectionDropped("r-4-VM"), Exit.CANNOT_TELL),
    ],
    ids=lambda value: value.name if isinstance(value, Exit) else type(value).__name__,
)
def test_codes(error: Exception, code: Exit) -> None:
    assert isinstance(error, EXPECTED)
    assert code_of(error) is code


def test_a_sentence_says_what_happened_and_what_to_do() -> None:
    assert sentence(CommandError("it broke", "mend it")) == "it broke; mend it"
    assert sentence(cloud.Maintenance("No new jobs.")).startswith("No new jobs; wait until")
    assert "(job 42)" in sentence(cloud.OutcomeUnknown("lost", job_id="42"))
    missing = sentence(SecretMissing(PROFILE, "The secret key is not known: no keyring."))
    assert "set CSVPN_SECRET_KEY or CSVPN_SECRET_KEY_FILE" in missing


@pytest.mark.parametrize("payload", PAYLOADS)
def test_hostile_texts_become_one_harmless_line(payload: str) -> None:
    text = sentence(CommandError(f"{payload} happened", payload))
    assert text.isprintable() and "\n" not in text


def test_secrets_are_taken_out() -> None:
    secret = Secret("a long secret value")
    assert "a long secret value" not in sentence(CommandError(f"sent {secret.reveal()}"))


def test_tables_align() -> None:
    lines = table(("A", "LONGER"), [("x", "1"), ("yyyy", "")])
    assert lines == ["A     LONGER", "x     1", "yyyy"]


class Terminal(io.StringIO):
    """Somebody who answers."""

    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("answer", "typed", "agreed"),
    [
        ("y\n", "", True),
        ("YES\n", "", True),
        ("n\n", "", False),
        ("\n", "", False),
        ("", "", False),
        ("y\n", "prod", False),
        ("prod\n", "prod", True),
    ],
)
def test_answers(monkeypatch: pytest.MonkeyPatch, answer: str, typed: str, agreed: bool) -> None:
    monkeypatch.setattr("sys.stdin", Terminal(answer))
    assert confirm("Go?", typed=typed) is agreed


def test_without_a_terminal_nobody_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("y\n"))
    with pytest.raises(CommandError, match="--yes"):
        confirm("Go?")
