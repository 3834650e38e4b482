"""The program that a profile names: its first line, or a sentence without what it printed."""

import shlex
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tui.safety.credential_command import CommandFailed, secret_from
from tui.safety.credentials import Credential, CredentialStore, Found, Store
from tui.safety.secret import Secret


def python(code: str) -> str:
    """A command that runs `code`."""
    return shlex.join([sys.executable, "-c", code])


def test_the_first_line_is_the_secret_exactly() -> None:
    assert secret_from("printf ' a secret \\r\\nand a note'") == Secret(" a secret ")
    assert secret_from("echo '$HOME; \"x\"'") == Secret('$HOME; "x"')


@pytest.mark.parametrize(
    ("command", "says"),
    [
        ("", "is empty"),
        ("echo 'open", "cannot be read (No closing quotation)"),
        ("/nowhere/pass show x", "/nowhere/pass cannot be run (No such file or directory)"),
        ("/etc", "/etc cannot be run (Permission denied)"),
        ("true", "true printed nothing on its first line"),
        ("printf '\\nsecond'", "printed nothing on its first line"),
        ("printf '\\377'", "what printf printed is not UTF-8"),
        ("false", "false ended with 1"),
        ("sh -c 'echo secret; echo gpg: no key >&2; exit 3'", "sh ended with 3 (gpg: no key)"),
        ("sh -c 'kill -9 $$'", "sh was ended by signal 9"),
        ("echo\x00x", "cannot be run"),
    ],
)
def test_what_goes_wrong_is_one_sentence(command: str, says: str) -> None:
    with pytest.raises(CommandFailed) as raised:
        secret_from(command)
    assert says in str(raised.value) and "secret;" not in str(raised.value)
    assert "\n" not in str(raised.value)


def test_it_has_ten_seconds_and_nothing_to_read() -> None:
    with pytest.raises(CommandFailed, match=r"did not answer within 0\.2 s"):
        secret_from("sleep 60", 0.2)
    with pytest.raises(CommandFailed, match="nothing on its first line"):
        secret_from("cat")


async def test_it_runs_once_with_the_terminal_lent_and_without_our_secrets(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CSVPN_PASSWORD", "not for children")
    credentials = CredentialStore()
    lent: list[str] = []

    @contextmanager
    def aside() -> Iterator[None]:
        lent.append("lent")
        yield
        lent.append("back")

    credentials.run_commands_within(aside)
    counted = tmp_path / "count"
    command = python(
        f"import os; open({str(counted)!r}, 'a').write('x'); "
        "print(os.environ.get('CSVPN_PASSWORD', 'none'))"
    )
    for _ in range(3):
        found = await credentials.find("prod", Credential.SECRET_KEY, command)
        assert found == Found(Secret("none"), Store.COMMAND)
    assert counted.read_text() == "x" and lent == ["lent", "back"]


async def test_the_environment_comes_before_it_and_nothing_behind_it() -> None:
    credentials = CredentialStore({"CSVPN_SECRET_KEY": "given"})
    found = await credentials.find("prod", Credential.SECRET_KEY, "false")
    assert found == Found(Secret("given"), Store.ENVIRONMENT)
    alone = CredentialStore({})
    await alone.keep("prod", Credential.SECRET_KEY, Secret("typed"))
    with pytest.raises(CommandFailed):
        await alone.find("prod", Credential.SECRET_KEY, "false")
