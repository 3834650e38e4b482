"""`csvpn kit` and `csvpn kits`: kits from the lab's VPNs, where they go, and what is refused."""

import argparse
import io
import json
import stat
import zipfile
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.commands.contexts import Printed, context_for
from tests.screens.stage import quick_lab, vpns_of
from tui.commands import kit, kits
from tui.commands.arguments import parser
from tui.commands.opening import Context, learn, opened
from tui.commands.output import CommandError, Exit
from tui.lab.lab import Lab
from tui.operations import kit_places
from tui.operations.kit_register import kept_kits
from tui.operations.roster import Remark
from tui.session.inventory import Kind

OFFICE = ("--vpn", "acme-office")


def typed(*words: str) -> argparse.Namespace:
    return parser().parse_args(words)


async def make(context: Context, *words: str) -> Exit:
    return await kit.run_command(context, typed("kit", *words))


@pytest.fixture
def out(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder for kits; pytest's own lie where kits are refused."""
    monkeypatch.setattr(kit_places, "SHARED", ("/dev/shm",))
    folder = tmp_path_factory.mktemp("kits")
    folder.chmod(0o700)
    return folder


@pytest.fixture
async def lab(tmp_path: Path) -> AsyncIterator[Lab]:
    """The demo's cloud without routers."""
    async with quick_lab(tmp_path) as opened:
        yield opened


def names_in(folder: Path) -> set[str]:
    return {each.name for each in folder.iterdir()}


def key_of(lab: Lab, network: str) -> str:
    (vpn,) = vpns_of(lab, network)
    return vpn.preshared_key


async def test_a_kit_is_written_and_remembered(lab: Lab, out: Path, printed: Printed) -> None:
    context = context_for(lab)
    assert await make(context, "alice", *OFFICE, "--out", str(out), "--with-key") is Exit.FINE
    said, told = printed.both()
    folder = out / "vpn-acme-office-alice"
    assert said == f"{folder}\n"
    assert "pre-shared key of acme-office at 203.0.113." in told and "clear text" in told
    key = key_of(lab, "acme-office")
    assert key not in said + told
    script = (folder / "windows" / "install.ps1").read_text("utf-8-sig")
    assert f"$Key = '{key}'" in script and "$User = 'alice'" in script
    assert all(
        stat.S_IMODE(each.stat().st_mode) == (0o700 if each.is_dir() else 0o600)
        for each in [folder, *folder.rglob("*")]
    )
    (kept,) = kept_kits()
    assert (kept.user, kept.secrets, kept.path) == ("alice", ("key",), str(folder))


async def test_without_a_folder_it_is_printed(lab: Lab, printed: Printed) -> None:
    assert await make(context_for(lab), "alice", *OFFICE) is Exit.FINE
    said, _ = printed.both()
    assert "Server                  203.0.113." in said and "█▀▀▀▀▀█" in said
    assert key_of(lab, "acme-office") not in said and "\x1b" not in said
    assert await make(context_for(lab), "alice", *OFFICE, "--with-key") is Exit.FINE
    assert key_of(lab, "acme-office") in printed.both()[0]
    assert await make(context_for(lab, as_json=True), "alice", *OFFICE) is Exit.FINE
    document = printed.document()
    assert document["vpn"]["routes"] and document["kits"][0]["user"] == "alice"
    assert document["kits"][0]["text"].startswith("VPN acme-office\n")


async def test_a_code_on_a_terminal_is_black_on_white_whatever_its_colours(
    lab: Lab, printed: Printed, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    assert await make(context_for(lab), "alice", *OFFICE) is Exit.FINE
    lines = [line for line in printed.both()[0].splitlines() if "█" in line]
    assert lines and all(line.startswith("\x1b[38;5;16;48;5;231m") for line in lines)
    assert all(line.endswith("\x1b[0m") for line in lines)


async def test_a_vpc_gives_its_whole_network(lab: Lab, printed: Printed) -> None:
    assert await make(context_for(lab, as_json=True), "frank") is Exit.FINE
    document = printed.document()
    vpc = next(v for v in lab.world.vpcs.values() if v.name == "globex-vpc")
    assert document["vpn"]["routes"] == [vpc.cidr]
    assert document["vpn"]["domain"].endswith("cloud.internal")


async def test_users_who_wait_are_said(lab: Lab, printed: Printed) -> None:
    await make(context_for(lab), "frank")
    assert "note: frank is not active yet (Add)" in printed.both()[1]


async def test_everybody_of_a_vpn_as_zips(lab: Lab, out: Path, printed: Printed) -> None:
    context = context_for(lab, as_json=True)
    code = await make(context, "--all", *OFFICE, "--out", str(out), "--zip", "--platform", "linux")
    assert code is Exit.FINE
    made = printed.document()["kits"]
    assert [each["user"] for each in made] == ["alice", "bob", "carol", "dave", "erin"]
    with zipfile.ZipFile(made[0]["path"]) as archive:
        names = set(archive.namelist())
    assert "vpn-acme-office-alice/linux/nmcli.sh" in names
    assert not any("windows" in name for name in names)
    assert len(kept_kits()) == 5


async def test_a_group_of_the_roster(lab: Lab, out: Path, printed: Printed) -> None:
    context = context_for(lab)
    async with opened(context) as session:
        await learn(session, (Kind.USERS,))
        users = session.inventory.users.rows.values()
        owner = next(user.owner_key for user in users if user.user_name == "alice")
        remarks = {name: Remark(group="sales") for name in ("alice", "erin", "gone")}
        assert await session.roster.remember(owner, remarks)
    assert await make(context, "--group", "sales", *OFFICE, "--out", str(out)) is Exit.FINE
    assert names_in(out) == {"vpn-acme-office-alice", "vpn-acme-office-erin"}
    assert "gone is in the group sales, but is no VPN user any more" in printed.both()[1]
    with pytest.raises(CommandError, match="there is no group 'sails' here; did you mean sales"):
        await make(context, "--group", "sails")
    with pytest.raises(CommandError, match=r"the group sales .* say which with --vpn"):
        await make(context, "--group", "sales")


async def test_a_password_comes_from_stdin_only(
    lab: Lab, out: Path, printed: Printed, monkeypatch: pytest.MonkeyPatch
) -> None:
    context = context_for(lab)
    with pytest.raises(CommandError, match="password of alice is not known: CloudStack gives none"):
        await make(context, "alice", *OFFICE, "--with-password")
    monkeypatch.setattr("sys.stdin", io.StringIO("Corr3ct.Horse\n"))
    words = ("alice", *OFFICE, "--out", str(out), "--password-stdin")
    assert await make(context, *words) is Exit.FINE
    said, told = printed.both()
    assert "Corr3ct.Horse" not in said + told
    onc = json.loads((out / "vpn-acme-office-alice" / "chromeos" / "vpn.onc").read_text())
    assert onc["NetworkConfigurations"][0]["VPN"]["L2TP"]["Password"] == "Corr3ct.Horse"
    assert kept_kits()[0].secrets == ("password",)


def test_passwords_of_several() -> None:
    found = kit.read_passwords("alice one1\n\nbob two2\n", ["alice", "bob"])
    assert {name: each.reveal() for name, each in found.items()} == {"alice": "one1", "bob": "two2"}
    assert kit.read_passwords("one1\n", ["alice"])["alice"].reveal() == "one1"
    for text, says in (
        ("hidden", "line 1 of stdin is not a name and a password"),
        ("alice one1\nhidden", "line 2 of stdin"),
        ("", "stdin has no password"),
    ):
        with pytest.raises(CommandError, match=says) as refused:
            kit.read_passwords(text, ["alice", "bob"])
        assert "hidden" not in str(refused.value)


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ((), "it is not clear for whom"),
        (("alice", "--all", *OFFICE), "it is not clear for whom"),
        (("--group", "sales", *OFFICE), "there is no group 'sales' here; there are none"),
        (("alice",), "alice can use acme-grown at .* say which with --vpn"),
        (("alicia", *OFFICE), "'alicia' is no VPN user of acme.*did you mean alice"),
        (("alicia",), "there is no VPN user 'alicia'; did you mean alice"),
        (("judy", *OFFICE), "'judy' is no VPN user of acme, who owns acme-office at"),
        (("alice", "frank"), "alice, frank share no VPN; they belong to acme, globex"),
        (("alice", "--vpn", "acme-ofice"), "no running VPN 'acme-ofice'; did you mean acme-office"),
        (("--all",), "--all is for one VPN, and there are"),
        (("alice", "--zip", *OFFICE), "--zip is for files; say where with --out"),
        (("alice", *OFFICE, "--mtu", "9000"), "allowed are 576 to 1500"),
        (("alice", *OFFICE, "--route", "nowhere"), "'nowhere' is no network"),
        (("alice", *OFFICE, "--route", "10.0.0.0/8", "--full-tunnel"), "give one of them"),
    ],
)
async def test_what_cannot_be_done_says_what_can(
    lab: Lab, words: tuple[str, ...], says: str
) -> None:
    with pytest.raises(CommandError, match=says) as refused:
        await make(context_for(lab), *words)
    assert refused.value.code is Exit.USAGE


async def test_places_for_secrets_are_looked_at(lab: Lab, out: Path, printed: Printed) -> None:
    context = context_for(lab)
    (out / ".git").mkdir()
    words = ("alice", *OFFICE, "--out", str(out / "here"))
    with pytest.raises(CommandError, match=r"work tree of git.*or go ahead with --anyway") as no:
        await make(context, *words, "--with-key")
    assert no.value.code is Exit.FINDINGS and not (out / "here").exists()
    assert await make(context, *words) is Exit.FINE, "without a secret it is only said"
    assert "note: " in printed.both()[1]
    with pytest.raises(CommandError, match="is there already, and a kit replaces nothing"):
        await make(context, *words)
    elsewhere = ("alice", *OFFICE, "--out", str(out / "there"), "--with-key", "--anyway")
    assert await make(context, *elsewhere) is Exit.FINE


async def test_a_kit_changes_nothing_in_the_cloud(lab: Lab, out: Path) -> None:
    context = context_for(lab, read_only=True)
    assert await make(context, "alice", *OFFICE, "--out", str(out)) is Exit.FINE


# csvpn kits


async def listed(context: Context, *words: str) -> Exit:
    return await kits.run_command(context, typed("kits", *words))


async def test_kits_are_listed_with_what_is_due(lab: Lab, out: Path, printed: Printed) -> None:
    context = context_for(lab)
    assert await listed(context) is Exit.FINE
    assert "No kit lies on this machine" in printed.both()[1]
    await make(context, "alice", *OFFICE, "--out", str(out), "--with-key", "--keep-days", "3")
    printed.both()
    assert await kits.show(context) is Exit.FINE
    assert "✔ fine" in printed.both()[0]
    later = datetime.now(UTC) + timedelta(days=5)
    assert await kits.show(context, later) is Exit.FINDINGS
    said, told = printed.both()
    assert said.splitlines()[1].split()[:7] == ["▲", "48", "h", "over", "5", "d", "alice"] or (
        "▲ 2 d over" in said
    )
    assert "one kit should have been deleted: csvpn kits delete --due" in told
    as_json = context_for(lab, as_json=True)
    assert await kits.show(as_json, later) is Exit.FINDINGS
    (document,) = printed.document()["kits"]
    assert document["due"] is True and document["secrets"] == ["key"]


async def test_kits_are_deleted_by_name_when_due_or_all(
    lab: Lab, out: Path, printed: Printed
) -> None:
    context = context_for(lab)
    await make(context, "alice", "bob", "carol", *OFFICE, "--out", str(out))
    assert await listed(context, "delete", "vpn-acme-office-alice", "--yes") is Exit.FINE
    assert names_in(out) == {"vpn-acme-office-bob", "vpn-acme-office-carol"}
    path = str(out / "vpn-acme-office-bob")
    assert await listed(context, "delete", path, "--yes") is Exit.FINE
    assert await listed(context, "delete", "--due", "--yes") is Exit.FINE
    assert "nothing to delete" in printed.both()[1] and len(kept_kits()) == 1
    later = datetime.now(UTC) + timedelta(days=8)
    assert await kits.delete(context, [], due=True, yes=True, now=later) is Exit.FINE
    assert names_in(out) == set() and kept_kits() == []


async def test_what_is_not_a_kit_is_not_deleted(lab: Lab, out: Path, printed: Printed) -> None:
    context = context_for(lab)
    await make(context, "alice", *OFFICE, "--out", str(out))
    notes = out / "vpn-acme-office-alice" / "notes"
    notes.write_text("mine")
    for words, says in (
        (("delete",), "it is not clear which kits are meant"),
        (("delete", "x", "--all"), "it is not clear which kits are meant"),
        (("delete", str(out), "--yes"), "csvpn has written no kit"),
        (("delete", "vpn-acme-office-alic", "--yes"), "did you mean vpn-acme-office-alice"),
        (("delete", "--all"), "there is no terminal to ask on"),
    ):
        with pytest.raises(CommandError, match=says):
            await listed(context, *words)
    assert await listed(context, "delete", "--all", "--yes") is Exit.FINE
    assert notes.read_text() == "mine" and "is no part of a kit and was left" in printed.both()[1]
