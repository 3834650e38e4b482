"""The program as a process: exit codes, pipes, signals, and what it does not load."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.consoles import PATIENCE
from tests.diagnose.test_bundle_folder import as_recorded
from tui import __version__
from tui.settings.model import Profile, SshPath
from tui.settings.profiles import save_profile

CSVPN = (sys.executable, "-m", "tui")


class Served:
    """A lab served by the program itself, and a folder with a profile for it."""

    def __init__(self, known: dict[str, Any], folder: Path) -> None:
        self.known = known
        self.folder = folder
        routers = {r["name"]: f"{r['host']}:{r['port']}" for r in known["routers"]}
        way = SshPath(
            key_file=known["ssh_key"], known_hosts=known["known_hosts"], addresses=routers
        )
        for name in ("root", "user"):
            key = known["actors"][name]["apikey"]
            profile = Profile(name=name, url=known["api"], api_key=key, zones={"*": way})
            save_profile(profile, folder / "profiles.toml")

    def environment(self, actor: str = "root", **more: str) -> dict[str, str]:
        """What a command needs to use the lab as `actor`."""
        return {
            **os.environ,
            "CSVPN_CONFIG_DIR": str(self.folder),
            "CSVPN_SECRET_KEY": self.known["actors"][actor]["secretkey"],
            "PYTHON_KEYRING_BACKEND": "keyring.backends.fail.Keyring",
            **more,
        }


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """`csvpn lab serve --world contract`, ended by SIGTERM."""
    command = [*CSVPN, "lab", "serve", "--world", "contract", "--speed", "20"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        known = json.loads(process.stdout.readline())
        yield Served(known, tmp_path_factory.mktemp("served"))
        process.terminate()
        assert process.wait(PATIENCE) == 0
    assert not Path(known["ssh_key"]).exists()


def csvpn(
    *words: str, environment: Mapping[str, str] | None = None, stdin: str = ""
) -> subprocess.CompletedProcess[str]:
    """Run the program to its end."""
    return subprocess.run(
        [*CSVPN, *words],
        env=environment,
        input=stdin,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def only_error(done: subprocess.CompletedProcess[str]) -> str:
    """The one line that the program said on stderr, with nothing on stdout."""
    (line,) = done.stderr.splitlines()
    assert done.stdout == "" and line.startswith("error: ")
    return line


# Without a server.


def test_the_version() -> None:
    done = csvpn("--version")
    assert (done.returncode, done.stdout) == (0, f"csvpn {__version__}\n")


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["--frob"], "unrecognized arguments: --frob; see csvpn --help"),
        (["users"], "there is no profile yet; run csvpn"),
        (["--profile", "prod", "users"], "there is no profile yet"),
        (["lab", "serve", "--world", "nowhere"], "no world nowhere"),
        (["lab", "serve", "--port", "70000"], "port 70000 cannot be used"),
        ([], "the console needs a terminal"),
        (["demo"], "the console needs a terminal"),
        (["--json"], "--json is for headless commands"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_usage_is_three(words: list[str], says: str) -> None:
    done = csvpn(*words)
    assert done.returncode == 3
    assert says in only_error(done)


def test_a_profile_file_that_others_may_write_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "profiles.toml"
    file.write_text("")
    file.chmod(0o666)
    done = csvpn("users", environment={**os.environ, "CSVPN_CONFIG_DIR": str(tmp_path)})
    assert done.returncode == 3 and "other users may write it" in only_error(done)


def test_a_secret_file_that_is_not_there_is_four(tmp_path: Path) -> None:
    missing = str(tmp_path / "none")
    done = csvpn("users", environment={**os.environ, "CSVPN_SECRET_KEY_FILE": missing})
    assert done.returncode == 4 and "CSVPN_SECRET_KEY_FILE names" in only_error(done)


def test_a_server_that_is_not_there_is_two(tmp_path: Path) -> None:
    profile = Profile(name="prod", url="http://127.0.0.1:9/client/api", api_key="key")
    save_profile(profile, tmp_path / "profiles.toml")
    environment = {**os.environ, "CSVPN_CONFIG_DIR": str(tmp_path), "CSVPN_SECRET_KEY": "secret"}
    done = csvpn("users", "--json", environment=environment)
    assert done.returncode == 2
    assert "127.0.0.1" in only_error(done)


# With the served lab.


def test_missing_and_wrong_secrets_are_four(served: Served) -> None:
    environment = served.environment()
    del environment["CSVPN_SECRET_KEY"]
    done = csvpn("users", environment=environment)
    assert done.returncode == 4 and "set CSVPN_SECRET_KEY" in only_error(done)
    done = csvpn("users", environment=served.environment(CSVPN_SECRET_KEY="some wrong key"))
    assert done.returncode == 4 and "unable to verify user credentials" in only_error(done)
    assert "some wrong key" not in done.stderr


def test_the_secret_may_stand_in_a_file(served: Served, tmp_path: Path) -> None:
    environment = served.environment()
    secret = tmp_path / "secret"
    secret.write_text(environment.pop("CSVPN_SECRET_KEY") + "\n")
    environment["CSVPN_SECRET_KEY_FILE"] = str(secret)
    assert csvpn("users", environment=environment).returncode == 0


def test_a_day_of_work_over_http_and_ssh(served: Served) -> None:
    """Enable, add, list, read the log, remove: each in its own process."""
    root = served.environment()
    dry = csvpn("enable", "acme-prod", "--dry-run", "--json", environment=root)
    assert dry.returncode == 0 and json.loads(dry.stdout)["can_run"]

    done = csvpn("enable", "acme-prod", "--user", "alice", "--yes", "--json", environment=root)
    document = json.loads(done.stdout)
    assert done.returncode == 0, done.stderr
    assert document["vpn"]["router"]["ok"] is True
    assert document["vpn"]["users"][0]["state"] == "Active"

    again = csvpn("enable", "acme-prod", "--yes", environment=root)
    assert again.returncode == 1 and "✘ fail" in again.stdout

    user = served.environment("user")
    done = csvpn(
        "--profile", "user", "users", "add", "bob", "--password-stdin",
        environment=user, stdin="Corr3ct.Horse\n",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    listed = csvpn("users", "list", "--profile", "user", "--json", environment=user)
    names = {each["name"] for each in json.loads(listed.stdout)["users"]}
    assert names == {"alice", "bob"}

    logs = csvpn("logs", "--router", "acme-prod", "--grep", "L2TP-PSK", environment=root)
    assert logs.returncode == 0 and "charon" in logs.stdout

    done = csvpn("--profile", "user", "users", "remove", "alice", environment=user)
    assert done.returncode == 3 and "add --yes" in done.stderr
    done = csvpn("--profile", "user", "users", "remove", "alice", "--yes", environment=user)
    assert done.returncode == 0, done.stderr


def test_a_role_that_may_not_is_four(served: Served) -> None:
    done = csvpn("--profile", "user", "logs", environment=served.environment("user"))
    assert done.returncode == 4 and "may not see routers" in only_error(done)


@contextmanager
def following(served: Served) -> "Iterator[subprocess.Popen[str]]":
    command = [*CSVPN, "logs", "--follow", "--router", "beta-net", "--source", "daemon"]
    with subprocess.Popen(
        command, env=served.environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        try:
            yield process
        finally:
            process.kill()  # does nothing to a program that has ended


def test_following_ends_well_by_ctrl_c(served: Served) -> None:
    with following(served) as process:
        assert process.stdout is not None
        assert process.stdout.readline()
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=PATIENCE)
    assert (process.returncode, err) == (0, "")


def test_following_ends_when_nobody_reads(served: Served) -> None:
    folder = Path(served.known["ssh_key"]).parent / "r-6-VM"
    (log,) = folder.rglob("daemon.log")
    with following(served) as process:
        assert process.stdout is not None and process.stderr is not None
        assert process.stdout.readline()
        process.stdout.close()
        with log.open("ab") as file:
            file.write(b"one line more\n" * 100)
        assert process.wait(PATIENCE) == 0
        assert process.stderr.read() == ""


def loaded(words: Sequence[str], served: Served, modules: str) -> str:
    """Which of `modules` a command has loaded by its end."""
    code = (
        "import sys\n"
        "from tui.__main__ import main\n"
        "code = main(sys.argv[2:])\n"
        "found = sorted(set(sys.argv[1].split(',')) & set(sys.modules))\n"
        "print('loaded:', ','.join(found), file=sys.stderr)\n"
        "sys.exit(code)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, modules, *words],
        env=served.environment(),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode in (0, 1), done.stderr  # 1: there are findings
    return done.stderr.rsplit("loaded: ", 1)[1].strip()


@pytest.mark.parametrize(
    ("words", "also"),
    [
        (["users"], ",asyncssh"),
        (["users", "list", "--json"], ",asyncssh"),
        (["enable", "acme-ha", "--range", "auto", "--dry-run"], ""),
        (["logs", "--router", "beta-net", "--lines", "1"], ""),
        (["check", "--router", "beta-net"], ""),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_no_headless_command_loads_textual(served: Served, words: list[str], also: str) -> None:
    assert loaded(words, served, f"textual,tui.app,tui.lab,keyring{also}") == ""


def test_a_kept_bundle_is_judged_without_network(served: Served, tmp_path: Path) -> None:
    bundle = as_recorded("vpn_idle", tmp_path)
    unwanted = "textual,tui.app,tui.lab,keyring,asyncssh,httpx"
    assert loaded(["check", "--facts", str(bundle)], served, unwanted) == ""
