"""The chain with an encrypted file in it: asked once, told when wrong, never weaker in silence."""

import asyncio
from pathlib import Path

import pytest

from tests.safety.test_credentials import Failing, Working, placed, secret_service
from tests.safety.vaults import PASSPHRASE, file_in, nobody, store_in
from tui.safety.credentials import (
    CannotMove,
    Credential,
    CredentialStore,
    Found,
    Store,
)
from tui.safety.secret import Secret
from tui.safety.vault import TRIES

SECRET = "canary-Vault-88z"
KEY = Credential.SECRET_KEY


async def filled(folder: Path) -> None:
    """An earlier run kept the secret of `prod` in the file."""
    store, _ = store_in(folder, PASSPHRASE)
    assert (await store.keep("prod", KEY, Secret(SECRET))).store is Store.FILE


async def test_the_first_secret_makes_the_file_under_a_chosen_passphrase(tmp_path: Path) -> None:
    store, person = store_in(tmp_path, PASSPHRASE)
    before = await store.state()
    assert (before.store, before.standing) == (Store.FILE, "none")
    assert person.asked == [] and not file_in(tmp_path).exists()
    after = await store.keep("prod", KEY, Secret(SECRET))
    assert (after.store, after.standing) == (Store.FILE, "open")
    assert after.name.endswith("csvpn/secrets.json")
    assert after.reason == "no keyring service is running"
    (wanted,) = person.asked
    assert wanted.is_new and wanted.purpose == "to keep the secret key of prod"
    await store.keep("prod", Credential.PASSWORD, Secret("second"))
    assert len(person.asked) == 1


async def test_a_new_start_asks_once_whatever_is_looked_for(tmp_path: Path) -> None:
    await filled(tmp_path)
    store, person = store_in(tmp_path, PASSPHRASE)
    assert (await store.state()).standing == "locked"
    assert await store.find("other", KEY) is None
    assert person.asked == [], "the file says by itself that it has nothing of other"
    found = await asyncio.gather(*(store.find("prod", KEY) for _ in range(4)))
    assert found == [Found(Secret(SECRET), Store.FILE)] * 4
    (wanted,) = person.asked
    assert not wanted.is_new and wanted.purpose == "the secret key of prod is in it"


async def test_a_wrong_passphrase_is_told_and_asked_again(tmp_path: Path) -> None:
    await filled(tmp_path)
    store, person = store_in(tmp_path, "wrong", "wrong again", PASSPHRASE)
    assert await store.find("prod", KEY) is not None
    assert [w.complaint for w in person.asked] == ["", *["This is not its passphrase."] * 2]


async def test_guessing_ends(tmp_path: Path) -> None:
    await filled(tmp_path)
    store, person = store_in(tmp_path, "wrong")
    assert await store.find("prod", KEY) is None
    assert len(person.asked) == TRIES
    assert "was wrong 5 times" in await store.why_missing()


async def test_who_says_no_is_not_asked_again_until_something_is_to_be_kept(
    tmp_path: Path,
) -> None:
    await filled(tmp_path)
    before = file_in(tmp_path).path.read_bytes()
    store, person = store_in(tmp_path, None)
    assert await store.find("prod", KEY) is None
    assert await store.find("prod", KEY) is None
    assert len(person.asked) == 1
    assert "was not given" in await store.why_missing()
    state = await store.state()
    assert state.store is Store.SESSION and "was not given" in state.reason

    state = await store.keep("prod", KEY, Secret("typed again"))
    assert state.store is Store.SESSION and "was not given" in state.reason
    assert len(person.asked) == 2
    assert await store.find("prod", KEY) == Found(Secret("typed again"), Store.SESSION)
    assert file_in(tmp_path).path.read_bytes() == before


async def test_without_a_terminal_the_reason_says_so(tmp_path: Path) -> None:
    await filled(tmp_path)
    store, _ = store_in(tmp_path, "x")
    store.ask_passphrase_with(nobody)
    assert await store.find("prod", KEY) is None
    why = await store.why_missing()
    assert "secrets.json is locked, and there is no terminal to ask" in why
    assert (await store.sealing_key()).persistent is False


async def test_where_nobody_can_be_asked_it_is_this_run(tmp_path: Path) -> None:
    store, _ = store_in(tmp_path)
    state = await store.keep("prod", KEY, Secret(SECRET))
    assert state.store is Store.SESSION and "nobody can be asked" in state.reason
    assert not file_in(tmp_path).exists()


async def test_a_damaged_file_is_told_and_kept(tmp_path: Path) -> None:
    await filled(tmp_path)
    path = file_in(tmp_path).path
    path.write_text("{")
    store, person = store_in(tmp_path, PASSPHRASE)
    assert await store.find("prod", KEY) is None
    assert "is damaged" in await store.why_missing()
    state = await store.keep("prod", KEY, Secret(SECRET))
    assert state.store is Store.SESSION and "is damaged" in state.reason
    await store.forget("prod")
    assert await store.places("prod", KEY) == ()
    assert path.read_text() == "{" and person.asked == []


async def test_a_keyring_comes_first_and_the_file_still_has_the_older_ones(tmp_path: Path) -> None:
    await filled(tmp_path)
    keyring = secret_service()
    store, person = store_in(tmp_path, PASSPHRASE, keyring=keyring)
    assert await store.find("prod", KEY) == Found(Secret(SECRET), Store.FILE)
    assert len(person.asked) == 1
    state = await store.keep("prod", KEY, Secret("newer"))
    assert state.store is Store.KEYRING
    assert file_in(tmp_path).kinds() == [], "no old one stays behind"


async def test_a_keyring_that_fails_while_keeping_is_followed_by_the_file(tmp_path: Path) -> None:
    keyring = secret_service()
    store, person = store_in(tmp_path, PASSPHRASE, keyring=keyring)
    await store.state()
    broken = Failing(RuntimeError("locked"))
    keyring.set_password = broken.set_password  # type: ignore[method-assign]
    state = await store.keep("prod", KEY, Secret(SECRET))
    assert (state.store, len(person.asked)) == (Store.FILE, 1)
    assert state.reason == "the keyring failed: RuntimeError: locked"


async def test_forgetting_reaches_every_place(tmp_path: Path) -> None:
    await filled(tmp_path)
    keyring = secret_service()
    keyring.kept["csvpn/prod", "password"] = "old"
    store, person = store_in(tmp_path, PASSPHRASE, keyring=keyring)
    await store.forget("prod")
    assert keyring.kept == {} and file_in(tmp_path).kinds() == [] and person.asked == []
    assert await store.find("prod", KEY) is None


async def test_every_place_of_a_secret_is_named_in_order_without_a_question(
    tmp_path: Path,
) -> None:
    await filled(tmp_path)
    keyring = secret_service()
    keyring.kept["csvpn/prod", "secret-key"] = "in the keyring"
    store = CredentialStore(
        {"CSVPN_SECRET_KEY": "given"}, choose_keyring=lambda: keyring, file=file_in(tmp_path)
    )
    places = await store.places("prod", KEY, "pass show prod")
    assert [place.store for place in places] == [
        Store.ENVIRONMENT, Store.COMMAND, Store.KEYRING, Store.FILE,
    ]  # fmt: skip
    assert [place.name for place in places][:3] == [
        "CSVPN_SECRET_KEY of the environment", "the command pass show prod", "Secret Service",
    ]  # fmt: skip
    assert await store.places("prod", Credential.PASSWORD) == ()
    alone, _ = store_in(tmp_path / "else")
    await alone.keep("prod", KEY, Secret(SECRET))
    assert [place.store for place in await alone.places("prod", KEY)] == [Store.SESSION]


async def test_moving_between_keyring_and_file(tmp_path: Path) -> None:
    await filled(tmp_path)
    keyring = secret_service()
    store, _ = store_in(tmp_path, PASSPHRASE, keyring=keyring)
    moved = await store.move("prod", KEY, Store.KEYRING)
    assert moved is not None and moved.store is Store.KEYRING
    assert keyring.kept == {("csvpn/prod", "secret-key"): SECRET}
    assert file_in(tmp_path).kinds() == []
    moved = await store.move("prod", KEY, Store.FILE)
    assert moved is not None and moved.store is Store.FILE
    assert keyring.kept == {} and file_in(tmp_path).kinds() == [("prod", "secret-key")]
    assert await store.move("other", KEY, Store.FILE) is None


@pytest.mark.parametrize("to", [Store.KEYRING, Store.FILE])
async def test_what_cannot_be_moved_stays(tmp_path: Path, to: Store) -> None:
    await filled(tmp_path)
    before = file_in(tmp_path).path.read_bytes()
    store, _ = store_in(tmp_path, PASSPHRASE if to is Store.KEYRING else None)
    with pytest.raises(CannotMove, match="no keyring" if to is Store.KEYRING else "not given"):
        await store.move("prod", KEY, to)
    assert file_in(tmp_path).path.read_bytes() == before


async def test_the_sealing_key_goes_to_a_file_that_is_there_and_makes_none(
    tmp_path: Path,
) -> None:
    store, person = store_in(tmp_path, PASSPHRASE)
    assert (await store.sealing_key()).persistent is False
    assert person.asked == [] and not file_in(tmp_path).exists()

    await filled(tmp_path)
    first, _ = store_in(tmp_path, PASSPHRASE)
    key = await first.sealing_key()
    assert key.persistent
    again, asked = store_in(tmp_path, PASSPHRASE)
    assert await again.sealing_key() == key
    assert [w.purpose for w in asked.asked] == ["the key of the journal is in it"]
    declined, _ = store_in(tmp_path, None)
    other = await declined.sealing_key()
    assert not other.persistent and other != key


async def test_a_person_who_is_asked_while_a_backend_is_refused(tmp_path: Path) -> None:
    refused = placed(Working(), "keyrings.alt.file")
    store, _ = store_in(tmp_path, PASSPHRASE, keyring=refused)
    state = await store.keep("prod", KEY, Secret(SECRET))
    assert state.store is Store.FILE and "keyrings.alt.file is not one" in state.reason
    assert refused.calls == 0
