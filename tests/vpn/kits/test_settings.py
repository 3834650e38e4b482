"""What kits are made from: names that every client takes, and what is refused with which words."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.vpn.kits.settings import NAMES, OPEN, PLAIN, names
from tui.safety.secret import Secret
from tui.vpn.kits.choices import ASKED, LEFT_OUT, SHOWN
from tui.vpn.kits.settings import KitImpossible, KitSettings, checked, label_of, slug_of


@given(names)
def test_a_label_is_harmless_everywhere(name: str) -> None:
    label = label_of(name, "203.0.113.10")
    assert label.isascii() and 0 < len(label) <= 48
    assert label[0].isalnum() and label == label.strip()
    assert set(label) <= set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789 ._-")
    assert label_of(label, "203.0.113.10") == label
    assert " " not in slug_of(name)


def test_labels_stay_readable() -> None:
    assert label_of("Büro Zürich (prod)", "x") == "Buro Zurich prod"
    assert label_of("東京", "203.0.113.10") == "VPN 203.0.113.10"
    assert label_of("../../etc/passwd", "x") == "etc-passwd"


def test_what_is_shown_is_what_was_chosen() -> None:
    assert (PLAIN.key_shown, PLAIN.password_shown) == ("", "")
    assert OPEN.key_shown == "kHjhsd76KJHkjhsdUU34kjhs"
    assert OPEN.password_shown == "h7Rbn-wK2pd-Xf9Tm-Qe4vs"
    nobody = msgspec.structs.replace(PLAIN, user_place=LEFT_OUT)
    assert (PLAIN.user_shown, nobody.user_shown) == ("alice", "")
    assert "kHjhsd76" not in repr(OPEN) and "h7Rbn" not in repr(OPEN)


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"server": "203.0.113.10; reboot"}, "give an IPv4 address or a host name"),
        ({"server": "203.0.113.999"}, "is no address"),
        ({"server": ""}, "is no address"),
        ({"user": "al\nice"}, "The user name has a control character"),
        ({"key": Secret("abc\x00")}, "The pre-shared key has a control character"),
        ({"password": Secret("a\u2028b")}, "The password has a control character"),
        ({"user": ""}, "The user has no name"),
        ({"key": None, "key_place": SHOWN}, "it is not known; let the kit ask"),
        ({"password": Secret(""), "password_place": SHOWN}, "it is not known; let the kit ask"),
        ({"mtu": 9000}, "allowed are 576 to 1500"),
        ({"dns": "dns"}, "is no address"),
        ({"domain": "a b"}, "is no domain name"),
        ({"routes": ()}, "A split tunnel needs the networks"),
        ({"routes": ("fd00::/64",)}, "IPv4 only"),
        ({"routes": ("10.1.1.0/24; x",)}, "is no network"),
    ],
)
def test_what_cannot_be_told_to_a_client_is_refused(changes: dict[str, object], says: str) -> None:
    wrong = KitSettings(**{**msgspec.structs.asdict(PLAIN), **changes})
    with pytest.raises(KitImpossible, match=says) as refused:
        checked(wrong)
    assert str(refused.value).endswith(".")


def test_routes_are_spelled_in_one_way() -> None:
    given_routes = ("10.1.1.7/24", " 10.1.1.0/24 ", "192.168.0.0/16")
    fine = checked(msgspec.structs.replace(PLAIN, routes=given_routes))
    assert fine.routes == ("10.1.1.0/24", "192.168.0.0/16")
    everything = msgspec.structs.replace(PLAIN, routes=(), split=False, key_place=ASKED)
    assert checked(everything) == everything


@given(st.sampled_from(NAMES))
def test_any_network_name_will_do(name: str) -> None:
    assert checked(msgspec.structs.replace(PLAIN, network=name)).server == "203.0.113.10"
