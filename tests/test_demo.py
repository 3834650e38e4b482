"""The demo: one lab, sessions on it, nothing left behind."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from tui import demo as demo_module
from tui.cloud.errors import ReadOnly
from tui.demo import Demo
from tui.lab.lab import Lab, open_lab
from tui.session.inventory import Kind
from tui.session.session import Session
from tui.session.views import network_rows


async def test_the_demo_is_one_lab_for_every_session() -> None:
    demo = Demo(speed=8)
    first = await demo.open()
    second = await demo.open()
    for session in (first, second):
        await session.open()
        assert session.identity.who == "admin@ROOT"
    await first.client.run(
        "createRemoteAccessVpn", publicipid=await _address(first), openfirewall=True
    )
    await second.inventory.refresh((Kind.VPNS, Kind.NETWORKS, Kind.ADDRESSES))
    rows = {row.name: row for row in network_rows(second.inventory)}
    assert rows["acme-prod"].vpn is not None
    await first.aclose()
    await second.aclose()
    await demo.aclose()


async def _address(session: Session) -> str:
    await session.inventory.refresh((Kind.NETWORKS, Kind.ADDRESSES))
    row = next(row for row in network_rows(session.inventory) if row.name == "acme-prod")
    assert row.address is not None
    return row.address.id


async def test_its_routers_are_reached_and_its_folder_goes() -> None:
    demo = Demo(speed=8)
    session = await demo.open()
    await session.open()
    await session.inventory.refresh((Kind.ROUTERS,))
    router = next(r for r in session.inventory.routers.rows.values() if r.state == "Running")
    connection = await session.routers.connection(router)
    await connection.connect()
    assert connection.is_connected
    way = session.profile.ssh_path(router.zone_name)
    assert way is not None and _is_there(way.key_file)
    await session.aclose()
    await demo.aclose()
    assert not _is_there(way.key_file)


def _is_there(path: str) -> bool:
    return Path(path).exists()


async def test_read_only_and_more_networks() -> None:
    demo = Demo(read_only=True, networks=30, speed=8)
    session = await demo.open()
    await session.inventory.refresh((Kind.NETWORKS,))
    assert len(session.inventory.networks.rows) > 30
    with pytest.raises(ReadOnly):
        await session.client.call("deleteRemoteAccessVpn", publicipid="x")
    await session.aclose()
    await demo.aclose()


async def test_a_lab_that_cannot_start_may_be_tried_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    failures = [OSError(24, "Too many open files")]

    @asynccontextmanager
    async def sometimes(*arguments: object, **options: object) -> AsyncIterator[Lab]:
        if failures:
            raise failures.pop()
        async with open_lab(*arguments, **options) as lab:  # type: ignore[arg-type]
            yield lab

    monkeypatch.setattr(demo_module, "open_lab", sometimes)
    demo = Demo(speed=8)
    with pytest.raises(OSError, match="Too many open files"):
        await demo.open()
    session = await demo.open()
    await session.aclose()
    await demo.aclose()


async def test_a_demo_that_was_never_opened_ends() -> None:
    await Demo().aclose()
