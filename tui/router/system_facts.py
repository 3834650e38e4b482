"""The router as a machine: clock, load, memory, disk, processes, sockets, kernel settings.

Each `read_…` takes the output of one command of the registry (named in its docstring) and gives a
fact. They raise `ValueError` for output they do not understand.
"""

import re
from calendar import timegm
from time import strptime

import msgspec

from tui.router.output import Output
from tui.safety.redact import redact


class LoadAverage(msgspec.Struct, frozen=True):
    """Runnable processes on average over 1, 5 and 15 minutes."""

    one: float
    five: float
    fifteen: float


class Memory(msgspec.Struct, frozen=True):
    """Bytes. `available` is what programs can still get; a router has no swap."""

    total: int
    available: int


class FileSystem(msgspec.Struct, frozen=True):
    """One mounted file system; sizes in bytes."""

    device: str
    size: int
    used: int
    available: int
    mount: str


class Process(msgspec.Struct, frozen=True):
    """A running process."""

    pid: int
    arguments: str

    @property
    def name(self) -> str:
        """Its program, without the folder."""
        return self.arguments.split(" ", 1)[0].rpartition("/")[2]


class Listener(msgspec.Struct, frozen=True):
    """A UDP socket and who holds it (`process` empty, `pid` 0 where that is not told)."""

    address: str
    port: int
    process: str
    pid: int


class LogFile(msgspec.Struct, frozen=True):
    """Size in bytes and time of last change (seconds since the epoch) of a log file."""

    path: str
    inode: int
    size: int
    modified: int


def read_words(output: Output) -> str:
    """`hostname`, `uptime`, `uname`: one line as it is."""
    return output.text


def read_clock(output: Output) -> float:
    """`date -u +%s.%N`: seconds since the epoch."""
    return float(output.text)


def read_uptime(output: Output) -> float:
    """`cat /proc/uptime`: seconds since boot."""
    return float(output.text.split()[0])


def read_count(output: Output) -> int:
    """`nproc`: one number."""
    return int(output.text)


def read_load(output: Output) -> LoadAverage:
    """`cat /proc/loadavg`."""
    one, five, fifteen = output.text.split()[:3]
    return LoadAverage(float(one), float(five), float(fifteen))


def read_memory(output: Output) -> Memory:
    """`free -b`."""
    heads = output.lines[0].split()
    row = next(line for line in output.lines if line.startswith("Mem:")).split()[1:]
    values = dict(zip(heads, row, strict=True))
    return Memory(int(values["total"]), int(values["available"]))


def read_file_systems(output: Output) -> tuple[FileSystem, ...]:
    """`df -B1`."""
    found = []
    for line in output.lines[1:]:
        device, size, used, available, _, mount = line.split(None, 5)
        found.append(FileSystem(device, int(size), int(used), int(available), mount))
    return tuple(found)


def read_processes(output: Output) -> tuple[Process, ...]:
    """`pgrep -a NAME`; status 1 and no output mean that there is none."""
    found = []
    for line in output.lines:
        pid, _, arguments = line.partition(" ")
        found.append(Process(int(pid), arguments))
    return tuple(found)


_HOLDER = re.compile(r'\(\("(?P<name>[^"]*)",pid=(?P<pid>\d+)')


def read_listeners(output: Output) -> tuple[Listener, ...]:
    """`ss -lunp …`. The head of the last columns runs together, so rows are read by position."""
    found = []
    for line in output.lines[1:]:
        words = line.split(None, 5)
        if len(words) < 5:
            raise ValueError(f"not a line of ss: {line!r}")
        address, _, port = words[3].rpartition(":")
        holder = _HOLDER.search(words[5]) if len(words) > 5 else None
        name, pid = (holder["name"], int(holder["pid"])) if holder else ("", 0)
        found.append(Listener(address, int(port), name, pid))
    return tuple(found)


def read_settings(output: Output) -> dict[str, str]:
    """`sysctl NAME…`: name to value; a name that this kernel lacks is missing."""
    pairs = (line.partition(" = ") for line in output.lines)
    return {name: value for name, separator, value in pairs if separator}


def read_log_files(output: Output) -> tuple[LogFile, ...]:
    """`stat -c '%n %i %s %Y' FILE…`; a file that is not there is missing."""
    rows = [line.rsplit(None, 3) for line in output.lines]
    return tuple(LogFile(name, int(inode), int(size), int(at)) for name, inode, size, at in rows)


_TABLE_HEAD = ("PID", "PPID", "STARTED", "ELAPSED", "RSS", "NLWP", "COMMAND")


class VpnProcess(msgspec.Struct, frozen=True):
    """A daemon of the VPN or one of its pppds, with its start."""

    pid: int
    parent: int
    """1 for a pppd whose xl2tpd is gone."""
    started: float
    """Seconds since the epoch, if the router's zone is UTC, as CloudStack's are."""
    age: int
    """Seconds; a second off now and then."""
    memory: int
    """Bytes that it holds in memory."""
    threads: int
    arguments: str

    @property
    def name(self) -> str:
        """`charon`, `starter`, `xl2tpd` or `pppd`."""
        return self.arguments.split(" ", 1)[0].rpartition("/")[2]


def read_vpn_processes(output: Output) -> tuple[VpnProcess, ...]:
    """`ps -o pid,ppid,lstart,etimes,rss,nlwp,args -C …`; status 1 where there is none."""
    if tuple(output.lines[0].split()) != _TABLE_HEAD:
        raise ValueError(f"not the head of ps: {output.lines[0]!r}")
    found = []
    for line in output.lines[1:]:
        pid, parent, *words, age, memory, threads, arguments = line.split(None, 10)
        started = timegm(strptime(" ".join(words), "%a %b %d %H:%M:%S %Y"))
        found.append(
            VpnProcess(
                int(pid),
                int(parent),
                float(started),
                int(age),
                int(memory) * 1024,
                int(threads),
                arguments,
            )
        )
    return tuple(found)


def read_lines(output: Output) -> tuple[str, ...]:
    """Lines as they are, empty ones left out."""
    return tuple(line for line in output.lines if line.strip())


def read_log_lines(output: Output) -> tuple[str, ...]:
    """Lines of a log, without secrets."""
    return tuple(redact(line) for line in output.log_lines if line.strip())


def read_values(output: Output) -> dict[str, str]:
    """`NAME=VALUE` lines; quotes around a value are left out."""
    pairs = (line.partition("=") for line in output.lines)
    return {name: value.strip('"') for name, separator, value in pairs if separator}


def read_named_counts(output: Output) -> dict[str, int]:
    """`NAME NUMBER` lines, as in `/proc/net/xfrm_stat`."""
    rows = [line.split() for line in output.lines if line.strip()]
    return {name: int(number) for name, number in rows}
