"""The last stretch of the logs: cut by the real scripts, in a real shell, on real files."""

import asyncio
import gzip
import os
import shutil
import subprocess
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest

from tests.router.openssh import SSHD, connection_to, openssh_server, plan_as
from tests.router_cases import case
from tui.router import commands, slices
from tui.router import connection as connection_module
from tui.router.connection import RouterConnection
from tui.router.errors import CommandFailed, ConnectionDropped, NotAllowed
from tui.router.slices import FILE_SLICE, JOURNAL_SLICE, log_slices
from tui.router.surveying import survey

NOW = int(datetime(2027, 1, 1, 0, 5, tzinfo=UTC).timestamp())
"""Five minutes after a year began, which no line says."""


@pytest.fixture
def logs(tmp_path: Path) -> Path:
    folder = tmp_path / "log"
    folder.mkdir()
    return folder


def stamped(seconds: int, text: str) -> str:
    """A line of syslog from `seconds` before the present."""
    moment = datetime.fromtimestamp(NOW - seconds, UTC)
    return f"{moment:%b} {moment.day:2} {moment:%H:%M:%S} r-42-VM charon: {text}\n"


def cut(logs: Path, tmp_path: Path, file: str, seconds: int, limit: int = 100_000) -> str | None:
    """What the script prints of a file, at the moment `NOW`; None where the file is missing."""
    tools = tmp_path / "bin"
    tools.mkdir(exist_ok=True)
    date = tools / "date"
    real = shutil.which("date")
    date.write_text(f'#!/bin/sh\n[ "$1" = +%s ] && echo {NOW} && exit\nexec {real} "$@"\n')
    date.chmod(0o755)
    line = FILE_SLICE.line(file, str(seconds), str(limit)).replace("/var/log/", f"{logs}/")
    environment = {"PATH": f"{tools}:/usr/bin:/bin", "TZ": "UTC"}
    done = subprocess.run(["sh", "-c", line], env=environment, capture_output=True, check=False)
    assert done.stderr == b""
    return done.stdout.decode() if done.returncode == 0 else None


def age(path: Path, seconds: int) -> None:
    os.utime(path, (NOW - seconds, NOW - seconds))


def test_a_stretch_begins_where_it_should_and_in_the_right_year(logs: Path, tmp_path: Path) -> None:
    lines = [
        stamped(40_000_000, "the same days of the year before"),
        stamped(3600, "an hour ago, in the old year"),
        stamped(601, "just before"),
        stamped(599, "old year, inside"),
        stamped(240, "new year, inside"),
    ]
    (logs / "daemon.log").write_text("".join(lines))
    assert cut(logs, tmp_path, "daemon.log", 600) == "".join(lines[3:])
    assert cut(logs, tmp_path, "daemon.log", 3600) == "".join(lines[1:])
    assert cut(logs, tmp_path, "daemon.log", 100) == ""
    assert cut(logs, tmp_path, "daemon.log", 999_999_999) == "".join(lines)


def test_what_has_no_time_or_a_late_one_stays_with_what_is_before_it(
    logs: Path, tmp_path: Path
) -> None:
    lines = [
        "half a line\n",
        stamped(500, "first"),
        "  a continuation\n",
        stamped(700, "a late copy"),
        stamped(400, "last"),
    ]
    (logs / "messages").write_text("".join(lines))
    assert cut(logs, tmp_path, "messages", 600) == "".join(lines[1:])


def test_times_of_cloud_log(logs: Path, tmp_path: Path) -> None:
    lines = ["2026-12-31 23:54:59,999 INFO old\n", "2026-12-31 23:55:00,001 INFO new\n", "  more\n"]
    (logs / "cloud.log").write_text("".join(lines))
    assert cut(logs, tmp_path, "cloud.log", 600) == "".join(lines[1:])


def test_rotated_generations_are_read_as_far_as_the_stretch_reaches(
    logs: Path, tmp_path: Path
) -> None:
    current, one, two, three = (
        stamped(seconds, name)
        for seconds, name in ((60, "now"), (300, "one"), (550, "two"), (9000, "three"))
    )
    (logs / "daemon.log").write_text(current)
    (logs / "daemon.log.1").write_text(one)
    (logs / "daemon.log.2.gz").write_bytes(gzip.compress(two.encode()))
    (logs / "daemon.log.3.gz").write_bytes(gzip.compress(three.encode()))
    age(logs / "daemon.log.1", 61)
    age(logs / "daemon.log.2.gz", 301)
    age(logs / "daemon.log.3.gz", 8000)
    assert cut(logs, tmp_path, "daemon.log", 600) == two + one + current
    assert cut(logs, tmp_path, "daemon.log", 120) == current
    (logs / "daemon.log.1").unlink()
    assert cut(logs, tmp_path, "daemon.log", 600) == current


def test_the_newest_is_kept_where_there_is_too_much(logs: Path, tmp_path: Path) -> None:
    lines = [stamped(500 - number, f"line {number}") for number in range(400)]
    (logs / "auth.log").write_text("".join(lines))
    kept = cut(logs, tmp_path, "auth.log", 600, 5000)
    assert kept is not None and len(kept) <= 5000
    assert kept and "".join(lines).endswith(kept) and kept.startswith(("Dec", "Jan"))


def test_a_missing_file_is_told_from_an_empty_one(logs: Path, tmp_path: Path) -> None:
    assert cut(logs, tmp_path, "kern.log", 600) is None
    (logs / "kern.log").touch()
    assert cut(logs, tmp_path, "kern.log", 600) == ""


@pytest.mark.parametrize(
    "values",
    [
        ("../shadow", "60", "1000"),
        ("daemon.log; reboot", "60", "1000"),
        ("daemonxlog", "60", "1000"),
        ("daemon.log", "-1", "1000"),
        ("daemon.log", "0", "1000"),
        ("daemon.log", "60", "$(id)"),
        ("daemon.log", "60"),
    ],
)
def test_parameters_outside_their_pattern_are_not_sent(values: tuple[str, ...]) -> None:
    with pytest.raises(NotAllowed):
        FILE_SLICE.line(*values)
    with pytest.raises(NotAllowed):
        JOURNAL_SLICE.line(*values[1:], "x")


@pytest.fixture
async def router(
    tmp_path: Path, logs: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[RouterConnection]:
    """This machine as if it were a router, with its logs in `logs` and a journal of its own."""
    script = FILE_SLICE.argv[2].replace("/var/log/", f"{logs}/")
    file_slice = msgspec.structs.replace(FILE_SLICE, argv=("sh", "-c", script, "csvpn-slice"))
    journal = JOURNAL_SLICE.argv[2].replace("journalctl", f"{tmp_path}/journalctl")
    journal_slice = msgspec.structs.replace(JOURNAL_SLICE, argv=("sh", "-c", journal, "j"))
    monkeypatch.setattr(slices, "FILE_SLICE", file_slice)
    monkeypatch.setattr(slices, "JOURNAL_SLICE", journal_slice)
    monkeypatch.setattr(connection_module, "SLICES", (file_slice, journal_slice))
    folder = tmp_path / "sshd"
    folder.mkdir()
    async with openssh_server(folder) as server:
        monkeypatch.setattr(connection_module, "plan", plan_as(server.user))
        async with connection_to(server, tmp_path) as connection:
            yield connection


@pytest.mark.openssh
@pytest.mark.skipif(SSHD is None, reason="no sshd on this machine (apt install openssh-server)")
async def test_all_sources_over_ssh_in_the_names_of_a_bundle(
    router: RouterConnection, logs: Path, tmp_path: Path
) -> None:
    recorded = case("two_clients_same_nat").files
    # Lines of the day on which the test runs: the recorded ones may be of any year.
    stamp = f"{datetime.now():%b %d %H:%M:%S}".encode()
    lines = [stamp + line[15:] for line in recorded["vr.log"].splitlines(keepends=True)]
    (logs / "daemon.log").write_bytes(b"".join(lines))
    (logs / "haproxy.log").touch()
    (logs / "auth.log").mkdir()
    journal = tmp_path / "journalctl"
    journal.write_text('#!/bin/sh\necho "$*"\n')
    journal.chmod(0o755)
    found = await log_slices(router, 3600)
    assert set(found) == {"vr.log", "vr.haproxy.log", "vr.auth.log", "vr.pppd-journal.log"}
    assert found["vr.log"] == b"".join(lines) and found["vr.haproxy.log"] == b""
    said = found["vr.pppd-journal.log"].decode()
    assert said.startswith("--no-pager -q -o short -t pppd --since @1")
    cut_off = await log_slices(router, 3600, limit_bytes=2000)
    assert b"".join(lines).endswith(cut_off["vr.log"]) and 0 < len(cut_off["vr.log"]) <= 2000
    with pytest.raises(NotAllowed):
        await log_slices(router, 0)


@pytest.mark.openssh
@pytest.mark.skipif(SSHD is None, reason="no sshd on this machine (apt install openssh-server)")
async def test_a_link_that_breaks_off_is_an_error(
    router: RouterConnection, logs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(self: object) -> bytes:
        raise ConnectionDropped("r-42-VM")

    monkeypatch.setattr(connection_module.LogStream, "read", broken)
    with pytest.raises(ConnectionDropped):
        await log_slices(router, 60)


@pytest.mark.openssh
@pytest.mark.skipif(SSHD is None, reason="no sshd on this machine (apt install openssh-server)")
async def test_a_router_that_gives_nothing_is_not_one_without_lines(
    router: RouterConnection, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = [
        msgspec.structs.replace(each, argv=("sh", "-c", "echo 'not here' >&2; exit 126", "x"))
        for each in (slices.FILE_SLICE, slices.JOURNAL_SLICE)
    ]
    monkeypatch.setattr(slices, "FILE_SLICE", broken[0])
    monkeypatch.setattr(slices, "JOURNAL_SLICE", broken[1])
    monkeypatch.setattr(connection_module, "SLICES", tuple(broken))
    with pytest.raises(CommandFailed, match="not here"):
        await log_slices(router, 60)


@pytest.mark.openssh
@pytest.mark.skipif(SSHD is None, reason="no sshd on this machine (apt install openssh-server)")
async def test_slices_take_their_turns_with_everything_else(
    router: RouterConnection, logs: Path
) -> None:
    (logs / "daemon.log").touch()
    together = 0
    most = 0
    start = router._start

    async def counted(*arguments: object) -> object:
        nonlocal together, most
        together += 1
        most = max(most, together)
        process = await start(*arguments)  # type: ignore[arg-type]
        close = process.close

        def closed() -> None:
            nonlocal together
            together -= 1
            close()

        process.close = closed  # type: ignore[method-assign]
        return process

    router._start = counted  # type: ignore[method-assign, assignment]
    await asyncio.gather(
        log_slices(router, 60), survey(router, [commands.NPROC, commands.LOADAVG, commands.DATE])
    )
    assert together == 0 and 1 < most <= 3
