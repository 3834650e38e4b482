"""The page about profiles: its examples are read by the program, its tables have every key."""

import re
from pathlib import Path

import msgspec

from tui.settings.model import Profile, SshPath
from tui.settings.profiles import parse_profiles
from tui.vpn.cidrs import parse_sources

PAGE = Path(__file__).parent.parent.parent / "docs" / "profiles.md"
TEXT = PAGE.read_text(encoding="utf-8")
EXAMPLES = re.findall(r"^```toml\n(.*?)^```", TEXT, re.MULTILINE | re.DOTALL)


def test_the_examples_make_one_file() -> None:
    found = parse_profiles("\n".join(EXAMPLES), PAGE)
    assert found.default == "prod" and set(found.profiles) == {"prod", "customers"}
    office = parse_sources("office 192.0.2.0/30", found.profiles["prod"].sources)
    assert office.cidrs == ("198.51.100.0/24", "203.0.113.7/32", "192.0.2.0/30")
    zones = found.profiles["prod"].zones
    ways = {zone: way.via for zone, way in zones.items()}
    assert ways == {"dc1": "kvm", "dc2": "direct", "dc3": "management", "*": "direct"}
    assert zones["*"].addresses["r-5-VM"] == "127.0.0.1:2223"


def test_the_tables_have_every_key() -> None:
    rows = {
        key
        for line in TEXT.splitlines()
        if line.startswith("| `")
        for key in re.findall(r"`(\w+)`", line.split("|")[1])
    }
    for kind in (Profile, SshPath):
        keys = {field.name for field in msgspec.structs.fields(kind)} - {"name"}
        assert keys - rows == set(), f"{kind.__name__} has keys that the page does not name"
