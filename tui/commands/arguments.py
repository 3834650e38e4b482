"""The command line: what may be typed, and what it means."""

import argparse
from collections.abc import Callable
from typing import Final

from tui import __version__
from tui.commands import (
    arguments_check,
    arguments_firewall,
    arguments_journal,
    arguments_kit,
    arguments_logs,
    arguments_safety,
    arguments_users,
    arguments_vpn,
    arguments_why,
)
from tui.commands.parsing import (
    EPILOG,
    Commands,
    Parser,
    add_command,
    amount,
    factor,
    number,
    shared_options,
)

DECLARED: Final[tuple[Callable[[Commands], None], ...]] = (
    arguments_vpn.declare,
    arguments_why.declare,
    arguments_users.declare,
    arguments_firewall.declare,
    arguments_kit.declare,
    arguments_journal.declare,
    arguments_safety.declare,
    arguments_check.declare,
    arguments_logs.declare,
)
"""Declarations of the commands that are run by the module which their parser names: see
`parsing.run_by`."""


def parser() -> Parser:
    """The parser of the whole command line."""
    root = Parser(
        prog="csvpn",
        description="A console for Remote Access VPN (L2TP/IPsec) on Apache CloudStack. Without a "
        "command it opens the console.",
        epilog=EPILOG,
        allow_abbrev=False,
        parents=[shared_options(headless=True)],
    )
    root.add_argument("--version", action="version", version=f"csvpn {__version__}")
    _add_plain_output(root)
    commands = root.add_subparsers(dest="command", metavar="COMMAND")
    for declare in (_add_demo, _add_enable, *DECLARED, _add_lab):
        declare(commands)
    return root


def _add_demo(commands: Commands) -> None:
    demo = add_command(
        commands, "demo", "the console on an embedded cloud; nothing to set up", headless=False
    )
    demo.add_argument("--networks", type=number, default=0, metavar="N", help="so many more")
    demo.add_argument(
        "--speed", type=factor, default=1.0, metavar="X", help="how fast its time passes"
    )
    _add_plain_output(demo)


def _add_plain_output(parser: Parser) -> None:
    """For the console alone: what is printed by commands is plain anyhow."""
    parser.add_argument(
        "--plain-output", action="store_true", default=argparse.SUPPRESS,
        help="the console writes whole frames, for a terminal on which it looks wrong",
    )  # fmt: skip


def _add_lab(commands: Commands) -> None:
    lab = add_command(
        commands, "lab", "an embedded cloud for other programs", headless=False, shared=False
    )
    what = lab.add_subparsers(dest="lab_command", metavar="COMMAND", required=True)
    serve = add_command(
        what,
        "serve",
        "serve a world on loopback; prints one line of JSON that says where, and stays",
        headless=False,
        shared=False,
    )
    serve.add_argument(
        "--world", default="demo", metavar="WORLD", help="contract, demo or a JSON file"
    )
    serve.add_argument("--port", type=number, default=0, metavar="N", help="0 takes a free one")
    serve.add_argument("--networks", type=number, default=0, metavar="N", help="so many more")
    serve.add_argument(
        "--cost", type=amount, default=0.0, metavar="MS",
        help="what listNetworks takes per network, in milliseconds",
    )  # fmt: skip
    serve.add_argument(
        "--speed", type=factor, default=1.0, metavar="X", help="how fast its time passes"
    )
    serve.add_argument("--no-routers", action="store_true", help="without the SSH servers")


def _add_enable(commands: Commands) -> None:
    enable = add_command(commands, "enable", "check whether a VPN can be enabled, and enable it")
    enable.add_argument("target", metavar="NETWORK|ADDRESS", help="a network, a VPC or its address")
    enable.add_argument(
        "--range", default="", metavar="A-B", dest="range_text",
        help="addresses for the clients; auto: some that collide with nothing",
    )  # fmt: skip
    enable.add_argument(
        "--from", action="append", default=[], metavar="CIDR|LIST", dest="sources",
        help="who may reach the VPN ports, or a list of the profile; may be repeated; else anyone",
    )  # fmt: skip
    enable.add_argument(
        "--user", action="append", default=[], metavar="NAME", dest="users",
        help="a VPN user to add, with a generated password; may be repeated",
    )  # fmt: skip
    enable.add_argument("--dry-run", action="store_true", help="check and show, send nothing")
    enable.add_argument("--yes", action="store_true", help="do not ask")
    enable.add_argument("--show-secret", action="store_true", help="print the pre-shared key")
