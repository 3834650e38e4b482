"""The command line of `csvpn users`."""

import argparse
from typing import Final

from tui.commands.parsing import Commands, Parser, add_command, number, run_by
from tui.vpn.stale import STEPS

_MODULE: Final = "tui.commands.users"


def declare(commands: Commands) -> None:
    """Declare `csvpn users` and its commands; without one of them it lists."""
    users = add_command(
        commands, "users", "list, add, change and remove VPN users", _whose(), _which()
    )
    run_by(users, _MODULE)
    what = users.add_subparsers(dest="users_command", metavar="COMMAND")
    says = "list the VPN users that the credentials may see"
    add_command(what, "list", says, _whose(), _which())
    _add(what)
    remove = add_command(what, "remove", "remove VPN users", _whose())
    _names(remove)
    _yes(remove)
    for name, says in (
        ("reset", "give VPN users new passwords: each is removed and added again"),
        ("suspend", "remove VPN users and keep them in the roster, so that they can return"),
        ("return", "add suspended VPN users again, with new passwords"),
    ):
        change = add_command(what, name, says, _whose())
        _names(change)
        _yes(change)
        if name != "suspend":
            _words(change)
    _edit(what)
    says = "write the VPN users as CSV, without passwords"
    export = add_command(what, "export", says, _whose())
    export.add_argument("--out", default="", metavar="FILE", help="instead of stdout; mode 0600")
    audit = add_command(what, "audit", "look for VPN users that nobody seems to need", _whose())
    audit.add_argument(
        "--days", type=number, default=STEPS[0], metavar="N",
        help=f"how long somebody may not have connected; {STEPS[0]} without it",
    )  # fmt: skip


def _add(what: Commands) -> None:
    says = "add VPN users; without a password given, one is made and printed"
    add = add_command(what, "add", says, _whose())
    who = add.add_mutually_exclusive_group(required=True)
    who.add_argument("names", nargs="*", metavar="NAME", default=[])
    who.add_argument(
        "--csv", default="", metavar="FILE",
        help="a table name,password,group,expires,note; - for stdin",
    )  # fmt: skip
    add.add_argument(
        "--password-stdin", action="store_true", help="the password is the first line of stdin"
    )
    _words(add)
    add.add_argument("--dry-run", action="store_true", help="check and show, send nothing")


def _edit(what: Commands) -> None:
    says = "change what only this console knows of VPN users: group, note, last day"
    edit = add_command(what, "edit", says, _whose())
    _names(edit)
    edit.add_argument("--group", dest="group_name", metavar="G", help='"" for none')
    edit.add_argument("--note", metavar="TEXT", help='"" for none')
    edit.add_argument("--expires", metavar="DAY", help="2027-01-31, +30d or never")


def _whose() -> Parser:
    """Options that may stand before or after the command of `users`."""
    whose = Parser(add_help=False, argument_default=argparse.SUPPRESS)
    whose.add_argument("--account", metavar="NAME", help="whose users")
    whose.add_argument("--domain", metavar="PATH", help="of which domain: /customers")
    whose.add_argument("--project", metavar="NAME", help="the users of a project")
    return whose


def _which() -> Parser:
    """Options that narrow the list."""
    which = Parser(add_help=False, argument_default=argparse.SUPPRESS)
    which.add_argument(
        "--expired", action="store_true", help="only whose last day is over; 1 if there are any"
    )
    which.add_argument("--group", metavar="G", help="only those of a group")
    return which


def _names(parser: Parser) -> None:
    parser.add_argument("names", nargs="+", metavar="NAME")


def _yes(parser: Parser) -> None:
    parser.add_argument("--yes", action="store_true", help="do not ask")


def _words(parser: Parser) -> None:
    parser.add_argument(
        "--words", action="store_true", help="make passwords of six words instead of characters"
    )
