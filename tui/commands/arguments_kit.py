"""What may be typed after `csvpn kit` and `csvpn kits`."""

from typing import Final

from tui.commands.parsing import Commands, Parser, add_command, number, run_by
from tui.vpn.kits.choices import ASKED, KEEP_DAYS, LEFT_OUT, MTU, PLACES, PLATFORMS, SHOWN

_IN_CLEAR: Final = "in clear text in the files"


def declare(commands: Commands) -> None:
    """Declare both commands."""
    _declare_kit(commands)
    _declare_kits(commands)


def _declare_kit(commands: Commands) -> None:
    kit = add_command(
        commands, "kit", "make client kits: what people need to connect from their own machines"
    )
    run_by(kit, "tui.commands.kit")
    kit.add_argument("users", nargs="*", metavar="USER", help="for whom")
    kit.add_argument("--all", action="store_true", help="for every user of the VPN's account")
    kit.add_argument(
        "--group", default="", metavar="NAME", help="for the users of a group of the roster"
    )
    kit.add_argument(
        "--vpn", default="", metavar="ADDRESS|NETWORK", help="which VPN, where there are several"
    )
    kit.add_argument(
        "--out", default="", metavar="DIR", help="write the kits there; without it print them"
    )
    kit.add_argument("--zip", action="store_true", help="each kit as a zip (it is not encrypted)")
    kit.add_argument(
        "--platform", action="append", default=[], choices=tuple(PLATFORMS), dest="platforms",
        help="only this one; may be repeated; without it all of them",
    )  # fmt: skip
    _add_places(kit)
    kit.add_argument(
        "--full-tunnel", action="store_true", help="send everything through the tunnel"
    )
    kit.add_argument(
        "--route", action="append", default=[], metavar="CIDR", dest="routes",
        help="what goes through the tunnel instead of the VPN's network; may be repeated",
    )  # fmt: skip
    kit.add_argument("--mtu", type=number, default=MTU, metavar="N", help=f"without it {MTU}")
    kit.add_argument(
        "--keep-days", type=number, default=KEEP_DAYS, metavar="N",
        help=f"when csvpn kits reminds of deleting them; without it {KEEP_DAYS}",
    )  # fmt: skip
    kit.add_argument(
        "--anyway", action="store_true", help="write secrets into a folder that is refused"
    )


def _add_places(kit: Parser) -> None:
    """The options that say where people get the user's name, the key and the password from."""
    for name, usual in (("user-name", SHOWN), ("key", ASKED), ("password", ASKED)):
        destination = f"{name.replace('-', '_')}_place"
        kit.add_argument(
            f"--{name}", choices=PLACES, default=usual, dest=destination,
            help=f"shown: {_IN_CLEAR}; asked: the machine asks for it and keeps it; left-out: "
            f"not at all; without this option: {usual}",
        )  # fmt: skip
        if name != "user-name":
            kit.add_argument(
                f"--with-{name}", action="store_const", const=SHOWN, dest=destination,
                help=f"the same as --{name} shown",
            )  # fmt: skip
            kit.add_argument(
                f"--without-{name}", action="store_const", const=LEFT_OUT, dest=destination,
                help=f"the same as --{name} left-out",
            )  # fmt: skip
    kit.add_argument(
        "--password-stdin", action="store_true",
        help="stdin has the password, or for several users a line `NAME PASSWORD` for each; "
        "CloudStack gives none back",
    )  # fmt: skip


def _declare_kits(commands: Commands) -> None:
    kits = add_command(commands, "kits", "list and delete the kits that lie on this machine")
    run_by(kits, "tui.commands.kits")
    what = kits.add_subparsers(dest="kits_command", metavar="COMMAND")
    add_command(what, "list", "list them with their age, those that are due first")
    delete = add_command(what, "delete", "delete kits that csvpn kit has written")
    delete.add_argument(
        "paths", nargs="*", metavar="KIT", help="the path of a kit, or the name of its folder"
    )
    delete.add_argument("--due", action="store_true", help="those that should be gone by now")
    delete.add_argument("--all", action="store_true", help="all of them")
    delete.add_argument("--yes", action="store_true", help="do not ask")
