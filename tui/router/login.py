"""One SSH login: the TCP connection, the host key, our key, and an error in words for each."""

import asyncio
import contextlib
import socket
from pathlib import Path
from typing import Any

import asyncssh

from tui.router.errors import (
    ConnectTimeout,
    HopFailed,
    HostKeyChanged,
    HostKeyUnknown,
    KeyFileProblem,
    LinkError,
    LoginRefused,
    ProtocolMismatch,
    Refused,
    RouterError,
    Unreachable,
    connect_timeout,
    from_os_error,
)
from tui.router.hops import Step
from tui.router.hostkeys import HostKeys, KnownKeys
from tui.safety.secret import Secret

CONNECT_SECONDS = 10.0
LOGIN_SECONDS = 20.0
ENCRYPTION = "^aes128-gcm@openssh.com"
"""What is asked for first; everything else that asyncssh trusts is offered after it. Every machine
with AES in its processor takes in twice as much of it as of ChaCha20 (bench/flood.py)."""
KEEPALIVE_SECONDS = 15
KEEPALIVE_MISSES = 3


class _Doorkeeper(asyncssh.SSHClient):
    """Keeps the reason why a host key was refused; asyncssh itself only says that it was."""

    def __init__(self, step: Step, host_keys: HostKeys, known: KnownKeys) -> None:
        self._step = step
        self._host_keys = host_keys
        self._known = known
        self.refusal: LinkError | None = None

    def validate_host_public_key(
        self, host: str, addr: str, port: int, key: asyncssh.SSHKey
    ) -> bool:
        """Called only for keys that are not among the trusted ones; never accepts one."""
        label = f"{self._step.label} ({self._step.host} port {self._step.port})"
        self.refusal = self._host_keys.judge(label, self._step.alias, key, self._known)
        return False


async def log_in(
    step: Step,
    host_keys: HostKeys,
    tunnel: asyncssh.SSHClientConnection | None,
    passphrase: Secret | None,
) -> asyncssh.SSHClientConnection:
    """Log in to the machine of `step`, through `tunnel` if there is one. Raises `LinkError`."""
    known = host_keys.lookup(step.alias)
    doorkeeper = _Doorkeeper(step, host_keys, known)
    where = f"{step.label} at {step.host} port {step.port}"
    options = _options(step, known, passphrase)
    try:
        if tunnel is None:
            options["sock"] = await _open_socket(step.host, step.port)
        else:
            options["tunnel"] = tunnel
        async with asyncio.timeout(CONNECT_SECONDS + LOGIN_SECONDS):
            connection, _ = await asyncssh.create_connection(
                lambda: doorkeeper, step.host, step.port, **options
            )
    except asyncssh.HostKeyNotVerifiable as error:
        raise doorkeeper.refusal or ProtocolMismatch(f"{where}: {error.reason}") from error
    except (OSError, asyncssh.Error, TimeoutError) as error:
        raise _link_error(error, where, step) from error
    return connection


def _options(step: Step, known: KnownKeys, passphrase: Secret | None) -> dict[str, Any]:
    options: dict[str, Any] = {
        "username": step.user,
        "known_hosts": (known.trusted, [], known.revoked),
        "server_host_key_algs": known.algorithms,
        "config": None,  # ~/.ssh/config may run commands (Match exec) and turn host keys off
        "preferred_auth": "publickey",
        "encryption_algs": ENCRYPTION,
        "gss_host": None,
        "x509_trusted_certs": None,
        "login_timeout": LOGIN_SECONDS,
        "keepalive_interval": KEEPALIVE_SECONDS,
        "keepalive_count_max": KEEPALIVE_MISSES,
    }
    if step.key_file:
        options["client_keys"] = [load_key(Path(step.key_file).expanduser(), passphrase)]
        options["agent_path"] = None
    return options


def load_key(path: Path, passphrase: Secret | None = None) -> asyncssh.SSHKey:
    """The private key in `path`. Raises `KeyFileProblem` saying what is wrong with it."""
    try:
        return asyncssh.read_private_key(path, passphrase.reveal() if passphrase else None)
    except FileNotFoundError as error:
        raise KeyFileProblem(f"there is no key file {str(path)!r}", "correct the path") from error
    except OSError as error:
        raise KeyFileProblem(
            f"the key file {str(path)!r} cannot be read: {error.strerror}", "check its permissions"
        ) from error
    except asyncssh.KeyEncryptionError as error:
        raise KeyFileProblem(
            f"the passphrase does not open the key file {str(path)!r}", "give the right passphrase"
        ) from error
    except (asyncssh.KeyImportError, ValueError) as error:
        if "passphrase" in str(error).lower():
            raise KeyFileProblem(
                f"the key file {str(path)!r} wants a passphrase", "give it, or use the SSH agent"
            ) from error
        raise KeyFileProblem(
            f"the file {str(path)!r} holds no private key: {error}", "name a private key"
        ) from error


async def _open_socket(host: str, port: int) -> socket.socket:
    """A connected socket; the addresses of `host` are tried in turn within ten seconds."""
    loop = asyncio.get_running_loop()
    async with asyncio.timeout(CONNECT_SECONDS):
        found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        failure: OSError = OSError(f"no address for {host}")
        for family, kind, protocol, _, address in found:
            sock = socket.socket(family, kind, protocol)
            sock.setblocking(False)
            try:
                await loop.sock_connect(sock, address)
            except OSError as error:
                sock.close()
                failure = error
            except BaseException:
                sock.close()
                raise
            else:
                sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                return sock
        raise failure


def _link_error(error: Exception, where: str, step: Step) -> LinkError:
    if isinstance(error, asyncssh.PermissionDenied):
        return LoginRefused(
            f"{where} does not accept the login as {step.user}",
            f"is {step.key_file or 'a key of the agent or ~/.ssh'} the right one for it?",
        )
    if isinstance(error, asyncssh.ChannelOpenError):
        return _forwarding_error(error, where)
    if isinstance(error, asyncssh.ConnectionLost):
        return Unreachable(f"{where} closed the connection while logging in", "try again")
    if isinstance(error, asyncssh.Error):
        return ProtocolMismatch(f"{where}: {error.reason}", "is there an SSH server on that port?")
    if isinstance(error, socket.gaierror):
        return Unreachable(f"the name {step.host} is not known", "check the name")
    if isinstance(error, OSError):
        return from_os_error(error, where)
    return connect_timeout(where)


def _forwarding_error(error: asyncssh.ChannelOpenError, where: str) -> LinkError:
    """The machine before this one could not, or would not, open the connection onwards."""
    reason = error.reason.lower()
    if error.code == asyncssh.OPEN_ADMINISTRATIVELY_PROHIBITED:
        return LoginRefused(
            f"forwarding to {where} is not allowed: {error.reason}",
            "AllowTcpForwarding has to be on at the machine before it",
        )
    if "refused" in reason:
        return Refused(f"{where} refuses the connection", "is the router running?")
    if "timed out" in reason:
        return ConnectTimeout(f"{where} does not answer", "is the router running?")
    return Unreachable(f"{where} cannot be reached from the machine before it: {error.reason}")


async def log_in_along(
    steps: tuple[Step, ...], host_keys: HostKeys, passphrase: Secret | None
) -> list[asyncssh.SSHClientConnection]:
    """Log in to each of `steps` through the one before; the last connection is the router's.

    On failure everything opened so far is closed, and `HopFailed` names the machine unless it was
    the router itself. Host key questions are raised as they are: they say whose key it is.
    """
    opened: list[asyncssh.SSHClientConnection] = []
    try:
        for step in steps:
            try:
                tunnel = opened[-1] if opened else None
                opened.append(await log_in(step, host_keys, tunnel, passphrase))
            except LinkError as error:
                raise _named(error, step, steps) from error
    except BaseException:
        close_all(opened)
        raise
    return opened


def _named(error: LinkError, step: Step, steps: tuple[Step, ...]) -> RouterError:
    if step is steps[-1] or isinstance(error, HostKeyChanged | HostKeyUnknown):
        return error
    return HopFailed(step.label, error)


def close_all(connections: list[asyncssh.SSHClientConnection]) -> None:
    """Close from the router outwards, without waiting."""
    for connection in reversed(connections):
        with contextlib.suppress(OSError):
            connection.close()
