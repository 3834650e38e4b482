"""What can go wrong between us and a Virtual Router, and what to do about it.

    RouterError
    ├── PathUnknown            the profile does not say how to reach the router
    ├── LinkError              no conversation came about
    │   ├── Unreachable        no route, unknown name, or nothing answers
    │   ├── Refused            the machine is there, nothing listens on that port
    │   ├── ConnectTimeout     no answer in time
    │   ├── LoginRefused       the key was not accepted
    │   ├── KeyFileProblem     the key file is missing, unreadable, or wants a passphrase
    │   ├── ProtocolMismatch   no common algorithm, or not an SSH server
    │   ├── HostKeyUnknown     nobody has vouched for this machine yet
    │   ├── HostKeyChanged     another key than the one that was learnt
    │   ├── HopFailed          one of the machines on the way, with its own reason
    │   └── WrongRouter        another machine answered at the router's address
    ├── ConnectionDropped      the conversation broke off
    ├── CommandFailed          a command ended in a way that cannot be read
    ├── CommandTimeout         a command took too long
    ├── RemedyFailed           a change on the router was not made, or only in part
    ├── RouterReadOnly         a change that this console may not make; it was not sent
    └── NotAllowed             something outside the registries of commands

`str()` of each is one printable sentence and what to do; texts from the other side are cleaned.
"""

import errno
from typing import Final

from tui.safety.text import clean


class RouterError(Exception):
    """A router could not be asked. `what` says what happened, `remedy` what the user can do."""

    def __init__(self, what: str, remedy: str = "") -> None:
        self.what = clean(what)
        self.remedy = clean(remedy)
        super().__init__(f"{self.what}; {self.remedy}" if remedy else self.what)


class PathUnknown(RouterError):
    """The profile lacks something that is needed to build the way to the router."""


class LinkError(RouterError):
    """No conversation came about; nothing was asked or changed on the router."""


class Unreachable(LinkError):
    """No route, an unknown name, or the network says that nobody is there."""


class Refused(LinkError):
    """The machine answers, but nothing listens on the port."""


class ConnectTimeout(LinkError):
    """No answer in time: a firewall that drops, a machine that is off, a router that is stopped."""


class LoginRefused(LinkError):
    """The machine does not accept the key or the user."""


class KeyFileProblem(LinkError):
    """The private key cannot be used."""


class ProtocolMismatch(LinkError):
    """What answers speaks no SSH, or shares no algorithm with us."""


class HostKeyUnknown(LinkError):
    """A machine whose key we have never been told. `HostKeys.learn` takes this and remembers it."""

    def __init__(self, host: str, alias: str, public_key: str, fingerprint: str) -> None:
        self.host = host
        """Whom we wanted to talk to, in words."""
        self.alias = alias
        """The name the key is filed under."""
        self.public_key = public_key
        """`type base64`, as in a known_hosts line."""
        self.fingerprint = fingerprint
        """`SHA256:…`, as `ssh-keygen -l` prints it."""
        super().__init__(
            f"the host key of {host} is not known: {fingerprint}",
            "compare it with the machine's own (ssh-keygen -lf), then accept it",
        )


class HostKeyChanged(LinkError):
    """A machine that shows another key than before. Refused, whoever asks."""

    def __init__(
        self, host: str, alias: str, public_key: str, fingerprint: str, known: tuple[str, ...]
    ) -> None:
        self.host = host
        self.alias = alias
        self.public_key = public_key
        self.fingerprint = fingerprint
        """The key that was shown now."""
        self.known = known
        """The fingerprints that were learnt."""
        super().__init__(
            f"the host key of {host} has changed: known {', '.join(known)}, now {fingerprint}",
            "somebody may be in between; replace the key only if the machine was rebuilt",
        )


class HopFailed(LinkError):
    """One machine on the way to the router failed; `reason` is its own error."""

    def __init__(self, hop: str, reason: RouterError) -> None:
        self.hop = hop
        self.reason = reason
        super().__init__(f"{hop} (on the way to the router): {reason.what}", reason.remedy)


class WrongRouter(LinkError):
    """Another machine answers at the router's address: addresses are used again after a stop."""

    def __init__(self, expected: str, answered: str) -> None:
        self.expected = expected
        self.answered = answered
        super().__init__(
            f"the machine that answered calls itself {answered!r}, not {expected!r}",
            "refresh the routers: the address changes when a router is stopped or moved",
        )


class ConnectionDropped(RouterError):
    """The conversation broke off."""

    def __init__(self, router: str, detail: str = "") -> None:
        super().__init__(
            f"the connection to {router} broke off{': ' + detail if detail else ''}",
            "it is opened again by the next command",
        )


class CommandFailed(RouterError):
    """A command ended in a way that its parser does not know."""

    def __init__(self, command: str, status: int | None, detail: str) -> None:
        self.command = command
        self.status = status
        super().__init__(
            f"{command} on the router ended with status {status}: {detail or 'no output'}",
            "the router may be of another version than this program knows",
        )


_IN_TIME: Final = "gave no answer within"


class CommandTimeout(RouterError):
    """A command took longer than it may."""

    def __init__(self, command: str, seconds: float) -> None:
        self.command = command
        super().__init__(
            f"{command} {_IN_TIME} {seconds:g} seconds",
            "the router is overloaded or the daemon that it asks hangs",
        )


def is_timeout(why: str) -> bool:
    """Whether `why`, as it is kept of an error, is what a `CommandTimeout` says."""
    return f" {_IN_TIME} " in why


class RemedyFailed(RouterError):
    """A command that changes something has ended otherwise than it should."""

    def __init__(self, name: str, router: str, status: int | None, detail: str) -> None:
        self.name = name
        self.status = status
        super().__init__(
            f"{name} on {router} did not do it: {detail or f'it ended with status {status}'}",
            "look at the router once more before you repeat it",
        )


class RouterReadOnly(RouterError):
    """A change on a router, refused because this console is read-only; it was not sent."""

    def __init__(self, name: str) -> None:
        super().__init__(
            f"{name} is refused: this is read-only",
            "start without --read-only, or set read_only = false in the profile",
        )


class NotAllowed(RouterError):
    """A command or a parameter that is not in the registry; it was not sent."""


_NO_ROUTE = {errno.ENETUNREACH, errno.EHOSTUNREACH, errno.ENETDOWN, errno.EHOSTDOWN}


def from_os_error(error: OSError, where: str) -> LinkError:
    """The error of our tree that `error`, met while reaching `where`, stands for."""
    if isinstance(error, ConnectionRefusedError):
        return Refused(
            f"{where} refuses the connection",
            "is the router running, and the port right (routers listen on 3922)?",
        )
    if isinstance(error, TimeoutError):
        return connect_timeout(where)
    if error.errno in _NO_ROUTE:
        return Unreachable(
            f"no route to {where}",
            "link-local addresses are reached only from the host that runs the router",
        )
    return Unreachable(f"{where} cannot be reached: {error.strerror or error}", "check the address")


def connect_timeout(where: str) -> ConnectTimeout:
    """No answer from `where` in time."""
    return ConnectTimeout(
        f"{where} does not answer", "check that it runs and that no firewall is in between"
    )
