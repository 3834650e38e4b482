"""Parameters of a call: checked and turned into objects, in the server's order and words.

ParamGenericValidationWorker and ParamProcessWorker of the real server; texts from recording 01.
"""

import re
import time
from collections.abc import Mapping

from tui.lab.cloud import entities as e
from tui.lab.cloud.catalogue import Command, Parameter
from tui.lab.cloud.errors import invalid, malformed
from tui.lab.cloud.world import World

_CONTROL = re.compile(r"[\x00-\x09\x0b\x0c\x0e-\x1f\x7f]")
_LONG_ENOUGH = frozenset({"ipsecpsk", "resourceids", "networkids", "cidrlist", "destcidrlist"})
_TABLES: dict[str, str] = {
    "domain": "domains",
    "account": "accounts",
    "user": "people",
    "project": "projects",
    "network": "networks",
    "networkoffering": "offerings",
    "vpc": "vpcs",
    "publicipaddress": "addresses",
    "remoteaccessvpn": "vpns",
    "vpnuser": "vpn_users",
    "firewallrule": "rules",
    "portforwardingrule": "rules",
    "loadbalancerrule": "rules",
    "router": "routers",
    "virtualmachine": "machines",
    "host": "hosts",
    "networkacllist": "acl_lists",
    "networkacl": "acl_items",
    "vpngateway": "vpn_gateways",
    "vpncustomergateway": "customer_gateways",
    "vpnconnection": "vpn_connections",
}
"""Kinds whose UUIDs must exist. Others (jobs, templates, …) are looked up by their commands."""


def refuse_control_characters(parameters: Mapping[str, str]) -> None:
    """431 for a value with ASCII control characters other than line feeds."""
    for name, value in parameters.items():
        if _CONTROL.search(value):
            raise malformed(
                f"Received value containing illegal ASCII non-printable characters for "
                f"parameter {name}"
            )


def no_such_value(command: str, parameter: str, value: str) -> Exception:
    """431 for a UUID that names nothing."""
    return malformed(
        f"Unable to execute API command {command.lower()} due to invalid value. Invalid parameter "
        f"{parameter} value={value} due to incorrect long value format, or entity does not exist "
        f"or due to incorrect parameter annotation for the field in api cmd class."
    )


def bind(
    command: Command, parameters: Mapping[str, str], world: World
) -> dict[str, e.Entity | None]:
    """Check every declared parameter; return the objects that the `uuid` ones name."""
    things: dict[str, e.Entity | None] = {}
    missing = [
        p.name
        for p in command.parameters
        if p.required and not any(q == p.name or q.startswith(p.name + "[") for q in parameters)
    ]
    if missing:
        raise malformed(
            f"Unable to execute API command {command.name.lower()} due to missing parameter "
            f"{missing[0]}"
        )
    for parameter in command.parameters:
        value = parameters.get(parameter.name)
        if value is None:
            continue
        _check_value(command, parameter, value)
        if parameter.type in _TABLES or parameter.type == "zone":
            found = _resolve(command, parameter, value, world)
            if value != "-1":
                things[parameter.name] = found
    return things


def _check_value(command: Command, parameter: Parameter, value: str) -> None:
    name = command.name.lower()
    if parameter.required and value == "":
        raise invalid(f"Invalid value provided for API arg: {parameter.name}")
    if parameter.type in ("integer", "long", "short"):
        try:
            int(value)
        except ValueError:
            raise malformed(
                f"Unable to execute API command {name} due to invalid value {value} for "
                f"parameter {parameter.name}"
            ) from None
    elif parameter.type == "date" and not _is_date(value):
        raise malformed(
            f"Unable to parse date {value} for command {name}, please pass dates in the format "
            f"mentioned in the api documentation"
        )
    elif parameter.type == "string" and len(value) > 255 and parameter.name not in _LONG_ENOUGH:
        raise malformed(
            f"Unable to execute API command {name} due to invalid value. Value greater than max "
            f"allowed length 255 for param: {parameter.name}"
        )


def _is_date(value: str) -> bool:
    for form in ("%Y-%m-%d", "%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%S%z", "%Y-%m-%dT%H:%M:%S"):
        try:
            time.strptime(value, form)
        except ValueError:
            continue
        return True
    return False


def _resolve(command: Command, parameter: Parameter, value: str, world: World) -> e.Entity | None:
    """An object by UUID, or by its internal number, which may name nothing (recording 01)."""
    table: dict[str, e.Entity] = (
        {world.zone.id: world.zone}
        if parameter.type == "zone"
        else getattr(world, _TABLES[parameter.type])
    )
    if value in table:
        return table[value]
    if re.fullmatch(r"-?\d{1,18}", value):
        return next((thing for thing in table.values() if thing.number == int(value)), None)
    raise no_such_value(command.name, parameter.name, value)
