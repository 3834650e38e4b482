"""One SSH connection per router, opened when it is first needed and kept."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from tui.cloud import listings
from tui.cloud.client import CloudClient
from tui.cloud.errors import CloudError
from tui.cloud.models import Router
from tui.router.errors import HostKeyUnknown, PathUnknown
from tui.router.hops import RouterTarget
from tui.safety.secret import Secret
from tui.settings.model import Profile, SshPath

if TYPE_CHECKING:
    from tui.router.connection import RouterConnection, Witness

FindPassphrase = Callable[[], Secret | None]
"""Looks for the passphrase of the SSH keys of a profile; None where nobody has given one."""


class RouterPool:
    """The connections to the routers of one profile."""

    def __init__(
        self,
        profile: Profile,
        client: CloudClient,
        find_passphrase: FindPassphrase | None = None,
        witness: "Witness | None" = None,
    ) -> None:
        """`witness` is told of every change that is made on a router."""
        self._witness = witness
        self._profile = profile
        self._client = client
        self._find_passphrase = find_passphrase
        self._connections: dict[str, RouterConnection] = {}
        self._targets: dict[str, RouterTarget] = {}
        self._host_addresses: dict[str, str] = {}

    def path_of(self, router: Router) -> SshPath:
        """How the profile says to reach the router; raises `PathUnknown` when it does not."""
        path = self._profile.ssh_path(router.zone_name)
        if path is None:
            raise PathUnknown(
                f"the profile {self._profile.name} does not say how to reach routers of zone "
                f"{router.zone_name}",
                "add the SSH path of the zone to the profile (see docs/profiles.md)",
            )
        return path

    async def connection(self, router: Router) -> "RouterConnection":
        """The connection to `router`, not necessarily open yet.

        Raises `PathUnknown`. A router's control address changes when it is started anew, so a
        connection to an old address is given up.
        """
        from tui.router.connection import RouterConnection

        path = self.path_of(router)
        target = RouterTarget(
            name=router.name,
            uuid=router.id,
            control_ip=router.control_ip,
            host_ip=await self._host_address(router) if path.via == "kvm" else "",
        )
        known = self._connections.get(router.id)
        if known is not None and self._targets[router.id] == target:
            return known
        passphrase = self._find_passphrase() if self._find_passphrase is not None else None
        connection = RouterConnection(
            target,
            path,
            passphrase=passphrase,
            read_only=self._client.endpoint.read_only,
            witness=self._witness,
        )
        self._connections[router.id] = connection
        self._targets[router.id] = target
        if known is not None:
            # Last, so that whoever asks meanwhile gets the new one too.
            await known.aclose()
        return connection

    def learn(self, router: Router, problem: HostKeyUnknown) -> None:
        """Remember a host key that somebody has seen and accepted; raises `RouterError`."""
        from tui.router.connection import host_keys_of

        host_keys_of(self.path_of(router)).learn(problem)

    async def _host_address(self, router: Router) -> str:
        """The address of the hypervisor; only root admins are told, and so others get ""."""
        if not router.host_id:
            return ""
        if router.host_id not in self._host_addresses:
            try:
                hosts = await self._client.fetch(listings.HOSTS, id=router.host_id)
            except CloudError:
                return ""
            self._host_addresses |= {host.id: host.ip_address for host in hosts}
        return self._host_addresses.get(router.host_id, "")

    async def aclose(self) -> None:
        """Close every connection."""
        connections, self._connections = list(self._connections.values()), {}
        for connection in connections:
            await connection.aclose()
