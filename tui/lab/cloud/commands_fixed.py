"""Lists that are the same in every lab: offerings, the template, the management server."""

from tui.lab.cloud.call import Body, Call, Handler
from tui.lab.cloud.rows_networks import (
    MACHINE_OFFERING,
    MACHINE_TEMPLATE,
    ROUTER_OFFERING,
    VPC_OFFERING,
)

_SINCE = "2026-11-23T02:18:18+0000"


def _fixed(key: str, *found: Body) -> Handler:
    """A list that is the same for everybody in every world."""

    async def handler(call: Call) -> Body:
        shown = [
            row
            for row in found
            if call.text("id", str(row["id"])) == row["id"]
            and call.text("name", str(row["name"])) == row["name"]
            and call.boolean("issystem") == row.get("issystem", False)
        ]
        return {"count": len(shown), key: shown} if shown else {}

    return handler


def _service_offering(id_: str, name: str, system: bool) -> Body:
    body: Body = {
        "id": id_,
        "name": name,
        "displaytext": name,
        "state": "Active",
        "cpunumber": 1,
        "cpuspeed": 500,
        "memory": 512,
        "created": _SINCE,
        "storagetype": "shared",
        "issystem": system,
    }
    return body | {"systemvmtype": "domainrouter"} if system else body


HANDLERS: dict[str, Handler] = {
    "listVPCOfferings": _fixed(
        "vpcoffering",
        {
            "id": VPC_OFFERING,
            "name": "Default VPC offering",
            "displaytext": "Default VPC offering",
            "isdefault": True,
            "state": "Enabled",
            "created": _SINCE,
        },
    ),
    "listServiceOfferings": _fixed(
        "serviceoffering",
        _service_offering(MACHINE_OFFERING, "Small Instance", False),
        _service_offering(ROUTER_OFFERING, "System Offering For Software Router", True),
    ),
    "listTemplates": _fixed(
        "template",
        {
            "id": MACHINE_TEMPLATE,
            "name": "CentOS 5.6 (64-bit) no GUI (Simulator)",
            "displaytext": "CentOS 5.6 (64-bit) no GUI (Simulator)",
            "ispublic": True,
            "isready": True,
            "format": "VHD",
            "templatetype": "BUILTIN",
            "created": _SINCE,
        },
    ),
    "listManagementServers": _fixed(
        "managementserver",
        {
            "id": "868f2dce-952c-45b5-b8b0-1f9c0ec7a1b4",
            "name": "localhost",
            "state": "Up",
            "version": "4.22.0.0-SNAPSHOT",
            "ipaddress": "127.0.0.1",
            "serviceip": "127.0.0.1",
            "agentscount": 2,
            "pendingjobscount": 0,
        },
    ),
}
