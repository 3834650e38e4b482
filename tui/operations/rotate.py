"""Rotate the pre-shared key of a VPN."""

from tui.operations.remake import RemakeVpn
from tui.operations.remake_plan import RemakePlan, remake_means


def rotating_means(plan: RemakePlan) -> tuple[str, ...]:
    """What rotating the key does, in sentences."""
    return (
        *remake_means(plan),
        f"The client range stays {plan.client_range}.",
        "It cannot be undone: the server makes every key itself.",
    )


class RotateKey(RemakeVpn):
    """Delete a VPN and make it again with the same range, so that it has another key."""

    KIND = "rotate"

    @property
    def title(self) -> str:
        return f"Rotate the key of {self.wanted.place}"
