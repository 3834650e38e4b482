"""What CloudStack's API says of a router and its VPN."""

import msgspec


class PortRule(msgspec.Struct, frozen=True, kw_only=True):
    """A firewall rule of the VPN's address."""

    protocol: str
    first: int
    last: int
    sources: str = ""
    """CIDRs, separated by commas; empty: everywhere."""
    state: str = "Active"


class CloudSide(msgspec.Struct, frozen=True, kw_only=True):
    """The API's word. What it did not tell is None, what is not there is empty."""

    router: str = ""
    router_state: str = ""
    is_redundant: bool | None = None
    """Whether the router is one of a pair; None where that is not told."""
    redundant_state: str = ""
    version: str = ""
    """Version of the router's template."""
    requires_upgrade: bool | None = None
    server_version: str = ""
    """Version of the management server; empty: not known."""
    router_offering: str = ""
    health_checks_failed: bool | None = None
    """Whether CloudStack's own checks of the router fail; None: not told."""
    zone: str = ""
    is_vpc: bool = False
    network: str = ""
    network_state: str = ""
    network_offering: str = ""
    conserve_mode: bool | None = None
    """Whether the offering lets one address serve several services; None: not known."""
    network_services: tuple[str, ...] | None = None
    guest_cidr: str = ""
    other_cidrs: tuple[str, ...] = ()
    """Other networks and client ranges of the account: what the pool must not overlap."""
    account: str = ""
    public_ip: str = ""
    """Address of the VPN; empty: there is no VPN."""
    pool: str = ""
    """`first-last` of the addresses for clients, as `listRemoteAccessVpns` gives them."""
    vpn_state: str = ""
    psk_sha256: str = ""
    """SHA-256 of the pre-shared key in hexadecimal; empty: not known."""
    psk_age_days: int | None = None
    """Whole days since the key was made; None: not known."""
    users: tuple[str, ...] | None = None
    """Names that may log in (state Active)."""
    adding: tuple[str, ...] = ()
    """Names in state Add: no router has confirmed them."""
    removing: tuple[str, ...] = ()
    """Names in state Revoke: a router has refused to take them out. Most lists leave them out."""
    rules: tuple[PortRule, ...] | None = None

    @property
    def has_vpn(self) -> bool:
        """True if the API lists a Remote Access VPN."""
        return bool(self.public_ip) and self.vpn_state != "Removed"
