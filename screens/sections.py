"""The sections of the console by name; each is loaded when it is first wanted."""

import importlib
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Final, TypeGuard

if TYPE_CHECKING:
    from screens.frame import SectionScreen

_WHERE: Final = {
    "networks": ("screens.networks", "NetworksScreen"),
    "addresses": ("screens.addresses", "AddressesScreen"),
    "vpns": ("screens.vpns", "VpnsScreen"),
    "users": ("screens.users", "UsersScreen"),
    "firewall": ("screens.firewall", "FirewallScreen"),
    "logs": ("screens.logs", "LogsScreen"),
    "checkup": ("screens.checkup", "CheckupScreen"),
    "sessions": ("screens.sessions", "SessionsScreen"),
}


class _Sections(Mapping[str, "type[SectionScreen]"]):
    """Classes of screens by the name of the section."""

    def __getitem__(self, name: str) -> "type[SectionScreen]":
        module, screen = _WHERE[name]
        found: type[SectionScreen] = getattr(importlib.import_module(module), screen)
        return found

    def __iter__(self) -> Iterator[str]:
        return iter(_WHERE)

    def __len__(self) -> int:
        return len(_WHERE)


SECTION_SCREENS: Final[Mapping[str, "type[SectionScreen]"]] = _Sections()


def make_section(name: str) -> "SectionScreen":
    """A screen of the section `name`."""
    return SECTION_SCREENS[name]()


def is_section(screen: object) -> "TypeGuard[SectionScreen]":
    """Whether `screen` is a section: asked where nothing of them may be loaded yet."""
    return bool(getattr(screen, "SECTION", ""))
