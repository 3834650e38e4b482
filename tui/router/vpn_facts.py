"""The VPN as the router really has it: key, range, users, firewall, and what CloudStack pushed.

Form of the outputs and their traps: recordings of a CloudStack 4.22 router (xl2tpd 1.3.18, ppp
2.4.9). Units lie about xl2tpd, so nothing here reads a unit.
"""

import hashlib
import re

import msgspec

from tui.router.output import Output


class Xl2tpdSettings(msgspec.Struct, frozen=True):
    """xl2tpd.conf as written; the running daemon may have been started with another."""

    pool: str
    local_ip: str
    options: dict[str, str] = {}
    """Every option with its value. One that xl2tpd does not know stops it at the next start."""


class Xl2tpdStart(msgspec.Struct, frozen=True):
    """When xl2tpd was started and its file last changed, seconds since the epoch."""

    pid: int
    started: float
    """Counted back from the clock: wrong by as much as the clock was stepped since."""
    configuration_written: float

    @property
    def is_older_than_configuration(self) -> bool:
        """True if the daemon cannot have read the present file.

        CloudStack writes the file in the second before it starts the daemon and `etimes` is a
        second off now and then, hence the tolerance of two seconds.
        """
        return self.started < self.configuration_written - 2


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


def read_xl2tpd_settings(output: Output) -> Xl2tpdSettings:
    """`cat /etc/xl2tpd/xl2tpd.conf`."""
    pairs = (line.partition(";")[0].partition("=") for line in output.lines)
    values = {name.strip(): value.strip() for name, separator, value in pairs if separator}
    return Xl2tpdSettings(values.get("ip range", ""), values.get("local ip", ""), values)


def read_options(output: Output) -> dict[str, str]:
    """Options of pppd, one a line: name to the rest of its line, which is mostly empty.

    The values of an option that is there several times are joined by blanks (`ms-dns`).
    """
    found: dict[str, str] = {}
    for line in output.lines:
        words = line.partition("#")[0].split()
        if words:
            found[words[0]] = " ".join([*found.get(words[0], "").split(), *words[1:]])
    return found


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
