"""The programs that we are compared with, apart from the project's environment.

They are put into `bench/.peers/`, once: toolong into an environment of its own with the Textual
that it asks for, lnav from the distribution's package without installing it. OpenSSH, grep and
curl are those of the machine. "Stock Textual" is the version that we use ourselves, from our own
environment, in small programs of `bench/apps/` that import nothing of ours. What cannot be had is a
word in the table, never a failure.
"""

import functools
import importlib.metadata
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Final

import msgspec

PLACE: Final = Path(__file__).parent / ".peers"
PATIENCE: Final = 240
"""Seconds for fetching one."""
TOOLONG: Final = ("toolong==1.5.0", "textual==0.58.1", "setuptools<81")
"""As its authors released it; later versions of Textual have no longer what it needs."""


class Peer(msgspec.Struct, frozen=True):
    """A program that can be run, or why not."""

    name: str
    argv: tuple[str, ...] = ()
    """How to run it; empty if it cannot be had."""
    environment: dict[str, str] = {}
    """What it needs besides."""
    version: str = ""
    missing: str = ""
    """Why it cannot be had."""


def _output(argv: list[str], **environment: str) -> str:
    done = subprocess.run(
        argv,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=PATIENCE,
        check=True,
        env=os.environ | environment,
    )
    return done.stdout.decode("utf-8", "replace")


def _got(name: str, get: Callable[[], Peer]) -> Peer:
    """What `get` finds or fetches; a word if it fails."""
    try:
        return get()
    except subprocess.CalledProcessError as error:
        said = error.stdout.decode("utf-8", "replace").strip().splitlines()
        return Peer(name, missing=f"{name} could not be had: {(said or ['?'])[-1]}")
    except (OSError, subprocess.TimeoutExpired) as error:
        return Peer(name, missing=f"{name} could not be had: {error}")


@functools.cache
def toolong() -> Peer:
    """A log viewer on Textual; asked to open a file with `argv + (file,)`."""
    return _got("toolong", _toolong)


def _toolong() -> Peer:
    folder = PLACE / "toolong"
    program, python = folder / "bin" / "tl", folder / "bin" / "python"
    if not program.exists():
        shutil.rmtree(folder, ignore_errors=True)
        _output([sys.executable, "-m", "venv", str(folder)])
        _output([str(python), "-m", "pip", "install", "--quiet", *TOOLONG])
    asked = "from importlib.metadata import version as v; print(v('toolong'), v('textual'))"
    ours, textual = _output([str(python), "-c", asked]).split()
    return Peer("toolong", (str(program),), version=f"{ours} (Textual {textual})")


@functools.cache
def lnav() -> Peer:
    """A log viewer in C++; asked to open a file with `argv + (file,)`."""
    return _got("lnav", _lnav)


def _lnav() -> Peer:
    found = shutil.which("lnav")
    if found is not None:
        return _lnav_at(found, {})
    folder = PLACE / "lnav"
    if not (folder / "usr" / "bin" / "lnav").exists():
        _unpack_lnav(folder)
    libraries = ":".join(str(path) for path in sorted((folder / "usr" / "lib").glob("*-linux-*")))
    return _lnav_at(str(folder / "usr" / "bin" / "lnav"), {"LD_LIBRARY_PATH": libraries})


def _lnav_at(program: str, environment: dict[str, str]) -> Peer:
    # It unpacks its formats at its first start: a home of its own keeps them.
    home = PLACE / "lnav-home"
    home.mkdir(parents=True, exist_ok=True)
    environment |= {"HOME": str(home), "XDG_CONFIG_HOME": str(home / "config")}
    said = _output([program, "-V"], **environment)
    version = re.search(r"[0-9]+\.[0-9.]+", said)
    return Peer("lnav", (program,), environment, version[0] if version else "?")


def _unpack_lnav(folder: Path) -> None:
    """From the distribution's package and those of the libraries that this machine lacks."""
    for tool in ("apt-get", "apt-cache", "dpkg"):
        if shutil.which(tool) is None:
            raise OSError("it is not on PATH, and this is no Debian to take its package from")
    with tempfile.TemporaryDirectory(prefix="csvpn-lnav-") as downloads:
        asked = ["apt-cache", "depends", "--recurse", "--important", "lnav"]
        wanted = {line for line in _output(asked).splitlines() if line[:1].isalpha()}
        here = set(_output(["dpkg-query", "-W", "-f", "${Package}\n"]).split())
        names = sorted({"lnav"} | {name for name in wanted if name not in here and ":" not in name})
        subprocess.run(
            ["apt-get", "download", *names],
            cwd=downloads,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=PATIENCE,
            check=True,
        )
        for package in sorted(Path(downloads).glob("*.deb")):
            _output(["dpkg", "-x", str(package), str(folder)])


@functools.cache
def on_path(name: str) -> Peer:
    """A program of the machine: `ssh`, `grep`, `curl`."""
    found = shutil.which(name)
    if found is None:
        return Peer(name, missing=f"{name} is not on PATH")

    def asked() -> Peer:
        said = _output([str(found), "-V" if name == "ssh" else "--version"])
        version = re.search(r"[0-9]+\.[0-9][0-9.p]*", said)
        return Peer(name, (str(found),), version=version[0] if version else "?")

    return _got(name, asked)


def versions() -> dict[str, str]:
    """Of all peers, and what we share with the small programs; fetches what is missing."""
    ours = {"Textual": importlib.metadata.version("textual")}
    every = (toolong(), lnav(), on_path("ssh"), on_path("grep"), on_path("curl"))
    return ours | {peer.name: peer.version or peer.missing for peer in every}
