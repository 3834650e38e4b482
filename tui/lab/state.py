"""What a lab router has been told and what really runs on it.

The lab cloud writes this when it "pushes" a configuration, the lab router reads it to answer
commands. The two differ where a real router differs from CloudStack: a daemon that died, a range
that was never loaded, a user that stayed behind.
"""

from collections.abc import Callable
from dataclasses import dataclass, field


class FaultUnknown(ValueError):
    """Nobody knows a fault or a habit of this name; the text says which there are."""


@dataclass(slots=True)
class PushedVpn:
    """A Remote Access VPN as CloudStack pushes it (`RemoteAccessVpnCfgCommand`)."""

    public_ip: str
    local_ip: str
    """First address of the range asked for: the router's own end."""
    pool: str
    """`first-last` of the addresses handed to clients, as the API's `iprange`."""
    preshared_key: str
    local_cidr: str


@dataclass(slots=True)
class OpenPort:
    """One CloudStack firewall rule in the mangle chain of a public address."""

    public_ip: str
    protocol: str
    start: int | None
    end: int | None
    cidrs: tuple[str, ...]


@dataclass(slots=True)
class LabSession:
    """A client that is connected."""

    user: str
    client_ip: str
    client_port: int
    private_ip: str | None
    """The client's own address when it is behind NAT."""
    inner_ip: str
    interface: str
    pid: int
    since: float
    """Seconds since the epoch."""
    association: int = 0
    """Number of its IKE association; 0 until the router has given it one."""
    has_ipsec: bool = True
    """False for a client that speaks L2TP in the clear."""
    offered_ip: str = ""
    """What xl2tpd has offered where the client took an address of its own."""
    orphan: bool = False
    """Its pppd outlived the xl2tpd that made it: no tunnel in the kernel."""


@dataclass(slots=True)
class LabAssociation:
    """An IKE association and its CHILD_SA; it may outlive the session that it was made for."""

    number: int
    """The n of `L2TP-PSK[n]`."""
    child: int
    """The n of `L2TP-PSK{n}`, and its reqid."""
    client_ip: str
    private_ip: str | None
    spi_in: str
    spi_out: str
    since: float
    bytes_in: int = 0
    """What L2TP's control packets made; the traffic of a session comes on top of it."""
    packets_in: int = 0
    bytes_out: int = 0
    packets_out: int = 0
    phase_two: bool = True
    """False where only IKE is up."""


@dataclass(slots=True)
class LabTier:
    """A tier of a VPC as its router has it."""

    cidr: str
    gateway: str
    rules: tuple[str, ...] = ()
    """The ACL's ingress rules as `iptables -A ACL_INBOUND_ethN` takes them."""
    lets_clients_in: bool = True
    """Whether the ACL allows what a VPN client sends."""


@dataclass(slots=True)
class RouterState:
    """One Virtual Router."""

    name: str
    uuid: str
    network: str
    """Name of the network or VPC it serves."""
    is_vpc: bool
    guest_cidr: str
    guest_ip: str
    public_ip: str
    control_ip: str
    running: bool = True
    redundant_state: str = "UNKNOWN"
    version: str = "4.22.0"
    vpn: PushedVpn | None = None
    users: dict[str, str] = field(default_factory=dict)
    """Name to password, as pushed."""
    ports: list[OpenPort] = field(default_factory=list)
    # What really runs, whatever was pushed.
    charon_running: bool = False
    xl2tpd_running: bool = False
    loaded_pool: str | None = None
    """The pool that the running xl2tpd hands out; it is read only when the daemon starts."""
    loaded_local_ip: str | None = None
    ip_forward: bool = True
    ghost_users: dict[str, str] = field(default_factory=dict)
    """Names in chap-secrets that CloudStack does not know."""
    sessions: list[LabSession] = field(default_factory=list)
    associations: list[LabAssociation] = field(default_factory=list)
    tiers: list[LabTier] = field(default_factory=list)
    """Of a VPC."""
    # What somebody or something has broken (`tui.lab.router.faults`).
    bags_lost: bool = False
    """The router has booted by itself: what CloudStack pushed is gone, its files are there."""
    lost_ports: set[int] = field(default_factory=set)
    """UDP ports whose rule is gone from the router's firewall though CloudStack has pushed it."""
    forward_rules: bool = True
    """Whether packets between VPN and network are accepted."""
    other_key: str = ""
    """The pre-shared key on the router where it is not the one that was pushed."""
    other_left: str = ""
    """The address of the loaded connection where it is not the VPN's."""
    xl2tpd_unit: str = ""
    """`failed` or `stopped` where systemd knows that xl2tpd does not run; empty where it lies."""
    extra_setting: str = ""
    """A line that somebody has added to xl2tpd.conf."""
    no_secrets: bool = False
    """chap-secrets has no entries at all."""
    esp_blocked: bool = False
    """ESP is lost on the way to the router."""
    conntrack_max: int = 1_000_000
    clock_offset: float = 0.0
    """How far the router's clock is ahead, seconds."""
    unreachable: bool = False
    """Nobody gets to its SSH server, though it runs."""
    habits: dict[str, str] = field(default_factory=dict)
    """Users who always do the same thing wrong: name to one of `tui.lab.router.faults.HABITS`."""
    history: float = 0.0
    """Days before the lab began that its logs tell of."""
    faults: tuple[str, ...] = ()
    """Faults that it has from the beginning."""
    started: float = 0.0
    """Boot time, seconds since the epoch."""
    on_push: list[Callable[["RouterState", str], None]] = field(default_factory=list)
    """Called after each push with what was pushed: `vpn`, `vpn-removed`, `users`, `firewall`,
    `start`, `stop`. The lab router writes its log lines and applies what a real one would."""

    on_fault: list[Callable[[str, str], None]] = field(default_factory=list)
    """Told of a fault that somebody sets: a user, empty for the router itself, and its name."""

    def pushed(self, what: str) -> None:
        """Tell the listeners that the cloud has changed `what`."""
        for listener in self.on_push:
            listener(self, what)
