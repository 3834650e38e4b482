"""How a lab router obeys the commands that change something: it changes its state.

No shell runs: each script comes with the name of its job as `$0`, and the job is done here.
"""

from collections.abc import Callable, Coroutine
from typing import Final

from tui.lab.router.answers import Answer
from tui.lab.router.player import Player
from tui.lab.router.visitors import Visitors
from tui.lab.state import LabSession

Spawn = Callable[[Coroutine[object, object, None]], None]

_RESTARTS: Final = ("systemctl", "restart")


class Remedies:
    """Obeys on one router. `spawn` runs work in the background of the router."""

    def __init__(self, player: Player, visitors: Visitors, spawn: Spawn) -> None:
        self._player = player
        self._machine = player.machine
        self._visitors = visitors
        self._spawn = spawn

    def obey(self, argv: tuple[str, ...]) -> Answer | None:
        """Do what `argv` says; None if it is no command that changes something."""
        if argv[:2] == _RESTARTS and len(argv) == 3:
            return self._restart(argv[2])
        if len(argv) < 4 or argv[:2] != ("sh", "-c"):
            return None
        job, values = argv[3], argv[4:]
        if job == "csvpn-stop-daemons" and not values:
            return self._stop()
        if job == "csvpn-end-session" and len(values) == 2:
            return self._end_session(*values)
        if job == "csvpn-remove-login" and len(values) == 1:
            return self._remove_login(values[0])
        if job == "csvpn-remove-key" and not values:
            return self._remove_key()
        return None

    def _restart(self, unit: str) -> Answer | None:
        machine = self._machine
        if unit == "xl2tpd":
            if machine.state.extra_setting:
                return self._refused()
            self._log("xl2tpd", "death_handler: Fatal signal 15 received")
            # It hangs up its own calls; a pppd that outlived an earlier one is none of them.
            self._end(machine.live_sessions)
            machine.start_xl2tpd(machine.now())
            self._log("xl2tpd", "Listening on IP address 0.0.0.0, port 1701")
            return Answer(0)
        if unit == "strongswan-starter":
            self._end(machine.live_sessions)
            machine.start_charon(machine.now())
            self._log("ipsec_starter", f"charon ({machine.charon_pid}) started after 60 ms")
            return Answer(0)
        return None

    def _refused(self) -> Answer:
        """xl2tpd does not understand its file."""
        self._log("xl2tpd", "init: Unable to load config file")
        return Answer(
            1,
            "",
            "Job for xl2tpd.service failed because the control process exited with error code.\n",
        )

    def _stop(self) -> Answer:
        if self._machine.state.vpn is not None:
            return Answer(3)
        self._end(list(self._machine.state.sessions))
        self._machine.stop()
        self._log("systemd", "Stopped strongSwan IPsec IKEv1/IKEv2 daemon using ipsec.conf.")
        return Answer(0)

    def _end_session(self, pid: str, user: str) -> Answer:
        found = [each for each in self._machine.state.sessions if str(each.pid) == pid]
        if not found:
            return Answer(6)
        if found[0].user != user:
            return Answer(5)
        self._end(found)
        return Answer(0)

    def _remove_login(self, user: str) -> Answer:
        state = self._machine.state
        known = [logins for logins in (state.users, state.ghost_users) if user in logins]
        for logins in known:
            logins.pop(user)
        return Answer(0 if known else 6)

    def _remove_key(self) -> Answer:
        if self._machine.state.vpn is not None:
            return Answer(3)
        self._machine.key_removed = True
        return Answer(0)

    def _end(self, doomed: list[LabSession]) -> None:
        for session in doomed:
            self._machine.state.sessions.remove(session)
            self._spawn(self._visitors.leave(session, "disconnect"))

    def _log(self, tag: str, text: str) -> None:
        self._player.logs.syslog("daemon", self._machine.now(), tag, None, text)
