"""Every screen has the styles and the keys of Textual's own, whatever else it is made of."""

from docs.keys import other_screens
from tui.app import SECTION_SCREENS, Console


def test_screens_inherit_the_styles_of_a_screen() -> None:
    for screen in [*other_screens(), *SECTION_SCREENS.values()]:
        names = {base.__name__ for base in screen._css_bases(screen)}
        assert "Screen" in names, f"{screen.__name__} has lost the styles of a screen"


def test_the_console_inherits_the_styles_of_an_app() -> None:
    assert "App" in {base.__name__ for base in Console._css_bases(Console)}
