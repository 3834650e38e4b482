"""Rows of the replies: VPNs, users, rules, addresses, ACLs, site-to-site.

A row has the fields of the recorded one; what only root is shown is added for root.
"""

from __future__ import annotations

from typing import cast

from tui.lab.cloud import entities as e
from tui.lab.cloud.call import Body, Call
from tui.lab.cloud.world import World

PUBLIC_NETWORK = "d6b5b5a7-211f-47ff-9cb1-6d908e8f48b4"
PHYSICAL_NETWORK = "8da1acbd-cbe8-410f-830b-1ec4523f838b"
VLAN = "ac15d186-85ae-401e-bbb4-7893e2a964fd"
_IKE: Body = {
    "ikelifetime": 86400,
    "esplifetime": 3600,
    "dpd": False,
    "forceencap": False,
    "splitconnections": False,
    "ikeversion": "ike",
}


def owner(world: World, account: str) -> Body:
    """Account or project, and domain, of a row (`populateOwner`)."""
    holder = world.accounts[account]
    domain = world.domains[holder.domain]
    place: Body = {"domainid": domain.id, "domain": domain.name, "domainpath": domain.path}
    project = world.project_of(account) if holder.level == "project" else None
    if project is not None:
        return {"projectid": project.id, "project": project.name, **place}
    return {"account": holder.name, **place}


def zone(world: World) -> Body:
    """What a row says of its zone."""
    return {"zoneid": world.zone.id, "zonename": world.zone.name}


def tags(found: dict[str, str]) -> list[Body]:
    """Tags as they stand in a row."""
    return [{"key": key, "value": value} for key, value in found.items()]


def vpn(call: Call, thing: e.Entity) -> Body:
    """A row of `listRemoteAccessVpns`."""
    row = cast(e.Vpn, thing)
    world = call.cloud.world
    body: Body = {
        "publicipid": row.address,
        "publicip": world.addresses[row.address].address,
        "iprange": row.pool,
        "presharedkey": row.preshared_key,
        **owner(world, row.account),
        "state": row.state,
        "id": row.id,
    }
    if call.caller.is_root:
        body["fordisplay"] = True
    return body


def vpn_user(call: Call, thing: e.Entity) -> Body:
    """A row of `listVpnUsers`; the password is never shown."""
    row = cast(e.VpnUser, thing)
    return {
        "id": row.id,
        "username": row.username,
        **owner(call.cloud.world, row.account),
        "state": row.state,
    }


def firewall_rule(call: Call, thing: e.Entity) -> Body:
    """A row of `listFirewallRules` or `listEgressFirewallRules`."""
    row = cast(e.Rule, thing)
    body: Body = {"id": row.id, "protocol": row.protocol}
    if row.start is not None:
        body["startport"] = row.start
        body["endport"] = row.end
    if row.address:
        body["ipaddressid"] = row.address
    body["networkid"] = row.network
    if row.address:
        body["ipaddress"] = call.cloud.world.addresses[row.address].address
    body["state"] = "Deleting" if row.state == "Revoke" else row.state
    body["cidrlist"] = ",".join(sorted(row.cidrs))
    if row.icmp_type is not None:
        body["icmptype"] = row.icmp_type
        body["icmpcode"] = row.icmp_code
    body["tags"] = tags(row.tags)
    body["destcidrlist"] = ",".join(row.destinations)
    body["traffictype"] = "Egress" if row.egress else "Ingress"
    if call.caller.is_root:
        body["fordisplay"] = True
    return body


def port_forwarding(call: Call, thing: e.Entity) -> Body:
    """A row of `listPortForwardingRules`; its ports are strings."""
    row = cast(e.Rule, thing)
    world = call.cloud.world
    machine = world.machines[row.machine]
    return {
        "id": row.id,
        "privateport": str(row.private_start),
        "privateendport": str(row.private_end),
        "protocol": row.protocol,
        "publicport": str(row.start),
        "publicendport": str(row.end),
        "virtualmachineid": machine.id,
        "virtualmachinename": machine.name,
        "virtualmachinedisplayname": machine.display_name or machine.name,
        "ipaddressid": row.address,
        "ipaddress": world.addresses[row.address].address,
        "state": row.state,
        "cidrlist": ",".join(row.cidrs),
        "tags": tags(row.tags),
        "vmguestip": machine.ip,
        "networkid": row.network,
    }


def load_balancer(call: Call, thing: e.Entity) -> Body:
    """A row of `listLoadBalancerRules`, from the server's source: no recording has one."""
    row = cast(e.Rule, thing)
    world = call.cloud.world
    return {
        "id": row.id,
        "name": row.name,
        "publicipid": row.address,
        "publicip": world.addresses[row.address].address,
        "publicport": str(row.start),
        "privateport": str(row.private_start),
        "algorithm": "roundrobin",
        "networkid": row.network,
        "cidrlist": ",".join(row.cidrs),
        **owner(world, row.account),
        "state": row.state,
        **zone(world),
        "protocol": row.protocol,
        "tags": tags(row.tags),
    }


def public_ip(call: Call, thing: e.Entity) -> Body:
    """A row of `listPublicIpAddresses`. `networkid` is the public network, not the guest's."""
    row = cast(e.PublicIp, thing)
    world = call.cloud.world
    body: Body = {"id": row.id, "ipaddress": row.address}
    if row.allocated:
        body["allocated"] = row.allocated
    body |= {**zone(world), "issourcenat": row.source_nat}
    if row.account:
        body |= owner(world, row.account)
    body["forvirtualnetwork"] = True
    body |= {"isstaticnat": bool(row.machine), "issystem": bool(row.system_vm)}
    if row.network:
        body["associatednetworkid"] = row.network
        body["associatednetworkname"] = world.networks[row.network].name
    body |= {
        "networkid": PUBLIC_NETWORK,
        "state": row.state,
        "physicalnetworkid": PHYSICAL_NETWORK,
    }
    if row.vpc:
        body["vpcid"] = row.vpc
        body["vpcname"] = world.vpcs[row.vpc].name
    if row.machine:
        machine = world.machines[row.machine]
        body["virtualmachineid"] = machine.id
        body["virtualmachinename"] = machine.name
        body["virtualmachinetype"] = "User"
        body["vmipaddress"] = machine.ip
    if call.caller.is_root:
        body |= {"vlanid": VLAN, "vlanname": "vlan://50", "fordisplay": True}
    if row.system_vm:
        body["virtualmachinename"] = row.system_vm
        body["purpose"] = "Lb"
    body |= {
        "tags": tags(row.tags),
        "isportable": False,
        "hasrules": bool(row.account and world.rules_on(row.id)),
        "forsystemvms": False,
        "forprovider": False,
        "hasannotations": False,
    }
    return body


def acl_list(call: Call, thing: e.Entity) -> Body:
    """A row of `listNetworkACLLists`."""
    row = cast(e.AclList, thing)
    body: Body = {"id": row.id, "name": row.name}
    if row.description:
        body["description"] = row.description
    if row.vpc:
        body["vpcid"] = row.vpc
        body["vpcname"] = call.cloud.world.vpcs[row.vpc].name
    return body


def acl_item(call: Call, thing: e.Entity) -> Body:
    """A row of `listNetworkACLs`."""
    row = cast(e.AclItem, thing)
    body: Body = {"id": row.id, "protocol": row.protocol}
    if row.start is not None:
        body["startport"] = str(row.start)
        body["endport"] = str(row.end)
    body |= {
        "traffictype": row.traffic,
        "state": row.state,
        "cidrlist": ",".join(row.cidrs),
        "tags": [],
        "aclid": row.acl,
        "aclname": call.cloud.world.acl_lists[row.acl].name,
        "number": row.position,
        "action": row.action,
    }
    if row.reason:
        body["reason"] = row.reason
    return body


def vpn_gateway(call: Call, thing: e.Entity) -> Body:
    """A row of `listVpnGateways`."""
    row = cast(e.VpnGateway, thing)
    world = call.cloud.world
    return {
        "id": row.id,
        "publicip": world.addresses[row.address].address,
        "vpcid": row.vpc,
        "vpcname": world.vpcs[row.vpc].name,
        **owner(world, row.account),
    }


def customer_gateway(call: Call, thing: e.Entity) -> Body:
    """A row of `listVpnCustomerGateways`."""
    row = cast(e.CustomerGateway, thing)
    return {
        "id": row.id,
        "name": row.name,
        **_peer(row),
        **_IKE,
        **owner(call.cloud.world, row.account),
        "hasannotations": False,
    }


def _peer(row: e.CustomerGateway) -> Body:
    return {
        "gateway": row.gateway,
        "cidrlist": row.cidrs,
        "ipsecpsk": row.preshared_key,
        "ikepolicy": row.ike_policy,
        "esppolicy": row.esp_policy,
    }


def vpn_connection(call: Call, thing: e.Entity) -> Body:
    """A row of `listVpnConnections`."""
    row = cast(e.VpnConnection, thing)
    world = call.cloud.world
    gateway = world.vpn_gateways[row.gateway]
    return {
        "id": row.id,
        "s2svpngatewayid": row.gateway,
        "publicip": world.addresses[gateway.address].address,
        "s2scustomergatewayid": row.customer,
        **_peer(world.customer_gateways[row.customer]),
        **_IKE,
        "state": row.state,
        "passive": row.passive,
        **owner(world, row.account),
    }


def event(call: Call, thing: e.Entity) -> Body:
    """A row of `listEvents`."""
    row = cast(e.Event, thing)
    body: Body = {
        "id": row.id,
        "username": row.username,
        "type": row.type,
        "level": row.level,
        "description": row.description,
        **owner(call.cloud.world, row.account),
    }
    if row.resource:
        body["resourceid"] = row.resource
    body["resourcetype"] = row.resource_type or "None"
    if row.resource_name:
        body["resourcename"] = row.resource_name
    body |= {"created": row.created, "state": row.state}
    if row.parent:
        body["parentid"] = row.parent
    return body
