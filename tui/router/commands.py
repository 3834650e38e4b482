"""The read-only commands that may be sent to a router: nothing else is.

A command is a name, a fixed argument vector and the parser of its output. The vectors are those of
the recordings in `tests/recordings/router_facts`, so every parser has been run on real output. None
of them takes a parameter; the ones that do (reading logs) are in `log_commands`.
"""

import shlex
from collections.abc import Callable
from typing import Any, Final, Generic, Protocol, TypeVar

import msgspec

from tui.router import system_facts, vpn_facts
from tui.router.output import Output

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)


class Command(msgspec.Struct, Generic[T_co], frozen=True, kw_only=True):
    """One read-only command."""

    name: str
    argv: tuple[str, ...]
    parse: Callable[[Output], T_co]
    statuses: frozenset[int] = frozenset({0})
    """Exit statuses that the parser understands."""
    seconds: float = 10.0
    """Time limit."""

    @property
    def line(self) -> str:
        """What is sent: one shell word per argument, in the C locale."""
        return command_line(self.argv)


class Asks(Protocol):
    """Something that runs commands of the registry: a `RouterConnection`, or recorded answers."""

    async def run(self, command: Command[T]) -> T:
        """Run `command` and return its fact."""
        ...


def command_line(argv: tuple[str, ...]) -> str:
    """`argv` for the remote shell."""
    return f"LC_ALL=C {shlex.join(argv)}"


REGISTRY: Final[dict[str, Command[Any]]] = {}
"""Every command that may be sent, by name."""


def _allow(
    name: str,
    argv: tuple[str, ...],
    parse: Callable[[Output], T],
    *,
    statuses: tuple[int, ...] = (0,),
    seconds: float = 10.0,
) -> Command[T]:
    command = Command(
        name=name, argv=argv, parse=parse, statuses=frozenset(statuses), seconds=seconds
    )
    REGISTRY[name] = command
    return command


def _shell(script: str) -> tuple[str, ...]:
    return ("sh", "-c", script)


HOSTNAME = _allow("hostname", ("hostname",), system_facts.read_words)
DATE = _allow("date", ("date", "-u", "+%s.%N"), system_facts.read_clock)
UPTIME = _allow("uptime", ("uptime",), system_facts.read_words)
PROC_UPTIME = _allow("proc_uptime", ("cat", "/proc/uptime"), system_facts.read_uptime)
LOADAVG = _allow("loadavg", ("cat", "/proc/loadavg"), system_facts.read_load)
NPROC = _allow("nproc", ("nproc",), system_facts.read_count)
FREE = _allow("free", ("free", "-b"), system_facts.read_memory)
DF = _allow("df", ("df", "-B1"), system_facts.read_file_systems, statuses=(0, 1))
IP_ADDR = _allow("ip_addr", ("ip", "-j", "addr"), system_facts.read_addresses)
CLOUDSTACK_RELEASE = _allow(
    "cloudstack_release", ("cat", "/etc/cloudstack-release"), system_facts.read_words
)
CHECKROUTER = _allow(
    "checkrouter", ("/opt/cloud/bin/checkrouter.sh",), vpn_facts.read_redundancy, seconds=20
)
SYSCTL = _allow(
    "sysctl",
    (
        "sysctl",
        "net.ipv4.ip_forward",
        "net.ipv4.conf.all.rp_filter",
        "net.ipv4.conf.eth2.rp_filter",
        "net.netfilter.nf_conntrack_max",
        "net.netfilter.nf_conntrack_count",
        "net.core.rmem_max",
        "net.core.wmem_max",
        "net.core.netdev_max_backlog",
        "net.ipv4.conf.all.send_redirects",
        "net.ipv6.conf.all.disable_ipv6",
    ),
    system_facts.read_settings,
    statuses=(0, 1, 255),
)
PGREP_CHARON = _allow(
    "pgrep_charon", ("pgrep", "-a", "charon"), system_facts.read_processes, statuses=(0, 1)
)
PGREP_XL2TPD = _allow(
    "pgrep_xl2tpd", ("pgrep", "-a", "xl2tpd"), system_facts.read_processes, statuses=(0, 1)
)
PGREP_PPPD = _allow(
    "pgrep_pppd", ("pgrep", "-a", "pppd"), vpn_facts.read_ppp_processes, statuses=(0, 1)
)
SS_VPN_PORTS = _allow(
    "ss_vpn_ports",
    _shell("ss -lunp 'sport = :500 or sport = :4500 or sport = :1701'"),
    system_facts.read_listeners,
)
IPSEC_STATUSALL = _allow(
    "ipsec_statusall",
    ("ipsec", "statusall"),
    vpn_facts.read_ipsec,
    statuses=(0, 3),
    seconds=40,  # a hung charon blocks every ipsec command for 30 s
)
XL2TPD_CONF = _allow(
    "xl2tpd_conf", ("cat", "/etc/xl2tpd/xl2tpd.conf"), vpn_facts.read_xl2tpd_settings
)
XL2TPD_STARTED = _allow(
    "xl2tpd_started",
    _shell(
        "P=$(pgrep -o -x xl2tpd) && ps -o pid=,lstart=,etimes= -p $P && stat -c %Y /proc/$P"
        " && stat -c %Y /etc/xl2tpd/xl2tpd.conf && date +%s"
    ),
    vpn_facts.read_xl2tpd_start,
    statuses=(0, 1),
)
PSK_SHA256 = _allow(
    "psk_sha256",
    _shell(
        "sed -n 's/^: PSK \"\\(.*\\)\"$/\\1/p' /etc/ipsec.d/ipsec.any.secrets"
        " | tr -d '\\n' | sha256sum"
    ),
    vpn_facts.read_key_digest,
)
CHAP_USERS = _allow(
    "chap_users",
    _shell("awk '!/^[ \t]*#/ && NF {print $1}' /etc/ppp/chap-secrets"),
    vpn_facts.read_names,
)
TDBDUMP = _allow(
    "tdbdump", ("tdbdump", "/var/run/pppd2.tdb"), vpn_facts.read_ppp_records, statuses=(0, 1)
)
L2TP_SESSION = _allow(
    "l2tp_session", ("ip", "l2tp", "show", "session"), vpn_facts.read_l2tp_sessions
)
L2TP_TUNNEL = _allow("l2tp_tunnel", ("ip", "l2tp", "show", "tunnel"), vpn_facts.read_l2tp_tunnels)
IPTABLES_MANGLE = _allow(
    "iptables_mangle", ("iptables-save", "-c", "-t", "mangle"), vpn_facts.read_rules
)
IPTABLES_FILTER = _allow(
    "iptables_filter", ("iptables-save", "-c", "-t", "filter"), vpn_facts.read_rules
)
DAEMON_LOG_STAT = _allow(
    "daemon_log_stat",
    (
        "stat",
        "-c",
        "%n %i %s %Y",
        "/var/log/daemon.log",
        "/var/log/messages",
        "/var/log/cloud.log",
        "/var/log/auth.log",
    ),
    system_facts.read_log_files,
    statuses=(0, 1),
)
BAG_REMOTEACCESSVPN = _allow(
    "bag_remoteaccessvpn",
    ("cat", "/etc/cloudstack/remoteaccessvpn.json"),
    vpn_facts.read_programmed_vpn,
    statuses=(0, 1),
)
BAG_VPNUSERLIST = _allow(
    "bag_vpnuserlist",
    ("cat", "/etc/cloudstack/vpnuserlist.json"),
    vpn_facts.read_programmed_users,
    statuses=(0, 1),
)
