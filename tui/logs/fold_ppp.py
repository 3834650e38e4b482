"""Reading pppd's lines: the login, the addresses and the end of a session.

Every line has the process id. `/var/log/messages` has no user names but those of failed logins;
the journal has them all.
"""

import re
from typing import Final

from tui.logs.attempts import AttemptEnd
from tui.logs.fold_charon import Action, Handler, Incident
from tui.logs.fold_part import AddPart, Part
from tui.logs.fold_source import Source
from tui.logs.rungs import AUTHENTICATED, CALL, CONNECTED, PPP_STARTED

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
            "pppol2tp_failed",
            "secrets_unreadable",
        ),
        "refused",
    ),
    "user_hung_up": "goodbye",
    "ended_by_client": "goodbye",
    "echo_unanswered": "peer_dead_lcp",
    "idle": "idle",
    "terminated_by_signal": "terminated",
    "ppp_ended": "terminated",
    "wants_pap": "",
    "rejects_auth": "",
    "ccp_rejected": "",
}
"""What each signature says of the end; empty for what ends nothing."""
_LONGEST_NAME: Final = 256
_MINUTES: Final = re.compile(rb"Connect time (\d{1,9}(?:\.\d{1,3})?) minutes")
_SURELY: Final = 0.5
"""Minutes; whoever does not get through with the login is gone by then."""
_OF_SESSIONS: Final = ("idle", "echo_unanswered")
"""What pppd only says of a session that was up."""
_ESCAPED: Final = re.compile(rb"\\(?:([\\\"])|([0-3][0-7]{2})|x([0-9a-fA-F]{2}))")


def unescaped(name: bytes) -> bytes:
    """A name without pppd's escapes: `CORP\\\\zo\\303\\253` is `CORP\\zoë`."""
    return _ESCAPED.sub(_unescaped_one, name) if b"\\" in name else name


def _unescaped_one(found: re.Match[bytes]) -> bytes:
    plain, octal, hexadecimal = found.groups()
    if plain is not None:
        return bytes(plain)
    value = int(octal, 8) if octal is not None else int(hexadecimal, 16)
    return bytes((value,)) if value >= 0x20 else bytes(found[0])


class PppBook:
    """The sessions that one source tells of."""

    def __init__(self, source: Source, add: AddPart, incident: Incident) -> None:
        self._source = source
        self._add = add
        self._incident = incident
        self._by_pid: dict[int, Part] = {}
        self.steps: dict[bytes, Handler] = {
            b"Using interface ppp": self._interface,
            b"CHAP Response": self._response,
            b"CHAP Success": self._success,
            b"remote IP address ": self._address,
        }
        """What to do where a literal stands."""
        self.actions: dict[str, Action] = {
            **dict.fromkeys(_ENDS, self._mark),
            "connect_time": self._lasted,
        }
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
        part.rung = CALL
        self._by_pid[source.pid] = part
        self._add(part)
        return part

    def _interface(self, at: int) -> bool:
        part = self._part()
        if part is None:
            return False
        source = self._source
        source.has_sessions = True
        if part.rung >= PPP_STARTED:
            part = self._new()
        part.interface = (source.text[at + 16 : min(source.stop, at + 32)]).strip()
        source.step(part, PPP_STARTED)
        return True

    def _response(self, at: int) -> bool:
        """`rcvd [CHAP Response id=0xad <…>, name = "alice"]`"""
        part = self._part()
        if part is None or self._source.text[at - 6 : at] != b"rcvd [":
            return False
        self._source.has_debug = True
        self._take_name(part, _NAME)
        return True

    def _take_name(self, part: Part, pattern: re.Pattern[bytes]) -> None:
        source = self._source
        found = pattern.search(source.text, source.message, source.stop)
        if found is not None:
            part.user = unescaped(found[1])[:_LONGEST_NAME]

    def _success(self, at: int) -> bool:
        part = self._part()
        if part is None:
            return False
        if part.rung < AUTHENTICATED:
            self._source.step(part, AUTHENTICATED)
        return True

    def _address(self, at: int) -> bool:
        part = self._part()
        source = self._source
        if part is None or at != source.message:
            return False
        part.inner_ip = (source.text[at + 18 : min(source.stop, at + 60)]).strip()
        source.step(part, CONNECTED)
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
            part.marks = (*part.marks, source.mention(signature))
        part.last = max(part.last, source.moment)
        if signature in _OF_SESSIONS:
            self._was_up(part)
        end = _ENDS[signature]
        if end:
            part.finish(source.moment, end)

    def _lasted(self, signature: str) -> None:
        """`Connect time 312.4 minutes.`"""
        part = self._part()
        source = self._source
        found = _MINUTES.search(source.text, source.message, source.stop)
        if part is None or found is None:
            return
        part.last = max(part.last, source.moment)
        minutes = float(found[1])
        if minutes >= _SURELY and self._was_up(part):
            part.started = source.moment - minutes * 60
            if part.takes(signature):
                part.marks = (*part.marks, source.mention(signature))

    def _was_up(self, part: Part) -> bool:
        """A session began before the log, unless the log has its beginning."""
        if part.steps or any(end == "refused" for _, end in part.ends):
            return False
        part.rung = CONNECTED
        return True

    def tidy(self, dropped: set[Part]) -> None:
        """Forget parts that are kept no longer."""
        self._by_pid = {pid: part for pid, part in self._by_pid.items() if part not in dropped}
