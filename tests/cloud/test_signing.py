"""The signature, against vectors that the real server accepted."""

import json
import string
from typing import Any
from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.cloud.servers import CONTRACT
from tui.cloud.signing import encode_value, expires_at, signature, signed_form
from tui.safety.secret import Secret

VECTORS: list[dict[str, Any]] = json.loads((CONTRACT / "signing-vectors.json").read_text("utf-8"))[
    "vectors"
]
_UNRESERVED = set(string.ascii_letters + string.digits + ".-*_")

words = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
names = st.text(string.ascii_lowercase, min_size=1, max_size=12)
forms = st.dictionaries(names, words, max_size=8)


@pytest.mark.parametrize("vector", VECTORS, ids=lambda v: str(v["params"].get("keyword", ""))[:20])
def test_signs_as_the_server_does(vector: dict[str, Any]) -> None:
    assert signature(vector["params"], Secret(vector["secretkey"])) == vector["signature"]


def _java(value: str) -> str:
    """`URLEncoder.encode(value, UTF_8).replace("+", "%20")`, spelled out byte by byte."""
    return "".join(
        chr(byte) if chr(byte) in _UNRESERVED else f"%{byte:02X}" for byte in value.encode()
    )


@given(words)
def test_values_are_encoded_as_java_does(value: str) -> None:
    assert encode_value(value) == _java(value)
    assert unquote(encode_value(value)) == value


@given(forms, st.randoms())
def test_the_order_of_parameters_does_not_matter(form: dict[str, str], random: Any) -> None:
    shuffled = list(form.items())
    random.shuffle(shuffled)
    assert signature(dict(shuffled), Secret("k")) == signature(form, Secret("k"))


@given(forms, names, words)
def test_every_value_counts_but_the_signature(form: dict[str, str], name: str, value: str) -> None:
    before = signature(form, Secret("k"))
    assert signature({**form, "signature": value}, Secret("k")) == before
    if name != "signature" and form.get(name, "").lower() != value.lower():
        changed = signature({**form, name: value}, Secret("k"))
        # Lower-casing is part of the rule, so values that differ in case only may agree.
        if _java(value).lower() != _java(form.get(name, "\x00")).lower():
            assert changed != before


def test_a_form_is_good_for_ten_minutes() -> None:
    assert expires_at(1_795_392_000.0) == "2026-11-23T00:10:00+0000"
    form = signed_form({"command": "listZones"}, "key", Secret("secret"), 1_795_392_000.0)
    assert form["expires"] == "2026-11-23T00:10:00+0000"
    assert form["signatureversion"] == "3"
    assert form["signature"] == signature(form, Secret("secret"))
