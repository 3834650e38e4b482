"""Exports: text and JSON lines, redacted, for the owner only, never over another file by chance."""

import errno
import json
import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.logs.blocks import NOW, block
from tests.router_cases import case
from tui.logs.export import ExportedLine, ExportProblem, exported, write_export
from tui.logs.merge import LogBlock, Origin, block_of, placed
from tui.logs.stamps import Clock
from tui.safety.secret import Secret

EVIL = b'Nov 23 00:00:07 r x[5]: \x1b[2J \xff [red] password="hunter2hunter2"'


def lines() -> list[ExportedLine]:
    first, second = placed(block((1, "one"), (2, "two")))
    (evil,) = placed(block_of([EVIL], "daemon", router="r-1", now=NOW))
    return [
        ExportedLine(first, "what is this? token=abcdefgh12345"),
        ExportedLine(second, is_context=True),
        ExportedLine(evil, ""),
    ]


def test_text(tmp_path: Path) -> None:
    path = tmp_path / "out.log"
    assert write_export(path, lines()) == 3
    assert path.read_text().splitlines() == [
        "2026-11-23 00:00:01.000 r-42-VM daemon charon: one",
        "    ^ what is this? token=***",
        "2026-11-23 00:00:02.000 r-42-VM daemon charon: two",
        '2026-11-23 00:00:07.000 r-1 daemon x[5]: ␛[2J \\xff [red] password="***"',
        "    ^ marked",
    ]
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert list(tmp_path.iterdir()) == [path]


def test_json_lines() -> None:
    one, two, evil = (json.loads(piece) for piece in exported(lines(), form="json"))
    assert one == {
        "router": "r-42-VM", "source": "daemon", "number": 1,
        "time": "2026-11-23T00:00:01+00:00", "level": "info", "text": "charon: one",
        "marked": True, "note": "what is this? token=***",
    }  # fmt: skip
    assert two["context"] is True and "marked" not in two
    assert evil["note"] == "" and "hunter2" not in json.dumps(evil)


def test_as_they_came_is_redacted_too() -> None:
    pieces = list(exported(lines(), as_they_came=True))
    assert pieces[2].splitlines()[0] == EVIL.replace(b"hunter2hunter2", b"***")
    (document,) = exported(lines()[2:], form="json", as_they_came=True)
    assert "hunter2" not in document.decode() and "\\xff" in json.loads(document)["raw"]


@pytest.mark.parametrize("as_they_came", [False, True])
@pytest.mark.parametrize("form", ["text", "json"])
def test_no_secret_leaves_with_any_form(form: str, as_they_came: bool) -> None:
    """What a password can be guessed from, lines of chap-secrets, and secrets that are held now."""
    held = Secret("Kx7Qm2Vt9Rb4Wd8Hs6Ny")
    raw = case("mschapv2_wrong_password").files["vr.pppd-journal.log"].splitlines()
    raw += [b"alice * s3cretWord *", f"Nov 23 00:00:01 r x: seen {held.reveal()}".encode()]
    kept = placed(block_of(raw, "vr.pppd-journal.log", now=NOW))
    text = b"".join(
        exported(map(ExportedLine, kept), form=form, as_they_came=as_they_came)  # type: ignore[arg-type]
    )
    for secret in (b"fd785e2eb2f9353c36b799ae114e6895", b"s3cretWord", held.reveal().encode()):
        assert secret not in text


def test_corrected_clocks_are_said() -> None:
    origin = Origin("r-1", "daemon", NOW, Clock(offset=60.25))
    (kept,) = placed(LogBlock(origin, b"Nov 23 00:01:00 r x: y\n"))
    (document,) = exported([ExportedLine(kept)], form="json")
    told = json.loads(document)
    assert told["clock_offset"] == 60.25 and told["time"] == "2026-11-22T23:59:59.750000+00:00"


def test_another_file_is_not_written_over(tmp_path: Path) -> None:
    path = tmp_path / "out.log"
    path.write_text("precious")
    with pytest.raises(ExportProblem, match="is there already"):
        write_export(path, lines())
    assert path.read_text() == "precious"
    assert write_export(path, lines(), overwrite=True) == 3
    assert "precious" not in path.read_text() and stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_file_system_without_second_names(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(source: Path, target: Path) -> None:
        raise PermissionError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr(os, "link", refuse)
    path = tmp_path / "out.log"
    assert write_export(path, lines()) == 3 and os.listdir(tmp_path) == ["out.log"]
    with pytest.raises(ExportProblem, match="is there already"):
        write_export(path, lines())


def test_what_cannot_be_written_is_told(tmp_path: Path) -> None:
    with pytest.raises(ExportProblem, match="cannot be written"):
        write_export(tmp_path / "nowhere" / "out.log", lines())
    with pytest.raises(ExportProblem, match="no plain file"):
        write_export(tmp_path, lines(), overwrite=True)
    (tmp_path / "link").symlink_to(tmp_path / "target")
    with pytest.raises(ExportProblem, match="no plain file"):
        write_export(tmp_path / "link", lines(), overwrite=True)
    assert os.listdir(tmp_path) == ["link"]


def test_an_export_that_breaks_off_leaves_what_was_there(tmp_path: Path) -> None:
    def breaking() -> Iterator[ExportedLine]:
        yield lines()[0]
        raise KeyboardInterrupt

    path = tmp_path / "out.log"
    path.write_text("precious")
    with pytest.raises(KeyboardInterrupt):
        write_export(path, breaking(), overwrite=True)
    assert path.read_text() == "precious" and list(tmp_path.iterdir()) == [path]
