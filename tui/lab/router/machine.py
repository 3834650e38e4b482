"""One lab router as a machine: what its state means in processes, sockets and files."""

import hashlib
import ipaddress
import random
import time

from tui.lab.state import LabSession, OpenPort, PushedVpn, RouterState

VPN_UDP_PORTS = (500, 1701, 4500)
_FIRST_PID = 900


class Machine:
    """Process numbers, start times and leftovers that `RouterState` does not hold.

    Times are seconds since the epoch.
    """

    def __init__(self, state: RouterState) -> None:
        self.state = state
        self.chance = random.Random(f"{state.name} {state.uuid}")  # noqa: S311 (a story, no key)
        now = time.time()
        self.booted = state.started or now - 3 * 86400
        self._associations = 0
        self._next_pid = _FIRST_PID + self.chance.randrange(200)
        self.starter_pid = self.new_pid()
        self.charon_pid = self.new_pid()
        self.xl2tpd_pid = self.new_pid()
        self.charon_started = self.booted + 70
        self.xl2tpd_started = self.booted + 71
        self.configured = self.booted + 70
        """When xl2tpd.conf was last written."""
        self.coming: list[LabSession] = []
        """Sessions that are being set up: their addresses are taken."""
        self.last_vpn: PushedVpn | None = state.vpn
        """What the files say; they stay when the VPN is deleted."""
        self.key_removed = False
        """Whether somebody has taken the key file away since it was last written."""
        if state.vpn is not None and state.loaded_pool not in {None, state.vpn.pool}:
            self.configured = now - 600
            self.xl2tpd_started = now - 7200

    def new_pid(self) -> int:
        """A process number that was not used before."""
        self._next_pid += self.chance.randrange(1, 9)
        return self._next_pid

    def next_association(self) -> int:
        """The number of the next IKE association."""
        self._associations += 1
        return self._associations

    def start_charon(self, at: float) -> None:
        """charon runs from `at` on."""
        self.starter_pid, self.charon_pid, self.charon_started = self.new_pid(), self.new_pid(), at
        self.state.charon_running = True
        self._associations = 0

    def start_xl2tpd(self, at: float) -> None:
        """xl2tpd runs from `at` on and has read its file."""
        vpn = self.last_vpn
        self.xl2tpd_pid, self.xl2tpd_started = self.new_pid(), at
        self.state.xl2tpd_running = True
        if vpn is not None:
            self.state.loaded_pool, self.state.loaded_local_ip = vpn.pool, vpn.local_ip

    def write_files(self, vpn: PushedVpn) -> None:
        """CloudStack's scripts write their files anew; a daemon that runs has not read them."""
        old = self.last_vpn
        if old is None or (old.pool, old.local_ip) != (vpn.pool, vpn.local_ip):
            self.configured = time.time()
        self.last_vpn, self.key_removed = vpn, False

    def stop(self) -> None:
        """Both daemons end, with the machine or without it: nobody is connected."""
        self.state.charon_running = self.state.xl2tpd_running = False
        self.state.loaded_pool = self.state.loaded_local_ip = None
        self.state.sessions.clear()

    @property
    def public_ip(self) -> str:
        """Address that clients connect to."""
        vpn = self.state.vpn or self.last_vpn
        return vpn.public_ip if vpn is not None else self.state.public_ip

    @property
    def local_ip(self) -> str:
        """The router's own end of every session."""
        vpn = self.last_vpn
        return self.state.loaded_local_ip or (vpn.local_ip if vpn is not None else "10.1.2.1")

    @property
    def public_interface(self) -> str:
        """CloudStack fixes it by kind of router."""
        return "eth1" if self.state.is_vpc else "eth2"

    @property
    def has_key(self) -> bool:
        """True once a VPN was pushed."""
        return self.last_vpn is not None

    @property
    def logins(self) -> dict[str, str]:
        """Who may log in, with which password: also names that CloudStack has forgotten."""
        return {**self.state.users, **self.state.ghost_users}

    def lets_in(self, port: int, client_ip: str) -> bool:
        """True if the firewall lets UDP `port` in from `client_ip`."""
        if self.state.is_vpc:
            return self.state.vpn is not None
        return any(
            rule.public_ip == self.public_ip and _covers(rule, port, client_ip)
            for rule in self.state.ports
        )

    def is_open(self, client_ip: str, *, behind_nat: bool = False) -> bool:
        """True if a client at `client_ip` gets all the way in."""
        needed = VPN_UDP_PORTS if behind_nat else (500, 1701)
        running = self.state.charon_running and self.state.xl2tpd_running
        return running and all(self.lets_in(port, client_ip) for port in needed)

    def free_address(self) -> str | None:
        """The lowest address of the loaded pool that nobody has, as xl2tpd hands them out."""
        first, _, last = (self.state.loaded_pool or "").partition("-")
        if not first:
            return None
        taken = {session.inner_ip for session in (*self.state.sessions, *self.coming)}
        start, end = ipaddress.IPv4Address(first), ipaddress.IPv4Address(last or first)
        for number in range(int(start), int(end) + 1):
            address = str(ipaddress.IPv4Address(number))
            if address not in taken:
                return address
        return None

    def free_interface(self) -> str:
        """The lowest ppp interface that is not in use."""
        taken = {session.interface for session in (*self.state.sessions, *self.coming)}
        return next(name for name in (f"ppp{n}" for n in range(1000)) if name not in taken)

    @property
    def live_sessions(self) -> list[LabSession]:
        """Sessions with a tunnel in the kernel: none without xl2tpd."""
        return list(self.state.sessions) if self.state.xl2tpd_running else []

    def key_digest(self) -> str:
        """SHA-256 of the key in the file, of nothing where there is none."""
        vpn = None if self.key_removed else self.last_vpn
        key = vpn.preshared_key if vpn is not None else ""
        return hashlib.sha256(key.encode()).hexdigest()


def tunnel_of(pid: int) -> int:
    """The L2TP tunnel id that belongs to the pppd `pid`."""
    return pid * 7919 % 60000 + 2000


def call_of(pid: int) -> int:
    """The L2TP session id that belongs to the pppd `pid`."""
    return pid * 104729 % 60000 + 2001


def _covers(rule: OpenPort, port: int, client_ip: str) -> bool:
    if rule.protocol not in {"udp", "all"}:
        return False
    start = rule.start if rule.start is not None else 1
    end = rule.end if rule.end is not None else (rule.start or 65535)
    address = ipaddress.ip_address(client_ip)
    inside = any(address in ipaddress.ip_network(cidr, strict=False) for cidr in rule.cidrs)
    return start <= port <= end and (inside or not rule.cidrs)
