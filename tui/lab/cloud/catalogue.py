"""The commands that the lab knows, with their parameters and response fields.

Kept as a text in `tui/lab/data/commands.txt`, from which `listApis` answers and by which every
call is checked, so that what is announced is what is accepted. Its form:

    = KIND [lister,lister…] FIELD…                 fields of a response row, and who lists them
    % NAME PARAMETER…                              parameters that many commands share
    COMMAND sync|async|create LEVEL CLASS [KIND]   LEVEL: user, domain, root
      description
      parameter[!] type [since X]                  `!` is required; a KIND as type is its uuid
      %NAME
"""

from fnmatch import fnmatchcase
from functools import cache
from importlib.resources import files

import msgspec

from tui.lab.cloud import entities as e

PLAIN_TYPES = frozenset(
    {"string", "boolean", "integer", "long", "date", "map", "list", "tzdate", "short", "float"}
)
_UNANNOUNCED = frozenset({"customjobid"})
"""Accepted, but not in the recorded `listApis`."""
_FOR_ROOT = frozenset({"fordisplay", "customid"})
_LEVELS = {"user": 0, "domain": 1, "root": 2}
_RANK = {"user": 0, "project": 0, "domain-admin": 1, "root": 2}


class Parameter(msgspec.Struct, frozen=True):
    """A parameter: `type` is a plain type or the kind of object whose UUID it takes."""

    name: str
    type: str
    required: bool = False
    since: str = ""

    @property
    def wire_type(self) -> str:
        return self.type if self.type in PLAIN_TYPES else "uuid"


class Command(msgspec.Struct, frozen=True):
    """A command. `java_class` is what a job says as `cmd`, without the common prefix."""

    name: str
    mode: str
    level: str
    java_class: str
    kind: str
    description: str
    parameters: tuple[Parameter, ...]

    @property
    def is_async(self) -> bool:
        return self.mode != "sync"


class Kind(msgspec.Struct, frozen=True):
    """A kind of response row: its fields, and the commands that list such rows."""

    name: str
    listers: tuple[str, ...]
    fields: tuple[str, ...]


class Catalogue(msgspec.Struct, frozen=True):
    """All commands by their exact name, all kinds by name."""

    commands: dict[str, Command]
    kinds: dict[str, Kind]

    def allows(self, command: Command, account: e.Account, role: e.Role) -> bool:
        """Whether a role may use a command: its patterns, else the level of its account."""
        if any(fnmatchcase(command.name, pattern) for pattern in role.deny):
            return False
        if role.allow is not None:
            return any(fnmatchcase(command.name, pattern) for pattern in role.allow)
        return _RANK[account.level] >= _LEVELS[command.level]

    def describe(self, command: Command, account: e.Account) -> dict[str, object]:
        """A row of `listApis` for a command, as an account is shown it."""
        kind = self.kinds.get(command.kind)
        row: dict[str, object] = {
            "name": command.name,
            "description": command.description,
            "isasync": command.is_async,
            "related": ",".join(name for name in kind.listers if name != command.name)
            if kind
            else "",
            "params": [
                self._describe_parameter(parameter)
                for parameter in command.parameters
                if parameter.name not in _UNANNOUNCED
                and (account.level == "root" or parameter.name not in _FOR_ROOT)
            ],
            "response": [
                {"name": field, "description": field, "type": "string"}
                for field in (kind.fields if kind else ("success", "displaytext"))
            ],
        }
        return row

    def _describe_parameter(self, parameter: Parameter) -> dict[str, object]:
        row: dict[str, object] = {
            "name": parameter.name,
            "description": parameter.name,
            "type": parameter.wire_type,
            "length": 255,
            "required": parameter.required,
        }
        if parameter.since:
            row["since"] = parameter.since
        kind = self.kinds.get(parameter.type)
        if kind and kind.listers:
            row["related"] = ",".join(kind.listers)
        return row


def _parameters(line: str, shared: dict[str, tuple[Parameter, ...]]) -> tuple[Parameter, ...]:
    if line.startswith("%"):
        return shared[line[1:]]
    name, type_, *rest = line.split()
    since = rest[1] if rest[:1] == ["since"] else ""
    return (Parameter(name.rstrip("!"), type_, name.endswith("!"), since),)


def parse(text: str) -> Catalogue:
    """Read the text form. Raises ValueError or KeyError on a line that fits nothing."""
    kinds: dict[str, Kind] = {}
    shared: dict[str, tuple[Parameter, ...]] = {}
    commands: dict[str, Command] = {}
    block: list[str] = []

    def close() -> None:
        if not block:
            return
        name, mode, level, java_class, *kind = block[0].split()
        found: list[Parameter] = []
        for line in block[2:]:
            found += _parameters(line, shared)
        if mode != "sync":
            found.append(Parameter("customjobid", "string", since="4.3"))
        commands[name] = Command(
            name, mode, level, java_class, kind[0] if kind else "", block[1], tuple(found)
        )
        block.clear()

    for line in text.splitlines():
        if not line.strip() or line.startswith("#"):
            continue
        if line.startswith("= "):
            close()
            name, listers, *fields = line[2:].split()
            kinds[name] = Kind(name, tuple(listers.strip("[]").split(",")), tuple(fields))
        elif line.startswith("% "):
            close()
            name, *wanted = line[2:].split()
            shared[name] = tuple(
                parameter
                for pair in wanted
                for parameter in _parameters(pair.replace(":", " "), shared)
            )
        elif line.startswith("  "):
            block.append(line.strip())
        else:
            close()
            block.append(line)
    close()
    return Catalogue(commands, kinds)


@cache
def catalogue() -> Catalogue:
    """The catalogue of this package."""
    return parse((files("tui.lab") / "data" / "commands.txt").read_text("utf-8"))
