"""End one session on a router: one person is cut off, everybody else stays connected."""

from collections.abc import Sequence

from tui.cloud.client import CloudClient
from tui.operations.reach import Reach
from tui.operations.router_changes import EndSession, Reaching, ending, reaching_of
from tui.operations.steps import Action, Operation
from tui.router.remedies import END_SESSION


def ending_means(wanted: EndSession, others: Sequence[str]) -> tuple[str, ...]:
    """What ending a session does, in sentences; `others` are who is connected beside it."""
    sentences = [
        f"The session of {wanted.user} (pppd {wanted.pid}) on {wanted.router.name} ends now.",
        "The router looks once more before it does so: the process has to be a pppd, and its "
        f"record has to name exactly {wanted.user}.",
    ]
    if others:
        sentences.append(f"{', '.join(others)} stay connected.")
    sentences.append(
        f"{wanted.user} may connect again at once; remove or suspend the user to prevent that."
    )
    return tuple(sentences)


class DisconnectSession(Operation):
    """End one session; the router itself makes sure that it is the right one."""

    KIND = "end-session"
    WANTED = EndSession
    wanted: EndSession

    def __init__(
        self, client: CloudClient, wanted: EndSession, *, reach: Reaching | None = None
    ) -> None:
        super().__init__(client)
        self.wanted = wanted
        self._reach = reach

    @property
    def title(self) -> str:
        return END_SESSION.title(self.wanted.router.name, str(self.wanted.pid), self.wanted.user)

    @classmethod
    def rebuild(cls, wanted: EndSession, reach: Reach) -> "DisconnectSession":
        return cls(reach.client, wanted, reach=reaching_of(reach))

    @property
    def subject(self) -> str:
        return f"router:{self.wanted.router.id}:{self.wanted.pid}"

    @property
    def target(self) -> tuple[str, str, str]:
        return "DomainRouter", self.wanted.router.id, self.wanted.router.name

    @property
    def undo_words(self) -> str:
        return "A session that has ended cannot be brought back; the person connects again."

    def _actions(self) -> Sequence[Action]:
        return [] if self._reach is None else [ending(self._reach, self.wanted)]
