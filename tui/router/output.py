"""What a command printed, made harmless once, here."""

import msgspec

from tui.safety.text import clean, clean_tree


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
        except msgspec.MsgspecError as error:
            raise ValueError(f"not JSON: {error}") from error


def clean_lines(raw: bytes) -> list[str]:
    """Lines of `raw`, split at line feeds only, each cleaned; bad UTF-8 is shown as `\\xNN`."""
    text = raw.decode("utf-8", "backslashreplace")
    return [clean(line) for line in text.removesuffix("\n").split("\n")] if text else []
