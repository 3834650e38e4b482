"""The passphrase of the encrypted file, asked on the terminal of a headless command."""

import getpass
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from tui.commands.output import tell
from tui.safety.encrypted_file import SHORTEST_PASSPHRASE
from tui.safety.secret import Secret
from tui.safety.text import clean
from tui.safety.vault import NobodyToAsk, PassphraseWanted


async def ask_on_terminal(wanted: PassphraseWanted) -> Secret | None:
    """What was typed; None for an empty line. Raises `NobodyToAsk` where stdin is no terminal.

    Blocks the event loop: nothing else goes on while a command asks.
    """
    if not sys.stdin.isatty():
        raise NobodyToAsk("there is no terminal to ask for its passphrase on")
    if wanted.complaint:
        tell(wanted.complaint)
    with _interruptible():
        try:
            return _choose(wanted) if wanted.is_new else _ask(wanted)
        except (EOFError, OSError):
            return None


def _ask(wanted: PassphraseWanted) -> Secret | None:
    typed = getpass.getpass(clean(f"Passphrase of {wanted.path} ({wanted.purpose}): "))
    return Secret(typed) if typed else None


def _choose(wanted: PassphraseWanted) -> Secret | None:
    tell(f"{wanted.path} will be made {wanted.purpose}, under a passphrase that you choose.")
    while True:
        typed = getpass.getpass("New passphrase (empty: not now): ")
        if not typed:
            return None
        if len(typed) < SHORTEST_PASSPHRASE:
            tell(f"At least {SHORTEST_PASSPHRASE} characters; a few words do.")
        elif getpass.getpass("Once more: ") != typed:
            tell("These were not the same.")
        else:
            return Secret(typed)


@contextmanager
def _interruptible() -> Iterator[None]:
    """Let ctrl+c end the question: asyncio only notes it, and waits for the line to be typed."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
