"""The checks on the routers of the network: as CloudStack knows them, and as they say themselves.

Every router of a redundant pair has to run: with one stopped, enabling fails as a whole
(recording 14). What stays on a router after a VPN was disabled (daemons, the key, the names) is
from the recorded state `deleted_daemons_left`.
"""

from collections.abc import Callable
from typing import Final, NamedTuple

from tui.vpn.preflight_facts import (
    ORDER,
    Check,
    PreflightFacts,
    RouterFacts,
    RouterSaid,
    State,
    Unasked,
)

CLOCK_SECONDS: Final = 5.0
"""Seconds that a router's clock may be off."""
DISK_SHARES: Final = (0.02, 0.10)
"""Shares of a disk that have to be free: below the first nothing can be written for long."""
MEMORY_SHARES: Final = (0.03, 0.10)
"""Shares of the memory that have to be available."""

ASKED: Final = (
    "router.forwarding",
    "router.interfaces",
    "router.clock",
    "router.disk",
    "router.memory",
    "router.stale-daemons",
    "router.stale-key",
    "router.stale-range",
    "router.stale-users",
)
"""The checks for which the router itself is asked."""


class _Word(NamedTuple):
    """What one router says to one check."""

    state: State
    says: str
    evidence: str = ""


def checks_of_routers(facts: PreflightFacts) -> tuple[Check, ...]:
    """Everything about the routers."""
    names = ("router.running", "router.version", *ASKED)
    routers = facts.routers
    if isinstance(routers, Unasked):
        return tuple(Check(name=name, state="unknown", says=routers.why) for name in names)
    if not routers:
        says = (
            "There is no router yet: the first VM of the network starts it."
            if facts.place.state == "Allocated"
            else "No router of it is listed."
        )
        return tuple(Check(name=name, state="unknown", says=says) for name in names)
    return (
        _running(routers),
        _version(routers),
        *(_asked(name, facts, routers) for name in ASKED),
    )


def _running(routers: tuple[RouterFacts, ...]) -> Check:
    name = "router.running"
    evidence = tuple(
        f"listRouters: {each.name} {each.state or 'state not told'}" for each in routers
    )
    down = [each for each in routers if each.state != "Running"]
    if not down:
        names = " and ".join(each.name for each in routers)
        says = f"{names} run{'s' if len(routers) == 1 else ''}."
        return Check(name=name, state="pass", says=says, evidence=evidence)
    first = down[0]
    names = " and ".join(f"{each.name} is {each.state.lower() or 'unknown'}" for each in down)
    return Check(
        name=name,
        state="fail",
        says=f"{names}; enabling would fail half-way, since every router has to run.",
        evidence=evidence,
        remedy="Start the router first (an administrator can).",
        action=f"cmk start router id={first.id}",
        server_says="Resource [DataCenter:…] is unreachable: Failed to start remote access VPN: "
        f"router not in right state {first.state}",
    )


def _version(routers: tuple[RouterFacts, ...]) -> Check:
    name = "router.version"
    evidence = tuple(
        f"listRouters: {each.name} version {each.version or 'not told'}" for each in routers
    )
    old = [each for each in routers if each.needs_upgrade]
    if old:
        names = " and ".join(each.name for each in old)
        return Check(
            name=name,
            state="fail",
            says=f"{names} needs an upgrade; CloudStack sends it nothing before that.",
            evidence=evidence,
            remedy="Upgrade the router; it restarts, and everybody behind it is cut off meanwhile.",
            action=f"cmk upgrade routertemplate id={old[0].id}",
            server_says="Unable to send command. Router requires upgrade",
        )
    if not all(each.version for each in routers):
        says = "The server does not say which version the router has."
        return Check(name=name, state="unknown", says=says, evidence=evidence)
    return Check(name=name, state="pass", says="No router needs an upgrade.", evidence=evidence)


_REMEDIES: Final = {
    "router.forwarding": "Restart the router: CloudStack sets it when the router starts.",
    "router.interfaces": "Restart the router, which programs its cards anew.",
    "router.clock": "Let the router reach its time server; until then times of logs mislead.",
    "router.disk": "Free the disk (old logs under /var/log), or let CloudStack make a new router.",
    "router.memory": "Give the router a bigger service offering, or restart it.",
    "router.stale-daemons": "Restart the router: a daemon that runs does not read a new range.",
    "router.stale-key": "Nothing: enabling writes a new key over it.",
    "router.stale-range": "Restart the router, which forgets what was programmed.",
    "router.stale-users": "Add and remove each name once, or have the router made anew: they can "
    "log in as soon as the VPN runs.",
}
_RESTARTS: Final = (
    "router.forwarding",
    "router.interfaces",
    "router.stale-daemons",
    "router.stale-range",
)


def _asked(name: str, facts: PreflightFacts, routers: tuple[RouterFacts, ...]) -> Check:
    """One question to every router: the worst answer is the check's."""
    words = [(each, _word(name, facts, each)) for each in routers]
    worst = min((word.state for _, word in words), key=ORDER.index)
    deciding = [(each, word) for each, word in words if word.state == worst]
    found = worst in ("fail", "warn")
    return Check(
        name=name,
        state=worst,
        says=" ".join(dict.fromkeys(word.says for _, word in deciding)),
        evidence=tuple(f"{each.name}: {word.evidence}" for each, word in words if word.evidence),
        remedy=_REMEDIES[name] if found else "",
        action=f"cmk reboot router id={deciding[0][0].id}" if found and name in _RESTARTS else "",
    )


def _word(name: str, facts: PreflightFacts, router: RouterFacts) -> _Word:
    if isinstance(router.said, Unasked):
        return _Word("unknown", router.said.why)
    return _WORDS[name](facts, router, router.said)


def _missing(fact: Unasked, router: RouterFacts) -> _Word:
    return _Word("unknown", f"{router.name} did not say: {fact.why}")


def _forwarding(facts: PreflightFacts, router: RouterFacts, said: RouterSaid) -> _Word:
    if isinstance(said.forwards, Unasked):
        return _missing(said.forwards, router)
    evidence = f"net.ipv4.ip_forward = {int(said.forwards)}"
    if said.forwards:
        return _Word("pass", f"{router.name} forwards packets.", evidence)
    return _Word("fail", f"{router.name} does not forward packets to the network.", evidence)


def _interfaces(facts: PreflightFacts, router: RouterFacts, said: RouterSaid) -> _Word:
    if isinstance(said.addresses, Unasked):
        return _missing(said.addresses, router)
    evidence = f"ip addr: {', '.join(said.addresses) or 'no address'}"
    wanted = [(kind, address) for kind, address in router.addresses if address]
    if router.stands_by:
        wanted = [(kind, address) for kind, address in wanted if kind != "Public"]
    if not wanted:
        says = f"CloudStack does not say which addresses {router.name} has."
        return _Word("unknown", says, evidence)
    lacking = [
        f"{address} ({kind.lower()})" for kind, address in wanted if address not in said.addresses
    ]
    if lacking:
        says = f"{router.name} lacks {', '.join(lacking)}, which CloudStack says it has."
        return _Word("fail", says, evidence)
    return _Word("pass", f"{router.name} has the addresses that CloudStack says.", evidence)


def _clock(facts: PreflightFacts, router: RouterFacts, said: RouterSaid) -> _Word:
    if isinstance(said.clock_ahead, Unasked):
        return _missing(said.clock_ahead, router)
    evidence = f"date: {said.clock_ahead:+.1f} s"
    if abs(said.clock_ahead) <= CLOCK_SECONDS:
        return _Word("pass", f"The clock of {router.name} is right within 5 s.", evidence)
    side = "ahead" if said.clock_ahead > 0 else "behind"
    return _Word("warn", f"{router.name} is {abs(said.clock_ahead):.0f} s {side}.", evidence)


def _disk(facts: PreflightFacts, router: RouterFacts, said: RouterSaid) -> _Word:
    if isinstance(said.disks, Unasked):
        return _missing(said.disks, router)
    disks = [disk for disk in said.disks if disk.size > 0]
    if not disks:
        return _Word("unknown", f"{router.name} named no disk.")
    fullest = min(disks, key=lambda disk: disk.available / disk.size)
    return _share(router, f"the disk {fullest.mount}", fullest.available, fullest.size, DISK_SHARES)


def _memory(facts: PreflightFacts, router: RouterFacts, said: RouterSaid) -> _Word:
    if isinstance(said.memory, Unasked):
        return _missing(said.memory, router)
    memory = said.memory
    if memory.total <= 0:
        return _Word("unknown", f"{router.name} named no memory.")
    return _share(router, "the memory", memory.available, memory.total, MEMORY_SHARES)


def _share(
    router: RouterFacts, what: str, available: int, size: int, least: tuple[float, float]
) -> _Word:
    share = available / size
    state: State = "fail" if share < least[0] else "warn" if share < least[1] else "pass"
    says = f"{share:.0%} of {what} of {router.name} is free."
    return _Word(state, says, f"{available // 2**20} of {size // 2**20} MB free")


def _belongs(facts: PreflightFacts) -> str | None:
    """Whose the daemons and files on the router are, where it is somebody's."""
    verdict = facts.eligibility
    if isinstance(verdict, Unasked):
        return None
    return {
        "running": "the VPN that runs",
        "half-made": "the half-made VPN",
        "half-removed": "the half-removed VPN",
    }.get(verdict.standing)


def _daemons(facts: PreflightFacts, router: RouterFacts, said: RouterSaid) -> _Word:
    if isinstance(said.daemons, Unasked):
        return _missing(said.daemons, router)
    running = [name for name in said.daemons if not (name == "charon" and facts.site_to_site)]
    evidence = f"pgrep: {', '.join(said.daemons) or 'neither charon nor xl2tpd'}"
    whose = _belongs(facts)
    if running and whose is None:
        says = f"{' and '.join(running)} of an earlier VPN still run{'s' * (len(running) == 1)}"
        return _Word("warn", f"{says} on {router.name}.", evidence)
    if running:
        return _Word("pass", f"The daemons on {router.name} belong to {whose}.", evidence)
    return _Word("pass", f"No daemon of an earlier VPN runs on {router.name}.", evidence)


def _key(facts: PreflightFacts, router: RouterFacts, said: RouterSaid) -> _Word:
    if isinstance(said.has_key, Unasked):
        return _missing(said.has_key, router)
    evidence = f"ipsec.any.secrets: {'a key' if said.has_key else 'no key'}"
    whose = _belongs(facts)
    if said.has_key and whose is None:
        return _Word("warn", f"{router.name} has the key of an earlier VPN.", evidence)
    if said.has_key:
        return _Word("pass", f"The key on {router.name} belongs to {whose}.", evidence)
    return _Word("pass", f"{router.name} has no key of an earlier VPN.", evidence)


def _range(facts: PreflightFacts, router: RouterFacts, said: RouterSaid) -> _Word:
    if isinstance(said.range, Unasked):
        return _missing(said.range, router)
    evidence = f"remoteaccessvpn.json: {said.range or 'no VPN'}"
    whose = _belongs(facts)
    if said.range and whose is not None:
        return _Word("pass", f"The range on {router.name} belongs to {whose}.", evidence)
    if said.range:
        says = f"{router.name} is programmed with {said.range} for a VPN that is not there."
        return _Word("warn", says, evidence)
    return _Word("pass", f"{router.name} is programmed with no range of an earlier VPN.", evidence)


def strangers(facts: PreflightFacts) -> tuple[str, ...]:
    """Names that may log in on a router and that no list of users has: half-removed, or ghosts."""
    if isinstance(facts.routers, Unasked) or isinstance(facts.users, Unasked):
        return ()
    said = [each.said for each in facts.routers if not isinstance(each.said, Unasked)]
    names = {name for one in said if not isinstance(one.logins, Unasked) for name in one.logins}
    return tuple(sorted(names - set(facts.users)))


def _logins(facts: PreflightFacts, router: RouterFacts, said: RouterSaid) -> _Word:
    if isinstance(said.logins, Unasked):
        return _missing(said.logins, router)
    if isinstance(facts.users, Unasked):
        return _Word("unknown", facts.users.why)
    evidence = f"chap-secrets: {', '.join(said.logins) or 'nobody'}"
    unlisted = sorted(set(said.logins) - set(facts.users))
    if unlisted:
        says = f"{', '.join(unlisted)} may log in on {router.name} and no list of users has them."
        return _Word("warn", says, evidence)
    return _Word("pass", f"{router.name} lets nobody in whom CloudStack does not list.", evidence)


_WORDS: Final[dict[str, Callable[[PreflightFacts, RouterFacts, RouterSaid], _Word]]] = {
    "router.forwarding": _forwarding,
    "router.interfaces": _interfaces,
    "router.clock": _clock,
    "router.disk": _disk,
    "router.memory": _memory,
    "router.stale-daemons": _daemons,
    "router.stale-key": _key,
    "router.stale-range": _range,
    "router.stale-users": _logins,
}
