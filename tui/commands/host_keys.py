"""Host keys that nobody has vouched for yet: what to type, and remembering one."""

from collections.abc import Sequence

from tui.cloud.models import Router
from tui.commands.output import CommandError, Exit, tell
from tui.router.errors import HopFailed, HostKeyUnknown, RouterError
from tui.session.session import Session


def learn_accepted(
    session: Session, router: Router, error: RouterError, accepted: Sequence[str]
) -> None:
    """Remember a host key whose fingerprint was named with `--accept-host-key`.

    Raises `error` for anything else.
    """
    unknown = unknown_of(error)
    if unknown is None or unknown.fingerprint not in accepted:
        raise error
    session.routers.learn(router, unknown)
    tell(f"The host key of {unknown.host} is remembered: {unknown.fingerprint}.")


def with_remedy(error: RouterError) -> RouterError | CommandError:
    """The error that says which key to accept, where that is what is missing."""
    unknown = unknown_of(error)
    if unknown is None:
        return error
    return CommandError(
        unknown.what,
        "compare it with the machine's own (ssh-keygen -lf), then add "
        f"--accept-host-key {unknown.fingerprint}",
        Exit.REFUSED,
    )


def unknown_of(error: RouterError) -> HostKeyUnknown | None:
    """The host key that nobody has vouched for, if that is what is in the way."""
    reason = error.reason if isinstance(error, HopFailed) else error
    return reason if isinstance(reason, HostKeyUnknown) else None
