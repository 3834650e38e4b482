"""The filter of the Logs section: chips that are made and taken out one by one, and context."""

from screens.choose import ChooseDialog
from screens.logs import LogsScreen
from tests.screens.log_stage import follow, pointed, write
from tests.screens.stage import Stage, stage
from tui.lab.lab import Lab
from tui.widgets.chips import ChipBar


def chips(on: Stage) -> tuple[str, ...]:
    return on.app.screen.query_one(ChipBar).chips


async def needles(on: Stage, lab: Lab) -> None:
    """Ten lines of hay around each of three needles."""
    for number in (1, 2, 3):
        for other in range(5):
            write(lab, f"10[IKE] hay {number}.{other}")
        write(lab, f"10[IKE] needle {number} of 198.51.100.77", tag="pppd")
        for other in range(5, 10):
            write(lab, f"10[IKE] hay {number}.{other}")
    await on.says("hay 3.9")


async def test_what_was_typed_becomes_chips_that_are_taken_out_one_by_one(quiet: Lab) -> None:
    async with stage(quiet) as on:
        view = await follow(on)
        await needles(on, quiet)
        everything = view.count
        await on.press("slash")
        await on.type('needle !"1 of" tag:pppd')
        assert view.count == 2, "it filters while it is typed"
        await on.press("enter")
        assert chips(on) == ("needle", '!"1 of"', "tag:pppd") and on.app.focused is view
        await on.says("2 of", "needle ✕", '!"1 of" ✕')
        await on.press("f")
        await on.says("[needle ✕]", "←→ choose")
        await on.press("right", "delete")
        await on.until(lambda: view.count == 3)
        assert chips(on) == ("needle", "tag:pppd")
        await on.press("x", "x")
        assert chips(on) == () and on.app.focused is view
        await on.until(lambda: view.count == everything)
        await on.press("f")
        assert "There is no filter" in on.notices[-1]


async def test_a_chip_is_typed_anew_and_all_are_taken_out(quiet: Lab) -> None:
    async with stage(quiet) as on:
        view = await follow(on)
        await needles(on, quiet)
        everything = view.count
        await on.press("slash", *"needle", "space", *"3", "enter", "f", "enter")
        assert chips(on) == ("3",)
        await on.type("hay")
        await on.press("enter")
        assert set(chips(on)) == {"3", "hay"}
        await on.press("f", "down", "F")
        assert chips(on) == () and view.count == everything
        await on.press("F")
        assert "There is no filter." in on.notices[-1]


async def test_chips_are_made_of_the_line_under_the_cursor(quiet: Lab) -> None:
    async with stage(quiet) as on:
        view = await follow(on)
        await needles(on, quiet)
        everything = view.count
        await on.press("s")
        await on.type("needle 2")
        await on.press("enter")
        await on.until(lambda: "needle 2" in pointed(on))
        await on.press("i")
        on.on(ChooseDialog)
        await on.says("client 198.51.100.77", "program pppd", "log journal", "word needle")
        await on.press(*"program", "enter")
        assert chips(on) == ("tag:pppd",)
        assert "needle 2" in pointed(on), "the cursor stays on its line"
        await on.press("F", "o", *"needle", "enter")
        assert chips(on) == ('!"needle"',)
        await on.until(lambda: view.count == everything - 3)
        assert "hay 2" in pointed(on), "it is near where it was"
        await on.press("o")
        await on.until(lambda: isinstance(on.app.screen, ChooseDialog))
        assert "level" not in on.text
        await on.press("escape")
        assert chips(on) == ('!"needle"',)


async def test_lines_around_a_match_are_shown(quiet: Lab) -> None:
    async with stage(quiet, (120, 40)) as on:
        view = await follow(on)
        await on.press("C")
        assert "Context is shown around the lines of a filter" in on.notices[-1]
        await needles(on, quiet)
        await on.press("slash", *"needle", "enter")
        await on.until(lambda: view.count == 3)
        await on.press("C")
        assert chips(on) == ("needle", "context:2")
        await on.says("┊", "hay 2.4", "hay 2.5", "┄┄")
        assert "hay 2.2" not in on.text
        await on.press("C", "C", "C")
        assert chips(on) == ("needle",)
        await on.until(lambda: view.count == 3)
        await on.press("slash")
        await on.type("level:loud")
        await on.press("enter")
        assert chips(on) == ("needle",), "what means nothing is no chip"
        await on.says("✘ level is one of")


async def test_another_section_may_bring_a_filter(quiet: Lab) -> None:
    async with stage(quiet) as on:
        await follow(on)
        router = on.on(LogsScreen).feed
        assert router is not None
        await on.press("1")
        on.app.go_to("logs", router.routers[0].id, "/needle|hay/")
        await on.until(lambda: isinstance(on.app.screen, LogsScreen))
        await on.until(lambda: chips(on) == ("/needle|hay/",))
