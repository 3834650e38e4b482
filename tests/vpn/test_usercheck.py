"""A list against its account: what stands in the way, on which line, before anything is sent."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.vpn.findings import errors
from tui.vpn.usercheck import CheckedList, Room, check_list
from tui.vpn.userfile import read_users

TODAY = date(2026, 11, 25)


def check(text: str, room: Room | None = None) -> CheckedList:
    return check_list(read_users(text, TODAY).lines, room or Room())


def found(checked: CheckedList, line: int) -> list[str]:
    return [each.code for each in checked.lines[line].findings]


def test_a_list_that_is_right() -> None:
    checked = check("alice\nrobert\n", Room(existing=("carol",)))
    assert checked.is_right and checked.counts == "2 users: all right"
    assert [entry.name for entry in checked.entries] == ["alice", "robert"]
    assert not check("").is_right, "nobody is no list to send"


@pytest.mark.parametrize(
    ("text", "code", "says"),
    [
        ("al", "user-name", "it needs 3 to 64"),
        ("wälter", "user-name", "allowed are letters, digits"),
        ("carol", "user-taken", "already has a VPN user carol"),
        ("name,password\nwalter,ab", "user-password", "it needs 3 to 32"),
        ("name,password\nwalter,pa ss", "user-password", "a blank"),
        ("name,group\nwalter," + "g" * 41, "roster-group", "it may have 40"),
        ("name,note\nwalter," + "n" * 201, "roster-note", "it may have 200"),
        ("name,note\nwalter,a\x07b", "roster-note", "cannot be printed"),
        ("gone.user", "user-hidden", "in no list, but the name is taken"),
        ("name,expires\nwalter,soon", "file-expires", "cannot be read"),
    ],
)
def test_what_is_wrong(text: str, code: str, says: str) -> None:
    checked = check(text, Room(existing=("carol",), hidden=("gone.user",)))
    assert not checked.is_right and code in found(checked, 0)
    assert any(says in each.says for each in checked.lines[0].findings)
    assert checked.counts.endswith("1 wrong")


def test_names_within_the_list() -> None:
    checked = check("walter\nnadia\nWALTER\nwal\n")
    assert found(checked, 2) == ["file-twice"]
    assert "line 1 already" in checked.lines[2].findings[0].says
    assert found(checked, 3) == ["user-substring"]
    assert checked.counts == "4 users: 1 wrong, 1 to look at"


def test_passwords_are_judged_and_never_quoted() -> None:
    checked = check("name,password\nwalter,Summer2026\nnadia,Summer2026\njudy,Qm7-Vt2.Rb9_Wd4")
    assert found(checked, 0) == ["password-strength"]
    assert found(checked, 1) == ["password-shared", "password-strength"]
    assert found(checked, 2) == [] and checked.is_right
    assert "Summer2026" not in str(checked)


def test_the_limit_is_said_before_it_bites() -> None:
    five = ("u1x", "u2x", "u3x", "u4x", "u5x")
    room = Room(existing=five, hidden=("u5x", "gone"), limit=8)
    assert (room.used, room.left, room.unseen) == (6, 2, ("gone",))
    assert room.words == "6 of 8 (the usual limit) used (gone half removed, in no list)"
    checked = check("anna\nbert\ncora\n", room)
    assert [found(checked, line) for line in range(3)] == [[], [], ["user-limit"]]
    (limit,) = checked.findings
    assert "so 2 are left; 3 more do not fit" in limit.says and "Among them gone" in limit.says
    assert check("anna\nbert", room).is_right
    assert Room(limit=12, limit_known=True).words == "0 of 12 used"
    assert check("anna", Room(limit=0)).findings[0].says.count("none is left") == 1


@given(st.text(max_size=200), st.lists(st.sampled_from(["alice", "bob", "carol"]), unique=True))
def test_every_line_stays_and_what_is_right_fits(text: str, existing: list[str]) -> None:
    file = read_users(text, TODAY)
    checked = check_list(file.lines, Room(existing=tuple(existing)))
    assert [line.number for line in checked.lines] == [line.number for line in file.lines]
    if checked.is_right:
        added = [line.entry.name for line in checked.lines]
        assert len({*map(str.lower, added)}) == len(added) <= 8 - len(existing)
        assert not set(added) & set(existing)
        assert all(not errors(line.findings) for line in checked.lines)
