"""Kept rows: nobody else's, no secrets, and nothing that is not whole and ours."""

import os
import stat
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.canaries import leaks
from tui.cloud.models import (
    Network,
    Nic,
    PublicIp,
    RemoteAccessVpn,
    Router,
    Service,
    Tag,
    VpnUser,
    Wire,
    Zone,
)
from tui.cloud.models.networks import share_services
from tui.safety.secret import Secret
from tui.session import row_files, rowcache
from tui.session.kept_rows import KEPT_FIELDS
from tui.session.lists import LISTINGS
from tui.session.row_files import write_own
from tui.session.rowcache import Kept, RowCache, clear_rows
from tui.session.shelf import Kind
from tui.settings.model import Profile

PROFILE = Profile(name="prod", url="https://cloud.test/client/api", api_key="key-of-somebody")


def networks(count: int) -> tuple[Network, ...]:
    sets = [
        (Service(name="Vpn"), Service(name="Dns")),
        (Service(name="Dhcp"),),
    ]
    rows = tuple(
        Network(
            id=f"n{number}", name=f"net-{number}", state="Implemented", services=sets[number % 2]
        )
        for number in range(count)
    )
    share_services(rows)
    return rows


def kept(kind: Kind, *rows: Any, listed: float = 1000.0, cost: float = 2.5) -> Kept:
    return Kept(kind=kind, rows=rows, listed=listed, cost=cost)


@pytest.fixture
def cache(tmp_path: Path) -> RowCache:
    return RowCache(tmp_path / "cache", PROFILE)


def network_file(cache: RowCache) -> Path:
    return cache.folder / "networks.rows"


def test_rows_come_back_as_they_were(cache: RowCache) -> None:
    rows = networks(5)
    router = Router(
        id="r",
        name="r-1-VM",
        nics=(Nic(network_id="n1", traffic_type="Guest", ip_address="10.1.1.1"),),
    )
    cache.save([kept(Kind.NETWORKS, *rows), kept(Kind.ROUTERS, router), kept(Kind.USERS)])
    assert {each.kind: each for each in cache.load()} == {
        Kind.NETWORKS: kept(Kind.NETWORKS, *rows),
        Kind.ROUTERS: kept(Kind.ROUTERS, router),
        Kind.USERS: kept(Kind.USERS),
    }
    found = cache.load_list(Kind.NETWORKS)
    assert found is not None
    assert found.rows[0].services is found.rows[2].services, "sets of services are shared"
    assert found.rows[0].provider_of("Dns") == ""
    assert cache.load_list(Kind.VPNS) is None


@pytest.mark.parametrize("kind", Kind)
def test_every_list_can_be_kept(cache: RowCache, kind: Kind) -> None:
    model = LISTINGS[kind].type
    texts = {
        field.name: f"{field.name}-ü"
        for field in msgspec.structs.fields(model)
        if field.type is str and field.name in KEPT_FIELDS[model]
    }
    row = model(**texts)
    cache.save([kept(kind, row, row)])
    assert cache.load() == [kept(kind, row, row)]


def test_only_the_owner_may_read_them(cache: RowCache, tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        cache.save([kept(Kind.NETWORKS, *networks(2))])
    finally:
        os.umask(before)
    assert stat.S_IMODE(network_file(cache).stat().st_mode) == 0o600
    assert stat.S_IMODE(cache.folder.stat().st_mode) == 0o700
    assert [path.name for path in cache.folder.iterdir()] == ["networks.rows"]


@pytest.mark.parametrize("model", KEPT_FIELDS)
def test_no_field_for_secrets_or_free_text_is_kept(model: type[Wire]) -> None:
    fields = {field.name: field for field in msgspec.structs.fields(model)}
    for name in KEPT_FIELDS[model]:
        assert "Secret" not in str(fields[name].type)
        assert name not in {"tags", "display_text", "preshared_key", "health_checks", "details"}


def test_canaries_do_not_reach_the_disk(cache: RowCache, tmp_path: Path) -> None:
    psk, tagged, told = "CanaryPsk4Ww9zz", "CanaryTagGq77", "CanaryTextLp20"
    vpn = RemoteAccessVpn(id="v", public_ip_id="a", preshared_key=Secret(psk), state="Running")
    address = PublicIp(id="a", address="203.0.113.1", tags=(Tag(key="password", value=tagged),))
    network = Network(id="n", name="net", display_text=told, tags=(Tag(key=tagged),))
    cache.save([kept(Kind.VPNS, vpn), kept(Kind.ADDRESSES, address), kept(Kind.NETWORKS, network)])
    assert network_file(cache).exists()
    assert list(leaks([tmp_path], [psk, tagged, told, PROFILE.api_key])) == []
    assert {each.kind: each.rows[0] for each in cache.load()} == {
        Kind.VPNS: RemoteAccessVpn(id="v", public_ip_id="a", state="Running"),
        Kind.ADDRESSES: PublicIp(id="a", address="203.0.113.1"),
        Kind.NETWORKS: Network(id="n", name="net"),
    }


@pytest.mark.parametrize(
    "other",
    [
        {"name": "other"},
        {"url": "https://other.test/client/api"},
        {"api_key": "key-of-another"},
        {"auth": "password", "username": "admin", "api_key": ""},
        {"auth": "password", "username": "key-of-somebody", "api_key": "", "domain": "/a"},
    ],
)
def test_another_identity_sees_nothing(
    cache: RowCache, tmp_path: Path, other: dict[str, str]
) -> None:
    cache.save([kept(Kind.NETWORKS, *networks(3))])
    stranger = RowCache(tmp_path / "cache", msgspec.structs.replace(PROFILE, **other))
    assert stranger.load() == []
    # Not even where the file is put into its folder.
    stranger.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    network_file(stranger).write_bytes(network_file(cache).read_bytes())
    network_file(stranger).chmod(0o600)
    assert stranger.load() == []


def test_what_does_not_tell_identities_apart_changes_nothing(
    cache: RowCache, tmp_path: Path
) -> None:
    cache.save([kept(Kind.NETWORKS, *networks(3))])
    same = msgspec.structs.replace(PROFILE, page_size=7, read_only=True)
    assert len(RowCache(tmp_path / "cache", same).load()) == 1


def truncated(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-9])


def flipped(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def newer(path: Path) -> None:
    path.write_bytes(path.read_bytes().replace(b"csvpn rows 1", b"csvpn rows 2", 1))


def readable(path: Path) -> None:
    path.chmod(0o644)


def empty(path: Path) -> None:
    path.write_bytes(b"")


def linked_to_a_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


@pytest.mark.parametrize("spoil", [truncated, flipped, newer, readable, empty, linked_to_a_folder])
def test_a_file_that_cannot_be_used_counts_as_not_there(
    cache: RowCache, spoil: Callable[[Path], None]
) -> None:
    cache.save([kept(Kind.NETWORKS, *networks(30)), kept(Kind.ZONES, Zone(id="z", name="dc1"))])
    spoil(network_file(cache))
    assert [each.kind for each in cache.load()] == [Kind.ZONES]


@given(st.binary(max_size=400))
def test_rubbish_with_a_good_checksum_is_ignored(
    tmp_path_factory: pytest.TempPathFactory, content: bytes
) -> None:
    cache = RowCache(tmp_path_factory.mktemp("rubbish"), PROFILE)
    path = network_file(cache)
    write_own(path, content)
    assert path.read_bytes().endswith(content)
    assert cache.load() == []


def test_a_file_of_another_list_is_ignored(cache: RowCache) -> None:
    cache.save([kept(Kind.USERS, VpnUser(id="u", user_name="alice"))])
    (cache.folder / "users.rows").rename(cache.folder / "vpns.rows")
    assert cache.load() == []


def test_a_list_that_is_too_long_is_not_kept(
    cache: RowCache, monkeypatch: pytest.MonkeyPatch
) -> None:
    cache.save([kept(Kind.NETWORKS, *networks(3))])
    monkeypatch.setattr(row_files, "LARGEST_FILE", 1000)
    cache.save([kept(Kind.NETWORKS, *networks(300)), kept(Kind.ZONES, Zone(id="z"))])
    assert [each.kind for each in cache.load()] == [Kind.ZONES]
    monkeypatch.setattr(row_files, "LARGEST_FILE", 10)
    assert cache.load() == []


def test_a_write_that_fails_leaves_the_old_rows(
    cache: RowCache, monkeypatch: pytest.MonkeyPatch
) -> None:
    cache.save([kept(Kind.NETWORKS, *networks(3))])

    def full(self: Path, target: Path) -> Path:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(OSError, match="No space"):
        cache.save([kept(Kind.NETWORKS, *networks(9))])
    monkeypatch.undo()
    (found,) = cache.load()
    assert len(found.rows) == 3
    assert [path.name for path in cache.folder.iterdir()] == ["networks.rows"]


def test_old_files_go(cache: RowCache, tmp_path: Path) -> None:
    old = RowCache(tmp_path / "cache", msgspec.structs.replace(PROFILE, name="old"))
    old.save([kept(Kind.ZONES, Zone(id="z"))])
    long_ago = time.time() - 86400 * (rowcache.KEPT_DAYS + 1)
    os.utime(old.folder, (long_ago, long_ago))
    cache.folder.mkdir(mode=0o700)
    left = cache.folder / ".networks.rows.x1"
    left.touch()
    os.utime(left, (long_ago, long_ago))
    cache.save([kept(Kind.ZONES, Zone(id="z"))])
    assert not old.folder.exists()
    assert [path.name for path in cache.folder.iterdir()] == ["zones.rows"]


def test_clearing(cache: RowCache, tmp_path: Path) -> None:
    other = RowCache(tmp_path / "cache", msgspec.structs.replace(PROFILE, api_key="another"))
    dashed = RowCache(tmp_path / "cache", msgspec.structs.replace(PROFILE, name="prod-2"))
    cache.clear()
    for each in (cache, other, dashed):
        each.save([kept(Kind.ZONES, Zone(id="z"))])
    assert clear_rows(tmp_path / "cache", "prod") == 2
    assert (cache.load(), other.load()) == ([], [])
    assert len(dashed.load()) == 1
    cache.save([kept(Kind.ZONES, Zone(id="z"))])
    cache.clear()
    assert cache.load() == []
    assert clear_rows(tmp_path / "cache") == 1
    assert clear_rows(tmp_path / "nowhere") == 0
