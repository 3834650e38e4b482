"""The world `demo`: a story in which VPNs are in every state that a console has to tell apart.

`acme-prod` waits for its VPN; one of the three ports is open there already. What is wrong
elsewhere is said at each network.
"""

from tui.lab.cloud import entities as e
from tui.lab.worlds.builder import Builder, identity
from tui.lab.worlds.snapshot import Snapshot


class _Places:
    """Accounts and offerings that the parts of the story share."""

    def __init__(self, build: Builder) -> None:
        root = build.snapshot.domains[0].id
        customers = build.domain("ROOT/customers")
        partners = build.domain("ROOT/partners")
        build.account("admin", root, level="root", actor="root")
        build.account("helpdesk", customers, level="domain-admin", actor="domain-admin")
        self.acme = build.account("acme", customers, actor="user")
        self.globex = build.account("globex", customers, actor="other-user")
        self.initech = build.account("initech", customers)
        self.umbrella = build.account("umbrella", partners)
        self.isolated = build.offering(
            "DefaultIsolatedNetworkOfferingWithSourceNatService",
            "Offering for Isolated networks with Source Nat service enabled",
            "isolated",
            default=True,
            availability="Required",
        )
        self.tier = build.offering(
            "DefaultIsolatedNetworkOfferingForVpcNetworks",
            "Offering for Isolated Vpc networks with Source Nat service enabled",
            "vpc-tier",
            default=True,
            for_vpc=True,
        )
        self.redundant = build.offering(
            "RedundantIsolated", "Isolated with two routers", "isolated-5", redundant=True
        )
        self.no_vpn = build.offering("IsolatedWithoutVpn", "Isolated without VPN", "isolated-2")
        self.no_conserve = build.offering(
            "IsolatedNoConserve", "Isolated without conserve mode", "isolated-3", conserve=False
        )
        self.layer2 = build.offering(
            "DefaultL2NetworkOffering", "Offering for L2 networks", "other", guest_type="L2"
        )
        self.shared = build.offering(
            "DefaultSharedNetworkOffering",
            "Offering for Shared networks",
            "isolated-4",
            guest_type="Shared",
        )


def _waiting(build: Builder, at: _Places) -> None:
    """Networks without a VPN: the one to enable it on, and those where that meets something."""
    prod = build.network("acme-prod", at.acme, at.isolated, "10.1.1.0/24", text="acme production")
    address = build.address(at.acme, network=prod)
    build.router(42, at.acme, address)
    build.open(address, 500, 500)  # a leftover: UDP 1701 and 4500 are the two that are missing
    build.open(address, 443, 443, protocol="tcp")
    build.machine("web-1", at.acme, prod, "10.1.1.46")
    build.machine("db-1", at.acme, prod, "10.1.1.47")

    voip = build.network("acme-voip", at.acme, at.isolated, "10.6.1.0/24", text="telephones")
    address = build.address(at.acme, network=voip)
    build.router(43, at.acme, address)
    pbx = build.machine("pbx-1", at.acme, voip, "10.6.1.20")
    build.forward(address, 4500, pbx)  # collides with a VPN

    wide = build.network("acme-open", at.acme, at.isolated, "10.6.2.0/24", text="wide open")
    address = build.address(at.acme, network=wide)
    build.router(44, at.acme, address)
    build.open(address, 1, 65535)  # enabling with openfirewall is refused

    build.network(
        "initech-new", at.initech, at.isolated, "10.1.1.0/24", state="Allocated", text="no VM yet"
    )
    plain = build.network("initech-novpn", at.initech, at.no_vpn, "10.1.1.0/24")
    build.router(45, at.initech, build.address(at.initech, network=plain))
    strict = build.network("initech-strict", at.initech, at.no_conserve, "10.1.1.0/24")
    # Nobody gets to its SSH server, though CloudStack calls it running.
    build.router(46, at.initech, build.address(at.initech, network=strict), faults=("unreachable",))
    build.network(
        "acme-l2", at.acme, at.layer2, "", kind="L2", text="[bold red]layer 2[/] & [not markup]"
    )
    build.network("office-shared", "", at.shared, "192.168.77.0/24", kind="Shared", state="Setup")


def _healthy(build: Builder, at: _Places) -> None:
    """VPNs that work, and the ones that nearly do."""
    office = build.network("acme-office", at.acme, at.isolated, "10.2.1.0/24", text="headquarters")
    address = build.address(at.acme, network=office)
    # Somebody left the company while the router was stopped: their login still works.
    # Erin mistypes her password every time, and somebody tries a name that never was one.
    build.router(
        47,
        at.acme,
        address,
        ghosts={"walter": "Walter2019x"},
        habits={"erin": "wrong_password", "trent": "unknown_user"},
        history=2.0,
    )
    build.vpn(address)
    build.machine("files-1", at.acme, office, "10.2.1.30")

    lab = build.network("acme-lab", at.acme, at.isolated, "10.2.2.0/24", text="only IKE is open")
    address = build.address(at.acme, network=lab)
    build.router(48, at.acme, address)
    build.vpn(address, asked="10.3.2.1-10.3.2.8", opened=(500,))

    staging = build.network("acme-staging", at.acme, at.isolated, "10.2.3.0/24", text="no ports")
    address = build.address(at.acme, network=staging)
    build.router(49, at.acme, address)
    build.vpn(address, asked="10.3.3.1-10.3.3.8", opened=())

    grown = build.network("acme-grown", at.acme, at.isolated, "10.2.4.0/24", text="range changed")
    address = build.address(at.acme, network=grown)
    # The range was changed by removing and enabling again; the running xl2tpd kept the old one.
    # Of somebody whose pppd was killed there is still the record.
    build.router(50, at.acme, address, loaded_pool="10.3.4.2-10.3.4.8", faults=("stale_record",))
    build.vpn(address, asked="10.3.4.1-10.3.4.60")


def _broken(build: Builder, at: _Places) -> None:
    """VPNs that CloudStack or a router left half-way."""
    core = build.network("globex-core", at.globex, at.isolated, "10.1.1.0/24", text="refused once")
    address = build.address(at.globex, network=core)
    build.router(52, at.globex, address)
    build.vpn(address, state="Added")

    edge = build.network("globex-edge", at.globex, at.isolated, "10.1.1.0/24", text="half removed")
    address = build.address(at.globex, network=edge)
    build.router(53, at.globex, address)
    build.vpn(address, state="Removed", asked="10.3.5.1-10.3.5.8")

    early = build.network(
        "initech-early", at.initech, at.isolated, "10.1.1.0/24", state="Allocated", text="no router"
    )
    address = build.address(at.initech, network=early)
    build.vpn(address)

    west = build.network(
        "umbrella-west", at.umbrella, at.isolated, "10.4.1.0/24", text="router off"
    )
    address = build.address(at.umbrella, network=west)
    build.router(54, at.umbrella, address, state="Stopped")
    build.vpn(address)

    labs = build.network("umbrella-labs", at.umbrella, at.isolated, "10.4.2.0/24", text="L2TP died")
    address = build.address(at.umbrella, network=labs)
    # Whoever was connected when it died left a pppd behind, which holds the address.
    build.router(55, at.umbrella, address, xl2tpd_running=False, faults=("xl2tpd_killed",))
    build.vpn(address, asked="10.3.6.1-10.3.6.8")

    pair = build.network(
        "umbrella-ha", at.umbrella, at.redundant, "10.4.3.0/24", text="two routers"
    )
    address = build.address(at.umbrella, network=pair)
    # An old telephone, a password manager with PAP, a tablet that leaves without a word, and the
    # pre-shared key of last year.
    build.router(
        56,
        at.umbrella,
        address,
        redundant=True,
        redundant_state="PRIMARY",
        habits={
            "oscar": "old_proposals",
            "nina": "pap_only",
            "leo": "vanishes",
            "peggy": "wrong_key",
        },
        history=1.0,
    )
    build.router(57, at.umbrella, address, redundant=True, redundant_state="BACKUP")
    build.vpn(address, asked="10.3.7.1-10.3.7.8")


def _vpcs(build: Builder, at: _Places) -> None:
    """Two VPCs: one with a site-to-site peer and no VPN, one whose ACL keeps VPN clients out."""
    dev = build.vpc("acme-dev", at.acme, "10.9.0.0/16", "development")
    allow = identity("acl", "default_allow")
    build.network("acme-dev-web", at.acme, at.tier, "10.9.1.0/24", vpc=dev, acl=allow)
    build.network("acme-dev-db", at.acme, at.tier, "10.9.2.0/24", vpc=dev, acl=allow)
    address = build.address(at.acme, vpc=dev)
    build.router(51, at.acme, address)
    gateway = e.VpnGateway(id=identity("s2s gateway"), vpc=dev, account=at.acme, address=address.id)
    branch = e.CustomerGateway(
        id=identity("s2s branch"),
        name="branch-hamburg",
        account=at.acme,
        gateway="198.51.100.7",
        cidrs="192.168.50.0/24",
        preshared_key="BranchKey2026x",
        ike_policy="aes256-sha256;modp2048",
        esp_policy="aes256-sha256;modp2048",
    )
    build.snapshot.vpn_gateways.append(gateway)
    build.snapshot.customer_gateways.append(branch)
    build.snapshot.vpn_connections.append(
        e.VpnConnection(
            id=identity("s2s connection"),
            gateway=gateway.id,
            customer=branch.id,
            account=at.acme,
            state="Connected",
        )
    )

    cloud = build.vpc("globex-vpc", at.globex, "10.8.0.0/16", "closed to VPN clients")
    closed = build.acl(
        "web-only",
        cloud,
        e.AclItem(id="", acl="", position=10, protocol="tcp", start=443, end=443),
        e.AclItem(id="", acl="", position=100, action="Deny", cidrs=("0.0.0.0/0",)),
    )
    build.network("globex-web", at.globex, at.tier, "10.8.1.0/24", vpc=cloud, acl=closed)
    address = build.address(at.globex, vpc=cloud)
    build.router(58, at.globex, address)
    build.vpn(address, asked="10.3.8.1-10.3.8.8")


def _people(build: Builder, at: _Places) -> None:
    build.vpn_users(at.acme, "Active", "alice", "bob", "carol", "dave", "erin")
    # The last push failed, so everybody of globex fell back to Add, and ivan is stuck in Revoke:
    # in no list, but his name is taken and he counts towards the limit.
    build.vpn_users(at.globex, "Add", "frank", "grace", "heidi")
    build.vpn_users(at.globex, "Revoke", "ivan")
    eight = ("judy", "kim", "leo", "mallory", "nina", "oscar", "peggy", "rupert")
    build.vpn_users(at.umbrella, "Active", *eight)


def _history(build: Builder, at: _Places) -> None:
    def nat_of(network: str) -> str:
        key = identity("network", network)
        return next(a.id for a in build.snapshot.addresses if a.network == key)

    create, failed = "VPN.REMOTE.ACCESS.CREATE", "Error while creating remote access vpn"
    done = "Successfully completed creating remote access vpn"
    for days, account, network in (
        (120, at.umbrella, "umbrella-labs"),  # its key should have been changed long ago
        (80, at.acme, "acme-lab"),
        (60, at.acme, "acme-office"),
    ):
        made = build.ago(days=days)
        build.event(account, create, done, made, address=nat_of(network))
    for name in ("alice", "bob", "carol", "dave", "erin"):
        text = f"Add Remote Access VPN user for account 4 username= {name}"
        build.event(at.acme, "VPN.USER.ADD", text, build.ago(days=59))
    pair = nat_of("umbrella-ha")
    build.event(at.umbrella, create, done, build.ago(days=40), address=pair)
    core, edge = nat_of("globex-core"), nat_of("globex-edge")
    build.event(at.globex, create, failed, build.ago(days=2), level="ERROR", address=core)
    text, destroy = "Error while removing remote access vpn", "VPN.REMOTE.ACCESS.DESTROY"
    build.event(at.globex, destroy, text, build.ago(days=1), level="ERROR", address=edge)
    text = "Successfully completed revoking firewall rule. Rule Id: 17"
    build.event(at.acme, "FIREWALL.CLOSE", text, build.ago(hours=20))


def demo_world() -> Snapshot:
    """A fresh copy of the story. Its times count back from now."""
    build = Builder("demo")
    build.host("kvm-1.example.org", "192.0.2.11")
    build.host("kvm-2.example.org", "192.0.2.12")
    at = _Places(build)
    _waiting(build, at)
    _healthy(build, at)
    _broken(build, at)
    _vpcs(build, at)
    _people(build, at)
    _history(build, at)
    spare = build.address(at.acme, network=identity("network", "acme-office"), source_nat=False)
    build.forward(spare, 8443, identity("machine", "files-1"), "tcp")
    for _ in range(40):
        build.address()
    return build.snapshot
