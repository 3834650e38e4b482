"""`csvpn profile`: where secrets are, moved and forgotten; never what they are."""

import argparse
from pathlib import Path
from typing import Any

import pytest

from tests.commands.contexts import Printed
from tests.consoles import lab_path
from tests.launchers import MemoryKeyring, lab_launcher, saved_profile
from tests.safety.vaults import PASSPHRASE, Person, file_in, nobody
from tui.cloud.models import Zone
from tui.commands.arguments import parser
from tui.commands.opening import Context
from tui.commands.output import CommandError, Exit
from tui.commands.profile import run_command
from tui.lab.lab import Lab
from tui.safety.secret import Secret
from tui.session.launch import Launcher
from tui.session.rowcache import Kept, RowCache
from tui.session.shelf import Kind
from tui.settings.paths import cache_folder

SECRET = "canary-Profile-7y2"


def typed(*words: str) -> argparse.Namespace:
    return parser().parse_args(["profile", *words])


def launcher_in(
    lab: Lab, folder: Path, *, keyring: MemoryKeyring | None = None, **given: str
) -> Launcher:
    """A launcher as after a new start, with somebody who knows the passphrase."""
    launcher = lab_launcher(lab, dict(given), keyring=keyring, file=file_in(folder))
    launcher.ask_passphrase_with(Person(PASSPHRASE))
    return launcher


async def kept_in_file(lab: Lab, folder: Path, name: str = "prod") -> None:
    """The profile `name`, whose secret an earlier run kept in the encrypted file."""
    profile = saved_profile(lab, name)
    await launcher_in(lab, folder).keep(profile, Secret(SECRET))


async def answer(launcher: Launcher, printed: Printed, *words: str) -> Any:
    """What `--json` says."""
    context = Context(launcher, as_json=True)
    assert await run_command(context, typed(*words)) is Exit.FINE
    return printed.document()


async def test_each_profile_says_where_its_secrets_are(
    contract_lab: Lab, demo_lab: Lab, tmp_path: Path, printed: Printed
) -> None:
    await kept_in_file(contract_lab, tmp_path, "prod")
    saved_profile(contract_lab, "typed", auth="password", username="ann", read_only=True)
    saved_profile(contract_lab, "pass", credential_command="pass show cs/pass")
    saved_profile(demo_lab, "ring", zones={"*": lab_path(demo_lab)}, production=True)
    keyring = MemoryKeyring()
    keyring.values["csvpn/ring", "secret-key"] = SECRET
    launcher = launcher_in(contract_lab, tmp_path, keyring=keyring)
    assert await run_command(Context(launcher), typed()) is Exit.FINE
    out, err = printed.both()
    path = file_in(tmp_path).path
    assert SECRET not in out + err
    lines = out.splitlines()
    assert lines[0] == "prod  default"
    assert lines[1].startswith("  https://cloud.example.org/client/api  API key …")
    assert lines[2] == f"  secret key: the encrypted file {path}"
    assert lines[3:6] == [
        "typed  read-only", "  https://cloud.example.org/client/api  ann",
        "  password: nowhere: it is asked for",
    ]  # fmt: skip
    assert lines[8] == "  secret key: the command pass show cs/pass"
    assert lines[9] == "ring  production"
    assert lines[11:] == [
        "  secret key: Secret Service",
        "  passphrase of the SSH key: nowhere: it is asked for",
    ]
    assert err == "A secret that is entered now is kept in: Secret Service.\n"


async def test_one_profile_as_json(contract_lab: Lab, tmp_path: Path, printed: Printed) -> None:
    await kept_in_file(contract_lab, tmp_path)
    saved_profile(contract_lab, "other")
    launcher = launcher_in(contract_lab, tmp_path, CSVPN_SECRET_KEY="given-and-long")
    document = await answer(launcher, printed, "prod")
    (profile,) = document["profiles"]
    assert (profile["name"], profile["default"], profile["auth"]) == ("prod", True, "keys")
    (secret,) = profile["secrets"]
    assert secret["secret"] == "secret key"
    assert [p["store"] for p in secret["places"]] == ["environment", "encrypted file"]
    assert document["kept_in"]["store"] == "encrypted file"
    assert document["reason"].startswith("no keyring")


async def test_without_profiles(contract_lab: Lab, tmp_path: Path, printed: Printed) -> None:
    launcher = launcher_in(contract_lab, tmp_path)
    assert await run_command(Context(launcher), typed()) is Exit.FINE
    assert printed.both()[0] == "There is no profile yet.\n"


async def test_a_secret_moves_and_is_found_by_the_next_start(
    contract_lab: Lab, tmp_path: Path, printed: Printed
) -> None:
    await kept_in_file(contract_lab, tmp_path)
    keyring = MemoryKeyring()
    launcher = launcher_in(contract_lab, tmp_path, keyring=keyring)
    await run_command(Context(launcher), typed("prod", "--move-to", "keyring"))
    assert printed.both()[0] == "The secret key of prod is kept in Secret Service.\n"
    assert keyring.values == {("csvpn/prod", "secret-key"): SECRET}
    assert file_in(tmp_path).kinds() == []
    again = launcher_in(contract_lab, tmp_path, keyring=keyring)
    document = await answer(again, printed, "prod", "--move-to", "file")
    assert document["kept_in"]["store"] == "encrypted file" and keyring.values == {}


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("--forget",), "--forget needs the name of a profile"),
        (("--move-to", "file"), "--move-to needs the name"),
        (("prod", "--move-to", "file", "--forget"), "choose one of them"),
        (("prot", "--forget"), "did you mean prod"),
        (("prot",), "there is no profile 'prot'"),
        (("empty", "--move-to", "file"), "csvpn keeps no secret key of empty"),
        (("prod", "--move-to", "keyring"), "stays where it is: no keyring can be used"),
    ],
)
async def test_what_cannot_be_done_is_said(
    contract_lab: Lab, tmp_path: Path, words: tuple[str, ...], says: str
) -> None:
    await kept_in_file(contract_lab, tmp_path)
    saved_profile(contract_lab, "empty")
    with pytest.raises(CommandError) as raised:
        await run_command(Context(launcher_in(contract_lab, tmp_path)), typed(*words))
    assert says in str(raised.value)
    assert file_in(tmp_path).kinds() == [("prod", "secret-key")]


async def test_forgetting_says_what_it_could_not_reach(
    contract_lab: Lab, tmp_path: Path, printed: Printed
) -> None:
    await kept_in_file(contract_lab, tmp_path)
    launcher = launcher_in(contract_lab, tmp_path, CSVPN_SECRET_KEY="given-and-long")
    assert await run_command(Context(launcher), typed("prod", "--forget", "--yes")) is Exit.FINE
    out, err = printed.both()
    assert out == "csvpn keeps no secret of prod now.\n"
    assert err == "note: CSVPN_SECRET_KEY of the environment still has one.\n"
    assert file_in(tmp_path).kinds() == []


async def test_forgetting_is_asked_about(
    contract_lab: Lab, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await kept_in_file(contract_lab, tmp_path)
    launcher = launcher_in(contract_lab, tmp_path)
    with pytest.raises(CommandError, match="no terminal"):
        await run_command(Context(launcher), typed("prod", "--forget"))
    monkeypatch.setattr("tui.commands.profile.confirm", lambda question: False)
    assert await run_command(Context(launcher), typed("prod", "--forget")) is Exit.FINDINGS
    assert file_in(tmp_path).kinds() == [("prod", "secret-key")]


async def test_listing_asks_for_no_passphrase(
    contract_lab: Lab, tmp_path: Path, printed: Printed
) -> None:
    await kept_in_file(contract_lab, tmp_path)
    launcher = lab_launcher(contract_lab, file=file_in(tmp_path))
    launcher.ask_passphrase_with(nobody)
    document = await answer(launcher, printed)
    assert document["profiles"][0]["secrets"][0]["places"][0]["store"] == "encrypted file"


async def test_forgetting_the_rows_leaves_those_of_others(
    contract_lab: Lab, tmp_path: Path, printed: Printed
) -> None:
    profiles = [saved_profile(contract_lab, name) for name in ("prod", "other")]
    caches = [RowCache(cache_folder(), each) for each in profiles]
    for cache in caches:
        cache.save([Kept(kind=Kind.ZONES, rows=(Zone(id="z", name="dc1"),), listed=1.0)])
    launcher = launcher_in(contract_lab, tmp_path)
    assert await run_command(Context(launcher), typed("prod", "--forget-rows")) is Exit.FINE
    assert printed.both()[0] == "No rows of prod are kept on disk now.\n"
    assert [len(cache.load()) for cache in caches] == [0, 1]
    assert await answer(launcher, printed, "other", "--forget-rows") == {
        "profile": "other",
        "rows_kept": False,
    }
    assert caches[1].load() == []


async def test_a_profile_that_goes_takes_its_rows_along(contract_lab: Lab, tmp_path: Path) -> None:
    profile = saved_profile(contract_lab, "prod")
    cache = RowCache(cache_folder(), profile)
    cache.save([Kept(kind=Kind.ZONES, rows=(Zone(id="z", name="dc1"),), listed=1.0)])
    await launcher_in(contract_lab, tmp_path).remove(profile)
    assert not cache.folder.exists()
