"""The commands about secrets and the audit trail: what may be typed."""

from tui.commands.parsing import Commands, add_command, number, run_by


def declare(commands: Commands) -> None:
    """Declare `csvpn profile` and `csvpn audit`."""
    profile = add_command(commands, "profile", "list the profiles and where their secrets are kept")
    profile.add_argument("name", nargs="?", default="", metavar="NAME", help="only this profile")
    profile.add_argument(
        "--move-to", choices=("keyring", "file"), default="",
        help="keep the secret of NAME there from now on",
    )  # fmt: skip
    profile.add_argument(
        "--forget", action="store_true", help="delete the secrets of NAME that csvpn keeps"
    )
    profile.add_argument(
        "--forget-rows", action="store_true", help="delete the rows of NAME that are kept on disk"
    )
    profile.add_argument("--yes", action="store_true", help="do not ask")
    run_by(profile, "tui.commands.profile")

    audit = add_command(commands, "audit", "check or show the audit trail of this program")
    what = audit.add_subparsers(dest="audit_command", metavar="COMMAND", required=True)
    verify = add_command(what, "verify", "check that no record was changed, taken out or put in")
    run_by(verify, "tui.commands.audit")
    show = add_command(what, "show", "print what was recorded")
    show.add_argument("--since", default="", metavar="T", help="10m, 2h, 1d or 2026-11-23T14:05")
    show.add_argument(
        "--lines", "-n", type=number, default=0, metavar="N", help="only the last N; 0: all"
    )
    run_by(show, "tui.commands.audit")
