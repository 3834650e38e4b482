"""What the cloud tells its routers, and what a real router makes of it.

A push goes to every running router of a network or VPC, one command at a time per router. The
state that results is the lab router's truth (`tui.lab.state`); where a real router deviates from
what CloudStack thinks, it deviates in the same way (reference: virtual-router.md sections 2, 3).
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable

from tui.lab.cloud import entities as e
from tui.lab.cloud.errors import Refusal, unavailable
from tui.lab.cloud.simulator import Simulator
from tui.lab.cloud.tiers import tiers_of
from tui.lab.cloud.world import World
from tui.lab.state import FaultUnknown, OpenPort, PushedVpn, RouterState

VPN_COMMAND = "RemoteAccessVpnCfgCommand"
USERS_COMMAND = "VpnUsersCfgCommand"
FIREWALL_COMMAND = "SetFirewallRulesCommand"
_ALL = ("0.0.0.0/0",)


class Provisioning:
    """Pushes configuration to the routers of a world and keeps their states."""

    def __init__(
        self, world: World, simulator: Simulator, router_time: Callable[[], float]
    ) -> None:
        self._world = world
        self._simulator = simulator
        self._router_time = router_time
        self._locks: dict[str, asyncio.Lock] = {}
        self.states: dict[str, RouterState] = {}
        """By the id of the router."""
        self.added: list[Callable[[RouterState], None]] = []
        """Told of a router that did not exist when the lab began."""
        for router in world.routers.values():
            self._first_state(router)

    # Commands -------------------------------------------------------------------------------

    async def start_vpn(self, vpn: e.Vpn) -> None:
        """Configure a VPN on all its routers. 534 as recorded if one is stopped or refuses.

        Users and VPN are two commands, in this order, and the first that fails ends it. A network
        without any router accepts without a word (recording 18).
        """
        zone = self._world.zone
        for router in self._world.routers_of(network=vpn.network, vpc=vpn.vpc):
            if router.state != "Running":
                why = (
                    "Unable to apply remote access VPN configuration, virtual router is not in the "
                    "right state"
                    if vpn.vpc
                    else f"Failed to start remote access VPN: router not in right state "
                    f"{router.state}"
                )
                raise unavailable(f"Resource [DataCenter:{zone.number}] is unreachable: {why}")
            if not await self._command(router, USERS_COMMAND):
                raise self._refused(router, vpn, "Unable to start vpn: Unable to add users to vpn")
            if not await self._command(router, VPN_COMMAND):
                raise self._refused(router, vpn, "Unable to start vpn")
            self._configure_vpn(router, vpn)
            self._set_users(router, self._world.users_of(vpn.account))
            self.states[router.id].pushed("vpn")

    def _refused(self, router: e.Router, vpn: e.Vpn, what: str) -> Refusal:
        """The text for an isolated network is recorded, that for a VPC is
        VpcVirtualNetworkApplianceManagerImpl's."""
        zone, account = self._world.zone, self._world.accounts[vpn.account]
        if vpn.vpc:
            return unavailable(
                f"Resource [DataCenter:{zone.number}] is unreachable: {what} in zone "
                f'Zone {{"id": "{zone.number}", "name": "{zone.name}", "uuid": "{zone.id}"}} for '
                f'account Account [{{"accountName":"{account.name}","id":{account.number},'
                f'"uuid":"{account.id}"}}] on domR: {router.name} due to Simulated failure'
            )
        host = self._world.hosts[router.host].number if router.host else 1
        return unavailable(
            f"Resource [Host:{host}] is unreachable: Host {host}: Unable to send commands to "
            f"virtual router "
        )

    async def stop_vpn(self, vpn: e.Vpn) -> bool:
        """Take a VPN off its running routers; False if one refuses. Stopped ones are skipped.

        Only the configuration goes: daemons, key file, users and sessions stay alive. For a VPC
        the real server does not look at the answer.
        """
        accepted = True
        for router in self._running(self._world.routers_of(network=vpn.network, vpc=vpn.vpc)):
            users = await self._command(router, USERS_COMMAND)
            if not (await self._command(router, VPN_COMMAND) and users):
                accepted = bool(vpn.vpc)
                if not accepted:
                    break
                continue
            self.states[router.id].vpn = None
            self.states[router.id].pushed("vpn-removed")
        return accepted

    async def push_users(self, vpn: e.Vpn, users: list[e.VpnUser]) -> bool:
        """Send all users of an account to the routers of one VPN; False if one cannot take them.

        A stopped router of an isolated network is skipped as if it had accepted; one of a VPC
        counts as a refusal (recording 10).
        """
        for router in self._world.routers_of(network=vpn.network, vpc=vpn.vpc):
            if router.state != "Running":
                if vpn.vpc:
                    return False
                continue
            if not await self._command(router, USERS_COMMAND):
                return False
            self._set_users(router, users)
            self.states[router.id].pushed("users")
        return True

    async def push_firewall(self, address: e.PublicIp) -> bool:
        """Send the firewall rules of an address to its running routers; False if one refuses."""
        for router in self._running(self._world.routers_behind(address)):
            if not await self._command(router, FIREWALL_COMMAND):
                return False
            self._set_ports(router, address)
            self.states[router.id].pushed("firewall")
        return True

    def push_tiers(self, vpc: str) -> None:
        """Send the ACLs of a VPC's tiers to its running routers."""
        for router in self._running(self._world.routers_of(vpc=vpc)):
            self._set_tiers(router)

    def fail(self, router: str, user: str, fault: str) -> None:
        """Break the router of this name, or let `user` always do something wrong there.

        Raises `FaultUnknown`, also for a router that is not there or has no server in this lab.
        """
        found = [state for state in self.states.values() if state.name == router]
        if not found:
            names = ", ".join(sorted(state.name for state in self.states.values()))
            raise FaultUnknown(f"there is no router {router}: {names}")
        if not found[0].on_fault:
            raise FaultUnknown(f"{router} has no SSH server in this lab, so it cannot be broken")
        for listener in found[0].on_fault:
            listener(user, fault)

    async def idle(self, router: e.Router) -> None:
        """Take the time of one router command that changes nothing here."""
        async with self._lock(router):
            await asyncio.sleep(self._router_time())

    # Life of a router -----------------------------------------------------------------------

    def stopped(self, router: e.Router) -> None:
        """A router has been stopped: its processes and sessions are gone, its disk is not."""
        state = self.states[router.id]
        state.running = False
        state.charon_running = state.xl2tpd_running = False
        state.loaded_pool = state.loaded_local_ip = None
        state.sessions.clear()
        state.pushed("stop")

    def started(self, router: e.Router) -> None:
        """A router boots: everything is configured anew, whatever the state of a VPN row.

        `chap-secrets` survives on its disk: users removed meanwhile are ghosts now.
        """
        state = self.states.get(router.id) or self._first_state(router, configure=False)
        state.running = True
        state.started = time.time()
        known = dict(state.users)
        state.vpn, state.users, state.ports = None, {}, []
        self._configure(router)
        for name, password in known.items():
            if name not in state.users:
                state.ghost_users[name] = password
        state.pushed("start")

    def replaced(self, old: e.Router, new: e.Router) -> None:
        """A restart with cleanup built a new router in place of an old one: a clean disk."""
        state = self.states.pop(old.id)
        self.stopped_for_good(state)
        state.name, state.uuid = new.name, new.id
        state.control_ip = new.control_ip
        self.states[new.id] = state
        state.users, state.ghost_users = {}, {}
        self.started(new)

    @staticmethod
    def stopped_for_good(state: RouterState) -> None:
        state.charon_running = state.xl2tpd_running = False
        state.loaded_pool = state.loaded_local_ip = None
        state.sessions.clear()

    # Effects --------------------------------------------------------------------------------

    async def _command(self, router: e.Router, command: str) -> bool:
        async with self._lock(router):
            await asyncio.sleep(self._router_time())
            return await self._simulator.meets(command)

    def _lock(self, router: e.Router) -> asyncio.Lock:
        return self._locks.setdefault(router.id, asyncio.Lock())

    @staticmethod
    def _running(routers: Iterable[e.Router]) -> list[e.Router]:
        return [router for router in routers if router.state == "Running"]

    def _configure_vpn(self, router: e.Router, vpn: e.Vpn) -> None:
        state = self.states[router.id]
        state.vpn = PushedVpn(
            public_ip=self._world.addresses[vpn.address].address,
            local_ip=vpn.local_ip,
            pool=vpn.pool,
            preshared_key=vpn.preshared_key,
            local_cidr=state.guest_cidr,
        )
        self._set_tiers(router)
        if router.redundant_state == "BACKUP":
            return  # keepalived keeps the daemons of a backup stopped
        if state.on_push:
            return  # a lab router listens: it starts its daemons itself, and says so in its logs
        state.charon_running = True
        # `systemctl start xl2tpd` does nothing for one that runs, nor for one that died: its old
        # range stays loaded, or it stays dead.
        if not state.xl2tpd_running and state.loaded_pool is None:
            state.xl2tpd_running = True
            state.loaded_pool, state.loaded_local_ip = vpn.pool, vpn.local_ip

    def _set_users(self, router: e.Router, users: Iterable[e.VpnUser]) -> None:
        state = self.states[router.id]
        for user in users:
            if user.state != "Revoke":
                # A name that is already there keeps its password (cs_vpnusers.merge).
                state.users.setdefault(user.username, user.password)
                # The line of a ghost is found only by name and password (`del_l2tp_ipsec_user`).
                if state.ghost_users.get(user.username) == user.password:
                    del state.ghost_users[user.username]
                continue
            if state.users.pop(user.username, None) is not None and not state.on_push:
                # configure.py kills every pppd whose name contains the removed one.
                state.sessions[:] = [s for s in state.sessions if user.username not in s.user]

    def _set_ports(self, router: e.Router, address: e.PublicIp) -> None:
        state = self.states[router.id]
        state.ports = [port for port in state.ports if port.public_ip != address.address]
        for rule in self._world.rules_on(address.id, "Firewall"):
            if rule.state != "Revoke":
                state.ports.append(
                    OpenPort(
                        address.address, rule.protocol, rule.start, rule.end, rule.cidrs or _ALL
                    )
                )

    def _set_tiers(self, router: e.Router) -> None:
        state = self.states[router.id]
        client = state.vpn.pool.partition("-")[0] if state.vpn is not None else ""
        state.tiers = tiers_of(self._world, router.vpc, client) if router.vpc else []

    def _configure(self, router: e.Router) -> None:
        """Everything that a router gets when it boots."""
        for address in self._world.addresses.values():
            mine = (router.vpc and address.vpc == router.vpc) or (
                not router.vpc and router.network and address.network == router.network
            )
            if not mine:
                continue
            if not router.vpc:
                self._set_ports(router, address)
            vpn = self._world.vpn_on(address.id)
            if vpn is not None:
                self._configure_vpn(router, vpn)
                self._set_users(router, self._world.users_of(vpn.account))
        self._set_tiers(router)

    def _first_state(self, router: e.Router, configure: bool = True) -> RouterState:
        world = self._world
        if router.vpc:
            place, cidr = world.vpcs[router.vpc].name, world.vpcs[router.vpc].cidr
        else:
            network = world.networks[router.network]
            place, cidr = network.name, network.cidr
        state = RouterState(
            name=router.name,
            uuid=router.id,
            network=place,
            is_vpc=bool(router.vpc),
            guest_cidr=cidr,
            guest_ip=router.guest_ip,
            public_ip=router.public_ip,
            control_ip=router.control_ip,
            running=router.state == "Running",
            redundant_state=router.redundant_state,
            started=time.time() - 3 * 86_400,
        )
        late = router.id not in self.states and not configure
        self.states[router.id] = state
        if configure and state.running:
            self._configure(router)
            self._oddities(router, state)
        if late:
            for listener in self.added:
                listener(state)
        return state

    def _oddities(self, router: e.Router, state: RouterState) -> None:
        """What a snapshot says of a router beside what was pushed."""
        for vpn in self._vpns_on(router):
            if vpn.state == "Added":
                state.vpn, state.charon_running, state.xl2tpd_running = None, False, False
                state.loaded_pool = state.loaded_local_ip = None
                state.users = {}
        if router.loaded_pool:
            state.loaded_pool = router.loaded_pool
        if router.xl2tpd_running is not None:
            state.xl2tpd_running = router.xl2tpd_running
        for user in self._world.vpn_users.values():
            # A removal that a router refused: CloudStack hides the user, the router knows them.
            served = state.vpn and any(v.account == user.account for v in self._vpns_on(router))
            if user.state == "Revoke" and served:
                state.users[user.username] = user.password
        state.ghost_users.update(router.ghosts)
        state.habits.update(router.habits)
        state.faults, state.history = router.faults, router.history

    def _vpns_on(self, router: e.Router) -> list[e.Vpn]:
        return [
            vpn
            for vpn in self._world.vpns.values()
            if (router.vpc and vpn.vpc == router.vpc)
            or (not router.vpc and vpn.network == router.network)
        ]
