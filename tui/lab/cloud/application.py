"""The lab cloud as an ASGI application: `/client/api` by GET or POST form, JSON replies."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from email.utils import formatdate
from http.cookies import CookieError, SimpleCookie
from typing import Any
from urllib.parse import parse_qsl

import msgspec

from tui.lab.cloud.authentication import BAD_SIGNATURE, Session
from tui.lab.cloud.call import Body
from tui.lab.cloud.engine import SECOND_FACTOR, Cloud, error_body
from tui.lab.cloud.errors import Refusal, unverified

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

FORM_LIMIT = 1_048_576
"""`request.content.size` of the real server, bytes."""
_JSON = "application/json;charset=utf-8"
_GONE = "Expires=Thu, 01-Jan-1970 00:00:00 GMT; Max-Age=0"
_log = logging.getLogger(__name__)


class Reply(msgspec.Struct):
    """Status, body and the `Set-Cookie` values of an answer."""

    status: int
    content: bytes
    cookies: list[str] = []
    description: str = ""
    content_type: str = _JSON


class Application:
    """The ASGI callable of a `Cloud`."""

    def __init__(self, cloud: Cloud) -> None:
        self.cloud = cloud

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._lifespan(receive, send)
            return
        if scope["type"] != "http":
            return
        reply = await self._reply(scope, await _body(receive))
        headers = [
            (b"content-type", reply.content_type.encode()),
            (b"content-length", str(len(reply.content)).encode()),
            (b"date", formatdate(usegmt=True).encode()),
        ]
        headers += [(b"set-cookie", cookie.encode()) for cookie in reply.cookies]
        if reply.description:
            text = reply.description.encode("latin-1", "replace").replace(b"\n", b" ")
            headers.append((b"x-description", text.replace(b"\r", b" ")))
        await send({"type": "http.response.start", "status": reply.status, "headers": headers})
        await send({"type": "http.response.body", "body": reply.content})

    async def _lifespan(self, receive: Receive, send: Send) -> None:
        while True:
            message = await receive()
            if message["type"] == "lifespan.startup":
                await send({"type": "lifespan.startup.complete"})
            elif message["type"] == "lifespan.shutdown":
                await self.cloud.aclose()
                await send({"type": "lifespan.shutdown.complete"})
                return

    async def _reply(self, scope: Scope, body: bytes | None) -> Reply:
        if scope["path"].rstrip("/") != "/client/api":
            page = b"<html><body><h1>404 Not Found</h1>The API is at /client/api.</body></html>"
            return Reply(404, page, content_type="text/html;charset=utf-8")
        if body is None:
            return Reply(413, b"", content_type="text/html")
        parameters = dict(parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True))
        query = scope["query_string"].decode("latin-1")
        parameters |= dict(parse_qsl(query, keep_blank_values=True))
        cookies = _cookies(scope["headers"])
        command = parameters.get("command")
        try:
            if command in ("login", "logout", SECOND_FACTOR):
                return self._session_command(command, scope["method"], parameters, cookies)
            session = self.cloud.authentication.session(cookies)
            envelope, inner = await self.cloud.answer(parameters, session, cookies)
            return Reply(200, _encode(envelope, inner))
        except Refusal as refusal:
            return _refused(refusal, command)
        except Exception as error:  # a fault of the lab itself: say so instead of dropping the line
            _log.exception("the lab cannot answer %s", command)
            return _refused(Refusal(530, f"lab: {type(error).__name__}: {error}"), command)

    def _session_command(
        self,
        command: str,
        method: str,
        parameters: Mapping[str, str],
        cookies: Mapping[str, str],
    ) -> Reply:
        authentication = self.cloud.authentication
        if command == "login":
            if method != "POST":
                text = b"Please use HTTP POST to authenticate using this API"
                return Reply(405, text, [_fresh_cookie()])
            try:
                session, inner = authentication.log_in(parameters)
            except Refusal as refusal:
                reply = _refused(refusal, command)
                reply.cookies = [_fresh_cookie()]
                return reply
            set_cookies = [
                f"JSESSIONID={session.cookie}; Path=/client",
                f"sessionkey={session.key};HttpOnly;SameSite=Lax",
            ]
            return Reply(200, _encode("loginresponse", inner), set_cookies)
        session_found: Session | None = authentication.session(cookies)
        if session_found is None or parameters.get("sessionkey") != session_found.key:
            raise unverified(BAD_SIGNATURE)
        if command == SECOND_FACTOR:
            authentication.verify_second_factor(session_found, parameters.get("codefor2fa", ""))
            return Reply(200, _encode(f"{command.lower()}response", {"success": True}))
        authentication.log_out(session_found)
        gone = [f"JSESSIONID=; {_GONE}", f"sessionkey=; {_GONE}"]
        return Reply(200, _encode("logoutresponse", {"description": "success"}), gone)


def _fresh_cookie() -> str:
    """A failed login leaves an empty session, which is good for nothing (recording 12)."""
    return "JSESSIONID=node0none; Path=/client"


async def _body(receive: Receive) -> bytes | None:
    """The request body, None if it is larger than the server takes."""
    chunks = bytearray()
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return bytes(chunks)
        chunks += message.get("body", b"")
        if len(chunks) > FORM_LIMIT:
            return None
        if not message.get("more_body"):
            return bytes(chunks)


def _cookies(headers: list[tuple[bytes, bytes]]) -> dict[str, str]:
    found: dict[str, str] = {}
    for name, value in headers:
        if name.lower() == b"cookie":
            jar: SimpleCookie = SimpleCookie()
            try:
                jar.load(value.decode("latin-1"))
            except CookieError:
                continue
            found |= {key: morsel.value for key, morsel in jar.items()}
    return found


def _encode(envelope: str, inner: Body) -> bytes:
    return msgspec.json.encode({envelope: inner})


def _refused(refusal: Refusal, command: str | None) -> Reply:
    envelope, inner = error_body(refusal, command)
    return Reply(refusal.status, _encode(envelope, inner), [], refusal.text)
