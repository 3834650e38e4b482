"""Bytes of a reply, whatever they are, become harmless facts or a typed error."""

import json
from typing import Any

import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tests.hostile import DANGEROUS, PAYLOADS
from tui.cloud.errors import NotCloudStack
from tui.cloud.models import FirewallRule, Network, PublicIp, RemoteAccessVpn, Router
from tui.cloud.wire import decode, decode_rows, harmless, read_envelope
from tui.safety.secret import Secret
from tui.safety.text import clean, clean_tree

any_text = st.text(max_size=60)
trees = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | any_text,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(any_text, inner, max_size=4),
    max_leaves=20,
)


def _wrapped(inner: object, *, ascii_only: bool) -> bytes:
    text = json.dumps({"listnetworksresponse": {"network": inner}}, ensure_ascii=ascii_only)
    return text.encode("utf-8", "surrogatepass")


@given(trees, st.booleans())
def test_every_string_that_comes_in_is_clean(tree: object, ascii_only: bool) -> None:
    body = _wrapped(tree, ascii_only=ascii_only)
    try:
        _, inner = read_envelope(body, command="listNetworks", status=200)
    except NotCloudStack as error:
        assert error.oddity == "encoding"  # lone surrogates, written as they are
        assert not ascii_only
        return
    assert msgspec.json.decode(inner) == {"network": clean_tree(tree)}


@pytest.mark.parametrize("payload", PAYLOADS)
def test_hostile_names_lose_their_power(payload: str) -> None:
    for body in (
        _wrapped([{"id": "1", "name": payload}], ascii_only=True),
        # The server un-escapes control characters: they stand in its JSON as they are.
        b'{"listnetworksresponse": {"network": [{"id": "1", "name": "'
        + payload.replace("\\", "\\\\").replace('"', '\\"').encode("utf-8", "replace")
        + b'"}]}}',
    ):
        _, inner = read_envelope(body, command="listNetworks", status=200)
        (network,) = decode_rows(
            msgspec.json.decode(inner, type=dict[str, msgspec.Raw])["network"], Network
        )
        assert DANGEROUS.search(network.name) is None
        assert network.id == "1"


def test_markup_is_left_as_it_is_because_it_is_never_read_as_markup() -> None:
    _, inner = read_envelope(
        _wrapped([{"name": "A[/red][prod]"}], ascii_only=False), command="x", status=200
    )
    (network,) = decode_rows(
        msgspec.json.decode(inner, type=dict[str, msgspec.Raw])["network"], Network
    )
    assert network.name == "A[/red][prod]"


def test_raw_control_characters_as_the_server_sends_them() -> None:
    body = b'{"listnetworksresponse":{"network":[{"name":"a\x1b[2Jb\tc\nd"}]}}'
    _, inner = read_envelope(body, command="listNetworks", status=200)
    assert b"\x1b" not in bytes(inner)
    assert msgspec.json.decode(inner)["network"][0]["name"] == clean("a\x1b[2Jb\tc\nd")


def test_an_innocent_body_is_not_touched() -> None:
    body = '{"listnetworksresponse":{"network":[{"name":"München 🔑 \\"x\\""}]}}'.encode()
    assert harmless(body) is body
    assert harmless(b"\xef\xbb\xbf" + body) == body


def test_a_name_of_a_megabyte_is_cut() -> None:
    _, inner = read_envelope(
        _wrapped([{"name": "x" * 1_000_000}], ascii_only=False), command="x", status=200
    )
    assert len(inner) < 5000


@given(st.binary(max_size=200))
@example(b"")
@example(b"\xff\xfe{}")
@example(b"[" * 100_000)
@example(b'{"a":' * 100_000)
@example(b'{"listnetworksresponse":{"count":' + b"9" * 5000 + b"}}")
@example(b'{"listnetworksresponse":{"x":"\\n","count":' + b"9" * 30 + b"}}")
@example(b'{"listnetworksresponse":[]}')
@example(b'{"error":"not_found"}')
@example(b"null")
def test_anything_else_is_a_typed_error(body: bytes) -> None:
    try:
        key, inner = read_envelope(body, command="listNetworks", status=200)
    except NotCloudStack as error:
        assert DANGEROUS.search(error.text) is None
        assert error.command == "listNetworks"
    else:
        assert key.endswith("response") or key == "null"
        assert bytes(inner).startswith(b"{")


def test_a_document_cut_anywhere_is_noticed() -> None:
    body = b'{"listnetworksresponse":{"count":1,"network":[{"id":"a","name":"b"}]}}'
    for length in range(len(body)):
        with pytest.raises(NotCloudStack):
            read_envelope(body[:length], command="listNetworks", status=200)


def test_half_a_document_is_called_that() -> None:
    with pytest.raises(NotCloudStack, match="breaks off") as caught:
        read_envelope(b'{"listnetworksresponse":{"cou', command="listNetworks", status=200)
    assert caught.value.oddity == "truncated"


def test_a_web_page_is_called_that_with_its_title() -> None:
    page = b"<!DOCTYPE html><html><head><title>Login \x1b]2;x\x07 - Proxy</title></head></html>"
    with pytest.raises(NotCloudStack, match="web page") as caught:
        read_envelope(page, command="listNetworks", status=200)
    assert caught.value.oddity == "markup"
    assert "Proxy" in caught.value.text
    assert DANGEROUS.search(caught.value.text) is None


def test_booleans_and_numbers_may_be_strings() -> None:
    row = decode(
        b'{"id": 7, "startport": "500", "endport": 500, "icmptype": "", "state": true}',
        FirewallRule,
    )
    assert (row.id, row.start_port, row.end_port, row.icmp_type) == ("7", 500, 500, None)
    assert row.state == "true"
    address = decode(b'{"issourcenat": "true", "isstaticnat": "false"}', PublicIp)
    assert (address.is_source_nat, address.is_static_nat) == (True, False)


def test_a_field_of_an_odd_type_costs_that_field_only() -> None:
    rows = decode_rows(
        b'[{"id": "a", "name": {"x": 1}, "nic": [{"ipaddress": "10.0.0.1"}, 5], "state": "Running",'
        b' "requiresupgrade": "perhaps"}, 17, {"id": "b"}]',
        Router,
    )
    assert [row.id for row in rows] == ["a", "b"]
    assert rows[0].name == ""
    assert rows[0].state == "Running"
    assert rows[0].requires_upgrade is False
    assert [nic.ip_address for nic in rows[0].nics] == ["10.0.0.1"]


def test_a_list_that_is_none_is_an_error() -> None:
    with pytest.raises(msgspec.ValidationError):
        decode_rows(b'"text"', Network)


def test_a_preshared_key_arrives_as_a_secret() -> None:
    for body in (b'{"presharedkey": "abcDEF234"}', b'{"presharedkey": "abcDEF234", "state": 5}'):
        vpn = decode(body, RemoteAccessVpn)
        assert isinstance(vpn.preshared_key, Secret)
        assert vpn.preshared_key.reveal() == "abcDEF234"
        assert "abcDEF234" not in repr(vpn)
    assert decode(b"{}", RemoteAccessVpn).preshared_key is None


@given(trees)
def test_no_row_breaks_a_listing(tree: Any) -> None:
    raw = msgspec.json.encode([{"id": "good"}, clean_tree(tree)])
    rows = decode_rows(raw, Network)
    assert rows[0].id == "good"
    assert 1 <= len(rows) <= 2
