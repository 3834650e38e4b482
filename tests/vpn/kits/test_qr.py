"""Codes read back by zbar, from the PNG, from the SVG as librsvg draws it, and from the screen."""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings

from tests.vpn.kits.settings import HOSTILE, OPEN, PLAIN, hostile, run, tool, values
from tui.vpn.kits.qr import artefacts, half_blocks, settings_text
from tui.vpn.kits.settings import KitSettings


def decoded(picture: Path) -> str:
    said = run(tool("zbarimg"), "--quiet", "--raw", "-Sqr.enable", picture)
    return said.stdout.removesuffix("\n")


def pictures(folder: Path, chosen: KitSettings = OPEN) -> dict[str, Path]:
    found = {}
    for each in artefacts(chosen):
        path = folder / each.name.replace("/", "-")
        path.write_bytes(each.content)
        found[each.name] = path
    return found


def test_each_code_says_one_thing(tmp_path: Path) -> None:
    found = pictures(tmp_path)
    assert set(found) == {
        f"qr/{name}.{kind}" for name in ("settings", "key", "password") for kind in ("svg", "png")
    }
    expected = {
        "settings": settings_text(OPEN),
        "key": OPEN.key_shown,
        "password": OPEN.password_shown,
    }
    for name, text in expected.items():
        assert decoded(found[f"qr/{name}.png"]) == text
        drawn = tmp_path / f"{name}-drawn.png"
        run(tool("rsvg-convert"), "-o", drawn, found[f"qr/{name}.svg"])
        assert decoded(drawn) == text
    assert set(pictures(tmp_path, PLAIN)) == {"qr/settings.svg", "qr/settings.png"}


@pytest.mark.parametrize("value", HOSTILE)
def test_no_code_has_more_than_one_secret(value: str) -> None:
    chosen = hostile("alice", f"{value}KEY", f"{value}PASSWORD")
    text = settings_text(chosen)
    assert f"{value}KEY" not in text and f"{value}PASSWORD" not in text
    assert all(len(each.secrets) <= 1 for each in artefacts(chosen))


def as_picture(lines: list[str], path: Path, *, light_blocks: bool) -> None:
    """A screen photographed: each character is two modules above one another."""
    upper = {"▀", "█"}
    lower = {"▄", "█"}
    scale = 4
    rows = []
    for line in lines:
        for blocks in (upper, lower):
            dark = [(sign in blocks) is not light_blocks for sign in line]
            row = bytes(0 if one else 255 for one in dark for _ in range(scale))
            rows += [row] * scale
    head = f"P5 {len(rows[0])} {len(rows)} 255\n".encode()
    path.write_bytes(head + b"".join(rows))


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(values)
def test_the_code_on_the_screen_is_the_same_on_dark_and_light(tmp_path: Path, value: str) -> None:
    text = settings_text(hostile(f"u{value.strip()}", "key", "password"))
    for light_blocks in (False, True):
        picture = tmp_path / "screen.pgm"
        as_picture(half_blocks(text, light_blocks=light_blocks), picture, light_blocks=light_blocks)
        assert decoded(picture) == text


def test_a_code_of_usual_settings_fits_on_a_small_screen() -> None:
    lines = half_blocks(settings_text(PLAIN), border=1)
    assert len(lines) <= 22 and len(lines[0]) <= 76
    assert len({len(line) for line in lines}) == 1
