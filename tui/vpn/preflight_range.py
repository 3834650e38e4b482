"""The checks on the client range: form, scope, size, and whom it collides with."""

from collections.abc import Iterable, Sequence
from shlex import quote
from typing import Final

from tui.vpn.eligibility import VpcFacts
from tui.vpn.findings import Finding
from tui.vpn.overlaps import Kind, Neighbour, RangeCheck, check_range, collisions
from tui.vpn.preflight_facts import Check, PreflightFacts, Unasked
from tui.vpn.ranges import ClientRange

_BY_CODE: Final = {
    "range.form": ("range-form",),
    "range.private": ("range-public", "range-carrier"),
    "range.empty": ("range-empty",),
    "range.size": ("range-small", "range-huge", "range-large"),
    "range.home": ("range-home",),
}
_BY_KIND: Final = {
    "range.overlap.own-network": (Kind.OWN_NETWORK, Kind.OWN_VPC),
    "range.overlap.own-peer": (Kind.OWN_PEER,),
    "range.overlap.networks": (Kind.NETWORK,),
    "range.overlap.vpcs": (Kind.VPC,),
    "range.overlap.peers": (Kind.PEER,),
    "range.overlap.vpns": (Kind.VPN,),
}
_LIST_OF: Final = {
    "range.overlap.own-peer": "peer",
    "range.overlap.networks": "network",
    "range.overlap.vpcs": "vpc",
    "range.overlap.peers": "peer",
    "range.overlap.vpns": "vpn",
}
"""Which list a comparison needs; see `PreflightFacts.unlisted`."""
NAMES: Final = (
    "range.form",
    "range.private",
    "range.empty",
    "range.size",
    "range.own-address",
    *_BY_KIND,
    "range.home",
)
_REMEDY: Final = "Take another range; `auto` finds one that collides with nothing."


def checks_of_range(facts: PreflightFacts) -> tuple[Check, ...]:
    """Everything about the range that was typed, or that is in force where none was."""
    text = facts.range_text
    if isinstance(text, Unasked):
        return tuple(Check(name=name, state="unknown", says=text.why) for name in NAMES)
    listed = 0 if isinstance(facts.users, Unasked) else len(facts.users)
    users = listed + len(facts.about_users)
    checked = check_range(text, facts.neighbours, users=users)
    if checked.range is None:
        form = _of_findings("range.form", checked.findings, facts, checked)
        says = "The client range cannot be read."
        others = (Check(name=name, state="unknown", says=says) for name in NAMES[1:])
        return (form, *others)
    return tuple(_one(name, facts, checked, checked.range) for name in NAMES)


def _one(name: str, facts: PreflightFacts, checked: RangeCheck, whole: ClientRange) -> Check:
    if name == "range.own-address":
        says = f"{whole.router} is the router's own; clients get {_pool(whole)}."
        return Check(name=name, state="pass", says=says, evidence=(_source(facts, whole),))
    if name in _BY_KIND:
        found = [
            finding
            for kind, finding in collisions(whole, facts.neighbours)
            if kind in _BY_KIND[name]
        ]
        unlisted = facts.unlisted.get(_LIST_OF.get(name, ""))
        if not found and unlisted is not None:
            return Check(name=name, state="unknown", says=unlisted)
        return _of_findings(name, found, facts, checked)
    if name == "range.size" and isinstance(facts.users, Unasked):
        return Check(name=name, state="unknown", says=facts.users.why)
    codes = _BY_CODE[name]
    found = [finding for finding in checked.findings if finding.code in codes]
    return _of_findings(name, found, facts, checked)


def _pool(whole: ClientRange) -> str:
    return whole.pool if whole.clients else "nothing"


def _source(facts: PreflightFacts, whole: ClientRange) -> str:
    return f"typed: {whole}" if facts.range_typed else f"listConfigurations: {whole}"


def _of_findings(
    name: str, found: Sequence[Finding], facts: PreflightFacts, checked: RangeCheck
) -> Check:
    """The check of the findings on one rule: the first error, else the first warning, decides."""
    if not found:
        return Check(
            name=name,
            state="pass",
            says=_good(name, facts, checked),
            evidence=_compared(name, facts.neighbours),
        )
    errors = [finding for finding in found if finding.severity == "error"]
    first = (errors or list(found))[0]
    return Check(
        name=name,
        state="fail" if errors else "warn",
        says=" ".join(dict.fromkeys(finding.says for finding in errors or found)),
        evidence=(f"range {checked.text}",),
        remedy=_REMEDY,
        action=f"csvpn enable {quote(facts.place.name)} --range auto",
        server_says=first.server_says,
    )


def _good(name: str, facts: PreflightFacts, checked: RangeCheck) -> str:
    whole = checked.range
    clients = whole.clients if whole is not None else 0
    if name == "range.overlap.own-peer" and not isinstance(facts.place, VpcFacts):
        return "Only VPCs have site-to-site peers, and this is none."
    source = "" if facts.range_typed else " (what CloudStack is set to)"
    return {
        "range.form": f"{checked.text}{source} is a range.",
        "range.private": "It is private.",
        "range.empty": "There are addresses for clients.",
        "range.size": f"{clients} people can be connected at the same time.",
        "range.home": "It overlaps no network that homes and phones often have.",
        "range.overlap.own-network": f"It is outside {facts.place.name} itself.",
        "range.overlap.own-peer": "It overlaps no site-to-site peer of this VPC.",
        "range.overlap.networks": "It overlaps no other network that you may see.",
        "range.overlap.vpcs": "It overlaps no other VPC that you may see.",
        "range.overlap.peers": "It overlaps no site-to-site peer of others that you may see.",
        "range.overlap.vpns": "It overlaps the clients of no other VPN that you may see.",
    }[name]


def _compared(name: str, neighbours: Iterable[Neighbour]) -> tuple[str, ...]:
    kinds = _BY_KIND.get(name)
    if kinds is None:
        return ()
    number = sum(neighbour.kind in kinds for neighbour in neighbours)
    return (f"compared with {number}",)
