"""Breaking routers and clients from outside: the simulator's command, and a world like that."""

import gzip
from pathlib import Path

import msgspec
import pytest

from tests.lab.truths import OFFICE, healthy_lab
from tui.cloud.errors import CloudError
from tui.lab.lab import open_lab
from tui.lab.worlds.demo import demo_world
from tui.lab.worlds.snapshot import WorldUnreadable, load


async def test_root_breaks_a_router_and_mends_it(tmp_path: Path) -> None:
    async with healthy_lab(tmp_path) as (_, session, router):
        call = session.client.call
        await call("configureSimulator", name="RouterFault", value=f"{OFFICE}:forward_off")
        await call("configureSimulator", name="VpnClient", value=f"{OFFICE}:bob:wrong_key")
        state = router.machine.state
        assert not state.ip_forward and state.habits == {"bob": "wrong_key"}
        assert (await router.connect("bob")).scene == "wrong_key"
        await call("configureSimulator", name="VpnClient", value=f"{OFFICE}:bob:mend")
        await call("configureSimulator", name="RouterFault", value=f"{OFFICE}:mend")
        assert state.ip_forward and not state.habits
        assert (await router.connect("bob")).reached == "session"


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("RouterFault", "r-1-VM:forward_off", "there is no router r-1-VM"),
        ("RouterFault", f"{OFFICE}:rust", "rust is no fault: forward_off"),
        ("RouterFault", OFFICE, "RouterFault takes ROUTER:FAULT"),
        ("VpnClient", f"{OFFICE}:bob:rust", "rust is no habit: old_proposals"),
        ("VpnClient", f"{OFFICE}:bob", "VpnClient takes ROUTER:USER:HABIT"),
    ],
)
async def test_what_cannot_be_broken_is_said(
    tmp_path: Path, name: str, value: str, words: str
) -> None:
    async with healthy_lab(tmp_path) as (_, session, _router):
        with pytest.raises(CloudError, match=words):
            await session.client.call("configureSimulator", name=name, value=value)


async def test_an_acl_reaches_the_router_of_its_vpc(tmp_path: Path) -> None:
    async with open_lab("demo", tmp_path, story=False) as lab:
        (state,) = [s for s in lab.cloud.routers.states.values() if s.network == "globex-vpc"]
        assert [tier.lets_clients_in for tier in state.tiers] == [False]
        assert "-p tcp -m tcp --dport 443 -j ACCEPT" in state.tiers[0].rules
        (acl,) = [each for each in lab.world.acl_lists.values() if each.name == "web-only"]
        for item in lab.world.acl_items.values():
            if item.acl == acl.id and item.protocol == "all":
                item.action = "Allow"
        lab.cloud.routers.push_tiers(acl.vpc)
        assert [tier.lets_clients_in for tier in state.tiers] == [True]


async def test_the_past_lies_in_rotated_files(tmp_path: Path) -> None:
    async with open_lab("demo", tmp_path, story=True) as lab:
        assert lab.routers is not None
        folder = lab.routers.logs(OFFICE).folder
        generations = sorted(
            folder.glob("daemon.log.*.gz"), key=lambda path: -int(path.suffixes[1][1:])
        )
        assert len(generations) >= 4
        lines = b"".join(gzip.decompress(path.read_bytes()) for path in generations).splitlines()
        assert len(lines) > 2000
        kept = (folder / "messages").read_bytes()
        assert b"remote IP address" in kept


def test_a_world_names_only_faults_that_there_are() -> None:
    world = demo_world()
    world.routers[0].faults = ("rust",)
    with pytest.raises(WorldUnreadable, match=r"routers\[0\].faults has 'rust'.*forward_off"):
        load(msgspec.json.encode(world), "the test")
