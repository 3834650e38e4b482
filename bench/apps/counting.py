"""No screen at all: counts the lines, and prints `LAST` when the last one has come."""

import asyncio
import sys

from bench.apps.intake import Source, blocks, source_of_arguments
from bench.lines import LAST


async def count(source: Source) -> None:
    """Say after the last line how many they were, and go on."""
    lines = 0
    async for block in blocks(source):
        lines += block.count(b"\n")
        if LAST in block:
            sys.stdout.write(f"{lines} {LAST.decode()}\n")
            sys.stdout.flush()


if __name__ == "__main__":
    asyncio.run(count(source_of_arguments()))
