"""Every kind of keyring that a headless host has been seen with, and none can hang or lose."""

import asyncio
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tui.safety.credentials import (
    Credential,
    CredentialError,
    CredentialStore,
    Found,
    Store,
    service_name,
)
from tui.safety.keyrings import Keyring
from tui.safety.secret import Secret

SECRET = "canary-Kq81"


class Working:
    """A keyring that keeps what it is given."""

    def __init__(self) -> None:
        self.kept: dict[tuple[str, str], str] = {}
        self.calls = 0

    def get_password(self, service: str, username: str) -> str | None:
        self.calls += 1
        return self.kept.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self.calls += 1
        self.kept[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        self.calls += 1
        del self.kept[service, username]


class Forgetting(Working):
    """Sets without an error and gives nothing back, as `null` does."""

    def get_password(self, service: str, username: str) -> str | None:
        return None

    def delete_password(self, service: str, username: str) -> None:
        return


class Failing(Working):
    """Raises what it is told to at every call."""

    def __init__(self, error: Exception) -> None:
        super().__init__()
        self.error = error

    def set_password(self, service: str, username: str, password: str) -> None:
        raise self.error


class Stubborn(Working):
    """Waits for a prompt that nobody sees."""

    def __init__(self, released: threading.Event) -> None:
        super().__init__()
        self.released = released

    def set_password(self, service: str, username: str, password: str) -> None:
        self.released.wait(30)


class Chain(Working):
    """keyring's ChainerBackend."""

    def __init__(self, *backends: Keyring) -> None:
        super().__init__()
        self.backends = backends


def placed(backend: Working, module: str) -> Working:
    """`backend` as if its class came from `module`."""
    kind = type(backend)
    backend.__class__ = type(kind.__name__, (kind,), {"__module__": module})
    return backend


def secret_service(backend: Working | None = None) -> Working:
    return placed(backend or Working(), "keyring.backends.SecretService")


def store(backend: Working, deadline: float = 5.0) -> CredentialStore:
    return CredentialStore({}, choose_keyring=lambda: backend, deadline=deadline)


async def test_a_working_keyring_keeps_and_forgets() -> None:
    backend = secret_service()
    first = store(backend)
    state = await first.keep("prod", Credential.SECRET_KEY, Secret(SECRET))
    assert (state.store, state.name, state.reason) == (Store.KEYRING, "Secret Service", "")
    assert backend.kept == {("csvpn/prod", "secret-key"): SECRET}

    second = store(backend)
    found = await second.find("prod", Credential.SECRET_KEY)
    assert found == Found(Secret(SECRET), Store.KEYRING)
    assert await second.find("prod", Credential.PASSWORD) is None
    assert await second.find("other", Credential.SECRET_KEY) is None

    await second.forget("prod")
    assert backend.kept == {}
    assert await second.find("prod", Credential.SECRET_KEY) is None


async def test_the_self_test_leaves_nothing_behind() -> None:
    backend = secret_service()
    assert (await store(backend).state()).store is Store.KEYRING
    assert backend.kept == {}
    assert backend.calls == 3


@pytest.mark.parametrize(
    ("backend", "reason"),
    [
        (placed(Working(), "keyring.backends.fail"), "no keyring service is running"),
        (placed(Forgetting(), "keyring.backends.null"), "forgets what it is given"),
        (placed(Working(), "keyrings.alt.file"), "keyrings.alt.file is not one that keeps"),
        (placed(Working(), "keyrings.cryptfile.cryptfile"), "is not one that keeps"),
        (placed(Working(), "keyring.backends.SecretServiceX"), "is not one that keeps"),
        (secret_service(Forgetting()), "did not give back what it was given"),
        (
            secret_service(Failing(RuntimeError("Failed to unlock the collection!"))),
            "Secret Service: RuntimeError: Failed to unlock the collection!",
        ),
        (secret_service(Failing(OSError("\x1b]0;x\a"))), "OSError: ␛]0;x␇"),
        (
            placed(Chain(placed(Working(), "keyrings.alt.file")), "keyring.backends.chainer"),
            "keyrings.alt.file is not one",
        ),
        (placed(Chain(), "keyring.backends.chainer"), "keyring.backends.chainer is not one"),
    ],
)
async def test_a_keyring_that_cannot_be_trusted_is_not_used(backend: Working, reason: str) -> None:
    credentials = store(backend)
    state = await credentials.keep("prod", Credential.PASSWORD, Secret(SECRET))
    assert state.store is Store.SESSION
    assert reason in state.reason
    assert SECRET not in backend.kept.values()
    found = await credentials.find("prod", Credential.PASSWORD)
    assert found == Found(Secret(SECRET), Store.SESSION)
    assert await store(backend).find("prod", Credential.PASSWORD) is None


@pytest.mark.parametrize(
    "module", ["keyrings.alt.file", "keyrings.cryptfile.cryptfile", "keyring.backends.null"]
)
async def test_a_refused_backend_is_never_even_called(module: str) -> None:
    backend = placed(Working(), module)
    await store(backend).find("prod", Credential.PASSWORD)
    assert backend.calls == 0


async def test_the_good_link_of_a_chain_is_used_and_the_others_are_not_called() -> None:
    plain, good = placed(Working(), "keyrings.alt.file"), secret_service()
    chain = placed(Chain(plain, good), "keyring.backends.chainer")
    credentials = store(chain)
    await credentials.keep("prod", Credential.PASSWORD, Secret(SECRET))
    assert good.kept == {("csvpn/prod", "password"): SECRET}
    assert plain.calls == chain.calls == 0


async def test_a_backend_that_cannot_be_loaded() -> None:
    def choose() -> Keyring:
        raise ModuleNotFoundError("No module named 'nonsense'")

    state = await CredentialStore({}, choose_keyring=choose).state()
    assert state.store is Store.SESSION
    assert "No module named 'nonsense'" in state.reason


@pytest.mark.parametrize("stuck", ["choosing", "testing"])
async def test_a_stubborn_backend_never_hangs_anything(stuck: str) -> None:
    released = threading.Event()
    backend = secret_service(Stubborn(released))

    def choose() -> Keyring:
        if stuck == "choosing":
            released.wait(30)
        return backend

    credentials = CredentialStore({}, choose_keyring=choose, deadline=0.05)
    started = time.monotonic()
    ticks = 0

    async def tick() -> None:
        nonlocal ticks
        while True:
            await asyncio.sleep(0.005)
            ticks += 1

    ticking = asyncio.create_task(tick())
    state = await credentials.keep("prod", Credential.PASSWORD, Secret(SECRET))
    ticking.cancel()
    released.set()
    assert state.store is Store.SESSION
    assert "did not answer within 0.05 s" in state.reason
    assert time.monotonic() - started < 5
    assert ticks > 0
    assert (await credentials.find("prod", Credential.PASSWORD)) is not None


async def test_a_keyring_that_gets_locked_later_is_given_up_without_losing_the_secret() -> None:
    backend = secret_service()
    credentials = store(backend)
    await credentials.keep("prod", Credential.PASSWORD, Secret(SECRET))

    def locked(service: str, username: str) -> str | None:
        raise RuntimeError("locked")

    backend.get_password = locked  # type: ignore[method-assign]
    assert await credentials.find("other", Credential.PASSWORD) is None
    state = await credentials.state()
    assert state.store is Store.SESSION
    assert state.reason == "the keyring failed: RuntimeError: locked"
    assert (await credentials.find("prod", Credential.PASSWORD)) is not None
    del backend.get_password
    assert (await credentials.state(again=True)).store is Store.KEYRING


async def test_a_keyring_that_starts_to_forget_is_noticed() -> None:
    backend = secret_service()
    credentials = store(backend)
    await credentials.state()
    backend.get_password = lambda service, username: None  # type: ignore[method-assign]
    state = await credentials.keep("prod", Credential.PASSWORD, Secret(SECRET))
    assert state.store is Store.SESSION
    assert state.reason == "Secret Service did not give back what it was given"


async def test_the_environment_wins_is_emptied_and_serves_one_profile(tmp_path: Path) -> None:
    backend = secret_service()
    backend.kept[service_name("prod"), "password"] = "old-one"
    file = tmp_path / "key"
    file.write_text(f"{SECRET}\n")
    environment = {"CSVPN_PASSWORD": "from-env", "CSVPN_SECRET_KEY_FILE": str(file), "PATH": "x"}
    credentials = CredentialStore(environment, choose_keyring=lambda: backend)
    assert environment == {"PATH": "x"}
    found = await credentials.find("prod", Credential.PASSWORD)
    assert found == Found(Secret("from-env"), Store.ENVIRONMENT)
    found = await credentials.find("prod", Credential.SECRET_KEY)
    assert found == Found(Secret(SECRET), Store.ENVIRONMENT)
    assert await credentials.find("other", Credential.PASSWORD) is None


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda path: None, "cannot be read (No such file or directory)"),
        (lambda path: path.write_text(""), "has no first line"),
        (lambda path: path.write_text("\nsecond"), "has no first line"),
        (lambda path: path.write_bytes(b"\xff\xfe"), "is not text"),
        (lambda path: path.mkdir(), "cannot be read (Is a directory)"),
    ],
)
def test_a_promised_file_that_is_not_there(
    tmp_path: Path, make: Callable[[Path], object], says: str
) -> None:
    make(tmp_path / "s\x1b")
    environment = {"CSVPN_PASSWORD_FILE": str(tmp_path / "s\x1b"), "CSVPN_SECRET_KEY": SECRET}
    with pytest.raises(CredentialError) as raised:
        CredentialStore(environment)
    assert says in str(raised.value)
    assert "CSVPN_PASSWORD_FILE" in str(raised.value)
    assert "\x1b" not in str(raised.value)
    assert environment == {}


async def test_concurrent_questions_open_the_keyring_once() -> None:
    opened = 0
    backend = secret_service()

    def choose() -> Keyring:
        nonlocal opened
        opened += 1
        time.sleep(0.02)
        return backend

    credentials = CredentialStore({}, choose_keyring=choose)
    await asyncio.gather(*(credentials.find(f"p{n}", Credential.PASSWORD) for n in range(5)))
    assert opened == 1


async def test_the_keyring_of_this_machine_gives_an_answer_in_time() -> None:
    state = await CredentialStore({}).state()
    assert state.store in {Store.KEYRING, Store.SESSION}
    assert bool(state.reason) is (state.store is Store.SESSION)
