"""From an HTTP reply to the inner object of CloudStack's envelope, or to an error."""

import re
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

import msgspec

from tui.cloud.errors import CloudError, NotCloudStack
from tui.cloud.refusals import Refusal, error_of
from tui.cloud.wire import decode, read_envelope
from tui.safety.text import clean

if TYPE_CHECKING:
    from tui.cloud.exchange import Reply

_OK: Final = 200
_PAGE_LIMIT: Final = re.compile(r"max allowed page size value: (\d{1,6})")


class JobTicket(msgspec.Struct, frozen=True):
    """What an asynchronous command answers."""

    jobid: str = ""
    id: str = ""
    """The object that it has made already; "" for commands that make none."""


def inner_object(reply: "Reply", command: str) -> msgspec.Raw:
    """Return the object inside `{"…response": {…}}`, or raise the error that the reply means."""
    try:
        return _inner_object(reply, command)
    except CloudError as error:
        error.retry_after = seconds_to_wait(reply.retry_after, reply.date)
        raise


def seconds_to_wait(asked: str, date: str) -> float:
    """What a `Retry-After` header asks for, a number or a moment, in a reply of `date`; 0 for
    none, or one that cannot be read."""
    if asked.isascii() and asked.isdecimal():
        return float(asked[:6])
    try:
        pause = parsedate_to_datetime(asked) - parsedate_to_datetime(date)
    except (ValueError, TypeError, OverflowError):
        return 0.0
    return max(0.0, pause.total_seconds())


def _inner_object(reply: "Reply", command: str) -> msgspec.Raw:
    if 300 <= reply.status < 400:
        raise NotCloudStack(
            f"The server sends us on to {_target(reply.location)}, which is not followed",
            oddity="redirect",
            command=command,
            status=reply.status,
            remedy="Put the address of the API itself into the profile: https://HOST:PORT/client/api",
        )
    try:
        key, inner = read_envelope(reply.body, command=command, status=reply.status)
        refusal = decode(inner, Refusal)
    except NotCloudStack as error:
        if reply.status == _OK:
            raise
        raise NotCloudStack(
            f"{error.text} (HTTP status {reply.status})",
            oddity=error.oddity,
            command=command,
            status=reply.status,
        ) from error
    except msgspec.DecodeError as error:
        raise NotCloudStack(
            "The answer is JSON that breaks off or is damaged",
            oddity="truncated",
            command=command,
            status=reply.status,
        ) from error
    if reply.status != _OK or refusal.errorcode:
        raise error_of(
            refusal, command=command, status=reply.status, unnamed=key == "errorresponse"
        )
    return inner


def _target(location: str) -> str:
    """Scheme and host of a redirect; the rest may carry somebody's tokens."""
    try:
        parts = urlsplit(location)
    except ValueError:
        return "an address that cannot be read"
    if not parts.netloc:
        return "another path"
    return clean(f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}", 120)


def page_size_allowed(text: str) -> int | None:
    """The largest page that a refused `pagesize` might have had; None if it is not about that."""
    found = _PAGE_LIMIT.search(text)
    return int(found[1]) or None if found else None
