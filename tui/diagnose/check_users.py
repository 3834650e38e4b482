"""Who may log in: on the router, in CloudStack, and in what CloudStack pushed."""

from typing import Final

from tui.diagnose.checks import Proof
from tui.diagnose.subject import Result, Subject, failed, passed, prove, skipped, unknown, warned
from tui.router import commands
from tui.router.survey import Survey, Unanswered

_PUSH: Final = "Add or remove any user of the account: that sends all of them to every router."
_GHOST: Final = (
    "`csvpn repair NETWORK --fix` has CloudStack remove the user once more and deletes the line in "
    "chap-secrets. By hand: add the user if no list has the name, remove it while the VPN runs, "
    "then look whether its line is gone."
)
_CHAP: Final = "/etc/ppp/chap-secrets"


def users_match(subject: Subject) -> Result:
    """Who may log in on the router are the users of CloudStack, and nobody else."""
    not_due = subject.not_due(on_standby=True)
    if not_due is not None:
        return not_due
    if subject.cloud is None or subject.cloud.users is None:
        return unknown("CloudStack's list of users is not here")
    names = _on_router(subject)
    if isinstance(names, Unanswered):
        return unknown(names)
    there, wanted = set(names), set(subject.cloud.users)
    ghosts = sorted(there - wanted - set(subject.cloud.adding))
    missing = sorted(wanted - there)
    leaving = set(subject.cloud.removing)
    evidence = (
        *_who(subject, there),
        *prove("listVpnUsers", ", ".join(sorted(wanted)) or "nobody"),
        *prove("listVpnUsers", *(f"{name}: Revoke" for name in ghosts if name in leaving)),
    )
    parts, fixes = [], []
    if unknown_names := [name for name in ghosts if name not in leaving]:
        what = "the name" if len(unknown_names) == 1 else "these names"
        parts.append(f"{', '.join(unknown_names)} may log in and CloudStack does not know {what}")
    if still := [name for name in ghosts if name in leaving]:
        names_left = ", ".join(still)
        parts.append(f"CloudStack is removing {names_left}, who may still log in")
    if ghosts:
        fixes.append(_GHOST)
    if missing:
        why = f"{_CHAP} is not there" if is_gone(subject.survey) else "not on the router"
        parts.append(f"{', '.join(missing)} cannot log in: {why}")
        fixes.append(_PUSH)
    if parts:
        return failed("; ".join(parts), evidence, " ".join(fixes), "repair")
    count = len(wanted)
    says = f"{count} user{'s' * (count != 1)} may log in, the same as in CloudStack"
    return passed(says, evidence)


def is_gone(survey: Survey) -> bool:
    """Whether there is no chap-secrets: nobody may log in then, which is not the same as a file
    that could not be read."""
    answer = survey.answers.get(commands.CHAP_USERS.name)
    return answer is not None and answer.status == 2 and "No such file" in answer.stderr


def _on_router(subject: Subject) -> tuple[str, ...] | Unanswered:
    """Who may log in on the router."""
    return () if is_gone(subject.survey) else subject.fact(commands.CHAP_USERS)


def _who(subject: Subject, names: set[str]) -> tuple[Proof, ...]:
    if is_gone(subject.survey):
        return prove("chap_users", f"{_CHAP}: No such file or directory")
    return prove("chap_users", ", ".join(sorted(names)) or "nobody")


def users_pushed(subject: Subject) -> Result:
    """The list that CloudStack pushed is the one the router uses."""
    not_due = subject.not_due(on_standby=True)
    if not_due is not None:
        return not_due
    names = _on_router(subject)
    pushed = subject.fact(commands.BAG_VPNUSERLIST)
    if isinstance(names, Unanswered):
        return unknown(names)
    if isinstance(pushed, Unanswered):
        return unknown(pushed)
    evidence = (
        *_who(subject, set(names)),
        *prove("bag_vpnuserlist", ", ".join(sorted(pushed)) or "nobody"),
    )
    beyond = sorted(set(names) - set(pushed))
    lost = sorted(set(pushed) - set(names))
    if beyond or lost:
        says = []
        if beyond:
            says.append(f"{', '.join(beyond)} stands in chap-secrets and was never pushed")
        if lost:
            says.append(f"{', '.join(lost)} was pushed and does not stand in chap-secrets")
        return warned("; ".join(says), evidence, _PUSH, "repair")
    return passed("chap-secrets has the names that were pushed", evidence)


def users_confirmed(subject: Subject) -> Result:
    """No user waits for its routers."""
    if subject.cloud is None or subject.cloud.users is None:
        return unknown("CloudStack's list of users is not here")
    if not subject.cloud.has_vpn:
        return skipped("there is no VPN here: users wait for the first one")
    waiting = subject.cloud.adding
    if waiting:
        return warned(
            f"{', '.join(waiting)} in state Add: not every router of the account has confirmed "
            "the user",
            prove("listVpnUsers", *(f"{name}: Add" for name in waiting)),
            f"Start every router of the account that has a VPN. {_PUSH}",
            "repair",
        )
    return passed("every user is confirmed")


def similar_names(subject: Subject) -> Result:
    """No name is part of another: removing such a user ends the other's session too.

    CloudStack looks for the name as a part of pppd's records and kills what it finds.
    """
    if subject.cloud is None or subject.cloud.users is None:
        return unknown("CloudStack's list of users is not here")
    users = sorted(subject.cloud.users)
    pairs = [(a, b) for a in users for b in users if a != b and a in b]
    if pairs:
        texts = [f"{a} is part of {b}" for a, b in pairs]
        return passed(
            f"{texts[0]}: removing {pairs[0][0]} in CloudStack also ends the session of "
            f"{pairs[0][1]}",
            prove("listVpnUsers", *texts[:6]),
            "Tell the other one before you remove the user, or give names that do not contain "
            "each other.",
        )
    return passed("no user's name is part of another's")
