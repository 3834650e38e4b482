"""Why a client cannot connect: verdicts from the logs, the router's state, a capture, the API.

The furthest rung of a client's last attempt says in which phase to look; the rules of that phase
say what the lines, counters and packets prove. The first rule that concludes something wins, so
their order is from the specific to the general. A conclusion that the evidence does not tell from
others says so: less certainty, the others, and what would tell them apart.
"""

from collections.abc import Callable, Iterable
from typing import Final

from msgspec.structs import replace

from tui.diagnose import (
    why_ended,
    why_ike,
    why_ipsec,
    why_ppp,
    why_router,
    why_session,
    why_traffic,
)
from tui.diagnose.bundle import Bundle
from tui.diagnose.symptoms import Symptom, symptom_of
from tui.diagnose.user_names import domain_of, is_same_user
from tui.diagnose.verdict_making import of_nobody, of_symptom, verdict_of
from tui.diagnose.verdicts import Verdict
from tui.diagnose.why_case import OPEN, ClientCase, Finding, now_utc
from tui.diagnose.why_clients import cases_of
from tui.diagnose.why_facts import RouterFacts
from tui.diagnose.why_logs import Logs, logs_of
from tui.logs.attempts import Rung
from tui.logs.fold import fold_logs

Rule = Callable[[ClientCase], Finding | None]

CLIENT_RULES: Final[tuple[Rule, ...]] = (
    why_session.vpn_deleted,
    why_router.not_programmed,
    *why_ended.RULES,
    *why_traffic.BEFORE,
    *why_ike.RULES,
    *why_ipsec.RULES,
    *why_ppp.SPOKEN,
    *why_session.RULES,
    *why_ppp.RULES,
    *why_traffic.RULES,
    *why_session.LATER,
    *why_traffic.LATER,
    why_ike.stuck,
    why_ike.answered_on_the_wire,
)
"""From the specific to the general."""


def why(
    bundle: Bundle, *, user: str = "", client: str = "", symptom: str = ""
) -> tuple[Verdict, ...]:
    """One verdict per client, those that failed first; one for the router where nobody tried.

    `user` and `client` keep those of one user or one public address; a user who never got as far
    as a login is said to be missing. `symptom` is what a client's own screen says, in any words: it
    decides between causes that the evidence leaves open.
    """
    facts = RouterFacts(bundle)
    texts, renamed = logs_of(bundle)
    logs = Logs(texts, now_utc())
    folder = fold_logs(texts, bundle.survey.router)
    meant = symptom_of(symptom)
    cases = cases_of(facts, logs, tuple(folder.attempts))
    verdicts = [
        _of_domain(verdict_of(case, finding, meant, renamed), facts)
        for case in cases
        if (not client or case.client == client)
        and (finding := first_finding(case, CLIENT_RULES)) is not None
    ]
    if user:
        return _of_user(user, verdicts, facts, logs, meant, renamed)
    if not verdicts:
        return (_of_router(facts, logs, meant, renamed, client),)
    return tuple(sorted(_told(verdicts), key=_urgency))


def _told(verdicts: list[Verdict]) -> list[Verdict]:
    """Without guesses about pppds of whom no line says whose they were, and of those that fared
    alike the last one."""
    named = [each for each in verdicts if each.client or each.user or each.certainty >= OPEN]
    told: dict[tuple[object, ...], Verdict] = {}
    for number, each in enumerate(named or verdicts):
        key = (number,) if each.client or each.user else (each.category, each.outcome)
        before = told.pop(key, None)
        count = each.attempts + (before.attempts if before is not None else 0)
        told[key] = replace(each, attempts=count)
    return list(told.values())


def first_finding(case: ClientCase, rules: Iterable[Rule]) -> Finding | None:
    """What the first rule that applies concludes."""
    return next((found for rule in rules if (found := rule(case)) is not None), None)


def _urgency(verdict: Verdict) -> tuple[bool, float, str]:
    return verdict.category == "ok" or verdict.coming, -(verdict.at or 0.0), verdict.client


def _of_router(
    facts: RouterFacts,
    logs: Logs,
    meant: Symptom | None,
    renamed: dict[str, str],
    client: str = "",
) -> Verdict:
    case = ClientCase(facts, logs, "")
    finding = first_finding(case, why_router.RULES) or why_router.nothing_wrong(case)
    made = verdict_of(case, finding, None, renamed)
    if meant is not None and made.category == "ok":
        return of_symptom(meant, made)
    return of_nobody(made, client=client) if client else made


def _of_user(
    user: str,
    verdicts: list[Verdict],
    facts: RouterFacts,
    logs: Logs,
    meant: Symptom | None,
    renamed: dict[str, str],
) -> tuple[Verdict, ...]:
    """The user's own; else those of clients that never got as far as to say who they are."""
    own = [each for each in verdicts if is_same_user(user, each.user or "")]
    if own:
        return tuple(sorted(own, key=_urgency))
    nameless = [each for each in verdicts if each.user is None and each.rung < Rung.AUTHENTICATED]
    router = _of_router(facts, logs, meant, renamed)
    missing = of_nobody(router, user=user, known=_is_known(user, facts), nameless=len(nameless))
    missing = _of_domain(missing, facts)
    if missing.category == "ok":
        return (*sorted(nameless, key=_urgency), missing)
    return (missing, *sorted(nameless, key=_urgency))


def _is_known(user: str, facts: RouterFacts) -> bool | None:
    """Whether the user may log in; None where neither the router nor the API says it."""
    names: set[str] = set(facts.known_users or ())
    if facts.cloud is not None and facts.cloud.users is not None:
        names |= set(facts.cloud.users)
    elif facts.known_users is None:
        return None
    return user.casefold() in {name.casefold() for name in names}


def _of_domain(verdict: Verdict, facts: RouterFacts) -> Verdict:
    """A login that failed because the name has a domain, which names of CloudStack never have."""
    name = verdict.user or ""
    domain, bare = domain_of(name)
    unknown = "ppp_unknown_user" in (verdict.category, *verdict.others)
    if not domain or verdict.outcome != "fail" or not unknown or _is_known(name, facts):
        return verdict
    says = f'The client sends the domain "{domain}" before the name. VPN users have no domain, so '
    says += f"the router does not know {name}."
    tell = f"Log in as {bare}, without the domain {domain}."
    return replace(verdict, says=f"{verdict.says} {says}", tell=f"{tell} {verdict.tell}".strip())
