"""What can be wrong with a VPN although nobody did anything wrong, and what cures it.

Pure: facts in, troubles with their evidence and their cures out. The states are those of the
recordings (10, 19 and the walk) and of the router recordings.
"""

from collections.abc import Iterable, Iterator
from typing import Final, Literal

import msgspec

from tui.vpn.users import DEFAULT_LIMIT

Kind = Literal[
    "half-made",
    "half-removed",
    "half-done",
    "users-waiting",
    "surplus-login",
    "l2tp-dead",
    "ike-dead",
    "range-not-loaded",
    "key-differs",
    "ports-closed",
    "no-forwarding",
]
Cure = Literal[
    "create",
    "delete",
    "start-router",
    "push-users",
    "remove-user",
    "forget-user",
    "remove-login",
    "restart-xl2tpd",
    "restart-ipsec",
    "resend",
]


class RouterView(msgspec.Struct, frozen=True, kw_only=True):
    """What one router of the VPN's network says."""

    id: str
    name: str
    failed: tuple[str, ...] = ()
    """Names of the checks that failed, as in `tui.router.facts`."""
    evidence: tuple[tuple[str, str], ...] = ()
    """What each of them says, by its name."""
    logins: tuple[str, ...] | None = None
    """Names that may log in; None when not asked."""
    pushed: tuple[str, ...] = ()
    """Names that CloudStack's own list on the router has: a push writes these again."""


class StoppedRouter(msgspec.Struct, frozen=True):
    """A router that does not run."""

    id: str
    name: str
    place: str
    state: str
    is_vpc: bool


class RepairFacts(msgspec.Struct, frozen=True, kw_only=True):
    """All that is known about a VPN and the users of its account."""

    place: str
    is_vpc: bool = False
    listed: bool = False
    """Whether CloudStack lists the VPN as running."""
    seen_half: str = ""
    """What this console saw when a change of the VPN was refused; "" if it did not."""
    holds_unlisted_rules: bool = False
    """Whether the address has rules that no list shows: those that a VPN reserves."""
    last_failed: Literal["", "create", "delete"] = ""
    """Which change of the VPN failed last, as the server's events tell; "" when none did."""
    failed_at: str = ""
    waiting: tuple[str, ...] = ()
    """Users of the account in state `Add`."""
    active: tuple[str, ...] = ()
    account_runs_vpn: bool = False
    """Whether any VPN of the account runs."""
    stopped: tuple[StoppedRouter, ...] = ()
    """Routers that do not run, of every network and VPC of the account that may have a VPN."""
    routers: tuple[RouterView, ...] = ()
    stuck_removals: tuple[str, ...] = ()
    """Users whose removal was refused, as somebody says: a failed removal leaves no event of its
    own (recording 20), and no list shows the user."""


class Remedy(msgspec.Struct, frozen=True):
    """One cure: what is done, to what, and in words."""

    cure: Cure
    target: str = ""
    """A router's id or a user's name, where there is one."""
    name: str = ""
    """The router's name."""
    says: str = ""


class Trouble(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that is wrong."""

    kind: Kind
    says: str
    evidence: tuple[str, ...] = ()
    cures: tuple[Remedy, ...] = ()
    """In their order; all of them together cure it."""
    otherwise: str = ""
    """What to do where there is no cure from here."""


def diagnose(facts: RepairFacts) -> tuple[Trouble, ...]:
    """What is wrong, the most basic first: what keeps people out, then what is left over."""
    found: list[Trouble] = []
    half = _half(facts)
    if half is not None:
        found.append(half)
    found += _daemons(facts)
    waiting = _waiting(facts)
    if waiting is not None:
        found.append(waiting)
    found += _surplus(facts)
    return tuple(found)


def cures_of(troubles: Iterable[Trouble]) -> tuple[Remedy, ...]:
    """The cures of several troubles, each once, in an order in which they can be done.

    Routers are started first, since every change of a user needs them; the VPN comes before its
    users, and daemons last, when their files are right.
    """
    order: list[Cure] = [
        "start-router",
        "delete",
        "create",
        "resend",
        "remove-user",
        "forget-user",
        "remove-login",
        "push-users",
        "restart-ipsec",
        "restart-xl2tpd",
    ]
    unique = dict.fromkeys(cure for trouble in troubles for cure in trouble.cures)
    wanted = sorted(unique, key=lambda each: order.index(each.cure))
    return tuple(wanted)


_CREATE: Final = Remedy("create", says="Enable it again: the same VPN, key and range are finished.")
_DELETE: Final = Remedy("delete", says="Disable it again, which finishes the removal.")


def _half(facts: RepairFacts) -> Trouble | None:
    if facts.listed:
        return None
    evidence = []
    if facts.seen_half:
        evidence.append(f"This console saw the server say: {facts.seen_half}")
    if facts.holds_unlisted_rules:
        evidence.append(
            "The address has rules, but no list shows any: those are the ports that a VPN reserves."
        )
    if facts.last_failed:
        word = "making" if facts.last_failed == "create" else "removing"
        evidence.append(f"The server's events: {word} it failed at {facts.failed_at}.")
    if not (facts.seen_half or facts.holds_unlisted_rules or facts.last_failed):
        return None
    if facts.last_failed == "delete":
        return Trouble(
            kind="half-removed",
            says=f"The VPN of {facts.place} is half-removed: in no list, and it can neither be "
            "enabled nor used.",
            evidence=tuple(evidence),
            cures=(_DELETE,),
        )
    if facts.last_failed == "create":
        return Trouble(
            kind="half-made",
            says=f"The VPN of {facts.place} is half-made: in no list, its ports taken, and nothing "
            "runs.",
            evidence=tuple(evidence),
            cures=(_CREATE,),
        )
    return Trouble(
        kind="half-done",
        says=f"The VPN of {facts.place} is half-made or half-removed: no list shows it, and the "
        "server does not say which.",
        evidence=tuple(evidence),
        # Creating would make a new VPN where there is none; deleting then changes nothing.
        cures=(_DELETE,),
        otherwise="Afterwards it can be enabled anew, with another key.",
    )


def _daemons(facts: RepairFacts) -> Iterator[Trouble]:
    if not facts.listed:
        return
    for router in facts.routers:
        said = dict(router.evidence)
        if {"ike_listens", "conn_loaded"} & set(router.failed):
            yield Trouble(
                kind="ike-dead",
                says=f"strongSwan of {router.name} does not serve the VPN: nobody can connect.",
                evidence=_said(said, "ike_listens", "conn_loaded"),
                cures=(_on("restart-ipsec", router, "Restart strongSwan"),),
            )
        if "l2tp_listens" in router.failed:
            yield Trouble(
                kind="l2tp-dead",
                says=f"xl2tpd of {router.name} does not run: people get as far as IPsec and no "
                "further. Nothing that CloudStack does short of a reboot starts it again.",
                evidence=_said(said, "l2tp_listens"),
                cures=(_on("restart-xl2tpd", router, "Restart xl2tpd"),),
            )
        elif "range_loaded" in router.failed:
            yield Trouble(
                kind="range-not-loaded",
                says=f"xl2tpd of {router.name} still hands out an earlier range.",
                evidence=_said(said, "range_loaded"),
                cures=(_on("restart-xl2tpd", router, "Restart xl2tpd"),),
            )
        yield from _not_curable(router, said)
        if "psk_matches" in router.failed or "range_written" in router.failed:
            how = f"Reboot {router.name}" if facts.is_vpc else f"Restart {facts.place}, no clean-up"
            yield Trouble(
                kind="key-differs",
                says=f"The files of {router.name} are not as CloudStack has them: people are "
                "refused, or will be when it takes over.",
                evidence=_said(said, "psk_matches", "range_written"),
                cures=(_on("resend", router, how),),
            )


def _not_curable(router: RouterView, said: dict[str, str]) -> Iterator[Trouble]:
    """What keeps people out and has its own place to be put right."""
    if "gate_open" in router.failed:
        yield Trouble(
            kind="ports-closed",
            says=f"The firewall of {router.name} keeps people out.",
            evidence=_said(said, "gate_open"),
            otherwise="Open the missing VPN ports in the section Firewall.",
        )
    if "ip_forward" in router.failed:
        yield Trouble(
            kind="no-forwarding",
            says=f"{router.name} does not forward packets: people connect and reach nothing.",
            evidence=_said(said, "ip_forward"),
            otherwise="Reboot the router, which sets this anew.",
        )


def _said(said: dict[str, str], *names: str) -> tuple[str, ...]:
    return tuple(said[name] for name in names if name in said)


def _on(cure: Cure, router: RouterView, words: str) -> Remedy:
    says = words if router.name in words or cure == "resend" else f"{words} on {router.name}"
    return Remedy(cure, router.id, router.name, f"{says}.")


def _waiting(facts: RepairFacts) -> Trouble | None:
    """Users in `Add` although a VPN of the account runs (recording 10).

    Every change of a user sends all of them to every VPN of the account; one VPC router that does
    not run fails it for all. A stopped router of an isolated network is passed over.
    """
    if not facts.waiting or not facts.account_runs_vpn:
        return None
    holding = [each for each in facts.stopped if each.is_vpc]
    evidence = [f"In state Add: {', '.join(facts.waiting)}."]
    evidence += [f"{each.name} of the VPC {each.place} is {each.state}." for each in holding]
    starts = [
        Remedy("start-router", each.id, each.name, f"Start {each.name} of {each.place}.")
        for each in holding
    ]
    room = len(facts.waiting) + len(facts.active) + len(facts.stuck_removals) < DEFAULT_LIMIT
    push = Remedy(
        "push-users",
        says="Add a user and remove it again: each change that succeeds sends everyone along.",
    )
    return Trouble(
        kind="users-waiting",
        says="Users of the account are waiting, so they may not be on every router: the last "
        "change of a user was refused.",
        evidence=tuple(evidence),
        cures=(*starts, push) if room or facts.stuck_removals else tuple(starts),
        otherwise=""
        if room
        else "The account has no room for another user, so one has to be removed and added again.",
    )


def _surplus(facts: RepairFacts) -> Iterator[Trouble]:
    """Names that a router lets in and no list shows: a removal that failed, or a ghost.

    A removal that failed can be repeated: the server still has the password, and with it the
    router finds the line (`del_l2tp_ipsec_user` looks for name *and* password). A ghost's password
    nobody has any more, so adding the name and removing it again takes it off the list that
    CloudStack keeps on the router, and cuts its sessions off, but leaves the old line: that has to
    be taken out on the router itself.
    """
    known = {*facts.waiting, *facts.active}
    where: dict[str, list[RouterView]] = {}
    for router in facts.routers:
        for name in router.logins or ():
            if name not in known:
                where.setdefault(name, []).append(router)
    for name in dict.fromkeys([*facts.stuck_removals, *where]):
        routers = where.get(name, [])
        on = ", ".join(router.name for router in routers)
        stuck = name in facts.stuck_removals
        evidence = [f"{name} may log in on {on}, and no list has the name."] if on else []
        if stuck:
            evidence.append("It was named as a user whose removal was refused.")
        again = Remedy("remove-user", name, says=f"Remove {name} once more.")
        lines = [
            Remedy(
                "remove-login",
                f"{router.id} {name}",
                router.name,
                f"Take the login {name} out of chap-secrets on {router.name}.",
            )
            for router in routers
        ]
        pushed = any(name in router.pushed for router in routers)
        forget = Remedy(
            "forget-user",
            name,
            says=f"Add {name} and remove it, so that no push writes the login again.",
        )
        yield Trouble(
            kind="surplus-login",
            says=f"{name} was removed and can still log in."
            if on
            else f"The removal of {name} was refused half-way; the name stays taken.",
            evidence=tuple(evidence),
            cures=(again, *((forget,) if pushed and not stuck else ()), *lines),
        )
