"""The scripts for Windows, read by the grammar tree-sitter-powershell, not run on any Windows.

Cmdlets, parameters and their values are compared with Microsoft's reference of the module
VpnClient (Add-VpnConnection, Add-VpnConnectionRoute, Set-VpnConnectionIPsecConfiguration,
Remove-VpnConnection), which is written down here.
"""

import re
from collections.abc import Iterator
from typing import Final

import msgspec
import pytest
import tree_sitter_powershell
from hypothesis import given
from tree_sitter import Language, Node, Parser

from tests.vpn.kits.settings import HOSTILE, OPEN, PLAIN, hostile, names, values
from tui.vpn.kits.choices import LEFT_OUT
from tui.vpn.kits.escaping import powershell
from tui.vpn.kits.settings import KitSettings
from tui.vpn.kits.windows import artefacts, install_script, remove_script

_PARSER: Final = Parser(Language(tree_sitter_powershell.language()))

ADD_VPN: Final = {
    "Name", "ServerAddress", "TunnelType", "L2tpPsk", "AuthenticationMethod", "EncryptionLevel",
    "SplitTunneling", "RememberCredential", "DnsSuffix", "Force",
}  # fmt: skip
IPSEC: Final = {
    "ConnectionName": None,
    "EncryptionMethod": {"DES", "DES3", "AES128", "AES192", "AES256", "GCMAES128", "GCMAES256"},
    "IntegrityCheckMethod": {"MD5", "SHA1", "SHA256", "SHA384"},
    "DHGroup": {"None", "Group1", "Group2", "Group14", "ECP256", "ECP384", "Group24"},
    "CipherTransformConstants": {
        "DES", "DES3", "AES128", "AES192", "AES256", "GCMAES128", "GCMAES192", "GCMAES256", "None",
    },
    "AuthenticationTransformConstants": {
        "MD596", "SHA196", "SHA256128", "GCMAES128", "GCMAES192", "GCMAES256", "None",
    },
    "PfsGroup": {"None", "PFS1", "PFS2", "PFS2048", "ECP256", "ECP384", "PFSMM", "PFS24"},
    "Force": None,
}  # fmt: skip
"""Parameters of the cmdlet and the values that they take."""
CMDLETS: Final = {
    "Get-VpnConnection", "Add-VpnConnection", "Remove-VpnConnection", "Add-VpnConnectionRoute",
    "Set-VpnConnectionIPsecConfiguration", "Set-ItemProperty", "Remove-ItemProperty", "Write-Host",
    "Read-Host", "Out-Null", "rasdial",
}  # fmt: skip


def nodes(script: str) -> Iterator[Node]:
    """Every node of a script that has no mistake."""
    tree = _PARSER.parse(script.encode())
    waiting = [tree.root_node]
    while waiting:
        node = waiting.pop()
        assert node.type != "ERROR" and not node.is_missing, text(node.parent or node)
        yield node
        waiting += reversed(node.children)


def text(node: Node) -> str:
    return (node.text or b"").decode()


def string(literal: str) -> str:
    """The value of a single-quoted string, as PowerShell's tokenizer reads it."""
    assert literal.startswith("'") and literal.endswith("'"), literal
    quotes = "'\u2018\u2019\u201a\u201b"
    return re.sub(f"([{quotes}])[{quotes}]", r"\1", literal[1:-1])


def assigned(script: str, variable: str) -> list[str]:
    """The strings that are assigned to a variable at the top of a script."""
    found = [
        node
        for node in nodes(script)
        if node.type == "assignment_expression" and text(node).startswith(f"${variable} =")
    ]
    assert len(found) == 1, f"{variable} is assigned {len(found)} times"
    inside = [found[0]]
    literals = []
    while inside:
        node = inside.pop()
        if node.type == "verbatim_string_characters":
            literals.append(string(text(node)))
        inside += reversed(node.children)
    return literals


def table_of(script: str, name: str) -> dict[str, str]:
    """The keys and values of a hashtable that is assigned to `name`."""
    found = next(
        node
        for node in nodes(script)
        if node.type == "assignment_expression" and text(node).startswith(f"${name} = @{{")
    )
    pairs = re.findall(r"^\s+(\w+) = (.+)$", text(found), re.MULTILINE)
    return {key: value.strip().strip("'") for key, value in pairs}


def commands(script: str) -> set[str]:
    return {text(node) for node in nodes(script) if node.type == "command_name"}


@given(values, values)
def test_hostile_values_stay_values(user: str, key: str) -> None:
    script = install_script(hostile(user, key, "secret"))
    assert assigned(script, "User") == [user]
    assert assigned(script, "Key") == [key]
    assert commands(script) <= CMDLETS


@given(names)
def test_any_network_gives_a_script(network: str) -> None:
    settings = msgspec.structs.replace(PLAIN, network=network)
    for script in (install_script(settings), remove_script(settings)):
        assert assigned(script, "Name") == [settings.label]
        assert commands(script) <= CMDLETS


@pytest.mark.parametrize("value", HOSTILE)
def test_a_string_ends_only_where_it_should(value: str) -> None:
    # PowerShell ends a string at a curly quote too, which the grammar does not know.
    inner = powershell(value)[1:-1]
    assert re.fullmatch("(?:[^'\u2018\u2019\u201a\u201b]|(['\u2018\u2019\u201a\u201b])\\1)*", inner)
    assert string(powershell(value)) == value


@pytest.mark.parametrize(
    "settings",
    [
        PLAIN,
        OPEN,
        msgspec.structs.replace(PLAIN, key_place=LEFT_OUT, password_place=LEFT_OUT),
        msgspec.structs.replace(OPEN, split=False, domain=""),
    ],
)
def test_parameters_are_those_of_the_reference(settings: KitSettings) -> None:
    script = install_script(settings)
    connection = table_of(script, "Connection")
    added = set(re.findall(r"\$Connection\['(\w+)'\]", script))
    assert set(connection) | added == ADD_VPN
    assert connection["TunnelType"] == "L2tp"
    assert connection["AuthenticationMethod"] == "MSChapv2"
    ipsec = table_of(script, "Ipsec")
    assert set(ipsec) == set(IPSEC)
    for name, allowed in IPSEC.items():
        assert allowed is None or ipsec[name] in allowed, name


def test_the_ciphers_are_ones_that_a_router_takes() -> None:
    """The effective proposals of a Virtual Router: AES-CBC, SHA-2, MODP-2048; no PFS."""
    ipsec = table_of(install_script(PLAIN), "Ipsec")
    assert (ipsec["EncryptionMethod"], ipsec["IntegrityCheckMethod"]) == ("AES256", "SHA256")
    assert (ipsec["DHGroup"], ipsec["PfsGroup"]) == ("Group14", "None")
    assert ipsec["CipherTransformConstants"] == "AES256"
    assert ipsec["AuthenticationTransformConstants"] == "SHA256128"


def test_routes_and_secrets_are_where_they_were_chosen_to_be() -> None:
    script = install_script(PLAIN)
    assert assigned(script, "Routes") == ["10.1.1.0/24"]
    assert "Read-Host" in commands(script) and "kHjhsd76" not in script
    everything = install_script(msgspec.structs.replace(OPEN, split=False))
    assert assigned(everything, "Routes") == []
    assert "$SplitTunnel = $false" in everything and "Read-Host" not in commands(everything)
    nothing = install_script(msgspec.structs.replace(PLAIN, key_place=LEFT_OUT))
    assert assigned(nothing, "Key") == [""] and "Read-Host" not in commands(nothing)
    assert "h7Rbn" not in install_script(OPEN), "Windows asks for the password itself"


def test_the_setting_for_translated_servers_is_not_made_unasked_and_can_be_undone() -> None:
    script = install_script(PLAIN)
    asked = script.index("if ($AllowServerBehindNat) {")
    assert script.index("Set-ItemProperty") > asked and "RISK" in script
    assert "Remove-ItemProperty" in commands(remove_script(PLAIN))
    assert "AssumeUDPEncapsulationContextOnSendRule" in remove_script(PLAIN)


def test_files_are_as_windows_powershell_reads_them() -> None:
    made = {each.name: each for each in artefacts(OPEN)}
    content = made["windows/install.ps1"].content
    assert content.startswith(b"\xef\xbb\xbf") and content.count(b"\n") == content.count(b"\r\n")
    assert made["windows/install.ps1"].secrets == ("key",)
    assert made["windows/remove.ps1"].secrets == ()
