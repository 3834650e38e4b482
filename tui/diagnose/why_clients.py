"""Whose cases there are: clients in the logs, in the router's state, and in a capture.

A client is an address; behind NAT it is the address with what the client calls itself there. Where
the logs say nothing of a client, an attempt is made up from what the state or a capture proves, so
that the same rules judge it.
"""

from typing import Final

import msgspec

from tui.diagnose.packets import ClientPackets, echoes, is_size_test
from tui.diagnose.state_text import BRIEF_ADDRESSES
from tui.diagnose.verdicts import Evidence
from tui.diagnose.why_case import ClientCase, Everybody, faults_of, of_packet
from tui.diagnose.why_facts import RouterFacts
from tui.diagnose.why_logs import DAEMON_LOG, Logs
from tui.diagnose.why_neighbours import identity_of, strangers
from tui.logs.attempts import Attempt, LogRef, Rung
from tui.router import commands

Key = tuple[str, str, str]
"""Address, what the client calls itself, and, where no line says the address, whose login it is."""

_PING_SIZE: Final = 150
"""Bytes of an outer packet that holds an ordinary ping; messages of PPP are smaller."""


def cases_of(facts: RouterFacts, logs: Logs, attempts: tuple[Attempt, ...]) -> list[ClientCase]:
    """One case per client, in the order of their last attempts."""
    everybody = _placed(facts, _without_shadows(attempts))
    _identify(facts, [each for each in everybody if each.rung == Rung.CONNECTED])
    known = {attempt.client for attempt in everybody}
    everybody += [
        made_up
        for made_up in _from_state(facts, attempts)
        if made_up.client not in known or made_up.rung == Rung.CONNECTED
    ]
    everybody += _from_capture(facts, logs, everybody)
    everybody.sort(key=_begin)
    _name(facts, everybody)
    index = Everybody(everybody)
    cases = [_case(facts, logs, key, own, index) for key, own in _grouped(everybody).items()]
    seen = {case.client for case in cases}
    for client in facts.capture.clients if facts.capture is not None else ():
        if client not in seen:
            cases.append(ClientCase(facts, logs, client))
    return cases


_COMING_UP: Final = 15.0
"""Seconds without a step after which an attempt is not thought to come up any more; a client that
gets through takes some five for all of them."""


def _case(
    facts: RouterFacts, logs: Logs, key: Key, own: list[Attempt], everybody: Everybody
) -> ClientCase:
    """The case of one client. What came of an earlier attempt counts for more than how far one has
    come that goes on."""
    client, identity, _ = key
    coming = own[-1] if _is_coming_up(own[-1], facts.now) else None
    settled = own[:-1] if coming is not None and len(own) > 1 else own
    return ClientCase(facts, logs, client, identity, tuple(settled), everybody, coming)


def _is_coming_up(attempt: Attempt, now: float | None) -> bool:
    if now is None or attempt.started is None or attempt.end or attempt.rung >= Rung.CONNECTED:
        return False
    if faults_of(attempt):
        return False
    last = max((step.time for step in attempt.steps if step.time is not None), default=None)
    return last is not None and abs(now - last) <= _COMING_UP


def _begin(attempt: Attempt) -> tuple[bool, float]:
    """What only the state or a capture proves is of now, a session more than the rest."""
    is_session = attempt.started is None and attempt.rung >= Rung.CONNECTED
    if is_session and attempt.ended is not None:
        return False, attempt.ended  # it began before the log
    return is_session, attempt.started or 0.0


AUDIT_LOG: Final = "vr.auth.log"
SAME_SECONDS: Final = 2.0


def _without_shadows(attempts: tuple[Attempt, ...]) -> tuple[Attempt, ...]:
    """Without attempts that only auth.log tells again: it has charon's audit lines a second time,
    and an attempt that has ended at once takes no more lines."""
    begun: dict[str, list[float]] = {}
    for attempt in attempts:
        if attempt.started is not None and not _is_audit(attempt):
            begun.setdefault(attempt.client, []).append(attempt.started)
    return tuple(
        attempt
        for attempt in attempts
        if not _is_audit(attempt)
        or attempt.started is None
        or not any(
            abs(time - attempt.started) <= SAME_SECONDS for time in begun.get(attempt.client, ())
        )
    )


def _is_audit(attempt: Attempt) -> bool:
    return bool(attempt.steps) and all(step.source == AUDIT_LOG for step in attempt.steps)


def _placed(facts: RouterFacts, attempts: tuple[Attempt, ...]) -> list[Attempt]:
    """Attempts with the client's address, where pppd's own lines do not say it.

    The kernel knows it by the tunnel; where there is only one client at all it is that one.
    """
    by_tunnel = {each.tunnel: each.remote for each in facts.fact(commands.L2TP_TUNNEL) or ()}
    by_pid = {each.pid: by_tunnel.get(each.tunnel, "") for each in facts.ppp_processes}
    known = {attempt.client for attempt in attempts} | set(by_tunnel.values())
    known |= {each.remote for each in (facts.ipsec.ike if facts.ipsec is not None else ())}
    if facts.capture is not None:
        known |= {each.client for each in facts.capture.clients.values() if each.got("esp")}
    known.discard("")
    only = next(iter(known)) if len(known) == 1 else ""
    return [
        attempt
        if attempt.client
        else msgspec.structs.replace(
            attempt,
            client=by_pid.get(attempt.pppd) or by_tunnel.get(attempt.tunnel) or only,
        )
        for attempt in attempts
    ]


def _grouped(attempts: list[Attempt]) -> dict[Key, list[Attempt]]:
    """By client; one that got stuck before it named itself belongs to the only one there is, unless
    its port shows that it is another one behind the same NAT."""
    by_client: dict[str, list[Attempt]] = {}
    for attempt in attempts:
        by_client.setdefault(attempt.client, []).append(attempt)
    named = {
        client: {identity_of(each) for each in own} - {""} for client, own in by_client.items()
    }
    others = {number for client, own in by_client.items() if client for number in strangers(own)}
    grouped: dict[Key, list[Attempt]] = {}
    for attempt in attempts:
        client, identity, login = attempt.client, identity_of(attempt), ""
        if not client:
            login = attempt.user.casefold() or f"pppd {attempt.pppd}"
        elif not identity and len(named[client]) == 1 and id(attempt) not in others:
            identity = next(iter(named[client]))
        grouped.setdefault((client, identity, login), []).append(attempt)
    return grouped


def _ref(proof: tuple[Evidence, ...]) -> list[LogRef]:
    return [LogRef(each.file, each.line, each.text) for each in proof]


def _from_state(facts: RouterFacts, attempts: tuple[Attempt, ...]) -> list[Attempt]:
    """Sessions and security associations that the router has now."""
    by_tunnel = {each.tunnel: each.remote for each in facts.fact(commands.L2TP_TUNNEL) or ()}
    in_kernel = {(each.tunnel, each.session) for each in facts.fact(commands.L2TP_SESSION) or ()}
    logged = {attempt.pppd for attempt in attempts}
    cards = {each.peer for each in facts.brief_addresses if each.peer}
    made: list[Attempt] = []
    for process in sorted(facts.ppp_processes, key=lambda process: process.pid):
        alive = (process.tunnel, process.session) in in_kernel
        record = next((each for each in facts.records if each.pid == process.pid), None)
        if process.pid in logged or not alive or record is None or not record.remote_ip:
            continue
        if facts.has(BRIEF_ADDRESSES) and record.remote_ip not in cards:
            continue
        proof = facts.line("tdbdump", f"PPPD_PID={process.pid};")
        made.append(
            Attempt(
                number=0,
                client=by_tunnel.get(process.tunnel, ""),
                rung=Rung.CONNECTED,
                pppd=process.pid,
                tunnel=process.tunnel,
                call=process.session,
                user=record.user,
                inner_ip=record.remote_ip,
                interface=record.interface,
                steps=_ref(proof),
            )
        )
    _identify(facts, made)
    with_session = {each.client for each in made}
    return made + [each for each in _from_ipsec(facts) if each.client not in with_session]


def _identify(facts: RouterFacts, sessions: list[Attempt]) -> None:
    """What each client behind a NAT calls itself: both lists are in the order of connecting."""
    for client in {each.client for each in sessions}:
        ours = [each for each in sessions if each.client == client]
        found = [sa for sa in (facts.ipsec.ike if facts.ipsec else ()) if sa.remote == client]
        in_order = sorted(found, key=lambda sa: sa.number)
        named = [sa for sa in in_order if sa.remote_id not in (client, "%any")]
        if len(named) == len(ours) and not any(each.identity for each in ours):
            for attempt, sa in zip(ours, named, strict=True):
                attempt.identity, attempt.behind_nat = sa.remote_id, True


def _from_ipsec(facts: RouterFacts) -> list[Attempt]:
    """Security associations, one attempt for each; those that the router began are none."""
    if facts.ipsec is None:
        return []
    made = []
    for sa in facts.ipsec.ike:
        if sa.state != "ESTABLISHED":
            continue
        children = [each for each in facts.ipsec.children if each.remote == sa.remote]
        proof = facts.line("ipsec_statusall", f"[{sa.number}]: {sa.state}")
        if children:
            proof = facts.line("ipsec_statusall", f"{{{children[-1].number}}}", "bytes_i") or proof
        identity = sa.remote_id if sa.remote_id != sa.remote else ""
        made.append(
            Attempt(
                number=0,
                client=sa.remote,
                identity=identity,
                behind_nat=bool(identity),
                rung=Rung.CHILD_ESTABLISHED if children else Rung.IKE_ESTABLISHED,
                ike_sas=(sa.number,),
                child_sas=(children[-1].number,) if children else (),
                steps=_ref(proof),
            )
        )
    return made


def _from_capture(facts: RouterFacts, logs: Logs, attempts: list[Attempt]) -> list[Attempt]:
    """What packets prove: ESP means that IPsec came up, answered pings that it works.

    Where xl2tpd's log is at hand it says more; without it pings prove a session.
    """
    capture = facts.capture
    known = {attempt.client: attempt for attempt in attempts}
    made = []
    for client in capture.clients.values() if capture is not None else ():
        if not client.got("esp") or capture is None:
            continue
        last = known.get(client.client)
        works = _pings(client, capture.router)
        if last is not None and (logs.has(DAEMON_LOG) or not works or last.rung >= Rung.TUNNEL):
            continue
        made.append(
            Attempt(
                number=0,
                client=client.client,
                rung=Rung.CONNECTED if works else Rung.CHILD_ESTABLISHED,
                steps=_ref((of_packet(client.firsts["esp"]),)),
            )
        )
    return made


def _pings(client: ClientPackets, router: str) -> bool:
    found = echoes(client, router)
    big = [each for each in found.answered if each.size >= _PING_SIZE]
    return bool(found.unanswered and big) or len(big) >= 3 or is_size_test(client, router)


def _name(facts: RouterFacts, attempts: list[Attempt]) -> None:
    """Names that only the router's records have."""
    names = {record.pid: record.user for record in facts.records}
    for attempt in attempts:
        if not attempt.user and attempt.pppd in names and attempt.rung >= Rung.CONNECTED:
            attempt.user = names[attempt.pppd]
