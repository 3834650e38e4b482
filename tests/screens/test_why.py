"""Why somebody cannot connect: the checklist, the verdict, and what can be done from there."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from textual.widgets import OptionList

from screens.capture import LONGEST, CaptureDialog, CaptureWish, read_wish
from screens.checkup import CheckupScreen
from screens.confirm import ConfirmDialog
from screens.firewall import FirewallScreen
from screens.logs import LogsScreen
from screens.networks import NetworksScreen
from screens.repair import RepairDialog
from screens.users import UsersScreen
from screens.why import WhyScreen
from screens.why_words import choice_line, ladder_lines, verdict_text
from tests.consoles import lab_path
from tests.screens.stage import LARGE, SMALL, Stage, hurry, quick_lab, quiet_routers, stage
from tui.cloud.models import Router
from tui.diagnose import why
from tui.diagnose.bundle import Bundle
from tui.diagnose.verdicts import CATEGORIES, Evidence, Verdict
from tui.lab.lab import Lab
from tui.logs.attempts import Rung
from tui.router import captures, surveying
from tui.router.errors import ConnectionDropped
from tui.session.diagnosing import CAPTURE_FILE, Case

PASSWORD = Verdict(
    client="198.51.100.55",
    user="alice",
    category="ppp_bad_password",
    outcome="fail",
    certainty=0.95,
    rung=Rung.PPP_STARTED,
    says="The password that alice sends is not the one that the router has.",
    tell="Your password is not the right one. You will get a new one.",
    fix="Give alice a new password.",
    action="new_password",
    evidence=(Evidence("vr.log", 42, "pppd[4711]: CHAP authentication failed"),),
    at=1_795_000_000.0,
    attempts=3,
)
SILENT = Verdict(
    client="203.0.113.77",
    identity="192.168.1.5",
    category="esp_blocked_inbound",
    outcome="ipsec_up_only",
    certainty=0.55,
    rung=Rung.CHILD_ESTABLISHED,
    says="IPsec is up, but nothing comes through it.",
    others=("udp1701_fw_rule_missing",),
    next_look="A capture of packets while the client tries.",
    action="open_ports",
)
DRIFT = Verdict(
    client="",
    category="stale_ip_range",
    outcome="drift",
    certainty=0.99,
    says="xl2tpd hands out an old range.",
    action="repair",
)


class Judge:
    """Stands in place of `why` and says what a test wants."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.verdicts: tuple[Verdict, ...] = (PASSWORD,)
        self.asked: list[dict[str, str]] = []
        monkeypatch.setattr(why, "why", self.why)

    def why(self, bundle: Bundle, **asked: str) -> tuple[Verdict, ...]:
        self.asked.append(asked)
        assert isinstance(bundle, Bundle)
        return self.verdicts


@pytest.fixture
def judge(monkeypatch: pytest.MonkeyPatch) -> Judge:
    return Judge(monkeypatch)


@pytest.fixture(autouse=True)
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    hurry(monkeypatch)
    quiet_routers(monkeypatch)


@pytest.fixture
async def lab_with_routers(tmp_path: Path) -> AsyncIterator[Lab]:
    async with quick_lab(tmp_path, routers=True) as lab:
        yield lab


async def ask(on: Stage, section: str, row: str) -> WhyScreen:
    """Press w on a row of a section, and wait for the verdict."""
    await on.go(section)
    await on.row(row)
    await on.press("w")
    await on.until(lambda: isinstance(on.app.screen, WhyScreen))
    screen = on.on(WhyScreen)
    await on.until(lambda: screen.book is not None and screen.book.done == len(screen.book.cases))
    return screen


@pytest.mark.parametrize("size", [SMALL, LARGE])
async def test_why_can_a_place_not_be_reached(
    lab_with_routers: Lab, judge: Judge, size: tuple[int, int]
) -> None:
    async with stage(lab_with_routers, size) as on:
        await ask(on, "networks", "acme-office")
        await on.says(
            "r-47-VM acme-office",
            "✘ wrong password",
            "alice 198.51.100.55 not connected certain (95 %)",
            "3 attempts ended so",
            "✔ IKE begun",
            "✘ login",
            "vr.log:42",
            "f New password.",
            "What to tell the user (y copies it)",
            "✔ The router answers",
            "✔ The verdict 1 verdict",
        )
        assert judge.asked == [{"user": "", "client": "", "symptom": ""}]
        await on.press("escape")
        assert isinstance(on.app.screen, NetworksScreen)


async def test_a_user_is_looked_for_on_every_vpn_of_the_account(
    lab_with_routers: Lab, judge: Judge
) -> None:
    async with stage(lab_with_routers) as on:
        screen = await ask(on, "users", "alice")
        assert screen.book is not None
        names = {case.router.name for case in screen.book.cases.values()}
        assert {"r-47-VM", "r-50-VM"} <= names
        assert {asked["user"] for asked in judge.asked} == {"alice"}
        await on.says("Why can't alice connect?", "and 2 more")


async def test_what_to_tell_the_user_is_copied(lab_with_routers: Lab, judge: Judge) -> None:
    async with stage(lab_with_routers) as on:
        await ask(on, "networks", "acme-office")
        await on.press("y")
        await on.until(lambda: any("What to tell the user" in each for each in on.notices))
        judge.verdicts = (DRIFT,)
        await on.press("r")
        await on.says("the running xl2tpd hands out an old range")
        await on.press("y")
        assert "There is nothing to tell the user yet." in on.notices[-1]


async def test_the_fix_of_a_password_is_started_in_the_users(
    lab_with_routers: Lab, judge: Judge
) -> None:
    async with stage(lab_with_routers) as on:
        await ask(on, "networks", "acme-office")
        await on.press("f")
        await on.until(lambda: isinstance(on.app.screen, ConfirmDialog))
        await on.says("alice")
        assert any(isinstance(each, UsersScreen) for each in on.app.screen_stack)
        await on.press("escape")
        assert on.wire.writes == []


async def test_the_fix_of_a_closed_port_is_started_in_the_firewall(
    lab_with_routers: Lab, judge: Judge
) -> None:
    judge.verdicts = (SILENT,)
    async with stage(lab_with_routers) as on:
        await ask(on, "networks", "acme-lab")
        await on.press("f")
        await on.until(lambda: any(isinstance(e, FirewallScreen) for e in on.app.screen_stack))
        section = next(e for e in on.app.screen_stack if isinstance(e, FirewallScreen))
        await on.until(lambda: isinstance(on.app.screen, ConfirmDialog) or bool(on.notices))
        assert section.address is not None and section.address.network_name == "acme-lab"


async def test_a_repair_is_asked_for_over_the_verdict(lab_with_routers: Lab, judge: Judge) -> None:
    judge.verdicts = (DRIFT,)
    async with stage(lab_with_routers) as on:
        await ask(on, "networks", "acme-grown")
        await on.press("f")
        await on.until(lambda: isinstance(on.app.screen, RepairDialog))
        await on.press("escape")
        assert isinstance(on.app.screen, WhyScreen)


async def test_a_read_only_console_starts_no_fix(lab_with_routers: Lab, judge: Judge) -> None:
    judge.verdicts = (DRIFT,)
    async with stage(lab_with_routers, read_only=True) as on:
        await ask(on, "networks", "acme-grown")
        await on.says("It cannot be started here: This console is read-only.")
        await on.press("f")
        assert isinstance(on.app.screen, WhyScreen)
        await on.until(lambda: any("read-only" in notice for notice in on.notices))


async def test_one_of_several_clients_is_chosen(lab_with_routers: Lab, judge: Judge) -> None:
    judge.verdicts = (SILENT, PASSWORD, DRIFT)
    async with stage(lab_with_routers) as on:
        screen = await ask(on, "networks", "acme-office")
        assert screen.book is not None
        assert [each.verdict for each in screen.book.entries] == [PASSWORD, SILENT, DRIFT]
        assert on.app.focused is screen.query_one("#choices", OptionList)
        await on.press("down")
        await on.says(
            "203.0.113.77 (192.168.1.5)",
            "possible (55 %)",
            "It may also be",
            CATEGORIES["udp1701_fw_rule_missing"],
            "A capture of packets while the client tries.",
        )
        await on.press("down")
        await on.says("the router itself", "99 %")
        judge.verdicts = (SILENT, PASSWORD, DRIFT)
        await on.press("s")
        await on.type("error 789")
        await on.press("enter")
        await on.until(lambda: judge.asked[-1]["symptom"] == "error 789")
        await on.says("Windows error 789", "Likely causes", CATEGORIES["psk_mismatch"])
        assert screen.book.verdict == DRIFT, "what was chosen stays chosen"


async def test_words_that_nobody_knows_are_said_to_be_so(
    lab_with_routers: Lab, judge: Judge
) -> None:
    async with stage(lab_with_routers) as on:
        await ask(on, "networks", "acme-office")
        await on.press("s")
        await on.type("[bold]it is green[/]")
        await on.press("enter")
        await on.says("“[bold]it is green[/]” is not known")
        await on.press("s", "escape")
        assert isinstance(on.app.screen, WhyScreen), "escape left the field only"


async def test_nobody_has_tried(lab_with_routers: Lab, judge: Judge) -> None:
    judge.verdicts = ()
    async with stage(lab_with_routers) as on:
        await ask(on, "users", "alice")
        await on.says("? Nothing in the logs is about alice", "Ask the user to try once more")
        await on.press("f")
        assert "There is no fix that the console could start." in on.notices[-1]


async def test_a_capture_is_asked_for_bounded_and_judged(
    lab_with_routers: Lab, judge: Judge, monkeypatch: pytest.MonkeyPatch
) -> None:
    judge.verdicts = (SILENT,)
    wanted: list[dict[str, Any]] = []

    async def packets(connection: Any, **how: Any) -> bytes:
        wanted.append(how)
        return b"one\ntwo\n"

    monkeypatch.setattr(captures, "capture", packets)
    async with stage(lab_with_routers) as on:
        screen = await ask(on, "networks", "acme-office")
        await on.press("p")
        await on.until(lambda: isinstance(on.app.screen, CaptureDialog))
        await on.says("Ask the user to connect while it runs.", "203.0.113.77")
        await on.type("9999")
        await on.says(f"9999: the seconds are a number, 5 to {LONGEST}.")
        await on.press("enter")
        assert isinstance(on.app.screen, CaptureDialog) and wanted == []
        await on.type("7")
        await on.press("enter")
        await on.says("✔ A capture of packets 2 lines")
        assert wanted == [{"client": "203.0.113.77", "seconds": 7}]
        assert screen.case is not None and screen.case.bundle is not None
        assert screen.case.bundle.logs[CAPTURE_FILE] == b"one\ntwo\n"


async def test_a_capture_can_be_ended(
    lab_with_routers: Lab, judge: Judge, monkeypatch: pytest.MonkeyPatch
) -> None:
    ended = asyncio.Event()

    async def endless(connection: Any, **how: Any) -> bytes:
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()
        return b""

    monkeypatch.setattr(captures, "capture", endless)
    async with stage(lab_with_routers) as on:
        await ask(on, "networks", "acme-office")
        await on.press("p", "enter")
        await on.says("capturing packets", "(esc ends it)")
        await on.press("p")
        assert "A capture runs already" in on.notices[-1]
        await on.press("escape")
        await on.says("it was ended before its time")
        assert ended.is_set() and isinstance(on.app.screen, WhyScreen)


async def test_leaving_ends_what_is_under_way(
    lab_with_routers: Lab, judge: Judge, monkeypatch: pytest.MonkeyPatch
) -> None:
    began, ended = asyncio.Event(), asyncio.Event()

    async def endless(*asked: Any, **how: Any) -> Any:
        began.set()
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    monkeypatch.setattr(surveying, "survey", endless)
    async with stage(lab_with_routers) as on:
        await on.row("acme-office")
        await on.press("w")
        await on.until(began.is_set)
        await on.says("● Gathering the evidence …", "● Its answers")
        await on.press("escape")
        await on.until(ended.is_set)
        assert isinstance(on.app.screen, NetworksScreen) and judge.asked == []


async def test_a_link_that_drops_is_said_and_what_came_is_kept(
    lab_with_routers: Lab, judge: Judge, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole, portions = surveying.survey, 0

    async def breaks(connection: Any, wanted: Any, **more: Any) -> Any:
        nonlocal portions
        portions += 1
        if portions == 2:
            raise ConnectionDropped("r-47-VM")
        return await whole(connection, wanted, **more)

    monkeypatch.setattr(surveying, "survey", breaks)
    async with stage(lab_with_routers, LARGE) as on:
        await ask(on, "networks", "acme-office")
        await on.says("✘ The router answers until the link broke", "✘ wrong password")
        await on.press("p")
        assert "r-47-VM could not be asked" in on.notices[-1]


async def test_the_evidence_is_saved_as_a_bundle(
    lab_with_routers: Lab, judge: Judge, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    folder = tmp_path / "kept"
    folder.mkdir()
    monkeypatch.chdir(folder)
    async with stage(lab_with_routers) as on:
        await ask(on, "networks", "acme-office")
        await on.press("b")
        await on.until(lambda: any("The evidence is saved" in each for each in on.notices))
        (bundle,) = folder.iterdir()
        assert bundle.name.startswith("csvpn-why-r-47-VM-")
        assert (bundle / "vr.log").exists() and (bundle / "cloud.json").exists()


async def test_from_the_verdict_to_the_lines_in_the_logs(
    lab_with_routers: Lab, judge: Judge
) -> None:
    async with stage(lab_with_routers) as on:
        await ask(on, "networks", "acme-office")
        await on.press("l")
        await on.until(lambda: isinstance(on.app.screen, LogsScreen))
        await on.says("r-47-VM")
        assert "alice" in on.text.splitlines()[3] or "alice" in on.flat


async def test_from_a_session_and_from_a_check(lab_with_routers: Lab, judge: Judge) -> None:
    async with stage(lab_with_routers) as on:
        await on.go("sessions")
        await on.until(lambda: getattr(on.section, "row", None) is not None)
        row = on.section.row  # type: ignore[attr-defined]
        await on.press("w")
        await on.until(lambda: bool(judge.asked))
        assert judge.asked[-1]["user"] == row.session.user
        assert judge.asked[-1]["client"] == row.session.client_ip
        await on.press("escape")
        await on.go("checkup")
        await on.until(lambda: isinstance(on.app.screen, CheckupScreen))
        checkup = on.on(CheckupScreen)
        await on.until(lambda: checkup.row is not None)
        await on.press("w")
        await on.until(lambda: isinstance(on.app.screen, WhyScreen))


async def test_an_unknown_host_key_can_be_accepted(
    lab_with_routers: Lab, judge: Judge, tmp_path: Path
) -> None:
    known = tmp_path / "nobody"
    known.write_text("")
    async with stage(lab_with_routers, zones={"*": lab_path(lab_with_routers, str(known))}) as on:
        await ask(on, "networks", "acme-office")
        await on.press("k")
        await on.says("Unknown host key", "SHA256:")
        await on.tab_to("#go")
        await on.press("enter")
        await on.says("✔ The router answers")


async def test_a_role_that_may_not_see_routers_is_told_so(lab: Lab) -> None:
    async with stage(lab, actor="user") as on:
        await on.row("acme-office")
        await on.press("w")
        assert "Your role may not see routers, so they cannot be asked." in on.notices[-1]


def test_the_ladder_says_how_far_it_came() -> None:
    assert ladder_lines(PASSWORD).plain.split("  ")[-3:] == ["✔ PPP", "✘ login", "· connected"]
    up = Verdict(
        client="1", category="ok", outcome="connected", certainty=1.0, says="", rung=Rung.CONNECTED
    )
    assert "✘" not in ladder_lines(up).plain and "·" not in ladder_lines(up).plain
    nothing = Verdict(client="1", category="udp500_blocked", outcome="fail", certainty=1.0, says="")
    assert "not one step" in ladder_lines(nothing).plain


def test_what_may_still_come_up_is_not_called_failed() -> None:
    coming = msgspec.structs.replace(SILENT, coming=True)
    assert choice_line(coming, "r-1-VM").startswith("… 203.0.113.77 (192.168.1.5)")
    assert choice_line(coming, "r-1-VM").endswith("  r-1-VM")
    assert choice_line(SILENT, "").startswith("✘ ") and "r-1-VM" not in choice_line(SILENT, "")
    assert "… L2TP tunnel" in ladder_lines(coming).plain and "✘" not in ladder_lines(coming).plain
    unknown = msgspec.structs.replace(coming, category="ok")
    assert choice_line(unknown, "").endswith("it may still come up")


def test_every_action_of_a_verdict_is_one_of_the_console(contract_lab: Lab) -> None:
    from tests.consoles import lab_session

    session = lab_session(contract_lab)
    case = Case(router=Router(name="r-1-VM"))
    text = verdict_text(session, case, PASSWORD).plain
    assert "f New password. Give the user a new password" in text
    other = Verdict(
        client="1", category="x_y", outcome="fail", certainty=0.1, says="s", action="no_such"
    )
    text = verdict_text(session, case, other).plain
    assert "✘ x y" in text and "The console has no action for that" in text


@pytest.mark.parametrize(
    ("seconds", "client", "wish"),
    [
        ("20", "", CaptureWish(20, "")),
        (" 5 ", " 192.0.2.1 ", CaptureWish(5, "192.0.2.1")),
        ("4", "", None),
        ("121", "", None),
        ("", "", None),
        ("twenty", "", None),
        ("20", "alice", None),
        ("20", "192.0.2.1; reboot", None),
        ("20", "::1", None),
    ],
)
def test_what_a_capture_may_be(seconds: str, client: str, wish: CaptureWish | None) -> None:
    read = read_wish(seconds, client)
    assert read == wish if wish is not None else isinstance(read, str)
