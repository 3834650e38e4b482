"""What can be wrong with the settings, and what to do about it."""

from pathlib import Path


class SettingsError(Exception):
    """A setting that cannot be used.

    `str()` is one line of printable text: what is wrong, then what to do. Values are quoted with
    `repr`, so nothing in a file reaches the terminal as it stands there.
    """

    def __init__(self, what: str, remedy: str = "", *, path: Path | None = None) -> None:
        where = f"{path}: " if path is not None else ""
        self.what = f"{where}{what}"
        self.remedy = remedy
        self.path = path
        super().__init__(f"{self.what}; {remedy}" if remedy else self.what)
