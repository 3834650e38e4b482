"""Writes scenes into a router's logs: as they happen, or at once with times in the past."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from tui.lab.router.logfiles import RouterLogs
from tui.lab.router.machine import Machine
from tui.lab.router.scenes import SceneLine, fill, push_lines, scene

_BETWEEN_LINES: Final = 0.004
_DEBUG: Final = ("sent [", "rcvd [", "using channel", "PPPoL2TP options", "Script ")
_ERRORS: Final = (
    "No CHAP secret",
    "The remote system",
    "but I couldn't",
    "Cannot determine ethernet",
    "sif6addr: ioctl",
)
_WARNING: Final = "failed CHAP authentication"


class Player:
    """Plays scenes on one router; `speed` seconds of the story pass in one."""

    def __init__(self, machine: Machine, logs: RouterLogs, speed: float) -> None:
        self.machine = machine
        self.logs = logs
        self.speed = speed

    async def play(
        self,
        what: str | Sequence[SceneLine],
        words: Mapping[str, str],
        *,
        on_line: Callable[[SceneLine], None] | None = None,
    ) -> bool:
        """Play a scene, or the one of that name, now. False if charon stopped in the middle."""
        loop = asyncio.get_running_loop()
        began, second = loop.time(), 0
        for line in scene(what) if isinstance(what, str) else what:
            if line.seconds > second:
                second = line.seconds
                await asyncio.sleep(max(0.0, began + second / self.speed - loop.time()))
            if not self.machine.state.charon_running and line.tag == "charon":
                return False
            self._write(line, words, self.machine.now())
            if on_line is not None:
                on_line(line)
            await asyncio.sleep(0)
        return True

    def write_past(
        self,
        what: str | Sequence[SceneLine],
        words: Mapping[str, str],
        when: float,
        *,
        on_line: Callable[[SceneLine], None] | None = None,
    ) -> None:
        """Write a scene, or the one of that name, at once as if it had begun at `when`."""
        second, step = 0, 0.0
        for line in scene(what) if isinstance(what, str) else what:
            if line.seconds > second:
                second, step = line.seconds, 0.0
            step += _BETWEEN_LINES
            self._write(line, words, when + second + step)
            if on_line is not None:
                on_line(line)

    def push(self, what: str, words: Mapping[str, str], when: float | None = None) -> None:
        """Write the lines that CloudStack's scripts leave in cloud.log after a push of `what`."""
        moment = self.machine.now() if when is None else when
        connected = bool(self.machine.state.sessions)
        for level, text in push_lines(what):
            if "⟦client⟧" in text and not connected:
                continue
            moment += _BETWEEN_LINES
            self.logs.cloud(moment, level, fill(text, words, self.machine.chance))

    def _write(self, line: SceneLine, words: Mapping[str, str], when: float) -> None:
        machine = self.machine
        text = fill(line.text, words, machine.chance)
        if line.source == "wire":
            machine.packet(when, words["client"], text)
            return
        if line.tag == "charon" and line.source == "daemon":
            self.logs.charon(when, machine.starter_pid, machine.charon_pid, text)
            return
        pid = {
            "pppd": int(words["pid"]),
            "xl2tpd": machine.xl2tpd_pid,
            "charon": machine.charon_pid,
            "ipsec": machine.starter_pid,
            "systemd": 1,
            "ipsec_starter": machine.starter_pid,
        }.get(line.tag)
        if line.source == "journal":
            self.logs.journal(when, line.tag, pid or 0, text, _priority(text))
            return
        self.logs.syslog(line.source, when, line.tag, pid, text)
        if line.tag == "xl2tpd":
            self.logs.journal(when, line.tag, machine.xl2tpd_pid, text)


def _priority(text: str) -> int:
    if text.startswith(_DEBUG):
        return 7
    if _WARNING in text:
        return 4
    return 3 if any(part in text for part in _ERRORS) else 6
