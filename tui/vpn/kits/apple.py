"""macOS, iOS and iPadOS: a configuration profile, and the same by hand.

Payload keys as in Apple's schema `com.apple.vpn.managed` (github.com/apple/device-management). The
profile has no place for routes with L2TP, so a Mac gets them from pppd's `ip-up` script.
"""

import plistlib
import uuid
from typing import Final

from tui.vpn.kits.pages import Block, Code, Head, Page, Steps, Warned, Words, visible
from tui.vpn.kits.settings import Artefact, KitSettings
from tui.vpn.kits.words import about_tunnel, page_file, secrets_of

_NAMESPACE: Final = uuid.UUID("6e2c8b1c-0a35-5f0e-9d5e-2d0a6d5f3c11")
"""Of all profiles that kits make: the same VPN and user give the same UUIDs, so that a profile that
is installed again replaces the one before."""


def _uuid(settings: KitSettings, part: str) -> str:
    whose = "\n".join((part, settings.server, settings.label, settings.user_shown))
    return str(uuid.uuid5(_NAMESPACE, whose)).upper()


def profile(settings: KitSettings) -> dict[str, object]:
    """The profile as property list values."""
    identifier = f"csvpn.{_uuid(settings, 'identifier').lower()}"
    ppp: dict[str, object] = {"CommRemoteAddress": settings.server}
    if settings.user_shown:
        ppp["AuthName"] = settings.user_shown
    if settings.password_shown:
        # The schema says "if TokenCard is 1", Apple's own tools write it without one.
        ppp["AuthPassword"] = settings.password_shown
    ipsec: dict[str, object] = {
        "AuthenticationMethod": "SharedSecret",
        "LocalIdentifierType": "KeyID",
    }
    if settings.key_shown:
        ipsec["SharedSecret"] = settings.key_shown.encode()
    vpn: dict[str, object] = {
        "PayloadType": "com.apple.vpn.managed",
        "PayloadVersion": 1,
        "PayloadIdentifier": f"{identifier}.vpn",
        "PayloadUUID": _uuid(settings, "vpn"),
        "PayloadDisplayName": settings.label,
        "UserDefinedName": settings.label,
        "VPNType": "L2TP",
        "IPv4": {"OverridePrimary": 0 if settings.split else 1},
        "PPP": ppp,
        "IPSec": ipsec,
    }
    return {
        "PayloadType": "Configuration",
        "PayloadVersion": 1,
        "PayloadIdentifier": identifier,
        "PayloadUUID": _uuid(settings, "profile"),
        "PayloadDisplayName": f"VPN {settings.label}",
        "PayloadDescription": f"L2TP/IPsec to {visible(settings.network)} at {settings.server}.",
        "PayloadRemovalDisallowed": False,
        "PayloadContent": [vpn],
    }


def routes_script(settings: KitSettings) -> str:
    """`/etc/ppp/ip-up` of a Mac: adds the routes when this VPN comes up, and only then.

    pppd calls it with interface, tty, speed, local and remote address; the remote one is the
    router's own end of the tunnel, which is also the name server that it hands out.
    """
    lines = [f'/sbin/route -n add -net {route} -interface "$1"' for route in settings.routes]
    return "\n".join(
        [
            "#!/bin/sh",
            "# Routes of a VPN. Keep what is in /etc/ppp/ip-up already, if there is such a file.",
            'case "$5" in',
            f"{settings.dns or '*'})",
            *(f"    {line}" for line in lines),
            "    ;;",
            "esac",
            "",
        ]
    )


def _routes_of_a_mac(settings: KitSettings) -> tuple[Block, ...]:
    if not settings.split:
        return ()
    return (
        Head("Routes on a Mac"),
        Words(
            "Profiles have no place for routes with L2TP. A Mac then sends only the network that "
            "its own VPN address belongs to through the tunnel; if you cannot reach the machines, "
            "install the script beside this page:"
        ),
        Code("sudo install -m 755 ip-up /etc/ppp/ip-up"),
        Words("An iPhone or iPad has no such place: there, use a kit that sends everything."),
    )


def dialogs_page(settings: KitSettings) -> Page:
    """Installing the profile, and the same by hand."""
    key = settings.key_shown or "(the pre-shared key)"
    everything = "on" if not settings.split else "off"
    clear: tuple[Block, ...] = ()
    if secrets_of(settings):
        clear = (
            Warned(
                "The profile is not signed and not encrypted: base64 is only another spelling. "
                "Delete it once it is installed."
            ),
        )
    return Page(
        f"macOS, iPhone, iPad: {settings.label}",
        (
            Head("With the profile"),
            Steps(
                (
                    "Open vpn.mobileconfig (on an iPhone or iPad: from Files or by AirDrop).",
                    "Mac: System Settings, General, Device Management (older: Profiles), install. "
                    "iPhone, iPad: Settings, Profile Downloaded, Install.",
                    "That the profile is not signed is said in red; compare the server "
                    f"{settings.server} before you go on.",
                    "Type what is asked for: user name, password, shared secret.",
                )
            ),
            *clear,
            about_tunnel(settings),
            *_routes_of_a_mac(settings),
            Head("By hand on a Mac"),
            Steps(
                (
                    "System Settings, VPN, Add VPN Configuration, L2TP over IPSec.",
                    f"Display name: {settings.label}",
                    f"Server address: {settings.server}",
                    f"Account name: {settings.user_shown or '(your user name)'}",
                    "User authentication: Password. Machine authentication: Shared secret.",
                    f"Shared secret: {key}",
                    f"Options: Send all traffic over VPN connection: {everything}.",
                )
            ),
            Head("By hand on an iPhone or iPad"),
            Steps(
                (
                    "Settings, General, VPN & Device Management, VPN, Add VPN Configuration.",
                    "Type: L2TP.",
                    f"Description: {settings.label}",
                    f"Server: {settings.server}",
                    f"Account: {settings.user_shown or '(your user name)'}",
                    f"Secret: {key}",
                    f"Send All Traffic: {everything}.",
                )
            ),
        ),
    )


def artefacts(settings: KitSettings) -> tuple[Artefact, ...]:
    """Profile, page, and for a split tunnel the script with the routes."""
    content = plistlib.dumps(profile(settings), fmt=plistlib.FMT_XML, sort_keys=False)
    shown = secrets_of(settings)
    made = [
        Artefact("apple/vpn.mobileconfig", "profile for Mac, iPhone and iPad", content, shown),
        page_file(
            "apple/apple.md",
            "installing it, and the same by hand",
            dialogs_page(settings),
            ("key",) if settings.key_shown else (),
        ),
    ]
    if settings.split:
        script = routes_script(settings).encode()
        made.append(Artefact("apple/ip-up", "routes for a Mac", script))
    return tuple(made)
