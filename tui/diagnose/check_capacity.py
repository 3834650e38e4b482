"""How many people the VPN carries: addresses, accounts, processors, memory, and what is beyond."""

import re
from collections.abc import Iterable, Iterator
from typing import Final

from tui.diagnose.check_drift import pool_ends
from tui.diagnose.subject import Result, Subject, failed, passed, prove, skipped, unknown, warned
from tui.router import commands
from tui.router.survey import Unanswered
from tui.vpn.users import DEFAULT_LIMIT

_MBIT_AESNI: Final = 600
_MBIT_SOFTWARE: Final = 120
"""What one processor encrypts in a second with AES-CBC and SHA1, in round figures on the low side.
A tunnel stays on one processor."""
_MBIT_EACH: Final = 5
"""What one person needs while working."""
_MEMORY_EACH: Final = 8 * 1024 * 1024
"""Bytes of one session: its pppd (5 MB were seen) and what charon and the kernel keep."""
BEYOND: Final = (
    "Beyond that: a larger range (and a larger limit of users for the account), a larger offering "
    "for the router, several networks or a VPC with a VPN each, or an appliance of your own "
    "(WireGuard, OpenVPN, IKEv2) behind a static NAT, which has none of these limits."
)


def pool_size(subject: Subject) -> int:
    """Addresses for clients; 0 where the range is not known."""
    ends = pool_ends(subject.pool)
    return ends[1] - ends[0] + 1 if ends else 0


def addresses(subject: Subject) -> Result:
    """There are addresses for more people."""
    not_due = subject.not_due()
    if not_due is not None:
        return not_due
    size = pool_size(subject)
    if not size:
        return unknown("the range of the clients is not known")
    live = subject.fact(commands.L2TP_SESSION)
    if isinstance(live, Unanswered):
        return unknown(live)
    used = len(live)
    most = peak(subject)
    evidence = (
        *prove("l2tp_session", f"{used} sessions now"),
        *prove("listRemoteAccessVpns", f"{size} addresses: {subject.pool}"),
        *(prove("tail_messages", f"{most} sessions at once is the most that the log shows")),
    )
    says = f"{used} of {size} addresses are in use"
    if most > used:
        says += f", {most} at the most as far as the log tells"
    fix = "Give the VPN a larger range: `csvpn change-range NETWORK A-B` (it gets another key)."
    if used >= size:
        return failed(f"{says}: nobody else can connect", evidence, fix, "change_range")
    if used / size >= 0.8 or most >= size:
        return warned(f"{says}: it gets tight", evidence, fix, "change_range")
    return passed(says, evidence)


_SESSION_UP: Final = re.compile(rb"pppd\[(\d+)\]: remote IP address ")
_SESSION_ENDS: Final = re.compile(rb"pppd\[(\d+)\]: (?:Exit\.|Connection terminated|Terminating)")


def peak(subject: Subject) -> int:
    """The most sessions at once that the log of pppd shows; those of now count too."""
    live = subject.fact(commands.L2TP_SESSION)
    most = 0 if isinstance(live, Unanswered) else len(live)
    up: set[bytes] = set()
    for line in _messages(subject):
        if begun := _SESSION_UP.search(line):
            up.add(begun[1])
            most = max(most, len(up))
        elif ended := _SESSION_ENDS.search(line):
            up.discard(ended[1])
    return most


def _messages(subject: Subject) -> Iterator[bytes]:
    log = subject.logs.get("vr.messages.log")
    if log is not None:
        yield from log.splitlines()
        return
    answer = subject.survey.answers.get("tail_messages")
    if answer is not None:
        yield from answer.output.stdout.splitlines()


def user_slots(subject: Subject) -> Result:
    """The account has room for another user."""
    cloud = subject.cloud
    if cloud is None or cloud.users is None:
        return unknown("CloudStack's list of users is not here")
    if not cloud.has_vpn:
        return skipped("there is no VPN here")
    count = len(cloud.users) + len(cloud.adding)
    says = f"{count} users; the server's usual limit is {DEFAULT_LIMIT} for an account"
    evidence = prove("listVpnUsers", f"{count} users of {cloud.account or 'the account'}")
    size = pool_size(subject)
    advice = (
        "Raise remote.access.vpn.user.limit of the account, or remove who is no longer there: "
        "`csvpn users audit`."
    )
    if count >= DEFAULT_LIMIT:
        return passed(f"{says}: no room for another", evidence, advice)
    if size and count > size:
        return passed(f"{count} users share {size} addresses: not all at once", evidence, advice)
    return passed(says, evidence)


def throughput(subject: Subject) -> Result:
    """What processors and memory carry, as an estimate that says how it is made."""
    if not subject.wants_vpn:
        return skipped("there is no VPN here")
    count, free = subject.fact(commands.NPROC), subject.fact(commands.FREE)
    has_aes = subject.fact(commands.CPU_AES)
    for fact in (count, free, has_aes):
        if isinstance(fact, Unanswered):
            return unknown(fact)
    return _estimate(subject)


def _estimate(subject: Subject) -> Result:
    count, free = subject.fact(commands.NPROC), subject.fact(commands.FREE)
    drivers = subject.fact(commands.CRYPTO_CBC_AES)
    if isinstance(count, Unanswered) or isinstance(free, Unanswered):
        return unknown("processors and memory are not known")
    fast = not isinstance(drivers, Unanswered) and any("aesni" in d for d in drivers.values())
    each = _MBIT_AESNI if fast else _MBIT_SOFTWARE
    by_processor = count * each // _MBIT_EACH
    by_memory = free.available // _MEMORY_EACH
    size = pool_size(subject)
    bounds = {"addresses": size, "processors": by_processor, "memory": by_memory}
    narrow = min((name for name in bounds if bounds[name]), key=lambda name: bounds[name])
    evidence = (
        *prove(
            "nproc",
            f"{count} processors x {each} Mbit/s ({'with' if fast else 'without'} AES in hardware) "
            f"/ {_MBIT_EACH} Mbit/s each = {by_processor} people",
        ),
        *prove(
            "free",
            f"{free.available // 1024**2} MB available / {_MEMORY_EACH // 1024**2} MB each = "
            f"{by_memory} people",
        ),
        *prove("listRemoteAccessVpns", f"{size} addresses"),
    )
    return passed(
        f"carries about {bounds[narrow]} people at once; the first to run out are {narrow} "
        "(an estimate)",
        evidence,
        BEYOND,
    )


def ike_without_session(subject: Subject) -> Result:
    """IKE connections without a session: clients that are gone. The router never asks after them
    (no DPD), so they stay for hours and harm nobody."""
    ipsec, tunnels = subject.fact(commands.IPSEC_STATUSALL), subject.fact(commands.L2TP_TUNNEL)
    if isinstance(ipsec, Unanswered):
        return unknown(ipsec)
    if isinstance(tunnels, Unanswered):
        return unknown(tunnels)
    if not ipsec.running:
        return skipped("charon does not run")
    served = {each.remote for each in tunnels}
    idle = [each for each in ipsec.ike if each.remote not in served and each.state == "ESTABLISHED"]
    idle = [each for each in idle if each.connection == "L2TP-PSK"]
    texts = _spelled(f"{each.remote} since {each.age}" for each in idle)
    if idle:
        return passed(
            f"{len(idle)} IKE connections without a session: clients that are gone, or that fail "
            "after IPsec",
            prove("ipsec_statusall", *texts),
            "Optional: `dpdaction=clear`, `dpddelay=30s`, `dpdtimeout=120s` in "
            "/etc/ipsec.d/l2tp.conf clear them.",
        )
    return passed("every IKE connection has a session")


def _spelled(texts: Iterable[str]) -> list[str]:
    return list(texts)[:6]
