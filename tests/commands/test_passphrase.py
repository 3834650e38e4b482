"""The passphrase asked on the terminal, and never where there is none."""

import io
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.commands.contexts import Printed
from tui.commands.passphrase import ask_on_terminal
from tui.safety.secret import Secret
from tui.safety.vault import NobodyToAsk, PassphraseWanted

KNOWN = PassphraseWanted(Path("/x/secrets.json"), False, "the secret key of prod is in it")
NEW = PassphraseWanted(Path("/x/secrets.json"), True, "to keep the secret key of prod")


class Terminal(io.StringIO):
    """A standard input that says it is a terminal."""

    def isatty(self) -> bool:
        return True


@pytest.fixture
def answers(monkeypatch: pytest.MonkeyPatch) -> list[str | type[Exception]]:
    """What is typed, in order; an exception is raised."""
    given: list[str | type[Exception]] = []

    def getpass(prompt: str) -> str:
        answer = given.pop(0)
        if isinstance(answer, str):
            return answer
        raise answer

    monkeypatch.setattr("sys.stdin", Terminal())
    monkeypatch.setattr("getpass.getpass", getpass)
    return given


@pytest.mark.parametrize(
    ("typed", "wanted", "result", "says"),
    [
        (["its words"], KNOWN, "its words", ""),
        ([""], KNOWN, None, ""),
        ([EOFError], KNOWN, None, ""),
        (
            ["long enough", "long enough"],
            NEW,
            "long enough",
            "/x/secrets.json will be made to keep",
        ),
        (["short", "long enough", "other", ""], NEW, None, "These were not the same."),
        (["short", ""], NEW, None, "At least 8 characters"),
    ],
)
async def test_what_is_typed(
    answers: list[str | type[Exception]],
    printed: Printed,
    typed: Sequence[str | type[Exception]],
    wanted: PassphraseWanted,
    result: str | None,
    says: str,
) -> None:
    answers += typed
    given = await ask_on_terminal(wanted)
    assert given == (None if result is None else Secret(result))
    assert answers == []
    assert says in printed.both()[1]


async def test_a_complaint_is_said_first(
    answers: list[str | type[Exception]], printed: Printed
) -> None:
    answers.append("right")
    await ask_on_terminal(PassphraseWanted(Path("/x"), False, "p", "This is not its passphrase."))
    assert printed.both()[1] == "This is not its passphrase.\n"


async def test_ctrl_c_ends_the_question(answers: list[str | type[Exception]]) -> None:
    answers.append(KeyboardInterrupt)  # type: ignore[arg-type]
    with pytest.raises(KeyboardInterrupt):
        await ask_on_terminal(KNOWN)


async def test_without_a_terminal_nobody_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("a passphrase from a pipe\n"))
    with pytest.raises(NobodyToAsk, match="no terminal"):
        await ask_on_terminal(KNOWN)
