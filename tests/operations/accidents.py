"""Runs of operations in which the program is killed and calls are lost, against the embedded cloud.

Shared by the tests and the bench. A kill ends the client where it stands, between any two things
that can be told apart from outside: before and after each record on disk, before a request has
arrived, after it has and before its reply.
"""

import asyncio
import random
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

import httpx
import msgspec

from tests.operations.scripted import ImpatientClock
from tui.cloud.client import CloudClient
from tui.cloud.endpoint import Endpoint, Keys
from tui.cloud.listings import ADDRESSES, FIREWALL_RULES, NETWORKS, VPN_USERS, VPNS
from tui.lab.lab import Lab, open_lab
from tui.operations.addresses import Place
from tui.operations.bookkeeping import Books
from tui.operations.disable import DisablePlan, DisableVpn
from tui.operations.enable import EnablePlan, EnableVpn
from tui.operations.exclusion import Exclusion
from tui.operations.facts import Owner, ingress_rule
from tui.operations.journal import Journal
from tui.operations.keeping import Keeping
from tui.operations.ledger import Record
from tui.operations.reach import Reach
from tui.operations.remake_plan import RemakePlan
from tui.operations.repair import RepairPlan, RepairVpn
from tui.operations.rotate import RotateKey
from tui.operations.sources import EditSources, SourcesWanted
from tui.operations.steps import Operation
from tui.operations.user_changes import ResetUsers, UserChange
from tui.operations.users import AddUsers, NewUser
from tui.safety.sealing import SealingKey
from tui.safety.secret import Secret
from tui.vpn.ports import IngressRule
from tui.vpn.ranges import parse_range
from tui.vpn.repairs import Remedy
from tui.vpn.sources import vpn_slots

CLOUD: Final = "http://lab/client/api"
ROUNDS: Final = 60
"""Starts of the program after which a run is called stuck."""


class Killed(BaseException):
    """The program was killed here. No `except Exception` catches it, as none catches SIGKILL."""


class Odds(msgspec.Struct, frozen=True, kw_only=True):
    """How often something happens, as fractions of the chances that it has."""

    kill: float = 0.0
    most_kills: int = 3
    """Nobody is killed for ever; a request that was lost is asked after for a minute each time."""
    lost_request: float = 0.0
    lost_reply: float = 0.0


class Fate:
    """Decides, from one seed, when what happens."""

    def __init__(self, seed: int, odds: Odds) -> None:
        self._random = random.Random(seed)
        self.odds = odds
        self.kills = 0
        self.losses = 0

    def may_kill(self) -> None:
        """One point at which the program may be killed."""
        if self.kills < self.odds.most_kills and self._random.random() < self.odds.kill:
            self.kills += 1
            raise Killed

    def lost(self, odds: float) -> bool:
        """Whether something that has these odds is lost now."""
        lost = self._random.random() < odds
        self.losses += lost
        return lost


class Brisk(ImpatientClock):
    """A minute of waiting takes some milliseconds; the embedded cloud has its turns."""

    async def sleep(self, seconds: float) -> None:
        await super().sleep(seconds)
        await asyncio.sleep(seconds / 2000)


class Accidents(httpx.AsyncBaseTransport):
    """The way to the embedded cloud, on which requests and replies are lost."""

    def __init__(self, lab: Lab, fate: Fate) -> None:
        self._inner = httpx.ASGITransport(app=lab.app)
        self._fate = fate

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self._fate.may_kill()
        if self._fate.lost(self._fate.odds.lost_request):
            raise httpx.ReadTimeout("the request was lost", request=request)
        response = await self._inner.handle_async_request(request)
        self._fate.may_kill()
        if self._fate.lost(self._fate.odds.lost_reply):
            raise httpx.ReadTimeout("the reply was lost", request=request)
        return response


class DeadlyJournal(Journal):
    """A journal whose process may be killed before and after each record."""

    def __init__(self, path: Path, fate: Fate) -> None:
        super().__init__(path)
        self._fate = fate

    async def add(self, operation_id: str, record: Record) -> None:
        self._fate.may_kill()
        await super().add(operation_id, record)
        self._fate.may_kill()


def client_of(lab: Lab, transport: httpx.AsyncBaseTransport) -> CloudClient:
    """The user's client of the lab on some transport."""
    who = lab.actors["user"]
    return CloudClient(
        Endpoint(url=CLOUD),
        Keys(who.api_key, Secret(who.secret_key)),
        transport=transport,
        clock=Brisk(),
    )


class World(msgspec.Struct, frozen=True):
    """What is in the cloud afterwards, without ids."""

    vpns: tuple[tuple[str, str], ...]
    """Network and client range of each VPN."""
    users: tuple[str, ...]
    rules: tuple[tuple[str, str, str], ...]
    """Network, ports and sources of each firewall rule."""
    addresses: tuple[str, ...]
    """The network of each address."""


async def world_of(lab: Lab) -> World:
    """The state of the user's account, read on a link that works."""
    client = client_of(lab, httpx.ASGITransport(app=lab.app))
    addresses = {each.id: each for each in await client.fetch(ADDRESSES)}
    place = {key: each.network_name or each.vpc_name for key, each in addresses.items()}
    vpns = [(place[v.public_ip_id], v.ip_range) for v in await client.fetch(VPNS)]
    rules = [
        (place[key], f"{rule.protocol} {rule.start_port}", ",".join(rule.cidrs))
        for key in addresses
        for rule in await client.fetch(FIREWALL_RULES, ipaddressid=key)
    ]
    users = [f"{user.user_name} {user.state}" for user in await client.fetch(VPN_USERS)]
    await client.aclose()
    return World(
        tuple(sorted(vpns)),
        tuple(sorted(users)),
        tuple(sorted(rules)),
        tuple(sorted(place.values())),
    )


Make = Callable[[Lab, CloudClient], Awaitable[Operation]]


async def enabling(lab: Lab, client: CloudClient) -> Operation:
    """Enable the VPN of a network that has an address, for two users and an office."""
    return await _enable(client, "acme-prod", ("198.51.100.0/24",))


async def enabling_unused(lab: Lab, client: CloudClient) -> Operation:
    """The same for a network that nobody uses yet, which needs an address first."""
    return await _enable(client, "acme-idle", None)


async def adding_eight(lab: Lab, client: CloudClient) -> Operation:
    """Add eight users."""
    users = tuple(NewUser.generate(f"user{number}") for number in range(8))
    return AddUsers(client, users, owner=Owner())


async def _enable(client: CloudClient, name: str, sources: tuple[str, ...] | None) -> EnableVpn:
    (network,) = [each for each in await client.fetch(NETWORKS) if each.name == name]
    owned = [each for each in await client.fetch(ADDRESSES) if each.network_id == network.id]
    source_nat = next((each for each in owned if each.is_source_nat), None)
    plan = EnablePlan(
        place=Place("network", network.id, name, network.state),
        address_id=source_nat.id if source_nat else "",
        public_ip=source_nat.address if source_nat else "",
        client_range=parse_range("10.9.8.1-10.9.8.9"),
        sources=sources,
        users=(NewUser.generate("alice"), NewUser.generate("bobby")),
    )
    return EnableVpn(client, plan, looks=())


async def _enabled(client: CloudClient, sources: tuple[str, ...] | None) -> EnablePlan:
    """Enable acme-prod undisturbed, and return what was asked for."""
    operation = await _enable(client, "acme-prod", sources)
    async for event in operation.run():
        assert event.state in ("running", "done"), event.says
    return operation.wanted


async def _rules(client: CloudClient, address_id: str) -> tuple[IngressRule, ...]:
    rows = await client.fetch(FIREWALL_RULES, ipaddressid=address_id)
    return tuple(ingress_rule(row) for row in rows)


async def rotating(lab: Lab, client: CloudClient) -> Operation:
    """Rotate the key of a VPN that only an office reaches."""
    return await _rotate(client, knowing=True)


async def rotating_blind(lab: Lab, client: CloudClient) -> Operation:
    """The same where the server does not show the key, so that old and new look alike."""
    return await _rotate(client, knowing=False)


async def _rotate(client: CloudClient, *, knowing: bool) -> Operation:
    plan = await _enabled(client, ("198.51.100.0/24",))
    assert plan.client_range is not None
    (vpn,) = await client.fetch(VPNS, publicipid=plan.address_id)
    assert vpn.preshared_key is not None
    wanted = RemakePlan(
        place=plan.place,
        address_id=plan.address_id,
        public_ip=plan.public_ip,
        client_range=plan.client_range,
        rules=await _rules(client, plan.address_id),
        key_before=vpn.preshared_key.sha256() if knowing else "",
        made_on="2026-11-25",
        users=2,
    )
    return RotateKey(client, wanted, looks=())


async def disabling(lab: Lab, client: CloudClient) -> Operation:
    """Disable a VPN, and delete the rules that would stay."""
    plan = await _enabled(client, ("198.51.100.0/24",))
    rules = await _rules(client, plan.address_id)
    wanted = DisablePlan(
        place=plan.place,
        address_id=plan.address_id,
        public_ip=plan.public_ip,
        rules=rules,
        also_delete=rules,
    )
    return DisableVpn(client, wanted)


async def editing(lab: Lab, client: CloudClient) -> Operation:
    """Let others reach the VPN ports: one of those who do already, and one more."""
    plan = await _enabled(client, ("198.51.100.0/24", "192.0.2.0/24"))
    wanted = SourcesWanted(
        address_id=plan.address_id,
        public_ip=plan.public_ip,
        rules=await _rules(client, plan.address_id),
        slots=vpn_slots(),
        cidrs=("198.51.100.0/24", "203.0.113.128/25"),
    )
    return EditSources(client, wanted)


async def repairing(lab: Lab, client: CloudClient) -> Operation:
    """Finish a VPN that a router has refused, and bring along a user who waits."""
    lab.cloud.simulator.configure("RemoteAccessVpnCfgCommand", "result:fail", 1)
    enable = await _enable(client, "acme-prod", ("198.51.100.0/24",))
    async for event in enable.run():
        assert event.state != "failed" or event.step.name == "vpn", event.says
    await client.run("addVpnUser", username="alice", password="Winter2026x")
    wanted = RepairPlan(
        place=enable.wanted.place,
        address_id=enable.wanted.address_id,
        public_ip=enable.wanted.public_ip,
        cures=(Remedy("create"), Remedy("push-users")),
        push_name="csvpn-push-1",
        password=Secret("Winter2026x"),
    )
    return RepairVpn(client, wanted)


async def resetting(lab: Lab, client: CloudClient) -> Operation:
    """Give two users new passwords."""
    await _enabled(client, None)
    users = (NewUser.generate("alice"), NewUser.generate("bobby"))
    return ResetUsers(client, UserChange(users=users))


class Run(msgspec.Struct, frozen=True):
    """What came of one run."""

    world: World
    starts: int
    """How often the program was started."""
    kills: int
    losses: int


@asynccontextmanager
async def fresh_lab() -> AsyncIterator[tuple[Lab, Path]]:
    """A world of its own and a folder for its journal."""
    with tempfile.TemporaryDirectory(prefix="csvpn-accidents-") as folder:
        async with open_lab("contract", Path(folder), routers=False, speed=200) as lab:
            yield lab, Path(folder)


async def run_once(make: Make, seed: int, odds: Odds) -> Run:
    """Begin an operation and go on after each kill, as somebody does who resumes what is open.

    Raises `AssertionError` where it does not come to its end.
    """
    fate = Fate(seed, odds)
    key = SealingKey.new(persistent=True)
    async with fresh_lab() as (lab, folder):
        quiet = client_of(lab, httpx.ASGITransport(app=lab.app))
        wanted = await make(lab, quiet)
        await quiet.aclose()
        for start in range(1, ROUNDS):
            if await _start(lab, folder, fate, key, wanted):
                return Run(await world_of(lab), start, fate.kills, fate.losses)
        raise AssertionError(f"seed {seed}: not at its end after {ROUNDS} starts")


async def _start(lab: Lab, folder: Path, fate: Fate, key: SealingKey, wanted: Operation) -> bool:
    """One start of the program; whether everything is done at its end."""
    client = client_of(lab, Accidents(lab, fate))

    async def keeping() -> Keeping:
        return Keeping(key)

    journal = DeadlyJournal(folder / "journal.sqlite3", fate)
    books = Books(
        journal,
        Exclusion(folder / "locks"),
        Reach(client=client),
        cloud=CLOUD,
        profile="lab",
        who="user",
        keeping=keeping,
    )
    try:
        known = await journal.operations()
        if not known:
            operation: Operation = type(wanted).rebuild(wanted.wanted, Reach(client=client))
            async for _ in books.run(operation):
                pass
        elif known[0].outcome != "done":
            operation = await books.rebuild(known[0])
            async for _ in books.run(operation, known[0]):
                pass
        await books.hand_over_all()
        return (await journal.operations())[0].outcome == "done"
    except Killed:
        return False
    finally:
        journal.close()
        await client.aclose()
