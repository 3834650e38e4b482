"""The networks as they were last seen, in the form in which the first frame shows them.

The lists of a cloud with ten thousand networks take a while to be read and joined, longer than the
console takes to start. So what came of joining them is kept too, as words and numbers, and a row of
it is made only when it is looked at. The lists themselves follow a moment later.
"""

import logging
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final, Literal, overload

import msgspec

from tui.session.row_files import read_own, rows_folder, write_own
from tui.settings.model import Profile

_log = logging.getLogger(__name__)

FILE_NAME: Final = "first.view"
"""In the folder of a profile's kept rows."""

Tone = Literal["ok", "warn", "bad", "off"]


class GlimpsedNetwork(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """What the table shows of one network or VPC; see `tui.session.views.NetworkRow`."""

    key: str
    name: str
    type: str
    cidr: str
    vpn_words: str
    vpn_tone: Tone
    clients: int | None
    users: int
    router_words: str
    router_tone: Tone
    owner: str
    zone: str


class _Written(msgspec.Struct, frozen=True, array_like=True):
    fields: tuple[str, ...]
    listed: float
    rows: list[msgspec.Raw]


class Glimpse(Sequence[GlimpsedNetwork]):
    """Rows of an earlier run; each is made when it is asked for."""

    def __init__(self, listed: float, rows: Sequence[msgspec.Raw]) -> None:
        self.listed = listed
        """Seconds since the epoch at which the server told of them."""
        self._rows = rows
        self._decoder = msgspec.msgpack.Decoder(GlimpsedNetwork)

    def __len__(self) -> int:
        return len(self._rows)

    @overload
    def __getitem__(self, index: int) -> GlimpsedNetwork: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[GlimpsedNetwork]: ...
    def __getitem__(self, index: int | slice) -> GlimpsedNetwork | Sequence[GlimpsedNetwork]:
        if isinstance(index, slice):
            return [self._decoder.decode(row) for row in self._rows[index]]
        return self._decoder.decode(self._rows[index])

    def __iter__(self) -> Iterator[GlimpsedNetwork]:
        return map(self._decoder.decode, self._rows)


def pack_glimpse(rows: Sequence[Any], listed: float) -> bytes:
    """What is written of `rows`, which are `NetworkRow`s, in the order in which the section shows
    them; `listed` as in `Glimpse`."""
    fields = GlimpsedNetwork.__struct_fields__
    shown = [GlimpsedNetwork(*(getattr(row, name) for name in fields)) for row in rows]
    shown.sort(key=lambda row: row.name.casefold())
    return msgspec.msgpack.encode((fields, listed, shown))


def unpack_glimpse(content: bytes) -> Glimpse:
    """The rows again. Raises `msgspec.DecodeError` for what another version has written.

    `content` is taken to be whole: its rows are made one by one while the screen is drawn.
    """
    written = msgspec.msgpack.decode(content, type=_Written)
    if written.fields != GlimpsedNetwork.__struct_fields__:
        raise msgspec.DecodeError("the rows are of another version")
    return Glimpse(written.listed, written.rows)


def load_glimpse(profile: Profile) -> Glimpse | None:
    """What was kept for `profile`; None where there is nothing that can be used, or wanted."""
    if not profile.keep_rows:
        return None
    try:
        content = read_own(rows_folder(profile) / FILE_NAME)
        return None if content is None else unpack_glimpse(content)
    except (OSError, ValueError) as error:
        _log.info("the kept view is not used: %s", error)
        return None


def save_glimpse(
    profile: Profile, rows: Sequence[Any], listed: float, folder: Path | None = None
) -> None:
    """Keep `rows`, which are `NetworkRow`s, for the next start. Raises `OSError`.

    `folder` is where the rows of this profile are kept, if not where `load_glimpse` looks.
    """
    path = (folder or rows_folder(profile)) / FILE_NAME
    write_own(path, pack_glimpse(rows, listed))
