"""What a checkup looks at: the router's answers beside the API's word, and how results are made.

A check is a function of a `Subject`. It asks for facts, which may be missing, and gives a `Result`;
a missing fact makes the result `unknown`, with the reason, and never a pass.
"""

from collections.abc import Mapping
from functools import cached_property
from typing import Any, Final, TypeVar

import msgspec

from tui.diagnose.checks import Proof, State
from tui.diagnose.cloud_side import CloudSide
from tui.diagnose.firewall_walk import Table, read_table
from tui.router import commands
from tui.router.commands import Command
from tui.router.survey import Survey, Unanswered
from tui.router.vpn_facts import ProgrammedVpn
from tui.safety.redact import redact
from tui.safety.text import clean

T = TypeVar("T")

_LONGEST: Final = 400


class Result(msgspec.Struct, frozen=True, kw_only=True):
    """What came of a check; its name and group are put on by the checkup."""

    state: State
    says: str
    evidence: tuple[Proof, ...] = ()
    fix: str = ""
    action: str = ""
    steps: tuple[str, ...] = ()
    """Steps of `summaries.remedies`, where they depend on what was found."""


def passed(says: str, evidence: tuple[Proof, ...] = (), fix: str = "") -> Result:
    """It is right; `fix` is advice that nothing depends on."""
    return Result(state="pass", says=says, evidence=evidence, fix=fix)


def warned(says: str, evidence: tuple[Proof, ...] = (), fix: str = "", action: str = "") -> Result:
    """It works, but something is to be done about it."""
    return Result(state="warn", says=says, evidence=evidence, fix=fix, action=action)


def failed(
    says: str,
    evidence: tuple[Proof, ...] = (),
    fix: str = "",
    action: str = "",
    steps: tuple[str, ...] = (),
) -> Result:
    """It keeps people out, loses their traffic, or opens a hole."""
    return Result(state="fail", says=says, evidence=evidence, fix=fix, action=action, steps=steps)


def skipped(says: str, evidence: tuple[Proof, ...] = ()) -> Result:
    """It does not apply here, or follows from something that is told elsewhere."""
    return Result(state="n/a", says=says, evidence=evidence)


def unknown(says: str | Unanswered) -> Result:
    """It could not be looked at."""
    if isinstance(says, Unanswered):
        says = f"{says.name}: {says.why}"
    return Result(state="unknown", says=redact(clean(says)))


def prove(source: str, *texts: str) -> tuple[Proof, ...]:
    """Lines of one answer as evidence, cleaned and redacted; empty ones are left out."""
    return tuple(Proof(source, redact(clean(text, _LONGEST))) for text in texts if text.strip())


class Subject:
    """One router at one moment, and what CloudStack says of it."""

    def __init__(
        self,
        survey: Survey,
        cloud: CloudSide | None,
        now: float | None = None,
        logs: Mapping[str, bytes] | None = None,
    ) -> None:
        """`now` is our own clock when the router told its time, seconds since the epoch; None:
        the two clocks cannot be compared, as with a recording. `logs` are those of a bundle."""
        self.logs = logs or {}
        self.survey = survey
        self.cloud = cloud
        self.now = now
        self._read: list[str] = []

    def begin(self) -> None:
        """Another check begins: `read` starts anew."""
        self._read.clear()

    @property
    def read(self) -> tuple[str, ...]:
        """Names of the answers that were looked at since `begin`, the last one first."""
        return tuple(dict.fromkeys(reversed(self._read)))

    # What the router says.

    def fact(self, command: Command[T]) -> T | Unanswered:
        """The fact that `command` tells, or why it is not known."""
        self._read.append(command.name)
        return self.survey.fact(command)

    def missing(self, command: Command[Any]) -> Unanswered:
        """Why there is no answer of `command`."""
        said = self.fact(command)
        return (
            said if isinstance(said, Unanswered) else Unanswered(command.name, "it named nothing")
        )

    def text(self, name: str, statuses: tuple[int, ...] = (0,)) -> str | Unanswered:
        """What the command `name` printed, as text; not cleaned."""
        self._read.append(name)
        answer = self.survey.answers.get(name)
        if answer is None or answer.status not in statuses:
            return self.survey.unanswered(name)
        return answer.stdout

    def lines(self, name: str, statuses: tuple[int, ...] = (0,)) -> list[str] | Unanswered:
        """The lines of what the command `name` printed."""
        text = self.text(name, statuses)
        return text if isinstance(text, Unanswered) else text.splitlines()

    def quote(self, name: str, *needles: str, most: int = 6) -> tuple[Proof, ...]:
        """The lines of `name` that contain one of `needles`; all of them for no needle."""
        answer = self.survey.answers.get(name)
        if answer is None:
            return ()
        lines = [line for line in answer.stdout.splitlines() if line.strip()]
        wanted = [line for line in lines if not needles or any(n in line for n in needles)]
        return prove(name, *wanted[:most])

    def table(self, command: Command[Any]) -> Table | Unanswered:
        """A table of iptables."""
        said = self.fact(command)
        if isinstance(said, Unanswered):
            return said
        return read_table(self.survey.answers[command.name].output)

    @cached_property
    def bag(self) -> ProgrammedVpn | Unanswered | None:
        """The VPN that CloudStack has programmed on the router; None: none."""
        return self.fact(commands.BAG_REMOTEACCESSVPN)

    @cached_property
    def boot_parameters(self) -> dict[str, str]:
        """What CloudStack told the router at its start; empty where that is not known."""
        for command in (commands.BAG_CMDLINE, commands.CMDLINE):
            told = self.fact(command)
            if not isinstance(told, Unanswered) and told:
                return told
        return {}

    # What follows from both.

    @cached_property
    def wants_vpn(self) -> bool | None:
        """Whether there is to be a VPN; without the API's word what was programmed counts.

        None: nobody says.
        """
        if self.cloud is not None:
            return self.cloud.has_vpn
        return None if isinstance(self.bag, Unanswered) else self.bag is not None

    @cached_property
    def is_programmed(self) -> bool | None:
        """Whether the router was told of the VPN that there is to be; None: not known."""
        if isinstance(self.bag, Unanswered):
            return None
        if self.bag is None:
            return False
        return self.cloud is None or self.bag.public_ip == self.cloud.public_ip

    @cached_property
    def is_vpc(self) -> bool:
        """Whether it is the router of a VPC."""
        told = self.cloud is not None and self.cloud.is_vpc
        return told or self.boot_parameters.get("type") == "vpcrouter"

    @cached_property
    def is_redundant(self) -> bool:
        """Whether it is one of a pair."""
        told = self.cloud.is_redundant if self.cloud is not None else None
        said = self.boot_parameters.get("redundant_router", "")
        if said:
            return said.lower() in ("1", "true", "yes")
        return bool(told)

    @cached_property
    def role(self) -> str:
        """`PRIMARY`, `BACKUP`, `FAULT` or `UNKNOWN` for one of a pair, by its own word, else the
        API's; empty for a router that is alone."""
        told = self.cloud.redundant_state if self.cloud is not None else ""
        if not self.is_redundant:
            return told if told in ("PRIMARY", "MASTER", "BACKUP") else ""
        said = self.fact(commands.CHECKROUTER)
        if isinstance(said, str) and said in ("PRIMARY", "MASTER", "BACKUP", "FAULT"):
            return said
        return told or "UNKNOWN"

    @property
    def stands_by(self) -> bool:
        """Whether it is the one of a pair that does nothing: its daemons are down by design.

        FAULT is what a router says whose keepalived does not run; CloudStack's word counts then.
        """
        told = self.cloud.redundant_state if self.cloud is not None else ""
        return self.role == "BACKUP" or (told == "BACKUP" and self.role in ("FAULT", "UNKNOWN"))

    @cached_property
    def public_ip(self) -> str:
        """Address of the VPN; empty where it is not known."""
        if self.cloud is not None and self.cloud.public_ip:
            return self.cloud.public_ip
        return self.bag.public_ip if isinstance(self.bag, ProgrammedVpn) else ""

    @cached_property
    def public_interface(self) -> str:
        """The interface of the public address."""
        if isinstance(self.bag, ProgrammedVpn) and self.bag.interface:
            return self.bag.interface
        cards = self.fact(commands.IP_ADDR)
        if not isinstance(cards, Unanswered):
            found = next((card for card, address in cards if address == self.public_ip), "")
            if found:
                return found
        return "eth1" if self.is_vpc else "eth2"

    @cached_property
    def pool(self) -> str:
        """`first-last` of the addresses for clients; empty where it is not known."""
        if self.cloud is not None and self.cloud.pool:
            return self.cloud.pool
        return self.bag.pool if isinstance(self.bag, ProgrammedVpn) else ""

    @cached_property
    def inside_cidr(self) -> str:
        """The network, or the VPC, that clients reach; empty where it is not known."""
        if isinstance(self.bag, ProgrammedVpn) and self.bag.local_cidr:
            return self.bag.local_cidr
        return self.cloud.guest_cidr if self.cloud is not None else ""

    def not_due(self, *, on_standby: bool = False) -> Result | None:
        """Why a check of the VPN has nothing to look at; None where it has.

        `on_standby`: it also counts on a router that stands by.
        """
        if self.wants_vpn is None:
            return unknown(
                "whether there is to be a VPN is not known: neither CloudStack's word nor what it "
                "programmed is here"
            )
        if not self.wants_vpn:
            return skipped("there is no VPN here")
        if self.is_programmed is False:
            return skipped("follows from programmed: CloudStack has not told the router of the VPN")
        if self.stands_by and not on_standby:
            return skipped("the router stands by: this is not up until it takes over")
        return None
