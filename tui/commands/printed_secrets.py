"""Secrets that a headless command prints are in the audit trail too."""

from tui.commands.output import tell
from tui.session.auditing import note_secret_use
from tui.session.session import Session


async def note_printed(session: Session, what: str, target: str) -> None:
    """Record that `what` of `target` is printed; nothing where there is no `target`."""
    if target:
        trouble = await note_secret_use(session, "print", what, target)
        if trouble:
            tell(f"warning: {trouble}")
