"""People who come to a lab router and leave it: what they do is in its logs and in its state."""

import asyncio
import contextlib
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass
from typing import Final

from tui.lab.router.player import Player
from tui.lab.router.scenes import (
    IPSEC_UP,
    Client,
    SceneLine,
    scene_after_ipsec,
    scene_for,
    words_for,
    words_for_session,
)
from tui.lab.router.visits import Way, way_of
from tui.lab.state import LabAssociation, LabSession

_NO_ADDRESS: Final = "0.0.0.0"  # noqa: S104 (text in a log line)
_OWN_ADDRESS: Final = 200
"""Last part of the inner address that somebody chooses who will not have one given."""
_IKE_STAYS: Final = 900.0
"""Seconds of the story for which an association without a session is left: no DPD tells."""

Spawn = Callable[[Coroutine[object, object, None]], None]


@dataclass(slots=True)
class _Attempt:
    """One attempt that is being played."""

    client: Client
    way: Way
    lines: Sequence[SceneLine]
    association: LabAssociation
    session: LabSession
    words: dict[str, str]


class Visitors:
    """Connects and disconnects people on one router. `spawn` runs work in its background."""

    def __init__(self, player: Player, spawn: Spawn) -> None:
        self._player = player
        self._machine = player.machine
        self._spawn = spawn
        self._words: dict[int, dict[str, str]] = {}
        """Placeholders of each session, by pid: the end of a session names what its start did."""

    async def visit(self, client: Client, wrong: str = "") -> Way:
        """Somebody tries to connect; returns how it went when the scene is over.

        `wrong` names a habit of `visits.HABITS` for this attempt alone.
        """
        attempt = self._attempt(client, self._machine.now(), wrong)
        machine = self._machine
        machine.coming.append(attempt.session)
        try:
            await self._player.play(
                attempt.lines, attempt.words, on_line=lambda line: self._follow(attempt, line)
            )
        finally:
            machine.coming.remove(attempt.session)
        self._give_up(attempt)
        return attempt.way

    def visit_in_past(self, client: Client, when: float, wrong: str = "") -> Way:
        """The same, at once and with the times of `when`."""
        attempt = self._attempt(client, when, wrong)
        self._player.write_past(
            attempt.lines, attempt.words, when, on_line=lambda line: self._follow(attempt, line)
        )
        attempt.session.since = attempt.association.since = when + 5
        if attempt.way.reached == "ipsec" and when < self._machine.now() - _IKE_STAYS:
            self._machine.forget(client.public_ip, client.private_ip)
        return attempt.way

    def welcome(self, session: LabSession) -> None:
        """A session that was there from the beginning is known from now on."""
        self._words[session.pid] = words_for_session(self._machine, session)

    async def leave(self, session: LabSession, ending: str) -> None:
        """A session ends: `ending` is a scene such as `disconnect`, `vanished` or `removed`.

        Who vanishes leaves the association behind, and a pppd that was killed leaves its record.
        """
        with contextlib.suppress(ValueError):
            self._machine.state.sessions.remove(session)
        if ending not in {"vanished", "removed"}:
            self._machine.forget(session.client_ip, session.private_ip)
        words = self._words.pop(session.pid, None) or words_for_session(self._machine, session)
        await self._player.play(ending, words)

    def new_session(self, client: Client, when: float, association: int = 0) -> LabSession:
        """A session of `client` with the next free address, interface and process."""
        machine = self._machine
        return LabSession(
            client.user,
            client.public_ip,
            1701,
            client.private_ip,
            machine.free_address() or _NO_ADDRESS,
            machine.free_interface(),
            machine.new_pid(),
            when,
            association,
        )

    def _attempt(self, client: Client, when: float, wrong: str) -> _Attempt:
        machine = self._machine
        way = way_of(machine, client, wrong)
        association = machine.new_association(client.public_ip, client.private_ip, when)
        session = self.new_session(client, when, association.number)
        lines: Sequence[SceneLine] = scene_for(way.scene, client.private_ip is not None)
        if way.reached == "session without ipsec":
            lines, session.association, session.has_ipsec = scene_after_ipsec(way.scene), 0, False
        if way.scene == "static_ip":
            session.offered_ip = session.inner_ip
            session.inner_ip = f"{machine.local_ip.rpartition('.')[0]}.{_OWN_ADDRESS}"
        words = words_for(
            machine, client, session.pid, session.inner_ip, session.interface, association
        )
        words["offered"] = session.offered_ip or session.inner_ip
        return _Attempt(client, way, lines, association, session, words)

    def _follow(self, attempt: _Attempt, line: SceneLine) -> None:
        """What a line that was written means for the state."""
        machine, session = self._machine, attempt.session
        if line.source == "daemon" and IPSEC_UP in line.text:
            machine.establish(attempt.association)
        elif line.source == "kern":
            machine.gate.table_full += 1
        elif (
            line.source == "messages"
            and line.text.startswith("remote IP address")
            and attempt.way.reached.startswith("session")
            and attempt.client.user in machine.logins
        ):
            session.since = machine.now()
            self._words[session.pid] = attempt.words
            machine.state.sessions.append(session)
            machine.had_sessions = True

    def _give_up(self, attempt: _Attempt) -> None:
        """Whoever failed goes away in the end; the association stays for a while."""
        if attempt.way.reached == "ipsec":
            self._spawn(self._forget_later(attempt.association))

    async def _forget_later(self, association: LabAssociation) -> None:
        await asyncio.sleep(_IKE_STAYS / self._player.speed)
        with contextlib.suppress(ValueError):
            self._machine.state.associations.remove(association)
