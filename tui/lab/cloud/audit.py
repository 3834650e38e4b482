"""The audit trail: events as the recorded server writes them (recording 20)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager

from tui.lab.cloud import entities as e
from tui.lab.cloud.call import Call, Trail
from tui.lab.cloud.world import World, stamp

_KEPT = 20_000
"""Events that are kept; a lab that runs for days must not grow without end."""


class Audit:
    """Writes the events of a lab."""

    def __init__(self, world: World) -> None:
        self._world = world

    def record(self, event: e.Event) -> None:
        events = self._world.events
        event.number = (events[-1].number if events else 0) + 1
        events.append(event)
        if len(events) > _KEPT:
            del events[: _KEPT // 10]

    def opened(self, call: Call, rule: e.Rule) -> None:
        """A firewall rule that enabling a VPN has made: one event, it has no job of its own."""
        text = f"Successfully created entity for creating firewall rule. Rule Id: {rule.number}"
        trail = Trail("FIREWALL.OPEN", text, resource_type="FirewallRule")
        self.record(self._event(call, trail, rule.account, text, "Created"))

    def follow(self, call: Call, trail: Trail, account: str) -> AbstractContextManager[None]:
        """Record the scheduling at once; entering and leaving record start and outcome.

        An error that leaves the context makes the last event one of level ERROR.
        """
        first = self._event(call, trail, account, trail.scheduled, "Scheduled")
        if trail.created:
            made = f"Successfully created entity for {trail.doing}"
            origin = self._event(call, trail, account, made, "Created")
            self.record(origin)
            first.parent = origin.id
        self.record(first)
        return self._work(call, trail, account, first)

    @contextmanager
    def _work(self, call: Call, trail: Trail, account: str, first: e.Event) -> Iterator[None]:
        if not trail.doing:
            yield
            return
        text = trail.doing[0].upper() + trail.doing[1:]
        self._then(call, trail, account, text, "Started", first)
        try:
            yield
        except BaseException:
            self._then(call, trail, account, f"Error while {trail.doing}", "Completed", first, True)
            raise
        done = f"Successfully completed {trail.doing}"
        self._then(call, trail, account, done, "Completed", first)

    def _then(
        self,
        call: Call,
        trail: Trail,
        account: str,
        text: str,
        state: str,
        first: e.Event,
        failed: bool = False,
    ) -> None:
        event = self._event(call, trail, account, text, state)
        event.parent = first.parent or first.id
        event.level = "ERROR" if failed else "INFO"
        self.record(event)

    def _event(self, call: Call, trail: Trail, account: str, text: str, state: str) -> e.Event:
        return e.Event(
            id=self._world.new_id(),
            type=trail.type,
            description=text,
            state=state,
            account=account or call.caller.account.id,
            username=call.caller.person.username,
            created=stamp(),
            resource_type=trail.resource_type,
            resource=trail.resource,
            resource_name=trail.resource_name,
        )
