"""What the figures were measured on, in general words: nothing that names a machine."""

import os
import platform
from pathlib import Path
from typing import Final

import msgspec

PROCESSORS: Final = Path("/proc/cpuinfo")
MEMORY: Final = Path("/proc/meminfo")


class Machine(msgspec.Struct, frozen=True):
    """Processor, its number of cores that may be used, memory in GB, system and interpreter."""

    processor: str
    cores: int
    memory_gb: int
    system: str
    python: str


def machine() -> Machine:
    """This one."""
    return Machine(
        _field(PROCESSORS, "model name") or platform.machine(),
        len(os.sched_getaffinity(0)),
        round(int((_field(MEMORY, "MemTotal") or "0").split()[0]) / 2**20),
        f"{platform.system()} {'.'.join(platform.release().split('.')[:2])}",
        f"{platform.python_implementation()} {platform.python_version()}",
    )


def _field(path: Path, name: str) -> str:
    try:
        lines = path.read_text("utf-8", "replace").splitlines()
    except OSError:
        return ""
    return next((line.split(":", 1)[1].strip() for line in lines if line.startswith(name)), "")
