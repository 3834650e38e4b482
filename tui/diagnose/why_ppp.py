"""Rules for clients that get a tunnel and no session: rungs 8 to 11."""

from typing import Final

from tui.diagnose.why_case import (
    GUESS,
    LIKELY,
    OPEN,
    SURE,
    ClientCase,
    Finding,
)
from tui.diagnose.why_hangup import CANCELLED, NO_MPPE, windows_reason
from tui.diagnose.why_logs import DAEMON_LOG, PPP_LOGS
from tui.logs.attempts import Rung

_JOURNAL_LOOK: Final = (
    "`journalctl -t pppd` on the router: it alone tells an unknown user from a wrong password"
)
_CLIENT_LOOK: Final = (
    "the error number that the client shows, and `journalctl -t pppd` on the router: what the "
    "client's last CCP and IPCP messages ask for"
)


def pool_empty(case: ClientCase) -> Finding | None:
    """xl2tpd has no address left to give."""
    found = case.said("Out of IP addresses", "No available IP address")
    if not found or case.rung >= Rung.CONNECTED:
        return None
    return Finding(category="ip_pool_exhausted", outcome="fail", certainty=SURE, evidence=found)


def no_secrets(case: ClientCase) -> Finding | None:
    """pppd ends at once, because nobody may log in at all."""
    if case.rung >= Rung.AUTHENTICATED or case.said("failed CHAP"):
        return None
    found = case.said("couldn't find any suitable secret", "is required to authenticate itself")
    if not found:
        found = case.pppd_said(b"couldn't find any suitable secret")
    nobody = case.facts.known_users is not None and not case.facts.known_users
    exits = case.said("with code 1")
    at_once = [each for each in exits if each.text.rstrip().endswith("code 1")]
    if not found and not (at_once and case.rung <= Rung.CALL):
        return None
    empty = case.facts.silence("chap_users", "chap-secrets names nobody") if nobody else ()
    others = () if found or nobody else ("ppp_auth_protocol",)
    return Finding(
        category="ppp_no_secrets",
        outcome="fail",
        certainty=SURE if found or nobody else OPEN,
        evidence=(*found, *empty, *at_once),
        says="" if found else "pppd ended before it said a word.",
        others=others,
        next_look=_JOURNAL_LOOK if others else "",
    )


def no_common_login(case: ClientCase) -> Finding | None:
    """The client refuses every way to log in that the router offers."""
    found = case.said("refused to authenticate", "No auth is possible")
    if not found or case.rung >= Rung.CONNECTED:
        return None
    wish = case.pppd_said(b"ConfNak", b"ConfRej")
    return Finding(
        category="ppp_auth_protocol",
        outcome="fail",
        certainty=SURE,
        evidence=(*found, *(each for each in wish if "<auth" in each.text)),
    )


def demands_mppe(case: ClientCase) -> Finding | None:
    """The client ends the connection for want of MPPE, as it says itself.

    That the router rejects CCP proves nothing: Windows always asks for it, and lives without.
    """
    if case.rung >= Rung.CONNECTED or case.was_session:
        return None
    said = case.said("MPPE required") or case.pppd_said(b"MPPE required")
    ended = (*case.said("LCP terminated by peer"), *case.pppd_said(b"rcvd [LCP TermReq"))
    reasons = {number: line for line in ended if (number := windows_reason(line.text)) is not None}
    numbered = tuple(line for number, line in reasons.items() if number in NO_MPPE)
    rejected = case.said("Compression Control Protocol")
    if said or numbered:
        return Finding(
            category="ppp_mppe_required",
            outcome="fail",
            certainty=SURE,
            evidence=(*said, *numbered, *rejected),
        )
    if CANCELLED in reasons:
        return Finding(
            category="normal_disconnect",
            outcome="disconnected",
            certainty=OPEN,
            evidence=(reasons[CANCELLED], *case.top),
            says="Windows ended it during the login and named no error, as it does when its user "
            "cancels.",
            others=("ppp_mppe_required", "ppp_auth_protocol"),
            next_look=_CLIENT_LOOK,
        )
    if not rejected or not ended or not _may_want_mppe(case):
        return None
    number = next(iter(reasons), None)
    return Finding(
        category="ppp_mppe_required",
        outcome="fail",
        certainty=GUESS if number is not None else OPEN,
        evidence=(*ended, *rejected),
        says=f"Windows ended it with error {number}, which is not the one for want of encryption."
        if number is not None
        else "It ended the connection after the router had rejected CCP; why, it does not say.",
        others=("ppp_auth_protocol", "normal_disconnect", "ip_pool_exhausted"),
        next_look=_CLIENT_LOOK,
    )


def _may_want_mppe(case: ClientCase) -> bool:
    """A login that failed is reason enough to hang up."""
    return not case.said("failed CHAP", "CHAP Failure", "No CHAP secret found")


def login_refused(case: ClientCase) -> Finding | None:
    """`failed CHAP authentication`: who, and whether the router knows the name."""
    failed = case.said("failed CHAP authentication", "CHAP Failure", "No CHAP secret found")
    if not failed or case.rung >= Rung.CONNECTED:
        return None
    unknown = case.said("No CHAP secret found", "Failure id=") or case.pppd_said(
        b"No CHAP secret found"
    )
    unknown = tuple(
        each for each in unknown if "No CHAP secret" in each.text or each.text.endswith('""]')
    )
    wrong = case.said("E=691", "Access denied") or case.pppd_said(b"E=691", b"Access denied")
    known = case.facts.known_users
    missing = known is not None and bool(case.user) and case.user not in known
    if unknown or missing:
        proof = case.facts.silence("chap_users", f"{case.user} is not among the names")
        return Finding(
            category="ppp_unknown_user",
            outcome="fail",
            certainty=SURE,
            evidence=(*unknown, *failed[:2], *(proof if missing else ())),
            says=_drift(case),
        )
    certain = bool(wrong) or known is not None
    return Finding(
        category="ppp_bad_password",
        outcome="fail",
        certainty=SURE if wrong else 0.9 if certain else OPEN,
        evidence=(*wrong[:1], *failed[:2], *case.said("with code 11")),
        others=() if certain else ("ppp_unknown_user",),
        next_look="" if certain else f"{_JOURNAL_LOOK}; or the names in chap-secrets",
    )


def _drift(case: ClientCase) -> str:
    cloud = case.facts.cloud
    if cloud is None or cloud.users is None or not case.user:
        return ""
    if case.user in cloud.users:
        return "CloudStack lists the user: the router was not told."
    return "CloudStack does not list the user either."


_LCP_ANSWERS: Final = (
    "rcvd LCP ConfReq",
    "rcvd LCP ConfAck",
    "rcvd LCP ConfNak",
    "rcvd LCP ConfRej",
)


def never_answers_lcp(case: ClientCase) -> Finding | None:
    """pppd asks and asks, and the client says nothing."""
    if not Rung.CALL <= case.rung <= Rung.PPP_STARTED:
        return None
    found = case.said("LCP: timeout sending Config-Requests")
    asked, heard = _dialogue(case, "sent LCP ConfReq", *_LCP_ANSWERS)
    if not found and not (asked >= 5 and heard == 0):
        return None
    return Finding(
        category="ppp_lcp_timeout",
        outcome="fail",
        certainty=SURE if found else LIKELY,
        evidence=(*found, *case.pppd_said(b"sent [LCP ConfReq")[:1], *case.top),
    )


def never_answers_chap(case: ClientCase) -> Finding | None:
    """pppd asks for the password, and the client says nothing."""
    if not Rung.PPP_STARTED <= case.rung < Rung.AUTHENTICATED:
        return None
    found = case.said("CHAP authentication timed out", "authentication timed out")
    asked, heard = _dialogue(case, "sent CHAP Challenge", "rcvd CHAP Response")
    exits = case.said("with code 11", "with code 19")
    speaks = case.logs.has("vr.messages.log") and not case.said("refused to auth", "failed CHAP")
    if not found and not (asked >= 2 and heard == 0) and not (exits and speaks):
        return None
    return Finding(
        category="ppp_chap_timeout",
        outcome="fail",
        certainty=SURE if found or asked >= 2 else 0.65,
        evidence=(*found, *case.pppd_said(b"sent [CHAP Challenge"), *exits),
        others=() if found or asked >= 2 else ("ppp_bad_password", "ppp_auth_protocol"),
    )


def _dialogue(case: ClientCase, question: str, *answers: str) -> tuple[int, int]:
    """How often the last attempt's pppd asked, and how often the client answered."""
    talk = case.logs.dialogues.get(case.last.pppd) if case.last is not None else None
    if talk is None:
        return 0, 0
    return talk.counted[question], sum(talk.counted[answer] for answer in answers)


def refused_in_daemon_log(case: ClientCase) -> Finding | None:
    """xl2tpd says that pppd ended, and pppd's own words are not at hand."""
    if not Rung.TUNNEL <= case.rung < Rung.CONNECTED:
        return None
    refused = case.said("with code 11")
    closed = case.said("Connection closed to", "call_close:", "pppd exited for call")
    says = "xl2tpd says that pppd refused the login." if refused else "The client hung up at once."
    causes: tuple[str, ...] = ("ppp_bad_password", "ppp_unknown_user", "ppp_auth_protocol")
    causes += ("ppp_mppe_required", "ppp_chap_timeout", "ppp_no_secrets", "ppp_lcp_timeout")
    if not refused and not closed:
        causes = ("ppp_lcp_timeout", *(each for each in causes if each != "ppp_lcp_timeout"))
        causes += ("same_nat_conflict", "esp_blocked_outbound")
        says = "The call stands and no address was given yet."
    return Finding(
        category=causes[0],
        outcome="fail",
        certainty=GUESS,
        evidence=(*refused, *closed, *case.top),
        says=says,
        others=(*causes[1:], *_still_on(case)),
        next_look=f"/var/log/messages, and {_JOURNAL_LOOK}",
    )


def _still_on(case: ClientCase) -> tuple[str, ...]:
    """Without pppd's words a session may as well stand."""
    if case.logs.has(*PPP_LOGS) and case.logs.has(DAEMON_LOG):
        return ()
    return ("ok", "normal_disconnect", "idle_timeout", "peer_dead_l2tp", "admin_user_removed")


SPOKEN: Final = (pool_empty, no_secrets, no_common_login, demands_mppe, login_refused)
"""What a daemon says in so many words."""

RULES: Final = (never_answers_lcp, never_answers_chap, refused_in_daemon_log)
