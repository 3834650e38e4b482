"""What a push of CloudStack does to a router: daemons, leftovers, and lines in its logs.

As on a real 4.22 router: the VPN's daemons are started and never stopped by a push, a running
xl2tpd keeps its old range, a daemon that died stays dead, deleting a VPN takes only rules away.
"""

import asyncio
from collections.abc import Callable, Coroutine

from tui.lab.router.player import Player
from tui.lab.router.scenes import Client, words_for
from tui.lab.router.story import Story
from tui.lab.router.visitors import Visitors
from tui.lab.state import RouterState

_CHARON_SECONDS = 1.5
"""charon needs some seconds to come up after CloudStack has called the VPN running."""

Spawn = Callable[[Coroutine[object, object, None]], None]


class Pushes:
    """Applies pushes to one router. `spawn` runs work in the background of the router."""

    def __init__(
        self, player: Player, story: Story | None, visitors: Visitors, spawn: Spawn
    ) -> None:
        self._player = player
        self._machine = player.machine
        self._story = story
        self._visitors = visitors
        self._spawn = spawn
        self._starting = False

    def apply(self, what: str) -> None:
        """`what` as in `RouterState.on_push`."""
        machine, state = self._machine, self._machine.state
        if what == "stop":
            machine.stop()
            return
        # Whatever is pushed, the scripts put back every rule that the bags ask for.
        state.lost_ports.clear()
        state.forward_rules = True
        if what == "start":
            self._boot(state)
        elif what == "vpn":
            self._set_up_vpn(state)
        elif what == "users":
            machine.users_written = machine.now()
            self._remove_sessions(state)
        elif what == "firewall":
            machine.firewall_written = machine.now()
        if state.running:
            self._log(what)
            if self._story is not None:
                self._story.wake()

    def _boot(self, state: RouterState) -> None:
        """CloudStack replays its whole configuration after a start."""
        self._machine.boot()
        state.bags_lost = False
        if state.vpn is not None:
            self._set_up_vpn(state)

    def _set_up_vpn(self, state: RouterState) -> None:
        machine = self._machine
        if state.vpn is None:
            return
        now = machine.now()
        machine.write_files(state.vpn)
        state.bags_lost = state.no_secrets = False
        # A standby router takes the configuration, its daemons stay down until it takes over.
        if state.redundant_state == "BACKUP":
            return
        died = not state.xl2tpd_running and state.loaded_pool is not None
        if not state.xl2tpd_running and not died:
            machine.start_xl2tpd(now)
        if not state.charon_running and not self._starting:
            self._starting = True
            self._spawn(self._start_charon())

    async def _start_charon(self) -> None:
        """The daemons' first lines come while charon is not up yet."""
        machine, player = self._machine, self._player
        try:
            await asyncio.sleep(_CHARON_SECONDS / player.speed)
            if machine.state.running:
                machine.start_charon(machine.now())
                await player.play("start_daemons", self._words())
        finally:
            self._starting = False

    def _remove_sessions(self, state: RouterState) -> None:
        """The pppd of a removed user is killed; also those of names that contain it, but the lab's
        names do not."""
        for session in list(state.sessions):
            if session.user in self._machine.logins:
                continue
            state.sessions.remove(session)
            self._machine.stale_records.append(session)
            self._spawn(self._visitors.leave(session, "removed"))

    def _log(self, what: str) -> None:
        state = self._machine.state
        words = self._words()
        if what in {"users", "vpn", "vpn-removed"}:
            self._player.push(what, words)
            return
        logs, now = self._player.logs, self._machine.now()
        if what == "firewall":
            name = f"firewall_rules.json.{words['job']}"
            logs.cloud(now, "INFO", f"update_config.py :: Processing incoming file => {name}")
            logs.cloud(now, "INFO", f"Processing JSON file {name}")
            logs.cloud(now, "INFO", "Command of type firewallrules received")
            for rule in state.ports:
                ports = f" --dport {rule.start}" if rule.start is not None else ""
                for cidr in rule.cidrs:
                    text = (
                        f"-A FIREWALL_{rule.public_ip} -s {cidr} -p {rule.protocol}"
                        f" -m {rule.protocol}{ports} -j RETURN"
                    )
                    logs.cloud(now, "INFO", f"Add: rule={text} table=mangle")
        elif what == "start":
            logs.cloud(now, "INFO", "Processing JSON file cmd_line.json")
            self._player.push("users", words)

    def _words(self) -> dict[str, str]:
        return words_for(self._machine, Client("nobody", "192.0.2.66", None), 0, "", "ppp0")
