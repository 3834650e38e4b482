"""CloudStack's request signature (`ApiServer.verifyRequest`), version 3.

The rule: sort all parameters except `signature` by their raw names, join `name=value` with `&`
where the value is encoded as Java's URLEncoder does but with `%20` for a blank, lower-case the
whole, HMAC-SHA1 with the secret key, Base64. Names are not encoded.
"""

import base64
import hashlib
import hmac
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final
from urllib.parse import quote

from tui.safety.secret import Secret

LIFETIME: Final = 600.0
"""Seconds for which a signed request is good. A server that enforces time stamps allows 900."""


def encode_value(value: str) -> str:
    """Percent-encode like Java's URLEncoder, a blank as `%20`: `*` stays, `~` does not."""
    return quote(value, safe="*").replace("~", "%7E")


def signature(parameters: Mapping[str, str], secret_key: Secret) -> str:
    """Return the Base64 signature over `parameters`; one called `signature` does not count."""
    text = "&".join(
        f"{name}={encode_value(value)}"
        for name, value in sorted(parameters.items())
        if name.lower() != "signature"
    )
    digest = hmac.new(secret_key.reveal().encode(), text.lower().encode(), hashlib.sha1)
    return base64.b64encode(digest.digest()).decode("ascii")


def expires_at(now: float, lifetime: float = LIFETIME) -> str:
    """The time `lifetime` seconds after `now` (seconds since the epoch), as the server reads it."""
    return datetime.fromtimestamp(now + lifetime, UTC).strftime("%Y-%m-%dT%H:%M:%S+0000")


def signed_form(
    parameters: Mapping[str, str], api_key: str, secret_key: Secret, now: float
) -> dict[str, str]:
    """Return `parameters` with key, version, expiry and signature added, ready to be posted.

    `now` is the server's time in seconds since the epoch. Sorting by code unit, as Java does, and
    by code point, as Python does, agree because every parameter name is ASCII.
    """
    form = {
        **parameters,
        "apikey": api_key,
        "signatureversion": "3",
        "expires": expires_at(now),
    }
    form["signature"] = signature(form, secret_key)
    return form
