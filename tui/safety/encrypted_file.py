"""One file of secrets for machines without a keyring: scrypt and AES-256-GCM under a passphrase.

    {"format": "csvpn secrets", "version": 1,
     "kdf": {"name": "scrypt", "n": 65536, "r": 8, "p": 2, "salt": "…"},
     "check": {"nonce": "…", "box": "…"},
     "entries": [{"profile": "prod", "kind": "secret-key", "nonce": "…", "box": "…"}]}

Whose secrets it has can be read without the passphrase; each secret is sealed for itself and bound
to its profile and kind, so that one cannot be put in the place of another. `check` tells a wrong
passphrase from a damaged entry. Everything here blocks.
"""

import contextlib
import fcntl
import os
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Final, Literal

import msgspec

from tui.safety.secret import Secret
from tui.safety.text import clean

_NONCE_BYTES: Final = 12
_SALT_BYTES: Final = 16
_KEY_BYTES: Final = 32
_LARGEST: Final = 1024 * 1024
_CHECK: Final = b"csvpn secrets check"

SHORTEST_PASSPHRASE: Final = 8
"""Characters. Whoever copies the file can try as many passphrases as they like."""


class FileUnusable(Exception):
    """The file cannot be used as it is, and is left as it is; `str()` says why and what to do."""


class WrongPassphrase(Exception):
    """The passphrase is not that of the file."""


class Cost(msgspec.Struct, frozen=True):
    """What one try of a passphrase costs: `n` * `r` * 128 bytes of memory, `p` times."""

    n: Annotated[int, msgspec.Meta(ge=2, le=1 << 20)] = 1 << 16
    r: Annotated[int, msgspec.Meta(ge=1, le=32)] = 8
    p: Annotated[int, msgspec.Meta(ge=1, le=16)] = 2


class _Kdf(Cost, frozen=True, kw_only=True, forbid_unknown_fields=True):
    name: Literal["scrypt"] = "scrypt"
    salt: bytes


class _Sealed(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    nonce: bytes
    box: bytes


class _Entry(_Sealed, frozen=True, kw_only=True, forbid_unknown_fields=True):
    profile: str
    kind: str


class _Contents(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    format: Literal["csvpn secrets"] = "csvpn secrets"
    version: Literal[1] = 1
    kdf: _Kdf
    check: _Sealed
    entries: tuple[_Entry, ...] = ()


class EncryptedFile:
    """The file at `path`; locked until `unlock` or `create`. The key stays in memory only."""

    def __init__(self, path: Path, *, cost: Cost | None = None) -> None:
        """`cost` is for a file that is made new; one that is there says its own."""
        self.path = path
        self._cost = cost or Cost()
        self._key: bytes | None = None
        self._salt = b""

    @property
    def is_unlocked(self) -> bool:
        """Whether the passphrase was given in this run."""
        return self._key is not None

    def exists(self) -> bool:
        """Whether there is such a file. Raises `FileUnusable` where it cannot be read or used."""
        return self._read() is not None

    def kinds(self) -> list[tuple[str, str]]:
        """Profile and kind of each secret that is there; needs no passphrase."""
        contents = self._read()
        return [(entry.profile, entry.kind) for entry in contents.entries] if contents else []

    def unlock(self, passphrase: Secret) -> None:
        """Derive the key. Raises `WrongPassphrase`, `FileUnusable`."""
        contents = self._read()
        if contents is None:
            raise FileUnusable(f"the encrypted file {clean(str(self.path))} is gone")
        key = _derive(passphrase, contents.kdf)
        if _open(key, contents.check, _CHECK) != b"":
            raise WrongPassphrase("this is not the passphrase of the encrypted file")
        self._key, self._salt = key, contents.kdf.salt

    def create(self, passphrase: Secret) -> None:
        """Make the file, empty. Raises `FileUnusable`, also where there is one already."""
        kdf = _Kdf(
            salt=os.urandom(_SALT_BYTES), n=self._cost.n, r=self._cost.r, p=self._cost.p
        )  # fmt: skip
        key = _derive(passphrase, kdf)
        with self._locked():
            if self._read() is not None:
                raise FileUnusable(
                    f"another program has just made {clean(str(self.path))}; give its passphrase"
                )
            self._write(_Contents(kdf=kdf, check=_seal(key, b"", _CHECK)))
        self._key, self._salt = key, kdf.salt

    def get(self, profile: str, kind: str) -> Secret | None:
        """A secret; None where the file has none. Raises `FileUnusable` where it is damaged."""
        for entry in self._mine().entries:
            if (entry.profile, entry.kind) == (profile, kind):
                text = _open(self._unlocked(), entry, _about(profile, kind))
                if text is None:
                    raise self._damaged(f"the {kind} of {clean(profile)} was changed")
                return Secret(text.decode())
        return None

    def put(self, profile: str, kind: str, secret: Secret) -> None:
        """Keep a secret instead of the one of its kind, on disk when this returns."""
        sealed = _seal(self._unlocked(), secret.reveal().encode(), _about(profile, kind))
        entry = _Entry(profile=profile, kind=kind, nonce=sealed.nonce, box=sealed.box)
        with self._locked():
            contents = self._mine()
            others = [e for e in contents.entries if (e.profile, e.kind) != (profile, kind)]
            self._write(msgspec.structs.replace(contents, entries=(*others, entry)))

    def drop(self, profile: str, kinds: tuple[str, ...]) -> None:
        """Take secrets out. Needs no passphrase: what is forgotten need not be read."""
        with self._locked():
            contents = self._read()
            if contents is None:
                return
            left = tuple(e for e in contents.entries if e.profile != profile or e.kind not in kinds)
            if len(left) != len(contents.entries):
                self._write(msgspec.structs.replace(contents, entries=left))

    def _unlocked(self) -> bytes:
        if self._key is None:
            raise FileUnusable(f"the encrypted file {clean(str(self.path))} is locked")
        return self._key

    def _mine(self) -> _Contents:
        """The contents, as long as they are those that were unlocked."""
        contents = self._read()
        if contents is None or contents.kdf.salt != self._salt:
            raise FileUnusable(
                f"the encrypted file {clean(str(self.path))} was replaced by another; start again"
            )
        return contents

    def _read(self) -> _Contents | None:
        try:
            descriptor = os.open(self.path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
        except FileNotFoundError:
            return None
        except OSError as error:
            raise self._unreadable(error) from error
        try:
            self._refuse_foreign(os.fstat(descriptor))
            with open(descriptor, "rb", closefd=False) as file:
                raw = file.read(_LARGEST)
        except OSError as error:
            raise self._unreadable(error) from error
        finally:
            os.close(descriptor)
        try:
            return msgspec.json.decode(raw, type=_Contents)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise self._damaged(clean(str(error), 200)) from error

    def _refuse_foreign(self, status: os.stat_result) -> None:
        """`FileUnusable` where somebody else could have read or written the file."""
        path = clean(str(self.path))
        if not stat.S_ISREG(status.st_mode):
            raise FileUnusable(f"{path} is not a file; move it away")
        if status.st_uid != os.geteuid():
            raise FileUnusable(f"{path} belongs to another user, uid {status.st_uid}")
        if status.st_mode & 0o077:
            raise FileUnusable(
                f"other users may read or write {path} (mode {stat.S_IMODE(status.st_mode):04o}); "
                f"look whether it is still yours, then: chmod 600 {path}"
            )
        folder = self.path.parent.stat()
        if folder.st_mode & 0o022 and not folder.st_mode & stat.S_ISVTX:
            where = clean(str(self.path.parent))
            raise FileUnusable(f"other users may replace files in {where}; chmod 700 {where}")

    def _unreadable(self, error: OSError) -> FileUnusable:
        path = clean(str(self.path))
        return FileUnusable(f"the encrypted file {path} cannot be read ({error.strerror})")

    def _damaged(self, why: str) -> FileUnusable:
        path = clean(str(self.path))
        return FileUnusable(
            f"the encrypted file {path} is damaged ({why}); it stays as it is: put a copy back, or "
            "move it away and enter the secrets again"
        )

    @contextlib.contextmanager
    def _locked(self) -> Iterator[None]:
        """One program at a time changes the file. Raises `FileUnusable`."""
        try:
            self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
            descriptor = os.open(self.path.with_suffix(".lock"), flags, 0o600)
        except OSError as error:
            raise self._unwritable(error) from error
        try:
            # Some network file systems have no locks: saving without one is better than not saving.
            with contextlib.suppress(OSError):
                fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield
        finally:
            os.close(descriptor)

    def _unwritable(self, error: OSError) -> FileUnusable:
        path = clean(str(self.path))
        return FileUnusable(f"the encrypted file {path} cannot be written ({error.strerror})")

    def _write(self, contents: _Contents) -> None:
        """Replace the file in one piece, mode 0600, and have it on disk."""
        folder = self.path.parent
        text = msgspec.json.format(msgspec.json.encode(contents), indent=1)
        try:
            descriptor, name = tempfile.mkstemp(prefix=f".{self.path.name}.", dir=folder)
            try:
                with os.fdopen(descriptor, "wb") as file:
                    file.write(text)
                    file.flush()
                    os.fsync(file.fileno())
                Path(name).replace(self.path)
            except BaseException:
                Path(name).unlink(missing_ok=True)
                raise
            opened = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
            try:
                os.fsync(opened)
            finally:
                os.close(opened)
        except OSError as error:
            raise self._unwritable(error) from error


def _about(profile: str, kind: str) -> bytes:
    return b"csvpn secrets 1\0" + profile.encode() + b"\0" + kind.encode()


def _derive(passphrase: Secret, kdf: _Kdf) -> bytes:
    from cryptography.hazmat.primitives.kdf.scrypt import Scrypt  # slow to load, seldom needed

    try:
        function = Scrypt(salt=kdf.salt, length=_KEY_BYTES, n=kdf.n, r=kdf.r, p=kdf.p)
        return function.derive(passphrase.reveal().encode("utf-8", "surrogatepass"))
    except (ValueError, MemoryError) as error:
        raise FileUnusable(f"the key of the encrypted file cannot be derived: {error}") from error


def _seal(key: bytes, text: bytes, about: bytes) -> _Sealed:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    nonce = os.urandom(_NONCE_BYTES)
    return _Sealed(nonce, AESGCM(key).encrypt(nonce, text, about))


def _open(key: bytes, sealed: _Sealed, about: bytes) -> bytes | None:
    """What was sealed; None where key, text or `about` are not the same."""
    from cryptography.exceptions import InvalidTag
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    try:
        return AESGCM(key).decrypt(sealed.nonce, sealed.box, about)
    except (InvalidTag, ValueError):
        return None
