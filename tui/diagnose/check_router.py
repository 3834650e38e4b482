"""The router as CloudStack knows it: which one, which version, which of a pair, on what network."""

import re
from typing import Final

from tui.diagnose.subject import Result, Subject, failed, passed, prove, skipped, unknown, warned
from tui.router import commands
from tui.router.survey import Unanswered


def right_router(subject: Subject) -> Result:
    """It is the router that was meant: control addresses are used again and again."""
    said = subject.fact(commands.HOSTNAME)
    if isinstance(said, Unanswered):
        return unknown(said)
    evidence = prove("hostname", said)
    told = subject.cloud.router if subject.cloud is not None else ""
    if not told:
        return passed(f"the router calls itself {said}", evidence)
    if said != told:
        return failed(
            f"{said} answered in the place of {told}: nothing here is about {told}",
            (*evidence, *prove("listRouters", told)),
            "Ask CloudStack for the router's present address, and try again.",
        )
    return passed(f"{said} answered", evidence)


_RELEASE: Final = re.compile(r"(\d+(?:\.\d+)+)")
_MADE: Final = re.compile(r" \w{3} (\w{3}) +\d+ [\d:]+ \w+ (\d{4})")


def router_version(subject: Subject) -> Result:
    """The router has the version that CloudStack wants."""
    said = subject.fact(commands.CLOUDSTACK_RELEASE)
    cloud = subject.cloud
    if isinstance(said, Unanswered):
        return unknown(said)
    evidence = prove("cloudstack_release", said)
    if cloud is not None:
        evidence += prove(
            "listRouters",
            f"version {cloud.version or 'not told'}, requiresupgrade {cloud.requires_upgrade}",
        )
    if cloud is not None and cloud.requires_upgrade:
        return warned(
            "CloudStack says that the router has to be upgraded",
            evidence,
            "Restart the network with clean-up in a quiet hour: it makes the router anew from the "
            "present template. Own lines in its files are lost with it.",
            "restart",
        )
    found = _RELEASE.search(said)
    told = cloud.version if cloud is not None else ""
    if found and told and not f"{told}.".startswith(f"{found[1]}."):
        return warned(
            f"the router's template is {found[1]}, CloudStack says {told}",
            evidence,
            "Look at `requiresupgrade` of the router, and restart the network with clean-up.",
            "restart",
        )
    made = _MADE.search(said)
    age = f", its template of {made[1]} {made[2]}" if made else ""
    return passed(f"the router is of version {found[1] if found else said}{age}", evidence)


def redundancy(subject: Subject) -> Result:
    """One of a pair knows its part, and CloudStack knows the same."""
    if not subject.is_redundant:
        said = subject.quote("checkrouter")
        return skipped("the router is alone; FAULT is what such a one always says", said)
    told = subject.cloud.redundant_state if subject.cloud is not None else ""
    evidence = (*subject.quote("checkrouter"), *prove("listRouters", f"redundantstate {told}"))
    if subject.role == "FAULT":
        return failed(
            "keepalived does not run: the router takes no part in the pair",
            evidence,
            "Reboot this router by CloudStack while the other one is primary.",
            "restart",
        )
    if subject.role == "UNKNOWN":
        return warned("nobody knows which of the pair this one is", evidence, "Look again.")
    if told and told not in ("UNKNOWN", subject.role):
        return warned(
            f"the router is {subject.role}, CloudStack takes it for {told}",
            evidence,
            "Look again in some minutes; both as primary lose traffic.",
        )
    return passed(
        f"the router is {subject.role}; a failover ends every session, and people connect again",
        evidence,
    )


def router_state(subject: Subject) -> Result:
    """CloudStack calls the router and its network running."""
    cloud = subject.cloud
    if cloud is None or not cloud.router_state:
        return skipped("CloudStack does not tell the router's state")
    evidence = prove("listRouters", f"{cloud.router} {cloud.router_state}")
    evidence += prove("listNetworks", f"{cloud.network} {cloud.network_state}")
    if cloud.router_state != "Running":
        return failed(
            f"CloudStack calls the router {cloud.router_state}", evidence, "Start it.", "restart"
        )
    if cloud.network_state not in ("", "Implemented", "Enabled", "Setup"):
        return warned(
            f"the network is {cloud.network_state}",
            evidence,
            "Restart the network; a VPN cannot be changed while it is not implemented.",
            "restart",
        )
    return passed(f"CloudStack calls it {cloud.router_state}", evidence)


def network_offering(subject: Subject) -> Result:
    """The offering has the VPN service, and conserve mode, which an address with two services
    needs."""
    cloud = subject.cloud
    if cloud is None:
        return unknown("CloudStack's word is not here")
    if not cloud.has_vpn or subject.is_vpc:
        return skipped("there is no VPN of a network here")
    evidence = prove(
        "listNetworks",
        f"{cloud.network} {cloud.network_offering}",
        f"conserve mode {cloud.conserve_mode}",
    )
    services = cloud.network_services
    if services is not None and "Vpn" not in services:
        return failed(
            "the network's offering has no VPN service",
            evidence,
            "Move the network to an offering with the service Vpn (updateNetwork).",
        )
    if cloud.conserve_mode is False:
        return warned(
            "the offering has no conserve mode: the address cannot serve the VPN beside others",
            evidence,
            "Move the network to an offering with conserve mode (updateNetwork).",
        )
    if services is None and cloud.conserve_mode is None:
        return skipped("CloudStack does not tell what the offering has")
    return passed("the offering has the VPN service", evidence)


def public_address(subject: Subject) -> Result:
    """The VPN's address is on a card of the router."""
    not_due = subject.not_due()
    if not_due is not None:
        return not_due
    cards = subject.fact(commands.IP_ADDR)
    if isinstance(cards, Unanswered):
        return unknown(cards)
    evidence = prove("ip_addr", *(f"{card} {address}" for card, address in cards[:8]))
    if any(address == subject.public_ip for _, address in cards):
        return passed(f"{subject.public_ip} is on the router", evidence)
    return failed(
        f"{subject.public_ip} is on no card of the router: nothing that comes for it arrives",
        evidence,
        "Have CloudStack program the router again: restart of the network without clean-up.",
        "restart",
    )


def health_checks(subject: Subject) -> Result:
    """CloudStack's own health checks of the router found nothing. They never look at the VPN."""
    told = subject.cloud.health_checks_failed if subject.cloud is not None else None
    if told:
        return warned(
            "CloudStack's own health checks of the router fail",
            prove("listRouters", "healthchecksfailed true"),
            "Look at the router's health checks in CloudStack.",
        )
    if told is None:
        return skipped("CloudStack does not tell its own health checks")
    return passed("CloudStack's own health checks are fine; they do not look at the VPN")
