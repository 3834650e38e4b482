"""The way to a router: which machines to log in to, in which order, with which keys.

A router answers SSH only on its control address (`reference/virtual-router.md`, section 1). On KVM
that is a link-local address behind the host that runs it, and the same address exists once per pod;
on VMware it is an address of the management network. So a router's key is filed under its uuid,
never under its address, and addresses are never remembered.
"""

import msgspec

from tui.router.errors import PathUnknown
from tui.settings.model import SshPath


class RouterTarget(msgspec.Struct, frozen=True, kw_only=True):
    """One router as the cloud describes it right now."""

    name: str
    """`r-42-VM`: also its host name."""
    uuid: str
    control_ip: str
    """`linklocalip` of listRouters: the only address its SSH server listens on."""
    host_ip: str = ""
    """Address of the hypervisor that runs it (listHosts); needed for `via = "kvm"`."""


class Step(msgspec.Struct, frozen=True):
    """One SSH login."""

    label: str
    """For people: `jump host bastion.example`, `router r-42-VM`."""
    host: str
    port: int
    user: str
    key_file: str
    """Path of a private key; empty: agent and default keys."""
    alias: str
    """Name the host key is filed under: `host`, `[host]:port` or `vr:<uuid>`."""


def host_alias(host: str, port: int) -> str:
    """The name of an ordinary machine in a known_hosts file."""
    return host if port == 22 else f"[{host}]:{port}"


def router_alias(uuid: str) -> str:
    """The name of a router in a known_hosts file: addresses of routers mean nothing."""
    return f"vr:{uuid}"


def plan(path: SshPath, router: RouterTarget) -> tuple[Step, ...]:
    """The logins from here to `router`, the last one being the router itself.

    Raises `PathUnknown` where the profile or the cloud does not say enough.
    """
    steps = [
        Step(
            f"jump host {hop.host}",
            hop.host,
            hop.port,
            hop.user,
            path.key_file,
            host_alias(hop.host, hop.port),
        )
        for hop in path.jump
    ]
    forwarded = path.addresses.get(router.name, "")
    if forwarded:
        host, port = _host_and_port(forwarded, path.router_port, router.name)
    else:
        host, port = router.control_ip, path.router_port
        if not host:
            raise PathUnknown(
                f"the cloud does not tell the control address of {router.name}",
                "only root and resource admins are told it; or give its address in the profile",
            )
        steps += _host_step(path, router)
    key_file = path.router_key_file or path.key_file
    steps.append(
        Step(f"router {router.name}", host, port, "root", key_file, router_alias(router.uuid))
    )
    return tuple(steps)


def _host_step(path: SshPath, router: RouterTarget) -> list[Step]:
    if path.via == "direct":
        return []
    host = router.host_ip if path.via == "kvm" else path.management_host
    if not host and path.via == "kvm":
        raise PathUnknown(
            f"the host that runs {router.name} is not known",
            "is the router running? only root admins are told its host",
        )
    if not host:
        raise PathUnknown(
            "the profile does not name the management server",
            "set management_host in the zone's SSH path",
        )
    label = f"{'KVM host' if path.via == 'kvm' else 'management server'} {host}"
    alias = host_alias(host, path.host_port)
    return [Step(label, host, path.host_port, path.host_user, path.key_file, alias)]


def _host_and_port(address: str, default_port: int, router: str) -> tuple[str, int]:
    host, separator, port = address.rpartition(":")
    if not separator:
        return address, default_port
    host = host.removeprefix("[").removesuffix("]")
    if not host or not port.isdecimal() or not 0 < int(port) < 65536:
        raise PathUnknown(
            f"the address of {router} in the profile is not host:port: {address!r}",
            "write it as 192.0.2.1:3922",
        )
    return host, int(port)
