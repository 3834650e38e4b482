"""What may be typed after `csvpn journal`."""

import argparse

from tui.commands.parsing import Commands, Parser, add_command, run_by

_MODULE = "tui.commands.journal"


def declare(commands: Commands) -> None:
    """Declare `csvpn journal` and its commands."""
    says = "what is unfinished: look, resume, roll back, forget"
    journal = add_command(commands, "journal", says, _everything())
    run_by(journal, _MODULE)
    what = journal.add_subparsers(dest="journal_command", metavar="COMMAND")
    says = "list unfinished operations; exit code 1 when there are any"
    add_command(what, "list", says, _everything())
    _with_id(add_command(what, "show", "show the calls of an operation; asks no server"))
    says = "ask the server what became of the calls of an operation; changes nothing"
    _with_id(add_command(what, "settle", says))
    resume = _with_id(add_command(what, "resume", "run what is left of an operation"))
    resume.add_argument("--yes", action="store_true", help="do not ask")
    resume.add_argument("--show-secret", action="store_true", help="print the pre-shared key")
    undo = _with_id(add_command(what, "undo", "take back what an operation has made"))
    undo.add_argument("--dry-run", action="store_true", help="show the calls, send nothing")
    undo.add_argument("--yes", action="store_true", help="do not ask")
    forget = _with_id(add_command(what, "forget", "leave everything as it is, and forget it"))
    forget.add_argument("--yes", action="store_true", help="do not ask")


def _everything() -> Parser:
    """An option that may stand before or after `list`."""
    everything = Parser(add_help=False, argument_default=argparse.SUPPRESS)
    everything.add_argument("--all", action="store_true", help="what has ended in 90 days too")
    return everything


def _with_id(parser: Parser) -> Parser:
    parser.add_argument("id", metavar="ID", help="the operation, or how its id begins")
    return parser
