"""Rules for sessions that have ended: why they did."""

from math import inf
from typing import Final

from tui.diagnose.verdicts import Evidence
from tui.diagnose.why_case import (
    CLOSE,
    GUESS,
    LIKELY,
    OPEN,
    REFUSED,
    SURE,
    ClientCase,
    Finding,
    marks_within,
)
from tui.diagnose.why_facts import holds
from tui.diagnose.why_logs import CLOUD_LOG, DAEMON_LOG, PPP_LOGS
from tui.diagnose.why_stops import CHARON, XL2TPD, killed_by_kernel
from tui.logs.attempts import Rung
from tui.router import commands

_DEAD_WITHIN: Final = 300.0
"""Seconds within which xl2tpd and pppd notice that nothing comes from a client any more."""


def user_removed(case: ClientCase) -> Finding | None:
    """pppd was killed, as CloudStack does when it removes a user."""
    last = case.last
    if last is None or case.rung < Rung.CALL:
        return None
    ordered = _kill_orders(case, last.pppd) if last.pppd else ()
    killed = case.said("by signal 9")
    if not ordered and not killed:
        return None
    known, cloud = case.facts.known_users, case.facts.cloud
    gone = bool(case.user) and (
        (known is not None and case.user not in known)
        or (cloud is not None and cloud.users is not None and case.user not in cloud.users)
    )
    proof = case.facts.silence("chap_users", f"{case.user} is not among the names") if gone else ()
    began, ended = case.lifetime
    looked = case.logs.between((CLOUD_LOG,), began, ended + CLOSE, b"tdbdump")
    return Finding(
        category="admin_user_removed",
        outcome="dropped",
        certainty=SURE if ordered or gone else LIKELY,
        evidence=(*ordered, *killed, *proof, *looked[-1:]),
    )


def _kill_orders(case: ClientCase, pppd: int) -> tuple[Evidence, ...]:
    """Where cloud.log kills this very pppd while it lives; a number is used again later."""
    began, ended = case.lifetime
    lines = case.logs.within(CLOUD_LOG, began - CLOSE, ended + CLOSE, f"kill -9 {pppd}".encode())
    return tuple(line for _, line in lines if holds(line.text, f"kill -9 {pppd}"))[:3]


def charon_restarted(case: ClientCase) -> Finding | None:
    """strongSwan went away under a living session."""
    last = case.last
    if last is None or not (case.was_session or _may_be_session(case)):
        return None
    if last.end in ("goodbye", "idle", "peer_dead_lcp", "refused"):
        return None
    began, ended = case.lifetime
    began = last.connected or began
    # Without IPsec a session is found dead within minutes: an older stop is not what ended it.
    from_then = began if last.ended is None else max(began, ended - _DEAD_WITHIN)
    stops = case.logs.between(CHARON.logs, from_then, ended + CLOSE, *CHARON.ends)
    starts = case.logs.between(CHARON.logs, from_then, ended + _DEAD_WITHIN, *CHARON.starts)
    younger = _charon_younger_than(case, began, ended + CLOSE)
    if not (stops or last.end == "charon_stopped" or younger):
        return None
    acquired = _asked_again(case, from_then)
    if case.facts.charon_runs is False:
        return Finding(
            category="ipsec_service_down",
            outcome="dropped",
            certainty=SURE,
            evidence=(*stops, *case.facts.silence("pgrep_charon", "no charon"), *case.top),
            says="It was stopped while the client was connected.",
        )
    return Finding(
        category="ipsec_restarted",
        outcome="dropped",
        certainty=SURE if stops or last.end == "charon_stopped" else LIKELY,
        evidence=(*stops, *starts[:1], *younger, *acquired[:1], *case.said("Maximum retries")),
        says="The router asks the client for a new connection by itself after that and is refused: "
        "that is no fault of the client."
        if acquired
        else "",
    )


def _may_be_session(case: ClientCase) -> bool:
    """A call whose pppd is silent only because its logs are not at hand."""
    if case.rung < Rung.CALL or case.logs.has(*PPP_LOGS):
        return False
    return not case.said("pppd exited for call")


def _asked_again(case: ClientCase, since: float) -> tuple[Evidence, ...]:
    """Where the router itself begins IKE with the client."""
    begun = case.logs.within(DAEMON_LOG, since, inf, b"initiating ")
    return tuple(
        line
        for _, line in begun
        if "IKE_SA" in line.text and holds(line.text, f" to {case.client}")
    )


def _charon_younger_than(case: ClientCase, began: float, ended: float) -> tuple[Evidence, ...]:
    """`ipsec statusall` says since when charon runs; if since the session, it was restarted."""
    seen = case.facts.line("ipsec_statusall", "uptime:", "since ")
    started = charon_started(seen[0].text) if seen else None
    if started is None or not case.lifetime[0]:
        return ()
    return seen if began + 5 < started <= ended + _DEAD_WITHIN else ()


def charon_started(text: str) -> float | None:
    """`uptime: 102 seconds, since Nov 22 23:57:01 2026`: seconds since the epoch, UTC."""
    from datetime import UTC, datetime

    try:
        moment = datetime.strptime(text.rpartition("since ")[2].strip(), "%b %d %H:%M:%S %Y")
    except ValueError:
        return None
    return moment.replace(tzinfo=UTC).timestamp()


def _dropped(category: str, outcome: str, *fragments: str) -> tuple[str, str, tuple[str, ...]]:
    return category, outcome, fragments


_SPOKEN: Final = (
    _dropped("dpd_timeout", "dropped", "DPD check timed out", "giving up after 5 retransmits of D"),
    _dropped("idle_timeout", "disconnected", "lack of activity", "with code 12"),
    _dropped(
        "peer_dead_lcp_echo",
        "dropped",
        "echo-requests",
        "Serial link appears to be disconnected",
        "with code 15",
    ),
    _dropped("peer_dead_l2tp", "dropped", "Maximum retries exceeded for tunnel", "(Timeout)"),
    _dropped(
        "normal_disconnect",
        "disconnected",
        "(Goodbye!)",
        "(User request)",
        "User request",
    ),
)
"""Ends that a daemon says in so many words."""


def said_so(case: ClientCase) -> Finding | None:
    """The end stands in the log."""
    if not case.was_session:
        return None
    for category, outcome, fragments in _SPOKEN:
        found = case.said(*fragments)
        if found:
            order = {part: place for place, part in enumerate(fragments)}
            best = sorted(found, key=lambda each: _place(order, each.text))
            return Finding(
                category=category,
                outcome="disconnected" if outcome == "disconnected" else "dropped",
                certainty=SURE,
                evidence=(*best[:4], *case.pppd_said(b"Connect time")[:1]),
            )
    return None


def _place(order: dict[str, int], text: str) -> int:
    return min((place for part, place in order.items() if part in text), default=len(order))


def daemon_stopped(case: ClientCase) -> Finding | None:
    """xl2tpd ended under the session."""
    last = case.last
    if last is None or not case.was_session:
        return None
    began, ended = case.lifetime
    around = (max(began, ended - _DEAD_WITHIN) if last.ended else began, ended + CLOSE)
    crashed = killed_by_kernel(case.logs, XL2TPD, *around)
    if last.end != "xl2tpd_stopped" and not (crashed and last.end in ("", "terminated")):
        return None
    lines = case.logs.between(XL2TPD.logs, *around, *XL2TPD.ends)
    down = case.facts.xl2tpd_runs is False
    killed = tuple(line for _, line in crashed[:2])
    says = "The kernel ended it while the client was connected." if killed else ""
    if not down and not killed:
        says = "xl2tpd was restarted while the client was connected."
    return Finding(
        category="xl2tpd_down",
        outcome="dropped",
        certainty=SURE if down or killed else LIKELY,
        evidence=(*killed, *lines, *case.said("Fatal signal", "Terminating")),
        says=says,
    )


def vanished(case: ClientCase) -> Finding | None:
    """pppd is gone and has written no closing line, as only a SIGKILL makes it."""
    last = case.last
    if last is None or case.rung < Rung.CONNECTED or last.end or not last.pppd:
        return None
    if not case.facts.has("pgrep_pppd"):
        return None
    if any(each.pid == last.pppd for each in case.facts.ppp_processes):
        return None
    spoken = case.logs.has("vr.messages.log", "vr.pppd-journal.log")
    return Finding(
        category="admin_user_removed" if spoken else "peer_dead_l2tp",
        outcome="dropped",
        certainty=0.65 if spoken else GUESS,
        evidence=(*case.facts.silence("pgrep_pppd", f"no pppd {last.pppd}"), *case.top),
        says="The session is gone, and pppd wrote nothing about it: it was killed."
        if spoken
        else "The session is gone; why, these files do not say.",
        others=("peer_dead_l2tp", "normal_disconnect", "ipsec_restarted", "xl2tpd_down")
        if spoken
        else ("admin_user_removed", "normal_disconnect", "idle_timeout", "ipsec_restarted"),
        next_look="daemon.log: `pppd terminated for call … by signal 9`; cloud.log: `kill -9`",
    )


def not_in_kernel(case: ClientCase) -> Finding | None:
    """pppd lives on without a session: its xl2tpd is gone, or another one."""
    last, facts = case.last, case.facts
    if last is None or case.rung < Rung.CONNECTED or last.end or not last.pppd:
        return None
    sessions = facts.fact(commands.L2TP_SESSION)
    process = next((each for each in facts.ppp_processes if each.pid == last.pppd), None)
    if sessions is None or process is None:
        return None
    if any((each.tunnel, each.session) == (process.tunnel, process.session) for each in sessions):
        return None
    down = facts.xl2tpd_runs is False
    return Finding(
        category="xl2tpd_down",
        outcome="dropped",
        certainty=SURE if down else LIKELY,
        evidence=(
            *(facts.silence("pgrep_xl2tpd", "no xl2tpd") if down else ()),
            *facts.silence("l2tp_session", f"no session {process.session} in the kernel"),
            *facts.line("pgrep_pppd", f"{process.pid} "),
        ),
        says=f"It died under the session; pppd {process.pid} is an orphan and gives up within 2.5 "
        "minutes." + ("" if down else " xl2tpd was started again meanwhile."),
    )


def client_deleted(case: ClientCase) -> Finding | None:
    """The client closed IPsec itself."""
    last = case.last
    if last is None or not case.was_session or not last.end or last.ended is None:
        return None
    words = ("received DELETE for IKE_SA", "received DELETE for ESP", "Goodbye")
    # A client also deletes what it has replaced, in the midst of a session.
    late = marks_within((last,), last.ended - _AT_THE_END, inf, words)
    if late:
        return Finding(
            category="normal_disconnect",
            outcome="disconnected",
            certainty=LIKELY,
            evidence=(*late, *case.top),
        )
    return None


_AT_THE_END: Final = 10.0
"""Seconds before the end of a session in which the client takes IPsec down."""


def ended_unexplained(case: ClientCase) -> Finding | None:
    """pppd was told to end, and who told it is in a log that is not at hand."""
    if case.last is None or not case.was_session or not case.last.end:
        return None
    if case.last.end == "replaced":
        return None
    ended = case.said("Terminating on signal", "Modem hangup", "Connection terminated", "exited")
    return Finding(
        category="normal_disconnect" if case.last.end == "deleted" else "peer_dead_l2tp",
        outcome="disconnected" if case.last.end == "deleted" else "dropped",
        certainty=OPEN if case.last.end == "peer_dead_l2tp" else GUESS,
        evidence=(*ended, *case.pppd_said(b"Connect time")[:1], *case.top),
        says="The session was ended; who ended it, these files do not say.",
        others=("ipsec_restarted", "dpd_timeout", "xl2tpd_down", "idle_timeout")
        + (("peer_dead_l2tp",) if case.last.end == "deleted" else ("normal_disconnect",)),
        next_look="/var/log/daemon.log of that time: what xl2tpd and charon say",
    )


def left_unseen(case: ClientCase) -> Finding | None:
    """The client hung up a call whose beginning is older than the logs."""
    last = case.last
    if last is None or last.started is not None or case.rung < Rung.TUNNEL:
        return None
    if last.end not in ("goodbye", "deleted") or case.said(*REFUSED):
        return None
    return Finding(
        category="normal_disconnect",
        outcome="disconnected",
        certainty=OPEN,
        evidence=(*case.said("closed to", "LCP terminated", "received DELETE"), *case.top),
        says="These logs begin in the midst of it: whether it was a session that its user ended "
        "or a login that came to nothing stands in older lines.",
        others=("ppp_bad_password", "ppp_unknown_user", "ppp_auth_protocol", "ppp_mppe_required"),
        next_look="the lines of /var/log/daemon.log and /var/log/messages before these",
    )


RULES: Final = (
    user_removed,
    charon_restarted,
    said_so,
    daemon_stopped,
    not_in_kernel,
    vanished,
    client_deleted,
    ended_unexplained,
    left_unseen,
)
