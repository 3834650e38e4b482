"""One connection per router, at the address that it has now."""

import asyncio
from pathlib import Path

import msgspec
import pytest

from tests.consoles import lab_path, lab_session
from tests.session.clouds import HeldCloud, refusal
from tui.cloud.models import Router
from tui.lab.lab import Lab
from tui.router.commands import HOSTNAME
from tui.router.errors import HostKeyUnknown, PathUnknown
from tui.session.inventory import Kind
from tui.session.session import Session
from tui.settings.model import SshPath

HERE = SshPath(via="direct", key_file="/nonexistent/key")
THROUGH_HOST = SshPath(via="kvm", key_file="/nonexistent/key")
ROUTER = Router(
    id="r-1", name="r-1-VM", zone_name="dc1", host_id="h-1", link_local_ip="169.254.7.1"
)


async def _router(session: Session, name: str) -> Router:
    await session.inventory.refresh([Kind.ROUTERS])
    return next(r for r in session.inventory.routers.rows.values() if r.name == name)


async def test_one_connection_that_answers(demo_lab: Lab) -> None:
    session = lab_session(demo_lab)
    router = await _router(session, "r-47-VM")
    connection = await session.routers.connection(router)
    assert await session.routers.connection(router) is connection
    assert await connection.run(HOSTNAME) == "r-47-VM"
    other = await session.routers.connection(await _router(session, "r-48-VM"))
    assert other is not connection
    await session.aclose()


async def test_a_zone_without_a_path() -> None:
    session = HeldCloud().session(zones={"dc2": HERE})
    with pytest.raises(PathUnknown, match="zone dc1"):
        await session.routers.connection(ROUTER)
    with pytest.raises(PathUnknown, match="prod does not say"):
        session.routers.path_of(ROUTER)
    assert session.routers.path_of(msgspec.structs.replace(ROUTER, zone_name="dc2")) == HERE
    await session.aclose()


async def test_a_router_that_was_started_anew_is_reached_at_its_new_address() -> None:
    session = HeldCloud().session(zones={"*": HERE})
    before = await session.routers.connection(ROUTER)
    moved = msgspec.structs.replace(ROUTER, link_local_ip="169.254.9.9")
    assert moved.control_ip != ROUTER.control_ip
    after, again = await asyncio.gather(
        session.routers.connection(moved), session.routers.connection(moved)
    )
    assert after is again
    assert after is not before
    assert after.target.control_ip == "169.254.9.9"
    await session.aclose()


async def test_the_host_is_asked_for_once_and_only_where_it_is_needed() -> None:
    cloud = HeldCloud()
    cloud.rows["listHosts"] = [{"id": "h-1", "ipaddress": "192.0.2.11"}]
    session = cloud.session(zones={"*": THROUGH_HOST})
    first = await session.routers.connection(ROUTER)
    assert first.target.host_ip == "192.0.2.11"
    second = msgspec.structs.replace(ROUTER, id="r-2", name="r-2-VM")
    assert (await session.routers.connection(second)).target.host_ip == "192.0.2.11"
    assert len(cloud.questions("listHosts")) == 1
    await session.aclose()
    direct = cloud.session(zones={"*": HERE})
    await direct.routers.connection(ROUTER)
    assert len(cloud.questions("listHosts")) == 1
    await direct.aclose()


async def test_who_may_not_see_hosts_is_told_so_by_the_path() -> None:
    cloud = HeldCloud()
    cloud.fails["listHosts"] = refusal(432, "not for your role")
    session = cloud.session(zones={"*": THROUGH_HOST})
    connection = await session.routers.connection(ROUTER)
    assert connection.target.host_ip == ""
    with pytest.raises(PathUnknown, match="only root admins"):
        await connection.connect()
    unplaced = msgspec.structs.replace(ROUTER, id="r-3", host_id="")
    assert (await session.routers.connection(unplaced)).target.host_ip == ""
    await session.aclose()


async def test_a_host_key_is_learnt_once_somebody_has_seen_it(
    demo_lab: Lab, tmp_path: Path
) -> None:
    own = tmp_path / "own" / "known_hosts"
    session = lab_session(demo_lab, zones={"*": lab_path(demo_lab, str(own))})
    router = await _router(session, "r-47-VM")
    connection = await session.routers.connection(router)
    with pytest.raises(HostKeyUnknown) as unknown:
        await connection.run(HOSTNAME)
    assert not own.exists()
    assert unknown.value.fingerprint.startswith("SHA256:")
    session.routers.learn(router, unknown.value)
    assert await connection.run(HOSTNAME) == "r-47-VM"
    assert router.id in own.read_text("utf-8")
    await session.aclose()


async def test_closing_closes_every_connection(demo_lab: Lab) -> None:
    session = lab_session(demo_lab)
    router = await _router(session, "r-47-VM")
    connection = await session.routers.connection(router)
    await connection.run(HOSTNAME)
    await session.aclose()
    again = await session.routers.connection(router)
    assert again is not connection
    await session.aclose()
