"""Who is let in, and where packets go from there: narrow rules, rules made by hand, tiers."""

import json

import pytest

from tests.diagnose.surveys import (
    PUBLIC_IP,
    Change,
    checks_of,
    cloud_of,
    flagged,
    lines_without,
    replaced,
)
from tui.diagnose.cloud_side import PortRule
from tui.diagnose.firewall_walk import Fate, Table, read_table
from tui.diagnose.knocking import beyond, ends_of, hand_made, somewhere
from tui.router.bag_facts import GuestNetwork, read_guest_networks
from tui.router.output import Output

STATE = "two_sessions"
CHAIN = f"FIREWALL_{PUBLIC_IP}"
HALVES = ("0.0.0.0/1", "128.0.0.0/1")


def narrowed(port: int, source: str) -> Change:
    """The rule of a port lets in one source only."""
    rule = f"-A {CHAIN} -p udp -m udp --dport {port}"
    return replaced(rule, f"-A {CHAIN} -s {source} -p udp -m udp --dport {port}")


def rules(*sources: str, port: int = 500) -> tuple[PortRule, ...]:
    """CloudStack's rules: the other ports for everybody, `port` for `sources`."""
    others = [each for each in (500, 4500, 1701) if each != port]
    return (
        *(PortRule(protocol="udp", first=p, last=p, sources="0.0.0.0/0") for p in others),
        *(PortRule(protocol="udp", first=port, last=port, sources=each) for each in sources),
    )


@pytest.mark.parametrize("source", ["192.0.2.0/24", "198.51.100.0/24", "0.0.0.0/1", "128.0.0.0/1"])
@pytest.mark.parametrize("port", [500, 4500, 1701])
def test_a_gate_that_is_narrower_than_its_rule(port: int, source: str) -> None:
    found = checks_of(STATE, {"iptables_mangle": narrowed(port, source)})
    assert flagged(found) == {f"udp{port}_gate"}
    gate = found[f"udp{port}_gate"]
    assert "add it again" in gate.fix and gate.action == "restart"
    assert found["gate_surplus"].state == "pass"


@pytest.mark.parametrize("there", ["198.51.100.0/25", "198.51.100.128/25", "198.51.100.0/32"])
def test_a_gate_for_a_part_of_the_network_of_its_rule(there: str) -> None:
    told = cloud_of(STATE, rules=rules("198.51.100.0/24"))
    found = checks_of(STATE, {"iptables_mangle": narrowed(500, there)}, cloud=told)
    assert "udp500_gate" in flagged(found)
    assert "from 198.51.100.0/24" in found["udp500_gate"].says


@pytest.mark.parametrize("sources", [("198.51.100.0/24",), HALVES])
def test_a_gate_that_is_as_its_rules_say(sources: tuple[str, ...]) -> None:
    told = cloud_of(STATE, rules=rules(*sources))

    def change(text: str) -> str:
        line = next(x for x in text.split("\n") if CHAIN in x and "--dport 500 " in x)
        several = [line.replace(f"{CHAIN} ", f"{CHAIN} -s {each} ") for each in sources]
        return text.replace(line, "\n".join(several))

    found = checks_of(STATE, {"iptables_mangle": change}, cloud=told)
    assert flagged(found) == set()
    assert found["gate_surplus"].state == "pass"


def test_a_gate_whose_rules_name_every_address() -> None:
    def change(text: str) -> str:
        line = next(x for x in text.split("\n") if CHAIN in x and "--dport 500 " in x)
        halves = [line.replace(f"{CHAIN} ", f"{CHAIN} -s {each} ") for each in HALVES]
        return text.replace(line, "\n".join(halves))

    assert checks_of(STATE, {"iptables_mangle": change})["udp500_gate"].state == "pass"


def test_a_scanner_that_is_kept_out_by_hand_closes_no_gate() -> None:
    kept_out = "".join(f"\n[9:9] -A {CHAIN} -s 185.191.171.{each}/32 -j DROP" for each in (4, 5))
    change = replaced(f":{CHAIN} - [0:0]", f":{CHAIN} - [0:0]{kept_out}")
    assert flagged(checks_of(STATE, {"iptables_mangle": change})) == set()


def test_a_rule_that_somebody_put_before_is_named() -> None:
    drop = f"-A {CHAIN} -p udp -m udp --dport 500 -j DROP"
    line = f"-A {CHAIN} -j DROP"
    change = replaced(line, f"{line}\n[3:900] {drop}")
    found = checks_of(STATE, {"iptables_mangle": change})["udp500_gate"]
    assert found.state == "pass", "what stands behind decides nothing"
    change = replaced(f":{CHAIN} - [0:0]", f":{CHAIN} - [0:0]\n[3:900] {drop}")
    found = checks_of(STATE, {"iptables_mangle": change})["udp500_gate"]
    assert found.state == "fail" and not found.action
    assert f"`iptables -t mangle -D {CHAIN} -p udp -m udp --dport 500 -j DROP`" in found.fix


@pytest.mark.parametrize(
    ("there", "whom"),
    [("", "anywhere"), ("203.0.113.64/26", "203.0.113.64/26"), ("198.51.0.0/16", "198.51.0.0/16")],
)
def test_a_gate_that_is_wider_than_its_rule(there: str, whom: str) -> None:
    told = cloud_of(STATE, rules=rules("198.51.100.0/24"))

    def change(text: str) -> str:
        line = next(x for x in text.split("\n") if CHAIN in x and "--dport 500 " in x)
        allowed = line.replace(f"{CHAIN} ", f"{CHAIN} -s 198.51.100.0/24 ")
        more = line.replace(f"{CHAIN} ", f"{CHAIN} -s {there} ") if there else line
        return text.replace(line, f"{allowed}\n{more}")

    found = checks_of(STATE, {"iptables_mangle": change}, cloud=told)["gate_surplus"]
    assert found.state == "warn"
    assert f"UDP 500 from {whom}, for which CloudStack has no such rule" in found.says


def test_what_drops_packets_of_the_vpn_by_hand_is_named() -> None:
    change = replaced(
        "[40:6240] -A FORWARD -j NETWORK_STATS_eth2", "[40:6240] -A FORWARD -i ppp+ -j DROP"
    )
    found = checks_of(STATE, {"iptables_filter": change})["forward_rules"]
    assert found.state == "fail" and not found.action
    assert "`iptables -D FORWARD -i ppp+ -j DROP`" in found.fix
    gone = checks_of(STATE, {"iptables_filter": lines_without("-d 10.1.1.0/24 -i ppp+")})
    assert gone["forward_rules"].action == "restart"
    assert "iptables -D" not in gone["forward_rules"].fix


# A router of a VPC.

VPC: dict[str, Change] = {
    "bag_cmdline": replaced('"type": "router"', '"type": "vpcrouter"'),
    "cmdline": replaced("type=router", "type=vpcrouter"),
}


def bag(*tiers: tuple[str, str, str]) -> str:
    """The bag as CloudStack writes it: device, the router's address, the length of the prefix."""
    entries: dict[str, object] = {"id": "guestnetwork"}
    for device, address, cidr in tiers:
        entries[device] = [
            {"device": device, "router_guest_ip": address, "cidr": cidr, "add": True}
        ]
    return json.dumps(entries)


def vpc(text: str | None) -> dict[str, Change]:
    return VPC if text is None else {**VPC, "bag_guestnetwork": text}


def test_the_network_of_a_tier() -> None:
    text = bag(("eth0", "10.1.1.1", "24"), ("eth3", "10.1.9.129", "25")).encode()
    assert read_guest_networks(Output(0, text, b"")) == (
        GuestNetwork("eth0", "10.1.1.0/24", "10.1.1.1"),
        GuestNetwork("eth3", "10.1.9.128/25", "10.1.9.129"),
    )
    whole = bag(("eth0", "10.1.1.1", "10.1.1.0/24")).encode()
    assert read_guest_networks(Output(0, whole, b""))[0].cidr == "10.1.1.0/24"


def test_a_tier_is_looked_at_by_what_was_pushed() -> None:
    told = cloud_of(STATE, is_vpc=True, rules=())
    found = checks_of(STATE, vpc(bag(("eth0", "10.1.1.1", "24"))), cloud=told)
    for name in ("forward_rules", "tier_acls", "routes"):
        assert found[name].state == "pass", found[name]
    other = checks_of(STATE, vpc(bag(("eth0", "10.1.77.1", "24"))), cloud=told)
    assert "10.1.77.0/24" in other["forward_rules"].says
    assert "10.1.77.0/24 by eth0" in other["routes"].says


def test_a_vpc_without_a_tier_lacks_nothing() -> None:
    told = cloud_of(STATE, is_vpc=True, rules=(), guest_cidr="10.2.0.0/16")
    without_cards: dict[str, Change] = {
        **vpc("{}"),
        "bag_ips": lambda text: text.replace('"guest"', '"control"'),
    }
    found = checks_of(STATE, without_cards, cloud=told)
    assert (found["forward_rules"].state, found["forward_rules"].says) == (
        "n/a",
        "the VPC has no tier yet",
    )
    assert found["tier_acls"].state == "n/a"
    assert found["routes"].state == "pass"


# Where packets are tried from.


def table(*lines: str) -> Table:
    return read_table(Output(0, "\n".join(lines).encode(), b""))


def test_an_address_that_no_rule_names() -> None:
    assert somewhere(table()) == "192.0.2.250"
    named = table(":X - [0:0]", "[0:0] -A X -s 192.0.2.0/24 -j RETURN")
    assert somewhere(named) == "192.0.3.0"
    assert somewhere(named, ["192.0.3.0/24"]) == "192.0.4.0"
    assert somewhere(table(), HALVES) is None


def test_a_network_is_tried_from_both_ends() -> None:
    chain = table(":X - [0:0]", "[0:0] -A X -s 10.0.0.0/8 -j DROP", "[0:0] -A X -j RETURN")
    assert ends_of(chain, "X", "198.51.100.0/24") == ("198.51.100.0", "198.51.100.255")
    assert ends_of(chain, "X", "198.51.100.7/32") == ("198.51.100.7",)
    assert ends_of(chain, "X", "0.0.0.0/0") == (
        "192.0.2.250",
        "9.255.255.255",
        "11.0.0.0",
    )
    assert beyond(chain, "X", ["10.1.0.0/16"]) == {
        "192.0.2.250": "anywhere",
        "10.0.0.0": "10.0.0.0/8",
        "10.255.255.255": "10.0.0.0/8",
    }


@pytest.mark.parametrize(
    ("fate", "command"),
    [
        (Fate("DROP", "FORWARD", "-i ppp+ -j DROP"), "iptables -D FORWARD -i ppp+ -j DROP"),
        (Fate("DROP", "FORWARD", "-j DROP"), ""),
        (Fate("DROP", "FORWARD"), ""),
        (Fate("ACCEPT", "FORWARD", "-i ppp+ -j ACCEPT"), ""),
        (Fate("DROP", "ACL_INBOUND_eth2", "-s 10.3.1.0/24 -j DROP"), ""),
    ],
)
def test_what_nobody_but_a_person_has_written(fate: Fate, command: str) -> None:
    assert hand_made(fate) == command
