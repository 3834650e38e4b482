"""`csvpn logs PATH…`: files, folders, bundles and standard input, without a profile or a server."""

import asyncio
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.commands.contexts import Printed
from tests.commands.test_logs import with_way
from tests.router_cases import case
from tui.commands.logs import Request, show_logs
from tui.commands.opening import Context
from tui.commands.output import CommandError, Exit
from tui.lab.lab import Lab
from tui.safety.credentials import CredentialStore
from tui.session.launch import Launcher

CSVPN = [sys.executable, "-m", "tui"]


def nowhere(*, as_json: bool = False) -> Context:
    """A context without any profile."""
    return Context(Launcher(CredentialStore({})), "", as_json)


async def shown(printed: Printed, request: Request) -> list[str]:
    assert await show_logs(nowhere(), request) is Exit.FINE
    out, err = printed.both()
    assert err == ""
    return out.splitlines()


async def documents(printed: Printed, request: Request) -> list[dict[str, Any]]:
    assert await show_logs(nowhere(as_json=True), request) is Exit.FINE
    return [json.loads(line) for line in printed.both()[0].splitlines()]


@pytest.fixture
def bundle(tmp_path: Path) -> str:
    return str(case("two_clients_same_nat").write(tmp_path / "bundle"))


async def test_a_bundle_in_one_order(printed: Printed, bundle: str) -> None:
    lines = await shown(printed, Request(paths=(bundle,)))
    times = [line[:19] for line in lines]
    assert times == sorted(times) and times[0].startswith("2026-11-22 23:4")
    assert {line[20:].split("[")[0].split(":")[0] for line in lines} >= {"charon", "xl2tpd", "pppd"}
    assert not any("ipsec[" in line for line in lines)
    assert len({*lines}) > 100


@pytest.mark.parametrize(("user", "pid"), [("alice", "9359"), ("bob", "9463")])
async def test_the_lines_of_one_user(printed: Printed, bundle: str, user: str, pid: str) -> None:
    """Both are behind the same address; each has its own SAs, tunnel and pppd."""
    lines = await shown(printed, Request(paths=(bundle,), user=user))
    pids = {line.split("pppd[")[1].split("]")[0] for line in lines if " pppd[" in line}
    assert pids == {pid}
    assert sum("is initiating a Main Mode" in line for line in lines) == 1
    assert sum("Call established with" in line for line in lines) == 1


async def test_lines_are_chosen(printed: Printed, bundle: str) -> None:
    request = Request(paths=(bundle,), grep="Call established", context=1)
    lines = await shown(printed, request)
    assert lines.count("--") == 1
    assert sum("Call established" in line for line in lines) == 2 and len(lines) == 7
    found = await documents(printed, request)
    assert sum("context" in each for each in found) == 4
    assert {each["router"] for each in found} == {"r-42-VM"}
    errors = await documents(printed, Request(paths=(bundle,), level="warning"))
    assert {each["level"] for each in errors} <= {"warning", "error"}
    assert len(await shown(printed, Request(paths=(bundle,), lines=5))) == 5
    request = Request(paths=(bundle,), since="2026-11-22T23:46:00Z", until="2026-11-22T23:46:10Z")
    times = [line[:19] for line in await shown(printed, request)]
    assert times and all("2026-11-22 23:46:00" <= time <= "2026-11-22 23:46:10" for time in times)
    assert await shown(printed, Request(paths=(bundle,), client="198.51.100.1")) == []


async def test_attempts(printed: Printed, bundle: str) -> None:
    lines = await shown(printed, Request(paths=(bundle,), attempts=True))
    assert len(lines) == 2
    assert "203.0.113.99 behind NAT, alice: connected; still going on" in lines[0]
    (bob,) = await documents(printed, Request(paths=(bundle,), attempts=True, user="bob"))
    assert bob["client"] == "203.0.113.99" and bob["rung"] == "connected"
    assert bob["started"] == "2026-11-22T23:45:55+00:00" and bob["end"] is None
    assert set(bob) == {
        "router", "number", "client", "user", "behind_nat", "rung", "started", "connected",
        "ended", "seconds", "end", "inner_ip", "signatures",
    }  # fmt: skip
    request = Request(paths=(bundle,), attempts=True, until="2026-11-22T23:45:40Z")
    assert [each["user"] for each in await documents(printed, request)] == ["alice"]


async def test_an_attempt_that_ended(printed: Printed, tmp_path: Path) -> None:
    folder = str(case("client_disconnect").write(tmp_path))
    (line,) = await shown(printed, Request(paths=(folder,), attempts=True))
    assert "ended after " in line and line.endswith(": goodbye")
    folder = str(case("mschapv2_wrong_password").write(tmp_path / "other"))
    (line,) = await shown(printed, Request(paths=(folder,), attempts=True))
    assert "PPP started; ended after" in line and ": refused; " in line and "password" in line


async def test_what_cannot_be_read(printed: Printed, tmp_path: Path, bundle: str) -> None:
    for paths, says in (
        (("nothing-there",), "is not there"),
        ((str(tmp_path / "bundle" / "vr.log"), "nothing-there"), "is not there"),
    ):
        with pytest.raises(CommandError, match=says):
            await show_logs(nowhere(), Request(paths=paths))
    with pytest.raises(CommandError, match="blanks"):
        await show_logs(nowhere(), Request(paths=(bundle,), user="a b"))
    broken = tmp_path / "daemon.log.gz"
    broken.write_bytes(b"\x1f\x8b\x08\x00broken")
    with pytest.raises(CommandError, match="damaged"):
        await show_logs(nowhere(), Request(paths=(str(broken),)))


async def test_a_router_and_a_file_together(demo_lab: Lab, printed: Printed, bundle: str) -> None:
    request = Request(paths=(bundle,), routers=("r-47-VM",), sources=("daemon",), lines=4)
    assert await show_logs(with_way(demo_lab), request) is Exit.FINE
    lines = printed.both()[0].splitlines()
    assert [line.split()[0] for line in lines].count("r-47-VM") == 4
    assert [line.split()[0] for line in lines].count("r-42-VM") == 4


async def test_attempts_of_a_router(demo_lab: Lab, printed: Printed) -> None:
    request = Request(
        routers=("r-47-VM",), sources=("daemon", "messages", "journal"), attempts=True
    )
    assert await show_logs(with_way(demo_lab, as_json=True), request) is Exit.FINE
    found = [json.loads(line) for line in printed.both()[0].splitlines()]
    assert found and {each["router"] for each in found} == {"r-47-VM"}
    assert any(each["user"] for each in found)


async def test_looking_back_reads_what_was_rotated(demo_lab: Lab, printed: Printed) -> None:
    assert demo_lab.routers is not None
    logs = demo_lab.routers.logs("r-47-VM")
    for number in range(6000):
        logs.syslog("auth", 1_795_000_000 + number, "test", 7, f"{number:04d} {'x' * 60}")
    logs.rotate("auth")
    request = Request(
        routers=("r-47-VM",), sources=("auth",), grep="test", since="2026-11-18T00:00:00Z"
    )
    assert await show_logs(with_way(demo_lab), request) is Exit.FINE
    numbers = [line.split()[3] for line in printed.both()[0].splitlines() if " test[7]: " in line]
    assert numbers == [f"{number:04d}" for number in range(6000)]


async def test_a_file_is_followed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tui.logs.local_follow.PULSE_SECONDS", 0.01)
    path = tmp_path / "vr.log"
    path.write_bytes(case("ok_baseline").files["vr.log"])
    request = Request(paths=(str(path),), follow=True, attempts=True)
    task = asyncio.create_task(show_logs(nowhere(), request))
    await asyncio.sleep(0.2)
    with path.open("ab") as file:
        file.write(case("psk_wrong").files["vr.log"])
    seen = ""
    async with asyncio.timeout(20):
        while "203.0.113.77" not in seen:
            await asyncio.sleep(0.02)
            seen += capsys.readouterr().out
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert "key" not in seen.split(";")[0] or "NAT" not in seen


def test_standard_input_as_a_program(tmp_path: Path) -> None:
    """No profile is needed, and nothing of the network is loaded for it."""
    ran = subprocess.run(
        [*CSVPN, "logs", "-", "--grep", "could not decrypt", "--json"],
        input=case("psk_wrong").files["vr.log"],
        capture_output=True,
        env={"HOME": str(tmp_path), "PATH": "/usr/bin:/bin"},
        cwd=Path(__file__).parent.parent.parent,
    )
    assert ran.returncode == 0, ran.stderr
    lines = [json.loads(line) for line in ran.stdout.splitlines()]
    assert lines and {line["source"] for line in lines} == {"-"}
    assert {line["level"] for line in lines} == {"error"}


async def test_without_a_path_a_profile_is_needed() -> None:
    with pytest.raises(CommandError, match="no profile"):
        await show_logs(nowhere(), Request())


async def test_secrets_are_hidden(printed: Printed, tmp_path: Path) -> None:
    path = tmp_path / "x.log"
    path.write_bytes(b'Nov 22 23:00:00 r x: password="hunter2hunter2" \x1b[2J [red]\n')
    (line,) = await shown(printed, Request(paths=(str(path),)))
    assert "hunter2" not in line and line.isprintable() and "[red]" in line
