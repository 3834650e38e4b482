"""What is weaker than it has to be, what can be changed, and what undoes it again."""

import re
from typing import Final

from tui.diagnose.check_drift import pool_ends
from tui.diagnose.subject import Result, Subject, passed, prove, skipped, unknown, warned
from tui.router import commands
from tui.router.survey import Unanswered
from tui.vpn.overlaps import home_networks
from tui.vpn.psk_policy import DEFAULT_DAYS, SOON
from tui.vpn.ranges import spans_of

PERSISTENCE: Final = (
    "Own lines in l2tp.conf, xl2tpd.conf and options.xl2tpd survive pushes and a stop and start of "
    "the router; they are lost when it is made anew (clean-up, upgrade)."
)
STRICT: Final = (
    "`ike=aes256-sha256-modp2048,aes256-sha1-modp2048,aes128-sha256-modp2048,"
    "aes128-sha1-modp2048!` and `esp=aes256-sha256,aes256-sha1,aes128-sha256,aes128-sha1!`"
)
_WEAK: Final = re.compile(
    r"3des|(?<![a-z0-9])des(?![a-z0-9])|md5|null|rc2|blowfish|cast|modp_?(?:768|1024|1536)(?!_?\d)",
    re.IGNORECASE,
)


def proposals(subject: Subject) -> Result:
    """What the router accepts; 3DES is in strongSwan's own list and in nobody's interest."""
    not_due = subject.not_due(on_standby=True)
    if not_due is not None:
        return not_due
    sections = subject.fact(commands.L2TP_CONF)
    if isinstance(sections, Unanswered):
        return unknown(sections)
    options: dict[str, str] = {}
    for section in sections.values():
        options |= {name: value for name, value in section.items() if name in ("ike", "esp")}
    evidence = prove("l2tp_conf", *(f"{name}={value}" for name, value in options.items()))
    weak = {word for value in options.values() for word in _WEAK.findall(value)}
    if weak:
        return warned(
            f"the router accepts {', '.join(sorted(weak))} by its own configuration",
            evidence,
            f"Write {STRICT} into the connection, then `ipsec update`. {PERSISTENCE}",
        )
    if {"ike", "esp"} <= set(options) and all(each.endswith("!") for each in options.values()):
        return passed("the router accepts only what its configuration names", evidence)
    return passed(
        "the router accepts strongSwan's usual proposals: 3DES among them for IKE, no MD5, no DES "
        "and no MODP_1024; 3DES clients fail at ESP anyway",
        (*evidence, *prove("l2tp_conf", "no strict ike= and esp=")),
        f"Optional: append {STRICT} to the connection in /etc/ipsec.d/l2tp.conf, then `ipsec "
        f"update`. SHA1 has to stay for Windows. {PERSISTENCE}",
    )


def weak_in_use(subject: Subject) -> Result:
    """Nobody is connected with weak algorithms."""
    ipsec = subject.fact(commands.IPSEC_STATUSALL)
    if isinstance(ipsec, Unanswered):
        return unknown(ipsec)
    used = [(each.remote, each.proposal) for each in ipsec.ike]
    used += [(each.remote, each.proposal) for each in ipsec.children]
    weak = [(remote, proposal) for remote, proposal in used if _WEAK.search(proposal)]
    if weak:
        return warned(
            f"{weak[0][0]} is connected with {weak[0][1]}",
            prove("ipsec_statusall", *(f"{remote}: {proposal}" for remote, proposal in weak)),
            "Let that client offer AES and MODP_2048; it works without a change of the router.",
        )
    shown = dict.fromkeys(proposal for _, proposal in used if proposal)
    return passed("no weak algorithm is in use", prove("ipsec_statusall", *shown))


def file_modes(subject: Subject) -> Result:
    """Only root reads passwords. CloudStack itself leaves the key readable for every program."""
    files = subject.fact(commands.CONF_STAT)
    if isinstance(files, Unanswered):
        return unknown(files)
    modes = {file.path.rpartition("/")[2]: file.mode for file in files}
    evidence = prove("conf_stat", *(f"{name} {mode:04o}" for name, mode in modes.items()))
    passwords = modes.get("chap-secrets")
    if passwords is not None and passwords & 0o077:
        return warned(
            f"chap-secrets has mode {passwords:04o}: every program on the router reads the "
            "passwords",
            evidence,
            "`chmod 600 /etc/ppp/chap-secrets`.",
        )
    key = modes.get("ipsec.any.secrets")
    if key is not None and key & 0o007:
        return passed(
            f"passwords are for root alone; the key has mode {key:04o}, as CloudStack writes it",
            evidence,
            "Optional: `chmod 600 /etc/ipsec.d/ipsec.any.secrets`; the next push undoes it. Only "
            "root and cloud log in to a router.",
        )
    return passed("keys and passwords are for root alone", evidence)


def key_age(subject: Subject) -> Result:
    """The pre-shared key is not too old."""
    cloud = subject.cloud
    if cloud is None or not cloud.has_vpn:
        return skipped("there is no VPN here")
    days = cloud.psk_age_days
    if days is None:
        return skipped("nobody knows how old the key is: see `csvpn rotate --due`")
    evidence = prove("listRemoteAccessVpns", f"key of {days} days")
    if days >= DEFAULT_DAYS:
        return warned(
            f"the pre-shared key is {days} days old",
            evidence,
            "Give the VPN another key and hand out new kits: `csvpn rotate NETWORK`.",
            "rotate",
        )
    soon = ": another one is due soon" if days >= DEFAULT_DAYS * SOON else ""
    return passed(f"the pre-shared key is {days} days old{soon}", evidence)


def pool_overlaps(subject: Subject) -> Result:
    """The clients' addresses are nobody else's; the network's are not those of homes."""
    if subject.cloud is None:
        return unknown("CloudStack's word is not here")
    if not subject.cloud.has_vpn:
        return skipped("there is no VPN here")
    ends = pool_ends(subject.pool)
    if ends is None:
        return unknown("the range of the clients is not known")
    evidence = prove("listRemoteAccessVpns", subject.pool)
    evidence += prove("listNetworks", subject.inside_cidr, *subject.cloud.other_cidrs)
    for other in (subject.inside_cidr, *subject.cloud.other_cidrs):
        if other and any(_touch(ends, span) for span in spans_of(other)):
            return warned(
                f"the clients' {subject.pool} overlaps {other}",
                evidence,
                "Give the VPN another range: `csvpn change-range NETWORK A-B`.",
                "change_range",
            )
    homes = home_networks(subject.inside_cidr) if subject.inside_cidr else ()
    if homes:
        return passed(
            f"the network {subject.inside_cidr} is also that of {homes[0]}: people there reach "
            "their own machines in its place",
            evidence,
            "Tell them, or move the network to other addresses when it is made anew.",
        )
    return passed("the clients' addresses are nobody else's", evidence)


def _touch(left: tuple[int, int], right: tuple[int, int]) -> bool:
    return left[0] <= right[1] and right[0] <= left[1]


def clear_text_attempts(subject: Subject) -> Result:
    """How many packets of L2TP without IPsec were turned away."""
    counters = subject.fact(commands.XFRM_STAT)
    if isinstance(counters, Unanswered):
        return unknown(counters)
    turned = counters.get("XfrmInTmplMismatch", 0)
    evidence = prove("xfrm_stat", *(f"{name} {count}" for name, count in counters.items() if count))
    if turned:
        return passed(
            f"{turned} packets of L2TP without IPsec were turned away since the start",
            evidence,
            "Somebody's client is set up without IPsec; nothing gets in.",
        )
    return passed("no L2TP without IPsec was turned away", evidence)
