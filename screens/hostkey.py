"""A machine on the way to a router that nobody has vouched for, or that shows another key."""

from collections.abc import Callable

from textual.screen import Screen

from screens.confirm import ConfirmDialog
from tui.cloud.models import Router
from tui.router.errors import HopFailed, HostKeyChanged, HostKeyUnknown, RouterError
from tui.session.session import Session


def ask_about_key(
    screen: Screen[None],
    session: Session,
    router: Router,
    error: RouterError,
    again: Callable[[], None],
) -> bool:
    """Show the fingerprint and ask; true if `error` is about a host key at all.

    A changed key is never accepted here: both fingerprints are shown, and the way to replace the
    old one by hand.
    """
    reason = error.reason if isinstance(error, HopFailed) else error
    if isinstance(reason, HostKeyChanged):
        screen.notify(
            f"{reason.what}. {reason.remedy}. Remove the old line from the file of host keys by "
            "hand if you are sure.",
            title="Host key changed",
            severity="error",
            timeout=30,
        )
        return True
    if not isinstance(reason, HostKeyUnknown):
        return False
    unknown = reason
    sentences = [
        f"{unknown.host} shows the key {unknown.fingerprint}",
        "Nobody has vouched for it on this machine yet. Compare it with ssh-keygen -lf on that "
        "machine if you can.",
        "Once accepted it is remembered, and any other key is refused.",
    ]

    def answered(yes: bool | None) -> None:
        if not yes:
            return
        try:
            session.routers.learn(router, unknown)
        except RouterError as problem:
            screen.notify(str(problem), severity="error")
            return
        again()

    screen.app.push_screen(ConfirmDialog("Unknown host key", sentences, "Accept"), answered)
    return True
