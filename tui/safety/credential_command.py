"""A program that prints a secret, named in the profile: `pass show cloud/prod`, `vault kv get …`.

It is run without a shell and with nothing on its standard input, in our own process group, so that
a pinentry may ask on the terminal. The first line that it prints is the secret.
"""

import shlex
import subprocess
from typing import Final

from tui.safety.redact import redact
from tui.safety.secret import Secret
from tui.safety.text import clean, clean_bytes

PATIENCE: Final = 10.0
"""Seconds that the program may take, a person who types a passphrase included."""


class CommandFailed(Exception):
    """The program gave no secret; `str()` says why, without anything of its standard output."""


def secret_from(command: str, patience: float = PATIENCE) -> Secret:
    """Run `command` and take the first line of its output. Blocking. Raises `CommandFailed`."""
    try:
        argv = shlex.split(command)
    except ValueError as error:
        raise CommandFailed(f"credential_command cannot be read ({error})") from error
    if not argv:
        raise CommandFailed("credential_command is empty")
    name = clean(argv[0], 100)
    try:
        done = subprocess.run(
            argv, stdin=subprocess.DEVNULL, capture_output=True, timeout=patience, check=False
        )
    except subprocess.TimeoutExpired as error:
        raise CommandFailed(
            f"credential_command: {name} did not answer within {patience:g} s"
        ) from error
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or str(error)
        raise CommandFailed(f"credential_command: {name} cannot be run ({clean(why)})") from error
    if done.returncode != 0:
        raise CommandFailed(f"credential_command: {name} {_ending(done)}")
    line = done.stdout.split(b"\n", 1)[0].removesuffix(b"\r")
    if not line:
        raise CommandFailed(f"credential_command: {name} printed nothing on its first line")
    try:
        return Secret(line.decode())
    except UnicodeDecodeError as error:
        raise CommandFailed(f"credential_command: what {name} printed is not UTF-8") from error


def _ending(done: "subprocess.CompletedProcess[bytes]") -> str:
    """How it ended, with the last line of its errors."""
    code = done.returncode
    how = f"ended with {code}" if code > 0 else f"was ended by signal {-code}"
    lines = done.stderr.strip().splitlines()
    return f"{how} ({redact(clean_bytes(lines[-1], 200))})" if lines else how
