"""The command line. Textual is loaded only when the console starts, SSH and HTTP when needed.

The console has to be there at once, so nothing is loaded before its first frame that the frame does
not need: no parser of the other commands, no secrets, no clients. `docs/architecture.md` has more.
"""

import gc
import importlib
import os
import sys
from collections.abc import Callable, Coroutine, Sequence
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, Final

from tui.commands.quick import console_options
from tui.safety.process import harden

if TYPE_CHECKING:
    import argparse

    from tui.app import Console
    from tui.commands.opening import Context
    from tui.commands.output import Exit
    from tui.demo import Demo
    from tui.safety.credentials import CredentialStore
    from tui.session.launch import Launcher
    from tui.session.session import Session
    from tui.session.start import Start

    Arguments = argparse.Namespace | SimpleNamespace

SECRETS_OF_THIS_START: Final = ("CSVPN_SECRET_KEY", "CSVPN_PASSWORD", "CSVPN_KEY_PASSPHRASE")
"""Variables, `_FILE` may follow, that are taken out of the environment before anything else."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run the program; returns its exit code."""
    for stream in (sys.stdout, sys.stderr):
        # Names from a cloud must not end the program on a terminal that is not UTF-8.
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors="backslashreplace")
    words = sys.argv[1:] if argv is None else argv
    options = console_options(words)
    if options is not None:
        # What is loaded now stays; looking through it for garbage again and again takes a tenth of
        # the time until the first frame. `screens.opening` turns it on again.
        gc.disable()
    ignored = harden()
    try:
        store = _store() if options is None or _secrets_are_given() else None
        arguments = _parsed(words) if options is None else SimpleNamespace(command=None, **options)
        if ignored:
            _tell_ignored(ignored)
        return int(_run(arguments, store))
    except _expected() as error:
        from tui.commands.output import complain

        return int(complain(error))
    except BrokenPipeError:
        # Whoever read our answer has enough; Python must not complain again when it ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except KeyboardInterrupt:
        return 130
    finally:
        gc.enable()


def _expected() -> tuple[type[Exception], ...]:
    """The errors that are said in words; looked up only when there is one."""
    from tui.commands.output import EXPECTED

    return EXPECTED


def _parsed(words: Sequence[str]) -> "argparse.Namespace":
    from tui.commands.arguments import parser

    return parser().parse_args(words)


def _tell_ignored(names: Sequence[str]) -> None:
    from tui.commands.output import tell

    for name in names:
        tell(f"note: {name} is ignored, because it would write down what is on the screen")


def _secrets_are_given() -> bool:
    return any(name.startswith(SECRETS_OF_THIS_START) for name in os.environ)


def _store() -> "CredentialStore":
    """The credential store. Made once, and takes the secrets out of the environment."""
    from tui.safety.credentials import CredentialStore
    from tui.safety.encrypted_file import EncryptedFile
    from tui.settings.paths import secrets_file

    return CredentialStore(file=EncryptedFile(secrets_file()))


def _run(arguments: "Arguments", store: "CredentialStore | None") -> int:
    command = arguments.command
    if command == "lab":
        return _serve_lab(arguments)
    if command in {None, "demo"}:
        return _run_console(arguments, store)
    from tui.commands.opening import Context
    from tui.commands.passphrase import ask_on_terminal
    from tui.session.launch import Launcher

    credentials = store or _store()
    credentials.ask_passphrase_with(ask_on_terminal)
    context = Context(
        Launcher(credentials, read_only=_given(arguments, "read_only", False)),
        _given(arguments, "profile", ""),
        _given(arguments, "json", False),
    )
    commands: dict[str, Callable[[Context, Arguments], Coroutine[Any, Any, Exit]]] = {
        "enable": _enable,
    }
    if hasattr(arguments, "run_by"):
        module = importlib.import_module(arguments.run_by)
        return _until_interrupted(module.run_command(context, arguments), arguments)
    return _until_interrupted(commands[command](context, arguments), arguments)


def _given(arguments: "Arguments", name: str, usual: Any) -> Any:
    """An option that may stand before or after the command and so has no default."""
    return getattr(arguments, name, usual)


def _until_interrupted(work: "Coroutine[Any, Any, Exit]", arguments: "Arguments") -> int:
    """Following logs is ended by ctrl+c and by nothing else: that is a good end."""
    import asyncio

    try:
        return int(asyncio.run(work))
    except KeyboardInterrupt:
        return 0 if _given(arguments, "follow", False) else 130


# Headless commands.


async def _enable(context: "Context", arguments: "Arguments") -> "Exit":
    from tui.commands.enable import Request, enable

    return await enable(
        context,
        Request(
            target=arguments.target,
            range_text=arguments.range_text,
            sources=tuple(arguments.sources),
            users=tuple(arguments.users),
            dry_run=arguments.dry_run,
            yes=arguments.yes,
            show_secret=arguments.show_secret,
        ),
    )


def _serve_lab(arguments: "Arguments") -> int:
    import asyncio

    from tui.commands.output import CommandError, Exit
    from tui.lab.serve import UvicornMissing, serve
    from tui.lab.worlds.snapshot import WorldUnreadable

    try:
        asyncio.run(
            serve(
                arguments.world,
                port=arguments.port,
                networks=arguments.networks,
                cost_ms=arguments.cost,
                speed=arguments.speed,
                routers=not arguments.no_routers,
            )
        )
    except WorldUnreadable as error:
        raise CommandError(str(error), "name contract, demo or a file that can be read") from error
    except UvicornMissing as error:
        raise CommandError(str(error), code=Exit.CANNOT_TELL) from error
    except (OSError, OverflowError) as error:
        raise CommandError(
            f"port {arguments.port} cannot be used: {error}", "choose another with --port"
        ) from error
    return int(Exit.FINE)


# The console.


def _run_console(arguments: "Arguments", store: "CredentialStore | None") -> int:
    if _given(arguments, "json", False) or not (sys.stdin.isatty() and sys.stdout.isatty()):
        from tui.commands.output import CommandError

        if _given(arguments, "json", False):
            raise CommandError("--json is for headless commands", "for example csvpn users --json")
        raise CommandError(
            "the console needs a terminal", "headless commands do not: csvpn users, csvpn logs"
        )
    import asyncio

    if arguments.command == "demo":
        return asyncio.run(_show_demo(arguments, store or _store()))
    return asyncio.run(_show_profile(arguments, store))


async def _show_demo(arguments: "Arguments", store: "CredentialStore") -> int:
    from tui.demo import Demo
    from tui.session.launch import Launcher

    read_only = bool(_given(arguments, "read_only", False))
    demo = Demo(
        read_only=read_only,
        networks=_given(arguments, "networks", 0),
        speed=_given(arguments, "speed", 1.0),
    )
    try:
        session = await demo.open()
        launcher = Launcher(store, read_only=read_only, open_demo=demo.open)
        return await _show(lambda: launcher, session, plain=_plain(arguments))
    finally:
        await demo.aclose()


async def _show_profile(arguments: "Arguments", store: "CredentialStore | None") -> int:
    """The console on the profile that was named, or on the default one if there is one."""
    read_only = bool(_given(arguments, "read_only", False))
    start = _start(_given(arguments, "profile", ""), read_only)
    lab = _LabOnDemand(read_only)
    made: list[Launcher] = []

    def launcher() -> "Launcher":
        if not made:
            from tui.session.launch import Launcher

            known = store or _store()
            made.append(Launcher(known, read_only=read_only, open_demo=lab.open))
        return made[0]

    if start is not None and start.profile.credential_command:
        await _run_command_of(launcher(), start)
    try:
        return await _show(launcher, None, start, plain=_plain(arguments))
    finally:
        await lab.aclose()


def _start(name: str, read_only: bool) -> "Start | None":
    """The profile called `name`, or the default one, and what is known of it; None without one."""
    from tui.session.start import begin
    from tui.settings.errors import SettingsError
    from tui.settings.profiles import load_profiles

    if name:
        profiles = load_profiles()
        if name not in profiles.profiles:
            from tui.commands.opening import chosen_profile

            chosen_profile(profiles, name)
        return begin(profiles.profiles[name], read_only)
    try:
        profile = load_profiles().chosen()
    except SettingsError:
        # The welcome screen says what is wrong with the file, and offers what works without it.
        return None
    return None if profile is None else begin(profile, read_only)


async def _run_command_of(launcher: "Launcher", start: "Start") -> None:
    """Run the program that knows the secret while the terminal is still ours to lend.

    What goes wrong is said where the profile is opened, which tries again.
    """
    from contextlib import suppress

    from tui.session.launch import SecretMissing

    with suppress(SecretMissing):
        await launcher.secret_of(start.profile)


class _LabOnDemand:
    """The demo, loaded when somebody opens it from the welcome screen."""

    def __init__(self, read_only: bool) -> None:
        self._read_only = read_only
        self._demo: Demo | None = None

    async def open(self) -> "Session":
        """A session on the lab. Raises `OSError`."""
        if self._demo is None:
            from tui.demo import Demo

            self._demo = Demo(read_only=self._read_only)
        return await self._demo.open()

    async def aclose(self) -> None:
        """End the lab, if there is one."""
        if self._demo is not None:
            await self._demo.aclose()


def _plain(arguments: "Arguments") -> bool:
    """Whether Textual is to write its frames itself."""
    return bool(_given(arguments, "plain_output", False))


async def _show(
    launcher: "Callable[[], Launcher]",
    session: "Session | None",
    start: "Start | None" = None,
    *,
    plain: bool,
) -> int:
    """Run the console until it is left; returns its exit code."""
    import asyncio

    from tui.app import Console
    from tui.safety.clipboard import Clipboard
    from tui.terminal.capabilities import read_capabilities
    from tui.terminal.driver import TerminalWriter, outlasting_the_terminal
    from tui.terminal.signals import ending_on_signals

    writer = TerminalWriter(read_capabilities(plain_output=plain))
    console = Console(
        lambda: _tied_to(console, launcher()),
        session,
        clipboard=Clipboard(writer),
        writer=writer,
        start=start,
    )
    loop = asyncio.get_running_loop()
    with outlasting_the_terminal(), ending_on_signals(loop, lambda c: console.exit(return_code=c)):
        await console.run_async()
    return console.return_code or 0


def _tied_to(console: "Console", launcher: "Launcher") -> "Launcher":
    """The launcher, which asks for passphrases on the console and lends its terminal."""
    from screens.passphrase import asking_on
    from tui.terminal.aside import aside_of

    launcher.ask_passphrase_with(asking_on(console))
    launcher.run_commands_within(aside_of(console))
    return launcher


if __name__ == "__main__":
    sys.exit(main())
