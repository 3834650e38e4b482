"""What may be typed after `csvpn why`."""

from tui.commands.parsing import Commands, add_command, amount, run_by

_MODULE = "tui.commands.why"


def declare(commands: Commands) -> None:
    """Declare `csvpn why`."""
    says = (
        "why clients cannot connect: a verdict for each, with the lines that prove it and what to "
        "do; exit code 0 when nothing is wrong, 1 when something is, 2 when it cannot be told"
    )
    why = add_command(commands, "why", says)
    run_by(why, _MODULE)
    why.add_argument("user", metavar="USER", nargs="?", default="", help="this user only")
    where = why.add_mutually_exclusive_group()
    where.add_argument("--router", metavar="ROUTER", help="ask this router: name, id or network")
    where.add_argument(
        "--bundle", metavar="DIR", help="look at a saved bundle or at recorded files; asks nobody"
    )
    why.add_argument("--client", metavar="IP", default="", help="this public address only")
    why.add_argument(
        "--says",
        metavar="TEXT",
        default="",
        help="what the client shows, in any words: 'error 789', 'did not respond'",
    )
    why.add_argument(
        "--since",
        metavar="MINUTES",
        type=amount,
        default=60.0,
        help="how far back in the router's logs; 60 without it",
    )
    why.add_argument(
        "--capture",
        metavar="SECONDS",
        type=amount,
        default=0.0,
        help="also capture packets on the router for so long (at most 120), while the user tries",
    )
    why.add_argument(
        "--save", metavar="DIR", default="", help="keep the evidence there as a bundle, redacted"
    )
    why.add_argument(
        "--accept-host-key",
        metavar="SHA256:…",
        action="append",
        default=[],
        dest="accept",
        help="remember this host key, which you have compared",
    )
