"""Remote Access VPNs, their users, and the site-to-site facts that matter to them."""

from msgspec import field

from tui.cloud.models.base import Owned
from tui.safety.secret import Secret


class RemoteAccessVpn(Owned, frozen=True, kw_only=True):
    """A Remote Access VPN on a public address. Only running ones are ever listed."""

    public_ip_id: str = ""
    public_ip: str = ""
    ip_range: str = field(default="", name="iprange")
    """`first-last` of what clients get; the router has the address before the first. Ends below
    its beginning where the range asked for was a single address: an empty pool."""
    preshared_key: Secret | None = None
    state: str = ""
    """`Running`; in a job's result also `Added`, which means that nothing runs."""


class VpnUser(Owned, frozen=True, kw_only=True):
    """A VPN user of an account or project; good on every VPN of it."""

    user_name: str = ""
    state: str = ""
    """`Active`, or `Add` while no router has confirmed it."""


class VpnGateway(Owned, frozen=True, kw_only=True):
    """The VPC's end of site-to-site connections."""

    public_ip: str = ""
    vpc_id: str = ""
    vpc_name: str = ""


class CustomerGateway(Owned, frozen=True, kw_only=True):
    """The other end of a site-to-site connection."""

    name: str = ""
    gateway: str = ""
    cidr_list: str = ""
    """Networks behind it, comma-separated."""
    ike_policy: str = ""
    esp_policy: str = ""
    ike_version: str = ""

    @property
    def cidrs(self) -> tuple[str, ...]:
        """The networks behind it, one by one."""
        return tuple(part.strip() for part in self.cidr_list.split(",") if part.strip())


class VpnConnection(Owned, frozen=True, kw_only=True):
    """A site-to-site connection."""

    state: str = ""
    """`Pending`, `Connecting`, `Connected`, `Disconnected`, `Error` or `Removed`."""
    gateway_id: str = field(default="", name="s2svpngatewayid")
    customer_gateway_id: str = field(default="", name="s2scustomergatewayid")
    public_ip: str = ""
    gateway: str = ""
    cidr_list: str = ""
    is_passive: bool = field(default=False, name="passive")
    created: str = ""
