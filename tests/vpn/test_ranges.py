"""Client ranges: form, capacity, what the API makes of them."""

from ipaddress import IPv4Address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.vpn.ranges import DEFAULT_RANGE, ClientRange, RangeError, from_api, parse_range, spans_of

addresses = st.integers(0, 2**32 - 1).map(IPv4Address)
ranges = st.tuples(addresses, addresses).map(lambda ends: ClientRange(min(ends), max(ends)))


def test_the_default_gives_seven_clients() -> None:
    default = parse_range(DEFAULT_RANGE)
    assert (default.addresses, default.clients) == (8, 7)
    assert str(default.router) == "10.1.2.1"
    assert default.pool == "10.1.2.2-10.1.2.8"


@pytest.mark.parametrize(
    ("text", "word", "server"),
    [
        # The server's words are those of recording 06.
        ("10.3.0.1", "no dash", "IP range [10.3.0.1] is an invalid IP range."),
        ("10.3.0.20-10.3.0.1", "ends before", "Range of IPs [10.3.0.20-10.3.0.1] is invalid."),
        ("a-b", "not an IPv4", "One or both IPs sets in the range [a-b] are invalid IPs."),
        (
            "10.3.0.1 - 10.3.0.9",
            "blanks",
            "One or both IPs sets in the range [10.3.0.1 - 10.3.0.9] are invalid IPs.",
        ),
        (
            "10.3.0.1-10.3.0.9-10.3.0.12",
            "2 dashes",
            "IP range [10.3.0.1-10.3.0.9-10.3.0.12] is an invalid IP range.",
        ),
        ("", "empty", "IP range [] is an invalid IP range."),
        ("10.3.0.0/24", "CIDR", "IP range [10.3.0.0/24] is an invalid IP range."),
        (
            "300.1.1.1-300.1.1.9",
            "not an IPv4",
            "One or both IPs sets in the range [300.1.1.1-300.1.1.9] are invalid IPs.",
        ),
        (
            "10.3.0.01-10.3.0.09",
            "leading zeros",
            "One or both IPs sets in the range [10.3.0.01-10.3.0.09] are invalid IPs.",
        ),
        (
            "fd00::1-fd00::9",
            "IPv6",
            "One or both IPs sets in the range [fd00::1-fd00::9] are invalid IPs.",
        ),
    ],
)
def test_what_the_server_refuses_is_refused_with_a_reason(
    text: str, word: str, server: str
) -> None:
    with pytest.raises(RangeError) as refused:
        parse_range(text)
    finding = refused.value.finding
    assert finding.severity == "error"
    assert word in finding.says
    assert finding.server_says == server


@given(ranges)
def test_writing_and_reading_agree(asked: ClientRange) -> None:
    assert parse_range(str(asked)) == asked


@given(ranges.filter(lambda one: one.last < IPv4Address(2**32 - 1)))
def test_the_answer_of_the_api_leads_back(asked: ClientRange) -> None:
    assert from_api(asked.pool) == asked


def test_an_empty_pool_is_answered_inverted() -> None:
    asked = parse_range("10.3.0.1-10.3.0.1")
    assert asked.pool == "10.3.0.2-10.3.0.1"
    assert from_api(asked.pool) == asked
    assert asked.clients == 0


@pytest.mark.parametrize("text", ["", "10.3.0.9-10.3.0.1", "0.0.0.0-0.0.0.5", "x", "1.2.3.4"])
def test_nonsense_from_the_api_is_an_error(text: str) -> None:
    with pytest.raises(RangeError):
        from_api(text)


@given(st.text())
def test_no_text_makes_the_parser_fail_otherwise(text: str) -> None:
    try:
        parsed = parse_range(text)
    except RangeError as refused:
        assert refused.finding.says.endswith(".")
        assert refused.finding.server_says
    else:
        assert str(parsed) == text


def test_spans_read_what_the_api_writes() -> None:
    assert spans_of("10.0.0.5/24") == spans_of("10.0.0.0-10.0.0.255")
    assert len(spans_of("10.0.0.0/24, 192.168.50.0/24")) == 2
    assert spans_of("2001:db8::/32") == ()
    assert spans_of("") == ()
    with pytest.raises(ValueError, match="does not appear"):
        spans_of("somewhere")
