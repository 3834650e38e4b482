"""The filter line: words, `field:value`, `!not`."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.hostile import PAYLOADS
from tui.widgets.rowfilter import RowFilter, Term

FIELDS = ("network", "type", "cidr", "vpn", "account")
ROW = {
    "network": "acme-prod",
    "type": "isolated",
    "cidr": "10.1.1.0/24",
    "vpn": "✔ running",
    "account": "project rocket",
}
words = st.text(st.sampled_from("abcACM-.:!✔ 1024"), max_size=12)


def keeps(text: str, row: dict[str, str] | None = None) -> bool:
    return RowFilter.parse(text, FIELDS).keeps(lambda: ROW if row is None else row)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "   ",
        "acme",
        "ACME",
        "prod",
        "amprd",  # letters in order within one word
        "running",
        "✔",
        "10.1.1",
        "rocket project",  # both, in any order
        "network:prod",
        "net:prod",  # the beginning of a title
        "account:rocket",
        "!beta",
        "!network:beta",
        "!amprd",  # to be hidden, a row has to have the word itself
        "acme !vpc",
        "network:",  # not finished yet
        "!",
        "!account:",
    ],
)
def test_kept(text: str) -> None:
    assert keeps(text)


@pytest.mark.parametrize(
    "text",
    [
        "beta",
        "acme beta",
        "!acme",
        "!running",
        "network:isolated",
        "account:acme",
        "network:amprd",  # within a field as it stands
        "dorp",
        "pc",  # two letters are looked for as they stand
        "!account:rocket",
        "colour:red",  # no such field, so it is a word, and no row has it
    ],
)
def test_left_out(text: str) -> None:
    assert not keeps(text)


def test_a_colon_that_names_no_field_belongs_to_the_word() -> None:
    assert RowFilter.parse("10:30 fe80::1", FIELDS).terms == (Term("10:30"), Term("fe80::1"))
    row = {"network": "fe80::1"}
    assert keeps("fe80::1", row)
    assert RowFilter.parse("!type:vpc", FIELDS).terms == (Term("vpc", "type", True),)


def test_cells_are_asked_for_only_when_there_is_a_term() -> None:
    def fail() -> dict[str, str]:
        raise AssertionError("asked")

    assert RowFilter.parse("  ", FIELDS).keeps(fail)


@given(words, words)
def test_more_words_never_keep_more_rows(first: str, second: str) -> None:
    if keeps(f"{first} {second}"):
        assert keeps(first)
        assert keeps(second)


@given(words)
def test_case_does_not_matter(text: str) -> None:
    assert keeps(text.upper()) == keeps(text.lower())


@given(st.sampled_from("abcdefghijklmnopqrstuvwxyz"))
def test_a_letter_and_its_negation_are_opposites(letter: str) -> None:
    assert keeps(letter) != keeps(f"!{letter}")


@given(st.text(), st.dictionaries(st.sampled_from(FIELDS), st.text()))
def test_nothing_typed_breaks_it(text: str, row: dict[str, str]) -> None:
    keeps(text, {title: cell.lower() for title, cell in row.items()})


def test_hostile_texts_are_only_texts() -> None:
    for payload in PAYLOADS:
        row = {"network": payload.lower()}
        for word in payload.split()[:3]:
            if not word.startswith("!"):
                assert keeps(word, row), payload[:60]
