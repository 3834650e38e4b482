"""What is wrong and what cures it, from facts alone."""

from typing import Any

import pytest

from tui.vpn.repairs import RepairFacts, RouterView, StoppedRouter, cures_of, diagnose

VR = RouterView(id="r1", name="r-1-VM", logins=("alice",))
DOWN = StoppedRouter("r9", "r-9-VM", "acme-dev", "stopped", True)


def facts(**changes: Any) -> RepairFacts:
    usual = {"place": "acme", "listed": True, "account_runs_vpn": True, "active": ("alice",)}
    return RepairFacts(**{**usual, "routers": (VR,), **changes})


def view(**changes: Any) -> RouterView:
    usual = {"id": "r1", "name": "r-1-VM", "logins": ("alice",)}
    return RouterView(**{**usual, **changes})


def test_nothing_is_wrong() -> None:
    assert diagnose(facts()) == ()
    assert diagnose(facts(listed=False, account_runs_vpn=False, waiting=("bob",))) == ()


@pytest.mark.parametrize(
    ("changes", "kind", "cures"),
    [
        ({"last_failed": "create"}, "half-made", ["create"]),
        ({"last_failed": "delete"}, "half-removed", ["delete"]),
        ({"holds_unlisted_rules": True}, "half-done", ["delete"]),
        ({"seen_half": "refused"}, "half-done", ["delete"]),
        ({"seen_half": "refused", "last_failed": "create"}, "half-made", ["create"]),
    ],
)
def test_half_way(changes: dict[str, Any], kind: str, cures: list[str]) -> None:
    (trouble,) = diagnose(facts(listed=False, routers=(), **changes))
    assert trouble.kind == kind and trouble.evidence
    assert [each.cure for each in trouble.cures] == cures
    assert diagnose(facts(listed=True, **changes)) == ()


@pytest.mark.parametrize(
    ("failed", "kind", "cure"),
    [
        ("ike_listens", "ike-dead", "restart-ipsec"),
        ("conn_loaded", "ike-dead", "restart-ipsec"),
        ("l2tp_listens", "l2tp-dead", "restart-xl2tpd"),
        ("range_loaded", "range-not-loaded", "restart-xl2tpd"),
        ("psk_matches", "key-differs", "resend"),
        ("range_written", "key-differs", "resend"),
        ("gate_open", "ports-closed", ""),
        ("ip_forward", "no-forwarding", ""),
    ],
)
def test_what_a_router_says(failed: str, kind: str, cure: str) -> None:
    router = view(failed=(failed,), evidence=((failed, "the evidence"),))
    (trouble,) = diagnose(facts(routers=(router,)))
    assert trouble.kind == kind and trouble.evidence == ("the evidence",)
    assert [each.cure for each in trouble.cures] == ([cure] if cure else [])
    assert bool(trouble.otherwise) is (not cure)
    assert all(each.target == "r1" for each in trouble.cures)


def test_a_dead_daemon_is_restarted_once() -> None:
    router = view(failed=("l2tp_listens", "range_loaded", "ike_listens", "conn_loaded"))
    cures = cures_of(diagnose(facts(routers=(router,))))
    assert [each.cure for each in cures] == ["restart-ipsec", "restart-xl2tpd"]


def test_a_stopped_vpc_router_holds_the_users() -> None:
    (trouble,) = diagnose(facts(waiting=("bob",), stopped=(DOWN,)))
    assert trouble.kind == "users-waiting"
    assert "r-9-VM of the VPC acme-dev is stopped." in trouble.evidence
    assert [each.cure for each in trouble.cures] == ["start-router", "push-users"]


def test_a_stopped_router_of_an_isolated_network_holds_nobody() -> None:
    isolated = StoppedRouter("r8", "r-8-VM", "acme-west", "stopped", False)
    (trouble,) = diagnose(facts(waiting=("bob",), stopped=(isolated,)))
    assert [each.cure for each in trouble.cures] == ["push-users"]


def test_a_full_account_cannot_push() -> None:
    names = tuple(f"user{n}" for n in range(7))
    (trouble,) = diagnose(facts(waiting=names, stopped=(DOWN,)))
    assert [each.cure for each in trouble.cures] == ["start-router"]
    assert "no room" in trouble.otherwise


def test_a_login_that_nobody_knows() -> None:
    router = view(logins=("alice", "walter"))
    (trouble,) = diagnose(facts(routers=(router,)))
    assert trouble.kind == "surplus-login" and "walter" in trouble.says
    assert [(each.cure, each.target) for each in trouble.cures] == [
        ("remove-user", "walter"),
        ("remove-login", "r1 walter"),
    ]


def test_a_ghost_that_a_push_would_write_again_is_forgotten_first() -> None:
    router = view(logins=("alice", "walter"), pushed=("alice", "walter"))
    cures = cures_of(diagnose(facts(routers=(router,))))
    assert [each.cure for each in cures] == ["remove-user", "forget-user", "remove-login"]


def test_a_ghost_on_both_routers_of_a_pair() -> None:
    routers = (view(logins=("walter",)), view(id="r2", name="r-2-VM", logins=("walter",)))
    cures = cures_of(diagnose(facts(active=(), routers=routers)))
    assert [each.target for each in cures] == ["walter", "r1 walter", "r2 walter"]


def test_a_removal_that_was_refused_as_somebody_says() -> None:
    (trouble,) = diagnose(facts(stuck_removals=("ivan",)))
    assert [each.cure for each in trouble.cures] == ["remove-user"]
    assert "stays taken" in trouble.says


def test_a_user_that_waits_is_no_surplus() -> None:
    router = view(logins=("alice", "bob"))
    kinds = [each.kind for each in diagnose(facts(waiting=("bob",), routers=(router,)))]
    assert kinds == ["users-waiting"]
