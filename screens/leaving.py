"""Before a session is left: what would be lost, and whether to go on."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from textual.app import App

if TYPE_CHECKING:
    from tui.session.session import Session


def leave(app: App[Any], session: "Session | None", what: str, go_on: Callable[[], object]) -> None:
    """Do what ends `session`, after asking where something would be lost; `what` says it."""
    sentences = [] if session is None else _losses(app, session)
    if not sentences:
        go_on()
        return
    from screens.confirm import ConfirmDialog

    def answered(yes: bool | None) -> None:
        if yes:
            go_on()

    app.push_screen(ConfirmDialog(what, sentences, what), answered)


def _losses(app: App[Any], session: "Session") -> list[str]:
    from screens.handover import HoldsPasswords

    running = session.tray.running
    holding = [screen for screen in app.screen_stack if isinstance(screen, HoldsPasswords)]
    names = [name for screen in holding for name in screen.unseen]
    sentences = []
    if running:
        sentences = [
            f"{running} job(s) of this console still run.",
            "What the server has taken goes on there; steps not yet sent are not sent.",
            "The journal keeps what was begun: the next start shows it and can go on with it.",
        ]
    if names:
        sentences.append(f"The passwords of {', '.join(names)} were not shown or copied yet.")
    return sentences
