"""What a command printed, made harmless once, here."""

from typing import Final, TypeVar

import msgspec

from tui.safety.text import clean, clean_tree

T = TypeVar("T")
_LONGEST_LOG_LINE: Final = 65536


class Output(msgspec.Struct, frozen=True):
    """The raw end of a command: exit status (None when a signal ended it) and both streams."""

    status: int | None
    stdout: bytes
    stderr: bytes = b""

    @property
    def lines(self) -> list[str]:
        """Lines of stdout, cleaned."""
        return clean_lines(self.stdout)

    @property
    def log_lines(self) -> list[str]:
        """Lines of stdout, cleaned; a line of a log may be long."""
        return clean_lines(self.stdout, _LONGEST_LOG_LINE)

    @property
    def text(self) -> str:
        """Stdout as one cleaned line without the blanks around it."""
        return clean(self.stdout.decode("utf-8", "backslashreplace").strip())

    @property
    def complaint(self) -> str:
        """The first line of stderr, or of stdout where stderr is empty."""
        for stream in (self.stderr, self.stdout):
            found = clean_lines(stream)
            if found:
                return found[0]
        return ""

    def json(self) -> object:
        """Stdout read as JSON, every string cleaned. Raises `ValueError`."""
        try:
            return clean_tree(msgspec.json.decode(self.stdout))
        except (msgspec.MsgspecError, RecursionError) as error:
            raise ValueError(f"not JSON: {error}") from error

    def json_as(self, shape: type[T]) -> T:
        """Stdout read as JSON of that shape, every string cleaned. Raises `ValueError`."""
        try:
            return msgspec.convert(self.json(), shape)
        except msgspec.MsgspecError as error:
            raise ValueError(f"JSON of another form: {error}") from error


def clean_lines(raw: bytes, limit: int = 4096) -> list[str]:
    """Lines of `raw`, split at line feeds only, each cleaned; bad UTF-8 is shown as `\\xNN`."""
    text = raw.decode("utf-8", "backslashreplace")
    return [clean(line, limit) for line in text.removesuffix("\n").split("\n")] if text else []
