"""One chain, whoever appends and whatever breaks; and no secret in it."""

import hashlib
import json
import multiprocessing
import os
import resource
import signal
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.safety.audit import (
    NO_LINE,
    Actor,
    AuditTrail,
    AuditUnwritable,
    Rule,
    Target,
    this_actor,
)
from tui.safety.audit_check import check_trail, read_trail, trail_files
from tui.safety.audit_records import LONGEST_LINE, Record, fitted, fitted_params
from tui.safety.secret import Secret

SECRET = "canary-Audit-55x"
ACTOR = Actor("alice", from_address="192.0.2.7")
NOON = datetime(2026, 5, 4, 12, 0, 0, 123456, tzinfo=UTC)


def trail(folder: Path, *, largest: int = 1 << 23, rule: Rule = "required") -> AuditTrail:
    return AuditTrail(
        folder / "audit.jsonl", ACTOR, profile="prod", largest=largest, rule=rule,
        now=lambda: NOON, patience=0.1,
    )  # fmt: skip


def lines(folder: Path) -> list[bytes]:
    return (folder / "audit.jsonl").read_bytes().splitlines()


def test_a_record_says_who_did_what_and_names_the_line_before(tmp_path: Path) -> None:
    audit = trail(tmp_path / "new")
    audit.record(
        "createRemoteAccessVpn", target=Target("address", "id-1", "203.0.113.9"), jobid="j-1",
        params={"publicipid": "id-1", "openfirewall": True, "presharedkey": SECRET},
        result="sent", ms=12.6, dry_run=False,
    )  # fmt: skip
    audit.record("createRemoteAccessVpn", result="failed", code=431)
    first, second = (json.loads(line) for line in lines(tmp_path / "new"))
    assert first["ts"] == "2026-05-04T12:00:00.123Z"
    assert (first["seq"], first["prev"], first["profile"]) == (1, NO_LINE, "prod")
    assert first["actor"] == {"os_user": "alice", "from_address": "192.0.2.7"}
    assert first["target"] == {"type": "address", "id": "id-1", "name": "203.0.113.9"}
    assert first["params"] == {"publicipid": "id-1", "openfirewall": True, "presharedkey": "***"}
    assert (first["jobid"], first["result"], first["ms"]) == ("j-1", "sent", 13)
    assert second["prev"] == hashlib.sha256(lines(tmp_path / "new")[0]).hexdigest()
    assert (second["seq"], second["code"]) == (2, 431)
    assert first["session"] == second["session"] != ""
    file = tmp_path / "new" / "audit.jsonl"
    assert file.stat().st_mode & 0o777 == 0o600 and file.parent.stat().st_mode & 0o777 == 0o700


def test_who_acts_comes_from_the_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOGNAME", "carol\x1b[31m")
    environment = {"SSH_CONNECTION": "198.51.100.4 5022 10.0.0.1 22", "SUDO_USER": "dave"}
    actor = this_actor(environment, account="ops@ROOT", api_key="abcdefghijkl")
    assert actor.os_user == "carol␛[31m" and actor.sudo_user == "dave"
    assert actor.from_address == "198.51.100.4"
    assert actor.api_key == "…ijkl" and actor.account == "ops@ROOT"
    assert this_actor({}, api_key="short").api_key == ""


def test_secrets_are_masked_wherever_they_stand(tmp_path: Path) -> None:
    Secret(SECRET)
    params: dict[str, object] = {
        "password": "hunter2", "key": Secret("abc"), "list": [SECRET, {"psk": "short"}],
        "userdata": "", "show_secret": True, f"odd {SECRET}": 1,
    }  # fmt: skip
    trail(tmp_path).record(f"do {SECRET}", params=params, target=Target(name=SECRET))
    text = (tmp_path / "audit.jsonl").read_text()
    for secret in (SECRET, "hunter2", "abc", "short"):
        assert secret not in text
    assert '"show_secret":true' in text


def test_a_hostile_name_cannot_make_a_second_line_or_an_escape(tmp_path: Path) -> None:
    trail(tmp_path).record("x\n{}\x1b]0;t\x07", target=Target(name="a\x9bb\u202e"))
    (line,) = lines(tmp_path)
    assert json.loads(line)["action"] == "x␊{}␛]0;t␇"
    assert json.loads(line)["target"]["name"] == "a\\x9bb<U+202E>"
    assert not {"\x9b", "\u202e", "\x1b"} & set(line.decode())


@given(
    st.text(max_size=2000),
    st.dictionaries(st.text(max_size=600), st.text(max_size=5000), max_size=60),
)
def test_every_line_fits_and_can_be_read_again(text: str, params: dict[str, str]) -> None:
    long = text * 3
    wide = Actor(long[:64], long[:64], long[:64], "/dev/pts/9", long[:128], "…abcd")
    target = Target(long[:512], long[:512], long[:512])
    record = Record(
        "2026-05-04T12:00:00.123Z", 10**12, NO_LINE, "abcdef012345", wide, long[:512],
        long[:512], target, fitted_params(params), long[:512], long[:512],
    )  # fmt: skip
    line, written = fitted(record)
    assert len(line) < LONGEST_LINE
    assert json.loads(line)["seq"] == 10**12
    assert written.seq == record.seq


def test_a_long_record_is_cut_with_a_mark(tmp_path: Path) -> None:
    audit = trail(tmp_path)
    audit.record("x", params={f"name{n}": "v" * 900 for n in range(60)}, target=Target(name="n"))
    (line,) = lines(tmp_path)
    assert len(line) < LONGEST_LINE
    params = json.loads(line)["params"]
    assert params["…"].startswith("cut from ") and "…[+" in params["name0"]
    audit.record("y", params={"cidr": "x" * 600})
    assert "…[+" in json.loads(lines(tmp_path)[1])["params"]["cidr"]
    assert check_trail(audit.path).broken is None


def _append_many(folder: str, count: int) -> None:
    audit = AuditTrail(Path(folder) / "audit.jsonl", ACTOR, largest=30_000)
    for number in range(count):
        audit.record("x", params={"pid": os.getpid(), "n": number})


def test_several_programs_append_to_one_chain_over_several_files(tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    workers = [context.Process(target=_append_many, args=(str(tmp_path), 60)) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(60)
    path = tmp_path / "audit.jsonl"
    checked = check_trail(path)
    assert checked.broken is None and checked.notes == ()
    assert (checked.records, checked.first, checked.last) == (240, 1, 240)
    assert checked.files > 1 and len(trail_files(path)) == checked.files
    written = [(r.params["pid"], r.params["n"]) for r in read_trail(path)]
    assert len(set(written)) == 240
    assert all(file.stat().st_size <= 30_000 for file in trail_files(path))


def filled(folder: Path, count: int = 6, largest: int = 1 << 23) -> AuditTrail:
    audit = trail(folder, largest=largest)
    for number in range(count):
        audit.record("step", params={"n": number})
    return audit


def test_the_chain_is_carried_over_and_earlier_files_may_be_taken_away(tmp_path: Path) -> None:
    audit = filled(tmp_path, 60, largest=8000)
    files = trail_files(audit.path)
    assert len(files) > 3
    first = files[0].read_bytes().splitlines()
    assert files[0].name == f"audit-{len(first):012}.jsonl"
    assert json.loads(files[1].read_bytes().splitlines()[0])["prev"] == (
        hashlib.sha256(first[-1]).hexdigest()
    )
    files[0].unlink()
    checked = check_trail(audit.path)
    assert checked.broken is None and checked.first == len(first) + 1
    files[2].unlink()
    broken = check_trail(audit.path).broken
    assert broken is not None and broken.path == files[3] and broken.line == 1
    assert "follows record" in broken.says


def test_after_the_current_file_is_taken_away_the_chain_goes_on(tmp_path: Path) -> None:
    audit = filled(tmp_path, 60, largest=8000)
    last_aside = trail_files(audit.path)[-2]
    audit.path.unlink()
    record = audit.record("next")
    assert record is not None and record.prev == (
        hashlib.sha256(last_aside.read_bytes().splitlines()[-1]).hexdigest()
    )


@pytest.mark.parametrize("cut", [1, 2, 40, 200])
def test_a_torn_last_line_is_told_of_by_the_next_record(tmp_path: Path, cut: int) -> None:
    audit = filled(tmp_path)
    raw = audit.path.read_bytes()
    audit.path.write_bytes(raw[:-cut])
    before = check_trail(audit.path)
    assert before.broken is None
    record = audit.record("after")
    assert record is not None
    after = check_trail(audit.path)
    assert after.broken is None
    if cut == 1:  # only the line feed was missing
        assert record.torn is None and record.seq == 7 and after.notes == ()
    else:
        assert record.torn is not None and record.seq == 6
        assert [note.line for note in before.notes] == [6]
        assert "tells of it" in after.notes[0].says
    audit.record("and on")
    assert check_trail(audit.path).broken is None


def test_a_trail_that_is_nothing_but_torn(tmp_path: Path) -> None:
    audit = trail(tmp_path)
    audit.path.write_bytes(b'{"ts":"2026')
    record = audit.record("first")
    assert record is not None and record.seq == 1 and record.torn is not None
    assert check_trail(audit.path).broken is None


def change(raw: list[bytes], how: str) -> list[bytes]:
    """The lines of a trail of six after somebody was there."""
    match how:
        case "changed":
            return [*raw[:2], raw[2].replace(b'"n":2', b'"n":9'), *raw[3:]]
        case "taken out":
            return [*raw[:2], *raw[3:]]
        case "put in":
            return [*raw[:3], raw[2], *raw[3:]]
        case "swapped":
            return [*raw[:2], raw[3], raw[2], *raw[4:]]
        case "garbage":
            return [*raw[:2], b"garbage", *raw[3:]]
        case "garbage put in":
            return [*raw[:3], b"garbage", *raw[3:]]
        case "empty line":
            return [*raw[:3], b"", *raw[3:]]
        case "last is garbage":
            return [*raw[:5], b"garbage"]
        case "deep":
            return [*raw[:2], b"[" * 20_000, *raw[3:]]
    raise ValueError(how)


@pytest.mark.parametrize(
    ("how", "line"),
    [
        ("changed", 4),
        ("taken out", 3),
        ("put in", 4),
        ("swapped", 3),
        ("garbage", 3),
        ("garbage put in", 4),
        ("empty line", 4),
        ("last is garbage", 6),
        ("deep", 3),
    ],
)
def test_the_first_broken_place_is_named(tmp_path: Path, how: str, line: int) -> None:
    audit = filled(tmp_path)
    audit.path.write_bytes(b"\n".join(change(lines(tmp_path), how)) + b"\n")
    broken = check_trail(audit.path).broken
    assert broken is not None and (broken.path, broken.line) == (audit.path, line)
    audit.record("goes on all the same")
    assert check_trail(audit.path).broken == broken


@given(st.data())
def test_no_changed_byte_before_the_last_line_goes_unseen(drawn: st.DataObject) -> None:
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        audit = filled(Path(folder), 4)
        raw = bytearray(audit.path.read_bytes())
        end = raw.rindex(b"\n", 0, len(raw) - 1)
        place = drawn.draw(st.integers(0, end))
        raw[place] ^= drawn.draw(st.integers(1, 255))
        audit.path.write_bytes(raw)
        assert check_trail(audit.path).broken is not None


def unwritable(kind: str, folder: Path) -> AuditTrail:
    """A trail that cannot be written in one of the ways in which that happens."""
    audit = trail(folder / "state")
    match kind:
        case "folder is a file":
            (folder / "state").write_text("")
        case "file is a folder":
            audit.path.mkdir(parents=True)
        case "a link":
            audit.path.parent.mkdir()
            audit.path.symlink_to(folder / "elsewhere")
        case "no folder can be made":
            audit.path = Path("/proc/self/audit/audit.jsonl")
    return audit


KINDS = ["folder is a file", "file is a folder", "a link", "no folder can be made"]


@pytest.mark.parametrize("kind", KINDS)
def test_what_cannot_be_recorded_is_refused(tmp_path: Path, kind: str) -> None:
    audit = unwritable(kind, tmp_path)
    with pytest.raises(AuditUnwritable, match=r'cannot be written .*"best-effort"'):
        audit.record("x")
    with pytest.raises(AuditUnwritable):
        audit.check()
    assert "cannot be written" in audit.trouble
    assert not (tmp_path / "elsewhere").exists()


@pytest.mark.parametrize("kind", KINDS)
def test_best_effort_goes_on_and_remembers(tmp_path: Path, kind: str) -> None:
    audit = unwritable(kind, tmp_path)
    audit.rule = "best-effort"
    assert audit.record("x") is None
    assert "cannot be written" in audit.trouble


def test_a_lock_that_is_never_given_back_is_not_waited_for(tmp_path: Path) -> None:
    audit = filled(tmp_path)
    code = (
        f"import fcntl, time; f = open({str(audit.path.with_suffix('.lock'))!r}, 'r+')\n"
        "fcntl.flock(f, fcntl.LOCK_EX); print('held', flush=True); time.sleep(60)"
    )
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE) as holder:
        assert holder.stdout is not None and holder.stdout.readline()
        with pytest.raises(AuditUnwritable, match="another program holds its lock"):
            audit.record("x")
        holder.kill()
    assert audit.record("x") is not None
    assert audit.trouble == ""


def test_a_full_disk_leaves_no_half_a_record(tmp_path: Path) -> None:
    audit = filled(tmp_path)
    before = audit.path.read_bytes()
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (len(before) + 50, hard))
        with pytest.raises(AuditUnwritable):
            audit.record("x")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        signal.signal(signal.SIGXFSZ, handler)
    assert audit.path.read_bytes() == before
    audit.record("y")
    assert check_trail(audit.path).broken is None


def test_a_file_that_others_could_read_is_made_private(tmp_path: Path) -> None:
    audit = filled(tmp_path)
    audit.path.chmod(0o644)
    audit.record("x")
    assert audit.path.stat().st_mode & 0o777 == 0o600


def test_a_file_put_aside_is_never_replaced(tmp_path: Path) -> None:
    audit = filled(tmp_path, 3)
    aside = tmp_path / f"audit-{3:012}.jsonl"
    aside.write_text("precious")
    trail(tmp_path, largest=1).record("x")
    assert aside.read_text() == "precious" and len(lines(tmp_path)) == 4
    assert audit.path.exists()


async def test_recording_beside_an_event_loop(tmp_path: Path) -> None:
    audit = trail(tmp_path)
    fields: dict[str, Any] = {"target": Target(name="n"), "result": "done"}
    record = await audit.arecord("x", **fields)
    assert record is not None and record.result == "done"
    audit.check()
    assert [r.action for r in read_trail(audit.path)] == ["x"]
