"""What a router still has of a VPN that was disabled.

CloudStack takes the ports away and forgets the rest (`cs_remoteaccessvpn.merge` drops the entry, so
the part of `configure.py` that would stop the daemons never runs): recorded as
`deleted_daemons_left`.
"""

import asyncio

import msgspec

from tui.router import commands
from tui.router.commands import Asks
from tui.router.ipsec_facts import CONNECTION_NAME
from tui.router.sessions import RouterSession, sessions


class Leftovers(msgspec.Struct, frozen=True, kw_only=True):
    """What is left on one router."""

    sessions: tuple[RouterSession, ...] = ()
    charon_pid: int | None = None
    xl2tpd_pid: int | None = None
    has_key: bool = False
    """Whether a pre-shared key can still be read on it."""
    logins: tuple[str, ...] = ()
    """Names that may still log in; the next VPN there wants them again."""
    is_programmed: bool = False
    """Whether CloudStack has a VPN configured on it: then nothing of this is left over."""
    other_connections: tuple[str, ...] = ()
    """Site-to-site connections, which need the same strongSwan."""

    @property
    def daemons(self) -> tuple[str, ...]:
        """The daemons that run for nothing: strongSwan does not where a peer needs it."""
        needed = bool(self.other_connections)
        return (
            *(("xl2tpd",) if self.xl2tpd_pid is not None else ()),
            *(("strongSwan",) if self.charon_pid is not None and not needed else ()),
        )

    @property
    def anything(self) -> bool:
        """Whether there is something that could be cleaned."""
        if self.is_programmed:
            return False
        return bool(self.sessions or self.daemons or self.has_key)

    def sentences(self) -> tuple[str, ...]:
        """What is left, one sentence each."""
        if self.is_programmed:
            return ("CloudStack has a VPN configured on it again.",)
        found = [
            f"{session.user} is still connected"
            + (f" from {session.client_ip}" if session.client_ip else "")
            + f" as {session.inner_ip}."
            for session in self.sessions
        ]
        if self.daemons:
            verb = "goes" if len(self.daemons) == 1 else "go"
            found.append(f"{' and '.join(self.daemons)} {verb} on running.")
        if self.has_key:
            found.append("The old pre-shared key is still in its file.")
        if self.logins:
            names = ", ".join(self.logins)
            found.append(f"The logins {names} stay in chap-secrets, for the next VPN.")
        return tuple(found) or ("Nothing is left of the VPN.",)


async def leftovers(router: Asks) -> Leftovers:
    """Look what is left on `router`. Raises `RouterError`."""
    connected, charon, xl2tpd, ipsec = await asyncio.gather(
        sessions(router),
        router.run(commands.PGREP_CHARON),
        router.run(commands.PGREP_XL2TPD),
        router.run(commands.IPSEC_STATUSALL),
    )
    digest, logins, bag = await asyncio.gather(
        router.run(commands.PSK_SHA256),
        router.run(commands.CHAP_USERS),
        router.run(commands.BAG_REMOTEACCESSVPN),
    )
    others = {each.name for each in ipsec.connections if each.name != CONNECTION_NAME}
    return Leftovers(
        sessions=connected,
        charon_pid=charon[0].pid if charon else None,
        xl2tpd_pid=xl2tpd[0].pid if xl2tpd else None,
        has_key=bool(digest),
        logins=logins,
        is_programmed=bag is not None,
        other_connections=tuple(sorted(others)),
    )
