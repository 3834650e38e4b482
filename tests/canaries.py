"""Known secrets, and every file that has one in it: what the canary test looks with."""

import base64
import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from urllib.parse import quote

import msgspec

_SHORTEST = 6


class Leak(msgspec.Struct, frozen=True):
    """A file that has a secret in it."""

    path: Path
    secret: str
    form: str
    """How it is written there: `plain`, `base64`, …"""


def forms_of(secret: str) -> dict[str, bytes]:
    """How a secret may stand in a file."""
    raw = secret.encode()
    forms = {
        "plain": raw,
        "json": json.dumps(secret)[1:-1].encode(),
        "url": quote(secret, safe="").encode(),
        "hex": raw.hex().encode(),
        "utf-16": secret.encode("utf-16-le"),
    }
    for shift in range(3):  # base64 of a longer text has it in one of three ways
        encoded = base64.b64encode(b"x" * shift + raw)
        forms[f"base64 at {shift}"] = encoded[4 if shift else 0 : len(encoded) // 4 * 4 - 4]
    return {name: form for name, form in forms.items() if len(form) >= _SHORTEST}


def leaks(
    roots: Iterable[Path], secrets: Iterable[str], aside: Iterable[Path] = ()
) -> Iterator[Leak]:
    """Every file below `roots` that has one of `secrets` in its name or its bytes.

    `aside` are folders that may: kits, which are made to hand secrets over.
    """
    wanted = [(secret, forms_of(secret)) for secret in secrets]
    for secret, _ in wanted:
        if len(secret) < _SHORTEST:
            raise ValueError(f"a secret of {len(secret)} characters is found by chance")
    for root in roots:
        for path in sorted(root.rglob("*")):
            if any(path.is_relative_to(folder) for folder in aside):
                continue
            is_file = path.is_file() and not path.is_symlink()
            content = path.read_bytes() if is_file else b""
            for secret, forms in wanted:
                if secret in path.name:
                    yield Leak(path, secret, "name")
                for form, written in forms.items():
                    if written in content:
                        yield Leak(path, secret, form)
