"""A lab of one healthy router, and what the checkup and the diagnosis make of it over SSH."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec

from tui.demo import session_on
from tui.diagnose.bundle import Bundle
from tui.diagnose.checkup import checkup_bundle
from tui.diagnose.why import why
from tui.lab.lab import Lab, open_lab
from tui.lab.router.lab_router import LabRouter
from tui.router.captures import capture
from tui.router.slices import log_slices
from tui.session.evidence import gather
from tui.session.inventory import Kind
from tui.session.session import Session

OFFICE = "r-47-VM"
SPEED = 400.0
NAMED = frozenset(
    {
        "programmed",
        "charon_process",
        "xl2tpd_process",
        "ports_listening",
        "conn_loaded",
        "psk_present",
        "psk_matches",
        "range_loaded",
        "users_match",
        "udp500_gate",
        "udp4500_gate",
        "udp1701_gate",
        "forward_rules",
        "ip_forward",
        "daemons_after_delete",
        "orphan_session",
        "l2tp_without_ipsec",
    }
)
"""The checks that are known by name everywhere."""


@asynccontextmanager
async def healthy_lab(folder: Path) -> AsyncIterator[tuple[Lab, Session, LabRouter]]:
    """The demo without its story, and with nothing wrong at the router of `acme-office`."""
    async with open_lab("demo", folder, speed=SPEED, story=False) as lab:
        assert lab.routers is not None
        router = lab.routers.router(OFFICE)
        router.fault("mend")
        session = session_on(lab, state=folder / "state")
        try:
            await session.open()
            yield lab, session, router
        finally:
            await session.aclose()


async def looked_at(session: Session, name: str = OFFICE) -> Bundle:
    """Everything about a router: its answers, the last hour of its logs, CloudStack's word."""
    await session.inventory.refresh((Kind.ROUTERS,))
    (router,) = [each for each in session.inventory.routers.rows.values() if each.name == name]
    bundle = await gather(session, router)
    connection = await session.routers.connection(router)
    return msgspec.structs.replace(bundle, logs=await log_slices(connection, 3600))


async def captured(
    session: Session, router: LabRouter, user: str, habit: str = "", seconds: int = 1
) -> Bundle:
    """Everything, with a packet capture that was running while `user` tried to connect."""
    await session.inventory.refresh((Kind.ROUTERS,))
    rows = session.inventory.routers.rows.values()
    connection = await session.routers.connection(next(r for r in rows if r.name == OFFICE))
    watching = asyncio.create_task(capture(connection, seconds=seconds))
    await asyncio.sleep(seconds / 2)
    await router.connect(user, habit)
    packets = await watching
    bundle = await looked_at(session)
    return msgspec.structs.replace(bundle, logs={**bundle.logs, "vr.tcpdump.txt": packets})


def flagged(bundle: Bundle) -> set[str]:
    """The named checks that warn or fail."""
    checks = checkup_bundle(bundle)
    assert {check.name for check in checks} >= NAMED
    return {check.name for check in checks if check.state in {"warn", "fail"}} & NAMED


def told(bundle: Bundle, client: str) -> tuple[str, str]:
    """Category and outcome of the verdict on a client."""
    (verdict,) = [each for each in why(bundle) if each.client == client]
    return verdict.category, verdict.outcome
