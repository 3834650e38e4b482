"""Reading xl2tpd's lines: tunnels, calls and the pppd of each call.

xl2tpd names a tunnel or call now by its own number, now by the client's. Its lines tell the
client's address, but no port: all clients behind one NAT look alike.
"""

import re
from collections import OrderedDict
from typing import Final

from tui.logs.attempts import AttemptEnd
from tui.logs.fold_charon import Action, Handler, Incident
from tui.logs.fold_part import AddPart, Mention, Part
from tui.logs.fold_source import Source
from tui.logs.rungs import CALL, CONNECTED, TUNNEL

_TUNNEL: Final = re.compile(
    rb"Connection established to ([^\s,]+), \d+\.\s+Local: (\d{1,9}), Remote: (\d{1,9})"
)
_CALL: Final = re.compile(
    rb"Call established with ([^\s,]+), PID: (\d{1,9}), Local: (\d{1,9}), Remote: (\d{1,9})"
)
_TUNNEL_ID: Final = b"pppol2tp_tunnel_id"
_NUMBERS: Final = re.compile(rb'"(\d{1,9})\\?"[ \n"]')
"""Arguments that are numbers; the journal leaves the blank at the end of a line away."""
_ADDRESSES: Final = re.compile(rb'"[0-9.]+:([0-9.]+)\\?"[ \n"]')
_ARGUMENTS: Final = 8000
"""Bytes before a call in which xl2tpd tells how it started pppd."""
_NUMBER: Final = re.compile(rb"(?:tunnel|[Cc]all|pid) (\d{1,9})")
_TIMEOUT: Final = re.compile(rb"Connection (\d{1,9}) closed to ([^\s,]+)")
_CLOSED: Final = re.compile(
    rb"Connection closed to ([^\s,]+), (?:port|serial) \d+ \(.*\)(?:, Local: (\d{1,9}), Remote:)?"
)
_EXIT: Final = re.compile(rb"for call (\d{1,9}) (?:with code|by signal) (\d{1,5})")
_CALL_CLOSE: Final = re.compile(rb"Call (\d{1,9}) to ([^\s,]+) disconnected")

_EXIT_ENDS: Final[dict[int, AttemptEnd]] = {
    **dict.fromkeys((1, 2, 3, 4, 6, 7, 10, 11, 17, 18, 19), "refused"),
    12: "idle",
    15: "peer_dead_lcp",
}
"""pppd's exit codes; all others say only that it ended."""


class L2tpBook:
    """The tunnels and calls that one source tells of."""

    def __init__(self, source: Source, add: AddPart, incident: Incident) -> None:
        self._source = source
        self._add = add
        self._incident = incident
        self._by_client: dict[bytes, Part] = {}
        self._by_tunnel: dict[int, Part] = {}
        self._by_remote_tunnel: dict[int, Part] = {}
        self._by_call: dict[int, Part] = {}
        self._by_remote_call: dict[int, Part] = {}
        self._by_pppd: dict[int, Part] = {}
        self._open: dict[Part, None] = {}
        self._without_address: OrderedDict[Part, None] = OrderedDict()
        self._on_interface: dict[bytes, Part] = {}
        self._youngest: Part | None = None
        self._nameless: Part | None = None
        self._ended: Part | None = None
        self._hung_up: tuple[bytes, Mention] | None = None
        self.steps: dict[bytes, Handler] = {
            b"ion established": self._tunnel,
            b"Call established": self._call,
            b"appeared on ppp": self._address_appeared,
        }
        """What to do where a literal stands."""
        self.actions: dict[str, Action] = {
            **dict.fromkeys(("unknown_field", "l2tp_config_unloadable"), incident),
            **dict.fromkeys(
                ("pppd_exit_setup", "pppd_exit_auth", "pppd_exit_idle", "pppd_exit_dead"),
                self._exited,
            ),
            "pppd_exit": self._exited,
            "pppd_killed": self._exited,
            "tunnel_unanswered": self._unanswered,
            "tunnel_timeout": self._timeout,
            "tunnel_goodbye": self._closed,
            "call_hung_up": self._closed,
            "pool_exhausted": self._exhausted,
            "call_closed": self._call_closed,
            "tunnel_requested_twice": self._twice,
            "call_requested_twice": self._twice,
            "tty_not_open": self._tty,
            "pppd_terminated": self._terminated,
            "xl2tpd_stopped": self._stopped,
            "xl2tpd_started": self._stopped,
        }
        """What to do with a line of a signature."""

    # --- steps

    def _new(self, client: bytes) -> Part:
        source = self._source
        part = Part("tunnel", source.number, source.moment)
        part.client = client
        if client:
            self._by_client[client] = part
        else:
            self._nameless = part
        self._open[part] = None
        self._add(part)
        return part

    def _tunnel(self, at: int) -> bool:
        source = self._source
        found = _TUNNEL.match(source.text, at - 7, source.stop)
        if found is None or source.daemon != "xl2tpd":
            return False
        source.has_tunnels = True
        client, local, far = found.groups()
        remote = int(far)
        part = self._by_remote_tunnel.get(remote)
        if part is None or part.tunnel or part.ends:
            part = self._new(client)
        part.client = client
        self._by_client[client] = part
        part.tunnel, part.remote_tunnel = int(local), remote
        self._by_tunnel[part.tunnel] = part
        self._by_remote_tunnel[remote] = part
        source.step(part, TUNNEL)
        return True

    def _call(self, at: int) -> bool:
        source = self._source
        found = _CALL.match(source.text, at, source.stop)
        if found is None or source.daemon != "xl2tpd":
            return False
        client, pid, local, remote = found.groups()
        source.has_tunnels = True
        call = int(local)
        part, inner_ip = self._started_for(client, call)
        if part is None:
            part = self._by_client.get(client)
        if part is None or part.call:
            part = self._new(client)
        part.pppd, part.call, part.remote_call = int(pid), call, int(remote)
        part.inner_ip = inner_ip
        part.call_up = source.moment
        self._without_address[part] = None
        self._youngest = part
        self._by_call[call] = part
        self._by_remote_call[part.remote_call] = part
        self._by_pppd[part.pppd] = part
        source.step(part, CALL)
        return True

    def _started_for(self, client: bytes, call: int) -> tuple[Part | None, bytes]:
        """The tunnel that pppd was started for, and the address that it is to give.

        Its arguments stand before the line of the call, each in a line of its own: the number of
        the tunnel, then that of the call.
        """
        source = self._source
        text, start = source.block, source.start
        at = text.rfind(_TUNNEL_ID, max(0, start - _ARGUMENTS), start)
        if at < 0:
            text = source.before(_ARGUMENTS)
            start = len(text)
            at = max(0, text.rfind(_TUNNEL_ID))
        part = self._named_before(_NUMBERS.findall(text, at, start), client, call)
        if part is not None:
            addresses = _ADDRESSES.search(text, at, start)
            return part, addresses[1] if addresses else b""
        # Other lines may lie between them, even another call's.
        before = source.before(_ARGUMENTS)
        return self._named_before(_NUMBERS.findall(before), client, call), b""

    def _named_before(self, numbers: list[bytes], client: bytes, call: int) -> Part | None:
        own = b"%d" % call
        while numbers and numbers[-1] != own:
            numbers.pop()
        for number in reversed(numbers[:-1]):
            part = self._by_tunnel.get(int(number))
            if part is not None and part.client == client and not part.call and not part.ends:
                return part
        return None

    def _address_appeared(self, at: int) -> bool:
        """charon sees the address of a session that is up; which one, it does not say: the
        oldest call that has none yet."""
        source = self._source
        if source.daemon != "charon":
            return False
        end = source.text.find(b"\n", at, source.stop)
        interface = (source.text[at + 12 : source.stop if end < 0 else end]).strip()
        on_it = self._on_interface.get(interface)
        if on_it is not None and not on_it.ends:
            return True
        if self._without_address:
            part, _ = self._without_address.popitem(last=False)
            part.interface = interface
            self._on_interface[interface] = part
            source.step(part, CONNECTED)
        return True

    # --- what goes wrong, and ends

    def _mark(self, part: Part | None, signature: str, end: AttemptEnd = "") -> None:
        if part is None:
            self._incident(signature)
            return
        moment = self._source.moment
        if part.takes(signature):
            part.marks = (*part.marks, self._source.mention(signature))
        part.last = max(part.last, moment)
        if end:
            part.finish(moment, end)
            self._ended = part
            self._open.pop(part, None)
            self._without_address.pop(part, None)

    def _search(self, pattern: re.Pattern[bytes]) -> re.Match[bytes] | None:
        source = self._source
        return pattern.search(source.text, source.message, source.stop)

    def _number(self) -> int:
        found = self._search(_NUMBER)
        return int(found[1]) if found else 0

    def _of_tunnel(self, number: int) -> Part:
        """The part of tunnel `number`; one whose begin lies before the log if there is none."""
        part = self._by_tunnel.get(number) or self._by_remote_tunnel.get(number)
        if part is None:
            part = self._new(b"")
            part.tunnel = number
            part.rung = TUNNEL
            self._by_tunnel[number] = part
        return part

    def _unanswered(self, signature: str) -> None:
        part = self._of_tunnel(self._number())
        self._mark(part, signature, "peer_dead_l2tp")

    def _timeout(self, signature: str) -> None:
        found = self._search(_TIMEOUT)
        if found is None:
            return
        number, client = int(found[1]), found[2]
        part = self._by_remote_tunnel.get(number)
        if part is None:
            part = self._orphan(client)
            part.remote_tunnel = number
            self._by_remote_tunnel[number] = part
        part.client = part.client or client
        self._mark(part, signature, "peer_dead_l2tp")

    def _orphan(self, client: bytes) -> Part:
        """The part whose other lines came in this second without an address, or a new one."""
        part = self._nameless
        if part is None or part.client or self._source.moment - part.last > 1:
            part = self._new(client)
            part.rung = TUNNEL
        part.client = client
        return part

    def _closed(self, signature: str) -> None:
        found = self._search(_CLOSED)
        if found is None:
            return
        client, local = found[1], int(found[2] or 0)
        latest = self._by_client.get(client)
        if not local and any(each.client == client and each.pppd for each in self._open):
            # Of several calls from one address the next line, with the process id, says which.
            self._hung_up = (client, self._source.mention(signature))
            return
        part = self._by_tunnel.get(local) if local else latest
        if part is None:
            if latest is not None and not latest.tunnel and self._source.moment - latest.last <= 1:
                part = latest  # its call was closed just before
            else:
                part = self._new(client)
            part.tunnel = local
            part.rung = max(part.rung, TUNNEL)
            if local:
                self._by_tunnel[local] = part
        part.client = part.client or client
        self._mark(part, signature, "goodbye")

    def _exhausted(self, signature: str) -> None:
        number = self._number()
        part = self._by_remote_tunnel.get(number) or self._by_tunnel.get(number)
        if part is None:
            part = self._new(b"")
            part.remote_tunnel = number
            part.rung = TUNNEL
            self._by_remote_tunnel[number] = part
        self._mark(part, signature, "refused")

    def _exited(self, signature: str) -> None:
        found = self._search(_EXIT)
        if found is None:
            return
        number, code = int(found[1]), int(found[2])
        part = self._by_remote_call.get(number)
        if part is None:
            part = self._new(b"")
            part.remote_call = number
            part.rung = CALL
            self._by_remote_call[number] = part
        if signature == "pppd_killed":
            end: AttemptEnd = "killed" if code == 9 else "terminated"
        else:
            end = _EXIT_ENDS.get(code, "terminated")
        self._mark(part, signature, end)

    def _call_closed(self, signature: str) -> None:
        found = self._search(_CALL_CLOSE)
        if found is None:
            return
        client = found[2]
        part = self._by_call.get(int(found[1]))
        if part is None or (part.client and part.client != client):
            latest = self._by_client.get(client)
            part = self._orphan(client) if latest is None or latest.call else latest
            part.call = part.call or int(found[1])
            self._by_call[part.call] = part
        part.client = part.client or client
        self._mark(part, signature, "terminated")

    def _twice(self, signature: str) -> None:
        number = self._number()
        if signature == "call_requested_twice":
            self._mark(self._by_remote_call.get(number), signature)
            return
        part = self._by_remote_tunnel.get(number)
        if part is None:
            part = self._new(b"")
            part.remote_tunnel = number
            self._by_remote_tunnel[number] = part
        part.retries += 1
        self._mark(part, signature)

    def _tty(self, signature: str) -> None:
        """It tells nothing of the call; the youngest one is not ready yet."""
        self._mark(self._youngest, signature)

    def _terminated(self, signature: str) -> None:
        number = self._number()
        part = self._by_pppd.get(number)
        if part is None:
            part = self._ended
            if part is None or part.pppd or self._source.moment - part.last > 1:
                part = self._new(b"")
            part.pppd = number
            part.rung = max(part.rung, CALL)
            self._by_pppd[number] = part
        hung_up, self._hung_up = self._hung_up, None
        if (
            hung_up is not None
            and part.client in (b"", hung_up[0])
            and 0 <= self._source.moment - hung_up[1][0] <= 1
        ):
            if part.takes(hung_up[1][4]):
                part.marks = (*part.marks, hung_up[1])
            self._mark(part, signature, "goodbye")
            return
        self._mark(part, signature, "terminated")

    # --- the daemon

    def _stopped(self, signature: str) -> None:
        """Stopped, or started without a word of its end: what was open is gone."""
        self._incident(signature)

        for part in self._open:
            part.finish(self._source.moment, "xl2tpd_stopped")
        self._open.clear()
        self._without_address.clear()

    def tidy(self, dropped: set[Part]) -> None:
        """Forget parts that are kept no longer."""
        self._by_client = {c: part for c, part in self._by_client.items() if part not in dropped}
        self._by_tunnel = _without(self._by_tunnel, dropped)
        self._by_remote_tunnel = _without(self._by_remote_tunnel, dropped)
        self._by_call = _without(self._by_call, dropped)
        self._by_remote_call = _without(self._by_remote_call, dropped)
        self._by_pppd = _without(self._by_pppd, dropped)
        for part in dropped:
            self._open.pop(part, None)
            self._without_address.pop(part, None)


def _without(parts: dict[int, Part], dropped: set[Part]) -> dict[int, Part]:
    return {number: part for number, part in parts.items() if part not in dropped}
