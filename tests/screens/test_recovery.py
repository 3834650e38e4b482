"""Starting the console after another one has ended in the middle of something."""

import asyncio
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from screens.confirm import ConfirmDialog
from screens.handover import HandoverDialog
from screens.jobs import TasksDialog
from screens.networks import NetworksScreen
from screens.recovery import RecoveryDialog
from screens.resumed import ResumedDialog
from screens.users import UsersScreen
from tests.hostile import DANGEROUS
from tests.screens.stage import SMALL, Stage, hurry, stage, users_of, vpns_of
from tests.screens.test_enable import copied
from tests.session.crashes import KEY, enabling_broken_off, find_key, users_broken_off
from tui.lab.lab import Lab
from tui.operations.call_states import CallState
from tui.operations.exclusion import Exclusion
from tui.operations.journal import Journal, KeptOperation, new_operation_id
from tui.session.tray import TaskState


@pytest.fixture(autouse=True)
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    hurry(monkeypatch)


@pytest.fixture
def state(tmp_path: Path) -> Path:
    return tmp_path / "state"


async def asked(on: Stage) -> None:
    """The dialog is there and the server has answered."""
    await on.until(lambda: isinstance(on.app.screen, RecoveryDialog))
    await on.until(lambda: "asking …" not in on.text)


def in_header(on: Stage) -> str:
    return on.text.splitlines()[0]


async def test_users_are_resumed_and_handed_over(lab: Lab, state: Path) -> None:
    await users_broken_off(lab, state, "nora", "omar", "pia", at="omar")
    async with stage(lab, state=state, find_sealing_key=find_key) as on:
        await asked(on)
        await on.says(
            "▲ Add 3 users",
            "✔ Add the user nora done",
            "✘ Add the user omar failed: it never arrived",
            "· Add the user pia not sent",
        )
        assert on.wire.writes == [], "asking changes nothing"
        await on.press("enter")
        await on.says("What is done is not done again", "add vpnuser username=omar")
        assert "username=nora" not in on.flat
        await on.press("right", "enter")
        await on.settled()
        assert isinstance(on.app.screen, HandoverDialog)
        made = users_of(lab, "acme")
        await on.press("y")
        await on.until(
            lambda: copied(on) == "\n".join(f"{n} {made[n]}" for n in ("nora", "omar", "pia"))
        )
        assert on.wire.writes == ["addVpnUser"] * 2
        await on.press("escape")
        assert isinstance(on.app.screen, NetworksScreen)
        await on.until(lambda: "unfinished" not in in_header(on))
        await on.press("U")
        await on.says("Nothing is unfinished here.")


async def test_a_password_that_could_not_be_kept(lab: Lab, state: Path) -> None:
    await users_broken_off(lab, state, "nora", at="nora", after=CallState.DONE, keeps=False)
    before = users_of(lab, "acme")["nora"]
    async with stage(lab, state=state) as on:
        await asked(on)
        await on.press("enter")
        await on.says("The passwords of nora could not be kept: they are removed and added again")
        await on.press("right", "enter")
        await on.settled()
        assert on.wire.writes == ["removeVpnUser", "addVpnUser"]
        assert users_of(lab, "acme")["nora"] != before
        await on.press("p")
        await on.says(users_of(lab, "acme")["nora"])


async def test_enabling_is_resumed_with_key_and_passwords(lab: Lab, state: Path) -> None:
    await enabling_broken_off(lab, state, "acme-prod", "nora", after=CallState.ACCEPTED)
    async with stage(lab, state=state, find_sealing_key=find_key) as on:
        await asked(on)
        await on.says("✔ Enable the VPN on", "· Add the user nora not sent")
        await on.press("enter", "right", "enter")
        await on.settled()
        assert isinstance(on.app.screen, ResumedDialog)
        (vpn,) = vpns_of(lab, "acme-prod")
        await on.says("✔ The VPN is enabled", "Pre-shared key ••")
        assert vpn.preshared_key not in on.text and on.app.screen.unseen == ["nora"]
        await on.press("escape")
        await on.says("Leave without the passwords?")
        await on.press("escape", "p")
        await on.says(vpn.preshared_key, users_of(lab, "acme")["nora"])
        await on.press("y")
        await on.until(lambda: f"nora {users_of(lab, 'acme')['nora']}" in copied(on))
        assert "createRemoteAccessVpn" not in on.wire.writes
        await on.press("escape")
        assert isinstance(on.app.screen, NetworksScreen)


async def test_what_was_wholly_done_closes_itself_and_says_so(lab: Lab, state: Path) -> None:
    await enabling_broken_off(lab, state, "acme-prod", after=CallState.DONE)
    async with stage(lab, state=state, find_sealing_key=find_key) as on:
        await asked(on)
        await on.says("✔ Enable the VPN of acme-prod", "Everything is done: it is closed")
        await on.press("enter")
        assert "It is over" in on.notices[-1]
        await on.press("escape")
        await on.until(lambda: "unfinished" not in in_header(on))
        assert on.wire.writes == []


async def test_rolling_back_in_production(lab: Lab, state: Path) -> None:
    await enabling_broken_off(lab, state, "acme-prod", "nora", after=CallState.DONE, at="user nora")
    async with stage(lab, state=state, find_sealing_key=find_key, production=True) as on:
        await asked(on)
        await on.says("nobody was shown the generated passwords of nora")
        await on.press("u")
        await on.says("remove vpnuser username=nora", "delete remoteaccessvpn", "type demo")
        await on.press("enter")
        assert isinstance(on.app.screen, ConfirmDialog), "not before the name is typed"
        await on.type("demo")
        await on.press("enter")
        task = await on.settled()
        assert task.state is TaskState.DONE
        assert vpns_of(lab, "acme-prod") == [] and "nora" not in users_of(lab, "acme")
        await on.says("It was rolled back")
        await on.press("escape")
        await on.until(lambda: "unfinished" not in in_header(on))


async def test_forgetting_says_what_stays(lab: Lab, state: Path) -> None:
    await users_broken_off(lab, state, "nora", "omar", at="omar", after=CallState.INTENT)
    async with stage(lab, state=state, find_sealing_key=find_key) as on:
        await asked(on)
        assert "unfinished 1" in in_header(on)
        await on.press("x")
        await on.says("One call that was made stays made", "Nothing is sent")
        await on.press("escape")
        await on.says("▲ Add 2 users")
        await on.press("x", "right", "enter")
        await on.says("It is forgotten: everything stays as it is.")
        assert on.wire.writes == [] and "nora" in users_of(lab, "acme")
        await on.press("escape")
        await on.until(lambda: "unfinished" not in in_header(on))


async def test_later_leaves_it_and_the_header_says_so(lab: Lab, state: Path) -> None:
    await users_broken_off(lab, state, "nora")
    async with stage(lab, state=state, find_sealing_key=find_key) as on:
        await asked(on)
        await on.press("escape")
        assert isinstance(on.app.screen, NetworksScreen)
        await on.until(lambda: "unfinished 1" in in_header(on))
        await on.press("4")
        await on.until(lambda: isinstance(on.app.screen, UsersScreen))
        assert "unfinished 1" in in_header(on)
        await on.press("U")
        await on.says("▲ Add one user")


async def test_what_another_console_runs_is_shown_and_left_alone(lab: Lab, state: Path) -> None:
    kept = await users_broken_off(lab, state, "nora")
    await users_broken_off(lab, state, "olga", account="globex")
    holding = Exclusion(state / "locks").hold(kept.cloud, kept.subject)
    async with holding, stage(lab, state=state, find_sealing_key=find_key) as on:
        await asked(on)
        await on.says("● Add one user", "It is being run now: pid ")
        for key in ("enter", "u", "x"):
            await on.press(key)
            assert "It is being run now (pid " in on.notices[-1]
        assert "unfinished 1" in in_header(on), "the one of globex waits"


async def test_a_read_only_console_can_only_look(lab: Lab, state: Path) -> None:
    await users_broken_off(lab, state, "nora")
    async with stage(lab, state=state, read_only=True, find_sealing_key=find_key) as on:
        await asked(on)
        await on.says("This console is read-only")
        for key in ("enter", "u", "x"):
            await on.press(key)
            assert "read-only" in on.notices[-1] and isinstance(on.app.screen, RecoveryDialog)


async def test_other_profiles_are_counted(lab: Lab, state: Path) -> None:
    await users_broken_off(lab, state, "nora", name="staging")
    await users_broken_off(lab, state, "olga", account="globex")
    async with stage(lab, state=state, find_sealing_key=find_key) as on:
        await asked(on)
        await on.says("The profile staging has 1 more; open it to go on with them.")


async def test_a_half_made_vpn_is_known_at_the_next_start(lab: Lab, state: Path) -> None:
    lab.cloud.simulator.configure("RemoteAccessVpnCfgCommand", "result:fail", 1)
    await enabling_broken_off(lab, state, "acme-prod", after=CallState.FAILED)
    async with stage(lab, state=state, find_sealing_key=find_key) as on:
        await asked(on)
        await on.says("▲ The VPN of acme-prod is half-made")
        await on.press("escape")
        await on.until(lambda: "half-made" in on.text)
        await on.press("U", "enter", "right", "enter")
        await on.settled()
        await on.press("escape")
        await on.until(lambda: "half-made" not in on.text)
        assert [vpn.state for vpn in vpns_of(lab, "acme-prod")] == ["Running"]


async def test_it_does_not_come_over_something_that_somebody_does(lab: Lab, state: Path) -> None:
    await users_broken_off(lab, state, "nora")
    wait = asyncio.Event()

    async with stage(lab, state=state, find_sealing_key=find_key) as on:
        await asked(on)
        await on.press("escape", "question_mark")
        shown = on.app.screen
        assert on.app._watch is not None
        on.app._watch.begin()
        await on.until(lambda: not wait.is_set())
        assert on.app.screen is shown


# The journal itself.


def broken(state: Path) -> None:
    state.mkdir(parents=True, exist_ok=True)
    (state / "journal.sqlite3").write_bytes(b"no database" * 1000)


@pytest.fixture
def broken_journal(state: Path) -> Iterator[Path]:
    broken(state)
    yield state


@pytest.mark.parametrize("production", [False, True])
async def test_without_a_journal_nothing_can_be_changed(
    lab: Lab, broken_journal: Path, production: bool
) -> None:
    async with stage(lab, SMALL, state=broken_journal, production=production) as on:
        await on.until(lambda: "✘ no journal: no changes" in in_header(on))
        assert any("so nothing is changed. Move the file away" in each for each in on.notices)
        await on.row("acme-prod")
        await on.press("e")
        assert "so nothing is changed" in on.notices[-1]
        assert isinstance(on.app.screen, NetworksScreen) and on.wire.writes == []
        await asyncio.to_thread(shutil.rmtree, broken_journal)
        await on.press("r")
        await on.until(lambda: "no journal" not in in_header(on))
        await on.press("e")
        assert not isinstance(on.app.screen, NetworksScreen)


async def test_a_journal_that_comes_back_by_itself_is_told(
    lab: Lab, broken_journal: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("screens.journal_watch.LOOK_EVERY", 0.1)
    async with stage(lab, state=broken_journal) as on:
        await on.until(lambda: "✘ no journal" in in_header(on))
        await asyncio.to_thread(shutil.rmtree, broken_journal)
        await on.until(lambda: "no journal" not in in_header(on))
        assert "changes are possible" in on.notices[-1]


async def test_hostile_titles_are_shown_and_do_nothing(lab: Lab, state: Path) -> None:
    journal = Journal(state / "journal.sqlite3")
    await journal.begin(
        KeptOperation(
            id=new_operation_id(),
            kind="from-the-future",
            title="[red]x[/red]\x1b]0;owned\x07\x1b[2J\u202eevil",
            subject="",
            cloud="http://lab/client/api",
            profile="demo",
            who="\x1b[31m",
            wanted=b"{}",
            began=1.0,
            must_finish="[@click=app.quit]x[/]\x9b2J",
        )
    )
    journal.close()
    async with stage(lab, state=state) as on:
        await asked(on)
        await on.says("[red]x[/red]", "[@click=app.quit]", "is of a kind that this csvpn")
        assert DANGEROUS.search(on.text.replace("\n", " ")) is None
        await on.press("enter")
        assert "does not know (from-the-future)" in on.notices[-1]
        await on.press("x", "right", "enter")
        await on.says("It is forgotten")


@pytest.mark.parametrize("size", [(80, 24), (40, 10), (160, 48)])
async def test_it_fits_every_terminal(lab: Lab, state: Path, size: tuple[int, int]) -> None:
    names = [f"user{number}" for number in range(5)]
    await users_broken_off(lab, state, *names, account="initech")
    for account in ("acme", "globex"):
        await users_broken_off(lab, state, f"of-{account}", account=account)
    async with stage(lab, size, state=state, find_sealing_key=find_key) as on:
        await on.until(lambda: isinstance(on.app.screen, RecoveryDialog))
        dialog = on.app.screen.query_one(".dialog").region
        assert dialog.width <= size[0] and dialog.height <= size[1]
        await asked(on)
        await on.says("Add 5 users", "esc later" if size[0] > 60 else "Unfinished")


# Jobs.


async def test_a_job_is_rolled_back_from_the_jobs(lab: Lab, state: Path) -> None:
    async with stage(lab, state=state, find_sealing_key=find_key) as on:
        await add(on, "nora")
        await on.press("J")
        await on.says("✔ done Add one user", "✔ Add the user nora")
        await on.press("u")
        await on.says("remove vpnuser username=nora")
        await on.press("right", "enter")
        await on.settled(2)
        assert "nora" not in users_of(lab, "acme")
        await on.says("✔ done Roll back: Add one user")
        await on.press("down", "u")
        await on.says("It has changed nothing that can be taken back")


async def test_only_what_failed_is_tried_again(lab: Lab, state: Path) -> None:
    lab.cloud.simulator.configure("VpnUsersCfgCommand", "result:fail", 1)
    async with stage(lab, state=state) as on:
        await add(on, "nora omar")
        omar = users_of(lab, "acme")["omar"]
        assert "nora" not in users_of(lab, "acme")
        await on.press("J")
        await on.says("✘ failed Add 2 users")
        await on.press("t")
        await on.says("What is done is not done again", "add vpnuser username=nora")
        assert "username=omar" not in on.flat
        on.wire.forms.clear()
        await on.press("right", "enter")
        await on.settled(2)
        assert isinstance(on.app.screen, HandoverDialog)
        assert on.wire.writes == ["addVpnUser"] and users_of(lab, "acme")["omar"] == omar
        await on.press("p", "escape", "J", "t")
        assert "Nothing of it has failed" in on.notices[-1]
        await on.press("p")
        assert isinstance(on.app.screen, HandoverDialog)


async def add(on: Stage, names: str) -> None:
    """Add users to acme, and close the dialog with their passwords."""
    await on.go("users")
    await on.row("bob")
    await on.press("a")
    await on.type(names)
    await on.press("enter")
    await on.settled()
    await on.press("p", "escape")


async def test_jobs_of_earlier_consoles_are_below(lab: Lab, state: Path) -> None:
    async with stage(lab, state=state) as on:
        await add(on, "nora")
    async with stage(lab, state=state) as on:
        await on.press("J")
        assert isinstance(on.app.screen, TasksDialog)
        await on.says(
            "Nothing was started yet.", "Earlier, from the journal", "✔ done Add one user"
        )
        await on.says("✔ user nora done", "with the profile demo")
        await on.press("u", "right", "enter")
        await on.settled()
        assert "nora" not in users_of(lab, "acme")


async def test_quitting_says_that_the_journal_keeps_it(lab: Lab, state: Path) -> None:
    lab.cloud.simulator.configure("VpnUsersCfgCommand", "wait:700", 1)
    async with stage(lab, state=state, find_sealing_key=find_key) as on:
        await on.go("users")
        await on.row("bob")
        await on.press("a")
        await on.type("nora")
        await on.press("enter", "ctrl+q")
        await on.says("The journal keeps what was begun")
    assert KEY.persistent
    async with stage(lab, state=state, find_sealing_key=find_key) as on:
        await asked(on)
        await on.says("Add one user", "nobody was shown the generated passwords of nora")
        await on.press("enter")
        await on.settled()
        assert isinstance(on.app.screen, HandoverDialog)
        await on.press("p")
        await on.says(users_of(lab, "acme")["nora"])
