"""The command that checks routers: `csvpn check`."""

from pathlib import Path

from tui.commands.parsing import Commands, add_command, run_by


def declare(commands: Commands) -> None:
    """Add the command."""
    check = add_command(
        commands,
        "check",
        "compare what CloudStack says of a VPN with what its router does, and look how the router "
        "is",
    )
    check.add_argument(
        "--router", action="append", default=[], metavar="R", dest="routers",
        help="a router, or the network or VPC that it serves; may be repeated; without it all that "
        "run",
    )  # fmt: skip
    check.add_argument(
        "--zone", default="", metavar="Z", help="only routers of this zone, as many as there are"
    )
    check.add_argument(
        "--facts", type=Path, default=None, metavar="DIR",
        help="read a saved bundle, or a folder with those of several routers, and ask nobody",
    )  # fmt: skip
    check.add_argument(
        "--save", type=Path, default=None, metavar="DIR",
        help="keep answers, logs and CloudStack's word there, without their secrets",
    )  # fmt: skip
    check.add_argument(
        "--evidence", "-v", action="store_true", help="show what each result comes from"
    )
    check.add_argument(
        "--all", "-a", action="store_true", dest="everything",
        help="show what is right and what does not apply as well",
    )  # fmt: skip
    check.add_argument(
        "--accept-host-key", action="append", default=[], metavar="SHA256:…", dest="accept",
        help="remember the host key with this fingerprint, which you have compared",
    )  # fmt: skip
    run_by(check, "tui.commands.check")
