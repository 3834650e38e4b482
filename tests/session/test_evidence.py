"""What CloudStack says of a router, and everything that is known of one at one moment."""

from pathlib import Path

import pytest

from tests.consoles import lab_path, lab_session
from tui.cloud.errors import CloudError
from tui.cloud.models import Router
from tui.diagnose.checkup import checkup_bundle
from tui.lab.lab import Lab
from tui.router.errors import PathUnknown, RouterError
from tui.session.evidence import cloud_side, gather
from tui.session.inventory import Kind
from tui.session.session import Session

OFFICE = "203.0.113.15"


async def router_of(session: Session, name: str) -> Router:
    await session.open(["listRouters"])
    await session.inventory.refresh([Kind.ROUTERS])
    return next(each for each in session.inventory.routers.rows.values() if each.name == name)


async def test_the_word_of_cloudstack(demo_lab: Lab) -> None:
    session = lab_session(demo_lab)
    told = await cloud_side(session, await router_of(session, "r-47-VM"))
    await session.aclose()
    world = demo_lab.world
    vpn = next(v for v in world.vpns.values() if world.addresses[v.address].address == OFFICE)
    assert told.router == "r-47-VM"
    assert told.network == "acme-office"
    assert told.public_ip == OFFICE
    assert told.pool == "10.1.2.2-10.1.2.8"
    assert told.users == ("alice", "bob", "carol", "dave", "erin")
    assert len(told.psk_sha256) == 64
    assert vpn.preshared_key not in repr(told)
    assert {rule.first for rule in told.rules or ()} >= {500, 4500, 1701}
    assert told.psk_age_days == 60
    assert told.zone == "dc1"
    assert "Vpn" in (told.network_services or ())


async def test_a_vpc_and_a_network_without_a_vpn(demo_lab: Lab) -> None:
    session = lab_session(demo_lab)
    vpc = await cloud_side(session, await router_of(session, "r-58-VM"))
    none = await cloud_side(session, await router_of(session, "r-42-VM"))
    await session.aclose()
    assert vpc.is_vpc
    assert vpc.guest_cidr == "10.8.0.0/16"
    assert vpc.adding == ("frank", "grace", "heidi")
    assert not none.has_vpn
    assert none.rules == ()


async def test_lists_that_were_refused_are_not_known(demo_lab: Lab) -> None:
    session = lab_session(demo_lab)
    router = await router_of(session, "r-47-VM")
    await cloud_side(session, router)
    session.inventory.users.error = CloudError("refused")
    assert (await cloud_side(session, router)).users is None
    session.inventory.vpns.error = CloudError("refused")
    with pytest.raises(CloudError):
        await cloud_side(session, router)
    await session.aclose()


async def test_everything_at_one_moment(demo_lab: Lab) -> None:
    session = lab_session(demo_lab)
    router = await router_of(session, "r-47-VM")
    steps: list[str] = []
    bundle = await gather(session, router, on_step=steps.append)
    await session.aclose()
    assert bundle.survey.router == "r-47-VM"
    assert bundle.cloud is not None
    assert not bundle.survey.failures
    assert {"cloud", "ipsec_statusall", "xfrm_policy"} <= set(steps)
    assert {"vr.log", "vr.messages.log"} <= set(bundle.logs)
    assert "logs" not in steps
    assert abs(bundle.clock_offset) < 2
    found = {check.name: check.state for check in checkup_bundle(bundle)}
    assert found["charon_process"] == "pass"
    assert found["users_match"] == "fail"


async def test_what_keeps_the_router_from_being_asked_is_raised(
    demo_lab: Lab, tmp_path: Path
) -> None:
    lost = lab_session(demo_lab, zones={})
    with pytest.raises(PathUnknown):
        await gather(lost, await router_of(lost, "r-47-VM"))
    await lost.aclose()
    strange = lab_session(demo_lab, zones={"*": lab_path(demo_lab, str(tmp_path / "none"))})
    with pytest.raises(RouterError):
        await gather(strange, await router_of(strange, "r-47-VM"))
    await strange.aclose()


async def test_logs_of_a_stretch(demo_lab: Lab) -> None:
    session = lab_session(demo_lab)
    router = await router_of(session, "r-47-VM")
    steps: list[str] = []
    bundle = await gather(session, router, since_seconds=86400, on_step=steps.append)
    await session.aclose()
    assert steps[-1] == "logs"
    assert {"vr.kern.log", "vr.pppd-journal.log"} <= set(bundle.logs)
