"""A whole kit: the artefacts of the chosen platforms, and a README that says what is secret."""

import io
import zipfile
from collections.abc import Callable, Iterable
from typing import Final

import msgspec

from tui.vpn.kits import android, apple, chromeos, handout, linux, qr, windows
from tui.vpn.kits.pages import Block, Facts, Page, Warned, Words, to_text, visible
from tui.vpn.kits.settings import (
    Artefact,
    KitImpossible,
    KitSettings,
    SecretName,
    checked,
    secrets_in,
    slug_of,
)

Maker = Callable[[KitSettings], tuple[Artefact, ...]]

MAKERS: Final[dict[str, Maker]] = {
    "windows": windows.artefacts,
    "apple": apple.artefacts,
    "linux": linux.artefacts,
    "chromeos": chromeos.artefacts,
    "android": android.artefacts,
    "qr": qr.artefacts,
}
"""What makes each part of a kit, by the names of `choices.PLATFORMS`."""

README: Final = "README.txt"
NAMES: Final[dict[SecretName, str]] = {"key": "pre-shared key", "password": "password"}
"""The secrets in words."""


class Kit(msgspec.Struct, frozen=True):
    """What one person is given."""

    name: str
    """Of its folder, or of its zip without `.zip`."""
    user: str
    artefacts: tuple[Artefact, ...]

    @property
    def secrets(self) -> tuple[SecretName, ...]:
        """The secrets that stand in clear text somewhere in it."""
        return secrets_in(self.artefacts)


def make_kit(settings: KitSettings, platforms: Iterable[str] = ()) -> Kit:
    """The kit for `platforms`, or for all of them. Raises `KitImpossible`."""
    wanted = tuple(platforms) or tuple(MAKERS)
    for name in wanted:
        if name not in MAKERS:
            known = ", ".join(MAKERS)
            raise KitImpossible(f"There is no platform {visible(name)!r}; there are {known}.")
    settings = checked(settings)
    made = list(handout.artefacts(settings, wanted))
    for name, maker in MAKERS.items():
        if name in wanted:
            made += maker(settings)
    readme = to_text(readme_page(settings, made)).encode()
    return Kit(kit_name(settings), settings.user, (Artefact(README, "", readme), *made))


def kit_name(settings: KitSettings) -> str:
    """`vpn-acme-prod-alice`: a name for a folder on every system."""
    user = f"-{slug_of(settings.user)}" if settings.user else ""
    return f"vpn-{slug_of(settings.label)}{user}"


def readme_page(settings: KitSettings, artefacts: Iterable[Artefact]) -> Page:
    """What is in the kit, and which of it is secret."""
    files = tuple(artefacts)
    names = tuple((each.name, _about(each)) for each in files)
    shown = secrets_in(files)
    secret: Block = Words("No file of this kit has a key or a password in it.")
    if shown:
        words = " and ".join(NAMES[name] for name in shown)
        secret = Warned(
            f"This kit has the {words} in clear text, in the files that are marked SECRET. Nothing "
            "here is encrypted, a zip of it neither. Give it by a way that only its person can "
            "read, and delete it on both ends when it is installed."
        )
    whom = f" for {settings.user}" if settings.user else ""
    return Page(
        f"Client kit of the VPN {settings.label}{whom}",
        (
            Words("Begin with handout.html (or handout.md, the same as text)."),
            secret,
            Facts(names),
        ),
    )


def _about(artefact: Artefact) -> str:
    words = " and ".join(NAMES[name] for name in artefact.secrets)
    return f"{artefact.what} - SECRET: {words}" if words else artefact.what


_LONG_AGO: Final = (1980, 1, 1, 0, 0, 0)


def zipped(kit: Kit) -> bytes:
    """The kit as a zip, not encrypted: Python has no encryption for zips that is worth its name,
    and Windows opens none with AES."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for each in kit.artefacts:
            entry = zipfile.ZipInfo(f"{kit.name}/{each.name}", _LONG_AGO)
            entry.create_system = 3  # Unix, so that the mode counts
            entry.external_attr = 0o100600 << 16
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, each.content)
    return out.getvalue()
