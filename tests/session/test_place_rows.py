"""Rows that are kept between joins are what a join from nothing would give."""

from typing import Any

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from tests.session.clouds import HeldCloud
from tui.cloud.models import Network, PublicIp, RemoteAccessVpn, Router, Service, Vpc, VpnUser
from tui.session.inventory import Inventory
from tui.session.place_rows import NetworkRow, network_row, network_rows, row_of_address

IDS = st.sampled_from(["1", "2", "3"])
ACCOUNTS = st.sampled_from(["acme", "beta"])
VPN = (Service(name="Vpn"),)


def inventory() -> Inventory:
    return HeldCloud().session().inventory


def networks() -> st.SearchStrategy[Network]:
    return st.builds(
        Network,
        id=IDS.map("n{}".format),
        account=ACCOUNTS,
        domain_id=st.just("d"),
        type=st.sampled_from(["Isolated", "L2"]),
        state=st.sampled_from(["Implemented", "Allocated"]),
        vpc_id=st.sampled_from(["", "", "v1"]),
        services=st.sampled_from([VPN, ()]),
    )


CHANGES = st.one_of(
    st.tuples(st.just("networks"), networks()),
    st.tuples(st.just("vpcs"), st.builds(Vpc, id=IDS.map("v{}".format), account=ACCOUNTS)),
    st.tuples(
        st.just("addresses"),
        st.builds(
            PublicIp,
            id=IDS.map("a{}".format),
            network_id=IDS.map("n{}".format),
            is_source_nat=st.booleans(),
        ),
    ),
    st.tuples(
        st.just("vpns"),
        st.builds(
            RemoteAccessVpn,
            public_ip_id=IDS.map("a{}".format),
            state=st.sampled_from(["Running", "Added"]),
        ),
    ),
    st.tuples(
        st.just("users"),
        st.builds(VpnUser, id=IDS.map("u{}".format), account=ACCOUNTS, domain_id=st.just("d")),
    ),
    st.tuples(
        st.just("routers"),
        st.builds(
            Router,
            id=IDS.map("r{}".format),
            name=IDS,
            guest_network_id=IDS.map("n{}".format),
            state=st.sampled_from(["Running", "Stopped"]),
        ),
    ),
    st.tuples(st.just("half_made"), IDS.map("a{}".format)),
    st.tuples(st.just("removed"), st.sampled_from(["networks", "addresses", "vpns", "routers"])),
)


def change(lists: Inventory, what: str, row: Any) -> None:
    if what == "half_made":
        if lists.half_made.pop(row, None) is None:
            lists.half_made[row] = "it failed"
    elif what == "removed":
        rows = getattr(lists, row).rows
        if rows:
            del rows[next(iter(rows))]
    else:
        key = row.public_ip_id if what == "vpns" else row.id
        getattr(lists, what).rows[key] = row


def copy_of(lists: Inventory) -> Inventory:
    fresh = inventory()
    for name in ("networks", "vpcs", "addresses", "vpns", "users", "routers"):
        getattr(fresh, name).rows = dict(getattr(lists, name).rows)
    fresh.half_made = dict(lists.half_made)
    return fresh


@given(st.lists(CHANGES, max_size=25))
def test_kept_rows_are_what_a_new_join_gives(changes: list[tuple[str, Any]]) -> None:
    lists = inventory()
    for what, row in changes:
        change(lists, what, row)
        assert network_rows(lists) == network_rows(copy_of(lists))


def filled(count: int) -> Inventory:
    lists = inventory()
    lists.networks.rows = {
        f"n{n}": Network(id=f"n{n}", account="acme", domain_id="d", type="Isolated", services=VPN)
        for n in range(count)
    }
    return lists


def kept_of(before: list[NetworkRow], after: list[NetworkRow]) -> int:
    return sum(any(a is b for b in before) for a in after)


def test_only_what_changed_is_made_again() -> None:
    lists = filled(40)
    before = network_rows(lists)
    assert all(a is b for a, b in zip(network_rows(lists), before, strict=True))
    lists.networks.rows["n3"] = msgspec.structs.replace(lists.networks.rows["n3"], state="Setup")
    lists.networks.rows["n99"] = Network(id="n99")
    after = network_rows(lists)
    assert (len(after), kept_of(before, after)) == (41, 39)
    lists.addresses.rows["a"] = PublicIp(id="a", network_id="n5", is_source_nat=True)
    lists.vpns.rows["a"] = RemoteAccessVpn(public_ip_id="a", state="Running")
    again = network_rows(lists)
    assert (len(again), kept_of(after, again)) == (41, 40)
    row = network_row(lists, "n5")
    assert row is not None
    assert row.vpn is lists.vpns.rows["a"]
    assert row_of_address(lists, "a") is row
    assert row_of_address(lists, "b") is None
    lists.users.rows["u"] = VpnUser(id="u", account="beta", domain_id="d")
    assert kept_of(again, network_rows(lists)) == 41, "a user of somebody else changes no row"
