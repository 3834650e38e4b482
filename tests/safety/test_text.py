"""Cleaning is total, idempotent, bounded, and leaves nothing that a terminal acts on."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.hostile import DANGEROUS, PAYLOADS
from tui.safety.text import clean, clean_bytes, clean_lines, clean_tree

ANY_TEXT = st.text(st.characters(codec=None, exclude_categories=()), max_size=200)
NASTY_TEXT = st.text(st.sampled_from("\x00\t\n\x1b\x7f\x9b\xad\u200b\u202e\ufeff\ud800a[日"))


@given(ANY_TEXT | NASTY_TEXT, st.integers(0, 300))
def test_cleaning_leaves_nothing_dangerous_and_is_bounded(text: str, limit: int) -> None:
    cleaned = clean(text, limit)
    assert DANGEROUS.search(cleaned) is None
    assert len(cleaned) <= limit


@given(ANY_TEXT | NASTY_TEXT, st.integers(0, 300))
def test_cleaning_twice_changes_nothing(text: str, limit: int) -> None:
    assert clean(clean(text, limit), limit) == clean(text, limit)


@given(
    st.text(
        st.characters(
            categories=("L", "N", "P", "S", "Zs"), exclude_characters="\u115f\u1160\u3164\uffa0"
        )
    )
)
def test_readable_text_is_kept_as_it_is(text: str) -> None:
    assert clean(text, max(len(text), 1)) == text


@given(st.binary(max_size=300))
def test_bytes_never_fail(raw: bytes) -> None:
    assert DANGEROUS.search(clean_bytes(raw)) is None


@given(st.text(max_size=100))
def test_bytes_and_text_agree(text: str) -> None:
    assert clean_bytes(text.encode("utf-8", "ignore")) == clean(
        text.encode("utf-8", "ignore").decode()
    )


@pytest.mark.parametrize("payload", PAYLOADS, ids=range(len(PAYLOADS)))
def test_every_payload_becomes_harmless(payload: str) -> None:
    cleaned = clean(payload)
    assert DANGEROUS.search(cleaned) is None
    assert clean(cleaned) == cleaned
    invisible = {"\u200b", "\u200d", "\ufeff", "\u2060", "\u00ad", "\ufe0f"}
    assert not invisible & set(cleaned)
    assert all(unicodedata.category(c) not in {"Cc", "Cs", "Zl", "Zp"} for c in cleaned)


def test_what_people_see() -> None:
    assert clean("a\tb\nc\x1b[2J\x7f\x9b\u202e") == "a    b␊c␛[2J␡\\x9b<U+202E>"
    assert clean("x" * 50, 40) == "x" * 23 + "…[+27 characters]"
    assert clean("replacement \ufffd stays") == "replacement \ufffd stays"
    assert clean_bytes(b"ok \xff\xfe") == "ok \\xff\\xfe"


def test_a_cut_never_splits_a_picture() -> None:
    cleaned = clean("\u202e" * 20, 40)
    assert cleaned == "<U+202E><U+202E>…[+18 characters]"


def test_lines_and_trees() -> None:
    assert clean_lines("a\x1b\r\nb\x85c") == ["a␛", "b", "c"]
    assert clean_tree({"na\x1bme": ["\x9b", 1, None, {"k": True}]}) == {
        "na␛me": ["\\x9b", 1, None, {"k": True}]
    }


_PIECES = st.sampled_from(
    [b"\xff", b"a", "\u00e9".encode(), b"\xc3", b"\xe2\x82", b"\0", b"\x1b", b"\t"]
)


@given(st.lists(_PIECES, max_size=80).map(b"".join), st.integers(1, 40))
def test_what_is_not_seen_of_long_bytes_counts_as_if_it_were(raw: bytes, limit: int) -> None:
    assert clean_bytes(raw, limit) == clean(raw.decode("utf-8", "backslashreplace"), limit)
