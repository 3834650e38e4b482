"""What can be wrong with a lab router, set with one word: for training and for tests.

Each fault changes the state as the real thing would and leaves the log lines of the moment; what
people meet afterwards follows from the state (`visits`). Mending takes everything back.
"""

import ipaddress
from collections.abc import Callable
from typing import Final, NamedTuple

from tui.lab.router.machine import Machine
from tui.lab.router.player import Player
from tui.lab.router.scenes import Client, words_for
from tui.lab.router.visitors import Visitors
from tui.lab.router.visits import client_of

_TEMPLATE_LEFT: Final = "172.26.0.151"
"""The address in the template's l2tp.conf before anything was pushed."""
_SMALL_TABLE: Final = 12
_GHOSTS: Final = ("walter", "carol", "victor")
_OTHER_KEY: Final = "AnOlderKeyOfThisVpn2019x"
_CHARON: Final = "strongswan-starter.service"
_CHARON_NAME: Final = "strongSwan IPsec IKEv1/IKEv2 daemon using ipsec.conf"
_L2TP_NAME: Final = "LSB: layer 2 tunelling protocol daemon"


class Broken(NamedTuple):
    """A router on which something is to go wrong."""

    machine: Machine
    player: Player
    visitors: Visitors

    def says(self, tag: str, text: str, source: str = "daemon") -> None:
        """Write a line now."""
        machine = self.machine
        pid = {"xl2tpd": machine.xl2tpd_pid, "systemd": 1}.get(tag)
        if tag == "charon":
            self.player.logs.charon(machine.now(), machine.starter_pid, machine.charon_pid, text)
        else:
            self.player.logs.syslog(source, machine.now(), tag, pid, text)

    def somebody(self) -> None:
        """Make sure that at least one person is connected, since some minutes."""
        machine = self.machine
        if machine.live_sessions:
            return
        for user in machine.logins:
            self.visitors.visit_in_past(client_of(user), machine.now() - 240)
            if machine.live_sessions:
                return


class Fault(NamedTuple):
    """One thing that can be wrong."""

    says: str
    apply: Callable[[Broken], None]


def _forward_off(on: Broken) -> None:
    on.machine.state.ip_forward = False


def _ghost_user(on: Broken) -> None:
    name = next(name for name in _GHOSTS if name not in on.machine.logins)
    on.machine.state.ghost_users[name] = f"{name.capitalize()}2019x"


def _range_not_loaded(on: Broken) -> None:
    """The range was changed after xl2tpd had read its file."""
    machine = on.machine
    vpn = machine.last_vpn
    if vpn is None:
        return
    first, _, last = vpn.pool.partition("-")
    older = ipaddress.IPv4Address(first) + 256 * 40
    count = int(ipaddress.IPv4Address(last)) - int(ipaddress.IPv4Address(first))
    machine.state.loaded_pool = f"{older}-{older + min(count, 6)}"
    machine.state.loaded_local_ip = str(older - 1)
    machine.configured = machine.now() - 1
    machine.xl2tpd_started = min(machine.xl2tpd_started, machine.configured - 7200)
    words = words_for(machine, Client("nobody", "192.0.2.66", None), 0, "", "ppp0")
    on.player.push("vpn", words)


def _xl2tpd_killed(on: Broken) -> None:
    """Whoever was connected has an orphan now."""
    machine = on.machine
    if not machine.state.xl2tpd_running and machine.has_key:
        machine.start_xl2tpd(machine.booted + 71)
    on.somebody()
    machine.kill_xl2tpd()


def _xl2tpd_stopped(on: Broken) -> None:
    _end_l2tp(on)
    on.says("systemd", f"Stopping xl2tpd.service - {_L2TP_NAME}...")
    on.says("xl2tpd", "death_handler: Fatal signal 15 received")
    on.says("systemd", "xl2tpd.service: Deactivated successfully.")
    on.says("systemd", f"Stopped xl2tpd.service - {_L2TP_NAME}.")
    on.machine.state.xl2tpd_unit = "stopped"


def _xl2tpd_bad_config(on: Broken) -> None:
    machine = on.machine
    _end_l2tp(on)
    words = words_for(machine, Client("nobody", "192.0.2.66", None), 0, "", "ppp0")
    on.player.write_past("bad_config", words, machine.now())
    machine.state.xl2tpd_unit = "failed"
    machine.state.extra_setting = "max-connections = 50"
    machine.configured = machine.now()


def _end_l2tp(on: Broken) -> None:
    """xl2tpd ends and hangs up; the associations of its clients stay for a while."""
    machine, state = on.machine, on.machine.state
    state.sessions[:] = [session for session in state.sessions if session.orphan]
    state.xl2tpd_running = False
    state.loaded_pool = state.loaded_local_ip = None
    machine.xl2tpd_stopped = machine.now()


def _ipsec_stopped(on: Broken) -> None:
    """charon is stopped and xl2tpd goes on: whoever has an association loses it."""
    machine, state = on.machine, on.machine.state
    on.says("systemd", f"Stopping {_CHARON} - {_CHARON_NAME}...")
    on.says("charon", "00[DMN] SIGINT received, shutting down")
    on.says("systemd", f"{_CHARON}: Deactivated successfully.")
    on.says("systemd", f"Stopped {_CHARON} - {_CHARON_NAME}.")
    state.sessions[:] = [each for each in state.sessions if each.orphan or not each.has_ipsec]
    machine.stop_charon()


def _cleartext_session(on: Broken) -> None:
    _ipsec_stopped(on)
    machine = on.machine
    user = next(iter(machine.logins), "")
    if user:
        on.visitors.visit_in_past(client_of(user), machine.now() - 60, "no_ipsec")


def _orphan_pppd(on: Broken) -> None:
    """xl2tpd died and was started again, and who was connected came back at once.

    The new session gets the same address: what is meant for it goes to the dead interface.
    """
    on.somebody()
    machine = on.machine
    victims = [client_of(session.user) for session in machine.live_sessions[:1]]
    machine.state.sessions[:] = machine.live_sessions[:1]
    machine.kill_xl2tpd()
    machine.start_xl2tpd(machine.now() - 100)
    on.says("xl2tpd", "Listening on IP address 0.0.0.0, port 1701")
    for client in victims:
        on.visitors.visit_in_past(client, machine.now() - 60)


def _stale_record(on: Broken) -> None:
    """A pppd was killed long ago and its record is still there; nothing is wrong with that."""
    machine = on.machine
    user = next(iter(machine.logins), "")
    if user:
        left = on.visitors.new_session(client_of(user), machine.now() - 7200)
        machine.stale_records.append(left)


def _rebooted(on: Broken) -> None:
    """The router has booted by itself: CloudStack has not configured it since."""
    machine, state = on.machine, on.machine.state
    machine.boot()
    state.vpn, state.bags_lost = None, True
    state.ports.clear()
    logs, booted = on.player.logs, machine.booted
    logs.syslog("messages", booted, "kernel", None, "[    0.000000] Linux version 6.1.0-56-amd64")
    logs.syslog("kern", booted, "kernel", None, "[    0.000000] Linux version 6.1.0-56-amd64")
    logs.syslog("daemon", booted, "systemd", 1, "Startup finished in 11.406s (kernel) + 20.719s.")
    logs.cloud(booted, "INFO", "Processing JSON file cmd_line.json")


def _key_drift(on: Broken) -> None:
    on.machine.state.other_key = _OTHER_KEY


def _conn_not_loaded(on: Broken) -> None:
    on.machine.state.other_left = _TEMPLATE_LEFT
    on.machine.state.associations.clear()


def _closed(port: int) -> Callable[[Broken], None]:
    def apply(on: Broken) -> None:
        on.machine.state.lost_ports.add(port)
        on.machine.gate.flows.clear()

    return apply


def _forward_rule_missing(on: Broken) -> None:
    on.machine.state.forward_rules = False


def _conntrack_full(on: Broken) -> None:
    machine = on.machine
    machine.state.conntrack_max = _SMALL_TABLE
    machine.gate.table_full += 2
    stamp = f"[{machine.now() - machine.booted:12.6f}]"
    for source in ("kern", "messages"):
        for _ in range(2):
            text = f"{stamp} nf_conntrack: nf_conntrack: table full, dropping packet"
            on.says("kernel", text, source)


def _pool_exhausted(on: Broken) -> None:
    """Every address is taken: the same people log in again and again, which the router allows."""
    machine = on.machine
    number = 0
    while machine.free_address() is not None and machine.logins and number < 256:
        user = list(machine.logins)[number % len(machine.logins)]
        address = f"198.51.100.{number % 100 + 100}"
        on.visitors.visit_in_past(Client(user, address, None), machine.now() - 400 + number)
        number += 1


def _no_secrets(on: Broken) -> None:
    on.machine.state.no_secrets = True


def _esp_blocked(on: Broken) -> None:
    on.machine.state.esp_blocked = True


def _clock_off(on: Broken) -> None:
    on.machine.state.clock_offset = 95.0


def _unreachable(on: Broken) -> None:
    on.machine.state.unreachable = True


FAULTS: Final = {
    "forward_off": Fault("net.ipv4.ip_forward is 0", _forward_off),
    "forward_rule_missing": Fault(
        "the FORWARD rules between VPN and network are gone", _forward_rule_missing
    ),
    "ghost_user": Fault("chap-secrets has a name that CloudStack does not know", _ghost_user),
    "no_secrets": Fault("chap-secrets is empty", _no_secrets),
    "range_not_loaded": Fault("xl2tpd hands out the range of before", _range_not_loaded),
    "pool_exhausted": Fault("every address of the range is taken", _pool_exhausted),
    "xl2tpd_killed": Fault("xl2tpd was killed while people were connected", _xl2tpd_killed),
    "xl2tpd_stopped": Fault("xl2tpd was stopped", _xl2tpd_stopped),
    "xl2tpd_bad_config": Fault("xl2tpd.conf has a word that xl2tpd refuses", _xl2tpd_bad_config),
    "orphan_pppd": Fault("a pppd outlived its xl2tpd and holds an address", _orphan_pppd),
    "stale_record": Fault("pppd's file has the record of a killed pppd", _stale_record),
    "ipsec_stopped": Fault("charon was stopped, xl2tpd goes on", _ipsec_stopped),
    "cleartext_session": Fault("charon was stopped, somebody connects without", _cleartext_session),
    "rebooted": Fault("the router booted by itself and nothing was pushed since", _rebooted),
    "key_drift": Fault("the pre-shared key is not the one of the API", _key_drift),
    "conn_not_loaded": Fault("charon has a connection for another address", _conn_not_loaded),
    "udp500_closed": Fault("the rule for UDP 500 is gone from the router", _closed(500)),
    "udp4500_closed": Fault("the rule for UDP 4500 is gone from the router", _closed(4500)),
    "udp1701_closed": Fault("the rule for UDP 1701 is gone from the router", _closed(1701)),
    "esp_blocked": Fault("ESP is lost on the way to the router", _esp_blocked),
    "conntrack_full": Fault("the connection table is full", _conntrack_full),
    "clock_off": Fault("the router's clock is 95 seconds ahead", _clock_off),
    "unreachable": Fault("its SSH server refuses every connection", _unreachable),
}
"""By name."""

MEND: Final = "mend"
"""The word that takes every fault back."""


def mend(machine: Machine) -> None:
    """Everything works again; what was pushed stays, who is connected properly too."""
    state = machine.state
    state.ip_forward = state.forward_rules = True
    state.other_key = state.other_left = state.extra_setting = state.xl2tpd_unit = ""
    state.no_secrets = state.esp_blocked = state.unreachable = False
    state.conntrack_max = 1_000_000
    state.clock_offset = 0.0
    state.ghost_users.clear()
    state.lost_ports.clear()
    state.habits.clear()
    machine.stale_records.clear()
    state.sessions[:] = [each for each in machine.live_sessions if each.has_ipsec]
    vpn = machine.last_vpn
    if state.bags_lost and vpn is not None:
        state.vpn, state.bags_lost = vpn, False
    if state.vpn is None or state.redundant_state == "BACKUP":
        return
    now = machine.now()
    if not state.charon_running:
        machine.start_charon(now)
    if not state.xl2tpd_running or state.loaded_pool != state.vpn.pool:
        state.sessions.clear()
        machine.start_xl2tpd(now)
