"""What is done to all marked rows: asked about once, then started for each."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from screens.confirm import ConfirmDialog
from tui.operations.steps import Operation

if TYPE_CHECKING:
    from screens.frame import SectionScreen

Piece = tuple[Operation, Callable[[], object]]
"""An operation, and what starts it."""


def ask_for_all(
    section: "SectionScreen",
    title: str,
    pieces: Sequence[Piece],
    sentences: Sequence[str],
    go: str,
    *,
    typed: str,
) -> None:
    """Say what the operations will do together, and start all of them when the answer is yes.

    `title` names them if there are several; `typed` is what has to be typed on a production
    profile.
    """
    operations = [operation for operation, _ in pieces]
    dialog = ConfirmDialog(
        operations[0].title if len(operations) == 1 else title,
        tuple(dict.fromkeys(sentences)),
        go,
        calls=[step.call.cloudmonkey() for each in operations for step in each.plan() if step.call],
        typed=typed if section.session.profile.production else "",
    )

    def answered(yes: bool | None) -> None:
        if yes:
            for _, start in pieces:
                start()

    section.app.push_screen(dialog, answered)
