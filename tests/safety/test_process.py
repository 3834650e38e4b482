"""What a hardened process no longer gives away; each in a process of its own."""

import logging
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tui.safety.process import LEAKING_VARIABLES, redacted_record, redacted_traceback
from tui.safety.secret import Secret

CANARY = "canary-Zx91Lm"


def run(code: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run `code` after `harden()`; `secret` is a live `Secret` in it."""
    prelude = (
        "import logging, os, resource, sys, threading\n"
        "from tui.safety.process import harden\n"
        "from tui.safety.secret import Secret\n"
        "secret = Secret('canary-' + 'Zx91Lm')\n"
        "removed = harden()\n"
    )
    return subprocess.run(
        [sys.executable, "-c", prelude + code],
        capture_output=True,
        text=True,
        env={**os.environ, **environment},
        check=False,
    )


def test_files_cores_and_debuggers(tmp_path: Path) -> None:
    done = run(
        f"open({str(tmp_path / 'f')!r}, 'w').close()\n"
        f"os.mkdir({str(tmp_path / 'd')!r})\n"
        "print(resource.getrlimit(resource.RLIMIT_CORE))\n"
        "import ctypes; print(ctypes.CDLL(None).prctl(3, 0, 0, 0, 0))\n"
    )
    assert done.stdout.splitlines() == ["(0, 0)", "0"]
    assert oct((tmp_path / "f").stat().st_mode)[-3:] == "600"
    assert oct((tmp_path / "d").stat().st_mode)[-3:] == "700"


def test_variables_that_write_keys_down_are_removed(tmp_path: Path) -> None:
    log = tmp_path / "log"
    done = run(
        "import textual.constants\n"
        "print(sorted(removed), textual.constants.LOG_FILE, 'SSLKEYLOGFILE' in os.environ)\n",
        TEXTUAL_LOG=str(log),
        SSLKEYLOGFILE=str(log),
    )
    assert done.stdout.strip() == "['SSLKEYLOGFILE', 'TEXTUAL_LOG'] None False"
    assert "TEXTUAL_DEBUG" in LEAKING_VARIABLES


@pytest.mark.parametrize(
    "code",
    [
        "raise ValueError('login failed for ' + secret.reveal() + chr(27) + ']0;x' + chr(7))",
        "raise ValueError('password=' + 'hunter22')",
        "def f():\n    raise OSError(secret.reveal())\n"
        "t = threading.Thread(target=f)\nt.start()\nt.join()",
        "try:\n    raise OSError(secret.reveal())\n"
        "except OSError as e:\n    raise RuntimeError('x') from e",
    ],
)
def test_tracebacks_show_no_secret_and_no_escape(code: str) -> None:
    done = run(code)
    assert "Traceback" in done.stderr
    assert "Error" in done.stderr
    assert CANARY not in done.stdout + done.stderr
    assert "hunter22'" not in done.stderr.splitlines()[-1]
    assert "\x1b" not in done.stderr


def test_log_records_are_redacted_and_the_chatty_are_quiet() -> None:
    done = run(
        "logging.basicConfig(level=logging.DEBUG)\n"
        "logging.getLogger('httpx').info('HTTP Request: GET /?x=%s', secret.reveal())\n"
        "logging.getLogger('httpcore.connection').debug('x')\n"
        "logging.getLogger('asyncssh').info('x')\n"
        "logging.warning('key %s', secret.reveal())\n"
        "logging.warning('%d arguments', 'x', secret.reveal())\n"
        "try:\n    raise OSError(secret.reveal())\n"
        "except OSError:\n    logging.exception('failed')\n"
    )
    assert CANARY not in done.stderr
    assert "HTTP Request" not in done.stderr
    assert "httpcore" not in done.stderr
    assert "asyncssh" not in done.stderr
    assert "key ***" in done.stderr
    assert "%d arguments (its arguments do not fit)" in done.stderr
    assert "OSError: ***" in done.stderr


@pytest.mark.skipif(sys.platform != "linux", reason="/proc is Linux's")
def test_a_secret_of_the_environment_is_gone_from_it_for_everybody() -> None:
    done = run(
        "from pathlib import Path\n"
        "from tui.safety.credentials import Credential, CredentialStore\n"
        "resource.setrlimit(resource.RLIMIT_CORE, (0, 0))\n"
        "import ctypes; ctypes.CDLL(None).prctl(4, 1, 0, 0, 0)\n"  # so that we may read it
        "print('canary-env' in Path('/proc/self/environ').read_text())\n"
        "store = CredentialStore()\n"
        "print('canary-env' in Path('/proc/self/environ').read_text())\n"
        "import subprocess\n"
        "print('canary-env' in subprocess.run(['env'], capture_output=True, text=True).stdout)\n"
        "print(store.given('p', Credential.PASSWORD).reveal(), 'PATH' in os.environ)\n",
        CSVPN_PASSWORD="canary-env-99",
    )
    assert done.stdout.split() == ["True", "False", "False", "canary-env-99", "True"], done.stderr


def test_an_interrupt_is_not_a_crash() -> None:
    assert run("raise KeyboardInterrupt").stderr == ""


def test_a_record_without_a_traceback() -> None:
    Secret(CANARY)
    record = redacted_record("x", logging.INFO, "f", 1, "%s and %s", ("a", CANARY), None)
    assert record.getMessage() == "a and ***"
    assert record.exc_text is None
    assert redacted_traceback(None) == ""
