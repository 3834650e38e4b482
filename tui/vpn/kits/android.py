"""Android: what still has L2TP, and what to use instead."""

from tui.vpn.kits.pages import Head, Page, Points, Steps, Words
from tui.vpn.kits.settings import Artefact, KitSettings
from tui.vpn.kits.words import about_tunnel, facts, page_file, secrets_of


def page(settings: KitSettings) -> Page:
    """The page."""
    routes = ", ".join(settings.routes)
    forwarding = (f"Forwarding routes: {routes}",) if settings.split else ()
    return Page(
        f"Android: {settings.label}",
        (
            Head("Android 12 and newer: not possible"),
            Words(
                "Android took L2TP out of new connections in version 12; it offers IKEv2 only, "
                "and this gateway has no IKEv2 login for people. The strongSwan app is IKEv2 only "
                "too. A connection that was made before an upgrade may go on working."
            ),
            Points(
                (
                    "Use a laptop with this kit.",
                    "Or ask for a machine in the cloud that offers WireGuard or OpenVPN; both "
                    "have apps for Android.",
                    "Or connect a router at your place to the VPN, and the phone to its wireless "
                    "network.",
                )
            ),
            Head("Android 11 and older"),
            Words(
                "It may work. Some of them offer only the group MODP-1024, which a Virtual Router "
                "refuses; then nothing can be set on the phone that helps."
            ),
            Steps(
                (
                    "Settings, Network & internet, VPN, +.",
                    f"Name: {settings.label}",
                    "Type: L2TP/IPSec PSK.",
                    f"Server address: {settings.server}",
                    "L2TP secret and IPSec identifier: leave both empty.",
                    f"IPSec pre-shared key: {settings.key_shown or '(the pre-shared key)'}",
                    *forwarding,
                    f"Username: {settings.user_shown or '(your user name)'}",
                )
            ),
            about_tunnel(settings),
            facts(settings),
        ),
    )


def artefacts(settings: KitSettings) -> tuple[Artefact, ...]:
    """The page."""
    return (
        page_file(
            "android/android.md",
            "what works and what does not",
            page(settings),
            secrets_of(settings),
        ),
    )
