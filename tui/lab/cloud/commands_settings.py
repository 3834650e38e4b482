"""Settings, global and per account, and the audit trail (recordings 15 and 20)."""

import ipaddress

from tui.lab.cloud import entities as e
from tui.lab.cloud import rows
from tui.lab.cloud.call import Body, Call, Handler, Rows
from tui.lab.cloud.errors import Refusal, invalid
from tui.lab.cloud.scope import visible
from tui.lab.cloud.world import World

CLIENT_RANGE = "remote.access.vpn.client.iprange"
KEY_LENGTH = "remote.access.vpn.psk.length"
USER_LIMIT = "remote.access.vpn.user.limit"
_KNOWN: dict[str, tuple[str, str, str, str]] = {
    CLIENT_RANGE: (
        "10.1.2.1-10.1.2.8",
        "The range of ips to be allocated to remote access vpn clients. The first ip in the range "
        "is used by the VPN server",
        "RemoteAccessVpnService",
        "String",
    ),
    KEY_LENGTH: (
        "24",
        "The length of the ipsec preshared key (minimum 8, maximum 256)",
        "AgentManager",
        "Number",
    ),
    USER_LIMIT: (
        "8",
        "The maximum number of VPN users that can be created per account",
        "AgentManager",
        "String",
    ),
    "default.page.size": ("500", "Default page size for API list* commands", "ApiServer", "Number"),
    "max.account.public.ips": (
        "20",
        "The default maximum number of public IPs that can be consumed by an account",
        "ResourceLimitManager",
        "Number",
    ),
}
"""Name to default, description, component and type."""


def _row(world: World, name: str, account: e.Account | None, scope: str = "account") -> Body:
    default, description, component, type_ = _KNOWN[name]
    value = world.settings.get(name, default)
    if account is not None and account.client_range and name == CLIENT_RANGE:
        value = account.client_range
    body: Body = {
        "category": "Advanced" if name == USER_LIMIT else "Network",
        "group": "Miscellaneous",
        "subgroup": "Others",
        "name": name,
        "value": value,
        "defaultvalue": default,
    }
    if account is not None:
        body["scope"] = scope
    words = name.replace(".", " ")
    return body | {
        "description": description,
        "isdynamic": False,
        "component": component,
        "displaytext": words[0].upper() + words[1:],
        "type": type_,
    }


async def list_settings(call: Call) -> Rows:
    """listConfigurations. A domain admin sees what an account may have of its own."""
    world = call.cloud.world
    account = call.thing("accountid", e.Account)
    if account is not None:
        call.must_own(account.id)
    elif call.caller.account.level == "domain-admin":
        return Rows("configuration", [], lambda thing: {})
    part = call.text("name") or call.text("keyword")
    names = [name for name in _KNOWN if part in name and (account is None or name == CLIENT_RANGE)]
    found: list[e.Entity] = [e.Entity(id=name) for name in names]
    return Rows("configuration", found, lambda thing: _row(world, thing.id, account))


def _check(name: str, value: str) -> None:
    if name == CLIENT_RANGE:
        try:
            first, last = (ipaddress.IPv4Address(part) for part in value.split("-"))
        except ValueError:
            raise invalid("Invalid IP address value(s) specified for the config value.") from None
        if first > last:
            raise invalid("Invalid IP address value(s) specified for the config value.")
    elif name == KEY_LENGTH and not (value.isdigit() and 7 < int(value) < 257):
        raise invalid(
            f"Please enter a value greater than 7 and less than 257 for the configuration "
            f"parameter: [{name}]."
        )


async def update(call: Call) -> Body:
    """updateConfiguration: a domain admin only for accounts below, and only the client range."""
    world = call.cloud.world
    name, value = call.text("name"), call.text("value")
    if name not in _KNOWN:
        raise invalid(f"Config parameter with name {name} doesn't exist")
    account = call.thing("accountid", e.Account)
    if account is not None:
        call.must_own(account.id)
        if name != CLIENT_RANGE:
            raise invalid(f"Invalid scope id provided for the parameter {name}")
    elif not call.caller.is_root:
        raise Refusal(530, "Only Root Admin is allowed to edit this configuration.")
    _check(name, value)
    if account is not None:
        account.client_range = value
    else:
        world.settings[name] = value
    return {"configuration": _row(world, name, account)}


async def reset(call: Call) -> Body:
    """resetConfiguration."""
    world = call.cloud.world
    name = call.text("name")
    if name not in _KNOWN:
        raise invalid(f"Config parameter with name {name} doesn't exist")
    account = call.thing("accountid", e.Account)
    if account is not None:
        call.must_own(account.id)
        account.client_range = None
    elif call.caller.is_root:
        world.settings.pop(name, None)
    else:
        raise Refusal(530, "Only Root Admin is allowed to edit this configuration.")
    return {"configuration": _row(world, name, account, "Account")}


async def events(call: Call) -> Rows:
    """listEvents: the newest second first, within a second in the order of writing."""
    world = call.cloud.world
    if call.given("resourceid") and not call.given("resourcetype"):
        raise invalid("resourceid parameter must be used with resourcetype parameter")
    sees = visible(call)
    wanted = call.text("id")
    start, end = call.text("startdate")[:19], call.text("enddate")[:19]
    keyword = call.text("keyword").lower()

    def matches(event: e.Event) -> bool:
        return (
            sees(event.account)
            and wanted in ("", event.id)
            and call.text("type", event.type) == event.type
            and call.text("level", event.level) == event.level
            and call.text("state", event.state) == event.state
            and call.text("resourceid", event.resource) == event.resource
            and call.text("resourcetype", event.resource_type) == event.resource_type
            and event.created[:19].replace("T", " ") >= start.replace("T", " ")
            and (not end or event.created[:19].replace("T", " ") <= end.replace("T", " "))
            and keyword in f"{event.type} {event.description} {event.level}".lower()
        )

    newest = sorted(world.events, key=lambda event: event.created, reverse=True)
    found: list[e.Entity] = [event for event in newest if matches(event)]
    return Rows("event", found, lambda thing: rows.event(call, thing))


async def alerts(call: Call) -> Body:
    """listAlerts: a lab raises none."""
    return {}


HANDLERS: dict[str, Handler] = {
    "listConfigurations": list_settings,
    "updateConfiguration": update,
    "resetConfiguration": reset,
    "listEvents": events,
    "listAlerts": alerts,
}
