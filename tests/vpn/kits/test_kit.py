"""Whole kits: what is in them, which files hold a secret, and that nothing else does."""

import base64
import io
import stat
import zipfile
from urllib.parse import quote

import msgspec
import pytest
from hypothesis import given, settings

from tests.vpn.kits.settings import OPEN, PLAIN, hostile, names, text_of, values
from tui.vpn.kits.choices import ASKED, LEFT_OUT, PLACES, PLATFORMS, SHOWN, Place
from tui.vpn.kits.kit import MAKERS, README, make_kit, zipped
from tui.vpn.kits.pages import visible
from tui.vpn.kits.settings import Artefact, KitImpossible, KitSettings


def holds(artefact: Artefact, secret: str) -> bool:
    """Whether a secret can be read out of an artefact, in any spelling that kits use."""
    content = artefact.content
    encoded = base64.b64encode(secret.encode())
    return secret.encode() in content or encoded in content.replace(b"\n", b"").replace(b"\t", b"")


@pytest.mark.parametrize("key_place", PLACES)
@pytest.mark.parametrize("password_place", PLACES)
def test_files_with_a_secret_are_marked_and_no_others(
    key_place: Place, password_place: Place
) -> None:
    chosen = msgspec.structs.replace(OPEN, key_place=key_place, password_place=password_place)
    kit = make_kit(chosen)
    assert set(kit.secrets) == {
        name for name, place in (("key", key_place), ("password", password_place)) if place == SHOWN
    }
    for artefact in kit.artefacts:
        if artefact.name.startswith("qr/"):
            continue  # pictures, read back in test_qr
        for name, secret in (("key", "kHjhsd76KJHkjhsdUU34kjhs"), ("password", "h7Rbn-wK2pd")):
            marked = name in artefact.secrets
            assert holds(artefact, secret) is marked, f"{artefact.name}: {name}"


def test_the_readme_says_what_is_secret() -> None:
    readme = text_of(make_kit(OPEN).artefacts, README)
    assert "SECRET: pre-shared key and password" in readme
    assert "Nothing here is encrypted, a zip of it neither." in " ".join(readme.split())
    for each in make_kit(OPEN).artefacts[1:]:
        (line,) = [line for line in readme.splitlines() if line.split()[:1] == [each.name]]
        assert ("SECRET" in line) is bool(each.secrets)
    harmless = text_of(make_kit(PLAIN).artefacts, README)
    assert "SECRET" not in harmless and "has a key or a password in it" in harmless


def test_everybody_is_told_the_same() -> None:
    kit = make_kit(PLAIN)
    handout = text_of(kit.artefacts, "handout.md")
    for told in ("203.0.113.10", "alice", "1400", "10.1.1.0/24", "10.1.2.1", "MS-CHAP v2 only"):
        assert told in handout, told
    assert "up to 96 bytes of each packet" in handout
    everything = msgspec.structs.replace(PLAIN, split=False)
    handout = text_of(make_kit(everything).artefacts, "handout.md")
    assert "Everything goes through the tunnel" in handout and "10.1.1.0/24" not in handout


def test_platforms_can_be_chosen() -> None:
    assert list(MAKERS) == list(PLATFORMS)
    kit = make_kit(PLAIN, ["linux"])
    assert {each.name.split("/")[0] for each in kit.artefacts} == {
        README,
        "handout.html",
        "handout.md",
        "linux",
    }
    assert "windows/" not in text_of(kit.artefacts, "handout.md")
    with pytest.raises(KitImpossible, match="no platform 'beos'; there are windows, apple"):
        make_kit(PLAIN, ["beos"])


@settings(max_examples=25)
@given(values, values, values, names)
def test_any_values_make_a_kit_with_safe_names(
    user: str, key: str, password: str, network: str
) -> None:
    kit = make_kit(hostile(user, key, password, network))
    assert kit.name.startswith("vpn-") and kit.name.isascii() and "/" not in kit.name
    seen = [each.name for each in kit.artefacts]
    assert len(set(name.lower() for name in seen)) == len(seen)
    for name in seen:
        assert quote(name, safe="/").lower() == name.lower() and ".." not in name
    assert visible(user) in text_of(kit.artefacts, README)


@settings(max_examples=8)
@given(names)
def test_the_same_settings_give_the_same_bytes(network: str) -> None:
    chosen = msgspec.structs.replace(OPEN, network=network)
    assert make_kit(chosen) == make_kit(chosen)
    assert zipped(make_kit(chosen)) == zipped(make_kit(chosen))


def test_a_zip_has_the_same_files_and_is_for_its_owner_alone() -> None:
    kit = make_kit(OPEN)
    with zipfile.ZipFile(io.BytesIO(zipped(kit))) as archive:
        assert archive.testzip() is None
        for each in kit.artefacts:
            entry = archive.getinfo(f"{kit.name}/{each.name}")
            assert archive.read(entry) == each.content
            assert stat.S_IMODE(entry.external_attr >> 16) == 0o600
            assert not entry.flag_bits & 1, "no claim of encryption"


@pytest.mark.parametrize("platform", PLATFORMS)
@pytest.mark.parametrize("place", PLACES)
def test_every_choice_makes_every_platform(platform: str, place: Place) -> None:
    for split in (True, False):
        chosen: KitSettings = msgspec.structs.replace(
            OPEN, user_place=place, key_place=place, password_place=place, split=split, domain=""
        )
        assert len(make_kit(chosen, [platform]).artefacts) >= 4
        if place in (ASKED, LEFT_OUT):
            shown = [e for e in make_kit(chosen, [platform]).artefacts[1:] if holds(e, "alice")]
            assert shown == []


def test_android_is_told_the_truth() -> None:
    page = text_of(make_kit(PLAIN).artefacts, "android/android.md")
    assert "Android 12 and newer: not possible" in page and "MODP-1024" in page
