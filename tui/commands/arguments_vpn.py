"""Commands that change a VPN which is there: disable, rotate, change-range, repair, restart."""

from tui.commands.parsing import Commands, Parser, add_command, run_by

_TARGET = "NETWORK|ADDRESS"
_WHOSE = "a network, a VPC or its address"


def declare(commands: Commands) -> None:
    """Add the commands."""
    _add_disable(commands)
    _add_rotate(commands)
    _add_change_range(commands)
    _add_repair(commands)
    _add_restart(commands)


def _ask_options(parser: Parser) -> None:
    parser.add_argument("--dry-run", action="store_true", help="say what it does, send nothing")
    parser.add_argument("--yes", action="store_true", help="do not ask")


def _show_secret(parser: Parser) -> None:
    parser.add_argument("--show-secret", action="store_true", help="show the new pre-shared key")


def _add_disable(commands: Commands) -> None:
    disable = add_command(commands, "disable", "disable a VPN, after saying what goes and stays")
    disable.add_argument("target", metavar=_TARGET, help=_WHOSE)
    disable.add_argument(
        "--clean", action="store_true",
        help="then end its sessions, stop its daemons, and delete the key and the rules left over",
    )  # fmt: skip
    _ask_options(disable)
    run_by(disable, "tui.commands.disable")


def _add_rotate(commands: Commands) -> None:
    rotate = add_command(
        commands, "rotate", "give a VPN another pre-shared key, or list the keys that are due"
    )
    rotate.add_argument("target", nargs="?", default="", metavar=_TARGET, help=_WHOSE)
    rotate.add_argument(
        "--due", action="store_true", help="list the VPNs whose key is due; 1 when there are any"
    )
    rotate.add_argument(
        "--end-sessions", action="store_true",
        help="restart strongSwan and xl2tpd on the router, so that nobody stays on the old key",
    )  # fmt: skip
    _show_secret(rotate)
    _ask_options(rotate)
    run_by(rotate, "tui.commands.rotate")


def _add_change_range(commands: Commands) -> None:
    change = add_command(
        commands, "change-range", "give a VPN another client range, and so another key"
    )
    change.add_argument("target", metavar=_TARGET, help=_WHOSE)
    change.add_argument(
        "range_text", metavar="A-B", help="the new range; auto: one that collides with nothing"
    )
    change.add_argument(
        "--no-restart", action="store_true",
        help="leave xl2tpd alone; it hands out the old range until somebody restarts it",
    )  # fmt: skip
    _show_secret(change)
    _ask_options(change)
    run_by(change, "tui.commands.rotate")


def _add_repair(commands: Commands) -> None:
    repair = add_command(commands, "repair", "say what is wrong with a VPN, and cure it")
    repair.add_argument(
        "target", nargs="?", default="", metavar=_TARGET, help=f"{_WHOSE}; without it every one"
    )
    repair.add_argument("--fix", action="store_true", help="make the cures, after asking")
    repair.add_argument(
        "--user", action="append", default=[], metavar="NAME", dest="users",
        help="a user whose removal was refused, and whose name stays taken; may be repeated",
    )  # fmt: skip
    _ask_options(repair)
    run_by(repair, "tui.commands.repair")


def _add_restart(commands: Commands) -> None:
    restart = add_command(
        commands, "restart", "restart a router, a network or a VPC, after saying what it costs"
    )
    restart.add_argument("target", metavar=_TARGET, help=_WHOSE)
    what = restart.add_mutually_exclusive_group()
    what.add_argument(
        "--router", nargs="?", const="", default=None, metavar="NAME",
        help="reboot this router of it; without a name the only one",
    )  # fmt: skip
    what.add_argument(
        "--cleanup", action="store_true", help="build new routers in place of the old ones"
    )
    _ask_options(restart)
    run_by(restart, "tui.commands.restart")
