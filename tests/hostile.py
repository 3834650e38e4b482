"""Texts that attack a terminal, a markup parser, a layout or a file format.

Any user of a cloud can put most of these into a name, and anyone who can send a packet can put them
into a router's log. `PAYLOADS` is every one of them, `DANGEROUS` what must never reach a terminal.
"""

import re
from collections.abc import Iterator
from typing import Final

DANGEROUS: Final = re.compile(
    "[\x00-\x1f\x7f-\x9f\ud800-\udfff\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]"
)
"""C0, DEL, C1, lone surrogates, marks of direction and line separators."""

CANARY: Final = "PWNED"
"""What the payloads try to bring to the clipboard or the title."""

_CLIPBOARD: Final = "UFdORUQ="

_ESCAPES: Final = (
    "[2J",
    "[H",
    "[3J",
    "[1;1H",
    "[99999B",
    "[?1049l",
    "[?1049h",
    "[?25l",
    "[?1000h",
    "[?1003h",
    "[?2004h",
    "[?1004h",
    "[6n",
    "[5n",
    "[c",
    "[>c",
    "[=c",
    "[>q",
    "[21t",
    "[20t",
    "[18t",
    "[8;1;1t",
    "[3;0;0t",
    "[2t",
    "[0m",
    "[8m",
    "[31;5;7m",
    "[38;2;255;0;0m",
    "[4:3m",
    "[20h",
    "[4h",
    "[12h",
    "[5i",
    "[4i",
    "[?5i",
    "[1@",
    "[999999b",
    "[r",
    "[5;6r",
    "[s",
    "[u",
    "[!p",
    '[61"p',
    "[>4;2m",
    "[>1u",
    "[<u",
    "[?2026h",
    "[?7l",
    "[200~rm -rf ~\r\x1b[201~",
    "c",
    "7",
    "8",
    "D",
    "M",
    "E",
    "H",
    "=",
    ">",
    "(0",
    "(B",
    ")0",
    "n",
    "o",
    "N",
    "O",
    "#8",
    "%@",
    "%G",
    " F",
    "Z",
    "[",
    "[1;",
    "]0;PWNED\a",
    "]2;PWNED\a",
    "]2;PWNED\x1b\\",
    "]1;PWNED\a",
    "]4;1;rgb:00/00/00\a",
    "]4;1;?\a",
    "]10;?\a",
    "]11;#000000\a",
    "]11;?\a",
    "]104\a",
    "]7;file:///etc\a",
    "]8;;http://evil.example/\a",
    "]8;id=1;file:///etc/passwd\x1b\\x\x1b]8;;\x1b\\",
    "]9;PWNED\a",
    "]9;4;3;100\a",
    "]777;notify;PWNED;PWNED\a",
    "]1337;File=name=UFdORUQ=;inline=1:UFdORUQ=\a",
    "]1337;CopyToClipboard=\a",
    "]50;?\a",
    "]50;PWNED\a",
    "]133;A\a",
    "]697;PWNED\a",
    "]99;;PWNED\x1b\\",
    f"]52;c;{_CLIPBOARD}\a",
    f"]52;c;{_CLIPBOARD}\x1b\\",
    f"]52;p;{_CLIPBOARD}\x1b\\",
    "]52;c;?\a",
    "]52;c;!\x1b\\",
    f"]52;;{_CLIPBOARD}\x1b\\",
    f"]52;c;{_CLIPBOARD}",
    f"Ptmux;\x1b\x1b]52;c;{_CLIPBOARD}\a\x1b\\",
    f"P\x1b]52;c;{_CLIPBOARD}\a\x1b\\",
    "P$qm\x1b\\",
    "P+q544e\x1b\\",
    "P1$r0m\x1b\\",
    "Pq#0;2;0;0;0#0~~@@\x1b\\",
    "_Gf=100,a=T;UFdORUQ=\x1b\\",
    "_PWNED\x1b\\",
    "^PWNED\x1b\\",
    "XPWNED\x1b\\",
    "kPWNED\x1b\\",
)

_ONE_BYTE: Final = (
    "\x9b",
    "\x9d",
    "\x90",
    "\x9c",
    "\x9e",
    "\x9f",
    "\x98",
    "\x84",
    "\x85",
    "\x8d",
    "\x8e",
    "\x8f",
)

_MARKUP: Final = (
    "[prod]",
    "[/red]",
    "[/]",
    "A[/red]",
    "[red]x",
    "[bold red on blue]x[/]",
    "[@click=app.quit]x[/]",
    "[@click=app.quit()]",
    "[@click='app.bell']x[/]",
    "[link=http://e]z",
    "[link='javascript:x']z[/link]",
    '[x="y]',
    "[a=b=c]",
    "[$x]",
    "[$primary]",
    "\\[x]",
    "x\\",
    "[",
    "]",
    "[[",
    "]]",
    "[[[[x]]]]",
    "[/][/][/]",
    "[not a tag",
    "[1/2]",
    "[::1]",
    "[10.0.0.0/8]",
    "A[0]",
    "[#ff0000]",
    "[on #000]",
    "[blink]x",
    "[reverse]x",
    "[dim][/bold]",
    ":warning:",
    ":smile:",
    "[$x=1]",
    "[@mount=x]",
    "[auto on $error]x",
    "# heading",
    "**bold**",
    "`code`",
    "[text](http://evil.example)",
    "<script>alert(1)</script>",
    "![x](file:///etc/passwd)",
    "| a | b |",
    "- item",
    "&lt;&#27;",
    "\\u001b[2J",
    "\\x1b[2J",
    "^[[2J",
)

_DIRECTIONS: Final = (
    "\u202e",
    "\u202d",
    "\u202a",
    "\u202b",
    "\u202c",
    "\u2066",
    "\u2067",
    "\u2068",
    "\u2069",
    "\u200e",
    "\u200f",
    "\u061c",
)

_INVISIBLE: Final = (
    "\u200b",
    "\u200c",
    "\u200d",
    "\u2060",
    "\ufeff",
    "\u00ad",
    "\u034f",
    "\u115f",
    "\u3164",
    "\uffa0",
    "\u180e",
    "\u2028",
    "\u2029",
    "\ufff9",
    "\ufffe",
    "\U000e0041",
    "\U000e0001",
    "\ufe0f",
)

_WIDTHS: Final = (
    "e" + "\u0301" * 400,
    "\u0301leading",
    "日本語ネットワーク",
    "🏳\ufe0f\u200d🌈",
    "👩\u200d💻" * 20,
    "ｆｕｌｌ",
    "ﷺ" * 10,
    "\U0001f1e9\U0001f1ea",
    "ก็็็็็็็็็็",
    "a\u20dd",
    "\u1100\u1161\u11a8",
    "𝕏" * 10,
)

_FORMATS: Final = (
    "=cmd|' /C calc'!A0",
    "+1+1",
    "-1+1",
    "@SUM(1)",
    "'; DROP TABLE vpn;--",
    "../../etc/passwd",
    "/etc/passwd",
    "$(reboot)",
    "`reboot`",
    "; reboot",
    "| reboot",
    "&& reboot",
    "-oProxyCommand=reboot",
    "--help",
    "-",
    "%s%n",
    "{0.__class__}",
    "{{7*7}}",
    "%00",
    "a&command=deleteAccount",
    "a=b&c=d",
    '"',
    "'",
    "\\",
    "null",
    "None",
    "true",
    "NaN",
    "0x1",
    "1e999",
    "\ud800",
    "\udfff\ud800",
    "",
    " ",
    "\t",
    "\n",
    "\r\n",
    "\r",
    "\v\f",
    "\b\b\b\b",
    "\x00",
    "a\x00b",
    "\x7f",
    "\x07" * 50,
    "x\rPWNED",
    "line\nline",
    "ok\n2026-01-01 forged log line",
    "\x1b",
    "\x1b\x1b",
    "\x1b[",
    "\x1b]",
    "\x1bP",
    "\x9b2",
)


def _long() -> Iterator[str]:
    yield "x" * 5_000
    yield "x" * 200_000
    yield "\x1b" * 5_000
    yield "\u202e" * 5_000
    yield "[" * 5_000
    yield "[red]" * 2_000
    yield "日" * 5_000
    yield "\x1b]52;c;" + "A" * 100_000
    yield "word " * 3_000


def _all() -> Iterator[str]:
    for escape in _ESCAPES:
        yield f"a\x1b{escape}b"
    for byte in _ONE_BYTE:
        yield f"a{byte}2Jb"
        yield f"a{byte}52;c;{_CLIPBOARD}\x9cb"
    yield from _MARKUP
    for mark in (*_DIRECTIONS, *_INVISIBLE):
        yield f"ab{mark}cd"
    yield from _WIDTHS
    yield from _FORMATS
    yield from _long()


PAYLOADS: Final[tuple[str, ...]] = tuple(dict.fromkeys(_all()))
"""Every payload once."""

NAMES: Final[tuple[str, ...]] = tuple(text[:200] for text in PAYLOADS)
"""The same, no longer than a name in CloudStack may be."""
