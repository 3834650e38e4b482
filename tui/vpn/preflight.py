"""Everything that has to be so before a VPN is enabled, as checks; pure.

Each prerequisite of the guide and each rule of the server is one check with a stable name. A check
whose fact is missing is `unknown` and says why; it never stands in the way, and never passes.
"""

from collections.abc import Iterable, Sequence

from tui.vpn.preflight_account import checks_of_account
from tui.vpn.preflight_facts import ORDER, Check, PreflightFacts, State
from tui.vpn.preflight_place import checks_of_place
from tui.vpn.preflight_ports import checks_of_ports
from tui.vpn.preflight_range import checks_of_range
from tui.vpn.preflight_router import checks_of_routers


def preflight(facts: PreflightFacts) -> tuple[Check, ...]:
    """Every check, in the order of the form: place, ports, range, routers, account."""
    return (
        *checks_of_place(facts),
        *checks_of_ports(facts),
        *checks_of_range(facts),
        *checks_of_routers(facts),
        *checks_of_account(facts),
    )


def by_state(checks: Iterable[Check]) -> dict[State, tuple[Check, ...]]:
    """The checks of each state, the worst state first, each in its order."""
    known = tuple(checks)
    return {state: tuple(each for each in known if each.state == state) for state in ORDER}


def alike(checks: Sequence[Check]) -> tuple[tuple[str, tuple[Check, ...]], ...]:
    """Checks that say the same, taken together: a router that cannot be asked leaves nine open."""
    found: dict[str, list[Check]] = {}
    for check in checks:
        found.setdefault(check.says, []).append(check)
    return tuple((says, tuple(together)) for says, together in found.items())
