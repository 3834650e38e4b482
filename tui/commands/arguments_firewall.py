"""`csvpn firewall`: what may be typed."""

import argparse
from typing import Final

from tui.commands.parsing import Commands, Parser, add_command, run_by
from tui.vpn.spans import SPAN_RULE, read_span

PORTS: Final = ("ike", "natt", "l2tp", "all")


def span(text: str) -> int:
    """A time like `30m`, `2h` or `1d`, in seconds: a minute to a week."""
    seconds = read_span(text)
    if seconds is None:
        raise argparse.ArgumentTypeError(f"{text!r} is not a time; write {SPAN_RULE}")
    return seconds


def _what_to_do() -> Parser:
    common = Parser(add_help=False)
    common.add_argument("--dry-run", action="store_true", help="check and show, send nothing")
    common.add_argument("--yes", action="store_true", help="do not ask")
    return common


def _who() -> Parser:
    who = Parser(add_help=False)
    who.add_argument(
        "--from", action="append", required=True, metavar="CIDR|LIST", dest="sources",
        help="who: a network, the name of a list of the profile, or anywhere; may be repeated",
    )  # fmt: skip
    who.add_argument("--port", choices=PORTS, default="all", help="one of the VPN ports, or all")
    who.add_argument(
        "--for", type=span, default=0, metavar="TIME", dest="seconds",
        help="put it back after 30m, 2h, 1d; csvpn has to stay for that",
    )  # fmt: skip
    return who


def declare(commands: Commands) -> None:
    """Declare `firewall` and what it does."""
    firewall = add_command(commands, "firewall", "who reaches the VPN ports; change it")
    what = firewall.add_subparsers(dest="firewall_command", metavar="COMMAND", required=True)
    show = add_command(what, "show", "say who reaches the VPN ports, or the tiers of a VPC")
    says = "let only these reach the VPN ports; nobody who stays is shut out in between"
    narrow = add_command(what, "set", says, _who(), _what_to_do())
    narrow.add_argument(
        "--allow-gap", action="store_true", help="remove first, make afterwards; fewer calls"
    )
    allow = add_command(what, "allow", "let these reach the VPN ports too", _who(), _what_to_do())
    acl = add_command(what, "acl", "let VPN clients reach a tier of a VPC", _what_to_do())
    acl.add_argument("--tier", required=True, metavar="NAME", help="the tier")
    acl.add_argument(
        "--open", default="all", metavar="PROTOCOL[/PORTS]", dest="opening",
        help="all, icmp, tcp/443, udp/5000-5010; without it all",
    )  # fmt: skip
    for parser in (show, narrow, allow, acl):
        parser.add_argument("target", metavar="TARGET", help="a network, a VPC or an address")
        run_by(parser, "tui.commands.firewall")
