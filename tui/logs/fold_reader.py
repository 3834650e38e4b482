"""One source's lines, dispatched: a literal is found in a line, and what it may mean is tried."""

import re
from collections.abc import Callable
from typing import Final

from tui.logs.fold_charon import Action, CharonLines, Handler
from tui.logs.fold_l2tp import L2tpBook
from tui.logs.fold_part import AddPart, Mention, Part
from tui.logs.fold_ppp import PppBook
from tui.logs.fold_source import Daemon, Source
from tui.logs.scan import LiteralScanner
from tui.logs.signatures import BY_NAME

STEP_NEEDLES: Final = (
    b"IKE_SA",
    b"CHILD_SA",
    b" proposal",
    b"host is behind NAT",
    b"pre-shared key",
    b"vpn-",
    b" -- ",
    b"Connection established to ",
    b"Call established with ",
    b"appeared on ppp",
    b"ol2tp.so loaded",
    b"Using interface ppp",
    b"lnsmode tid",
    b"[CHAP Response",
    b"[CHAP Success",
    b"remote IP address ",
)
"""Literals of the lines by which a connection comes up."""
NEEDLES: Final = (
    *STEP_NEEDLES,
    b"no IKE config",
    b"PSK disabled",
    b"none allows",
    b"decrypt",
    b"ailed",
    b"mismatched",
    b"no shared key",
    b"no matching",
    b"unacceptable",
    b"o acceptable",
    b"COOKIE",
    b"invalid IKE",
    b"could not be p",
    b"no message rules",
    b"unsupported IKE",
    b" notify",
    b" DPD ",
    b"shutting down",
    b"stopped after",
    b"charon has died",
    b"charon daemon",
    b"started after",
    b"retransmit",
    b"unable to install",
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
    b"Denied ",
    b"bind socket",
    b"imeout",
    b"imed out",
    b"deliver ",
    b"xl2tpd version",
    b"Stopped ",
    b"o authenticate",
    b"secret",
    b"CHAP Fail",
    b"auth pap>",
    b"ConfRej",
    b"Unsupported prot",
    b"by peer",
    b"echo-req",
    b"Serial link",
    b"lack of",
    b"hangup",
    b"terminated.",
    b"time expired",
    b"agree to",
    b"not authorized",
    b"determine remote",
    b"world and/or",
    b"n't connect PPP",
    b"table full",
    b" PROTO=",
    b"kill -9 ",
    b" ERROR ",
    b"of type ",
    b"Wrote edited",
    b"Invalid user",
    b"local host is",
)
"""What a line has to contain to be looked at. Short ones serve several signatures."""
SCANNER: Final = LiteralScanner(NEEDLES)

_DAEMON_OF: Final[dict[str, tuple[Daemon, ...]]] = {
    "charon_stopped": ("starter",),
    "charon_died": ("starter",),
    "charon_started": ("starter",),
}
"""Where it is not charon."""
_EVERYWHERE: Final = (
    "conntrack_full",
    "out_of_memory",
    "packet_logged",
    "unit_failed",
    "unit_result",
    "unit_stopped",
    "users_pushed",
    "vpn_pushed",
    "users_written",
    "script_error",
    "ssh_refused",
    "ssh_unknown_user",
)
"""What belongs to no client."""
_FOUND_BY: Final = {
    "selectors_unacceptable": b"unacceptable",
    "pppd_killed": b"signal",
    "pppd_terminated": b"signal",
    "mppe_required": b"by peer",
    "giving_up": b"retransmit",
    "router_retransmit": b"retransmit",
    "router_refused_by_client": b" notify",
    "client_reports_failed_auth": b" notify",
}
"""Literals that the lines of a signature contain besides its own."""
_HARMLESS: Final = ("no_source_nat", "policy_rule_left", "reread_early", "call_gone")
"""What is no `script_error`, though it says so."""

IncidentSink = Callable[[Mention], None]
Entry = tuple[bytes, Callable[[bytes], object] | None, tuple[Daemon, ...], str, Action]


class SourceReader:
    """Reads blocks of one source into parts."""

    def __init__(
        self, source: Source, add: AddPart, keep: IncidentSink, wants: Callable[[str], bool]
    ) -> None:
        self.source = source
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
        entries = self._entries()
        self._handlers = [self._handler(needle, steps.get(needle), entries) for needle in NEEDLES]

    def read(self, block: bytes) -> None:
        """Take the lines of `block`, whole ones."""
        source = self.source
        handlers = self._handlers
        source.begin(block)
        seat = source.seat
        is_done = False
        end = -1
        for needle, at, _ in SCANNER.hits(block):
            if at < end:
                if is_done:
                    continue
            else:
                is_done = not seat(at)
                end = source.end
                if is_done:
                    continue
            if source.text is not block:
                at = source.text.find(NEEDLES[needle])
                if at < 0:
                    continue
            is_done = handlers[needle](at)
        source.finish()

    # --- dispatch

    def _entries(self) -> list[Entry]:
        """Signatures in the order in which they count, with what each does."""
        actions: dict[str, tuple[tuple[Daemon, ...], Action]] = {}
        for name in self._charon.actions:
            actions[name] = (_DAEMON_OF.get(name, ("charon",)), self._charon.actions[name])
        for name in self._l2tp.actions:
            actions[name] = (("xl2tpd",), self._l2tp.actions[name])
        for name in self._ppp.actions:
            actions[name] = (("pppd",), self._ppp.actions[name])
        for name in _EVERYWHERE:
            actions[name] = ((), self._incident)
        for name in _HARMLESS:
            actions[name] = ((), _ignore)
        found: list[Entry] = []
        for name, signature in BY_NAME.items():
            if name in actions:
                daemons, action = actions[name]
                pattern = signature.pattern.encode()
                search = re.compile(pattern).search if pattern else None
                found.append((signature.literal.encode(), search, daemons, name, action))
        return found

    def _handler(self, needle: bytes, step: Handler | None, entries: list[Entry]) -> Handler:
        own = [
            entry for entry in entries if needle in entry[0] or needle == _FOUND_BY.get(entry[3])
        ]
        if not own:
            return step or _never
        source = self.source

        def try_signatures(at: int) -> bool:
            if step is not None and step(at):
                return True
            line = source.text[source.message : source.stop]
            for literal, search, daemons, name, action in own:
                if literal not in line or (daemons and source.daemon not in daemons):
                    continue
                if search is None or search(line):
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
        part.marks.append(source.mention("pppd_kill_ordered"))
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
