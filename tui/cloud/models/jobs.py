"""Asynchronous jobs."""

from enum import IntEnum
from typing import TypeVar

import msgspec
from msgspec import field

from tui.cloud.models.base import Wire
from tui.cloud.wire import decode

T = TypeVar("T")


class JobStatus(IntEnum):
    """`jobstatus` of the wire."""

    PENDING = 0
    SUCCEEDED = 1
    FAILED = 2
    CANCELLED = 3


class Submitted(msgspec.Struct, frozen=True):
    """A command that the server has taken."""

    job_id: str
    object_id: str = ""
    """The new object, for commands that create one; "" otherwise, or after a lost reply."""
    recovered: bool = False
    """The reply was lost and the job found by the id that we chose."""


class Job(Wire, frozen=True, kw_only=True):
    """A job as last asked for. Its result may hold secrets, so `repr` leaves it out."""

    job_id: str = ""
    status_code: int = field(default=0, name="jobstatus")
    result_code: int = field(default=0, name="jobresultcode")
    result: msgspec.Raw = field(default=msgspec.Raw(b"null"), name="jobresult")
    """JSON: `{"vpnuser": {…}}`, `{"success": true}` or `{"errorcode": …, "errortext": …}`."""
    command: str = field(default="", name="cmd")
    """The server's Java class of the command."""
    instance_type: str = field(default="", name="jobinstancetype")
    instance_id: str = field(default="", name="jobinstanceid")
    account: str = ""
    account_id: str = ""
    user_id: str = ""
    created: str = ""
    completed: str = ""

    @property
    def status(self) -> JobStatus:
        """A status unknown to us counts as pending: the server will say more."""
        try:
            return JobStatus(self.status_code)
        except ValueError:
            return JobStatus.PENDING

    @property
    def done(self) -> bool:
        """Whether it has ended, well or not."""
        return self.status is not JobStatus.PENDING

    def outcome(self, key: str, kind: type[T]) -> T | None:
        """The object under `key` of the result, for example `("vpnuser", VpnUser)`; or None."""
        try:
            members = msgspec.json.decode(self.result, type=dict[str, msgspec.Raw])
            return decode(members[key], kind) if key in members else None
        except msgspec.DecodeError:
            return None

    @property
    def success(self) -> bool | None:
        """`success` of the result (a boolean or a string on the wire); None where it has none."""
        return self.outcome("success", bool)

    def __repr__(self) -> str:
        return f"Job({self.job_id!r}, {self.status.name})"

    def __rich_repr__(self) -> "list[tuple[str, object]]":
        return [("job_id", self.job_id), ("status", self.status.name)]
