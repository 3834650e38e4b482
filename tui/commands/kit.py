"""`csvpn kit`: what people need to connect from their own machines, as files or on the screen."""

import argparse
import asyncio
import sys
from collections.abc import Sequence
from pathlib import Path

import msgspec

from tui.commands.opening import Context, did_you_mean, learn, opened, the_one
from tui.commands.output import CommandError, Exit, print_json, print_line, tell
from tui.operations.kit_files import KitNotWritten, Written
from tui.safety.secret import Secret
from tui.session import kits
from tui.session.auditing import SecretUse, note_secret_use
from tui.session.kits import KitUser, KitVpn, KitWish
from tui.session.session import Session
from tui.vpn.findings import errors
from tui.vpn.kits import handout
from tui.vpn.kits.choices import ASKED, SHOWN
from tui.vpn.kits.kit import NAMES, Kit
from tui.vpn.kits.pages import to_text
from tui.vpn.kits.qr import half_blocks, settings_text
from tui.vpn.kits.settings import KitImpossible, checked


class Request(msgspec.Struct, frozen=True, kw_only=True):
    """What was typed."""

    users: tuple[str, ...] = ()
    everybody: bool = False
    group: str = ""
    """Name of a group of the roster."""
    vpn: str = ""
    """Address, network or id of the address."""
    out: str = ""
    as_zip: bool = False
    wish: KitWish = KitWish()
    keep_days: int = 7
    anyway: bool = False
    passwords: dict[str, Secret] = {}
    """By user; under "" the one of the only user."""


async def run_command(context: Context, arguments: argparse.Namespace) -> Exit:
    """What the command line runs."""
    wish = KitWish(
        platforms=tuple(dict.fromkeys(arguments.platforms)),
        user_place=arguments.user_name_place,
        key_place=arguments.key_place,
        password_place=arguments.password_place,
        split=not arguments.full_tunnel,
        routes=tuple(arguments.routes),
        mtu=arguments.mtu,
    )
    if arguments.full_tunnel and arguments.routes:
        raise CommandError(
            "--full-tunnel sends everything through the tunnel, --route only some of it",
            "give one of them",
        )
    passwords: dict[str, Secret] = {}
    if arguments.password_stdin:
        passwords = read_passwords(sys.stdin.read(), arguments.users)
        if wish.password_place == ASKED:
            wish = msgspec.structs.replace(wish, password_place=SHOWN)
    return await make(
        context,
        Request(
            users=tuple(dict.fromkeys(arguments.users)),
            everybody=arguments.all,
            group=arguments.group,
            vpn=arguments.vpn,
            out=arguments.out,
            as_zip=arguments.zip,
            wish=wish,
            keep_days=arguments.keep_days,
            anyway=arguments.anyway,
            passwords=passwords,
        ),
    )


def read_passwords(text: str, users: Sequence[str]) -> dict[str, Secret]:
    """The passwords of stdin: one line for one user, else a line `NAME PASSWORD` for each.

    Raises `CommandError`; what stands in a line is never quoted.
    """
    lines = [line for line in text.splitlines() if line.strip()]
    if len(users) == 1 and len(lines) == 1 and len(lines[0].split()) == 1:
        return {users[0]: Secret(lines[0].strip())}
    found: dict[str, Secret] = {}
    for number, line in enumerate(lines, 1):
        name, blank, password = line.strip().partition(" ")
        if not blank or not password.strip():
            raise CommandError(
                f"line {number} of stdin is not a name and a password",
                "for one user give the password alone, for several NAME PASSWORD in each line",
            )
        found[name] = Secret(password.strip())
    if not found:
        raise CommandError("stdin has no password", "the password is the first line of stdin")
    return found


async def make(context: Context, request: Request) -> Exit:
    """Make the kits, and write or print them. Raises one of `output.EXPECTED`."""
    if sum((bool(request.users), request.everybody, bool(request.group))) != 1:
        raise CommandError(
            "it is not clear for whom", "name users, or give either --group or --all with --vpn"
        )
    if request.as_zip and not request.out:
        raise CommandError("--zip is for files", "say where with --out DIR")
    async with opened(context) as session:
        await learn(session, kits.KINDS)
        if request.group:
            await session.roster.load()
        vpn = _find(session, request)
        users = _users(session, vpn, request)
        notes = _waiting(session, vpn, users)
        _refuse_unknown_secrets(vpn, users, request)
        try:
            made = kits.make_kits(vpn, users, request.wish)
        except KitImpossible as error:
            raise CommandError(str(error).rstrip("."), "see csvpn kit --help") from error
        for note in notes:
            tell(f"note: {note}")
        if not request.out:
            await _note_use(session, "print", vpn, made)
            return _print(context, vpn, users, request)
        written = await asyncio.to_thread(_write, made, vpn, request, session.state)
        await _note_use(session, "export", vpn, made)
    _report(context, vpn, made, written, request)
    return Exit.FINE


async def _note_use(session: Session, use: SecretUse, vpn: KitVpn, made: Sequence[Kit]) -> None:
    """Record which secrets were given out and for whom."""
    for secret, name in NAMES.items():
        people = [kit.user for kit in made if secret in kit.secrets]
        if people:
            target = f"{vpn.words} for {', '.join(people)}"
            trouble = await note_secret_use(session, use, name, target)
            if trouble:
                tell(f"warning: {trouble}")


# Which VPN and who.


def _find(session: Session, request: Request) -> KitVpn:
    """The VPN that was named, or the only one that all users reach. Raises `CommandError`."""
    known = kits.kit_vpns(session.inventory)
    if not known:
        raise CommandError("these credentials see no running VPN", "enable one: csvpn enable")
    if request.vpn:
        named = [v for v in known if request.vpn in (v.network, v.server, v.address_id)]
        if not named:
            names = [vpn.network for vpn in known]
            raise CommandError(
                f"there is no running VPN {request.vpn!r}", did_you_mean(request.vpn, names)
            )
        return the_one(named, request.vpn, _spell, choose="give its address with --vpn")
    if request.group:
        return _of_group(session, known, request.group)
    if request.everybody:
        if len(known) == 1:
            return known[0]
        spelled = ", ".join(vpn.words for vpn in known)
        raise CommandError(f"--all is for one VPN, and there are {spelled}", "say which with --vpn")
    wanted, inventory = set(request.users), session.inventory
    fitting = [vpn for vpn in known if wanted <= set(kits.users_of(inventory, vpn))]
    if fitting:
        what = ", ".join(request.users)
        if len(fitting) > 1:
            spelled = ", ".join(_spell(vpn) for vpn in fitting)
            raise CommandError(f"{what} can use {spelled}", "say which with --vpn")
        return fitting[0]
    raise _no_such_user(session, request.users)


def _of_group(session: Session, known: Sequence[KitVpn], group: str) -> KitVpn:
    """The only VPN whose owner has the group. Raises `CommandError`."""
    found = [vpn for vpn in known if session.roster.group(vpn.owner_key, group)]
    if found:
        return the_one(found, f"the group {group}", _spell, choose="say which with --vpn")
    raise _no_such_group(session, known, group)


def _no_such_group(session: Session, vpns: Sequence[KitVpn], group: str) -> CommandError:
    if session.roster.trouble is not None:
        return CommandError(
            session.roster.trouble.says.rstrip("."), session.roster.trouble.remedy, Exit.CANNOT_TELL
        )
    groups = {name for vpn in vpns for name in session.roster.groups(vpn.owner_key)}
    return CommandError(f"there is no group {group!r} here", did_you_mean(group, groups))


def _spell(vpn: KitVpn) -> str:
    return f"{vpn.words} of {vpn.owner}"


def _no_such_user(session: Session, names: Sequence[str]) -> CommandError:
    rows = session.inventory.users.rows.values()
    everybody = {user.user_name for user in rows}
    for name in names:
        if name not in everybody:
            return CommandError(f"there is no VPN user {name!r}", did_you_mean(name, everybody))
    owners = sorted({user.owner for user in rows if user.user_name in names})
    if len(names) == 1:
        return CommandError(
            f"{names[0]} belongs to {', '.join(owners)}, which has no running VPN",
            "enable one: csvpn enable NETWORK",
        )
    return CommandError(
        f"{', '.join(names)} share no VPN; they belong to {', '.join(owners)}",
        "make their kits one account at a time",
    )


def _users(session: Session, vpn: KitVpn, request: Request) -> list[KitUser]:
    """The users that were named, who have to be of the VPN's account. Raises `CommandError`."""
    there = kits.users_of(session.inventory, vpn)
    wanted: Sequence[str] = there if request.everybody else request.users
    if request.group:
        grouped = session.roster.group(vpn.owner_key, request.group)
        if not grouped:
            raise _no_such_group(session, [vpn], request.group)
        for name in sorted(set(grouped) - set(there)):
            tell(f"note: {name} is in the group {request.group}, but is no VPN user any more")
        wanted = [name for name in grouped if name in there]
    if not wanted:
        raise CommandError(
            f"{vpn.owner} has no VPN user", f"add one: csvpn users add NAME --account {vpn.owner}"
        )
    for name in wanted:
        if name not in there:
            raise CommandError(
                f"{name!r} is no VPN user of {vpn.owner}, who owns {vpn.words}",
                did_you_mean(name, there),
            )
    return [KitUser(name, request.passwords.get(name)) for name in wanted]


def _waiting(session: Session, vpn: KitVpn, users: Sequence[KitUser]) -> list[str]:
    names = {user.name for user in users}
    return [
        f"{user.user_name} is not active yet ({user.state}): no router has the user"
        for user in session.inventory.users.rows.values()
        if user.owner_key == vpn.owner_key and user.user_name in names and user.state != "Active"
    ]


def _refuse_unknown_secrets(vpn: KitVpn, users: Sequence[KitUser], request: Request) -> None:
    if request.wish.key_place == SHOWN and vpn.key is None:
        raise CommandError(
            f"CloudStack does not show the pre-shared key of {vpn.words} to these credentials",
            "use --key asked",
            Exit.REFUSED,
        )
    unknown = [user.name for user in users if user.password is None]
    if request.wish.password_place == SHOWN and unknown:
        raise CommandError(
            f"the password of {', '.join(unknown)} is not known: CloudStack gives none back",
            "give it with --password-stdin, or remove and add the user, or use --password asked",
        )


# What comes of it.


def _write(made: Sequence[Kit], vpn: KitVpn, request: Request, state: Path) -> list[Written]:
    into = Path(request.out)
    found = kits.place_findings(into, secret=any(kit.secrets for kit in made))
    stops = errors(found)
    if stops and not request.anyway:
        says = stops[0].says.rstrip(".")
        raise CommandError(f"{says}, or go ahead with --anyway", code=Exit.FINDINGS)
    for finding in found:
        tell(f"note: {finding.says}")
    try:
        return kits.write_and_remember(
            made,
            vpn,
            into,
            as_zip=request.as_zip,
            keep_days=request.keep_days,
            state=state,
        )
    except KitNotWritten as error:
        raise CommandError(error.what, error.remedy, Exit.FINDINGS) from error


def _report(
    context: Context,
    vpn: KitVpn,
    made: Sequence[Kit],
    written: Sequence[Written],
    request: Request,
) -> None:
    if context.as_json:
        print_json({"vpn": _vpn_document(vpn), "kits": [_document(each) for each in written]})
    else:
        for each in written:
            print_line(str(each.path))
    clear = sorted({name for kit in made for name in kit.secrets})
    if clear:
        words = " and ".join(NAMES[name] for name in clear)
        verb = "stands" if len(clear) == 1 else "stand"
        zip_words = "; a zip does not encrypt" if request.as_zip else ""
        tell(
            f"▲ The {words} of {vpn.words} {verb} in clear text in the files (mode "
            f"0600){zip_words}. README.txt in each kit says in which."
        )
    if request.keep_days:
        tell(
            f"Hand the kits over and delete them: csvpn kits delete. After {request.keep_days} "
            "days csvpn kits calls them due."
        )


def _vpn_document(vpn: KitVpn) -> dict[str, object]:
    return {
        "network": vpn.network,
        "server": vpn.server,
        "owner": vpn.owner,
        "routes": list(vpn.routes),
        "dns": vpn.dns or None,
        "domain": vpn.domain or None,
    }


def _document(written: Written) -> dict[str, object]:
    return {
        "user": written.user,
        "path": str(written.path),
        "files": list(written.files),
        "secrets": list(written.secrets),
    }


def _print(context: Context, vpn: KitVpn, users: Sequence[KitUser], request: Request) -> Exit:
    """The page and the code of each user."""
    texts = []
    for user in users:
        settings = checked(kits.settings_for(vpn, user, request.wish))
        texts.append((user.name, to_text(handout.page(settings)), settings_text(settings)))
    if context.as_json:
        pages = [{"user": user, "text": text, "qr": qr} for user, text, qr in texts]
        print_json({"vpn": _vpn_document(vpn), "kits": pages})
        return Exit.FINE
    for _, text, qr in texts:
        for line in [*text.splitlines(), *_drawn(qr)]:
            print_line(line)
        print_line()
    return Exit.FINE


def _drawn(text: str) -> list[str]:
    """A code as a camera can read it: on a terminal black on white, whatever its colours are."""
    lines = half_blocks(text, border=2)
    if not sys.stdout.isatty():
        return lines
    return [f"\x1b[38;5;16;48;5;231m{line}\x1b[0m" for line in lines]
