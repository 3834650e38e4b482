"""The command line: what may be typed, and what it means."""

import argparse
from typing import Final, NoReturn

from tui import __version__
from tui.commands.output import CommandError

_EPILOG: Final = (
    "exit codes: 0 fine, 1 findings, 2 cannot tell, 3 usage or settings, 4 credentials or "
    "permission. Profiles are written down in the console; docs/profiles.md has their file."
)


class Parser(argparse.ArgumentParser):
    """argparse whose mistakes are `CommandError`s, so that they look like every other error."""

    def error(self, message: str) -> NoReturn:
        """Raise instead of printing the usage and leaving with 2."""
        raise CommandError(message, f"see {self.prog} --help")


def _number(text: str) -> int:
    value = int(text)
    if value < 0:
        raise ValueError(text)
    return value


def _amount(text: str) -> float:
    value = float(text)
    if not 0 <= value < 1e6:
        raise ValueError(text)
    return value


def _factor(text: str) -> float:
    value = float(text)
    if not 0 < value <= 10_000:
        raise ValueError(text)
    return value


def _shared(*, headless: bool) -> Parser:
    """Options that may stand before or after the command's name."""
    shared = Parser(add_help=False, argument_default=argparse.SUPPRESS)
    shared.add_argument("--profile", metavar="NAME", help="the profile; without it the default one")
    shared.add_argument(
        "--read-only", action="store_true", help="refuse every change, whatever the profile says"
    )
    if headless:
        shared.add_argument(
            "--json", action="store_true", help="answer as one JSON document (logs: one per line)"
        )
    return shared


def parser() -> Parser:
    """The parser of the whole command line."""
    root = Parser(
        prog="csvpn",
        description="A console for Remote Access VPN (L2TP/IPsec) on Apache CloudStack. Without a "
        "command it opens the console.",
        epilog=_EPILOG,
        allow_abbrev=False,
        parents=[_shared(headless=True)],
    )
    root.add_argument("--version", action="version", version=f"csvpn {__version__}")
    commands = root.add_subparsers(dest="command", metavar="COMMAND")
    _add_demo(commands)
    _add_lab(commands)
    _add_users(commands)
    _add_enable(commands)
    _add_logs(commands)
    return root


Commands = argparse._SubParsersAction  # argparse has no public name for it


def _add(
    commands: "Commands[Parser]",
    name: str,
    what: str,
    *more: Parser,
    headless: bool = True,
    shared: bool = True,
) -> Parser:
    return commands.add_parser(
        name,
        help=what,
        description=f"{what[:1].upper()}{what[1:]}.",
        epilog=_EPILOG if headless else None,
        allow_abbrev=False,
        parents=[*([_shared(headless=headless)] if shared else []), *more],
    )


def _add_demo(commands: "Commands[Parser]") -> None:
    demo = _add(
        commands, "demo", "the console on an embedded cloud; nothing to set up", headless=False
    )
    demo.add_argument("--networks", type=_number, default=0, metavar="N", help="so many more")
    demo.add_argument(
        "--speed", type=_factor, default=1.0, metavar="X", help="how fast its time passes"
    )


def _add_lab(commands: "Commands[Parser]") -> None:
    lab = _add(
        commands, "lab", "an embedded cloud for other programs", headless=False, shared=False
    )
    what = lab.add_subparsers(dest="lab_command", metavar="COMMAND", required=True)
    serve = _add(
        what,
        "serve",
        "serve a world on loopback; prints one line of JSON that says where, and stays",
        headless=False,
        shared=False,
    )
    serve.add_argument(
        "--world", default="demo", metavar="WORLD", help="contract, demo or a JSON file"
    )
    serve.add_argument("--port", type=_number, default=0, metavar="N", help="0 takes a free one")
    serve.add_argument("--networks", type=_number, default=0, metavar="N", help="so many more")
    serve.add_argument(
        "--cost", type=_amount, default=0.0, metavar="MS",
        help="what listNetworks takes per network, in milliseconds",
    )  # fmt: skip
    serve.add_argument(
        "--speed", type=_factor, default=1.0, metavar="X", help="how fast its time passes"
    )
    serve.add_argument("--no-routers", action="store_true", help="without the SSH servers")


def _whose() -> Parser:
    """Options that may stand before or after `list`, `add` and `remove`."""
    whose = Parser(add_help=False, argument_default=argparse.SUPPRESS)
    whose.add_argument("--account", metavar="NAME", help="whose users")
    whose.add_argument("--domain", metavar="PATH", help="of which domain: /customers")
    whose.add_argument("--project", metavar="NAME", help="the users of a project")
    return whose


def _add_users(commands: "Commands[Parser]") -> None:
    users = _add(commands, "users", "list, add and remove VPN users", _whose())
    what = users.add_subparsers(dest="users_command", metavar="COMMAND")
    _add(what, "list", "list the VPN users that the credentials may see", _whose())
    says = "add VPN users; without a password given, one is made and printed"
    add = _add(what, "add", says, _whose())
    add.add_argument("names", nargs="+", metavar="NAME")
    add.add_argument(
        "--password-stdin", action="store_true", help="the password is the first line of stdin"
    )
    remove = _add(what, "remove", "remove VPN users", _whose())
    remove.add_argument("names", nargs="+", metavar="NAME")
    remove.add_argument("--yes", action="store_true", help="do not ask")


def _add_enable(commands: "Commands[Parser]") -> None:
    enable = _add(commands, "enable", "check whether a VPN can be enabled, and enable it")
    enable.add_argument("target", metavar="NETWORK|ADDRESS", help="a network, a VPC or its address")
    enable.add_argument(
        "--range", default="", metavar="A-B", dest="range_text",
        help="addresses for the clients; auto: some that collide with nothing",
    )  # fmt: skip
    enable.add_argument(
        "--from", action="append", default=[], metavar="CIDR", dest="sources",
        help="who may reach the VPN ports; may be repeated; without it anyone",
    )  # fmt: skip
    enable.add_argument(
        "--user", action="append", default=[], metavar="NAME", dest="users",
        help="a VPN user to add, with a generated password; may be repeated",
    )  # fmt: skip
    enable.add_argument("--dry-run", action="store_true", help="check and show, send nothing")
    enable.add_argument("--yes", action="store_true", help="do not ask")
    enable.add_argument("--show-secret", action="store_true", help="print the pre-shared key")


def _add_logs(commands: "Commands[Parser]") -> None:
    logs = _add(commands, "logs", "print the logs of Virtual Routers")
    logs.add_argument(
        "--router", action="append", default=[], metavar="R", dest="routers",
        help="a router, or the network that it serves; may be repeated; without it all that run",
    )  # fmt: skip
    logs.add_argument(
        "--source", action="append", default=[], metavar="LOG", dest="sources",
        help="daemon, messages, cloud (these without it), auth, haproxy, journal",
    )  # fmt: skip
    logs.add_argument("--follow", "-f", action="store_true", help="go on with every new line")
    logs.add_argument("--since", default="", metavar="T", help="10m, 2h, 14:05 or 2026-11-23T14:05")
    logs.add_argument("--grep", default="", metavar="X", help="only lines with this expression")
    logs.add_argument(
        "--lines", "-n", type=_number, default=100, metavar="N", help="how many, per router"
    )
    logs.add_argument(
        "--accept-host-key", action="append", default=[], metavar="SHA256:…", dest="accept",
        help="remember the host key with this fingerprint, which you have compared",
    )  # fmt: skip
