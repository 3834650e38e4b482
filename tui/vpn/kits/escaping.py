"""How each reader of a kit wants its values written, so that it reads back exactly them."""

import base64
import re
from typing import Final

_POWERSHELL_QUOTES: Final = re.compile("(['\u2018\u2019\u201a\u201b])")
_PLAIN_KEY: Final = re.compile(r"[A-Za-z0-9._@%+=:,/-]+")


def powershell(text: str) -> str:
    """A PowerShell string that expands nothing. PowerShell takes curly single quotes for straight
    ones, so each of them is doubled too."""
    return "'" + _POWERSHELL_QUOTES.sub(r"\1\1", text) + "'"


def keyfile(text: str) -> str:
    """A value of a NetworkManager keyfile (GKeyFile): backslash escapes, and a blank at either end
    as `\\s`, since the reader strips it."""
    escaped = text.replace("\\", "\\\\").replace("\n", "\\n").replace("\t", "\\t")
    escaped = escaped.replace("\r", "\\r")
    if escaped.startswith(" "):
        escaped = "\\s" + escaped[1:]
    if escaped.endswith(" "):
        escaped = escaped[:-1] + "\\s"
    return escaped


def nmcli_item(text: str) -> str:
    """A value in nmcli's `key=value,key=value`: commas, backslashes and blanks get a backslash."""
    return re.sub(r"([\\, \t])", r"\\\1", text)


def ppp_word(text: str) -> str:
    """A word of a pppd options or secrets file. Within double quotes only `\\` and `"` are
    special (`getword` in pppd's options.c)."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def ipsec_secret(text: str) -> str:
    """A pre-shared key in ipsec.secrets: quoted, or in base64 where it has signs that a quoted one
    cannot have."""
    if _PLAIN_KEY.fullmatch(text) and not text.startswith(("0x", "0s")):
        return f'"{text}"'
    return "0s" + base64.b64encode(text.encode()).decode()
