"""Cutting bytes into lines, whatever the portions."""

from hypothesis import given
from hypothesis import strategies as st

from tui.safety.lines import LineCutter


def fed(cutter: LineCutter, content: bytes, sizes: list[int]) -> bytes:
    got, at = b"", 0
    for size in sizes:
        got += cutter.feed(content[at : at + size])
        at += size
    return got + cutter.feed(content[at:])


@given(
    st.lists(st.binary(max_size=30).map(lambda raw: raw.replace(b"\n", b"\0"))),
    st.binary(max_size=20).map(lambda raw: raw.replace(b"\n", b"")),
    st.lists(st.integers(1, 40)),
)
def test_portions_do_not_matter(lines: list[bytes], rest: bytes, sizes: list[int]) -> None:
    content = b"".join(line + b"\n" for line in lines) + rest
    cutter = LineCutter()
    assert fed(cutter, content, sizes) == content[: len(content) - len(rest)]
    assert cutter.pending == len(rest) and cutter.unfinished == rest
    assert cutter.flush() == (rest + b"\n" if rest else b"")
    assert cutter.pending == 0


@given(st.lists(st.integers(0, 60)), st.lists(st.integers(1, 40)))
def test_long_lines_are_cut_and_counted(lengths: list[int], sizes: list[int]) -> None:
    content = b"".join(b"a" * length + b"\n" for length in lengths)
    shown = fed(LineCutter(10), content, sizes).split(b"\n")[:-1]
    assert len(shown) == len(lengths)
    for line, length in zip(shown, lengths, strict=True):
        whole = b"a" * length
        cut = b"a" * 10 + f"…[+{length - 10} bytes]".encode()
        assert line == (whole if length <= 10 else cut)


def test_a_line_of_a_megabyte() -> None:
    cutter = LineCutter(65536)
    huge = b"x" * 1_000_000
    for at in range(0, len(huge), 1000):
        assert cutter.feed(huge[at : at + 1000]) == b""
    assert cutter.pending == 1_000_000 and cutter.unfinished is None
    shown = cutter.feed(b"\nnext\n").split(b"\n")
    assert shown[0] == b"x" * 65536 + "…[+934464 bytes]".encode()
    assert shown[1] == b"next"


def test_the_beginning_of_a_line_can_be_skipped() -> None:
    cutter = LineCutter()
    cutter.skip_to_next_line()
    assert cutter.feed(b"half") == b"" and cutter.is_skipping
    assert cutter.feed(b" line\nwhole\n") == b"whole\n"
    assert not cutter.is_skipping
