"""`csvpn lab serve`: what it prints, what it says when it cannot, and that it ends in order."""

import asyncio
import json
import os
import signal
import sys
from pathlib import Path
from typing import Any

import httpx
import pytest

from tui.lab.serve import UvicornMissing, serve
from tui.lab.worlds.snapshot import WorldUnreadable


async def test_without_uvicorn_it_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setitem(sys.modules, "uvicorn", None)
    with pytest.raises(UvicornMissing, match=r"pip install 'csvpn\[lab\]'"):
        await serve("contract", folder=tmp_path, routers=False)


async def test_an_unknown_world(tmp_path: Path) -> None:
    with pytest.raises(WorldUnreadable, match="there is no world atlantis"):
        await serve("atlantis", folder=tmp_path, routers=False)


async def test_routers_and_keys_are_announced_and_all_ends_with_a_signal(tmp_path: Path) -> None:
    lines: asyncio.Queue[str] = asyncio.Queue()
    folder = tmp_path / "kept"
    running = asyncio.create_task(serve("demo", folder=folder, announce=lines.put_nowait, speed=50))
    announced: dict[str, Any] = json.loads(await asyncio.wait_for(lines.get(), 30))
    assert Path(announced["ssh_key"]).is_relative_to(folder)
    known_hosts = await asyncio.to_thread(Path(announced["known_hosts"]).read_text)
    assert known_hosts.count("\n") == len(announced["routers"])
    (prod,) = [r for r in announced["routers"] if r["network"] == "acme-prod"]
    assert prod["name"] == "r-42-VM" and prod["host"] == "127.0.0.1" and prod["port"] > 0
    async with httpx.AsyncClient() as client:
        reply = await client.post(announced["api"], data={"command": "listZones"})
    assert reply.status_code == 401
    os.kill(os.getpid(), signal.SIGTERM)
    await asyncio.wait_for(running, 20)


async def test_a_port_that_is_taken(tmp_path: Path) -> None:
    async def nobody(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.close()

    async with await asyncio.start_server(nobody, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        with pytest.raises(OSError, match="in use"):
            await serve("contract", port=port, folder=tmp_path, routers=False)
