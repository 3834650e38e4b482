"""What the router runs on: processors, memory, pressure, ciphers, modules, and its clock."""

import re
from calendar import timegm
from time import strptime
from typing import Final

import msgspec

from tui.router.output import Output


class Processor(msgspec.Struct, frozen=True):
    """The kind of processor. `aes` among the flags says that it has AES in hardware."""

    model: str
    flags: tuple[str, ...]


class CpuTime(msgspec.Struct, frozen=True):
    """Where the time of the processors (`cpu`) or of one of them (`cpu0`) went since boot.

    In hundredths of a second; two samples make a load.
    """

    name: str
    busy: int
    """User, nice, system and both kinds of interrupts."""
    idle: int
    waiting: int
    """For the disk."""
    stolen: int
    """The hypervisor gave it to others."""


class Pressure(msgspec.Struct, frozen=True):
    """Percent of the last 10, 60 and 300 seconds in which some work waited for a resource."""

    ten: float
    sixty: float
    three_hundred: float


class Cipher(msgspec.Struct, frozen=True):
    """An algorithm that the kernel has loaded; of those of one name the highest priority serves."""

    name: str
    driver: str
    priority: int


class TimeServer(msgspec.Struct, frozen=True):
    """A time server as ntpd sees it; whatever else says "synchronized" is the kernel's own flag."""

    mark: str
    """`*` for the one that is followed, `+` for a good one, "" for none of this."""
    address: str
    reach: int
    """Bits of the last eight attempts; 0 means that it has never answered."""
    offset: float
    """Seconds that our clock is behind it."""

    @property
    def is_followed(self) -> bool:
        """True if ntpd sets the clock by it."""
        return self.mark == "*"


class Boot(msgspec.Struct, frozen=True):
    """A boot that the journal remembers; 0 is the present one, -1 the one before."""

    index: int
    id: str
    first: float
    """Seconds since the epoch of its first entry."""
    last: float


class BootMark(msgspec.Struct, frozen=True):
    """When CloudStack's boot scripts were through, and which boot this is."""

    finished: str
    """In words; "" if they are not through."""
    id: str


_SIZE: Final = re.compile(r"(\S+): +(\d+)( kB)?")


def read_sizes(output: Output) -> dict[str, int]:
    """`cat /proc/meminfo`: name to bytes (to a number where no unit is given)."""
    found = [match for line in output.lines if (match := _SIZE.match(line))]
    if not found:
        raise ValueError("not /proc/meminfo")
    return {match[1]: int(match[2]) * (1024 if match[3] else 1) for match in found}


def read_processor(output: Output) -> Processor:
    """`grep -m2 'model name\\|flags' /proc/cpuinfo`."""
    pairs = (line.partition(":") for line in output.lines)
    values = {name.strip(): value.strip() for name, _, value in pairs}
    return Processor(values.get("model name", ""), tuple(values["flags"].split()))


def read_presence(output: Output) -> bool:
    """`grep -m1 …`: whether it found something (status 0) or not (status 1)."""
    return output.status == 0


def read_cpu_times(output: Output) -> tuple[CpuTime, ...]:
    """`head -4 /proc/stat`: all processors together first, then the first few one by one."""
    found = []
    for line in output.lines:
        name, *rest = line.split()
        if not name.startswith("cpu"):
            continue
        user, nice, system, idle, waiting, hard, soft, stolen = (int(word) for word in rest[:8])
        found.append(CpuTime(name, user + nice + system + hard + soft, idle, waiting, stolen))
    if not found:
        raise ValueError("no line of a processor")
    return tuple(found)


_SOME: Final = re.compile(r"some avg10=([\d.]+) avg60=([\d.]+) avg300=([\d.]+)")


def read_pressure(output: Output) -> dict[str, Pressure]:
    """`head /proc/pressure/…`: `cpu`, `memory` and `io`; a kernel without it has none."""
    resource = ""
    found: dict[str, Pressure] = {}
    for line in output.lines:
        if line.startswith("==> "):
            resource = line.removeprefix("==> ").removesuffix(" <==").rpartition("/")[2]
        elif match := _SOME.match(line):
            found[resource] = Pressure(float(match[1]), float(match[2]), float(match[3]))
    return found


def read_drivers(output: Output) -> dict[str, str]:
    """`grep -A1 -E 'name +: …' /proc/crypto`: name of the algorithm to its driver."""
    found: dict[str, str] = {}
    name = ""
    for line in output.lines:
        field, _, value = (part.strip() for part in line.partition(":"))
        if field == "name":
            name = value
        elif field == "driver" and name:
            found.setdefault(name, value)
    return found


def read_ciphers(output: Output) -> tuple[Cipher, ...]:
    """`awk … /proc/crypto`: name, driver and priority of each."""
    rows = [line.split() for line in output.lines if line.strip()]
    return tuple(Cipher(name, driver, int(priority)) for name, driver, priority in rows)


def read_modules(output: Output) -> tuple[str, ...]:
    """`lsmod | grep …`: names. A checkup loads some itself: `ip l2tp` loads `l2tp_core`."""
    return tuple(line.split()[0] for line in output.lines if line.strip())


_MARKS: Final = "*+-#ox."


def read_time_servers(output: Output) -> tuple[TimeServer, ...]:
    """`ntpq -pn`: nothing where no ntpd runs."""
    found = []
    for line in output.lines:
        words = line[1:].split()
        if len(words) != 10 or not all(digit in "01234567" for digit in words[6]):
            continue
        mark = line[0] if line[0] in _MARKS else ""
        found.append(TimeServer(mark, words[0], int(words[6], 8), float(words[8]) / 1000))
    return tuple(found)


_BOOT: Final = re.compile(
    r" *(-?\d+) ([0-9a-f]{32}) \w{3} (\d{4}-\d\d-\d\d \d\d:\d\d:\d\d) \S+"
    r" +\w{3} (\d{4}-\d\d-\d\d \d\d:\d\d:\d\d) \S+"
)


def read_boots(output: Output) -> tuple[Boot, ...]:
    """`journalctl --list-boots`, oldest first; the router's zone is UTC."""
    matches = (_BOOT.match(line) for line in output.lines)
    return tuple(
        Boot(int(match[1]), match[2], _seconds(match[3]), _seconds(match[4]))
        for match in matches
        if match
    )


def _seconds(text: str) -> float:
    return float(timegm(strptime(text, "%Y-%m-%d %H:%M:%S")))


def read_boot_mark(output: Output) -> BootMark:
    """`cat …/boot_up_done; cat …/boot_id`: the first is missing until the scripts are through."""
    lines = [line for line in output.lines if line.strip()]
    return BootMark(lines[-2] if len(lines) > 1 else "", lines[-1])


def read_versions(output: Output) -> dict[str, str]:
    """`dpkg-query -W …`: package to version; a package that is known and absent has none."""
    pairs = (line.partition("    ")[::2] for line in output.lines)
    return {name.strip(): version.strip() for name, version in pairs if version.strip()}
