"""Rows of a list say the same over and over: what they share is kept once."""

import sys
from collections.abc import Iterable
from typing import Final

import msgspec
from msgspec.structs import force_setattr

from tui.cloud.models.networks import share_services

_REPEATED: Final = frozenset(
    {
        "account", "project", "project_id", "domain", "domain_id", "domain_path", "type", "state",
        "traffic_type", "netmask", "dns1", "network_domain", "zone_id", "zone_name",
        "network_offering_id", "network_offering_name", "vpc_offering_id", "vpc_offering_name",
        "vpc_id", "vpc_name", "acl_id", "acl_name", "ip4_routing", "created", "allocated",
        "virtual_machine_type", "purpose", "network_id", "network_name", "role", "version",
        "software_version", "redundant_state", "guest_network_id", "guest_network_name", "host_id",
        "host_name", "hypervisor", "arch", "service_offering_name", "ip_range",
    }
)  # fmt: skip
"""Fields whose texts other rows have as well, as a rule."""


_fields: dict[type[msgspec.Struct], tuple[str, ...]] = {}


def share_parts(rows: Iterable[msgspec.Struct]) -> None:
    """Let these structs, just decoded, share texts and services with those decoded before."""
    listed = list(rows)
    share_services(listed)
    for row in listed:
        kind = type(row)
        if kind not in _fields:
            _fields[kind] = tuple(name for name in kind.__struct_fields__ if name in _REPEATED)
        for name in _fields[kind]:
            text = getattr(row, name)
            if type(text) is str:
                force_setattr(row, name, sys.intern(text))
