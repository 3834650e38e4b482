"""Passwords of words: taken by the server, no two words alike, worth what is said."""

import math
from collections import Counter
from itertools import permutations

import pytest

from tui.vpn import passphrases
from tui.vpn.passphrases import (
    WORDS,
    bits_of_passphrase,
    generate_passphrase,
    passphrase_bits,
    word_list,
)
from tui.vpn.passwords import STRONG_BITS, estimate, make_password, password_words
from tui.vpn.users import check_password


def test_the_list_has_plain_short_words_that_differ_early() -> None:
    words = word_list()
    assert len(words) == len(set(words)) == 1100
    assert {len(word) for word in words} == {3, 4, 5}
    assert all(word.isascii() and word.islower() and word.isalpha() for word in words)
    assert len({word[:4] for word in words}) == len(words)


def test_what_is_made_is_taken_and_differs() -> None:
    made = [generate_passphrase() for _ in range(300)]
    assert len(set(made)) == 300
    for password in made:
        assert check_password(password) is None, password
        parts = password.split("-")
        assert len(parts) == len(set(parts)) == WORDS
        assert set(parts) <= set(word_list())


def test_the_bits_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    """On a list so small that every passphrase can be written down."""
    few = ("abc", "def", "ghij", "klmn", "opqrs", "tuvwx", "yzabc", "cdefg")
    monkeypatch.setattr(passphrases, "word_list", lambda: few)
    all_of_them = [drawn for drawn in permutations(few, WORDS) if len("-".join(drawn)) <= 32]
    assert 0 < len(all_of_them) < math.perm(len(few), WORDS)
    assert passphrase_bits.__wrapped__() == pytest.approx(math.log2(len(all_of_them)))
    drawn = Counter(passphrases.generate_passphrase() for _ in range(200))
    assert set(drawn) <= {"-".join(each) for each in all_of_them}


def test_they_are_strong_enough_for_what_there_is() -> None:
    assert STRONG_BITS < 60 < passphrase_bits() < 61
    judged = estimate(make_password("words"), ["alice"])
    assert judged.bits == passphrase_bits() and judged.strength == "strong"
    assert "6 random words, about 60 bits" in password_words("words")
    assert "20 random characters, about 115 bits" in password_words("characters")


def test_words_that_were_not_drawn_count_as_words() -> None:
    one = math.log2(1100)
    for typed, bits in (
        ("able-able-able-able-able-able", one),
        ("able-acid-also-apple-arch", 5 * one),
        ("able.acid", 2 * one),
    ):
        assert bits_of_passphrase(typed) == pytest.approx(bits)
        assert estimate(typed).bits == pytest.approx(bits)
    assert estimate("able-acid-also-apple-arch").strength == "fair"
    for typed in ("able-acid-also-apple-arch-xyzzy", "qqq-www-eee-rrr-ttt-yyy", ""):
        assert bits_of_passphrase(typed) is None
