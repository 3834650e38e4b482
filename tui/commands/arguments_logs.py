"""What may be typed after `csvpn logs`."""

from tui.commands.parsing import Commands, Parser, add_command, number, run_by
from tui.logs.line import LEVELS


def declare(commands: Commands) -> None:
    """Declare the command."""
    logs = add_command(
        commands,
        "logs",
        "print logs of Virtual Routers, files, folders and bundles, merged by time",
    )
    run_by(logs, "tui.commands.logs")
    logs.add_argument(
        "paths", nargs="*", metavar="PATH",
        help="a log file (also .gz), a folder of them, a bundle, or - for standard input",
    )  # fmt: skip
    logs.add_argument(
        "--router", action="append", default=[], metavar="R", dest="routers",
        help="a router, or the network that it serves; may be repeated; without it, and without a "
        "PATH, all that run",
    )  # fmt: skip
    logs.add_argument(
        "--source", action="append", default=[], metavar="LOG", dest="sources",
        help="of routers: daemon, messages, cloud (these without it), auth, haproxy, journal (for "
        "attempts, clients and users: journal, cloud)",
    )  # fmt: skip
    logs.add_argument("--follow", "-f", action="store_true", help="go on with every new line")
    _declare_choice(logs)
    logs.add_argument(
        "--attempts", action="store_true",
        help="instead of lines, the connection attempts: who, how far, how it ended",
    )  # fmt: skip
    logs.add_argument(
        "--accept-host-key", action="append", default=[], metavar="SHA256:…", dest="accept",
        help="remember the host key with this fingerprint, which you have compared",
    )  # fmt: skip


def _declare_choice(logs: Parser) -> None:
    """Which lines."""
    logs.add_argument("--since", default="", metavar="T", help="10m, 2h, 14:05 or 2026-11-23T14:05")
    logs.add_argument("--until", default="", metavar="T", help="likewise")
    logs.add_argument("--grep", default="", metavar="X", help="only lines with this expression")
    logs.add_argument(
        "--level", default="", choices=("", *LEVELS), metavar="L",
        help=f"only lines that are at least that important: {', '.join(LEVELS)}",
    )  # fmt: skip
    logs.add_argument(
        "--client", default="", metavar="IP", help="only lines of this client's attempts"
    )
    logs.add_argument("--user", default="", metavar="U", help="only lines of this user's attempts")
    logs.add_argument(
        "--context", "-C", type=number, default=0, metavar="N",
        help="so many lines around each that matches",
    )  # fmt: skip
    logs.add_argument(
        "--lines", "-n", type=number, default=None, metavar="N",
        help="how many, per router; 100 of a router and all of a PATH without it",
    )  # fmt: skip
