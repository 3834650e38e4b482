"""The file for ChromeOS, read as JSON and compared with Chromium's onc_spec.md, not imported."""

import json
from typing import Any, Final

import msgspec
from hypothesis import given

from tests.vpn.kits.settings import OPEN, PLAIN, hostile, names, text_of, values
from tui.vpn.kits.choices import ASKED, LEFT_OUT
from tui.vpn.kits.chromeos import artefacts
from tui.vpn.kits.settings import KitSettings

NETWORK: Final = {"GUID": str, "Name": str, "Type": str, "VPN": dict}
VPN: Final = {"Type": str, "Host": str, "AutoConnect": bool, "IPsec": dict, "L2TP": dict}
IPSEC: Final = {"AuthenticationType": str, "IKEVersion": int, "PSK": str, "SaveCredentials": bool}
L2TP: Final = {"Username": str, "Password": str, "SaveCredentials": bool}


def read(settings: KitSettings) -> dict[str, Any]:
    document = json.loads(text_of(artefacts(settings), "chromeos/vpn.onc"))
    assert set(document) == {"Type", "NetworkConfigurations"}
    assert document["Type"] == "UnencryptedConfiguration"
    (network,) = document["NetworkConfigurations"]
    vpn = network["VPN"]
    for there, known in (
        (network, NETWORK), (vpn, VPN), (vpn["IPsec"], IPSEC), (vpn["L2TP"], L2TP),
    ):  # fmt: skip
        assert {name: type(value) for name, value in there.items()}.items() <= known.items()
    assert network["Type"] == "VPN" and vpn["Type"] == "L2TP-IPsec"
    assert vpn["IPsec"]["AuthenticationType"] == "PSK" and vpn["IPsec"]["IKEVersion"] == 1
    assert isinstance(vpn, dict)
    return vpn


@given(values, values, values, names)
def test_hostile_values_come_back(user: str, key: str, password: str, network: str) -> None:
    vpn = read(hostile(user, key, password, network))
    assert vpn["IPsec"]["PSK"] == key
    assert (vpn["L2TP"]["Username"], vpn["L2TP"]["Password"]) == (user, password)


def test_what_is_not_shown_is_not_there() -> None:
    vpn = read(PLAIN)
    assert "PSK" not in vpn["IPsec"] and vpn["IPsec"]["SaveCredentials"] is True
    assert vpn["L2TP"] == {"Username": "alice", "SaveCredentials": True}
    vpn = read(msgspec.structs.replace(PLAIN, password_place=LEFT_OUT, user_place=ASKED))
    assert vpn["L2TP"] == {"SaveCredentials": False}
    named = {each.name: each.secrets for each in artefacts(OPEN)}
    assert named == {"chromeos/vpn.onc": ("key", "password"), "chromeos/chromeos.md": ("key",)}
