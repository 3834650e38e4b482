"""Names that attack a terminal or a markup parser: shown as they are, harmless, everywhere."""

import re
import uuid

import msgspec
import pytest
from textual.widgets import OptionList

from screens.acquire import AcquireDialog
from screens.add_users import AddUsersDialog
from screens.choose import ChooseDialog
from screens.choose_logs import ChooseLogsDialog
from screens.confirm import ConfirmDialog
from screens.details import DetailsDialog
from screens.enable import EnableScreen
from screens.tables import TableScreen
from tests.hostile import CANARY, DANGEROUS, NAMES, PAYLOADS
from tests.screens.pictures import scripted_feed
from tests.screens.stage import Stage, hurry, place_of, refusal, stage
from tui.lab.lab import Lab
from tui.safety.text import clean
from tui.vpn.users import DEFAULT_LIMIT

WORST = (
    "[/red][@click=app.quit]x[/]a\x1b]52;c;UFdORUQ=\x07b\x9b2J\x00\r\nnext\u202e日本語e\u0301\u0301\\",
    "[",
    "",
)
LOW = (120, 12)
"""Room for the details beside the table, and little to draw."""
POSSIBLE = [name for name in NAMES if not re.search("[\ud800-\udfff]", name)]
"""What JSON in UTF-8 can carry; the client's own tests try what it cannot."""


@pytest.fixture(autouse=True)
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    hurry(monkeypatch)


def look(on: Stage) -> str:
    """The screen, on which nothing stands that a terminal would act on."""
    text = on.text
    for line in text.splitlines():
        assert DANGEROUS.search(line) is None, repr(line)
    return text


async def look_at_rows(on: Stage, count: int) -> None:
    """Draw every row, and the details of one on each screenful."""
    section = on.on(TableScreen)
    assert len(section.rows()) >= count
    for row in section.rows():
        title, text = section.details(row)
        assert not any(DANGEROUS.search(line) for line in (title, *text.plain.split("\n")))
    for position in range(0, len(section.rows()), max(1, section.table.size.height - 1)):
        section.table.cursor = position
        await on.pilot.pause()
        look(on)


def fill(lab: Lab) -> None:
    """A network and a VPN user of every hostile name."""
    world = lab.world
    network = world.networks[place_of(lab, "acme-prod")]
    user = next(iter(world.vpn_users.values()))
    for name in POSSIBLE:
        one = msgspec.structs.replace(network, id=str(uuid.uuid4()), name=name, display_text=name)
        world.networks[one.id] = one
        two = msgspec.structs.replace(user, id=str(uuid.uuid4()), username=name)
        world.vpn_users[two.id] = two


async def test_every_name_as_a_network_and_as_a_user(lab: Lab) -> None:
    fill(lab)
    async with stage(lab, LOW) as on:
        await look_at_rows(on, len(POSSIBLE))
        await on.go("users")
        await look_at_rows(on, len(POSSIBLE))


async def test_every_text_as_a_message(lab: Lab) -> None:
    async with stage(lab, LOW) as on:
        for number, text in enumerate(PAYLOADS):
            on.app.notify(clean(text), title=clean(text)[:40])
            if number % 10 == 0:
                await on.pilot.pause()
                look(on)
                on.app.clear_notifications()
        await on.press("exclamation_mark")
        look(on)


@pytest.mark.parametrize("name", WORST)
async def test_one_name_for_everything(
    lab: Lab, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    scripted_feed(monkeypatch)
    world = lab.world
    prod = place_of(lab, "acme-prod")
    office = place_of(lab, "acme-office")
    account = world.networks[prod].account
    world.zone.name = world.accounts[account].name = name
    world.networks[prod].name = world.networks[office].name = name
    world.networks[prod].display_text = name
    for router in world.routers.values():
        router.name = name
    for user in world.vpn_users.values():
        user.username = name
    for address in world.addresses.values():
        address.tags = {name: name}
    title = clean(name)
    async with stage(lab, LOW) as on:
        await on_networks(on, title, prod)
        await on_others(on)
        assert CANARY not in "".join(on.written) and on.app.is_running


async def on_networks(on: Stage, title: str, key: str) -> None:
    """The dialogs of the networks, and the guided screen."""
    section = on.on(TableScreen)
    assert section.table.go_to(key)
    await on.pilot.pause()
    assert section.name_of_row() == title
    assert " ".join(title.split())[:20] in on.flat
    await on.press("enter")
    assert isinstance(on.app.screen, DetailsDialog)
    look(on)
    await on.press("escape", "question_mark")
    look(on)
    await on.press("escape", "colon")
    look(on)
    await on.press("escape", "a")
    assert isinstance(on.app.screen, AcquireDialog)
    await on.press("enter")
    look(on)
    await on.press("escape", "escape", "e")
    assert isinstance(on.app.screen, EnableScreen)
    await on.says("Before anything is sent")
    await on.tab_to("#users-input")
    await on.type("[red]walter[/]")
    look(on)
    await on.type("")
    await on.tab_to("#go")
    await on.press("enter")
    await on.settled()
    await on.says("✔ The VPN is enabled")
    look(on)
    await on.press("escape", "J")
    look(on)
    await on.press("escape")


async def on_others(on: Stage) -> None:
    """The other sections with their dialogs."""
    await on.go("addresses")
    look(on)
    await on.go("vpns")
    await on.press("p")
    look(on)
    await on.go("users")
    assert len(on.on(TableScreen).rows()) > DEFAULT_LIMIT
    await on.press("a")
    assert isinstance(on.app.screen, AddUsersDialog)
    look(on)
    await on.press("escape", "x")
    assert isinstance(on.app.screen, ConfirmDialog)
    look(on)
    await on.press("escape")
    await on.go("firewall")
    await on.press("c")
    assert isinstance(on.app.screen, ChooseDialog)
    assert on.app.screen.query_one(OptionList).option_count
    look(on)
    await on.press("escape")
    await on.go("logs")
    look(on)
    await on.press("c")
    assert isinstance(on.app.screen, ChooseLogsDialog)
    await on.press("enter")
    look(on)
    await on.press("escape", "escape")


async def test_what_the_server_says_to_an_error(lab: Lab) -> None:
    async with stage(lab) as on:
        on.wire.fail(refusal(432, "\x1b[2J[red]no[/]\u202e"), "listNetworks")
        await on.press("r")
        await on.says("could not be listed", "[red]no[/]")
        look(on)
