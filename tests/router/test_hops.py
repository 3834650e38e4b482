"""The way to a router, as the profile says it."""

import pytest

from tui.router.errors import PathUnknown
from tui.router.hops import RouterTarget, plan
from tui.settings.model import Hop, SshPath

ROUTER = RouterTarget(name="r-42-VM", uuid="u-42", control_ip="169.254.7.42", host_ip="192.0.2.20")


def ways(path: SshPath, router: RouterTarget = ROUTER) -> list[tuple[str, int, str, str, str]]:
    return [(s.host, s.port, s.user, s.key_file, s.alias) for s in plan(path, router)]


def test_direct() -> None:
    assert ways(SshPath(key_file="~/k")) == [("169.254.7.42", 3922, "root", "~/k", "vr:u-42")]


def test_through_bastion_and_kvm_host() -> None:
    path = SshPath(
        via="kvm",
        jump=(Hop("bastion.example", user="ops"),),
        host_user="admin",
        host_port=2222,
        key_file="~/k",
        router_key_file="~/cloud",
    )
    assert ways(path) == [
        ("bastion.example", 22, "ops", "~/k", "bastion.example"),
        ("192.0.2.20", 2222, "admin", "~/k", "[192.0.2.20]:2222"),
        ("169.254.7.42", 3922, "root", "~/cloud", "vr:u-42"),
    ]


def test_through_the_management_server() -> None:
    path = SshPath(via="management", management_host="mgmt.example")
    assert [way[0] for way in ways(path)] == ["mgmt.example", "169.254.7.42"]


@pytest.mark.parametrize("address", ["127.0.0.1:4022", "[::1]:4022", "lab.example:4022"])
def test_forwarded_ports_replace_the_last_leg(address: str) -> None:
    path = SshPath(via="kvm", jump=(Hop("b"),), addresses={"r-42-VM": address})
    found = ways(path)
    assert len(found) == 2
    assert found[1][0] in {"127.0.0.1", "::1", "lab.example"}
    assert found[1][1] == 4022 and found[1][4] == "vr:u-42"


@pytest.mark.parametrize("address", ["127.0.0.1:", "127.0.0.1:x", ":22", "h:70000"])
def test_bad_addresses_are_named(address: str) -> None:
    with pytest.raises(PathUnknown, match="r-42-VM"):
        plan(SshPath(addresses={"r-42-VM": address}), ROUTER)


@pytest.mark.parametrize(
    ("path", "router", "words"),
    [
        (SshPath(), RouterTarget(name="r-1", uuid="u", control_ip=""), "control address"),
        (SshPath(via="kvm"), RouterTarget(name="r-1", uuid="u", control_ip="1.2.3.4"), "host"),
        (SshPath(via="management"), ROUTER, "management server"),
    ],
)
def test_what_is_missing_is_said(path: SshPath, router: RouterTarget, words: str) -> None:
    with pytest.raises(PathUnknown, match=words) as caught:
        plan(path, router)
    assert caught.value.remedy
