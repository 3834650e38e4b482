"""The search of the canary test finds what is planted, in every form and kind of file."""

import base64
import json
import sqlite3
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote

import pytest

from tests.canaries import leaks

SECRET = 'canary "Q7/x+ü'


def into_sqlite(path: Path) -> None:
    with sqlite3.connect(path) as database:
        database.execute("create table journal (params text)")
        database.execute("insert into journal values (?)", (json.dumps({"password": SECRET}),))
    database.close()


PLANTS: dict[str, Callable[[Path], object]] = {
    "plain": lambda path: path.write_text(f"a line\npassword={SECRET}\n"),
    "json": lambda path: path.write_text(json.dumps({"p": SECRET})),
    "url": lambda path: path.write_text(f"GET /?p={quote(SECRET, safe='')}"),
    "hex": lambda path: path.write_text(SECRET.encode().hex()),
    "base64": lambda path: path.write_bytes(base64.b64encode(SECRET.encode())),
    "base64 in a longer one": lambda path: path.write_bytes(
        base64.b64encode(b"user:" + SECRET.encode() + b":more")
    ),
    "windows": lambda path: path.write_text(SECRET, "utf-16"),
    "sqlite": into_sqlite,
    "binary": lambda path: path.write_bytes(b"\x00\xff" * 5000 + SECRET.encode() + b"\xfe"),
}


@pytest.mark.parametrize("how", PLANTS)
def test_what_is_planted_is_found(tmp_path: Path, how: str) -> None:
    (tmp_path / "deep" / "er").mkdir(parents=True)
    (tmp_path / "harmless").write_text("canary, but not the one")
    assert list(leaks([tmp_path], [SECRET])) == []
    path = tmp_path / "deep" / "er" / ".planted"
    PLANTS[how](path)
    assert {leak.path for leak in leaks([tmp_path], ["other secret", SECRET])} == {path}


def test_names_of_files_count_and_kits_do_not(tmp_path: Path) -> None:
    kits = tmp_path / "kits"
    kits.mkdir()
    (kits / "bob.txt").write_text("hunter2-hunter2")
    assert list(leaks([tmp_path], ["hunter2-hunter2"], aside=[kits])) == []
    assert len(list(leaks([tmp_path], ["hunter2-hunter2"]))) >= 1
    (tmp_path / "of hunter2-hunter2").mkdir()
    (leak,) = leaks([tmp_path], ["hunter2-hunter2"], aside=[kits])
    assert leak.form == "name"


def test_a_secret_that_is_too_short_to_look_for_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="by chance"):
        list(leaks([tmp_path], ["abc"]))
