"""Lines of the Logs section written to a file."""

import json
from pathlib import Path

import pytest
from textual.widgets import Input

from screens.logs import LogsScreen
from screens.logs_export import ExportDialog
from tests.screens.log_stage import follow, write
from tests.screens.stage import Stage, stage
from tui.lab.lab import Lab


@pytest.fixture(autouse=True)
def elsewhere(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    folder = tmp_path / "written"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return folder


def only_file(folder: Path) -> Path:
    [path] = folder.iterdir()
    return path


async def lines(on: Stage, lab: Lab) -> None:
    for number in range(5):
        write(lab, f'10[IKE] needle {number} password="hunter2-secret"')
    await on.says("needle 4")
    await on.press("slash", *"needle", "enter")
    await on.until(lambda: on.on(LogsScreen).view.count == 5)


async def test_what_is_filtered_as_text(quiet: Lab, elsewhere: Path) -> None:
    async with stage(quiet) as on:
        await follow(on)
        await lines(on, quiet)
        await on.press("up", "a", *"look", "enter", "x")
        on.on(ExportDialog)
        await on.says("only the marked lines, 1 of 5 that are shown")
        await on.press("enter")
        await on.until(lambda: "5 line(s) are in" in on.notices[-1])
        path = only_file(elsewhere)
        text = path.read_text()
        assert path.suffix == ".log" and path.stat().st_mode & 0o777 == 0o600
        assert "r-47-VM journal charon[977]: 10[IKE] needle 0" in text
        assert "^ look" in text and "hunter2" not in text


async def test_what_is_marked_as_json(quiet: Lab, elsewhere: Path) -> None:
    async with stage(quiet) as on:
        await follow(on)
        await lines(on, quiet)
        await on.press("x")
        await on.tab_to("#marked")
        await on.press("space")
        await on.tab_to("#json")
        await on.press("space")
        await on.press("f10")
        await on.says("✘ No line is marked.")
        await on.press("escape", "m", "x")
        for box in ("#marked", "#json"):
            await on.tab_to(box)
            await on.press("space")
        assert on.on(ExportDialog).query_one("#path", Input).value.endswith(".jsonl")
        await on.press("f10")
        await on.until(lambda: "1 line(s) are in" in on.notices[-1])
        path = only_file(elsewhere)
        [document] = [json.loads(line) for line in path.read_text().splitlines()]
        assert document["marked"] is True and "needle 4" in document["text"]


async def test_a_file_that_is_there_is_overwritten_only_when_chosen(
    quiet: Lab, elsewhere: Path
) -> None:
    there = elsewhere / "there.log"
    there.write_text("precious")
    async with stage(quiet) as on:
        await follow(on)
        await lines(on, quiet)
        await on.press("x")
        await on.type(str(there))
        await on.press("enter")
        await on.says("there.log is there already.")
        assert there.read_text() == "precious"
        await on.tab_to("#overwrite")
        await on.press("space", "f10")
        await on.until(lambda: "5 line(s) are in" in on.notices[-1])
        assert "needle 3" in there.read_text()
        await on.press("x")
        await on.type(str(elsewhere / "no" / "folder.log"))
        await on.press("enter")
        await on.until(lambda: "cannot be written" in on.notices[-1])
        await on.press("F", "slash", *"no-such-word", "enter", "x", "enter")
        await on.says("✘ The filter shows no lines.")
        await on.type("")
        await on.tab_to("#cancel")
        await on.press("enter")
        assert isinstance(on.app.screen, LogsScreen)
