"""One form POST and its reply over httpx. Imported on the first call only: httpx loads slowly."""

import asyncio
import logging
import socket
import ssl
import time
from collections.abc import AsyncIterator, Iterator, Mapping
from http.cookiejar import CookieJar, DefaultCookiePolicy
from pathlib import Path
from typing import Final
from urllib.parse import urlencode

import httpx
import msgspec

from tui import __version__
from tui.cloud.body import ACCEPTED_ENCODINGS, BodyReader, read_body, too_large
from tui.cloud.endpoint import Endpoint
from tui.cloud.errors import Network, Phase
from tui.safety.text import clean

_KEEPALIVE: Final = 20.0
"""Seconds that an idle connection is kept; the server closes its own after 30."""

_PHASE_OF_STEP: Final[dict[str, Phase]] = {
    "connect_tcp.started": "connect",
    "start_tls.started": "tls",
    "send_request_headers.started": "send",
    "send_request_body.complete": "receive",
}


class Reply(msgspec.Struct, frozen=True):
    """A reply, read to its end."""

    status: int
    body: bytes
    date: str
    location: str
    cookies: tuple[str, ...]
    """The `Set-Cookie` headers."""
    seconds: float
    """From the start of the call to the head of the reply."""
    retry_after: str = ""


class _Progress:
    """How far one call has come, told by httpcore's tracing."""

    def __init__(self, phase: Phase) -> None:
        self.phase: Phase = phase

    async def __call__(self, step: str, details: Mapping[str, object]) -> None:
        self.phase = _PHASE_OF_STEP.get(step.partition(".")[2], self.phase)


class Exchange:
    """The HTTP side of one client: connections, TLS, proxies, limits. Keeps no cookies."""

    def __init__(
        self, endpoint: Endpoint, transport: httpx.AsyncBaseTransport | None = None
    ) -> None:
        # At INFO httpx logs addresses, at DEBUG httpcore logs headers, cookies among them.
        for name in ("httpx", "httpcore"):
            logging.getLogger(name).setLevel(logging.WARNING)
        self._endpoint = endpoint
        # A transport handed in tells no steps: anything may have arrived from the beginning.
        self._first_phase: Phase = "connect" if transport is None else "receive"
        try:
            self._http = httpx.AsyncClient(
                transport=transport,
                verify=_trust(endpoint) if transport is None else True,
                timeout=httpx.Timeout(
                    endpoint.read_timeout,
                    connect=endpoint.connect_timeout,
                    pool=endpoint.total_timeout,
                ),
                limits=httpx.Limits(
                    max_connections=endpoint.max_calls,
                    max_keepalive_connections=endpoint.max_calls,
                    keepalive_expiry=_KEEPALIVE,
                ),
                headers={
                    "User-Agent": f"csvpn/{__version__}",
                    "Accept": "application/json",
                    "Accept-Encoding": ACCEPTED_ENCODINGS,
                },
                # A live session cookie would win over the API key on the server.
                cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),
                follow_redirects=False,
                trust_env=True,
            )
        except (ValueError, ImportError) as error:
            raise Network(
                f"The proxy of the environment cannot be used: {clean(str(error))}",
                phase="proxy",
                remedy="Correct HTTPS_PROXY, HTTP_PROXY or ALL_PROXY, or unset it.",
            ) from error

    async def post(
        self, command: str, form: Mapping[str, str], headers: Mapping[str, str]
    ) -> Reply:
        """Post `form` and return the reply, whatever its status.

        Raises `Network` where there is none, `NotCloudStack` where its body cannot be read.
        """
        progress = _Progress(self._first_phase)
        try:
            async with asyncio.timeout(self._endpoint.total_timeout):
                return await self._post(command, form, headers, progress)
        except TimeoutError as error:
            seconds = self._endpoint.total_timeout
            raise Network(
                f"No complete answer within {seconds:g} s",
                phase=progress.phase,
                timed_out=True,
                command=command,
                remedy="The server is slow or the link is: try again, or raise total_timeout.",
            ) from error
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise _network_error(error, progress.phase, command, self._endpoint) from error

    async def _post(
        self,
        command: str,
        form: Mapping[str, str],
        headers: Mapping[str, str],
        progress: _Progress,
    ) -> Reply:
        limit = self._endpoint.body_limit
        began = time.perf_counter()
        async with self._http.stream(
            "POST",
            self._endpoint.url,
            content=urlencode(form).encode("ascii"),
            headers={"Content-Type": "application/x-www-form-urlencoded", **headers},
            extensions={"trace": progress},
        ) as response:
            seconds = time.perf_counter() - began
            status = response.status_code
            declared = response.headers.get("content-length", "")
            if declared.isdecimal() and int(declared[:20]) > limit:
                raise too_large(limit, command=command, status=status)
            # A transport may hand over a body that it has read and unpacked already.
            whole = response.is_stream_consumed
            encoding = "" if whole else response.headers.get("content-encoding", "")
            reader = BodyReader(encoding, limit=limit, command=command, status=status)
            pieces = _in_one(response.content) if whole else response.aiter_raw()
            return Reply(
                status=status,
                body=await read_body(pieces, reader),
                date=response.headers.get("date", ""),
                location=response.headers.get("location", ""),
                retry_after=response.headers.get("retry-after", ""),
                cookies=tuple(response.headers.get_list("set-cookie")),
                seconds=seconds,
            )

    async def aclose(self) -> None:
        """Close the connections."""
        await self._http.aclose()


async def _in_one(body: bytes) -> AsyncIterator[bytes]:
    yield body


def _trust(endpoint: Endpoint) -> ssl.SSLContext:
    try:
        if endpoint.ca_file:
            context = ssl.create_default_context(cafile=str(Path(endpoint.ca_file).expanduser()))
        else:
            context = _system_trust()
    except (OSError, ValueError) as error:  # ssl.SSLError is an OSError
        reason = getattr(error, "strerror", "") or str(error)
        raise Network(
            f"The CA file {clean(endpoint.ca_file)} cannot be used: {clean(reason)}",
            phase="tls",
            remedy="Give a readable PEM file with the authority's certificate as ca_file.",
        ) from error
    if not endpoint.tls_verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


def _system_trust() -> ssl.SSLContext:
    paths = ssl.get_default_verify_paths()
    if paths.cafile or paths.capath:
        return ssl.create_default_context()
    return httpx.create_ssl_context()  # a machine without its own list: the one httpx brings


def _causes(error: BaseException) -> Iterator[BaseException]:
    """`error`, what caused it, and so on; members of groups too."""
    waiting: list[BaseException | None] = [error]
    seen: set[int] = set()
    while waiting:
        found = waiting.pop()
        if found is None or id(found) in seen:
            continue
        seen.add(id(found))
        yield found
        waiting += [found.__context__, found.__cause__]
        if isinstance(found, BaseExceptionGroup):
            waiting += found.exceptions


def _network_error(error: Exception, phase: Phase, command: str, endpoint: Endpoint) -> Network:
    """The `Network` error that an exception of httpx means."""
    place = _place(endpoint.url)
    if isinstance(error, httpx.UnsupportedProtocol | httpx.InvalidURL):
        return Network(
            f"The URL of the profile cannot be used: {clean(str(error))}",
            phase="url",
            command=command,
            remedy="Give it as https://HOST:PORT/client/api.",
        )
    if isinstance(error, httpx.ProxyError):
        return Network(
            f"The proxy refuses: {clean(str(error))}",
            phase="proxy",
            command=command,
            remedy="Check HTTPS_PROXY, or put the host into NO_PROXY.",
        )
    if isinstance(error, httpx.TimeoutException):
        return _timeout(error, phase, command, place)
    if isinstance(error, httpx.ConnectError):
        return _no_connection(error, command, place)
    arriving = phase if phase in ("send", "receive") else "receive"
    return Network(
        f"The connection to {place} broke {'while sending' if arriving == 'send' else 'off'}: "
        f"{clean(str(error)) or type(error).__name__}",
        phase=arriving,
        command=command,
    )


def _timeout(error: httpx.TimeoutException, phase: Phase, command: str, place: str) -> Network:
    if isinstance(error, httpx.ConnectTimeout | httpx.PoolTimeout):
        connecting: Phase = "tls" if phase == "tls" else "connect"
        text = f"No connection to {place} in time"
        remedy = "Check the address and the port, and that a firewall lets this machine in."
        return Network(text, phase=connecting, timed_out=True, command=command, remedy=remedy)
    sending = isinstance(error, httpx.WriteTimeout)
    return Network(
        f"{place} {'takes nothing' if sending else 'does not answer'} in time",
        phase="send" if sending else "receive",
        timed_out=True,
        command=command,
        remedy="The server is slow or the link is: try again, or raise read_timeout.",
    )


def _no_connection(error: httpx.ConnectError, command: str, place: str) -> Network:
    for cause in _causes(error):
        if isinstance(cause, socket.gaierror):
            return Network(
                f"The name of {place} is not known: {clean(cause.strerror or str(cause))}",
                phase="name",
                command=command,
                remedy="Check the host name in the URL of the profile, and this machine's DNS.",
            )
        if isinstance(cause, ssl.SSLCertVerificationError):
            return Network(
                f"The certificate of {place} is not trusted: {clean(cause.verify_message)}",
                phase="tls",
                command=command,
                remedy="Give the authority's PEM file as ca_file in the profile, after making "
                "sure that it is the right one.",
            )
        if isinstance(cause, ssl.SSLError):
            return Network(
                f"No TLS with {place}: {clean(cause.reason or str(cause))}",
                phase="tls",
                command=command,
                remedy="Check that the port speaks HTTPS; CloudStack's plain port is 8080.",
            )
    refused = any(isinstance(cause, ConnectionRefusedError) for cause in _causes(error))
    return Network(
        f"{place} refuses the connection" if refused else f"No connection to {place}",
        phase="connect",
        command=command,
        remedy="Check the address and the port, and that the management server runs.",
    )


def _place(url: str) -> str:
    """`host:port` of `url`, for messages: never a user name, path or query."""
    try:
        parsed = httpx.URL(url)
    except httpx.InvalidURL:
        return "the server"
    return clean(f"{parsed.host}:{parsed.port}" if parsed.port else parsed.host, 120)
