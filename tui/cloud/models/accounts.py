"""Accounts, projects, users of the cloud, and what they did."""

import re
from datetime import datetime
from typing import Final

from msgspec import field

from tui.cloud.models.base import Owned, Resource, Wire, wire_time


class Account(Resource, frozen=True, kw_only=True):
    """An account: what owns networks and VPN users."""

    name: str = ""
    state: str = ""
    account_type: int | None = None
    """`0` user, `1` root admin, `2` domain admin, `4` resource domain admin, `5` project."""
    role_name: str = ""
    role_type: str = ""
    domain: str = ""
    domain_id: str = ""
    domain_path: str = ""
    ip_limit: str = ""
    """A number or `Unlimited`."""
    ip_total: int | None = None
    ip_available: str = ""
    network_total: int | None = None
    vm_running: int | None = None
    created: str = ""


class ResourceLimit(Owned, frozen=True, kw_only=True):
    """How many of one kind of thing an account, a project or a domain may have."""

    resource_type: str = ""
    """A number as text: `1` are public addresses."""
    resource_type_name: str = ""
    max: int | None = None
    """-1 for no limit."""


class _ProjectOwner(Wire, frozen=True, kw_only=True):
    account: str = ""


class Project(Resource, frozen=True, kw_only=True):
    """A project, which can own networks and VPN users like an account."""

    name: str = ""
    display_text: str = ""
    state: str = ""
    domain: str = ""
    domain_id: str = ""
    project_account_name: str = ""
    owners: tuple[_ProjectOwner, ...] = field(default=(), name="owner")


class User(Resource, frozen=True, kw_only=True):
    """A user of the cloud (not a VPN user)."""

    user_name: str = ""
    state: str = ""
    first_name: str = ""
    last_name: str = ""
    account: str = ""
    account_id: str = ""
    account_type: int | None = None
    role_name: str = ""
    role_type: str = ""
    domain: str = ""
    domain_id: str = ""
    api_key: str = ""


class Event(Owned, frozen=True, kw_only=True):
    """Something that was done. Every command makes two to four of them."""

    type: str = ""
    """For example `VPN.REMOTE.ACCESS.CREATE`."""
    level: str = ""
    """`INFO`, `WARN` or `ERROR`."""
    state: str = ""
    """`Created`, `Scheduled`, `Started` or `Completed`."""
    description: str = ""
    user_name: str = ""
    """Who did it."""
    resource_id: str = ""
    resource_type: str = ""
    resource_name: str = ""
    parent_id: str = ""
    """The first event of the same command; "" in that one."""
    created: str = ""

    @property
    def when(self) -> datetime | None:
        """The time, None where the server's text is not one."""
        return wire_time(self.created)


_USER_NAME: Final = re.compile(r"\busername= ?([A-Za-z0-9][A-Za-z0-9@._-]{2,63})\b")


def user_name_in(event: Event) -> str:
    """The VPN user that a `VPN.USER.*` event is about: it is in the description only; or ""."""
    found = _USER_NAME.search(event.description)
    return found[1] if found else ""
