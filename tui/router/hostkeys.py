"""Host keys: learnt once, with the fingerprint shown to somebody, and never silently replaced.

The file is in OpenSSH's format and ours alone unless the profile names another. asyncssh asks its
callback both for unknown and for changed keys and believes whatever it returns, so the verdict is
made here and the callback always says no.
"""

from pathlib import Path

import asyncssh

from tui.router.errors import HostKeyChanged, HostKeyUnknown, KeyFileProblem, LinkError
from tui.settings.errors import SettingsError
from tui.settings.private_file import write_private

HOST_KEY_ALGORITHMS = (
    "ssh-ed25519",
    "ecdsa-sha2-nistp256",
    "ecdsa-sha2-nistp384",
    "ecdsa-sha2-nistp521",
    "rsa-sha2-512",
    "rsa-sha2-256",
)
"""What we accept from a server, best first."""

_ALGORITHMS_OF_TYPE = {"ssh-rsa": ("rsa-sha2-512", "rsa-sha2-256")}


class KnownKeys:
    """What is known about one machine."""

    def __init__(self, trusted: list[asyncssh.SSHKey], revoked: list[asyncssh.SSHKey]) -> None:
        self.trusted = trusted
        self.revoked = revoked

    @property
    def algorithms(self) -> list[str]:
        """Signature algorithms to offer: those of known keys first, so that a server with several
        keys shows the one that we know."""
        known = [
            name
            for key in self.trusted
            for name in _ALGORITHMS_OF_TYPE.get(key.get_algorithm(), (key.get_algorithm(),))
            if name in HOST_KEY_ALGORITHMS
        ]
        return list(dict.fromkeys([*known, *HOST_KEY_ALGORITHMS]))

    @property
    def fingerprints(self) -> tuple[str, ...]:
        """`SHA256:…` of each trusted key."""
        return tuple(key.get_fingerprint() for key in self.trusted)


class HostKeys:
    """The known_hosts file at `path`, read afresh for every connection."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def lookup(self, alias: str) -> KnownKeys:
        """The keys filed under `alias`. Raises `KeyFileProblem` when the file cannot be used."""
        text = self._read()
        try:
            # A port is part of the alias already: without this asyncssh would also accept a key
            # that was learnt for another port of the same machine.
            found = asyncssh.import_known_hosts(text).match(alias, "", None)
        except ValueError as error:
            raise KeyFileProblem(
                f"the file of host keys {str(self.path)!r} cannot be read: {error}",
                "correct or remove the line",
            ) from error
        return KnownKeys(list(found[0]), list(found[2]))

    def judge(self, host: str, alias: str, key: asyncssh.SSHKey, known: KnownKeys) -> LinkError:
        """Why `key`, shown by `host`, is not accepted."""
        public = public_text(key)
        fingerprint = key.get_fingerprint()
        if key in known.revoked:
            return HostKeyChanged(host, alias, public, fingerprint, ("revoked",))
        if known.trusted:
            return HostKeyChanged(host, alias, public, fingerprint, known.fingerprints)
        return HostKeyUnknown(host, alias, public, fingerprint)

    def learn(self, problem: HostKeyUnknown) -> None:
        """Remember the key of `problem`: somebody has seen its fingerprint and agreed.

        Raises `HostKeyChanged` if another key has been learnt meanwhile.
        """
        known = self.lookup(problem.alias)
        key = asyncssh.import_public_key(problem.public_key)
        if key in known.trusted:
            return
        if known.trusted or key in known.revoked:
            raise self.judge(problem.host, problem.alias, key, known)
        self._write([*self._read().splitlines(), f"{problem.alias} {problem.public_key}"])

    def replace(self, problem: HostKeyChanged) -> None:
        """Put the key of `problem` in the place of what was known: the machine was rebuilt.

        Only lines that name this machine alone are removed; raises `KeyFileProblem` where a
        pattern or a list of names holds the old key, because that is not ours to change.
        """
        kept = [line for line in self._read().splitlines() if _names(line) != problem.alias]
        left = asyncssh.import_known_hosts("\n".join(kept)).match(problem.alias, "", None)
        if left[0] or left[2]:
            raise KeyFileProblem(
                f"the old key of {problem.host} stands in a line with other names",
                f"correct {str(self.path)!r} by hand",
            )
        self._write([*kept, f"{problem.alias} {problem.public_key}"])

    def _read(self) -> str:
        try:
            return self.path.read_text(encoding="utf-8")
        except FileNotFoundError:
            return ""
        except (OSError, UnicodeDecodeError) as error:
            raise KeyFileProblem(
                f"the file of host keys {str(self.path)!r} cannot be read: {error}",
                "it has to be a readable text file",
            ) from error

    def _write(self, lines: list[str]) -> None:
        try:
            write_private(self.path, "\n".join(lines) + "\n")
        except SettingsError as error:
            raise KeyFileProblem(f"the host key was not remembered: {error.what}") from error


def public_text(key: asyncssh.SSHKey) -> str:
    """`type base64` of a public key, without its comment."""
    return b" ".join(key.export_public_key("openssh").split()[:2]).decode()


def _names(line: str) -> str:
    """The name list of a known_hosts line, empty for comments and marked lines."""
    words = line.split(None, 1)
    return words[0] if words and not words[0].startswith(("#", "@")) else ""
