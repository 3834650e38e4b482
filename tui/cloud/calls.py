"""The command log: what was called, and the same as a line for CloudMonkey."""

import re
import shlex
from collections.abc import Mapping
from typing import Final

import msgspec

from tui.cloud.endpoint import Parameter, wire_parameters
from tui.safety.secret import MASK, Secret

SECRET_PARAMETERS: Final = frozenset(
    {
        "password",
        "currentpassword",
        "presharedkey",
        "ipsecpsk",
        "secretkey",
        "apikey",
        "signature",
        "sessionkey",
        "privatekey",
        "userdata",
        "token",
        "codefor2fa",
    }
)
_PLUMBING: Final = frozenset({"command", "response", "customjobid"})
_READS: Final = re.compile(r"(?:list|get(?!UploadParams)|query)[A-Z]\w*")
_VERB: Final = re.compile(r"([a-z]+)(\w*)")


def is_read(command: str) -> bool:
    """Whether `command` changes nothing: `list…`, `get…`, `query…` (see security.md E)."""
    return _READS.fullmatch(command) is not None


GIVEN_UP: Final = "given up"
"""`Call.error` of an exchange that we have cancelled ourselves."""


class Call(msgspec.Struct, frozen=True, kw_only=True):
    """One exchange with the server, for the command log. Holds no secret."""

    command: str
    parameters: dict[str, str]
    """As sent, secrets replaced by a mask; without key, signature and the like."""
    started: float
    """Seconds since the epoch."""
    ms: float
    """Until the reply was read or given up."""
    status: int
    """HTTP status; 0 where no reply came."""
    error: str = ""
    """What went wrong, "" if nothing did."""
    job_id: str = ""
    """The job that it started or asked for."""

    @property
    def is_read(self) -> bool:
        """Whether it cannot have changed anything."""
        return is_read(self.command)


def masked(parameters: Mapping[str, Parameter]) -> dict[str, str]:
    """`parameters` as strings of the wire with every secret masked."""
    shown: dict[str, str] = {}
    for name, value in parameters.items():
        if isinstance(value, Secret) or name.lower() in SECRET_PARAMETERS:
            shown[name] = MASK
        else:
            shown.update(wire_parameters({name: value}))
    return shown


def as_cloudmonkey(command: str, parameters: Mapping[str, Parameter]) -> str:
    """The line for a shell that does the same with CloudMonkey.

    `createRemoteAccessVpn publicipid=…` is `cmk create remoteaccessvpn publicipid=…`. Secrets are
    placeholders such as `password='<password>'`.
    """
    found = _VERB.fullmatch(command)
    words = [found[1], found[2].lower()] if found else [command]
    line = ["cmk", *(shlex.quote(word) for word in words if word)]
    for name, value in parameters.items():
        if name in _PLUMBING or value is None:
            continue
        if isinstance(value, Secret) or name.lower() in SECRET_PARAMETERS:
            line.append(f"{name}='<{name}>'")
        else:
            wire = wire_parameters({name: value})
            line += [f"{_word(key)}={shlex.quote(text)}" for key, text in wire.items()]
    return " ".join(line)


def _word(name: str) -> str:
    return shlex.quote(name)
