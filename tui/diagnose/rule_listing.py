"""iptables as people list it (`-S`, `-nvL`), in the form of `iptables-save -c`.

One table's listing may follow another's; each becomes an answer with as many lines as were read,
so that the numbers of the lines stay true.
"""

import re
from typing import Final

from tui.router.survey import Answer

_HEAD: Final = re.compile(r"Chain (\S+) \(")
_COUNTED: Final = re.compile(
    r"\s*(?P<packets>\d+[KMGT]?)\s+(?P<bytes>\d+[KMGT]?)\s+(?:(?P<target>[^\s-]\S*)\s+)?"
    r"(?P<protocol>\w+)\s+--\s+(?P<incoming>\S+)\s+(?P<outgoing>\S+)\s+"
    r"(?P<source>\S+)\s+(?P<destination>\S+)\s*(?P<rest>.*)"
)
_SPECIFIED: Final = re.compile(r"(?:\[(\d+):(\d+)\] )?-A (\S+) ?(.*)")
_MAGNITUDE: Final = {"K": 10**3, "M": 10**6, "G": 10**9, "T": 10**12}
_PROTOCOLS: Final = {"1": "icmp", "6": "tcp", "17": "udp", "50": "esp", "51": "ah"}
_OF_MANGLE: Final = re.compile(r"PREROUTING|POSTROUTING|FIREWALL_|VPN_\d")
_OF_FILTER: Final = re.compile(r"ACL_|VPN_FORWARD|FW_|NETWORK_STATS")


def tables_of(lines: list[str]) -> list[Answer]:
    """`iptables_filter` and `iptables_mangle`, as far as `lines` list them.

    A chain that is listed a second time begins another table. `-S` names no table: its rules go
    where their chain belongs.
    """
    kept: dict[str, dict[int, str]] = {}
    for name, rules in [*_listed(lines), *_specified(lines)]:
        kept.setdefault(name, {}).update(rules)
    return [
        Answer(
            name=name,
            stdout="\n".join(rules.get(number, "") for number in range(len(lines))),
            original="\n".join(lines),
        )
        for name, rules in kept.items()
    ]


def _listed(lines: list[str]) -> list[tuple[str, dict[int, str]]]:
    """Tables in the form of `iptables -nvL`."""
    found: list[tuple[str, dict[int, str]]] = []
    chains: set[str] = set()
    rules: dict[int, str] = {}
    chain = ""
    for number, line in enumerate(lines):
        if head := _HEAD.match(line):
            if head[1] in chains:
                found.append((_table(chains, rules), rules))
                chains, rules = set(), {}
            chain = head[1]
            chains.add(chain)
            policy = "DROP" if "policy DROP" in line else "ACCEPT" if "policy" in line else "-"
            rules[number] = f":{chain} {policy} [0:0]"
        elif chain and (row := _COUNTED.match(line)):
            rules[number] = _saved(chain, row)
    if chains:
        found.append((_table(chains, rules), rules))
    return found


def _table(chains: set[str], rules: dict[int, str]) -> str:
    text = " ".join(chains)
    mangle = _OF_MANGLE.search(text) is not None
    if not mangle or (_OF_FILTER.search(" ".join(rules.values())) and "PREROUTING" not in chains):
        return "iptables_filter"
    return "iptables_mangle"


def _saved(chain: str, row: re.Match[str]) -> str:
    """One row of `-nvL` as `iptables-save -c` writes the rule."""
    words = [f"[{_count(row['packets'])}:{_count(row['bytes'])}] -A {chain}"]
    for option, value in (("-s", row["source"]), ("-d", row["destination"])):
        if value not in ("0.0.0.0/0", "::/0", "anywhere"):
            words.append(_option(option, value if "/" in value else f"{value}/32"))
    for option, value in (("-i", row["incoming"]), ("-o", row["outgoing"])):
        if value not in ("*", "any"):
            words.append(_option(option, value))
    protocol = _PROTOCOLS.get(row["protocol"], row["protocol"])
    if protocol not in ("0", "all"):
        words.append(f"-p {protocol}")
    words += _matches(row["rest"], protocol)
    if row["target"]:
        words.append(f"-j {row['target']}")
    return " ".join(words)


def _option(option: str, value: str) -> str:
    return f"! {option} {value[1:]}" if value.startswith("!") else f"{option} {value}"


def _matches(rest: str, protocol: str) -> list[str]:
    found: list[str] = []
    for port, option in (("spt", "--sport"), ("dpt", "--dport")):
        if match := re.search(rf"\b{port}:(\d+)", rest):
            if not found:
                found.append(f"-m {protocol}")
            found.append(f"{option} {match[1]}")
    if match := re.search(r"\bstate (\S+)", rest):
        found.append(f"-m state --state {match[1]}")
    if match := re.search(r"policy match dir (\w+) pol (\w+)(?: reqid (\d+))?", rest):
        request = f" --reqid {match[3]}" if match[3] else ""
        found.append(f"-m policy --dir {match[1]} --pol {match[2]}{request} --proto esp")
    return found


def _count(text: str) -> int:
    return int(text.rstrip("KMGT")) * _MAGNITUDE.get(text[-1], 1)


def _specified(lines: list[str]) -> list[tuple[str, dict[int, str]]]:
    """Rules in the form of `iptables -S` or `iptables-save`, with or without counters."""
    rules: dict[str, dict[int, str]] = {}
    table = ""
    for number, line in enumerate(lines):
        if line.startswith("*"):
            table = f"iptables_{line[1:].strip()}"
        if match := _SPECIFIED.match(line):
            name = table or _table_of_chain(match[3], match[4])
            counted = f"[{match[1] or 0}:{match[2] or 0}] -A {match[3]} {match[4]}"
            rules.setdefault(name, {})[number] = counted.rstrip()
        elif policy := re.fullmatch(r"-P (\S+) (\w+)", line):
            name = table or _table_of_chain(policy[1], "")
            rules.setdefault(name, {})[number] = f":{policy[1]} {policy[2]} [0:0]"
        elif table and line.startswith(":"):
            rules.setdefault(table, {})[number] = line
    return list(rules.items())


def _table_of_chain(chain: str, text: str) -> str:
    """Table of a rule whose listing does not name it."""
    if "-j DNAT" in text or "-j SNAT" in text or "-j MASQUERADE" in text:
        return "iptables_nat"
    return "iptables_mangle" if _OF_MANGLE.match(chain) else "iptables_filter"
