"""Choosing one of many things: what does not fit is found by typing."""

from textual.app import App
from textual.widgets import OptionList

from screens.choose import MOST_OPTIONS, ChooseDialog


async def test_thousands_of_choices_are_narrowed_by_typing() -> None:
    app: App[None] = App()
    chosen: list[str | None] = []
    choices = [(f"key-{n}", f"203.0.{n // 256}.{n % 256} acme-{n:04}") for n in range(5_000)]
    async with app.run_test() as pilot:
        app.push_screen(ChooseDialog("Which?", choices, "none"), chosen.append)
        await pilot.pause()
        options = app.screen.query_one(OptionList)
        assert options.option_count == MOST_OPTIONS + 1
        assert "type to narrow" in str(options.options[-1].prompt)
        await pilot.press(*"acme-4321")
        await pilot.pause()
        assert [option.id for option in options.options] == ["key-4321"]
        await pilot.press("enter")
        await pilot.pause()
        assert chosen == ["key-4321"]
