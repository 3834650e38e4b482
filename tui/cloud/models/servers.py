"""Zones, hosts, settings and what the server can do."""

from msgspec import field

from tui.cloud.models.base import Resource, Wire


class Zone(Resource, frozen=True, kw_only=True):
    """A zone."""

    name: str = ""
    network_type: str = ""
    """`Advanced` or `Basic`; only the former has Remote Access VPN."""
    security_groups_enabled: bool = False
    allocation_state: str = ""
    dhcp_provider: str = ""


class Host(Resource, frozen=True, kw_only=True):
    """A hypervisor host; the way to the routers on it."""

    name: str = ""
    type: str = ""
    state: str = ""
    resource_state: str = ""
    ip_address: str = ""
    hypervisor: str = ""
    zone_id: str = ""
    zone_name: str = ""
    cluster_name: str = ""
    pod_name: str = ""


class ManagementServer(Resource, frozen=True, kw_only=True):
    """A management server."""

    name: str = ""
    state: str = ""
    version: str = ""
    ip_address: str = ""
    pending_jobs_count: int | None = None


class Configuration(Wire, frozen=True, kw_only=True):
    """A setting of the cloud. It has no id; its name is one."""

    name: str = ""
    value: str = ""
    default_value: str = ""
    scope: str = ""
    category: str = ""
    is_dynamic: bool | None = None
    type: str = ""
    description: str = ""


class Capability(Wire, frozen=True, kw_only=True):
    """What `listCapabilities` says of the server."""

    version: str = field(default="", name="cloudstackversion")
    """"" where the server hides it."""
    dynamic_roles: bool = field(default=False, name="dynamicrolesenabled")
    api_limit_max: int | None = None
    """Calls per interval for one account; None where there is no limit."""
    api_limit_interval: int | None = None
    """Seconds."""


class ApiParameter(Wire, frozen=True, kw_only=True):
    """A parameter of a command."""

    name: str = ""
    type: str = ""
    required: bool = False


class Api(Wire, frozen=True, kw_only=True):
    """A command that the caller's role may use."""

    name: str = ""
    is_async: bool = False
    since: str = ""
    parameters: tuple[ApiParameter, ...] = field(default=(), name="params")
