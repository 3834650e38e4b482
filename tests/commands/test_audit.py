"""`csvpn audit`: verified with the first broken place, shown as a table and as JSON."""

import argparse
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.commands.contexts import Printed
from tests.commands.test_program import csvpn
from tui.commands.arguments import parser
from tui.commands.audit import run_command
from tui.commands.opening import Context
from tui.commands.output import CommandError, Exit
from tui.safety.audit import Actor, AuditTrail, Target
from tui.safety.credentials import CredentialStore
from tui.session.launch import Launcher
from tui.settings.paths import audit_file

NOW = datetime.now(UTC)


def typed(*words: str) -> argparse.Namespace:
    return parser().parse_args(["audit", *words])


def context(*, as_json: bool = False) -> Context:
    return Context(Launcher(CredentialStore({})), as_json=as_json)


def record_some() -> None:
    """Three records: two days old, an hour old, and now."""
    moments = [NOW - timedelta(days=2), NOW - timedelta(hours=1), NOW]
    actor = Actor("alice", sudo_user="bob", from_address="192.0.2.7")
    trail = AuditTrail(audit_file(), actor, profile="prod", now=lambda: moments.pop(0))
    trail.record("createRemoteAccessVpn", target=Target("address", "id-1"), result="sent")
    trail.record("createRemoteAccessVpn", target=Target("address", "id-1"), result="failed",
                 code=431, dry_run=True)  # fmt: skip
    trail.record("secret.reveal", target=Target("pre-shared key", name="acme"))


async def test_a_whole_chain_is_fine(printed: Printed) -> None:
    assert await run_command(context(), typed("verify")) is Exit.FINE
    assert printed.both()[0].startswith("Nothing was recorded yet in ")
    record_some()
    assert await run_command(context(), typed("verify")) is Exit.FINE
    assert printed.both()[0].startswith("The chain is whole: records 1 to 3 in one file.")
    assert await run_command(context(as_json=True), typed("verify")) is Exit.FINE
    document = printed.document()
    assert document["whole"] is True and document["last"] == 3 and document["broken"] is None


async def test_the_first_broken_place_is_named(printed: Printed) -> None:
    record_some()
    path = audit_file()
    path.write_bytes(path.read_bytes().replace(b'"failed"', b'"done"'))
    assert await run_command(context(), typed("verify")) is Exit.FINDINGS
    out = printed.both()[0]
    assert out.startswith(f"broken: {path}, line 3: does not fit the line before it: record 2 was")
    assert await run_command(context(as_json=True), typed("verify")) is Exit.FINDINGS
    document = printed.document()
    assert document["whole"] is False
    assert (document["broken"]["file"], document["broken"]["line"]) == (str(path), 3)


async def test_what_is_no_break_is_noted(printed: Printed) -> None:
    record_some()
    path = audit_file()
    path.write_bytes(path.read_bytes()[:-30])
    assert await run_command(context(), typed("verify")) is Exit.FINE
    assert "line 3: is not finished" in printed.both()[0]
    record_some()
    assert await run_command(context(), typed("verify")) is Exit.FINE
    assert "line 3: was not finished; record 3 tells of it" in printed.both()[0]


async def test_earlier_files_that_were_taken_away_are_told(printed: Printed) -> None:
    trail = AuditTrail(audit_file(), Actor("alice"), largest=5000)
    for _ in range(20):
        trail.record("x", params={"n": "y" * 400})
    first = sorted(audit_file().parent.glob("audit-*.jsonl"))[0]
    first.unlink()
    assert await run_command(context(), typed("verify")) is Exit.FINE
    assert "are not here: earlier files were taken away" in printed.both()[0]


async def test_records_as_a_table_and_as_json(printed: Printed) -> None:
    record_some()
    assert await run_command(context(), typed("show")) is Exit.FINE
    heads, first, second, third = printed.both()[0].splitlines()
    assert heads.split() == ["TIME", "WHO", "PROFILE", "ACTION", "TARGET", "RESULT"]
    assert "alice (sudo by bob) from 192.0.2.7  prod     createRemoteAccessVpn" in first
    assert first.endswith("address id-1         sent")
    assert second.endswith("failed 431 (dry run)")
    assert third.endswith("secret.reveal          pre-shared key acme")
    assert await run_command(context(as_json=True), typed("show", "--since", "2h")) is Exit.FINE
    records = printed.document()["records"]
    assert [record["seq"] for record in records] == [2, 3]
    assert await run_command(context(as_json=True), typed("show", "-n", "1")) is Exit.FINE
    assert [record["seq"] for record in printed.document()["records"]] == [3]
    assert await run_command(context(), typed("show", "--since", "0s")) is Exit.FINE
    assert printed.both()[1] == "Nothing was recorded since 0s.\n"
    with pytest.raises(CommandError, match="is not a time"):
        await run_command(context(), typed("show", "--since", "soon"))


async def test_a_trail_that_cannot_be_read() -> None:
    audit_file().mkdir(parents=True)
    for words in (("verify",), ("show",)):
        with pytest.raises(CommandError, match="cannot be read: Is a directory") as raised:
            await run_command(context(), typed(*words))
        assert raised.value.code is Exit.CANNOT_TELL


def test_the_exit_codes_of_the_program(tmp_path: Path) -> None:
    environment = {**os.environ, "CSVPN_STATE_DIR": str(tmp_path)}
    assert csvpn("audit", "verify", environment=environment).returncode == 0
    (tmp_path / "audit.jsonl").write_text("tampered\n")
    done = csvpn("audit", "verify", environment=environment)
    assert done.returncode == 1 and "line 1: is no record" in done.stdout
    (tmp_path / "audit.jsonl").unlink()
    (tmp_path / "audit.jsonl").mkdir()
    assert csvpn("audit", "verify", environment=environment).returncode == 2
    assert csvpn("audit", environment=environment).returncode == 3
