"""What the form of a profile says about each text."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from screens import profile_checks as checks
from screens.profile_checks import Remark
from tui.settings.errors import SettingsError
from tui.settings.model import Hop, SshPath


def tone(remark: Remark | None) -> str:
    return "" if remark is None else remark.tone


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("prod", ""),
        ("prod-2.eu_1", ""),
        ("taken", "error"),
        ("", "error"),
        ("-x", "error"),
        ("a b", "error"),
        ("x" * 65, "error"),
        ("[red]", "error"),
    ],
)
def test_names(text: str, expected: str) -> None:
    assert tone(checks.check_name(text, {"taken"})) == expected


@pytest.mark.parametrize(
    ("text", "expected", "says"),
    [
        ("https://cloud.example.org/client/api", "", ""),
        ("cloud.example.org", "note", "https://cloud.example.org/client/api"),
        ("localhost:8080", "note", "http://localhost:8080/client/api"),
        ("http://cloud.example.org", "warning", "can be read on the way"),
        ("https://me:secret@cloud.example.org", "error", "leave out everything up to the @"),
        ("ftp://cloud.example.org", "error", "use https://"),
        ("https://", "error", "no valid host name"),
        ("a b", "error", "is not an address"),
    ],
)
def test_addresses_of_clouds(text: str, expected: str, says: str) -> None:
    remark = checks.check_url(text)
    assert tone(remark) == expected
    assert remark is None or says in remark.says


def test_files_have_to_be_there(tmp_path: Path) -> None:
    there = tmp_path / "key"
    there.write_text("x")
    assert checks.check_file("") is None
    assert checks.check_file(str(there)) is None
    assert tone(checks.check_file(str(tmp_path / "none"))) == "error"
    assert tone(checks.check_file(str(tmp_path))) == "error"


@pytest.mark.parametrize(
    ("text", "expected"),
    [("", ""), ("22", ""), ("65535", ""), ("0", "error"), ("65536", "error"), ("٢٢", "error"),
     ("-1", "error"), ("ssh", "error")],
)  # fmt: skip
def test_ports(text: str, expected: str) -> None:
    assert tone(checks.check_port(text)) == expected


@pytest.mark.parametrize("text", ["", "-oProxyCommand=evil", "two words", "bell\x07"])
def test_hosts_that_ssh_would_misread(text: str) -> None:
    assert tone(checks.check_host(text)) == "error"


def test_hosts_and_users() -> None:
    assert checks.check_host("10.0.0.5") is None
    assert checks.check_user("") is None
    assert checks.check_user("me") is None
    assert tone(checks.check_user("-l")) == "error"


@pytest.mark.parametrize(
    ("text", "hops"),
    [
        ("", ()),
        ("bastion", (Hop("bastion"),)),
        ("me@bastion:2222, root@10.0.0.5", (Hop("bastion", 2222, "me"), Hop("10.0.0.5"))),
        ("me@[2001:db8::1]:2222", (Hop("2001:db8::1", 2222, "me"),)),
        ("[2001:db8::1]", (Hop("2001:db8::1"),)),
    ],
)
def test_jump_hosts(text: str, hops: tuple[Hop, ...]) -> None:
    assert checks.parse_hops(text) == hops
    assert checks.check_hops(text) is None


@pytest.mark.parametrize(
    "text", ["me@", "a:b", "host:0", "2001:db8::1", "[::1", "[::1]x", "-x", "me@h:22:33", "a b"]
)
def test_jump_hosts_that_are_none(text: str) -> None:
    assert tone(checks.check_hops(text)) == "error"


@given(
    st.lists(
        st.builds(
            Hop,
            host=st.sampled_from(["bastion", "10.0.0.5", "2001:db8::1", "a-b.example.org"]),
            port=st.integers(1, 65535),
            user=st.sampled_from(["root", "me", "a.b"]),
        ),
        max_size=4,
    )
)
def test_jump_hosts_are_read_as_they_are_written(hops: list[Hop]) -> None:
    assert checks.parse_hops(checks.spell_hops(hops)) == tuple(hops)


@given(st.text(max_size=40))
def test_any_text_gets_a_remark_or_none(text: str) -> None:
    for check in (checks.check_hops, checks.check_addresses, checks.check_url, checks.check_port):
        remark = check(text)
        assert remark is None or (remark.says and "\x1b" not in remark.says)


def test_forwarded_ports() -> None:
    text = "r-4-VM=127.0.0.1:2222, r-5-VM=[::1]:2223"
    found = checks.parse_addresses(text)
    assert found == {"r-4-VM": "127.0.0.1:2222", "r-5-VM": "[::1]:2223"}
    assert checks.spell_addresses(found) == text
    assert checks.check_addresses(text) is None
    for wrong in ("r-4-VM", "=127.0.0.1:1", "r-4-VM=127.0.0.1", "r-4-VM=h:0"):
        assert tone(checks.check_addresses(wrong)) == "error"
    with pytest.raises(SettingsError):
        checks.parse_addresses("r-4-VM")


def test_ways_in_one_line() -> None:
    way = SshPath(via="kvm", host_user="ops", jump=(Hop("bastion", user="me"),), key_file="~/k")
    assert checks.spell_way("*", way) == (
        "every other zone: through its KVM host as ops, over me@bastion, key ~/k"
    )
    way = SshPath(via="management", management_host="mgmt\x1b")
    assert checks.spell_way("dc1", way) == ("zone dc1: through root@mgmt␛, keys of the SSH agent")
    assert checks.spell_way("dc1", SshPath()).startswith("zone dc1: straight to the router")


@pytest.mark.parametrize("text", ["", "1", "90", "3650"])
def test_days_that_a_key_is_good_for(text: str) -> None:
    assert checks.check_days(text) is None


@pytest.mark.parametrize("text", ["0", "-1", "3651", "90 days", "1.5", "٣", "9" * 5000])
def test_days_that_make_no_sense(text: str) -> None:
    remark = checks.check_days(text)
    assert tone(remark) == "error" and "from 1 to 3650" in (remark.says if remark else "")
