"""Every command of the lab and the function that answers it."""

from tui.lab.cloud import (
    commands_acl,
    commands_addresses,
    commands_discovery,
    commands_firewall,
    commands_fixed,
    commands_forwarding,
    commands_inventory,
    commands_jobs,
    commands_machines,
    commands_networks,
    commands_routers,
    commands_settings,
    commands_site_to_site,
    commands_tags,
    commands_vpn,
    commands_vpn_users,
)
from tui.lab.cloud.call import Handler

HANDLERS: dict[str, Handler] = {
    **commands_discovery.HANDLERS,
    **commands_inventory.HANDLERS,
    **commands_fixed.HANDLERS,
    **commands_settings.HANDLERS,
    **commands_jobs.HANDLERS,
    **commands_networks.HANDLERS,
    **commands_addresses.HANDLERS,
    **commands_vpn.HANDLERS,
    **commands_vpn_users.HANDLERS,
    **commands_firewall.HANDLERS,
    **commands_forwarding.HANDLERS,
    **commands_acl.HANDLERS,
    **commands_site_to_site.HANDLERS,
    **commands_routers.HANDLERS,
    **commands_machines.HANDLERS,
    **commands_tags.HANDLERS,
}
