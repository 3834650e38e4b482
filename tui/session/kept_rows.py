"""What of each row may be written to disk, and how rows become bytes and rows again.

Only the fields named here are ever written. Secrets are not among them (the pre-shared key of a
VPN), nor texts in which people put what they like (tags, display texts, check results): a file that
lives on after the console has no need of them.
"""

from collections.abc import Sequence
from typing import Any, Final

import msgspec
from msgspec.structs import force_setattr

from tui.cloud.models import (
    CustomerGateway,
    Network,
    PublicIp,
    RemoteAccessVpn,
    Router,
    Service,
    Vpc,
    VpnConnection,
    VpnUser,
    Wire,
    Zone,
)

_OWNER: Final = ("id", "account", "project", "project_id", "domain", "domain_id", "domain_path")

KEPT_FIELDS: Final[dict[type[Wire], tuple[str, ...]]] = {
    Zone: ("id", "name", "network_type", "security_groups_enabled", "allocation_state"),
    Network: (
        *_OWNER, "name", "type", "state", "cidr", "network_cidr", "zone_id", "zone_name", "vpc_id",
        "vpc_name", "network_offering_id", "network_offering_name", "is_system", "acl_id",
        "acl_name",
    ),
    Vpc: (
        *_OWNER, "name", "state", "cidr", "zone_id", "zone_name", "vpc_offering_id",
        "vpc_offering_name",
    ),
    PublicIp: (
        *_OWNER, "address", "state", "is_source_nat", "is_static_nat", "is_system", "has_rules",
        "network_id", "network_name", "vpc_id", "vpc_name", "virtual_machine_id",
        "virtual_machine_name", "virtual_machine_type", "purpose", "zone_id", "zone_name",
        "allocated",
    ),
    RemoteAccessVpn: (*_OWNER, "public_ip_id", "public_ip", "ip_range", "state"),
    VpnUser: (*_OWNER, "user_name", "state"),
    Router: (
        *_OWNER, "name", "state", "role", "version", "requires_upgrade", "is_redundant",
        "redundant_state", "public_ip", "guest_ip", "guest_network_id", "guest_network_name",
        "vpc_id", "vpc_name", "zone_id", "zone_name", "nics",
    ),
    CustomerGateway: (*_OWNER, "name", "gateway", "cidr_list"),
    VpnConnection: (
        *_OWNER, "state", "gateway_id", "customer_gateway_id", "public_ip", "gateway", "cidr_list",
        "is_passive",
    ),
}  # fmt: skip
"""The fields of each kind of row that are written; services are written too, once each."""

Services = tuple[Service, ...]


class Packed(msgspec.Struct, frozen=True, array_like=True):
    """The rows of one list as they are written."""

    rows: msgspec.Raw
    """An array of objects of `KEPT_FIELDS`."""
    services: tuple[Services, ...]
    """Every set of services that a row has; most rows share one of a few."""
    service_of: tuple[int, ...]
    """For each row the number of its set; empty for rows without services."""


def _kept_form(model: type[Wire]) -> type[msgspec.Struct]:
    fields = {field.name: field for field in msgspec.structs.fields(model)}
    return msgspec.defstruct(
        f"Kept{model.__name__}",
        [(name, fields[name].type, fields[name].default) for name in KEPT_FIELDS[model]],
        rename={name: fields[name].encode_name for name in KEPT_FIELDS[model]},
        omit_defaults=True,
        frozen=True,
        gc=False,
    )


def pack(rows: Sequence[Any], model: type[Wire]) -> Packed:
    """What is written of `rows`, which are all of `model`."""
    form = _kept_form(model)
    forms = msgspec.convert(rows, list[form], from_attributes=True)  # type: ignore[valid-type]
    services: list[Services] = []
    service_of: list[int] = []
    if "services" in model.__struct_fields__:
        known: dict[int, int] = {}
        for row in rows:
            # Rows share their sets (`share_services`), so that looking at identities is enough.
            number = known.setdefault(id(row.services), len(services))
            if number == len(services):
                services.append(row.services)
            service_of.append(number)
    written = msgspec.Raw(msgspec.msgpack.encode(forms))
    return Packed(written, tuple(services), tuple(service_of))


def unpack(packed: Packed, model: type[Wire]) -> list[Any]:
    """The rows again; what was not written has its default.

    Raises `msgspec.DecodeError` where they are not what `pack` makes.
    """
    rows = msgspec.msgpack.decode(packed.rows, type=list[model])  # type: ignore[valid-type]
    if packed.service_of:
        if len(packed.service_of) != len(rows) or not all(
            0 <= number < len(packed.services) for number in set(packed.service_of)
        ):
            raise msgspec.DecodeError("the services are not those of the rows")
        for row, number in zip(rows, packed.service_of, strict=True):
            force_setattr(row, "services", packed.services[number])
    return rows
