"""What people type for an address, and what must not be taken for one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.hostile import PAYLOADS
from tui.settings.errors import SettingsError
from tui.settings.urls import is_loopback, is_unprotected, normalise_url


@pytest.mark.parametrize(
    ("typed", "url"),
    [
        ("cloud.example.org", "https://cloud.example.org/client/api"),
        ("  Cloud.Example.org \n", "https://cloud.example.org/client/api"),
        ("cloud.example.org:8443", "https://cloud.example.org:8443/client/api"),
        ("cloud.example.org:443", "https://cloud.example.org/client/api"),
        ("https://cloud.example.org", "https://cloud.example.org/client/api"),
        ("https://cloud.example.org/", "https://cloud.example.org/client/api"),
        ("https://cloud.example.org/client", "https://cloud.example.org/client/api"),
        ("https://cloud.example.org/client/api", "https://cloud.example.org/client/api"),
        ("https://cloud.example.org/client/api/", "https://cloud.example.org/client/api"),
        ("https://cloud.example.org/client/#/vpn?x=1", "https://cloud.example.org/client/api"),
        ("https://proxy.example.org/cs/api", "https://proxy.example.org/cs/api"),
        ("HTTPS://h", "https://h/client/api"),
        ("http://10.0.0.5:8080", "http://10.0.0.5:8080/client/api"),
        ("http://h:80/client/api", "http://h/client/api"),
        ("10.0.0.5", "https://10.0.0.5/client/api"),
        ("localhost:8080", "http://localhost:8080/client/api"),
        ("127.0.0.1:8080/client/api", "http://127.0.0.1:8080/client/api"),
        ("https://localhost", "https://localhost/client/api"),
        ("[::1]:8080", "http://[::1]:8080/client/api"),
        ("[2001:DB8::1]", "https://[2001:db8::1]/client/api"),
    ],
)
def test_forms_that_are_understood(typed: str, url: str) -> None:
    assert normalise_url(typed) == url
    assert normalise_url(url) == url


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        ("", "is not an address"),
        ("a b", "is not an address"),
        ("https://u:secretpw@h:99999", "holds a user or password"),
        ("ftp://u:secretpw@h", "holds a user or password"),
        ("https://u:secretpw@h/", "holds a user or password"),
        ("u@h", "holds a user or password"),
        ("https://h/client/api?apikey=secretpw", "holds a query"),
        ("h?x", "holds a query"),
        ("h?", "holds a query"),
        ("ftp://h", "has the scheme 'ftp'"),
        ("file:///etc/passwd", "has the scheme 'file'"),
        ("https://", "no valid host"),
        ("h:99999", "cannot be read"),
        ("h:0", "has the port 0"),
        ("h:x", "cannot be read"),
        ("[::1", "cannot be read"),
        ("[::g]", "url '[::g]'"),
        ("-oProxyCommand=x", "no valid host"),
        ("a\x1bb", "is not an address"),
        ("a\u202eb", "is not an address"),
        ("ho$t", "no valid host"),
    ],
)
def test_forms_that_are_refused(typed: str, says: str) -> None:
    with pytest.raises(SettingsError) as raised:
        normalise_url(typed)
    assert says in str(raised.value)
    assert str(raised.value).isprintable()
    assert "secretpw" not in str(raised.value)


@given(st.text() | st.sampled_from(PAYLOADS) | st.text("ab:/@?#[]. -%1"))
def test_any_text_is_an_address_or_a_settings_error(text: str) -> None:
    try:
        url = normalise_url(text)
    except SettingsError as error:
        assert str(error).isprintable()
    else:
        assert url.startswith(("http://", "https://"))
        assert url.isprintable()
        assert " " not in url
        assert normalise_url(url) == url


def test_what_crosses_the_network_readable() -> None:
    assert is_unprotected("http://10.0.0.5:8080/client/api")
    assert not is_unprotected("https://10.0.0.5/client/api")
    assert not is_unprotected("http://127.0.0.1:8080/client/api")
    assert not is_unprotected("http://[::1]:8080/client/api")
    assert is_loopback("LOCALHOST.")
    assert not is_loopback("localhost.example.org")
