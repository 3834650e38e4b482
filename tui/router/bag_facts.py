"""What CloudStack told the router: boot parameters and data bags. Their secrets are left out."""

import ipaddress
import re
from collections.abc import Iterator, Mapping
from typing import Final, TypeVar

import msgspec

from tui.router.output import Output

T = TypeVar("T")
_SECRET: Final = re.compile(r"key|password|passwd|secret|token", re.I)


class BagAddress(msgspec.Struct, frozen=True):
    """An address that CloudStack gave the router."""

    address: str
    cidr: str
    device: str
    kind: str
    """`guest`, `control` or `public`."""
    is_source_nat: bool


class PushedRule(msgspec.Struct, frozen=True):
    """A firewall rule as it was pushed."""

    public_ip: str
    protocol: str
    first_port: int | None
    last_port: int | None
    sources: tuple[str, ...]
    is_ingress: bool


class GuestNetwork(msgspec.Struct, frozen=True):
    """A tier of a VPC; the router of an isolated network has no such bag."""

    device: str
    cidr: str
    """`10.2.1.0/24`"""
    router_ip: str


class _Address(msgspec.Struct):
    public_ip: str = ""
    cidr: str = ""
    device: str = ""
    nw_type: str = ""
    source_nat: bool = False
    add: bool = True


class _Rule(msgspec.Struct):
    src_ip: str = ""
    protocol: str = ""
    src_port_range: tuple[int, ...] | None = None
    source_cidr_list: tuple[str, ...] | None = None
    traffic_type: str = "Ingress"
    revoked: bool = False


class _Tier(msgspec.Struct):
    device: str = ""
    cidr: str = ""
    router_guest_ip: str = ""
    add: bool = True


def read_boot_parameters(output: Output) -> dict[str, str]:
    """`cat /var/cache/cloud/cmdline`: what the router was booted with."""
    pairs = (word.partition("=") for word in output.text.split(" "))
    return without_secrets({name: value for name, separator, value in pairs if separator})


def read_boot_bag(output: Output) -> dict[str, str]:
    """The `cmdline` bag: the same, and `redundant_state` on a router that has a partner."""
    if output.status != 0:
        return {}
    config = output.json_as(dict[str, object]).get("config")
    if not isinstance(config, dict):
        raise ValueError("the bag has no configuration")
    return without_secrets({name: str(value) for name, value in config.items()})


def without_secrets(values: Mapping[str, str]) -> dict[str, str]:
    """`values` without those whose name says that they are secret."""
    return {name: value for name, value in values.items() if not _SECRET.search(name)}


def read_bag_addresses(output: Output) -> tuple[BagAddress, ...]:
    """The `ips` bag; an entry with `add` false is the memory of a removal."""
    return tuple(
        BagAddress(each.public_ip, each.cidr, each.device, each.nw_type, each.source_nat)
        for each in _entries(output, _Address)
        if each.add
    )


def read_guest_networks(output: Output) -> tuple[GuestNetwork, ...]:
    """The `guestnetwork` bag: none where it is missing (status 1).

    `cidr` there is only the length of the prefix, `24` (SetGuestNetworkConfigItem).
    """
    return tuple(
        GuestNetwork(each.device, _network(each), each.router_guest_ip)
        for each in _entries(output, _Tier)
        if each.add
    )


def _network(tier: _Tier) -> str:
    whole = tier.cidr if "/" in tier.cidr else f"{tier.router_guest_ip}/{tier.cidr}"
    return str(ipaddress.IPv4Network(whole, strict=False))


def read_pushed_rules(output: Output) -> tuple[PushedRule, ...]:
    """The `firewallrules` bag: none where nothing was pushed since boot (status 1)."""
    found = []
    for entry in _bag(output).values():
        if not isinstance(entry, dict):
            continue
        rule = _as(entry, _Rule)
        if rule.revoked:
            continue
        ports = rule.src_port_range or ()
        found.append(
            PushedRule(
                rule.src_ip,
                rule.protocol,
                ports[0] if ports else None,
                ports[-1] if ports else None,
                rule.source_cidr_list or (),
                rule.traffic_type == "Ingress",
            )
        )
    return tuple(found)


def _bag(output: Output) -> dict[str, object]:
    return {} if output.status != 0 else output.json_as(dict[str, object])


def _entries(output: Output, shape: type[T]) -> Iterator[T]:
    """The entries of a bag that has a list of them for each card."""
    for listed in _bag(output).values():
        if isinstance(listed, list):
            for entry in listed:
                yield _as(entry, shape)


def _as(entry: object, shape: type[T]) -> T:
    try:
        return msgspec.convert(entry, shape)
    except msgspec.MsgspecError as error:
        raise ValueError(f"a bag of another form: {error}") from error
