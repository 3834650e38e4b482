"""Remote Access VPN: enable, disable, list (recordings 06, 07, 10, 14, 19; walk-11).

The order of the checks and the texts are RemoteAccessVpnManagerImpl's.
"""

import asyncio
import ipaddress
import secrets

from tui.lab.cloud import entities as e
from tui.lab.cloud import rows
from tui.lab.cloud.call import Body, Call, Deferred, Handler, Rows, Trail
from tui.lab.cloud.errors import Refusal, invalid
from tui.lab.cloud.firewall import apply_rules, conflict_with, port_conflict, revoke_rules
from tui.lab.cloud.scope import visible
from tui.lab.cloud.world import World

VPN_PORTS = (500, 1701, 4500)
_KEY_ALPHABET = "ABCDEFGHJKMNOPQRSTUVWXYZabcdefghjkmnpqrstuvwxyz23456789"
"""PasswordGenerator.generatePresharedKey: nothing that looks like something else."""


def preshared_key(length: int = 24) -> str:
    """A key as the server makes it."""
    return "".join(secrets.choice(_KEY_ALPHABET) for _ in range(length))


def split_range(text: str) -> tuple[ipaddress.IPv4Address, ipaddress.IPv4Address]:
    """First and last address of `a-b`, or 431 in one of the three recorded wordings."""
    parts = text.split("-")
    if len(parts) != 2 or not text:
        raise invalid(f"IP range [{text}] is an invalid IP range.")
    try:
        first, last = ipaddress.IPv4Address(parts[0]), ipaddress.IPv4Address(parts[1])
    except ValueError:
        raise invalid(f"One or both IPs sets in the range [{text}] are invalid IPs.") from None
    if first > last:
        raise invalid(f"Range of IPs [{text}] is invalid.")
    return first, last


def _check_service(world: World, address: e.PublicIp) -> None:
    """`checkIpForService`: the offering must let this address carry a VPN as well."""
    network = world.networks[address.network]
    if not world.has_service(network, "Vpn"):
        raise invalid(f"There is no new provider for IP {address.address} of service Vpn!")
    if not world.offerings[network.offering].conserve and address.source_nat:
        raise invalid(f"The IP {address.address} is already used as SourceNat rather than Vpn")


def _check_place(world: World, address: e.PublicIp) -> None:
    """Only the source NAT address of a network or VPC may carry a VPN (recording 05)."""
    if address.source_nat:
        return
    text = "Vpn service can only be configured on the Source NAT IP of "
    if address.network:
        raise invalid(f"{text}network id={world.networks[address.network].number}")
    raise invalid(f"{text}VPC id={world.vpcs[address.vpc].number}")


def _check_overlap(cidr: str, asked: str) -> None:
    """The range must not touch this network's own addresses; nothing else is looked at."""
    first, last = split_range(asked)
    guest = ipaddress.IPv4Network(cidr)
    low, high = guest[1], guest[-2]
    if first <= high and last >= low:
        raise invalid(f"Invalid ip range: {asked} overlaps with guest ip range {low}-{high}")


def _reserve_ports(call: Call, address: e.PublicIp, open_firewall: bool) -> None:
    """Reserve the three ports of a VPN; open them unless an exact rule is there already.

    537 leaves nothing behind (recording 07).
    """
    world = call.cloud.world
    made: list[str] = []
    for port in VPN_PORTS:
        conflict = conflict_with(world, address.id, "Vpn", "udp", port, port, ())
        if conflict is None and open_firewall and _exact(world, address.id, port) is None:
            conflict = conflict_with(
                world, address.id, "Firewall", "udp", port, port, ("0.0.0.0/0",)
            )
        if conflict is not None:
            for rule in made:
                world.rules.pop(rule)
            raise port_conflict(world, port, port, conflict, 9999)
        reserved = _rule(world, address, "Vpn", port)
        made.append(reserved.id)
        if open_firewall and _exact(world, address.id, port) is None:
            opened = _rule(world, address, "Firewall", port)
            opened.cidrs, opened.related, opened.state = ("0.0.0.0/0",), reserved.id, "Add"
            made.append(opened.id)
    for rule in made:
        if world.rules[rule].related:
            call.cloud.audit.opened(call, world.rules[rule])


def _exact(world: World, address: str, port: int) -> e.Rule | None:
    for rule in world.rules_on(address, "Firewall"):
        if (rule.protocol, rule.start, rule.end) == ("udp", port, port) and rule.state != "Revoke":
            return rule
    return None


def _rule(world: World, address: e.PublicIp, purpose: e.Purpose, port: int) -> e.Rule:
    rule = e.Rule(
        id=world.new_id(),
        number=world.number("rules"),
        purpose=purpose,
        address=address.id,
        network=address.network,
        account=address.account,
        protocol="udp",
        start=port,
        end=port,
    )
    world.rules[rule.id] = rule
    return rule


def _already_there(vpn: e.Vpn, address: e.PublicIp) -> Refusal:
    return invalid(
        f"A remote Access VPN already exists for the public IP address [{address.address}]."
    )


async def _make(call: Call, address: e.PublicIp, open_firewall: bool) -> e.Vpn:
    """The row of a new VPN, or the half-made one that is there already."""
    world = call.cloud.world
    existing = world.vpn_on(address.id)
    if existing is not None:
        if existing.state == "Added":
            return existing
        raise _already_there(existing, address)
    asked = call.optional("iprange")
    if asked is None:
        asked = world.client_range(address.account)
    first, last = split_range(asked)
    if address.network:
        _check_place(world, address)
        cidr = world.networks[address.network].cidr
    else:
        _check_place(world, address)
        cidr = world.vpcs[address.vpc].cidr
    _check_overlap(cidr, asked)
    await asyncio.sleep(call.cloud.pace.transaction)
    rival = world.vpn_on(address.id)
    if rival is not None:
        # Two at once: the loser's clean-up takes the winner's firewall rules away (recording 19).
        for rule in world.rules_on(address.id, "Firewall"):
            if rule.related:
                world.rules.pop(rule.id)
        raise _already_there(rival, address)
    if address.network:
        _reserve_ports(call, address, open_firewall)
    length = int(world.settings.get("remote.access.vpn.psk.length", "24"))
    vpn = e.Vpn(
        id=world.new_id(),
        number=world.number("vpns"),
        address=address.id,
        account=address.account,
        network=address.network,
        vpc=address.vpc,
        local_ip=str(first),
        pool=f"{first + 1}-{last}",
        preshared_key=preshared_key(length),
    )
    world.vpns[vpn.id] = vpn
    return vpn


async def create(call: Call) -> Deferred:
    """createRemoteAccessVpn."""
    world = call.cloud.world
    address = call.thing("publicipid", e.PublicIp)
    if address is None:
        number = call.text("publicipid")
        raise invalid(
            f'Unable to create remote access VPN, invalid public IP address {{"id": {number}}}.'
        )
    if address.state == "Free":
        raise Refusal(530, f"The address {address.address} is not allocated")
    call.must_own(address.account)
    if address.state != "Allocated":
        raise invalid(f"The Ip address is not ready to be used yet: {address.address}")
    if address.network:
        _check_service(world, address)
    elif not address.vpc:
        raise invalid(
            f"Unable to create remote access vpn for the ipAddress: {address.address} as ip is not "
            f"associated with any network or VPC"
        )
    open_firewall = call.boolean("openfirewall", True) and bool(address.network)
    vpn = await _make(call, address, open_firewall)

    async def start() -> Body:
        # A firewall that a router refuses leaves the VPN `Added`, and the job says success.
        if not open_firewall or await apply_rules(call, address):
            await call.cloud.routers.start_vpn(vpn)
            vpn.state = "Running"
        return {"remoteaccessvpn": rows.vpn(call, vpn)}

    account = world.accounts[address.account]
    return Deferred(
        start,
        Trail(
            "VPN.REMOTE.ACCESS.CREATE",
            f"Create Remote Access VPN for account {account.number} using public ip "
            f"id={address.number}",
            "creating remote access vpn",
            "IpAddress",
            address.id,
            address.address,
            created=True,
        ),
        object_id=vpn.id,
        instance=("IpAddress", vpn.id),
        queue=f"network {address.network}" if address.network else "",
        account=account.id,
    )


async def delete(call: Call) -> Deferred:
    """deleteRemoteAccessVpn: whose address it is comes out only in the job (recording 06)."""
    world = call.cloud.world
    address = call.thing("publicipid", e.PublicIp)
    vpn = world.vpn_on(address.id) if address else None
    if address is None or vpn is None:
        raise invalid("The specified public ip is not allocated to any account")

    async def stop() -> Body:
        call.must_own(address.account)
        if not await remove_vpn(call, address):
            raise Refusal(530, "Failed to delete remote access vpn")
        return {"success": True}

    account = world.accounts[address.account]
    return Deferred(
        stop,
        Trail(
            "VPN.REMOTE.ACCESS.DESTROY",
            f"Delete Remote Access VPN for account {account.number} for  ip id={address.number}",
            "removing remote access vpn",
            "IpAddress",
            address.id,
            address.address,
        ),
        instance=("IpAddress", address.id),
        queue=f"network {address.network}" if address.network else "",
        account=account.id,
    )


async def remove_vpn(call: Call, address: e.PublicIp) -> bool:
    """Stop the VPN of an address and forget it; False leaves the row in `Removed`."""
    world = call.cloud.world
    vpn = world.vpn_on(address.id)
    if vpn is None:
        return True
    vpn.state = "Removed"
    if not await call.cloud.routers.stop_vpn(vpn):
        return False
    reserved = world.rules_on(address.id, "Vpn")
    opened = [rule for port in reserved for rule in _related(world, port)]
    if reserved and _related(world, reserved[0]):
        if not await revoke_rules(call, address, opened):
            return False
    else:
        # The rules of the other ports fall with their rows; the router is not told.
        for rule in opened:
            world.rules.pop(rule.id, None)
    for port in reserved:
        world.rules.pop(port.id, None)
    world.vpns.pop(vpn.id, None)
    return True


def _related(world: World, reserved: e.Rule) -> list[e.Rule]:
    return [rule for rule in world.rules_on(reserved.address) if rule.related == reserved.id]


async def update(call: Call) -> Deferred:
    """updateRemoteAccessVpn: nothing of it shows."""
    vpn = call.thing("id", e.Vpn)
    if vpn is None:
        raise invalid(f"Can't find remote access vpn by id {call.text('id')}")
    call.must_own(vpn.account)

    async def work() -> Body:
        return {"remoteaccessvpn": rows.vpn(call, vpn)}

    return Deferred(
        work,
        Trail(
            "VPN.REMOTE.ACCESS.UPDATE",
            f"Updating remote access vpn id={vpn.number}",
            "updating remote access vpn",
        ),
        account=vpn.account,
    )


async def list_vpns(call: Call) -> Rows:
    """listRemoteAccessVpns: only what is Running, newest address first."""
    world = call.cloud.world
    address = call.thing("publicipid", e.PublicIp)
    if address is not None:
        if not address.account:
            raise invalid(
                f"Unable to list remote access vpns, IP address {address.number} is not associated "
                f"with an account."
            )
        call.must_own(address.account)
    network = call.thing("networkid", e.Network)
    wanted = call.thing("id", e.Vpn)
    sees = visible(call)
    found = [
        vpn
        for vpn in world.vpns.values()
        if vpn.state == "Running"
        and sees(vpn.account)
        and (address is None or vpn.address == address.id)
        and (network is None or vpn.network == network.id)
        and (wanted is None or vpn is wanted)
        and not any(call.names_nothing(name) for name in ("id", "publicipid", "networkid"))
    ]
    found.sort(key=lambda vpn: -world.addresses[vpn.address].number)
    return Rows("remoteaccessvpn", list(found), lambda thing: rows.vpn(call, thing))


HANDLERS: dict[str, Handler] = {
    "createRemoteAccessVpn": create,
    "deleteRemoteAccessVpn": delete,
    "updateRemoteAccessVpn": update,
    "listRemoteAccessVpns": list_vpns,
}
