"""The world of the recordings: same names, same UUIDs, actors with keys of this lab.

`tui/lab/data/contract.json.gz` was made from the recorded inventory (accounts, networks,
addresses, routers, VMs, ACLs, the project's VPN) with fixed passwords and keys that open
nothing but a lab.
"""

import gzip
from functools import cache
from importlib.resources import files

from tui.lab.worlds.snapshot import Snapshot, load


@cache
def _text() -> bytes:
    return gzip.decompress((files("tui.lab") / "data" / "contract.json.gz").read_bytes())


def contract_world() -> Snapshot:
    """A fresh copy of the recorded world."""
    return load(_text(), "the built-in world 'contract'")
