"""The lists that the API gives: command, key of the array, type of a row."""

from typing import Final, Generic, TypeVar

import msgspec

from tui.cloud import models

T = TypeVar("T")


class Listing(msgspec.Struct, Generic[T], frozen=True):
    """A list command: `listNetworks` answers `{"count": n, "network": [...]}`."""

    command: str
    key: str
    type: type[T]
    paged: bool = True
    """Whether `page` and `pagesize` are sent."""


ZONES: Final = Listing("listZones", "zone", models.Zone)
NETWORKS: Final = Listing("listNetworks", "network", models.Network)
OFFERINGS: Final = Listing("listNetworkOfferings", "networkoffering", models.NetworkOffering)
VPCS: Final = Listing("listVPCs", "vpc", models.Vpc)
ADDRESSES: Final = Listing("listPublicIpAddresses", "publicipaddress", models.PublicIp)
VPNS: Final = Listing("listRemoteAccessVpns", "remoteaccessvpn", models.RemoteAccessVpn)
VPN_USERS: Final = Listing("listVpnUsers", "vpnuser", models.VpnUser)
FIREWALL_RULES: Final = Listing("listFirewallRules", "firewallrule", models.FirewallRule)
EGRESS_RULES: Final = Listing("listEgressFirewallRules", "firewallrule", models.FirewallRule)
PORT_FORWARDING: Final = Listing(
    "listPortForwardingRules", "portforwardingrule", models.PortForwardingRule
)
LOAD_BALANCERS: Final = Listing(
    "listLoadBalancerRules", "loadbalancerrule", models.LoadBalancerRule
)
RESOURCE_LIMITS: Final = Listing("listResourceLimits", "resourcelimit", models.ResourceLimit)
ACL_LISTS: Final = Listing("listNetworkACLLists", "networkacllist", models.AclList)
ACLS: Final = Listing("listNetworkACLs", "networkacl", models.NetworkAcl)
ROUTERS: Final = Listing("listRouters", "router", models.Router)
VIRTUAL_MACHINES: Final = Listing("listVirtualMachines", "virtualmachine", models.VirtualMachine)
ACCOUNTS: Final = Listing("listAccounts", "account", models.Account)
PROJECTS: Final = Listing("listProjects", "project", models.Project)
USERS: Final = Listing("listUsers", "user", models.User)
EVENTS: Final = Listing("listEvents", "event", models.Event)
CONFIGURATIONS: Final = Listing("listConfigurations", "configuration", models.Configuration)
HOSTS: Final = Listing("listHosts", "host", models.Host)
MANAGEMENT_SERVERS: Final = Listing(
    "listManagementServers", "managementserver", models.ManagementServer
)
VPN_GATEWAYS: Final = Listing("listVpnGateways", "vpngateway", models.VpnGateway)
VPN_CUSTOMER_GATEWAYS: Final = Listing(
    "listVpnCustomerGateways", "vpncustomergateway", models.CustomerGateway
)
VPN_CONNECTIONS: Final = Listing("listVpnConnections", "vpnconnection", models.VpnConnection)
JOBS: Final = Listing("listAsyncJobs", "asyncjobs", models.Job)
APIS: Final = Listing("listApis", "api", models.Api, paged=False)
