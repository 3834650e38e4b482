"""A survey as a folder: one file per answer, in the form in which routers were recorded.

`<name>.json` is `{"name", "argv", "rc", "stdout", "stderr", "ms"}`, to which a file that was
written here adds `taken`, and `failed` with the reason where a command gave no answer at all.
Whatever lies beside them is left alone: logs of a bundle, and `cloud.json`, which is what the
API says of the same moment.
"""

import json
import os
import re
from pathlib import Path
from typing import Any, Final

import msgspec

from tui.router.commands import HOSTNAME, REGISTRY
from tui.router.survey import Answer, Survey, Unanswered, redacted
from tui.safety.text import clean

LARGEST_ANSWER: Final = 64 * 1024 * 1024
"""Bytes of one file; a router's longest answer is a part of that."""

_NOT_ANSWERS: Final = frozenset({"cloud"})
_NAME: Final = re.compile(r"[A-Za-z0-9_]{1,64}")
_HALF: Final = re.compile("[\ud800-\udc7f\udd00-\udfff]")
_NEW: Final = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC


class _Kept(Answer, frozen=True, kw_only=True):
    """An answer as it lies in a file."""

    name: str = ""
    failed: str = ""


def read_answers(folder: Path) -> Survey:
    """The answers that `folder` holds. Whatever is missing in it was not asked.

    A file that bears the name of a command and cannot be read becomes a failure of that command,
    with the reason. Raises `OSError` where the folder itself cannot be read.
    """
    answers: dict[str, Answer] = {}
    failures: dict[str, str] = {}
    for path in sorted(folder.iterdir()):
        if path.suffix != ".json" or not _NAME.fullmatch(path.stem) or path.stem in _NOT_ANSWERS:
            continue
        name = path.stem
        try:
            kept = _read(path)
        except (OSError, ValueError, RecursionError) as problem:
            if name in REGISTRY:
                failures[name] = clean(f"{path.name} cannot be read: {problem}")
            continue
        if kept.failed:
            failures[name] = clean(kept.failed)
            continue
        answers[name] = Answer(
            name=name,
            argv=kept.argv,
            status=kept.status,
            stdout=_without_halves(kept.stdout),
            stderr=_without_halves(kept.stderr),
            ms=kept.ms,
            taken=kept.taken,
        )
    survey = Survey(folder.name, answers, failures)
    named = survey.fact(HOSTNAME)
    if not isinstance(named, Unanswered) and named:
        survey.router = named
    return survey


def write_answers(folder: Path, survey: Survey) -> None:
    """Write `survey` into `folder` (made if need be, open to nobody else), without its secrets.

    Raises `OSError`, and `ValueError` for an answer whose name is no name of a file.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    folder.chmod(0o700)
    for name, answer in sorted(survey.answers.items()):
        _write(folder, name, _as_written(name, answer))
    for name, why in sorted(survey.failures.items()):
        if name not in survey.answers:
            failed = _as_written(name, Answer(name=name, status=None))
            _write(folder, name, {**failed, "failed": redacted(why)})


def _read(path: Path) -> _Kept:
    """Raises `ValueError` for what is no answer."""
    if not path.is_file():
        raise ValueError("it is not a file")
    if path.stat().st_size > LARGEST_ANSWER:
        raise ValueError("it is larger than 64 MB")
    kept = msgspec.convert(json.loads(path.read_bytes()), _Kept)
    if kept.name not in ("", path.stem):
        raise ValueError(f"it is the answer of {kept.name}")
    return kept


def _as_written(name: str, answer: Answer) -> dict[str, Any]:
    command = REGISTRY.get(name)
    ours = command is not None and answer.argv in ((), command.argv)
    argv = command.argv if ours and command else tuple(redacted(word) for word in answer.argv)
    written: dict[str, Any] = {
        "name": name,
        "argv": argv,
        "rc": answer.status,
        "stdout": redacted(answer.stdout),
        "stderr": redacted(answer.stderr),
        "ms": round(answer.ms, 1),
    }
    if answer.taken is not None:
        written["taken"] = answer.taken.isoformat()
    return written


def _write(folder: Path, name: str, written: dict[str, Any]) -> None:
    if not _NAME.fullmatch(name) or name in _NOT_ANSWERS:
        raise ValueError(f"{name!r} cannot be the name of an answer")
    descriptor = os.open(folder / f"{name}.json", _NEW, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        os.fchmod(descriptor, 0o600)
        json.dump(written, file, indent=1)


def _without_halves(text: str) -> str:
    """Without the halves of UTF-16 pairs that stand for no byte: they cannot be encoded."""
    return _HALF.sub("\ufffd", text)
