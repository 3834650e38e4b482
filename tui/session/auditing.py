"""The audit trail of a session: which file, who acts, and secrets that somebody looked at."""

from typing import Literal

from tui.operations.journal import KeptOperation
from tui.operations.ledger import JournalUnavailable
from tui.operations.ledger import Record as CallRecord
from tui.router.errors import RouterError
from tui.router.hops import RouterTarget
from tui.router.remedies import Remedy
from tui.safety.audit import AuditTrail, AuditUnwritable, Target, this_actor
from tui.session.session import Session
from tui.settings.paths import audit_file

SecretUse = Literal["reveal", "copy", "print", "export"]


def trail_of(session: Session) -> AuditTrail:
    """The trail of `session`, with what is known now about who acts. Cheap; opens nothing."""
    profile = session.profile
    who = session.identity.who or profile.username
    return AuditTrail(
        session.state / audit_file().name,
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


async def witness_call(session: Session, kept: KeptOperation, record: CallRecord) -> None:
    """Record a call of an operation before it is sent and after its end.

    Raises `JournalUnavailable` where it has to be recorded and cannot be, so that nothing is
    changed that nobody could find again.
    """
    kind, object_id, name = kept.target
    try:
        await trail_of(session).arecord(
            record.command,
            target=Target(type=kind, id=object_id, name=name),
            params={**record.parameters, "step": record.step},
            jobid=record.job_id,
            result=f"{record.state}: {record.says}" if record.says else str(record.state),
        )
    except AuditUnwritable as error:
        raise JournalUnavailable(str(error), "Nothing more is changed until it can.") from error


async def witness_remedy(
    session: Session, router: RouterTarget, remedy: Remedy, values: tuple[str, ...], result: str
) -> None:
    """Record a command that changes a router, before it is sent and after its end.

    Raises `RouterError` where it has to be recorded and cannot be, so that it is not sent.
    """
    named = dict(zip((name for name, _ in remedy.parameters), values, strict=True))
    try:
        await trail_of(session).arecord(
            f"router.{remedy.name}",
            target=Target(type="DomainRouter", id=router.uuid, name=router.name),
            params=named,
            result=result,
        )
    except AuditUnwritable as error:
        raise RouterError(str(error), "Nothing more is changed until it can.") from error
