"""Packet captures: bounded, in the form of the recorded ones, and never more than was asked."""

import asyncio
import os
import subprocess
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import msgspec
import pytest

from tests.router.labs import until
from tests.router.openssh import SSHD, connection_to, openssh_server, plan_as
from tests.router.recorded import RecordedRouter, output
from tests.router_cases import case
from tui.router import captures
from tui.router import connection as connection_module
from tui.router.captures import CAPTURE, capture, public_interface
from tui.router.connection import RouterConnection
from tui.router.errors import CommandFailed, NotAllowed
from tui.router.output import Output

GOOD = ("eth2", "203.0.113.77", "20", "500", "96")


@pytest.mark.parametrize("seconds", ["1", "9", "10", "99", "100", "119", "120"])
def test_times_that_are_allowed(seconds: str) -> None:
    assert f" {seconds} " in CAPTURE.line("eth2", "-", seconds, "5", "96")


@pytest.mark.parametrize(
    "values",
    [
        ("any", *GOOD[1:]),
        ("eth2; reboot", *GOOD[1:]),
        (GOOD[0], "203.0.113.77 or 1=1", *GOOD[2:]),
        (GOOD[0], "$(id)", *GOOD[2:]),
        (GOOD[0], "", *GOOD[2:]),
        (*GOOD[:2], "0", *GOOD[3:]),
        (*GOOD[:2], "121", *GOOD[3:]),
        (*GOOD[:2], "1e9", *GOOD[3:]),
        (*GOOD[:3], "0", "96"),
        (*GOOD[:3], "99999", "96"),
        (*GOOD[:4], "65535"),
        GOOD[:4],
    ],
)
def test_parameters_outside_their_pattern_are_not_sent(values: tuple[str, ...]) -> None:
    with pytest.raises(NotAllowed):
        CAPTURE.line(*values)


Run = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """The script in a real shell, with a tcpdump that prints its arguments and then waits."""
    tool = tmp_path / "tcpdump"
    tool.write_text('#!/bin/sh\nprintf "%s\\n" "$@"\ntrap "echo ended >&2; exit 0" INT\nread x\n')

    def run(*values: str, installed: bool = True) -> "subprocess.CompletedProcess[str]":
        tool.chmod(0o755 if installed else 0o644)
        return subprocess.run(
            ["sh", "-c", CAPTURE.line(*values)],
            env={"PATH": f"{tmp_path}:/usr/bin:/bin"},
            capture_output=True,
            text=True,
            timeout=20,
            check=False,
        )

    return run


def test_what_is_captured_is_bounded_and_not_written_to_a_file(run: Run) -> None:
    words = run("eth2", "203.0.113.77", "5", "500", "96").stdout.splitlines()
    assert words[:5] == ["-n", "-v", "-tttt", "-l", "-s"] and "-w" not in words
    assert words[5:10] == ["96", "-c", "500", "-i", "eth2"]
    assert words[10].startswith("(host 203.0.113.77 and (udp port 500 or udp port 4500 or")
    assert words[10].endswith("or icmp[icmptype] = icmp-unreach") and len(words) == 11
    assert "host" not in run("eth1", "-", "5", "500", "96").stdout


def test_it_ends_by_itself(tmp_path: Path, run: Run) -> None:
    (tmp_path / "tcpdump").write_text("#!/bin/sh\necho begun\nexec sleep 30\n")
    done = run("eth2", "-", "1", "500", "96")
    assert (done.returncode, done.stdout) == (124, "begun\n")


@pytest.mark.skipif(
    any(Path(folder, "tcpdump").exists() for folder in ("/usr/bin", "/bin")),
    reason="this machine has a tcpdump where the script would find it",
)
def test_a_router_without_tcpdump_says_so(run: Run) -> None:
    done = run(*GOOD, installed=False)
    assert done.returncode == 127 and "not on this router" in done.stderr


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"seconds": 0}, "0 seconds"),
        ({"seconds": 121}, "1 to 120"),
        ({"packets": 0}, "0 packets"),
        ({"packets": 5001}, "1 to 5000"),
        ({"client": "203.0.113.300"}, "not an IPv4 address"),
        ({"client": "-"}, "not an IPv4 address"),
        ({"client": "2001:db8::1"}, "not an IPv4 address"),
    ],
)
async def test_bounds_are_named(changes: dict[str, object], says: str) -> None:
    never: RouterConnection = object()  # type: ignore[assignment]
    with pytest.raises(NotAllowed, match=says):
        await capture(never, **{"seconds": 5, **changes})  # type: ignore[arg-type]


async def test_the_public_interface_is_the_one_of_the_vpn() -> None:
    programmed: RouterConnection = RecordedRouter("vpn_idle")  # type: ignore[assignment]
    assert await public_interface(programmed) == "eth2"
    vpc = output("vpn_idle", "bag_remoteaccessvpn").stdout.replace(b'"eth2"', b'"eth1"')
    other: RouterConnection = RecordedRouter(  # type: ignore[assignment]
        "vpn_idle", {"bag_remoteaccessvpn": Output(0, vpc)}
    )
    assert await public_interface(other) == "eth1"
    deleted: RouterConnection = RecordedRouter("fresh")  # type: ignore[assignment]
    assert await public_interface(deleted) == "eth2"
    nothing: RouterConnection = RecordedRouter(  # type: ignore[assignment]
        "fresh", {"bag_ips": Output(1, b"")}
    )
    assert await public_interface(nothing) == "eth2"


@pytest.fixture
async def router(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[RouterConnection]:
    """This machine as if it were a router whose tcpdump is `tmp_path/tcpdump`."""
    script = CAPTURE.argv[2].replace("tcpdump -n", f"{tmp_path}/tcpdump -n")
    script = script.replace("command -v tcpdump", f"command -v {tmp_path}/tcpdump")
    planted = msgspec.structs.replace(CAPTURE, argv=("sh", "-c", script, "csvpn-capture"))
    monkeypatch.setattr(captures, "CAPTURE", planted)
    monkeypatch.setattr(connection_module, "CAPTURES", (planted,))
    folder = tmp_path / "sshd"
    folder.mkdir()
    async with openssh_server(folder) as server:
        monkeypatch.setattr(connection_module, "plan", plan_as(server.user))
        async with connection_to(server, tmp_path) as connection:
            yield connection


def tool(tmp_path: Path, text: str) -> None:
    path = tmp_path / "tcpdump"
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)


needs_sshd = pytest.mark.skipif(
    SSHD is None, reason="no sshd on this machine (apt install openssh-server)"
)


@pytest.mark.openssh
@needs_sshd
async def test_a_capture_over_ssh(router: RouterConnection, tmp_path: Path) -> None:
    recorded = tmp_path / "recorded.txt"
    recorded.write_bytes(case("esp_blocked").files["vr.tcpdump.txt"])
    tool(tmp_path, f"echo 'listening on eth2' >&2; cat {recorded}; exec sleep 30")
    found = await capture(router, client="203.0.113.77", seconds=1, interface="eth2")
    assert found == recorded.read_bytes()
    tool(tmp_path, "echo 'listening on eth2' >&2")
    assert await capture(router, seconds=1, interface="eth2") == b""


@pytest.mark.openssh
@needs_sshd
async def test_what_travels_in_the_clear_is_not_kept(
    router: RouterConnection, tmp_path: Path
) -> None:
    says = "    CHAP, Response (0x02), id 1, Value 0a1b2c3d4e5f, Name alice"
    tool(tmp_path, f"echo '{says}'")
    found = await capture(router, seconds=1, interface="eth2")
    assert found == b"    CHAP, Response (0x02), id 1, Value ***, Name alice\n"


@pytest.mark.openssh
@needs_sshd
async def test_a_capture_that_fails_says_why(router: RouterConnection, tmp_path: Path) -> None:
    tool(tmp_path, "echo 'tcpdump: eth9: No such device exists' >&2; exit 1")
    with pytest.raises(CommandFailed, match="No such device"):
        await capture(router, seconds=1, interface="eth9")


@pytest.mark.openssh
@needs_sshd
async def test_a_flood_is_cut(
    router: RouterConnection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(captures, "LARGEST_CAPTURE", 300_000)
    tool(tmp_path, "exec yes 203.0.113.77.500")
    assert len(await capture(router, seconds=20, interface="eth2")) == 300_000


@pytest.mark.openssh
@needs_sshd
async def test_it_ends_on_the_router_when_the_link_drops(
    router: RouterConnection, tmp_path: Path
) -> None:
    pids = tmp_path / "pid"
    tool(tmp_path, f"echo $$ >{pids}; echo begun; exec sleep 30")
    taking = asyncio.create_task(capture(router, seconds=2, interface="eth2"))
    await until(lambda: pids.exists() and bool(pids.read_text().strip()))
    router.drop()
    await asyncio.gather(taking, return_exceptions=True)
    await until(lambda: not _is_running(int(pids.read_text())))


def _is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
        return "sleep" in Path(f"/proc/{pid}/cmdline").read_text()
    except (OSError, ValueError):
        return False
