"""Profiles survive the file, mistakes in it are named, and nobody else can slip one in."""

import os
import stat
import tempfile
import threading
import tomllib
from ipaddress import IPv4Network
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.hostile import PAYLOADS
from tui.settings.model import is_list_name
from tui.settings.paths import profiles_file
from tui.settings.profiles import (
    Hop,
    Profile,
    Profiles,
    SettingsError,
    SshPath,
    choose_default,
    load_profiles,
    parse_profiles,
    remove_profile,
    save_profile,
)

TEXT = st.text(st.characters(codec="utf-8"), max_size=30) | st.sampled_from(PAYLOADS[:250]).filter(
    lambda text: text.isascii()
)
WORD = st.text("abcdefghijklmnop.-_0123456789", min_size=1, max_size=12).map(lambda w: f"a{w}")
PORT = st.integers(1, 65535)
HOPS = st.lists(st.builds(Hop, host=WORD, port=PORT, user=WORD), max_size=3).map(tuple)
WAYS = st.builds(
    SshPath,
    via=st.sampled_from(["direct", "kvm"]),
    jump=HOPS,
    host_user=WORD,
    host_port=PORT,
    management_host=WORD,
    key_file=TEXT,
    router_key_file=TEXT,
    router_port=PORT,
    known_hosts=TEXT,
    addresses=st.dictionaries(TEXT, st.builds("{}:{}".format, WORD, PORT), max_size=3),
)
NETWORKS = st.builds(
    IPv4Network, st.tuples(st.integers(0, 2**32 - 1), st.integers(0, 32)), st.just(False)
).map(str)
PROFILES = st.builds(
    Profile,
    name=st.from_regex(r"[A-Za-z0-9][A-Za-z0-9._-]{0,20}", fullmatch=True),
    url=st.sampled_from(["https://h.example/client/api", "http://127.0.0.1:8080/client/api"]),
    auth=st.sampled_from(["keys", "password"]),
    api_key=TEXT,
    username=TEXT,
    domain=TEXT,
    ca_file=TEXT,
    tls_verify=st.booleans(),
    read_only=st.booleans(),
    production=st.booleans(),
    connect_timeout=st.floats(0.001, 3600),
    read_timeout=st.integers(1, 3600),
    total_timeout=st.floats(0.001, 3600),
    max_calls=st.integers(1, 16),
    page_size=st.integers(1, 500),
    zones=st.dictionaries(TEXT | st.just("*"), WAYS, max_size=3),
    sources=st.dictionaries(
        st.from_regex(r"[A-Za-z][A-Za-z0-9._-]{0,31}", fullmatch=True).filter(is_list_name),
        st.lists(NETWORKS, min_size=1, max_size=3).map(tuple),
        max_size=3,
    ),
)
PROD = Profile(name="prod", url="https://cloud.example.org/client/api", api_key="AK")
LAB = Profile(name="lab", url="http://localhost:8080/client/api", auth="password", username="me")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "config" / "profiles.toml"


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(PROFILES, min_size=1, max_size=3, unique_by=lambda profile: profile.name))
def test_profiles_survive_the_file(profiles: list[Profile]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "profiles.toml"
        for profile in profiles:
            written = save_profile(profile, path)
            assert written.profiles[profile.name] == profile
        loaded = load_profiles(path)
        assert list(loaded.profiles.values()) == profiles
        assert loaded.default == profiles[0].name
        changed = save_profile(Profile(name=profiles[0].name, url="h"), path)
        assert changed.profiles[profiles[0].name].zones == {}
        assert list(load_profiles(path).profiles.values())[1:] == profiles[1:]
        for profile in profiles:
            remove_profile(profile.name, path)
        assert load_profiles(path) == Profiles()


def test_no_file_is_no_profiles(file: Path) -> None:
    assert load_profiles(file) == Profiles()
    assert not file.parent.exists()


def test_the_file_is_private_and_complete_in_itself(file: Path) -> None:
    save_profile(PROD, file)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700
    assert list(file.parent.iterdir()) == [file]
    text = file.read_text()
    assert tomllib.loads(text) == {
        "default": "prod",
        "profiles": {"prod": {"url": PROD.url, "api_key": "AK"}},
    }


def test_comments_and_order_are_kept(file: Path) -> None:
    file.parent.mkdir()
    file.write_text(
        "# ours\n\n[profiles.prod]  # the big one\napi_key = 'AK' # from Jo\n"
        "url = 'cloud.example.org'\n\n[profiles.prod.zones.dc1]\nvia = 'kvm' # no direct way\n\n"
        "[profiles.b]\nurl='b'\n"
    )
    file.chmod(0o600)
    save_profile(LAB, file)
    choose_default("lab", file)
    text = file.read_text()
    for comment in ("# ours", "# the big one", "# from Jo", "# no direct way"):
        assert comment in text
    loaded = load_profiles(file)
    assert list(loaded.profiles) == ["prod", "b", "lab"]
    assert loaded.default == "lab"
    assert loaded.profiles["prod"].zones == {"dc1": SshPath(via="kvm")}


def test_the_first_profile_is_the_default_until_another_is_chosen(file: Path) -> None:
    assert save_profile(PROD, file).default == "prod"
    assert save_profile(LAB, file).default == "prod"
    assert save_profile(LAB, file, default=True).default == "lab"
    assert choose_default("prod", file).default == "prod"
    left = remove_profile("prod", file)
    assert (left.default, list(left.profiles)) == ("lab", ["lab"])
    assert left.chosen() == LAB
    assert left.chosen("lab") == LAB
    assert left.chosen("prod") is None


def test_names_that_are_not_there(file: Path) -> None:
    save_profile(PROD, file)
    with pytest.raises(SettingsError, match="did you mean prod"):
        choose_default("prd", file)
    with pytest.raises(SettingsError, match="there are: prod"):
        remove_profile("zzz", file)


def test_a_zone_has_its_own_way_or_that_of_every_other() -> None:
    special, other = SshPath(via="kvm"), SshPath()
    profile = Profile(name="p", url="h", zones={"dc1": special, "*": other})
    assert profile.ssh_path("dc1") is special
    assert profile.ssh_path("dc2") is other
    assert Profile(name="p", url="h").ssh_path("dc1") is None


URL = '[profiles.a]\nurl="h"\n'
ZONE = f"{URL}[profiles.a.zones.z]\n"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("x=1", "the file has an unknown key 'x'; known keys: default, profiles"),
        ("defalt='a'", "did you mean default?"),
        (f"{URL}read_onyl=true", "profiles.a has an unknown key 'read_onyl'; did you mean read_on"),
        (f'{URL}read_only="yes"', "a.read_only is 'yes' (a text); allowed: true or false"),
        (f"{URL}read_only=1", "a.read_only is 1 (a number); allowed: true or false"),
        (f'{URL}auth="kyes"', 'a.auth is \'kyes\' (a text); allowed: "keys", "password"'),
        (f"{URL}max_calls=0", "a.max_calls is 0 (a number); allowed: a whole number from 1 to 16"),
        (f"{URL}max_calls=2.5", "allowed: a whole number from 1 to 16"),
        (f"{URL}max_calls=true", "a.max_calls is True (true or false); allowed: a whole number"),
        (f"{URL}read_timeout=0", "allowed: a number of seconds above 0, up to 3600"),
        (f"{URL}read_timeout=nan", "read_timeout is nan"),
        (f"{URL}read_timeout=inf", "read_timeout is inf"),
        (f"{URL}ca_file=2020-01-01", "(a date or time); allowed: a text in quotes"),
        (f"{URL}zones=3", "a.zones is 3 (a number); allowed: a table of tables"),
        (f"{URL}[profiles.a.zones]\nz=3", "write it as a table: [profiles.a.zones.z]"),
        (f'{ZONE}via="kvn"', 'zones.z.via is \'kvn\' (a text); allowed: "direct", "kvm",'),
        (f'{ZONE}via="management"', 'says via = "management" without management_host'),
        (f'{ZONE}jump="b"', "allowed: a list of tables"),
        (f'{ZONE}jump=[{{hots="b"}}]', "jump[0] has an unknown key 'hots'; did you mean host?"),
        (f"{ZONE}jump=[{{port=1}}]", "jump[0] has no host"),
        (f'{ZONE}jump=[{{host="b",port=0}}]', "allowed: a whole number from 1 to 65535"),
        (f'{ZONE}jump=[{{host=""}}]', "has a hop without a host"),
        (f'{ZONE}jump=[{{host="-oProxyCommand=x"}}]', "jump.host is '-oProxyCommand=x'"),
        (f'{ZONE}host_user="a b"', "host_user is 'a b'"),
        (f"{ZONE}addresses={{r=1}}", "allowed: a table of texts"),
        (f'{ZONE}addresses={{r="h"}}', "addresses.r is 'h'; allowed: host:port"),
        (f'{ZONE}addresses={{r="h:99999"}}', "allowed: host:port"),
        (f"{URL}sources=3", "a.sources is 3 (a number); allowed: a table of lists of texts"),
        (f'{URL}sources={{o="192.0.2.0/24"}}', "allowed: a table of lists of texts"),
        (f"{URL}sources={{o=[]}}", "a.sources.o is empty; name a network, or take it out"),
        (f'{URL}sources={{o=["192.0.2.7/24"]}}', "o has '192.0.2.7/24'; allowed: 192.0.2.0/24"),
        (f'{URL}sources={{o=["192.0.2.7"]}}', "o has '192.0.2.7'; allowed: 192.0.2.7/32"),
        (f'{URL}sources={{o=["2001:db8::/32"]}}', "allowed: IPv4 networks in CIDR form"),
        (f'{URL}sources={{o=["10.0.0.0/255.0.0.0"]}}', "allowed: 10.0.0.0/8"),
        (f'{URL}sources={{Anywhere=["10.0.0.0/8"]}}', "'Anywhere' cannot name a list of sources"),
        (f'{URL}sources={{"10.0.0.0/8"=["10.0.0.0/8"]}}', "'10.0.0.0/8' cannot name a list"),
        (f'{URL}secret_key="x"', "holds a secret under 'secret_key'; take it out"),
        (f'{URL}password="x"', "holds a secret under 'password'"),
        (f'{URL}name="b"', "has a key name; the name is that of its table, a"),
        ("[profiles.a]", "profiles.a has no url; add url = …"),
        ('[profiles.a]\nurl="u:pw@h"', "url holds a user or password"),
        ('[profiles.a]\nurl=""', "is not an address"),
        ('[profiles."a b"]\nurl="h"', "'a b' cannot name a profile; 1 to 64 letters"),
        ("profiles=3", "profiles is 3 (a number)"),
        ("[profiles]\na=3", "profiles.a is 3 (a number); write it as a table"),
        (f"default=3\n{URL}", "default is 3 (a number)"),
        (f'default="b"\n{URL}', "default 'b' is not among the profiles; there are: a"),
        ("[profiles", "is not valid TOML"),
        ('a="\x1b]0;x"', "is not valid TOML"),
        (f'{URL}"\\u001b[2J"=1', "unknown key '\\x1b[2J'"),
    ],
)
def test_every_mistake_is_named(text: str, says: str) -> None:
    with pytest.raises(SettingsError) as raised:
        parse_profiles(text, Path("p.toml"))
    assert says in str(raised.value)
    assert str(raised.value).startswith("p.toml: ")
    assert "\x1b" not in str(raised.value)


def test_a_secret_in_the_file_is_not_repeated_in_the_error() -> None:
    with pytest.raises(SettingsError) as raised:
        parse_profiles(f'{URL}secret_key="canary-1"', Path("p.toml"))
    assert "canary-1" not in str(raised.value)


@given(st.text() | st.sampled_from(PAYLOADS))
def test_any_text_gives_profiles_or_a_settings_error(text: str) -> None:
    for document in (text, f"{URL}{text}", f"{URL}api_key='''{text}'''"):
        try:
            parse_profiles(document, Path("p.toml"))
        except SettingsError as error:
            assert "p.toml" in str(error)


@pytest.mark.parametrize("mode", [0o620, 0o602, 0o666])
def test_a_file_that_others_may_write_is_refused(file: Path, mode: int) -> None:
    save_profile(PROD, file)
    file.chmod(mode)
    with pytest.raises(SettingsError, match=f"mode {mode:04o}.*chmod 600"):
        load_profiles(file)
    with pytest.raises(SettingsError, match="other users may write it"):
        save_profile(LAB, file)
    file.chmod(0o644)
    assert load_profiles(file).default == "prod"


def test_a_file_of_another_user_is_refused(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    save_profile(PROD, file)
    if os.geteuid() == 0:
        os.chown(file, 4243, 4243)
    monkeypatch.setattr(os, "geteuid", lambda: 4242)
    with pytest.raises(SettingsError, match="belongs to another user"):
        load_profiles(file)


def test_a_mistake_in_the_file_stops_saving_and_changes_nothing(file: Path) -> None:
    file.parent.mkdir()
    file.write_text("nonsense = 1\n")
    file.chmod(0o600)
    with pytest.raises(SettingsError, match="unknown key 'nonsense'"):
        save_profile(PROD, file)
    assert file.read_text() == "nonsense = 1\n"


def test_a_bad_profile_is_not_saved(file: Path) -> None:
    with pytest.raises(SettingsError, match="cannot name a profile"):
        save_profile(Profile(name="a/b", url="h"), file)
    with pytest.raises(SettingsError, match="holds a query"):
        save_profile(Profile(name="a", url="h?x"), file)
    assert not file.exists()


def test_what_is_not_a_readable_file(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="cannot be read: Is a directory"):
        load_profiles(tmp_path)
    (tmp_path / "b").write_bytes(b"\xff")
    (tmp_path / "b").chmod(0o600)
    with pytest.raises(SettingsError, match="byte 0 is not UTF-8"):
        load_profiles(tmp_path / "b")


def test_a_link_stays_a_link(tmp_path: Path) -> None:
    real, link = tmp_path / "real.toml", tmp_path / "profiles.toml"
    link.symlink_to(real)
    save_profile(PROD, link)
    assert link.is_symlink()
    assert load_profiles(real).default == "prod"


def test_a_disk_that_refuses_leaves_the_old_file(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    save_profile(PROD, file)
    before = file.read_text()

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(SettingsError, match="cannot be written: No space left on device"):
        save_profile(LAB, file)
    assert file.read_text() == before
    assert list(file.parent.iterdir()) == [file]


def test_many_savers_lose_nothing(file: Path) -> None:
    def save(number: int) -> None:
        save_profile(Profile(name=f"p{number}", url="h"), file)

    threads = [threading.Thread(target=save, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert set(load_profiles(file).profiles) == {f"p{number}" for number in range(8)}


def test_the_usual_place_can_be_moved(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CSVPN_CONFIG_DIR", str(tmp_path / "x"))
    assert profiles_file() == tmp_path / "x" / "profiles.toml"
    save_profile(PROD)
    assert load_profiles().default == "prod"


def test_a_folder_that_cannot_be_opened_is_named(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_arguments: object) -> int:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "open", refuse)
    with pytest.raises(SettingsError, match="cannot be opened: Permission denied"):
        save_profile(PROD, file)
