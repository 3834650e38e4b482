"""ChromeOS: an Open Network Configuration file, and the same by hand.

Fields as in Chromium's onc_spec.md and its example valid_l2tpipsec.onc.
"""

import json
import uuid
from typing import Final

from tui.vpn.kits.choices import LEFT_OUT
from tui.vpn.kits.pages import Block, Head, Page, Steps, Warned, Words
from tui.vpn.kits.settings import Artefact, KitSettings
from tui.vpn.kits.words import about_tunnel, page_file, secrets_of

_NAMESPACE: Final = uuid.UUID("0d1c39c6-3e0a-5b6c-9f28-5f4a4cb1a0d9")


def configuration(settings: KitSettings) -> dict[str, object]:
    """The file as JSON values."""
    whose = "\n".join((settings.server, settings.label, settings.user_shown))
    ipsec: dict[str, object] = {
        "AuthenticationType": "PSK",
        "IKEVersion": 1,
        "SaveCredentials": settings.key_place != LEFT_OUT,
    }
    if settings.key_shown:
        ipsec["PSK"] = settings.key_shown
    l2tp: dict[str, object] = {"SaveCredentials": settings.password_place != LEFT_OUT}
    if settings.user_shown:
        l2tp["Username"] = settings.user_shown
    if settings.password_shown:
        l2tp["Password"] = settings.password_shown
    network = {
        "GUID": f"{{{uuid.uuid5(_NAMESPACE, whose)}}}",
        "Name": settings.label,
        "Type": "VPN",
        "VPN": {
            "Type": "L2TP-IPsec",
            "Host": settings.server,
            "AutoConnect": False,
            "IPsec": ipsec,
            "L2TP": l2tp,
        },
    }
    return {"Type": "UnencryptedConfiguration", "NetworkConfigurations": [network]}


def page(settings: KitSettings) -> Page:
    """Importing the file, and the same by hand."""
    warned: tuple[Block, ...] = ()
    if secrets_of(settings):
        warned = (Warned("The file has secrets in clear text. Delete it once it is imported."),)
    split: tuple[Block, ...] = (about_tunnel(settings),)
    if settings.split:
        split = (
            Words(
                "ChromeOS has no place for the routes of a VPN: while connected it sends everything"
                " through the tunnel, and the internet may not be there."
            ),
        )
    return Page(
        f"ChromeOS: {settings.label}",
        (
            Head("With the file"),
            Steps(
                (
                    "Open chrome://network in the browser, and there Network Configuration.",
                    "Import ONC file: choose vpn.onc.",
                    "Settings, Network, VPN: choose the connection, type what is asked for.",
                )
            ),
            *warned,
            *split,
            Head("By hand"),
            Steps(
                (
                    "Settings, Network, Add connection, Add built-in VPN.",
                    f"Service name: {settings.label}",
                    "Provider type: L2TP/IPsec.",
                    f"Server hostname: {settings.server}",
                    "Authentication type: Pre-shared key.",
                    f"Username: {settings.user_shown or '(your user name)'}",
                    f"Pre-shared key: {settings.key_shown or '(the pre-shared key)'}",
                )
            ),
        ),
    )


def artefacts(settings: KitSettings) -> tuple[Artefact, ...]:
    """The file and the page."""
    text = json.dumps(configuration(settings), indent=2, ensure_ascii=True) + "\n"
    return (
        Artefact("chromeos/vpn.onc", "to import", text.encode(), secrets_of(settings)),
        page_file(
            "chromeos/chromeos.md",
            "importing it, and the same by hand",
            page(settings),
            ("key",) if settings.key_shown else (),
        ),
    )
