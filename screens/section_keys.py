"""What sections are called, and which keys they have; light, for the first frame needs it."""

from typing import Final

from textual.binding import Binding, BindingType

from tui.actions import actions_on

TITLES: Final = {
    "networks": "Networks",
    "addresses": "Addresses",
    "vpns": "VPNs",
    "users": "Users",
    "firewall": "Firewall",
    "logs": "Logs",
    "checkup": "Checkup",
    "sessions": "Sessions",
}


def bindings_of(section: str) -> list[BindingType]:
    """Textual's bindings for the actions of a section, from the registry."""
    return [
        Binding(
            ",".join(each.keys),
            f"perform('{each.name}')",
            each.label,
            show=False,
            id=f"{section}.{each.name}",
            tooltip=each.help,
        )
        for each in actions_on(section)
    ]
