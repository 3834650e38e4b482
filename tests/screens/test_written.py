"""On every screen and dialog of the console the writer shows what Textual would, cell by cell."""

from collections.abc import Callable, Iterator
from itertools import cycle
from typing import Any

import pytest

from tests.consoles import is_filled, until
from tests.screens import (
    test_pictures_dialogs,
    test_pictures_routers,
    test_pictures_sections,
    test_pictures_work,
)
from tests.screens.pictures import Scene, SceneBook, StillConsole, scripted_feed
from tests.screens.stage import LARGE, SMALL, Stage
from tests.terminal.twins import Twins
from tui.session.checking import Checkups
from tui.session.diagnosing import Diagnosis
from tui.session.sessions_watch import SessionsWatch
from tui.terminal.compositor import FRAMES, WritesChanges

Prepare = Callable[[pytest.MonkeyPatch], None]


def routers_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the pictures of the routers' word stand on."""
    monkeypatch.setattr(SessionsWatch, "look", test_pictures_routers.look)
    monkeypatch.setattr(Checkups, "check", test_pictures_routers.examine)
    monkeypatch.setattr(Diagnosis, "run", test_pictures_routers.diagnose)


def no_router_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the pictures of trouble stand on."""
    scripted_feed(monkeypatch, error=test_pictures_work.UNKNOWN)


BOOKS: tuple[tuple[SceneBook, Prepare], ...] = (
    (test_pictures_dialogs.SCENES, scripted_feed),
    (test_pictures_routers.SCENES, routers_answer),
    (test_pictures_sections.SCENES, scripted_feed),
    (test_pictures_work.SCENES, no_router_is_known),
)
KEYS = (
    "down", "down", "pagedown", "up", "end", "pageup", "home", "right", "tab", "j", "k", "x",
    "escape",
)  # fmt: skip


@pytest.fixture
def watched(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[Twins], None]]:
    """Every frame of every console goes to the given twins too, and is compared."""
    twins: list[Twins] = []
    display = WritesChanges._display

    def both(app: WritesChanges, screen: Any, renderable: Any) -> None:
        if isinstance(renderable, FRAMES) and app._running and not app._batch_count:
            twins[0].frame(app, renderable)
            # Between a new size and its layout comes a frame of the old size now and then: what is
            # beyond it nobody says.
            if app.screen.outer_size == app.size:
                twins[0].compare(type(screen).__name__)
        display(app, screen, renderable)

    monkeypatch.setattr(WritesChanges, "_display", both)
    yield twins.append
    assert twins[0].shown > 3


def scenes() -> list[Any]:
    """Every scene, in as many colours as one kind of terminal or another has."""
    found = [(scene, prepare) for book, prepare in BOOKS for scene in book]
    colours = cycle(("truecolor", "256", "16"))
    return [
        pytest.param(scene, prepare, each, id=f"{scene.name}-{each}")
        for (scene, prepare), each in zip(found, colours, strict=False)
    ]


@pytest.mark.parametrize(("scene", "prepare", "colours"), scenes())
async def test_a_screen_of_the_console(
    still_life: None,
    monkeypatch: pytest.MonkeyPatch,
    watched: Callable[[Twins], None],
    scene: Scene,
    prepare: Prepare,
    colours: str,
) -> None:
    prepare(monkeypatch)
    size = scene.sizes[0]
    twins = Twins(
        *size,
        colours=colours,
        erases_with_colour=colours != "256",
        synchronized=colours == "truecolor",
    )
    watched(twins)
    console = StillConsole(scene)
    async with console.run_test(size=size, notifications=True) as pilot:
        await until(pilot, lambda: is_filled(pilot))
        stage = Stage(pilot, console.lab, console.wire, console._written)
        await scene.script(stage)
        for keys, after in ((KEYS[:5], LARGE), (KEYS[5:8], (100, 30)), (KEYS[8:], SMALL)):
            await stage.press(*keys)
            await stage.resize(*after)
        await pilot.pause()
    assert twins.ours.written * 3 < twins.stock.written
