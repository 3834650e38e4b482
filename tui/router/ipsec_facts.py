"""IPsec as charon and the kernel have it: connections, associations, policies, algorithms.

Form of the outputs and their traps: recordings of a CloudStack 4.22 router (strongSwan 5.9.8). The
keys of an association are never asked: `ip xfrm state` is not in the registry.
"""

import re
from calendar import timegm
from time import strptime
from typing import Final

import msgspec

from tui.router.output import Output

CONNECTION_NAME: Final = "L2TP-PSK"
L2TP_PORT: Final = 1701


class IpsecConnection(msgspec.Struct, frozen=True):
    """A connection that charon has loaded."""

    name: str
    local: str
    """Address it answers on: the public address of the VPN."""
    remote: str
    versions: str = ""
    """IKE versions that it accepts: `IKEv1/2` where the file names none."""


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
    connection: str = CONNECTION_NAME
    version: str = ""
    """`IKEv1` or `IKEv2`."""
    proposal: str = ""
    """What was agreed: `AES_CBC_256/HMAC_SHA1_96/PRF_HMAC_SHA1/MODP_2048`."""


class ChildSa(msgspec.Struct, frozen=True):
    """Traffic counters of one client's ESP pair."""

    number: int
    state: str
    in_udp: bool
    bytes_in: int
    bytes_out: int
    remote: str
    connection: str = CONNECTION_NAME
    remote_port: int = 0
    """The client's UDP port; behind NAT it need not be 1701. 0 where charon names none."""
    proposal: str = ""
    """What was agreed: `AES_CBC_256/HMAC_SHA1_96`."""
    ike: int = 0
    """Number of the IKE association that it belongs to: charon lists it below that."""


class Ipsec(msgspec.Struct, frozen=True):
    """What charon says of itself; `running` False when it did not answer at all."""

    running: bool
    connections: tuple[IpsecConnection, ...] = ()
    ike: tuple[IkeSa, ...] = ()
    children: tuple[ChildSa, ...] = ()
    version: str = ""
    """`strongSwan 5.9.8`."""
    started: float | None = None
    """When charon was started, seconds since the epoch by the router's clock."""
    plugins: tuple[str, ...] = ()


class XfrmPolicy(msgspec.Struct, frozen=True):
    """A policy in the kernel: what has to be in ESP. The traps of L2TP are for any address."""

    source: str
    destination: str
    direction: str
    """`in`, `out` or `fwd`."""
    protocol: str = ""
    source_port: int = 0
    destination_port: int = 0
    is_of_socket: bool = False
    """One of charon's own exceptions: its socket may talk in the clear."""
    demands: str = ""
    """Protocol that the packet must have been in: `esp`."""


class PolicyCount(msgspec.Struct, frozen=True):
    """How many policies the kernel has, those of sockets left out."""

    inward: int
    outward: int


_VERSION = re.compile(r"Status of IKE charon daemon \((?:weakSwan |)([^,)]+)")
_UPTIME = re.compile(r"  uptime: .*, since (\w{3} \d{2} \d{2}:\d{2}:\d{2} \d{4})")
_CONNECTION = re.compile(r"\s+(\S+):  (\S+?)\.\.\.(\S+)  (IKEv\S+)")
_IKE = re.compile(
    r"\s+(\S+)\[(\d+)\]: (ESTABLISHED|CONNECTING|REKEYED|DELETING)(?: ([^,]*))?, "
    r"([0-9a-f.:%]+)\[[^\]]*\]\.\.\.([0-9a-f.:%]+)\[([^\]]*)\]"
)
_IKE_VERSION = re.compile(r"\s+\S+\[(\d+)\]: (IKEv\d) SPIs:")
_IKE_PROPOSAL = re.compile(r"\s+\S+\[(\d+)\]: IKE proposal: (\S+)")
_CHILD = re.compile(
    r"\s+(\S+)\{(\d+)\}:  (\w+), (?:TRANSPORT|TUNNEL), reqid \d+, ESP (in UDP )?SPIs"
)
_CHILD_BYTES = re.compile(r"\s+\S+\{(\d+)\}:  (?:(\S+), )?(\d+) bytes_i.*?(\d+) bytes_o")
_CHILD_ENDS = re.compile(r"\s+\S+\{(\d+)\}:   \S+ === ([0-9a-f.:]+)/\d+(?:\[udp/(\w+)\])?")


def read_ipsec(output: Output) -> Ipsec:
    """`ipsec statusall`: status 3 and no output at all mean that charon is stopped."""
    if output.status != 0 and not output.stdout.strip():
        return Ipsec(running=False)
    connections: list[IpsecConnection] = []
    ike: dict[int, IkeSa] = {}
    children: dict[int, ChildSa] = {}
    above = 0
    for line in output.lines:
        if found := _CONNECTION.match(line):
            connections.append(IpsecConnection(*found.groups()))
        elif found := _IKE.match(line):
            name, number, state, age, local, remote, identity = found.groups()
            above = int(number)
            ike[above] = IkeSa(above, state, age or "", local, remote, identity, connection=name)
        elif found := _CHILD.match(line):
            number = int(found[2])
            children[number] = ChildSa(
                number, found[3], found[4] is not None, 0, 0, "", connection=found[1], ike=above
            )
        elif "[" in line:
            _add_to_association(ike, line)
            _add_to_child(children, line)
        elif "{" in line:
            _add_to_child(children, line)
    version, started, plugins = _read_head(output.lines)
    return Ipsec(
        True,
        tuple(connections),
        tuple(ike.values()),
        tuple(children.values()),
        version,
        started,
        plugins,
    )


def _read_head(lines: list[str]) -> tuple[str, float | None, tuple[str, ...]]:
    """Version, start and plugins, from the lines before the connections."""
    version, started = "", None
    for line in lines:
        if found := _VERSION.match(line):
            version = found[1]
        elif found := _UPTIME.match(line):
            started = float(timegm(strptime(found[1], "%b %d %H:%M:%S %Y")))
        elif line.startswith("  loaded plugins: "):
            return version, started, tuple(line.split()[2:])
    return version, started, ()


def _add_to_association(ike: dict[int, IkeSa], line: str) -> None:
    if found := _IKE_VERSION.match(line):
        _change(ike, int(found[1]), version=found[2])
    elif found := _IKE_PROPOSAL.match(line):
        _change(ike, int(found[1]), proposal=found[2])


def _change(ike: dict[int, IkeSa], number: int, **values: str) -> None:
    if number in ike:
        ike[number] = msgspec.structs.replace(ike[number], **values)


def _add_to_child(children: dict[int, ChildSa], line: str) -> None:
    if found := _CHILD_BYTES.match(line):
        child = children.get(int(found[1]))
        if child is not None:
            children[child.number] = msgspec.structs.replace(
                child, proposal=found[2] or "", bytes_in=int(found[3]), bytes_out=int(found[4])
            )
    elif found := _CHILD_ENDS.match(line):
        child = children.get(int(found[1]))
        if child is not None:
            children[child.number] = msgspec.structs.replace(
                child, remote=found[2], remote_port=_port(found[3] or "")
            )


def _port(word: str) -> int:
    """The port of a selector; charon prints 1701 by its name, which is that of L2F."""
    if word == "l2f":
        return L2TP_PORT
    return int(word) if word.isdecimal() and len(word) < 6 else 0


def read_algorithms(output: Output) -> dict[str, tuple[str, ...]]:
    """`ipsec listalgs`: kind to names, plugins left out; nothing when charon is stopped."""
    found: dict[str, list[str]] = {}
    kind = ""
    for line in output.lines[2:]:
        head, separator, rest = line.partition(":")
        if separator and head.strip().isalnum() and "[" not in head:
            kind, line = head.strip(), rest
        if kind:
            found.setdefault(kind, []).extend(word.partition("[")[0] for word in line.split())
    return {kind: tuple(names) for kind, names in found.items()}


def read_first_line(output: Output) -> str:
    """`ipsec version`: its first line."""
    return output.lines[0]


def read_sections(output: Output) -> dict[str, dict[str, str]]:
    """`ipsec.conf` and `l2tp.conf`: sections (`conn L2TP-PSK`) to their options.

    Lines of CloudStack have one blank before them, and an option that is there twice counts as it
    stands last. Options of no section are under "".
    """
    sections: dict[str, dict[str, str]] = {}
    section = ""
    for line in output.lines:
        text = line.partition("#")[0].rstrip()
        if not text.strip():
            continue
        if not text[0].isspace():
            section = " ".join(text.split())
            sections.setdefault(section, {})
            continue
        name, separator, value = text.strip().partition("=")
        if separator:
            sections.setdefault(section, {})[name.strip()] = value.strip()
    return sections


_SELECTOR = re.compile(
    r"src (\S+) dst (\S+)(?: proto (\S+))?(?: sport (\d{1,5}))?(?: dport (\d{1,5}))?"
)
_DIRECTION = re.compile(r"\s+(dir|socket) (in|out|fwd) ")
_TEMPLATE = re.compile(r"\s+proto (\w+) ")


def read_policies(output: Output) -> tuple[XfrmPolicy, ...]:
    """`ip xfrm policy`."""
    found: list[XfrmPolicy] = []
    for line in output.lines:
        if match := _SELECTOR.match(line):
            source, destination, protocol, sport, dport = match.groups()
            found.append(
                XfrmPolicy(
                    source, destination, "", protocol or "", int(sport or 0), int(dport or 0)
                )
            )
        elif not found:
            continue
        elif match := _DIRECTION.match(line):
            found[-1] = msgspec.structs.replace(
                found[-1], direction=match[2], is_of_socket=match[1] == "socket"
            )
        elif (match := _TEMPLATE.match(f"{line} ")) and not found[-1].demands:
            found[-1] = msgspec.structs.replace(found[-1], demands=match[1])
    return tuple(found)


_SAD = re.compile(r"SAD count (\d+)")
_SPD = re.compile(r"SPD IN +(\d+) OUT +(\d+)")


def read_state_count(output: Output) -> int:
    """`ip -s xfrm state count`: two per client, and one for each acquire that has not expired."""
    found = _SAD.search(output.text)
    if found is None:
        raise ValueError(f"no count of associations: {output.text!r}")
    return int(found[1])


def read_policy_count(output: Output) -> PolicyCount:
    """`ip -s xfrm policy count`."""
    found = _SPD.search(output.text)
    if found is None:
        raise ValueError(f"no count of policies: {output.text!r}")
    return PolicyCount(int(found[1]), int(found[2]))
