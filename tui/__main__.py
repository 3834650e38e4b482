"""The command line. Textual is loaded only when the console starts, SSH and HTTP when needed."""

import argparse
import asyncio
import contextlib
import importlib
import os
import sys
from collections.abc import Callable, Coroutine, Sequence
from typing import TYPE_CHECKING, Any

from tui.commands.arguments import parser
from tui.commands.opening import Context, chosen_profile
from tui.commands.output import EXPECTED, CommandError, Exit, complain, tell
from tui.safety.credentials import CredentialStore
from tui.safety.encrypted_file import EncryptedFile
from tui.safety.process import harden
from tui.session.launch import Launcher, SecretMissing
from tui.settings.errors import SettingsError
from tui.settings.paths import secrets_file

if TYPE_CHECKING:
    from tui.session.launch import OpenDemo
    from tui.session.session import Session

Arguments = argparse.Namespace


def main(argv: Sequence[str] | None = None) -> int:
    """Run the program; returns its exit code."""
    for stream in (sys.stdout, sys.stderr):
        # Names from a cloud must not end the program on a terminal that is not UTF-8.
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors="backslashreplace")
    ignored = harden()
    try:
        credentials = CredentialStore(file=EncryptedFile(secrets_file()))
        arguments = parser().parse_args(argv)
        for name in ignored:
            tell(f"note: {name} is ignored, because it would write down what is on the screen")
        return int(_run(arguments, credentials))
    except EXPECTED as error:
        return int(complain(error))
    except BrokenPipeError:
        # Whoever read our answer has enough; Python must not complain again when it ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return int(Exit.FINE)
    except KeyboardInterrupt:
        return 130


def _run(arguments: Arguments, credentials: CredentialStore) -> int:
    command = arguments.command
    if command == "lab":
        return _serve_lab(arguments)
    if command in {None, "demo"}:
        return _run_console(arguments, credentials)
    from tui.commands.passphrase import ask_on_terminal

    credentials.ask_passphrase_with(ask_on_terminal)
    context = Context(
        Launcher(credentials, read_only=_given(arguments, "read_only", False)),
        _given(arguments, "profile", ""),
        _given(arguments, "json", False),
    )
    commands: dict[str, Callable[[Context, Arguments], Coroutine[Any, Any, Exit]]] = {
        "enable": _enable,
    }
    if "run_by" in arguments:
        module = importlib.import_module(arguments.run_by)
        return _until_interrupted(module.run_command(context, arguments), arguments)
    return _until_interrupted(commands[command](context, arguments), arguments)


def _given(arguments: Arguments, name: str, usual: Any) -> Any:
    """An option that may stand before or after the command and so has no default."""
    return getattr(arguments, name, usual)


def _until_interrupted(work: Coroutine[Any, Any, Exit], arguments: Arguments) -> int:
    """Following logs is ended by ctrl+c and by nothing else: that is a good end."""
    try:
        return int(asyncio.run(work))
    except KeyboardInterrupt:
        return int(Exit.FINE) if _given(arguments, "follow", False) else 130


# Headless commands.


async def _enable(context: Context, arguments: Arguments) -> Exit:
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


def _serve_lab(arguments: Arguments) -> int:
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


def _run_console(arguments: Arguments, credentials: CredentialStore) -> int:
    if _given(arguments, "json", False):
        raise CommandError("--json is for headless commands", "for example csvpn users --json")
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise CommandError(
            "the console needs a terminal", "headless commands do not: csvpn users, csvpn logs"
        )
    read_only = bool(_given(arguments, "read_only", False))
    return asyncio.run(_console(arguments, credentials, read_only))


async def _console(arguments: Arguments, credentials: CredentialStore, read_only: bool) -> int:
    from tui.demo import Demo

    demo = Demo(
        read_only=read_only,
        networks=_given(arguments, "networks", 0),
        speed=_given(arguments, "speed", 1.0),
    )
    try:
        if arguments.command == "demo":
            session = await demo.open()
            launcher = Launcher(credentials, read_only=read_only, open_demo=demo.open)
        else:
            session = None
            launcher = _launcher(arguments, credentials, read_only, demo.open)
            await _run_command_of(launcher)
        return await _show(launcher, session)
    finally:
        await demo.aclose()


def _launcher(
    arguments: Arguments, credentials: CredentialStore, read_only: bool, open_demo: "OpenDemo"
) -> Launcher:
    """The launcher for the profile that was named, or for the default one if there is one."""
    launcher = Launcher(credentials, read_only=read_only, open_demo=open_demo)
    wanted = _given(arguments, "profile", "")
    if wanted:
        launcher.wanted = chosen_profile(launcher.profiles(), wanted).name
        return launcher
    # The welcome screen says what is wrong with the file, and offers what works without it.
    with contextlib.suppress(SettingsError):
        launcher.wanted = launcher.profiles().default
    return launcher


async def _run_command_of(launcher: Launcher) -> None:
    """Run the program that knows the secret while the terminal is still ours to lend.

    What goes wrong is said where the profile is opened, which tries again.
    """
    if launcher.wanted:
        with contextlib.suppress(SettingsError, SecretMissing):
            profile = launcher.profiles().chosen(launcher.wanted)
            if profile is not None and profile.credential_command:
                await launcher.secret_of(profile)


async def _show(launcher: Launcher, session: "Session | None") -> int:
    """Run the console until it is left; returns its exit code."""
    from screens.passphrase import asking_on
    from tui.app import Console
    from tui.safety.clipboard import Clipboard
    from tui.terminal.aside import aside_of
    from tui.terminal.driver import TerminalWriter, outlasting_the_terminal
    from tui.terminal.signals import ending_on_signals

    writer = TerminalWriter()
    console = Console(launcher, session, clipboard=Clipboard(writer), writer=writer)
    launcher.ask_passphrase_with(asking_on(console))
    launcher.run_commands_within(aside_of(console))
    loop = asyncio.get_running_loop()
    with outlasting_the_terminal(), ending_on_signals(loop, lambda c: console.exit(return_code=c)):
        await console.run_async()
    return console.return_code or 0


if __name__ == "__main__":
    sys.exit(main())
