"""Filters: words, phrases, expressions, fields."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.logs.filter import Filter, FilterProblem, parse_filter
from tui.logs.line import Level, LogLine


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
