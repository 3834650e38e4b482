"""Log lines as a router writes them, the same in every run: seeded, about 120 bytes each.

One line of fifty is a recorded line that one of our signatures knows; the others are what a router
writes all day: packets of charon, DHCP, logins of the management server, haproxy, cron. A million
of them are a day, with the stamps of syslog. The last line ends in `LAST`, a word that is nowhere
else. Files are made once, in `bench/.made/`.
"""

import os
import random
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

from tests.router_cases import case, case_names
from tui.logs.signatures import signatures_of

PLACE: Final = Path(__file__).parent / ".made"
MILLION: Final = 1_000_000
KNOWN: Final = 50
"""One line of so many is one that a signature knows."""
LAST: Final = b"zyxwvuts"
SEED: Final = 20261123
DAY: Final = 1_795_392_000
"""2026-11-23 00:00 UTC."""
_HEAD: Final = "%b %d %H:%M:%S r-42-VM "

Dice = random.Random
Kind = Callable[[Dice], str]


def _guest(dice: Dice) -> str:
    return f"10.1.{dice.randrange(1, 9)}.{dice.randrange(2, 250)}"


def _client(dice: Dice) -> str:
    return f"203.0.113.{dice.randrange(2, 250)}"


def _received(dice: Dice) -> str:
    return (
        f"charon: {dice.randrange(1, 17):02}[NET] received packet: from {_client(dice)}"
        f"[{dice.randrange(1024, 65536)}] to 203.0.113.10[4500] ({dice.randrange(60, 1400)} bytes)"
    )


def _generating(dice: Dice) -> str:
    return (
        f"charon: {dice.randrange(1, 17):02}[ENC] generating INFORMATIONAL_V1 request"
        f" {dice.randrange(1 << 32)} [ HASH N(DPD_ACK) ] for {_client(dice)}"
    )


def _lease(dice: Dice) -> str:
    mac = f"02:00:4c:5f:{dice.randrange(256):02x}:{dice.randrange(256):02x}"
    return (
        f"dnsmasq-dhcp[{dice.randrange(900, 999)}]: {dice.randrange(1 << 32)} DHCPREQUEST(eth0)"
        f" {_guest(dice)} {mac} VM-{dice.randrange(1 << 16):x} lease 4294967295"
    )


def _login(dice: Dice) -> str:
    return (
        f"sshd[{dice.randrange(1000, 32000)}]: Accepted publickey for root from 10.0.2.2 port"
        f" {dice.randrange(1024, 65536)} ssh2: ECDSA SHA256:tHXrdXAfy0hQ{dice.randrange(1 << 40):x}"
    )


def _balanced(dice: Dice) -> str:
    return (
        f"haproxy[{dice.randrange(700, 899)}]: {_client(dice)}:{dice.randrange(1024, 65536)}"
        f" [23/Nov/2026:00:00:00.{dice.randrange(1000):03}] web~ web/{_guest(dice)}"
        f" {dice.randrange(9)}/{dice.randrange(900)}/{dice.randrange(900)}"
        f" {dice.randrange(200, 90000)} ---- {dice.randrange(90)}/1/0/0/0 0/0"
    )


def _cron(dice: Dice) -> str:
    return (
        f"CRON[{dice.randrange(1000, 32000)}]: pam_unix(cron:session): session opened for user"
        f" root(uid=0) by (uid=0) job {dice.randrange(1 << 20)}"
    )


ORDINARY: Final[tuple[Kind, ...]] = (
    _received,
    _received,
    _generating,
    _lease,
    _login,
    _balanced,
    _cron,
)


def known_lines() -> tuple[str, ...]:
    """Recorded messages that a signature knows, without their stamps."""
    found: dict[str, None] = {}
    for name in case_names():
        for raw in case(name).files.get("vr.log", b"").splitlines():
            if raw[15:24] == b" r-42-VM " and signatures_of(raw) is not None:
                found[raw[24:].decode("ascii", "replace")] = None
    return tuple(found)


def lines(count: int) -> Iterator[str]:
    """`count` of them without line feeds, the last one with `LAST`."""
    dice = Dice(SEED)
    known = known_lines()
    # Some thousand different ones, dealt at random: making each anew would take a minute.
    ordinary = [kind(dice) for kind in ORDINARY for _ in range(1500)]
    head, second = "", -1
    for number in range(count - 1):
        if number * 86_400 // count != second:
            second = number * 86_400 // count
            head = time.strftime(_HEAD, time.gmtime(DAY + second))
        pool = known if number % KNOWN == KNOWN // 2 else ordinary
        yield head + pool[int(dice.random() * len(pool))]
    yield f"{head}bench: the last line of all is {LAST.decode()}"


def mark_line(word: bytes) -> bytes:
    """A line of charon with `word` in it, at the end of the day."""
    return b"Nov 23 23:59:59 r-42-VM charon: 07[IKE] " + word + b" is what is looked for in it\n"


def written(count: int = MILLION) -> Path:
    """A file of `count` lines; made where it is not there yet."""
    path = PLACE / f"lines-{SEED}-{count}.log"
    if not path.exists():
        PLACE.mkdir(exist_ok=True)
        unfinished = path.with_suffix(f".{os.getpid()}")
        with unfinished.open("w", encoding="utf-8", newline="\n") as file:
            file.writelines(line + "\n" for line in lines(count))
        unfinished.replace(path)
    return path
