"""Writes a world in a few words per network: ids, numbers and rules follow from the names."""

from __future__ import annotations

import gzip
import ipaddress
import time
from functools import cache
from importlib.resources import files

import msgspec

from tui.lab.cloud import entities as e
from tui.lab.cloud.rows_networks import derived_id
from tui.lab.cloud.world import stamp
from tui.lab.worlds.snapshot import Snapshot

DEFAULT_RANGE = "10.1.2.1-10.1.2.8"
ANYWHERE = "0.0.0.0/0"
VPN_PORTS = (500, 1701, 4500)


@cache
def _services() -> dict[str, msgspec.Raw]:
    text = gzip.decompress((files("tui.lab") / "data" / "services.json.gz").read_bytes())
    return msgspec.json.decode(text, type=dict[str, msgspec.Raw])


def identity(*parts: str) -> str:
    """The UUID of something in the world `demo`: always the same."""
    return derived_id("demo", *parts)


class Builder:
    """Collects a `Snapshot`."""

    def __init__(self, title: str) -> None:
        root = e.Domain(id=identity("domain", "ROOT"), number=1, name="ROOT", path="ROOT")
        self.now = time.time()
        self.snapshot = Snapshot(
            title=title,
            zone=e.Zone(id=identity("zone"), number=1, name="dc1", hypervisor="KVM"),
            domains=[root],
            accounts=[],
            people=[],
            services=_services(),
            numbers={"accounts": 2, "networks": 204, "vpns": 1, "rules": 1, "machines": 60},
        )
        for name, type_ in (("Root Admin", "Admin"), ("Domain Admin", "DomainAdmin")):
            self.snapshot.roles.append(e.Role(id=identity("role", name), name=name, type=type_))
        self.snapshot.roles.append(e.Role(id=identity("role", "User"), name="User"))
        self._next_address = 10
        self._default_acls()

    def ago(self, *, days: float = 0, hours: float = 0, minutes: float = 0) -> str:
        """A time before now, as the API writes it."""
        return stamp(self.now - days * 86_400 - hours * 3_600 - minutes * 60)

    # Who ------------------------------------------------------------------------------------

    def domain(self, path: str) -> str:
        """A domain by its path; returns its id."""
        made = e.Domain(
            id=identity("domain", path),
            number=len(self.snapshot.domains) + 1,
            name=path.rpartition("/")[2],
            path=path,
        )
        self.snapshot.domains.append(made)
        return made.id

    def account(self, name: str, domain: str, *, level: e.Level = "user", actor: str = "") -> str:
        """An account with one person of the same name; returns its id."""
        role = {"root": "Root Admin", "domain-admin": "Domain Admin"}.get(level, "User")
        made = e.Account(
            id=identity("account", name),
            number=len(self.snapshot.accounts) + 2,
            name=name,
            domain=domain,
            level=level,
            role=role,
            address_limit=-1 if level == "root" else 20,
        )
        self.snapshot.accounts.append(made)
        self.snapshot.people.append(
            e.Person(
                id=identity("person", name),
                username=name,
                account=made.id,
                password="lab-only-password",  # noqa: S106  opens nothing but this lab
                api_key=f"LAB-ONLY-{name}-api-key",
                secret_key=f"LAB-ONLY-{name}-secret-key",
                first_name=name.capitalize(),
                email=f"{name}@example.org",
                actor=actor,
            )
        )
        return made.id

    def vpn_users(self, account: str, state: str, *names: str) -> None:
        """VPN users in one state; their passwords follow from the names."""
        for name in names:
            self.snapshot.vpn_users.append(
                e.VpnUser(
                    id=identity("vpn user", account, name),
                    username=name,
                    password=f"{name.capitalize()}2026x",
                    account=account,
                    state="Revoke" if state == "Revoke" else "Add" if state == "Add" else "Active",
                )
            )

    # What -----------------------------------------------------------------------------------

    def host(self, name: str, ip: str) -> None:
        number = len(self.snapshot.hosts) + 1
        self.snapshot.hosts.append(
            e.Host(id=identity("host", name), number=number, name=name, ip=ip)
        )

    def offering(self, name: str, text: str, services: str, **more: object) -> str:
        """A network offering; `more` are fields of `Offering`. Returns its id."""
        made = e.Offering(
            id=identity("offering", name), name=name, display_text=text, services=services
        )
        for field, value in more.items():
            setattr(made, field, value)
        self.snapshot.offerings.append(made)
        return made.id

    def network(
        self,
        name: str,
        account: str,
        offering: str,
        cidr: str,
        *,
        state: e.NetworkState = "Implemented",
        text: str = "",
        vpc: str = "",
        acl: str = "",
        kind: str = "Isolated",
    ) -> str:
        """A network; returns its id."""
        gateway = str(ipaddress.IPv4Network(cidr)[1]) if cidr else ""
        made = e.Network(
            id=identity("network", name),
            name=name,
            offering=offering,
            account=account,
            display_text=text or name,
            kind="Shared" if kind == "Shared" else "L2" if kind == "L2" else "Isolated",
            state=state,
            cidr=cidr,
            gateway=gateway,
            vpc=vpc,
            acl=acl,
            vlan=100 + len(self.snapshot.networks),
            created=self.ago(days=200 - len(self.snapshot.networks)),
        )
        self.snapshot.networks.append(made)
        return made.id

    def vpc(self, name: str, account: str, cidr: str, text: str) -> str:
        """A VPC; returns its id."""
        made = e.Vpc(
            id=identity("vpc", name),
            number=len(self.snapshot.vpcs) + 1,
            name=name,
            cidr=cidr,
            account=account,
            display_text=text,
            created=self.ago(days=150),
        )
        self.snapshot.vpcs.append(made)
        return made.id

    def address(
        self, account: str = "", *, network: str = "", vpc: str = "", source_nat: bool = True
    ) -> e.PublicIp:
        """The next public address; without an account a free one."""
        last = self._next_address
        self._next_address += 1
        made = e.PublicIp(
            id=identity("address", str(last)),
            number=last - 9,
            address=f"203.0.113.{last}",
            state="Allocated" if account else "Free",
            account=account,
            network=network,
            vpc=vpc,
            source_nat=source_nat and bool(account),
            allocated=self.ago(days=120) if account else "",
        )
        self.snapshot.addresses.append(made)
        return made

    def router(self, number: int, account: str, address: e.PublicIp, **more: object) -> e.Router:
        """A router behind an address; `more` are fields of `Router`."""
        place = next(
            n
            for n in self.snapshot.networks
            if n.id == address.network or (address.vpc and n.vpc == address.vpc)
        )
        hosts = self.snapshot.hosts
        made = e.Router(
            id=identity("router", str(number)),
            number=number,
            name=f"r-{number}-VM",
            account=account,
            network=address.network,
            vpc=address.vpc,
            control_ip=f"169.254.{number}.{number + 7}",
            public_ip=address.address,
            guest_ip=place.gateway,
            host=hosts[number % len(hosts)].id,
            template_version="4.22.0",
            scripts_version=identity("scripts"),
            created=self.ago(days=90),
        )
        for field, value in more.items():
            setattr(made, field, value)
        if made.state != "Running":
            made.control_ip = ""
        self.snapshot.routers.append(made)
        return made

    def machine(self, name: str, account: str, network: str, ip: str) -> str:
        """A running VM; returns its id."""
        number = 60 + len(self.snapshot.machines)
        hosts = self.snapshot.hosts
        made = e.Machine(
            id=identity("machine", name),
            number=number,
            name=name,
            account=account,
            network=network,
            ip=ip,
            host=hosts[number % len(hosts)].id,
            instance_name=f"i-{number}-VM",
            created=self.ago(days=80),
        )
        self.snapshot.machines.append(made)
        return made.id

    # VPNs and rules -------------------------------------------------------------------------

    def vpn(
        self,
        address: e.PublicIp,
        *,
        state: str = "Running",
        asked: str = DEFAULT_RANGE,
        opened: tuple[int, ...] = VPN_PORTS,
        key: str = "",
    ) -> None:
        """A VPN on an address with its reserved ports and the firewall rules that it opened."""
        first, last = asked.split("-")
        self.snapshot.vpns.append(
            e.Vpn(
                id=identity("vpn", address.address),
                address=address.id,
                account=address.account,
                network=address.network,
                vpc=address.vpc,
                state="Added"
                if state == "Added"
                else "Removed"
                if state == "Removed"
                else "Running",
                local_ip=first,
                pool=f"{ipaddress.IPv4Address(first) + 1}-{last}",
                preshared_key=key or _key_of(address.address),
            )
        )
        if not address.network:
            return
        for port in VPN_PORTS:
            reserved = self._rule(address, "Vpn", "udp", port, port)
            if port in opened:
                rule = self.open(address, port, port)
                rule.related = reserved.id

    def open(
        self,
        address: e.PublicIp,
        start: int,
        end: int,
        *cidrs: str,
        protocol: str = "udp",
    ) -> e.Rule:
        """A firewall rule, from anywhere if no source is named."""
        rule = self._rule(address, "Firewall", protocol, start, end)
        rule.cidrs, rule.state = cidrs or (ANYWHERE,), "Active"
        return rule

    def forward(self, address: e.PublicIp, port: int, machine: str, protocol: str = "udp") -> None:
        """A port forwarding rule to a VM."""
        rule = self._rule(address, "PortForwarding", protocol, port, port)
        rule.machine, rule.private_start, rule.private_end = machine, port, port
        rule.state = "Active"

    def event(
        self,
        account: str,
        type_: str,
        text: str,
        at: str,
        *,
        level: str = "INFO",
        address: str = "",
    ) -> None:
        """A line of the audit trail, the oldest first; `address` is the one it hangs on."""
        person = next(p for p in self.snapshot.people if p.account == account)
        number = len(self.snapshot.events) + 1
        self.snapshot.events.append(
            e.Event(
                id=identity("event", str(number)),
                number=number,
                type=type_,
                description=text,
                state="Completed",
                account=account,
                username=person.username,
                created=at,
                level=level,
                resource=address,
                resource_type="IpAddress" if address else "",
            )
        )

    def acl(self, name: str, vpc: str, *items: e.AclItem) -> str:
        """An ACL list of a VPC; returns its id."""
        made = e.AclList(id=identity("acl", name), name=name, vpc=vpc)
        self.snapshot.acl_lists.insert(0, made)
        for item in items:
            item.id, item.acl = identity("acl item", name, str(item.position)), made.id
            self.snapshot.acl_items.append(item)
        return made.id

    def _rule(
        self, address: e.PublicIp, purpose: e.Purpose, protocol: str, start: int, end: int
    ) -> e.Rule:
        number = len(self.snapshot.rules) + 1
        rule = e.Rule(
            id=identity("rule", str(number)),
            number=number,
            purpose=purpose,
            address=address.id,
            network=address.network,
            account=address.account,
            protocol=protocol,
            start=start,
            end=end,
        )
        self.snapshot.rules.append(rule)
        return rule

    def _default_acls(self) -> None:
        for name, action in (("default_allow", "Allow"), ("default_deny", "Deny")):
            made = e.AclList(
                id=identity("acl", name), name=name, description=f"Default ACL {action} All"
            )
            self.snapshot.acl_lists.append(made)
            for position, traffic in ((2, "Egress"), (1, "Ingress")):
                self.snapshot.acl_items.append(
                    e.AclItem(
                        id=identity("acl item", name, traffic),
                        acl=made.id,
                        position=position,
                        action=action,
                        traffic=traffic,
                    )
                )


def _key_of(seed: str) -> str:
    """A pre-shared key in the server's alphabet that is the same in every demo."""
    alphabet = "ABCDEFGHJKMNPQRSTUVWXYZabcdefghjkmnpqrstuvwxyz23456789"
    number = int(derived_id("key", seed).replace("-", ""), 16)
    letters = []
    for _ in range(24):
        number, position = divmod(number, len(alphabet))
        letters.append(alphabet[position])
    return "".join(letters)
