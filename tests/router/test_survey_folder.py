"""Answers of a router in a folder: what is read, what is written, and what never is."""

import asyncio
import json
import stat
import tempfile
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.router.recorded import STATES, recording
from tui.router import commands
from tui.router.commands import REGISTRY
from tui.router.errors import CommandFailed
from tui.router.survey import Answer, Survey, Unanswered
from tui.router.survey_folder import read_answers, write_answers
from tui.safety.secret import Secret


def lay_out(folder: Path, state: str) -> Path:
    """A recorded state as the folder that it was recorded into."""
    for name, answer in recording(state)["answers"].items():
        (folder / f"{name}.json").write_text(json.dumps({"name": name, **answer}))
    (folder / "cloud.json").write_text(json.dumps(recording(state)["cloud"]))
    return folder


@pytest.mark.parametrize("state", STATES)
def test_a_recorded_folder_tells_the_same_after_it_was_written_again(
    state: str, tmp_path: Path
) -> None:
    read = read_answers(lay_out(tmp_path, state))
    assert read.router == "r-42-VM" and not read.failures
    assert "cloud" not in read.answers and set(REGISTRY) <= set(read.answers)
    again = tmp_path / "again"
    write_answers(again, read)
    back = read_answers(again)
    assert set(back.answers) == set(read.answers)
    for command in REGISTRY.values():
        assert back.fact(command) == read.fact(command), command.name


def test_what_is_written_is_open_to_nobody_else(tmp_path: Path) -> None:
    folder = tmp_path / "new"
    write_answers(folder, Survey("r-1-VM", {"nproc": Answer(name="nproc", stdout="2\n")}))
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert stat.S_IMODE((folder / "nproc.json").stat().st_mode) == 0o600


def test_no_secret_is_written(tmp_path: Path) -> None:
    held = Secret("Zx81-of-alice")
    says = (
        '{"preshared_key": "tellnobody"}\nbaremetalnotificationsecuritykey=deadbeef\n'
        "alice * pw-of-alice *\n"
        ': PSK "another"\n\tauth-trunc hmac(sha1) 0x00112233 96\n\tenc cbc(aes) 0xffeeddcc\n'
        f'rcvd [CHAP Response id=0x1 <abcdef>, name = "alice"] {held.reveal()}\n'
    )
    survey = Survey(
        "r-1-VM",
        {"tail_messages": Answer(name="tail_messages", stdout=says, stderr=says, argv=(says,))},
        {"nproc": says},
    )
    write_answers(tmp_path, survey)
    written = "".join(path.read_text() for path in tmp_path.iterdir())
    for secret in ("tellnobody", "deadbeef", "pw-of-alice", "another", "00112233", "ffeeddcc"):
        assert secret not in written
    assert "abcdef" not in written and held.reveal() not in written
    assert "alice" in written


def test_times_and_failures_come_back(tmp_path: Path) -> None:
    taken = datetime(2026, 11, 23, 3, 53, 44, 120000, UTC)
    answer = Answer(name="nproc", argv=("nproc",), stdout="2\n", ms=41.26, taken=taken)
    survey = Survey("r-1-VM", {"nproc": answer}, {"ipsec_statusall": "no answer in 40 seconds"})
    write_answers(tmp_path, survey)
    back = read_answers(tmp_path)
    assert back.router == tmp_path.name
    assert back.answers["nproc"].taken == taken and back.answers["nproc"].ms == 41.3
    assert back.fact(commands.NPROC) == 2
    unknown = back.fact(commands.IPSEC_STATUSALL)
    assert isinstance(unknown, Unanswered) and "no answer in 40 seconds" in unknown.why
    with pytest.raises(CommandFailed, match="not asked"):
        asyncio.run(back.run(commands.FREE))


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("{", "Expecting"),
        ("[]", "object"),
        ('{"rc": "0"}', "rc"),
        ('{"name": "free"}', "the answer of free"),
        ("[" * 100_000, "recursion"),
    ],
)
def test_a_bad_file_is_a_failure_of_its_command(tmp_path: Path, text: str, says: str) -> None:
    (tmp_path / "nproc.json").write_text(text)
    unknown = read_answers(tmp_path).fact(commands.NPROC)
    assert isinstance(unknown, Unanswered) and "nproc.json" in unknown.why and says in unknown.why


def test_what_is_no_answer_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "vr.log").write_text("Nov 23 …")
    (tmp_path / "notes.json").write_text("[1, 2]")
    (tmp_path / "two words.json").write_text('{"stdout": "x"}')
    (tmp_path / "free.json").mkdir()
    (tmp_path / "other_command.json").write_text('{"name": "other_command", "stdout": "x"}')
    (tmp_path / "nproc.json").write_text('{"stdout": "4\\ud800\\udcff"}')
    survey = read_answers(tmp_path)
    assert set(survey.answers) == {"other_command", "nproc"}
    assert set(survey.failures) == {"free"}
    assert isinstance(survey.fact(commands.NPROC), Unanswered)
    with pytest.raises(FileNotFoundError):
        read_answers(tmp_path / "missing")


@pytest.mark.parametrize("name", ["../escape", "cloud", "", "a/b"])
def test_a_name_that_is_no_file_is_not_written(tmp_path: Path, name: str) -> None:
    with pytest.raises(ValueError, match="name of an answer"):
        write_answers(tmp_path / "folder", Survey("r", {name: Answer(name=name)}))


@given(st.binary(max_size=200))
def test_bytes_of_a_router_come_back(raw: bytes) -> None:
    text = raw.decode("utf-8", "surrogateescape")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_answers(folder, Survey("r", {"uname": Answer(name="uname", stdout=text)}))
        first = read_answers(folder)
        write_answers(folder, first)
        assert read_answers(folder).answers == first.answers
        assert first.answers["uname"].output.stdout is not None
