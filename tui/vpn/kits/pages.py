"""Pages of a kit: written once as blocks, given out as Markdown, HTML or plain text.

Values come from the cloud and from people, so each form escapes what it is given; see `to_markdown`
and `to_html`.
"""

import html
import re
import textwrap
from collections.abc import Iterable
from typing import Final

import msgspec


class Words(msgspec.Struct, frozen=True):
    """A paragraph."""

    text: str


class Warned(msgspec.Struct, frozen=True):
    """A paragraph that must not be missed."""

    text: str


class Head(msgspec.Struct, frozen=True):
    """A heading."""

    text: str


class Steps(msgspec.Struct, frozen=True):
    """Things to do, one after another."""

    items: tuple[str, ...]


class Points(msgspec.Struct, frozen=True):
    """Things that stand beside one another."""

    items: tuple[str, ...]


class Facts(msgspec.Struct, frozen=True):
    """Names and values."""

    pairs: tuple[tuple[str, str], ...]


class Code(msgspec.Struct, frozen=True):
    """Lines to be typed as they are."""

    text: str


Block = Words | Warned | Head | Steps | Points | Facts | Code


class Page(msgspec.Struct, frozen=True):
    """A title and blocks."""

    title: str
    blocks: tuple[Block, ...]


_MARKDOWN: Final = re.compile(r"([\\`*_#\[\]<>|~&$])")
_AT_THE_BEGINNING: Final = re.compile(r"(\s*)([+=-]|\d+[.)])")
_UNSEEN: Final = re.compile(
    "[\x00-\x1f\x7f-\x9f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f"
    "\u2028-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb\ufffe\uffff\ud800-\udfff"
    "\U00013430-\U0001343f\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"
)
"""The same as `tui.safety.text.clean` makes visible; this floor does not know that one, and a test
compares them."""


def visible(text: str) -> str:
    """`text` in one line, with what cannot be seen or turns the direction of reading spelled out
    as `<U+XXXX>`."""
    return _UNSEEN.sub(lambda found: f"<U+{ord(found.group()):04X}>", text)


def _markdown(text: str) -> str:
    """Escaped so that a reader of Markdown shows exactly `text`; what needs no escape stays as it
    is, so that the file can be read and copied from as well."""
    return _MARKDOWN.sub(r"\\\1", visible(text))


def _begun(text: str) -> str:
    """The same at the beginning of a line, where dashes and numbers would begin a list."""
    escaped = _markdown(text)
    begun = _AT_THE_BEGINNING.match(escaped)
    if begun is None:
        return escaped
    place = begun.end() - 1
    return f"{escaped[:place]}\\{escaped[place:]}"


def to_markdown(page: Page) -> str:
    """The page as Markdown (CommonMark)."""
    parts = [f"# {_markdown(page.title)}"]
    for block in page.blocks:
        match block:
            case Head(text):
                parts.append(f"## {_markdown(text)}")
            case Words(text):
                parts.append(_begun(text))
            case Warned(text):
                parts.append(f"> **Attention:** {_markdown(text)}")
            case Steps(items):
                parts.append("\n".join(f"{n}. {_begun(t)}" for n, t in enumerate(items, 1)))
            case Points(items):
                parts.append("\n".join(f"- {_begun(item)}" for item in items))
            case Facts(pairs):
                lines = [f"| {_markdown(name)} | {_markdown(value)} |" for name, value in pairs]
                parts.append("\n".join(["| What | Value |", "| --- | --- |", *lines]))
            case Code(text):
                fence = "`" * max(3, 1 + max(map(len, re.findall("`+", text)), default=0))
                lines = [visible(line) for line in text.split("\n")]
                parts.append("\n".join([fence, *lines, fence]))
    return "\n\n".join(parts) + "\n"


_STYLE: Final = (
    "body{font:16px/1.45 sans-serif;max-width:44em;margin:2em auto;padding:0 1em}"
    "table{border-collapse:collapse}td,th{border:1px solid;padding:.3em .7em;text-align:left}"
    "td{font-family:monospace;unicode-bidi:isolate}pre{border:1px solid;padding:.6em;"
    "white-space:pre-wrap}.attention{border:2px solid;padding:.6em}"
    "@media print{body{margin:0}}"
)


def _html(text: str) -> str:
    return html.escape(visible(text))


def to_html(page: Page) -> str:
    """The page as one HTML file that loads nothing and runs nothing."""
    parts = [f"<h1>{_html(page.title)}</h1>"]
    for block in page.blocks:
        match block:
            case Head(text):
                parts.append(f"<h2>{_html(text)}</h2>")
            case Words(text):
                parts.append(f"<p>{_html(text)}</p>")
            case Warned(text):
                parts.append(f'<p class="attention"><strong>Attention:</strong> {_html(text)}</p>')
            case Steps(items):
                parts.append(f"<ol>{_items(items)}</ol>")
            case Points(items):
                parts.append(f"<ul>{_items(items)}</ul>")
            case Facts(pairs):
                rows = (f"<tr><th>{_html(n)}</th><td>{_html(v)}</td></tr>" for n, v in pairs)
                parts.append(f"<table>{''.join(rows)}</table>")
            case Code(text):
                lines = "\n".join(_html(line) for line in text.split("\n"))
                parts.append(f"<pre>{lines}</pre>")
    policy = "default-src 'none'; style-src 'unsafe-inline'"
    head = (
        '<meta charset="utf-8"/>'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}"/>'
        '<meta name="viewport" content="width=device-width"/>'
        f"<title>{_html(page.title)}</title><style>{_STYLE}</style>"
    )
    body = "\n".join(parts)
    return f'<!DOCTYPE html>\n<html lang="en"><head>{head}</head>\n<body>\n{body}\n</body></html>\n'


def _items(items: Iterable[str]) -> str:
    return "".join(f"<li>{_html(item)}</li>" for item in items)


def to_text(page: Page, width: int = 76) -> str:
    """The page as plain text of `width` columns; values and code are never broken."""
    title = visible(page.title)
    lines = [title, "=" * len(title)]
    for block in page.blocks:
        lines += ["", *_text_lines(block, width)]
    return "\n".join(lines) + "\n"


def _text_lines(block: Block, width: int) -> list[str]:
    match block:
        case Head(text):
            return [visible(text), "-" * len(visible(text))]
        case Words(text):
            return _wrap(text, width)
        case Warned(text):
            return _wrap(f"ATTENTION: {text}", width)
        case Steps(items):
            numbered = enumerate(items, 1)
            return [line for n, item in numbered for line in _wrap(item, width, f"{n:>2}. ")]
        case Points(items):
            return [line for item in items for line in _wrap(item, width, "  - ")]
        case Facts(pairs):
            wide = max((len(visible(name)) for name, _ in pairs), default=0)
            return [f"  {visible(name).ljust(wide)}  {visible(value)}" for name, value in pairs]
        case Code(text):
            return [f"    {visible(line)}" for line in text.split("\n")]


def _wrap(text: str, width: int, first: str = "") -> list[str]:
    return textwrap.wrap(
        visible(text),
        width,
        initial_indent=first,
        subsequent_indent=" " * len(first),
        break_long_words=False,
        break_on_hyphens=False,
    )
