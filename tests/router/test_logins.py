"""Who logged in, from the journal: recorded sessions, hostile lines, the script itself."""

import asyncio
import json
import os
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.router.recorded import STATES, output
from tui.router.log_commands import JOURNAL_LOGINS
from tui.router.logins import LoginRecords, read_logins


def entry(micros: int, message: object, pid: int = 7) -> str:
    return json.dumps({"__REALTIME_TIMESTAMP": str(micros), "_PID": str(pid), "MESSAGE": message})


def moment(micros: int) -> datetime:
    return datetime.fromtimestamp(micros / 1e6, UTC)


def journal(*lines: str) -> LoginRecords:
    return read_logins("\n".join(lines).encode())


@pytest.mark.parametrize("state", [s for s in STATES if "session" in s])
def test_recorded_sessions_are_found(state: str) -> None:
    text = output(state, "journal_pppd").stdout
    found = dict(read_logins(text).last)
    names = {"two_sessions": {"bob"}}.get(state, {"alice"})
    assert set(found) == names
    assert all(when.year == 2026 for when in found.values())


def test_only_who_was_let_in_counts() -> None:
    records = journal(
        entry(1_000_000, "Started"),
        entry(2_000_000, 'rcvd [CHAP Response id=0x1 <>, name = "alice"]'),
        entry(2_100_000, 'sent [CHAP Failure id=0x1 "Access denied"]'),
        entry(3_000_000, 'rcvd [CHAP Response id=0x2 <>, name = "bob"]', pid=8),
        entry(3_050_000, 'rcvd [CHAP Response id=0x2 <>, name = "carol"]', pid=9),
        entry(3_100_000, 'sent [CHAP Success id=0x2 "S=62 M=Access granted"]', pid=8),
        entry(3_200_000, 'sent [CHAP Success id=0x3 "Access granted"]', pid=9),
        entry(9_000_000, 'rcvd [CHAP Response id=0x2 <>, name = "bob"]', pid=8),
        entry(9_100_000, 'sent [CHAP Success id=0x2 "Access granted"]', pid=8),
    )
    assert records == LoginRecords(moment(1_000_000), (("bob", moment(9_100_000)),))


def test_names_from_outside_are_cleaned() -> None:
    records = journal(
        entry(1, "x"),
        entry(2, 'rcvd [CHAP Response id=0x1 <>, name = "a\x1b[31mb"]'),
        entry(3, "sent [CHAP Success id=0x1"),
    )
    ((name, _),) = records.last
    assert "\x1b" not in name


@given(st.binary(max_size=300) | st.lists(st.text(max_size=30)).map("\n".join).map(str.encode))
def test_nothing_breaks_it(text: bytes) -> None:
    assert read_logins(text).last == ()


@given(
    st.integers() | st.text(max_size=5) | st.none(),
    st.none() | st.lists(st.integers(0, 255)) | st.text(),
)
def test_no_entry_breaks_it(micros: object, message: object) -> None:
    line = json.dumps({"__REALTIME_TIMESTAMP": micros, "MESSAGE": message}).encode()
    read_logins(line)


async def test_the_script_leaves_the_responses_on_the_router(tmp_path: Path) -> None:
    """Run by a real shell, with a journal of our own."""
    lines = [
        entry(1, "oldest"),
        entry(2, "rcvd [LCP ConfReq id=0x1]"),
        entry(3, 'rcvd [CHAP Response id=0x1 <00ff12>, name = "alice"]'),
        entry(4, 'sent [CHAP Success id=0x1 "Access granted"]'),
    ]
    program = tmp_path / "journalctl"
    program.write_text("#!/bin/sh\ncat <<'END'\n" + "\n".join(lines) + "\nEND\n")
    program.chmod(0o755)
    process = await asyncio.create_subprocess_shell(
        JOURNAL_LOGINS.line("100"),
        stdout=asyncio.subprocess.PIPE,
        env={"PATH": f"{tmp_path}:{os.environ['PATH']}"},
    )
    out, _ = await process.communicate()
    assert process.returncode == 0 and b"00ff12" not in out
    assert read_logins(out) == LoginRecords(moment(1), (("alice", moment(4)),))
