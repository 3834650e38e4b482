"""What reaches a router, and what a real one makes of it (virtual-router.md sections 2 and 3)."""

from pathlib import Path
from typing import Final

from tests.lab.preparations import SOURCE_NAT, VPC_SOURCE_NAT, add, obey, refuse, remove
from tests.lab.replaying import Bench, bench
from tui.lab.state import LabSession, RouterState

VPN, USERS, FIREWALL = "RemoteAccessVpnCfgCommand", "VpnUsersCfgCommand", "SetFirewallRulesCommand"
PASSWORD: Final = "Winter2026x"


def router(lab: Bench, name: str = "r-15-VM") -> RouterState:
    (found,) = [s for s in lab.lab.cloud.routers.states.values() if s.name == name]
    return found


def router_id(lab: Bench, name: str = "r-15-VM") -> str:
    (found,) = [r.id for r in lab.lab.world.routers.values() if r.name == name]
    return found


def connected(user: str) -> LabSession:
    return LabSession(user, "192.0.2.9", 4500, None, "10.1.2.2", "ppp0", 4711, 0.0)


async def enable(lab: Bench, address: str = SOURCE_NAT, **more: str) -> None:
    row = await lab.run("user", "createRemoteAccessVpn", publicipid=address, **more)
    assert row["jobstatus"] == 1, row


async def disable(lab: Bench) -> None:
    row = await lab.run("user", "deleteRemoteAccessVpn", publicipid=SOURCE_NAT)
    assert row["jobstatus"] == 1, row


async def test_enabling_starts_the_daemons_and_opens_the_ports(tmp_path: Path) -> None:
    async with bench(tmp_path) as lab:
        seen: list[str] = []
        await add("alice")(lab)
        await enable(lab)
        state = router(lab)
        assert state.vpn is not None
        assert (state.vpn.local_ip, state.vpn.pool) == ("10.1.2.1", "10.1.2.2-10.1.2.8")
        assert state.vpn.local_cidr == "10.10.1.0/24"
        assert state.charon_running and state.xl2tpd_running
        assert sorted(port.start or 0 for port in state.ports) == [500, 1701, 4500]
        assert state.users == {"alice": PASSWORD}
        state.on_push.append(lambda _, what: seen.append(what))
        await add("bob")(lab)
        await disable(lab)
    assert seen == ["users", "vpn-removed", "firewall"]


async def test_disabling_leaves_everything_running_but_the_rules(tmp_path: Path) -> None:
    async with bench(tmp_path) as lab:
        await add("alice")(lab)
        await enable(lab)
        state = router(lab)
        state.sessions.append(connected("alice"))
        await disable(lab)
        assert state.vpn is None and not state.ports
        assert state.charon_running and state.xl2tpd_running
        assert state.users and state.sessions
        # The next VPN's range is written to a file that the running daemon does not read.
        await enable(lab, iprange="10.3.0.1-10.3.0.9")
        assert state.vpn is not None and state.vpn.pool == "10.3.0.2-10.3.0.9"
        assert state.loaded_pool == "10.1.2.2-10.1.2.8"


async def test_a_daemon_that_died_stays_dead(tmp_path: Path) -> None:
    async with bench(tmp_path) as lab:
        await enable(lab)
        state = router(lab)
        state.xl2tpd_running = False
        await disable(lab)
        await enable(lab)
        assert not state.xl2tpd_running
        await lab.run("root", "rebootRouter", id=router_id(lab))
        assert state.xl2tpd_running


async def test_removing_a_user_ends_sessions_by_substring(tmp_path: Path) -> None:
    async with bench(tmp_path) as lab:
        await enable(lab)
        await add("bob", "bobby", "alice")(lab)
        state = router(lab)
        state.sessions += [connected("bob"), connected("bobby"), connected("alice")]
        await remove("bob")(lab)
        assert set(state.users) == {"bobby", "alice"}
        assert [session.user for session in state.sessions] == ["alice"]


async def test_a_new_password_needs_removing_first(tmp_path: Path) -> None:
    """A name that the router knows keeps its password."""
    async with bench(tmp_path) as lab:
        await enable(lab)
        await add("alice")(lab)
        state = router(lab)
        for user in lab.lab.world.vpn_users.values():
            user.password = "Summer2026x"
        await add("bob")(lab)
        assert state.users["alice"] == PASSWORD


async def test_a_user_removed_while_the_router_is_off_comes_back_as_a_ghost(tmp_path: Path) -> None:
    async with bench(tmp_path) as lab:
        await enable(lab)
        await add("alice", "bob")(lab)
        state = router(lab)
        await lab.run("root", "stopRouter", id=router_id(lab))
        assert not state.running and not state.charon_running
        await remove("alice")(lab)
        await lab.run("root", "startRouter", id=router_id(lab))
        assert state.running and state.charon_running
        assert set(state.users) == {"bob"}
        assert set(state.ghost_users) == {"alice"}
        assert sorted(port.start or 0 for port in state.ports) == [500, 1701, 4500]


async def test_a_new_router_has_a_clean_disk(tmp_path: Path) -> None:
    async with bench(tmp_path) as lab:
        await enable(lab)
        await add("alice")(lab)
        old = router_id(lab)
        state = router(lab)
        state.ghost_users["walter"] = "Walter2019x"
        network = "52bc3fa6-1249-4f07-8aea-4c9e7a6f049c"
        row = await lab.run("user", "restartNetwork", id=network, cleanup="true")
        assert row["jobstatus"] == 1
        assert old not in lab.lab.world.routers
        assert state.uuid in lab.lab.world.routers
        assert state.vpn is not None and set(state.users) == {"alice"} and not state.ghost_users


async def test_a_restart_without_cleanup_repairs_a_half_made_vpn(tmp_path: Path) -> None:
    async with bench(tmp_path) as lab:
        await refuse(VPN)(lab)
        row = await lab.run("user", "createRemoteAccessVpn", publicipid=SOURCE_NAT)
        assert row["jobresultcode"] == 534
        assert router(lab).vpn is None
        network = "52bc3fa6-1249-4f07-8aea-4c9e7a6f049c"
        await lab.run("user", "restartNetwork", id=network, cleanup="false")
        listed = await lab.inner("user", command="listRemoteAccessVpns", publicipid=SOURCE_NAT)
        assert listed["remoteaccessvpn"][0]["state"] == "Running"
        assert router(lab).vpn is not None


async def test_a_refused_firewall_leaves_the_vpn_added_and_says_success(tmp_path: Path) -> None:
    async with bench(tmp_path) as lab:
        await refuse(FIREWALL)(lab)
        row = await lab.run("user", "createRemoteAccessVpn", publicipid=SOURCE_NAT)
        assert row["jobstatus"] == 1
        assert row["jobresult"]["remoteaccessvpn"]["state"] == "Added"
        rules = await lab.inner("user", command="listFirewallRules", ipaddressid=SOURCE_NAT)
        assert {rule["state"] for rule in rules["firewallrule"]} == {"Add"}
        await enable(lab)
        rules = await lab.inner("user", command="listFirewallRules", ipaddressid=SOURCE_NAT)
        assert {rule["state"] for rule in rules["firewallrule"]} == {"Active"}


async def test_a_refused_user_list_stops_enabling_too(tmp_path: Path) -> None:
    """Users and VPN go out together, users first."""
    async with bench(tmp_path) as lab:
        await refuse(USERS)(lab)
        row = await lab.run("user", "createRemoteAccessVpn", publicipid=SOURCE_NAT)
        assert row["jobresultcode"] == 534
        await refuse(USERS)(lab)
        row = await lab.run("user", "createRemoteAccessVpn", publicipid=VPC_SOURCE_NAT)
        said = row["jobresult"]["errortext"]
        assert "Unable to add users to vpn in zone" in said
        assert "on domR: r-7-VM due to Simulated failure" in said


async def test_a_rule_that_a_router_will_not_give_up_is_deleting(tmp_path: Path) -> None:
    async with bench(tmp_path) as lab:
        made = await lab.run(
            "user",
            "createFirewallRule",
            ipaddressid=SOURCE_NAT,
            protocol="tcp",
            startport="22",
            cidrlist="198.51.100.0/24",
        )
        rule = made["jobresult"]["firewallrule"]["id"]
        await refuse(FIREWALL)(lab)
        row = await lab.run("user", "deleteFirewallRule", id=rule)
        assert row["jobresult"]["errortext"] == "Failed to delete firewall rule"
        query = {"command": "listFirewallRules", "ipaddressid": SOURCE_NAT}
        (listed,) = (await lab.inner("user", **query))["firewallrule"]
        assert listed["state"] == "Deleting"
        await obey(FIREWALL)(lab)
        await enable(lab)
        listed_now = (await lab.inner("user", **query))["firewallrule"]
        assert rule not in {row["id"] for row in listed_now}


async def test_the_first_vm_brings_a_router_with_everything(tmp_path: Path) -> None:
    """18, seen from the router."""
    async with bench(tmp_path) as lab:
        world = lab.lab.world
        (idle,) = [n for n in world.networks.values() if n.name == "acme-idle"]
        source_nat = world.source_nat(network=idle.id)
        assert source_nat is not None
        await enable(lab, source_nat.id)
        born: list[RouterState] = []
        lab.lab.cloud.routers.added.append(born.append)
        row = await lab.run(
            "user",
            "deployVirtualMachine",
            serviceofferingid="ff6e877a-45a1-4cab-9f87-f6e743f0037b",
            templateid="b548b208-e6e6-11f1-9534-02fc00000001",
            zoneid=world.zone.id,
            networkids=idle.id,
        )
        assert row["jobstatus"] == 1, row
        (state,) = born
        assert state.vpn is not None and state.network == "acme-idle"
        assert sorted(port.start or 0 for port in state.ports) == [500, 1701, 4500]
