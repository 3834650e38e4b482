"""Whether the router has been told what CloudStack says, and whether leftovers live on."""

from typing import Final

from tui.diagnose.check_service import listeners, processes
from tui.diagnose.checks import Proof
from tui.diagnose.subject import Result, Subject, failed, passed, prove, skipped, unknown, warned
from tui.router import commands
from tui.router.survey import Unanswered
from tui.router.vpn_facts import ProgrammedVpn

_REPROGRAM: Final = (
    "Do not repair files: have CloudStack program the router again, by a restart of the network "
    "without clean-up, or a reboot of the router by CloudStack."
)


def programmed(subject: Subject) -> Result:
    """CloudStack has told the router of its VPN."""
    cloud, bag = subject.cloud, subject.bag
    if cloud is None:
        return unknown("CloudStack's word is not here, so it cannot be compared")
    if not cloud.has_vpn:
        return skipped("CloudStack has no VPN here")
    if isinstance(bag, Unanswered):
        return unknown(bag)
    listed = prove("listRemoteAccessVpns", f"{cloud.public_ip} {cloud.pool} {cloud.vpn_state}")
    if bag is None:
        boot = subject.quote("uptime")
        return failed(
            f"CloudStack has a VPN on {cloud.public_ip} and the router was not told, as after a "
            f"reboot from within: {_untold(subject)}",
            (*listed, *prove("bag_remoteaccessvpn", "no VPN programmed"), *boot),
            _REPROGRAM,
            "restart",
        )
    told = prove("bag_remoteaccessvpn", f"{bag.public_ip} {bag.pool} local {bag.local_ip}")
    if bag.public_ip != cloud.public_ip:
        return failed(
            f"CloudStack has the VPN on {cloud.public_ip}; the router was told of {bag.public_ip}",
            (*listed, *told),
            _REPROGRAM,
            "restart",
        )
    return passed(f"the router was told of the VPN on {bag.public_ip}", (*listed, *told))


def _untold(subject: Subject) -> str:
    """What there is of a VPN that the router was not told of."""
    files = "its files may still be there"
    charon = processes(subject, commands.PGREP_CHARON, "charon")
    xl2tpd = processes(subject, commands.PGREP_XL2TPD, "xl2tpd")
    if isinstance(charon, Unanswered) or isinstance(xl2tpd, Unanswered):
        return files
    runs = [name for name, found in (("charon", charon), ("xl2tpd", xl2tpd)) if found]
    if not runs:
        return f"nothing of it runs, although {files}"
    verb = "run" if len(runs) > 1 else "runs"
    return f"{' and '.join(runs)} {verb} on files from before"


def daemons_after_delete(subject: Subject) -> Result:
    """Nothing of a deleted VPN lives on.

    CloudStack takes away the firewall's rules when a VPN is deleted, and leaves daemons, key,
    logins and sessions.
    """
    if subject.cloud is None:
        return unknown("CloudStack's word is not here, so leftovers cannot be told from a VPN")
    if subject.cloud.has_vpn:
        return skipped("there is a VPN")
    alive, silent = _alive(subject)
    key = subject.fact(commands.PSK_SHA256)
    if isinstance(key, str) and key:
        kept = prove("psk_sha256", f"a pre-shared key is there (SHA-256 {key[:12]}…)")
    else:
        kept = ()
        silent += [key] if isinstance(key, Unanswered) else []
    if alive:
        return failed(
            "CloudStack has no VPN here, yet the router still serves one",
            (*alive, *kept),
            _clean_up(alive, has_key=bool(kept)),
            "disable",
        )
    if kept:
        return warned(
            "CloudStack has no VPN here, yet its pre-shared key lies on the router",
            kept,
            _clean_up((), has_key=True),
            "disable",
        )
    if silent:
        return unknown(silent[0])
    return passed("no VPN, and nothing is left of one")


_TO_BE_ENDED: Final = {
    "l2tp_session": "disconnect who is left",
    "pgrep_xl2tpd": "stop xl2tpd",
    "pgrep_charon": "stop strongSwan",
}
"""What is done about what lives on, in its order, by where it was seen."""


def _clean_up(alive: tuple[Proof, ...], *, has_key: bool) -> str:
    """What is to be done about what is left, and nothing else."""
    sources = {proof.source for proof in alive}
    parts = [words for source, words in _TO_BE_ENDED.items() if source in sources]
    parts += ["remove the old key"] if has_key else []
    said = ", then ".join(parts)
    by_us = f"{said[:1].upper()}{said[1:]}: `csvpn disable NETWORK --clean`." if parts else ""
    if "bag_remoteaccessvpn" not in sources:
        return by_us
    return (
        "The router still has the VPN programmed: a reboot of the router by CloudStack makes it "
        f"forget that. {by_us}"
    ).strip()


def _alive(subject: Subject) -> tuple[tuple[Proof, ...], list[Unanswered]]:
    """What runs on: processes, sessions, and a VPN that is still programmed."""
    found: list[Proof] = []
    silent: list[Unanswered] = []
    charon = processes(subject, commands.PGREP_CHARON, "charon")
    if isinstance(charon, Unanswered):
        silent.append(charon)
    elif charon and not has_site_to_site(subject):
        found += prove("pgrep_charon", *(f"{each.pid} {each.arguments}" for each in charon))
    xl2tpd = processes(subject, commands.PGREP_XL2TPD, "xl2tpd")
    if isinstance(xl2tpd, Unanswered):
        silent.append(xl2tpd)
    elif xl2tpd:
        found += prove("pgrep_xl2tpd", *(f"{each.pid} {each.arguments}" for each in xl2tpd))
    sessions = subject.fact(commands.L2TP_SESSION)
    if not isinstance(sessions, Unanswered) and sessions:
        texts = (f"session {each.session} in tunnel {each.tunnel}" for each in sessions)
        found += prove("l2tp_session", *texts)
    if isinstance(subject.bag, ProgrammedVpn):
        found += prove("bag_remoteaccessvpn", f"still programmed: {subject.bag.public_ip}")
    elif isinstance(subject.bag, Unanswered):
        silent.append(subject.bag)
    return tuple(found), silent


def has_site_to_site(subject: Subject) -> bool:
    """Whether charon serves a site-to-site connection, which is another feature."""
    ipsec = subject.fact(commands.IPSEC_STATUSALL)
    if not isinstance(ipsec, Unanswered) and any(
        each.name.startswith("vpn-") for each in ipsec.connections
    ):
        return True
    listing = subject.text("ls_ipsec_d")
    return not isinstance(listing, Unanswered) and "ipsec.vpn-" in listing


def standby_idle(subject: Subject) -> Result:
    """A router that stands by serves nobody."""
    if not subject.is_redundant:
        return skipped("the router is alone")
    if not subject.stands_by:
        return skipped(f"the router is {subject.role}")
    held = listeners(subject)
    if isinstance(held, Unanswered):
        return unknown(held)
    if held:
        ports = sorted({each.port for each in held})
        return warned(
            "the router stands by and still listens on UDP "
            + ", ".join(str(port) for port in ports),
            subject.quote("ss_vpn_ports", "UNCONN"),
            "Look which of the pair is primary; two that serve the same address lose traffic.",
        )
    return passed("the router stands by, and its daemons rest until it takes over")
