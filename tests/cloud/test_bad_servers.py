"""Servers that do everything but answer properly, on real sockets where that matters."""

import asyncio
import gzip
import socket
import zlib
from collections.abc import AsyncIterator, Iterator

import httpx
import pytest

from tests.cloud.servers import (
    GOOD,
    Answer,
    Bench,
    Form,
    always,
    failure_of,
    no_environment,
    ok,
    raw_server,
    socket_client,
)
from tui.cloud.body import BodyReader
from tui.cloud.errors import CloudError, Network, NotCloudStack, TooLarge
from tui.cloud.listings import ZONES


@pytest.fixture(autouse=True)
def _environment(monkeypatch: pytest.MonkeyPatch) -> None:
    no_environment(monkeypatch)


# -- over real sockets -----------------------------------------------------------------------------


async def test_a_proper_answer_over_a_real_socket() -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        packed = gzip.compress(GOOD)
        writer.write(ok(packed, b"Content-Encoding: gzip", b"Connection: close"))
        await writer.drain()

    async with raw_server(talk) as url:
        client = socket_client(url)
        assert [zone.name for zone in await client.fetch(ZONES)] == ["dc1"]
        assert client.round_trip is not None
        await client.aclose()


async def test_nobody_listens() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    error = await failure_of(socket_client(f"http://127.0.0.1:{port}/client/api"))
    assert isinstance(error, Network)
    assert (error.phase, error.maybe_done) == ("connect", False)
    assert error.text == f"127.0.0.1:{port} refuses the connection"


async def test_a_host_name_that_does_not_exist() -> None:
    error = await failure_of(socket_client("http://no-such-host.invalid/client/api"))
    assert isinstance(error, Network)
    assert (error.phase, error.maybe_done) == ("name", False)
    assert "no-such-host.invalid" in error.text


@pytest.mark.parametrize("url", ["cloud.example.org/client/api", "ftp://x/", "http://[::1", ""])
async def test_a_url_that_is_none(url: str) -> None:
    error = await failure_of(socket_client(url))
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
        client = socket_client(url, read_timeout=30, total_timeout=0.5)
        error = await failure_of(client)
    assert isinstance(error, Network)
    assert (error.phase, error.timed_out, error.maybe_done) == ("receive", True, True)
    assert "0.5 s" in error.text


async def test_a_server_that_says_nothing() -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(3600)

    async with raw_server(talk) as url:
        error = await failure_of(socket_client(url, read_timeout=0.2))
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
        error = await failure_of(socket_client(url))
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
        error = await failure_of(socket_client(url, body_limit=1_000_000))
    assert isinstance(error, TooLarge)
    assert written < 30_000_000


async def test_a_bomb_in_gzip_is_not_unpacked() -> None:
    packer = zlib.compressobj(wbits=31)
    bomb = b"".join(packer.compress(b"\0" * 1_000_000) for _ in range(300)) + packer.flush()
    assert len(bomb) < 400_000

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(ok(bomb, b"Content-Encoding: gzip"))
        await writer.drain()

    async with raw_server(talk) as url:
        error = await failure_of(socket_client(url))
    assert isinstance(error, TooLarge)
    assert "64 MB" in error.text


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
    error = await failure_of(bench.client)
    assert isinstance(error, NotCloudStack)
    assert (error.oddity, error.status, error.maybe_done) == (oddity, status, maybe_done)
    assert "/client/api" in error.remedy
    if status != 200:
        assert str(status) in error.text


@pytest.mark.parametrize("status", [301, 302, 307, 308])
async def test_a_redirect_is_not_followed(status: int) -> None:
    target = "https://user:pw@login.example.org/sso?token=abc"
    bench = Bench(lambda form: httpx.Response(status, headers={"location": target}))
    error = await failure_of(bench.client)
    assert isinstance(error, NotCloudStack)
    assert (error.oddity, error.maybe_done) == ("redirect", False)
    assert "https://login.example.org" in error.text
    for hidden in ("token", "pw@", "sso"):
        assert hidden not in error.explain()
    assert len(bench.server.forms) == 1


@pytest.mark.parametrize("location", ["", "/login"])
async def test_a_redirect_to_nowhere(location: str) -> None:
    bench = Bench(lambda form: httpx.Response(302, headers={"location": location}))
    error = await failure_of(bench.client)
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
        ("gzip", gzip.compress(GOOD, mtime=0)[:-12], "breaks off"),
        ("gzip", GOOD, "cannot be unpacked"),
        ("br", GOOD, "was not asked for"),
    ],
)
async def test_packing_that_does_not_unpack(encoding: str, body: bytes, text: str) -> None:
    bench = Bench(lambda form: _pieces(body, **{"content-encoding": encoding}))
    error = await failure_of(bench.client)
    assert isinstance(error, NotCloudStack)
    assert text in error.text


@pytest.mark.parametrize("size", [1, 7, 1000])
async def test_a_packed_body_in_small_pieces(size: int) -> None:
    for encoding, packed in (
        ("gzip", gzip.compress(GOOD, mtime=0)),
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

    error = await failure_of(Bench(script).client)
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
