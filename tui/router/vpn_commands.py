"""Commands of the registry about the VPN: daemons, sockets, configuration, users, sessions."""

from tui.router import (
    file_facts,
    ipsec_facts,
    session_facts,
    system_facts,
    vpn_facts,
)
from tui.router.registry import allow, shell

_HANGING_CHARON = 40.0
"""Seconds: a hung charon blocks every `ipsec` command for 30."""

PGREP_CHARON = allow(
    "pgrep_charon", ("pgrep", "-a", "charon"), system_facts.read_processes, statuses=(0, 1)
)
PGREP_STARTER = allow(
    "pgrep_starter", ("pgrep", "-a", "starter"), system_facts.read_processes, statuses=(0, 1)
)
PGREP_XL2TPD = allow(
    "pgrep_xl2tpd", ("pgrep", "-a", "xl2tpd"), system_facts.read_processes, statuses=(0, 1)
)
PGREP_PPPD = allow(
    "pgrep_pppd", ("pgrep", "-a", "pppd"), session_facts.read_ppp_processes, statuses=(0, 1)
)
PS_VPN = allow(
    "ps_vpn",
    ("ps", "-o", "pid,ppid,lstart,etimes,rss,nlwp,args", "-C", "charon,starter,xl2tpd,pppd"),
    system_facts.read_vpn_processes,
    statuses=(0, 1),
)
SS_UDP = allow("ss_udp", ("ss", "-lunp"), system_facts.read_listeners)
SS_TCP = allow("ss_tcp", ("ss", "-ltnp"), system_facts.read_listeners)
SS_VPN_PORTS = allow(
    "ss_vpn_ports",
    shell("ss -lunp 'sport = :500 or sport = :4500 or sport = :1701'"),
    system_facts.read_listeners,
)

IPSEC_STATUSALL = allow(
    "ipsec_statusall",
    ("ipsec", "statusall"),
    ipsec_facts.read_ipsec,
    statuses=(0, 3),
    seconds=_HANGING_CHARON,
)
IPSEC_LISTALGS = allow(
    "ipsec_listalgs",
    ("ipsec", "listalgs"),
    ipsec_facts.read_algorithms,
    statuses=(0, 7),
    seconds=_HANGING_CHARON,
)
IPSEC_VERSION = allow("ipsec_version", ("ipsec", "version"), ipsec_facts.read_first_line)
L2TP_CONF = allow("l2tp_conf", ("cat", "/etc/ipsec.d/l2tp.conf"), ipsec_facts.read_sections)
IPSEC_CONF = allow("ipsec_conf", ("cat", "/etc/ipsec.conf"), ipsec_facts.read_sections)
LS_IPSEC_D = allow(
    "ls_ipsec_d",
    ("ls", "-la", "--time-style=full-iso", "/etc/ipsec.d"),
    file_facts.read_listing,
)
PSK_SHA256 = allow(
    "psk_sha256",
    shell(
        "sed -n 's/^: PSK \"\\(.*\\)\"$/\\1/p' /etc/ipsec.d/ipsec.any.secrets"
        " | tr -d '\\n' | sha256sum"
    ),
    vpn_facts.read_key_digest,
)
PSK_STAT = allow(
    "psk_stat",
    ("stat", "/etc/ipsec.d/ipsec.any.secrets"),
    file_facts.read_file_status,
    statuses=(0, 1),
)
XFRM_POLICY = allow("xfrm_policy", ("ip", "xfrm", "policy"), ipsec_facts.read_policies)
XFRM_STATE_COUNT = allow(
    "xfrm_state_count", ("ip", "-s", "xfrm", "state", "count"), ipsec_facts.read_state_count
)
XFRM_POLICY_COUNT = allow(
    "xfrm_policy_count", ("ip", "-s", "xfrm", "policy", "count"), ipsec_facts.read_policy_count
)
XFRM_STAT = allow("xfrm_stat", ("cat", "/proc/net/xfrm_stat"), system_facts.read_named_counts)

XL2TPD_CONF = allow(
    "xl2tpd_conf", ("cat", "/etc/xl2tpd/xl2tpd.conf"), vpn_facts.read_xl2tpd_settings
)
XL2TPD_STARTED = allow(
    "xl2tpd_started",
    shell(
        "P=$(pgrep -o -x xl2tpd) && ps -o pid=,lstart=,etimes= -p $P && stat -c %Y /proc/$P"
        " && stat -c %Y /etc/xl2tpd/xl2tpd.conf && date +%s"
    ),
    vpn_facts.read_xl2tpd_start,
    statuses=(0, 1),
)
OPTIONS_XL2TPD = allow("options_xl2tpd", ("cat", "/etc/ppp/options.xl2tpd"), vpn_facts.read_options)
PPP_OPTIONS = allow(
    "ppp_options",
    shell("grep -v '^#' /etc/ppp/options | grep ."),
    vpn_facts.read_options,
    statuses=(0, 1),
)
CONF_STAT = allow(
    "conf_stat",
    shell(
        "stat -c '%n %i %s %a %U:%G %Y' /etc/xl2tpd/xl2tpd.conf /etc/ppp/options.xl2tpd"
        " /etc/ppp/chap-secrets /etc/ipsec.conf /etc/ipsec.d/l2tp.conf"
        " /etc/ipsec.d/ipsec.any.secrets /etc/iptables/rules.v4"
    ),
    file_facts.read_configuration_files,
    statuses=(0, 1),
)
CHAP_USERS = allow(
    "chap_users",
    shell("awk '!/^[ \t]*#/ && NF {print $1}' /etc/ppp/chap-secrets"),
    vpn_facts.read_names,
)
BAG_REMOTEACCESSVPN = allow(
    "bag_remoteaccessvpn",
    ("cat", "/etc/cloudstack/remoteaccessvpn.json"),
    vpn_facts.read_programmed_vpn,
    statuses=(0, 1),
)
BAG_VPNUSERLIST = allow(
    "bag_vpnuserlist",
    ("cat", "/etc/cloudstack/vpnuserlist.json"),
    vpn_facts.read_programmed_users,
    statuses=(0, 1),
)

TDBDUMP = allow(
    "tdbdump", ("tdbdump", "/var/run/pppd2.tdb"), session_facts.read_ppp_records, statuses=(0, 1)
)
L2TP_SESSION = allow(
    "l2tp_session", ("ip", "l2tp", "show", "session"), session_facts.read_l2tp_sessions
)
L2TP_TUNNEL = allow(
    "l2tp_tunnel", ("ip", "l2tp", "show", "tunnel"), session_facts.read_l2tp_tunnels
)
RUN_PPP = allow(
    "run_ppp",
    shell("ls -la --time-style=full-iso /var/run/ppp* /var/run/xl2tpd* /var/run/*.pid"),
    file_facts.read_listing,
    statuses=(0, 1, 2),
)
