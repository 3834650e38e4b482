"""TLS and proxies, on real sockets."""

import asyncio
import ssl
from pathlib import Path

import pytest

from tests.cloud.certificates import Authority
from tests.cloud.servers import GOOD, failure_of, no_environment, ok, socket_client
from tui.cloud.errors import Network
from tui.cloud.listings import ZONES


@pytest.fixture(autouse=True)
def _environment(monkeypatch: pytest.MonkeyPatch) -> None:
    no_environment(monkeypatch)


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
            writer.write(ok(GOOD, b"Connection: close"))
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
        client = socket_client(url, ca_file=str(authority.file))
        assert [zone.name for zone in await client.fetch(ZONES)] == ["dc1"]
        await client.aclose()
        unknown = await failure_of(socket_client(url))
        careless = socket_client(url, tls_verify=False)
        assert len(await careless.fetch(ZONES)) == 1
        await careless.aclose()
    assert isinstance(unknown, Network)
    assert (unknown.phase, unknown.maybe_done) == ("tls", False)
    assert "not trusted" in unknown.text
    assert "ca_file" in unknown.remedy


async def test_a_certificate_for_another_host(authority: Authority) -> None:
    async with _Tls(authority, "elsewhere.example.org") as server:
        url = f"https://localhost:{server.port}/client/api"
        error = await failure_of(socket_client(url, ca_file=str(authority.file)))
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
    error = await failure_of(socket_client(f"https://127.0.0.1:{port}/client/api"))
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
    error = await failure_of(socket_client("https://127.0.0.1:1/client/api", ca_file=str(path)))
    assert isinstance(error, Network)
    assert error.phase == "tls"
    assert "ca.pem" in error.text


async def test_a_proxy_of_the_environment_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    heads: list[bytes] = []

    async def proxy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heads.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(ok(GOOD, b"Connection: close"))
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(proxy, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{port}")
    client = socket_client("http://cloud.example.org/client/api")
    assert len(await client.fetch(ZONES)) == 1
    await client.aclose()
    server.close()
    await server.wait_closed()
    assert heads[0].startswith(b"POST http://cloud.example.org/client/api HTTP/1.1")


async def test_a_proxy_that_is_none_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "gopher://proxy.example.org")
    error = await failure_of(socket_client("http://cloud.example.org/client/api"))
    assert isinstance(error, Network)
    assert (error.phase, error.maybe_done) == ("proxy", False)
