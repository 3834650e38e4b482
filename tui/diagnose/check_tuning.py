"""What makes it fast or slow although it works: packet sizes and encryption."""

from typing import Final

from tui.diagnose.subject import Result, Subject, passed, prove, skipped, unknown, warned
from tui.router import commands
from tui.router.survey import Unanswered

_PPP: Final = 4
_L2TP: Final = 6
"""Bytes of the header that the kernel's L2TP writes; user space and Windows write 8."""
_UDP: Final = 8
_TRAILER: Final = 2
_BLOCK: Final = 16
_IV_AND_HEADER: Final = 24
_OUTER_IP: Final = 20
CHECKSUM: Final = 12
"""Bytes of a checksum of HMAC_SHA1_96; HMAC_SHA2_256_128 has 16."""
ADVISED: Final = 1400
"""MTU that fits a path of 1500 bytes with and without NAT traversal."""


def largest_inner(path: int, *, behind_nat: bool, checksum: int = CHECKSUM) -> int:
    """The largest packet of a client, in bytes, that passes a path of `path` bytes in one piece.

    Inside ESP with AES-CBC lie PPP, L2TP and UDP; the sum is filled up to whole blocks. Measured on
    the wire with these very headers (1420 without NAT on 1500 bytes, 1404 with it).
    """
    outer = _OUTER_IP + (_UDP if behind_nat else 0) + _IV_AND_HEADER + checksum
    room = (path - outer) // _BLOCK * _BLOCK
    return room - _TRAILER - _UDP - _L2TP - _PPP


def mtu(subject: Subject) -> Result:
    """Full-size packets of clients leave in one piece."""
    not_due = subject.not_due(on_standby=True)
    if not_due is not None:
        return not_due
    options = subject.fact(commands.OPTIONS_XL2TPD)
    if isinstance(options, Unanswered):
        return unknown(options)
    path = _path(subject)
    straight = largest_inner(path, behind_nat=False)
    through_nat = largest_inner(path, behind_nat=True)
    told = options.get("mtu", "")
    size = int(told) if told.isdecimal() else 1500
    evidence = (
        *prove(
            "options_xl2tpd", f"mtu {told or 'not set'}", f"mru {options.get('mru', 'not set')}"
        ),
        *prove(
            "nic_driver",
            f"path {path}: {straight} bytes fit without NAT, {through_nat} with it",
        ),
    )
    fix = (
        f"Set `mtu {min(ADVISED, through_nat)}` and `mru {min(ADVISED, through_nat)}` in "
        "/etc/ppp/options.xl2tpd (counts for new sessions, survives pushes, is lost when the "
        "router is made anew), or in the clients: kits have it."
    )
    cut = _cut_sessions(subject, through_nat)
    if cut:
        return warned(
            f"{cut[0]}: full-size packets leave in two pieces, and where pieces are lost large "
            "transfers hang while ping works",
            evidence,
            fix,
        )
    if size > straight:
        return warned(
            f"mtu {size} does not fit a path of {path} bytes ({straight} at most): every "
            "full-size packet leaves in two pieces",
            evidence,
            fix,
        )
    if size > through_nat:
        return passed(
            f"mtu {size} fits without NAT; clients behind NAT have room for {through_nat}",
            evidence,
            fix,
        )
    return passed(f"mtu {size} fits with and without NAT", evidence)


def _path(subject: Subject) -> int:
    """MTU of the public card; 1500 where it is not told."""
    cards, links = subject.fact(commands.NIC_DRIVER), subject.fact(commands.IP_LINK_STATS)
    sizes: dict[str, int] = {}
    if not isinstance(links, Unanswered):
        sizes |= {link.name: link.mtu for link in links}
    if not isinstance(cards, Unanswered):
        sizes |= {card.name: card.mtu for card in cards}
    if sizes.get(subject.public_interface):
        return sizes[subject.public_interface]
    told = subject.boot_parameters.get("publicMtu", "")
    return int(told) if told.isdecimal() else 1500


def _cut_sessions(subject: Subject, through_nat: int) -> list[str]:
    """Sessions whose packets are too large, where everybody who is connected is behind NAT."""
    links = subject.fact(commands.IP_LINK_PPP)
    ipsec = subject.fact(commands.IPSEC_STATUSALL)
    if isinstance(links, Unanswered) or isinstance(ipsec, Unanswered):
        return []
    installed = [each for each in ipsec.children if each.state == "INSTALLED"]
    if not installed or not all(each.in_udp for each in installed):
        return []
    return [
        f"{link.name} has mtu {link.mtu} behind NAT"
        for link in links
        if link.name.startswith("ppp") and link.mtu > through_nat
    ]


def mss_clamp(subject: Subject) -> Result:
    """TCP inside the VPN is told the right size. CloudStack installs no such rule."""
    not_due = subject.not_due()
    if not_due is not None:
        return not_due
    rules = subject.fact(commands.IPTABLES_MANGLE)
    if isinstance(rules, Unanswered):
        return unknown(rules)
    clamps = [rule for rule in rules if "TCPMSS" in rule.text]
    if clamps:
        texts = (f"{rule.chain} {rule.text}" for rule in clamps)
        return passed("TCP is told the size that fits", prove("iptables_mangle", *texts))
    return passed(
        "no rule tells TCP the size that fits, as on every router of CloudStack",
        prove("iptables_mangle", "no TCPMSS"),
        "Where large transfers hang: `iptables -t mangle -A FORWARD -o ppp+ -p tcp --tcp-flags "
        "SYN,RST SYN -j TCPMSS --clamp-mss-to-pmtu`; a push of CloudStack may take it away.",
    )


def aes_hardware(subject: Subject) -> Result:
    """Encryption is done by the processor's own instructions. Routers of VPCs do not load them."""
    has = subject.fact(commands.CPU_AES)
    drivers = subject.fact(commands.CRYPTO_CBC_AES)
    if isinstance(has, Unanswered):
        return unknown(has)
    if not has:
        return passed(
            "the processor has no AES of its own: encryption is slow here",
            prove("cpu_aes", "no aes among the processor's flags"),
            "Let the host pass its processor on (KVM: guest.cpu.mode=host-model or "
            "host-passthrough in agent.properties), then stop and start the router.",
        )
    if isinstance(drivers, Unanswered):
        return unknown(drivers)
    slow = {name: driver for name, driver in drivers.items() if "generic" in driver}
    evidence = prove("crypto_cbc_aes", *(f"{name}: {drivers[name]}" for name in drivers))
    if slow and not any("aesni" in driver for driver in drivers.values()):
        return warned(
            "the processor has AES, and the kernel does it in software",
            evidence,
            "`modprobe aesni_intel` on the router: new connections use it. It is on a blacklist, "
            "and only routers of networks load it at their start; those of VPCs have to be told "
            "again after each.",
        )
    if not drivers:
        return skipped("the kernel has loaded no AES yet: nobody has connected", evidence)
    return passed("the processor's AES is used", evidence)
