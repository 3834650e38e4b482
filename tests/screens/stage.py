"""The stage: the console on the lab, the wire between them, and hands that press keys.

Every call goes over a `Wire`, which remembers it and can fail in any way that a test wants. `Stage`
has the words that tests of screens are written in: press, type, go to a row, wait until it says.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final, TypeVar
from urllib.parse import parse_qsl

import httpx
import pytest
from textual.pilot import Pilot
from textual.screen import Screen
from textual.widgets import Input, Static

from screens.frame import SectionScreen
from screens.tables import TableScreen
from tests.consoles import DemoConsole, is_filled, lab_session, until, words
from tui.actions import SECTIONS
from tui.app import Console
from tui.cloud.clock import Clock
from tui.lab.cloud import entities as e
from tui.lab.cloud.engine import Pace
from tui.lab.lab import Lab, open_lab
from tui.lab.router.story import Story
from tui.session.session import Session
from tui.session.tray import Task, TaskState

SMALL: Final = (80, 24)
LARGE: Final = (160, 48)
SPEED: Final = 20.0
"""How much faster than life the lab's routers go."""

Answer = httpx.Response | Exception
Form = dict[str, str]
S = TypeVar("S", bound=Screen[Any])


class Wire(httpx.AsyncBaseTransport):
    """The way to the lab's cloud."""

    def __init__(self, lab: Lab) -> None:
        self._cloud = httpx.ASGITransport(app=lab.app)
        self.forms: list[Form] = []
        self.answers: dict[str, Callable[[Form], Answer | None]] = {}
        """What is answered instead of the lab's word, by command; `*` is for every command."""

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Note the call, then fail as told or pass it on."""
        form = dict(parse_qsl((await request.aread()).decode(), keep_blank_values=True))
        self.forms.append(form)
        script = self.answers.get(form["command"]) or self.answers.get("*")
        answer = script(form) if script is not None else None
        if isinstance(answer, Exception):
            raise answer
        return answer or await self._cloud.handle_async_request(request)

    def fail(self, answer: Answer, *commands: str) -> None:
        """From now on give this answer to `commands`, or to everything."""
        for command in commands or ("*",):
            self.answers[command] = lambda form: answer

    def mend(self) -> None:
        """From now on everything works again."""
        self.answers.clear()

    @property
    def commands(self) -> list[str]:
        """The commands of all calls, in order."""
        return [form["command"] for form in self.forms]

    @property
    def writes(self) -> list[str]:
        """The commands that changed something, in order."""
        return [each for each in self.commands if not each.startswith(("list", "query"))]

    def sent(self, command: str) -> list[Form]:
        """The parameters of every call of `command`."""
        return [form for form in self.forms if form["command"] == command]


def refusal(code: int, text: str) -> httpx.Response:
    """A call that the server refuses."""
    inner = {"uuidList": [], "errorcode": code, "cserrorcode": 4350, "errortext": text}
    return httpx.Response(code, content=json.dumps({"errorresponse": inner}).encode())


class Stage:
    """A console that runs on a lab."""

    def __init__(self, pilot: Pilot[None], lab: Lab, wire: Wire, written: list[str]) -> None:
        self.pilot = pilot
        self.lab = lab
        self.wire = wire
        self.written = written
        """What was sent to the terminal beside the frames: the clipboard's escapes."""

    @property
    def app(self) -> Console:
        """The console."""
        assert isinstance(self.pilot.app, Console)
        return self.pilot.app

    @property
    def session(self) -> Session:
        """The session of the console."""
        return self.app.session

    @property
    def text(self) -> str:
        """The text on the screen."""
        return words(self.pilot)

    @property
    def flat(self) -> str:
        """The same, and every paragraph on its own in one line: sentences that wrap are found."""
        shown = [static for static in self.app.screen.query(Static) if static.is_on_screen]
        texts = [self.text, *(str(static.content) for static in shown)]
        return "\n".join(" ".join(text.split()) for text in texts)

    @property
    def section(self) -> SectionScreen:
        """The section on the screen."""
        return self.on(SectionScreen)

    def on(self, kind: type[S]) -> S:
        """The screen, which has to be of this kind."""
        screen = self.app.screen
        assert isinstance(screen, kind), f"{screen} instead of {kind.__name__}:\n{self.text}"
        return screen

    # Hands.

    async def press(self, *keys: str) -> None:
        """Press keys, each when the one before has been dealt with."""
        for key in keys:
            await self.pilot.press(key)
            await self.pilot.pause()

    async def type(self, text: str) -> None:
        """Type `text` in place of what stands in the field that has the focus."""
        field = self.app.focused
        assert isinstance(field, Input), f"no field has the focus, but {field}"
        field.value = text
        field.cursor_position = len(text)
        await self.pilot.pause()

    async def tab_to(self, selector: str) -> None:
        """Go from field to field until the one that `selector` names has the focus."""
        wanted = self.app.screen.query_one(selector)
        for _ in range(30):
            if self.app.focused is wanted:
                return
            await self.press("tab")
        raise AssertionError(f"tab never comes to {selector}; it is on {self.app.focused}")

    async def resize(self, width: int, height: int) -> None:
        """Make the terminal another size."""
        await self.pilot.resize_terminal(width, height)
        await self.pilot.pause()

    # Ways.

    async def until(self, reached: Callable[[], bool]) -> None:
        """Let the console go on until `reached`."""
        await until(self.pilot, reached)

    async def says(self, *texts: str) -> None:
        """Let the console go on until all of `texts` are on the screen, wrapped or not."""
        try:
            await until(self.pilot, lambda: all(text in self.flat for text in texts))
        except AssertionError:
            missing = [text for text in texts if text not in self.flat]
            raise AssertionError(f"{missing} never came to the screen:\n{self.text}") from None

    async def go(self, section: str) -> None:
        """Go to a section by its number and wait for its lists."""
        await self.press(str(SECTIONS.index(section) + 1))
        await self.until(lambda: getattr(self.app.screen, "SECTION", "") == section)
        await self.until(lambda: is_filled(self.pilot))

    async def row(self, name: str) -> None:
        """Put the cursor on the row `name` of the section."""
        section = self.on(TableScreen)
        keys = [section.key_of(row) for row in section.rows() if section.title_of(row) == name]
        assert keys, f"there is no row {name}:\n{self.text}"
        assert section.table.go_to(keys[0]), f"the filter hides {name}:\n{self.text}"
        await self.pilot.pause()

    @property
    def titles(self) -> list[str]:
        """What the rows of the section are called."""
        section = self.on(TableScreen)
        return [section.title_of(row) for row in section.rows()]

    async def settled(self, number: int | None = None) -> Task:
        """Wait until the newest job, or the one of that number, has ended; the job."""
        tasks = self.session.tray.tasks
        await self.until(lambda: len(tasks) >= (number or 1))
        task = tasks[(number or 0) - 1]
        await self.until(lambda: task.state is not TaskState.RUNNING)
        await self.pilot.pause()
        return task

    @property
    def notices(self) -> list[str]:
        """Every message so far, title and text."""
        return [f"{notice.title}: {notice.message}" for notice in self.app.notices]


@asynccontextmanager
async def stage(
    lab: Lab,
    size: tuple[int, int] = SMALL,
    *,
    actor: str = "root",
    answers: dict[str, Callable[[Form], Answer | None]] | None = None,
    **fields: object,
) -> AsyncIterator[Stage]:
    """The console on `lab`, its first section asked for; `answers` are what goes wrong from the
    beginning, `fields` go to `lab_session`."""
    wire = Wire(lab)
    wire.answers |= answers or {}
    console = DemoConsole(lab)
    session = lab_session(lab, actor, transport=wire, **fields)  # type: ignore[arg-type]
    async with console.run(size, session=session) as pilot:
        yield Stage(pilot, lab, wire, console.written)


@asynccontextmanager
async def quick_lab(
    folder: Path, world: str = "demo", *, routers: bool = False, speed: float = SPEED
) -> AsyncIterator[Lab]:
    """A lab whose jobs take next to no time."""
    async with open_lab(world, folder, routers=routers, speed=speed) as lab:
        lab.cloud.pace = Pace(job=0.01, router=0.005, transaction=0.001, network=0)
        yield lab


def hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    """The cloud client waits a tenth of what it would, between tries and looks at a job."""

    async def sleep(clock: Clock, seconds: float) -> None:
        await asyncio.sleep(seconds / 10)

    monkeypatch.setattr(Clock, "sleep", sleep)


def quiet_routers(monkeypatch: pytest.MonkeyPatch) -> None:
    """On the lab's routers nobody comes or goes; what happened before the start is still told."""

    async def nothing(story: Story) -> None:
        await asyncio.Event().wait()

    monkeypatch.setattr(Story, "run", nothing)


def vpns_of(lab: Lab, network: str) -> Sequence[e.Vpn]:
    """The VPNs that the lab's world has on a network or VPC, in whatever state."""
    key = place_of(lab, network)
    addresses = [a.id for a in lab.world.addresses.values() if key in (a.network, a.vpc)]
    return [vpn for vpn in lab.world.vpns.values() if vpn.address in addresses]


def place_of(lab: Lab, name: str) -> str:
    """The id of a network or a VPC of the lab."""
    found = [each.id for each in lab.world.networks.values() if each.name == name]
    found += [each.id for each in lab.world.vpcs.values() if each.name == name]
    return found[0]


def address_of(lab: Lab, network: str) -> e.PublicIp:
    """The source NAT address of a network or VPC of the lab."""
    key = place_of(lab, network)
    addresses = lab.world.addresses.values()
    return next(a for a in addresses if a.source_nat and key in (a.network, a.vpc))


def rules_of(lab: Lab, network: str) -> set[tuple[str, int | None, int | None]]:
    """Protocol, first and last port of the firewall rules on a network's address."""
    rules = lab.world.rules_on(address_of(lab, network).id, "Firewall")
    return {(rule.protocol, rule.start, rule.end) for rule in rules}


def users_of(lab: Lab, account: str) -> dict[str, str]:
    """The VPN users of an account: name and password, in whatever state."""
    keys = {each.id for each in lab.world.accounts.values() if each.name == account}
    return {
        user.username: user.password
        for user in lab.world.vpn_users.values()
        if user.account in keys
    }
