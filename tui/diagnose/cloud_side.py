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
    redundant_state: str = ""
    version: str = ""
    is_vpc: bool = False
    network: str = ""
    guest_cidr: str = ""
    account: str = ""
    public_ip: str = ""
    """Address of the VPN; empty: there is no VPN."""
    pool: str = ""
    """`first-last` of the addresses for clients, as `listRemoteAccessVpns` gives them."""
    vpn_state: str = ""
    psk_sha256: str = ""
    """SHA-256 of the pre-shared key in hexadecimal; empty: not known."""
    users: tuple[str, ...] | None = None
    """Names that may log in (state Active)."""
    rules: tuple[PortRule, ...] | None = None

    @property
    def has_vpn(self) -> bool:
        """True if the API lists a Remote Access VPN."""
        return bool(self.public_ip)
