"""`cloud.json` of a bundle: what the API answered at the same moment, as it came.

A table whose keys are the names of answers (`listremoteaccessvpnsresponse`, in any case), each with
its rows. Any of them may lack; what lacks is not known, what is there and empty is none.
"""

import hashlib
import re
from collections.abc import Iterable, Sequence
from typing import Any, Final

import msgspec

from tui.diagnose.cloud_side import CloudSide, PortRule
from tui.safety.text import clean

Row = dict[str, Any]
_DIGEST: Final = re.compile(r"[0-9a-f]{64}")
_MASKS: Final = ("<redacted>", "***", "")


class UnclearVpn(ValueError):
    """Several VPNs are listed, and nothing tells which of them is the router's."""


def read_cloud(raw: bytes, addresses: Sequence[str] = ()) -> CloudSide:
    """`cloud.json` as the API's word on the router that has the public `addresses`, the likeliest
    one of its VPN first; none: they are not known.

    Raises `ValueError` for what is not such a table, and `UnclearVpn`.
    """
    try:
        read = msgspec.json.decode(raw)
    except msgspec.DecodeError as error:
        raise ValueError(f"cloud.json is not JSON: {error}") from error
    if not isinstance(read, dict):
        raise ValueError("cloud.json is not a table of answers")
    answers = {str(name).lower(): answer for name, answer in read.items()}
    routers = _rows(answers, "listroutersresponse", "router") or []
    router = routers[0] if routers else {}
    vpns = _rows(answers, "listremoteaccessvpnsresponse", "remoteaccessvpn")
    vpn = _vpn_of(router, vpns or [], addresses)
    networks = _rows(answers, "listnetworksresponse", "network") or []
    network = next(
        (each for each in networks if each.get("id") == router.get("guestnetworkid")),
        networks[0] if networks else {},
    )
    vpcs = _rows(answers, "listvpcsresponse", "vpc") or []
    vpc = vpcs[0] if vpcs else {}
    is_vpc = bool(router.get("vpcid") or (vpcs and not networks))
    users = _rows(answers, "listvpnusersresponse", "vpnuser")
    return CloudSide(
        router=_text(router, "name"),
        router_state=_text(router, "state"),
        is_redundant=_truth(router, "isredundantrouter"),
        redundant_state=_text(router, "redundantstate"),
        version=_text(router, "version"),
        requires_upgrade=_truth(router, "requiresupgrade"),
        server_version=_server_version(answers),
        router_offering=_text(router, "serviceofferingname"),
        health_checks_failed=_truth(router, "healthchecksfailed"),
        zone=_text(router, "zonename"),
        is_vpc=is_vpc,
        network=_text(vpc if is_vpc else network, "name"),
        network_state=_text(vpc if is_vpc else network, "state"),
        network_offering=_text(network, "networkofferingname"),
        conserve_mode=_truth(network, "networkofferingconservemode"),
        network_services=_services(network),
        guest_cidr=_text(vpc, "cidr") if is_vpc else _text(network, "cidr"),
        other_cidrs=tuple(
            _text(each, "cidr") for each in networks if is_vpc or each is not network
        ),
        account=_text(vpn, "account") or _text(network, "account"),
        public_ip=_text(vpn, "publicip"),
        pool=_text(vpn, "iprange"),
        vpn_state=_text(vpn, "state"),
        psk_sha256=_key_digest(vpn) or _key_digest(answers),
        users=None if users is None else _names(users, "Active"),
        adding=_names(users or (), "Add"),
        removing=_names(users or (), "Revoke"),
        rules=_rules(answers, _text(vpn, "publicip")),
        psk_age_days=vpn.get("pskagedays") if isinstance(vpn.get("pskagedays"), int) else None,
    )


def _rows(answers: Row, name: str, key: str) -> list[Row] | None:
    """The rows of one answer; None where it is not there, or was an error."""
    answer = answers.get(name)
    if not isinstance(answer, dict) or "errorcode" in answer:
        return None
    rows = answer.get(key, [])
    return [row for row in rows if isinstance(row, dict)] if isinstance(rows, list) else None


def _text(row: Row, key: str) -> str:
    value = row.get(key)
    return clean(str(value)) if isinstance(value, str | int | float) else ""


def _truth(row: Row, key: str) -> bool | None:
    value = row.get(key)
    return value if isinstance(value, bool) else None


def _vpn_of(router: Row, vpns: list[Row], addresses: Sequence[str]) -> Row:
    """The VPN of the router: the one on an address of it, else the only one there is.

    Only a root admin is told the router's address; without it the router's own word counts.
    """
    for own in (router.get("publicip"), *addresses):
        found = next((vpn for vpn in vpns if own and vpn.get("publicip") == own), None)
        if found is not None:
            return found
    if len(vpns) < 2:
        return vpns[0] if vpns else {}
    if addresses:
        return {}
    raise UnclearVpn(f"{len(vpns)} VPNs are listed and none is known to be the router's")


def _server_version(answers: Row) -> str:
    capability = answers.get("listcapabilitiesresponse")
    if isinstance(capability, dict) and isinstance(capability.get("capability"), dict):
        return _text(capability["capability"], "cloudstackversion")
    return ""


def _services(network: Row) -> tuple[str, ...] | None:
    services = network.get("service")
    if not isinstance(services, list):
        return None
    return tuple(_text(each, "name") for each in services if isinstance(each, dict))


def _key_digest(vpn: Row) -> str:
    """SHA-256 of the key: computed from the key itself, or told by a bundle in its place."""
    for name in ("presharedkeysha256", "psksha256", "psk_sha256", "presharedkey"):
        value = vpn.get(name)
        if not isinstance(value, str) or value in _MASKS:
            continue
        digest = value.lower().removeprefix("sha256:")
        if _DIGEST.fullmatch(digest):
            return digest
        return hashlib.sha256(value.encode()).hexdigest()
    return ""


def _names(users: Iterable[Row], state: str) -> tuple[str, ...]:
    return tuple(
        _text(user, "username") for user in users if (_text(user, "state") or "Active") == state
    )


def _rules(answers: Row, public_ip: str) -> tuple[PortRule, ...] | None:
    rows = _rows(answers, "listfirewallrulesresponse", "firewallrule")
    if rows is None:
        return None
    return tuple(
        _rule(row) for row in rows if not public_ip or row.get("ipaddress", public_ip) == public_ip
    )


def _rule(row: Row) -> PortRule:
    first = row.get("startport")
    last = row.get("endport")
    start = int(first) if first is not None else 1
    end = int(last) if last is not None else (start if first is not None else 65535)
    return PortRule(
        protocol=_text(row, "protocol"),
        first=start,
        last=end,
        sources=_text(row, "cidrlist"),
        state=_text(row, "state") or "Active",
    )


def cloud_document(cloud: CloudSide) -> Row:
    """The API's word as the answers that it is read from; the key only as its digest."""
    router = _given(
        name=cloud.router,
        state=cloud.router_state,
        isredundantrouter=cloud.is_redundant,
        redundantstate=cloud.redundant_state,
        version=cloud.version,
        requiresupgrade=cloud.requires_upgrade,
        serviceofferingname=cloud.router_offering,
        healthchecksfailed=cloud.health_checks_failed,
        zonename=cloud.zone,
        vpcid="vpc" if cloud.is_vpc else None,
        publicip=cloud.public_ip or None,
    )
    network = _given(
        name=cloud.network,
        state=cloud.network_state,
        cidr=cloud.guest_cidr,
        networkofferingname=cloud.network_offering,
        networkofferingconservemode=cloud.conserve_mode,
        account=cloud.account,
    )
    if cloud.network_services is not None:
        network["service"] = [{"name": name} for name in cloud.network_services]
    others = [{"cidr": cidr} for cidr in cloud.other_cidrs]
    documents: Row = {
        "listroutersresponse": _answer("router", [router]),
        "listremoteaccessvpnsresponse": _answer("remoteaccessvpn", _vpn_rows(cloud)),
    }
    if cloud.is_vpc:
        documents["listvpcsresponse"] = _answer("vpc", [network])
        documents["listnetworksresponse"] = _answer("network", others)
    else:
        documents["listnetworksresponse"] = _answer("network", [network, *others])
    if cloud.users is not None:
        rows = [{"username": name, "state": "Active"} for name in cloud.users]
        rows += [{"username": name, "state": "Add"} for name in cloud.adding]
        rows += [{"username": name, "state": "Revoke"} for name in cloud.removing]
        documents["listvpnusersresponse"] = _answer("vpnuser", rows)
    if cloud.rules is not None:
        documents["listfirewallrulesresponse"] = _answer(
            "firewallrule", [_rule_row(rule, cloud.public_ip) for rule in cloud.rules]
        )
    if cloud.server_version:
        version = {"cloudstackversion": cloud.server_version}
        documents["listcapabilitiesresponse"] = {"capability": version}
    return documents


def _given(**fields: object) -> Row:
    """The fields that have a value."""
    return {name: value for name, value in fields.items() if value is not None and value != ""}


def _answer(key: str, rows: list[Row]) -> Row:
    return {"count": len(rows), key: rows} if rows else {}


def _vpn_rows(cloud: CloudSide) -> list[Row]:
    if not cloud.public_ip:
        return []
    row = _given(
        publicip=cloud.public_ip,
        iprange=cloud.pool,
        state=cloud.vpn_state,
        account=cloud.account,
        presharedkeysha256=cloud.psk_sha256,
        pskagedays=cloud.psk_age_days,
    )
    return [row]


def _rule_row(rule: PortRule, public_ip: str) -> Row:
    return _given(
        protocol=rule.protocol,
        startport=rule.first,
        endport=rule.last,
        cidrlist=rule.sources,
        state=rule.state,
        ipaddress=public_ip,
    )
