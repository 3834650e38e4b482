"""What a lab router has been told and what really runs on it.

The lab cloud writes this when it "pushes" a configuration, the lab router reads it to answer
commands. The two differ where a real router differs from CloudStack: a daemon that died, a range
that was never loaded, a user that stayed behind.
"""

from collections.abc import Callable
from dataclasses import dataclass, field


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
    started: float = 0.0
    """Boot time, seconds since the epoch."""
    on_push: list[Callable[["RouterState", str], None]] = field(default_factory=list)
    """Called after each push with what was pushed: `vpn`, `vpn-removed`, `users`, `firewall`,
    `start`, `stop`. The lab router writes its log lines and applies what a real one would."""

    def pushed(self, what: str) -> None:
        """Tell the listeners that the cloud has changed `what`."""
        for listener in self.on_push:
            listener(self, what)
