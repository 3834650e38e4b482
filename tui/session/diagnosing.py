"""Why somebody cannot connect: evidence gathered from the cloud and the routers, then judged.

Evidence comes in portions, so that a checklist can fill, and so that a link that drops leaves what
came before it: the verdict is made from that.
"""

import asyncio
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

import msgspec

from tui.cloud.errors import CloudError
from tui.cloud.models import Router
from tui.diagnose.bundle import Bundle
from tui.diagnose.checks import Check
from tui.diagnose.cloud_side import CloudSide
from tui.diagnose.verdicts import Outcome, Verdict
from tui.router.commands import CHECKROUTER
from tui.router.errors import RouterError
from tui.router.survey import Survey
from tui.session import clues
from tui.session.clues import Checklist, Clue
from tui.session.session import Session

if TYPE_CHECKING:
    from tui.router.commands import Command
    from tui.router.connection import RouterConnection

PORTION: Final = 16
"""Commands that are asked before the checklist is looked at again."""
SINCE_SECONDS: Final = 2 * 3600
"""How far back the logs are read: somebody who calls has tried within the last hours."""
LOG_BYTES: Final = 4 * 1024 * 1024
"""Of each log at the most, its end."""
CAPTURE_FILE: Final = "vr.tcpdump.txt"


class Question(msgspec.Struct, frozen=True, kw_only=True):
    """Who cannot connect, and through which routers that would be."""

    routers: tuple[Router, ...]
    user: str = ""
    client: str = ""
    """Public address that the client comes from."""

    @property
    def words(self) -> str:
        """The question as a title."""
        if self.user:
            return f"Why can't {self.user} connect?"
        if self.client:
            return f"Why can't {self.client} connect?"
        return "Why can't they connect?"


class Case(msgspec.Struct, frozen=True, kw_only=True):
    """What is known so far, of one router."""

    router: Router
    clues: tuple[Clue, ...] = ()
    verdicts: tuple[Verdict, ...] = ()
    bundle: Bundle | None = None
    error: RouterError | None = None
    """Why the router could not be asked, or not to the end."""
    done: bool = False


OnCase = Callable[[Case], None]

_GRAVITY: Final[dict[Outcome, int]] = {
    "fail": 0,
    "ipsec_up_only": 0,
    "connected_no_traffic": 1,
    "drift": 1,
    "dropped": 2,
    "degraded": 3,
    "disconnected": 4,
    "connected": 5,
    "n/a": 6,
}
_COMING: Final = 4
"""Gravity of what may still come up: less than of anything that has gone wrong."""


def in_order(verdicts: Sequence[Verdict]) -> list[Verdict]:
    """The verdicts, what keeps people out first, and of equals the newest attempt."""
    return sorted(verdicts, key=_urgency)


def _urgency(verdict: Verdict) -> tuple[int, float]:
    gravity = _COMING if verdict.coming else _GRAVITY[verdict.outcome]
    return gravity, -(verdict.at or 0.0)


class Diagnosis:
    """Gathers the evidence of one router and judges it; may be judged again with more of it."""

    def __init__(
        self, session: Session, router: Router, question: Question, on_case: OnCase
    ) -> None:
        """`on_case` is told whenever more is known."""
        self.session = session
        self.router = router
        self.question = question
        self.symptom = ""
        self._on_case = on_case
        self._list = Checklist()
        self._survey = Survey(router.name, {})
        self._logs: dict[str, bytes] = {}
        self._cloud: CloudSide | None = None
        self._error: RouterError | None = None
        self._verdicts: tuple[Verdict, ...] = ()
        self._done = False

    async def run(self) -> None:
        """Gather everything, then judge. Cancelling ends what is under way."""
        await asyncio.gather(self._ask_cloud(), self._ask_router())
        if self._survey.answers:
            self._list.settle_checks(self._checks(), at_end=True)
        self._count_lines()
        await self.judge(self.symptom)

    async def judge(self, symptom: str = "") -> None:
        """Make the verdicts from what there is; `symptom` is what the client says."""
        from tui.diagnose.why import why  # large

        self.symptom = symptom
        self._list.settle(clues.VERDICT, "running")
        self._tell()
        bundle, question = self.bundle, self.question
        # Folding the logs takes seconds where they are long: the screen goes on meanwhile.
        try:
            found = await asyncio.to_thread(
                why, bundle, user=question.user, client=question.client, symptom=symptom
            )
        except Exception as error:
            says = f"this is a fault of csvpn: {type(error).__name__}"
            self._list.settle(clues.VERDICT, "unknown", says)
            self._done = True
            self._tell()
            raise
        self._verdicts = tuple(in_order(found))
        self._list.settle(clues.VERDICT, "good", _counted(len(found), "verdict"))
        attempts = sum(each.attempts for each in found if each.client)
        state: clues.ClueState = "good" if attempts else "unknown"
        self._list.settle(clues.ATTEMPTS, state, _counted(attempts, "attempt"))
        self._done = True
        self._tell()

    async def capture(self, seconds: int, client: str = "") -> None:
        """Look at the packets of `client`, or of everybody, for so many seconds; then judge again.

        Raises `RouterError`.
        """
        from tui.router.captures import capture  # loads the SSH client

        self._list.settle(clues.PACKETS, "running", f"for {seconds} seconds")
        self._tell()
        try:
            connection = await self.session.routers.connection(self.router)
            text = await capture(connection, client=client, seconds=seconds)
        except RouterError as error:
            self._list.settle(clues.PACKETS, "unknown", error.what)
            self._tell()
            raise
        except asyncio.CancelledError:
            self._list.settle(clues.PACKETS, "unknown", "it was ended before its time")
            self._tell()
            raise
        self._logs[CAPTURE_FILE] = text
        lines = len(text.splitlines())
        self._list.settle(clues.PACKETS, "good", _counted(lines, "line"))
        await self.judge(self.symptom)

    @property
    def bundle(self) -> Bundle:
        """All that is known, as it can be kept."""
        from tui.diagnose.bundle_folder import clock_offset, logs_in  # large

        return Bundle(
            survey=self._survey,
            cloud=self._cloud,
            logs={**logs_in(self._survey), **self._logs},
            clock_offset=clock_offset(self._survey),
        )

    @property
    def case(self) -> Case:
        """All that is known, as it is shown."""
        return Case(
            router=self.router,
            clues=self._list.clues,
            verdicts=self._verdicts,
            bundle=self.bundle if self._done else None,
            error=self._error,
            done=self._done,
        )

    def _tell(self) -> None:
        self._on_case(self.case)

    async def _ask_cloud(self) -> None:
        from tui.session.evidence import cloud_side  # loads the SSH client

        self._list.settle(clues.CLOUD, "running")
        self._tell()
        try:
            self._cloud = await cloud_side(self.session, self.router)
        except CloudError as error:
            self._list.settle(clues.CLOUD, "unknown", error.text)
        else:
            state, says = cloud_words(self._cloud)
            self._list.settle(clues.CLOUD, state, says)
        self._tell()

    async def _ask_router(self) -> None:
        self._list.settle(clues.REACHED, "running")
        self._tell()
        try:
            connection = await self.session.routers.connection(self.router)
            await connection.connect()
        except RouterError as error:
            self._lost(error)
        else:
            self._list.settle(clues.REACHED, "good", "over SSH")
            await asyncio.gather(self._ask_answers(connection), self._read_logs(connection))
        self._tell()

    def _lost(self, error: RouterError) -> None:
        """The router cannot be asked, or not any more; what came before is kept."""
        self._error = error
        came = bool(self._survey.answers)
        says = f"until the link broke: {error.what}" if came else error.what
        self._list.settle(clues.REACHED, "bad", says)
        self._list.settle_checks(self._checks() if came else (), at_end=True)
        self._list.give_up("the router could not be asked")

    async def _ask_answers(self, connection: "RouterConnection") -> None:
        from tui.router.surveying import SURVEYED, has_partner, survey  # loads the SSH client

        try:
            for portion in _portions(SURVEYED):
                says = f"{len(self._survey.answers)} of {len(SURVEYED)}"
                self._list.settle(clues.ANSWERS, "running", says)
                self._tell()
                self._keep(await survey(connection, portion))
                self._list.settle_checks(self._checks())
            if has_partner(self._survey):
                self._keep(await survey(connection, (CHECKROUTER,)))
        except RouterError as error:
            self._lost(error)
            return
        self._list.settle_checks(self._checks(), at_end=True)
        failed = self._survey.failures
        says = _counted(len(self._survey.answers), "answer")
        if failed:
            name, reason = next(iter(failed.items()))
            says += f"; {len(failed)} could not be had ({name}: {reason})"
        self._list.settle(clues.ANSWERS, "doubtful" if failed else "good", says)
        self._tell()

    def _keep(self, more: Survey) -> None:
        """Put more answers to those that came before."""
        self._survey = Survey(
            self.router.name,
            {**self._survey.answers, **more.answers},
            {**self._survey.failures, **more.failures},
        )

    def _checks(self) -> tuple[Check, ...]:
        from tui.diagnose.checkup import checkup_bundle  # large

        return checkup_bundle(self.bundle)

    async def _read_logs(self, connection: "RouterConnection") -> None:
        from tui.router.slices import log_slices  # loads the SSH client

        self._list.settle(clues.LOGS, "running")
        self._tell()
        slices: Mapping[str, bytes]
        try:
            slices = await log_slices(connection, SINCE_SECONDS, limit_bytes=LOG_BYTES)
        except RouterError as error:
            self._list.settle(clues.LOGS, "unknown", error.what)
            self._tell()
            return
        self._logs |= slices
        lines = _lines_in(slices)
        says = f"{_counted(lines, 'line')} of the last {SINCE_SECONDS // 3600} hours"
        self._list.settle(clues.LOGS, "good" if lines else "doubtful", says)
        self._tell()

    def _count_lines(self) -> None:
        """Where the last hours could not be had, the ends of the logs are among the answers."""
        lines = _lines_in(self.bundle.logs)
        if lines and not any(self._logs.values()):
            self._list.settle(clues.LOGS, "doubtful", f"only their ends: {_counted(lines, 'line')}")


def cloud_words(cloud: CloudSide) -> tuple[clues.ClueState, str]:
    """The API's word in one sentence, and whether it lets people connect."""
    if not cloud.has_vpn:
        return "bad", f"there is no VPN on {cloud.network or cloud.router}"
    state = f"VPN {cloud.vpn_state or 'listed'} on {cloud.public_ip}"
    if cloud.router_state and cloud.router_state != "Running":
        return "bad", f"{state}, router {cloud.router_state}"
    users = "" if cloud.users is None else f", {_counted(len(cloud.users), 'user')}"
    good = cloud.vpn_state in ("", "Running")
    return ("good" if good else "bad"), f"{state}{users}"


def _lines_in(logs: Mapping[str, bytes]) -> int:
    return sum(text.count(b"\n") for text in logs.values())


def _counted(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"


def _portions(commands: "Sequence[Command[Any]]") -> "Iterator[Sequence[Command[Any]]]":
    for first in range(0, len(commands), PORTION):
        yield commands[first : first + PORTION]
