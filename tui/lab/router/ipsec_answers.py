"""What charon and the kernel say of IPsec, in the form a CloudStack 4.22 router prints it."""

import re
import time
from collections.abc import Callable

from tui.lab.router.machine import Machine
from tui.lab.router.recorded import Answer, recordings
from tui.lab.router.times import age
from tui.lab.state import LabAssociation

_ESP_OVERHEAD = 14
"""UDP and L2TP headers inside ESP of each packet of a session."""
_PLUGINS = re.compile(r"  loaded plugins: .*")


def traffic(machine: Machine, association: LabAssociation) -> tuple[int, int, int, int]:
    """Bytes and packets in, then out, of the CHILD_SA of an association."""
    found = [
        association.bytes_in,
        association.packets_in,
        association.bytes_out,
        association.packets_out,
    ]
    session = machine.session_with(association)
    if session is not None:
        meter = machine.meter(session)
        hellos = int(max(0.0, machine.now() - session.since) // 60)
        for position, (size, packets) in enumerate(
            ((meter.bytes_in, meter.packets_in), (meter.bytes_out, meter.packets_out))
        ):
            found[2 * position] += int(size) + int(packets) * _ESP_OVERHEAD + 20 * hellos
            found[2 * position + 1] += int(packets) + hellos
    return found[0], found[1], found[2], found[3]


def statusall(machine: Machine) -> Answer:
    """`ipsec statusall`; nothing at all and status 3 when charon is stopped."""
    state = machine.state
    if not state.charon_running:
        return Answer(3)
    now = machine.now()
    up = now - machine.charon_started
    from_then = time.strftime("%b %d %H:%M:%S %Y", time.gmtime(machine.charon_started))
    plugins = _PLUGINS.search(recordings()["vpn"]["ipsec_statusall"][1])
    lines = [
        "Status of IKE charon daemon (strongSwan 5.9.8, Linux 6.1.0-56-amd64, x86_64):",
        f"  uptime: {age(up)}, since {from_then}",
        "  malloc: sbrk 2838528, mmap 0, used 975872, free 1862656",
        "  worker threads: 11 of 16 idle, 5/0/0/0 working, job queue: 0/0/0/0, scheduled: 0",
        *([plugins.group()] if plugins else []),
        "Listening IP addresses:",
        *(f"  {ip}" for ip in (state.guest_ip, state.control_ip, machine.public_ip) if ip),
        *(f"  {machine.local_ip}" for _ in state.sessions),
        "Connections:",
        *_connection(machine),
        *_short(machine, long=True),
    ]
    return Answer(0, "\n".join(lines) + "\n")


def _connection(machine: Machine) -> list[str]:
    if not machine.has_key:
        return []
    left = machine.state.other_left or machine.public_ip
    return [
        f"    L2TP-PSK:  {left}...%any  IKEv1/2",
        f"    L2TP-PSK:   local:  [{machine.public_ip}] uses pre-shared key authentication",
        "    L2TP-PSK:   remote: uses pre-shared key authentication",
        "    L2TP-PSK:   child:  dynamic[udp/l2f] === 0.0.0.0/0[udp] TRANSPORT",
    ]


def _short(machine: Machine, *, long: bool) -> list[str]:
    """What `ipsec status` prints; `long` adds what `statusall` knows beyond it."""
    lines = []
    if machine.has_key:
        lines += [
            "Routed Connections:",
            "    L2TP-PSK{1}:  ROUTED, TRANSPORT, reqid 1",
            "    L2TP-PSK{1}:   0.0.0.0/0[udp/l2f] === 0.0.0.0/0[udp]",
        ]
    found = machine.associations()
    lines.append(f"Security Associations ({len(found)} up, 0 connecting):")
    if not found:
        lines.append("  none")
    for association in reversed(found):
        lines += _rows(machine, association, long=long)
    return lines


def _request(machine: Machine, association: LabAssociation) -> int:
    """The reqid: one for all clients behind the same NAT, whose selectors are the same."""
    twins = [each for each in machine.associations() if each.client_ip == association.client_ip]
    return twins[0].child if twins else association.child


def _rows(machine: Machine, each: LabAssociation, *, long: bool) -> list[str]:
    public = machine.public_ip
    up = machine.now() - each.since
    identity = each.private_ip or each.client_ip
    ike, child = f"    L2TP-PSK[{each.number}]:", f"    L2TP-PSK{{{each.child}}}:"
    ours, theirs = (
        f"{int(spi, 16) * 2654435761 % 2**64:016x}" for spi in (each.spi_in, each.spi_out)
    )
    lines = [f"{ike} ESTABLISHED {age(up)} ago, {public}[{public}]...{each.client_ip}[{identity}]"]
    if long:
        lines += [
            f"{ike} IKEv1 SPIs: {ours}_i {theirs}_r*, rekeying disabled",
            f"{ike} IKE proposal: AES_CBC_256/HMAC_SHA1_96/PRF_HMAC_SHA1/MODP_2048",
        ]
    if not each.phase_two:
        return lines
    in_udp = "in UDP " if each.private_ip else ""
    lines.append(
        f"{child}  INSTALLED, TRANSPORT, reqid {_request(machine, each)}, ESP {in_udp}SPIs: "
        f"{each.spi_in}_i {each.spi_out}_o"
    )
    if long:
        got, packets_in, sent, packets_out = traffic(machine, each)
        lines.append(
            f"{child}  AES_CBC_256/HMAC_SHA1_96, {_amount(got, packets_in, 'i')}, "
            f"{_amount(sent, packets_out, 'o')}, rekeying disabled"
        )
    lines.append(f"{child}   {public}/32[udp/l2f] === {each.client_ip}/32[udp/l2f]")
    return lines


def _amount(size: int, packets: int, way: str) -> str:
    if not packets:
        return f"{size} bytes_{way}"
    return f"{size} bytes_{way} ({packets} pkts, 0s ago)"


def status(machine: Machine) -> Answer:
    """`ipsec status`."""
    if not machine.state.charon_running:
        return Answer(3)
    return Answer(0, "\n".join(_short(machine, long=False)) + "\n")


def _installed(machine: Machine) -> list[LabAssociation]:
    return [each for each in reversed(machine.associations()) if each.phase_two]


def _policies(machine: Machine) -> Answer:
    if not machine.state.charon_running:
        return Answer(0)
    public, lines = machine.public_ip, []
    for each in _installed(machine):
        lines += [
            f"src {public}/32 dst {each.client_ip}/32 proto udp sport 1701 dport 1701 ",
            "\tdir out priority 366847 ptype main ",
            "\ttmpl src 0.0.0.0 dst 0.0.0.0",
            f"\t\tproto esp spi 0x{each.spi_out} reqid {_request(machine, each)} mode transport",
            f"src {each.client_ip}/32 dst {public}/32 proto udp sport 1701 dport 1701 ",
            "\tdir in priority 366847 ptype main ",
            "\ttmpl src 0.0.0.0 dst 0.0.0.0",
            f"\t\tproto esp reqid {_request(machine, each)} mode transport",
        ]
    if machine.has_key:
        for way, port in (("out", "sport"), ("in", "dport")):
            lines += [
                f"src 0.0.0.0/0 dst 0.0.0.0/0 proto udp {port} 1701 ",
                f"\tdir {way} priority 399680 ptype main ",
                "\ttmpl src 0.0.0.0 dst 0.0.0.0",
                "\t\tproto esp reqid 1 mode transport",
            ]
    for anything in ("0.0.0.0/0", "0.0.0.0/0", "::/0", "::/0"):
        for way in ("in", "out"):
            lines += [f"src {anything} dst {anything} ", f"\tsocket {way} priority 0 ptype main "]
    return Answer(0, "\n".join(lines) + "\n")


def _states(machine: Machine) -> Answer:
    public, lines = machine.public_ip, []
    for each in _installed(machine):
        _, packets_in, _, packets_out = traffic(machine, each)
        ends = (
            (public, each.client_ip, each.spi_out, 0, f"seq 0x0, oseq 0x{packets_out:x}"),
            (each.client_ip, public, each.spi_in, 32, f"seq 0x{packets_in:x}, oseq 0x0"),
        )
        for source, target, spi, window, sequence in ends:
            lines += [
                f"src {source} dst {target}",
                f"\tproto esp spi 0x{spi} reqid {_request(machine, each)} mode transport",
                f"\treplay-window {window} ",
                "\tauth-trunc hmac(sha1) 0x<redacted> 96",
                "\tenc cbc(aes) 0x<redacted>",
            ]
            if each.private_ip:
                lines.append("\tencap type espinudp sport 4500 dport 4500 addr 0.0.0.0")
            lines += [
                f"\tanti-replay context: {sequence}, bitmap 0x00000000",
                f"\tsel src {source}/32 dst {target}/32 ",
            ]
    return Answer(0, "".join(f"{line}\n" for line in lines))


def _state_count(machine: Machine) -> Answer:
    count = 2 * len(_installed(machine))
    return Answer(0, f"\t SAD count {count} (buckets count 8 Max 1048576)\n")


def _policy_count(machine: Machine) -> Answer:
    running = machine.state.charon_running
    count = len(_installed(machine)) + int(running and machine.has_key)
    sockets = 4 if running else 0
    return Answer(
        0,
        f"\t SPD IN  {count} OUT {count} FWD 0 (Sock: IN {sockets} OUT {sockets} FWD 0)\n",
    )


def _xfrm_stat(machine: Machine) -> Answer:
    text = recordings()["vpn"]["xfrm_stat"][1]
    dropped = machine.gate.no_ipsec
    return Answer(0, re.sub(r"(XfrmInTmplMismatch\s+)0", rf"\g<1>{dropped}", text))


def updown_rules(machine: Machine, chain: str) -> list[str]:
    """What charon's updown script has put in front of a chain: one rule per CHILD_SA."""
    link, public = machine.public_interface, machine.public_ip
    way = "in" if chain == "INPUT" else "out"
    rules = []
    for each in _installed(machine):
        ends = f"-s {each.client_ip}/32 -d {public}/32 -i {link}"
        if way == "out":
            ends = f"-s {public}/32 -d {each.client_ip}/32 -o {link}"
        rules.append(
            f"-A {chain} {ends} -p udp -m udp --sport 1701 --dport 1701 -m policy --dir {way} "
            f"--pol ipsec --reqid {_request(machine, each)} --proto esp -j ACCEPT"
        )
    return rules


def _updown(machine: Machine) -> Answer:
    rules = updown_rules(machine, "INPUT")
    return Answer(0 if rules else 1, "".join(f"{rule}\n" for rule in rules))


def _algorithms(machine: Machine) -> Answer:
    if not machine.state.charon_running:
        return Answer(7)
    return Answer(0, recordings()["vpn"]["ipsec_listalgs"][1])


RENDERED: dict[str, Callable[[Machine], Answer]] = {
    "ipsec_statusall": statusall,
    "ipsec_status": status,
    "ipsec_listalgs": _algorithms,
    "xfrm_policy": _policies,
    "xfrm_state": _states,
    "xfrm_state_count": _state_count,
    "xfrm_policy_count": _policy_count,
    "xfrm_stat": _xfrm_stat,
    "iptables_updown": _updown,
}
