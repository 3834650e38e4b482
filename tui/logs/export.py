"""Lines written to a file, for a ticket or a colleague: what is filtered, or what is marked.

Every form is redacted. The usual ones are cleaned too, with corrected times in UTC; `as_they_came`
keeps the form of each line, its own stamp and whatever bytes it has.
"""

import errno
import json
import os
import secrets
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, Literal

import msgspec

from tui.logs.merge import BEGINNING, KeptLine
from tui.safety.redact import redact
from tui.safety.text import clean

Form = Literal["text", "json"]
_FLAGS: Final = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
_NO_LINKS: Final = {errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK}
"""What a file system answers that knows no second names, as on a memory stick."""
_AT_A_TIME: Final = 1000


class ExportProblem(Exception):
    """Nothing was written. `what` says why, `remedy` what to do."""

    def __init__(self, what: str, remedy: str) -> None:
        self.what = clean(what)
        self.remedy = clean(remedy)
        super().__init__(f"{self.what}; {self.remedy}")


class ExportedLine(msgspec.Struct, frozen=True):
    """A line that is to be written."""

    kept: KeptLine
    note: str | None = None
    """What somebody has written to a mark on it, which may be empty; None where it has no mark."""
    is_context: bool = False
    """It does not match the filter; it stands near one that does."""


def write_export(
    path: Path,
    lines: Iterable[ExportedLine],
    *,
    form: Form = "text",
    as_they_came: bool = False,
    overwrite: bool = False,
) -> int:
    """Write `lines` to `path`, readable by its owner only; how many they were.

    Raises `ExportProblem`: for a file that is there, unless `overwrite`, and for a place that
    cannot be written. Then what was there before is as it was.
    """
    if path.is_symlink() or (path.exists() and not path.is_file()):
        raise ExportProblem(f"{path} is no plain file", "name another file")
    if path.exists() and not overwrite:
        raise ExportProblem(f"{path} is there already", "name another file, or say to overwrite it")
    begun = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        descriptor = os.open(begun, _FLAGS, 0o600)
        try:
            count = _write(descriptor, exported(lines, form=form, as_they_came=as_they_came))
        finally:
            os.close(descriptor)
        if overwrite:
            begun.replace(path)
        else:
            _name_new(begun, path)
    except FileExistsError as error:
        begun.unlink(missing_ok=True)
        raise ExportProblem(f"{path} is there already", "name another file") from error
    except OSError as error:
        begun.unlink(missing_ok=True)
        reason = error.strerror or str(error)
        raise ExportProblem(f"{path} cannot be written: {reason}", "name another place") from error
    except BaseException:
        begun.unlink(missing_ok=True)
        raise
    return count


def _name_new(begun: Path, path: Path) -> None:
    """Give a file its name. Raises `FileExistsError` where another has come in between."""
    try:
        os.link(begun, path)
    except FileExistsError:
        raise
    except OSError as error:
        if error.errno not in _NO_LINKS or path.exists():
            raise
        begun.rename(path)
    else:
        begun.unlink()


def _write(descriptor: int, pieces: Iterable[bytes]) -> int:
    count = 0
    waiting: list[bytes] = []
    with open(descriptor, "wb", closefd=False) as file:
        for piece in pieces:
            count += 1
            waiting.append(piece)
            if len(waiting) >= _AT_A_TIME:
                file.write(b"".join(waiting))
                waiting.clear()
        file.write(b"".join(waiting))
        file.flush()
        os.fsync(descriptor)
    return count


def exported(
    lines: Iterable[ExportedLine], *, form: Form = "text", as_they_came: bool = False
) -> Iterator[bytes]:
    """What is written of each line, with its line feed and, in text, a line for its note."""
    for line in lines:
        if form == "json":
            yield _document(line, as_they_came)
        else:
            yield _text(line, as_they_came)


def _text(line: ExportedLine, as_they_came: bool) -> bytes:
    mark = ""
    if line.note is not None:
        mark = f"    ^ {_note(line)}\n" if line.note else "    ^ marked\n"
    if as_they_came:
        return _without_secrets(line.kept.raw) + b"\n" + mark.encode()
    read = line.kept.line
    moment = _moment(line.kept)
    stamp = moment.strftime("%Y-%m-%d %H:%M:%S.%f")[:-3] if moment is not None else "-"
    where = f"{read.router or '-'} {read.source}"
    return f"{stamp} {where} {_said(line)}\n{mark}".encode()


def _document(line: ExportedLine, as_they_came: bool) -> bytes:
    read = line.kept.line
    moment = _moment(line.kept)
    document: dict[str, object] = {
        "router": read.router,
        "source": read.source,
        "number": line.kept.number,
        "time": moment.isoformat() if moment is not None else None,
        "level": read.level,
        "text": _said(line),
    }
    if as_they_came:
        raw = _without_secrets(line.kept.raw)
        document["raw"] = raw.decode("utf-8", "backslashreplace")
    if line.kept.origin.clock.offset:
        document["clock_offset"] = round(line.kept.origin.clock.offset, 3)
    if line.is_context:
        document["context"] = True
    if line.note is not None:
        document |= {"marked": True, "note": _note(line)}
    return json.dumps(document, ensure_ascii=False).encode("utf-8", "backslashreplace") + b"\n"


def _note(line: ExportedLine) -> str:
    return redact(clean(line.note or ""))


def _said(line: ExportedLine) -> str:
    read = line.kept.line
    pid = f"[{read.pid}]" if read.pid is not None else ""
    return redact(f"{read.tag}{pid}: {read.text}" if read.tag else read.text)


def _moment(kept: KeptLine) -> datetime | None:
    """The line's time, or that of the line before it."""
    moment = kept.line.time
    if moment is None and kept.at != BEGINNING:
        return datetime.fromtimestamp(kept.at, UTC)
    return moment


def _without_secrets(raw: bytes) -> bytes:
    return redact(raw.decode("utf-8", "surrogateescape")).encode("utf-8", "surrogateescape")
