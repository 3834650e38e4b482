"""Outputs that follow from the VPN's state, in the form a CloudStack 4.22 router prints them."""

import json
import time
from typing import Any

from tui.lab.router.machine import Machine, call_of, tunnel_of
from tui.lab.state import LabSession, OpenPort

_PPPD = (
    "/usr/sbin/pppd plugin pppol2tp.so pppol2tp {n} pppol2tp_lns_mode pppol2tp_tunnel_id {tunnel}"
    " pppol2tp_session_id {call} passive nodetach {local}:{inner} refuse-pap"
    " file /etc/ppp/options.xl2tpd"
)


def pppd_processes(machine: Machine) -> list[tuple[int, str]]:
    """One pppd per session; they outlive an xl2tpd that was killed."""
    return [
        (
            session.pid,
            _PPPD.format(
                n=7 + 2 * number,
                tunnel=tunnel_of(session.pid),
                call=call_of(session.pid),
                local=machine.local_ip,
                inner=session.inner_ip,
            ),
        )
        for number, session in enumerate(machine.state.sessions)
    ]


def vpn_sockets(machine: Machine) -> str:
    """`ss -lunp` for the three ports."""
    rows = []
    if machine.state.xl2tpd_running:
        rows.append(("0.0.0.0:1701", "0.0.0.0:*", "xl2tpd", machine.xl2tpd_pid, 3))
    if machine.state.charon_running:
        charon = machine.charon_pid
        rows += [
            ("0.0.0.0:4500", "0.0.0.0:*", "charon", charon, 16),
            ("0.0.0.0:500", "0.0.0.0:*", "charon", charon, 15),
            ("[::]:4500", "[::]:*", "charon", charon, 14),
            ("[::]:500", "[::]:*", "charon", charon, 13),
        ]
    if not rows:
        return "State Recv-Q Send-Q Local Address:Port Peer Address:PortProcess\n"
    head = "State  Recv-Q Send-Q Local Address:Port Peer Address:PortProcess" + 27 * " "
    lines = [
        f'UNCONN 0      0      {local:>18} {peer:>17}    users:(("{name}",pid={pid},fd={fd}))'
        for local, peer, name, pid, fd in rows
    ]
    return "\n".join([head, *lines]) + "\n"


def ipsec_status(machine: Machine) -> tuple[int, str]:
    """`ipsec statusall`; nothing at all and status 3 when charon is stopped."""
    state = machine.state
    if not state.charon_running:
        return 3, ""
    now = time.time()
    since = time.strftime("%b %d %H:%M:%S %Y", time.gmtime(machine.charon_started))
    public = machine.public_ip
    lines = [
        "Status of IKE charon daemon (strongSwan 5.9.8, Linux 6.1.0-56-amd64, x86_64):",
        f"  uptime: {_age(now - machine.charon_started)}, since {since}",
        "  malloc: sbrk 2838528, mmap 0, used 975872, free 1862656",
        "  worker threads: 11 of 16 idle, 5/0/0/0 working, job queue: 0/0/0/0, scheduled: 0",
        "Listening IP addresses:",
        *(f"  {ip}" for ip in (state.guest_ip, state.control_ip, public) if ip),
        *(f"  {machine.local_ip}" for _ in state.sessions),
        "Connections:",
    ]
    if machine.has_key or state.vpn is not None:
        lines += [
            f"    L2TP-PSK:  {public}...%any  IKEv1/2",
            f"    L2TP-PSK:   local:  [{public}] uses pre-shared key authentication",
            "    L2TP-PSK:   remote: uses pre-shared key authentication",
            "    L2TP-PSK:   child:  dynamic[udp/l2f] === 0.0.0.0/0[udp] TRANSPORT",
            "Routed Connections:",
            "    L2TP-PSK{1}:  ROUTED, TRANSPORT, reqid 1",
            "    L2TP-PSK{1}:   0.0.0.0/0[udp/l2f] === 0.0.0.0/0[udp]",
        ]
    sessions = list(enumerate(state.sessions, 1))
    lines.append(f"Security Associations ({len(sessions)} up, 0 connecting):")
    for number, session in reversed(sessions):
        lines += _associations(number, session, public, now)
    return 0, "\n".join(lines) + "\n"


def _associations(number: int, session: LabSession, public: str, now: float) -> list[str]:
    child = number + 1
    age = now - session.since
    packets = 20 + int(age // 10)
    identity = session.private_ip or session.client_ip
    in_udp = "in UDP " if session.private_ip else ""
    ike, ours, theirs = (
        f"{session.pid * factor & 0xFFFFFFFF:08x}" for factor in (1009, 2003, 4001)
    )
    return [
        f"    L2TP-PSK[{number}]: ESTABLISHED {_age(age)} ago, "
        f"{public}[{public}]...{session.client_ip}[{identity}]",
        f"    L2TP-PSK[{number}]: IKEv1 SPIs: {ike}{ours}_i {theirs}{ike}_r*, rekeying disabled",
        f"    L2TP-PSK[{number}]: IKE proposal: AES_CBC_256/HMAC_SHA1_96/PRF_HMAC_SHA1/MODP_2048",
        f"    L2TP-PSK{{{child}}}:  INSTALLED, TRANSPORT, reqid {child}, ESP {in_udp}SPIs: "
        f"c{ours[1:]}_i c{theirs[1:]}_o",
        f"    L2TP-PSK{{{child}}}:  AES_CBC_256/HMAC_SHA1_96, {packets * 87} bytes_i "
        f"({packets} pkts, 0s ago), {packets * 82} bytes_o ({packets} pkts, 0s ago), "
        "rekeying disabled",
        f"    L2TP-PSK{{{child}}}:   {public}/32[udp/l2f] === {session.client_ip}/32[udp/l2f]",
    ]


def _age(seconds: float) -> str:
    """As charon says it: seconds up to two minutes, then minutes, hours, days."""
    count, unit = int(seconds), "second"
    for size, name in ((86400, "day"), (3600, "hour"), (60, "minute")):
        if seconds >= 2 * size:
            count, unit = int(seconds // size), name
            break
    return f"{count} {unit}{'' if count == 1 else 's'}"


def xl2tpd_conf(machine: Machine) -> str:
    """The file, which may be newer than the daemon."""
    vpn = machine.last_vpn
    pool, local = (vpn.pool, vpn.local_ip) if vpn else ("10.1.9.2-10.1.9.8", "10.1.9.1")
    return (
        f"[lns default]\nip range = {pool}\nlocal ip = {local}\nrequire chap = yes\n"
        "refuse pap = yes\npppoptfile =    /etc/ppp/options.xl2tpd\n"
    )


def l2tp_conf(machine: Machine) -> str:
    """The parts of the connection that differ from router to router."""
    left = machine.public_ip if machine.has_key else "172.26.0.151"
    tail = f" leftid={left}\n" if machine.has_key else ""
    return (
        "#ipsec remote access vpn configuration\nconn L2TP-PSK\n        authby=secret\n"
        "        rekey=no\n        keyingtries=3\n        leftfirewall=yes\n"
        f"        type=transport\n left={left}\n        leftprotoport=udp/l2tp\n"
        "        right=%any\n        rightprotoport=udp/%any\n"
        f"        rightsubnetwithin=0.0.0.0/0\n        auto=route\n{tail}"
    )


def xl2tpd_started(machine: Machine) -> tuple[int, str]:
    """Start of the daemon, time of its file, and now."""
    if not machine.state.xl2tpd_running:
        return 1, ""
    now = int(time.time())
    started = int(machine.xl2tpd_started)
    words = time.strftime("%a %b %e %H:%M:%S %Y", time.gmtime(started))
    return 0, (
        f"{machine.xl2tpd_pid:>7} {words} {now - started:>7}\n{started}\n"
        f"{int(machine.configured)}\n{now}\n"
    )


def ppp_records(machine: Machine) -> tuple[int, str, str]:
    """`tdbdump`: a file that is not there before the first login."""
    if not machine.state.sessions:
        path = "/var/run/pppd2.tdb"
        missing = f"tdb({path}): WARNING: tdb_open_ex: could not open file {path}: "
        return 1, f"Failed to open {path}\n", f"{missing}No such file or directory\n"
    records = []
    for number, session in enumerate(machine.state.sessions):
        key = f"pppd{session.pid}"
        values = (
            f"ORIG_UID=0;PPPLOGNAME=root;PPPD_PID={session.pid};IFNAME={session.interface};"
            f"UNIT={number};PEERNAME={session.user};LLLOCAL=fe80::1;LLREMOTE=fe80::2;"
            f"CONNECT_TIME=1;BYTES_SENT=48;BYTES_RCVD=106;IPLOCAL={machine.local_ip};"
            f"IPREMOTE={session.inner_ip}"
        )
        index = f"IPREMOTE={session.inner_ip}"
        records += [
            f'{{\nkey({len(index)}) = "{index}"\ndata({len(key)}) = "{key}"\n}}',
            f'{{\nkey({len(key)}) = "{key}"\ndata({len(values) + 1}) = "{values}\\00"\n}}',
        ]
    return 0, "\n".join(records) + "\n", ""


def l2tp_sessions(machine: Machine) -> str:
    """`ip l2tp show session`, with the control socket of each tunnel."""
    blocks = []
    for session in machine.live_sessions:
        tunnel, peer = tunnel_of(session.pid), tunnel_of(session.pid + 1)
        calls = ((0, 0), (call_of(session.pid), call_of(session.pid + 1)))
        blocks += [
            f"Session {ours} in tunnel {tunnel}\n  Peer session {theirs}, tunnel {peer}\n"
            "  offset 0, peer offset 0\n\n"
            for ours, theirs in calls
        ]
    return "".join(blocks)


def l2tp_tunnels(machine: Machine) -> str:
    """`ip l2tp show tunnel`."""
    return "".join(
        f"Tunnel {tunnel_of(session.pid)}, encap UDP\n"
        f"  From {machine.public_ip} to {session.client_ip}\n"
        f"  Peer tunnel {tunnel_of(session.pid + 1)}\n"
        f"  UDP source / dest ports: 1701/{session.client_port}\n  UDP checksum: disabled\n"
        for session in machine.live_sessions
    )


def _gate_rules(rule: OpenPort) -> list[str]:
    chain = f"-A FIREWALL_{rule.public_ip}"
    if rule.protocol == "all":
        match = ""
    elif rule.protocol == "icmp":
        match = " -p icmp -m icmp --icmp-type any"
    else:
        match = f" -p {rule.protocol} -m {rule.protocol}"
        if rule.start is not None:
            last = f":{rule.end}" if rule.end not in {None, rule.start} else ""
            match += f" --dport {rule.start}{last}"
    sources = [cidr for cidr in rule.cidrs if cidr != "0.0.0.0/0"]
    if len(sources) < len(rule.cidrs) or not rule.cidrs:
        return [f"[1:140] {chain}{match} -j RETURN"]
    return [f"[0:0] {chain} -s {source}{match} -j RETURN" for source in sources]


def mangle_table(machine: Machine) -> str:
    """`iptables-save -c -t mangle`: the chain per public address is the gate that counts."""
    state = machine.state
    chains, rules = [], []
    if not state.is_vpc:
        addresses = {state.public_ip, *(rule.public_ip for rule in state.ports)} - {""}
        for address in sorted(addresses):
            chains += [f":FIREWALL_{address} - [0:0]", f":VPN_{address} - [0:0]"]
            rules += [
                f"[7:1166] -A PREROUTING -d {address}/32 -j FIREWALL_{address}",
                f"[7:1166] -A PREROUTING -d {address}/32 -j VPN_{address}",
            ]
            for rule in state.ports:
                rules += _gate_rules(rule) if rule.public_ip == address else []
            rules += [
                f"[2:152] -A FIREWALL_{address} -m state --state RELATED,ESTABLISHED -j RETURN",
                f"[9:612] -A FIREWALL_{address} -j DROP",
                f"[87:11196] -A VPN_{address} -m state --state RELATED,ESTABLISHED -j ACCEPT",
                f"[10:2028] -A VPN_{address} -j RETURN",
            ]
    return _table(
        "mangle", ["PREROUTING", "INPUT", "FORWARD", "OUTPUT", "POSTROUTING"], chains, rules
    )


def filter_table(machine: Machine) -> str:
    """`iptables-save -c -t filter`: the rules that enabling a VPN makes."""
    state, link = machine.state, machine.public_interface
    rules = ["[13:1835] -A INPUT -p icmp -j ACCEPT", "[35:6252] -A INPUT -i lo -j ACCEPT"]
    if state.vpn is not None:
        public = state.vpn.public_ip
        rules += [
            f"[2:616] -A INPUT -d {public}/32 -i {link} -p udp -m udp --dport {port} -j ACCEPT"
            for port in (500, 4500, 1701)
        ]
        rules += [
            f"[0:0] -A INPUT -i {link} -p ah -j ACCEPT",
            f"[1:168] -A INPUT -i {link} -p esp -j ACCEPT",
            "[0:0] -A FORWARD -i ppp+ -o ppp+ -j ACCEPT",
            f"[9:756] -A FORWARD -s {state.vpn.local_cidr} -o ppp+ -j ACCEPT",
            f"[9:756] -A FORWARD -d {state.vpn.local_cidr} -i ppp+ -j ACCEPT",
        ]
    return _table("filter", ["INPUT", "FORWARD", "OUTPUT"], [], rules)


def _table(name: str, builtin: list[str], chains: list[str], rules: list[str]) -> str:
    made = time.strftime("%a %b %d %H:%M:%S %Y", time.gmtime())
    return "\n".join(
        [
            f"# Generated by iptables-save v1.8.9 (nf_tables) on {made}",
            f"*{name}",
            *(f":{chain} ACCEPT [1107:136029]" for chain in builtin),
            *chains,
            *rules,
            "COMMIT",
            f"# Completed on {made}",
            "",
        ]
    )


def vpn_bag(machine: Machine) -> tuple[int, str, str]:
    """The VPN as CloudStack pushed it, the key left out as in every recording."""
    vpn = machine.state.vpn
    if vpn is None and not machine.has_key:
        path = "/etc/cloudstack/remoteaccessvpn.json"
        return 1, "", f"cat: {path}: No such file or directory\n"
    bag: dict[str, Any] = {"id": "remoteaccessvpn"}
    if vpn is not None:
        bag[vpn.public_ip] = {
            "create": True,
            "ip_range": vpn.pool,
            "local_cidr": vpn.local_cidr,
            "local_ip": vpn.local_ip,
            "preshared_key": "<redacted>",
            "public_interface": machine.public_interface,
            "type": "remoteaccessvpn",
            "vpn_server_ip": vpn.public_ip,
        }
    return 0, json.dumps(bag, indent=2, sort_keys=True), ""


def user_bag(machine: Machine) -> tuple[int, str, str]:
    """The users as CloudStack pushed them, passwords left out."""
    bag: dict[str, Any] = {"id": "vpnuserlist"}
    for name in machine.state.users:
        bag[name] = {"add": True, "password": "<redacted>", "user": name}
    return 0, json.dumps(bag, indent=2, sort_keys=True), ""
