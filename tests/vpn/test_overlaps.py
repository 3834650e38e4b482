"""What a range collides with, and free ranges."""

from ipaddress import IPv4Network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.vpn.findings import errors, warnings
from tui.vpn.overlaps import (
    HOME_NETWORKS,
    Kind,
    Neighbour,
    check_range,
    home_networks,
    suggest_range,
)
from tui.vpn.ranges import DEFAULT_RANGE, LARGEST, spans_of

private_networks = st.builds(
    lambda block, length, where: list(IPv4Network(block).subnets(new_prefix=length))[
        where % 2 ** (length - IPv4Network(block).prefixlen)
    ],
    st.sampled_from(["10.0.0.0/8", "10.201.0.0/16", "172.16.0.0/12", "192.168.0.0/16"]),
    st.integers(16, 20),
    st.integers(0, 2**12),
)
neighbours = st.lists(
    st.tuples(st.sampled_from(Kind), private_networks).map(
        lambda pair: Neighbour(pair[0], "x", str(pair[1]))
    ),
    max_size=12,
)


def codes(text: str, *around: Neighbour, users: int = 0) -> dict[str, str]:
    return {f.code: f.severity for f in check_range(text, around, users=users).findings}


def test_the_default_range_is_fine() -> None:
    check = check_range(DEFAULT_RANGE, users=7)
    assert check.usable
    assert check.findings == ()


@pytest.mark.parametrize(
    ("text", "code", "severity"),
    [
        ("10.3.0.1-10.3.0.1", "range-empty", "error"),
        ("8.8.8.1-8.8.8.8", "range-public", "error"),
        ("10.255.255.250-11.0.0.5", "range-public", "error"),
        ("127.0.0.1-127.0.0.9", "range-public", "error"),
        ("169.254.0.1-169.254.0.9", "range-public", "error"),
        ("100.64.0.1-100.64.0.9", "range-carrier", "warning"),
        ("10.3.0.1-10.4.255.254", "range-huge", "error"),
        ("10.3.0.1-10.3.8.1", "range-large", "warning"),
        ("192.168.1.10-192.168.1.20", "range-home", "warning"),
    ],
)
def test_what_the_server_would_swallow(text: str, code: str, severity: str) -> None:
    assert codes(text)[code] == severity


def test_fewer_addresses_than_users() -> None:
    (finding,) = check_range(DEFAULT_RANGE, users=8).findings
    assert finding.severity == "warning"
    assert finding.says == (
        "10.1.2.1-10.1.2.8 lets 7 people connect at the same time, but the account has 8 people."
    )


def test_the_own_network_is_refused_in_the_servers_words() -> None:
    own = Neighbour(Kind.OWN_NETWORK, "acme-prod", "10.10.1.0/24")
    (finding,) = check_range("10.10.1.50-10.10.1.60", [own]).findings
    assert finding.severity == "error"
    assert "acme-prod" in finding.says
    assert finding.server_says == (  # recording 06
        "Invalid ip range: 10.10.1.50-10.10.1.60 overlaps with guest ip range 10.10.1.1-10.10.1.254"
    )


def test_every_other_neighbour_is_named() -> None:
    around = [
        Neighbour(Kind.OWN_PEER, "branch", "192.168.50.0/24,192.168.51.0/24"),
        Neighbour(Kind.NETWORK, "beta-net", "192.168.51.0/24"),
        Neighbour(Kind.VPC, "other-vpc", "192.168.0.0/16"),
        Neighbour(Kind.PEER, "far", "192.168.51.128/25"),
        Neighbour(Kind.VPN, "acme-dev", "192.168.51.2-192.168.51.8"),
        Neighbour(Kind.NETWORK, "elsewhere", "10.0.0.0/8"),
    ]
    check = check_range("192.168.51.1-192.168.51.200", around)
    assert [f.says.split("overlaps ")[1].split(" (")[0] for f in check.findings] == [
        "the site-to-site peer branch",
        "the network beta-net",
        "the VPC other-vpc",
        "the site-to-site peer of another VPC, far",
        "the clients of the VPN acme-dev",
    ]
    assert len(errors(check.findings)) == 1
    assert not check.usable


def test_addresses_that_cannot_be_read_are_said() -> None:
    check = check_range(DEFAULT_RANGE, [Neighbour(Kind.NETWORK, "odd", "somewhere")])
    (finding,) = warnings(check.findings)
    assert finding.code == "range-not-compared"
    assert "odd" in finding.says


def test_a_neighbour_without_addresses_is_no_neighbour() -> None:
    assert check_range(DEFAULT_RANGE, [Neighbour(Kind.NETWORK, "l2", "")]).findings == ()


def test_home_networks_hit_the_usual_guest_network_too() -> None:
    assert home_networks("192.168.178.0/24") == ("192.168.178.0/24 (FRITZ!Box routers)",)
    assert home_networks("10.201.0.0/24") == ()
    assert all(len(spans_of(cidr)) == 1 for cidr, _ in HOME_NETWORKS)


@given(neighbours, st.integers(1, 500))
def test_a_suggestion_collides_with_nothing(around: list[Neighbour], clients: int) -> None:
    suggested = suggest_range(around, clients)
    if suggested is None:
        return
    check = check_range(str(suggested), around, users=clients)
    assert check.findings == ()
    assert suggested.clients == clients


def test_the_default_is_suggested_when_it_is_free() -> None:
    assert str(suggest_range([])) == DEFAULT_RANGE
    around = [Neighbour(Kind.OWN_NETWORK, "n", "10.1.0.0/16")]
    assert str(suggest_range(around)) == "10.201.0.1-10.201.0.8"


def test_no_room_and_no_sense_give_no_suggestion() -> None:
    whole = [Neighbour(Kind.NETWORK, "all", "10.0.0.0/8,172.16.0.0/12,192.168.0.0/16")]
    assert suggest_range(whole) is None
    assert suggest_range([], 0) is None
    assert suggest_range([], LARGEST) is None


@given(st.text(alphabet="0123456789.-/ :a", max_size=40), neighbours)
def test_any_text_gets_an_answer(text: str, around: list[Neighbour]) -> None:
    check = check_range(text, around, users=3)
    assert check.range is not None or errors(check.findings)
    assert check.usable == (not errors(check.findings))


def test_networks_with_the_same_addresses_are_said_once() -> None:
    many = [Neighbour(Kind.NETWORK, f"net-{n}", "10.1.1.0/24") for n in range(2000)]
    (finding,) = check_range("10.1.1.1-10.1.1.9", many).findings
    assert "the network net-0, net-1, net-2 and 1997 more (10.1.1.0/24)" in finding.says
    assert suggest_range(many) is not None
