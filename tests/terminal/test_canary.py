"""The canary: a whole story with known secrets, and afterwards no file has one of them.

The real program in a terminal and as commands: a first run with a profile and an encrypted file,
a key and passwords shown and copied, commands with --json, a program that gives the secret, a
crash, a picture of the screen. Every file below the run's home and temporary folder is searched,
whatever made it, and so is what other programs were started with.
"""

import json
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.canaries import leaks
from tests.commands.test_program import csvpn
from tests.consoles import DemoConsole, until, words
from tests.terminal import crashingdemo
from tests.terminal.glass import CONSOLE, CTRL_Q, ENTER, ESCAPE, Glass
from tests.terminal.test_demo_clipboard import go_to_vpn, key_on
from tui.commands.output import Exit
from tui.lab.lab import Lab
from tui.settings.model import Profile, SshPath
from tui.settings.profiles import save_profile

pytestmark = pytest.mark.terminal

PASSPHRASE = "canary-passphrase-Wd4"
IN_THE_ENVIRONMENT = "canary-environment-Px8"
CTRL_S = "\x13"

TMUX = """#!/bin/sh
{{ echo "tmux $*"; env; }} >> {seen}
case "$1" in
  load-buffer) cat > {buffer} ;;
  show-buffer) cat {buffer} ;;
  list-buffers) echo csvpn ;;
  delete-buffer) rm {buffer} ;;
  display-message) echo 256,clipboard ;;
esac
"""
KNOWS = """#!/bin/sh
{{ echo "$0 $*"; env; }} >> {seen}
echo {secret}
"""


class Run:
    """One home, all that lies in it, and the secrets that were met on the way."""

    def __init__(self, folder: Path, known: dict[str, Any]) -> None:
        self.known = known
        self.home = folder / "home"
        self.temporary = folder / "temporary"
        self.elsewhere = folder / "elsewhere"
        """What is not csvpn's: programs that know a secret themselves."""
        for each in (self.home, self.temporary, self.elsewhere):
            each.mkdir()
        self.buffer = self.elsewhere / "buffer"
        self.secrets = {
            PASSPHRASE,
            IN_THE_ENVIRONMENT,
            crashingdemo.IN_A_VARIABLE,
            crashingdemo.KEPT_AS_SECRET,
            known["actors"]["root"]["secretkey"],
        }
        self._program("tmux", TMUX)
        self.knows = self._program("knows", KNOWS)

    def _program(self, name: str, text: str) -> Path:
        path = self.elsewhere / name
        given = {
            "seen": self.home / f"seen-by-{name}",
            "buffer": self.buffer,
            "secret": self.known["actors"]["root"]["secretkey"],
        }
        path.write_text(text.format(**{k: shlex.quote(str(v)) for k, v in given.items()}))
        path.chmod(0o700)
        return path

    def environment(self, **more: str) -> dict[str, str]:
        """A home of this run, with nothing of csvpn's said about where files are."""
        kept = {k: v for k, v in os.environ.items() if not k.startswith(("CSVPN_", "XDG_"))}
        return {
            **kept,
            "HOME": str(self.home),
            "TMPDIR": str(self.temporary),
            "PATH": f"{self.elsewhere}:{os.environ['PATH']}",
            "PYTHON_KEYRING_BACKEND": "keyring.backends.fail.Keyring",
            **more,
        }

    def keep(self, name: str, text: str) -> None:
        """Search `text` too."""
        (self.home / f"told-{name}").write_text(text)

    def command(self, *words: str, says_secrets: bool = False, **more: str) -> Any:
        """Run a command with --json; what it says has to be free of secrets, or is kept out."""
        done = csvpn(*words, "--json", environment=self.environment(**more))
        name = "-".join(words)[:60].replace("/", "_")
        self.keep(f"{name}-errors", done.stderr)
        if not says_secrets:
            self.keep(name, done.stdout)
        assert done.returncode == Exit.FINE, done.stderr
        return json.loads(done.stdout)

    def found(self) -> list[str]:
        """Files with a secret in them."""
        roots = (self.home, self.temporary)
        return [f"{leak.path}: {leak.secret} ({leak.form})" for leak in leaks(roots, self.secrets)]


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    """The demo's cloud and routers, in a program with a temporary folder of its own."""
    environment = {**os.environ, "TMPDIR": str(tmp_path_factory.mktemp("lab"))}
    command = [*CONSOLE, "lab", "serve", "--speed", "20"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as process:
        assert process.stdout is not None
        yield json.loads(process.stdout.readline())
        process.terminate()


@pytest.fixture
def run(served: dict[str, Any], tmp_path: Path) -> Run:
    return Run(tmp_path, served)


def surroundings(run: Run) -> Mapping[str, str]:
    """A console inside (what it takes for) tmux."""
    return run.environment(TMUX="/nowhere,1,0")


def in_the_console(run: Run) -> None:
    """A first run: a profile is written down, a key and a password are shown and copied."""
    root = run.known["actors"]["root"]
    with Glass(CONSOLE, columns=100, rows=40, environment=_only(surroundings(run))) as glass:
        glass.see("There is no profile yet")
        glass.press("n")
        glass.see("Sign in with")
        for shown, keys in (
            ("prod", "prod\t"), (run.known["api"], f"{run.known['api']}\t\t"),
            (root["apikey"], f"{root['apikey']}\t"), ("•" * 8, root["secretkey"]),
        ):  # fmt: skip
            glass.press(keys)
            glass.see(shown)
        glass.press(CTRL_S)
        glass.see("Choose a passphrase")
        glass.press(PASSPHRASE)
        glass.see("Passphrase       " + "•" * len(PASSPHRASE))
        glass.press("\t", PASSPHRASE)
        glass.see("Once more        " + "•" * len(PASSPHRASE))
        glass.press(ENTER)
        glass.see("prod works and is saved", "is kept in the encrypted file")
        glass.press(ENTER)
        go_to_vpn(glass)
        glass.press("p")
        glass.see("Server", "Owner")
        run.secrets.add(key_on(glass.text))
        glass.press(ESCAPE)
        glass.see("▸ acme-lab", without="Owner")
        glass.press("y")
        glass.see("In tmux's buffer")
        assert run.buffer.read_text() in run.secrets
        glass.press("4")
        glass.see("bob")
        glass.press("/bob")
        glass.see("▸ bob", "1 of")
        glass.press(ENTER)
        glass.see("▸ bob")
        glass.press("a")
        glass.see("Add VPN users")
        glass.press("zoe", ENTER)
        glass.see("they are not kept")
        glass.press("p")
        glass.wait_for(lambda text: bool(re.search(r"zoe +[\w-]{16,}", text)), "the password")
        made = re.search(r"zoe +([\w-]{16,})", glass.text)
        assert made is not None
        run.secrets.add(made[1])
        glass.press("y")
        glass.see("1 user(s) with passwords")
        glass.press(ESCAPE)
        glass.see("▸ bob", without="they are not kept")
        glass.press(CTRL_Q)
        assert glass.finish() == 0
    assert not run.buffer.exists(), "the secret stayed in the clipboard"


def by_commands(run: Run) -> None:
    """Users and a VPN made by commands, with the secret of the environment and of a program."""
    key = run.known["actors"]["root"]["secretkey"]
    given: dict[str, Any] = {"CSVPN_SECRET_KEY": key}
    added = run.command("users", "add", "kim", says_secrets=True, **given)
    run.secrets |= {user["password"] for user in added["added"]}
    made = run.command(
        "enable", "acme-prod", "--yes", "--show-secret", "--user", "lee",
        says_secrets=True, **given,
    )["vpn"]  # fmt: skip
    run.secrets |= {made["preshared_key"], *(user["password"] for user in made["users"])}
    routers = {r["name"]: f"{r['host']}:{r['port']}" for r in run.known["routers"]}
    way = SshPath(
        key_file=run.known["ssh_key"], known_hosts=run.known["known_hosts"], addresses=routers
    )
    profile = Profile(
        name="asks", url=run.known["api"], api_key=run.known["actors"]["root"]["apikey"],
        credential_command=f"{run.knows} prod", zones={"*": way},
    )  # fmt: skip
    save_profile(profile, run.home / ".config" / "csvpn" / "profiles.toml")
    as_asks: dict[str, Any] = {"CSVPN_PASSWORD": IN_THE_ENVIRONMENT}
    run.command("users", "list", "--profile", "asks", **as_asks)
    run.command("profile", **as_asks)
    run.command("audit", "show")
    assert run.command("audit", "verify")["whole"] is True
    some = ("--router", "r-48-VM", "-n", "200")
    logs = csvpn("logs", "--profile", "asks", *some, environment=run.environment())
    assert logs.returncode == Exit.FINE and logs.stdout
    run.keep("logs", logs.stdout + logs.stderr)


def crash(run: Run) -> None:
    """A crash in the middle, with secrets in variables and in the error itself."""
    argv = [sys.executable, "-m", "tests.terminal.crashingdemo", "action"]
    with Glass(argv, columns=160, rows=50, environment=_only(surroundings(run))) as glass:
        glass.see("acme-prod", "20 of 20")
        glass.press(crashingdemo.KEY)
        assert glass.finish() == 1
        run.keep("crash", glass.output.decode())


def _only(environment: Mapping[str, str]) -> dict[str, str]:
    """`Glass` adds to our own environment: name what it must not have of that as empty."""
    gone = [name for name in os.environ if name not in environment]
    return {**dict.fromkeys(gone, ""), **environment}


def test_after_a_whole_story_no_file_has_a_secret(run: Run) -> None:
    in_the_console(run)
    by_commands(run)
    crash(run)
    assert len(run.secrets) >= 10
    assert run.found() == []

    made = {str(path.relative_to(run.home)) for path in run.home.rglob("*") if path.is_file()}
    for name in (
        ".config/csvpn/profiles.toml", ".local/share/csvpn/secrets.json",
        ".local/state/csvpn/audit.jsonl", "seen-by-tmux", "seen-by-knows", "told-crash",
    ):  # fmt: skip
        assert name in made, "the story did not go as told"
    for path in (run.home / ".local").rglob("*"):
        assert path.stat().st_mode & 0o077 == 0 or path.is_dir(), f"{path} is not private"
    seen = (run.home / "seen-by-knows").read_text()
    assert "knows prod" in seen and "CSVPN_" not in seen
    assert "load-buffer -w -b csvpn -" in (run.home / "seen-by-tmux").read_text()

    planted = run.home / ".local" / "state" / "csvpn" / "planted.log"
    planted.write_text(f"job 7: {sorted(run.secrets)[0]}")
    assert len(run.found()) >= 1, "the search itself is broken"


async def test_a_picture_of_the_screen_has_no_secret(
    demo_console: DemoConsole, demo_lab: Lab, tmp_path: Path
) -> None:
    async with demo_console.run((160, 48)) as pilot:
        await pilot.press("3")
        vpns = pilot.app.screen
        session = vpns.session  # type: ignore[attr-defined]
        await until(pilot, lambda: bool(session.inventory.vpns.rows))
        keys = [vpn.preshared_key.reveal() for vpn in session.inventory.vpns.rows.values()]
        pictures = tmp_path / "pictures"
        pictures.mkdir()
        pilot.app.save_screenshot("screen.svg", str(pictures))
        assert (pictures / "screen.svg").stat().st_size > 1000
        assert list(leaks([pictures], [*keys, demo_lab.actors["root"].secret_key])) == []
        await pilot.press(":", *"screenshot")
        await until(pilot, lambda: "No matches found" in words(pilot))
