"""What the recorder did between the exchanges that it wrote down.

The recordings leave out how the next case was set up: VPNs and users taken away again, failures
injected, limits set. Here it is said for each file, by the number of the exchange before which it
was done.
"""

from collections.abc import Awaitable, Callable
from typing import Final

from tests.lab.replaying import Bench
from tui.lab.cloud import entities as e

Preparation = Callable[[Bench], Awaitable[None]]

PROD: Final = "52bc3fa6-1249-4f07-8aea-4c9e7a6f049c"
SOURCE_NAT: Final = "eaccad93-3905-4e5f-a722-2f1eaed33ef2"
VPC_SOURCE_NAT: Final = "ad9e9af0-cbff-4ec1-b1a1-69baf777ead1"
HA_SOURCE_NAT: Final = "6300ff9f-7121-4bad-a9dc-e96dd6bc6d1a"
FIRST_ROUTER: Final = "757ef3a4-c91e-4218-a537-b678124f3df7"
VPN, USERS, FIREWALL = "RemoteAccessVpnCfgCommand", "VpnUsersCfgCommand", "SetFirewallRulesCommand"


def disable(address: str = SOURCE_NAT) -> Preparation:
    async def prepare(bench: Bench) -> None:
        row = await bench.run("user", "deleteRemoteAccessVpn", publicipid=address)
        assert row["jobstatus"] == 1, row

    return prepare


def enable(address: str = SOURCE_NAT) -> Preparation:
    async def prepare(bench: Bench) -> None:
        row = await bench.run("user", "createRemoteAccessVpn", publicipid=address)
        assert row["jobstatus"] == 1, row

    return prepare


def add(*names: str) -> Preparation:
    async def prepare(bench: Bench) -> None:
        for name in names:
            await bench.run("user", "addVpnUser", username=name, password="Winter2026x")

    return prepare


def remove(*names: str) -> Preparation:
    async def prepare(bench: Bench) -> None:
        for name in names:
            row = await bench.run("user", "removeVpnUser", username=name)
            assert row["jobstatus"] == 1, row

    return prepare


def simulate(command: str, value: str, count: str = "1") -> Preparation:
    async def prepare(bench: Bench) -> None:
        zone = bench.lab.world.zone.id
        await bench.inner(
            "root",
            command="configureSimulator",
            name=command,
            zoneid=zone,
            value=value,
            count=count,
        )

    return prepare


def refuse(command: str) -> Preparation:
    return simulate(command, "result:fail")


def obey(command: str) -> Preparation:
    return simulate(command, "enabled:true", "0")


def free(*last: int) -> Preparation:
    """Addresses that were still free when the file was recorded."""

    async def prepare(bench: Bench) -> None:
        wanted = {f"203.0.113.{number}" for number in last}
        for address in bench.lab.world.addresses.values():
            if address.address in wanted:
                address.state, address.account, address.network = "Free", "", ""
                address.source_nat, address.allocated = False, ""

    return prepare


def only_free(*last: int) -> Preparation:
    """Addresses that were the only free ones."""

    async def prepare(bench: Bench) -> None:
        wanted = {f"203.0.113.{number}" for number in last}
        system = next(a.id for a in bench.lab.world.accounts.values() if a.name == "system")
        for address in bench.lab.world.addresses.values():
            if address.state == "Free" and address.address not in wanted:
                address.state, address.account = "Allocated", system

    return prepare


async def no_rules(bench: Bench) -> None:
    """Take every firewall rule off the address."""
    rows = await bench.inner("user", command="listFirewallRules", ipaddressid=SOURCE_NAT)
    for row in rows.get("firewallrule", []):
        await bench.run("user", "deleteFirewallRule", id=row["id"])


async def no_egress(bench: Bench) -> None:
    world = bench.lab.world
    for rule in [rule for rule in world.rules.values() if rule.egress]:
        world.rules.pop(rule.id)


async def address_limit(bench: Bench) -> None:
    """The account may hold as many addresses as it has."""
    world = bench.lab.world
    acme = next(a for a in world.accounts.values() if a.name == "acme")
    held = sum(1 for a in world.addresses.values() if a.account == acme.id)
    await bench.inner(
        "root",
        command="updateResourceLimit",
        account="acme",
        domainid=acme.domain,
        resourcetype="1",
        max=str(held),
    )


async def first_router(bench: Bench) -> None:
    """The network still had its first router, which a restart with cleanup replaced later."""
    world = bench.lab.world
    router = next(r for r in world.routers.values() if r.name == "r-15-VM")
    state = bench.lab.cloud.routers.states.pop(router.id)
    world.routers.pop(router.id)
    router.id, router.name, router.number = FIRST_ROUTER, "r-4-VM", 4
    state.name, state.uuid = router.name, router.id
    world.routers[router.id] = router
    bench.lab.cloud.routers.states[router.id] = state


async def no_acl(bench: Bench) -> None:
    """The tier had no ACL list of its own."""
    world = bench.lab.world
    own = {acl.id for acl in world.acl_lists.values() if acl.vpc}
    for network in world.networks.values():
        network.acl = "" if network.acl in own else network.acl
    for item in [item for item in world.acl_items.values() if item.acl in own]:
        world.acl_items.pop(item.id)
    for acl in own:
        world.acl_lists.pop(acl)


async def new_networks(bench: Bench) -> None:
    """Two networks that nobody uses."""
    world = bench.lab.world
    idle = next(n for n in world.networks.values() if n.name == "acme-idle")
    for name, id_ in (
        ("acme-new", "1ae02aad-5354-485e-8aac-0bf6a257792c"),
        ("acme-new2", "017379dd-453c-4d74-826c-360b6a253323"),
    ):
        world.networks[id_] = e.Network(
            id=id_,
            number=world.number("networks"),
            name=name,
            offering=idle.offering,
            account=idle.account,
            display_text="fresh",
            cidr="10.1.1.0/24",
            gateway="10.1.1.1",
            created=idle.created,
        )


async def fresh_pair(bench: Bench) -> None:
    """Two routers that have not yet agreed on who is primary."""
    for router in bench.lab.world.routers.values():
        if router.redundant:
            router.redundant_state = "UNKNOWN"


async def before_the_pair(bench: Bench) -> None:
    """The network with two routers was made later."""
    world = bench.lab.world
    pair = next(n for n in world.networks.values() if n.name == "acme-ha")
    world.networks.pop(pair.id)
    for table in (world.machines, world.routers):
        for thing in [t for t in table.values() if t.network == pair.id]:
            table.pop(thing.id)
    await free(22)(bench)


PREPARATIONS: Final[dict[str, dict[int, tuple[Preparation, ...]]]] = {
    "03": {0: (before_the_pair,)},
    "05": {0: (before_the_pair, free(20, 21)), 35: (address_limit,)},
    "06": {
        0: (before_the_pair,),
        32: (disable(),),
        37: (disable(),),
        40: (disable(),),
        44: (disable(),),
        48: (disable(),),
    },
    "07": {11: (no_rules,), 20: (disable(), no_rules)},
    "08": {
        3: (enable(),),
        12: (remove("Bob"),),
        15: (remove("bob.smith"),),
        18: (remove("bob-smith"),),
        21: (remove("bob_smith"),),
        24: (remove("bob@example.org"),),
        27: (remove("1bob"),),
        33: (remove("b" * 64),),
        **{n: (remove("probe"),) for n in (43, 46, 49, 52, 55, 67, 70, 73, 76, 79, 82)},
        99: (remove("probe"), add(*(f"user{n}" for n in range(3, 9)))),
    },
    "09": {40: (no_egress,)},
    "10": {
        0: (first_router, refuse(VPN)),
        6: (obey(VPN),),
        10: (refuse(VPN),),
        15: (obey(VPN),),
        22: (refuse(USERS),),
        26: (obey(USERS),),
        30: (refuse(USERS),),
        34: (obey(USERS),),
        38: (refuse(FIREWALL),),
        42: (obey(FIREWALL),),
    },
    "11": {13: (remove("heidi", "ivan"), simulate(USERS, "wait:400"))},
    "14": {0: (fresh_pair,), 8: (disable(HA_SOURCE_NAT),)},
    "15": {6: (disable(),)},
    "16": {0: (no_acl,)},
    "18": {
        0: (new_networks, only_free(163, 187), add("erin", "grace", "judy", "mallory")),
    },
    "19": {38: (enable(),)},
}
