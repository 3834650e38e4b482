"""From what a rule concludes to a verdict in words."""

import msgspec

from tui.diagnose.symptoms import Symptom
from tui.diagnose.verdict_words_session import WORDS
from tui.diagnose.verdicts import Evidence, Verdict
from tui.diagnose.why_case import LIKELY, ClientCase, Finding
from tui.logs.attempts import Attempt

MOST_EVIDENCE = 8


def verdict_of(
    case: ClientCase, finding: Finding, meant: Symptom | None, renamed: dict[str, str]
) -> Verdict:
    """The verdict on `case`; `renamed` has the real names of logs that a command showed."""
    finding = _weighed(finding, meant)
    words = WORDS[finding.category]
    user = case.user or None
    says = words.says.format(user=user or "the user", client=case.client, router=case.client)
    return Verdict(
        client=case.client,
        user=user,
        identity=case.identity,
        category=finding.category,
        outcome=finding.outcome,
        certainty=round(finding.certainty, 2),
        rung=case.rung,
        says=" ".join(filter(None, (says, finding.says, _coming_words(case)))),
        tell=words.tell,
        fix=words.fix,
        action=words.action,
        others=finding.others,
        next_look=finding.next_look,
        evidence=_told(finding.evidence, renamed),
        at=case.last.started if case.last is not None else None,
        attempts=_same_end(case.attempts),
        coming=case.coming is not None and case.coming is case.last and finding.certainty < LIKELY,
    )


def _coming_words(case: ClientCase) -> str:
    """That an attempt was going on when the router was asked."""
    coming, now = case.coming, case.facts.now
    if coming is None or coming.started is None or now is None:
        return ""
    seconds = max(0, round(now - coming.started))
    if coming is case.last:
        began = f"This attempt began {seconds} s before the router was asked"
    else:
        began = f"Another attempt began {seconds} s before the router was asked"
    return f"{began} and may still come up: look again."


def _told(evidence: tuple[Evidence, ...], renamed: dict[str, str]) -> tuple[Evidence, ...]:
    """Each line once, the best first."""
    unique = dict.fromkeys(
        msgspec.structs.replace(each, file=renamed.get(each.file, each.file)) for each in evidence
    )
    return tuple(unique)[:MOST_EVIDENCE]


def _same_end(attempts: tuple[Attempt, ...]) -> int:
    """How many of the last attempts came exactly as far and ended alike."""
    count = 0
    for attempt in reversed(attempts):
        if (attempt.rung, attempt.end) != (attempts[-1].rung, attempts[-1].end):
            break
        count += 1
    return max(count, 1)


def _weighed(finding: Finding, meant: Symptom | None) -> Finding:
    """The client's own words decide between causes that the evidence leaves open."""
    if meant is None or finding.certainty >= LIKELY:
        return finding
    if finding.category in meant.causes:
        return msgspec.structs.replace(finding, certainty=min(finding.certainty + 0.1, LIKELY))
    likelier = [each for each in meant.causes if each in finding.others]
    if not likelier:
        return finding
    rest = [each for each in finding.others if each != likelier[0]]
    return msgspec.structs.replace(
        finding,
        category=likelier[0],
        outcome="fail" if finding.category == "ok" else finding.outcome,
        others=(finding.category, *rest),
        certainty=min(finding.certainty + 0.1, 0.65),
        says=f"{finding.says} What the client shows points here: {meant.name}.".strip(),
    )


def of_symptom(meant: Symptom, router: Verdict) -> Verdict:
    """Only the client's words are known: likely causes, the first to look at first."""
    first, *rest = meant.causes
    words = WORDS[first]
    return msgspec.structs.replace(
        router,
        category=first,
        outcome="fail",
        certainty=0.35,
        says=f"{meant.name}: {meant.means}",
        tell=meant.tell or words.tell,
        fix=words.fix,
        action=words.action,
        others=tuple(rest),
        next_look=meant.look,
    )


def of_nobody(
    router: Verdict,
    *,
    user: str = "",
    client: str = "",
    known: bool | None = None,
    nameless: int = 0,
) -> Verdict:
    """A user or an address that no log and no session names."""
    if user and known is False:
        words = WORDS["ppp_unknown_user"]
        return msgspec.structs.replace(
            router,
            user=user,
            category="ppp_unknown_user",
            outcome="fail",
            certainty=0.9,
            says=words.says.format(user=user)
            + " It never got as far as a login in these logs either.",
            tell=words.tell,
            fix=words.fix,
            action=words.action,
            others=(),
        )
    who = user or client
    says = f"{who} never shows up in these logs"
    says += ": nothing of theirs got as far as a login." if user else "."
    if nameless == 1:
        says += " One client did not get as far as to say who it is: it may be theirs."
    elif nameless:
        says += f" {nameless} clients did not get as far as to say who they are."
    if router.category != "ok":
        says += f" {router.says}"
    return msgspec.structs.replace(
        router,
        user=user or None,
        client=client,
        certainty=min(router.certainty, 0.6 if router.category == "ok" else 1.0),
        says=says,
        others=router.others or ("udp500_blocked",),
        next_look=router.next_look
        or "a packet capture of 60 s while they try: packets that do not arrive leave no line",
    )
