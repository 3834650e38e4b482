"""What every fact has in common."""

from datetime import datetime

import msgspec


def _on_the_wire(name: str) -> str:
    return name.replace("_", "")


class Wire(msgspec.Struct, frozen=True, kw_only=True, rename=_on_the_wire):
    """Something read from the API. A field `public_ip_id` is `publicipid` there."""


class Tag(Wire, frozen=True, kw_only=True):
    """A resource tag."""

    key: str = ""
    value: str = ""


class Resource(Wire, frozen=True, kw_only=True):
    """Something with an id, on which a job may be running."""

    id: str = ""
    job_id: str = ""
    """The job at work on it; "" when there is none."""
    job_status: int | None = None


class Owned(Resource, frozen=True, kw_only=True):
    """Something that an account or a project of a domain owns."""

    account: str = ""
    """"" for what a project owns."""
    project: str = ""
    project_id: str = ""
    domain: str = ""
    """The domain's own name, not unique."""
    domain_id: str = ""
    domain_path: str = ""
    """`ROOT/customers`; "" on servers before 4.19.2."""

    @property
    def owner(self) -> str:
        """The account's name, or `project NAME`."""
        return f"project {self.project}" if self.project_id else self.account

    @property
    def owner_key(self) -> tuple[str, str]:
        """What tells owners apart: (domain id, account) or ("", project id)."""
        return ("", self.project_id) if self.project_id else (self.domain_id, self.account)

    @property
    def owner_parameters(self) -> dict[str, str]:
        """The parameters that name the owner to a command: `projectid`, or account and domain."""
        if self.project_id:
            return {"projectid": self.project_id}
        return {"account": self.account, "domainid": self.domain_id} if self.account else {}


def wire_time(text: str) -> datetime | None:
    """A time as CloudStack writes it, `2026-11-23T02:46:43+0000`; None for anything else."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment if moment.tzinfo is not None else None
