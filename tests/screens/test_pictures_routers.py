"""What the routers' own word looks like: sessions, a checkup, and a verdict."""

from collections.abc import Callable, Iterable
from typing import Any, Final

import pytest

from screens.why import WhyScreen
from tests.screens.pictures import NOW, Compare, Scene, SceneBook, take
from tests.screens.stage import SMALL, Stage
from tui.cloud.models import Router
from tui.diagnose.bundle import Bundle
from tui.diagnose.checks import Check, Proof, State
from tui.diagnose.verdicts import Evidence, Verdict
from tui.lab.lab import Lab
from tui.logs.attempts import Rung
from tui.router.errors import ConnectTimeout
from tui.router.sessions import RouterSession
from tui.router.survey import Survey
from tui.session import clues
from tui.session.checking import Checked, Checkups, Result
from tui.session.diagnosing import Diagnosis
from tui.session.sessions_watch import Look, SessionsWatch

OFFICE: Final = "r-47-VM"
GROWN: Final = "r-50-VM"
SCENES = SceneBook()


def person(number: int, user: str, **fields: Any) -> RouterSession:
    """Somebody who is connected."""
    given: dict[str, Any] = {
        "user": user,
        "inner_ip": f"10.1.2.{number}",
        "client_ip": f"198.51.100.{20 + number}",
        "client_port": 1701,
        "interface": f"ppp{number}",
        "pid": 4710 + number,
        "is_orphan": False,
        "tunnel": 50_000 + number,
        "session": 40_000 + number,
        "since": NOW - 3600.0 * number - 300.0,
        "bytes_in": 1_900_000,
        "bytes_out": 57_000_000,
        "mtu": 1400,
        "ike_proposal": "AES_CBC_256/HMAC_SHA1_96/PRF_HMAC_SHA1/MODP_2048",
        "esp_proposal": "AES_CBC_256/HMAC_SHA1_96",
    }
    return RouterSession(**{**given, **fields})


def connected(bytes_more: int) -> tuple[RouterSession, ...]:
    return (
        person(2, "alice", bytes_out=57_000_000 + 20 * bytes_more),
        person(3, "bob", identity="192.168.1.7", in_udp=True, bytes_in=1_900_000 + bytes_more),
        person(4, "bob", client_ip="198.51.100.99", duplicate_of=4713),
        person(5, "carol", without_ipsec=True, ike_proposal="", esp_proposal=""),
        person(6, "dave", is_orphan=True, client_ip="", bytes_in=None, bytes_out=None),
        person(7, "[bold]zed[/]"),
        person(8, "erin", inner_ip="10.1.9.9", outside_pool=True),
    )


async def look(
    watch: SessionsWatch, routers: Iterable[Router], on_look: Callable[[Look], None]
) -> None:
    """What the routers say in pictures: one has people, one cannot be asked, the others nobody."""
    for router in routers:
        if router.name == OFFICE:
            on_look(Look(router=router, said=connected(0), taken=NOW - 10))
            on_look(Look(router=router, said=connected(34_000), taken=NOW))
        elif router.name == GROWN:
            error = ConnectTimeout("10.0.0.9 does not answer", "check that it runs")
            on_look(Look(router=router, error=error, taken=NOW))
        else:
            on_look(Look(router=router, said=(), taken=NOW))


def check(name: str, state: State, says: str, group: str, **fields: Any) -> Check:
    return Check(name=name, state=state, says=says, group=group, **fields)


CHECKS: Final = (
    check("charon_process", "pass", "charon runs (process 977)", "service"),
    check(
        "range_loaded",
        "fail",
        "xl2tpd was started before its file was changed last, so it still hands out the old range",
        "drift",
        evidence=(
            Proof("xl2tpd_conf", "ip range = 10.3.4.2-10.3.4.30"),
            Proof("xl2tpd_started", "pid 981 is 4211 s older than its file"),
        ),
        fix="Restart xl2tpd; whoever is connected has to connect again.",
        action="repair",
    ),
    check("udp1701_gate", "pass", "UDP 1701 (L2TP) is let in", "firewall"),
    check("psk_age", "warn", "the pre-shared key is 120 days old", "drift", action="rotate"),
    check("tier_acls", "n/a", "this is no VPC", "firewall"),
)


async def examine(
    checkups: Checkups,
    routers: Iterable[Router],
    on_answer: Callable[[Router, str], None],
    on_result: Callable[[Result], None],
) -> None:
    """What a checkup finds in pictures."""
    for router in routers:
        found = tuple(c for c in CHECKS if router.name == GROWN or c.state in ("pass", "n/a"))
        said = Checked(checks=found, bundle=Bundle(survey=Survey(router.name, {})))
        on_result(Result(router=router, said=said, taken=NOW))


VERDICTS: Final = (
    Verdict(
        client="198.51.100.55",
        user="alice",
        category="ppp_bad_password",
        outcome="fail",
        certainty=0.97,
        rung=Rung.PPP_STARTED,
        says="Everything up to the login works; the password that alice sends is not the one that "
        "the router has.",
        tell="Your password is not the right one. You will get a new one.",
        fix="Give alice a new password and send her the kit again.",
        action="new_password",
        evidence=(
            Evidence("vr.pppd-journal.log", 7, "pppd[4711]: CHAP peer authentication failed"),
            Evidence("vr.messages.log", 212, "pppd[4711]: Connection terminated."),
        ),
        at=NOW - 240,
        attempts=3,
    ),
    Verdict(
        client="198.51.100.90",
        category="esp_blocked_inbound",
        outcome="ipsec_up_only",
        certainty=0.6,
        rung=Rung.CHILD_ESTABLISHED,
        says="IPsec looks up, but not one encrypted packet of the client arrives.",
        others=("udp1701_fw_rule_missing",),
        next_look="A capture of packets of 20 seconds while the client tries.",
        at=NOW - 900,
    ),
)


async def diagnose(diagnosis: Diagnosis) -> None:
    """What a diagnosis comes to in pictures."""
    told = diagnosis._list
    told.settle(clues.CLOUD, "good", "VPN Running on 203.0.113.15, 5 users")
    told.settle(clues.REACHED, "good", "over SSH")
    told.settle(clues.ANSWERS, "good", "132 answers")
    told.settle_checks(CHECKS, at_end=True)
    told.settle(clues.LOGS, "good", "3211 lines of the last 2 hours")
    if diagnosis.router.name == OFFICE:
        told.settle(clues.ATTEMPTS, "good", "4 attempts")
        told.settle(clues.VERDICT, "good", "2 verdicts")
        diagnosis._verdicts = VERDICTS
    diagnosis._done = True
    diagnosis._tell()


@SCENES.scene("sessions")
async def _sessions(on: Stage) -> None:
    await on.go("sessions")
    await on.says("✘ no IPsec", "▲ twice", "could not be asked")
    await on.row("bob")


@SCENES.scene("checkup")
async def _checkup(on: Stage) -> None:
    await on.go("checkup")
    await on.says("✘ fail", "▲ warn", "✔")


@SCENES.scene("checkup-evidence", sizes=(SMALL,))
async def _evidence(on: Stage) -> None:
    await on.go("checkup")
    await on.says("✘ fail")
    await on.press("enter")
    await on.says("f Repair.")


@SCENES.scene("why")
async def _why(on: Stage) -> None:
    await on.row("acme-office")
    await on.press("w")
    await on.until(lambda: isinstance(on.app.screen, WhyScreen))
    await on.says("✘ wrong password", "certain (97 %)")


@SCENES.scene("why-several-causes", sizes=(SMALL,))
async def _several(on: Stage) -> None:
    await on.row("acme-office")
    await on.press("w")
    await on.says("✘ wrong password")
    await on.press("down")
    await on.says("possible (60 %)")


@SCENES.scene("capture", sizes=(SMALL,))
async def _capture(on: Stage) -> None:
    await on.row("acme-office")
    await on.press("w")
    await on.says("✘ wrong password")
    await on.press("p")
    await on.says("Ask the user to connect while it runs.")


@pytest.mark.parametrize(("scene", "size"), SCENES.at_all_sizes())
def test_the_word_of_the_routers_looks_as_before(
    snap_compare: Compare,
    still_life: None,
    monkeypatch: pytest.MonkeyPatch,
    scene: Scene,
    size: tuple[int, int],
) -> None:
    monkeypatch.setattr(SessionsWatch, "look", look)
    monkeypatch.setattr(Checkups, "check", examine)
    monkeypatch.setattr(Diagnosis, "run", diagnose)
    assert take(snap_compare, scene, size)


def test_the_scenes_stand_on_routers_of_the_lab(lab: Lab) -> None:
    names = {state.name for state in lab.cloud.routers.states.values()}
    assert {OFFICE, GROWN} <= names
