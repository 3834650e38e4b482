"""One page to hand out: what the VPN is, what to type, what to know."""

from collections.abc import Iterable
from typing import Final

from tui.vpn.kits.pages import Block, Head, Page, Points, Words, to_html, to_markdown, visible
from tui.vpn.kits.settings import Artefact, KitSettings
from tui.vpn.kits.words import about_mtu, about_tunnel, facts, good_to_know, secrets_of

_WHERE: Final = {
    "windows": "Windows: windows/install.ps1, or windows/windows.md for the settings by hand",
    "apple": "Mac, iPhone, iPad: apple/vpn.mobileconfig, or apple/apple.md",
    "linux": "Linux: linux/linux.md",
    "chromeos": "ChromeOS: chromeos/vpn.onc, or chromeos/chromeos.md",
    "android": "Android: android/android.md says what is possible",
}
"""Where in a kit each platform begins."""


def page(settings: KitSettings, platforms: Iterable[str] = ()) -> Page:
    """The page; `platforms` are those whose files lie beside it."""
    where = tuple(_WHERE[name] for name in _WHERE if name in set(platforms))
    beside: tuple[Block, ...] = (Head("On your machine"), Points(where)) if where else ()
    return Page(
        f"VPN {settings.label}",
        (
            Words(
                f"With this VPN you reach {visible(settings.network)} from wherever you are. What "
                "to type is below; no program has to be installed on Windows, a Mac, an iPhone, "
                "an iPad or ChromeOS."
            ),
            facts(settings),
            about_tunnel(settings),
            *beside,
            Head("Good to know"),
            good_to_know(settings),
            about_mtu(settings),
        ),
    )


def artefacts(settings: KitSettings, platforms: Iterable[str]) -> tuple[Artefact, ...]:
    """The page as Markdown and as HTML."""
    made = page(settings, platforms)
    shown = secrets_of(settings)
    return (
        Artefact("handout.html", "one page to print or send", to_html(made).encode(), shown),
        Artefact("handout.md", "the same as Markdown", to_markdown(made).encode(), shown),
    )
