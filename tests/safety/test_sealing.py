"""What is sealed is read again only with the same key and about the same thing."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.safety.test_credentials import secret_service, store
from tui.safety.credentials import Credential, CredentialStore, Store
from tui.safety.keyrings import Keyring
from tui.safety.sealing import AnotherKey, SealBroken, SealError, SealingKey, seal, unseal
from tui.safety.secret import Secret

KEY = SealingKey.new(persistent=True)


@given(st.binary(max_size=300), st.binary(max_size=40))
def test_what_was_sealed_comes_back(plaintext: bytes, about: bytes) -> None:
    sealed = seal(KEY, plaintext, about)
    assert unseal(KEY, sealed, about) == plaintext
    assert len(plaintext) < 8 or plaintext not in sealed
    with pytest.raises(SealBroken, match="about something else"):
        unseal(KEY, sealed, about + b"x")


@given(st.data())
def test_every_changed_byte_is_noticed(drawn: st.DataObject) -> None:
    sealed = bytearray(seal(KEY, b"password of alice", b"op 1"))
    place = drawn.draw(st.integers(0, len(sealed) - 1))
    sealed[place] ^= drawn.draw(st.integers(1, 255))
    with pytest.raises(SealError):
        unseal(KEY, bytes(sealed), b"op 1")


def test_another_key_is_told_from_damage() -> None:
    sealed = seal(KEY, b"x", b"")
    with pytest.raises(AnotherKey):
        unseal(SealingKey.new(persistent=True), sealed, b"")
    for short in (b"", b"csv1", sealed[:-1], b"none" + sealed[4:]):
        with pytest.raises(SealBroken):
            unseal(KEY, short, b"")


def test_two_seals_of_the_same_differ() -> None:
    assert seal(KEY, b"same", b"") != seal(KEY, b"same", b"")


@pytest.mark.parametrize("kept", ["not base64!", "c2hvcnQ="])
def test_a_key_that_is_none(kept: str) -> None:
    with pytest.raises(SealError):
        seal(SealingKey(Secret(kept), True), b"x", b"")


def test_a_key_is_not_printed() -> None:
    shown = f"{KEY} {KEY!r} {KEY.secret}"
    assert KEY.secret.reveal() not in shown
    assert KEY.mark not in KEY.secret.reveal()


async def test_the_key_is_made_once_and_found_by_the_next_start() -> None:
    backend = secret_service()
    first = store(backend)
    key = await first.sealing_key()
    assert key.persistent and key == await first.sealing_key()
    assert list(backend.kept) == [("csvpn/journal", "sealing-key")]
    assert await store(backend).sealing_key() == key


async def test_forgetting_a_profile_called_journal_keeps_the_key() -> None:
    backend = secret_service()
    credentials = store(backend)
    key = await credentials.sealing_key()
    await credentials.keep("journal", Credential.PASSWORD, Secret("word of it"))
    await credentials.forget("journal")
    assert await store(backend).sealing_key() == key


async def test_without_a_store_the_key_is_for_this_run() -> None:
    def choose() -> Keyring:
        raise RuntimeError("none here")

    credentials = CredentialStore({}, choose_keyring=choose)
    assert (await credentials.state()).store is Store.SESSION
    key = await credentials.sealing_key()
    assert not key.persistent and key == await credentials.sealing_key()
    other = CredentialStore({}, choose_keyring=choose)
    assert await other.sealing_key() != key


async def test_a_keyring_that_stops_answering_does_not_get_another_key() -> None:
    backend = secret_service()
    key = await store(backend).sealing_key()
    credentials = store(backend)
    await credentials.state()

    def locked(service: str, username: str) -> str | None:
        raise RuntimeError("locked")

    backend.get_password = locked  # type: ignore[method-assign]
    other = await credentials.sealing_key()
    assert not other.persistent and other != key
    assert backend.kept["csvpn/journal", "sealing-key"] == key.secret.reveal()
