"""Servers that do everything but answer properly, on real sockets where that matters."""

import asyncio
import gzip
import socket
import ssl
import zlib
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.cloud.certificates import Authority
from tests.cloud.servers import (
    KEYS,
    Answer,
    Bench,
    FakeClock,
    Form,
    always,
    no_environment,
    raw_server,
)
from tests.hostile import DANGEROUS
from tui.cloud.body import BodyReader
from tui.cloud.client import CloudClient
from tui.cloud.endpoint import Endpoint
from tui.cloud.errors import CloudError, Network, NotCloudStack, TooLarge
from tui.cloud.listings import ZONES

GOOD = b'{"listzonesresponse":{"count":1,"zone":[{"id":"z","name":"dc1"}]}}'


@pytest.fixture(autouse=True)
def _environment(monkeypatch: pytest.MonkeyPatch) -> None:
    no_environment(monkeypatch)


def _client(url: str, **how: Any) -> CloudClient:
    return CloudClient(Endpoint(url=url, **how), KEYS, clock=FakeClock())


async def _failure(client: CloudClient) -> CloudError:
    with pytest.raises(CloudError) as caught:
        await client.fetch(ZONES)
    await client.aclose()
    assert DANGEROUS.search(caught.value.explain()) is None
    return caught.value


def _ok(body: bytes, *headers: bytes) -> bytes:
    head = [b"HTTP/1.1 200 OK", b"Content-Length: %d" % len(body), *headers]
    return b"\r\n".join(head) + b"\r\n\r\n" + body


# -- over real sockets -----------------------------------------------------------------------------


async def test_a_proper_answer_over_a_real_socket() -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        packed = gzip.compress(GOOD)
        writer.write(_ok(packed, b"Content-Encoding: gzip", b"Connection: close"))
        await writer.drain()

    async with raw_server(talk) as url:
        client = _client(url)
        assert [zone.name for zone in await client.fetch(ZONES)] == ["dc1"]
        assert client.round_trip is not None
        await client.aclose()


async def test_nobody_listens() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    error = await _failure(_client(f"http://127.0.0.1:{port}/client/api"))
    assert isinstance(error, Network)
    assert (error.phase, error.maybe_done) == ("connect", False)
    assert error.text == f"127.0.0.1:{port} refuses the connection"


async def test_a_host_name_that_does_not_exist() -> None:
    error = await _failure(_client("http://no-such-host.invalid/client/api"))
    assert isinstance(error, Network)
    assert (error.phase, error.maybe_done) == ("name", False)
    assert "no-such-host.invalid" in error.text


@pytest.mark.parametrize("url", ["cloud.example.org/client/api", "ftp://x/", "http://[::1", ""])
async def test_a_url_that_is_none(url: str) -> None:
    error = await _failure(_client(url))
    assert isinstance(error, Network)
    assert (error.phase, error.maybe_done) == ("url", False)


async def test_a_server_that_drips_is_given_up_after_the_total_time() -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
        while True:
            writer.write(b" ")
            await writer.drain()
            await asyncio.sleep(0.02)

    async with raw_server(talk) as url:
        client = _client(url, read_timeout=30, total_timeout=0.5)
        error = await _failure(client)
    assert isinstance(error, Network)
    assert (error.phase, error.timed_out, error.maybe_done) == ("receive", True, True)
    assert "0.5 s" in error.text


async def test_a_server_that_says_nothing() -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(3600)

    async with raw_server(talk) as url:
        error = await _failure(_client(url, read_timeout=0.2))
    assert isinstance(error, Network)
    assert (error.phase, error.timed_out) == ("receive", True)


@pytest.mark.parametrize(
    "wire",
    [
        b"",
        b"SSH-2.0-OpenSSH_9.2\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n" + GOOD,
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n40\r\n{",
        b"HTTP/1.1 200 \x1b]0;x\x07\r\n\r\n",
    ],
    ids=["closed", "ssh", "short", "chunk", "escape"],
)
async def test_a_connection_that_breaks_off(wire: bytes) -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(wire)
        await writer.drain()

    async with raw_server(talk) as url:
        error = await _failure(_client(url))
    assert isinstance(error, Network | NotCloudStack)
    assert error.maybe_done


async def test_a_body_that_never_ends_is_not_read_to_its_end() -> None:
    written = 0

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal written
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
        while True:
            writer.write(b"x" * 65536)
            await writer.drain()
            written += 65536

    async with raw_server(talk) as url:
        error = await _failure(_client(url, body_limit=1_000_000))
    assert isinstance(error, TooLarge)
    assert written < 30_000_000


async def test_a_bomb_in_gzip_is_not_unpacked() -> None:
    packer = zlib.compressobj(wbits=31)
    bomb = b"".join(packer.compress(b"\0" * 1_000_000) for _ in range(300)) + packer.flush()
    assert len(bomb) < 400_000

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(_ok(bomb, b"Content-Encoding: gzip"))
        await writer.drain()

    async with raw_server(talk) as url:
        error = await _failure(_client(url))
    assert isinstance(error, TooLarge)
    assert "64 MB" in error.text


# -- TLS -------------------------------------------------------------------------------------------


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path)


class _Tls:
    """An HTTPS server with a certificate for `host`, on loopback."""

    def __init__(self, authority: Authority, host: str) -> None:
        self._context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        self._context.load_cert_chain(authority.certificate(host))
        self.port = 0

    async def __aenter__(self) -> "_Tls":
        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.readuntil(b"\r\n\r\n")
            writer.write(_ok(GOOD, b"Connection: close"))
            await writer.drain()
            writer.close()

        self._server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=self._context)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        await self._server.wait_closed()


async def test_an_authority_of_one_s_own(authority: Authority) -> None:
    async with _Tls(authority, "localhost") as server:
        url = f"https://localhost:{server.port}/client/api"
        client = _client(url, ca_file=str(authority.file))
        assert [zone.name for zone in await client.fetch(ZONES)] == ["dc1"]
        await client.aclose()
        unknown = await _failure(_client(url))
        careless = _client(url, tls_verify=False)
        assert len(await careless.fetch(ZONES)) == 1
        await careless.aclose()
    assert isinstance(unknown, Network)
    assert (unknown.phase, unknown.maybe_done) == ("tls", False)
    assert "not trusted" in unknown.text
    assert "ca_file" in unknown.remedy


async def test_a_certificate_for_another_host(authority: Authority) -> None:
    async with _Tls(authority, "elsewhere.example.org") as server:
        url = f"https://localhost:{server.port}/client/api"
        error = await _failure(_client(url, ca_file=str(authority.file)))
    assert isinstance(error, Network)
    assert error.phase == "tls"
    assert "localhost" in error.text


async def test_https_to_a_plain_port() -> None:
    async def plain(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(10)
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        writer.close()

    server = await asyncio.start_server(plain, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    error = await _failure(_client(f"https://127.0.0.1:{port}/client/api"))
    server.close()
    await server.wait_closed()
    assert isinstance(error, Network)
    assert (error.phase, error.maybe_done) == ("tls", False)
    assert "8080" in error.remedy


@pytest.mark.parametrize("content", [None, b"", b"no certificate", b"\xff\xfe"])
async def test_a_ca_file_that_is_none(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "ca.pem"
    if content is not None:
        path.write_bytes(content)
    error = await _failure(_client("https://127.0.0.1:1/client/api", ca_file=str(path)))
    assert isinstance(error, Network)
    assert error.phase == "tls"
    assert "ca.pem" in error.text


async def test_a_proxy_of_the_environment_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    heads: list[bytes] = []

    async def proxy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heads.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(_ok(GOOD, b"Connection: close"))
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(proxy, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{port}")
    client = _client("http://cloud.example.org/client/api")
    assert len(await client.fetch(ZONES)) == 1
    await client.aclose()
    server.close()
    await server.wait_closed()
    assert heads[0].startswith(b"POST http://cloud.example.org/client/api HTTP/1.1")


async def test_a_proxy_that_is_none_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "gopher://proxy.example.org")
    error = await _failure(_client("http://cloud.example.org/client/api"))
    assert isinstance(error, Network)
    assert (error.phase, error.maybe_done) == ("proxy", False)


# -- odd answers -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "body", "oddity", "maybe_done"),
    [
        (200, b"<html><title>Sign in</title></html>", "markup", True),
        (200, b"\n\n  <?xml version='1.0'?><listzonesresponse/>", "markup", True),
        (404, b"<html><title>404</title></html>", "markup", False),
        (504, b"<html><title>504</title></html>", "markup", True),
        (200, b'{"listzonesresponse":{"count":1', "truncated", True),
        (200, b'{"listzonesresponse":{"zone":[{"name":"\xff"}]}}', "encoding", True),
        (200, b"", "content", True),
        (200, b"OK", "content", True),
        (405, b"Please use HTTP POST to authenticate using this API", "content", False),
        (200, b'{"swagger":"2.0","info":{}}', "content", True),
        (200, b'{"zone":[]}', "content", True),
    ],
)
async def test_answers_that_are_not_cloudstack_s(
    status: int, body: bytes, oddity: str, maybe_done: bool
) -> None:
    bench = Bench(lambda form: httpx.Response(status, content=body))
    error = await _failure(bench.client)
    assert isinstance(error, NotCloudStack)
    assert (error.oddity, error.status, error.maybe_done) == (oddity, status, maybe_done)
    assert "/client/api" in error.remedy
    if status != 200:
        assert str(status) in error.text


@pytest.mark.parametrize("status", [301, 302, 307, 308])
async def test_a_redirect_is_not_followed(status: int) -> None:
    target = "https://user:pw@login.example.org/sso?token=abc"
    bench = Bench(lambda form: httpx.Response(status, headers={"location": target}))
    error = await _failure(bench.client)
    assert isinstance(error, NotCloudStack)
    assert (error.oddity, error.maybe_done) == ("redirect", False)
    assert "https://login.example.org" in error.text
    for hidden in ("token", "pw@", "sso"):
        assert hidden not in error.explain()
    assert len(bench.server.forms) == 1


@pytest.mark.parametrize("location", ["", "/login"])
async def test_a_redirect_to_nowhere(location: str) -> None:
    bench = Bench(lambda form: httpx.Response(302, headers={"location": location}))
    error = await _failure(bench.client)
    assert isinstance(error, NotCloudStack)
    assert error.oddity == "redirect"


def _pieces(*parts: bytes, **headers: str) -> Answer:
    async def stream() -> AsyncIterator[bytes]:
        for part in parts:
            yield part

    return httpx.Response(200, content=stream(), headers=headers)


@pytest.mark.parametrize(
    ("encoding", "body", "text"),
    [
        ("gzip", gzip.compress(GOOD)[:-12], "breaks off"),
        ("gzip", GOOD, "cannot be unpacked"),
        ("br", GOOD, "was not asked for"),
    ],
)
async def test_packing_that_does_not_unpack(encoding: str, body: bytes, text: str) -> None:
    bench = Bench(lambda form: _pieces(body, **{"content-encoding": encoding}))
    error = await _failure(bench.client)
    assert isinstance(error, NotCloudStack)
    assert text in error.text


@pytest.mark.parametrize("size", [1, 7, 1000])
async def test_a_packed_body_in_small_pieces(size: int) -> None:
    for encoding, packed in (
        ("gzip", gzip.compress(GOOD)),
        ("deflate", zlib.compress(GOOD)),
        ("identity", GOOD),
    ):
        parts = [packed[n : n + size] for n in range(0, len(packed), size)]
        answer = _pieces(*parts, **{"content-encoding": encoding})
        bench = Bench(always(answer))
        assert len(await bench.client.fetch(ZONES)) == 1


async def test_a_declared_length_beyond_the_limit_is_believed() -> None:
    async def stream() -> AsyncIterator[bytes]:
        raise AssertionError("not a byte is read")
        yield b""

    def script(form: Form) -> Answer:
        return httpx.Response(200, content=stream(), headers={"content-length": "9" * 30})

    error = await _failure(Bench(script).client)
    assert isinstance(error, TooLarge)


def test_the_reader_never_holds_more_than_the_limit() -> None:
    packer = zlib.compressobj(wbits=31)
    bomb = packer.compress(b"\0" * 50_000_000) + packer.flush()
    reader = BodyReader("gzip", limit=1000, command="x", status=200)
    with pytest.raises(TooLarge):
        reader.take(bomb)
    exact = BodyReader("", limit=5, command="x", status=200)
    exact.take(b"12345")
    assert exact.finish() == b"12345"
    with pytest.raises(TooLarge, match="5 bytes"):
        exact.take(b"6")


def _every_kind(kind: type[CloudError]) -> Iterator[type[CloudError]]:
    yield kind
    for below in kind.__subclasses__():
        yield from _every_kind(below)


def test_every_error_says_what_to_do() -> None:
    for kind in _every_kind(CloudError):
        assert kind.advice.endswith("."), kind
