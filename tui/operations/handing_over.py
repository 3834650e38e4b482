"""What an operation has made that somebody has to be given, and that cannot be had again."""

from collections.abc import Sequence
from typing import Protocol, runtime_checkable

from tui.operations.enable import EnabledVpn, EnableVpn
from tui.operations.steps import Operation
from tui.operations.users import AddedUser, NewUser


@runtime_checkable
class AddsUsers(Protocol):
    """An operation that adds users."""

    @property
    def added(self) -> Sequence[AddedUser]:
        """The users that the server has taken so far, with their passwords."""
        ...

    @property
    def users(self) -> Sequence[NewUser]:
        """All that are to be added."""
        ...


@runtime_checkable
class MakesVpn(Protocol):
    """An operation that makes a VPN, perhaps with users."""

    @property
    def result(self) -> EnabledVpn | None:
        """The VPN as it is known so far; None while it does not run."""
        ...


def vpn_of(operation: object) -> EnabledVpn | None:
    """The VPN that an operation has made; None for none."""
    if isinstance(operation, MakesVpn):
        result = operation.result
        return result if isinstance(result, EnabledVpn) else None
    return None


def added_by(operation: object) -> tuple[AddedUser, ...]:
    """The users that an operation has added so far."""
    vpn = vpn_of(operation)
    if vpn is not None:
        return vpn.users
    return tuple(operation.added) if isinstance(operation, AddsUsers) else ()


def lost_passwords(operation: object) -> tuple[str, ...]:
    """The users whose passwords the journal could not keep: whom the server has already is removed
    and added with another."""
    users: Sequence[NewUser] = ()
    if isinstance(operation, AddsUsers):
        users = operation.users
    elif isinstance(operation, EnableVpn):
        users = operation.wanted.users
    return tuple(user.name for user in users if not user.password)


def waiting_passwords(operation: Operation) -> str:
    """Why an operation that has nothing left to send is not over: passwords that it has made were
    shown to nobody. "" where there are none."""
    names = [user.name for user in added_by(operation) if user.generated]
    if not names:
        return ""
    return (
        f"Everything was done, but nobody was shown the generated passwords of {', '.join(names)}. "
        "Resuming shows them and sends nothing."
    )
