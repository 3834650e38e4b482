"""Kits on disk: private, whole or not there, never over something else."""

import errno
import os
import stat
from pathlib import Path

import pytest

from tui.operations.kit_files import KitNotWritten, Written, delete_kit, write_kits
from tui.vpn.kits.kit import Kit
from tui.vpn.kits.settings import Artefact

KIT = Kit(
    "vpn-acme-alice",
    "alice",
    (
        Artefact("README.txt", "", b"read me"),
        Artefact("linux/secret", "", b"the key", ("key",)),
        Artefact("linux/plain", "", b"plain"),
    ),
)
BOB = Kit("vpn-acme-bob", "bob", KIT.artefacts[:1])


def everything(folder: Path) -> set[str]:
    return {str(each.relative_to(folder)) for each in folder.rglob("*")}


def mode(path: Path) -> int:
    return stat.S_IMODE(path.lstat().st_mode)


def test_files_and_folders_are_for_their_owner_alone(tmp_path: Path) -> None:
    old = os.umask(0)
    try:
        written = write_kits([KIT, BOB], tmp_path / "new" / "kits")
    finally:
        os.umask(old)
    top = tmp_path / "new" / "kits" / "vpn-acme-alice"
    assert written == [
        Written(top, ("README.txt", "linux/secret", "linux/plain"), "alice", ("key",)),
        Written(top.parent / "vpn-acme-bob", ("README.txt",), "bob", ()),
    ]
    assert (top / "linux" / "secret").read_bytes() == b"the key"
    for path in (tmp_path / "new").rglob("*"):
        assert mode(path) == (0o700 if path.is_dir() else 0o600), path
    assert mode(tmp_path / "new") == 0o700


def test_a_umask_that_takes_more_does_not_matter(tmp_path: Path) -> None:
    old = os.umask(0o277)
    try:
        (written,) = write_kits([KIT], tmp_path, as_zip=True)
    finally:
        os.umask(old)
    assert mode(written.path) == 0o600 and written.files == ()
    assert written.path == tmp_path / "vpn-acme-alice.zip"


@pytest.mark.parametrize("as_zip", [False, True])
def test_nothing_is_replaced_and_nothing_is_left(tmp_path: Path, as_zip: bool) -> None:
    there = tmp_path / ("vpn-acme-bob.zip" if as_zip else "vpn-acme-bob")
    there.write_text("mine")
    with pytest.raises(KitNotWritten, match="is there already, and a kit replaces nothing"):
        write_kits([KIT, BOB], tmp_path, as_zip=as_zip)
    assert everything(tmp_path) == {there.name} and there.read_text() == "mine"


def test_a_link_is_not_followed(tmp_path: Path) -> None:
    target = tmp_path / "target"
    target.mkdir()
    (tmp_path / "kits").mkdir()
    (tmp_path / "kits" / "vpn-acme-alice").symlink_to(target)
    (tmp_path / "kits" / "vpn-acme-alice.zip").symlink_to(tmp_path / "elsewhere")
    for as_zip in (False, True):
        with pytest.raises(KitNotWritten):
            write_kits([KIT], tmp_path / "kits", as_zip=as_zip)
    assert everything(target) == set() and not (tmp_path / "elsewhere").exists()


def test_a_full_disk_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = os.fsync
    calls = []

    def full(descriptor: int) -> None:
        calls.append(descriptor)
        if len(calls) == 3:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        real(descriptor)

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(KitNotWritten, match="No space left on device; nothing of it was kept"):
        write_kits([KIT, BOB], tmp_path / "kits")
    assert everything(tmp_path) == set()


def test_being_stopped_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def stop(descriptor: int) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "fsync", stop)
    with pytest.raises(KeyboardInterrupt):
        write_kits([KIT], tmp_path / "kits")
    assert everything(tmp_path) == set()


def test_a_folder_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(KitNotWritten):
        write_kits([KIT], tmp_path / "file" / "kits")
    assert everything(tmp_path) == {"file"}


def test_deleting_takes_the_kit_and_nothing_else(tmp_path: Path) -> None:
    (written,) = write_kits([KIT], tmp_path)
    own = written.path / "linux" / "my-notes"
    own.write_text("mine")
    assert delete_kit(written.path, written.files) == [own]
    assert everything(written.path) == {"linux", "linux/my-notes"}
    own.unlink()
    assert delete_kit(written.path, written.files) == []
    assert not written.path.exists()
    assert delete_kit(written.path, written.files) == [], "it was gone already"
    (zipped,) = write_kits([KIT], tmp_path, as_zip=True)
    assert delete_kit(zipped.path, zipped.files) == [] and everything(tmp_path) == set()


def test_deleting_follows_no_link_and_leaves_the_folder_not(tmp_path: Path) -> None:
    (written,) = write_kits([KIT], tmp_path / "kits")
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "secret").write_text("mine")
    for name in ("secret", "plain"):
        (written.path / "linux" / name).unlink()
    (written.path / "linux").rmdir()
    (written.path / "linux").symlink_to(outside)
    left = delete_kit(written.path, (*written.files, "../../outside/secret"))
    assert (outside / "secret").read_text() == "mine"
    assert left == [] or left == [written.path / "linux"]
    link = tmp_path / "link"
    link.symlink_to(outside)
    assert delete_kit(link, ("secret",)) == [link] and (outside / "secret").exists()
