"""The audit trail of a session: which file, who acts, and secrets that somebody looked at."""

from pathlib import Path
from typing import Literal
from weakref import WeakKeyDictionary

from tui.safety.audit import AuditTrail, AuditUnwritable, Target, this_actor
from tui.session.session import Session
from tui.settings.paths import audit_file

SecretUse = Literal["reveal", "copy", "print", "export"]

_elsewhere: WeakKeyDictionary[Session, Path] = WeakKeyDictionary()


def keep_trail_in(session: Session, folder: Path) -> None:
    """Keep the trail of `session` in `folder`: what is done in the demo is nobody's business."""
    _elsewhere[session] = folder / "audit.jsonl"


def trail_of(session: Session) -> AuditTrail:
    """The trail of `session`, with what is known now about who acts. Cheap; opens nothing."""
    profile = session.profile
    who = session.identity.who or profile.username
    return AuditTrail(
        _elsewhere.get(session) or audit_file(),
        this_actor(account=who, api_key=profile.api_key),
        profile=profile.name,
        rule=profile.audit,
    )


async def note_secret_use(session: Session, use: SecretUse, what: str, target: str = "") -> str:
    """Record that somebody was given a secret: `what` it is (`pre-shared key`) and of which
    `target`; never the secret.

    Returns what to tell the person where it could not be recorded; empty when it was. The secret
    was asked for and is shown all the same: nothing in the cloud is changed by it.
    """
    trail = trail_of(session)
    try:
        await trail.arecord(f"secret.{use}", target=Target(type=what, name=target))
    except AuditUnwritable as error:
        return f"Not recorded: {error}."
    return f"Not recorded: {trail.trouble}." if trail.trouble else ""
