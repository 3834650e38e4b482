"""What a preflight judges: facts in plain values, and why one is missing where it is.

Whoever gathers them (`tui.session.preflight`) translates from the cloud and from the routers; the
rules in `tui.vpn.preflight` know neither. A fact that could not be had is an `Unasked`, never a
value that looks like an answer.
"""

from typing import Literal, TypeVar

import msgspec

from tui.vpn.cidrs import Sources
from tui.vpn.eligibility import Eligibility, NetworkFacts, VpcFacts
from tui.vpn.findings import Finding
from tui.vpn.overlaps import Neighbour
from tui.vpn.ports import Forwarding, IngressRule

T = TypeVar("T")

State = Literal["pass", "warn", "fail", "unknown"]
ORDER: tuple[State, ...] = ("fail", "warn", "unknown", "pass")
"""What comes first where checks are shown."""


class Unasked(msgspec.Struct, frozen=True):
    """A fact that is missing."""

    why: str
    """One sentence: the role, the way, the error."""
    waiting: bool = False
    """Whether the answer is still on its way."""


WAITING = Unasked("The answer is still on its way.", waiting=True)


class Check(msgspec.Struct, frozen=True, kw_only=True):
    """One rule or prerequisite, judged."""

    name: str
    """Stable, such as `ports.forwarding`."""
    state: State
    says: str
    """One sentence; where the state is `unknown`, why."""
    evidence: tuple[str, ...] = ()
    """Short texts: which fact said so."""
    remedy: str = ""
    """What to do about it, in words; empty where nothing has to be done."""
    action: str = ""
    """What does it: the name of an action of the console, or a line for the shell; or empty."""
    server_says: str = ""
    """The server's own refusal, where it refuses."""


class Right(msgspec.Struct, frozen=True):
    """Whether the role has one command."""

    command: str
    allowed: bool | None
    """None: it could not be asked."""
    why: str = ""


class Zone(msgspec.Struct, frozen=True):
    """The zone of the network."""

    name: str
    network_type: str
    """`Advanced` or `Basic`; "" where the server does not say."""


class Trace(msgspec.Struct, frozen=True):
    """An event of the VPN on the address that has ended (recording 20)."""

    creates: bool
    """Whether it was about enabling; else about disabling."""
    failed: bool
    when: str


class Disk(msgspec.Struct, frozen=True):
    """A file system of a router; bytes."""

    mount: str
    size: int
    available: int


class Memory(msgspec.Struct, frozen=True):
    """Memory of a router; bytes."""

    total: int
    available: int


class RouterSaid(msgspec.Struct, frozen=True, kw_only=True):
    """What one router answered, command by command."""

    forwards: bool | Unasked
    addresses: tuple[str, ...] | Unasked
    """IPv4 addresses on its cards."""
    clock_ahead: float | Unasked
    """Seconds by which its clock is ahead of the server's, or of ours where that is not known."""
    disks: tuple[Disk, ...] | Unasked
    memory: Memory | Unasked
    daemons: tuple[str, ...] | Unasked
    """Those of charon and xl2tpd that run."""
    has_key: bool | Unasked
    """Whether a file of pre-shared keys has one."""
    range: str | Unasked
    """The pool of a VPN that is programmed, "" without one."""
    logins: tuple[str, ...] | Unasked
    """Names that may log in."""


class RouterFacts(msgspec.Struct, frozen=True, kw_only=True):
    """A router of the network, as CloudStack and as it says itself."""

    id: str
    name: str
    state: str
    version: str = ""
    needs_upgrade: bool = False
    stands_by: bool = False
    """Whether it is the one of a pair that does nothing now: its public card is down."""
    addresses: tuple[tuple[str, str], ...] = ()
    """What CloudStack says its cards have: (`Guest`, `10.1.1.1`)."""
    said: RouterSaid | Unasked = WAITING


class OtherVpn(msgspec.Struct, frozen=True):
    """Another VPN of the account, and its routers that do not run."""

    place: str
    is_vpc: bool
    stopped: tuple[str, ...]
    """`r-54-VM is stopped`."""


class PreflightFacts(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that the checks of one wish look at."""

    place: NetworkFacts | VpcFacts
    owner: str
    zone: Zone | Unasked
    server_version: str | Unasked
    rights: tuple[Right, ...]
    """The commands that this wish needs."""
    lists: tuple[tuple[str, str], ...] = ()
    """Lists that could not be had, by what they are of, and why."""
    eligibility: Eligibility | Unasked
    traces: tuple[Trace, ...] | Unasked
    has_rules: bool | Unasked = False
    """Whether the address has rules of any kind, those that a VPN reserves too."""
    # The ports.
    rules: tuple[IngressRule, ...] | Unasked = ()
    forwardings: tuple[Forwarding, ...] | Unasked = ()
    balancers: tuple[Forwarding, ...] | Unasked = ()
    static_nat: str | Unasked = ""
    """The machine that the address is mapped to, "" for none."""
    sources: Sources
    sources_given: bool
    # The range.
    range_text: str | Unasked
    """As typed, or what the account is set to; Unasked where that may not be read."""
    range_typed: bool
    neighbours: tuple[Neighbour, ...] = ()
    unlisted: dict[str, str] = {}
    """Kinds of neighbours whose list could not be had (`network`, `vpc`, `peer`, `vpn`): why."""
    # The routers.
    routers: tuple[RouterFacts, ...] | Unasked
    site_to_site: bool = False
    """Whether the VPC has site-to-site connections, for which charon runs."""
    # The account.
    users: tuple[str, ...] | Unasked
    """Names of the VPN users that are listed."""
    about_users: tuple[tuple[str, tuple[Finding, ...]], ...] = ()
    """What there is to say about each user to be added."""
    limit: int | Unasked
    """`remote.access.vpn.user.limit`."""
    needs_address: bool = False
    addresses_used: int = 0
    address_limit: int | Unasked = WAITING
    """Public addresses that the owner may have; -1 for no limit."""
    addresses_free: int | Unasked = WAITING
    """Public addresses of the zone that nobody has."""
    other_vpns: tuple[OtherVpn, ...] | Unasked
