"""Recorded logs at a time of our choice, with lines of our own in them."""

import re
from datetime import UTC, datetime, timedelta

from tests.diagnose.bundles import bundle_of
from tests.diagnose.retold import at_once, retold
from tui.diagnose.verdicts import Verdict
from tui.diagnose.why import why

Files = dict[str, bytes]
LOGS = ("vr.log", "vr.messages.log", "vr.pppd-journal.log", "vr.auth.log")
START = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
"""When `at_once` lets the first attempt begin."""


def logs_of(name: str, *, number: int = 0, only: tuple[str, ...] = LOGS) -> Files:
    """The logs of the recorded case `name`, moved to `START`."""
    files = retold(name, number=number)
    return at_once([{log: files[log] for log in only if log in files}])


def line(seconds: float, text: str) -> bytes:
    """A line of that many seconds after `START`."""
    moment = START + timedelta(seconds=seconds)
    return f"{moment:%b} {moment.day:2} {moment:%H:%M:%S} r-42-VM {text}\n".encode()


def with_lines(files: Files, name: str, *lines: bytes) -> Files:
    """`files` with more lines in `name`, all in the order of time."""
    every = list(files.get(name, b"").splitlines(keepends=True))
    every += lines
    every.sort(key=lambda each: each[:15])
    return files | {name: b"".join(every)}


def only_verdict(files: Files) -> Verdict:
    (verdict,) = why(bundle_of(files), client="198.51.100.23")
    return verdict


def last_second(files: Files) -> int:
    """Seconds from `START` to the last line of daemon.log."""
    stamp = files["vr.log"].splitlines()[-1][:15].decode()
    moment = datetime.strptime(f"2026 {stamp}", "%Y %b %d %H:%M:%S").replace(tzinfo=UTC)
    return int((moment - START).total_seconds())


def restarted(at: float) -> tuple[bytes, ...]:
    return (
        line(at, "charon: 00[DMN] SIGINT received, shutting down"),
        line(at + 1, "ipsec[1640]: charon stopped after 400 ms"),
        line(at + 2, "charon: 00[DMN] Starting IKE charon daemon (strongSwan 6.0.1, Linux 6.12)"),
    )


def closed(came: int, went: int, *, after: int = 35, nat: bool = False) -> Files:
    """A client whose IPsec comes up, and that takes it down without a word of xl2tpd's."""
    files = logs_of("esp_blocked", only=("vr.log", "vr.auth.log"))
    up = re.search(
        rb"CHILD_SA (\S+) established with SPIs (\w+_i) (\w+_o) and (.*)", files["vr.log"]
    )
    assert up is not None
    name, came_spi, went_spi, selectors = (each.decode() for each in up.groups())
    number = int(re.search(rb"L2TP-PSK\[(\d+)\] established", files["vr.log"])[1])  # type: ignore[index]
    lines = (
        f"charon: 09[IKE] received DELETE for ESP CHILD_SA with SPI {went_spi[:-2]}",
        f"charon: 09[IKE] closing CHILD_SA {name} with SPIs {came_spi} ({came} bytes) {went_spi} "
        f"({went} bytes) and {selectors}",
        f"charon: 09[IKE] received DELETE for IKE_SA L2TP-PSK[{number}]",
        f"charon: 09[IKE] deleting IKE_SA L2TP-PSK[{number}] between 192.0.2.44[192.0.2.44]..."
        "198.51.100.23[198.51.100.23]",
    )
    files = with_lines(files, "vr.log", *(line(after, each) for each in lines))
    if nat:
        proposal = re.search(
            rb"^(.*charon: )\d+\[CFG\] selected proposal: IKE.*\n", files["vr.log"], re.M
        )
        assert proposal is not None
        hint = proposal[0] + proposal[1] + b"12[IKE] remote host is behind NAT\n"
        files["vr.log"] = files["vr.log"].replace(proposal[0], hint)
    return files


def cloud(seconds: float, text: str) -> bytes:
    moment = START + timedelta(seconds=seconds)
    return f"{moment:%Y-%m-%d %H:%M:%S},100 INFO     {text}\n".encode()


def moved(text: bytes, seconds: int) -> bytes:
    stamp = datetime.strptime(f"2026 {text[:15].decode()}", "%Y %b %d %H:%M:%S")
    moved = stamp + timedelta(seconds=seconds)
    return f"{moved:%b} {moved.day:2} {moved:%H:%M:%S}".encode() + text[15:]
