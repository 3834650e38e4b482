"""Source CIDRs, by recording 09."""

from ipaddress import IPv4Network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.vpn.cidrs import (
    ANYWHERE,
    covers_everything,
    not_covered,
    parse_sources,
    spoken_sources,
    spoken_with_names,
)

networks = st.tuples(st.integers(0, 2**32 - 1), st.integers(0, 32)).map(
    lambda pair: str(IPv4Network(pair, strict=False))
)


def test_nothing_means_anyone() -> None:
    assert parse_sources("  ").cidrs == (ANYWHERE,)


def test_commas_and_blanks() -> None:
    assert parse_sources("198.51.100.0/24, 192.0.2.0/24\n203.0.113.7/32").cidrs == (
        "198.51.100.0/24",
        "192.0.2.0/24",
        "203.0.113.7/32",
    )


@pytest.mark.parametrize(
    ("text", "code", "server"),
    [
        ("10.0.0.5", "cidr-mask", "Source CIDRs formatting error 10.0.0.5"),
        ("10.0.0.0/33", "cidr-form", "Source CIDRs formatting error 10.0.0.0/33"),
        ("office", "cidr-form", "Source CIDRs formatting error office"),
        ("10.0.0.0/255.0.0.0", "cidr-form", "Source CIDRs formatting error 10.0.0.0/255.0.0.0"),
        ("2001:db8::/32", "cidr-ipv6", ""),
    ],
)
def test_what_cannot_be_used(text: str, code: str, server: str) -> None:
    sources = parse_sources(f"{text}, 192.0.2.0/24")
    assert not sources.usable
    (finding,) = sources.findings
    assert (finding.severity, finding.code, finding.server_says) == ("error", code, server)


def test_a_missing_mask_is_proposed() -> None:
    (finding,) = parse_sources("10.0.0.5").findings
    assert "write 10.0.0.5/32" in finding.says


def test_host_bits_are_cleared_and_said() -> None:
    sources = parse_sources("10.0.0.5/24")
    assert sources.cidrs == ("10.0.0.0/24",)
    assert sources.findings[0].code == "cidr-host-bits"


def test_twice_and_inside_are_said() -> None:
    sources = parse_sources("10.0.0.0/8 10.0.0.0/8 10.1.0.0/16")
    assert sources.cidrs == ("10.0.0.0/8", "10.1.0.0/16")
    assert [finding.code for finding in sources.findings] == ["cidr-twice", "cidr-inside"]
    assert sources.usable


def test_in_words() -> None:
    assert spoken_sources([]) == spoken_sources([ANYWHERE]) == "anywhere"
    assert spoken_sources(["a/1"]) == "a/1"
    assert spoken_sources(["10.0.0.0/8", "b", "c"]) == "10.0.0.0/8, b and c"


@given(st.lists(networks, min_size=1, max_size=6))
def test_good_cidrs_go_through_unchanged(cidrs: list[str]) -> None:
    sources = parse_sources(", ".join(cidrs))
    assert sources.cidrs == tuple(dict.fromkeys(cidrs))
    assert not_covered(cidrs, cidrs) == ()
    assert covers_everything([*cidrs, ANYWHERE])


@given(st.text(max_size=60))
def test_any_text_gets_an_answer(text: str) -> None:
    sources = parse_sources(text)
    assert sources.usable == all(f.severity == "warning" for f in sources.findings)
    for cidr in sources.cidrs:
        assert str(IPv4Network(cidr)) == cidr


LISTS = {"office": ("198.51.100.0/24", "192.0.2.7/32"), "anna": ("203.0.113.9/32",)}


def test_a_name_stands_for_its_list() -> None:
    sources = parse_sources("office, 192.0.2.7/32 203.0.113.0/24 anna", LISTS)
    assert sources.cidrs == ("198.51.100.0/24", "192.0.2.7/32", "203.0.113.0/24", "203.0.113.9/32")
    assert [finding.code for finding in sources.findings] == ["cidr-twice", "cidr-inside"]
    assert parse_sources("office anna office", LISTS).cidrs == (*LISTS["office"], *LISTS["anna"])
    assert not parse_sources("office anna office", LISTS).findings


@pytest.mark.parametrize(
    ("lists", "rest"),
    [(LISTS, "the lists of the profile are: anna, office."), ({}, "the profile has no lists.")],
)
def test_an_unknown_name_names_the_known_ones(lists: dict[str, tuple[str, ...]], rest: str) -> None:
    sources = parse_sources("offce 10.0.0.0/8", lists)
    (finding,) = sources.findings
    assert not sources.usable and finding.severity == "error" and finding.code == "cidr-name"
    assert finding.says.startswith("“offce” is neither") and finding.says.endswith(rest)


def test_anywhere_is_a_word_where_names_are() -> None:
    assert parse_sources("anywhere", {}).cidrs == parse_sources("Anywhere", LISTS).cidrs
    assert parse_sources("anywhere", {}).cidrs == (ANYWHERE,)
    assert not parse_sources("anywhere").usable


@given(st.text(), st.dictionaries(st.text(), st.lists(networks, min_size=1)))
def test_any_text_with_any_lists_is_read(text: str, lists: dict[str, list[str]]) -> None:
    sources = parse_sources(text, lists)
    known = {ANYWHERE, *(cidr for listed in lists.values() for cidr in listed)}
    assert sources.usable or sources.findings
    assert all(cidr in known or "/" in text for cidr in sources.cidrs)


def test_sources_are_said_by_their_names() -> None:
    cidrs = ["10.0.0.0/8", *LISTS["office"]]
    says = "office (198.51.100.0/24, 192.0.2.7/32) and 10.0.0.0/8"
    assert spoken_with_names(cidrs, LISTS) == says
    assert spoken_with_names(["198.51.100.0/24"], LISTS) == "198.51.100.0/24"
    assert spoken_with_names([ANYWHERE, *cidrs], LISTS) == "anywhere"
