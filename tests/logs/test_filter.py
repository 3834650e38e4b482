"""Filters: words, phrases, expressions, fields."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.logs.blocks import NOW, block
from tests.router_cases import case
from tui.logs.filter import Filter, FilterProblem, parse_filter
from tui.logs.line import Level, LogLine
from tui.logs.merge import block_of, placed
from tui.logs.sieve import Shown, Sieve


def line(
    text: str,
    *,
    tag: str = "charon",
    level: Level = "info",
    source: str = "daemon",
    copy: bool = False,
) -> LogLine:
    return LogLine("r-42-VM", source, None, "r-42-VM", tag, None, level, text, copy)


LINE = line("09[IKE] IKE_SA L2TP-PSK[1] established between 203.0.113.10")


def wanted(text: str, subject: LogLine = LINE) -> bool:
    found = parse_filter(text)
    assert isinstance(found, Filter), found
    return found.matches(subject)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("", True),
        ("established", True),
        ("ESTABLISHED", False),
        ("ike_sa", True),
        ("established 203.0.113.10", True),
        ("established bob", False),
        ("!bob", True),
        ("!established", False),
        ('"IKE_SA L2TP"', True),
        ('"SA established"', False),
        ('"unclosed', False),
        ("/L2TP-PSK\\[\\d+\\]/", True),
        ("!/L2TP-PSK\\[\\d+\\]/", False),
        ("/l2tp-psk\\[\\d/", True),
        ("tag:charon", True),
        ("tag:char", False),
        ("!tag:charon", False),
        ("source:daemon router:r-42-VM", True),
        ("source:cloud", False),
        ("charon:", True),
        ("203.0.113.1(", False),
    ],
)
def test_texts(text: str, shown: bool) -> None:
    assert wanted(text) == shown


@pytest.mark.parametrize(
    ("level", "text", "shown"),
    [
        ("warning", "level:warning", True),
        ("error", "level:warning", True),
        ("notice", "level:warning", False),
        ("error", "level:e", True),
        ("debug", "level:debug", True),
    ],
)
def test_levels(level: Level, text: str, shown: bool) -> None:
    assert wanted(text, line("x", level=level)) == shown


@pytest.mark.parametrize("text", ["/[/", "level:loud", "!level:error", f"/{'x' * 300}/", "/(?P<a/"])
def test_nonsense_is_a_value_not_an_exception(text: str) -> None:
    problem = parse_filter(text)
    assert isinstance(problem, FilterProblem) and problem.what


def test_late_copies_are_hidden_unless_asked_for() -> None:
    copy = line("09[IKE] x", tag="ipsec", copy=True)
    assert not wanted("", copy)
    both = parse_filter("", duplicates=True)
    assert isinstance(both, Filter) and both.matches(copy)


@given(st.text(max_size=60))
def test_any_text_is_a_filter_or_a_problem(text: str) -> None:
    found = parse_filter(text)
    if isinstance(found, Filter):
        found.matches(LINE)
    else:
        assert found.what


# Chips.


def test_chips_can_be_taken_out_and_added() -> None:
    found = parse_filter('level:warn !bob "two words" /a b/ client:203.0.113.77 context:2')
    assert isinstance(found, Filter)
    kinds = [chip.kind for chip in found.chips]
    assert kinds == ["level", "text", "text", "regex", "client", "context"]
    assert [chip.wanted for chip in found.chips] == [True, False, True, True, True, True]
    assert (found.before, found.after, found.asks_for_attempts) == (2, 2, True)
    fewer = found.without(found.chips[0]).without(found.chips[4])
    assert [chip.kind for chip in fewer.chips] == ["text", "text", "regex", "context"]
    more = fewer.having("user:alice after:5")
    assert isinstance(more, Filter) and (more.before, more.after) == (2, 5)
    assert more.says == '!bob "two words" /a b/ context:2 user:alice after:5'
    assert isinstance(fewer.having("level:x"), FilterProblem)


@pytest.mark.parametrize("text", ["context:x", "!context:3", "context:9999", "attempt:alice"])
def test_chips_that_mean_nothing(text: str) -> None:
    problem = parse_filter(text)
    assert isinstance(problem, FilterProblem) and problem.what


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("client:203.0.113.10", True),
        ("client:203.0.113.1", False),
        ("client:03.0.113.10", False),
        ("user:bob", False),
        ("!user:bob", True),
        ("attempt:1", False),
    ],
)
def test_without_attempts_the_line_itself_is_asked(text: str, shown: bool) -> None:
    assert wanted(text) == shown


def test_whose_line_it_is_can_be_answered() -> None:
    found = parse_filter("user:bob IKE_SA")
    assert isinstance(found, Filter)
    assert found.matches(LINE, lambda chip: chip.value == "bob")
    assert not found.matches(LINE, lambda chip: False)


@pytest.mark.parametrize("text", ["l2tp-psk", "could", "xff", "alice", "message", "characters"])
def test_looking_at_raw_bytes_first_changes_nothing(text: str) -> None:
    found = parse_filter(text)
    assert isinstance(found, Filter)
    evil = (
        b"\xff \x1b[2J",
        b"x" * 3000,
        b'{"MESSAGE":[97,108,105,99,101]}',
        b'{"MESSAGE":"\\u0061lice"}',
        b'{"MESSAGE":"x","SYSLOG_IDENTIFIER":"alice"}',
        b'{"MESSAGE":"x","_CMDLINE":"alice"}',
        b"{broken alice",
    )
    lines = list(evil)
    for name in ("mschapv2_wrong_password", "ok_baseline"):
        for file, content in case(name).files.items():
            if file.endswith(".log"):
                lines += content.splitlines()
    for source in ("daemon", "journal"):
        for kept in placed(block_of(lines, source, now=NOW)):
            assert found.passes(kept) == found.matches(kept.line), kept.raw


# With context.


def shown(text: str, *portions: int) -> list[tuple[str, bool, bool]]:
    """What a filter shows of thirty lines, which are fed in portions."""
    found = parse_filter(text)
    assert isinstance(found, Filter)
    sieve = Sieve(found)
    lines = placed(block(*((number, f"line {number:02d}") for number in range(30))))
    rows: list[Shown] = []
    start = 0
    for portion in (*portions, 30):
        rows += sieve.feed(lines[start : start + portion])
        start += portion
    return [(row.kept.line.text[-2:], row.is_context, row.follows_gap) for row in rows]


@pytest.mark.parametrize("portions", [(), (1,) * 30, (9, 3), (11, 1, 1)])
def test_context(portions: tuple[int, ...]) -> None:
    assert shown('"line 10" context:1', *portions) == [
        ("09", True, False), ("10", False, False), ("11", True, False),
    ]  # fmt: skip
    assert shown("/line (02|04|10)/ before:2 after:1", *portions) == [
        ("00", True, False), ("01", True, False), ("02", False, False), ("03", True, False),
        ("04", False, False), ("05", True, False),
        ("08", True, True), ("09", True, False), ("10", False, False), ("11", True, False),
    ]  # fmt: skip
    assert shown("/line (00|29)/ after:2", *portions) == [
        ("00", False, False), ("01", True, False), ("02", True, False), ("29", False, True),
    ]  # fmt: skip
    assert [row[0] for row in shown("/line 0[12]/", *portions)] == ["01", "02"]


def test_a_late_copy_is_no_context() -> None:
    found = parse_filter("needle context:1")
    assert isinstance(found, Filter)
    raw = [
        b"Nov 23 00:00:01 r ipsec[9]: 07[IKE] a copy",
        b"Nov 23 00:00:01 r charon: 07[IKE] needle",
        b"Nov 23 00:00:01 r ipsec[9]: 07[IKE] needle",
        b"Nov 23 00:00:02 r charon: 07[IKE] after",
    ]
    sieve = Sieve(found)
    rows = sieve.feed(placed(block_of(raw, "daemon", now=NOW)))
    assert [row.kept.line.text for row in rows] == ["07[IKE] needle", "07[IKE] after"]
    assert sieve.matched == 1
