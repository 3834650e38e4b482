"""Whether a folder is a place for files that may hold a key or a password.

What is found is a `Finding`: an error is a place where others read along or copies are made behind
one's back, a warning one where others see that there is a kit. Nothing is changed here.
"""

import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from tui.vpn.findings import Finding

SHARED: Final = ("/tmp", "/var/tmp", "/dev/shm")  # noqa: S108 - refused, not used
"""Folders that everybody may write into, and that are emptied behind one's back."""

SYNCED: Final = {
    "dropbox": "Dropbox",
    "onedrive": "OneDrive",
    "google drive": "Google Drive",
    "googledrive": "Google Drive",
    "my drive": "Google Drive",
    "icloud drive": "iCloud",
    "com~apple~clouddocs": "iCloud",
    "mobile documents": "iCloud",
    "nextcloud": "Nextcloud",
    "owncloud": "ownCloud",
    "syncthing": "Syncthing",
    "seafile": "Seafile",
    "pcloud": "pCloud",
}
"""Names of folders that a program copies elsewhere, in lower case."""
_GO_ON: Final = {
    "dropbox": "Dropbox",
    "onedrive": "OneDrive",
    "googledrive-": "Google Drive",
    "nextcloud": "Nextcloud",
    "owncloud": "ownCloud",
}
"""How such names may begin: `OneDrive - Acme`, `GoogleDrive-me@example.com`."""
_MARKERS: Final = {".dropbox": "Dropbox", ".stfolder": "Syncthing", ".sync": "Resilio Sync"}

NETWORK_TYPES: Final = frozenset(
    """
    9p afs beegfs ceph cifs coda davfs fuse.davfs2 fuse.glusterfs fuse.gvfsd-fuse fuse.rclone
    fuse.s3fs fuse.sshfs gfs2 glusterfs lustre ncpfs nfs nfs4 ocfs2 smb2 smb3 smbfs vboxsf virtiofs
    """.split()  # noqa: SIM905 - a paragraph is easier to read than 24 quoted words
)
"""File systems whose files lie on another machine."""
_MOUNTS: Final = Path("/proc/self/mountinfo")


def findings(folder: Path, mounts: Path = _MOUNTS) -> list[Finding]:
    """What speaks against writing kits below `folder`, which need not be there yet."""
    path = Path(os.path.abspath(folder.expanduser()))
    real = path.resolve()
    found = [
        *_shared(real),
        *_open_to_others(real),
        *_synced(path, real),
        *_work_tree(real),
        *_network(real, mounts),
    ]
    if real != path and not found:
        says = f"{path} leads through a link to {real}; that is where the files will lie."
        found.append(Finding("warning", "kit-link", says))
    return found


def _and_above(path: Path) -> Iterator[Path]:
    yield path
    yield from path.parents


def _nearest(path: Path) -> Path:
    """The folder itself, or the one above it that is there."""
    return next(each for each in _and_above(path) if each.is_dir() or each == each.parent)


def _shared(real: Path) -> Iterator[Finding]:
    for name in SHARED:
        shared = Path(name).resolve()
        if real == shared or shared in real.parents:
            yield Finding(
                "error",
                "kit-shared",
                f"{real} is below {name}, which everybody on this machine shares; choose a folder "
                "in your home.",
            )
            return


def _open_to_others(real: Path) -> Iterator[Finding]:
    near = _nearest(real)
    for each in _and_above(near):
        mode = each.stat().st_mode
        # In a folder with the sticky bit others cannot replace what is ours.
        if mode & stat.S_IWOTH and not mode & stat.S_ISVTX:
            yield Finding(
                "error",
                "kit-writable",
                f"Everybody may write into {each}, and so put another folder in place of this "
                "one; choose a folder in your home.",
            )
            return
        if each == near and mode & stat.S_IWGRP and near == real:
            yield Finding(
                "error",
                "kit-writable",
                f"A whole group may write into {each}; choose a folder that is yours alone.",
            )
            return
    if near == real and real.stat().st_mode & (stat.S_IROTH | stat.S_IRGRP):
        yield Finding(
            "warning",
            "kit-readable",
            f"Others may list {real} and see for whom there are kits; the files themselves only "
            f"you can read. To change that: chmod 700 {real}",
        )


def _synced(path: Path, real: Path) -> Iterator[Finding]:
    for each in dict.fromkeys((*_and_above(path), *_and_above(real))):
        service = _service(each)
        if service:
            yield Finding(
                "error",
                "kit-synced",
                f"{each} is copied elsewhere by {service}, where the files stay after they are "
                "deleted here; choose a folder that is not synchronised.",
            )
            return


def _service(folder: Path) -> str:
    name = folder.name.lower()
    if name in SYNCED:
        return SYNCED[name]
    for beginning, service in _GO_ON.items():
        if name.startswith(beginning):
            return service
    for marker, service in _MARKERS.items():
        if (folder / marker).exists():
            return service
    return ""


def _work_tree(real: Path) -> Iterator[Finding]:
    for each in _and_above(real):
        for marker in (".git", ".hg", ".svn"):
            if (each / marker).exists():
                yield Finding(
                    "error",
                    "kit-work-tree",
                    f"{each} is a work tree of {marker[1:]}, from where files are easily "
                    "committed; choose a folder outside of it.",
                )
                return


def _network(real: Path, mounts: Path) -> Iterator[Finding]:
    kind, point = mount_of(real, mounts)
    if kind in NETWORK_TYPES:
        yield Finding(
            "error",
            "kit-network",
            f"{point} lies on another machine ({kind}), whose administrators can read the files; "
            "choose a folder on this machine.",
        )


def mount_of(path: Path, mounts: Path = _MOUNTS) -> tuple[str, str]:
    """File system type and mount point of `path`; both empty where the system does not tell."""
    try:
        lines = mounts.read_text("utf-8", "surrogateescape").splitlines()
    except OSError:
        return "", ""
    best: tuple[str, str] = ("", "")
    for line in lines:
        before, _, after = line.partition(" - ")
        fields, kinds = before.split(), after.split()
        if len(fields) < 5 or not kinds:
            continue
        point = _unescaped(fields[4])
        if (path == Path(point) or Path(point) in path.parents) and len(point) >= len(best[1]):
            best = (kinds[0], point)
    return best


def _unescaped(text: str) -> str:
    """`\\040` and its like, which the kernel writes for blanks and line feeds."""
    for code in ("040", "011", "012"):
        text = text.replace(f"\\{code}", chr(int(code, 8)))
    return text.replace("\\134", "\\")
