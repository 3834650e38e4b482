"""Facts about the cloud, as frozen structs with the domain's names.

Unknown fields of the wire are ignored and missing ones keep their defaults, because servers of
many versions answer, and what a role may not see is left out. Strings are clean
(`safety.text.clean`) when they get here.
"""

from tui.cloud.models.accounts import Account, Event, Project, ResourceLimit, User, user_name_in
from tui.cloud.models.base import Owned, Resource, Tag, Wire, wire_time
from tui.cloud.models.jobs import Job, JobStatus, Submitted
from tui.cloud.models.networks import (
    AclList,
    FirewallRule,
    LoadBalancerRule,
    Network,
    NetworkAcl,
    NetworkOffering,
    PortForwardingRule,
    PublicIp,
    Service,
    Vpc,
)
from tui.cloud.models.servers import (
    Api,
    ApiParameter,
    Capability,
    Configuration,
    Host,
    ManagementServer,
    Zone,
)
from tui.cloud.models.vms import HealthCheck, Nic, Router, VirtualMachine
from tui.cloud.models.vpns import (
    CustomerGateway,
    RemoteAccessVpn,
    VpnConnection,
    VpnGateway,
    VpnUser,
)

__all__ = [
    "Account",
    "AclList",
    "Api",
    "ApiParameter",
    "Capability",
    "Configuration",
    "CustomerGateway",
    "Event",
    "FirewallRule",
    "HealthCheck",
    "Host",
    "Job",
    "JobStatus",
    "LoadBalancerRule",
    "ManagementServer",
    "Network",
    "NetworkAcl",
    "NetworkOffering",
    "Nic",
    "Owned",
    "PortForwardingRule",
    "Project",
    "PublicIp",
    "RemoteAccessVpn",
    "Resource",
    "ResourceLimit",
    "Router",
    "Service",
    "Submitted",
    "Tag",
    "User",
    "VirtualMachine",
    "Vpc",
    "VpnConnection",
    "VpnGateway",
    "VpnUser",
    "Wire",
    "Zone",
    "user_name_in",
    "wire_time",
]
