"""`csvpn disable`, `rotate`, `change-range`, `repair` and `restart`, on the lab."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from tests.commands.contexts import Printed, context_for
from tests.consoles import lab_path
from tui.cloud.errors import ReadOnly
from tui.commands import disable, repair, restart, rotate
from tui.commands.arguments import parser
from tui.commands.output import CommandError, Exit
from tui.lab.lab import Lab, open_lab
from tui.safety.audit_check import read_trail
from tui.session import verifying
from tui.settings.paths import audit_file


@pytest.fixture
async def lab(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Lab]:
    monkeypatch.setattr(verifying, "PATIENCE", 2.0)
    async with open_lab("demo", tmp_path, speed=50.0, story=False) as opened:
        yield opened


async def run(lab: Lab, *words: str, as_json: bool = False, **more: Any) -> Exit:
    """What the words on a command line do."""
    arguments = parser().parse_args(words)
    modules = {
        "tui.commands.disable": disable,
        "tui.commands.rotate": rotate,
        "tui.commands.repair": repair,
        "tui.commands.restart": restart,
    }
    context = context_for(lab, as_json=as_json, zones={"*": lab_path(lab)}, **more)
    return await modules[arguments.run_by].run_command(context, arguments)  # type: ignore[no-any-return]


def keys(lab: Lab) -> dict[str, str]:
    """The pre-shared keys by public address."""
    world = lab.world
    return {world.addresses[v.address].address: v.preshared_key for v in world.vpns.values()}


async def test_due_keys_are_listed(lab: Lab, printed: Printed) -> None:
    assert await run(lab, "rotate", "--due") is Exit.FINDINGS
    out, _ = printed.both()
    lines = [line.split()[0] for line in out.splitlines()[1:3]]
    assert lines == ["umbrella-labs", "acme-lab"]  # the oldest first
    assert "✘ 120 d" in out and "▲ 80 d" in out
    assert "acme-office" not in out  # 60 days old
    assert "nobody knows" in out and "acme-grown" in out
    assert await run(lab, "rotate", "--due", as_json=True) is Exit.FINDINGS
    document = printed.document()
    assert [each["days"] for each in document["due"]] == [120, 80]
    assert document["policy_days"] == 90


async def test_a_dry_rotation_shows_everything_and_sends_nothing(
    lab: Lab, printed: Printed
) -> None:
    before = keys(lab)
    assert await run(lab, "rotate", "umbrella-ha", "--dry-run") is Exit.FINE
    out, _ = printed.both()
    assert "Nobody can connect in between" in out
    assert "cmk delete remoteaccessvpn publicipid=" in out
    assert "iprange=10.3.7.1-10.3.7.8" in out and "openfirewall=true" in out
    assert "csvpn.psk-rotated" in out and "cmk create tags" in out
    assert "Nothing was sent" in out and keys(lab) == before


async def test_rotate_and_end_the_sessions(lab: Lab, printed: Printed) -> None:
    before = keys(lab)
    words = ("rotate", "umbrella-ha", "--yes", "--end-sessions", "--show-secret")
    assert await run(lab, *words) is Exit.FINE
    out, _ = printed.both()
    changed = {address for address, key in keys(lab).items() if key != before[address]}
    assert len(changed) == 1
    assert keys(lab)[changed.pop()] in out
    assert "Restart strongSwan on r-56-VM" in out and "Restart xl2tpd on r-56-VM" in out
    assert await run(lab, "rotate", "umbrella-ha", "--yes", as_json=True) is Exit.FINE
    document = printed.document()
    assert document["ran"] and document["must_finish"] is None
    assert document["vpn"]["preshared_key"] is None
    assert document["vpn"]["router"]["ok"] is True
    given = [r for r in read_trail(audit_file()) if r.action == "secret.print"]
    assert [r.target.type for r in given] == ["pre-shared key"], "of the first one only"


async def test_a_rotation_that_leaves_the_vpn_down_says_so(lab: Lab, printed: Printed) -> None:
    lab.cloud.simulator.configure("RemoteAccessVpnCfgCommand", "result:fail", None)
    # Deleting asks the router too, so it is what fails first.
    assert await run(lab, "rotate", "umbrella-ha", "--yes") is not Exit.FINE
    out, _ = printed.both()
    assert "✘ THE VPN IS DOWN" in out and "half-removed" in out


async def test_change_range(lab: Lab, printed: Printed) -> None:
    with pytest.raises(CommandError) as caught:
        await run(lab, "change-range", "umbrella-ha", "10.3.7.1-10.3.7.8", "--yes")
    assert "already" in caught.value.what
    words = ("change-range", "umbrella-ha", "10.77.0.1-10.77.0.30", "--yes")
    assert await run(lab, *words) is Exit.FINE
    out, _ = printed.both()
    assert "clients: 10.77.0.2-10.77.0.30 (29 at once)" in out
    assert "Restart xl2tpd on r-56-VM" in out
    assert await run(lab, "change-range", "umbrella-ha", "auto", "--dry-run") is Exit.FINE
    assert "iprange=10.1.2.1" not in printed.both()[0]  # acme-office has it


async def test_disable_and_clean(lab: Lab, printed: Printed) -> None:
    assert await run(lab, "disable", "umbrella-ha", "--yes", "--clean", as_json=True) is Exit.FINE
    document = printed.document()
    assert [each["router"] for each in document["left"]] == ["r-56-VM", "r-57-VM"]
    assert document["left"][0]["daemons"] == ["xl2tpd", "strongSwan"]
    assert document["left"][1]["daemons"] == [] and document["left"][1]["has_key"]
    steps = [step["step"] for step in document["clean_up"]["steps"]]
    assert "stop_daemons r-56-VM" in steps and "stop_daemons r-57-VM" not in steps
    assert "remove_key r-57-VM" in steps


async def test_disable_offers_to_clean(lab: Lab, printed: Printed) -> None:
    assert await run(lab, "disable", "acme-office", "--dry-run") is Exit.FINE
    assert "r-47-VM is asked what is left" in printed.both()[0]
    assert await run(lab, "disable", "acme-office", "--yes") is Exit.FINE
    out, _ = printed.both()
    assert "go on running" in out and "--clean cleans that up." in out


async def test_repair_says_what_is_wrong_everywhere(lab: Lab, printed: Printed) -> None:
    assert await run(lab, "repair") is Exit.FINDINGS
    out, _ = printed.both()
    for part in (
        "The VPN of globex-core is half-made",
        "The VPN of globex-edge is half-removed",
        "walter was removed and can still log in",
        "xl2tpd of r-50-VM still hands out an earlier range",
        "xl2tpd of r-55-VM does not run",
        "→ Restart xl2tpd on r-55-VM.",
    ):
        assert part in out
    assert "umbrella-ha" not in out


async def test_repair_one(lab: Lab, printed: Printed) -> None:
    assert await run(lab, "repair", "umbrella-labs", as_json=True) is Exit.FINDINGS
    (place,) = printed.document()["places"]
    assert [each["kind"] for each in place["troubles"]] == ["l2tp-dead"]
    assert await run(lab, "repair", "umbrella-labs", "--fix", "--yes") is Exit.FINE
    printed.both()
    assert await run(lab, "repair", "umbrella-labs") is Exit.FINE
    assert "Nothing is wrong with it" in printed.both()[0]
    assert await run(lab, "repair", "umbrella-labs", "--fix", "--yes") is Exit.FINE


async def test_a_removal_that_was_refused_is_repeated_by_name(lab: Lab, printed: Printed) -> None:
    words = ("repair", "globex-core", "--user", "ivan", "--fix", "--yes")
    assert await run(lab, *words) is Exit.FINE
    names = {user.username for user in lab.world.vpn_users.values()}
    assert "ivan" not in names and "frank" in names


async def test_what_cannot_be_cured_from_here(lab: Lab, printed: Printed) -> None:
    with pytest.raises(CommandError) as caught:
        await run(lab, "repair", "acme-lab", "--fix", "--yes")
    assert caught.value.code is Exit.FINDINGS
    assert "Open the missing VPN ports" in printed.both()[0]
    with pytest.raises(CommandError):
        await run(lab, "repair", "--fix")


async def test_restart(lab: Lab, printed: Printed) -> None:
    assert await run(lab, "restart", "umbrella-labs", "--router", "--dry-run") is Exit.FINE
    out, _ = printed.both()
    assert "usually one to three minutes" in out and "cmk reboot router id=" in out
    assert await run(lab, "restart", "umbrella-labs", "--router", "--yes") is Exit.FINE
    assert "r-55-VM: running." in printed.both()[0]
    assert await run(lab, "restart", "umbrella-labs", "--yes", as_json=True) is not Exit.USAGE
    assert "restart network" in printed.document()["calls"][0]
    with pytest.raises(CommandError) as caught:
        await run(lab, "restart", "umbrella-ha", "--router", "--yes")
    assert "name one of r-56-VM, r-57-VM" in caught.value.what


@pytest.mark.parametrize(
    "words",
    [
        ("disable", "umbrella-ha"),
        ("rotate", "umbrella-ha"),
        ("change-range", "umbrella-ha", "10.77.0.1-10.77.0.30"),
        ("repair", "umbrella-labs", "--fix"),
        ("restart", "umbrella-labs"),
    ],
)
async def test_nothing_is_changed_read_only(lab: Lab, words: tuple[str, ...]) -> None:
    before = keys(lab)
    with pytest.raises(ReadOnly):
        await run(lab, *words, "--yes", read_only=True)
    assert keys(lab) == before


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("rotate",), "no network is named"),
        (("rotate", "nowhere"), "there is no network"),
        (("rotate", "acme-prod"), "has no VPN that runs"),
        (("rotate", "acme-dev-web"), "is a tier of the VPC acme-dev"),
        (("change-range", "umbrella-ha", "8.8.8.1-8.8.8.9"), "not private"),
        (("restart", "initech-early"), "is Allocated"),
    ],
)
async def test_what_cannot_be_meant(lab: Lab, words: tuple[str, ...], says: str) -> None:
    with pytest.raises(CommandError) as caught:
        await run(lab, *words, "--yes")
    assert says in caught.value.what
