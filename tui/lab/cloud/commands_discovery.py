"""What the server is and what the caller may do (recordings 02, 13, 17)."""

from tui.lab.cloud import entities as e
from tui.lab.cloud.call import Body, Call, Handler, Rows
from tui.lab.cloud.errors import Refusal


async def list_apis(call: Call) -> Body:
    """listApis: only what the caller's role may use; an unknown name is a 530 in plain words."""
    catalogue, caller = call.cloud.catalogue, call.caller
    name = call.optional("name")
    found = [
        catalogue.describe(command, caller.account)
        for command in catalogue.commands.values()
        if (name is None or command.name == name)
        and catalogue.allows(command, caller.account, caller.role)
    ]
    if not found:
        raise Refusal(
            530,
            "Api Discovery plugin was unable to find an api by that name or process any apis",
            plain=True,
        )
    return {"count": len(found), "api": found}


async def capabilities(call: Call) -> Body:
    """listCapabilities."""
    admin = call.caller.account.level != "user"
    capability: Body = {
        "securitygroupsenabled": False,
        "dynamicrolesenabled": True,
        "cloudstackversion": "4.22.0.0-SNAPSHOT",
        "userpublictemplateenabled": True,
        "supportELB": "false",
        "projectinviterequired": False,
        "allowusercreateprojects": True,
        "customdiskofferingminsize": 1,
        "customdiskofferingmaxsize": 1024,
        "regionsecondaryenabled": False,
        "kvmsnapshotenabled": True,
        "allowuserviewdestroyedvm": admin,
        "allowuserexpungerecovervm": admin,
        "allowuserexpungerecovervolume": True,
        "allowuserviewalldomainaccounts": False,
        "allowuserforcestopvm": True,
        "kubernetesserviceenabled": False,
        "kubernetesclusterexperimentalfeaturesenabled": False,
        "customhypervisordisplayname": "Custom",
        "defaultuipagesize": 20,
        "instancesstatsretentiontime": 720,
        "instancesstatsuseronly": False,
        "instanceleaseenabled": False,
        "dynamicscalingenabled": False,
        "additionalconfigenabled": False,
    }
    return {"capability": capability}


async def zones(call: Call) -> Rows:
    """listZones: the one zone of the lab."""
    zone = call.cloud.world.zone
    wanted = call.thing("id", e.Zone)
    shown = (
        not call.names_nothing("id")
        and (wanted is None or wanted is zone)
        and call.text("name", zone.name).lower() == zone.name.lower()
        and call.text("keyword").lower() in zone.name.lower()
    )
    body: Body = {"id": zone.id, "name": zone.name}
    if call.caller.is_root:
        body |= {"dns1": "8.8.8.8", "internaldns1": "8.8.4.4", "guestcidraddress": "10.1.1.0/24"}
    body |= {
        "networktype": "Advanced",
        "securitygroupsenabled": False,
        "gputotal": 0,
        "gpuused": 0,
        "allocationstate": "Enabled",
        "zonetoken": "1bd7491a-df13-30dc-83af-387032171ba2",
        "dhcpprovider": "VirtualRouter",
        "localstorageenabled": False,
        "tags": [],
        "allowuserspecifyvrmtu": False,
        "routerprivateinterfacemaxmtu": 1500,
        "routerpublicinterfacemaxmtu": 1500,
        "type": "Core",
        "isnsxenabled": False,
        "ismultiarch": False,
        "asnrange": "",
        "routedmodeenabled": True,
        "hasannotations": False,
    }
    return Rows("zone", [zone] if shown else [], lambda thing: body)


HANDLERS: dict[str, Handler] = {
    "listApis": list_apis,
    "listCapabilities": capabilities,
    "listZones": zones,
}
