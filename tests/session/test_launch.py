"""Opening profiles: which secret is used, what is tested, what is kept, what is said."""

import subprocess
import sys
from pathlib import Path

import asyncssh
import httpx
import msgspec
import pytest

from tests.consoles import lab_path
from tests.launchers import URL, MemoryKeyring, lab_launcher, saved_profile, secret_of
from tui.cloud.endpoint import Keys, Login
from tui.cloud.errors import Credentials, Network, NotCloudStack, ReadOnly
from tui.lab.lab import Lab
from tui.router.errors import KeyFileProblem
from tui.safety.credentials import Credential, CredentialStore, Store
from tui.safety.secret import Secret
from tui.session.inventory import Kind
from tui.session.launch import Launcher, SecretMissing, identity_of
from tui.settings.errors import SettingsError
from tui.settings.model import Profile
from tui.settings.paths import profiles_file


async def test_a_profile_opens_with_the_secret_of_the_environment(contract_lab: Lab) -> None:
    profile = saved_profile(contract_lab)
    launcher = lab_launcher(contract_lab, secret_of(contract_lab))
    session = await launcher.try_out(profile)
    assert session.identity.who == "admin@ROOT"
    assert session.identity.server_version.startswith("4.22")
    assert session.zone_name == "dc1"
    await session.aclose()


async def test_opening_asks_the_server_nothing(contract_lab: Lab) -> None:
    profile = saved_profile(contract_lab)
    session = await lab_launcher(contract_lab, secret_of(contract_lab)).open(profile)
    assert session.client.round_trip is None
    await session.aclose()


@pytest.mark.parametrize(
    ("auth", "words"), [("keys", "The secret key"), ("password", "The password")]
)
async def test_a_missing_secret_is_named_with_the_reason(
    contract_lab: Lab, auth: str, words: str
) -> None:
    profile = saved_profile(contract_lab, auth=auth, username="admin")
    with pytest.raises(SecretMissing, match=f"{words} is not known: no keyring") as caught:
        await lab_launcher(contract_lab).open(profile)
    assert caught.value.profile is profile


async def test_a_keyring_without_the_secret_is_named(contract_lab: Lab) -> None:
    launcher = lab_launcher(contract_lab, keyring=MemoryKeyring())
    with pytest.raises(SecretMissing, match="Secret Service does not have it"):
        await launcher.open(saved_profile(contract_lab))


async def test_what_is_saved_opens_again_and_the_file_has_no_secret(contract_lab: Lab) -> None:
    keyring = MemoryKeyring()
    profile = saved_profile(contract_lab)
    profiles_file().unlink()
    secret = contract_lab.actors["root"].secret_key
    state = await lab_launcher(contract_lab, keyring=keyring).save(profile, Secret(secret))
    assert state.store is Store.KEYRING
    assert keyring.values[f"csvpn/{profile.name}", Credential.SECRET_KEY] == secret
    text = profiles_file().read_text()
    assert secret not in text and profile.api_key in text
    assert profiles_file().stat().st_mode & 0o777 == 0o600

    again = lab_launcher(contract_lab, keyring=keyring)
    session = await again.try_out(again.profiles().profiles[profile.name])
    await session.aclose()


async def test_without_a_keyring_the_secret_is_for_this_session(contract_lab: Lab) -> None:
    launcher = lab_launcher(contract_lab)
    profile = saved_profile(contract_lab)
    state = await launcher.save(profile, Secret(contract_lab.actors["root"].secret_key))
    assert state.store is Store.SESSION and "no keyring" in state.reason
    session = await launcher.try_out(profile)
    await session.aclose()


async def test_saving_again_without_a_secret_keeps_the_one_there_is(contract_lab: Lab) -> None:
    launcher = lab_launcher(contract_lab)
    profile = saved_profile(contract_lab)
    secret = Secret(contract_lab.actors["root"].secret_key)
    await launcher.save(profile, secret)
    await launcher.save(profile)
    assert await launcher.secret_of(profile) == secret


async def test_what_cannot_be_saved_keeps_no_secret(contract_lab: Lab) -> None:
    keyring = MemoryKeyring()
    profile = saved_profile(contract_lab)
    profiles_file().write_text("[[[")
    with pytest.raises(SettingsError):
        await lab_launcher(contract_lab, keyring=keyring).save(profile, Secret("long enough"))
    assert keyring.values == {}


async def test_removing_forgets_profile_and_secret(contract_lab: Lab) -> None:
    keyring = MemoryKeyring()
    launcher = lab_launcher(contract_lab, keyring=keyring)
    profile = saved_profile(contract_lab)
    await launcher.save(profile, Secret(contract_lab.actors["root"].secret_key))
    await launcher.remove(profile)
    assert launcher.profiles().profiles == {}
    assert keyring.values == {}


async def test_a_wrong_key_is_found_before_anything_is_kept(contract_lab: Lab) -> None:
    launcher = lab_launcher(contract_lab)
    with pytest.raises(Credentials):
        await launcher.try_out(saved_profile(contract_lab), Secret("not the right one"))
    with pytest.raises(SecretMissing):
        await launcher.open(saved_profile(contract_lab))


class Closing(httpx.MockTransport):
    """Says whether it was closed."""

    closed = False

    async def aclose(self) -> None:
        self.closed = True


def _refused(request: httpx.Request) -> httpx.Response:
    raise httpx.ConnectError("connection refused", request=request)


def _page(_request: httpx.Request) -> httpx.Response:
    return httpx.Response(200, html="<html>Please log in</html>")


@pytest.mark.parametrize(
    ("answer", "error"), [(_refused, Network), (_page, NotCloudStack)], ids=["refused", "html"]
)
async def test_a_test_that_fails_leaves_nothing_open(
    answer: object, error: type[Exception], monkeypatch: pytest.MonkeyPatch
) -> None:
    from tui.cloud.clock import Clock

    async def at_once(_self: Clock, _seconds: float) -> None:
        """Repeating a read waits a moment; not here."""

    monkeypatch.setattr(Clock, "sleep", at_once)
    transport = Closing(answer)  # type: ignore[arg-type]
    launcher = Launcher(CredentialStore({}), transport=lambda _profile: transport)
    profile = Profile(name="prod", url=URL, api_key="key")
    with pytest.raises(error):
        await launcher.try_out(profile, Secret("some secret key"))
    assert transport.closed


async def test_read_only_is_for_every_profile(contract_lab: Lab) -> None:
    launcher = lab_launcher(contract_lab, secret_of(contract_lab), read_only=True)
    session = await launcher.try_out(saved_profile(contract_lab))
    assert session.read_only
    with pytest.raises(ReadOnly):
        await session.client.call("createRemoteAccessVpn", publicipid="x")
    await session.aclose()


def test_both_ways_to_sign_in() -> None:
    keys = identity_of(Profile(name="a", url=URL, api_key="key"), Secret("secret"))
    assert keys == Keys("key", Secret("secret"))
    profile = Profile(name="a", url=URL, auth="password", username="me", domain="/customers")
    assert identity_of(profile, Secret("word")) == Login("me", Secret("word"), "/customers")


async def test_a_demo_is_offered_only_where_there_is_a_lab(contract_lab: Lab) -> None:
    launcher = lab_launcher(contract_lab)
    assert not launcher.offers_demo
    with pytest.raises(RuntimeError):
        await launcher.open_demo()


async def test_the_passphrase_of_a_key_file_comes_from_the_environment(
    demo_lab: Lab, tmp_path: Path
) -> None:
    plain = lab_path(demo_lab)
    locked = tmp_path / "locked"
    key = asyncssh.read_private_key(plain.key_file)
    locked.write_bytes(key.export_private_key(passphrase="open sesame"))
    way = msgspec.structs.replace(plain, key_file=str(locked))
    profile = saved_profile(demo_lab, zones={"*": way})
    for given, opens in ((None, False), ("a wrong one", False), ("open sesame", True)):
        environment = secret_of(demo_lab) | ({"CSVPN_KEY_PASSPHRASE": given} if given else {})
        session = await lab_launcher(demo_lab, environment).open(profile)
        await session.inventory.refresh((Kind.ROUTERS,))
        router = next(r for r in session.inventory.routers.rows.values() if r.state == "Running")
        connection = await session.routers.connection(router)
        if opens:
            await connection.connect()
        else:
            with pytest.raises(KeyFileProblem):
                await connection.connect()
        assert connection.is_connected is opens
        await session.aclose()


def test_loading_the_launcher_loads_no_client() -> None:
    """httpx, asyncssh and keyring take longer than everything before the first screen."""
    code = (
        "import sys, tui.session.launch\n"
        "heavy = {'httpx', 'asyncssh', 'keyring', 'textual', 'tomlkit'} & set(sys.modules)\n"
        "sys.exit(f'loaded: {heavy}' if heavy else 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
