"""What CloudMonkey wrote becomes profiles, and what it does worse is said."""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.hostile import PAYLOADS
from tui.settings.cloudmonkey import CloudMonkeyImport, cloudmonkey_file, import_cloudmonkey
from tui.settings.profiles import Profile, SettingsError

WRITTEN_BY_6_4 = """prompt       = 🐱
asyncblock   = true
timeout      = 1800
output       = json
verifycert   = false
profile      = prod cloud
autocomplete = true
postrequest  = true

[localcloud]
url       = http://localhost:8080/client/api
username  = admin
password  = pass%word#1 ; x
domain    = /
apikey    =
secretkey =

[prod cloud]
url       = https://cloud.example.org/client/api
username  =
password  =
domain    = ROOT/acme
apikey    = AK
secretkey = `S;K=`
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "config"
    path.write_text(WRITTEN_BY_6_4, encoding="utf-8")
    path.chmod(0o600)
    return path


def test_the_file_of_cloudmonkey_6(file: Path) -> None:
    imported = import_cloudmonkey(file)
    local, prod = imported.profiles
    assert local.profile == Profile(
        name="localcloud",
        url="http://localhost:8080/client/api",
        auth="password",
        username="admin",
    )
    assert local.secret == "pass%word#1 ; x"
    assert prod.profile == Profile(
        name="prod-cloud",
        url="https://cloud.example.org/client/api",
        api_key="AK",
        domain="ROOT/acme",
    )
    assert prod.secret == "S;K="
    assert "'prod cloud' cannot be a name" in prod.notes[0]
    assert imported.default == "prod-cloud"
    assert imported.notes == ()


def test_verification_is_never_turned_off(file: Path) -> None:
    for one in import_cloudmonkey(file).profiles:
        assert one.profile.tls_verify
        assert any("does not verify" in note for note in one.notes)
    file.write_text(WRITTEN_BY_6_4.replace("verifycert   = false", "verifycert = true"))
    assert not any("verify" in n for one in import_cloudmonkey(file).profiles for n in one.notes)
    file.write_text("[old]\nurl = h\napikey = a\nsecretkey = s\nverifycert = False\n")
    assert any("does not verify" in note for note in import_cloudmonkey(file).profiles[0].notes)


def test_secrets_are_not_in_the_printed_form(file: Path) -> None:
    assert "S;K=" not in repr(import_cloudmonkey(file))
    assert "pass%word" not in repr(import_cloudmonkey(file))


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o644])
def test_a_file_that_others_read_is_reported(file: Path, mode: int) -> None:
    file.chmod(mode)
    (note,) = import_cloudmonkey(file).notes
    assert f"mode {mode:04o}" in note
    assert "chmod 600" in note


@pytest.mark.parametrize(
    ("section", "says"),
    [
        ("url = ftp://x\napikey = a", "has the scheme 'ftp'"),
        ("apikey = a", "it has no url"),
        ("url = h", "neither an apikey nor a username"),
        ("url = https://u:canary@h\napikey = a", "holds a user or password"),
    ],
)
def test_a_section_that_cannot_be_used_is_named_and_the_others_come(
    file: Path, section: str, says: str
) -> None:
    file.write_text(f"{WRITTEN_BY_6_4}\n[bad]\n{section}\n")
    imported = import_cloudmonkey(file)
    assert len(imported.profiles) == 2
    (note,) = imported.notes
    assert "'bad' was left out" in note
    assert says in note
    assert "canary" not in note


def test_things_to_know_about_a_profile(file: Path) -> None:
    file.write_text(
        "[a]\nurl = http://10.0.0.5\napikey = a\n"
        "[A b]\nurl=h\nusername=u\n[A-b]\nurl=h\nusername=u\n"
    )
    first, second = import_cloudmonkey(file).profiles
    assert any("cross the network readable" in note for note in first.notes)
    assert any("no secretkey" in note for note in first.notes)
    assert any("no password" in note for note in second.notes)
    assert "A-b is there twice" in import_cloudmonkey(file).notes[0]
    assert import_cloudmonkey(file).default == ""


def test_files_that_are_not_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    assert cloudmonkey_file() == tmp_path / ".cmk" / "config"
    assert import_cloudmonkey() == CloudMonkeyImport()
    with pytest.raises(SettingsError, match="Is a directory"):
        import_cloudmonkey(tmp_path)
    (tmp_path / "x").write_bytes(b"\xff\xfe")
    with pytest.raises(SettingsError, match="not UTF-8"):
        import_cloudmonkey(tmp_path / "x")
    (tmp_path / "x").write_text("secret words\n= canary\n[")
    with pytest.raises(SettingsError, match="is not a CloudMonkey configuration") as raised:
        import_cloudmonkey(tmp_path / "x")
    assert "canary" not in str(raised.value)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.text(st.characters(codec="utf-8"))
    | st.sampled_from(PAYLOADS).filter(lambda t: "\ud800" not in t and "\udfff" not in t)
)
def test_any_file_is_imported_or_refused(file: Path, text: str) -> None:
    file.write_text(f"{text}\n[{text}]\nurl = {text}\napikey = {text}\n", encoding="utf-8")
    try:
        imported = import_cloudmonkey(file)
    except SettingsError as error:
        assert "\x1b" not in str(error)
    else:
        for one in imported.profiles:
            assert one.profile.url.isprintable()
        assert not any("\x1b" in note for note in imported.notes)
