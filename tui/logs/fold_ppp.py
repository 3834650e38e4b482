"""Reading pppd's lines: the login, the addresses and the end of a session.

Every line has the process id. `/var/log/messages` has no user names but those of failed logins;
the journal has them all.
"""

import re
from typing import Final

from tui.logs.attempts import AttemptEnd, Rung
from tui.logs.fold_charon import Action, Handler, Incident
from tui.logs.fold_part import AddPart, Part
from tui.logs.fold_source import Source

_OPTIONS: Final = re.compile(rb"lnsmode tid (\d{1,9}) sid (\d{1,9})")
_NAME: Final = re.compile(rb'name = "((?:[^"\\]|\\.)*)"')
_FAILED: Final = re.compile(rb"Peer (.{1,256}) failed CHAP")
_UNKNOWN: Final = re.compile(rb"for authenticating (.{1,256})")
_ENDS: Final[dict[str, AttemptEnd]] = {
    **dict.fromkeys(
        (
            "chap_failed",
            "unknown_user",
            "bad_password",
            "login_refused",
            "no_secrets",
            "no_suitable_secret",
            "auth_refused",
            "chap_timeout",
            "lcp_timeout",
            "ipcp_timeout",
            "mppe_required",
            "address_not_allowed",
            "secrets_unreadable",
            "pppol2tp_failed",
        ),
        "refused",
    ),
    "user_hung_up": "goodbye",
    "ended_by_client": "goodbye",
    "echo_unanswered": "peer_dead_lcp",
    "link_lost": "peer_dead_lcp",
    "idle": "idle",
    "time_used_up": "terminated",
    "terminated_by_signal": "terminated",
    "hangup": "terminated",
    "ppp_ended": "terminated",
    "wants_pap": "",
    "rejects_auth": "",
    "ccp_rejected": "",
    "address_refused": "",
    "address_unknown": "",
    "secrets_readable": "",
}
"""What each signature says of the end; empty for what ends nothing."""
_LONGEST_NAME: Final = 256
_ANOTHER: Final = 1.0
"""Seconds after its end in which lines still belong to a pppd."""


class PppBook:
    """The sessions that one source tells of."""

    def __init__(self, source: Source, add: AddPart, incident: Incident) -> None:
        self._source = source
        self._add = add
        self._incident = incident
        self._by_pid: dict[int, Part] = {}
        self.steps: dict[bytes, Handler] = {
            b"ol2tp.so loaded": self._began,
            b"Using interface ppp": self._interface,
            b"lnsmode tid": self._options,
            b"[CHAP Response": self._response,
            b"[CHAP Success": self._success,
            b"remote IP address ": self._address,
        }
        """What to do where a literal stands."""
        self.actions: dict[str, Action] = dict.fromkeys(_ENDS, self._mark)
        """What to do with a line of a signature."""

    def _part(self) -> Part | None:
        source = self._source
        if source.daemon != "pppd":
            return None
        part = self._by_pid.get(source.pid)
        return self._new() if part is None else part

    def _new(self) -> Part:
        """The part of a pppd; that it runs shows that there is a call."""
        source = self._source
        part = Part("ppp", source.number, source.moment)
        part.pppd = source.pid
        part.rung = Rung.CALL
        self._by_pid[source.pid] = part
        self._add(part)
        return part

    def _began(self, at: int) -> bool:
        """`Plugin pppol2tp.so loaded.`: a process of its own, even if its id was there before."""
        source = self._source
        if source.daemon != "pppd":
            return False
        part = self._new()
        part.started = source.moment
        return True

    def _interface(self, at: int) -> bool:
        part = self._part()
        if part is None:
            return False
        source = self._source
        if part.rung >= Rung.PPP_STARTED:
            part = self._new()
        part.interface = _ascii(source.text[at + 16 : min(source.stop, at + 32)]).strip()
        part.step(source.mention(rung=Rung.PPP_STARTED), Rung.PPP_STARTED)
        return True

    def _options(self, at: int) -> bool:
        source = self._source
        if source.daemon != "pppd":
            return False
        part = self._by_pid.get(source.pid) or self._new()
        if not part.tunnel:
            found = _OPTIONS.match(source.text, at, source.stop)
            if found is not None:
                part.tunnel, part.call = int(found[1]), int(found[2])
        return True

    def _response(self, at: int) -> bool:
        """`rcvd [CHAP Response id=0xad <…>, name = "alice"]`"""
        part = self._part()
        if part is None or self._source.text[at - 5 : at] != b"rcvd ":
            return False
        self._take_name(part, _NAME)
        return True

    def _take_name(self, part: Part, pattern: re.Pattern[bytes]) -> None:
        source = self._source
        found = pattern.search(source.text, source.message, source.stop)
        if found is not None:
            part.user = found[1].decode("utf-8", "replace")[:_LONGEST_NAME]

    def _success(self, at: int) -> bool:
        part = self._part()
        if part is None:
            return False
        if part.rung < Rung.AUTHENTICATED:
            part.step(self._source.mention(rung=Rung.AUTHENTICATED), Rung.AUTHENTICATED)
        return True

    def _address(self, at: int) -> bool:
        part = self._part()
        source = self._source
        if part is None or at != source.message:
            return False
        part.inner_ip = _ascii(source.text[at + 18 : min(source.stop, at + 60)]).strip()
        part.step(source.mention(rung=Rung.CONNECTED), Rung.CONNECTED)
        return True

    def _mark(self, signature: str) -> None:
        part = self._part()
        source = self._source
        if part is None:
            return
        if signature == "chap_failed":
            self._take_name(part, _FAILED)
        elif signature == "unknown_user":
            self._take_name(part, _UNKNOWN)
        if part.takes(signature):
            part.marks.append(source.mention(signature))
        part.last = max(part.last, source.moment)
        end = _ENDS[signature]
        if end:
            part.finish(source.moment, end)

    def tidy(self, dropped: set[Part]) -> None:
        """Forget parts that are kept no longer."""
        self._by_pid = {pid: part for pid, part in self._by_pid.items() if part not in dropped}


def _ascii(text: bytes) -> str:
    return text.decode("ascii", "replace")
