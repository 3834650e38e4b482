"""What the router itself says about a VPN that CloudStack calls running.

Processes and sockets are asked, never units: `xl2tpd.service` says active after its process died.
"""

import asyncio
import re
from collections.abc import Callable
from typing import Literal, TypeVar

import msgspec

from tui.router import commands
from tui.router.commands import Asks, Command
from tui.router.errors import CommandFailed, CommandTimeout
from tui.router.ipsec_facts import Ipsec
from tui.router.system_facts import Listener
from tui.router.vpn_facts import Rule, Xl2tpdSettings, Xl2tpdStart

T = TypeVar("T")

VPN_PORTS = (500, 1701, 4500)
_ROUND_SECONDS = 1.0


class ExpectedVpn(msgspec.Struct, frozen=True, kw_only=True):
    """What CloudStack says the router should have."""

    public_ip: str
    psk_sha256: str = ""
    """SHA-256 of the pre-shared key in hexadecimal; empty: not known, not compared."""
    pool: str = ""
    """`first-last` of the addresses for clients; empty: not compared."""
    users: tuple[str, ...] | None = None
    """Names that may log in; None: not compared."""
    is_vpc: bool = False


class Check(msgspec.Struct, frozen=True):
    """One thing that was looked at."""

    name: str
    state: Literal["pass", "fail", "unknown"]
    says: str
    evidence: tuple[str, ...] = ()


class RouterVerdict(msgspec.Struct, frozen=True):
    """The router's own word."""

    checks: tuple[Check, ...]

    @property
    def passed(self) -> bool:
        """True if every check passed: nothing failed and nothing is unknown."""
        return all(check.state == "pass" for check in self.checks)

    @property
    def failed(self) -> tuple[Check, ...]:
        """The checks that failed."""
        return tuple(check for check in self.checks if check.state == "fail")


async def verify(
    router: Asks,
    expected: ExpectedVpn,
    *,
    standby: bool = False,
    patience: float = 0.0,
    on_round: Callable[[RouterVerdict], None] | None = None,
) -> RouterVerdict:
    """Look whether the router has the VPN that CloudStack says it has.

    With `standby` it is the one of a pair that does nothing now: its daemons are down by design,
    so only its files are looked at, which have to be right when it takes over.

    charon takes some seconds to come up after CloudStack has called the VPN running, so for
    `patience` seconds failures are looked at again; `on_round` is told each verdict. Raises
    `LinkError` and `ConnectionDropped`; a single command that fails makes its check unknown.
    """
    loop = asyncio.get_running_loop()
    deadline = loop.time() + patience
    while True:
        look = _standby_checks if standby else _checks
        verdict = RouterVerdict(await look(router, expected))
        if on_round is not None:
            on_round(verdict)
        if verdict.passed or loop.time() + _ROUND_SECONDS > deadline:
            return verdict
        await asyncio.sleep(_ROUND_SECONDS)


class _Unanswered(msgspec.Struct, frozen=True):
    """A command that gave no fact, and why."""

    why: str


async def _checks(router: Asks, expected: ExpectedVpn) -> tuple[Check, ...]:
    rules = commands.IPTABLES_FILTER if expected.is_vpc else commands.IPTABLES_MANGLE
    sockets, ipsec, digest, names = await asyncio.gather(
        _ask(router, commands.SS_VPN_PORTS),
        _ask(router, commands.IPSEC_STATUSALL),
        _ask(router, commands.PSK_SHA256),
        _ask(router, commands.CHAP_USERS),
    )
    written, started, gate, kernel = await asyncio.gather(
        _ask(router, commands.XL2TPD_CONF),
        _ask(router, commands.XL2TPD_STARTED),
        _ask(router, rules),
        _ask(router, commands.SYSCTL),
    )
    checks = [
        _ike_listens(sockets),
        _l2tp_listens(sockets),
        _connection_loaded(ipsec, expected.public_ip),
    ]
    if expected.psk_sha256:
        checks.append(_key_matches(digest, expected.psk_sha256))
    if expected.pool:
        checks.append(_range_loaded(written, started, expected.pool))
    if expected.users is not None:
        checks.append(_users_match(names, expected.users))
    checks.append(_gate_open(gate, expected))
    checks.append(_forwards(kernel))
    return tuple(checks)


async def _standby_checks(router: Asks, expected: ExpectedVpn) -> tuple[Check, ...]:
    digest, written, names = await asyncio.gather(
        _ask(router, commands.PSK_SHA256),
        _ask(router, commands.XL2TPD_CONF),
        _ask(router, commands.CHAP_USERS),
    )
    checks = []
    if expected.psk_sha256:
        checks.append(_key_matches(digest, expected.psk_sha256))
    if expected.pool:
        checks.append(_range_written(written, expected.pool))
    if expected.users is not None:
        checks.append(_users_match(names, expected.users))
    return tuple(checks)


async def _ask(router: Asks, command: Command[T]) -> T | _Unanswered:
    try:
        return await router.run(command)
    except (CommandFailed, CommandTimeout) as error:
        return _Unanswered(error.what)


def _ike_listens(sockets: tuple[Listener, ...] | _Unanswered) -> Check:
    name = "ike_listens"
    if isinstance(sockets, _Unanswered):
        return Check(name, "unknown", sockets.why)
    holders = {s.port: s.pid for s in sockets if s.process == "charon"}
    missing = [port for port in (500, 4500) if port not in holders]
    if missing:
        ports = " and ".join(str(port) for port in missing)
        return Check(name, "fail", f"IKE does not listen on UDP {ports}", _rows(sockets))
    says = f"IKE listens on UDP 500 and 4500 (charon pid {holders[500]})"
    return Check(name, "pass", says, _rows(sockets))


def _l2tp_listens(sockets: tuple[Listener, ...] | _Unanswered) -> Check:
    name = "l2tp_listens"
    if isinstance(sockets, _Unanswered):
        return Check(name, "unknown", sockets.why)
    pid = next((s.pid for s in sockets if s.port == 1701 and s.process == "xl2tpd"), None)
    if pid is None:
        return Check(name, "fail", "L2TP does not listen on UDP 1701", _rows(sockets))
    return Check(name, "pass", f"L2TP listens on UDP 1701 (xl2tpd pid {pid})", _rows(sockets))


def _rows(sockets: tuple[Listener, ...]) -> tuple[str, ...]:
    return tuple(f"{s.address}:{s.port} {s.process} pid {s.pid}" for s in sockets)


def _connection_loaded(ipsec: Ipsec | _Unanswered, public_ip: str) -> Check:
    name = "conn_loaded"
    if isinstance(ipsec, _Unanswered):
        return Check(name, "unknown", ipsec.why)
    if not ipsec.running:
        return Check(name, "fail", "charon does not answer: no connection is loaded")
    loaded = tuple(f"{c.name}: {c.local}...{c.remote}" for c in ipsec.connections)
    if any(c.local == public_ip for c in ipsec.connections):
        return Check(name, "pass", f"connection loaded for {public_ip}", loaded)
    return Check(name, "fail", f"no connection loaded for {public_ip}", loaded)


def _key_matches(digest: str | _Unanswered, expected: str) -> Check:
    name = "psk_matches"
    if isinstance(digest, _Unanswered):
        return Check(name, "unknown", digest.why)
    if digest == expected:
        return Check(name, "pass", "pre-shared key matches", (f"sha256 {digest[:12]}…",))
    if not digest:
        return Check(name, "fail", "the router has no pre-shared key")
    evidence = (f"router sha256 {digest[:12]}…", f"CloudStack sha256 {expected[:12]}…")
    return Check(name, "fail", "the router has another pre-shared key than CloudStack", evidence)


def _range_loaded(
    written: Xl2tpdSettings | _Unanswered, started: Xl2tpdStart | _Unanswered | None, pool: str
) -> Check:
    name = "range_loaded"
    if isinstance(written, _Unanswered):
        return Check(name, "unknown", written.why)
    if isinstance(started, _Unanswered):
        return Check(name, "unknown", started.why)
    evidence: tuple[str, ...] = (f"xl2tpd.conf: ip range = {written.pool}",)
    if written.pool != pool:
        says = f"xl2tpd.conf has the range {written.pool or 'of nothing'}, not {pool}"
        return Check(name, "fail", says, evidence)
    if started is None:
        return Check(name, "fail", "xl2tpd does not run: no range is handed out", evidence)
    if started.is_older_than_configuration:
        age = started.configuration_written - started.started
        evidence += (f"xl2tpd pid {started.pid} is {age:.0f} s older than its file",)
        says = f"xl2tpd has not read the range {pool}: it was started before the file was changed"
        return Check(name, "fail", says, evidence)
    return Check(name, "pass", f"range {pool} loaded", evidence)


def _range_written(written: Xl2tpdSettings | _Unanswered, pool: str) -> Check:
    """On a router that stands by: the range that xl2tpd reads when it is started there."""
    name = "range_written"
    if isinstance(written, _Unanswered):
        return Check(name, "unknown", written.why)
    evidence = (f"xl2tpd.conf: ip range = {written.pool}",)
    if written.pool != pool:
        says = f"xl2tpd.conf has the range {written.pool or 'of nothing'}, not {pool}"
        return Check(name, "fail", says, evidence)
    return Check(name, "pass", f"range {pool} ready for when it takes over", evidence)


def _users_match(names: tuple[str, ...] | _Unanswered, expected: tuple[str, ...]) -> Check:
    name = "users_match"
    if isinstance(names, _Unanswered):
        return Check(name, "unknown", names.why)
    missing = sorted(set(expected) - set(names))
    ghosts = sorted(set(names) - set(expected))
    if not missing and not ghosts:
        count = len(expected)
        says = f"{count} user{'' if count == 1 else 's'} may log in, the same as in CloudStack"
        return Check(name, "pass", says, names)
    parts = []
    if missing:
        parts.append(f"not on the router: {', '.join(missing)}")
    if ghosts:
        parts.append(f"may log in although CloudStack does not know them: {', '.join(ghosts)}")
    return Check(name, "fail", "; ".join(parts), names)


_PORT = re.compile(r"-p udp .*--dport (\d+)(?::(\d+))?")


def _gate_open(rules: tuple[Rule, ...] | _Unanswered, expected: ExpectedVpn) -> Check:
    """The mangle chain of the address is the real gate; on a VPC router there is none and the
    INPUT chain decides."""
    name = "gate_open"
    if isinstance(rules, _Unanswered):
        return Check(name, "unknown", rules.why)
    chain = "INPUT" if expected.is_vpc else f"FIREWALL_{expected.public_ip}"
    target = "-j ACCEPT" if expected.is_vpc else "-j RETURN"
    found: dict[int, list[str]] = {port: [] for port in VPN_PORTS}
    for rule in rules:
        if rule.chain != chain or not rule.text.endswith(target) or "--pol ipsec" in rule.text:
            continue
        if expected.is_vpc and f"-d {expected.public_ip}/32" not in rule.text:
            continue
        for port in _ports_let_in(rule.text):
            found[port].append(rule.text)
    closed = [str(port) for port, texts in found.items() if not texts]
    evidence = tuple(dict.fromkeys(text for texts in found.values() for text in texts))
    if closed:
        return Check(
            name, "fail", f"the firewall does not let in UDP {', '.join(closed)}", evidence
        )
    return Check(name, "pass", "the firewall lets in UDP 500, 1701 and 4500", evidence)


def _ports_let_in(text: str) -> list[int]:
    match = _PORT.search(text)
    if match is not None:
        first = int(match[1])
        last = int(match[2] or first)
        return [port for port in VPN_PORTS if first <= port <= last]
    everything = not re.search(r"-p (?!udp)|--state|--dport", text)
    return list(VPN_PORTS) if everything else []


def _forwards(kernel: dict[str, str] | _Unanswered) -> Check:
    name = "ip_forward"
    if isinstance(kernel, _Unanswered):
        return Check(name, "unknown", kernel.why)
    value = kernel.get("net.ipv4.ip_forward", "")
    evidence = (f"net.ipv4.ip_forward = {value}",)
    if value == "1":
        return Check(name, "pass", "the router forwards packets", evidence)
    return Check(name, "fail", "the router does not forward packets to the network", evidence)
