"""QR codes of a kit, so that nobody types an address or a key on a phone.

No system sets up L2TP from a code: a camera shows the text, and it is copied from there. The
settings, the key and the password each have a code of their own, so that no photograph of one of
them opens the VPN.
"""

import io
from typing import Final

import segno

from tui.vpn.kits.settings import Artefact, KitSettings, SecretName
from tui.vpn.kits.words import tunnel

BORDER: Final = 4
"""Modules of quiet around a code, as ISO 18004 demands."""


def settings_text(settings: KitSettings) -> str:
    """What the code of the settings says: no secret."""
    user = (f"User: {settings.user_shown}",) if settings.user_shown else ()
    return "\n".join(
        (
            f"L2TP/IPsec PSK: {settings.label}",
            f"Server: {settings.server}",
            *user,
            f"Tunnel: {tunnel(settings)}",
        )
    )


def _code(text: str) -> segno.QRCode:
    if text.isascii():
        return segno.make_qr(text, error="l", boost_error=False)
    # Readers guess what bytes beyond ASCII are, and wrongly; so the code says that it is UTF-8.
    return segno.make_qr(text, error="l", boost_error=False, encoding="utf-8", eci=True)


def half_blocks(text: str, *, light_blocks: bool = False, border: int = BORDER) -> list[str]:
    """A code as lines of half blocks, two modules above one another in each character.

    The blocks are the dark modules, for dark letters on a light ground; with `light_blocks` they
    are the light ones, for light letters on a dark ground. Either way the code is not inverted.
    """
    rows = [[bool(one) for one in row] for row in _code(text).matrix_iter(border=border)]
    if len(rows) % 2:
        rows.append([False] * len(rows[0]))
    signs = {(False, False): " ", (True, False): "▀", (False, True): "▄", (True, True): "█"}
    return [
        "".join(
            signs[upper is not light_blocks, lower is not light_blocks]
            for upper, lower in zip(rows[number], rows[number + 1], strict=True)
        )
        for number in range(0, len(rows), 2)
    ]


def _picture(text: str, kind: str) -> bytes:
    out = io.BytesIO()
    code = _code(text)
    if kind == "svg":
        code.save(out, kind="svg", border=BORDER, scale=6, light="white", nl=True)
    else:
        code.save(out, kind="png", border=BORDER, scale=6)
    return out.getvalue()


def artefacts(settings: KitSettings) -> tuple[Artefact, ...]:
    """SVG and PNG of each code: the settings, and what secrets the kit shows, one by one."""
    codes: list[tuple[str, str, str, tuple[SecretName, ...]]] = [
        ("settings", "server and user, no secret", settings_text(settings), ()),
        ("key", "the key alone", settings.key_shown, ("key",)),
        ("password", "the password alone", settings.password_shown, ("password",)),
    ]
    return tuple(
        Artefact(f"qr/{name}.{kind}", what, _picture(text, kind), secrets)
        for name, what, text, secrets in codes
        if text
        for kind in ("svg", "png")
    )
