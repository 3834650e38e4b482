"""Rules for what is no client: scans, garbage, floods. And what a client's first message says.

A client that means it says in its first message what it is capable of, by vendor ids or, in IKEv2,
by notifies: without them there is no NAT traversal. Probes leave them out.
"""

import re
from itertools import pairwise
from typing import Final

from tui.diagnose.verdicts import Evidence
from tui.diagnose.why_case import (
    LIKELY,
    OPEN,
    ClientCase,
    Finding,
    of_line,
)
from tui.logs.attempts import Attempt, LogRef, Rung
from tui.logs.signatures import BY_NAME

_GARBAGE: Final = (
    "invalid IKE header",
    "header could not be parsed",
    "no message rules specified",
    "unsupported IKE version",
)
FLOOD_ATTEMPTS: Final = 4
"""Attempts of one address that were all left half-done, from which on they are a flood."""
_FLOOD_SECONDS: Final = 600.0
"""Attempts that began longer before the last one are none of the same flood."""
_ALONE_SECONDS: Final = 60.0
"""A client that is refused tries again sooner than this; a scanner goes on to the next address."""
_FIRST_MESSAGE: Final = re.compile(r"(\d\d)\[ENC\] parsed \w+ request 0 \[ (SA[^\]]*)\]")
_THREAD: Final = re.compile(r"(\d\d)\[IKE\]")
_BARE: Final = frozenset(("SA", "KE", "No", "ID"))
"""Payloads of a first message that says nothing of its sender."""
_WEAK: Final = re.compile(r"(?<!3)DES_CBC|MODP_768")
"""What no client of this century offers."""


def refusals(attempt: Attempt) -> list[LogRef]:
    """Lines in which charon says why it refuses the client, in order."""
    return [
        mark
        for mark in attempt.marks
        if mark.signature
        and BY_NAME[mark.signature].level == "error"
        and BY_NAME[mark.signature].category not in ("", "half_open_flood")
    ]


def _first_message(case: ClientCase, attempt: Attempt) -> frozenset[str]:
    """The payloads with which the attempt began; empty where the log does not say it."""
    begin = attempt.steps[0] if attempt.steps else None
    thread = _THREAD.search(begin.text) if begin is not None else None
    if begin is None or thread is None or " is initiating a" not in begin.text:
        return frozenset()
    for line in case.logs.above(begin.source, begin.line, b" request 0 [ SA"):
        message = _FIRST_MESSAGE.search(line.text)
        if message is not None and message[1] == thread[1]:
            return frozenset(message[2].split())
    return frozenset()


def _is_client(case: ClientCase, attempt: Attempt) -> bool:
    """Whether a program that wants to connect made the attempt: it says what it is capable of, or,
    where the log does not show that, it was worth a reason to charon."""
    first = _first_message(case, attempt)
    return not first <= _BARE if first else bool(refusals(attempt))


def scanner(case: ClientCase) -> Finding | None:
    """Garbage, and nothing of the address that gets anywhere."""
    garbage = case.ever_said(*_GARBAGE) or _garbage_of(case)
    if not garbage or any(each.rung >= Rung.NAT_SEEN for each in case.attempts):
        return None
    if any(_is_client(case, each) for each in case.attempts):
        return None
    return Finding(category="scanner_noise", outcome="n/a", certainty=LIKELY, evidence=garbage)


def _garbage_of(case: ClientCase) -> tuple[Evidence, ...]:
    """Garbage begins no IKE SA, so that the line may stand in no attempt."""
    garbage = case.logs.by_address(*(each.encode() for each in _GARBAGE))
    return tuple(garbage.get(case.client, ())[:8])


def probe(case: ClientCase) -> Finding | None:
    """Messages that are IKE, but of no client: bare, of one packet each, or with algorithms that
    only a scanner offers."""
    begun = [each for each in case.attempts if each.rung >= Rung.IKE_STARTED]
    if case.last is None or case.user or any(each.rung > Rung.IKE_PROPOSAL for each in begun):
        return None
    first = [_first_message(case, each) for each in begun]
    if not begun or not all(each and each <= _BARE for each in first):
        return None
    alone = _are_apart(begun)
    weak = [each for each in case.said("received proposals: IKE:") if _WEAK.search(each.text)]
    if not alone and not weak:
        return None
    said = refusals(case.last)
    reasons = [BY_NAME[each.signature].category for each in said]
    others = tuple(dict.fromkeys(reasons)) or ("udp500_blocked", "half_open_flood")
    sure = bool(alone and weak)
    return Finding(
        category="scanner_noise",
        outcome="n/a",
        certainty=LIKELY if sure else OPEN,
        evidence=(*weak[:1], *(of_line(each) for each in said[:2]), *case.top),
        says="Its first packet lacks the vendor ids that every client sends"
        + (", and it offers what only scanners offer." if weak else ", and no second one came."),
        others=() if sure else others,
        next_look="" if sure else "whether anybody knows the address: a user tries again at once",
    )


def _are_apart(attempts: list[Attempt]) -> bool:
    """Whether each attempt is one packet, and the next one came much later."""
    times = [each.started for each in attempts if each.started is not None]
    return not any(each.retries for each in attempts) and all(
        after - before > _ALONE_SECONDS for before, after in pairwise(times)
    )


def flood(case: ClientCase) -> Finding | None:
    """One address begins and begins, and completes nothing."""
    begins = [each.started for each in case.attempts if each.started is not None]
    since = max(begins, default=0.0) - _FLOOD_SECONDS
    lately = [each for each in case.attempts if each.started is None or each.started >= since]
    if any(each.rung > Rung.NAT_SEEN or _has_reason(each) for each in lately):
        return None
    limit = _lines(lately, "half_open_limit")
    if len(lately) >= FLOOD_ATTEMPTS:
        # A router asks everybody for cookies while somebody else floods it.
        limit += _lines(lately, "ike_cookie")
    elif not limit:
        return None
    return Finding(
        category="half_open_flood",
        outcome="n/a",
        certainty=0.9 if limit else OPEN,
        evidence=(*limit, *_lines(lately, "half_open"), *case.top),
        says=f"{len(lately)} connections were begun and none was completed.",
        others=() if limit else ("udp500_blocked", "scanner_noise"),
        next_look=""
        if limit
        else "a packet capture of 30 s, and whether anybody knows the address",
    )


def _has_reason(attempt: Attempt) -> bool:
    """Whether something else is known of why it went no further."""
    unreadable = any(each.signature == "payload_garbled" for each in attempt.marks)
    return bool(refusals(attempt)) or unreadable or attempt.behind_nat


def _lines(attempts: list[Attempt], signature: str) -> tuple[Evidence, ...]:
    return tuple(
        of_line(mark) for each in attempts for mark in each.marks if mark.signature == signature
    )
