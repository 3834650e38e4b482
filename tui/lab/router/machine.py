"""One lab router as a machine: what its state means in processes, sockets and files."""

import hashlib
import ipaddress
import random
import re
import time
import uuid

from tui.lab.router.traffic import Gate, Meter, Wire
from tui.lab.state import LabAssociation, LabSession, OpenPort, PushedVpn, RouterState

VPN_UDP_PORTS = (500, 1701, 4500)
_ESP_OVERHEAD = 72
"""Bytes that ESP and the outer header add to a packet."""
_PACKET = re.compile(
    r"IP \(.*?, length (?P<size>\d+)\)\n {4}(?P<source>\d+\.\d+\.\d+\.\d+)(?:\.\d+)? > "
    r"\d+\.\d+\.\d+\.\d+(?:\.(?P<port>\d+))?:(?:.*?ESP\(spi=0x(?P<spi>[0-9a-f]+))?"
)
_FIRST_PID = 1650
"""Above the daemons that every recorded router runs."""


class Machine:
    """Process numbers, start times and leftovers that `RouterState` does not hold.

    Times are seconds since the epoch, in the router's clock.
    """

    def __init__(self, state: RouterState) -> None:
        self.state = state
        self.chance = random.Random(f"{state.name} {state.uuid}")  # noqa: S311 (a story, no key)
        # Numbers of their own: which of two tasks draws first is not the same in every run.
        self._pids = random.Random(f"pids of {state.name} {state.uuid}")  # noqa: S311
        now = self.now()
        self.booted = state.started or now - 3 * 86400
        self.boots: list[tuple[str, float, float]] = []
        """Earlier boots: id, first and last moment."""
        self.boot_id = self._new_boot_id()
        self._associations = 0
        self._next_pid = _FIRST_PID + self._pids.randrange(200)
        self.starter_pid = self.new_pid()
        self.charon_pid = self.new_pid()
        self.xl2tpd_pid = self.new_pid()
        self.charon_started = self.booted + 70
        self.xl2tpd_started = self.booted + 71
        self.charon_stopped = self.xl2tpd_stopped = 0.0
        self.configured = self.booted + 70
        """When xl2tpd.conf was last written."""
        self.key_written = self.booted + 70
        self.users_written = self.booted + 64
        self.firewall_written = self.booted + 55
        self.coming: list[LabSession] = []
        """Sessions that are being set up: their addresses are taken."""
        self.last_vpn: PushedVpn | None = state.vpn
        """What the files say; they stay when the VPN is deleted."""
        self.key_removed = False
        """Whether somebody has taken the key file away since it was last written."""
        self.had_sessions = bool(state.sessions)
        """Whether pppd has made its file of records since the router booted."""
        self.stale_records: list[LabSession] = []
        """Records of pppds that were killed: nobody takes them out of the file."""
        self.wire = Wire()
        self.gate = Gate()
        self._meters: dict[int, Meter] = {}
        if state.vpn is not None and state.loaded_pool not in {None, state.vpn.pool}:
            self.configured = now - 600
            self.xl2tpd_started = now - 7200

    def now(self) -> float:
        """The router's own clock."""
        return time.time() + self.state.clock_offset

    def _new_boot_id(self) -> str:
        return str(uuid.UUID(int=self.chance.getrandbits(128), version=4))

    def boot(self) -> None:
        """It has just booted."""
        now = self.now()
        self.boots.append((self.boot_id, self.booted, now - 50))
        self.booted, self.boot_id = now, self._new_boot_id()
        self.stop()
        self.charon_stopped = self.xl2tpd_stopped = 0.0
        self.had_sessions = False
        self.stale_records.clear()
        self.state.xl2tpd_unit = ""
        self.state.ip_forward = True

    def new_pid(self) -> int:
        """A process number that was not used before."""
        self._next_pid += self._pids.randrange(1, 9)
        return self._next_pid

    # Associations and sessions --------------------------------------------------------------

    def new_spi(self) -> str:
        """The number of a security association, as charon chooses it."""
        return f"c{self.chance.getrandbits(28):07x}"

    def new_association(
        self, client_ip: str, private_ip: str | None, when: float
    ) -> LabAssociation:
        """An association that a client has begun and that is not up yet."""
        self._associations += 1
        number = self._associations
        return LabAssociation(
            number, number + 1, client_ip, private_ip, self.new_spi(), self.new_spi(), when
        )

    def establish(self, made: LabAssociation) -> None:
        """It is up, and replaces an older one of the same client."""
        self.forget(made.client_ip, made.private_ip)
        self.state.associations.append(made)

    def forget(self, client_ip: str, private_ip: str | None) -> None:
        """The association with a client is deleted."""
        known = self.state.associations
        known[:] = [a for a in known if (a.client_ip, a.private_ip) != (client_ip, private_ip)]

    def associations(self) -> list[LabAssociation]:
        """Every association, also for sessions that nobody has given one yet; the oldest first."""
        state = self.state
        if not state.charon_running:
            return []
        for session in state.sessions:
            if session.has_ipsec and not session.association and not session.orphan:
                made = self.new_association(session.client_ip, session.private_ip, session.since)
                self.establish(made)
                session.association = made.number
        return sorted(state.associations, key=lambda association: association.number)

    def session_with(self, association: LabAssociation) -> LabSession | None:
        """The session that an association carries."""
        for session in self.live_sessions:
            if session.association == association.number:
                return session
        return None

    def packet(self, when: float, client: str, text: str) -> None:
        """A packet goes over the public interface, is seen by a capture and met by the firewall."""
        self.wire.carry(when, client, text)
        head = _PACKET.match(text)
        if head is None:
            return
        size, inwards = int(head["size"]), head["source"] == client
        spi = head["spi"]
        if spi:
            self._count_esp(spi, max(0, size - _ESP_OVERHEAD))
        if not inwards or (spi and self.state.esp_blocked):
            return
        if head["port"]:
            port = int(head["port"])
            opened = self.lets_in(port, client)
            passed = self.gate.udp(client, port, size, when, opened=opened)
            if passed and port == 1701 and self.state.charon_running:
                self.gate.no_ipsec += 1
        elif spi:
            self.gate.esp.add(size)
        if spi:
            # What was inside comes through the firewall a second time.
            self.gate.udp(
                client, 1701, size - _ESP_OVERHEAD, when, opened=self.lets_in(1701, client)
            )

    def _count_esp(self, spi: str, size: int) -> None:
        for association in self.state.associations:
            if association.spi_in == spi and not self.state.esp_blocked:
                association.bytes_in += size
                association.packets_in += 1
            elif association.spi_out == spi:
                association.bytes_out += size
                association.packets_out += 1

    def meter(self, session: LabSession) -> Meter:
        """The traffic of a session until now."""
        meter = self._meters.get(session.pid)
        if meter is None:
            meter = self._meters[session.pid] = Meter(session.since, session.pid % 7)
        meter.advance(self.now(), passes=self.passes(session), lives=session in self.live_sessions)
        return meter

    def passes(self, session: LabSession) -> bool:
        """Whether what a session sends gets to the network and back."""
        state = self.state
        twins = [each for each in state.sessions if each.inner_ip == session.inner_ip]
        open_tiers = not state.tiers or any(tier.lets_clients_in for tier in state.tiers)
        behind = [
            each
            for each in self.live_sessions
            if each.has_ipsec and self._shares_nat(each, session)
        ]
        return (
            state.ip_forward
            and state.forward_rules
            and state.vpn is not None
            and open_tiers
            and session.inner_ip != ""
            and len(twins) == 1
            and (not behind or behind[-1] is session)
        )

    @staticmethod
    def _shares_nat(one: LabSession, other: LabSession) -> bool:
        return other.private_ip is not None and one.client_ip == other.client_ip

    @property
    def live_sessions(self) -> list[LabSession]:
        """Sessions with a tunnel in the kernel: none without xl2tpd."""
        if not self.state.xl2tpd_running:
            return []
        return [session for session in self.state.sessions if not session.orphan]

    # Daemons --------------------------------------------------------------------------------

    def start_charon(self, at: float) -> None:
        """charon runs from `at` on."""
        self.starter_pid, self.charon_pid, self.charon_started = self.new_pid(), self.new_pid(), at
        self.state.charon_running = True
        self.state.associations.clear()
        self._associations = 0

    def stop_charon(self) -> None:
        """charon ends, and every association and policy with it; xl2tpd does not notice."""
        self.state.charon_running = False
        self.charon_stopped = self.now()
        self.state.associations.clear()
        for session in self.state.sessions:
            session.association = 0

    def start_xl2tpd(self, at: float) -> None:
        """xl2tpd runs from `at` on and has read its file; it knows no tunnel."""
        vpn = self.last_vpn
        self.xl2tpd_stopped = at if self.state.loaded_pool is not None else 0.0
        self.xl2tpd_pid, self.xl2tpd_started = self.new_pid(), at
        self.state.xl2tpd_running, self.state.xl2tpd_unit = True, ""
        if vpn is not None:
            self.state.loaded_pool, self.state.loaded_local_ip = vpn.pool, vpn.local_ip

    def kill_xl2tpd(self) -> None:
        """xl2tpd dies; the pppds of its sessions live on, and systemd does not notice."""
        self.state.xl2tpd_running = False
        self.xl2tpd_stopped = self.now()
        for session in self.state.sessions:
            self.meter(session)
            session.orphan = True

    def write_files(self, vpn: PushedVpn) -> None:
        """CloudStack's scripts write their files anew; a daemon that runs has not read them."""
        old = self.last_vpn
        now = self.now()
        if old is None or (old.pool, old.local_ip) != (vpn.pool, vpn.local_ip):
            self.configured = now
        self.key_written = now
        self.last_vpn, self.key_removed = vpn, False
        self.state.other_key = self.state.other_left = ""

    def stop(self) -> None:
        """Both daemons end, with the machine or without it: nobody is connected."""
        state, now = self.state, self.now()
        if state.charon_running:
            self.charon_stopped = now
        if state.xl2tpd_running:
            self.xl2tpd_stopped = now
        state.charon_running = state.xl2tpd_running = False
        state.loaded_pool = state.loaded_local_ip = None
        state.sessions.clear()
        state.associations.clear()

    # What it is -----------------------------------------------------------------------------

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
    def guest_interface(self) -> str:
        """The interface of the network, or of the first tier."""
        return "eth2" if self.state.is_vpc else "eth0"

    @property
    def control_interface(self) -> str:
        """The interface that sshd answers on."""
        return "eth0" if self.state.is_vpc else "eth1"

    @property
    def has_key(self) -> bool:
        """True once a VPN was pushed."""
        return self.last_vpn is not None

    @property
    def logins(self) -> dict[str, str]:
        """Who may log in, with which password: also names that CloudStack has forgotten."""
        if self.state.no_secrets:
            return {}
        return {**self.state.users, **self.state.ghost_users}

    @property
    def open_ports(self) -> list[OpenPort]:
        """The rules that the router's firewall really has."""
        lost = self.state.lost_ports
        if self.state.bags_lost:
            return []
        if not lost:
            return list(self.state.ports)
        return [
            rule
            for rule in self.state.ports
            if rule.public_ip != self.public_ip or rule.start not in lost or rule.end != rule.start
        ]

    def lets_in(self, port: int, client_ip: str) -> bool:
        """True if the firewall lets UDP `port` in from `client_ip`."""
        if self.state.is_vpc:
            return self.state.vpn is not None and port not in self.state.lost_ports
        return any(
            rule.public_ip == self.public_ip and _covers(rule, port, client_ip)
            for rule in self.open_ports
        )

    def is_open(self, client_ip: str, *, behind_nat: bool = False) -> bool:
        """True if a client at `client_ip` gets all the way in."""
        needed = VPN_UDP_PORTS if behind_nat else (500, 1701)
        running = self.state.charon_running and self.state.xl2tpd_running
        return running and all(self.lets_in(port, client_ip) for port in needed)

    def free_address(self) -> str | None:
        """The lowest address of the loaded pool that nobody has, as xl2tpd hands them out.

        An xl2tpd that was started again does not know the sessions of the one before it.
        """
        first, _, last = (self.state.loaded_pool or "").partition("-")
        if not first:
            return None
        taken = {
            session.offered_ip or session.inner_ip
            for session in (*self.live_sessions, *self.coming)
        }
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
    def key(self) -> str:
        """The pre-shared key in the file, empty where there is none."""
        vpn = None if self.key_removed else self.last_vpn
        return self.state.other_key or (vpn.preshared_key if vpn is not None else "")

    def key_digest(self) -> str:
        """SHA-256 of the key in the file, of nothing where there is none."""
        return hashlib.sha256(self.key.encode()).hexdigest()


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
