from datetime import UTC, datetime
from pathlib import Path

import pytest

from bench import lines as lines_module
from bench.lines import KNOWN, LAST, lines, mark_line, written
from bench.terminals import mark
from tui.logs.line import read_line
from tui.logs.signatures import signatures_of


def test_lines_are_the_same_in_every_run() -> None:
    assert list(lines(500)) == list(lines(500))


def test_one_of_fifty_is_known_to_a_signature() -> None:
    found = [signatures_of(line) is not None for line in lines(10_000)]
    assert sum(found) == 10_000 // KNOWN


def test_lines_are_as_long_as_those_of_a_router() -> None:
    text = "\n".join(lines(10_000))
    assert 110 < len(text) / 10_000 < 135
    assert text.isascii()


def test_only_the_last_line_has_the_last_word() -> None:
    *others, last = lines(2_000)
    assert LAST.decode() in last
    assert not any(LAST.decode() in line for line in others)
    assert not any(mark(number).decode() in line for line in others for number in range(26))


def test_they_are_lines_of_syslog_in_order() -> None:
    now = datetime(2026, 11, 24, tzinfo=UTC)
    read = [read_line("r-42-VM", "daemon", line.encode(), now) for line in lines(1_000)]
    times = [line.time for line in read]
    assert all(moment is not None for moment in times)
    assert times == sorted(times)  # type: ignore[type-var]
    assert {line.tag for line in read} > {"charon", "haproxy", "sshd"}


def test_a_file_is_made_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lines_module, "PLACE", tmp_path / "made")
    path = written(100)
    assert path.read_bytes().count(b"\n") == 100
    path.write_bytes(b"kept")
    assert written(100).read_bytes() == b"kept"
    assert [each.name for each in path.parent.iterdir()] == [path.name]


def test_a_marked_line_has_its_word() -> None:
    assert b"bbbbbbbb" in mark_line(mark(1))
    assert signatures_of(mark_line(mark(1))) is None
