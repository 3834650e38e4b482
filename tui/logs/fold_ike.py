"""charon's side of attempts: from the first packet to IPsec being up, and its end.

A line of charon tells its client by an address in it, by the number of an SA, or only by the thread
that wrote it: then it is about the packet that the thread received last. Packets of one client
come from one port, and from another one once it knows that there is a NAT.
"""

from itertools import islice
from typing import Final

from tui.logs.attempts import AttemptEnd, Rung
from tui.logs.fold_choice import (
    FORGOTTEN,
    adopter,
    childless,
    going_on,
    just_established,
    pending,
    port_of,
    take_over,
    unfinished,
    with_child,
)
from tui.logs.fold_dial import Dials
from tui.logs.fold_part import AddPart, Part
from tui.logs.fold_return import Returns
from tui.logs.fold_source import Source
from tui.logs.rungs import (
    CHILD_ESTABLISHED,
    IKE_ESTABLISHED,
    IKE_PROPOSAL,
    IKE_STARTED,
    KEY_ACCEPTED,
    NAT_SEEN,
)

OURS: Final = b"L2TP"
"""Names of connections that are no site-to-site begin so."""
_AGAIN: Final = 10.0
"""Seconds within which a client that begins anew without getting further only tries again."""
_SCANNING: Final = 600.0
"""Likewise for garbage."""
_MOST_OPEN: Final = 32
"""Parts of one address that are looked at."""
_MOST_TRIES: Final = 32
_MOST_NEW: Final = 64
"""IKE SAs, the last ones, among which the one is that charon adopts a session for."""


class IkeBook:
    """The attempts that one source's charon lines tell of."""

    def __init__(self, source: Source, add: AddPart) -> None:
        self._source = source
        self._add = add
        self._by_peer: dict[bytes, Part] = {}
        self._returns = Returns()
        self._dials = Dials(source)
        self._by_client: dict[bytes, list[Part]] = {}
        self._by_ike: dict[int, Part] = {}
        self._by_child: dict[int, Part] = {}
        self._by_spi: dict[bytes, Part] = {}
        self._by_identity: dict[bytes, Part] = {}
        self._live: list[Part] = []

    # --- which part a line is about

    def of_thread(self) -> Part | None:
        """The part that the thread works on; a new one if its client is not known yet."""
        peer = self._source.peer()
        part = self._by_peer.get(peer)
        if peer in self._returns.by_port and (anew := self._returns.went_on(peer)) is not None:
            part = self._by_peer[peer] = anew
        if part is None and peer:
            part = self._floated(peer)
            if part is None:
                part = self._new(peer)
                if self._dials.is_answer():
                    part.is_foreign = True
                    self._dials.call(part.client)
        return part

    def known_of_thread(self) -> Part | None:
        """The same, but never a new one."""
        peer = self._source.peer()
        return (self._by_peer.get(peer) or self.latest(peer.partition(b"[")[0])) if peer else None

    def latest(self, client: bytes) -> Part | None:
        """The part of `client` that was heard of last."""
        parts = self._by_client.get(client)
        return max(parts, key=_last) if parts else None

    def of_client(self, client: bytes, within: float) -> Part:
        """The latest part of `client` if it was heard of `within` seconds, otherwise a new one."""
        part = self.latest(client)
        if part is None or abs(self._source.moment - part.last) > within:
            part = self._new_of(client)
        return part

    def _floated(self, peer: bytes) -> Part | None:
        """The part whose client goes on from another port, because there is a NAT.

        Which of several clients behind one NAT it is, no line says; a NAT that keeps ports keeps
        both, and otherwise who began first goes on first.
        """
        client, _, port = peer.partition(b"[")
        parts = self._by_client.get(client)
        if not parts or not self._source.is_to_nat_port(peer):
            return None
        part = going_on(parts, keeps=port == b"4500]", moment=self._source.moment)
        if part is not None:
            part.floated_to = peer
            self._by_peer[peer] = part
        return part

    def _new(self, peer: bytes) -> Part:
        client, _, port = peer.partition(b"[")
        self._by_peer[peer] = part = self._new_of(client)
        part.port = port_of(port)
        part.is_foreign = self._dials.reached(client, part.port)
        return part

    def _new_of(self, client: bytes) -> Part:
        source = self._source
        part = Part("ike", source.number, source.moment)
        part.client = client
        parts = self._by_client.get(client)
        if parts is None:
            self._by_client[client] = [part]
        else:
            parts.append(part)
            if len(parts) > _MOST_OPEN:
                del parts[0]
        self._live.append(part)
        self._add(part)
        return part

    # --- the way up

    def initiated(self, version: int) -> None:
        """`203.0.113.77 is initiating a Main Mode IKE_SA`"""
        source = self._source
        moment = source.moment
        peer = source.peer()
        if peer:
            client = b""
            before = self._by_peer.get(peer)
        else:
            text = source.text
            at = text.find(b"] ", source.message, source.stop) + 2
            client = text[at : text.find(b" ", at, source.stop)]
            before = pending(self._by_client.get(client, ()))
        if (
            before is not None
            and before.initiated
            and before.rung <= NAT_SEEN
            and not before.ends
            and 0 <= moment - before.initiated[-1] <= _AGAIN
        ):
            before.retries += 1
            before.last = moment
            if len(before.initiated) < _MOST_TRIES:
                before.initiated = (*before.initiated, moment)
            return
        part = self._new(peer) if peer else self._new_of(client)
        part.is_foreign = self._dials.reached(part.client, part.port)
        self._returns.began(before if peer else None, part)
        part.ike_version = version
        part.initiated = (moment,)
        source.step(part, IKE_STARTED)

    def proposed(self, rung: Rung, proposal: bytes) -> None:
        """`selected proposal: …`"""
        part = self.of_thread()
        if part is None:
            return
        if rung == IKE_PROPOSAL:
            if part.ike_proposal and part.rung >= rung:
                return
            part.ike_proposal = proposal
        else:
            part.esp_proposal = proposal
            if part.rung > rung:  # new keys of a session that is up
                return
        self._source.step(part, rung)

    def nat_seen(self) -> None:
        """`remote host is behind NAT`"""
        part = self.of_thread()
        if part is None or (part.behind_nat and part.rung >= NAT_SEEN):
            return
        part.behind_nat = True
        self._source.step(part, NAT_SEEN)

    def key_accepted(self, client: bytes, identity: bytes) -> None:
        """The client's message could be read; `client` is empty where the line does not say it."""
        part = self.of_thread()
        if part is None:
            if not client:
                return
            part = pending(self._by_client.get(client, ())) or self._new_of(client)
        if identity:
            part.identity = identity
        if part.rung < KEY_ACCEPTED:
            self._source.step(part, KEY_ACCEPTED)

    def established(self, name: bytes, number: int, client: bytes, identity: bytes) -> None:
        """`IKE_SA L2TP-PSK[1] established between …`"""
        source = self._source
        part = self.of_thread()
        if part is None:
            part = pending(self._by_client.get(client, ())) or self._new_of(client)
        elif part.ike_sas and number not in part.ike_sas and part.rung >= IKE_ESTABLISHED:
            part = self._split(part, client)
        part.add_ike(number)
        part.identity = identity or part.identity
        part.is_foreign = not name.startswith(OURS)
        part.established = part.last = source.moment
        self._by_ike[number] = part
        self._by_identity[part.identity] = part
        source.step(part, IKE_ESTABLISHED)

    def _split(self, part: Part, client: bytes) -> Part:
        """Another SA from the same port, whose begin was taken for a further try of the first."""
        peer, port = self._source.peer(), part.port
        part = self._new_of(client)
        part.port = port
        if peer:
            self._by_peer[peer] = part
        return part

    def child_established(
        self, name: bytes, number: int, spis: tuple[bytes, ...], client: bytes
    ) -> None:
        """`CHILD_SA L2TP-PSK{2} established with SPIs …`"""
        source = self._source
        part = self.of_thread()
        if part is None:
            parts = self._by_client.get(client, ())
            part = childless(parts, source.moment) or self._new_of(client)
        if not name.startswith(OURS):
            part.is_foreign = True
        part.add_child(number, spis)
        self._by_child[number] = part
        self._by_spi[spis[0]] = part
        if part.child_up is None:
            part.child_up = source.moment
            source.step(part, CHILD_ESTABLISHED)
        part.last = source.moment

    def foreign(self) -> None:
        """The thread works on another kind of connection."""
        part = self.of_thread()
        if part is not None:
            part.is_foreign = True

    def called(self, address: bytes) -> None:
        """The router itself begins a site-to-site connection to `address`."""
        self._dials.call(address)
        for part in self._by_client.get(address, ()):
            if part.rung < IKE_ESTABLISHED and self._dials.reached(address, part.port):
                part.is_foreign = True

    # --- what goes wrong, and ends

    def mark(self, part: Part, signature: str, end: AttemptEnd = "") -> None:
        """The line of now belongs to `part`, and ends it if `end` is given."""
        moment = self._source.moment
        if part.takes(signature):
            part.marks = (*part.marks, self._source.mention(signature))
        part.last = max(part.last, moment)
        if end:
            part.finish(moment, end)

    def by_ike(self, number: int, client: bytes) -> Part | None:
        """The part with IKE SA `number`: of `client` or of the thread if one of them has it."""
        for part in reversed(self._by_client.get(client, ())):
            if number in part.ike_sas:
                return part
        if not client:
            known = self.known_of_thread()
            if known is not None and number in known.ike_sas:
                return known
        return self._by_ike.get(number)

    def by_child(self, number: int, spi: bytes) -> Part | None:
        """The part with the CHILD SA that has `spi`, or else `number`."""
        return self._by_spi.get(spi) or self._by_child.get(number)

    def refused_packet(self, client: bytes) -> Part:
        """The part of a packet for which charon makes no IKE SA."""
        part = self.of_thread() or self.of_client(client, FORGOTTEN)
        late = self._source.moment - part.last > FORGOTTEN
        if late or part.rung >= IKE_ESTABLISHED:
            peer = self._source.peer()
            part = self._new(peer) if peer else self._new_of(client)
        elif part.marks:
            part.retries += 1
        return part

    def garbage(self, client: bytes) -> Part:
        """The part of a packet that is not IKE."""
        return self.of_client(client, _SCANNING)

    def half_open(self, client: bytes) -> Part:
        """The oldest unfinished part of `client`."""
        part = unfinished(self._by_client.get(client, ()))
        if part is None:
            part = self._new_of(client)
            part.rung = IKE_STARTED
        return part

    def ended_only(self, client: bytes, number: int = 0, child: int = 0) -> Part:
        """A part whose begin lies before the log."""
        part = self.latest(client)
        if (
            part is None
            or part.steps
            or (number and part.ike_sas)
            or (child and part.child_sas)
            or self._source.moment - part.last > FORGOTTEN
        ):
            part = self._new_of(client)
        if number:
            part.add_ike(number)
            part.rung = max(part.rung, IKE_ESTABLISHED)
            self._by_ike[number] = part
        if child:
            part.add_child(child, ())
            part.rung = max(part.rung, CHILD_ESTABLISHED)
            self._by_child[child] = part
        return part

    def duplicate_of(self, identity: bytes, newer: Part | None) -> Part | None:
        """The older part of the peer that came again."""
        part = self._by_identity.get(identity)
        if part is None or part is newer or part.is_foreign:
            return None
        return part

    def adopt(self, signature: str) -> None:
        """The SA that was just made takes over the session of an older one of the same client.

        A job of its own says so, on any thread.
        """
        moment = self._source.moment
        fresh = just_established(islice(reversed(self._by_ike.values()), _MOST_NEW), moment)
        for newer in fresh:
            older = with_child(self._by_client.get(newer.client, ()), newer)
            if older is not None:
                take_over(older, newer, moment)
                self._by_ike.update(dict.fromkeys(newer.ike_sas, older))
                self._by_child.update(dict.fromkeys(newer.child_sas, older))
                self._by_spi.update(dict.fromkeys(newer.spis, older))
                self._by_identity[older.identity] = older
                self._by_peer.update({k: older for k, p in self._by_peer.items() if p is newer})
                return
        if fresh:  # the session is older than the log
            self.mark(fresh[0], signature)
            fresh[0].rung = max(fresh[0].rung, CHILD_ESTABLISHED)
            fresh[0].started = None

    def adopter(self, client: bytes, identity: bytes) -> Part | None:
        """See `fold_choice.adopter`."""
        return adopter(self._by_client.get(client, ()), identity, self._source.moment)

    def stopped(self, *, forget: bool) -> None:
        """charon is gone, and with it all SAs; `forget` their numbers too."""
        for part in self._live:
            if not part.ends:
                part.finish(self._source.moment, "charon_stopped")
        self._live = []
        if forget:
            self._by_peer.clear()
            self._by_ike.clear()
            self._by_child.clear()
            self._by_spi.clear()
            self._by_identity.clear()

    def tidy(self, dropped: set[Part]) -> None:
        """Forget parts that are kept no longer."""
        self._by_peer = {k: part for k, part in self._by_peer.items() if part not in dropped}
        self._by_ike = {n: part for n, part in self._by_ike.items() if part not in dropped}
        self._by_child = {n: part for n, part in self._by_child.items() if part not in dropped}
        self._by_spi = {spi: part for spi, part in self._by_spi.items() if part not in dropped}
        self._by_identity = {i: p for i, p in self._by_identity.items() if p not in dropped}
        self._live = [part for part in self._live if part not in dropped and not part.ends]
        for client, parts in list(self._by_client.items()):
            left = [part for part in parts if part not in dropped]
            if left:
                self._by_client[client] = left
            else:
                del self._by_client[client]


def _last(part: Part) -> float:
    return part.last
