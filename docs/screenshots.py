"""`python -m docs.screenshots [NAME…]` takes the pictures of the documentation.

Each is taken from the real console on a fresh demo lab, reached by pressing the keys that a person
would press. What differs from run to run (clock times, the time a call took) is held still, so that
a picture changes only when the console does.
"""

import asyncio
import os
import re
import sys
import tempfile
import time
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import aclosing, asynccontextmanager, contextmanager
from pathlib import Path
from typing import Final, cast

import msgspec
from textual.pilot import Pilot
from textual.widgets import Input, TextArea

from screens.frame import SectionScreen
from tui.actions import SECTIONS
from tui.app import Console
from tui.demo import session_on
from tui.lab.lab import open_lab
from tui.operations.facts import Owner
from tui.operations.steps import StepEvent
from tui.operations.users import AddUsers, NewUser
from tui.safety.clipboard import Clipboard
from tui.safety.credentials import CredentialStore
from tui.session.inventory import Kind
from tui.session.launch import Launcher
from tui.session.session import Session
from tui.widgets.header import HeaderFacts

FOLDER: Final = Path(__file__).with_name("screenshots")
LARGE: Final = (120, 34)
SMALL: Final = (80, 24)
SPEED: Final = 20.0
"""How much faster than life the lab goes, so that jobs are done soon."""
UNHURRIED: Final = 0.02
"""So slow that nothing is written to a log but what is there when the lab starts."""
PATIENCE: Final = 30.0
"""Seconds after which a screen that does not come is a mistake in this script."""

Script = Callable[[Pilot[None]], Awaitable[None]]


class Picture(msgspec.Struct, frozen=True):
    """One picture: its name and how to get there from the first section."""

    name: str
    script: Script
    size: tuple[int, int] = LARGE
    speed: float = SPEED
    with_profile: bool = True
    """Whether the demo is open; without it the console asks for a profile."""


PICTURES: Final[list[Picture]] = []


def _picture(
    name: str,
    size: tuple[int, int] = LARGE,
    *,
    speed: float = SPEED,
    with_profile: bool = True,
) -> Callable[[Script], Script]:
    def keep(script: Script) -> Script:
        PICTURES.append(Picture(name, script, size, speed, with_profile))
        return script

    return keep


class StillConsole(Console):
    """The console with nothing in it that depends on how fast this machine is."""

    def status(self) -> HeaderFacts:
        """What the header shows, with one and the same time for a call."""
        return msgspec.structs.replace(super().status(), link="4ms")


# What the scripts are made of.


async def press(pilot: Pilot[None], *keys: str) -> None:
    """Press keys one after another, each when the one before has been dealt with."""
    for key in keys:
        await pilot.press(key)
        await pilot.pause()


async def type_text(pilot: Pilot[None], text: str) -> None:
    """Type into the field that has the focus."""
    field = pilot.app.focused
    if not isinstance(field, Input):
        raise LookupError(f"no field has the focus, but {field}")
    field.value = text
    field.cursor_position = len(text)
    await pilot.pause()


async def until(pilot: Pilot[None], reached: Callable[[], bool]) -> None:
    """Let the console go on until `reached`."""
    end = time.monotonic() + PATIENCE
    while not reached():
        if time.monotonic() > end:
            raise TimeoutError(f"not reached within {PATIENCE:g} s:\n{words(pilot)}")
        await pilot.pause(0.05)
    await pilot.pause()


async def until_says(pilot: Pilot[None], *texts: str) -> None:
    """Let the console go on until all of `texts` are on the screen."""
    await until(pilot, lambda: all(text in words(pilot) for text in texts))


def words(pilot: Pilot[None]) -> str:
    """The text on the screen, as it stands in a picture of it."""
    picture = pilot.app.export_screenshot(simplify=True)
    runs = re.findall(r"<text[^>]*>([^<]*)</text>", picture)
    return " ".join(runs).replace("&#160;", " ")


async def go_to_row(pilot: Pilot[None], name: str) -> None:
    """Put the cursor on the row `name` of the section's table, by filtering and clearing."""
    screen = pilot.app.screen
    if not isinstance(screen, SectionScreen):
        raise LookupError(f"{screen} is no section")
    await press(pilot, "home")
    for _ in range(200):
        if screen.name_of_row() == name:
            return
        await press(pilot, "down")
    raise LookupError(f"there is no row {name}")


async def filled(pilot: Pilot[None]) -> None:
    """Wait for all lists of the section."""

    def is_filled() -> bool:
        screen = pilot.app.screen
        if not isinstance(screen, SectionScreen):
            return False
        shelves = [screen.session.inventory.shelf(kind) for kind in screen.kinds]
        return all(not shelf.loading and shelf.fetched is not None for shelf in shelves)

    await until(pilot, is_filled)


# The pictures.


@_picture("networks")
async def _networks(pilot: Pilot[None]) -> None:
    await go_to_row(pilot, "acme-prod")


@_picture("networks-80x24", SMALL)
async def _networks_small(pilot: Pilot[None]) -> None:
    await go_to_row(pilot, "acme-prod")


@_picture("addresses")
async def _addresses(pilot: Pilot[None]) -> None:
    await press(pilot, "2")
    await filled(pilot)
    await go_to_row(pilot, "203.0.113.10")


@_picture("vpns")
async def _vpns(pilot: Pilot[None]) -> None:
    await press(pilot, "3")
    await until_says(pilot, "1 of 3", "0 of 3")
    await go_to_row(pilot, "acme-lab")


@_picture("users")
async def _users(pilot: Pilot[None]) -> None:
    await press(pilot, "4")
    await filled(pilot)
    await go_to_row(pilot, "alice")


@_picture("add-users")
async def _add_users(pilot: Pilot[None]) -> None:
    await _users(pilot)
    await press(pilot, "a")
    await until_says(pilot, "Add VPN users")
    await type_text(pilot, "walter nadia")


@_picture("kits")
async def _kits(pilot: Pilot[None]) -> None:
    await press(pilot, "4")
    await filled(pilot)
    await go_to_row(pilot, "alice")
    await press(pilot, "K", "shift+tab", "shift+tab", "shift+tab")
    await type_text(pilot, "/srv/kits")
    await until_says(pilot, "without a secret in the files")


@_picture("kit-on-screen", SMALL)
async def _kit_on_screen(pilot: Pilot[None]) -> None:
    await _kits(pilot)
    await press(pilot, "tab", "tab", "enter")
    await until_says(pilot, "the settings, without a secret")


@_picture("add-many")
async def _add_many(pilot: Pilot[None]) -> None:
    await _users(pilot)
    await press(pilot, "A")
    await until_says(pilot, "Add many VPN users")
    box = pilot.app.screen.query_one(TextArea)
    box.text = "name,password,group\nwalter,,sales\nal,,sales\nnadia,Summer2026,it\n"
    await until_says(pilot, "3 users: 1 wrong")


@_picture("edit-user")
async def _edit_user(pilot: Pilot[None]) -> None:
    await _users(pilot)
    await press(pilot, "e")
    await until_says(pilot, "Group, last day and note of alice")
    await type_text(pilot, "sales")


@_picture("firewall")
async def _firewall(pilot: Pilot[None]) -> None:
    await go_to_row(pilot, "acme-prod")
    await press(pilot, "f")
    await until_says(pilot, "NAT-T (UDP 4500) is closed")


@_picture("rule")
async def _rule(pilot: Pilot[None]) -> None:
    await _firewall(pilot)
    await press(pilot, "a")
    await until_says(pilot, "Add a rule to")
    await type_text(pilot, "4500")
    await press(pilot, "tab")
    await type_text(pilot, "198.51.100.0/24")


@_picture("sources")
async def _sources(pilot: Pilot[None]) -> None:
    await go_to_row(pilot, "acme-office")
    await press(pilot, "f")
    await until_says(pilot, "203.0.113.15", "IKE (UDP 500) from anywhere")
    await press(pilot, "e")
    await until_says(pilot, "Who reaches the VPN ports")
    await type_text(pilot, "198.51.100.0/24, 192.0.2.0/24")


@_picture("tier")
async def _tier(pilot: Pilot[None]) -> None:
    await go_to_row(pilot, "globex-vpc")
    await press(pilot, "f")
    await until_says(pilot, "VPN clients reach only TCP 443")
    await press(pilot, "i")
    await until_says(pilot, "cmk create networkacl")


@_picture("enable")
async def _enable(pilot: Pilot[None]) -> None:
    await go_to_row(pilot, "acme-prod")
    await press(pilot, "e")
    await until_says(pilot, "create remoteaccessvpn")
    await press(pilot, "tab", "tab")
    await type_text(pilot, "walter nadia")


@_picture("enable-result")
async def _enable_result(pilot: Pilot[None]) -> None:
    await _enable(pilot)
    await press(pilot, "tab", "tab", "enter")
    await until_says(pilot, "The VPN is enabled", "Passwords, shown only now")


@_picture("verify", speed=UNHURRIED)
async def _verify(pilot: Pilot[None]) -> None:
    await go_to_row(pilot, "acme-grown")
    await press(pilot, "v")
    await until_says(pilot, "the router forwards packets", "alice")


@_picture("checkup", speed=UNHURRIED)
async def _checkup(pilot: Pilot[None]) -> None:
    await press(pilot, str(SECTIONS.index("checkup") + 1))
    await until_says(pilot, "✘ fail", "pass", "UTC", "Evidence")
    await press(pilot, "down", "down")
    await until_says(pilot, "What to do")


@_picture("why", speed=UNHURRIED)
async def _why(pilot: Pilot[None]) -> None:
    await press(pilot, "4")
    await go_to_row(pilot, "alice")
    await press(pilot, "w")
    await until_says(pilot, "How far it came", "What proves it")
    await until(pilot, lambda: "of 4 done" not in words(pilot))


@_picture("checkup-evidence", SMALL, speed=UNHURRIED)
async def _checkup_evidence(pilot: Pilot[None]) -> None:
    await press(pilot, str(SECTIONS.index("checkup") + 1))
    await until_says(pilot, "✘ fail")
    await until(pilot, lambda: "looking" not in words(pilot))
    await press(pilot, "enter")
    await until_says(pilot, "Evidence")


@_picture("capture", SMALL, speed=UNHURRIED)
async def _capture(pilot: Pilot[None]) -> None:
    await go_to_row(pilot, "acme-lab")
    await press(pilot, "w")
    await until_says(pilot, "How far it came", "What to do")
    await press(pilot, "p")
    await until_says(pilot, "Ask the user to connect while it runs.")


@_picture("sessions", speed=UNHURRIED)
async def _sessions(pilot: Pilot[None]) -> None:
    await press(pilot, str(SECTIONS.index("sessions") + 1))
    await until_says(pilot, "✔ connected", "umbrella-ha")


@_picture("disable")
async def _disable(pilot: Pilot[None]) -> None:
    await go_to_row(pilot, "acme-lab")
    await press(pilot, "x")
    await until_says(pilot, "delete remoteaccessvpn")


@_picture("leftovers")
async def _leftovers(pilot: Pilot[None]) -> None:
    await go_to_row(pilot, "acme-staging")
    await press(pilot, "x")
    await until_says(pilot, "Will be sent")
    await press(pilot, "right", "enter")
    await until_says(pilot, "Left behind by the VPN")


@_picture("rotate")
async def _rotate(pilot: Pilot[None]) -> None:
    await go_to_row(pilot, "acme-staging")
    await press(pilot, "R")
    await until_says(pilot, "Rotate the key of", "Will be done")


@_picture("new-key")
async def _new_key(pilot: Pilot[None]) -> None:
    await go_to_row(pilot, "umbrella-ha")
    await press(pilot, "R")
    await until_says(pilot, "Rotate the key of", "Will be done")
    await press(pilot, "tab", "enter")
    await until_says(pilot, "New key", "See that the firewall rules are as before")


@_picture("change-range")
async def _change_range(pilot: Pilot[None]) -> None:
    await go_to_row(pilot, "acme-staging")
    await press(pilot, "C")
    await until_says(pilot, "Change the client range of", "Will be done")


@_picture("repair")
async def _repair(pilot: Pilot[None]) -> None:
    await go_to_row(pilot, "umbrella-labs")
    await press(pilot, "M")
    await until_says(pilot, "What is wrong with the VPN", "Will be done")


@_picture("restart")
async def _restart(pilot: Pilot[None]) -> None:
    await go_to_row(pilot, "acme-staging")
    await press(pilot, "B")
    await until_says(pilot, "the last resort", "Will be done")


async def _at_the_office(pilot: Pilot[None]) -> None:
    """The log of a router with a past, and the attempts that it tells of."""
    await go_to_row(pilot, "acme-office")
    await press(pilot, "l")
    await until_says(pilot, "r-47-VM", "following", "charon")
    await pilot.pause(2)


async def _with_older_lines(pilot: Pilot[None], *texts: str) -> None:
    """Scroll up until there are attempts with `texts`, and go back to the end."""
    end = time.monotonic() + PATIENCE
    while not all(text in words(pilot) for text in texts) and time.monotonic() < end:
        await press(pilot, "home")
        await pilot.pause(1)
    await until_says(pilot, *texts)
    await press(pilot, "end")


@_picture("logs", size=(160, 40), speed=UNHURRIED)
async def _logs(pilot: Pilot[None]) -> None:
    await _at_the_office(pilot)
    await _with_older_lines(pilot, "✔ connected")
    await press(pilot, "slash")
    await type_text(pilot, "level:notice")
    await press(pilot, "enter")
    await until_says(pilot, "trent", "connected")
    await press(pilot, "E")
    await pilot.pause(1)


@_picture("logs-attempts", SMALL, speed=UNHURRIED)
async def _logs_attempts(pilot: Pilot[None]) -> None:
    await _at_the_office(pilot)
    await press(pilot, "p")
    await until_says(pilot, "REACHED", "trent", "erin")
    await press(pilot, "down", "down")
    await until_says(pilot, "The password is wrong")


@_picture("logs-chips", speed=UNHURRIED)
async def _logs_chips(pilot: Pilot[None]) -> None:
    await _at_the_office(pilot)
    await press(pilot, "slash")
    await type_text(pilot, "tag:pppd user:erin /failed|Failure/ context:2")
    await press(pilot, "enter")
    await until_says(pilot, "failed CHAP")
    await press(pilot, "E", "m")
    await pilot.pause(1)


@_picture("choose-logs", speed=UNHURRIED)
async def _choose_logs(pilot: Pilot[None]) -> None:
    await _at_the_office(pilot)
    await press(pilot, "c")
    await until_says(pilot, "Logs of which routers?")


@_picture("export", speed=UNHURRIED)
async def _export(pilot: Pilot[None]) -> None:
    await _logs_chips(pilot)
    await press(pilot, "x")
    await until_says(pilot, "Write lines to a file")
    pilot.app.screen.query_one("#path", Input).value = "~/r-47-VM-erin.log"
    await pilot.pause()


@_picture("acquire")
async def _acquire(pilot: Pilot[None]) -> None:
    await go_to_row(pilot, "initech-new")
    await press(pilot, "a")
    await until_says(pilot, "Acquire a public address")


@_picture("jobs")
async def _jobs(pilot: Pilot[None]) -> None:
    await _enable_result(pilot)
    console = pilot.app
    if isinstance(console, Console):
        for task in console.session.tray.tasks:
            task.finished = task.started + 9
    await press(pilot, "escape", "tab", "enter", "J")
    await until_says(pilot, "Jobs of this console")


@_picture("recovery")
async def _recovery(pilot: Pilot[None]) -> None:
    await filled(pilot)
    console = pilot.app
    if not isinstance(console, Console):
        raise LookupError(f"{console} is not the console")
    session = console.session
    networks = session.inventory.networks.rows.values()
    owner = next(Owner.of(network) for network in networks if network.name == "acme-prod")
    users = [NewUser.generate(name) for name in ("nora", "omar", "pia")]
    adding = session.books.run(AddUsers(session.client, users, owner=owner))
    async with aclosing(cast(AsyncGenerator[StepEvent, None], adding)):
        async for event in adding:
            if event.step.name == "user omar":
                break  # as if the program had ended here
    await session.inventory.refresh((Kind.USERS,))
    await press(pilot, "U", "escape")
    await until_says(pilot, "unfinished 1")
    await press(pilot, "U")
    await until_says(pilot, "Add the user omar", "1 done, 2 not sent")


@_picture("messages")
async def _messages(pilot: Pilot[None]) -> None:
    await go_to_row(pilot, "acme-l2")
    await press(pilot, "e")
    await go_to_row(pilot, "acme-office")
    await press(pilot, "e")
    pilot.app.clear_notifications()
    console = pilot.app
    if isinstance(console, Console):
        console.notices = [
            msgspec.structs.replace(notice, when=40_000.0 + 9 * number)
            for number, notice in enumerate(console.notices)
        ]
    await press(pilot, "exclamation_mark")
    await until_says(pilot, "escape closes")


@_picture("palette")
async def _palette(pilot: Pilot[None]) -> None:
    await go_to_row(pilot, "acme-prod")
    await press(pilot, "colon")
    await until_says(pilot, "Enable acme-prod")


@_picture("help")
async def _help(pilot: Pilot[None]) -> None:
    await go_to_row(pilot, "acme-prod")
    await press(pilot, "question_mark")
    await until_says(pilot, "Keys in Networks")


@_picture("welcome", with_profile=False)
async def _welcome(pilot: Pilot[None]) -> None:
    await until_says(pilot, "New profile")


@_picture("profile-form", with_profile=False)
async def _profile_form(pilot: Pilot[None]) -> None:
    await _welcome(pilot)
    await press(pilot, "n")
    await until_says(pilot, "Test and save")
    for field, text in (
        ("name", "prod"),
        ("url", "cloud.example.org"),
        ("api-key", "Vh6pZk-the-api-key-of-the-account"),
        ("secret-key", "the-secret-key-of-the-account"),
    ):
        pilot.app.screen.query_one(f"#{field} Input", Input).value = text
    await pilot.pause()


@_picture("ssh-path", with_profile=False)
async def _ssh_path(pilot: Pilot[None]) -> None:
    await _profile_form(pilot)
    pilot.app.screen.query_one("#ways").focus()
    await press(pilot, "enter")
    await until_says(pilot, "Way to the routers")


# Taking them.


@contextmanager
def _quiet_surroundings(folder: Path) -> Iterator[None]:
    """Nothing of the person who runs this gets into a picture: files, keyring, time zone."""
    wanted = {
        "HOME": str(folder),
        "CSVPN_CONFIG_DIR": str(folder / "config"),
        "CSVPN_STATE_DIR": str(folder / "state"),
        "CSVPN_DATA_DIR": str(folder / "data"),
        "PYTHON_KEYRING_BACKEND": "keyring.backends.fail.Keyring",
        "TZ": "UTC",
        "TERM": "xterm-256color",
        "COLORTERM": "truecolor",
    }
    before = {name: os.environ.get(name) for name in wanted}
    os.environ.update(wanted)
    time.tzset()
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
        time.tzset()


@asynccontextmanager
async def _console(picture: Picture) -> AsyncIterator[Pilot[None]]:
    """The console, its first section filled, on a lab of its own."""
    with tempfile.TemporaryDirectory(prefix="csvpn-pictures-") as name:
        folder = Path(name)
        with _quiet_surroundings(folder):
            async with open_lab("demo", folder, speed=picture.speed) as lab:

                async def open_demo() -> Session:
                    return session_on(lab)

                launcher = Launcher(CredentialStore({}), open_demo=open_demo)
                session = session_on(lab) if picture.with_profile else None
                clipboard = Clipboard(lambda text: None, {"TERM": "xterm-256color"})
                console = StillConsole(launcher, session, clipboard=clipboard)
                async with console.run_test(size=picture.size, notifications=True) as pilot:
                    if picture.with_profile:
                        await filled(pilot)
                    yield pilot


_FONT_ADDRESS: Final = re.compile(r',?\s*url\("https?://[^"]*"\) format\("[^"]*"\)')
_IDENTITY: Final = re.compile(r"terminal-\d+-")
_DAY_OF_CLOCK: Final = re.compile(r"20\d\d-\d\d-\d\d(?=(?:&#160;| )\d\d:\d\d:\d\d)")
_CLOCK: Final = re.compile(r"(?<![\d:T])([01]\d|2[0-3]):([0-5]\d):([0-5]\d)(?![\d:])")
_PROCESS: Final = re.compile(r"\b(pid(?: |&#160;))\d+")
_TAGGED: Final = re.compile(r"(value&#x27;=|value'=|rotated&#160;=&#160;)20\d\d-\d\d-\d\d")
_DATE: Final = re.compile(r"20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d")
_MOMENT: Final = re.compile(r"\b\d\d&#160;[A-Z][a-z]{2}&#160;\d\d:\d\d(?![\d:])")
_SYSLOG_DAY: Final = re.compile(r"\b[A-Z][a-z]{2}&#160;(?:&#160;\d|\d\d)(?=&#160;\d\d:\d\d:\d\d)")
_PORT: Final = re.compile(r"(127\.0\.0\.1(?: |&#160;)port(?: |&#160;))\d+")
_TOOK: Final = re.compile(r"(done&#160;in&#160;)\d(&#160;s)")
_DAY: Final = 24 * 60 * 60
_LATEST: Final = 14 * 3600 + 32 * 60 + 10
"""What the latest clock time of a picture becomes: 14:32:10."""


async def take(picture: Picture) -> str:
    """The SVG of one picture."""
    # Clock times are cut off to seconds: begun right after a full one, they keep their distances.
    await asyncio.sleep(1 - time.time() % 1)
    async with _console(picture) as pilot:
        await picture.script(pilot)
        hold_cursors(pilot)
        await pilot.pause(0.3)
        svg = pilot.app.export_screenshot(title="csvpn", simplify=True)
    return still(svg, picture.name)


def hold_cursors(pilot: Pilot[None]) -> None:
    """Let no cursor blink; the one of a field with text is seen."""
    for field in pilot.app.screen.query(Input):
        field.cursor_blink = False
        field.cursor_position = 0
        field.cursor_position = len(field.value)


def still(svg: str, name: str) -> str:
    """The picture without what differs from run to run, and without anything to load.

    All clock times are moved by the same amount; a date becomes one and the same.
    """
    svg = _FONT_ADDRESS.sub("", svg)
    svg = _IDENTITY.sub(f"{name}-", svg)
    svg = _PROCESS.sub(r"\g<1>941", svg)
    svg = _DAY_OF_CLOCK.sub("2026-11-02", svg)
    svg = _DATE.sub("2026-11-02T09:30:00", svg)
    svg = _SYSLOG_DAY.sub("Nov&#160;02", svg)
    svg = _PORT.sub(r"\g<1>41022", svg)
    svg = _TOOK.sub(r"\g<1>1\2", svg)
    svg = _MOMENT.sub("02&#160;Nov&#160;09:30", svg)
    svg = _TAGGED.sub(r"\g<1>2026-11-02", svg)
    found = {match.group() for match in _CLOCK.finditer(svg)}
    if not found:
        return svg
    # The latest is the last before the longest gap of the day, should the story span midnight.
    seconds = sorted(_seconds(clock) for clock in found)
    gaps = [
        (after - before) % _DAY
        for before, after in zip(seconds, [*seconds[1:], seconds[0]], strict=True)
    ]
    longest = max(range(len(gaps)), key=lambda number: gaps[number] or _DAY)
    moved = _LATEST - seconds[longest]
    return _CLOCK.sub(lambda match: _clock((_seconds(match.group()) + moved) % _DAY), svg)


def _seconds(clock: str) -> int:
    hours, minutes, seconds = clock.split(":")
    return int(hours) * 3600 + int(minutes) * 60 + int(seconds)


def _clock(seconds: int) -> str:
    return f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}"


async def take_all(names: Sequence[str]) -> None:
    """Take the pictures called `names`, or all of them, and write them."""
    unknown = set(names) - {picture.name for picture in PICTURES}
    if unknown:
        raise SystemExit(f"error: there is no picture {', '.join(sorted(unknown))}")
    await asyncio.to_thread(FOLDER.mkdir, exist_ok=True)
    for picture in PICTURES:
        if not names or picture.name in names:
            svg = await take(picture)
            file = FOLDER / f"{picture.name}.svg"
            await asyncio.to_thread(file.write_text, svg + "\n", encoding="utf-8")
            print(file.relative_to(FOLDER.parent.parent))


if __name__ == "__main__":
    asyncio.run(take_all(sys.argv[1:]))
