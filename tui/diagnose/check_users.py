"""Who may log in: on the router, in CloudStack, and in what CloudStack pushed."""

from typing import Final

from tui.diagnose.subject import Result, Subject, failed, passed, prove, skipped, unknown, warned
from tui.router import commands
from tui.router.survey import Unanswered

_PUSH: Final = "Add or remove any user of the account: that sends all of them to every router."
_GHOST: Final = (
    "Add a user of this name and remove it while the VPN runs, then take the line that is left out "
    "of chap-secrets: `csvpn repair NETWORK --fix` does both."
)


def users_match(subject: Subject) -> Result:
    """Who may log in on the router are the users of CloudStack, and nobody else."""
    not_due = subject.not_due(on_standby=True)
    if not_due is not None:
        return not_due
    if subject.cloud is None or subject.cloud.users is None:
        return unknown("CloudStack's list of users is not here")
    names = subject.fact(commands.CHAP_USERS)
    if isinstance(names, Unanswered):
        return unknown(names)
    there, wanted = set(names), set(subject.cloud.users)
    ghosts = sorted(there - wanted - set(subject.cloud.adding))
    missing = sorted(wanted - there)
    evidence = (
        *prove("chap_users", ", ".join(sorted(there)) or "nobody"),
        *prove("listVpnUsers", ", ".join(sorted(wanted)) or "nobody"),
    )
    parts, fixes = [], []
    if ghosts:
        what = "the name" if len(ghosts) == 1 else "these names"
        parts.append(f"{', '.join(ghosts)} may log in and CloudStack does not know {what}")
        fixes.append(_GHOST)
    if missing:
        parts.append(f"{', '.join(missing)} cannot log in: not on the router")
        fixes.append(_PUSH)
    if parts:
        return failed("; ".join(parts), evidence, " ".join(fixes), "repair")
    count = len(wanted)
    says = f"{count} user{'s' * (count != 1)} may log in, the same as in CloudStack"
    return passed(says, evidence)


def users_pushed(subject: Subject) -> Result:
    """The list that CloudStack pushed is the one the router uses."""
    not_due = subject.not_due(on_standby=True)
    if not_due is not None:
        return not_due
    names = subject.fact(commands.CHAP_USERS)
    pushed = subject.fact(commands.BAG_VPNUSERLIST)
    if isinstance(names, Unanswered):
        return unknown(names)
    if isinstance(pushed, Unanswered):
        return unknown(pushed)
    evidence = (
        *prove("chap_users", ", ".join(sorted(names)) or "nobody"),
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
