"""The story of a lab: people who connect, mistype, time out, and strangers who scan.

It follows the state: nobody gets in while the VPN is down, a port is closed or the pool is empty,
and only names that may log in do.
"""

import asyncio
import contextlib
from collections.abc import Coroutine
from typing import Final

from tui.lab.router.player import Player
from tui.lab.router.scenes import Client, words_for
from tui.lab.router.visitors import Visitors
from tui.lab.router.visits import client_of
from tui.lab.state import LabSession

_FIRST_ACT_SECONDS: Final = 2.0
_START_SECONDS: Final = 3.0
_SHORTEST_PAUSE: Final = 0.03
"""Real seconds: however fast the story runs, it leaves room for the rest of the program."""
_SHORTEST_SESSION: Final = 45.0
_BACKLOG_SECONDS: Final = 1500
_NOBODY: Final = "nobody"


class Story:
    """Plays what happens on one router until it is cancelled."""

    def __init__(self, player: Player, visitors: Visitors) -> None:
        self._player = player
        self._machine = player.machine
        self._visitors = visitors
        self._awake = asyncio.Event()
        self._acts: set[asyncio.Task[None]] = set()
        self._busy: set[str] = set()
        """Users in the middle of an act."""

    def wake(self) -> None:
        """Something was pushed: people come soon."""
        self._awake.set()

    async def run(self) -> None:
        """Forever; cancelling ends every act."""
        chance, speed = self._machine.chance, self._player.speed
        try:
            while True:
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(max(_SHORTEST_PAUSE, chance.uniform(6, 20) / speed)):
                        await self._awake.wait()
                if self._awake.is_set():
                    self._awake.clear()
                    await self._pause(speed)
                    self._come_all()
                else:
                    self._next_act()
        finally:
            for task in self._acts:
                task.cancel()
            await asyncio.gather(*self._acts, return_exceptions=True)

    async def _pause(self, speed: float) -> None:
        """A moment; longer while the daemons are coming up."""
        await asyncio.sleep(_FIRST_ACT_SECONDS / speed)
        young = self._machine.now() - self._machine.charon_started
        if self._machine.state.charon_running and young < _START_SECONDS / speed:
            await asyncio.sleep(_START_SECONDS / speed - young)

    def tell_past(self) -> None:
        """Write the last half hour, and connect those who came then."""
        machine, player = self._machine, self._player
        now = machine.now()
        start = now - _BACKLOG_SECONDS
        nobody = words_for(machine, Client(_NOBODY, "192.0.2.66", None), 0, "", "ppp0")
        if not machine.state.running:
            return
        for what in ("users", "vpn") if machine.has_key else ("users",):
            player.push(what, nobody, start)
            start += 4
        if not machine.state.charon_running:
            return
        player.write_past("start_daemons", nobody, start)
        for session in machine.state.sessions:
            session.since = min(session.since, now - 60)
            self._visitors.welcome(session)
        for number, user in enumerate(self._away()[:4]):
            client = client_of(user)
            when = now - 900 + 190 * number
            if number == 1 and user not in machine.state.habits and machine.lets_in(500, client[1]):
                self._visitors.visit_in_past(client, when - 60, "wrong_password")
            self._visitors.visit_in_past(client, when)
        stubborn = [user for user in self._away() if user in machine.state.habits]
        for number, user in enumerate(stubborn[:5]):
            self._visitors.visit_in_past(client_of(user), now - 320 + 25 * number)
        if machine.lets_in(500, "192.0.2.66"):
            player.write_past("wrong_key", nobody, now - 180)
            player.write_past("scan", nobody, now - 45)

    def _next_act(self) -> None:
        machine = self._machine
        # The public interface of a standby router is down: nobody comes there.
        if not machine.has_key or machine.state.redundant_state == "BACKUP":
            return
        chance, habits = machine.chance, machine.state.habits
        away = self._away()
        acts: list[tuple[float, Coroutine[object, object, None]]] = []
        if away:
            acts.append((6, self._come(chance.choice(away))))
            honest = [user for user in away if user not in habits]
            if honest:
                acts.append((1, self._mistype(chance.choice(honest))))
        stubborn = [user for user in away if user in habits]
        if stubborn:
            acts.append((4, self._come(chance.choice(stubborn))))
        old = [
            each for each in machine.live_sessions if machine.now() - each.since > _SHORTEST_SESSION
        ]
        if len(old) > 1:
            leaving = chance.choice(old)
            acts.append((3, self._visitors.leave(leaving, self._ending(leaving))))
        acts.append((0.4, self._stranger("wrong_key", "192.0.2.66")))
        acts.append((0.4, self._stranger("scan", f"198.51.100.{chance.randrange(200, 250)}")))
        acts.append((0.2, self._stranger("old_proposals", "192.0.2.70")))
        (_, chosen) = acts[chance.choices(range(len(acts)), [weight for weight, _ in acts])[0]]
        for _, act in acts:
            if act is not chosen:
                act.close()
        self._start(chosen)

    def _ending(self, session: LabSession) -> str:
        always = {"vanishes": "vanished", "idles": "idle_timeout"}
        habit = always.get(self._machine.state.habits.get(session.user, ""))
        endings = ("disconnect", "disconnect", "idle_timeout", "vanished")
        return habit or self._machine.chance.choice(endings)

    def _come_all(self) -> None:
        """Up to three people come one after the other."""
        for number, user in enumerate(self._away()[:3]):
            self._start(self._come(user, delay=2.5 * number))

    def _away(self) -> list[str]:
        """People who are neither connected nor busy: who may log in, and who only wants to."""
        state = self._machine.state
        connected = {session.user for session in state.sessions if not session.orphan}
        known = dict.fromkeys([*self._machine.logins, *state.habits])
        return [user for user in known if user not in connected and user not in self._busy]

    def _start(self, act: Coroutine[object, object, None]) -> None:
        task = asyncio.get_running_loop().create_task(act)
        self._acts.add(task)
        task.add_done_callback(self._acts.discard)

    async def _come(self, user: str, delay: float = 0.0) -> None:
        self._busy.add(user)
        try:
            await asyncio.sleep(delay / self._player.speed)
            if user in self._machine.logins or user in self._machine.state.habits:
                await self._visitors.visit(client_of(user))
        finally:
            self._busy.discard(user)

    async def _mistype(self, user: str) -> None:
        """One wrong password of somebody who knows better."""
        self._busy.add(user)
        try:
            await self._visitors.visit(client_of(user), "wrong_password")
        finally:
            self._busy.discard(user)

    async def _stranger(self, habit: str, address: str) -> None:
        """Somebody unknown does one of the things that people do wrong."""
        machine = self._machine
        if machine.state.charon_running and machine.lets_in(500, address):
            await self._visitors.visit(Client(_NOBODY, address, None), habit)
