"""Folding logs into attempts, beside splitting the same bytes into lines and counting them.

The traffic is made of the recorded cases, each session with addresses, ids, threads and times of
its own, up to eight of them at a time, in the files that a router has: charon and xl2tpd with the
late copies of charon's lines and pppd's arguments, messages, pppd's journal, the audit lines in
auth.log, updown, CloudStack's scripts. Three mixes:

- `router of a pair`: three lines of four are not of clients. Every 30 seconds the management
  server asks a router of a redundant pair for its state over SSH (2,880 logins of seven lines a
  day); cron, DHCP, timers and some runs of CloudStack's scripts come on top. Eight users who
  dial in thirty times a day write the fourth line.
- `single router`: half of the lines are of clients.
- `nothing but attempts`: the hardest for us; no router has it.

Each is measured with whole files, as a bundle has them, and in blocks of 256 KiB from all files in
turn, as they come in when all are followed. Splitting is faster in small blocks, because its lines
then stay in the processor's cache.

What is unfair: the peer does nothing with the lines. What is not measured: reading the files, and
the text of the lines that an attempt is shown with, which is made when somebody asks for it (it is
printed by itself). Every attempt that was played has to come out as it was played.
"""

import random
import sys
import time
import tracemalloc
from collections.abc import Callable, Iterable
from typing import Final

import msgspec

from bench.ratios import Ratio, Samples, print_ratios, run_alone
from tests.logs.traffic import (
    BEGIN,
    FILES,
    SLOTS,
    USUAL,
    Line,
    Outcome,
    Players,
    files_of,
    outcome_of,
)
from tests.router_cases import case
from tui.logs.fold import Folder, fold_logs
from tui.logs.fold_reader import scanner_without
from tui.logs.scan import lines_with

SHORT: Final = 100_000
"""Lines of each mix; a number as the argument takes another."""
ROUNDS: Final = 5
BLOCK: Final = 1 << 18
"""Bytes that are fed at once."""
NOW: Final = BEGIN + 28 * 86_400
BAR: Final = 0.3
_HOST: Final = b"r-42-VM"

Blocks = list[tuple[str, bytes]]


class Traffic(msgspec.Struct, frozen=True):
    """The same lines in two forms, and what they have to fold into."""

    files: dict[str, bytes]
    blocks: Blocks
    lines: int
    outcomes: tuple[Outcome, ...]


def noise_of(moment: float, dice: random.Random) -> list[Line]:
    """What the rest of a router writes: one login, one job or one lease, now and then a push."""
    stamp = time.strftime("%b %d %H:%M:%S", time.gmtime(moment)).encode()
    head = b"%b %b " % (stamp[:4] + b"%2d" % int(stamp[4:6]) + stamp[6:], _HOST)
    pid = dice.randrange(1000, 32_000)
    kind = dice.random()
    if kind < 0.006:
        day = time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(moment)).encode()
        return [
            (moment, "vr.cloud.log", day + line[19:])
            for line in case("user_deleted_live").files["vr.cloud.log"].splitlines()
            if line[:2] == b"20" and b"kill -9" not in line
        ]
    if kind < 0.6:
        return [(moment, "vr.auth.log", head + line) for line in _ssh(pid)]
    if kind < 0.75:
        return [(moment, "vr.auth.log", head + line) for line in _cron(pid)]
    if kind < 0.95:
        return [(moment, "vr.log", head + line) for line in _dhcp(pid, dice)]
    return [(moment, "vr.log", head + line) for line in _timer()]


def _ssh(pid: int) -> tuple[bytes, ...]:
    who = b"sshd[%d]: " % pid
    return (
        who
        + b"Accepted publickey for root from 10.0.2.2 port 51548 ssh2: ECDSA SHA256:tHXrdXAfy0h",
        who + b"pam_unix(sshd:session): session opened for user root(uid=0) by (uid=0)",
        who + b"pam_env(sshd:session): deprecated reading of user environment enabled",
        who + b"pam_env(sshd:session): Unable to open env file: /etc/default/locale: No such file"
        b" or directory",
        who + b"Received disconnect from 10.0.2.2 port 51548:11: disconnected by user",
        who + b"Disconnected from user root 10.0.2.2 port 51548",
        who + b"pam_unix(sshd:session): session closed for user root",
    )


def _cron(pid: int) -> tuple[bytes, ...]:
    who = b"CRON[%d]: " % pid
    return (
        who + b"pam_env(cron:session): Unable to open env file: /etc/default/locale: No such file"
        b" or directory",
        who + b"pam_unix(cron:session): session opened for user root(uid=0) by (uid=0)",
        who + b"pam_unix(cron:session): session closed for user root",
    )


def _dhcp(pid: int, dice: random.Random) -> tuple[bytes, ...]:
    guest = b"(eth0) 10.1.1.%d 02:00:4c:5f:00:%02x" % (dice.randrange(2, 250), dice.randrange(256))
    who = b"dnsmasq-dhcp[%d]: " % pid
    return (who + b"DHCPREQUEST" + guest, who + b"DHCPACK" + guest + b" VM-%d" % pid)


def _timer() -> tuple[bytes, ...]:
    who = b"systemd[1]: "
    return (
        who + b"Starting logrotate.service - Rotate log files...",
        who + b"logrotate.service: Deactivated successfully.",
        who + b"Finished logrotate.service - Rotate log files.",
    )


def made(count: int, share_of_noise: float) -> Traffic:
    """About `count` lines, `share_of_noise` of them not of clients."""
    dice = random.Random(7)  # noqa: S311
    players = Players(7)
    lines: list[Line] = []
    outcomes: list[Outcome] = []
    free = [BEGIN] * SLOTS
    clients = noise = 0
    moment = BEGIN
    while len(lines) < count:
        slot = min(range(SLOTS), key=free.__getitem__)
        begin = max(free[slot], moment)
        session = players.play(dice.choice(USUAL), begin, slot)
        free[slot] = begin + session.seconds + 30
        moment = begin + dice.random() * 8
        lines += session.lines
        clients += len(session.lines)
        outcomes += session.outcomes
        while noise < share_of_noise / (1 - share_of_noise) * clients:
            others = noise_of(begin + dice.random() * 60, dice)
            noise += len(others)
            lines += others
    lines.sort(key=lambda line: line[0])
    return Traffic(files_of(lines), blocks_of(lines), len(lines), tuple(sorted(outcomes)))


def blocks_of(lines: list[Line]) -> Blocks:
    """The lines as they come in when all files are followed at once."""
    waiting: dict[str, list[bytes]] = {file: [] for file in FILES}
    sizes = dict.fromkeys(FILES, 0)
    blocks: Blocks = []
    for _, file, line in lines:
        waiting[file].append(line)
        sizes[file] += len(line) + 1
        if sizes[file] >= BLOCK:
            blocks.append((file, b"\n".join(waiting[file]) + b"\n"))
            waiting[file], sizes[file] = [], 0
    blocks += [(file, b"\n".join(rest) + b"\n") for file, rest in waiting.items() if rest]
    return blocks


def folded(blocks: Blocks) -> Folder:
    """Ours, in blocks."""
    folder = Folder("r-42-VM", now=NOW)
    for source, block in blocks:
        folder.feed(source, block)
    folder.finish()
    return folder


def counted(texts: Iterable[bytes]) -> int:
    """The peer."""
    return sum(len(text.split(b"\n")) - 1 for text in texts)


def seconds(action: Callable[[], object]) -> float:
    """Of the processor, so that what else the machine does counts less."""
    before = time.process_time()
    action()
    return time.process_time() - before


def check(folder: Folder, traffic: Traffic) -> None:
    """Compare what came out with what was played."""
    outcomes = tuple(sorted(outcome_of(attempt) for attempt in folder.attempts))
    if outcomes != traffic.outcomes:
        wrong = set(outcomes) ^ set(traffic.outcomes)
        raise SystemExit(f"error: {len(wrong)} attempts are wrong, such as {sorted(wrong)[:4]}")


def peak(traffic: Traffic) -> int:
    """Bytes that folding takes at the most, the lines themselves not counted."""
    tracemalloc.start()
    folder = folded(traffic.blocks)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert len(folder.attempts) == len(traffic.outcomes)
    return most


def compared(name: str, ours: Callable[[], object], peer: Callable[[], object]) -> Ratio:
    """The two in turn."""
    pairs = [(seconds(ours), seconds(peer)) for _ in range(ROUNDS)]
    return Ratio(
        bar=None,
        name=name,
        ours=Samples(tuple(our for our, _ in pairs)),
        peer=Samples(tuple(theirs for _, theirs in pairs)),
        unit="s",
        limit=round(1 / BAR, 2),
        at_least=False,
    )


def measured(name: str, traffic: Traffic) -> list[Ratio]:
    """One mix."""
    files, blocks = traffic.files, traffic.blocks
    folder = folded(blocks)
    check(folder, traffic)
    check(fold_logs(files, "r-42-VM", NOW), traffic)
    scanner = scanner_without(frozenset())
    candidates = sum(1 for _, block in blocks for _ in lines_with(scanner, block))
    size = sum(len(text) for text in files.values())
    shown = seconds(lambda: folded(blocks).attempts) - seconds(lambda: folded(blocks))
    print(
        f"{name}: {traffic.lines:,} lines, {size / 1e6:.1f} MB, {len(traffic.outcomes):,} attempts,"
        f" {candidates / traffic.lines:.1%} of the lines looked at;"
        f" peak of memory {peak(traffic) / 1e6:.1f} MB; text of all attempts {shown:.2f} s more"
    )
    return [
        compared(
            f"{name}, whole files",
            lambda: fold_logs(files, "r-42-VM", NOW),
            lambda: counted(files.values()),
        ),
        compared(
            f"{name}, blocks of 256 KiB",
            lambda: folded(blocks),
            lambda: counted(block for _, block in blocks),
        ),
    ]


def measure(count: int = SHORT) -> list[Ratio]:
    """Three mixes of about `count` lines."""
    return [
        *measured("router of a pair", made(count, 0.75)),
        *measured("single router", made(count, 0.5)),
        *measured("nothing but attempts", made(count, 0.0)),
    ]


if __name__ == "__main__":
    if len(sys.argv) == 2 and sys.argv[1].replace(",", "").isdigit():
        print_ratios(measure(int(sys.argv[1].replace(",", ""))))
    else:
        run_alone(measure)
