"""Logs on this machine: which there are, what they hold, in which order."""

import asyncio
import gzip
import io
import json
import os
import random
import sys
from contextlib import aclosing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.router.log_writer import LogWriter, Rotation
from tests.router_cases import case
from tui.logs.files import (
    STANDARD_INPUT,
    LocalLog,
    LogFileProblem,
    find_logs,
    kept_lines,
    read_blocks,
)
from tui.logs.local_follow import LocalGap, follow_local
from tui.logs.merge import merged
from tui.logs.zones import find_zone

NOVEMBER = datetime(2026, 11, 22, 23, tzinfo=UTC).timestamp()


def lines_of(log: LocalLog) -> list[bytes]:
    return [kept.raw for kept in kept_lines(read_blocks(log, 1000))]


def written(path: Path, content: bytes, when: float = NOVEMBER + 3600) -> Path:
    """A file that was last written at `when`."""
    path.write_bytes(gzip.compress(content) if path.suffix == ".gz" else content)
    os.utime(path, (when, when))
    return path


def syslog(number: int, tag: str = "charon") -> bytes:
    return f"Nov 22 23:{number // 60 % 60:02d}:{number % 60:02d} r-42-VM {tag}: {number}".encode()


def text(numbers: range) -> bytes:
    return b"".join(syslog(number) + b"\n" for number in numbers)


def test_rotated_generations_are_one_log(tmp_path: Path) -> None:
    written(tmp_path / "daemon.log", text(range(80, 100)))
    written(tmp_path / "daemon.log.1", text(range(60, 80)))
    written(tmp_path / "daemon.log.2.gz", text(range(40, 60)))
    written(tmp_path / "daemon.log.10.gz", text(range(20, 40)))
    written(tmp_path / "messages-20261121.gz", text(range(5)))
    written(tmp_path / "messages-20261122", text(range(5, 10)))
    written(tmp_path / "messages", text(range(10, 15)))
    written(tmp_path / "notes.txt", b"no log\n")
    written(tmp_path / "empty.log", b"")
    daemon, messages = find_logs([tmp_path])
    assert (daemon.source, messages.source) == ("daemon.log", "messages")
    assert {daemon.router, messages.router} == {"r-42-VM"}
    assert lines_of(daemon) == [syslog(number) for number in range(20, 100)]
    assert lines_of(messages) == [syslog(number) for number in range(15)]
    blocks = list(read_blocks(daemon, 100))
    numbers = [block.first + n for block in blocks for n in range(len(block.raw_lines))]
    assert numbers == list(range(1, 81))
    (one,) = find_logs([tmp_path / "daemon.log.2.gz"])
    assert one.source == "daemon.log" and len(lines_of(one)) == 20


def test_of_a_bundle_only_what_the_router_wrote(tmp_path: Path) -> None:
    case("two_clients_same_nat").write(tmp_path)
    (tmp_path / "client.log").write_bytes(text(range(5)))
    (tmp_path / "date.json").write_text('{"name":"date","rc":0,"stdout":"1795392500.5\\n"}')
    logs = find_logs([tmp_path])
    assert {log.source for log in logs} == {
        "vr.auth.log", "vr.log", "vr.messages.log", "vr.pppd-journal.log",
    }  # fmt: skip
    assert {log.router for log in logs} == {"r-42-VM"}
    assert {log.now.timestamp() for log in logs} == {1795392500.5}
    lines = list(merged([kept_lines(read_blocks(log)) for log in logs]))
    times = [kept.at for kept in lines]
    assert times == sorted(times) and len(lines) > 100
    first = lines[0].line.time
    assert first is not None and first.year == 2026 and first.month == 11


def test_the_year_comes_from_what_says_it(tmp_path: Path) -> None:
    """A copy that is made years later has the time of copying."""
    late = datetime(2029, 12, 24, tzinfo=UTC).timestamp()
    written(tmp_path / "daemon.log", text(range(3)), late)
    (alone,) = find_logs([tmp_path])
    assert lines_year(alone) == 2029
    written(tmp_path / "cloud.log", b"2026-10-01 10:00:00,000 INFO     x\n", late)
    cloud, daemon = find_logs([tmp_path])
    assert lines_year(daemon) == 2026 and lines_year(cloud) == 2026


def lines_year(log: LocalLog) -> int:
    moment = next(iter(kept_lines(read_blocks(log)))).line.time
    assert moment is not None
    return moment.year


def test_new_year_lies_between_two_generations(tmp_path: Path) -> None:
    january = datetime(2027, 1, 1, 1, tzinfo=UTC).timestamp()
    written(tmp_path / "daemon.log.1", b"Dec 31 23:59:59 r charon: old\n", january - 3600)
    written(
        tmp_path / "daemon.log",
        b"Dec 31 23:59:59 r charon: x\nJan  1 00:00:01 r charon: y\n",
        january,
    )
    (log,) = find_logs([tmp_path])
    years = [kept.line.time.year for kept in kept_lines(read_blocks(log)) if kept.line.time]
    assert years == [2026, 2026, 2027]


def test_the_zone_is_found_by_comparing_with_the_journal(tmp_path: Path) -> None:
    begin = int(NOVEMBER)
    journal, messages = b"", b""
    for number in range(20):
        said = f"pppd says something of number {number}"
        entry = {
            "__REALTIME_TIMESTAMP": str((begin + number) * 1_000_000),
            "SYSLOG_IDENTIFIER": "pppd",
            "MESSAGE": said,
        }
        journal += json.dumps(entry, separators=(",", ":")).encode() + b"\n"
        # Half past five hours east of UTC.
        moment = datetime.fromtimestamp(begin + number + 19_800, UTC)
        messages += f"{moment:%b %d %H:%M:%S} r-42-VM pppd[7]: {said}\n".encode()
    written(tmp_path / "journal.json", journal)
    written(tmp_path / "messages", messages)
    logs = find_logs([tmp_path])
    assert {log.clock.zone for log in logs} == {19_800}
    at = [[round(kept.at) for kept in kept_lines(read_blocks(log))] for log in logs]
    assert at[0] == at[1] == list(range(begin, begin + 20))


def test_zones_of_date_lines_and_of_nothing() -> None:
    now = datetime.fromtimestamp(NOVEMBER, UTC)
    boot = [b"Mon Nov 23 00:16:01 CET 2026 Setting up the router", syslog(1)]
    assert find_zone([boot], now) == 3600
    assert find_zone([[syslog(1)], [b"", b"{"]], now) == 0
    recorded = [
        case("ok_baseline").files[name].splitlines() for name in ("vr.log", "vr.messages.log")
    ]
    assert find_zone(recorded, now) == 0


def test_what_cannot_be_read_is_told(tmp_path: Path) -> None:
    with pytest.raises(LogFileProblem, match="is not there"):
        find_logs([tmp_path / "nothing"])
    with pytest.raises(LogFileProblem, match="holds no log"):
        find_logs([tmp_path])
    whole = gzip.compress(os.urandom(100_000).hex().encode() + b"\n" + text(range(100)))
    (tmp_path / "daemon.log.1.gz").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(LogFileProblem, match="is damaged"):
        lines_of(find_logs([tmp_path / "daemon.log.1.gz"])[0])


def test_logs_of_the_same_name_are_told_apart(tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        written(tmp_path / name / "vr.log", text(range(3)))
    sources = [log.source for log in find_logs([tmp_path / "one", tmp_path / "two"])]
    assert sources == ["one/vr.log", "two/vr.log"]


def test_hostile_bytes_and_long_lines(tmp_path: Path) -> None:
    evil = b"\xff\x00\x1b[2J\n" + b"y" * 300_000 + b"\nNov 22 23:00:00 r x: end"
    (log,) = find_logs([written(tmp_path / "x.log", evil)])
    lines = lines_of(log)
    assert lines[0] == b"\xff\x00\x1b[2J" and lines[2].endswith(b"end")
    assert len(lines[1]) < 70_000 and b"bytes]" in lines[1]


class _Input(io.BytesIO):
    """Standard input that is a pipe."""

    def __init__(self, content: bytes) -> None:
        self._reading, writing = os.pipe()
        os.write(writing, content)
        os.close(writing)
        super().__init__()

    def fileno(self) -> int:
        return self._reading


def test_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", _Input(text(range(50))))
    (log,) = find_logs([STANDARD_INPUT])
    assert log.is_input and lines_of(log) == [syslog(number) for number in range(50)]


async def test_standard_input_is_followed_to_its_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", _Input(text(range(50)) + b"no line feed"))
    got: list[bytes] = []
    async for block in follow_local(find_logs([STANDARD_INPUT])[0]):
        assert not isinstance(block, LocalGap)
        got += block.raw_lines
    assert got == [*(syslog(number) for number in range(50)), b"no line feed"]


@pytest.mark.parametrize("rotation", ["none", "rename", "compress", "copytruncate"])
async def test_a_file_is_followed_over_its_rotations(
    tmp_path: Path, rotation: Rotation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tui.logs.local_follow.PULSE_SECONDS", 0.005)
    path = written(tmp_path / "daemon.log", b"Nov 22 23:00:00 r charon: before\n")
    (log,) = find_logs([path])
    writer = LogWriter(path, 3000, rotation, seed=random.Random(3).randrange(100))
    got: list[bytes] = []
    task = None
    async with asyncio.timeout(60), aclosing(follow_local(log)) as blocks:
        following = asyncio.ensure_future(anext(blocks))
        await asyncio.sleep(0.05)
        task = asyncio.create_task(writer.run())
        while True:
            block = await following
            assert not isinstance(block, LocalGap), block
            got += block.raw_lines
            if got[-1] == writer.line(writer.count - 1):
                break
            following = asyncio.ensure_future(anext(blocks))
    await task
    assert got == [writer.line(number) for number in range(writer.count)]


async def test_a_file_that_is_cut_off_is_told(tmp_path: Path) -> None:
    path = written(tmp_path / "daemon.log", text(range(100)))
    (log,) = find_logs([path])
    async with asyncio.timeout(20), aclosing(follow_local(log)) as blocks:
        following = asyncio.ensure_future(anext(blocks))
        await asyncio.sleep(0.05)
        written(path, b"Nov 22 23:30:00 r charon: another file\n")
        gap = await following
        assert isinstance(gap, LocalGap) and "was cut off" in gap.what
        block = await anext(blocks)
        assert not isinstance(block, LocalGap) and block.raw_lines[0].endswith(b"another file")
