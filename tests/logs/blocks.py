"""Blocks of log lines at times that a test names."""

from datetime import UTC, datetime, timedelta

from tui.logs.merge import LogBlock, Origin
from tui.logs.stamps import Clock

START = datetime(2026, 11, 23, tzinfo=UTC)
NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)


def syslog(*lines: tuple[float | None, str]) -> bytes:
    """Lines of charon, so many seconds after `START`; None makes a line without a time."""
    text = b""
    for seconds, said in lines:
        if seconds is None:
            text += said.encode() + b"\n"
        else:
            moment = START + timedelta(seconds=seconds)
            stamp = f"{moment:%b} {moment.day:2d} {moment:%H:%M:%S}"
            text += f"{stamp} r-42-VM charon: {said}\n".encode()
    return text


def block(
    *lines: tuple[float | None, str],
    source: str = "daemon",
    router: str = "r-42-VM",
    offset: float = 0.0,
    first: int = 1,
) -> LogBlock:
    """A block of such lines; `offset` is how much the router's clock is ahead."""
    return LogBlock(Origin(router, source, NOW, Clock(offset)), syslog(*lines), first)
