"""Nothing secret passes `redact`, by key, by shape or by value."""

import json
from urllib.parse import quote, urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.hostile import PAYLOADS
from tui.safety.redact import redact
from tui.safety.secret import Secret

KEYS = (
    "password", "presharedkey", "ipsecpsk", "secretkey", "apikey", "signature", "sessionkey",
    "privatekey", "userdata", "token", "PreSharedKey", "ipsec_psk", "secret_key", "JSESSIONID",
)  # fmt: skip
VALUE = "Zq81kkLm"


@pytest.mark.parametrize("key", KEYS)
@pytest.mark.parametrize(
    "form",
    [
        "{key}={value}",
        "a=1&{key}={value}&b=2",
        '{{"{key}": "{value}", "b": 2}}',
        '{{"{key}":"{value}","b":2}}',
        "{{'{key}': '{value}'}}",
        '{{"job": "{{\\"{key}\\":\\"{value}\\",\\"b\\":2}}"}}',
        "{key} = {value}",
        "{key}: {value}",
        '{key} => "{value}"',
        'vpn{key}="{value}"',
        '{{"{key}": "{value}',
        '{{"{key}": "with \\" quote {value}", "b": 1}}',
    ],
)
def test_values_of_known_keys(key: str, form: str) -> None:
    text = form.format(key=key, value=VALUE)
    redacted = redact(text)
    assert VALUE not in redacted
    assert key in redacted
    assert redact(redacted) == redacted


@pytest.mark.parametrize(
    ("text", "redacted"),
    [
        ('%any 203.0.113.1 : PSK "a b"', "%any 203.0.113.1 : PSK ***"),
        (": PSK abc", ": PSK ***"),
        ("bob * pw1 *", "bob * *** *"),
        ("# users\nbob * pw1 *\nann * pw2 *\n", "# users\nbob * *** *\nann * *** *\n"),
        ("DEBUG Searching for bob * pw *", "DEBUG Searching for bob * *** *"),
        (
            'pppd[1]: sent [CHAP Challenge id=0x5b <0123ab>, name = "l2tpd"]',
            'pppd[1]: sent [CHAP Challenge id=0x5b <***>, name = "l2tpd"]',
        ),
        (
            'rcvd [CHAP Response id=0x5b <00ff>, name = "bob"]',
            'rcvd [CHAP Response id=0x5b <***>, name = "bob"]',
        ),
        ('"S=' + "A1" * 20 + ' M=Access granted"', '"S=*** M=Access granted"'),
        ("x\n-----BEGIN RSA PRIVATE KEY-----\nMII\n-----END RSA PRIVATE KEY-----\ny", "x\n***\ny"),
        ("-----BEGIN OPENSSH PRIVATE KEY-----\nb3Bl", "***"),
        (
            "baremetalnotificationsecuritykey=a1b2 port=1",
            "baremetalnotificationsecuritykey=*** port=1",
        ),
        ("https://admin:pw@cloud.example/", "https://admin:***@cloud.example/"),
        ("Cookie: a=b; c=d\nHost: x", "Cookie: ***\nHost: x"),
        ("Authorization: Bearer abc", "Authorization: ***"),
    ],
)
def test_shapes_of_a_virtual_router(text: str, redacted: str) -> None:
    assert redact(text) == redacted
    assert redact(redacted) == redacted


@pytest.mark.parametrize(
    "text",
    [
        "Password must have 3 to 32 characters",
        "signatureversion=3&expires=2026-01-01T00:00:00Z&command=listNetworks",
        "10.1.2.1-10.1.2.8 [acme-prod] 203.0.113.10:4500",
        "0 * * * * root /bin/true",
        "    L2TP-PSK:  203.0.113.10...%any  IKEv1/2",
        "charon: 05[IKE] sending PSK-based authentication to 203.0.113.77",
        "keyid 1234: unable to find an api by that name",
    ],
)
def test_what_is_not_secret_stays(text: str) -> None:
    assert redact(text) == text


@given(
    value=st.text(min_size=6, max_size=40),
    before=st.text(max_size=40),
    after=st.text(max_size=40),
    again=st.booleans(),
)
def test_a_live_secret_never_passes(value: str, before: str, after: str, again: bool) -> None:
    secret = Secret(value)
    text = (
        f"{before}{value}{after}{value if again else ''}{json.dumps(value)}{quote(value, safe='')}"
    )
    redacted = redact(text)
    assert secret.reveal() not in redacted
    assert redact(redacted) == redacted


@given(st.lists(st.text("ab*=", min_size=6, max_size=9), min_size=1, max_size=4), st.text("ab*= "))
def test_overlapping_secrets_and_masks_leave_nothing(values: list[str], text: str) -> None:
    for value in values:
        Secret(value)
    redacted = redact(text + "".join(values))
    assert not any(value in redacted for value in values)


@pytest.mark.parametrize(
    "encode",
    [lambda v: quote(v, safe=""), lambda v: urlencode({"x": v})[2:], lambda v: json.dumps(v)[1:-1]],
)
def test_a_live_secret_as_others_write_it(encode: object) -> None:
    value = 'Zz9 "x"/+=é'
    Secret(value)
    assert callable(encode)
    assert redact(f"before {encode(value)} after") == "before *** after"


@pytest.mark.parametrize("payload", PAYLOADS, ids=range(len(PAYLOADS)))
def test_hostile_text_never_breaks_it(payload: str) -> None:
    redacted = redact(f"password={VALUE}\n{payload}")
    assert VALUE not in redacted
