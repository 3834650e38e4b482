"""The last stretch of a lab router's logs: what the scripts on a real one would cut out."""

import calendar
import gzip
import json
import re
import time
from typing import Final

from tui.lab.router.logfiles import FILES, RouterLogs
from tui.lab.router.recorded import Answer

_FILE_JOB: Final = "csvpn-slice"
_JOURNAL_JOB: Final = "csvpn-journal-slice"
_MISSING: Final = 4
_SYSLOG: Final = re.compile(rb"(\w{3} [ \d]\d \d\d:\d\d:\d\d) ")
_CLOUD: Final = re.compile(rb"(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d)")


def answer_slice(argv: tuple[str, ...], logs: RouterLogs, now: float) -> Answer | None:
    """Answer `argv` if it asks for a slice of a file or of pppd's journal; else None.

    `now` is the router's clock.
    """
    if argv[:2] != ("sh", "-c") or not all(word.isdecimal() for word in argv[-2:]):
        return None
    if argv[3:4] == (_FILE_JOB,) and len(argv) == 7 and argv[4] in FILES.values():
        return _file(argv[4], now - int(argv[5]), int(argv[6]), logs, now)
    if argv[3:4] == (_JOURNAL_JOB,) and len(argv) == 6:
        return _journal(now - int(argv[4]), int(argv[5]), logs)
    return None


def _file(name: str, since: float, most: int, logs: RouterLogs, now: float) -> Answer:
    """From the first line of the stretch on; the rotated generations before it, oldest first."""
    path = logs.folder / name
    if not path.exists():
        return Answer(_MISSING)
    packed = [path.with_name(f"{name}.{number}.gz") for number in range(10, 0, -1)]
    parts = [gzip.decompress(each.read_bytes()) for each in packed if each.exists()]
    content = b"".join([*parts, path.read_bytes()])[-most:]
    start = 0
    for line in content.splitlines(keepends=True):
        when = _moment(line, now)
        if when is not None and when >= int(since):
            return Answer(0, content[start:].decode("utf-8", "surrogateescape"))
        start += len(line)
    return Answer(0)


def _moment(line: bytes, now: float) -> float | None:
    """The time of a line; syslog leaves out the year, which is the present one or the last."""
    if found := _CLOUD.match(line):
        return float(calendar.timegm(time.strptime(found[1].decode(), "%Y-%m-%d %H:%M:%S")))
    if found := _SYSLOG.match(line):
        year = time.gmtime(now).tm_year
        text = found[1].decode()
        when = float(calendar.timegm(time.strptime(f"{year} {text}", "%Y %b %d %H:%M:%S")))
        if when > now + 86_400:
            when = float(calendar.timegm(time.strptime(f"{year - 1} {text}", "%Y %b %d %H:%M:%S")))
        return when
    return None


def _journal(since: float, most: int, logs: RouterLogs) -> Answer:
    rows = []
    for _, entry in logs.entries(0, frozenset({"pppd"})):
        fields = json.loads(entry)
        when = int(fields["__REALTIME_TIMESTAMP"]) / 1e6
        if when >= since:
            moment = time.gmtime(when)
            day = f"{time.strftime('%b', moment)} {moment.tm_mday:02d}"
            clock = time.strftime("%H:%M:%S", moment)
            rows.append(f"{day} {clock} {logs.host} pppd[{fields['_PID']}]: {fields['MESSAGE']}\n")
    text = "".join(rows).encode()[-most:]
    return Answer(0, text.decode("utf-8", "replace"))
