"""What making a VPN anew needs to know before, and what it does to people."""

from collections.abc import Sequence

import msgspec

from tui.operations.addresses import Place
from tui.operations.router_changes import RouterRef
from tui.operations.steps import PlannedCall
from tui.vpn.cidrs import ANYWHERE
from tui.vpn.ports import VPN_PORTS, IngressRule, VpnPort, conflicts, rule_sentence
from tui.vpn.ranges import ClientRange


def server_would_open(place: Place, rules: Sequence[IngressRule]) -> bool:
    """Whether `openfirewall=true` gives just the rules that were there: each VPN port for exactly
    itself and from anywhere."""
    if place.is_vpc or any(each.avoidable for each in conflicts(rules)):
        return False
    return all(
        any(rule.is_exactly(port) and rule.sources == (ANYWHERE,) for rule in rules)
        for port in VPN_PORTS
    )


def creating_again(
    place: Place, address_id: str, client_range: str, rules: Sequence[IngressRule]
) -> PlannedCall:
    """The call that makes a VPN again, as it was but for its key. `rules` are those of before."""
    parameters = {"publicipid": address_id, "iprange": client_range}
    if not place.is_vpc:
        parameters["openfirewall"] = "true" if server_would_open(place, rules) else "false"
    return PlannedCall.of("createRemoteAccessVpn", **parameters)


class RemakePlan(msgspec.Struct, frozen=True, kw_only=True):
    """What is there, and what is to be there afterwards."""

    place: Place
    address_id: str
    public_ip: str
    client_range: ClientRange
    """The whole range that the VPN is to have."""
    range_before: ClientRange | None = None
    key_before: str = ""
    """SHA-256 of the key that goes, in hexadecimal; "" when it was not shown."""
    rules: tuple[IngressRule, ...] = ()
    """The firewall rules of the address as last seen; none for a VPC."""
    made_on: str = ""
    """Today, as `2026-11-23`: the value of the tag."""
    tag_before: str | None = None
    """Value of the tag that the address has already; None without one."""
    users: int = 0
    connected: tuple[str, ...] | None = None
    """Who is connected; None when no router says so."""
    routers: tuple[RouterRef, ...] = ()
    """The routers that can be reached, for the restarts."""
    restart_ipsec: bool = False
    restart_xl2tpd: bool = False

    @property
    def server_opens(self) -> bool:
        """Whether the server is asked to open the ports: where just that was there before."""
        return server_would_open(self.place, self.rules)

    @property
    def kept_rules(self) -> tuple[tuple[VpnPort, IngressRule], ...]:
        """The rules for exactly one VPN port, which have to be there again afterwards."""
        if self.place.is_vpc:
            return ()
        return tuple(
            (port, rule) for port in VPN_PORTS for rule in self.rules if rule.is_exactly(port)
        )

    @property
    def deletion(self) -> PlannedCall:
        """The call that takes the VPN away."""
        return PlannedCall.of("deleteRemoteAccessVpn", publicipid=self.address_id)

    @property
    def creation(self) -> PlannedCall:
        """The call that makes it again; a later run sends just this one."""
        whole = str(self.client_range)
        return creating_again(self.place, self.address_id, whole, self.rules)


def remake_means(plan: RemakePlan) -> tuple[str, ...]:
    """What it does to people, in sentences; the worst first."""
    sentences = [
        "The VPN is deleted and made again. Nobody can connect in between, which takes a few "
        "seconds when all goes well.",
        "The server makes a new pre-shared key. The old one cannot come back, so everyone has to "
        "be given the new one before they can connect again.",
    ]
    if plan.connected is None:
        sentences.append("Who is connected now is not known: no router says so.")
    elif not plan.connected:
        sentences.append("Nobody is connected now.")
    else:
        sentences.append(f"Connected now: {', '.join(plan.connected)}.")
    acting = [ref.name for ref in plan.routers if not ref.stands_by]
    if plan.restart_xl2tpd and acting:
        both = "strongSwan and xl2tpd are" if plan.restart_ipsec else "xl2tpd is"
        sentences.append(
            f"{both} restarted on {', '.join(acting)}: whoever is connected is cut off."
        )
    elif plan.connected != ():
        sentences.append(
            "Sessions that are up go on with the old key until they end; it is asked for again "
            "only when somebody connects."
        )
    if plan.users:
        who = "VPN user stays" if plan.users == 1 else "VPN users stay"
        sentences.append(f"The {plan.users} {who}, with their passwords.")
    if not plan.place.is_vpc:
        named = "; ".join(rule_sentence(rule) for _, rule in plan.kept_rules)
        sentences.append(
            f"The firewall rules stay as they are: {named}."
            if named
            else "No VPN port has a rule of its own; that stays as it is."
        )
    sentences.append(
        "If the server refuses to make it again, the VPN is down until that is finished: this "
        "stays open and can be resumed."
    )
    return tuple(sentences)
