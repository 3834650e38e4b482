"""Pages read back with real parsers: markdown-it for Markdown, html.parser for HTML."""

from html.parser import HTMLParser
from typing import Final

from hypothesis import given
from markdown_it import MarkdownIt
from markdown_it.token import Token

from tests.vpn.kits.settings import names
from tui.safety.text import clean
from tui.vpn.kits.pages import (
    Code,
    Facts,
    Head,
    Page,
    Points,
    Steps,
    Warned,
    Words,
    to_html,
    to_markdown,
    to_text,
    visible,
)


def every_block(text: str) -> Page:
    return Page(
        text,
        (
            Head(text),
            Words(text),
            Warned(text),
            Steps((text, "second")),
            Points((text,)),
            Facts((("name", text),)),
            Code(text),
        ),
    )


def seen(text: str) -> str:
    """What a person sees of `text`: blanks run together."""
    return " ".join(visible(text).split())


def plain(tokens: list[Token]) -> str:
    """The text of inline tokens; anything but text in it is a failed escape."""
    for token in tokens:
        assert token.type in {"text", "text_special", "softbreak"}, token
    return "".join(" " if token.type == "softbreak" else token.content for token in tokens)


@given(names)
def test_markdown_shows_exactly_the_values(text: str) -> None:
    tokens = MarkdownIt("commonmark").enable("table").parse(to_markdown(every_block(text)))
    kinds = [token.type for token in tokens if token.level == 0 and token.nesting >= 0]
    expected = ["heading_open", "heading_open"]
    if seen(text):
        expected.append("paragraph_open")
    expected += ["blockquote_open", "ordered_list_open", "bullet_list_open", "table_open", "fence"]
    assert kinds == expected
    inline = [token.children or [] for token in tokens if token.type == "inline"]
    if seen(text):
        assert (
            sum(
                seen(plain(children)) == seen(text)
                for children in inline
                if all(child.type != "strong_open" for child in children)
            )
            >= 5
        )
    assert next(t.content for t in tokens if t.type == "fence").split() == [
        word for line in text.split("\n") for word in visible(line).split()
    ]


ELEMENTS: Final = {
    *("html", "head", "meta", "title", "style", "body", "h1", "h2", "p", "strong", "ol", "ul"),
    *("li", "table", "tr", "th", "td", "pre"),
}


class Reader(HTMLParser):
    """Collects elements, and the text of each."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, list[str]]] = []
        self._open: list[list[str]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag in ELEMENTS, tag
        assert not any(name.startswith("on") or name in ("src", "href") for name, _ in attrs)
        texts: list[str] = []
        self.found.append((tag, texts))
        if tag != "meta":
            self._open.append(texts)

    def handle_endtag(self, tag: str) -> None:
        if tag != "meta":
            self._open.pop()

    def handle_data(self, data: str) -> None:
        if self._open:
            self._open[-1].append(data)

    def text(self, tag: str) -> str:
        """The text of the first such element."""
        return "".join(next(texts for name, texts in self.found if name == tag))


@given(names)
def test_html_shows_exactly_the_values_and_nothing_else(text: str) -> None:
    reader = Reader()
    reader.feed(to_html(every_block(text)))
    reader.close()
    for tag in ("title", "h1", "h2", "p", "li", "td"):
        assert reader.text(tag) == visible(text), tag
    assert reader.text("pre").split("\n") == [visible(line) for line in text.split("\n")]


@given(names)
def test_plain_text_does_nothing_to_a_terminal(text: str) -> None:
    shown = to_text(every_block(text))
    for line in shown.splitlines():
        assert clean(line) == line
    assert f"  name  {visible(text)}" in shown


def test_text_is_as_wide_as_asked_for_and_breaks_no_value() -> None:
    page = Page("t", (Words("word " * 60), Facts((("key", "x" * 200),)), Steps(("a " * 80,))))
    lines = to_text(page, 60).splitlines()
    assert all(len(line) <= 60 for line in lines if "x" * 200 not in line)
    assert any("x" * 200 in line for line in lines)
