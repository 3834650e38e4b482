"""Host keys: unknown, learnt, changed, replaced, revoked."""

import stat
from pathlib import Path

import asyncssh
import pytest

from tests.router.labs import UUID, connection_to, lab_of, router_state, target
from tui.router.commands import HOSTNAME
from tui.router.connection import RouterConnection
from tui.router.errors import HostKeyChanged, HostKeyUnknown, KeyFileProblem, LinkError
from tui.router.hostkeys import HOST_KEY_ALGORITHMS, HostKeys, public_text

KEY = asyncssh.generate_private_key("ssh-ed25519").convert_to_public()
OTHER = asyncssh.generate_private_key("ssh-ed25519").convert_to_public()
ECDSA = asyncssh.generate_private_key("ecdsa-sha2-nistp256").convert_to_public()


def unknown(alias: str, key: asyncssh.SSHKey = KEY) -> HostKeyUnknown:
    return HostKeyUnknown("host", alias, public_text(key), key.get_fingerprint())


def changed(alias: str, key: asyncssh.SSHKey) -> HostKeyChanged:
    return HostKeyChanged("host", alias, public_text(key), key.get_fingerprint(), ("old",))


def test_learnt_keys_are_found_again(tmp_path: Path) -> None:
    store = HostKeys(tmp_path / "new" / "known_hosts")
    assert store.lookup("vr:1").trusted == []
    store.learn(unknown("vr:1"))
    store.learn(unknown("[192.0.2.1]:2222", OTHER))
    store.learn(unknown("vr:1"))
    assert store.lookup("vr:1").trusted == [KEY]
    assert store.lookup("[192.0.2.1]:2222").trusted == [OTHER]
    assert store.lookup("192.0.2.1").trusted == []
    assert stat.S_IMODE(store.path.stat().st_mode) == 0o600
    assert len(store.path.read_text().splitlines()) == 2


def test_a_second_key_is_not_learnt_over_the_first(tmp_path: Path) -> None:
    store = HostKeys(tmp_path / "known_hosts")
    store.learn(unknown("vr:1"))
    before = store.path.read_bytes()
    with pytest.raises(HostKeyChanged):
        store.learn(unknown("vr:1", OTHER))
    assert store.path.read_bytes() == before


def test_replacing_keeps_every_other_line(tmp_path: Path) -> None:
    store = HostKeys(tmp_path / "known_hosts")
    others = f"# ours\nvr:2 {public_text(KEY)}\n"
    store.path.write_text(f"{others}vr:1 {public_text(KEY)}\n")
    store.replace(changed("vr:1", OTHER))
    assert store.lookup("vr:1").trusted == [OTHER]
    assert store.path.read_text().startswith(others)


def test_a_shared_line_is_not_ours_to_change(tmp_path: Path) -> None:
    store = HostKeys(tmp_path / "known_hosts")
    store.path.write_text(f"vr:1,gate.example {public_text(KEY)}\n")
    with pytest.raises(KeyFileProblem, match="other names"):
        store.replace(changed("vr:1", OTHER))


def test_revoked_keys_are_refused(tmp_path: Path) -> None:
    store = HostKeys(tmp_path / "known_hosts")
    store.path.write_text(f"@revoked * {public_text(KEY)}\n")
    known = store.lookup("vr:1")
    assert isinstance(store.judge("host", "vr:1", KEY, known), HostKeyChanged)
    assert isinstance(store.judge("host", "vr:1", OTHER, known), HostKeyUnknown)


def test_hashed_names_and_patterns_of_a_users_own_file(tmp_path: Path) -> None:
    store = HostKeys(tmp_path / "known_hosts")
    store.path.write_text(f"*.example {public_text(KEY)}\n")
    assert store.lookup("gate.example").trusted == [KEY]


def test_the_known_type_is_asked_for_first(tmp_path: Path) -> None:
    store = HostKeys(tmp_path / "known_hosts")
    assert store.lookup("vr:1").algorithms == list(HOST_KEY_ALGORITHMS)
    store.learn(unknown("vr:1", ECDSA))
    algorithms = store.lookup("vr:1").algorithms
    assert algorithms[0] == "ecdsa-sha2-nistp256"
    assert sorted(algorithms) == sorted(HOST_KEY_ALGORITHMS)


@pytest.mark.parametrize("text", ["oneword\n", "@who x y\n"])
def test_a_broken_file_is_named(tmp_path: Path, text: str) -> None:
    store = HostKeys(tmp_path / "known_hosts")
    store.path.write_text(text)
    with pytest.raises(KeyFileProblem, match="known_hosts"):
        store.lookup("vr:1")


async def test_an_unknown_router_is_asked_about_once(tmp_path: Path) -> None:
    known = tmp_path / "ours" / "known_hosts"
    async with lab_of(tmp_path / "lab", router_state()) as lab:
        router = connection_to(lab, known_hosts=str(known))
        with pytest.raises(HostKeyUnknown) as caught:
            await router.run(HOSTNAME)
        question = caught.value
        assert question.alias == f"vr:{UUID}" and question.fingerprint.startswith("SHA256:")
        assert not known.exists()
        router.host_keys.learn(question)
        assert await router.run(HOSTNAME) == "r-42-VM"
        await router.aclose()
    assert f"vr:{UUID}" in known.read_text()


async def test_a_changed_key_is_refused_with_both_fingerprints(tmp_path: Path) -> None:
    known = tmp_path / "known_hosts"
    known.write_text(f"vr:{UUID} {public_text(ECDSA)}\n")
    async with lab_of(tmp_path / "lab", router_state()) as lab:
        router = connection_to(lab, known_hosts=str(known))
        with pytest.raises(HostKeyChanged) as caught:
            await router.connect()
        assert caught.value.known == (ECDSA.get_fingerprint(),)
        assert caught.value.fingerprint != ECDSA.get_fingerprint()
        assert caught.value.fingerprint in str(caught.value)
        router.host_keys.replace(caught.value)
        await router.connect()
        await router.aclose()


async def test_another_address_with_the_same_uuid_is_the_same_router(tmp_path: Path) -> None:
    async with lab_of(tmp_path / "lab", router_state()) as lab:
        port = lab.endpoints[0].port
        router = connection_to(lab, addresses={"r-42-VM": f"localhost:{port}"})
        try:
            await router.connect()
        except LinkError as error:  # a machine without a name for loopback
            pytest.skip(str(error))
        assert isinstance(router, RouterConnection) and router.target == target()
        await router.aclose()
