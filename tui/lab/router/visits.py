"""What becomes of somebody who wants to connect: it follows from the router and from the client.

Each way is a recorded scene. What stops a client first decides, in the order of the ladder: the
firewall, charon, the key, IPsec, xl2tpd, pppd.
"""

import zlib
from typing import Final, Literal, NamedTuple

from tui.lab.router.machine import Machine
from tui.lab.router.scenes import Client

FULL_TABLE: Final = 64
"""A connection table of at most this size is full on every router."""

Reached = Literal["nothing", "ike", "ipsec", "session", "session without ipsec"]


class Habit(NamedTuple):
    """What somebody does wrong every time."""

    says: str
    scene: str
    stage: Literal["begin", "key", "ipsec", "ppp", "connected"]
    """Where on the ladder it matters."""


HABITS: Final = {
    "old_proposals": Habit("offers only MODP_1024 for IKE", "old_client", "begin"),
    "aggressive_mode": Habit("uses IKE's aggressive mode", "aggressive", "begin"),
    "flood": Habit("begins connections and never completes them", "flood", "begin"),
    "scan": Habit("sends garbage to UDP 500", "scan", "begin"),
    "wrong_key": Habit("has another pre-shared key", "wrong_key", "key"),
    "server_id": Habit("expects another identity of the server", "server_id", "ipsec"),
    "old_esp": Habit("offers only 3DES and MD5 for ESP", "old_esp", "ipsec"),
    "other_selectors": Habit("asks for other traffic than L2TP", "other_selectors", "ipsec"),
    "esp_blocked": Habit("is behind something that lets no ESP out", "esp_blocked", "ipsec"),
    "no_ipsec": Habit("speaks L2TP without IPsec", "no_ipsec", "begin"),
    "lcp_timeout": Habit("never answers LCP", "lcp_timeout", "ppp"),
    "pap_only": Habit("logs in with PAP only", "pap_only", "ppp"),
    "mppe": Habit("demands MPPE", "mppe", "ppp"),
    "wrong_password": Habit("types a wrong password", "wrong_password", "ppp"),
    "unknown_user": Habit(
        "logs in with a name that the router does not know", "unknown_user", "ppp"
    ),
    "static_ip": Habit("chooses an inner address outside the range", "static_ip", "connected"),
    "vanishes": Habit("loses the network a while after connecting", "connect", "connected"),
    "idles": Habit("connects and then does nothing", "connect", "connected"),
}
"""By the name that a world or `configureSimulator` calls it."""


class Way(NamedTuple):
    """How an attempt goes."""

    scene: str
    reached: Reached


def way_of(machine: Machine, client: Client, wrong: str = "") -> Way:
    """How an attempt of `client` goes now; `wrong` names a habit for this attempt alone."""
    habit = HABITS.get(wrong or machine.state.habits.get(client.user, ""))
    for look in (_before_charon, _with_charon, _with_ipsec, _with_ppp):
        found = look(machine, client, habit)
        if found is not None:
            return found
    if habit is not None and habit.scene == "static_ip":
        return Way("static_ip", "session")
    if client.private_ip is not None and any(
        session.client_ip == client.public_ip and session.private_ip != client.private_ip
        for session in machine.live_sessions
    ):
        return Way("same_nat", "session")
    return Way("connect_nat" if client.private_ip else "connect", "session")


def _before_charon(machine: Machine, client: Client, habit: Habit | None) -> Way | None:
    state, address = machine.state, client.public_ip
    if habit is not None and habit.scene == "no_ipsec":
        gets_in = machine.lets_in(1701, address) and state.xl2tpd_running
        if state.charon_running or not gets_in:
            return Way("no_ipsec", "nothing")
        return Way("connect_md5", "session without ipsec")
    if not machine.lets_in(500, address):
        return Way("blocked_500", "nothing")
    if not state.charon_running:
        return Way("ipsec_down", "nothing")
    if state.other_left or not machine.has_key:
        return Way("no_connection", "nothing")
    if state.conntrack_max <= FULL_TABLE:
        return Way("table_full", "ipsec")
    return None


def _with_charon(machine: Machine, client: Client, habit: Habit | None) -> Way | None:
    if habit is not None and habit.stage == "begin":
        return Way(habit.scene, "nothing")
    if client.private_ip is not None and not machine.lets_in(4500, client.public_ip):
        return Way("blocked_4500", "nothing")
    if machine.state.other_key or (habit is not None and habit.stage == "key"):
        return Way("wrong_key", "nothing")
    return None


def _with_ipsec(machine: Machine, client: Client, habit: Habit | None) -> Way | None:
    state = machine.state
    if habit is not None and habit.stage == "ipsec" and habit.scene != "esp_blocked":
        return Way(habit.scene, "ike" if habit.scene != "server_id" else "nothing")
    if state.esp_blocked or (habit is not None and habit.scene == "esp_blocked"):
        return Way("esp_blocked", "ipsec")
    if not machine.lets_in(1701, client.public_ip):
        return Way("blocked_1701", "ipsec")
    if not state.xl2tpd_running:
        return Way("l2tp_down", "ipsec")
    if machine.free_address() is None:
        return Way("pool_exhausted", "ipsec")
    return None


def _with_ppp(machine: Machine, client: Client, habit: Habit | None) -> Way | None:
    if not machine.logins:
        return Way("no_secrets", "ipsec")
    if habit is not None and habit.stage == "ppp":
        return Way(habit.scene, "ipsec")
    if client.user not in machine.logins:
        return Way("unknown_user", "ipsec")
    return None


def client_of(user: str) -> Client:
    """Where `user` always comes from; every fourth is behind NAT."""
    number = zlib.crc32(user.encode())
    address = f"198.51.100.{number % 150 + 20}"
    private = f"192.168.{number % 7}.{number % 200 + 10}" if number % 4 == 0 else None
    return Client(user, address, private)
