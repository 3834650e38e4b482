"""What a record of the audit trail says, and how it is made to fit its line without a secret."""

import getpass
import os
from collections.abc import Mapping
from typing import Any, Final

import msgspec

from tui.safety.redact import MASK, redact
from tui.safety.secret import Secret
from tui.safety.text import clean

LONGEST_LINE: Final = 4096
"""Bytes of a record with its line feed; more would not be one write on every system."""

_LONGEST_TEXT: Final = 512
_SHORTENED: Final = 40
_MOST_ITEMS: Final = 40
_SECRET_NAMES: Final = (
    "password", "passphrase", "presharedkey", "ipsecpsk", "psk", "secret", "signature",
    "sessionkey", "privatekey", "userdata", "token", "apikey",
)  # fmt: skip


class Actor(msgspec.Struct, frozen=True, omit_defaults=True):
    """Who acts, as far as this machine and the cloud can tell."""

    os_user: str
    sudo_user: str = ""
    from_address: str = ""
    """Where the SSH connection of this terminal comes from."""
    tty: str = ""
    account: str = ""
    """`account@domain` in the cloud."""
    api_key: str = ""
    """The last four characters of the API key."""


class Target(msgspec.Struct, frozen=True, omit_defaults=True):
    """What something is done to."""

    type: str = ""
    id: str = ""
    name: str = ""


class Torn(msgspec.Struct, frozen=True):
    """A line before this record that was not finished when the machine or the program ended."""

    bytes: int
    sha256: str


class Record(msgspec.Struct, frozen=True, omit_defaults=True):
    """One line of the trail."""

    ts: str
    """UTC with milliseconds."""
    seq: int
    """From 1, over all files."""
    prev: str
    """SHA-256 of the line before, without its line feed; over a torn one the last whole one."""
    session: str
    actor: Actor
    action: str
    profile: str = ""
    target: Target = Target()
    params: dict[str, Any] = {}
    jobid: str = ""
    result: str = ""
    """`sent`, `done`, `failed`, … ; for secrets that were shown or copied empty."""
    code: int | None = None
    """What the server answered."""
    ms: int | None = None
    dry_run: bool = False
    torn: Torn | None = None


def this_actor(
    environment: Mapping[str, str] = os.environ, *, account: str = "", api_key: str = ""
) -> Actor:
    """Who runs this program."""
    try:
        user = getpass.getuser()
    except (KeyError, OSError):
        user = f"uid {os.getuid()}"
    came_from = environment.get("SSH_CONNECTION", "").split()
    return Actor(
        os_user=clean(user, 64),
        sudo_user=clean(environment.get("SUDO_USER", ""), 64),
        from_address=clean(came_from[0], 64) if came_from else "",
        tty=_terminal(),
        account=clean(account, 128),
        api_key=f"…{clean(api_key[-4:])}" if len(api_key) > 8 else "",
    )


def _terminal() -> str:
    for descriptor in (0, 1, 2):
        try:
            return os.ttyname(descriptor)
        except OSError:
            continue
    return ""


def seq_of(line: bytes) -> int | None:
    """The number of the record in `line`; None where that is no record."""
    try:
        return msgspec.json.decode(line, type=Record).seq
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None


def fitted(record: Record) -> tuple[bytes, Record]:
    """The line of `record`, cut until it fits, and the record as it is in it."""
    line = msgspec.json.encode(record)
    if len(line) < LONGEST_LINE:
        return line, record
    short = {name[:_SHORTENED]: clean(str(value), _SHORTENED) for name, value in
             list(record.params.items())[:_MOST_ITEMS // 2]}  # fmt: skip
    short["…"] = f"cut from {len(line)} bytes"
    target = Target(*(clean(text, 64) for text in msgspec.structs.astuple(record.target)))
    cut = msgspec.structs.replace(
        record, params=short, target=target, action=clean(record.action, 64),
        result=clean(record.result, 128), jobid=clean(record.jobid, 64),
        profile=clean(record.profile, 64),
    )  # fmt: skip
    line = msgspec.json.encode(cut)
    if len(line) < LONGEST_LINE:
        return line, cut
    cut = msgspec.structs.replace(cut, params={"…": f"{len(record.params)} parameters cut"})
    return msgspec.json.encode(cut), cut


def fitted_params(params: Mapping[str, object]) -> dict[str, Any]:
    """Parameters of a call as a record has them."""
    few = list(params.items())[:_MOST_ITEMS]
    return {cleaned(str(name)): plain(value, str(name)) for name, value in few}


def cleaned(text: str) -> str:
    """`text` in one line without secrets, not too long."""
    return clean(redact(text), _LONGEST_TEXT)


def plain(value: object, name: str = "") -> Any:
    """`value`, called `name`, as JSON with nothing secret in it and nothing that is long."""
    bare = name.lower().replace("_", "").replace("-", "")
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, Secret) or (value and any(word in bare for word in _SECRET_NAMES)):
        return MASK
    if isinstance(value, int | float):
        return value
    if isinstance(value, Mapping):
        return fitted_params(value)
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(item) for item in list(value)[:_MOST_ITEMS]]
    return cleaned(str(value))
