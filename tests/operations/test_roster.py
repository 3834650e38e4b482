"""The roster: what it keeps, and that nothing about its file can stop the console."""

import os
import sqlite3
import stat
import threading
from datetime import UTC, date, datetime
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.operations import roster as module
from tui.operations.roster import Person, Remark, Roster, RosterError, RosterPlace

ACME = ("d-1", "acme")
CLOUD = "https://cloud.test/client/api"


@pytest.fixture
def place(tmp_path: Path) -> RosterPlace:
    return RosterPlace(str(tmp_path / "state" / "roster.sqlite"), CLOUD)


def test_nobody_is_there_before_anything_was_written(place: RosterPlace) -> None:
    assert Roster(place).people() == {}
    Roster(place).forget(ACME, ["alice"])
    assert not Path(place.file).exists(), "looking makes no file"


def test_what_is_given_is_kept_and_the_rest_stays(place: RosterPlace) -> None:
    roster = Roster(place)
    roster.remember(
        ACME, {"alice": Remark(group="sales", note="desk 4", expires=date(2027, 1, 31), added=5.0)}
    )
    roster.remember(ACME, {"alice": Remark(note="desk 5", added=9.0), "bob": Remark()})
    assert Roster(place).people() == {
        ACME: {
            "alice": Person(
                name="alice", group="sales", note="desk 5", expires=date(2027, 1, 31), added=5.0
            ),
            "bob": Person(name="bob"),
        }
    }
    roster.remember(ACME, {"alice": Remark(expires=None, group="", last_seen=7.0, seen_on="r-1")})
    roster.remember(ACME, {"alice": Remark(last_seen=3.0)})
    alice = Roster(place).people()[ACME]["alice"]
    assert alice.expires is None and alice.group == "" and alice.last_seen == 7.0
    assert alice.last_seen_at == datetime.fromtimestamp(7, UTC)
    roster.forget(ACME, ["alice"])
    assert set(Roster(place).people()[ACME]) == {"bob"}


def test_clouds_and_owners_are_told_apart(place: RosterPlace) -> None:
    other = Roster(msgspec.structs.replace(place, cloud="https://other.test/client/api"))
    Roster(place).remember(ACME, {"alice": Remark(group="a")})
    Roster(place).remember(("", "project-1"), {"alice": Remark(group="p")})
    other.remember(ACME, {"alice": Remark(group="o")})
    groups = {
        owner: [p.group for p in people.values()]
        for owner, people in Roster(place).people().items()
    }
    assert groups == {ACME: ["a"], ("", "project-1"): ["p"]}


def test_only_its_owner_may_read_it(place: RosterPlace) -> None:
    Roster(place).remember(ACME, {"alice": Remark()})
    folder = Path(place.file).parent
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    held = sqlite3.connect(place.file)
    held.execute("BEGIN")
    held.execute("SELECT * FROM person").fetchall()
    Roster(place).remember(ACME, {"bob": Remark()})
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()}
    held.close()
    assert set(modes.values()) == {0o600} and len(modes) == 3, modes
    Path(place.file).chmod(0o644)
    Roster(place).remember(ACME, {"carol": Remark()})
    assert stat.S_IMODE(Path(place.file).stat().st_mode) == 0o600


def test_a_password_has_no_place_in_it() -> None:
    for struct in (Person, Remark):
        assert not [field for field in struct.__struct_fields__ if "pass" in field]


REMARKS = st.builds(
    Remark,
    group=st.text(max_size=5),
    note=st.text(max_size=20),
    expires=st.none() | st.dates(),
    suspended=st.none() | st.floats(0, 1e9),
)


@given(st.dictionaries(st.text(min_size=1, max_size=10), REMARKS, max_size=4))
def test_any_text_comes_back(
    tmp_path_factory: pytest.TempPathFactory, remarks: dict[str, Remark]
) -> None:
    place = RosterPlace(str(tmp_path_factory.mktemp("r") / "roster.sqlite"), CLOUD)
    Roster(place).remember(ACME, remarks)
    people = Roster(place).people().get(ACME, {})
    assert {n: (p.group, p.note, p.expires, p.suspended) for n, p in people.items()} == {
        n: (r.group, r.note, r.expires, r.suspended) for n, r in remarks.items()
    }


# What can be wrong with the file.


def refused(place: RosterPlace) -> RosterError:
    with pytest.raises(RosterError) as caught:
        Roster(place).remember(ACME, {"alice": Remark(group="new")})
    assert caught.value.says and caught.value.remedy
    return caught.value


def test_a_damaged_file_is_said_and_left_alone(place: RosterPlace) -> None:
    path = Path(place.file)
    path.parent.mkdir()
    path.write_bytes(b"this is no roster" * 500)
    assert "is damaged" in str(refused(place)) and "Move it away" in str(refused(place))
    with pytest.raises(RosterError):
        Roster(place).people()
    assert path.read_bytes().startswith(b"this is no roster")


def test_a_torn_file_is_damaged_or_whole(place: RosterPlace) -> None:
    Roster(place).remember(ACME, {f"user{n}": Remark(note="x" * 200) for n in range(200)})
    path = Path(place.file)
    whole = path.read_bytes()
    for cut in (1, 50, 5000, len(whole) - 1000):
        for companion in path.parent.iterdir():
            companion.unlink()
        path.write_bytes(whole[:cut])
        try:
            people = Roster(place).people()
        except RosterError as problem:
            assert "damaged" in problem.says
        else:
            assert people in ({}, {ACME: people.get(ACME)})


def test_a_newer_file_is_not_touched(place: RosterPlace) -> None:
    Roster(place).remember(ACME, {"alice": Remark(group="old")})
    with sqlite3.connect(place.file) as newer:
        newer.execute("PRAGMA user_version = 9")
    newer.close()
    assert "of a newer csvpn (version 9" in str(refused(place))


def test_a_file_that_another_program_writes(
    place: RosterPlace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "WAIT_SECONDS", 0.05)
    Roster(place).remember(ACME, {"alice": Remark(group="old")})
    other = sqlite3.connect(place.file, isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    assert "written by another program" in str(refused(place))
    other.execute("ROLLBACK")
    other.close()
    Roster(place).remember(ACME, {"alice": Remark(group="new")})
    assert Roster(place).people()[ACME]["alice"].group == "new"


def test_two_consoles_at_once_lose_nothing(place: RosterPlace) -> None:
    begin = threading.Barrier(3)

    def write(field: str) -> None:
        begin.wait()  # all of them make the new file
        for number in range(15):
            Roster(place).remember(ACME, {f"{field}{number}": Remark(group=field)})

    threads = [threading.Thread(target=write, args=(name,)) for name in "abc"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(Roster(place).people()[ACME]) == 45


def test_a_folder_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    place = RosterPlace(str(tmp_path / "file" / "state" / "roster.sqlite"), CLOUD)
    assert "CSVPN_STATE_DIR" in refused(place).remedy


def test_a_read_only_folder_can_still_be_looked_at(
    place: RosterPlace, monkeypatch: pytest.MonkeyPatch
) -> None:
    Roster(place).remember(ACME, {"alice": Remark(group="sales")})
    before = sorted(Path(place.file).parent.iterdir())

    def refuse(*_: object, **__: object) -> int:
        raise OSError(30, os.strerror(30))

    monkeypatch.setattr(os, "access", lambda *_: False)
    monkeypatch.setattr(os, "open", refuse)
    assert Roster(place).people()[ACME]["alice"].group == "sales"
    assert "Read-only file system" in refused(place).says
    assert sorted(Path(place.file).parent.iterdir()) == before


def test_a_full_disk_keeps_what_was_there(
    place: RosterPlace, monkeypatch: pytest.MonkeyPatch
) -> None:
    Roster(place).remember(ACME, {"alice": Remark(group="old")})
    connect = sqlite3.connect

    def small(*given: object, **named: object) -> sqlite3.Connection:
        made: sqlite3.Connection = connect(*given, **named)  # type: ignore[call-overload]
        made.execute("PRAGMA max_page_count = 4")
        return made

    monkeypatch.setattr(sqlite3, "connect", small)
    with pytest.raises(RosterError) as caught:
        Roster(place).remember(ACME, {"alice": Remark(group="new", note="x" * 100_000)})
    assert "full" in caught.value.says and caught.value.remedy == "Make room on the disk."
    assert Roster(place).people()[ACME]["alice"].group == "old"


def test_a_program_that_ends_in_the_middle_leaves_the_old_state(place: RosterPlace) -> None:
    Roster(place).remember(ACME, {"alice": Remark(group="old")})
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:  # pragma: no cover - ends like a killed program
        roster = sqlite3.connect(place.file, isolation_level=None)
        roster.execute("BEGIN IMMEDIATE")
        roster.execute("UPDATE person SET note = 'half'")
        os.write(writing, b"x")
        os._exit(9)
    os.read(reading, 1)
    os.waitpid(child, 0)
    os.close(reading)
    os.close(writing)
    alice = Roster(place).people()[ACME]["alice"]
    assert (alice.group, alice.note) == ("old", "")
    Roster(place).remember(ACME, {"alice": Remark(note="whole")})
    assert Roster(place).people()[ACME]["alice"].note == "whole"
