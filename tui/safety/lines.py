"""Complete lines out of bytes that come in any portions."""

from typing import Final

LONGEST_LINE: Final = 65536
"""Bytes of one line that are kept; the rest is replaced by a marker that says how many."""


class LineCutter:
    """Hands on whole lines and keeps the unfinished one. Never fails, whatever comes in."""

    def __init__(self, longest: int = LONGEST_LINE) -> None:
        self._longest = longest
        self._rest = b""
        self._cut = 0
        self._skipping = False

    @property
    def pending(self) -> int:
        """Bytes of the unfinished line, those that were cut included."""
        return len(self._rest) + self._cut

    @property
    def unfinished(self) -> bytes | None:
        """The unfinished line as it came, or None when part of it was cut."""
        return None if self._cut else self._rest

    def skip_to_next_line(self) -> None:
        """Throw away what comes before the next line feed: a line whose beginning was not read."""
        self._skipping = True

    @property
    def is_skipping(self) -> bool:
        """True until the line feed was found."""
        return self._skipping

    def feed(self, portion: bytes) -> bytes:
        """Take `portion`; the lines that are complete now, each with its line feed."""
        if self._skipping:
            _, found, portion = portion.partition(b"\n")
            if not found:
                return b""
            self._skipping = False
        end = portion.rfind(b"\n") + 1
        if not end:
            self._keep(portion)
            return b""
        first = portion.index(b"\n") if self.pending else -1
        begun = b""
        if first >= 0:
            self._keep(portion[:first])
            begun = self._taken() + b"\n"
        text = begun + self._shortened(portion[first + 1 : end])
        self._keep(portion[end:])
        return text

    def flush(self) -> bytes:
        """The unfinished line with a line feed, or nothing: its file has ended."""
        self._skipping = False
        return self._taken() + b"\n" if self.pending else b""

    def _keep(self, portion: bytes) -> None:
        """Copying a long line once per portion would take time quadratic in its length."""
        room = self._longest - len(self._rest)
        if room > 0:
            self._rest += portion[:room]
        self._cut += max(0, len(portion) - max(room, 0))

    def _taken(self) -> bytes:
        mark = f"…[+{self._cut} bytes]".encode() if self._cut else b""
        text, self._rest, self._cut = self._rest + mark, b"", 0
        return text

    def _shortened(self, text: bytes) -> bytes:
        """Whole lines, those that are too long cut."""
        start, copied = 0, 0
        pieces: list[bytes] = []
        while len(text) - start > self._longest:
            end = text.rfind(b"\n", start, start + self._longest + 1)
            if end < 0:
                end = text.index(b"\n", start)
                mark = f"…[+{end - start - self._longest} bytes]".encode()
                pieces += [text[copied : start + self._longest], mark]
                copied = end
            start = end + 1
        return b"".join([*pieces, text[copied:]]) if pieces else text
