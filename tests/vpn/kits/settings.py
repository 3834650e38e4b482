"""Settings for tests of kits, hostile values, and the real programs that read kits."""

import os
import shutil
import subprocess
from pathlib import Path
from typing import Final

import msgspec
import pytest
from hypothesis import strategies as st

from tui.safety.secret import Secret
from tui.vpn.kits.choices import SHOWN
from tui.vpn.kits.settings import Artefact, KitSettings

PLAIN: Final = KitSettings(
    network="acme-prod",
    server="203.0.113.10",
    user="alice",
    key=Secret("kHjhsd76KJHkjhsdUU34kjhs"),
    password=Secret("h7Rbn-wK2pd-Xf9Tm-Qe4vs"),
    routes=("10.1.1.0/24",),
    dns="10.1.2.1",
    domain="cs1cloud.internal",
)
OPEN: Final = msgspec.structs.replace(PLAIN, key_place=SHOWN, password_place=SHOWN)
"""The same with both secrets in clear text."""

HOSTILE: Final = (
    "o'brien",
    "o\u2019brien\u2018",
    "$(touch /tmp/pwned)",
    "`touch /tmp/pwned`",
    "a;b",
    "a,b=c",
    "100%",
    "%any",
    '"quoted" \\back\\slash\\',
    "# no comment",
    "<script>alert(1)</script>&amp;",
    "|pipe|",
    "*star* _under_ [link](http://e)",
    "1. list",
    "- item",
    "-option",
    "ünïcödé 東京 🔑",
    " blanks at both ends ",
    "\u202egnp.exe",
    "0sQUJD",
    "$env:PATH",
    "]]>",
    "\\s\\n",
)
NAMES: Final = (*HOSTILE, "two\nlines", "tab\there", "nul\x00", "esc\x1b]52;c;x\x07", "")
"""What a network may be called; no value beside the name may have a control character."""

values: Final = st.one_of(
    st.sampled_from(HOSTILE),
    st.text(st.characters(blacklist_categories=("Cs", "Cc", "Zl", "Zp")), min_size=1, max_size=40),
)
"""What a user, a key or a password may be."""
names: Final = st.one_of(st.sampled_from(NAMES), st.text(max_size=60))


def hostile(user: str, key: str, password: str, network: str = "acme") -> KitSettings:
    """Settings with these values, all of them shown."""
    return msgspec.structs.replace(
        OPEN, user=user, key=Secret(key), password=Secret(password), network=network
    )


def tool(name: str) -> str:
    """Where a program of Debian is; the test is skipped without it."""
    found = shutil.which(name, path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin")
    if found is None:
        pytest.skip(f"{name} is not installed")
    return found


def run(*command: str | Path, given: str = "", ok: bool = True) -> subprocess.CompletedProcess[str]:
    """Run a program to its end; with `ok` it has to succeed."""
    done = subprocess.run(
        [str(word) for word in command],
        input=given,
        capture_output=True,
        encoding="utf-8",
        timeout=30,
        check=False,
        env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C.UTF-8"},
    )
    assert not ok or done.returncode == 0, done.stderr
    return done


def text_of(artefacts: tuple[Artefact, ...], name: str) -> str:
    """The text of one artefact."""
    found = next(each for each in artefacts if each.name == name)
    return found.content.decode("utf-8-sig")
