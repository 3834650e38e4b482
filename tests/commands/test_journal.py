"""`csvpn journal`: what was left unfinished, seen and settled from the command line."""

import argparse
from pathlib import Path

import pytest

from tests.commands.contexts import Printed, context_for
from tests.launchers import URL
from tests.screens.stage import hurry, users_of, vpns_of
from tests.session.crashes import KEY, enabling_broken_off, users_broken_off
from tui.cloud.errors import ReadOnly
from tui.commands.arguments import parser
from tui.commands.journal import run_command
from tui.commands.opening import Context
from tui.commands.output import CommandError, Exit
from tui.lab.lab import Lab
from tui.operations.call_states import CallState
from tui.operations.exclusion import Exclusion
from tui.operations.journal import KeptOperation
from tui.safety.sealing import SealingKey
from tui.session.launch import Launcher
from tui.settings.paths import state_folder

PROD = {"name": "prod", "url": URL}


@pytest.fixture(autouse=True)
def one_key(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every run of the program finds the same key, as with a keyring."""
    hurry(monkeypatch)

    async def sealing_key(launcher: object) -> SealingKey:
        return KEY

    monkeypatch.setattr("tui.safety.credentials.CredentialStore.sealing_key", sealing_key)


def typed(*words: str) -> argparse.Namespace:
    return parser().parse_args(["journal", *words])


async def journal(context: Context, *words: str) -> Exit:
    return await run_command(context, typed(*words))


async def adding(lab: Lab, *names: str, **how: object) -> KeptOperation:
    """Adding users to acme was broken off."""
    return await users_broken_off(lab, state_folder(), *names, **{**PROD, **how})  # type: ignore[arg-type]


def offline() -> Context:
    """A context that can open nothing: no profile, no credentials."""
    from tui.safety.credentials import CredentialStore

    return Context(Launcher(CredentialStore({})))


async def test_nothing_is_unfinished(printed: Printed) -> None:
    assert await journal(offline()) is Exit.FINE
    assert printed.both() == ("", "Nothing is unfinished.\n")


async def test_the_list_needs_no_server(demo_lab: Lab, printed: Printed) -> None:
    kept = await adding(demo_lab, "nora", "omar", at="omar")
    assert await journal(offline()) is Exit.FINDINGS
    out, err = printed.both()
    head, row = out.splitlines()
    assert head.split() == ["ID", "BEGUN", "STATE", "PROFILE", "WHAT"]
    assert row.startswith(kept.id[:8]) and row.endswith("unfinished  prod     Add 2 users")
    assert "csvpn journal show ID" in err
    context = offline()
    context.as_json = True
    await journal(context, "list")
    document = printed.document()
    assert document["open"] == 1 and document["operations"][0]["title"] == "Add 2 users"
    states = [call["state"] for call in document["operations"][0]["calls"]]
    assert states == ["done", "sent"]


async def test_what_runs_elsewhere_is_no_finding(demo_lab: Lab, printed: Printed) -> None:
    kept = await adding(demo_lab, "nora")
    async with Exclusion().hold(kept.cloud, kept.subject):
        assert await journal(offline()) is Exit.FINE
        assert "running (pid " in printed.both()[0]
        with pytest.raises(CommandError, match="being run now"):
            await journal(offline(), "forget", kept.id, "--yes")


async def test_an_id_may_be_short(demo_lab: Lab, printed: Printed) -> None:
    first, second = await adding(demo_lab, "nora"), await adding(demo_lab, "omar")
    assert await journal(offline(), "show", first.id[:8]) is Exit.FINDINGS
    out = printed.both()[0]
    assert first.id in out and "user nora (addVpnUser): sent" in out
    with pytest.raises(CommandError, match="no operation 'zz'; csvpn journal --all"):
        await journal(offline(), "show", "zz")
    common = next((n for n in range(1, 5) if first.id[:n] != second.id[:n]), 1) - 1
    if common:
        with pytest.raises(CommandError, match="begins 2 ids") as refused:
            await journal(offline(), "show", first.id[:common])
        assert first.id[:13] in str(refused.value) and second.id[:13] in str(refused.value)


async def test_settling_tells_and_sends_nothing(demo_lab: Lab, printed: Printed) -> None:
    kept = await adding(demo_lab, "nora", "omar", after=CallState.ACCEPTED, at="omar")
    assert await journal(context_for(demo_lab), "settle", kept.id[:8]) is Exit.FINDINGS
    out = printed.both()[0]
    assert "✔ Add the user omar (addVpnUser): done" in out
    assert "nobody was shown the generated passwords of nora, omar" in out


async def test_resuming_prints_the_passwords(demo_lab: Lab, printed: Printed) -> None:
    kept = await adding(demo_lab, "nora", "omar", at="omar")
    context = context_for(demo_lab)
    with pytest.raises(CommandError, match="no terminal to ask on"):
        await journal(context, "resume", kept.id)
    printed.both()
    assert await journal(context, "resume", kept.id, "--yes") is Exit.FINE
    out, err = printed.both()
    made = users_of(demo_lab, "acme")
    for name in ("nora", "omar"):
        assert f"password of {name}: {made[name]}" in out
    assert "shown only now" in err
    assert await journal(context) is Exit.FINE
    assert await journal(context, "--all") is Exit.FINE
    assert "done" in printed.both()[0]
    assert await journal(context, "resume", kept.id, "--yes") is Exit.FINDINGS, "it is over"


async def test_enabling_is_resumed(demo_lab: Lab, printed: Printed) -> None:
    kept = await enabling_broken_off(
        demo_lab, state_folder(), "acme-prod", "nora", after=CallState.ACCEPTED, **PROD
    )
    context = context_for(demo_lab, as_json=True)
    assert await journal(context, "resume", kept.id, "--yes", "--show-secret") is Exit.FINE
    document = printed.document()
    (vpn,) = vpns_of(demo_lab, "acme-prod")
    assert document["vpn"]["preshared_key"] == vpn.preshared_key
    assert document["vpn"]["users"][0]["password"] == users_of(demo_lab, "acme")["nora"]


async def test_undo_shows_before_it_sends(demo_lab: Lab, printed: Printed) -> None:
    kept = await adding(demo_lab, "nora", "omar", after=CallState.DONE, at="nora")
    context = context_for(demo_lab)
    assert await journal(context, "undo", kept.id, "--dry-run") is Exit.FINE
    out = printed.both()[0]
    assert "cmk remove vpnuser username=nora" in out and "Nothing was sent" in out
    assert "nora" in users_of(demo_lab, "acme")
    assert await journal(context, "undo", kept.id, "--yes") is Exit.FINE
    assert "nora" not in users_of(demo_lab, "acme")
    printed.both()
    assert await journal(context) is Exit.FINE
    with pytest.raises(CommandError, match="nothing that can be taken back") as refused:
        await journal(context, "undo", kept.id, "--yes")
    assert refused.value.code is Exit.FINDINGS


async def test_forgetting_needs_no_server(demo_lab: Lab, printed: Printed) -> None:
    kept = await adding(demo_lab, "nora", "omar", after=CallState.ACCEPTED, at="omar")
    with pytest.raises(CommandError, match="no terminal to ask on"):
        await journal(offline(), "forget", kept.id)
    assert "stays made" in printed.both()[1]
    assert await journal(offline(), "forget", kept.id, "--yes") is Exit.FINE
    assert await journal(offline()) is Exit.FINE
    with pytest.raises(CommandError, match="is over: forgotten"):
        await journal(offline(), "forget", kept.id, "--yes")


async def test_read_only_only_looks(demo_lab: Lab, printed: Printed) -> None:
    kept = await adding(demo_lab, "nora")
    context = context_for(demo_lab, read_only=True)
    for command in ("resume", "undo"):
        with pytest.raises(ReadOnly):
            await journal(context, command, kept.id, "--yes")
    with pytest.raises(CommandError, match="read-only") as refused:
        await journal(context, "forget", kept.id, "--yes")
    assert refused.value.code is Exit.REFUSED
    assert await journal(context, "show", kept.id) is Exit.FINDINGS


async def test_another_profile_is_not_used_for_it(demo_lab: Lab, printed: Printed) -> None:
    gone = await adding(demo_lab, "nora", name="gone")
    context = context_for(demo_lab)
    with pytest.raises(CommandError, match="there is no profile 'gone' any more"):
        await journal(context, "resume", gone.id, "--yes")
    context.profile = "prod"
    with pytest.raises(CommandError, match="begun with another profile"):
        await journal(context, "resume", gone.id, "--yes")
    assert await journal(context, "forget", gone.id, "--yes") is Exit.FINE


@pytest.fixture
def broken_journal() -> Path:
    file = state_folder() / "journal.sqlite3"
    file.parent.mkdir(parents=True)
    file.write_bytes(b"no database" * 1000)
    return file


async def test_a_journal_that_cannot_be_read(broken_journal: Path) -> None:
    with pytest.raises(CommandError, match="cannot be read") as refused:
        await journal(offline())
    assert refused.value.code is Exit.CANNOT_TELL and str(broken_journal) in str(refused.value)
