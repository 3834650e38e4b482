"""A finding: one thing that a check has to say, in one sentence."""

from collections.abc import Iterable
from typing import Literal

import msgspec

Severity = Literal["error", "warning"]


class Finding(msgspec.Struct, frozen=True):
    """What a check found.

    An *error* means: the server refuses it, or it would be accepted and not work. A *warning*
    means: it works, but not as one may expect.
    """

    severity: Severity
    code: str
    """Stable name of the kind of finding, such as `range-overlap`."""
    says: str
    """One whole sentence for a person."""
    server_says: str = ""
    """The server's own words for it; empty where the server accepts it without a word."""


def errors(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Those findings that stand in the way, in their order."""
    return tuple(finding for finding in findings if finding.severity == "error")


def warnings(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Those findings that do not stand in the way, in their order."""
    return tuple(finding for finding in findings if finding.severity == "warning")
