"""The profile for Apple, read by plistlib and by libplist's plistutil, not installed on a device.

Payload keys, their types and values are compared with Apple's schema (`TopLevel`,
`CommonPayloadKeys` and `com.apple.vpn.managed` of github.com/apple/device-management), of which the
part for L2TP is written down here.
"""

import plistlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final
from uuid import UUID

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.vpn.kits.settings import HOSTILE, NAMES, OPEN, PLAIN, hostile, names, run, tool, values
from tui.vpn.kits.apple import artefacts, profile, routes_script
from tui.vpn.kits.choices import ASKED, LEFT_OUT
from tui.vpn.kits.settings import KitSettings

Kinds = Mapping[str, type]

COMMON: Final = {
    "PayloadIdentifier": str,
    "PayloadUUID": str,
    "PayloadType": str,
    "PayloadVersion": int,
}
"""Required in every payload."""
COMMON_OPTIONAL: Final = {
    "PayloadDescription": str,
    "PayloadDisplayName": str,
    "PayloadOrganization": str,
}
TOP: Final = {
    "PayloadContent": list,
    "PayloadRemovalDisallowed": bool,
    "PayloadScope": str,
    "ConsentText": dict,
}
VPN: Final = {
    "VPNType": str,
    "UserDefinedName": str,
    "IPv4": dict,
    "PPP": dict,
    "IPSec": dict,
}
PPP: Final = {"AuthName": str, "AuthPassword": str, "TokenCard": int, "CommRemoteAddress": str}
IPSEC: Final = {"AuthenticationMethod": str, "LocalIdentifierType": str, "SharedSecret": bytes}


def written(settings: KitSettings) -> bytes:
    return next(e.content for e in artefacts(settings) if e.name == "apple/vpn.mobileconfig")


def read(content: bytes) -> dict[str, Any]:
    found = plistlib.loads(content)
    assert isinstance(found, dict)
    return found


def fits(payload: dict[str, Any], required: Kinds, optional: Kinds) -> None:
    assert set(required) <= set(payload) <= set(required) | set(optional)
    for name, value in payload.items():
        kind = {**required, **optional}[name]
        assert isinstance(value, kind), name
        assert not (kind is int and isinstance(value, bool)), f"{name} is an integer of Apple's"


CHOICES: Final = [
    PLAIN,
    OPEN,
    msgspec.structs.replace(PLAIN, key_place=LEFT_OUT, password_place=LEFT_OUT),
    msgspec.structs.replace(PLAIN, user_place=ASKED, split=False),
]


@pytest.mark.parametrize("chosen", CHOICES)
def test_the_profile_has_the_keys_of_the_schema(chosen: KitSettings) -> None:
    top = read(written(chosen))
    fits(top, COMMON, {**TOP, **COMMON_OPTIONAL})
    assert top["PayloadType"] == "Configuration" and top["PayloadVersion"] == 1
    (vpn,) = top["PayloadContent"]
    fits(vpn, {**COMMON, "VPNType": str, "UserDefinedName": str}, {**VPN, **COMMON_OPTIONAL})
    assert vpn["PayloadType"] == "com.apple.vpn.managed" and vpn["VPNType"] == "L2TP"
    fits(vpn["PPP"], {"CommRemoteAddress": str}, PPP)
    fits(vpn["IPSec"], {"AuthenticationMethod": str}, IPSEC)
    assert vpn["IPSec"]["AuthenticationMethod"] == "SharedSecret"
    assert vpn["IPSec"]["LocalIdentifierType"] == "KeyID"
    assert vpn["IPv4"] == {"OverridePrimary": 0 if chosen.split else 1}
    assert len({UUID(top["PayloadUUID"]), UUID(vpn["PayloadUUID"])}) == 2
    assert vpn["PayloadIdentifier"].startswith(top["PayloadIdentifier"] + ".")


def test_what_is_not_shown_is_not_there() -> None:
    (vpn,) = read(written(PLAIN))["PayloadContent"]
    assert (
        set(vpn["PPP"]) == {"CommRemoteAddress", "AuthName"} and "SharedSecret" not in vpn["IPSec"]
    )
    nobody = msgspec.structs.replace(PLAIN, user_place=ASKED)
    (vpn,) = read(written(nobody))["PayloadContent"]
    assert set(vpn["PPP"]) == {"CommRemoteAddress"}
    (vpn,) = read(written(OPEN))["PayloadContent"]
    assert vpn["PPP"]["AuthPassword"] == OPEN.password_shown
    assert vpn["IPSec"]["SharedSecret"] == OPEN.key_shown.encode()


@given(values, values, values, names)
def test_hostile_values_come_back(user: str, key: str, password: str, network: str) -> None:
    (vpn,) = read(written(hostile(user, key, password, network)))["PayloadContent"]
    assert vpn["PPP"]["AuthName"] == user and vpn["PPP"]["AuthPassword"] == password
    assert vpn["IPSec"]["SharedSecret"] == key.encode()


@settings(max_examples=25)
@given(st.sampled_from(HOSTILE), st.sampled_from(HOSTILE), st.sampled_from(NAMES))
def test_plistutil_reads_the_same(user: str, key: str, network: str) -> None:
    content = written(hostile(user, key, "secret", network))
    again = run(tool("plistutil"), "-f", "xml", "-i", "-", "-o", "-", given=content.decode())
    assert read(again.stdout.encode()) == read(content)


def test_installing_again_replaces() -> None:
    changed = msgspec.structs.replace(OPEN, key_place=ASKED, routes=("10.9.0.0/16",))
    assert _uuids(OPEN) == _uuids(PLAIN) == _uuids(changed)
    other = msgspec.structs.replace(OPEN, server="203.0.113.11")
    assert not set(_uuids(other)) & set(_uuids(OPEN))
    assert not set(_uuids(msgspec.structs.replace(OPEN, user="bob"))) & set(_uuids(OPEN))


def _uuids(chosen: KitSettings) -> list[object]:
    top = profile(chosen)
    content = top["PayloadContent"]
    assert isinstance(content, list)
    return [top["PayloadUUID"], content[0]["PayloadUUID"]]


def test_the_routes_of_a_mac_come_with_this_vpn_only(tmp_path: Path) -> None:
    script = routes_script(msgspec.structs.replace(PLAIN, routes=("10.1.1.0/24", "10.2.0.0/16")))
    called = tmp_path / "called"
    stub = script.replace("/sbin/route", f"echo route >> {called};: ")
    for remote in ("10.9.9.9", "10.1.2.1"):
        run("/bin/sh", "-c", stub, "ip-up", "ppp0", "tty", "0", "10.1.2.2", remote)
        assert called.exists() is (remote == "10.1.2.1")
    assert called.read_text().splitlines() == ["route", "route"]
    assert not any(e.name == "apple/ip-up" for e in artefacts(CHOICES[-1]))
