"""Rows of networks, VPCs, VMs and routers."""

from __future__ import annotations

import ipaddress
import uuid
from typing import cast

from tui.lab.cloud import entities as e
from tui.lab.cloud.call import Body, Call
from tui.lab.cloud.rows import PHYSICAL_NETWORK, PUBLIC_NETWORK, owner, zone
from tui.lab.cloud.world import World

CONTROL_NETWORK = "57ea25c6-5667-46de-8d89-c8f34b563215"
POD = "5e809ad7-f1da-463c-9333-acf77f7443b8"
ROUTER_OFFERING = "4a201c3d-f4d2-4d73-a740-9f6852fc2f93"
ROUTER_TEMPLATE = "b548a2ec-e6e6-11f1-9534-02fc00000001"
MACHINE_TEMPLATE = "b548b208-e6e6-11f1-9534-02fc00000001"
MACHINE_OFFERING = "ff6e877a-45a1-4cab-9f87-f6e743f0037b"
VPC_OFFERING = "07512d6c-a808-485e-861a-06049be84792"
_GUEST_OS = "ad34df33-e6e6-11f1-9534-02fc00000001"
_NAMES = uuid.UUID("6d1f9a52-6a37-4d0c-9f6e-3e0f3b0c9c11")


def derived_id(*parts: str) -> str:
    """A stable UUID for something that has no object of its own, such as a NIC."""
    return str(uuid.uuid5(_NAMES, " ".join(parts)))


def mac(prefix: str, address: str) -> str:
    """A MAC address that follows from an IPv4 address, as CloudStack's control ones do."""
    last = ipaddress.IPv4Address(address).packed
    return prefix + ":" + ":".join(f"{byte:02x}" for byte in last)


def _network_owner(world: World, account: str) -> Body:
    """Who has a network: an account, or with a shared one every domain."""
    if account:
        domain = f"cs{world.accounts[account].number}cloud.internal"
        return {"acltype": "Account", **owner(world, account), "networkdomain": domain}
    root = world.root_domain()
    return {
        "acltype": "Domain",
        "subdomainaccess": True,
        "domainid": root.id,
        "domain": root.name,
        "domainpath": root.path,
        "networkdomain": "cs1cloud.internal",
    }


def network(call: Call, thing: e.Entity) -> Body:
    """A row of `listNetworks`, about 6 kB because of its services."""
    row = cast(e.Network, thing)
    world = call.cloud.world
    offering = world.offerings[row.offering]
    body: Body = {
        "id": row.id,
        "name": row.name,
        "displaytext": row.display_text or row.name,
        "broadcastdomaintype": "Vlan",
        "traffictype": "Guest",
    }
    if row.cidr:
        mask = str(ipaddress.IPv4Network(row.cidr).netmask)
        body |= {"gateway": row.gateway, "netmask": mask, "cidr": row.cidr}
    body |= {
        **zone(world),
        "networkofferingid": offering.id,
        "networkofferingname": offering.name,
        "networkofferingdisplaytext": offering.display_text,
        "networkofferingconservemode": offering.conserve,
        "networkofferingavailability": offering.availability,
        "issystem": False,
        "state": row.state,
        "related": row.id,
        "dns1": "8.8.8.8",
        "type": row.kind,
    }
    if call.caller.is_root and row.vlan:
        body |= {"broadcasturi": f"vlan://{row.vlan}", "vlan": str(row.vlan)}
    body |= _network_owner(world, row.account)
    body["service"] = world.services.get(offering.services, [])
    body["physicalnetworkid"] = PHYSICAL_NETWORK
    body["restartrequired"] = row.restart_required
    body |= {"specifyvlan": row.kind == "Shared", "specifyipranges": row.kind == "Shared"}
    if row.vpc:
        body |= {"vpcid": row.vpc, "vpcname": world.vpcs[row.vpc].name}
    body |= {"canusefordeploy": True, "ispersistent": False, "tags": []}
    if call.caller.is_root:
        body |= {"details": {}, "displaynetwork": True}
    if row.acl:
        body |= {"aclid": row.acl, "aclname": world.acl_lists[row.acl].name}
    body |= {
        "strechedl2subnet": False,
        "redundantrouter": offering.redundant,
        "supportsvmautoscaling": offering.default and row.kind == "Isolated",
        "created": row.created,
        "receivedbytes": 0,
        "sentbytes": 0,
    }
    if row.kind == "Isolated" and not row.vpc:
        body["egressdefaultpolicy"] = not offering.default
    body |= {"publicmtu": 1500, "privatemtu": 1500, "hasannotations": False}
    return body


def vpc(call: Call, thing: e.Entity) -> Body:
    """A row of `listVPCs` with its tiers."""
    row = cast(e.Vpc, thing)
    world = call.cloud.world
    tiers = [tier for tier in world.networks.values() if tier.vpc == row.id]
    body: Body = {
        "id": row.id,
        "name": row.name,
        "displaytext": row.display_text or row.name,
        "state": "Enabled",
        **zone(world),
        "service": world.services.get("vpc", []),
        "cidr": row.cidr,
        "vpcofferingid": VPC_OFFERING,
        "vpcofferingname": "Redundant VPC offering" if row.redundant else "Default VPC offering",
        "created": row.created,
        **owner(world, row.account),
        "network": [network(call, tier) for tier in tiers],
        "restartrequired": False,
    }
    if call.caller.is_root:
        body["fordisplay"] = True
    return body | {
        "networkdomain": f"cs{world.accounts[row.account].number}cloud.internal",
        "tags": [],
        "distributedvpcrouter": False,
        "regionlevelvpc": False,
        "redundantvpcrouter": row.redundant,
        "publicmtu": 1500,
        "hasannotations": False,
    }


def machine(call: Call, thing: e.Entity) -> Body:
    """A row of `listVirtualMachines`."""
    row = cast(e.Machine, thing)
    world = call.cloud.world
    place = world.networks[row.network]
    person = world.person_of(row.account)
    template = "CentOS 5.6 (64-bit) no GUI (Simulator)"
    body: Body = {
        "id": row.id,
        "name": row.name,
        "displayname": row.display_name or row.name,
        **owner(world, row.account),
        "created": row.created,
        "lastupdated": row.created,
        "state": row.state,
        "haenable": False,
        **zone(world),
    }
    if person is not None:
        body |= {"userid": person.id, "username": person.username}
    if call.caller.is_root and row.host:
        body |= {"hostid": row.host, "hostname": world.hosts[row.host].name}
    body |= {
        "hostcontrolstate": "Enabled",
        "templateid": MACHINE_TEMPLATE,
        "templatename": template,
        "templatetype": "BUILTIN",
        "templateformat": "VHD",
        "templatedisplaytext": template,
        "passwordenabled": False,
        "serviceofferingid": MACHINE_OFFERING,
        "serviceofferingname": "Small Instance",
        "cpunumber": 1,
        "cpuspeed": 500,
        "memory": 512,
        "guestosid": _GUEST_OS,
        "rootdeviceid": 0,
        "rootdevicetype": "ROOT",
        "securitygroup": [],
        "nic": [_machine_nic(call, row, place)],
        "hypervisor": world.zone.hypervisor,
        "ipaddress": row.ip,
    }
    if call.caller.is_root:
        body |= {"instancename": row.instance_name, "displayvm": True, "arch": "x86_64"}
    return body | {
        "details": {},
        "affinitygroup": [],
        "isdynamicallyscalable": False,
        "deleteprotection": False,
        "ostypeid": _GUEST_OS,
        "osdisplayname": "CentOS 5.6 (64-bit)",
        "receivedbytes": 0,
        "sentbytes": 0,
        "tags": [],
        "hasannotations": False,
    }


def _machine_nic(call: Call, row: e.Machine, place: e.Network) -> Body:
    nic: Body = {
        "id": derived_id(row.id, "nic"),
        "networkid": place.id,
        "networkname": place.name,
        "netmask": str(ipaddress.IPv4Network(place.cidr).netmask),
        "gateway": place.gateway,
        "ipaddress": row.ip,
        "isolationuri": f"vlan://{place.vlan}",
        "broadcasturi": f"vlan://{place.vlan}",
        "traffictype": "Guest",
        "type": place.kind,
        "isdefault": True,
        "macaddress": mac("02:01", row.ip),
        "secondaryip": [],
        "extradhcpoption": [],
        "deviceid": "0",
    }
    if place.vpc:
        nic |= {"vpcid": place.vpc, "vpcname": call.cloud.world.vpcs[place.vpc].name}
    return nic


def router(call: Call, thing: e.Entity) -> Body:
    """A row of `listRouters`. Host and guest side are for root only; a stopped router has neither
    host nor control address (recording 10)."""
    row = cast(e.Router, thing)
    world = call.cloud.world
    root = call.caller.is_root
    running = row.state == "Running" and bool(row.control_ip)
    guest = _guest_network(call, row)
    body: Body = {"id": row.id, **zone(world), "dns1": "8.8.8.8"}
    if root:
        body["networkdomain"] = f"cs{world.accounts[row.account].number}cloud.internal"
    body |= {"gateway": _public_gateway(row), "name": row.name}
    if root:
        body |= {"podid": POD, "podname": "POD0"}
        if running and row.host:
            host = world.hosts[row.host]
            body |= {"hostid": host.id, "hostname": host.name, "hostcontrolstate": "Enabled"}
    if running:
        body |= {
            "hypervisor": world.zone.hypervisor,
            "linklocalip": row.control_ip,
            "linklocalmacaddress": mac("0e:00", row.control_ip),
            "linklocalnetmask": "255.255.0.0",
        }
    body |= {
        "linklocalnetworkid": CONTROL_NETWORK,
        "publicip": row.public_ip,
        "publicmacaddress": mac("1e:00", row.public_ip),
        "publicnetmask": "255.255.255.0",
        "publicnetworkid": PUBLIC_NETWORK,
    }
    if root and guest is not None:
        body |= _guest_side(row, guest)
    body |= {
        "templateid": ROUTER_TEMPLATE,
        "templatename": "SystemVM Template (simulator)",
        "created": row.created,
        "state": row.state,
        **owner(world, row.account),
        "serviceofferingid": ROUTER_OFFERING,
        "serviceofferingname": "System Offering For Software Router",
        "isredundantrouter": row.redundant,
        "redundantstate": row.redundant_state,
        "version": row.template_version,
        "scriptsversion": row.scripts_version,
    }
    if row.vpc:
        body |= {"vpcid": row.vpc, "vpcname": world.vpcs[row.vpc].name}
    return body | {
        "role": "VIRTUAL_ROUTER",
        "nic": _router_nics(row, guest if root else None, running),
        "requiresupgrade": row.requires_upgrade,
        "healthchecksfailed": row.checks_failed,
        "softwareversion": "4.22.0.0",
        "arch": "x86_64",
        "hasannotations": False,
    }


def _guest_side(row: e.Router, guest: e.Network) -> Body:
    return {
        "guestipaddress": row.guest_ip,
        "guestmacaddress": mac("02:02", row.guest_ip),
        "guestnetmask": str(ipaddress.IPv4Network(guest.cidr).netmask),
        "guestnetworkid": guest.id,
        "guestnetworkname": guest.name,
    }


def _guest_network(call: Call, row: e.Router) -> e.Network | None:
    if row.network:
        return call.cloud.world.networks[row.network]
    for tier in call.cloud.world.networks.values():
        if tier.vpc == row.vpc and tier.state == "Implemented":
            return tier
    return None


def _public_gateway(row: e.Router) -> str:
    return str(ipaddress.IPv4Interface(f"{row.public_ip}/24").network[1])


def _router_nics(row: e.Router, guest: e.Network | None, running: bool) -> list[Body]:
    nics: list[Body] = []
    if guest is not None:
        nic: Body = {
            "id": derived_id(row.id, "guest"),
            "networkid": guest.id,
            "networkname": guest.name,
            "netmask": str(ipaddress.IPv4Network(guest.cidr).netmask),
            "ipaddress": row.guest_ip,
            "traffictype": "Guest",
            "type": guest.kind,
            "isdefault": False,
            "macaddress": mac("02:02", row.guest_ip),
            "mtu": 1500,
        }
        if row.vpc:
            nic["gateway"] = guest.gateway
        nics.append(nic)
    control: Body = {
        "id": derived_id(row.id, "control"),
        "networkid": CONTROL_NETWORK,
        "traffictype": "Control",
        "isdefault": False,
    }
    if running:
        control |= {
            "netmask": "255.255.0.0",
            "gateway": "169.254.0.1",
            "ipaddress": row.control_ip,
            "macaddress": mac("0e:00", row.control_ip),
        }
    public: Body = {
        "id": derived_id(row.id, "public"),
        "networkid": PUBLIC_NETWORK,
        "netmask": "255.255.255.0",
        "gateway": _public_gateway(row),
        "ipaddress": row.public_ip,
        "isolationuri": "vlan://50",
        "broadcasturi": "vlan://50",
        "traffictype": "Public",
        "isdefault": True,
        "macaddress": mac("1e:00", row.public_ip),
        "mtu": 1500,
    }
    return [*nics, control, public]
