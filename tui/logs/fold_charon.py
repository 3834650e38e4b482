"""Reading charon's lines, and its starter's, and updown's, into the book of IKE attempts."""

import re
from collections import Counter
from collections.abc import Callable
from typing import Final

from tui.logs.attempts import AttemptEnd
from tui.logs.charon_signatures import ANSWERS, GARBAGE, REFUSALS, REMARKS
from tui.logs.fold_ike import OURS, IkeBook
from tui.logs.fold_part import AddPart, Part
from tui.logs.fold_source import Source
from tui.logs.rungs import CHILD_ESTABLISHED, ESP_PROPOSAL, IKE_PROPOSAL

Incident = Callable[[str], None]
"""Keeps the line of now as one that belongs to no client, under the name of its signature."""

_ESTABLISHED: Final = re.compile(
    rb"IKE_SA ([^\s\[]+)\[(\d{1,9})\] established between"
    rb" [^\[\n]+\[[^\]\n]*\]\.\.\.([^\s\[]+)\[([^\]\n]*)\]"
)
_CHILD_UP: Final = re.compile(
    rb"CHILD_SA ([^\s{]+)\{(\d{1,9})\} established with SPIs"
    rb" ([0-9a-f]{1,8})_i ([0-9a-f]{1,8})_o and TS [^=\n]*=== ([^\s/\[]+)"
)
_SA: Final = re.compile(rb"IKE_SA ([^\s\[]+)\[(\d{1,9})\]")
_PEERS: Final = re.compile(rb"between \S*?\.\.\.([^\s\[]+)\[([^\]]*)\]")
_CHILD: Final = re.compile(rb"CHILD_SA ([^\s{]+)\{(\d{1,9})\}")
_SPIS: Final = re.compile(rb"SPIs ([0-9a-f]{1,8})_i (?:\(\d+ bytes\) )?([0-9a-f]{1,8})_o")
_SPI: Final = re.compile(rb"with SPI ([0-9a-f]{1,8})")
_FAR_SIDE: Final = re.compile(rb" === ([^\s/\[]+)")
_CONFIGS: Final = re.compile(rb" peer configs matching \S*?\.\.\.([^\s\[]+)\[([^\]]*)\]")
_NO_CONFIG: Final = re.compile(rb"found for \S*?\.\.\.([^\s,\[]+)")
_FROM: Final = re.compile(rb"(?:from|with|to) ([0-9a-fA-F.:]*[0-9a-fA-F])")
_CALLED: Final = re.compile(rb"\] to ([0-9a-fA-F.:]*[0-9a-fA-F])")
_PEER: Final = re.compile(rb"for peer '([^']*)'")
_DPD_ASKED: Final = re.compile(
    rb"(\d\d)\[ENC\] generating [^\n]* N\(DPD\) \](?:[^\n]*\n){1,8}?"
    rb"[^\n]*\1\[NET\] sending packet: from \S+ to ([^\s\[]+)"
)
_DPD_ANSWERED: Final = re.compile(
    rb"(\d\d)\[NET\] received packet: from ([^\s\[]+)(?:[^\n]*\n){1,8}?"
    rb"[^\n]*\1\[ENC\] parsed [^\n]* N\(DPD_ACK\) \]"
)
_DPD_WINDOW: Final = 32_000
"""Bytes in which requests and answers are counted."""
_UPDOWN: Final = re.compile(rb"([+-]) (\S+) (\S+) -- ")

_VERSIONS: Final = {b"Mode ": 1, b"g an ": 2}
"""IKE versions by what stands before `IKE_SA` where a client begins."""
Action = Callable[[str], None]
Handler = Callable[[int], bool]
"""Is given where in the text a literal stands; false if the line was not what it looked like."""


class CharonLines:
    """One source's lines of charon and its starter."""

    def __init__(self, source: Source, add: AddPart, incident: Incident) -> None:
        self._source = source
        self.book = IkeBook(source, add)
        self._incident = incident
        self._add = add
        self._up: dict[tuple[bytes, bytes], Part] = {}
        self.steps: dict[bytes, Handler] = {
            b"IKE_SA": self._ike_sa,
            b"CHILD_SA": self._child_sa,
            b" proposal": self._proposal,
            b"host is behind NAT": self._nat,
            b"pre-shared key": self._key,
            b"vpn-": self._foreign,
            b" -- ": self._updown,
        }
        """What to do where a literal stands."""
        self.actions: dict[str, Action] = {
            **dict.fromkeys(REFUSALS, self._refused),
            **dict.fromkeys(REMARKS, self._remark),
            **dict.fromkeys(GARBAGE, self._garbage),
            "no_ike_config": self._no_config,
            "half_open": self._half_open,
            "ike_deleted_by_client": self._deleted_by_client,
            "ike_deleted": self._deleted,
            "child_closed": self._child_closed,
            "child_deleted_by_client": self._child_deleted,
            "duplicate_ike": self._duplicate,
            "initial_contact": self._duplicate,
            "reauthenticated": self._adopted,
            "dpd_timeout": self._dpd_timeout,
            "giving_up": self._gave_up,
            "router_retransmit": self._gave_up,
            "router_initiates": self._router_initiates,
            "charon_stopping": self._stopped,
            "charon_starting": self._starting,
        }
        """What to do with a line of a signature."""
        self.starter_actions: dict[str, Action] = {
            "charon_stopped": self._stopped,
            "charon_died": self._stopped,
        }
        """Likewise, of the starter."""

    # --- steps

    def _ike_sa(self, at: int) -> bool:
        source = self._source
        text = source.text
        if source.daemon != "charon":
            return False
        before = text[at - 5 : at]
        if before != b"IKE] ":
            version = _VERSIONS.get(before)
            if version is None or b" is initiating a" not in text[max(0, at - 40) : at]:
                return self._site_called(at)
            self.book.initiated(version)
            return True
        found = _ESTABLISHED.match(text, at, source.stop)
        if found is None:
            return False
        name, number, client, identity = found.groups()
        self.book.established(name, int(number), client, identity)
        return True

    def _site_called(self, at: int) -> bool:
        """`initiating Main Mode IKE_SA vpn-203.0.113.5[3] to 203.0.113.5`"""
        source = self._source
        if b"] initiating " not in source.text[max(0, at - 40) : at]:
            return False
        name = _SA.match(source.text, at, source.stop)
        if name is None or name[1].startswith(OURS):
            return False
        source.forget_peer()
        self.book.called(self._client_in_line(_CALLED))
        return True

    def _child_sa(self, at: int) -> bool:
        source = self._source
        text = source.text
        if source.daemon != "charon" or text[at - 5 : at] != b"IKE] ":
            return False
        found = _CHILD_UP.match(text, at, source.stop)
        if found is None:
            return False
        name, number, inbound, outbound, client = found.groups()
        self.book.child_established(name, int(number), (inbound, outbound), client)
        return True

    def _proposal(self, at: int) -> bool:
        source = self._source
        text = source.text
        if source.daemon != "charon" or text[at - 8 : at] != b"selected":
            return False
        protocol = text[at + 11 : at + 15]
        proposal = text[at + 15 : min(source.stop, at + 215)]
        if protocol == b"IKE:":
            self.book.proposed(IKE_PROPOSAL, proposal)
        elif protocol == b"ESP:":
            self.book.proposed(ESP_PROPOSAL, proposal)
        return True

    def _nat(self, at: int) -> bool:
        if self._source.daemon != "charon" or self._source.text[at - 7 : at] != b"remote ":
            return False
        self.book.nat_seen()
        return True

    def _key(self, at: int) -> bool:
        source = self._source
        text = source.text
        if source.daemon != "charon":
            return False
        if text.startswith(b"pre-shared key successful", at):
            self.book.key_accepted(b"", b"")
            return True
        configs = _CONFIGS.match(text, at + 14, source.stop)
        if configs is None or text[at - 12 : at] != b"looking for ":
            return False
        client, identity = configs.groups()
        self.book.key_accepted(client, identity)
        return True

    def _foreign(self, at: int) -> bool:
        """`selected peer config "vpn-203.0.113.5"`: a site-to-site connection."""
        source = self._source
        if source.daemon == "charon" and b"elected peer config" in source.text[at - 24 : at]:
            self.book.foreign()
        return False

    # --- what goes wrong

    def _refused(self, signature: str) -> None:
        part = self.book.of_thread()
        if part is None:
            self._incident(signature)
        else:
            self.book.mark(part, signature, "refused")
            if signature == "request_failed":
                part.retries += len(part.ends) > 2

    def _remark(self, signature: str) -> None:
        part = self.book.known_of_thread() if signature in ANSWERS else self.book.of_thread()
        if part is None:
            self._incident(signature)
            return
        self.book.mark(part, signature)
        part.retries += signature == "client_retransmit"

    def _client_in_line(self, pattern: re.Pattern[bytes] = _FROM) -> bytes:
        source = self._source
        found = pattern.search(source.text, source.message, source.stop)
        return found[1] if found else b""

    def _garbage(self, signature: str) -> None:
        client = self._client_in_line()
        if not client:
            self._incident(signature)
            return
        part = self.book.garbage(client)
        self.book.mark(part, signature)
        part.retries += 1

    def _no_config(self, signature: str) -> None:
        client = self._client_in_line(_NO_CONFIG)
        self.book.mark(self.book.refused_packet(client), signature, "refused")

    def _half_open(self, signature: str) -> None:
        self.book.mark(self.book.half_open(self._client_in_line()), signature, "half_open")

    # --- ends

    def _numbered(self) -> tuple[Part, int] | None:
        """The part of the IKE SA that the line names, and its number."""
        source = self._source
        found = _SA.search(source.text, source.message, source.stop)
        if found is None:
            return None
        number = int(found[2])
        peers = _PEERS.search(source.text, source.message, source.stop)
        client = peers[1] if peers else b""
        part = self.book.by_ike(number, client)
        if part is not None:
            return part, number
        if not found[1].startswith(OURS):
            return None
        if peers:
            part = self.book.adopter(client, peers[2])
        else:
            part = self.book.known_of_thread()
            if part is not None and part.ike_sas:
                # Another client's, behind the same NAT; the next line names its own.
                return None
        if part is None:
            part = self.book.ended_only(client, number)
            part.identity = peers[2] if peers else part.identity
        elif peers:
            part.add_ike(number)
        return part, number

    def _ends_by(self, signature: str, end: AttemptEnd) -> None:
        found = self._numbered()
        if found is None:
            return
        part, number = found
        part.gone_sas = (*part.gone_sas, number)[-16:]
        left = set(part.ike_sas) - set(part.gone_sas)
        self.book.mark(part, signature, "" if left else end)

    def _deleted_by_client(self, signature: str) -> None:
        self._ends_by(signature, "deleted")

    def _deleted(self, signature: str) -> None:
        self._ends_by(signature, "deleted")

    def _child_closed(self, signature: str) -> None:
        source = self._source
        found = _CHILD.search(source.text, source.message, source.stop)
        if found is None:
            return
        number = int(found[2])
        spis = _SPIS.search(source.text, found.end(), source.stop)
        part = self.book.by_child(number, spis[1] if spis else b"")
        if part is None:
            if not found[1].startswith(OURS):
                return
            far = _FAR_SIDE.search(source.text, found.end(), source.stop)
            part = self.book.ended_only(far[1] if far else b"", child=number)
        if spis is not None:
            part.add_child(number, (spis[1], spis[2]))
        self.book.mark(part, signature)

    def _child_deleted(self, signature: str) -> None:
        source = self._source
        part = self.book.known_of_thread()
        spi = _SPI.search(source.text, source.message, source.stop)
        if part is not None and (not part.spis or spi is None or spi[1] in part.spis):
            self.book.mark(part, signature)

    def _duplicate(self, signature: str) -> None:
        newer = self.book.of_thread()
        older = self.book.duplicate_of(self._client_in_line(_PEER), newer)
        if newer is not None:
            self.book.mark(newer, signature)
        if older is not None:
            self.book.mark(older, signature, "replaced")
        elif newer is None:
            self._incident(signature)

    def _adopted(self, signature: str) -> None:
        self.book.adopt(signature)

    def _dpd_timeout(self, signature: str) -> None:
        """It tells nothing of the client: the one that answered the fewest requests."""
        before = self._source.before(_DPD_WINDOW)
        waiting = Counter(client for _, client in _DPD_ASKED.findall(before))
        waiting.subtract(client for _, client in _DPD_ANSWERED.findall(before))
        part = self.book.latest(max(waiting, key=waiting.__getitem__)) if waiting else None
        if part is None:
            self._incident(signature)
        else:
            self.book.mark(part, signature, "peer_dead_dpd")

    def _gave_up(self, signature: str) -> None:
        """The line tells nothing of whom it was for."""
        self._incident(signature)

    def _router_initiates(self, signature: str) -> None:
        self._source.forget_peer()
        part = self.book.latest(self._client_in_line(_CALLED))
        if part is None:
            self._incident(signature)
        else:
            self.book.mark(part, signature)

    # --- the daemon

    def _stopped(self, signature: str) -> None:
        self._incident(signature)
        self.book.stopped(forget=False)

    def _starting(self, signature: str) -> None:
        self._incident(signature)
        self.book.stopped(forget=True)

    # --- updown

    def _updown(self, at: int) -> bool:
        """`vpn: + 192.168.77.11 203.0.113.99 -- 203.0.113.10`"""
        source = self._source
        if source.daemon != "updown":
            return False
        found = _UPDOWN.match(source.text, source.message, source.stop)
        if found is None:
            return False
        identity, client = found[2], found[3]
        part = self._up.pop((identity, client), None)
        if found[1] == b"+" or part is None:
            part = Part("updown", source.number, source.moment)
            part.client, part.identity = client, identity
            self._add(part)
        if found[1] == b"+":
            part.child_up = source.moment
            source.step(part, CHILD_ESTABLISHED)
            self._up[identity, client] = part
        else:
            part.rung = max(part.rung, CHILD_ESTABLISHED)
            part.marks = (*part.marks, source.mention("ipsec_down"))
            part.finish(source.moment, "deleted")
        return True
