"""Small programs that are measured: ours on the console's own parts, and stock Textual beside them.

Both show the same on the same layout. A stock one imports nothing of ours, unless its lines come
over our connection.
"""

import sys
from typing import Final

FOLDER: Final = "bench.apps"


def program(name: str, *arguments: str) -> tuple[str, ...]:
    """How to run one of them, from the folder of the project."""
    return (sys.executable, "-m", f"{FOLDER}.{name}", *arguments)
