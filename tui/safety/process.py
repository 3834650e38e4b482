"""What this process does before anything else, so that secrets stay in it."""

import ctypes
import logging
import os
import resource
import sys
import threading
from collections.abc import MutableMapping
from types import TracebackType
from typing import Any, Final

LEAKING_VARIABLES: Final = (
    "TEXTUAL",
    "TEXTUAL_LOG",
    "TEXTUAL_DEBUG",
    "TEXTUAL_DEVTOOLS_HOST",
    "TEXTUAL_DEVTOOLS_PORT",
    "TEXTUAL_SCREENSHOT",
    "TEXTUAL_SCREENSHOT_LOCATION",
    "TEXTUAL_SCREENSHOT_FILENAME",
    "TEXTUAL_SHOW_RETURN",
    "SSLKEYLOGFILE",
)
"""Variables that make Textual write down every key and the screen, and Python the keys of TLS."""

_CHATTY_LOGGERS: Final = ("httpx", "httpcore", "asyncssh", "keyring", "hpack")
_PR_SET_DUMPABLE: Final = 4

_plain_record = logging.getLogRecordFactory()


def harden(environment: MutableMapping[str, str] = os.environ) -> tuple[str, ...]:
    """Close the ways on which secrets leave a process by accident. Call it before Textual loads.

    New files are private, there are no core dumps and no debuggers of other processes of the same
    user, tracebacks and log records are redacted, and the variables above are removed.

    Returns the names of the variables that were set, for the user to know why they do nothing.
    """
    os.umask(0o077)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)
    removed = tuple(name for name in LEAKING_VARIABLES if environment.pop(name, None) is not None)
    for name in _CHATTY_LOGGERS:
        logger = logging.getLogger(name)
        logger.setLevel(max(logger.level, logging.WARNING))
    logging.setLogRecordFactory(redacted_record)
    sys.excepthook = print_redacted
    threading.excepthook = _print_thread_error
    return removed


def wipe_variable(name: str) -> None:
    """Overwrite the value that this process was started with.

    Taking a variable out of `os.environ` leaves it in the memory that `/proc/PID/environ` shows.
    """
    libc = ctypes.CDLL(None)
    libc.getenv.restype = ctypes.c_void_p
    libc.getenv.argtypes = [ctypes.c_char_p]
    address = libc.getenv(os.fsencode(name))
    if address:
        ctypes.memset(address, 0, len(ctypes.string_at(address)))


def redacted_record(*arguments: Any, **keywords: Any) -> logging.LogRecord:
    """A log record whose text and traceback went through `redact`, whoever formats it later."""
    from tui.safety.redact import redact  # its patterns take time, and most starts log nothing

    record = _plain_record(*arguments, **keywords)
    try:
        message = record.getMessage()
    except (TypeError, ValueError):
        message = f"{record.msg} (its arguments do not fit)"
    record.msg, record.args = redact(message), ()
    if record.exc_info:
        record.exc_text = redacted_traceback(record.exc_info[1])
    return record


def redacted_traceback(error: BaseException | None) -> str:
    """The traceback of `error` without local variables, secrets and terminal escapes."""
    if error is None:
        return ""
    import traceback

    from tui.safety.redact import redact
    from tui.safety.text import clean_lines

    return "\n".join(clean_lines(redact("".join(traceback.format_exception(error)))))


def print_redacted(
    _kind: type[BaseException], error: BaseException, _where: TracebackType | None
) -> None:
    """`sys.excepthook`: like Python's own, redacted."""
    if isinstance(error, KeyboardInterrupt):
        return
    print(redacted_traceback(error), file=sys.stderr)


def _print_thread_error(failure: threading.ExceptHookArgs) -> None:
    if failure.exc_value is not None:
        print_redacted(failure.exc_type, failure.exc_value, failure.exc_traceback)
