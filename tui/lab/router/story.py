"""The story of a lab: people who connect, mistype, time out, and strangers who scan.

It follows the state: nobody gets in while the VPN is down, a port is closed or the pool is empty,
and only names that may log in do.
"""

import asyncio
import contextlib
import zlib
from collections.abc import Coroutine
from typing import Final

from tui.lab.router.player import Player
from tui.lab.router.scenes import Client, SceneLine, words_for, words_for_session
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

    def __init__(self, player: Player) -> None:
        self._player = player
        self._machine = player.machine
        self._awake = asyncio.Event()
        self._acts: set[asyncio.Task[None]] = set()
        self._busy: set[str] = set()
        """Users in the middle of an act."""
        self._words: dict[int, dict[str, str]] = {}
        """Placeholders of each session, by pid: the end of a session names what its start did."""

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
        now = self._machine.now()
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
            self._words[session.pid] = words_for_session(machine, session)
        for number, user in enumerate(self._strangers()[:4]):
            client = client_of(user)
            when = now - 900 + 190 * number
            if number == 1:
                player.write_past("wrong_password", self._new_words(client), when - 60)
            if self._obstacle(client) is None:
                self._connect_in_past(client, when)
        if machine.lets_in(500, "192.0.2.66"):
            player.write_past("wrong_key", nobody, now - 180)
            player.write_past("scan", nobody, now - 45)

    def _connect_in_past(self, client: Client, when: float) -> None:
        session = self._new_session(client)
        if session is None:
            return
        self._words[session.pid] = words_for_session(self._machine, session)
        kind = "connect_nat" if client.private_ip else "connect"
        self._player.write_past(kind, self._words[session.pid], when)
        session.since = when + 5
        self._machine.state.sessions.append(session)

    async def session_ended(self, session: LabSession) -> None:
        """Somebody on the router has told the pppd of `session` to end."""
        words = self._words.pop(session.pid, None) or words_for_session(self._machine, session)
        await self._player.play("disconnect", words)

    async def user_removed(self, session: LabSession) -> None:
        """CloudStack has removed the user of `session`: its pppd was killed."""
        words = self._words.pop(session.pid, None) or words_for_session(self._machine, session)
        await self._player.play("removed", words)

    def _next_act(self) -> None:
        machine = self._machine
        if not machine.state.charon_running or not machine.has_key:
            return
        chance = machine.chance
        away = self._strangers()
        acts: list[tuple[float, Coroutine[object, object, None]]] = []
        if away:
            acts.append((6, self._come(chance.choice(away))))
            acts.append((1, self._mistype(chance.choice(away))))
        old = [
            s for s in machine.live_sessions if self._machine.now() - s.since > _SHORTEST_SESSION
        ]
        if len(old) > 1:
            leaving = chance.choice(old)
            ending = chance.choice(("disconnect", "disconnect", "idle_timeout", "vanished"))
            acts.append((3, self._leave(leaving, ending)))
        acts.append((0.4, self._stranger("wrong_key", "192.0.2.66")))
        acts.append((0.4, self._stranger("scan", f"198.51.100.{chance.randrange(200, 250)}")))
        acts.append((0.2, self._stranger("old_client", "192.0.2.70")))
        (_, chosen) = acts[chance.choices(range(len(acts)), [weight for weight, _ in acts])[0]]
        for _, act in acts:
            if act is not chosen:
                act.close()
        self._start(chosen)

    def _come_all(self) -> None:
        """Up to three people come one after the other."""
        for number, user in enumerate(self._strangers()[:3]):
            self._start(self._come(user, delay=2.5 * number))

    def _strangers(self) -> list[str]:
        """Users who are neither connected nor busy."""
        connected = {session.user for session in self._machine.state.sessions}
        return [u for u in self._machine.logins if u not in connected and u not in self._busy]

    def _start(self, act: Coroutine[object, object, None]) -> None:
        task = asyncio.get_running_loop().create_task(act)
        self._acts.add(task)
        task.add_done_callback(self._acts.discard)

    def _obstacle(self, client: Client) -> str | None:
        """The scene that plays instead of a login, empty if nothing is logged, None for none."""
        machine = self._machine
        if not machine.state.charon_running or not machine.lets_in(500, client.public_ip):
            return ""
        if client.private_ip is not None and not machine.lets_in(4500, client.public_ip):
            return "blocked_4500"
        if not machine.lets_in(1701, client.public_ip) or not machine.state.xl2tpd_running:
            return "blocked_1701"
        return None

    def _new_words(self, client: Client) -> dict[str, str]:
        machine = self._machine
        inner = machine.free_address() or "0.0.0.0"  # noqa: S104 (text in a log line)
        return words_for(machine, client, machine.new_pid(), inner, machine.free_interface())

    def _new_session(self, client: Client) -> LabSession | None:
        machine = self._machine
        inner = machine.free_address()
        if inner is None:
            return None
        return LabSession(
            client.user,
            client.public_ip,
            1701,
            client.private_ip,
            inner,
            machine.free_interface(),
            machine.new_pid(),
            self._machine.now(),
        )

    async def _come(self, user: str, delay: float = 0.0) -> None:
        self._busy.add(user)
        try:
            await asyncio.sleep(delay / self._player.speed)
            if user not in self._machine.logins:
                return
            client = client_of(user)
            obstacle = self._obstacle(client)
            if obstacle is not None:
                if obstacle:
                    await self._player.play(obstacle, self._new_words(client))
                return
            await self._connect(client)
        finally:
            self._busy.discard(user)

    async def _connect(self, client: Client) -> None:
        machine = self._machine
        session = self._new_session(client)
        if session is None:
            return
        words = words_for_session(machine, session)

        def when_up(line: SceneLine) -> None:
            up = line.source == "messages" and line.text.startswith("remote IP address")
            if up and client.user in machine.logins:
                session.since = self._machine.now()
                self._words[session.pid] = words
                machine.state.sessions.append(session)

        machine.coming.append(session)
        try:
            kind = "connect_nat" if client.private_ip else "connect"
            await self._player.play(kind, words, on_line=when_up)
        finally:
            machine.coming.remove(session)

    async def _mistype(self, user: str) -> None:
        client = client_of(user)
        if self._obstacle(client) is None:
            await self._player.play("wrong_password", self._new_words(client))

    async def _leave(self, session: LabSession, ending: str) -> None:
        with contextlib.suppress(ValueError):
            self._machine.state.sessions.remove(session)
        words = self._words.pop(session.pid, None) or words_for_session(self._machine, session)
        await self._player.play(ending, words)

    async def _stranger(self, kind: str, address: str) -> None:
        if self._machine.lets_in(500, address):
            await self._player.play(kind, self._new_words(Client(_NOBODY, address, None)))


def client_of(user: str) -> Client:
    """Where `user` always comes from; every fourth is behind NAT."""
    number = zlib.crc32(user.encode())
    address = f"198.51.100.{number % 150 + 20}"
    private = f"192.168.{number % 7}.{number % 200 + 10}" if number % 4 == 0 else None
    return Client(user, address, private)
