"""`csvpn enable`: the checks, the calls, the run, and what is shown of secrets."""

import io
from collections.abc import Mapping

import pytest

from tests.commands.contexts import Printed, context_for
from tests.consoles import lab_path
from tui.cloud.client import CloudClient
from tui.cloud.endpoint import Parameter
from tui.cloud.errors import ReadOnly
from tui.cloud.reading import Told
from tui.commands.enable import Request, enable
from tui.commands.output import CommandError, Exit
from tui.lab.cloud.entities import Vpn
from tui.lab.lab import Lab


def vpns(lab: Lab) -> list[Vpn]:
    """The VPNs of acme-prod: none or one."""
    addresses = lab.world.addresses
    return [v for v in lab.world.vpns.values() if addresses[v.address].address == "203.0.113.12"]


def vpn_key(lab: Lab) -> str:
    """The pre-shared key of acme-prod's VPN."""
    (vpn,) = vpns(lab)
    return vpn.preshared_key


async def test_a_dry_run_shows_checks_and_calls_and_sends_nothing(
    contract_lab: Lab, printed: Printed
) -> None:
    request = Request(target="acme-prod", users=("alice",), dry_run=True)
    assert await enable(context_for(contract_lab), request) is Exit.FINE
    out, _ = printed.both()
    assert "✔ pass    address.source-nat         203.0.113.12 is the source NAT address" in out
    assert "cmk create remoteaccessvpn publicipid=" in out and "openfirewall=true" in out
    assert "cmk add vpnuser username=alice password='<password>'" in out
    assert "this is a dry run" in out
    assert not vpns(contract_lab) and not contract_lab.world.vpn_users


async def test_every_check_is_printed_worst_first(contract_lab: Lab, printed: Printed) -> None:
    context = context_for(contract_lab, "user")
    assert await enable(context, Request(target="acme-prod", dry_run=True)) is Exit.FINE
    out, _ = printed.both()
    lines = [line for line in out.split("\n") if line[2:3] in ("✘", "▲", "?", "✔")]
    glyphs = [line[2] for line in lines]
    assert glyphs == sorted(glyphs, key="✘▲?✔".index)
    names = [line.split()[2] for line in lines]
    assert len(names) == len(set(names)) == 47
    assert "? unknown router.running             Your role may not use listRouters" in out
    assert "? unknown router.version             likewise" in out


async def test_every_list_is_asked_for_once(
    contract_lab: Lab, printed: Printed, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[tuple[str, str]] = []
    once = CloudClient._once

    async def noted(
        client: CloudClient, command: str, parameters: Mapping[str, Parameter], urgent: bool = True
    ) -> Told:
        asked.append((command, str(sorted(parameters.items()))))
        return await once(client, command, parameters, urgent)

    monkeypatch.setattr(CloudClient, "_once", noted)
    request = Request(target="acme-prod", dry_run=True)
    assert await enable(context_for(contract_lab), request) is Exit.FINE
    assert len(asked) == len(set(asked)) > 20
    assert printed.both()[0]


async def test_checks_in_json_have_evidence_remedy_and_action(
    contract_lab: Lab, printed: Printed
) -> None:
    context = context_for(contract_lab, as_json=True)
    request = Request(target="acme-prod", range_text="10.10.1.5-10.10.1.9", dry_run=True)
    assert await enable(context, request) is Exit.FINDINGS
    checks = {check["name"]: check for check in printed.document()["checks"]}
    assert len(checks) == 47
    assert checks["range.overlap.own-network"] == {
        "name": "range.overlap.own-network",
        "state": "fail",
        "says": "The range overlaps this network acme-prod (10.10.1.0/24); "
        "the server refuses that.",
        "evidence": ["range 10.10.1.5-10.10.1.9"],
        "remedy": "Take another range; `auto` finds one that collides with nothing.",
        "action": "csvpn enable acme-prod --range auto",
        "server_says": "Invalid ip range: 10.10.1.5-10.10.1.9 overlaps with guest ip range "
        "10.10.1.1-10.10.1.254",
    }
    assert checks["router.clock"]["state"] == "unknown", "this profile has no way to the routers"
    assert checks["zone.advanced"]["evidence"] == ["listZones: networktype Advanced"]


async def test_a_read_only_profile_may_be_dry(contract_lab: Lab, printed: Printed) -> None:
    context = context_for(contract_lab, read_only=True)
    assert await enable(context, Request(target="acme-prod", dry_run=True)) is Exit.FINE
    with pytest.raises(ReadOnly):
        await enable(context_for(contract_lab, read_only=True), Request(target="acme-prod"))
    assert "cmk create" in printed.both()[0]


@pytest.mark.parametrize(
    ("request_", "name", "says"),
    [
        (Request(target="acme-novpn"), "offering.vpn", "does not have the Vpn service"),
        (Request(target="acme-noconserve"), "offering.conserve-mode", "without conserve mode"),
        (Request(target="acme-l2"), "network.type", "layer 2"),
        (Request(target="acme-prod", range_text="10.1.2"), "range.form", "no dash"),
        (
            Request(target="acme-prod", range_text="10.10.1.5-10.10.1.9"),
            "range.overlap.own-network",
            "overlaps",
        ),
        (Request(target="acme-prod", range_text="8.8.8.1-8.8.8.9"), "range.private", "not private"),
        (
            Request(target="acme-prod", range_text="10.9.0.1-10.9.0.1"),
            "range.empty",
            "nobody could",
        ),
        (Request(target="acme-prod", sources=("10.0.0.1",)), "sources.form", "has no mask"),
        (Request(target="acme-prod", users=("ab",)), "users.names", "2 characters"),
        (Request(target="acme-prod", users=("abc", "abc")), "users.taken", "already has"),
        (
            Request(target="acme-prod", users=tuple(f"user{n}" for n in range(9))),
            "users.limit",
            "do not fit",
        ),
    ],
    ids=lambda value: value.target if isinstance(value, Request) else value,
)
async def test_what_stands_in_the_way_is_a_finding(
    contract_lab: Lab, printed: Printed, request_: Request, name: str, says: str
) -> None:
    context = context_for(contract_lab, as_json=True)
    assert await enable(context, request_) is Exit.FINDINGS
    document = printed.document()
    assert document["can_run"] is False and document["calls"] == []
    wrong = [check for check in document["checks"] if check["state"] == "fail"]
    assert any(check["name"] == name and says in check["says"] for check in wrong)
    assert not vpns(contract_lab) and not contract_lab.world.vpn_users


async def test_enabling_prints_steps_and_result_without_the_key(
    contract_lab: Lab, printed: Printed
) -> None:
    request = Request(
        target="203.0.113.12",
        range_text="auto",
        sources=("198.51.100.0/24", "192.0.2.0/24"),
        users=("alice", "bob"),
        yes=True,
    )
    assert await enable(context_for(contract_lab), request) is Exit.FINE
    out, err = printed.both()
    assert out.count("✔ done") >= 6
    assert "server: 203.0.113.12" in out and "pre-shared key: ••••••••" in out
    assert vpn_key(contract_lab) not in out + err
    for user in contract_lab.world.vpn_users.values():
        assert f"password of {user.username}: {user.password}" in out
        assert user.password not in err
    assert "the profile does not say how to reach it" in err
    sources = {rule.cidrs for rule in contract_lab.world.rules.values() if rule.start == 500}
    assert ("198.51.100.0/24", "192.0.2.0/24") in {tuple(each) for each in sources}


@pytest.mark.parametrize("show", [True, False])
async def test_the_document_has_the_key_only_when_it_was_asked_for(
    contract_lab: Lab, printed: Printed, show: bool
) -> None:
    context = context_for(contract_lab, as_json=True)
    request = Request(target="acme-prod", users=("alice",), yes=True, show_secret=show)
    assert await enable(context, request) is Exit.FINE
    document = printed.document()
    assert document["ran"] and document["vpn"]["clients"] == 7
    assert document["vpn"]["preshared_key"] == (vpn_key(contract_lab) if show else None)
    (user,) = document["vpn"]["users"]
    assert user["name"] == "alice" and len(user["password"]) >= 16
    assert {step["state"] for step in document["steps"]} == {"done"}
    assert {port["port"] for port in document["vpn"]["ports"]} == {500, 1701, 4500}


async def test_the_router_is_asked_where_the_profile_knows_the_way(
    demo_lab: Lab, printed: Printed
) -> None:
    context = context_for(demo_lab, as_json=True, zones={"*": lab_path(demo_lab)})
    assert await enable(context, Request(target="acme-prod", yes=True)) is Exit.FINE
    word = printed.document()["vpn"]["router"]
    assert word["ok"] is True and "IKE listens" in word["says"]


async def test_a_vpn_that_runs_is_a_finding(contract_lab: Lab, printed: Printed) -> None:
    context = context_for(contract_lab, as_json=True)
    await enable(context, Request(target="acme-prod", yes=True))
    printed.both()
    context = context_for(contract_lab, as_json=True)
    assert await enable(context, Request(target="acme-prod", yes=True)) is Exit.FINDINGS
    assert "runs on 203.0.113.12" in printed.both()[0]


async def test_a_step_that_fails_is_told_with_what_was_not_done(
    contract_lab: Lab, printed: Printed
) -> None:
    context = context_for(contract_lab, as_json=True)
    launcher = context.launcher
    session = await launcher.try_out(launcher.profiles().profiles["prod"])
    await session.client.call(
        "configureSimulator", name="RemoteAccessVpnCfgCommand", value="result:fail"
    )
    await session.aclose()
    request = Request(target="acme-prod", users=("alice",), yes=True)
    assert await enable(context, request) is Exit.FINDINGS
    document = printed.document()
    states = {step["step"]: step["state"] for step in document["steps"]}
    assert states["vpn"] == "failed" and states["user alice"] == "skipped"
    assert document["vpn"] is None and not contract_lab.world.vpn_users


@pytest.mark.parametrize(("answer", "code"), [("y\n", Exit.FINE), ("n\n", Exit.FINDINGS)])
async def test_without_yes_it_asks(
    contract_lab: Lab,
    printed: Printed,
    monkeypatch: pytest.MonkeyPatch,
    answer: str,
    code: Exit,
) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    monkeypatch.setattr("sys.stdin", Terminal(answer))
    assert await enable(context_for(contract_lab), Request(target="acme-prod")) is code
    assert bool(vpns(contract_lab)) is (code is Exit.FINE)
    assert ("Nothing was changed" in printed.both()[1]) is (code is Exit.FINDINGS)


async def test_without_a_terminal_it_wants_yes(contract_lab: Lab) -> None:
    with pytest.raises(CommandError, match="--yes"):
        await enable(context_for(contract_lab), Request(target="acme-prod"))
    assert not vpns(contract_lab)


@pytest.mark.parametrize(
    ("target", "says", "code"),
    [
        ("acme-prd", "did you mean acme-prod", Exit.USAGE),
        ("203.0.113.250", "there is no network", Exit.USAGE),
        ("[red]\x1b[31m", "there is no network", Exit.USAGE),
        ("acme-vpc-web", "is a tier of the VPC acme-vpc", Exit.FINDINGS),
    ],
)
async def test_targets_that_are_none(contract_lab: Lab, target: str, says: str, code: Exit) -> None:
    with pytest.raises(CommandError) as caught:
        await enable(context_for(contract_lab), Request(target=target, dry_run=True))
    assert says in str(caught.value) and caught.value.code is code


async def test_another_address_of_a_network_is_explained(contract_lab: Lab) -> None:
    other = next(a for a in contract_lab.world.addresses.values() if a.network and not a.source_nat)
    with pytest.raises(CommandError, match="not the source NAT address") as caught:
        await enable(context_for(contract_lab), Request(target=other.address, dry_run=True))
    assert caught.value.code is Exit.FINDINGS
