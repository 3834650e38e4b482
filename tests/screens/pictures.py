"""Pictures of the console that are the same on every machine and in every run.

A picture is a `Scene`: a script that is played on a fresh lab. Clock times, ages, generated secrets
and the time of a call are held still, cursors do not blink, and no message lies over the screen.
"""

import tempfile
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Final

import msgspec
import pytest
from textual.pilot import Pilot
from textual.widgets import Input

import screens
from screens.lists import Notice
from tests.consoles import is_filled, lab_session, until
from tests.screens.stage import (
    LARGE,
    SMALL,
    Answer,
    Form,
    Stage,
    Wire,
    hurry,
    quick_lab,
    quiet_routers,
)
from tui.app import Console
from tui.lab.lab import Lab
from tui.logs.merge import block_of
from tui.router.errors import RouterError
from tui.safety.clipboard import Clipboard
from tui.safety.credentials import CredentialStore
from tui.session.launch import Launcher
from tui.session.logfeed import LinesArrived, LinkNews, LogFeed
from tui.widgets.header import HeaderFacts

NOW: Final = 1_795_000_000.0
"""18 November 2026, 11:06:40 UTC, when every picture is taken."""

Script = Callable[[Stage], Awaitable[None]]
Compare = Callable[..., bool]
"""The fixture `snap_compare`."""


class Scene(msgspec.Struct, frozen=True, kw_only=True):
    """One picture: what the console stands on, and how to get there from the first section."""

    name: str
    script: Script
    actor: str = "root"
    routers: bool = False
    """Whether the routers can be asked; else the profile has no way to them."""
    prepare: Callable[[Lab], None] = lambda lab: None
    """Changes the world before the console starts."""
    answers: dict[str, Callable[[Form], Answer | None]] = {}
    profile: dict[str, object] = {}
    sizes: tuple[tuple[int, int], ...] = (SMALL, LARGE)


class SceneBook(list[Scene]):
    """The scenes of one file, in the order in which they are written."""

    def scene(self, name: str, **how: object) -> Callable[[Script], Script]:
        """The decorated script is played for the picture `name`; `how` as in `Scene`."""

        def keep(script: Script) -> Script:
            self.append(Scene(name=name, script=script, **how))  # type: ignore[arg-type]
            return script

        return keep

    def at_all_sizes(self) -> list[object]:
        """Parameters `scene` and `size` of the test that takes the pictures."""
        return [
            pytest.param(scene, size, id=f"{scene.name}-{size[0]}x{size[1]}")
            for scene in self
            for size in scene.sizes
        ]


class StillConsole(Console):
    """The console on a lab of its own, without anything that depends on this machine."""

    CSS_PATH = str(Path(screens.__file__).with_name("console.tcss"))

    def __init__(self, scene: Scene) -> None:
        self._scene = scene
        self._written: list[str] = []
        clipboard = Clipboard(self._written.append, {"TERM": "xterm-256color"})
        super().__init__(Launcher(CredentialStore({})), None, clipboard=clipboard)
        self._props = AsyncExitStack()
        self.animation_level = "none"

    async def on_load(self) -> None:
        """Open the lab: it has to live in the event loop of the application."""
        scene = self._scene
        folder = self._props.enter_context(tempfile.TemporaryDirectory(prefix="csvpn-scene-"))
        lab = await self._props.enter_async_context(quick_lab(Path(folder), routers=scene.routers))
        scene.prepare(lab)
        self.lab = lab
        self.wire = Wire(lab)
        self.wire.answers |= scene.answers
        self._session = lab_session(lab, scene.actor, transport=self.wire, **scene.profile)  # type: ignore[arg-type]

    async def on_unmount(self) -> None:
        """Close the lab."""
        await self._props.aclose()

    def status(self) -> HeaderFacts:
        """What the header shows, with one and the same time for a call."""
        facts = super().status()
        return msgspec.structs.replace(facts, link="4ms" if facts.link else "")

    async def play(self, pilot: Pilot[None]) -> None:
        """Play the script, then hold still."""
        await until(pilot, lambda: is_filled(pilot))
        await self._scene.script(Stage(pilot, self.lab, self.wire, self._written))
        for field in self.screen.query(Input):
            field.cursor_blink = False
        await until(pilot, lambda: not any(each.is_running for each in self.workers))
        self.clear_notifications()
        # A button looks pressed for a moment.
        await until(pilot, lambda: not self.screen.query("Toast, Button.-active"))


def take(snap_compare: Compare, scene: Scene, size: tuple[int, int]) -> bool:
    """Whether the picture is the one that was taken before."""
    console = StillConsole(scene)
    return snap_compare(console, terminal_size=size, run_before=lambda pilot: console.play(pilot))


@pytest.fixture
def still_life(monkeypatch: pytest.MonkeyPatch, briskly: None) -> Iterator[None]:
    """Time stands still where it is shown, and what is made up is made up in the same way."""
    hurry(monkeypatch)
    quiet_routers(monkeypatch)
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    monkeypatch.setattr("screens.frame.words_for_age", lambda seconds: "<10s")
    monkeypatch.setattr("screens.logs_attempt_words.present", lambda: log_time() + 100)
    monkeypatch.setattr("tui.lab.worlds.builder.time", SimpleNamespace(time=lambda: NOW))
    monkeypatch.setattr(
        "tui.session.key_ages.datetime",
        SimpleNamespace(now=lambda zone: datetime.fromtimestamp(NOW, zone)),
    )
    monkeypatch.setattr(
        "tui.lab.cloud.commands_vpn.preshared_key", lambda length: "Kx7Qm2Vt9Rb4Wd8Hs6Ny"
    )
    numbers = iter(range(1, 100))
    for module in ("tui.operations.users", "tui.vpn.passwords"):
        monkeypatch.setattr(
            f"{module}.generate_password", lambda: f"Word{next(numbers):02}-Pqrs-Tuvw-Xyz2"
        )
    yield
    monkeypatch.undo()
    time.tzset()


def stop_clocks(on: Stage) -> None:
    """Give every message and every job of the console the same times."""
    notices = on.app.notices
    notices[:] = [Notice(NOW, each.severity, each.title, each.message) for each in notices]
    for task in on.session.tray.tasks:
        task.started, task.finished = NOW, NOW + 2


LOG_LINES: Final = (
    ("charon", 977, "07[NET] received packet: from 198.51.100.23[500] to 203.0.113.14[500]"),
    ("charon", 977, "07[IKE] 198.51.100.23 is initiating a Main Mode IKE_SA"),
    (
        "charon",
        977,
        "07[IKE] IKE_SA L2TP-PSK[4] established between 203.0.113.14[203.0.113.14]..."
        "198.51.100.23[198.51.100.23]",
    ),
    (
        "charon",
        977,
        "07[IKE] CHILD_SA L2TP-PSK{4} established with SPIs c1d2e3f4_i 0a1b2c3d_o and TS "
        "203.0.113.14/32[udp/l2f] === 198.51.100.23/32[udp/l2f]",
    ),
    ("xl2tpd", 981, "Connection established to 198.51.100.23, 1701.  Local: 2211, Remote: 7"),
    ("xl2tpd", 981, "Call established with 198.51.100.23, PID: 4711, Local: 3, Remote: 1"),
    ("pppd", 4711, 'rcvd [CHAP Response id=0x1 <redacted>, name = "alice"]'),
    ("pppd", 4711, 'sent [CHAP Success id=0x1 "Access granted"]'),
    ("pppd", 4711, "remote IP address 10.1.2.3"),
    (
        "charon",
        977,
        "12[IKE] no IKE config found for 203.0.113.14...192.0.2.66, sending NO_PROPOSAL_CHOSEN",
    ),
    ("pppd", 4720, "No CHAP secret found for authenticating [bold]mallory[/]"),
    ("charon", 977, "05[JOB] deleting half open IKE_SA with 192.0.2.70 after timeout"),
)
"""What the journal says in pictures: a login, and three that fail."""


def log_time() -> float:
    """When the first of them was written, today."""
    day = datetime.now(UTC).replace(hour=11, minute=6, second=40, microsecond=0)
    return day.timestamp()


def log_lines(source: str = "journal") -> LinesArrived:
    """The lines, one a second, today: the day of other lines is shown too."""
    now = datetime.now(UTC)
    first = log_time()
    raw = [
        msgspec.json.encode(
            {
                "__REALTIME_TIMESTAMP": str(int((first + second) * 1_000_000)),
                "_HOSTNAME": "r-47-VM",
                "_PID": str(pid),
                "SYSLOG_IDENTIFIER": tag,
                "PRIORITY": "6",
                "MESSAGE": text,
            }
        )
        for second, (tag, pid, text) in enumerate(LOG_LINES)
    ]
    return LinesArrived(block_of(raw, source, router="r-47-VM", now=now))


def scripted_feed(monkeypatch: pytest.MonkeyPatch, *, error: RouterError | None = None) -> None:
    """Every router says `log_lines`, or cannot be followed because of `error`."""

    async def events(feed: LogFeed) -> AsyncGenerator[LinesArrived | LinkNews, None]:
        if error is not None:
            raise error
        yield log_lines()

    monkeypatch.setattr(LogFeed, "events", events)
