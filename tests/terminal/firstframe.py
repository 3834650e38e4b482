"""Run by `test_first_frame`: the program, which writes down what is loaded at its first frame.

`python -m tests.terminal.firstframe FILE`. The file gets the names of the modules that were loaded
when the first frame had been drawn, and the program ends. Nothing of this file is needed for that
but `sys`.
"""

import sys

from tui.__main__ import main


def note_and_end(path: str) -> None:
    from screens import opening

    def begin(self: opening.Opening) -> None:
        loaded = "\n".join(sorted(sys.modules))
        with open(path, "w", encoding="utf-8") as file:
            file.write(loaded)
        self.screen.app.exit()

    opening.Opening.begin = begin  # type: ignore[method-assign]


if __name__ == "__main__":
    note_and_end(sys.argv[1])
    sys.exit(main([]))
