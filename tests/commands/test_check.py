"""`csvpn check`: on recorded answers and on the routers of the lab."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from tests.commands.contexts import Printed, context_for
from tests.consoles import lab_path
from tests.diagnose.surveys import NAMED_CHECKS
from tests.diagnose.test_bundle_folder import as_recorded
from tests.router.recorded import STATES, recording
from tui.commands import check
from tui.commands.arguments import parser
from tui.commands.check_words import Checked, code_of_checks, lines, together
from tui.commands.opening import Context
from tui.commands.output import CommandError, Exit
from tui.diagnose.checks import Check
from tui.diagnose.checkup import NAMES
from tui.lab.lab import Lab, open_lab
from tui.router.errors import RouterError
from tui.safety.credentials import CredentialStore
from tui.session.launch import Launcher

HEALTHY = {"fresh", "vpn_idle", "one_session", "two_sessions"}


@pytest.fixture
async def lab(tmp_path: Path) -> AsyncIterator[Lab]:
    """The demo's cloud and routers, with nobody who comes or goes."""
    async with open_lab("demo", tmp_path / "lab", speed=50.0, story=False) as opened:
        yield opened


async def on_folder(folder: Path, *words: str, as_json: bool = False) -> Exit:
    """`csvpn check --facts`, where there is no profile and no cloud."""
    context = Context(Launcher(CredentialStore({})), "", as_json)
    return await check.run_command(
        context, parser().parse_args(["check", "--facts", str(folder), *words])
    )


async def live(lab: Lab, *words: str, as_json: bool = False, **more: Any) -> Exit:
    """`csvpn check` on the routers of the lab."""
    given = {"zones": {"*": lab_path(lab)}, **more}
    context = context_for(lab, as_json=as_json, **given)
    return await check.run_command(context, parser().parse_args(["check", *words]))


@pytest.mark.parametrize("state", STATES)
async def test_recorded_answers_are_judged_without_profile_or_network(
    state: str, tmp_path: Path, printed: Printed
) -> None:
    code = await on_folder(as_recorded(state, tmp_path), as_json=True)
    document = printed.document()
    checks = document["checks"]
    assert [each["name"] for each in checks] == list(NAMES)
    flags = {each["name"] for each in checks if each["state"] in ("warn", "fail")}
    assert flags & NAMED_CHECKS == set(recording(state)["must_flag"])
    assert code is (Exit.FINE if state in HEALTHY else Exit.FINDINGS)
    for each in checks:
        assert {"name", "state", "says", "evidence", "fix"} <= set(each)
        assert each["state"] in ("pass", "warn", "fail", "n/a", "unknown")
        assert all(set(proof) == {"source", "text"} for proof in each["evidence"])
    assert document["router"] == "r-42-VM"


async def test_words_are_worst_first_and_in_the_order_of_what_to_do(
    tmp_path: Path, printed: Printed
) -> None:
    assert await on_folder(as_recorded("ipsec_stopped", tmp_path)) is Exit.FINDINGS
    out, _ = printed.both()
    assert out.startswith("r-42-VM (acme-prod): 3 failed")
    assert "✘ charon_process: charon does not run" in out
    assert "pgrep_charon:" not in out
    assert out.index("1. Stop xl2tpd") < out.index(". Restart xl2tpd: ")
    assert "✔" not in out
    await on_folder(tmp_path, "-v", "--all")
    out, _ = printed.both()
    assert "pgrep_charon: no process" in out
    assert "✔ ip_forward" in out
    assert "– conn_loaded: follows from charon_process" in out


async def test_several_bundles_are_told_apart(tmp_path: Path, printed: Printed) -> None:
    for state in ("vpn_idle", "forward_off"):
        as_recorded(state, tmp_path / state)
    assert await on_folder(tmp_path) is Exit.FINDINGS
    out, _ = printed.both()
    assert "forward_off: r-42-VM (acme-prod): 1 failed" in out
    assert "vpn_idle: r-42-VM" in out
    assert out.splitlines()[-1].startswith("2 routers: 1 failed")
    await on_folder(tmp_path, as_json=True)
    document = printed.document()
    assert document["checks"] == []
    assert [each["folder"] for each in document["routers"]] == ["forward_off", "vpn_idle"]
    assert all(len(each["checks"]) == len(NAMES) for each in document["routers"])


async def test_without_the_api_it_cannot_be_told(tmp_path: Path, printed: Printed) -> None:
    (as_recorded("vpn_idle", tmp_path) / "cloud.json").unlink()
    assert await on_folder(tmp_path) is Exit.CANNOT_TELL
    out, _ = printed.both()
    assert "? programmed: CloudStack's word is not here" in out


@pytest.mark.parametrize(
    ("words", "what"),
    [
        (("--router", "r-42-VM"), "--router and --facts"),
        (("--zone", "dc1"), "--zone and --facts"),
        (("--save", "there"), "--save and --facts"),
    ],
)
async def test_facts_and_live_exclude_each_other(
    words: tuple[str, ...], what: str, tmp_path: Path
) -> None:
    with pytest.raises(CommandError, match=what) as caught:
        await on_folder(as_recorded("fresh", tmp_path), *words)
    assert caught.value.code is Exit.USAGE


async def test_what_is_no_bundle_is_said(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="neither answers") as caught:
        await on_folder(tmp_path)
    assert caught.value.code is Exit.USAGE


async def test_a_router_of_the_lab(lab: Lab, printed: Printed) -> None:
    assert await live(lab, "--router", "acme-office", as_json=True) is Exit.FINDINGS
    document = printed.document()
    found = {each["name"]: each for each in document["checks"]}
    flags = {name for name, each in found.items() if each["state"] in ("warn", "fail")}
    assert flags & NAMED_CHECKS == {"users_match"}
    assert "walter" in found["users_match"]["says"]
    assert found["psk_matches"]["state"] == "pass"
    assert found["clock"]["state"] == "pass"
    assert document["network"] == "acme-office"
    assert document["zone"] == "dc1"
    named = {n: each["says"] for n, each in found.items() if n in NAMED_CHECKS}
    unknown = {n for n in named if found[n]["state"] == "unknown"}
    assert not unknown, {n: named[n] for n in unknown}


@pytest.mark.parametrize(
    ("network", "flags"),
    [
        ("acme-prod", set()),
        ("umbrella-labs", {"xl2tpd_process", "orphan_session"}),
        ("acme-grown", {"range_loaded", "orphan_session"}),  # a killed pppd has left its record
        ("globex-edge", {"daemons_after_delete"}),
        ("acme-lab", set()),  # a rule is missing in CloudStack, which vpn_ports tells
    ],
)
async def test_what_is_wrong_in_the_demo_is_found(
    lab: Lab, network: str, flags: set[str], printed: Printed
) -> None:
    await live(lab, "--router", network, as_json=True)
    checks = printed.document()["checks"]
    flagged = {each["name"] for each in checks if each["state"] in ("warn", "fail")}
    assert flagged & NAMED_CHECKS == flags
    assert ("vpn_ports" in flagged) == (network == "acme-lab")


async def test_what_was_kept_is_judged_the_same_later(
    lab: Lab, tmp_path: Path, printed: Printed
) -> None:
    kept = tmp_path / "kept"
    code = await live(lab, "--router", "acme-office", "--save", str(kept), as_json=True)
    first = printed.document()
    assert await on_folder(kept, as_json=True) is code
    assert printed.document() == first
    vpn = next(v for v in lab.world.vpns.values() if v.preshared_key)
    for path in kept.iterdir():
        text = path.read_text()
        assert vpn.preshared_key not in text
        assert path.stat().st_mode & 0o077 == 0


async def test_all_that_run_side_by_side(lab: Lab, tmp_path: Path, printed: Printed) -> None:
    kept = tmp_path / "kept"
    assert await live(lab, "--zone", "dc1", "--save", str(kept), as_json=True) is Exit.FINDINGS
    document = printed.document()
    assert len(document["routers"]) > 10
    reached = [each for each in document["routers"] if not each["error"]]
    assert {path.name for path in kept.iterdir()} == {each["router"] for each in reached}
    (unreached,) = (each for each in document["routers"] if each["error"])
    assert unreached["checks"] == []
    assert document["zones"]["dc1"]["state"] == "fail"
    standby = next(each for each in document["routers"] if each["router"] == "r-57-VM")
    states = {each["name"]: each["state"] for each in standby["checks"]}
    assert states["charon_process"] == "n/a"
    assert states["psk_matches"] == "pass"


async def test_a_router_that_cannot_be_reached_is_said(
    lab: Lab, tmp_path: Path, printed: Printed
) -> None:
    way = lab_path(lab)
    addresses = {**way.addresses, "r-47-VM": "127.0.0.1:1"}
    broken = {"*": msgspec.structs.replace(way, addresses=addresses)}
    with pytest.raises(RouterError):
        await live(lab, "--router", "acme-office", zones=broken)
    code = await live(lab, "--router", "acme-office", "--router", "acme-prod", zones=broken)
    assert code is Exit.CANNOT_TELL
    out, _ = printed.both()
    assert "r-47-VM (acme-office): ? " in out
    assert "r-42-VM (acme-prod):" in out
    assert "1 could not be asked" in out


@pytest.mark.parametrize(
    ("words", "what"),
    [
        (("--router", "r-4711-VM"), "there is no router 'r-4711-VM'"),
        (("--zone", "dc9"), "there is no router in a zone 'dc9'"),
    ],
)
async def test_names_that_do_not_exist(lab: Lab, words: tuple[str, ...], what: str) -> None:
    with pytest.raises(CommandError, match=what):
        await live(lab, *words)


async def test_a_folder_with_other_things_is_not_written_to(lab: Lab, tmp_path: Path) -> None:
    folder = tmp_path / "mine"
    folder.mkdir()
    (folder / "thesis.txt").write_text("x")
    with pytest.raises(CommandError, match="other things"):
        await live(lab, "--router", "acme-prod", "--save", str(folder))
    assert [path.name for path in folder.iterdir()] == ["thesis.txt"]


async def test_who_may_not_see_routers_is_told(lab: Lab) -> None:
    with pytest.raises(CommandError) as caught:
        await live(lab, actor="user")
    assert caught.value.code is Exit.REFUSED


def checked(*states: str, error: str = "", refused: bool = False) -> Checked:
    checks = tuple(
        Check(name=name, state=state, says=f"{name} is {state}")  # type: ignore[arg-type]
        for name, state in zip(("ip_forward", "mtu", "load"), states, strict=False)
    )
    return Checked(router="r", checks=checks, error=error, refused=refused)


@pytest.mark.parametrize(
    ("found", "code"),
    [
        ([checked("pass")], Exit.FINE),
        ([checked("pass", "warn")], Exit.FINDINGS),
        ([checked("fail")], Exit.FINDINGS),
        ([checked("unknown")], Exit.CANNOT_TELL),
        ([checked("pass", "unknown")], Exit.FINE),  # advice that could not be given
        ([checked("pass"), checked(error="gone")], Exit.CANNOT_TELL),
        ([checked("fail"), checked(error="gone")], Exit.FINDINGS),
        ([checked(error="key", refused=True)], Exit.REFUSED),
    ],
)
def test_exit_codes(found: list[Checked], code: Exit) -> None:
    assert code_of_checks(found) is code


def test_what_is_unknown_for_one_reason_is_said_once() -> None:
    same = [Check(name=name, state="unknown", says="not asked") for name in ("a", "b")]
    assert [each.name for each in together(same)] == ["a, b"]
    assert len(lines(Checked(router="r", checks=tuple(same)))) == 3


def test_the_command_line_is_declared() -> None:
    given = parser().parse_args(["check", "-v", "--router", "a", "--router", "b", "--zone", "z"])
    assert (given.routers, given.zone, given.evidence) == (["a", "b"], "z", True)
