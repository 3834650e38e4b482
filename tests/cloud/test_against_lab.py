"""The client and the embedded cloud, from a key to a VPN and back."""

import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import httpx
import pytest

from tests.cloud.servers import URL, FakeClock
from tui.cloud import listings
from tui.cloud.calls import Call
from tui.cloud.client import CloudClient
from tui.cloud.endpoint import Endpoint, Identity, Keys, Login
from tui.cloud.errors import Credentials, JobFailed, LoginRefused, Validation
from tui.cloud.models import RemoteAccessVpn, VpnUser
from tui.lab.lab import Actor, Lab, open_lab
from tui.safety.secret import Secret


@pytest.fixture
async def lab(tmp_path: Path) -> AsyncIterator[Lab]:
    async with open_lab("contract", tmp_path, routers=False) as opened:
        yield opened


def _keys(actor: Actor) -> Identity:
    return Keys(actor.api_key, Secret(actor.secret_key))


def _login(actor: Actor) -> Identity:
    return Login(actor.username, Secret(actor.password), actor.domain)


def _client(lab: Lab, identity: Identity, calls: list[Call] | None = None) -> CloudClient:
    return CloudClient(
        Endpoint(url=URL, page_size=3),
        identity,
        transport=httpx.ASGITransport(app=lab.app),
        on_call=calls.append if calls is not None else None,
    )


@pytest.mark.parametrize("identify", [_keys, _login])
async def test_a_vpn_with_a_user_and_back(lab: Lab, identify: Callable[[Actor], Identity]) -> None:
    calls: list[Call] = []
    client = _client(lab, identify(lab.actors["user"]), calls)
    networks = await client.fetch(listings.NETWORKS, listall=True)
    assert len({network.id for network in networks}) == 9
    addresses = await client.fetch(listings.ADDRESSES, issourcenat=True)
    (address,) = [a for a in addresses if a.network_name == "acme-prod"]

    job = await client.run("createRemoteAccessVpn", publicipid=address.id)
    vpn = job.outcome("remoteaccessvpn", RemoteAccessVpn)
    assert vpn is not None
    assert (vpn.state, vpn.public_ip) == ("Running", "203.0.113.12")
    (listed,) = await client.fetch(listings.VPNS)
    assert listed.preshared_key == vpn.preshared_key
    rules = await client.fetch(listings.FIREWALL_RULES, ipaddressid=address.id)
    assert sorted(rule.start_port or 0 for rule in rules) == [500, 1701, 4500]

    password = Secret("Winter2026x")
    job = await client.run("addVpnUser", username="alice", password=password)
    user = job.outcome("vpnuser", VpnUser)
    assert user is not None
    assert (user.user_name, user.state) == ("alice", "Active")
    with pytest.raises(Validation, match="already added"):
        await client.submit("addVpnUser", username="alice", password=password)
    with pytest.raises(JobFailed):
        await client.run("removeVpnUser", username="nobody")
    await client.run("removeVpnUser", username="alice")
    await client.run("deleteRemoteAccessVpn", publicipid=address.id)
    assert await client.fetch(listings.VPNS) == []
    assert not await client.allowed("listHosts")
    assert await client.allowed("createRemoteAccessVpn")
    await client.aclose()
    assert all("Winter2026x" not in repr(call) for call in calls)


async def test_wrong_secrets(lab: Lab) -> None:
    actor = lab.actors["user"]
    for identity, kind in (
        (Keys(actor.api_key, Secret("a-wrong-secret-key")), Credentials),
        (Keys("an-unknown-api-key", Secret(actor.secret_key)), Credentials),
        (Login(actor.username, Secret("a-wrong-password"), actor.domain), LoginRefused),
        (Login(actor.username, Secret(actor.password), "/elsewhere"), LoginRefused),
    ):
        client = _client(lab, identity)
        with pytest.raises(kind):
            await client.fetch(listings.ZONES)
        await client.aclose()


async def test_a_clock_that_is_years_wrong_still_reads(lab: Lab) -> None:
    client = CloudClient(
        Endpoint(url=URL),
        _keys(lab.actors["user"]),
        transport=httpx.ASGITransport(app=lab.app),
        clock=FakeClock(wall=1_000_000_000.0),
    )
    assert len(await client.fetch(listings.ZONES)) == 1
    assert client.clock_offset is not None
    assert client.clock_offset > 500_000_000
    await client.aclose()


def test_importing_the_client_loads_no_http_library() -> None:
    script = (
        "import sys; import tui.cloud.client, tui.cloud.listings, tui.cloud.permissions; "
        "print([name for name in ('httpx', 'httpcore', 'anyio', 'ssl') if name in sys.modules])"
    )
    result = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert result.stdout.strip() in ("[]", "['ssl']")  # asyncio brings ssl
