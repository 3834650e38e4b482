"""Where the lines of a small program come from: blocks of whole lines, as they come."""

import argparse
import asyncio
import os
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Final, NamedTuple

PORTION: Final = 1 << 18
FILE_PORTION: Final = 120_000
"""Of a file: pieces that a store of lines may keep as they are."""


class Source(NamedTuple):
    """One of these is not None."""

    fifo: Path | None
    """A named pipe, read as soon as something is written to it; it never ends."""
    file: Path | None
    """A file, read once to its end."""
    router: Path | None
    """A description of a router (`bench.routers.Router`) whose log is followed over SSH."""
    began: Path | None
    """Where to write when the first block came (`time.perf_counter`)."""


def source_of_arguments() -> Source:
    """As the command line says."""
    arguments = argparse.ArgumentParser()
    for name in Source._fields:
        arguments.add_argument(f"--{name}", type=Path)
    return Source(**vars(arguments.parse_args()))


async def blocks(source: Source) -> AsyncIterator[bytes]:
    """Whole lines, as many as are there at once."""
    if source.fifo is not None:
        found = fifo_blocks(source.fifo)
    elif source.file is not None:
        found = file_blocks(source.file)
    else:
        from bench.apps.following import router_blocks

        assert source.router is not None
        found = router_blocks(source.router)
    first = True
    async for block in found:
        if first and source.began is not None:
            source.began.write_text(repr(time.perf_counter()))
        first = False
        yield block


async def fifo_blocks(path: Path) -> AsyncIterator[bytes]:
    """What others write to a named pipe."""
    loop = asyncio.get_running_loop()
    # Open for writing too: else it would end with the first writer.
    pipe = os.open(path, os.O_RDWR | os.O_NONBLOCK)
    ready = asyncio.Event()
    loop.add_reader(pipe, ready.set)
    rest = b""
    while True:
        await ready.wait()
        ready.clear()
        try:
            text = rest + os.read(pipe, PORTION)
        except BlockingIOError:
            continue  # the loop has told twice of the same
        end = text.rfind(b"\n") + 1
        rest = text[end:]
        if end:
            yield text[:end]


async def file_blocks(path: Path) -> AsyncIterator[bytes]:
    """A file in portions; what else there is to do is done in between."""
    with path.open("rb", buffering=0) as file:
        rest = b""
        while text := file.read(FILE_PORTION - len(rest)):
            end = text.rfind(b"\n") + 1
            yield b"".join((rest, memoryview(text)[:end]))
            rest = text[end:]
            await asyncio.sleep(0)
        if rest:
            yield rest + b"\n"
