"""Generated passwords and the strength of typed ones."""

import string
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.vpn.passwords import (
    ALPHABET,
    FAIR_BITS,
    GENERATED_BITS,
    STRONG_BITS,
    estimate,
    generate_password,
)
from tui.vpn.users import check_password


def test_generated_passwords_are_taken_and_differ() -> None:
    made = [generate_password() for _ in range(200)]
    assert len(set(made)) == 200
    for password in made:
        assert check_password(password) is None
        groups = password.split("-")
        assert [len(group) for group in groups] == [5, 5, 5, 5]
        assert set("".join(groups)) <= set(ALPHABET)
    # Every character has its turn: 4,000 draws of 54 leave one out once in 10^30 runs.
    assert set(Counter("".join(made).replace("-", ""))) == set(ALPHABET)


def test_no_look_alikes() -> None:
    assert not set("0Oo1lIiL") & set(ALPHABET)
    assert len(ALPHABET) == 54


def test_a_generated_password_is_worth_what_it_is() -> None:
    assert 115 < GENERATED_BITS < 116
    assert estimate(generate_password()).bits == GENERATED_BITS


@pytest.mark.parametrize(
    "password",
    ["Winter2026x", "password", "P@ssw0rd", "qwerty123", "a" * 32, "alice2026", "abc", "", 
     "12345678", "Password1234", "ytrewq", "abcabcabcabc", "Sommer.2026"],
)  # fmt: skip
def test_what_people_type_first_is_weak(password: str) -> None:
    judged = estimate(password, ["alice"])
    assert judged.strength == "weak"
    assert judged.mark.tone == "bad"


@pytest.mark.parametrize(
    "password", ["x9K.2m_Qp+v4", "h7RbnwK2pdXf9Tm", "correcthorsebatterystaple"]
)
def test_what_nobody_guesses_is_strong(password: str) -> None:
    assert estimate(password).strength == "strong"


def test_the_own_name_is_the_first_guess() -> None:
    assert estimate("margarethe.k", ["margarethe.k"]).bits < estimate("margarethe.k").bits / 2


def test_the_reason_is_named() -> None:
    assert "a common word, a year" in estimate("Winter2026x").says
    assert "repeat" in estimate("alicealice", ["alice"]).says


@given(st.text(alphabet=string.ascii_letters + string.digits + "@+=.-_", max_size=32))
def test_more_is_never_much_less(password: str) -> None:
    judged = estimate(password)
    assert 0 <= judged.bits <= len(password) * 6.1 or judged.bits == GENERATED_BITS
    expected = (
        "weak" if judged.bits < FAIR_BITS else "fair" if judged.bits < STRONG_BITS else "strong"
    )
    assert judged.strength == expected
    assert password not in judged.says or len(password) < 4
