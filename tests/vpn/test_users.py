"""Names and passwords, by recording 08."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.vpn.users import (
    check_confusion,
    check_limit,
    check_name,
    check_new_user,
    check_password,
    check_taken,
    cut_off_together,
)

NAMES_TAKEN = ["Bob", "bob.smith", "bob-smith", "bob_smith", "bob@example.org", "1bob", "b" * 64]
NAMES_REFUSED = ["-bob", "bob smith", "b", "b" * 65, "bøb", "bob;reboot", 'bob"', "bob#1", "*"]
PASSWORDS_TAKEN = ["short", "Winter2", "W" * 31, "W" * 32, *(f"Winter2026{c}" for c in "@+=-_.")]
PASSWORDS_REFUSED = ["W" * 33, "W" * 64, *(f"Winter2026{c}" for c in " #\"'$!,/:;%^&*?~\\(ü")]


@pytest.mark.parametrize("name", NAMES_TAKEN)
def test_names_that_the_server_took(name: str) -> None:
    assert check_name(name) is None


@pytest.mark.parametrize("name", NAMES_REFUSED)
def test_names_that_the_server_refused(name: str) -> None:
    finding = check_name(name)
    assert finding is not None
    assert finding.server_says == (
        f"Username [{name}] is invalid. Username has to begin with an alphabet have 3-64 "
        "characters including alphabets, numbers and the set '@.-_'."
    )


@pytest.mark.parametrize("password", PASSWORDS_TAKEN)
def test_passwords_that_the_server_took(password: str) -> None:
    assert check_password(password) is None


@pytest.mark.parametrize("password", PASSWORDS_REFUSED)
def test_passwords_that_the_server_refused(password: str) -> None:
    finding = check_password(password)
    assert finding is not None
    assert password not in finding.says
    assert finding.server_says == (
        "Password has to be 3-32 characters including alphabets, numbers and the set '@+=.-_'"
    )


def test_empty_has_its_own_words() -> None:
    name, password = check_name(""), check_password("")
    assert name is not None
    assert password is not None
    assert name.server_says == "Invalid value provided for API arg: username"
    assert password.server_says == "Invalid value provided for API arg: password"


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("-bob", "The name begins with “-”; it must begin with a letter or a digit."),
        ("bob smith", "The name has a blank in it; allowed are letters, digits and @ . - _."),
        ("bob#1", "The name has “#” in it; allowed are letters, digits and @ . - _."),
        ("b\x1bb", "The name has an invisible character in it; allowed are letters, digits"),
        ("b", "The name has 1 character; it needs 3 to 64."),
        ("b" * 65, "The name has 65 characters; it needs 3 to 64."),
    ],
)
def test_the_reason_names_what_was_given(name: str, says: str) -> None:
    finding = check_name(name)
    assert finding is not None
    assert finding.says.startswith(says)


def test_the_order_is_the_servers() -> None:
    """Recording 08: name, password, duplicate, limit."""
    findings = check_new_user("-", "x", ["-"] * 8)
    assert [finding.code for finding in findings] == [
        "user-name",
        "user-password",
        "user-taken",
        "user-limit",
    ]
    assert check_new_user("alice", "Winter2026x", ["bob"]) == ()


def test_the_limit_counts_all_at_once() -> None:
    assert check_limit(7) is None
    finding = check_limit(7, 2)
    assert finding is not None
    assert "so one is left; 2 more do not fit" in finding.says
    assert check_limit(8, 1, limit=9) is None


def test_case_is_warned_of_only() -> None:
    finding = check_taken("bob", ["Bob"])
    assert finding is not None
    assert finding.severity == "warning"


def test_bob_and_bobby() -> None:
    for name, existing in (("bob", "bobby"), ("bobby", "bob")):
        finding = check_confusion(name, [existing])
        assert finding is not None
        assert finding.says.startswith("bob is part of bobby")
    assert cut_off_together("bob", ["bob", "bobby", "jimbob", "alice"]) == ("bobby", "jimbob")
    assert check_confusion("alice", ["bob"]) is None


@given(st.text(max_size=70))
def test_names_agree_with_the_servers_expression(name: str) -> None:
    good = re.fullmatch(r"^[a-zA-Z0-9][a-zA-Z0-9@._-]{2,63}$", name) and not name.endswith("\n")
    finding = check_name(name)
    assert (finding is None) == bool(good)
    assert finding is None or finding.says.endswith(".")


@given(st.text(max_size=40))
def test_passwords_agree_with_the_servers_expression(password: str) -> None:
    good = re.fullmatch(r"[a-zA-Z0-9][a-zA-Z0-9@+=._-]{2,31}", password)
    assert (check_password(password) is None) == bool(good)
