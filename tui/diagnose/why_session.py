"""Rules for sessions that are odd: deleted in CloudStack, doubled, replaced, of another address."""

import ipaddress
import re
from typing import Final

from tui.diagnose.verdicts import Evidence
from tui.diagnose.why_case import (
    LIKELY,
    OPEN,
    SURE,
    ClientCase,
    Finding,
    marks_within,
    of_line,
    times_of,
)
from tui.diagnose.why_logs import CLOUD_LOG, DAEMON_LOG, JOURNAL, MOST_FOUND
from tui.logs.attempts import Attempt, Rung
from tui.router import commands

_NO_ADDRESS: Final = ".".join("0000")
"""What a client wishes that takes any address."""


def vpn_deleted(case: ClientCase) -> Finding | None:
    """CloudStack has no VPN here, and the router goes on."""
    facts = case.facts
    deleted = facts.cloud is not None and not facts.cloud.has_vpn
    bag = facts.silence("bag_remoteaccessvpn", 'only its "id": the VPN was deleted')
    bag = bag if facts.is_deleted_in_bag else ()
    log = deleting_lines(case) if not bag and not deleted else ()
    if not bag and not deleted and not log:
        return None
    alive = [each for each in (facts.charon_runs, facts.xl2tpd_runs) if each is not None]
    if alive and not any(alive):
        return None
    if case.rung < Rung.CHILD_ESTABLISHED and not any(alive):
        return None
    said = facts.line("pgrep_xl2tpd", "xl2tpd") or facts.line("ss_udp", ":1701")
    listed = (Evidence("listRemoteAccessVpns", 0, "no VPN"),) if deleted else ()
    return Finding(
        category="vpn_deleted_daemons_left",
        outcome="drift",
        certainty=SURE if bag or deleted else LIKELY,
        evidence=(*listed, *bag, *said, *log, *facts.line("pgrep_charon", "charon")),
    )


def deleting_lines(case: ClientCase) -> tuple[Evidence, ...]:
    """cloud.log takes the VPN's rules away and does not put them back.

    Every push renews the rules of the firewall; those for ppp go with the VPN only.
    """
    taken = case.logs.find(CLOUD_LOG, b"Delete rule -D FORWARD -i ppp+", most=MOST_FOUND)
    put = case.logs.find(CLOUD_LOG, b"-I FORWARD -i ppp+", b"-A FORWARD -i ppp+", most=MOST_FOUND)
    if not taken or (put and put[-1].line > taken[-1].line):
        return ()
    return (*taken[-1:], *case.logs.find(CLOUD_LOG, b"remoteaccessvpn received", most=1))


def without_ipsec(case: ClientCase) -> Finding | None:
    """A session while charon is down is one in clear text."""
    if case.rung < Rung.CONNECTED or case.facts.charon_runs is not False:
        return None
    if case.last is None or case.last.end:
        return None
    return Finding(
        category="ipsec_service_down",
        outcome="connected",
        certainty=LIKELY,
        evidence=(*case.facts.silence("pgrep_charon", "no charon"), *case.top),
        says="The session lives without IPsec: its traffic is not encrypted.",
    )


def same_nat(case: ClientCase) -> Finding | None:
    """Two clients of one address with the same selectors: the newest gets all answers."""
    mine = case.last
    if mine is None or case.rung < Rung.CHILD_ESTABLISHED or not mine.behind_nat:
        return None
    rivals = [
        each
        for each in case.everybody.at(case.client)
        if each.identity not in ("", mine.identity)
        and each.rung >= Rung.TUNNEL
        and not _ended_before(each, mine)
        and not _ended_before(mine, each)
        and not _given_up_before(each, mine)
    ]
    if not rivals or case.rung < Rung.TUNNEL or _apart(mine, rivals[-1]):
        return None
    closed = case.logs.between((DAEMON_LOG,), *case.lifetime, b"tty is not open yet")
    both = tuple(of_line(each.steps[-1]) for each in (mine, rivals[-1]) if each.steps)
    names = ", ".join(dict.fromkeys(each.identity for each in (mine, *rivals)))
    return Finding(
        category="same_nat_conflict",
        outcome="degraded",
        certainty=SURE if closed else LIKELY,
        evidence=(*_child_lines(mine, rivals[-1]), *closed, *both),
        says=f"They are {names}.",
    )


def _ended_before(one: Attempt, other: Attempt) -> bool:
    return (
        bool(one.end)
        and one.ended is not None
        and other.started is not None
        and one.ended <= other.started
    )


def _given_up_before(one: Attempt, other: Attempt) -> bool:
    """`one` came to nothing, and no line of it is near the beginning of `other`."""
    times = times_of(one)
    if one.rung >= Rung.CONNECTED or one.end or not times or other.started is None:
        return False
    return max(times) + _GIVES_UP < other.started


_GIVES_UP: Final = 120.0
"""Seconds without a line after which nobody is still coming up."""
_SELECTORS: Final = re.compile(r"TS (\S+ === \S+)")


def _child_lines(*attempts: Attempt) -> tuple[Evidence, ...]:
    return tuple(
        of_line(step) for each in attempts for step in each.steps if "CHILD_SA" in step.text
    )


def _apart(one: Attempt, other: Attempt) -> bool:
    """Both selectors are known and differ."""
    mine, theirs = _selectors(one), _selectors(other)
    return bool(mine and theirs) and mine != theirs


def _selectors(attempt: Attempt) -> str:
    """What the CHILD SA covers; clients with ports of their own do not get in each other's way."""
    for step in attempt.steps:
        if match := _SELECTORS.search(step.text):
            return match[1]
    return ""


def came_back(case: ClientCase) -> Finding | None:
    """The router cleared an old connection of the same client away."""
    if case.last is None or case.rung < Rung.CHILD_ESTABLISHED or len(case.attempts) < 1:
        return None
    words = ("destroying duplicate IKE_SA", "schedule delete of duplicate IKE_SA")
    found = case.said(*words) or _cleared_now(case, words)
    earlier = [each for each in case.attempts[:-1] if each.rung >= Rung.CONNECTED]
    if not found and not (earlier and _is_replaced(earlier[-1], case.last)):
        return None
    return Finding(
        category="reconnect_initial_contact",
        outcome="connected" if case.rung >= Rung.CONNECTED else "degraded",
        certainty=0.9 if found else LIKELY,
        evidence=(
            *found,
            *case.said_near("tty is not open", "Maximum retries", seconds=_MOMENTS),
            *case.top,
        ),
    )


_MOMENTS: Final = 60.0
"""Seconds in which the router clears an old connection away once the client comes back."""


def _cleared_now(case: ClientCase, words: tuple[str, ...]) -> tuple[Evidence, ...]:
    """Where an earlier attempt was cleared away as the last one began, not some other time."""
    began = case.last.started if case.last is not None else None
    if began is None:
        return ()
    return marks_within(case.attempts[:-1], began - _MOMENTS, began + _MOMENTS, words)


def _is_replaced(earlier: Attempt, last: Attempt) -> bool:
    if earlier.end != "replaced":
        return False
    if earlier.ended is None or last.started is None:
        return True
    return abs(earlier.ended - last.started) <= _MOMENTS


def logged_in_twice(case: ClientCase) -> Finding | None:
    """The same name in another session that lives."""
    if case.last is None or case.rung < Rung.AUTHENTICATED or case.last.end or not case.user:
        return None
    others = [
        each
        for each in case.everybody.of(case.user)
        if each is not case.last
        and each.rung >= Rung.AUTHENTICATED
        and not each.end
        and (each.client, each.identity) != (case.last.client, case.last.identity)
    ]
    if not others:
        return None
    lines = tuple(of_line(each.steps[-1]) for each in (case.last, others[-1]) if each.steps)
    return Finding(
        category="duplicate_login",
        outcome="connected",
        certainty=0.9,
        evidence=(*lines, *case.facts.line("tdbdump", f"PEERNAME={case.user};")),
        says=f"The other session comes from {others[-1].client}.",
    )


def address_shared(case: ClientCase) -> Finding | None:
    """A pppd that no kernel session belongs to keeps the client's address: the packets go there."""
    last = case.last
    if last is None or case.rung < Rung.CONNECTED or not case.inner_ip or last.end:
        return None
    sessions = case.facts.fact(commands.L2TP_SESSION)
    if sessions is None:
        return None
    alive = {(each.tunnel, each.session) for each in sessions}
    for process in case.facts.ppp_processes:
        orphan = (process.tunnel, process.session) not in alive
        if orphan and process.pid != last.pppd and process.remote_ip == case.inner_ip:
            return Finding(
                category="duplicate_login",
                outcome="connected_no_traffic",
                certainty=0.7,
                evidence=(
                    *case.facts.line("pgrep_pppd", f"{process.pid} "),
                    *case.facts.line("ip_route", case.inner_ip),
                    *case.top,
                ),
                says=f"The other one is an orphan of a restart of xl2tpd: pppd {process.pid} keeps "
                f"the address {case.inner_ip}, and answers go to it. End it: "
                f"`kill {process.pid}`; by itself it gives up within 2.5 minutes.",
            )
    return None


def odd_address(case: ClientCase) -> Finding | None:
    """An address that is not of the client range: chosen by the client, or of an old range."""
    if case.last is None or case.rung < Rung.CONNECTED or not case.inner_ip:
        return None
    inner, offered, proof = case.inner_ip, *offered_address(case)
    got = (*case.said("remote IP address"), *case.facts.line("tdbdump", f"={inner}"), *proof)
    if offered and offered != inner:
        return Finding(
            category="client_chose_own_ip",
            outcome="connected",
            certainty=SURE,
            evidence=got,
            says=f"It was offered {offered} and took {inner}.",
        )
    if not case.facts.pool or is_in_pool(inner, case.facts.pool):
        return None
    return Finding(
        category="stale_ip_range" if offered else "client_chose_own_ip",
        outcome="drift" if offered else "connected",
        certainty=0.9 if offered else OPEN,
        evidence=got,
        says=f"It has {inner}; the range is {case.facts.pool}.",
        others=() if offered else ("stale_ip_range",),
    )


def offered_address(case: ClientCase) -> tuple[str, tuple[Evidence, ...]]:
    """The address that xl2tpd chose for the client, from pppd's arguments or its dialogue."""
    pid = case.last.pppd if case.last is not None else 0
    for process in case.facts.ppp_processes:
        if pid and process.pid == pid:
            return process.remote_ip, case.facts.line("pgrep_pppd", str(pid))
    offered = case.logs.offers.get(pid, "")
    talk = case.logs.dialogues.get(pid)
    if talk is None or not talk.wished:
        return offered, ()
    if talk.offered:
        return talk.offered, ()
    if talk.wished != _NO_ADDRESS:
        # It was not refused, so that no line says what it would have been given.
        asked = f"pppd[{pid}]: rcvd [IPCP ConfReq".encode()
        return offered or "another address", case.logs.find(JOURNAL, asked, most=1)
    return offered, ()


def is_in_pool(address: str, pool: str) -> bool:
    """Whether `address` is in `first-last`; True where the range cannot be read."""
    first, _, last = pool.partition("-")
    try:
        value = ipaddress.ip_address(address)
        low, high = ipaddress.ip_address(first.strip()), ipaddress.ip_address(last.strip() or first)
    except ValueError:
        return True
    return int(low) <= int(value) <= int(high)


FIRST: Final = (vpn_deleted,)
RULES: Final = (same_nat, without_ipsec, address_shared, odd_address)
LATER: Final = (came_back, logged_in_twice)
"""Rules that count only where traffic passes."""
