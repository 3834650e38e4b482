"""One source's lines, dispatched: a literal is found in a line, and what it may mean is tried."""

import re
from collections.abc import Callable, Mapping
from functools import cache
from typing import Final, NamedTuple, cast

from tui.logs.fold_charon import Action, CharonLines, Handler
from tui.logs.fold_coverage import Coverage, Topic
from tui.logs.fold_l2tp import L2tpBook
from tui.logs.fold_part import AddPart, Mention, Part
from tui.logs.fold_ppp import PppBook
from tui.logs.fold_source import Daemon, Source
from tui.logs.scan import Hit, LiteralScanner
from tui.logs.signatures import BY_NAME

NEEDLES: Final = (
    # the way up
    b"IKE_SA",
    b"CHILD_SA",
    b" proposal",
    b"host is behind NAT",
    b"pre-shared key",
    b"vpn-",
    b" -- ",
    b"ion established",
    b"Call established",
    b"appeared on ppp",
    b"Using interface ppp",
    b"CHAP Response",
    b"CHAP Success",
    b"remote IP address ",
    # IKE
    b"no IKE config",
    b"no matching",
    b"no shared key",
    b"PSK disabled",
    b"none allows",
    b"mismatched",
    b"decrypt",
    b"ing failed",
    b"acceptable",
    b"invalid IKE",
    b"unsupported IKE",
    b"notify",
    b"shutting down",
    b"stopped after",
    b"charon has died",
    b"charon daemon",
    b"retransmit",
    # L2TP
    b"exceeded for",
    b" closed to ",
    b"Out of ",
    b"exited for call",
    b"call_close: ",
    b"twice, ",
    b"tty is not",
    b"nknown field",
    b"load config",
    b"signal",
    b"xl2tpd version",
    # PPP
    b"o authenticate",
    b"failed CHAP",
    b" secret",
    b"Connect time ",
    b"CHAP Failure",
    b"auth pap>",
    b"ConfRej",
    b"Unsupported prot",
    b"by peer",
    b"echo-req",
    b"sending Config-",
    b"imed out",
    b"lack of",
    b"n terminated.",
    b"not authorized",
    b"n't connect PPP",
    # the rest
    b"table full",
    b"kill -9 ",
    b" ERROR ",
    b"Failed ",
    b"of type ",
)
"""What a line has to contain to be looked at. Short ones serve several signatures; 64 of them are
looked for in one pass."""

OF_TOPIC: Final[Mapping[Topic, frozenset[bytes]]] = {
    "charon": frozenset(
        (
            *(b"IKE_SA", b"CHILD_SA", b" proposal", b"host is behind NAT", b"pre-shared key"),
            *(b"vpn-", b"no IKE config", b"no matching", b"no shared key", b"PSK disabled"),
            *(b"none allows", b"mismatched", b"decrypt", b"ing failed", b"acceptable"),
            *(b"invalid IKE", b"unsupported IKE", b"notify", b"shutting down"),
            *(b"charon daemon", b"retransmit"),
        )
    ),
    "pppd": frozenset(
        (
            *(b"Using interface ppp", b"CHAP Response", b"CHAP Success", b"remote IP address "),
            *(b"o authenticate", b"failed CHAP", b"Connect time "),
            *(b"CHAP Failure", b"auth pap>", b"ConfRej", b"Unsupported prot", b"by peer"),
            *(b"echo-req", b"sending Config-", b"lack of", b"n terminated."),
            *(b"not authorized", b"n't connect PPP"),
        )
    ),
    "xl2tpd": frozenset(
        (
            *(b"ion established", b"Call established", b"exceeded for", b" closed to "),
            *(b"exited for call", b"call_close: ", b"twice, ", b"tty is not", b"nknown field"),
            *(b"load config", b"xl2tpd version"),
        )
    ),
    "session": frozenset((b"appeared on ppp",)),
}
"""Needles that find nothing but lines of a topic."""
_EVERYWHERE: Final = (
    "conntrack_full",
    "out_of_memory",
    "unit_failed",
    "unit_result",
    "users_pushed",
    "vpn_pushed",
    "script_error",
    "ssh_refused",
)
"""What belongs to no client."""
_WINDOW: Final = 1 << 19
"""Bytes that are looked through at once."""
_OF_STARTER: Final = (b"stopped after", b"charon has died")
"""Of the lines tagged `ipsec[906]` only these are not late copies of charon's."""
_FOUND_BY: Final = {
    "selectors_unacceptable": b"acceptable",
    "eap_requested": b"acceptable",
    "pppd_killed": b"signal",
    "pppd_terminated": b"signal",
    "mppe_required": b"by peer",
    "giving_up": b"retransmit",
    "router_retransmit": b"retransmit",
    "router_initiates": b"IKE_SA",
    "router_refused_by_client": b"notify",
    "client_reports_failed_auth": b"notify",
}
"""Literals that the lines of a signature contain besides its own."""
_HARMLESS: Final = ("no_source_nat", "policy_rule_left", "reread_early", "call_gone")
"""What is no `script_error`, though it says so."""

IncidentSink = Callable[[Mention], None]
Entry = tuple[bytes, Callable[[bytes], object] | None, str]
"""(literal, search, name) of a signature."""
Doing = tuple[tuple[Daemon, ...], Action]
"""Who writes the lines of a signature, none for anybody, and what to do with them."""


@cache
def _entries(number: int) -> tuple[Entry, ...]:
    """Signatures whose lines needle `number` finds, in the order in which they count."""
    needle = NEEDLES[number]
    found: list[Entry] = []
    for name, signature in BY_NAME.items():
        literal = signature.literal.encode()
        if needle in literal or needle == _FOUND_BY.get(name):
            search = re.compile(signature.pattern.encode()).search if signature.pattern else None
            found.append((literal, search, name))
    return tuple(found)


@cache
def scanner_without(told: frozenset[Topic]) -> LiteralScanner:
    """Looks for what is left of `NEEDLES` without those of the topics `told`."""
    idle = {needle for topic in told for needle in OF_TOPIC[topic]}
    return LiteralScanner([needle for needle in NEEDLES if needle not in idle])


class Plan(NamedTuple):
    """What is looked for in a block, and what is done where it is found."""

    scanner: LiteralScanner
    handlers: list[Handler]
    """By the number of the literal."""
    others: list[Handler | None]
    """What to do if that comes to nothing."""
    of_starter: frozenset[int]


class SourceReader:
    """Reads blocks of one source into parts."""

    def __init__(
        self,
        source: Source,
        coverage: Coverage,
        add: AddPart,
        keep: IncidentSink,
        wants: Callable[[str], bool],
    ) -> None:
        self.source = source
        self._coverage = coverage
        self._plans: dict[frozenset[Topic], Plan] = {}
        self._add = add
        self._keep = keep
        self._wants = wants
        self._charon = CharonLines(source, add, self._incident)
        self._l2tp = L2tpBook(source, add, self._incident)
        self._ppp = PppBook(source, add, self._incident)
        steps: dict[bytes, Handler] = {
            **self._charon.steps,
            **self._l2tp.steps,
            **self._ppp.steps,
            b"kill -9 ": self._killed,
        }
        actions = self._actions()
        self._handlers: list[Handler] = []
        self._others: list[Handler | None] = []
        for number, needle in enumerate(NEEDLES):
            of_signatures = self._signatures_of(number, actions)
            step = steps.get(needle)
            self._handlers.append(step or of_signatures or _never)
            self._others.append(of_signatures if step else None)

    def read(self, block: bytes) -> None:
        """Take the lines of `block`, whole ones."""
        source = self.source
        source.begin(block)
        whole = memoryview(block)
        first = 0
        while first < len(block):
            # In windows: what another source has told is passed over window by window.
            last = block.find(b"\n", first + _WINDOW) + 1 or len(block)
            source.look_at(first, last)
            plan = self._plan_for(self._coverage.told_elsewhere(source))
            self._read_window(plan, plan.scanner.hits(whole[first:last]), first)
            self._coverage.note(source)
            first = last
        source.finish()

    def _read_window(self, plan: Plan, hits: list[Hit], first: int) -> None:
        """Do what the `hits` of `plan` in the lines from `first` on ask for."""
        source = self.source
        block = source.block
        handlers, others, of_starter = plan.handlers, plan.others, plan.of_starter
        find, rfind, seat = block.find, block.rfind, source.seat
        seen = end = max(0, first - 1)
        is_done = False
        for needle, place, _ in hits:
            at = place + first
            if at < end:
                if is_done:
                    continue
            else:
                start = rfind(b"\n", seen, at) + 1
                if start == 0 < seen:  # the same line again, one of charon's copies
                    continue
                seen = at
                message = start + source.lead_size
                if block[start + 15 : message] == source.lead:
                    # A line of the same host and daemon as the one before: most are.
                    end = find(b"\n", at)
                    source.start, source.message = start, message
                    source.end = source.stop = seen = end = end if end >= 0 else len(block)
                    stamp = block[start : start + 15]
                    is_done = stamp != source.stamp and not source.take_stamp(stamp)
                else:
                    tag = start + source.head
                    if block[tag : tag + 6] == b"ipsec[" and needle not in of_starter:
                        continue
                    is_done = not seat(start, at)
                    seen = end = source.end
                if is_done:
                    continue
            if source.text is not block:
                at = source.text.find(plan.scanner.literals[needle])
                if at < 0:
                    continue
            is_done = handlers[needle](at)
            if not is_done:
                other = others[needle]
                is_done = other is not None and other(at)

    def _plan_for(self, told: frozenset[Topic]) -> Plan:
        """What to look for and to do, without the topics `told`."""
        plan = self._plans.get(told)
        if plan is None:
            scanner = scanner_without(told)
            numbers = [NEEDLES.index(needle) for needle in scanner.literals]
            plan = Plan(
                scanner,
                [self._handlers[number] for number in numbers],
                [self._others[number] for number in numbers],
                frozenset(n for n, needle in enumerate(scanner.literals) if needle in _OF_STARTER),
            )
            self._plans[told] = plan
        return plan

    # --- dispatch

    def _actions(self) -> dict[str, Doing]:
        """What to do with a line of each signature."""
        found: dict[str, Doing] = {}
        for daemon, actions in (
            ("charon", self._charon.actions),
            ("starter", self._charon.starter_actions),
            ("xl2tpd", self._l2tp.actions),
            ("pppd", self._ppp.actions),
        ):
            daemons = (cast(Daemon, daemon),)
            found.update({name: (daemons, action) for name, action in actions.items()})
        found.update(dict.fromkeys(_EVERYWHERE, ((), self._incident)))
        found.update(dict.fromkeys(_HARMLESS, ((), _ignore)))
        return found

    def _signatures_of(self, number: int, actions: Mapping[str, Doing]) -> Handler | None:
        """What tries the signatures that needle `number` may stand for; None without any."""
        own = [
            (literal, search, *actions[name], name)
            for literal, search, name in _entries(number)
            if name in actions
        ]
        if not own:
            return None
        source = self.source

        def try_signatures(at: int) -> bool:
            line = source.text[source.message : source.stop]
            for literal, search, daemons, action, name in own:
                if (
                    literal in line
                    and (not daemons or source.daemon in daemons)
                    and (search is None or search(line))
                ):
                    action(name)
                    return True
            return False

        return try_signatures

    def _incident(self, signature: str) -> None:
        """The line of now belongs to no client."""
        if self._wants(signature):
            self._keep(self.source.mention(signature))

    def _killed(self, at: int) -> bool:
        """`Executing: kill -9 10956`, by CloudStack's scripts."""
        source = self.source
        if source.daemon != "cloud":
            return False
        digits = source.text[at + 8 : min(source.stop, at + 18)].strip()
        if not digits.isdigit():
            return False
        part = Part("kill", source.number, source.moment)
        part.pppd = int(digits)
        part.marks = (source.mention("pppd_kill_ordered"),)
        part.finish(source.moment, "killed")
        self._add(part)
        return True

    def tidy(self, dropped: set[Part]) -> None:
        """Forget parts that are kept no longer."""
        self._charon.book.tidy(dropped)
        self._l2tp.tidy(dropped)
        self._ppp.tidy(dropped)


def _never(at: int) -> bool:
    return False


def _ignore(signature: str) -> None:
    """The line is as usual."""
