"""Asking one router everything that a checkup wants to know, over one connection.

What a command printed is kept, so that the same survey can be read again elsewhere; what went wrong
with a command is kept in words, and does not keep the others from being asked.
"""

import asyncio
import contextlib
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Final

from tui.router import commands
from tui.router.commands import REGISTRY, Command
from tui.router.errors import CommandTimeout, ConnectionDropped, LinkError, RouterError
from tui.router.survey import Answer, Survey, Unanswered

if TYPE_CHECKING:
    from tui.router.connection import RouterConnection

PATIENCE: Final = 20.0
"""Seconds. A command that may take longer is asked for itself: others would wait for it."""

_FIRST: Final = (
    commands.IPSEC_STATUSALL,
    commands.NTPQ,
    commands.IPSEC_LISTALGS,
    commands.XL2TPD_STARTED,
    commands.SYSTEMCTL_SHOW,
)
"""The slow ones, so that the others are asked while these wait."""

_SESSIONS: Final = (
    commands.PGREP_PPPD,
    commands.PS_VPN,
    commands.TDBDUMP,
    commands.L2TP_TUNNEL,
    commands.L2TP_SESSION,
    commands.IP_LINK_PPP,
)
"""What tells who is connected: asked right after one another, in this order, because whoever logs
in or out in between looks like something that is left over."""

_LEFT_OUT: Final = frozenset(
    command.name
    for command in (
        # Nine processes for what `ethtool_i_…` and `ip_link_stats` tell.
        commands.NIC_DRIVER,
        # Told by `proc_uptime`, `sysctl` and `ss_vpn_ports`.
        commands.UPTIME,
        commands.CONNTRACK_COUNT,
        commands.SS_UDP,
        # Forty lines of what the logs have in full.
        commands.JOURNAL_STRONGSWAN,
        commands.JOURNAL_CHARON,
        commands.JOURNAL_XL2TPD,
        commands.JOURNAL_PPPD,
        # Says something only on a router that has a partner, and is asked there.
        commands.CHECKROUTER,
    )
)

SURVEYED: Final[tuple[Command[Any], ...]] = (
    # First in its go, so that nothing but the way from there blurs the clock.
    commands.DATE,
    *_FIRST,
    *_SESSIONS,
    *(
        command
        for command in REGISTRY.values()
        if command.name not in _LEFT_OUT and command not in (commands.DATE, *_FIRST, *_SESSIONS)
    ),
)
"""What a checkup asks, in the order in which it is sent."""


async def survey(
    router: "RouterConnection",
    wanted: Sequence[Command[Any]] = SURVEYED,
    on_answer: Callable[[str], None] | None = None,
) -> Survey:
    """Ask `router`; `on_answer` is told the name of each command once its answer or failure is in.

    Raises `LinkError` and `PathUnknown` if the router cannot be reached at all. A link that breaks
    later leaves the commands that were not answered yet as failures.
    """
    await router.connect()
    asking = _Asking(router, on_answer)
    await asking.ask(wanted)
    if wanted is SURVEYED and has_partner(asking.found):
        await asking.ask([commands.CHECKROUTER])
    return asking.found


def has_partner(answers: Survey) -> bool:
    """Whether the router is one of a redundant pair, by what it was booted with."""
    for command in (commands.BAG_CMDLINE, commands.CMDLINE):
        parameters = answers.fact(command)
        if not isinstance(parameters, Unanswered) and "redundant_router" in parameters:
            return parameters["redundant_router"].lower() in ("true", "1", "yes")
    return False


def lanes_of(wanted: Sequence[Command[Any]]) -> tuple[list[Command[Any]], ...]:
    """The goes in which they are sent: the patient one, and two of about the same length, one of
    which has what tells who is connected, undivided."""
    patient: list[Command[Any]] = []
    quick: tuple[list[Command[Any]], ...] = ([], [])
    sessions = [command for command in _SESSIONS if command in wanted]
    for command in wanted:
        if command.seconds > PATIENCE:
            patient.append(command)
        elif command not in sessions:
            min(quick, key=len).append(command)
        elif command == sessions[0]:
            min(quick, key=len).extend(sessions)
    return patient, *quick


class _Asking:
    """One survey on its way."""

    def __init__(self, router: "RouterConnection", on_answer: Callable[[str], None] | None) -> None:
        self.found = Survey(router.target.name, {})
        self._router = router
        self._on_answer = on_answer
        self._gone = ""
        """Why the router cannot be reached any more."""

    async def ask(self, wanted: Sequence[Command[Any]]) -> None:
        """Ask them all, in three goes: those that may hang, and the others in two beside them."""
        async with asyncio.TaskGroup() as lanes:
            for lane in lanes_of(wanted):
                lanes.create_task(self._together(lane))

    async def _together(self, wanted: Sequence[Command[Any]]) -> None:
        """Keep every answer. A command that hangs is left behind and the rest asked anew; a link
        that breaks off is opened once more, and when that fails nobody else tries."""
        rest = list(wanted)
        is_retry = False
        while rest and not self._gone:
            try:
                async with contextlib.aclosing(self._router.answers(tuple(rest))) as answers:
                    async for answer in answers:
                        rest.pop(0)
                        is_retry = False
                        self._keep(answer)
            except CommandTimeout as problem:
                self._fail(rest.pop(0), problem)
            except ConnectionDropped as problem:
                self._gone = problem.what if is_retry else ""
                is_retry = True
            except LinkError as problem:
                self._gone = problem.what
        for command in rest:
            self._fail(command, RouterError(self._gone))

    def _keep(self, answer: Answer) -> None:
        self.found.answers[answer.name] = answer
        if self._on_answer is not None:
            self._on_answer(answer.name)

    def _fail(self, command: Command[Any], problem: RouterError) -> None:
        self.found.failures[command.name] = problem.what
        if self._on_answer is not None:
            self._on_answer(command.name)
