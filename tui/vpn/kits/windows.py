"""Windows 10 and 11: a PowerShell script that makes the connection, and one that removes it.

Cmdlets and parameters as in Microsoft's reference of the module VpnClient;
`Set-VpnConnectionIPsecConfiguration` is documented there for IKEv2 and L2TP connections. The values
are ones that a Virtual Router takes: AES-256, SHA-256 and MODP-2048 (group 14) for IKE, AES-256-CBC
with SHA-256-128 and no PFS for ESP.
"""

from typing import Final

from tui.vpn.kits.choices import ASKED, LEFT_OUT
from tui.vpn.kits.escaping import powershell
from tui.vpn.kits.pages import Code, Facts, Head, Page, Steps, Warned, Words
from tui.vpn.kits.settings import Artefact, KitSettings
from tui.vpn.kits.words import about_tunnel, page_file, tunnel

_BOM: Final = b"\xef\xbb\xbf"
"""Without it Windows PowerShell 5.1 reads a script in the code page of the machine."""

_HEAD: Final = """\
#Requires -Version 5.1
# Makes the VPN connection $Name for the person who runs it; no administrator is needed for that.
#   powershell -ExecutionPolicy Bypass -File .\\install.ps1
# -WindowsDefaults       leaves the choice of ciphers to Windows (it offers AES-256 with SHA-1 too)
# -AllowServerBehindNat  needs an administrator and a restart: see below
[CmdletBinding()]
param(
    [switch]$WindowsDefaults,
    [switch]$AllowServerBehindNat
)
$ErrorActionPreference = 'Stop'
"""

_ASK_KEY: Final = """\
$Typed = Read-Host -Prompt 'Pre-shared key (it is not shown)' -AsSecureString
$Key = [System.Net.NetworkCredential]::new('', $Typed).Password
"""

_MAKE: Final = """\
if (Get-VpnConnection -Name $Name -ErrorAction SilentlyContinue) {
    Remove-VpnConnection -Name $Name -Force
}
$Connection = @{
    Name = $Name
    ServerAddress = $Server
    TunnelType = 'L2tp'
    AuthenticationMethod = 'MSChapv2'
    EncryptionLevel = 'Required'
    SplitTunneling = $SplitTunnel
    RememberCredential = $Remember
    Force = $true
}
if ($Key) { $Connection['L2tpPsk'] = $Key }
if ($DnsSuffix) { $Connection['DnsSuffix'] = $DnsSuffix }
Add-VpnConnection @Connection
"""

_IPSEC: Final = """\
if (-not $WindowsDefaults) {
    # The strongest that both ends have. Should the connection fail with error 788, go back with
    #   Set-VpnConnectionIPsecConfiguration -ConnectionName $Name -RevertToDefault -Force
    $Ipsec = @{
        ConnectionName = $Name
        EncryptionMethod = 'AES256'
        IntegrityCheckMethod = 'SHA256'
        DHGroup = 'Group14'
        CipherTransformConstants = 'AES256'
        AuthenticationTransformConstants = 'SHA256128'
        PfsGroup = 'None'
        Force = $true
    }
    Set-VpnConnectionIPsecConfiguration @Ipsec
}
"""

_ROUTES: Final = """\
foreach ($Route in $Routes) {
    Add-VpnConnectionRoute -ConnectionName $Name -DestinationPrefix $Route
}
"""

_NAT: Final = """\
# Only where the VPN's address is translated on the way to the router, or this machine and the
# router both are (errors 789 and 809). RISK: it is for the whole machine, and lets IPsec be set up
# with any server behind a translation, also one that is not the one meant. Undo it with
# .\\remove.ps1 -UndoNat; either way Windows has to be restarted.
if ($AllowServerBehindNat) {
    $Setting = @{
        Path = 'HKLM:\\SYSTEM\\CurrentControlSet\\Services\\PolicyAgent'
        Name = 'AssumeUDPEncapsulationContextOnSendRule'
        Value = 2
        Type = 'DWord'
    }
    Set-ItemProperty @Setting
    Write-Host 'Restart Windows before you connect.'
}
"""

_REMOVE: Final = """\
$ErrorActionPreference = 'Stop'
if (Get-VpnConnection -Name $Name -ErrorAction SilentlyContinue) {
    rasdial $Name /disconnect | Out-Null
    Remove-VpnConnection -Name $Name -Force
    Write-Host "Removed $Name."
} else {
    Write-Host "There is no connection $Name."
}
if ($UndoNat) {
    $Setting = @{
        Path = 'HKLM:\\SYSTEM\\CurrentControlSet\\Services\\PolicyAgent'
        Name = 'AssumeUDPEncapsulationContextOnSendRule'
        ErrorAction = 'SilentlyContinue'
    }
    Remove-ItemProperty @Setting
    Write-Host 'Restart Windows to finish.'
}
"""


def install_script(settings: KitSettings) -> str:
    """The script that makes the connection."""
    routes = settings.routes if settings.split else ()
    values = [
        f"$Name = {powershell(settings.label)}",
        f"$Server = {powershell(settings.server)}",
        f"$User = {powershell(settings.user_shown)}",
        f"$DnsSuffix = {powershell(settings.domain)}",
        f"$Routes = @({', '.join(powershell(route) for route in routes)})",
        f"$SplitTunnel = {_boolean(settings.split)}",
        f"$Remember = {_boolean(settings.password_place != LEFT_OUT)}",
    ]
    if settings.key_shown:
        values += [
            "# ATTENTION: the pre-shared key in clear text. Delete this file when done.",
            f"$Key = {powershell(settings.key_shown)}",
        ]
    elif settings.key_place == ASKED:
        values += _ASK_KEY.splitlines()
    else:
        values += [
            "# Type the key into the properties of the connection afterwards.",
            "$Key = ''",
        ]
    said = (
        'Write-Host "Made $Name. Connect in Settings, Network and internet, VPN."',
        'if ($User) { Write-Host "User name: $User" }',
        *_mtu_lines(settings),
    )
    parts = [_HEAD, "\n".join(values) + "\n", _MAKE, _IPSEC, _ROUTES, _NAT, "\n".join(said) + "\n"]
    return "\n".join(parts)


def _mtu_lines(settings: KitSettings) -> tuple[str, ...]:
    return (
        "# If large pages hang, as an administrator while connected (or with 1280):",
        f"#   netsh interface ipv4 set subinterface $Name mtu={settings.mtu} store=persistent",
    )


def remove_script(settings: KitSettings) -> str:
    """The script that removes the connection, and undoes the setting for translated servers."""
    head = "#Requires -Version 5.1\n[CmdletBinding()]\nparam([switch]$UndoNat)\n"
    return f"{head}$Name = {powershell(settings.label)}\n{_REMOVE}"


def _boolean(value: bool) -> str:
    return "$true" if value else "$false"


def _script(name: str, what: str, text: str, *, with_key: bool = False) -> Artefact:
    content = _BOM + text.replace("\n", "\r\n").encode()
    return Artefact(name, what, content, ("key",) if with_key else ())


def dialogs_page(settings: KitSettings) -> Page:
    """The script explained, and the same by hand in the settings of Windows."""
    key = settings.key_shown or "(the pre-shared key)"
    by_hand = (
        "Open Settings, Network & internet, VPN, and choose Add VPN.",
        "VPN provider: Windows (built-in).",
        f"Connection name: {settings.label}",
        f"Server name or address: {settings.server}",
        "VPN type: L2TP/IPsec with pre-shared key.",
        f"Pre-shared key: {key}",
        "Type of sign-in info: User name and password; leave both empty or fill them in. Save.",
        "Open Control Panel, Network and Sharing Center, Change adapter settings; right-click "
        f"{settings.label}, Properties, Security: choose Allow these protocols and tick only "
        "Microsoft CHAP Version 2 (MS-CHAP v2).",
        *_by_hand_routes(settings),
        "Connect from the network symbol in the task bar.",
    )
    return Page(
        f"Windows 10 and 11: {settings.label}",
        (
            Head("With the script"),
            Words(
                "Open PowerShell in this folder and run the line below. It makes the connection "
                "for you alone and needs no administrator. remove.ps1 takes it away again."
            ),
            Code("powershell -ExecutionPolicy Bypass -File .\\install.ps1"),
            about_tunnel(settings),
            Head("By hand"),
            Steps(by_hand),
            Head("When it does not connect"),
            Facts(
                (
                    ("Error 691", "wrong user name or password"),
                    ("Error 741 or 742", "the security properties ask for more than MS-CHAP v2"),
                    ("Error 788", "the ciphers do not fit: run install.ps1 -WindowsDefaults"),
                    ("Error 789 or 809", "wrong key, or a firewall or translation on the way"),
                )
            ),
            Warned(
                "install.ps1 -AllowServerBehindNat (as an administrator) helps with errors 789 and "
                "809 where the address of the VPN is translated. It changes the whole machine and "
                "lets IPsec be set up with any server behind a translation; undo it with "
                "remove.ps1 -UndoNat. Windows has to be restarted after both."
            ),
        ),
    )


def _by_hand_routes(settings: KitSettings) -> tuple[str, ...]:
    if not settings.split:
        return ()
    return (
        "In the same window, Networking, Internet Protocol Version 4, Properties, Advanced: untick "
        "Use default gateway on remote network.",
        f"In PowerShell, for each of {tunnel(settings)}: Add-VpnConnectionRoute -ConnectionName "
        f"{powershell(settings.label)} -DestinationPrefix (that network)",
    )


def artefacts(settings: KitSettings) -> tuple[Artefact, ...]:
    """Both scripts and the page."""
    shows = bool(settings.key_shown)
    return (
        _script(
            "windows/install.ps1",
            "makes the connection in Windows",
            install_script(settings),
            with_key=shows,
        ),
        _script("windows/remove.ps1", "removes it again", remove_script(settings)),
        page_file(
            "windows/windows.md",
            "the same by hand, step by step",
            dialogs_page(settings),
            ("key",) if shows else (),
        ),
    )
