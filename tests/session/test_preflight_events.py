"""The events of recordings 10 and 20, and what they tell of a VPN that no list shows."""

import msgspec

from tests.cloud.servers import recording
from tui.cloud.models import Event
from tui.cloud.wire import decode
from tui.session.preflight import traces_of
from tui.vpn.preflight_place import left_behind


def events(number: str) -> list[list[Event]]:
    """The events of each listing of a recording."""
    listed = []
    for exchange in recording(number):
        if exchange["request"]["command"] == "listEvents" and exchange["status"] == 200:
            rows = exchange["body"]["listeventsresponse"].get("event", [])
            listed.append(decode(msgspec.Raw(msgspec.json.encode(rows)), list[Event]))
    return listed


def test_an_enable_that_a_router_refused_leaves_a_half_made_vpn() -> None:
    (listed,) = events("10")
    traces = traces_of(listed)
    assert [(trace.creates, trace.failed) for trace in traces] == [(True, True)]
    assert left_behind(traces) == "Added"


def test_the_events_of_an_address_are_put_in_order() -> None:
    of_address = next(
        listed
        for listed in events("20")
        if listed
        and {event.resource_type for event in listed} == {"IpAddress"}
        and {event.type.rpartition(".")[2] for event in listed} == {"CREATE", "DESTROY"}
    )
    traces = traces_of(of_address)
    assert [(trace.creates, trace.failed) for trace in traces] == [(True, False), (False, False)]
    assert left_behind(traces) is None


def test_only_the_end_of_enabling_and_disabling_counts() -> None:
    assert all(
        not traces_of(listed)
        for listed in events("20")
        if listed and listed[0].type == "VPN.USER.ADD"
    )
    assert traces_of(()) == ()
