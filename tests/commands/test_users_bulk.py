"""`csvpn users`: lists of users, the roster, new passwords, suspending, expiry, audit."""

import io
import json
import sqlite3
from datetime import timedelta
from pathlib import Path

import pytest

from tests.commands.contexts import Printed, context_for
from tests.consoles import lab_path
from tests.screens.stage import users_of
from tui.cloud.errors import ReadOnly
from tui.commands.arguments import parser
from tui.commands.opening import Context
from tui.commands.output import CommandError, Exit
from tui.commands.users import run_command
from tui.lab.lab import Lab
from tui.session.people import today
from tui.settings.model import SshPath
from tui.settings.paths import state_folder
from tui.vpn.passphrases import bits_of_passphrase


async def csvpn(context: Context, words: str) -> Exit:
    """Run `csvpn users …`."""
    return await run_command(context, parser().parse_args(["users", *words.split()]))


def write(folder: Path, text: str) -> Path:
    path = folder / "users.csv"
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ("add", "NAME --csv"),
        ("add alice --csv x", "not allowed with"),
        ("edit", "NAME"),
        ("audit --days x", "--days"),
        ("frob", "invalid choice"),
    ],
)
def test_what_cannot_be_typed(words: str, says: str) -> None:
    with pytest.raises(CommandError) as caught:
        parser().parse_args(["users", *words.split()])
    assert says in str(caught.value)


async def test_a_list_is_added_and_its_remarks_are_kept(
    contract_lab: Lab, printed: Printed, tmp_path: Path
) -> None:
    path = write(tmp_path, "name,group,expires,password\nwalter,sales,+3d,\nnadia,,,Own.Pass-26w\n")
    context = context_for(contract_lab, as_json=True)
    assert await csvpn(context, f"add --csv {path} --words --account acme") is Exit.FINE
    added = {each["name"]: each["password"] for each in printed.document()["added"]}
    assert added["nadia"] is None and bits_of_passphrase(added["walter"])
    there = users_of(contract_lab, "acme")
    assert there["nadia"] == "Own.Pass-26w" and there["walter"] == added["walter"]
    await csvpn(context, "list --group sales")
    (walter,) = printed.document()["users"]
    expires = (today() + timedelta(days=3)).isoformat()
    assert (walter["name"], walter["group"], walter["expires"]) == ("walter", "sales", expires)
    assert not walter["expired"]
    assert "Own.Pass" not in str((state_folder() / "roster.sqlite").read_bytes())


async def test_nothing_is_sent_before_every_line_is_right(
    contract_lab: Lab, printed: Printed, tmp_path: Path
) -> None:
    before = users_of(contract_lab, "acme")
    path = write(tmp_path, 'walter\nal\n"bad\nnadia,,,2020-01-01\nwalter\n')
    assert await csvpn(context_for(contract_lab), f"add --csv {path} --account acme") is (
        Exit.FINDINGS
    )
    out, err = printed.both()
    assert "5 users: 4 wrong" in out and "Nothing was sent" in err
    for says in ("line 2: al: error", "line 3: ?: error", "line 4: nadia: error: The expiry date",
                 "line 5: walter: error: walter stands on line 1"):  # fmt: skip
        assert says in out
    as_json = context_for(contract_lab, as_json=True)
    assert await csvpn(as_json, f"add --csv {path} --account acme") is Exit.FINDINGS
    document = printed.document()
    assert not document["right"] and [bool(x["findings"]) for x in document["lines"]] == [
        False, True, True, True, True,
    ]  # fmt: skip
    assert users_of(contract_lab, "acme") == before


async def test_a_dry_run_and_stdin(
    contract_lab: Lab, printed: Printed, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = users_of(contract_lab, "acme")

    def stdin() -> io.TextIOWrapper:
        return io.TextIOWrapper(io.BytesIO("\ufeffname\r\nwalter\r\n".encode()))

    monkeypatch.setattr("sys.stdin", stdin())
    context = context_for(contract_lab, read_only=True)
    assert await csvpn(context, "add --csv - --dry-run --account acme") is Exit.FINE
    out, err = printed.both()
    assert "cmk add vpnuser username=walter password='<password>' account=acme" in out
    assert "Nothing was sent: this is a dry run" in err
    monkeypatch.setattr("sys.stdin", stdin())
    as_json = context_for(contract_lab, as_json=True)
    assert await csvpn(as_json, "add --csv - --dry-run --account acme") is Exit.FINE
    assert printed.document()["right"]
    assert (
        await csvpn(context_for(contract_lab), "add walter --dry-run --account acme") is Exit.FINE
    )
    assert users_of(contract_lab, "acme") == before
    for refused in ("add walter", "reset alice", "suspend alice", "return alice"):
        with pytest.raises(ReadOnly):
            await csvpn(context_for(contract_lab, read_only=True), refused)


async def test_a_file_that_is_none(contract_lab: Lab, tmp_path: Path) -> None:
    context = context_for(contract_lab)
    with pytest.raises(CommandError, match="cannot be read"):
        await csvpn(context, f"add --csv {tmp_path / 'nothing.csv'}")
    binary = tmp_path / "binary.csv"
    binary.write_bytes(b"\xfc\xff\x00" * 9)
    with pytest.raises(CommandError, match="is not UTF-8"):
        await csvpn(context, f"add --csv {binary}")
    binary.write_bytes(b"x" * 2_000_000)
    with pytest.raises(CommandError, match="larger than 1 MB"):
        await csvpn(context, f"add --csv {binary}")


async def test_the_limit_counts_what_no_list_shows(demo_lab: Lab, printed: Printed) -> None:
    """A removal that a router refuses leaves a user that is hidden, taken and counted."""
    context = context_for(demo_lab)
    demo_lab.cloud.simulator.configure("VpnUsersCfgCommand", "result:fail", 1)
    assert await csvpn(context, "remove carol --yes --account acme") is Exit.FINDINGS
    assert "the name stays taken" in printed.both()[0]
    await csvpn(context, "list --account acme")
    assert "carol" not in printed.both()[0]
    assert await csvpn(context, "add carol --account acme") is Exit.FINDINGS
    assert "carol is half removed" in printed.both()[1]
    assert await csvpn(context, "add one.a two.b three.c four.d --account acme") is Exit.FINDINGS
    assert "has 5 of 8 VPN users, so 3 are left; 4 more do not fit" in printed.both()[1]
    assert await csvpn(context, "remove carol --yes --account acme") is Exit.FINE
    printed.both()
    assert await csvpn(context, "add carol one.a two.b three.c --account acme") is Exit.FINE
    assert await csvpn(context, "add four.d --account acme") is Exit.FINDINGS
    assert "has 8 of 8 VPN users" in printed.both()[1]


async def test_one_in_the_middle_that_fails_does_not_stop_the_others(
    demo_lab: Lab, printed: Printed, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write(tmp_path, "nancy,,sales\nnadia,,sales\njudith\n")
    context = context_for(demo_lab, as_json=True)
    there = demo_lab.world.vpn_users

    async def meets(command: str) -> bool:
        return not any(user.username == "nadia" for user in there.values())

    monkeypatch.setattr(demo_lab.cloud.simulator, "meets", meets)
    assert await csvpn(context, f"add --csv {path} --account acme") is Exit.FINDINGS
    document = printed.document()
    assert [step["state"] for step in document["steps"]] == ["done", "failed", "done"]
    assert [each["name"] for each in document["added"]] == ["nancy", "judith"]
    assert "nadia" not in users_of(demo_lab, "acme")
    await csvpn(context, "list --account acme --group sales")
    assert [each["name"] for each in printed.document()["users"]] == ["nancy"]


async def test_reset_suspend_and_return(contract_lab: Lab, printed: Printed) -> None:
    context = context_for(contract_lab, as_json=True)
    await csvpn(context, "add walter nadia --account acme")
    first = {u["name"]: u["password"] for u in printed.document()["added"]}
    assert await csvpn(context, "reset walter --yes --account acme") is Exit.FINE
    out, err = printed.both()
    (reset,) = json.loads(out)["added"]
    assert reset["password"] == users_of(contract_lab, "acme")["walter"] != first["walter"]
    assert "removed and at once added again" in err
    await csvpn(context, "edit walter --group sales --note desk4 --account acme")
    printed.both()
    assert await csvpn(context, "suspend walter --yes --account acme") is Exit.FINE
    assert printed.document()["suspended"] == ["walter"]
    assert "walter" not in users_of(contract_lab, "acme")
    await csvpn(context, "list --account acme")
    rows = {each["name"]: each for each in printed.document()["users"]}
    assert rows["walter"]["state"] == "Suspended" and rows["walter"]["id"] is None
    with pytest.raises(CommandError, match="'nadia' of the account acme is not suspended"):
        await csvpn(context, "return nadia --yes --account acme")
    assert await csvpn(context, "return walter --yes --words --account acme") is Exit.FINE
    (back,) = printed.document()["added"]
    assert bits_of_passphrase(back["password"])
    await csvpn(context, "list --group sales --account acme")
    (row,) = printed.document()["users"]
    assert (row["state"], row["note"]) == (rows["nadia"]["state"], "desk4")
    with pytest.raises(CommandError, match="no VPN user 'nobody'"):
        await csvpn(context, "reset nobody --yes --account acme")


async def test_a_reset_that_loses_the_user_says_so(contract_lab: Lab, printed: Printed) -> None:
    context = context_for(contract_lab)
    await csvpn(context, "add walter --account acme")
    printed.both()
    world = contract_lab.world
    world.settings["remote.access.vpn.user.limit"] = "0"
    assert await csvpn(context, "reset walter --yes --account acme") is Exit.FINDINGS
    out, err = printed.both()
    assert "walter is gone: it was removed and could not be added again" in out
    assert "csvpn users add walter" in err


async def test_who_has_expired_is_a_finding(contract_lab: Lab, printed: Printed) -> None:
    context = context_for(contract_lab)
    assert await csvpn(context, "--expired") is Exit.FINE
    assert "Nobody has expired" in printed.both()[1]
    await csvpn(context, "add walter nadia --account acme")
    assert await csvpn(context, "edit walter nadia --expires +0d --account acme") is Exit.FINE
    for words in ("--expired", "list --expired"):
        assert await csvpn(context, words) is Exit.FINE, "today is the last day"
    roster = state_folder() / "roster.sqlite"
    with sqlite3.connect(roster) as open_roster:
        open_roster.execute("UPDATE person SET expires = '2020-01-31' WHERE name = 'walter'")
    open_roster.close()
    printed.both()
    for words in ("--expired", "list --expired --account acme"):
        assert await csvpn(context, words) is Exit.FINDINGS
        out, _ = printed.both()
        assert "walter" in out and "✘ 2020-01-31" in out and "nadia" not in out


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ("edit walter", "nothing is to be changed"),
        ("edit walter --expires 2020-01-01", "is over"),
        ("edit walter --expires soon", "cannot be read"),
        ("edit walter --group " + "g" * 41, "it may have 40"),
        ("edit nobody --group g --account acme", "no VPN user 'nobody'"),
    ],
)
async def test_edits_that_are_refused(contract_lab: Lab, words: str, says: str) -> None:
    with pytest.raises(CommandError) as caught:
        await csvpn(context_for(contract_lab), words)
    assert says in str(caught.value)


async def test_a_damaged_roster_stops_nothing(contract_lab: Lab, printed: Printed) -> None:
    state_folder().mkdir(parents=True, exist_ok=True)
    (state_folder() / "roster.sqlite").write_bytes(b"nonsense" * 999)
    context = context_for(contract_lab)
    assert await csvpn(context, "add walter --account acme") is Exit.FINE
    assert "is damaged" in printed.both()[1]
    assert await csvpn(context, "list") is Exit.FINE
    with pytest.raises(CommandError, match="is damaged"):
        await csvpn(context, "edit walter --group g --account acme")
    assert await csvpn(context, "suspend walter --yes --account acme") is Exit.FINDINGS
    assert "walter" in users_of(contract_lab, "acme"), "what cannot be kept is not removed"


async def test_export_has_no_password_and_no_formula(
    contract_lab: Lab, printed: Printed, tmp_path: Path
) -> None:
    context = context_for(contract_lab)
    await csvpn(context, "add walter --account acme")
    password = printed.both()[0].split()[-1]
    await csvpn(context, "edit walter --group =cmd() --account acme")
    printed.both()
    assert await csvpn(context, "export --account acme") is Exit.FINE
    out, _ = printed.both()
    assert out.splitlines()[0] == "name,group,expires,note,account,domain,state,last seen"
    assert "walter,'=cmd()" in out and password not in out
    out_file = tmp_path / "out.csv"
    assert await csvpn(context, f"export --out {out_file} --account acme") is Exit.FINE
    assert out_file.read_bytes().decode() == out.replace("\n", "\r\n").replace("\r\r", "\r")
    assert out_file.stat().st_mode & 0o777 == 0o600


async def test_the_audit_finds_the_ghost_and_says_how_far_it_saw(
    demo_lab: Lab, printed: Printed
) -> None:
    context = context_for(demo_lab, as_json=True, zones=_zones(demo_lab))
    assert await csvpn(context, "audit --account acme --days 60") is Exit.FINDINGS
    document = printed.document()
    (acme,) = document["owners"]
    stale = {(each["name"], each["class"]) for each in acme["stale"]}
    assert ("walter", "ghost") in stale and document["days"] == 60
    assert acme["since"] and any("its journal since" in each for each in acme["looked_at"])
    assert await csvpn(context_for(demo_lab, zones=_zones(demo_lab)), "audit") is Exit.FINDINGS
    out, _ = printed.both()
    assert "✘ ghost" in out and "r-47-VM lets walter in" in out
    assert "r-54-VM is stopped, so it was not asked" in out
    assert "▲ stuck" in out and "that is not never" in out


async def test_an_audit_without_routers_cannot_tell(demo_lab: Lab, printed: Printed) -> None:
    context = context_for(demo_lab)
    assert await csvpn(context, "audit --account umbrella") is Exit.CANNOT_TELL
    assert "could not be asked" in printed.both()[0]


def _zones(lab: Lab) -> dict[str, SshPath]:
    return {"*": lab_path(lab)}
