"""A secret shows itself only to `reveal`."""

import copy
import json
import pickle
import traceback

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.safety.secret import MASK, Secret, live_count, live_values

VALUE = "kT7-canary-value"


@given(st.text(min_size=7, max_size=40).filter(lambda value: value not in f"Secret(***){MASK}"))
def test_no_form_of_printing_shows_it(value: str) -> None:
    secret = Secret(value)
    shown = (repr(secret), str(secret), f"{secret}", f"{secret:>60}", f"{secret!r}", f"{[secret]}")
    assert not any(value in text for text in shown)
    assert secret.reveal() == value


def test_it_cannot_leave_by_pickle_copy_or_json() -> None:
    secret = Secret(VALUE)
    with pytest.raises(TypeError):
        pickle.dumps(secret)
    with pytest.raises(TypeError):
        copy.deepcopy(secret)
    with pytest.raises(TypeError):
        json.dumps({"password": secret})
    with pytest.raises(TypeError):
        msgspec.json.encode(secret)
    assert not hasattr(secret, "__dict__")
    assert VALUE not in repr(getattr(secret, "__dict__", ""))


def test_a_traceback_with_locals_shows_a_mask() -> None:
    def fail(password: Secret) -> None:
        raise ValueError("no")

    try:
        fail(Secret(VALUE))
    except ValueError as error:
        shown = "".join(
            traceback.TracebackException.from_exception(error, capture_locals=True).format()
        )
    assert "Secret(***)" in shown
    assert f"'{VALUE}'" not in shown


def test_comparing_and_fingerprints() -> None:
    assert Secret("abc") == Secret("abc")
    assert Secret("abc") != Secret("abd")
    assert Secret("abc") != "abc"
    assert hash(Secret("abc")) == hash(Secret("abc"))
    assert len({Secret("abc"), Secret("abc")}) == 1
    assert not Secret("")
    assert len(Secret("abc")) == 3
    assert Secret("abc").sha256().startswith("ba7816bf8f01cfea")
    assert Secret("abc").fingerprint() == "ba7816bf8f01"


def test_long_values_are_remembered_for_redaction() -> None:
    before = live_count()
    Secret("short")
    assert live_count() == before
    Secret("remember-me-please")
    Secret("remember-me-please")
    assert live_count() == before + 1
    values = live_values()
    assert "remember-me-please" in values
    assert list(map(len, values)) == sorted(map(len, values), reverse=True)
