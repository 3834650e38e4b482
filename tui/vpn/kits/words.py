"""Sentences and facts that several pages of a kit have in common."""

from typing import Final

from tui.vpn.kits.choices import MTU_FOR_MOBILE, Place
from tui.vpn.kits.pages import Block, Facts, Page, Points, Warned, Words, to_markdown
from tui.vpn.kits.settings import Artefact, KitSettings, SecretName

_ABSENT: Final[dict[Place, str]] = {
    "shown": "",
    "asked": "(told by another way; it is asked for)",
    "left-out": "(told by another way; type it each time)",
}

ONE_AT_A_TIME: Final = (
    "Behind one internet connection (an office, a home) only one person at a time can be connected "
    "to this VPN."
)
WEAK: Final = (
    "L2TP/IPsec with a shared key is an old kind of VPN: whoever has the key can listen to the "
    "login of others and try out passwords. So the key is a secret too, and passwords have to be "
    "long."
)


def facts(settings: KitSettings) -> Facts:
    """Server, user, key and password as they stand in the kit, then the rest."""
    return Facts(
        (
            ("Kind of VPN", "L2TP/IPsec with a pre-shared key"),
            ("Name of the connection", settings.label),
            ("Server", settings.server),
            ("User", settings.user_shown or _ABSENT[settings.user_place]),
            ("Password", settings.password_shown or _ABSENT[settings.password_place]),
            ("Pre-shared key", settings.key_shown or _ABSENT[settings.key_place]),
            ("Login", "MS-CHAP v2 only"),
            ("Through the tunnel", tunnel(settings)),
            *((("Name server", settings.dns),) if settings.dns else ()),
            *((("Domain", settings.domain),) if settings.domain else ()),
            ("MTU", str(settings.mtu)),
        )
    )


def tunnel(settings: KitSettings) -> str:
    """What goes through the tunnel."""
    return ", ".join(settings.routes) if settings.split else "everything"


def about_tunnel(settings: KitSettings) -> Block:
    """What the choice of the tunnel means, in a paragraph."""
    if settings.split:
        return Words(
            f"Only {tunnel(settings)} goes through the tunnel; the rest of the internet is reached "
            "as before. The gateway tells no routes, so each machine has to be given them."
        )
    return Warned(
        "Everything goes through the tunnel. A Virtual Router lets VPN clients reach its own "
        "networks and, as it is delivered, nothing else: while connected, the internet may not be "
        "there. Ask for a kit with a split tunnel if it is not."
    )


def about_mtu(settings: KitSettings) -> Words:
    """Why the MTU is what it is."""
    return Words(
        f"The MTU is {settings.mtu}: the encryption needs up to 96 bytes of each packet, and what "
        "does not fit is cut in two, which some networks drop (then small pages load and large "
        f"ones hang). If that happens, try {MTU_FOR_MOBILE}, mostly on mobile networks."
    )


def good_to_know(settings: KitSettings) -> Points:
    """What people stumble over on every kind of machine."""
    return Points(
        (
            "Who is idle for half an hour is disconnected; connect again.",
            ONE_AT_A_TIME,
            "The network that you are in must let UDP ports 500 and 4500 out.",
            "If your own network at home uses the same addresses as "
            f"{tunnel(settings) if settings.split else 'the VPN'}, connect from another one.",
            WEAK,
        )
    )


def secrets_of(settings: KitSettings) -> tuple[SecretName, ...]:
    """The secrets that a file has in it that shows all that the kit shows."""
    names: list[SecretName] = []
    if settings.key_shown:
        names.append("key")
    if settings.password_shown:
        names.append("password")
    return tuple(names)


def page_file(name: str, what: str, page: Page, secrets: tuple[SecretName, ...] = ()) -> Artefact:
    """A page as a Markdown file of the kit."""
    return Artefact(name, what, to_markdown(page).encode(), secrets)
