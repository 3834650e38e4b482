"""What `listApis` announces: complete, of the recorded form, and no more than a role may use."""

from pathlib import Path
from typing import Any

import pytest

from tests.lab.replaying import bench, exchanges
from tui.lab.cloud.binding import _TABLES
from tui.lab.cloud.catalogue import PLAIN_TYPES, catalogue, parse
from tui.lab.cloud.commands import HANDLERS


def test_every_announced_command_is_answered_and_the_other_way_round() -> None:
    assert set(catalogue().commands) == set(HANDLERS)


def test_every_type_is_a_plain_one_or_a_kind() -> None:
    known = catalogue()
    for command in known.commands.values():
        assert not command.kind or command.kind in known.kinds or command.kind == "userkeys"
        for parameter in command.parameters:
            assert parameter.type in PLAIN_TYPES or parameter.type in known.kinds, parameter
    assert set(_TABLES) <= set(known.kinds)


def test_a_line_that_fits_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="unpack"):
        parse("listThings sync\n  what it does\n")


def names(rows: list[dict[str, Any]]) -> set[str]:
    return {row["name"] for row in rows if "name" in row}


@pytest.mark.parametrize(("name", "position"), [("13", 5), ("17", 4)])
async def test_against_the_recorded_descriptions(name: str, position: int, tmp_path: Path) -> None:
    exchange = exchanges(name)[position]
    (recorded,) = exchange["body"]["listapisresponse"]["api"]
    async with bench(tmp_path) as lab:
        _, body = await lab.send(exchange)
    (row,) = body["listapisresponse"]["api"]
    for key in ("name", "description", "isasync", "related"):
        assert row[key] == recorded[key]
    assert names(row["params"]) == names(recorded["params"])
    for parameter in recorded["params"]:
        (ours,) = [p for p in row["params"] if p["name"] == parameter["name"]]
        for key in ("type", "required", "length"):
            assert ours[key] == parameter[key], parameter["name"]
        assert ours.get("since") == parameter.get("since")
    assert names(recorded["response"]) - {"fordisplay"} <= names(row["response"])


async def test_each_role_sees_its_own(tmp_path: Path) -> None:
    async with bench(tmp_path) as lab:
        seen = {}
        for actor in ("root", "domain-admin", "user", "viewer"):
            body = await lab.inner(actor, command="listApis", listall="true")
            seen[actor] = names(body["api"])
            assert body["count"] == len(body["api"])
    assert seen["viewer"] < seen["user"] < seen["domain-admin"] < seen["root"]
    assert "createRemoteAccessVpn" not in seen["viewer"]
    assert "listRouters" not in seen["user"]
    assert "listHosts" not in seen["domain-admin"]
