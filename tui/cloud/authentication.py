"""Who we are, on every call: signed with keys, or with the session of a login."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from http.cookies import CookieError, SimpleCookie
from typing import Final, Protocol

import msgspec

from tui.cloud.clock import Clock, ServerTime
from tui.cloud.endpoint import Keys, Login
from tui.cloud.errors import TwoFactor
from tui.cloud.signing import signed_form
from tui.cloud.wire import decode

Post = Callable[[str, Mapping[str, str], Mapping[str, str]], Awaitable[msgspec.Raw]]
"""Posts (command, form, headers) once and returns the inner object, or raises."""

_IDLE_MARGIN: Final = 60.0
"""Seconds before the server's idle timeout from which on a session counts as over."""
_DEFAULT_IDLE: Final = 1800


class Dressed(msgspec.Struct, frozen=True):
    """A form and headers, ready to be posted."""

    form: dict[str, str]
    headers: dict[str, str]
    session: int = 0
    """Which login of ours it belongs to; 0 for keys."""


class Authentication(Protocol):
    """A way to say who we are."""

    async def dress(self, form: Mapping[str, str], post: Post) -> Dressed:
        """Return `form` with our identity added, logging in by `post` where that is needed."""

    def absorb(self, cookies: tuple[str, ...]) -> None:
        """Take in the `Set-Cookie` headers of a reply."""

    def forget(self, session: int) -> None:
        """The server no longer accepts this login."""

    async def leave(self, post: Post) -> None:
        """Log out where there is something to log out of."""


class KeySigning:
    """API key and signature. Never takes or sends a cookie."""

    def __init__(self, keys: Keys, server_time: ServerTime) -> None:
        self._keys = keys
        self._server_time = server_time

    async def dress(self, form: Mapping[str, str], post: Post) -> Dressed:
        """Sign `form`, good for ten minutes by the server's clock."""
        signed = signed_form(
            form, self._keys.api_key, self._keys.secret_key, self._server_time.now()
        )
        return Dressed(signed, {})

    def absorb(self, cookies: tuple[str, ...]) -> None:
        """Cookies would win over the key on the server, so none is kept."""

    def forget(self, session: int) -> None:
        """Keys are not a session: nothing to forget."""

    async def leave(self, post: Post) -> None:
        """Keys are not a session: nothing to leave."""


class LoginReply(msgspec.Struct, frozen=True):
    """What `login` answers."""

    sessionkey: str = ""
    timeout: int = _DEFAULT_IDLE
    is2faenabled: bool = False
    is2faverified: bool = True


class SessionLogin:
    """A session: the key goes as a parameter, the cookies as a header of our own making."""

    def __init__(self, login: Login, clock: Clock) -> None:
        self._login = login
        self._clock = clock
        self._lock = asyncio.Lock()
        self._number = 0
        self._key = ""
        self._cookies: dict[str, str] = {}
        self._idle = float(_DEFAULT_IDLE)
        self._last_used = 0.0

    async def dress(self, form: Mapping[str, str], post: Post) -> Dressed:
        """Add the session to `form`, after logging in where there is none or it is idle."""
        async with self._lock:
            idle = self._clock.monotonic() - self._last_used
            if not self._key or idle > max(self._idle - _IDLE_MARGIN, self._idle / 2):
                await self._log_in(post)
            self._last_used = self._clock.monotonic()
        return Dressed({**form, "sessionkey": self._key}, {"Cookie": self._header()}, self._number)

    async def _log_in(self, post: Post) -> None:
        self._key = ""
        self._cookies.clear()
        form = {
            "command": "login",
            "response": "json",
            "username": self._login.username,
            "password": self._login.password.reveal(),
        }
        if self._login.wire_domain:
            form["domain"] = self._login.wire_domain
        reply = decode(await post("login", form, {}), LoginReply)
        if reply.is2faenabled and not reply.is2faverified:
            raise TwoFactor(
                f"The account of {self._login.username} wants a second factor",
                command="login",
                status=200,
            )
        self._number += 1
        self._key = reply.sessionkey
        self._idle = float(reply.timeout) if reply.timeout > 0 else float(_DEFAULT_IDLE)

    def _header(self) -> str:
        return "; ".join(f"{name}={value}" for name, value in self._cookies.items())

    def absorb(self, cookies: tuple[str, ...]) -> None:
        """Keep the cookies: the session's, and those by which a balancer finds our server."""
        for line in cookies:
            parsed: SimpleCookie = SimpleCookie()
            try:
                parsed.load(line)
            except CookieError:
                continue  # not one that we could send back
            for name, morsel in parsed.items():
                if morsel["max-age"] == "0":
                    self._cookies.pop(name, None)
                else:
                    self._cookies[name] = morsel.coded_value

    def forget(self, session: int) -> None:
        """Log in anew next time, unless a newer login has been made meanwhile."""
        if session == self._number:
            self._key = ""

    async def leave(self, post: Post) -> None:
        """Log out."""
        if self._key:
            form = {"command": "logout", "response": "json", "sessionkey": self._key}
            self._key = ""
            await post("logout", form, {"Cookie": self._header()})
