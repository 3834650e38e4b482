"""Change the client range of a VPN."""

from tui.operations.remake import RemakeVpn
from tui.operations.remake_plan import RemakePlan, remake_means


def changing_means(plan: RemakePlan) -> tuple[str, ...]:
    """What changing the range does, in sentences.

    A running xl2tpd keeps the range that it was started with (apache/cloudstack#12195): CloudStack
    writes the new one into the file and starts a daemon that runs already.
    """
    before = f" instead of {plan.range_before}" if plan.range_before is not None else ""
    sentences = [
        f"Clients get addresses of {plan.client_range}{before}, {plan.client_range.clients} at a "
        "time.",
        *remake_means(plan),
    ]
    if not plan.restart_xl2tpd:
        sentences.append(
            "xl2tpd is not restarted, so a router whose VPN has run before goes on handing out "
            "the old range until somebody restarts it."
        )
    if plan.range_before is not None:
        sentences.append(
            f"To go back, change the range to {plan.range_before}; the key becomes a new one again."
        )
    return tuple(sentences)


class ChangeRange(RemakeVpn):
    """Delete a VPN and make it again with another client range, and so with another key."""

    KIND = "change-range"

    @property
    def title(self) -> str:
        return f"Change the client range of {self.wanted.place}"
