"""Connection attempts of `csvpn logs --attempts`: one line each, or one JSON document per line."""

import json
import sys
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Final

from tui.commands.logs_lines import Wanted
from tui.logs.attempts import Attempt, Rung
from tui.logs.belonging import named_by
from tui.logs.filter import Chip
from tui.logs.signatures import BY_NAME

MOST_MEANINGS: Final = 3
RUNG_WORDS: Final[dict[Rung, str]] = {
    Rung.NOTHING: "packets came, nothing was begun",
    Rung.IKE_STARTED: "IKE started",
    Rung.IKE_PROPOSAL: "IKE proposal chosen",
    Rung.NAT_SEEN: "NAT seen",
    Rung.KEY_ACCEPTED: "pre-shared key accepted",
    Rung.IKE_ESTABLISHED: "IKE established",
    Rung.ESP_PROPOSAL: "ESP proposal chosen",
    Rung.CHILD_ESTABLISHED: "IPsec is up",
    Rung.TUNNEL: "L2TP tunnel",
    Rung.CALL: "L2TP call",
    Rung.PPP_STARTED: "PPP started",
    Rung.AUTHENTICATED: "authenticated",
    Rung.CONNECTED: "connected",
}


def chosen(attempts: Iterable[Attempt], wanted: Wanted) -> list[Attempt]:
    """Those that the options ask for, in the order of beginning."""
    chips = [chip for chip in wanted.filter.chips if chip.kind in ("client", "user")]
    found = [each for each in attempts if _is_in_time(each, wanted) and _is_named(each, chips)]
    return sorted(found, key=lambda each: (each.started or 0.0, each.router, each.number))


def _is_named(attempt: Attempt, chips: list[Chip]) -> bool:
    return all(named_by(chip)(attempt) for chip in chips)


def _is_in_time(attempt: Attempt, wanted: Wanted) -> bool:
    """Whether some of it lies in the time that was asked for."""
    since, until = wanted.since, wanted.until
    if since is not None and attempt.ended is not None and attempt.ended < since.timestamp():
        return False
    return until is None or attempt.started is None or attempt.started <= until.timestamp()


def print_attempts(attempts: Iterable[Attempt], *, as_json: bool, several: bool) -> None:
    """Print them at once; the router's name before each where there are several."""
    for attempt in attempts:
        if as_json:
            sys.stdout.write(f"{json.dumps(document_of(attempt), ensure_ascii=False)}\n")
        else:
            router = f"{attempt.router}  " if several and attempt.router else ""
            sys.stdout.write(f"{router}{words_of(attempt)}\n")
    sys.stdout.flush()


def words_of(attempt: Attempt) -> str:
    """Client, user, how far it came, when, how long, and how it ended."""
    began = _moment(attempt.started)
    stamp = f"{began:%Y-%m-%d %H:%M:%S}" if began is not None else "at no known time"
    nat = " behind NAT" if attempt.behind_nat else ""
    who = f"{attempt.client or 'unknown client'}{nat}, {attempt.user or 'unknown user'}"
    lasted = f" after {_duration(attempt.seconds)}" if attempt.seconds is not None else ""
    end = f"ended{lasted}: {attempt.end.replace('_', ' ')}" if attempt.end else "still going on"
    meant = "".join(f"; {says}" for says in meanings(attempt))
    return f"{stamp} #{attempt.number} {who}: {RUNG_WORDS[attempt.rung]}; {end}{meant}"


def meanings(attempt: Attempt) -> list[str]:
    """What its lines mean that are not as they should be, the errors first; each said once."""
    signs = [BY_NAME[mark.signature] for mark in attempt.marks if mark.signature in BY_NAME]
    said = [sign.says for sign in signs if sign.level == "error"]
    said += [sign.says for sign in signs if sign.level == "warning"]
    return list(dict.fromkeys(said))[:MOST_MEANINGS]


def _duration(seconds: float) -> str:
    if seconds < 120:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 7200 else f"{seconds / 3600:.1f} h"


def _moment(seconds: float | None) -> datetime | None:
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC)


def document_of(attempt: Attempt) -> dict[str, object]:
    """An attempt as it is printed with `--json`; times in ISO 8601, lengths in seconds."""
    times = {
        name: moment.isoformat() if moment is not None else None
        for name, moment in (
            ("started", _moment(attempt.started)),
            ("connected", _moment(attempt.connected)),
            ("ended", _moment(attempt.ended)),
        )
    }
    return {
        "router": attempt.router,
        "number": attempt.number,
        "client": attempt.client or None,
        "user": attempt.user or None,
        "behind_nat": attempt.behind_nat,
        "rung": attempt.rung.name.lower(),
        **times,
        "seconds": attempt.seconds,
        "end": attempt.end or None,
        "inner_ip": attempt.inner_ip or None,
        "signatures": sorted({mark.signature for mark in attempt.marks if mark.signature}),
    }
