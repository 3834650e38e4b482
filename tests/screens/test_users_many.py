"""Lists of users in the console, what fails of them, and what the roster does in the section."""

from datetime import timedelta
from pathlib import Path

import pytest
from textual import events
from textual.widgets import Button, Input, Static, TextArea

from screens.add_many import AddManyDialog, preview_lines, read_list
from screens.add_users import AddUsersDialog
from screens.bulk_results import BulkResultsDialog
from screens.confirm import ConfirmDialog
from screens.edit_user import EditUserDialog
from screens.user_audit import UserAuditDialog
from screens.users import UsersScreen
from tests.screens.stage import Stage, hurry, stage, users_of
from tui.lab.lab import Lab
from tui.operations.roster import Remark
from tui.session.people import today
from tui.session.tray import TaskState
from tui.vpn.findings import Finding
from tui.vpn.userfile import Entry, Line


@pytest.fixture(autouse=True)
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    hurry(monkeypatch)


async def open_box(on: Stage, text: str, user: str = "bob") -> TextArea:
    """The box for a list, with `text` in it, for the account of `user`."""
    await on.go("users")
    await on.row(user)
    await on.press("A")
    box = on.on(AddManyDialog).query_one(TextArea)
    box.text = text
    await on.pilot.pause()
    return box


def can_send(on: Stage) -> bool:
    return not on.app.screen.query_one("#go", Button).disabled


def preview(on: Stage) -> str:
    return " ".join(str(on.app.screen.query_one("#lines", Static).content).split())


def state_of(on: Stage, name: str) -> str:
    """The state of a user in the section, as a word; empty where it has no row."""
    rows = on.on(UsersScreen).rows()
    return next((row.row.mark.word for row in rows if row.name == name), "")


def refuse_name(lab: Lab, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """No router takes users while one called `name` is among them."""

    async def meets(command: str) -> bool:
        return not any(user.username == name for user in lab.world.vpn_users.values())

    monkeypatch.setattr(lab.cloud.simulator, "meets", meets)


async def test_a_list_is_judged_line_by_line_and_sent_as_a_whole(lab: Lab) -> None:
    async with stage(lab) as on:
        box = await open_box(
            on, "name,password,group\nwalter,,sales\nal,,\nalice,,\nnadia,pa ss,\n"
        )
        assert not can_send(on) and "4 users: 3 wrong" in on.flat
        assert "2 walter sales ✔" in preview(on)
        assert "3 al ✘ The name has 2 characters; it needs 3 to 64." in preview(on)
        assert "4 alice ✘ The account already has a VPN user alice" in preview(on)
        assert "5 nadia own password ✘ The password has a blank in it" in preview(on)
        assert "pa ss" not in preview(on)
        await on.press("ctrl+s")
        assert isinstance(on.app.screen, AddManyDialog) and on.wire.writes == []
        box.text = "name,password,group\nwalter,,sales\nnadia,,\n"
        await on.pilot.pause()
        assert can_send(on) and "2 users: all right" in on.flat
        await on.press("ctrl+s")
        await on.settled()
        assert isinstance(on.app.screen, BulkResultsDialog)
        await on.says("✔ Add the user walter", "✔ Add the user nadia")
        assert {"walter", "nadia"} <= users_of(lab, "acme").keys()
        await on.press("p", "escape")
        await on.until(lambda: "walter" in on.titles)
        section = on.on(UsersScreen)
        groups = {row.name: row.person.group for row in section.rows()}
        assert groups["walter"] == "sales" and groups["nadia"] == ""


async def test_the_limit_is_shown_before_it_bites(lab: Lab) -> None:
    async with stage(lab) as on:
        await open_box(on, "one.a two.b three.c four.d")
        assert "so 3 are left; 4 more do not fit" in on.flat and not can_send(on)
        assert "✘ There is no room for four.d" in preview(on)


async def test_only_what_failed_is_tried_again_with_its_password(
    lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with stage(lab) as on:
        await open_box(on, "walter nadia judith")
        refuse_name(lab, monkeypatch, "nadia")
        await on.press("ctrl+s")
        task = await on.settled()
        assert task.state is TaskState.FAILED
        await on.says("✔ Add the user walter", "✘ Add the user nadia", "✔ Add the user judith")
        first = users_of(lab, "acme")
        assert "nadia" not in first
        await on.press("p")
        monkeypatch.undo()
        hurry(monkeypatch)
        await on.press("t")
        await on.settled(2)
        assert isinstance(on.app.screen, BulkResultsDialog)
        await on.says("✔ Add the user nadia")
        assert len(on.wire.sent("addVpnUser")) == 4
        passwords = [f["password"] for f in on.wire.sent("addVpnUser") if f["username"] == "nadia"]
        assert len(set(passwords)) == 1, "the retry has the same password"
        await on.press("p")
        await on.says(first["walter"], passwords[0])
        await on.press("t")
        assert any("Nothing has failed" in notice for notice in on.notices)


async def test_adding_can_be_undone(lab: Lab) -> None:
    async with stage(lab) as on:
        await open_box(on, "walter nadia")
        await on.press("ctrl+s")
        await on.settled()
        await on.press("z")
        on.on(ConfirmDialog)
        assert "cannot be undone: their passwords are lost" in on.flat
        await on.press("right", "enter")
        await on.settled(2)
        assert on.wire.writes == ["addVpnUser"] * 2 + ["removeVpnUser"] * 2
        assert not {"walter", "nadia"} & users_of(lab, "acme").keys()


async def test_a_paste_of_several_lines_goes_to_the_box(lab: Lab) -> None:
    async with stage(lab) as on:
        await on.go("users")
        await on.row("bob")
        await on.press("a")
        on.on(AddUsersDialog).post_message(events.Paste("walter\nnadia\n"))
        await on.until(lambda: isinstance(on.app.screen, AddManyDialog))
        await on.until(lambda: can_send(on))
        assert on.app.screen.query_one(TextArea).text == "walter\nnadia\n"


async def test_a_file_is_read_into_the_box(lab: Lab, tmp_path: Path) -> None:
    path = tmp_path / "people.csv"
    path.write_text("name\nwalter\n", encoding="utf-8")
    async with stage(lab) as on:
        box = await open_box(on, "")
        field = on.app.screen.query_one(Input)
        field.value = str(tmp_path / "none.csv")
        field.focus()
        await on.press("enter")
        await on.until(lambda: any("No such file" in notice for notice in on.notices))
        field.value = str(path)
        await on.press("enter")
        await on.until(lambda: box.text == "name\nwalter\n")
        await on.until(lambda: can_send(on))
    (tmp_path / "utf16.csv").write_bytes("name\nwalter\n".encode("utf-16"))
    assert read_list(tmp_path / "utf16.csv") == "name\nwalter\n"


def test_a_long_list_shows_what_is_wrong_first() -> None:
    wrong = Line(150, Entry("zed"), (Finding("error", "x", "Wrong."),))
    lines = (*(Line(n, Entry(f"user{n}")) for n in range(1, 150)), wrong)
    shown = preview_lines(lines).plain
    assert "zed" in shown.splitlines()[0] and "… and 50 more lines" in shown


async def test_suspend_and_return_keep_what_the_roster_has(lab: Lab) -> None:
    async with stage(lab) as on:
        await on.go("users")
        await on.row("bob")
        await on.press("e")
        on.on(EditUserDialog)
        await on.type("sales")
        await on.press("enter")
        await on.until(lambda: on.on(UsersScreen).row.person.group == "sales")  # type: ignore[union-attr]
        await on.press("z")
        assert "stay in the roster" in on.flat
        await on.press("right", "enter")
        await on.settled()
        await on.until(lambda: state_of(on, "bob") == "suspended")
        assert "bob" not in users_of(lab, "acme")
        await on.row("bob")
        await on.press("n")
        assert any("b lets it return" in notice for notice in on.notices)
        await on.press("b", "right", "enter")
        await on.settled(2)
        await on.says("bob is active on every VPN")
        await on.press("p", "escape")
        await on.until(lambda: state_of(on, "bob") == "active")
        await on.row("bob")
        row = on.on(UsersScreen).row
        assert row is not None and row.person.group == "sales" and row.person.reset
        await on.press("b")
        assert any("bob is not suspended" in notice for notice in on.notices)


async def test_a_new_password_is_a_removal_and_an_addition(lab: Lab) -> None:
    before = users_of(lab, "acme")["bob"]
    async with stage(lab) as on:
        await on.go("users")
        await on.row("bob")
        await on.press("n")
        assert "CloudStack cannot change a password" in on.flat
        await on.press("right", "enter")
        await on.settled()
        await on.says("bob has a new password")
        await on.press("p")
        after = users_of(lab, "acme")["bob"]
        assert after != before and on.wire.writes == ["removeVpnUser", "addVpnUser"]
        await on.says(after)
        await on.press("z")
        assert any("Nobody knows the old passwords" in notice for notice in on.notices)


async def test_last_days_are_remembered_and_who_is_over_can_be_removed(lab: Lab) -> None:
    async with stage(lab) as on:
        users = on.session.inventory.users.rows.values()
        key = next(user.owner_key for user in users if user.user_name == "bob")
        day = today()
        roster = on.session.roster
        over, soon = day - timedelta(days=3), day + timedelta(days=2)
        await roster.remember(key, {"bob": Remark(expires=over), "carol": Remark(expires=soon)})
        await on.go("users")
        await on.until(lambda: any("bob has expired" in notice for notice in on.notices))
        assert any("carol expires within a week" in notice for notice in on.notices)
        await on.press("X")
        assert (
            f"bob until {over.isoformat()}" in on.flat
            and "carol" not in on.on(ConfirmDialog)._title
        )
        await on.press("right", "enter")
        await on.settled()
        assert on.wire.writes == ["removeVpnUser"] and "bob" not in users_of(lab, "acme")
        await on.until(lambda: roster.person(key, "bob").expires is None)
        await on.press("X")
        assert any("Nobody has expired" in notice for notice in on.notices)


async def test_an_edit_says_what_is_wrong(lab: Lab) -> None:
    async with stage(lab) as on:
        await on.go("users")
        await on.row("bob")
        await on.press("e")
        for field, typed, says in (
            ("#expires-input", "2020-01-01", "is over"),
            ("#expires-input", "soon", "cannot be read"),
            ("#group-input", "g" * 41, "it may have 40"),
        ):
            await on.tab_to(field)
            await on.type(typed)
            assert says in on.flat and not can_send(on), typed
        await on.press("escape")
        on.on(UsersScreen)
        assert on.session.roster.owners() == ()


def damage(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"nonsense" * 999)


def exported(folder: Path) -> list[Path]:
    return list(folder.glob("vpn-users-*.csv"))


async def test_a_damaged_roster_is_said_and_stops_nothing(lab: Lab) -> None:
    async with stage(lab) as on:
        damage(Path(on.session.roster.place.file))
        await on.go("users")
        await on.until(lambda: any("is damaged" in notice for notice in on.notices))
        await on.row("bob")
        await on.press("z", "right", "enter")
        task = await on.settled()
        assert task.state is TaskState.FAILED and "bob" in users_of(lab, "acme")
        await on.press("x", "right", "enter")
        await on.settled(2)
        assert "bob" not in users_of(lab, "acme")


async def test_stale_users_are_found_with_what_was_looked_at(lab_with_routers: Lab) -> None:
    async with stage(lab_with_routers, (160, 48)) as on:
        await on.go("users")
        await on.row("bob")
        await on.press("t")
        on.on(UserAuditDialog)
        await on.says("✘ ghost", "r-47-VM lets walter in", "its journal since")
        await on.press("d")
        await on.says("✘ ghost")


async def test_users_are_exported_without_passwords(
    lab: Lab, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    async with stage(lab) as on:
        await on.go("users")
        await on.press("o")
        await on.until(lambda: any("exported" in notice for notice in on.notices))
    (file,) = exported(tmp_path)
    text = file.read_text("utf-8")
    assert "alice" in text and file.stat().st_mode & 0o777 == 0o600
    assert all(password not in text for password in users_of(lab, "acme").values())
