"""Network ACLs of VPC tiers (recording 16)."""

from tui.lab.cloud import entities as e
from tui.lab.cloud import rows
from tui.lab.cloud.call import Body, Call, Deferred, Handler, Rows, Trail
from tui.lab.cloud.errors import denied, invalid
from tui.lab.cloud.scope import visible
from tui.lab.cloud.world import World


def _owner(world: World, acl: e.AclList) -> str:
    """The account of a list; a default list has none."""
    return world.vpcs[acl.vpc].account if acl.vpc else ""


def _must_change(call: Call, acl: e.AclList) -> None:
    if not acl.vpc:
        raise invalid("Default ACL cannot be modified")
    call.must_own(_owner(call.cloud.world, acl))


async def list_lists(call: Call) -> Rows:
    """listNetworkACLLists: the defaults are everybody's."""
    world = call.cloud.world
    wanted, vpc = call.thing("id", e.AclList), call.thing("vpcid", e.Vpc)
    network = call.thing("networkid", e.Network)
    name, caller = call.optional("name"), call.caller.account
    nothing = any(call.names_nothing(n) for n in ("id", "vpcid", "networkid"))
    found = [
        acl
        for acl in world.acl_lists.values()
        if not nothing
        and (not acl.vpc or world.may_use(caller, _owner(world, acl)))
        and (wanted is None or acl is wanted)
        and (vpc is None or acl.vpc in ("", vpc.id))
        and (network is None or acl.id == network.acl)
        and (name is None or acl.name == name)
    ]
    return Rows("networkacllist", list(found), lambda thing: rows.acl_list(call, thing))


async def create_list(call: Call) -> Deferred:
    """createNetworkACLList."""
    world = call.cloud.world
    vpc = call.thing("vpcid", e.Vpc)
    if vpc is None:
        raise invalid("Unable to find VPC")
    call.must_own(vpc.account)
    acl = e.AclList(
        id=world.new_id(),
        name=call.text("name"),
        description=call.text("description"),
        vpc=vpc.id,
    )
    # Lists of a VPC come before the defaults.
    world.acl_lists = {acl.id: acl, **world.acl_lists}

    async def work() -> Body:
        return {"networkacllist": rows.acl_list(call, acl)}

    trail = Trail("NETWORK.ACL.CREATE", "Creating network ACL", "creating network acl list")
    return Deferred(work, trail, acl.id, ("NetworkAcl", ""), account=vpc.account)


async def delete_list(call: Call) -> Deferred:
    """deleteNetworkACLList."""
    world = call.cloud.world
    acl = call.thing("id", e.AclList)
    if acl is None:
        raise invalid("Unable to find specified ACL")
    _must_change(call, acl)
    if any(network.acl == acl.id for network in world.networks.values()):
        raise invalid("ACL is still associated with network(s). Cannot delete network ACL")

    async def work() -> Body:
        world.acl_lists.pop(acl.id, None)
        for item in [item for item in world.acl_items.values() if item.acl == acl.id]:
            world.acl_items.pop(item.id)
        return {"success": True}

    trail = Trail("NETWORK.ACL.DELETE", "Deleting network ACL", "deleting network acl list")
    return Deferred(work, trail, account=_owner(world, acl))


async def replace(call: Call) -> Deferred:
    """replaceNetworkACLList on a tier."""
    world = call.cloud.world
    acl, network = call.thing("aclid", e.AclList), call.thing("networkid", e.Network)
    if acl is None or network is None:
        raise invalid("Network id and ACL id are needed")
    call.must_own(network.account)
    if not network.vpc:
        raise invalid("Network is not part of a VPC. ACL can be applied only to VPC networks")
    if acl.vpc and acl.vpc != network.vpc:
        raise invalid("ACL and network do not belong to the same VPC")

    async def work() -> Body:
        for router in world.routers_of(vpc=network.vpc):
            await call.cloud.routers.idle(router)
        network.acl = acl.id
        call.cloud.routers.push_tiers(network.vpc)
        return {"success": True}

    trail = Trail("NETWORK.ACL.REPLACE", "Replacing network ACL", "replacing network acl list")
    return Deferred(work, trail, account=network.account)


async def list_items(call: Call) -> Rows:
    """listNetworkACLs."""
    world, caller = call.cloud.world, call.caller.account
    wanted, acl = call.thing("id", e.AclItem), call.thing("aclid", e.AclList)
    network = call.thing("networkid", e.Network)
    sees = visible(call)
    nothing = any(call.names_nothing(n) for n in ("id", "aclid", "networkid"))

    def matches(item: e.AclItem) -> bool:
        owner = _owner(world, world.acl_lists[item.acl])
        named = acl is not None or network is not None or wanted is not None
        return (
            (not owner or sees(owner) or (named and world.may_use(caller, owner)))
            and (wanted is None or item is wanted)
            and (acl is None or item.acl == acl.id)
            and (network is None or item.acl == network.acl)
            and call.text("traffictype", item.traffic).lower() == item.traffic.lower()
            and call.text("protocol", item.protocol).lower() == item.protocol.lower()
            and call.text("action", item.action).lower() == item.action.lower()
        )

    found = [item for item in world.acl_items.values() if not nothing and matches(item)]
    return Rows("networkacl", list(found), lambda thing: rows.acl_item(call, thing))


async def create_item(call: Call) -> Deferred:
    """createNetworkACL."""
    world = call.cloud.world
    acl = call.thing("aclid", e.AclList)
    network = call.thing("networkid", e.Network)
    if acl is None and network is not None and network.acl:
        acl = world.acl_lists[network.acl]
    if acl is None:
        raise invalid("Cannot create Network ACL Item. ACL Id or network Id is required")
    _must_change(call, acl)
    taken = {item.position for item in world.acl_items.values() if item.acl == acl.id}
    position = call.integer("number") or max(taken, default=0) + 1
    if position in taken:
        raise invalid(f"ACL item with number {position} already exists in ACL: {acl.id}")
    protocol = call.text("protocol").lower()
    start, end = call.integer("startport"), call.integer("endport")
    if protocol == "all" and (start is not None or end is not None):
        raise invalid("start port and end port must be null if protocol = 'all'")
    item = e.AclItem(
        id=world.new_id(),
        acl=acl.id,
        position=position,
        action=call.text("action", "Allow").capitalize(),
        protocol=protocol,
        traffic=call.text("traffictype", "Ingress").capitalize(),
        start=start,
        end=end if end is not None else start,
        cidrs=tuple(call.text("cidrlist", "0.0.0.0/0").split(",")),
        state="Staged",
        reason=call.text("reason"),
    )
    world.acl_items = {item.id: item, **world.acl_items}

    async def work() -> Body:
        for router in world.routers_of(vpc=acl.vpc):
            await call.cloud.routers.idle(router)
        item.state = "Active"
        call.cloud.routers.push_tiers(acl.vpc)
        return {"networkacl": rows.acl_item(call, item)}

    trail = Trail("NETWORK.ACL.ITEM.CREATE", "Creating ACL item", "creating network ACL item")
    return Deferred(work, trail, item.id, ("NetworkAclItem", ""), account=_owner(world, acl))


async def delete_item(call: Call) -> Deferred:
    """deleteNetworkACL."""
    world = call.cloud.world
    item = call.thing("id", e.AclItem)
    if item is None:
        raise denied()
    acl = world.acl_lists[item.acl]
    _must_change(call, acl)

    async def work() -> Body:
        world.acl_items.pop(item.id, None)
        call.cloud.routers.push_tiers(acl.vpc)
        return {"success": True}

    trail = Trail("NETWORK.ACL.ITEM.DELETE", "Deleting ACL item", "deleting network ACL item")
    return Deferred(work, trail, account=_owner(world, acl))


HANDLERS: dict[str, Handler] = {
    "listNetworkACLLists": list_lists,
    "createNetworkACLList": create_list,
    "deleteNetworkACLList": delete_list,
    "replaceNetworkACLList": replace,
    "listNetworkACLs": list_items,
    "createNetworkACL": create_item,
    "deleteNetworkACL": delete_item,
}
