"""The zone of stamps that name none, found by comparing lines that tell it with lines that do not.

The journal says every time exactly, and the files of syslog have the same lines in the router's
zone; the boot scripts write lines as `date` prints them, with the zone. Virtual Routers run in UTC,
but nothing keeps an administrator from setting another.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Final

from tui.logs.line import tag_and_text
from tui.logs.stamps import StampReader, read_date_line

_QUARTER: Final = 900
"""Seconds. Zones differ by quarters of an hour."""
_CLOSE: Final = 5.0
"""Seconds between the journal's time of a line and the file's."""
_WIDEST: Final = 14 * 3600
_SHORTEST_TEXT: Final = 12


def find_zone(logs: Iterable[Sequence[bytes]], now: datetime) -> int:
    """Seconds east of UTC of stamps without a zone in `logs`, the raw lines of one router.

    0 where nothing tells.
    """
    exact: dict[tuple[str, str], list[float]] = {}
    local: dict[tuple[str, str], list[float]] = {}
    votes: Counter[int] = Counter()
    read = StampReader(now).read
    for lines in logs:
        for raw in lines:
            told = read_date_line(raw[:64])
            if told is not None:
                votes[told[1]] += 1
                continue
            moment = read(raw)
            if moment is None:
                continue
            if raw[:1] == b"{":
                exact.setdefault(tag_and_text("", raw), []).append(moment)
            elif not raw[:1].isdigit():
                local.setdefault(tag_and_text("", raw), []).append(moment)
    votes.update(_differences(exact, local))
    if not votes:
        return 0
    zone, count = votes.most_common(1)[0]
    return zone if count * 2 > votes.total() else 0


def _differences(
    exact: dict[tuple[str, str], list[float]], local: dict[tuple[str, str], list[float]]
) -> list[int]:
    """How far the same line is apart in both, where it was written once."""
    found = []
    for said, moments in local.items():
        others = exact.get(said, ())
        if len(moments) != 1 or len(others) != 1 or len(said[1]) < _SHORTEST_TEXT:
            continue
        difference = moments[0] - others[0]
        zone = round(difference / _QUARTER) * _QUARTER
        if abs(difference - zone) <= _CLOSE and abs(zone) <= _WIDEST:
            found.append(zone)
    return found
