"""The VPN as the router really has it: daemons, connection, key, range, users, gate, sessions.

Form of the outputs and their traps: recordings of a CloudStack 4.22 router (strongSwan 5.9.8,
xl2tpd 1.3.18, ppp 2.4.9). Units lie about xl2tpd, so nothing here reads a unit.
"""

import hashlib
import re

import msgspec

from tui.router.output import Output

CONNECTION_NAME = "L2TP-PSK"


class IpsecConnection(msgspec.Struct, frozen=True):
    """A connection that charon has loaded."""

    name: str
    local: str
    """Address it answers on: the public address of the VPN."""
    remote: str


class IkeSa(msgspec.Struct, frozen=True):
    """A client's IKE security association."""

    number: int
    state: str
    age: str
    """As charon says it: `33 seconds ago`."""
    local: str
    remote: str
    """The address the packets come from."""
    remote_id: str
    """The client's own address where it is behind NAT, else the same as `remote`."""


class ChildSa(msgspec.Struct, frozen=True):
    """Traffic counters of one client's ESP pair."""

    number: int
    state: str
    in_udp: bool
    bytes_in: int
    bytes_out: int
    remote: str


class Ipsec(msgspec.Struct, frozen=True):
    """What charon says of itself; `running` False when it did not answer at all."""

    running: bool
    connections: tuple[IpsecConnection, ...] = ()
    ike: tuple[IkeSa, ...] = ()
    children: tuple[ChildSa, ...] = ()


class Xl2tpdSettings(msgspec.Struct, frozen=True):
    """xl2tpd.conf as written; the running daemon may have been started with another."""

    pool: str
    local_ip: str


class Xl2tpdStart(msgspec.Struct, frozen=True):
    """When xl2tpd was started and its file last changed, seconds since the epoch."""

    pid: int
    started: float
    configuration_written: float

    @property
    def is_older_than_configuration(self) -> bool:
        """True if the daemon cannot have read the present file.

        CloudStack writes the file in the second before it starts the daemon and `etimes` is a
        second off now and then, hence the tolerance of two seconds.
        """
        return self.started < self.configuration_written - 2


class PppRecord(msgspec.Struct, frozen=True):
    """pppd's own record of a login. It outlives a pppd that was killed: check the pid."""

    pid: int
    interface: str
    user: str
    local_ip: str
    remote_ip: str


class PppProcess(msgspec.Struct, frozen=True):
    """A running pppd, with the tunnel and session it was started for."""

    pid: int
    tunnel: int
    session: int
    remote_ip: str


class L2tpSession(msgspec.Struct, frozen=True):
    """A session in the kernel."""

    session: int
    tunnel: int


class L2tpTunnel(msgspec.Struct, frozen=True):
    """A tunnel in the kernel and where its other end is."""

    tunnel: int
    remote: str
    remote_port: int


class Rule(msgspec.Struct, frozen=True):
    """One iptables rule with its counter."""

    chain: str
    text: str
    packets: int


class ProgrammedVpn(msgspec.Struct, frozen=True):
    """The VPN that CloudStack programmed last, from its data bag; the key is left out."""

    public_ip: str
    pool: str
    local_ip: str
    local_cidr: str
    interface: str


_CONNECTION = re.compile(r"\s+(\S+):  (\S+?)\.\.\.(\S+)  IKEv")
_IKE = re.compile(
    r"\s+\S+\[(\d+)\]: (ESTABLISHED|CONNECTING|REKEYED|DELETING)(?: ([^,]*))?, "
    r"([0-9a-f.:%]+)\[[^\]]*\]\.\.\.([0-9a-f.:%]+)\[([^\]]*)\]"
)
_CHILD = re.compile(r"\s+\S+\{(\d+)\}:  (\w+), (?:TRANSPORT|TUNNEL), reqid \d+, ESP (in UDP )?SPIs")
_CHILD_BYTES = re.compile(r"\s+\S+\{(\d+)\}:  .*?(\d+) bytes_i.*?(\d+) bytes_o")
_CHILD_ENDS = re.compile(r"\s+\S+\{(\d+)\}:   \S+ === ([0-9a-f.:]+)/\d+")


def read_ipsec(output: Output) -> Ipsec:
    """`ipsec statusall`: status 3 and no output at all mean that charon is stopped."""
    if output.status != 0 and not output.stdout.strip():
        return Ipsec(running=False)
    connections, ike = [], []
    children: dict[int, ChildSa] = {}
    for line in output.lines:
        if found := _CONNECTION.match(line):
            connections.append(IpsecConnection(*found.groups()))
        elif found := _IKE.match(line):
            number, state, age, local, remote, identity = found.groups()
            ike.append(IkeSa(int(number), state, age or "", local, remote, identity))
        elif found := _CHILD.match(line):
            number = int(found[1])
            children[number] = ChildSa(number, found[2], found[3] is not None, 0, 0, "")
        else:
            _add_to_child(children, line)
    return Ipsec(True, tuple(connections), tuple(ike), tuple(children.values()))


def _add_to_child(children: dict[int, ChildSa], line: str) -> None:
    if found := _CHILD_BYTES.match(line):
        child = children.get(int(found[1]))
        if child is not None:
            children[child.number] = msgspec.structs.replace(
                child, bytes_in=int(found[2]), bytes_out=int(found[3])
            )
    elif found := _CHILD_ENDS.match(line):
        child = children.get(int(found[1]))
        if child is not None:
            children[child.number] = msgspec.structs.replace(child, remote=found[2])


def read_xl2tpd_settings(output: Output) -> Xl2tpdSettings:
    """`cat /etc/xl2tpd/xl2tpd.conf`."""
    pairs = (line.partition("=") for line in output.lines)
    values = {name.strip(): value.strip() for name, separator, value in pairs if separator}
    return Xl2tpdSettings(values.get("ip range", ""), values.get("local ip", ""))


def read_xl2tpd_start(output: Output) -> Xl2tpdStart | None:
    """`xl2tpd_started`: None when there is no xl2tpd (status 1).

    The age (`etimes`) and the clock of the same moment give the start; the time of `/proc/PID` is
    that of the first look at it, and the start in words is in the router's own zone.
    """
    if output.status != 0:
        return None
    first, _, written, now = output.lines
    words = first.split()
    return Xl2tpdStart(int(words[0]), int(now) - int(words[-1]), int(written))


_DIGEST = re.compile(r"[0-9a-f]{64}")
_DIGEST_OF_NOTHING = hashlib.sha256(b"").hexdigest()


def read_key_digest(output: Output) -> str:
    """`psk_sha256`: SHA-256 of the pre-shared key in hexadecimal, empty where there is no key.

    A missing file gives status 0 and the digest of nothing.
    """
    digest = output.text.split(" ")[0]
    if not _DIGEST.fullmatch(digest):
        raise ValueError(f"not a SHA-256 digest: {digest!r}")
    return "" if digest == _DIGEST_OF_NOTHING else digest


def read_names(output: Output) -> tuple[str, ...]:
    """`chap_users`: names that may log in."""
    return tuple(line for line in output.lines if line)


def read_ppp_records(output: Output) -> tuple[PppRecord, ...]:
    """`tdbdump /var/run/pppd2.tdb`: status 1 before the first login ever."""
    found = []
    for line in output.lines:
        if not line.startswith("data(") or "PPPD_PID=" not in line:
            continue
        fields = line.partition('"')[2].removesuffix('"').removesuffix("\\00")
        values = dict(pair.partition("=")[::2] for pair in fields.split(";"))
        found.append(
            PppRecord(
                int(values["PPPD_PID"]),
                values.get("IFNAME", ""),
                values.get("PEERNAME", ""),
                values.get("IPLOCAL", ""),
                values.get("IPREMOTE", ""),
            )
        )
    return tuple(found)


_PPPD = re.compile(
    r"(\d+) \S*pppd .*?pppol2tp_tunnel_id (\d+) pppol2tp_session_id (\d+) .*?[\d.]+[: ]([\d.]+)"
)


def read_ppp_processes(output: Output) -> tuple[PppProcess, ...]:
    """`pgrep -a pppd`; a pppd that serves no L2TP is left out."""
    matches = (_PPPD.match(line) for line in output.lines)
    return tuple(
        PppProcess(int(match[1]), int(match[2]), int(match[3]), match[4])
        for match in matches
        if match
    )


_SESSION = re.compile(r"Session (\d+) in tunnel (\d+)")


def read_l2tp_sessions(output: Output) -> tuple[L2tpSession, ...]:
    """`ip l2tp show session`; session 0 is a tunnel's control socket and no user."""
    matches = (_SESSION.match(line) for line in output.lines)
    found = [L2tpSession(int(match[1]), int(match[2])) for match in matches if match]
    return tuple(entry for entry in found if entry.session)


_TUNNEL = re.compile(r"Tunnel (\d+), encap")
_FROM_TO = re.compile(r"\s+From \S+ to (\S+)")
_PORTS = re.compile(r"\s+UDP source / dest ports: \d+/(\d+)")


def read_l2tp_tunnels(output: Output) -> tuple[L2tpTunnel, ...]:
    """`ip l2tp show tunnel`."""
    found: list[L2tpTunnel] = []
    for line in output.lines:
        if match := _TUNNEL.match(line):
            found.append(L2tpTunnel(int(match[1]), "", 0))
        elif found and (match := _FROM_TO.match(line)):
            found[-1] = msgspec.structs.replace(found[-1], remote=match[1])
        elif found and (match := _PORTS.match(line)):
            found[-1] = msgspec.structs.replace(found[-1], remote_port=int(match[1]))
    return tuple(found)


_RULE = re.compile(r"\[(\d+):\d+\] -A (\S+) ?(.*)")


def read_rules(output: Output) -> tuple[Rule, ...]:
    """`iptables-save -c -t TABLE`, in order."""
    matches = (_RULE.match(line) for line in output.lines)
    return tuple(Rule(match[2], match[3], int(match[1])) for match in matches if match)


def read_programmed_vpn(output: Output) -> ProgrammedVpn | None:
    """The `remoteaccessvpn` bag: None if nothing is programmed.

    The file is absent when nothing was pushed since boot; after a deletion it holds only its id.
    """
    if output.status != 0:
        return None
    bag = output.json()
    if not isinstance(bag, dict):
        raise ValueError("the bag is not a table")
    for address, entry in bag.items():
        if isinstance(entry, dict) and entry.get("create"):
            named = {key: str(value) for key, value in entry.items()}
            return ProgrammedVpn(
                address,
                named.get("ip_range", ""),
                named.get("local_ip", ""),
                named.get("local_cidr", ""),
                named.get("public_interface", ""),
            )
    return None


def read_programmed_users(output: Output) -> tuple[str, ...]:
    """The `vpnuserlist` bag: names only; an entry with `add` false is the memory of a removal."""
    if output.status != 0:
        return ()
    bag = output.json()
    if not isinstance(bag, dict):
        raise ValueError("the bag is not a table")
    return tuple(name for name, entry in bag.items() if isinstance(entry, dict) and entry["add"])


def read_redundancy(output: Output) -> str:
    """`checkrouter.sh`: PRIMARY, BACKUP, FAULT or UNKNOWN.

    FAULT is normal on a router that is not redundant.
    """
    return output.text.removeprefix("Status:").strip()
