"""Surveys of a router of the lab, and of a real OpenSSH server with commands that misbehave."""

import asyncio
import contextlib
import shlex
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest

from tests.router.labs import KEY, lab_of, path_to, router_state, target
from tests.router.labs import connection_to as lab_connection
from tests.router.openssh import SSHD, connection_to, openssh_server, plan_as
from tui.lab.router.several import is_several
from tui.router import commands, several
from tui.router import connection as connection_module
from tui.router.commands import REGISTRY, Command
from tui.router.connection import RouterConnection
from tui.router.errors import CommandTimeout, ConnectionDropped, LinkError, NotAllowed
from tui.router.output import Output
from tui.router.survey import Answer, Unanswered
from tui.router.surveying import PATIENCE, SURVEYED, lanes_of, survey

needs_sshd = pytest.mark.skipif(
    SSHD is None, reason="no sshd on this machine (apt install openssh-server)"
)


async def test_a_survey_of_the_lab_has_every_fact(tmp_path: Path) -> None:
    told: list[str] = []
    async with lab_of(tmp_path, router_state()) as lab, lab_connection(lab) as router:
        found = await survey(router, on_answer=told.append)
    assert found.router == "r-42-VM" and not found.failures
    assert sorted(told) == sorted(command.name for command in SURVEYED)
    for command in SURVEYED:
        assert not isinstance(found.fact(command), Unanswered), found.fact(command)
        answer = found.answers[command.name]
        assert answer.argv == command.argv and answer.taken is not None and answer.ms >= 0
    assert found.fact(commands.CHAP_USERS) == ("alice", "bob")
    assert KEY not in repr(found.answers)


async def test_answers_in_one_go_are_those_of_each_alone(tmp_path: Path) -> None:
    wanted = (commands.PSK_SHA256, commands.IPTABLES_MANGLE, commands.PGREP_PPPD, commands.IP_ADDR)
    async with lab_of(tmp_path, router_state()) as lab, lab_connection(lab) as router:
        together = [answer async for answer in router.answers(wanted)]
        alone = [await router.answer(command) for command in wanted]
    for one, other in zip(together, alone, strict=True):
        assert (one.name, one.status, one.stderr) == (other.name, other.status, other.stderr)
        assert one.output.lines[1:-1] == other.output.lines[1:-1]


@pytest.mark.parametrize("redundant", [True, False])
async def test_the_state_of_a_pair_is_asked_where_there_is_a_partner(
    tmp_path: Path, redundant: bool
) -> None:
    state = router_state()
    state.redundant_state = "PRIMARY" if redundant else "UNKNOWN"
    async with lab_of(tmp_path, state) as lab, lab_connection(lab) as router:
        found = await survey(router)
    assert (found.fact(commands.CHECKROUTER) == "PRIMARY") is redundant


async def test_what_is_not_in_the_registry_is_not_asked(tmp_path: Path) -> None:
    forged = msgspec.structs.replace(commands.NPROC, argv=("reboot",))
    async with lab_of(tmp_path, router_state()) as lab, lab_connection(lab) as router:
        with pytest.raises(NotAllowed):
            await router.answer(forged)
        with pytest.raises(NotAllowed):
            _ = [answer async for answer in router.answers([commands.DATE, forged])]


async def test_a_router_that_cannot_be_reached_is_an_error(tmp_path: Path) -> None:
    async with lab_of(tmp_path, router_state()) as lab:
        path = path_to(lab)
    with pytest.raises(LinkError):
        await survey(RouterConnection(target(), path))


class Shaky:
    """A router whose link breaks off before some answers; asked again, it may be there again."""

    def __init__(self, breaks: dict[str, int], gone: bool = False) -> None:
        self.target = target()
        self.breaks = breaks
        self.gone = gone
        self.asked: list[str] = []

    async def connect(self) -> None:
        """The first link comes about."""

    async def answers(self, wanted: tuple[Command[Any], ...]) -> AsyncIterator[Answer]:
        for command in wanted:
            self.asked.append(command.name)
            if self.breaks.get(command.name, 0):
                self.breaks[command.name] -= 1
                raise ConnectionDropped("r-42-VM", "reset")
            if self.gone:
                raise LinkError("no route to it")
            yield Answer.of(command, Output(0, b"1\n"), seconds=0.0, taken=datetime.now(UTC))


async def test_a_link_that_breaks_off_once_costs_nothing() -> None:
    shaky: Any = Shaky({"nproc": 1, "df": 1})
    found = await survey(shaky, [commands.NPROC, commands.FREE, commands.DF])
    assert set(found.answers) == {"nproc", "free", "df"} and not found.failures


async def test_a_link_that_stays_down_is_not_tried_for_every_command() -> None:
    told: list[str] = []
    shaky: Any = Shaky({"nproc": 5})
    wanted = [commands.NPROC, commands.FREE, commands.DF]
    found = await survey(shaky, wanted, told.append)
    assert "broke off" in found.failures["nproc"] and sorted(told) == ["df", "free", "nproc"]
    assert shaky.asked.count("nproc") == 2
    gone: Any = Shaky({}, gone=True)
    assert set((await survey(gone, wanted)).failures.values()) == {"no route to it"}


def test_what_tells_who_is_connected_is_asked_in_one_go() -> None:
    patient, one, other = lanes_of(SURVEYED)
    assert {command.name for command in patient} == {"ipsec_statusall", "ipsec_listalgs"}
    assert one[0] == commands.DATE and abs(len(one) - len(other)) <= 1
    assert sorted(c.name for c in (*patient, *one, *other)) == sorted(c.name for c in SURVEYED)
    together = ["pgrep_pppd", "ps_vpn", "tdbdump", "l2tp_tunnel", "l2tp_session", "ip_link_ppp"]
    (lane,) = [lane for lane in (one, other) if commands.PGREP_PPPD in lane]
    names = [command.name for command in lane]
    first = names.index("pgrep_pppd")
    assert names[first : first + len(together)] == together and first < 5


def test_a_part_of_the_survey_is_sent_whole() -> None:
    slow = msgspec.structs.replace(commands.TDBDUMP, seconds=PATIENCE + 1)
    wanted = [commands.NPROC, slow, commands.IP_LINK_PPP, commands.FREE, commands.L2TP_SESSION]
    patient, one, other = lanes_of(wanted)
    assert patient == [slow] and other == [commands.FREE]
    assert one == [commands.NPROC, commands.L2TP_SESSION, commands.IP_LINK_PPP]


MARKER = "ab" * 16


class Bytes:
    """A stream that gives `content` in portions of `size` and then ends."""

    def __init__(self, content: bytes, size: int) -> None:
        self.content, self.size = content, size

    async def read(self, n: int = -1) -> bytes:
        portion, self.content = self.content[: self.size], self.content[self.size :]
        return portion


@pytest.mark.parametrize("size", [1, 7, 1 << 20])
async def test_streams_are_cut_at_the_markers_and_nowhere_else(size: int) -> None:
    forged = f"\n{'cd' * 16} 0\n".encode()
    stdout = b"motd\n" + f"{MARKER}\n".encode()
    stdout += b"one\n\n" + f"\n{MARKER} 0\n".encode() + forged + f"\n{MARKER} 127\n".encode()
    stderr = f"\n{MARKER} 0\nbad\n\n{MARKER} 127\n".encode()
    answers = several.Answers(MARKER, Bytes(stdout, size), Bytes(stderr, size))
    await answers.begin()
    assert await answers.next() == Output(0, b"one\n\n", b"")
    assert await answers.next() == Output(127, forged, b"bad\n")
    with pytest.raises(EOFError):
        await answers.next()


async def test_a_flood_is_cut_and_the_next_answer_is_whole(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(several, "LARGEST_OUTPUT", 3_000_000)
    mark = f"\n{MARKER} 0\n".encode()
    stdout = f"{MARKER}\n".encode() + b"x" * 9_000_000 + mark + b"after" + mark
    answers = several.Answers(MARKER, Bytes(stdout, 100_000), Bytes(mark + mark, 100))
    await answers.begin()
    assert await answers.next() == Output(0, b"x" * 3_000_000)
    assert await answers.next() == Output(0, b"after")


def test_the_lab_knows_the_script() -> None:
    line = several.batch_of([commands.DATE, commands.NPROC]).line
    argv = tuple(shlex.split(line))[1:]
    assert is_several(argv) and argv[-1] == commands.NPROC.line
    assert not is_several(argv[:5]) and not is_several(("sh", "-c", "x", "csvpn-rest", "a", "b"))


def planted(
    monkeypatch: pytest.MonkeyPatch, name: str, script: str, **changes: Any
) -> Command[Any]:
    """A command of the registry that does something else on this machine."""
    command = msgspec.structs.replace(REGISTRY[name], argv=("sh", "-c", script), **changes)
    monkeypatch.setitem(REGISTRY, name, command)
    return command


@pytest.fixture
async def router(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[RouterConnection]:
    """This machine as if it were a router."""
    folder = tmp_path / "sshd"
    folder.mkdir()
    async with openssh_server(folder) as server:
        monkeypatch.setattr(connection_module, "plan", plan_as(server.user))
        async with connection_to(server, tmp_path) as connection:
            yield connection


@pytest.mark.openssh
@needs_sshd
async def test_commands_that_misbehave_keep_none_from_being_asked(
    router: RouterConnection, monkeypatch: pytest.MonkeyPatch
) -> None:
    wanted = [
        planted(monkeypatch, "uname", "printf 'no line feed'; printf oops >&2; exit 3"),
        planted(monkeypatch, "uptime", "echo begun; sleep 15", seconds=0.5),
        planted(monkeypatch, "lsmod", "cat; echo read to the end"),
        planted(monkeypatch, "df", "kill -9 $$"),
        planted(monkeypatch, "virt", "head -c 400000 /dev/zero | tr '\\0' x; echo done >&2"),
        commands.NPROC,
        commands.LOADAVG,
    ]
    found = await survey(router, wanted)
    assert set(found.failures) == {"uptime"} and "0.5 seconds" in found.failures["uptime"]
    uname = found.answers["uname"]
    assert (uname.status, uname.stdout, uname.stderr) == (3, "no line feed", "oops")
    assert found.answers["lsmod"].stdout == "read to the end\n"
    assert found.answers["df"].status == 137
    assert len(found.answers["virt"].stdout) == 400_000
    assert found.answers["virt"].stderr == "done\n"
    assert isinstance(found.fact(commands.NPROC), int)


@pytest.mark.openssh
@needs_sshd
async def test_a_hung_charon_holds_up_nobody_else(
    router: RouterConnection, monkeypatch: pytest.MonkeyPatch
) -> None:
    hung = planted(monkeypatch, "ipsec_statusall", "sleep 15", seconds=25.0)
    others = [commands.NPROC, commands.LOADAVG, commands.PROC_UPTIME]
    asked: set[str] = set()
    answered = asyncio.Event()

    def told(name: str) -> None:
        asked.add(name)
        if len(asked) == len(others):
            answered.set()

    asking = asyncio.create_task(survey(router, [hung, *others], told))
    await answered.wait()
    assert "ipsec_statusall" not in asked and not asking.done()
    asking.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await asking


@pytest.mark.openssh
@needs_sshd
async def test_a_hanging_command_of_several_is_named(
    router: RouterConnection, monkeypatch: pytest.MonkeyPatch
) -> None:
    hung = planted(monkeypatch, "uptime", "sleep 15", seconds=0.3)
    got = []
    with pytest.raises(CommandTimeout) as caught:
        async for answer in router.answers([commands.NPROC, hung, commands.LOADAVG]):
            got.append(answer.name)
    assert got == ["nproc"] and caught.value.command == "uptime"
    assert (await router.answer(commands.LOADAVG)).status == 0
