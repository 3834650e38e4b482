"""When a daemon of the router went away and whether it came back, as the logs say.

A log holds hours: a stop counts only for what came after it, and only until the daemon shows that
it lives again.
"""

import re
from math import inf
from typing import Final

import msgspec

from tui.diagnose.verdicts import Evidence
from tui.diagnose.why_logs import DAEMON_LOG, Logs

KERNEL_LOGS: Final = ("vr.kern.log", "vr.messages.log")


class Daemon(msgspec.Struct, frozen=True):
    """What a daemon and others write when it ends and while it lives."""

    logs: tuple[str, ...]
    ends: tuple[bytes, ...]
    starts: tuple[bytes, ...]
    lives: tuple[bytes, ...]
    """What only a living one writes, besides its start."""
    killed: re.Pattern[str]
    """The kernel ended it: out of memory, or a crash."""


def _killed(name: str) -> re.Pattern[str]:
    crash = rf"\b{name}\[\d+\]:? (?:segfault|general protection|trap|bad frame)"
    return re.compile(rf"Killed process \d+ \({name}\)|{crash}")


_XL2TPD_STARTS: Final = (b"xl2tpd version ", b"Listening on IP address")
_XL2TPD_LIVES: Final = (b"Connection established to ", b"Call established with ", b"start_pppd: ")
XL2TPD: Final = Daemon(
    logs=(DAEMON_LOG,),
    ends=(b"death_handler: Fatal signal", b"Stopped xl2tpd", b"Stopping xl2tpd"),
    starts=_XL2TPD_STARTS,
    lives=_XL2TPD_LIVES,
    killed=_killed("xl2tpd"),
)
XL2TPD_CONFIG: Final = Daemon(
    logs=(DAEMON_LOG, "vr.auth.log"),
    ends=(b"Unknown field", b"Unable to load config file", b"parse_config:"),
    starts=_XL2TPD_STARTS,
    lives=_XL2TPD_LIVES,
    killed=re.compile(r"(?!)"),
)
"""xl2tpd that ends because it cannot read its configuration."""
CHARON: Final = Daemon(
    logs=(DAEMON_LOG, "vr.auth.log"),
    ends=(b"charon stopped after", b"SIGINT received, shutting down", b"SIGTERM received"),
    starts=(b"Starting IKE charon daemon", b") started after"),
    lives=(b" is initiating a", b"established between"),
    killed=_killed("charon"),
)
_KERNEL_WORDS: Final = (b"Killed process ", b"segfault", b"general protection", b" trap ")


def killed_by_kernel(
    logs: Logs, daemon: Daemon, start: float = 0.0, end: float = inf
) -> tuple[tuple[float, Evidence], ...]:
    """Lines of the kernel that say that it ended the daemon, with their times."""
    for name in KERNEL_LOGS:
        found = [
            (time, line)
            for word in _KERNEL_WORDS
            for time, line in logs.within(name, start, end, word)
            if daemon.killed.search(line.text)
        ]
        if found:
            return tuple(sorted(found, key=lambda each: (each[0], each[1].line)))
    return ()


def last_stop(logs: Logs, daemon: Daemon, before: float = inf) -> tuple[Evidence, ...]:
    """The lines of the daemon's last end, if it was still away at the time `before`."""
    ends = list(killed_by_kernel(logs, daemon, end=before))
    for name in daemon.logs:
        found = [each for word in daemon.ends for each in logs.within(name, 0.0, before, word)]
        ends += found
        if found:
            break
    if not ends:
        return ()
    when = max(time for time, _ in ends)
    alive = [
        time
        for name in daemon.logs
        for words in (daemon.starts, daemon.lives)
        for word in words
        for time, _ in logs.within(name, when, before, word)
        # In the second of its end it may have spoken before it, but never started before it.
        if time > when or words is daemon.starts
    ]
    if alive:
        return ()
    last = [line for time, line in ends if when - time <= _ONE_END_SECONDS]
    return tuple(dict.fromkeys(sorted(last, key=lambda each: each.line)))[:3]


_ONE_END_SECONDS: Final = 5.0
"""Seconds in which several lines tell of one end."""


def stopped_later(logs: Logs, daemon: Daemon, after: float) -> bool:
    """Whether the daemon ended after the time `after`, so that it still lived then."""
    if killed_by_kernel(logs, daemon, start=after):
        return True
    return any(logs.within(name, after, inf, word) for name in daemon.logs for word in daemon.ends)
