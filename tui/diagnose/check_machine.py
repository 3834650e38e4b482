"""The router as a machine: disk, memory, load, and its clock."""

import re
from collections.abc import Iterator
from typing import Final

import msgspec

from tui.diagnose.subject import Result, Subject, failed, passed, prove, unknown, warned
from tui.router import commands
from tui.router.survey import Unanswered
from tui.router.system_facts import FileSystem

_FULL: Final = 0.95
_FILLING: Final = 0.85
"""Parts of a file system in use."""
_SETTLED: Final = 3600.0
"""Seconds after its start within which a router need not have found its time server."""
_BYTES_PER_MB: Final = 1024 * 1024


def disk_space(subject: Subject) -> Result:
    """The disk has room: without it no log is written and no push of CloudStack is kept."""
    disks = subject.fact(commands.DF)
    if isinstance(disks, Unanswered):
        return unknown(disks)
    real = [disk for disk in disks if disk.device.startswith("/dev/") and disk.size]
    if not real:
        return unknown("df names no disk")
    used = {disk.mount: 1 - disk.available / disk.size for disk in real}
    fullest = max(used, key=lambda mount: used[mount])
    evidence = prove("df", *(f"{mount} {part:.0%} used" for mount, part in used.items()))
    fix = "Look for large files under /var/log; a restart of the network with clean-up makes it new"
    if used[fullest] >= _FULL:
        return failed(f"{fullest} is full ({used[fullest]:.0%})", evidence, f"{fix}.")
    if used[fullest] >= _FILLING:
        return warned(f"{fullest} fills up ({used[fullest]:.0%})", evidence, f"{fix}.")
    return passed(f"{_free(real, fullest)} free on {fullest}", evidence)


def _free(disks: list[FileSystem], mount: str) -> str:
    free = next(disk.available for disk in disks if disk.mount == mount)
    return f"{free / _BYTES_PER_MB:.0f} MB"


def inodes(subject: Subject) -> Result:
    """The disk can hold more files."""
    found = subject.fact(commands.DF_INODES)
    if isinstance(found, Unanswered):
        return unknown(found)
    root = next((each for each in found if each.path == "/" and each.total), None)
    if root is None:
        return unknown("df names no number of files for /")
    part = root.used / root.total
    evidence = prove("df_inodes", f"/ {root.used} of {root.total}")
    if part >= _FULL:
        fix = "Remove old files; a restart of the network with clean-up makes the router new."
        return failed(f"/ can hold no more files ({part:.0%})", evidence, fix)
    return passed(f"{part:.0%} of the files that / can hold", evidence)


def root_writable(subject: Subject) -> Result:
    """`/` can be written: one whose disk has failed is mounted read-only."""
    mounts = subject.fact(commands.MOUNTS)
    if isinstance(mounts, Unanswered):
        return unknown(mounts)
    root = [mount for mount in mounts if mount.path == "/"]
    if not root:
        return unknown("/proc/mounts has no /")
    evidence = prove("mounts", f"/ {root[-1].kind} {','.join(root[-1].options)}")
    if "ro" in root[-1].options:
        return failed(
            "/ is read-only: its disk has failed, and no push of CloudStack arrives",
            evidence,
            "Look at the storage of the router; stop and start it by CloudStack, or restart the "
            "network with clean-up.",
            "restart",
        )
    return passed("/ can be written", evidence)


def memory(subject: Subject) -> Result:
    """There is memory for more sessions."""
    said = subject.fact(commands.FREE)
    if isinstance(said, Unanswered):
        return unknown(said)
    part = said.available / said.total
    available = f"{said.available / _BYTES_PER_MB:.0f} MB"
    total = f"{said.total / _BYTES_PER_MB:.0f} MB"
    evidence = prove("free", f"{available} of {total} available")
    fix = "Give the router a larger offering (changeServiceForRouter while it is stopped)."
    if part < 0.05:
        return failed(f"only {available} of memory are left", evidence, fix)
    if part < 0.10:
        return warned(f"only {available} of memory are left", evidence, fix)
    return passed(f"{available} of {total} of memory available", evidence)


def load(subject: Subject) -> Result:
    """The processors keep up. Just after a start they need not."""
    said, count = subject.fact(commands.LOADAVG), subject.fact(commands.NPROC)
    if isinstance(said, Unanswered):
        return unknown(said)
    if isinstance(count, Unanswered):
        return unknown(count)
    evidence = prove("loadavg", f"{said.one} {said.five} {said.fifteen} on {count} processors")
    waits = list(_waits(subject))
    evidence += prove("pressure", *waits)
    if said.fifteen > 2 * count:
        return warned(
            f"the load is {said.fifteen:g} on {count} processors for a quarter of an hour",
            evidence,
            "Look what runs on the router; encryption takes one processor for each tunnel. A "
            "larger offering gives it more.",
        )
    if waits:
        return warned(
            f"work waits: {waits[0]}", evidence, "Look what runs on the router, and at its host."
        )
    return passed(f"load {said.five:g} on {count} processors", evidence)


def _waits(subject: Subject) -> Iterator[str]:
    """Resources for which work has been waiting for five minutes."""
    said = subject.fact(commands.PRESSURE)
    limits = {"cpu": 60.0, "memory": 10.0, "io": 40.0}
    for name, pressure in {} if isinstance(said, Unanswered) else said.items():
        if pressure.three_hundred > limits.get(name, 100.0):
            yield f"for {name} {pressure.three_hundred:g} % of the last five minutes"


class _Complaint(msgspec.Struct, frozen=True):
    """A kind of trouble that the kernel tells of."""

    seen: re.Pattern[str]
    says: str
    fix: str

    def tell(self, lines: list[str]) -> str:
        """The trouble in words, with the programs that were killed for it."""
        killed = dict.fromkeys(
            (match[1] or match[2]) for line in lines for match in _KILLED.finditer(line)
        )
        return f"{self.says}, killed {', '.join(killed)}" if killed else self.says


_KILLED: Final = re.compile(r"Killed process \d+ \(([^)]+)\)|oom-kill:.*\btask=([^,\s]+)")
_COMPLAINTS: Final = (
    _Complaint(
        re.compile(r"Out of memory|oom-kill"),
        "out of memory",
        "Give the router a larger offering; see charon_process and xl2tpd_process for what was "
        "killed.",
    ),
    _Complaint(
        re.compile(r"table full"),
        "the table of connections is full, packets are dropped",
        "Raise net.netfilter.nf_conntrack_max, or find who opens the connections.",
    ),
    _Complaint(
        re.compile(r"I/O error"), "errors of the disk", "Look at the storage of the router."
    ),
    _Complaint(
        re.compile(r"Remounting filesystem"),
        "a file system was made read-only",
        "Look at the storage of the router; stop and start it by CloudStack.",
    ),
)


def kernel_complaints(subject: Subject) -> Result:
    """The kernel has not run out of memory or of connections."""
    lines = subject.lines("dmesg_tail")
    if isinstance(lines, Unanswered):
        return unknown(lines)
    lines += [
        each.decode("utf-8", "replace")
        for name in ("vr.kern.log", "vr.messages.log")
        for each in subject.logs.get(name, b"").splitlines()
        if b"kernel" in each
    ]
    found = {kind: [line for line in lines if kind.seen.search(line)] for kind in _COMPLAINTS}
    says = [kind.tell(seen) for kind, seen in found.items() if seen]
    if says:
        last = [line for seen in found.values() for line in seen[-2:]]
        fixes = [kind.fix for kind, seen in found.items() if seen]
        return failed(
            f"the kernel says: {'; '.join(says)}", prove("dmesg_tail", *last), " ".join(fixes)
        )
    return passed("the kernel does not complain")


def clock(subject: Subject) -> Result:
    """The router's clock is right: only the logs of several machines depend on it."""
    said = subject.fact(commands.DATE)
    if isinstance(said, Unanswered):
        return unknown(said)
    if subject.now is None:
        from_what = prove("date", f"{said:.3f}")
        return Result(state="n/a", says="not compared with our own clock", evidence=from_what)
    offset = said - subject.now
    evidence = prove("date", f"{said:.3f} there, {subject.now:.3f} here")
    if abs(offset) < 2:
        return passed("the clock is right", evidence)
    way = "ahead" if offset > 0 else "behind"
    return warned(
        f"the router's clock is {abs(offset):.0f} s {way} of ours: its logs are that much off",
        evidence,
        "Let it have a time server that answers; look at time_server.",
    )


def time_server(subject: Subject) -> Result:
    """The router follows a time server. What systemd calls synchronised is a flag of the kernel
    and wrong both ways."""
    servers = subject.fact(commands.NTPQ)
    if isinstance(servers, Unanswered):
        return unknown(servers)
    evidence = subject.quote("ntpq")[2:]
    followed = next((each for each in servers if each.is_followed), None)
    if followed is not None:
        offset = followed.offset * 1000
        return passed(f"follows {followed.address}, {offset:.1f} ms off", evidence)
    uptime = subject.fact(commands.PROC_UPTIME)
    if not servers:
        says = "the router asks no time server"
    elif not any(each.reach for each in servers):
        says = "no time server has ever answered the router"
    else:
        worst = max((each for each in servers if each.reach), key=lambda each: each.reach)
        says = f"the router follows no time server yet ({worst.offset * 1000:.0f} ms off)"
    if not isinstance(uptime, Unanswered) and uptime < _SETTLED:
        return passed(f"{says}; it runs for {uptime / 60:.0f} minutes only", evidence)
    fix = "Let the router reach its time server (UDP 123); connections do not depend on it."
    return warned(says, evidence, fix)
