"""The encrypted file by itself: private, whole or refused, each secret bound to its place."""

import json
import os
import threading
from pathlib import Path
from typing import Any

import pytest

from tests.safety.vaults import CHEAP, PASSPHRASE, file_in
from tui.safety.encrypted_file import Cost, EncryptedFile, FileUnusable, WrongPassphrase
from tui.safety.secret import Secret

SECRET = "canary-File-31q"


def made(folder: Path) -> EncryptedFile:
    """A file with one secret."""
    file = file_in(folder)
    file.create(Secret(PASSPHRASE))
    file.put("prod", "secret-key", Secret(SECRET))
    return file


def opened(folder: Path, passphrase: str = PASSPHRASE) -> EncryptedFile:
    """The file as after a new start."""
    file = file_in(folder)
    file.unlock(Secret(passphrase))
    return file


def document(file: EncryptedFile) -> Any:
    return json.loads(file.path.read_text())


def test_secrets_come_back_after_a_new_start(tmp_path: Path) -> None:
    made(tmp_path).put("prod", "password", Secret("ünïcode ✔"))
    file = opened(tmp_path)
    assert file.get("prod", "secret-key") == Secret(SECRET)
    assert file.get("prod", "password") == Secret("ünïcode ✔")
    assert file.get("other", "password") is None
    file.put("prod", "secret-key", Secret("another"))
    assert opened(tmp_path).get("prod", "secret-key") == Secret("another")
    assert sorted(file.kinds()) == [("prod", "password"), ("prod", "secret-key")]


def test_it_is_private_has_its_parameters_and_no_secret(tmp_path: Path) -> None:
    file = made(tmp_path)
    assert file.path.stat().st_mode & 0o777 == 0o600
    assert file.path.parent.stat().st_mode & 0o777 == 0o700
    raw = file.path.read_text()
    assert SECRET not in raw and PASSPHRASE not in raw
    kdf = json.loads(raw)["kdf"]
    assert (kdf["name"], kdf["n"], kdf["r"], kdf["p"]) == ("scrypt", 2, 1, 1)
    assert [p.name for p in sorted(file.path.parent.iterdir())] == ["secrets.json", "secrets.lock"]
    assert Cost().n * Cost().r * 128 == 64 * 1024 * 1024


def test_what_it_says_of_itself_is_used(tmp_path: Path) -> None:
    file = EncryptedFile(tmp_path / "s.json", cost=Cost(n=4, r=2, p=1))
    file.create(Secret(PASSPHRASE))
    again = EncryptedFile(tmp_path / "s.json", cost=CHEAP)
    again.unlock(Secret(PASSPHRASE))
    assert again.is_unlocked


def test_a_wrong_passphrase_is_told_and_opens_nothing(tmp_path: Path) -> None:
    made(tmp_path)
    file = file_in(tmp_path)
    with pytest.raises(WrongPassphrase):
        file.unlock(Secret("not it, not at all"))
    assert not file.is_unlocked
    with pytest.raises(FileUnusable, match="is locked"):
        file.put("prod", "password", Secret("x"))


def test_forgetting_needs_no_passphrase(tmp_path: Path) -> None:
    made(tmp_path).put("other", "password", Secret("stays"))
    file_in(tmp_path).drop("prod", ("secret-key", "password"))
    assert opened(tmp_path).get("prod", "secret-key") is None
    assert opened(tmp_path).get("other", "password") == Secret("stays")
    file_in(tmp_path / "nothing here").drop("prod", ("password",))


@pytest.mark.parametrize("kind", ["profile", "kind"])
def test_a_secret_cannot_be_put_in_the_place_of_another(tmp_path: Path, kind: str) -> None:
    file = made(tmp_path)
    changed = document(file)
    changed["entries"][0][kind] = "elsewhere"
    file.path.write_text(json.dumps(changed))
    where = ("elsewhere", "secret-key") if kind == "profile" else ("prod", "elsewhere")
    with pytest.raises(FileUnusable, match="damaged"):
        opened(tmp_path).get(*where)


@pytest.mark.parametrize(
    "raw",
    [
        b"", b"{}", b"[]", b"\xff\xfe", b"[" * 100_000, b'{"format":"csvpn secrets","version":2}',
        b"not json", b"x" * 2_000_000,
    ],
    ids=["empty", "no keys", "list", "bytes", "deep", "version", "text", "large"],
)  # fmt: skip
def test_a_damaged_file_is_told_and_kept(tmp_path: Path, raw: bytes) -> None:
    file = made(tmp_path)
    file.path.write_bytes(raw)
    for use in (
        lambda: file_in(tmp_path).unlock(Secret(PASSPHRASE)),
        lambda: file_in(tmp_path).create(Secret(PASSPHRASE)),
        lambda: file.put("prod", "password", Secret("x")),
        lambda: file.drop("prod", ("password",)),
        file.exists,
    ):
        with pytest.raises(FileUnusable, match=r"damaged.*stays as it is"):
            use()
    assert file.path.read_bytes() == raw


@pytest.mark.parametrize(
    ("name", "value"), [("n", 1 << 30), ("n", 3), ("n", 0), ("r", 64), ("p", 99), ("salt", "?")]
)
def test_parameters_that_would_fell_the_machine_are_refused(
    tmp_path: Path, name: str, value: object
) -> None:
    file = made(tmp_path)
    changed = document(file)
    changed["kdf"][name] = value
    file.path.write_text(json.dumps(changed))
    with pytest.raises(FileUnusable):
        file_in(tmp_path).unlock(Secret(PASSPHRASE))


def test_a_file_or_folder_open_to_others_is_refused(tmp_path: Path) -> None:
    file = made(tmp_path)
    file.path.chmod(0o640)
    with pytest.raises(FileUnusable, match=r"mode 0640.*chmod 600"):
        file.kinds()
    file.path.chmod(0o600)
    file.path.parent.chmod(0o770)
    with pytest.raises(FileUnusable, match="may replace files"):
        file.kinds()
    file.path.parent.chmod(0o700)
    assert file.kinds()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
def test_a_file_of_somebody_else_is_refused(tmp_path: Path) -> None:
    file = made(tmp_path)
    os.chown(file.path, 12345, -1)
    with pytest.raises(FileUnusable, match="another user, uid 12345"):
        file.kinds()


def test_what_is_no_file_is_refused(tmp_path: Path) -> None:
    file = file_in(tmp_path)
    file.path.mkdir(parents=True)
    with pytest.raises(FileUnusable, match="is not a file"):
        file.exists()
    file.path.rmdir()
    os.mkfifo(file.path, 0o600)
    with pytest.raises(FileUnusable, match="is not a file"):
        file.exists()


def test_a_folder_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "csvpn").write_text("in the way")
    with pytest.raises(FileUnusable):
        file_in(tmp_path).create(Secret(PASSPHRASE))


def test_two_programs_keep_each_others_secrets(tmp_path: Path) -> None:
    made(tmp_path)
    files = [opened(tmp_path) for _ in range(4)]

    def keep(number: int) -> None:
        for n in range(10):
            files[number].put(f"p{number}-{n}", "password", Secret(f"value {number} {n}"))

    threads = [threading.Thread(target=keep, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(opened(tmp_path).kinds()) == 41
    assert opened(tmp_path).get("p3-9", "password") == Secret("value 3 9")


def test_a_file_that_was_replaced_meanwhile_is_not_written_over(tmp_path: Path) -> None:
    file = made(tmp_path)
    file.path.unlink()
    with pytest.raises(FileUnusable, match="replaced"):
        file.get("prod", "secret-key")
    file_in(tmp_path).create(Secret("somebody else's words"))
    before = file.path.read_bytes()
    with pytest.raises(FileUnusable, match="replaced"):
        file.put("prod", "password", Secret("x"))
    with pytest.raises(FileUnusable, match="has just made"):
        file_in(tmp_path).create(Secret(PASSPHRASE))
    assert file.path.read_bytes() == before
