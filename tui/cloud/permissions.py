"""What the caller's role may do, from `listApis name=`, remembered for a quarter of an hour."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from typing import Final

import msgspec

from tui.cloud.clock import Clock
from tui.cloud.errors import CloudError, Internal, Permission
from tui.cloud.models.servers import Api

REMEMBERED: Final = 15 * 60.0
"""Seconds for which an answer is good."""

_NO_SUCH_API: Final = "unable to find an api by that name"

USED_COMMANDS: Final = (
    "listNetworks",
    "listVPCs",
    "listPublicIpAddresses",
    "listRemoteAccessVpns",
    "listVpnUsers",
    "listFirewallRules",
    "listRouters",
    "listHosts",
    "listAccounts",
    "listProjects",
    "listEvents",
    "listConfigurations",
    "listVpnCustomerGateways",
    "createRemoteAccessVpn",
    "deleteRemoteAccessVpn",
    "addVpnUser",
    "removeVpnUser",
    "createFirewallRule",
    "deleteFirewallRule",
    "associateIpAddress",
    "disassociateIpAddress",
    "startRouter",
    "rebootRouter",
    "restartNetwork",
)
"""The commands on which screens decide what to offer."""


class Allowance(msgspec.Struct, frozen=True):
    """Whether a command may be used."""

    command: str
    allowed: bool
    reason: str = ""
    """Why not, as a sentence for people; "" when it is allowed."""
    parameters: frozenset[str] = frozenset()
    """The parameters that this server and role know; empty where that was not said."""


class Permissions:
    """Asks once per command, however many ask at the same time."""

    def __init__(self, ask: Callable[[str], Awaitable[Api | None]], clock: Clock) -> None:
        self._ask = ask
        self._clock = clock
        self._known: dict[str, tuple[float, Allowance]] = {}
        self._locks: dict[str, asyncio.Lock] = {}

    async def allowance(self, command: str) -> Allowance:
        """Whether `command` may be used. Raises `CloudError` where the server cannot be asked."""
        async with self._locks.setdefault(command, asyncio.Lock()):
            known = self.remembered(command)
            if known is None:
                known = await self._find_out(command)
                self._known[command] = (self._clock.monotonic(), known)
            return known

    def remembered(self, command: str) -> Allowance | None:
        """The answer if it is known and fresh; asks nobody."""
        asked, known = self._known.get(command, (0.0, None))
        if known is None or self._clock.monotonic() - asked > REMEMBERED:
            return None
        return known

    async def learn(self, commands: Iterable[str] = USED_COMMANDS) -> dict[str, Allowance]:
        """Find out about several commands at once; one that cannot be asked for is left out."""
        wanted = tuple(dict.fromkeys(commands))
        found = await asyncio.gather(
            *(self.allowance(command) for command in wanted), return_exceptions=True
        )
        learnt: dict[str, Allowance] = {}
        for command, answer in zip(wanted, found, strict=True):
            if isinstance(answer, Allowance):
                learnt[command] = answer
            elif not isinstance(answer, CloudError):
                raise answer
        return learnt

    def forget(self) -> None:
        """Ask anew, for example after somebody has changed the role."""
        self._known.clear()

    async def _find_out(self, command: str) -> Allowance:
        try:
            api = await self._ask(command)
        except Permission:
            # A role without listApis: whether the command works is seen when it is used.
            return Allowance(command, allowed=True)
        except Internal as error:
            if _NO_SUCH_API not in error.text:
                raise
            api = None
        if api is None:
            return Allowance(command, allowed=False, reason=denial(command))
        return Allowance(
            command,
            allowed=True,
            parameters=frozenset(parameter.name.lower() for parameter in api.parameters),
        )


def denial(command: str) -> str:
    """The sentence for an action whose command is not allowed."""
    return f"Your role may not use {command}, or this CloudStack does not have it."
