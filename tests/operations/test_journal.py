"""The journal's file: what it keeps, who may read it, and what if it cannot be written."""

import asyncio
import os
import sqlite3
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tui.operations.call_states import CallState
from tui.operations.journal import (
    DONE,
    FORGOTTEN,
    KEPT_DAYS,
    OPEN,
    SETTLED,
    Journal,
    KeptOperation,
    journal_file,
    new_operation_id,
)
from tui.operations.ledger import JournalUnavailable, Record

ROOT = Path(__file__).parents[2]
CLOUD = "https://cloud.test/client/api"


def kept(**fields: object) -> KeptOperation:
    """An operation with some fields changed."""
    usual: dict[str, object] = {
        "id": new_operation_id(),
        "kind": "enable",
        "title": "Enable the VPN of acme-prod",
        "subject": "network 1",
        "target": ("PublicIpAddress", "id-1", "203.0.113.12"),
        "cloud": CLOUD,
        "profile": "prod",
        "who": "abcd",
        "wanted": b"{}",
        "began": 1000.0,
    }
    return KeptOperation(**{**usual, **fields})  # type: ignore[arg-type]


def record(state: CallState = CallState.INTENT, **fields: object) -> Record:
    """A record with some fields changed."""
    usual: dict[str, object] = {
        "step": "vpn",
        "number": 0,
        "attempt": 1,
        "state": state,
        "at": 1001.5,
        "job_id": "a-job",
        "command": "createRemoteAccessVpn",
        "parameters": {"publicipid": "id-1"},
        "undo": ("deleteRemoteAccessVpn", {"publicipid": "id-1"}),
    }
    return Record(**{**usual, **fields})  # type: ignore[arg-type]


@pytest.fixture
def journal(tmp_path: Path) -> Journal:
    return Journal(tmp_path / "state" / "journal.sqlite3")


async def test_what_is_written_is_read_again_by_another_process(journal: Journal) -> None:
    operation = kept()
    await journal.begin(operation)
    await journal.add(operation.id, record())
    await journal.add(operation.id, record(CallState.SENT))
    other = Journal(journal.path)
    assert await other.operations() == (operation,)
    assert await other.records(operation.id) == (record(), record(CallState.SENT))
    assert await other.operation(operation.id[:8]) == (operation,)
    assert await other.operation("") == () == await other.operation("%")
    other.close()
    journal.close()


async def test_only_its_owner_reads_it(journal: Journal) -> None:
    await journal.check()
    names = sorted(path.name for path in journal.path.parent.iterdir())
    assert names == ["journal.sqlite3", "journal.sqlite3-shm", "journal.sqlite3-wal"]
    for path in journal.path.parent.iterdir():
        assert stat.S_IMODE(path.stat().st_mode) == 0o600, path.name
    assert stat.S_IMODE(journal.path.parent.stat().st_mode) == 0o700
    journal.close()
    journal.path.chmod(0o644)
    await journal.check()
    assert stat.S_IMODE(journal.path.stat().st_mode) == 0o600
    journal.close()


async def test_a_record_counts_when_the_disk_has_it(journal: Journal) -> None:
    await journal.check()
    connection = journal._work(lambda connection: connection)
    assert connection.execute("PRAGMA journal_mode").fetchone()[0] == "wal"
    assert connection.execute("PRAGMA synchronous").fetchone()[0] == 2, "FULL"
    journal.close()


async def test_how_operations_end(journal: Journal) -> None:
    first, second, other = kept(), kept(began=1001.0), kept(cloud="https://other.test")
    for operation in (first, second, other):
        await journal.begin(operation)
    assert await journal.operations(cloud=CLOUD, only_open=True) == (second, first)
    await journal.end(first.id, OPEN, must_finish="It is half-made.", target=("a", "b", "c"))
    (found,) = await journal.operation(first.id)
    assert found.must_finish == "It is half-made." and found.target == ("a", "b", "c")
    assert found.outcome == OPEN and found.ended is None
    await journal.end(second.id, DONE)
    await journal.settle_others(second, ["enable"])
    outcomes = {each.id: each.outcome for each in await journal.operations()}
    assert outcomes == {first.id: SETTLED, second.id: DONE, other.id: OPEN}
    await journal.end(other.id, FORGOTTEN)
    assert await journal.operations(only_open=True) == ()
    journal.close()


async def test_old_ends_are_forgotten_and_open_ones_never(tmp_path: Path) -> None:
    now = 1_000_000_000.0
    journal = Journal(tmp_path / "journal.sqlite3", lambda: now)
    ended, still_open = kept(), kept()
    for operation in (ended, still_open):
        await journal.begin(operation)
        await journal.add(operation.id, record())
    await journal.end(ended.id, DONE)
    now += (KEPT_DAYS + 1) * 86_400
    await journal.check()
    assert await journal.operations() == (still_open,)
    assert await journal.records(ended.id) == ()
    journal.close()


async def test_two_processes_write_at_the_same_time(journal: Journal) -> None:
    operation = kept()
    await journal.begin(operation)
    writers = [Journal(journal.path) for _ in range(4)]

    async def write(writer: Journal) -> None:
        for _ in range(10):
            await writer.add(operation.id, record())

    await asyncio.gather(*(write(writer) for writer in writers))
    assert len(await journal.records(operation.id)) == 40
    for each in (*writers, journal):
        each.close()


# What can be wrong with the file.


async def test_a_full_disk(journal: Journal) -> None:
    operation = kept()
    await journal.begin(operation)
    connection = journal._work(lambda connection: connection)
    pages = connection.execute("PRAGMA page_count").fetchone()[0]
    connection.execute(f"PRAGMA max_page_count = {pages}")
    with pytest.raises(JournalUnavailable, match=r"disk is full.*nothing is changed") as caught:
        for _ in range(200):
            await journal.add(operation.id, record(says="x" * 400))
    assert "Free space" in caught.value.remedy
    whole = len(await journal.records(operation.id))
    assert whole > 0, "what fitted is there"
    connection.execute("PRAGMA max_page_count = 1073741823")
    await journal.add(operation.id, record())
    assert len(await journal.records(operation.id)) == whole + 1, "it goes on once there is room"
    journal.close()


FILLS: str = """
import asyncio, resource, signal, sys
from tui.operations.ledger import JournalUnavailable
from tui.operations.journal import Journal
from tests.operations.test_journal import kept, record
async def main():
    journal = Journal(__import__("pathlib").Path(sys.argv[1]))
    operation = kept()
    await journal.begin(operation)
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (65536, 65536))
    try:
        for number in range(1000):
            await journal.add(operation.id, record(says="x" * 400))
    except JournalUnavailable as problem:
        print(number, problem)
asyncio.run(main())
"""


async def test_a_file_that_may_not_grow_any_more(tmp_path: Path) -> None:
    """The kernel's own refusal in the middle of a write, and what a later run finds."""
    path = tmp_path / "journal.sqlite3"
    filling = await asyncio.create_subprocess_exec(
        sys.executable, "-c", FILLS, str(path), stdout=subprocess.PIPE, cwd=ROOT
    )
    printed, _ = await filling.communicate()
    number, _, words = printed.decode().partition(" ")
    assert "cannot be written" in words and "nothing is changed" in words
    later = Journal(path)
    (operation,) = await later.operations()
    assert len(await later.records(operation.id)) == int(number)
    later.close()


@pytest.fixture
def home() -> Iterator[Path]:
    """A home of somebody who is not root, who may write everywhere."""
    was = os.geteuid()
    if was == 0:
        os.seteuid(65534)
    with tempfile.TemporaryDirectory() as folder:
        yield Path(folder)
        Path(folder).chmod(0o700)
    os.seteuid(was)


def test_a_read_only_home(home: Path) -> None:
    home.chmod(0o500)
    journal = Journal(home / "state" / "journal.sqlite3")
    with pytest.raises(JournalUnavailable, match=r"Permission denied.*nothing is changed"):
        asyncio.run(journal.check())
    home.chmod(0o700)
    asyncio.run(journal.check())
    journal.close()


async def test_a_file_that_has_become_read_only(journal: Journal) -> None:
    """As on a file system that the kernel has mounted read-only after an error."""
    operation = kept()
    await journal.begin(operation)
    connection = journal._work(lambda connection: connection)
    connection.execute("PRAGMA query_only = ON")
    with pytest.raises(JournalUnavailable, match=r"readonly database.*nothing is changed"):
        await journal.add(operation.id, record())
    assert await journal.operations() == (operation,), "it can still be read"
    journal.close()


async def test_a_folder_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "state").write_text("in the way")
    with pytest.raises(JournalUnavailable, match="so nothing is changed"):
        await Journal(tmp_path / "state" / "journal.sqlite3").check()


async def test_a_link_is_not_followed(tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.write_bytes(b"")
    (tmp_path / "journal.sqlite3").symlink_to(elsewhere)
    with pytest.raises(JournalUnavailable, match="symbolic links"):
        await Journal(tmp_path / "journal.sqlite3").check()
    assert elsewhere.read_bytes() == b""


@pytest.mark.parametrize("cut", [1, 10, 100, 2000, 4000])
async def test_a_torn_tail_is_left_out(journal: Journal, tmp_path: Path, cut: int) -> None:
    """The machine lost power within the last write: what was whole before it is all there."""
    operation = kept()
    await journal.begin(operation)
    wal = journal.path.with_name("journal.sqlite3-wal")
    for number in range(5):
        await journal.add(operation.id, record(number=number))
    torn = tmp_path / "torn"
    torn.mkdir()
    (torn / "journal.sqlite3").write_bytes(journal.path.read_bytes())
    (torn / "journal.sqlite3-wal").write_bytes(wal.read_bytes()[:-cut])
    later = Journal(torn / "journal.sqlite3")
    assert [each.number for each in await later.records(operation.id)] == [0, 1, 2, 3]
    await later.add(operation.id, record(number=9))
    assert [each.number for each in await later.records(operation.id)] == [0, 1, 2, 3, 9]
    later.close()
    journal.close()


async def test_garbage_at_the_end_is_left_out(journal: Journal, tmp_path: Path) -> None:
    operation = kept()
    await journal.begin(operation)
    await journal.add(operation.id, record())
    torn = tmp_path / "torn"
    torn.mkdir()
    (torn / "journal.sqlite3").write_bytes(journal.path.read_bytes())
    wal = journal.path.with_name("journal.sqlite3-wal").read_bytes()
    (torn / "journal.sqlite3-wal").write_bytes(wal + os.urandom(5000))
    later = Journal(torn / "journal.sqlite3")
    assert await later.records(operation.id) == (record(),)
    later.close()
    journal.close()


async def test_a_file_that_is_no_journal(tmp_path: Path) -> None:
    path = tmp_path / "journal.sqlite3"
    path.write_bytes(b"this is no database, whatever its name says" * 100)
    before = path.read_bytes()
    with pytest.raises(JournalUnavailable, match=r"cannot be read.*nothing is changed") as caught:
        await Journal(path).check()
    assert "Move the file away" in caught.value.remedy
    assert path.read_bytes() == before, "nothing of it is lost"


async def test_a_journal_of_a_newer_version(journal: Journal) -> None:
    await journal.check()
    journal.close()
    with sqlite3.connect(journal.path) as connection:
        connection.execute("PRAGMA user_version = 99")
    connection.close()
    with pytest.raises(JournalUnavailable, match="newer csvpn"):
        await journal.check()


async def test_a_record_that_cannot_be_read(journal: Journal) -> None:
    operation = kept()
    await journal.begin(operation)
    await journal._do(
        ("INSERT INTO records (operation, record) VALUES (?, ?)", (operation.id, b"x"))
    )
    with pytest.raises(JournalUnavailable, match="cannot be read"):
        await journal.records(operation.id)
    journal.close()


def test_where_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CSVPN_STATE_DIR", str(tmp_path))
    assert journal_file() == tmp_path / "journal.sqlite3" == Journal().path
