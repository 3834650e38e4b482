"""Folders that kits are refused in, and those that are fine."""

import os
from pathlib import Path

import pytest

from tui.operations import kit_places
from tui.operations.kit_places import findings, mount_of


@pytest.fixture(autouse=True)
def home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A folder that is nobody else's; pytest's own lies where kits are refused."""
    monkeypatch.setattr(kit_places, "SHARED", ("/dev/shm",))
    tmp_path.chmod(0o700)
    return tmp_path


def codes(folder: Path, mounts: str | None = None) -> list[tuple[str, str]]:
    if mounts is None:
        return [(each.severity, each.code) for each in findings(folder)]
    table = folder.parent / "mountinfo"
    table.write_text(mounts)
    return [(each.severity, each.code) for each in findings(folder, table)]


def test_a_folder_of_ones_own_is_fine(home: Path) -> None:
    assert codes(home) == []
    assert codes(home / "not" / "there" / "yet") == []


def test_folders_that_everybody_shares_are_refused(home: Path) -> None:
    assert codes(Path("/dev/shm/kits")) == [("error", "kit-shared")]
    link = home / "innocent"
    link.symlink_to("/dev/shm")
    assert ("error", "kit-shared") in codes(link / "kits")


def test_temporary_folders_are_among_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    for folder in ("/tmp", "/tmp/a/b", "/var/tmp/x"):
        assert ("error", "kit-shared") in codes(Path(folder)), folder


def test_who_else_may_write_or_look(home: Path) -> None:
    home.chmod(0o777)
    assert codes(home / "kits") == [("error", "kit-writable")]
    home.chmod(0o1777)
    assert codes(home / "kits") == [], "the sticky bit keeps others from replacing it"
    home.chmod(0o775)
    assert codes(home) == [("error", "kit-writable")]
    home.chmod(0o755)
    assert codes(home) == [("warning", "kit-readable")]
    assert codes(home / "kits") == [], "a new folder is made for its owner alone"


@pytest.mark.parametrize(
    ("name", "service"),
    [
        ("Dropbox", "Dropbox"),
        ("Dropbox (Acme)", "Dropbox"),
        ("OneDrive - Acme", "OneDrive"),
        ("Google Drive", "Google Drive"),
        ("GoogleDrive-me@example.com", "Google Drive"),
        ("iCloud Drive", "iCloud"),
        ("com~apple~CloudDocs", "iCloud"),
        ("Nextcloud", "Nextcloud"),
    ],
)
def test_synchronised_folders_are_refused(home: Path, name: str, service: str) -> None:
    (home / name).mkdir(mode=0o700)
    found = findings(home / name / "kits")
    assert [each.code for each in found] == ["kit-synced"] and service in found[0].says
    assert found[0].severity == "error"
    link = home / "link"
    link.symlink_to(home / name)
    assert ("error", "kit-synced") in codes(link / "kits")


def test_markers_of_synchronised_folders_are_known(home: Path) -> None:
    (home / ".stfolder").mkdir()
    assert "Syncthing" in findings(home / "kits")[0].says


@pytest.mark.parametrize("marker", [".git", ".hg", ".svn"])
def test_work_trees_are_refused(home: Path, marker: str) -> None:
    (home / marker).mkdir()
    assert codes(home / "deep" / "below") == [("error", "kit-work-tree")]
    (home / marker).rmdir()
    (home / marker).write_text("gitdir: elsewhere")
    assert codes(home) == [("error", "kit-work-tree")], "a linked work tree has a file there"


MOUNTS = """\
22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw
40 22 0:50 / {0} rw shared:9 - {1} server:/export rw
a line that is not one
"""


def test_what_lies_on_another_machine_is_refused(home: Path) -> None:
    folder = home / "with blank" / "kits"
    point = str(home / "with blank").replace(" ", "\\040")
    folder.parent.mkdir(mode=0o700)
    for kind in ("nfs4", "cifs", "fuse.sshfs", "9p"):
        assert codes(folder, MOUNTS.format(point, kind)) == [("error", "kit-network")], kind
    assert codes(folder, MOUNTS.format(point, "ext4")) == []
    assert codes(folder, MOUNTS.format(str(home / "with"), "nfs")) == []
    assert mount_of(Path("/x"), home / "no-such-table") == ("", "")


def test_a_link_is_said(home: Path) -> None:
    (home / "real").mkdir(mode=0o700)
    (home / "link").symlink_to(home / "real")
    (found,) = findings(home / "link")
    assert found.severity == "warning" and os.fspath(home / "real") in found.says
