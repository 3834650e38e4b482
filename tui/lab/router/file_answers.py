"""Configuration files and data bags of a lab router: what is written, not what runs."""

import json
from collections.abc import Callable
from typing import Any

from tui.lab.router.machine import Machine
from tui.lab.router.recorded import Answer, adapt, recorded, recordings
from tui.lab.router.times import full_iso

_TEMPLATE_TIME = 1761832299
"""When the files of the template were made that nothing has written since."""
_BAGS = "/etc/cloudstack"


def _xl2tpd_conf(machine: Machine) -> Answer:
    """The file, which may be newer than the daemon."""
    vpn = machine.last_vpn
    pool, local = (vpn.pool, vpn.local_ip) if vpn else ("10.1.9.2-10.1.9.8", "10.1.9.1")
    extra = f"{machine.state.extra_setting}\n" if machine.state.extra_setting else ""
    return Answer(
        0,
        f"[lns default]\nip range = {pool}\nlocal ip = {local}\nrequire chap = yes\n"
        f"refuse pap = yes\npppoptfile =    /etc/ppp/options.xl2tpd\n{extra}",
    )


def _ppp_options(machine: Machine) -> Answer:
    """The name server is the router's own end as written, whatever the daemon hands out."""
    vpn = machine.last_vpn
    text = str(recordings()["fresh"]["options_xl2tpd"][1])
    dns = vpn.local_ip if vpn else machine.state.guest_ip
    return Answer(0, text.replace("ms-dns 10.1.1.1", f"ms-dns {dns}"))


def _l2tp_conf(machine: Machine) -> Answer:
    found = recorded(machine, "l2tp_conf")
    text = found.stdout if found else ""
    if machine.state.other_left:
        text = text.replace(f" left={machine.public_ip}\n", f" left={machine.state.other_left}\n")
    return Answer(0, text)


def _logins(machine: Machine) -> Answer:
    return Answer(0, "".join(f"{name}\n" for name in machine.logins))


def _missing(command: str, path: str) -> Answer:
    return Answer(1, "", f"{command}{path}': No such file or directory\n")


def _has_key_file(machine: Machine) -> bool:
    return machine.has_key and not machine.key_removed


def _key_stat(machine: Machine) -> Answer:
    path = "/etc/ipsec.d/ipsec.any.secrets"
    if not _has_key_file(machine):
        return _missing("stat: cannot statx '", path)
    stamp = full_iso(machine.key_written)
    size = len(machine.key) + 9
    return Answer(
        0,
        f"  File: {path}\n  Size: {size:<10}\tBlocks: 8          IO Block: 4096   regular file\n"
        "Device: 254,0\tInode: 23684       Links: 1\n"
        "Access: (0644/-rw-r--r--)  Uid: (    0/    root)   Gid: (    0/    root)\n"
        f"Access: {stamp}\nModify: {stamp}\nChange: {stamp}\n Birth: {stamp}\n",
    )


def _conf_stat(machine: Machine) -> Answer:
    key = machine.has_key
    logins = 80 + sum(len(name) + len(word) + 6 for name, word in machine.logins.items())
    rows = [
        (
            "/etc/xl2tpd/xl2tpd.conf",
            1368,
            len(_xl2tpd_conf(machine).stdout),
            644,
            machine.configured,
        ),
        (
            "/etc/ppp/options.xl2tpd",
            675,
            len(_ppp_options(machine).stdout),
            644,
            machine.configured,
        ),
        ("/etc/ppp/chap-secrets", 661, logins, 600, machine.users_written),
        ("/etc/ipsec.conf", 524, 94, 644, 0.0),
        ("/etc/ipsec.d/l2tp.conf", 531, len(_l2tp_conf(machine).stdout), 644, machine.configured),
    ]
    if not key:
        rows = [(*row[:4], 0.0 if "chap" not in row[0] else row[4]) for row in rows]
    if _has_key_file(machine):
        size = len(machine.key) + 9
        rows.append(("/etc/ipsec.d/ipsec.any.secrets", 23684, size, 644, machine.key_written))
    rows.append(("/etc/iptables/rules.v4", 23658, 4393, 644, machine.firewall_written))
    text = "".join(
        f"{path} {inode} {size} {mode} root:root {int(when or _TEMPLATE_TIME)}\n"
        for path, inode, size, mode, when in rows
    )
    missing = "stat: cannot statx '/etc/ipsec.d/ipsec.any.secrets': No such file or directory\n"
    return Answer(0, text) if _has_key_file(machine) else Answer(1, text, missing)


def _ipsec_folder(machine: Machine) -> Answer:
    text = str(recordings()["vpn"]["ls_ipsec_d"][1])
    rows = []
    for row in adapt(machine, text).splitlines():
        written = {
            "ipsec.any.secrets": machine.key_written,
            "l2tp.conf": machine.configured if machine.has_key else float(_TEMPLATE_TIME),
        }.get(row.rpartition(" ")[2])
        if written is not None:
            if row.endswith("secrets") and not _has_key_file(machine):
                continue
            words = row.split(" ")
            words[-4:-1] = full_iso(written).split(" ")
            row = " ".join(words)
        rows.append(row)
    return Answer(0, "\n".join(rows) + "\n")


def _cat(path: str, bag: dict[str, Any] | None) -> Answer:
    if bag is None:
        return Answer(1, "", f"cat: {_BAGS}/{path}: No such file or directory\n")
    return Answer(0, json.dumps(bag, indent=2, sort_keys=True))


def _vpn_bag(machine: Machine) -> Answer:
    """The VPN as CloudStack pushed it, the key left out as in every recording."""
    vpn = machine.state.vpn
    if vpn is None and (not machine.has_key or machine.state.bags_lost):
        return _cat("remoteaccessvpn.json", None)
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
    return _cat("remoteaccessvpn.json", bag)


def _user_bag(machine: Machine) -> Answer:
    """The users as CloudStack pushed them, passwords left out."""
    if machine.state.bags_lost or not (machine.has_key or machine.state.users):
        return _cat("vpnuserlist.json", None)
    bag: dict[str, Any] = {"id": "vpnuserlist"}
    for name in machine.state.users:
        bag[name] = {"add": True, "password": "<redacted>", "user": name}
    return _cat("vpnuserlist.json", bag)


def _firewall_bag(machine: Machine) -> Answer:
    ports = [] if machine.state.bags_lost else machine.state.ports
    if machine.state.bags_lost or machine.state.is_vpc:
        return _cat("firewallrules.json", None)
    bag: dict[str, Any] = {"id": "firewallrules"}
    for number, rule in enumerate(ports, 101):
        bag[str(number)] = {
            "already_added": False,
            "default_egress_policy": True,
            "id": number,
            "protocol": rule.protocol,
            "purpose": "Firewall",
            "revoked": False,
            "source_cidr_list": list(rule.cidrs) or ["0.0.0.0/0"],
            "src_ip": rule.public_ip,
            "src_port_range": [rule.start, rule.end] if rule.start is not None else [],
            "traffic_type": "Ingress",
        }
    return _cat("firewallrules.json", bag)


def _command_line(name: str) -> Callable[[Machine], Answer]:
    """The boot parameters: whether the router is one of a pair."""

    def answer(machine: Machine) -> Answer:
        found = recorded(machine, name)
        text = found.stdout if found else ""
        if machine.state.redundant_state != "UNKNOWN":
            text = text.replace('"redundant_router": "false"', '"redundant_router": "true"')
            text = text.replace(" disable_rp_filter", " redundant_router=1 disable_rp_filter")
        return Answer(0, text)

    return answer


def _bag_folder(machine: Machine) -> Answer:
    """`ls -la` of the bags: when each kind was pushed last."""
    booted = machine.booted
    times = {"cmdline.json": booted + 61, "ips.json": booted + 80}
    if not machine.state.bags_lost:
        times["dhcpentry.json"] = booted + 86
        if not machine.state.is_vpc:
            times["firewallrules.json"] = machine.firewall_written
        if machine.has_key:
            times["remoteaccessvpn.json"] = machine.key_written
        if machine.has_key or machine.state.users:
            times["vpnuserlist.json"] = machine.users_written
    rows = [
        f"-rw-r--r--  1 root root  331 {full_iso(when)} {name}"
        for name, when in sorted(times.items())
    ]
    newest = full_iso(max(times.values()))
    return Answer(
        0,
        f"{_BAGS}:\ntotal {4 * len(rows) + 8}\ndrwxr-xr-x  2 root root 4096 {newest} .\n"
        f"drwxr-xr-x 84 root root 4096 {full_iso(booted + 67)} ..\n"
        + "\n".join(rows)
        + f"\n\n/var/cache/cloud:\ntotal 24\n"
        f"-rw-r--r-- 1 root root   29 {full_iso(booted + 117)} boot_up_done\n"
        f"-rw-r--r-- 1 root root  451 {full_iso(booted + 56)} cmdline\n"
        f"drwxr-xr-x 2 root root 4096 {newest} processed\n",
    )


RENDERED: dict[str, Callable[[Machine], Answer]] = {
    "xl2tpd_conf": _xl2tpd_conf,
    "options_xl2tpd": _ppp_options,
    "l2tp_conf": _l2tp_conf,
    "chap_users": _logins,
    "psk_sha256": lambda machine: Answer(0, f"{machine.key_digest()}  -\n"),
    "psk_stat": _key_stat,
    "conf_stat": _conf_stat,
    "ls_ipsec_d": _ipsec_folder,
    "cmdline": _command_line("cmdline"),
    "bag_cmdline": _command_line("bag_cmdline"),
    "bag_remoteaccessvpn": _vpn_bag,
    "bag_vpnuserlist": _user_bag,
    "bag_firewallrules": _firewall_bag,
    "bags_ls": _bag_folder,
}
