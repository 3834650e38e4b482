"""The networks as they were last seen: what is written comes back, and nothing else is used."""

import time
from pathlib import Path

import msgspec
import pytest

from tests.consoles import lab_session
from tui.lab.lab import Lab
from tui.session.glimpse import (
    FILE_NAME,
    Glimpse,
    GlimpsedNetwork,
    load_glimpse,
    pack_glimpse,
    save_glimpse,
    unpack_glimpse,
)
from tui.session.inventory import Kind
from tui.session.row_files import rows_folder
from tui.session.views import NetworkRow, network_rows
from tui.settings.model import Profile

PROFILE = Profile(name="prod", url="https://cloud.example.org/client/api", api_key="key-of-prod")
ROWS = [
    GlimpsedNetwork(
        f"id-{number}", f"net-{number}", "isolated", "10.1.1.0/24", "✔ running", "ok", 6, 5,
        "r-42-VM ✔ primary", "ok", "acme", "dc1",
    )
    for number in range(5)
]  # fmt: skip


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("CSVPN_CACHE_DIR", str(tmp_path / "cache"))
    return tmp_path / "cache"


async def test_it_shows_what_the_section_shows(contract_lab: Lab) -> None:
    from screens.network_columns import NETWORK_COLUMNS

    session = lab_session(contract_lab)
    await session.inventory.refresh(Kind)
    rows: list[NetworkRow] = network_rows(session.inventory)
    await session.aclose()
    glimpse = unpack_glimpse(pack_glimpse(rows, 7.0))
    assert len(rows) > 3 and glimpse.listed == 7.0
    rows.sort(key=lambda row: row.name.casefold())  # as the section does
    for row, seen in zip(rows, glimpse, strict=True):
        assert seen.key == row.key
        for column in NETWORK_COLUMNS:
            assert column.show(seen) == column.show(row)


def test_what_is_kept_is_there_at_the_next_start() -> None:
    assert load_glimpse(PROFILE) is None
    save_glimpse(PROFILE, ROWS, 1234.5)
    glimpse = load_glimpse(PROFILE)
    assert glimpse is not None and glimpse.listed == 1234.5
    assert list(glimpse) == ROWS and glimpse[1] == ROWS[1] and glimpse[-1] == ROWS[-1]
    assert list(glimpse[1:3]) == ROWS[1:3] and len(glimpse) == 5
    with pytest.raises(IndexError):
        glimpse[5]
    assert (rows_folder(PROFILE) / FILE_NAME).stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    "other",
    [{"api_key": "another"}, {"url": "https://other.example.org/client/api"}, {"name": "second"}],
    ids=str,
)
def test_another_identity_server_or_profile_sees_nothing_of_it(other: dict[str, str]) -> None:
    save_glimpse(PROFILE, ROWS, time.time())
    assert load_glimpse(msgspec.structs.replace(PROFILE, **other)) is None


def test_a_file_that_cannot_be_used_is_as_if_it_were_not_there() -> None:
    save_glimpse(PROFILE, ROWS, time.time())
    path = rows_folder(PROFILE) / FILE_NAME
    whole = path.read_bytes()
    for spoilt in (b"", whole[:40], whole[:-1], whole[:-1] + b"\x00", b"other" + whole):
        path.write_bytes(spoilt)
        assert load_glimpse(PROFILE) is None
    path.write_bytes(whole)
    assert load_glimpse(PROFILE) is not None
    path.chmod(0o644)
    assert load_glimpse(PROFILE) is None


def test_rows_of_another_version_are_not_read() -> None:
    content = msgspec.msgpack.encode((("key", "name"), 1.0, [["id", "net"]]))
    with pytest.raises(msgspec.DecodeError, match="another version"):
        unpack_glimpse(content)


def test_a_row_is_made_when_it_is_looked_at() -> None:
    content = pack_glimpse(ROWS, 1.0)
    glimpse = unpack_glimpse(content)
    assert isinstance(glimpse, Glimpse)
    assert glimpse[2] is not glimpse[2]
