"""Every screen has the styles and the keys of Textual's own, whatever else it is made of."""

import re
from pathlib import Path

from docs.keys import other_screens
from tui.app import SECTION_SCREENS, Console

ROOT = Path(__file__).parents[2]


def test_screens_inherit_the_styles_of_a_screen() -> None:
    for screen in [*other_screens(), *SECTION_SCREENS.values()]:
        names = {base.__name__ for base in screen._css_bases(screen)}
        assert "Screen" in names, f"{screen.__name__} has lost the styles of a screen"


def test_the_console_inherits_the_styles_of_an_app() -> None:
    assert "App" in {base.__name__ for base in Console._css_bases(Console)}


def test_no_handler_is_called_twice() -> None:
    """Textual calls the handlers of every class by itself: another call would do it all again."""
    for folder in ("screens", "tui/widgets"):
        for path in sorted((ROOT / folder).glob("*.py")):
            calls = re.findall(r"super\(\)\.(on_\w+)\(", path.read_text())
            assert not calls, f"{path.name} calls {calls} of its base class"
