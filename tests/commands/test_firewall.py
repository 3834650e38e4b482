"""`csvpn firewall`: show, set, allow for a time, and the ACLs of tiers."""

import asyncio
import time
from collections.abc import Sequence

import msgspec
import pytest

from tests.commands.contexts import Printed, context_for
from tests.screens.stage import address_of
from tui.cloud.errors import ReadOnly
from tui.commands import firewall, firewall_timed
from tui.commands.arguments import parser
from tui.commands.opening import Context
from tui.commands.output import CommandError, Exit, tell
from tui.lab.cloud import entities as e
from tui.lab.cloud.engine import Pace
from tui.lab.lab import Lab
from tui.settings.profiles import load_profiles, save_profile
from tui.vpn.spans import spoken_time

OFFICE = "198.51.100.0/24"


def words(*typed: str) -> list[str]:
    return ["firewall", *typed]


async def run(context: Context, typed: Sequence[str]) -> Exit:
    return await firewall.run_command(context, parser().parse_args(words(*typed)))


def lists_of(lab: Lab, context: Context) -> None:
    """Give the default profile lists of sources."""
    (profile,) = load_profiles().profiles.values()
    lists = {"office": (OFFICE,), "branch": ("192.0.2.0/24",)}
    save_profile(msgspec.structs.replace(profile, sources=lists))


def put(lab: Lab, *rules: tuple[int, str]) -> None:
    """Firewall rules on acme-prod's address: port and source."""
    lab.cloud.pace = Pace(job=0, router=0, transaction=0, network=0)
    address = address_of(lab, "acme-prod")
    for port, cidr in rules:
        made = e.Rule(
            id=lab.world.new_id(),
            number=lab.world.number("rules"),
            purpose="Firewall",
            address=address.id,
            network=address.network,
            account=address.account,
            protocol="udp",
            start=port,
            end=port,
            cidrs=(cidr,),
            state="Active",
        )
        lab.world.rules[made.id] = made


def sources(lab: Lab) -> set[tuple[int | None, tuple[str, ...]]]:
    rules = lab.world.rules_on(address_of(lab, "acme-prod").id, "Firewall")
    return {(rule.start, tuple(sorted(rule.cidrs))) for rule in rules}


OPEN = ((500, "0.0.0.0/0"), (4500, "0.0.0.0/0"), (1701, "0.0.0.0/0"))
NARROW = {(500, (OFFICE,)), (4500, (OFFICE,)), (1701, (OFFICE,))}


async def test_show_in_words_and_as_a_document(contract_lab: Lab, printed: Printed) -> None:
    put(contract_lab, (500, OFFICE), (22, "0.0.0.0/0"))
    context = context_for(contract_lab)
    lists_of(contract_lab, context)
    assert await run(context, ["show", "acme-prod"]) is Exit.FINE
    out, _ = printed.both()
    assert "203.0.113.12: acme-prod, no VPN" in out
    assert f"✔ IKE (UDP 500) from office ({OFFICE})" in out
    assert "✘ NAT-T (UDP 4500) is closed" in out and "UDP 22 from anywhere  [Active]" in out
    await run(context_for(contract_lab, as_json=True), ["show", "203.0.113.12"])
    document = printed.document()
    assert document["ports"][0] == {"port": 500, "access": "limited", "sources": [OFFICE]}
    assert len(document["rules"]) == 2 and document["tiers"] == []


async def test_a_dry_run_shows_the_diff_and_the_calls(contract_lab: Lab, printed: Printed) -> None:
    put(contract_lab, *OPEN)
    context = context_for(contract_lab, read_only=True)
    lists_of(contract_lab, context)
    typed = ["set", "acme-prod", "--from", "office", "--dry-run"]
    assert await run(context, typed) is Exit.FINE
    out, _ = printed.both()
    assert f"Let only {OFFICE} reach the VPN ports of 203.0.113.12" in out
    assert "The VPN ports - from anywhere" in out and f"The VPN ports + from {OFFICE}" in out
    assert f"The VPN ports: from anywhere → from {OFFICE}" in out
    assert "disabling would have removed" in out
    lines = [line.split()[:4] for line in out.splitlines() if line.startswith("  cmk")]
    assert [line[1] for line in lines] == ["create"] * 3 + ["delete"] * 3
    assert sources(contract_lab) == {(port, (cidr,)) for port, cidr in OPEN}
    with pytest.raises(ReadOnly):
        await run(context, ["set", "acme-prod", "--from", "office"])


async def test_set_narrows_and_looks_again(contract_lab: Lab, printed: Printed) -> None:
    put(contract_lab, *OPEN)
    context = context_for(contract_lab, as_json=True)
    lists_of(contract_lab, context)
    typed = ["set", "acme-prod", "--from", "office", "--yes"]
    assert await run(context, typed) is Exit.FINE
    document = printed.document()
    assert document["ran"] and {step["state"] for step in document["steps"]} == {"done"}
    assert document["access"][0] == {"port": 500, "before": ["0.0.0.0/0"], "after": [OFFICE]}
    assert sources(contract_lab) == NARROW
    assert await run(context, typed) is Exit.FINE
    assert not printed.document()["ran"]


async def test_one_port(contract_lab: Lab, printed: Printed) -> None:
    put(contract_lab, *OPEN)
    typed = ["set", "acme-prod", "--from", OFFICE, "--port", "l2tp", "--yes"]
    assert await run(context_for(contract_lab), typed) is Exit.FINE
    assert sources(contract_lab) == {(1701, (OFFICE,)), *((p, (c,)) for p, c in OPEN[:2])}


async def test_what_stands_in_the_way(
    contract_lab: Lab, printed: Printed, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(contract_lab, *OPEN)
    context = context_for(contract_lab)
    lists_of(contract_lab, context)
    assert await run(context, ["set", "acme-prod", "--from", "offce", "--yes"]) is Exit.FINDINGS
    assert "the lists of the profile are: branch, office" in printed.both()[0]
    monkeypatch.setenv("SSH_CONNECTION", "203.0.113.99 50000 10.0.0.1 22")
    await run(context, ["set", "acme-prod", "--from", "office", "--dry-run"])
    assert "▲ You are logged in from 203.0.113.99, which would no longer" in printed.both()[0]
    with pytest.raises(CommandError, match="no network, VPC or address 'nowhere'"):
        await run(context, ["set", "nowhere", "--from", "office", "--yes"])
    with pytest.raises(CommandError, match="whose router opens"):
        await run(context, ["set", "acme-vpc", "--from", "office", "--yes"])
    with pytest.raises(CommandError, match="there is no terminal to ask on"):
        await run(context, ["set", "acme-prod", "--from", "office"])


async def test_a_gap_has_to_be_allowed(contract_lab: Lab, printed: Printed) -> None:
    put(contract_lab, (500, "203.0.113.7/32"))
    rule = next(iter(contract_lab.world.rules_on(address_of(contract_lab, "acme-prod").id)))
    rule.cidrs = ("203.0.113.7/32", OFFICE)
    typed = ["set", "acme-prod", "--from", "203.0.113.7/32", "--port", "ike", "--yes"]
    assert await run(context_for(contract_lab), typed) is Exit.FINDINGS
    assert "would be closed to 203.0.113.7/32 for a moment" in printed.both()[0]
    assert await run(context_for(contract_lab), [*typed, "--allow-gap"]) is Exit.FINE
    assert sources(contract_lab) == {(500, ("203.0.113.7/32",))}


async def test_allow_for_a_time_goes_back(
    contract_lab: Lab, printed: Printed, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(contract_lab, (500, OFFICE))
    now = time.time()
    typed = ["allow", "acme-prod", "--from", "192.0.2.0/24", "--port", "ike", "--yes"]
    typed += ["--for", "30m"]
    # The half hour began almost as long ago.
    monkeypatch.setattr(firewall, "_now", lambda: now - 1798)
    assert await run(context_for(contract_lab), typed) is Exit.FINE
    out, err = printed.both()
    assert "That is done by csvpn, not by the server" in out and "goes back in 0:0" in err
    assert "✔ done     Delete the rule for IKE (UDP 500) from 192.0.2.0/24" in out
    assert sources(contract_lab) == {(500, (OFFICE,))}


async def test_leaving_a_timed_change_says_what_happens(
    contract_lab: Lab, printed: Printed, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(contract_lab, (500, OFFICE))
    typed = ["allow", "acme-prod", "--from", "192.0.2.0/24", "--for", "30m", "--yes"]
    waits = asyncio.Event()

    def told(text: str) -> None:
        tell(text)
        waits.set()

    monkeypatch.setattr("tui.commands.firewall_timed.tell", told)
    working = asyncio.create_task(run(context_for(contract_lab), typed))
    async with asyncio.timeout(10):
        await waits.wait()
    working.cancel()
    with pytest.raises(asyncio.CancelledError):
        await working
    err = printed.both()[1]
    assert "The change stays until csvpn is started again or csvpn journal resume is run" in err
    assert (500, ("192.0.2.0/24",)) in sources(contract_lab)


def test_times_are_read_and_said() -> None:
    parse = parser().parse_args
    assert parse(words("allow", "x", "--from", "a", "--for", "2h")).seconds == 7200
    for wrong in ("30", "0m", "8d", "m", "-1m"):
        with pytest.raises(CommandError):
            parse(words("allow", "x", "--from", "a", f"--for={wrong}"))
    assert (spoken_time(1745), spoken_time(3720), spoken_time(-3)) == ("29:05", "1:02:00", "0:00")
    assert firewall_timed._EVERY == 60


async def test_tiers_and_their_acls(demo_lab: Lab, printed: Printed) -> None:
    demo_lab.cloud.pace = Pace(job=0, router=0, transaction=0, network=0)
    context = context_for(demo_lab)
    assert await run(context, ["show", "globex-vpc"]) is Exit.FINDINGS
    out, _ = printed.both()
    assert "▲ globex-web (10.8.1.0/24): VPN clients reach only TCP 443 (ACL web-only" in out
    typed = ["acl", "globex-vpc", "--tier", "globex-web"]
    assert await run(context, [*typed, "--dry-run"]) is Exit.FINE
    out, _ = printed.both()
    assert "cmk create networkacl" in out and "number=99" in out and "10.3.8.4/30" in out
    assert await run(context, [*typed, "--yes"]) is Exit.FINE
    assert "globex-web: VPN clients reach everything (ACL web-only)." in printed.both()[0]
    made = [item for item in demo_lab.world.acl_items.values() if item.position == 99]
    assert made[0].reason == "csvpn: VPN clients of globex-vpc"
    assert await run(context, ["show", "globex-vpc"]) is Exit.FINE
    assert await run(context, [*typed, "--yes"]) is Exit.FINE
    assert "Entry 99 of web-only lets the client range in already." in printed.both()[0]
    # The client range has changed since: the entry is replaced and not joined by another.
    made[0].cidrs = ("10.77.0.0/29",)
    assert await run(context, [*typed, "--yes"]) is Exit.FINE
    ours = [i for i in demo_lab.world.acl_items.values() if i.reason.startswith("csvpn")]
    assert [(i.position, "10.3.8.8/32" in i.cidrs) for i in ours] == [(98, True)]


async def test_tiers_that_cannot_be_changed(demo_lab: Lab, printed: Printed) -> None:
    demo_lab.cloud.pace = Pace(job=0, router=0, transaction=0, network=0)
    context = context_for(demo_lab)
    web = next(n for n in demo_lab.world.networks.values() if n.name == "globex-web")
    web.acl = next(a.id for a in demo_lab.world.acl_lists.values() if a.name == "default_deny")
    typed = ["acl", "globex-vpc", "--tier", "globex-web", "--yes"]
    assert await run(context, typed) is Exit.FINDINGS
    assert "is one of the cloud's own and cannot be changed" in printed.both()[0]
    with pytest.raises(CommandError, match="has no tier 'web'"):
        await run(context, ["acl", "globex-vpc", "--tier", "web", "--yes"])
    with pytest.raises(CommandError, match="not the address of a VPC"):
        await run(context, ["acl", "acme-prod", "--tier", "x", "--yes"])
    with pytest.raises(CommandError, match="cannot be let in"):
        await run(context, [*typed, "--open", "sctp/5"])
