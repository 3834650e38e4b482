"""Logs of a real router in forty-one situations, each with the verdict that it deserves.

Only what lies on the router is here; what the clients said is not used.
"""

import json
import lzma
from functools import cache
from pathlib import Path
from typing import Final

import msgspec

_FILE: Final = Path(__file__).parent / "recordings" / "router_logs.json.xz"


class Case(msgspec.Struct, frozen=True, kw_only=True):
    """One situation."""

    name: str
    category: str
    outcome: str
    truth: str
    """What was done, in words."""
    files: dict[str, bytes]
    """`vr.log`, `vr.messages.log`, `vr.state.txt`… as they were; one that was empty may lack."""

    def write(self, folder: Path, names: tuple[str, ...] | None = None) -> Path:
        """Put the files, or those of `names`, into `folder` as a bundle has them."""
        folder.mkdir(parents=True, exist_ok=True)
        for name, text in self.files.items():
            if names is None or name in names:
                (folder / name).write_bytes(text)
        return folder


@cache
def _all() -> dict[str, Case]:
    loaded = json.loads(lzma.decompress(_FILE.read_bytes()))
    return {
        name: Case(
            name=name,
            category=each["category"],
            outcome=each["outcome"],
            truth=each["truth"],
            files={
                file: text.encode("utf-8", "surrogateescape")
                for file, text in each["files"].items()
            },
        )
        for name, each in loaded.items()
    }


def case(name: str) -> Case:
    """The case `name`."""
    return _all()[name]


def case_names() -> tuple[str, ...]:
    """All cases, in alphabetical order."""
    return tuple(sorted(_all()))
