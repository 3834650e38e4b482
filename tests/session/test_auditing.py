"""Secrets that somebody was given are in the trail, from every place that gives them."""

import json
from pathlib import Path

import pytest

from tests.commands.contexts import Printed, context_for
from tests.consoles import lab_session
from tui.commands import users
from tui.commands.enable import Request, enable
from tui.commands.output import Exit
from tui.lab.lab import Lab
from tui.safety.audit import AuditUnwritable
from tui.safety.audit_check import check_trail, read_trail
from tui.session.auditing import note_secret_use, trail_of
from tui.settings.paths import audit_file, state_folder


@pytest.fixture
def printed(capsys: pytest.CaptureFixture[str]) -> Printed:
    """What the command under test has printed."""
    return Printed(capsys)


def uses() -> list[tuple[str, str, str]]:
    """Action, what and whose, of every record of the test's own trail."""
    return [
        (r.action, r.target.type, r.target.name)
        for r in read_trail(audit_file())
        if r.action.startswith("secret.")
    ]


async def test_the_trail_of_a_session_knows_who_acts(contract_lab: Lab) -> None:
    session = lab_session(contract_lab, zones={})
    await session.open()
    trail = trail_of(session)
    assert trail.path == audit_file() and trail.rule == "required"
    assert trail.actor.account == "admin@ROOT"
    assert trail.actor.api_key == f"…{contract_lab.actors['root'].api_key[-4:]}"
    trail.record("createRemoteAccessVpn")
    (record,) = read_trail(audit_file())
    assert record.profile == "demo"
    await session.aclose()


async def test_the_trail_of_a_demo_lies_elsewhere(contract_lab: Lab, tmp_path: Path) -> None:
    session = lab_session(contract_lab, zones={}, state=tmp_path)
    assert await note_secret_use(session, "reveal", "pre-shared key", "x") == ""
    assert not audit_file().exists()
    assert check_trail(tmp_path / "audit.jsonl").records == 1
    await session.aclose()


@pytest.mark.parametrize("rule", ["required", "best-effort"])
async def test_a_use_that_cannot_be_recorded_is_told(contract_lab: Lab, rule: str) -> None:
    state_folder().write_text("in the way")
    session = lab_session(contract_lab, zones={}, audit=rule)
    says = await note_secret_use(session, "reveal", "pre-shared key")
    assert says.startswith("Not recorded: the audit trail") and "cannot be written" in says
    if rule == "required":
        with pytest.raises(AuditUnwritable):
            trail_of(session).check()
    await session.aclose()


@pytest.mark.parametrize("as_json", [False, True])
async def test_passwords_that_a_command_prints(
    contract_lab: Lab, printed: Printed, as_json: bool
) -> None:
    context = context_for(contract_lab, as_json=as_json)
    assert await users.add_users(context, ["zoe"], users.Whose()) is Exit.FINE
    out, _ = printed.both()
    password = json.loads(out)["added"][0]["password"] if as_json else out.split()[-1]
    assert uses() == [("secret.print", "passwords", "zoe")]
    assert password not in audit_file().read_text()


@pytest.mark.parametrize("show", [False, True])
async def test_a_key_that_a_command_prints(demo_lab: Lab, printed: Printed, show: bool) -> None:
    context = context_for(demo_lab)
    request = Request(target="acme-prod", yes=True, show_secret=show, users=("zoe",))
    assert await enable(context, request) is Exit.FINE
    out, _ = printed.both()
    server = next(line for line in out.splitlines() if line.startswith("server: "))
    keys = [("secret.print", "pre-shared key", server.removeprefix("server: "))] if show else []
    assert uses() == [*keys, ("secret.print", "passwords", "zoe")]


async def test_calls_are_recorded_before_and_after(contract_lab: Lab, printed: Printed) -> None:
    context = context_for(contract_lab)
    assert await users.add_users(context, ["zoe"], users.Whose()) is Exit.FINE
    calls = [r for r in read_trail(audit_file()) if r.action == "addVpnUser"]
    assert [r.result for r in calls] == ["sent", "done"]
    assert calls[0].jobid == calls[1].jobid != ""
    assert calls[0].params["username"] == "zoe"
    assert calls[0].params["password"] != printed.both()[0].split()[-1]


async def test_nothing_is_changed_where_nothing_can_be_recorded(
    contract_lab: Lab, printed: Printed
) -> None:
    context = context_for(contract_lab)
    state_folder().write_text("in the way")
    assert await users.add_users(context, ["zoe"], users.Whose()) is Exit.FINDINGS
    assert "so nothing is changed" in printed.both()[0]
    assert all(each.username != "zoe" for each in contract_lab.world.vpn_users.values())
