"""What a profile says: one cloud, who we are there, and how to reach its routers."""

import re
from typing import Annotated, Final, Literal

import msgspec

Port = Annotated[int, msgspec.Meta(ge=1, le=65535)]
Seconds = Annotated[float, msgspec.Meta(gt=0, le=3600)]

NAME_RULE: Final = "1 to 64 letters, digits, '.', '_' or '-', starting with a letter or digit"
_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
LIST_RULE: Final = (
    "1 to 32 letters, digits, '.', '_' or '-', starting with a letter, and not the word anywhere"
)
_LIST: Final = re.compile(r"(?!anywhere$)[A-Za-z][A-Za-z0-9._-]{0,31}", re.IGNORECASE | re.ASCII)


def is_profile_name(name: str) -> bool:
    """True if `name` may name a profile (`NAME_RULE`)."""
    return _NAME.fullmatch(name) is not None


def is_list_name(name: str) -> bool:
    """True if `name` may name a list of sources (`LIST_RULE`): it can never be read as a CIDR."""
    return _LIST.fullmatch(name) is not None


class Hop(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One SSH login on the way to a router."""

    host: str
    port: Port = 22
    user: str = "root"


class SshPath(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How to reach the routers of one zone. Paths of files may begin with `~`."""

    via: Literal["direct", "kvm", "management"] = "direct"
    """`kvm`: through the host that runs the router, to its link-local address."""
    jump: tuple[Hop, ...] = ()
    """Bastions before the last hop, in order."""
    host_user: str = "root"
    """Login on the KVM host or management server."""
    host_port: Port = 22
    management_host: str = ""
    """Host name or address; needed when `via` is `management`."""
    key_file: str = ""
    """Local private key for the hops, and for the router when `via` is `direct`. Empty: the SSH
    agent and the usual keys."""
    router_key_file: str = ""
    """Local private key for the router where it differs from `key_file`."""
    router_port: Port = 3922
    known_hosts: str = ""
    """File of host keys; empty: the program's own."""
    addresses: dict[str, str] = {}
    """Router name to `host:port`, where routers are reached through forwarded ports."""


class Profile(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One cloud and one account in it. Holds no secret: those live in the credential store."""

    name: str
    url: str
    """Full API address as `urls.normalise_url` gives it."""
    auth: Literal["keys", "password"] = "keys"
    api_key: str = ""
    username: str = ""
    domain: str = "/"
    ca_file: str = ""
    """PEM file with the authorities to trust; empty: those of the system."""
    tls_verify: bool = True
    credential_command: str = ""
    """A program and its arguments, whose first line of output is the secret key or the password."""
    audit: Literal["required", "best-effort"] = "required"
    """`required`: nothing is changed while the audit trail cannot be written."""
    read_only: bool = False
    production: bool = False
    connect_timeout: Seconds = 10
    read_timeout: Seconds = 30
    total_timeout: Seconds = 60
    max_calls: Annotated[int, msgspec.Meta(ge=1, le=16)] = 3
    """Calls at a time to this server."""
    page_size: Annotated[int, msgspec.Meta(ge=1, le=500)] = 100
    keep_rows: bool = True
    """Whether rows that were seen are kept on disk, to be shown at once at the next start."""
    psk_days: Annotated[int, msgspec.Meta(ge=1, le=3650)] = 90
    """Days that a pre-shared key is good for, before it is called overdue."""
    zones: dict[str, SshPath] = {}
    """By zone name; `*` is every other zone."""
    sources: dict[str, tuple[str, ...]] = {}
    """Lists of source networks by name (`LIST_RULE`), each IPv4 in CIDR form; a name may be typed
    wherever the sources of a firewall rule are."""

    def ssh_path(self, zone_name: str) -> SshPath | None:
        """The way to the routers of `zone_name`, or None where the profile does not say it."""
        return self.zones.get(zone_name, self.zones.get("*"))


class Profiles(msgspec.Struct, frozen=True):
    """All profiles of one file."""

    default: str = ""
    """Name of the profile to start with; empty when there is none or the choice is open."""
    profiles: dict[str, Profile] = {}
    """By name, in the order of the file."""

    def chosen(self, name: str = "") -> Profile | None:
        """The profile called `name`, the default one for an empty name, None if not there."""
        return self.profiles.get(name or self.default)
