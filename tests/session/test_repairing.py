"""What the server's events tell about the VPN of an address."""

import pytest

from tui.cloud.models import Event
from tui.session.key_ages import makings
from tui.session.repairing import last_failure
from tui.vpn.psk_policy import day_of_events

CREATE, DESTROY = "VPN.REMOTE.ACCESS.CREATE", "VPN.REMOTE.ACCESS.DESTROY"


def event(type_: str, second: int, level: str = "INFO", state: str = "Completed") -> Event:
    created = f"2026-11-23T03:28:{second:02}+0000"
    return Event(id=f"{type_}-{second}", type=type_, level=level, state=state, created=created)


@pytest.mark.parametrize(
    ("events", "failed"),
    [
        ([], ""),
        ([event(CREATE, 9)], ""),
        ([event(CREATE, 9, "ERROR")], "create"),
        ([event(DESTROY, 9, "ERROR"), event(CREATE, 3)], "delete"),
        ([event(CREATE, 9), event(CREATE, 3, "ERROR")], ""),
        # Both in one second: the list has them in the order of writing.
        ([event(DESTROY, 9), event(CREATE, 9, "ERROR")], "create"),
        ([event(CREATE, 9, "ERROR"), event(CREATE, 9)], ""),
        # Not ended yet, and another kind.
        ([event(CREATE, 9, "ERROR", "Started"), event(DESTROY, 3)], ""),
        ([event("FIREWALL.OPEN", 9, "ERROR"), event(DESTROY, 3, "ERROR")], "delete"),
    ],
)
def test_the_change_that_failed_last(events: list[Event], failed: str) -> None:
    kind, when = last_failure(events)
    assert kind == failed and bool(when) is bool(failed)


def test_only_makings_tell_the_age_of_a_key() -> None:
    events = [event(DESTROY, 9), event(CREATE, 5), event(CREATE, 7, "ERROR")]
    found = makings(events)
    assert len(found) == 2
    assert str(day_of_events(found)) == "2026-11-23"
