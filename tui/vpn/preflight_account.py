"""The checks on the account: its users, its addresses, its other VPNs."""

from collections.abc import Sequence
from typing import Final

from tui.vpn.findings import Finding
from tui.vpn.preflight_facts import Check, OtherVpn, PreflightFacts, Unasked
from tui.vpn.preflight_router import strangers
from tui.vpn.users import DEFAULT_LIMIT, check_limit

_USERS: Final = {
    "users.names": ("user-name", "user-password"),
    "users.taken": ("user-taken", "user-case"),
    "users.confusion": ("user-substring",),
}
_REMEDIES: Final = {
    "users.names": "Write the name with the letters that are allowed.",
    "users.taken": "Leave the name out, or remove that user first to give it a new password.",
    "users.confusion": "Choose a name that is not part of another one.",
}


def checks_of_account(facts: PreflightFacts) -> tuple[Check, ...]:
    """Everything about the account that owns the network."""
    return (
        *(_names(name, facts) for name in _USERS),
        _user_limit(facts),
        _address_limit(facts),
        _free(facts),
        _other_vpns(facts),
    )


def _names(name: str, facts: PreflightFacts) -> Check:
    found: list[Finding] = []
    for _, findings in facts.about_users:
        found += [finding for finding in findings if finding.code in _USERS[name]]
    if not found:
        if isinstance(facts.users, Unasked) and name != "users.names" and facts.about_users:
            return Check(name=name, state="unknown", says=facts.users.why)
        says = {
            "users.names": "The server takes every name and password.",
            "users.taken": "No name is taken.",
            "users.confusion": "No name is part of another.",
        }[name]
        return Check(name=name, state="pass", says=says if facts.about_users else "None is added.")
    errors = [finding for finding in found if finding.severity == "error"]
    return Check(
        name=name,
        state="fail" if errors else "warn",
        says=" ".join(dict.fromkeys(finding.says for finding in errors or found)),
        remedy=_REMEDIES[name],
        server_says=(errors or found)[0].server_says,
    )


def limit_finding(facts: PreflightFacts) -> Finding | None:
    """What the limit of users says to those that are to be added.

    An error only where both numbers were told; a warning where the usual limit would be passed,
    or where names are on a router that no list has: a half-removed user counts and is not listed.
    """
    adding = len(facts.about_users)
    if isinstance(facts.users, Unasked) or not adding:
        return None
    listed = len(facts.users)
    told = not isinstance(facts.limit, Unasked)
    limit = facts.limit if not isinstance(facts.limit, Unasked) else DEFAULT_LIMIT
    finding = check_limit(listed, adding, limit)
    if finding is not None:
        return finding if told else Finding("warning", finding.code, finding.says)
    hidden = strangers(facts)
    if listed + len(hidden) + adding <= limit:
        return None
    says = (
        f"The account lists {listed} of {limit} VPN users, but {', '.join(hidden)} may be "
        f"half-removed: such a user is in no list and counts, so {adding} more may not fit."
    )
    return Finding("warning", "user-limit-hidden", says)


def _user_limit(facts: PreflightFacts) -> Check:
    name, users = "users.limit", facts.users
    if isinstance(users, Unasked):
        return Check(name=name, state="unknown", says=users.why)
    told = not isinstance(facts.limit, Unasked)
    evidence = (
        f"listVpnUsers: {len(users)} of {facts.owner}",
        f"listConfigurations: remote.access.vpn.user.limit {facts.limit}"
        if told
        else f"a fresh CloudStack: {DEFAULT_LIMIT}",
        *(f"chap-secrets: {each}, in no list" for each in strangers(facts)),
    )
    finding = limit_finding(facts)
    if finding is not None:
        return Check(
            name=name,
            state="fail" if finding.severity == "error" else "warn",
            says=finding.says,
            evidence=evidence,
            remedy="Remove users, half-removed ones once more, or have the limit raised.",
            action="remove_user",
            server_says=finding.server_says,
        )
    if isinstance(facts.limit, Unasked):
        says = f"The limit could not be asked (usually {DEFAULT_LIMIT}). {facts.limit.why}"
        return Check(name=name, state="unknown", says=says, evidence=evidence)
    there = len(users) + len(facts.about_users)
    if there >= facts.limit and not facts.about_users:
        says = f"The account has all of its {facts.limit} VPN users; none can be added."
        remedy = "Remove one before another is added."
        return Check(
            name=name,
            state="warn",
            says=says,
            evidence=evidence,
            remedy=remedy,
            action="remove_user",
        )
    says = f"{there} of {facts.limit} VPN users{' then' if facts.about_users else ''}."
    return Check(name=name, state="pass", says=says, evidence=evidence)


def _address_limit(facts: PreflightFacts) -> Check:
    name, limit = "addresses.limit", facts.address_limit
    if not facts.needs_address:
        return Check(name=name, state="pass", says="No address has to be acquired.")
    if isinstance(limit, Unasked):
        return Check(name=name, state="unknown", says=limit.why)
    evidence = (f"listResourceLimits: public_ip {'no limit' if limit < 0 else limit}",)
    used = facts.addresses_used
    if 0 <= limit <= used:
        return Check(
            name=name,
            state="fail",
            says=f"{facts.owner} has {used} of {limit} public addresses and needs one more.",
            evidence=evidence,
            remedy="Release one that is not needed, or have the limit raised.",
            action="release",
            server_says="Maximum number of public IP addresses for account: … has been exceeded.",
        )
    says = f"{used} of {limit} public addresses." if limit >= 0 else "There is no limit."
    return Check(name=name, state="pass", says=says, evidence=evidence)


def _free(facts: PreflightFacts) -> Check:
    name, free = "addresses.free", facts.addresses_free
    if not facts.needs_address:
        return Check(name=name, state="pass", says="No address has to be acquired.")
    if isinstance(free, Unasked):
        return Check(name=name, state="unknown", says=free.why)
    evidence = (f"listPublicIpAddresses state=Free: {free}",)
    if free == 0:
        return Check(
            name=name,
            state="fail",
            says="The zone has no free public address.",
            evidence=evidence,
            remedy="Release one, or have an administrator add addresses to the zone.",
            action="release",
            server_says="Insufficient address capacity",
        )
    says = f"The zone has {free} free public address{'es' * (free != 1)}."
    return Check(name=name, state="pass", says=says, evidence=evidence)


def _other_vpns(facts: PreflightFacts) -> Check:
    """A VPC's stopped router makes every change of users fail; a network's is passed over
    (recording 10)."""
    name, others = "account.stopped-router", facts.other_vpns
    if isinstance(others, Unasked):
        return Check(name=name, state="unknown", says=others.why)
    down = [other for other in others if other.stopped]
    if not down:
        number = len(others)
        says = (
            f"The routers of its {number} other VPN{'s' * (number != 1)} run."
            if number
            else "The account has no other VPN."
        )
        return Check(name=name, state="pass", says=says)
    blocking = [other for other in down if other.is_vpc]
    evidence = tuple(f"listRouters: {words}" for other in down for words in other.stopped)
    remedy = "Start that router, or disable that VPN."
    if blocking:
        return Check(
            name=name,
            state="fail" if facts.about_users else "warn",
            says=f"A router of {_places(blocking)} does not run: until it does, no VPN user of "
            f"{facts.owner} can be added or removed anywhere.",
            evidence=evidence,
            remedy=remedy,
        )
    return Check(
        name=name,
        state="warn",
        says=f"A router of {_places(down)} does not run: it learns of new users when it starts.",
        evidence=evidence,
        remedy=remedy,
    )


def _places(others: Sequence[OtherVpn]) -> str:
    return " and ".join(other.place for other in others)
