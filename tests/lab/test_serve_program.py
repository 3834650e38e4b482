"""`csvpn lab serve` as another program meets it: its line, its port, its end."""

import json
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

SERVE = (sys.executable, "-m", "tui", "lab", "serve")
PATIENCE = 50.0


class Served:
    """A running `csvpn lab serve`, and what it announced."""

    def __init__(self, *options: str) -> None:
        self.process = subprocess.Popen(
            [*SERVE, *options], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        assert self.process.stdout is not None
        self.line = self.process.stdout.readline()
        self.known: dict[str, Any] = json.loads(self.line)

    @property
    def address(self) -> tuple[str, int]:
        """Host and port of the API."""
        host, _, port = self.known["api"].split("/")[2].partition(":")
        return host, int(port)

    def end(self, signum: int = signal.SIGTERM) -> tuple[int, str, str]:
        """Send `signum`; the exit code and what else was written to stdout and stderr."""
        self.process.send_signal(signum)
        rest, errors = self.process.communicate(timeout=PATIENCE)
        return self.process.returncode, rest, errors


@pytest.fixture
def temporary(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """The folder for temporary files of the programs that are started."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setenv("TMPDIR", str(folder))
    return folder


@pytest.fixture
def served(temporary: Path) -> Iterator[Served]:
    """The world of the recordings."""
    running = Served("--world", "contract")
    yield running
    if running.process.poll() is None:
        running.process.kill()
    running.process.communicate(timeout=PATIENCE)


def test_one_line_says_where_everything_is(served: Served, temporary: Path) -> None:
    known = served.known
    assert served.line.endswith("}\n")
    assert known["api"].startswith("http://127.0.0.1:")
    assert known["api"].endswith("/client/api")
    assert {"root", "domain-admin", "user", "other-user"} <= known["actors"].keys()
    for actor in known["actors"].values():
        assert len(actor["apikey"]) > 20 and len(actor["secretkey"]) > 20
    assert known["routers"]
    for router in known["routers"]:
        assert router.keys() == {"name", "network", "host", "port"}
        with socket.create_connection((router["host"], router["port"]), timeout=PATIENCE) as ssh:
            assert ssh.recv(4) == b"SSH-"
    for name in ("ssh_key", "known_hosts"):
        path = Path(known[name])
        assert path.is_relative_to(temporary)
        assert path.read_text()
    assert Path(known["ssh_key"]).stat().st_mode & 0o077 == 0
    assert served.end() == (0, "", "")
    assert not any(temporary.iterdir())


@pytest.mark.parametrize("signum", [signal.SIGTERM, signal.SIGINT], ids=["SIGTERM", "SIGINT"])
def test_a_signal_ends_it_though_somebody_is_still_connected(
    served: Served, temporary: Path, signum: int
) -> None:
    router = served.known["routers"][0]
    with (
        socket.create_connection(served.address, timeout=PATIENCE) as idle,
        socket.create_connection(served.address, timeout=PATIENCE) as asking,
        socket.create_connection((router["host"], router["port"]), timeout=PATIENCE) as ssh,
    ):
        asking.sendall(b"POST /client/api HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\ncomm")
        assert ssh.recv(4) == b"SSH-"
        assert served.end(signum) == (0, "", "")
        assert idle.recv(1) == b""
    assert not any(temporary.iterdir())


def test_a_port_that_is_in_use(served: Served) -> None:
    port = served.address[1]
    done = subprocess.run(
        [*SERVE, "--port", str(port), "--no-routers"],
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    assert (done.returncode, done.stdout) == (3, "")
    (line,) = done.stderr.splitlines()
    assert line.startswith(f"error: port {port} cannot be used: ")
    assert line.endswith("choose another with --port")


def test_without_routers_only_the_api_is_served(temporary: Path) -> None:
    served = Served("--world", "demo", "--no-routers", "--networks", "3")
    assert served.known["routers"] == []
    assert "ssh_key" not in served.known
    assert served.end() == (0, "", "")


def test_a_reader_that_goes_away_does_not_end_it(served: Served) -> None:
    """A script may read the line and close the pipe."""
    assert served.process.stdout is not None
    served.process.stdout.close()
    with socket.create_connection(served.address, timeout=PATIENCE) as client:
        client.sendall(b"GET /client/api?command=listZones HTTP/1.0\r\n\r\n")
        assert b" 401 " in client.recv(64)
    served.process.terminate()
    assert served.process.wait(PATIENCE) == 0


def test_many_ask_at_once_while_it_ends(served: Served) -> None:
    host, port = served.address
    stop = threading.Event()
    answers: list[bytes] = []

    def ask() -> None:
        while not stop.is_set():
            try:
                with socket.create_connection((host, port), timeout=5) as client:
                    client.sendall(b"GET /client/api?command=listZones HTTP/1.0\r\n\r\n")
                    answers.append(client.recv(64))
            except OSError:
                return

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    try:
        while len(answers) < 8:
            stop.wait(0.01)
        assert served.end() == (0, "", "")
    finally:
        stop.set()
        for thread in threads:
            thread.join()
