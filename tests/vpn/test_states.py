"""States in words."""

import pytest

from tui.vpn import states
from tui.vpn.states import Mark


@pytest.mark.parametrize(
    ("mark", "shown", "tone"),
    [
        (states.vpn_mark("Running"), "✔ running", "ok"),
        (states.vpn_mark("Added"), "▲ half-made", "warn"),
        (states.vpn_mark("Removed"), "▲ half-removed", "warn"),
        (states.vpn_mark(None), "– off", "off"),
        (states.user_mark("Active"), "✔ active", "ok"),
        (states.user_mark("Add"), "▲ waiting", "warn"),
        (states.user_mark("Revoke"), "▲ leaving", "warn"),
        (states.router_mark("Stopped"), "✘ stopped", "bad"),
        (states.router_mark("Running"), "✔ running", "ok"),
        (states.router_mark("Running", "PRIMARY"), "✔ primary", "ok"),
        (states.router_mark("Stopped", "PRIMARY"), "✘ stopped", "bad"),
        (states.network_mark("Allocated"), "– no router", "off"),
        (states.address_mark("Allocated"), "✔ in use", "ok"),
        (states.vpc_mark("Enabled"), "✔ enabled", "ok"),
        (states.rule_mark("Staged"), "▲ waiting", "warn"),
    ],
)
def test_known_states(mark: Mark, shown: str, tone: str) -> None:
    assert str(mark) == shown
    assert mark.tone == tone
    assert mark.means.endswith(".")


@pytest.mark.parametrize("state", ["Confused", "", None])
def test_a_state_of_a_later_cloudstack_is_shown_as_it_is(state: str | None) -> None:
    mark = states.user_mark(state)
    assert mark.glyph == "?"
    assert mark.word == (state.lower() if state else "unknown")
