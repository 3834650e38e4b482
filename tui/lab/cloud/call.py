"""One call of a command: who calls, with which parameters, already checked and resolved."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeVar

from tui.lab.cloud import entities as e
from tui.lab.cloud.errors import denied

if TYPE_CHECKING:
    from tui.lab.cloud.catalogue import Command
    from tui.lab.cloud.engine import Cloud

T = TypeVar("T", bound=e.Entity)
Body = dict[str, object]


@dataclass(slots=True, frozen=True)
class Caller:
    """Somebody whose credentials were accepted."""

    person: e.Person
    account: e.Account
    role: e.Role

    @property
    def is_root(self) -> bool:
        return self.account.level == "root"


@dataclass(slots=True)
class Call:
    """A command with its parameters. Names are lower case, as the server compares them."""

    cloud: Cloud
    caller: Caller
    command: Command
    parameters: Mapping[str, str]
    things: Mapping[str, e.Entity | None]
    """The objects that the `uuid` parameters name; None where a number named nothing."""

    def given(self, name: str) -> bool:
        return name in self.parameters

    def text(self, name: str, default: str = "") -> str:
        return self.parameters.get(name, default)

    def optional(self, name: str) -> str | None:
        return self.parameters.get(name)

    def boolean(self, name: str, default: bool = False) -> bool:
        value = self.parameters.get(name)
        return default if value is None else value.lower() == "true"

    def integer(self, name: str) -> int | None:
        value = self.parameters.get(name)
        return None if value is None else int(value)

    def thing(self, name: str, kind: type[T]) -> T | None:
        """The object that a `uuid` parameter names, None if it was left out or names nothing."""
        found = self.things.get(name)
        return found if isinstance(found, kind) else None

    def names_nothing(self, name: str) -> bool:
        """The parameter was given, as a number that no object has: a list is then empty."""
        return name in self.things and self.things[name] is None

    def must_own(self, account: str) -> None:
        """531 unless the caller may operate on what `account` owns."""
        if not self.cloud.world.may_use(self.caller.account, account):
            raise denied()


@dataclass(slots=True, frozen=True)
class Trail:
    """The events of an asynchronous command (recording 20).

    `scheduled` is the text of the first, `doing` ("creating remote access vpn") makes the
    Started and Completed ones; a command without `doing` leaves only the first.
    """

    type: str
    scheduled: str
    doing: str = ""
    resource_type: str = ""
    resource: str = ""
    resource_name: str = ""
    created: bool = False
    """Whether an object was made on the call, which has an event of its own."""


@dataclass(slots=True, frozen=True)
class Deferred:
    """What an asynchronous command leaves to its job."""

    work: Callable[[], Awaitable[Body]]
    trail: Trail
    object_id: str = ""
    """The object made on the call, for commands of the create kind."""
    instance: tuple[str, str] | None = None
    """`jobinstancetype` and `jobinstanceid`, which may be empty."""
    queue: str = ""
    """Jobs of the same queue (a network) wait for one another."""
    account: str = ""


@dataclass(slots=True)
class Rows:
    """The answer of a list command; the engine pages it and draws only what is asked for."""

    key: str
    things: list[e.Entity]
    draw: Callable[[e.Entity], Body]
    cost: float = 0.0
    """Seconds that the server takes per row."""
    extra: Body = field(default_factory=dict)


Handler = Callable[[Call], Awaitable["Body | Deferred | Rows"]]
