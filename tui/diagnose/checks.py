"""The results of a checkup."""

from typing import Literal

import msgspec

State = Literal["pass", "warn", "fail", "n/a", "unknown"]


class Proof(msgspec.Struct, frozen=True):
    """Where a result comes from."""

    source: str
    """A command of the registry by name, or a command of CloudStack's API."""
    text: str
    """What it said, cleaned and redacted."""


class Check(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that was looked at."""

    name: str
    group: str = ""
    """Heading under which it is shown: `service`, `drift`, `firewall`, `capacity`, `hardening`…"""
    state: State
    says: str
    """One sentence."""
    evidence: tuple[Proof, ...] = ()
    fix: str = ""
    """What to do, in words; empty where nothing is to be done."""
    action: str = ""
    """Name of the console's action that does it; empty where there is none."""
    steps: tuple[str, ...] = ()
    """Steps of `summaries.remedies` that it asks for, where they depend on what was found."""
