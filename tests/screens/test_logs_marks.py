"""Marks in the Logs section, with their notes."""

from screens.logs_marks import MarksDialog, NoteDialog
from tests.screens.log_stage import follow, pointed, write
from tests.screens.stage import Stage, stage
from tui.lab.lab import Lab


async def lines(on: Stage, lab: Lab) -> None:
    for number in range(40):
        write(lab, f"10[IKE] line {number:02} END")
    await on.says("line 39")


async def test_marks_are_made_jumped_between_and_taken_away(quiet: Lab) -> None:
    async with stage(quiet) as on:
        await follow(on)
        await lines(on, quiet)
        await on.press("b")
        assert "No line is marked." in on.notices[-1]
        await on.press("m")
        assert pointed(on).startswith("◈")
        await on.says("◆ marked")
        for _ in range(5):
            await on.press("up")
        await on.press("m", "up")
        assert "◆" in on.text
        await on.press("b")
        assert "line 34" in pointed(on)
        await on.press("b")
        assert "line 39" in pointed(on)
        await on.press("b")
        assert "No further mark below." in on.notices[-1]
        await on.press("B")
        assert "line 34" in pointed(on)
        await on.press("m")
        assert pointed(on).startswith("▸"), "the mark is gone"
        await on.press("B")
        assert "No further mark above." in on.notices[-1]


async def test_notes_and_the_list_of_marks(quiet: Lab) -> None:
    async with stage(quiet) as on:
        await follow(on)
        await lines(on, quiet)
        await on.press("M")
        await on.says("No line is marked. Press m on one.")
        await on.press("a", "x", "enter", "escape")
        await on.press("up", "a")
        on.on(NoteDialog)
        await on.says("line 38 END")
        await on.type("here [bold]it[/] begins")
        await on.press("enter")
        await on.says("◆ here [bold]it[/] begins")
        await on.press("home", "m", "G", "M")
        on.on(MarksDialog)
        await on.says("here [bold]it[/] begins: charon")
        await on.press("down", "a")
        on.on(NoteDialog)
        await on.type("another note")
        await on.press("enter")
        await on.says("another note: charon")
        await on.press("enter")
        assert "line 38" in pointed(on)
        await on.press("slash", *"hay", "enter", "M", "down", "enter")
        await on.until(lambda: "The filter hides this line" in on.notices[-1])
        await on.press("F", "M", "x", "x")
        await on.says("No line is marked.")
        await on.press("escape")
        assert "◆" not in on.text


async def test_a_note_that_is_not_kept(quiet: Lab) -> None:
    async with stage(quiet) as on:
        await follow(on)
        await lines(on, quiet)
        await on.press("a", *"never mind", "escape")
        assert "◆" not in on.text
