"""`csvpn logs`: which routers, which lines, and what is said when a router cannot be asked."""

import asyncio
import json
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.commands.contexts import Printed, context_for
from tests.consoles import lab_path
from tui.commands.log_times import parse_since
from tui.commands.logs import Request, show_logs
from tui.commands.opening import Context
from tui.commands.output import CommandError, Exit
from tui.lab.lab import Lab

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


def with_way(lab: Lab, *, as_json: bool = False, known_hosts: str | None = None) -> Context:
    return context_for(lab, as_json=as_json, zones={"*": lab_path(lab, known_hosts)})


# Times.


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("90s", NOW - timedelta(seconds=90)),
        ("10m", NOW - timedelta(minutes=10)),
        ("2 h", NOW - timedelta(hours=2)),
        ("1d", NOW - timedelta(days=1)),
        ("2026-11-23T05:00:00Z", datetime(2026, 11, 23, 5, tzinfo=UTC)),
        ("2026-11-23T05:00:00+02:00", datetime(2026, 11, 23, 3, tzinfo=UTC)),
    ],
)
def test_since(text: str, expected: datetime) -> None:
    assert parse_since(text, NOW) == expected


def test_a_time_of_day_is_of_today_here() -> None:
    found = parse_since("9:05", NOW).astimezone()
    assert (found.hour, found.minute) == (9, 5)
    assert found.date() == NOW.astimezone().date()


@pytest.mark.parametrize("text", ["", "yesterday", "10", "25:00", "-1m", "10w", "9999999d"])
def test_times_that_are_none(text: str) -> None:
    with pytest.raises(CommandError, match="is not a time"):
        parse_since(text, NOW)


# Lines.


async def test_the_last_lines_of_one_router(demo_lab: Lab, printed: Printed) -> None:
    assert await show_logs(with_way(demo_lab), Request(routers=("acme-office",), lines=7)) == 0
    lines = printed.both()[0].splitlines()
    assert len(lines) == 7
    assert not any(line.startswith("r-") for line in lines)


async def test_several_routers_are_told_apart(demo_lab: Lab, printed: Printed) -> None:
    request = Request(routers=("acme-office", "acme-lab"), sources=("daemon",), lines=3)
    assert await show_logs(with_way(demo_lab), request) == 0
    lines = printed.both()[0].splitlines()
    assert {line.split()[0] for line in lines} == {"r-47-VM", "r-48-VM"}


async def test_lines_as_json(demo_lab: Lab, printed: Printed) -> None:
    context = with_way(demo_lab, as_json=True)
    request = Request(routers=("r-47-VM",), sources=("daemon", "journal"), lines=20)
    assert await show_logs(context, request) == 0
    lines = [json.loads(line) for line in printed.both()[0].splitlines()]
    assert lines and {line["router"] for line in lines} == {"r-47-VM"}
    assert all(set(line) == {"router", "source", "time", "level", "text"} for line in lines)
    times = [line["time"] for line in lines if line["time"]]
    assert times == sorted(times)


async def test_lines_are_chosen(demo_lab: Lab, printed: Printed) -> None:
    request = Request(routers=("r-47-VM",), grep=r"charon.*CFG", since="30d")
    assert await show_logs(with_way(demo_lab), request) == 0
    lines = printed.both()[0].splitlines()
    assert lines and all(re.search(r"charon.*CFG", line) for line in lines)
    request = Request(routers=("r-47-VM",), since="2099-01-01T00:00:00Z")
    assert await show_logs(with_way(demo_lab), request) == 0
    assert printed.both()[0] == ""


def write_line(lab: Lab, router: str, raw: bytes) -> None:
    """Append to the daemon log of a lab router."""
    assert lab.routers is not None
    folder = lab.routers.key_file.parent / router
    (path,) = folder.rglob("daemon.log")
    with path.open("ab") as file:
        file.write(raw + b"\n")


async def test_hostile_bytes_and_secrets_are_made_harmless(demo_lab: Lab, printed: Printed) -> None:
    write_line(demo_lab, "r-47-VM", b'\x1b]0;evil\x07 \xff [red] password="hunter2hunter2"')
    request = Request(routers=("r-47-VM",), sources=("daemon",), grep="evil")
    assert await show_logs(with_way(demo_lab), request) == 0
    (line,) = printed.both()[0].splitlines()
    assert "␛]0;evil␇" in line and "\\xff" in line and "[red]" in line
    assert "hunter2" not in line and line.isprintable()


async def test_following_prints_new_lines_until_it_is_ended(
    demo_lab: Lab, capsys: pytest.CaptureFixture[str]
) -> None:
    request = Request(routers=("r-47-VM",), sources=("daemon",), follow=True, grep="marker")
    task = asyncio.create_task(show_logs(with_way(demo_lab), request))
    seen = ""
    for number in range(200):
        await asyncio.sleep(0.05)
        if number == 20:
            write_line(demo_lab, "r-47-VM", b"a marker line")
        seen += capsys.readouterr().out
        if "a marker line" in seen:
            break
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert seen == "a marker line\n"


# What goes wrong.


@pytest.mark.parametrize(
    ("request_", "says"),
    [
        (Request(routers=("r-99-VM",)), "there is no router 'r-99-VM'"),
        (Request(routers=("acme-offic",)), "did you mean acme-office"),
        (Request(sources=("demon",)), "did you mean daemon"),
        (Request(grep="("), "not a regular expression"),
        (Request(since="soon"), "is not a time"),
        (Request(), "name some with --router"),
    ],
    ids=["router", "network", "source", "grep", "since", "too many"],
)
async def test_mistakes(demo_lab: Lab, request_: Request, says: str) -> None:
    with pytest.raises(CommandError) as caught:
        await show_logs(with_way(demo_lab), request_)
    assert says in str(caught.value) and caught.value.code is Exit.USAGE


async def test_a_role_that_may_not_see_routers(contract_lab: Lab) -> None:
    with pytest.raises(CommandError, match="may not see routers") as caught:
        await show_logs(context_for(contract_lab, "user"), Request())
    assert caught.value.code is Exit.REFUSED


async def test_a_profile_without_the_way(demo_lab: Lab, printed: Printed) -> None:
    code = await show_logs(context_for(demo_lab), Request(routers=("r-47-VM",)))
    assert code is Exit.USAGE
    assert "does not say how to reach routers" in printed.both()[1]


async def test_an_unknown_host_key_is_accepted_by_its_fingerprint(
    demo_lab: Lab, printed: Printed, tmp_path: Path
) -> None:
    known = tmp_path / "known"
    context = with_way(demo_lab, known_hosts=str(known))
    request = Request(routers=("r-47-VM",), lines=1)
    assert await show_logs(context, request) is Exit.REFUSED
    out, err = printed.both()
    assert out == "" and "is not known" in err
    fingerprint = err.rsplit(" ", 1)[1].strip()
    assert fingerprint.startswith("SHA256:")

    for wrong in ("SHA256:wrong", fingerprint.lower()):
        request = Request(routers=("r-47-VM",), lines=1, accept=(wrong,))
        context = with_way(demo_lab, known_hosts=str(known))
        assert await show_logs(context, request) is Exit.REFUSED
    printed.both()

    request = Request(routers=("r-47-VM",), lines=1, accept=(fingerprint,))
    context = with_way(demo_lab, known_hosts=str(known))
    assert await show_logs(context, request) == Exit.FINE
    assert "is remembered" in printed.both()[1]
    context = with_way(demo_lab, known_hosts=str(known))
    assert await show_logs(context, Request(routers=("r-47-VM",), lines=1)) == Exit.FINE


async def test_a_router_that_is_down_does_not_stop_the_others(
    demo_lab: Lab, printed: Printed
) -> None:
    context = with_way(demo_lab)
    routers = [name for name, state in demo_lab.cloud.routers.states.items() if not state.running]
    assert demo_lab.routers is not None
    down = next((each.name for each in demo_lab.routers.endpoints if each.network in routers), None)
    if down is None:
        state = next(s for s in demo_lab.cloud.routers.states.values() if s.name == "r-48-VM")
        state.running = False
        state.pushed("stop")
        down = "r-48-VM"
    code = await show_logs(context, Request(routers=(down, "r-47-VM"), sources=("daemon",)))
    out, err = printed.both()
    assert code is Exit.CANNOT_TELL
    assert down in err and "r-47-VM" in out
