"""Whether the running xl2tpd can have read its present file.

Times of files are compared with times of files: what `ps` says of a start is counted from the
clock, and moves when the clock is stepped after it.
"""

from typing import Final

import msgspec

from tui.diagnose.checks import Proof
from tui.diagnose.subject import Subject, prove
from tui.router import commands
from tui.router.survey import Unanswered

_TOLERANCE: Final = 2.0
"""Seconds: CloudStack writes the file in the second before it starts the daemon, and `etimes` is a
second off now and then."""
_ONE_PUSH: Final = 20.0
"""Seconds within which CloudStack writes all files of a VPN."""
_PID_FILE: Final = "xl2tpd.pid"
_CONFIGURATION: Final = "/etc/xl2tpd/xl2tpd.conf"
_OF_A_PUSH: Final = ("/etc/ppp/options.xl2tpd", "/etc/ipsec.d/ipsec.any.secrets")


class Reading(msgspec.Struct, frozen=True, kw_only=True):
    """When the running xl2tpd has read its file, beside the file."""

    is_older: bool | None
    """Whether it was started before the file was changed last; None: its unit and its process
    say otherwise of one another."""
    seconds: float
    """How much older it is."""
    is_of_a_push: bool
    """Whether CloudStack wrote the file, as far as is known: its other files are of then too."""
    evidence: tuple[Proof, ...]


def reading(subject: Subject) -> Reading | Unanswered | None:
    """When xl2tpd has read its file; None where it does not run."""
    began = subject.fact(commands.XL2TPD_STARTED)
    if began is None:
        return None
    written = _written(subject)
    if not isinstance(began, Unanswered):
        written = written or began.configuration_written
    if not written:
        return began if isinstance(began, Unanswered) else None
    by_pid, by_unit = _pid_file(subject), _unit(subject)
    if by_pid is not None:
        return _reading(subject, by_pid, written, "run_ppp", f"{_PID_FILE} is")
    if isinstance(began, Unanswered):
        return began
    by_clock = _reading(subject, began.started, written, "xl2tpd_started", f"xl2tpd {began.pid} is")
    if by_unit is None:
        return by_clock
    found = _reading(subject, by_unit, written, "systemctl_show", "the start of the unit xl2tpd is")
    if found.is_older == by_clock.is_older:
        return found
    # The unit does not know of an xl2tpd that was started by hand, the clock may have been stepped.
    return msgspec.structs.replace(
        found if found.is_older else by_clock,
        is_older=None,
        evidence=(*found.evidence, *by_clock.evidence),
    )


def _reading(subject: Subject, began: float, written: float, source: str, what: str) -> Reading:
    seconds = written - began
    is_older = seconds > _TOLERANCE
    order = "older" if seconds > 0 else "newer"
    return Reading(
        is_older=is_older,
        seconds=seconds,
        is_of_a_push=_is_of_a_push(subject, written),
        evidence=prove(source, f"{what} {abs(seconds):.0f} s {order} than xl2tpd.conf"),
    )


def _pid_file(subject: Subject) -> float | None:
    """When xl2tpd wrote its number; every start of it does."""
    listed = subject.fact(commands.RUN_PPP)
    if isinstance(listed, Unanswered):
        return None
    return next((each.modified for each in listed if each.path.endswith(f"/{_PID_FILE}")), None)


def _unit(subject: Subject) -> float | None:
    units = subject.fact(commands.SYSTEMCTL_SHOW)
    if isinstance(units, Unanswered) or "xl2tpd" not in units:
        return None
    unit = units["xl2tpd"]
    return unit.active_since if unit.active == "active" else None


def _files(subject: Subject) -> dict[str, int]:
    files = subject.fact(commands.CONF_STAT)
    return {} if isinstance(files, Unanswered) else {each.path: each.modified for each in files}


def _written(subject: Subject) -> float | None:
    return _files(subject).get(_CONFIGURATION)


def _is_of_a_push(subject: Subject, written: float) -> bool:
    """Whether a file that CloudStack writes with it is of the same time; true where none tells."""
    times = [at for path, at in _files(subject).items() if path in _OF_A_PUSH]
    return not times or any(abs(at - written) <= _ONE_PUSH for at in times)
