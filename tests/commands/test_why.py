"""`csvpn why`: on recorded files, on saved bundles, and on the routers of the lab."""

import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from tests.commands.contexts import Printed, context_for
from tests.consoles import lab_path
from tests.diagnose.test_bundle_folder import as_recorded
from tests.router_cases import case
from tui.actions import action
from tui.commands import why
from tui.commands.arguments import parser
from tui.commands.opening import Context
from tui.commands.output import CommandError, Exit
from tui.commands.why_words import RUNGS, exit_of, print_verdicts, verdict_document
from tui.diagnose.symptoms import SYMPTOMS
from tui.diagnose.verdict_words_session import WORDS
from tui.diagnose.verdicts import CATEGORIES, Verdict
from tui.lab.lab import Lab, open_lab
from tui.logs.attempts import Rung
from tui.safety.credentials import CredentialStore
from tui.session.launch import Launcher

NETWORK = "acme-office"


@pytest.fixture
async def lab(tmp_path: Path) -> AsyncIterator[Lab]:
    """The demo's cloud and routers, with nobody who comes or goes."""
    async with open_lab("demo", tmp_path / "lab", speed=60.0, story=False) as opened:
        yield opened


async def on_folder(folder: Path, *words: str, as_json: bool = False) -> Exit:
    """`csvpn why --bundle`, where there is no profile and no cloud."""
    context = Context(Launcher(CredentialStore({})), "", as_json)
    arguments = parser().parse_args(["why", *words, "--bundle", str(folder)])
    return await why.run_command(context, arguments)


async def live(lab: Lab, *words: str, as_json: bool = True) -> Exit:
    """`csvpn why --router` on the lab."""
    context = context_for(lab, as_json=as_json, zones={"*": lab_path(lab)})
    arguments = parser().parse_args(["why", "--router", NETWORK, *words])
    return await why.run_command(context, arguments)


async def test_json_has_the_form_that_is_promised(tmp_path: Path, printed: Printed) -> None:
    folder = case("mschapv2_wrong_password").write(tmp_path / "case")
    assert await on_folder(folder, as_json=True) is Exit.FINDINGS
    document = printed.document()
    assert set(document) == {"verdicts"}
    (verdict,) = document["verdicts"]
    assert (verdict["client"], verdict["user"]) == ("203.0.113.77", "alice")
    assert (verdict["category"], verdict["outcome"]) == ("ppp_bad_password", "fail")
    assert 0.9 <= verdict["certainty"] <= 1
    assert (verdict["rung"], verdict["reached"]) == (10, "PPP was begun")
    assert verdict["says"] == "The password of alice is wrong."
    assert verdict["tell"] and verdict["fix"] and verdict["action"]
    first = verdict["evidence"][0]
    assert set(first) == {"file", "line", "text"}
    line = case("mschapv2_wrong_password").files[first["file"]].decode().split("\n")
    assert "E=691" in line[first["line"] - 1]


async def test_words_have_the_verdict_on_top_then_proof_then_what_to_do(
    tmp_path: Path, printed: Printed
) -> None:
    folder = case("udp1701_fw_missing").write(tmp_path / "case")
    assert await on_folder(folder) is Exit.FINDINGS
    out, _ = printed.both()
    lines = out.splitlines()
    assert lines[0] == "✘ 203.0.113.77: the firewall does not let in UDP 1701"
    assert "udp1701_fw_rule_missing · cannot connect · 95% certain" in lines[1]
    assert any(line.startswith("    vr.state.txt:24  L2TP-PSK{2}:") for line in lines)
    assert lines[-1] == "  In the console: Open ports (o) in firewall"


@pytest.mark.parametrize(
    ("name", "words", "code"),
    [
        ("ok_baseline", (), Exit.FINE),
        ("client_disconnect", (), Exit.FINE),
        ("psk_wrong", (), Exit.FINDINGS),
        ("ip_pool_exhausted", ("alice",), Exit.FINE),
        ("ip_pool_exhausted", ("--client", "203.0.113.99"), Exit.FINDINGS),
    ],
)
async def test_exit_codes(name: str, words: tuple[str, ...], code: Exit, tmp_path: Path) -> None:
    assert await on_folder(case(name).write(tmp_path / "case"), *words) is code


async def test_what_cannot_be_told_has_a_code_of_its_own(tmp_path: Path, printed: Printed) -> None:
    folder = case("udp1701_fw_missing").write(tmp_path / "case", ("vr.log",))
    assert await on_folder(folder) is Exit.CANNOT_TELL
    out, _ = printed.both()
    assert out.startswith("? 203.0.113.77: it cannot be told")
    assert "It may also be:" in out
    assert "To tell:" in out


@pytest.mark.parametrize(
    ("category", "title"),
    [
        ("ok", "it may still come up"),
        ("ppp_lcp_timeout", "it may still come up; if it does not: the client never answers LCP"),
    ],
)
def test_what_may_still_come_up_cannot_be_told(category: str, title: str, printed: Printed) -> None:
    verdict = Verdict(
        client="203.0.113.77",
        category=category,
        outcome="fail",
        certainty=0.6,
        says="It goes on.",
        coming=True,
    )
    assert exit_of((verdict,)) is Exit.CANNOT_TELL
    print_verdicts([("", verdict)])
    out, _ = printed.both()
    assert out.splitlines()[0] == f"… 203.0.113.77: {title}"
    assert verdict_document(verdict, "")["coming"] is True


async def test_answers_of_a_router_are_a_bundle_too(tmp_path: Path, printed: Printed) -> None:
    assert await on_folder(as_recorded("forward_off", tmp_path), as_json=True) is Exit.FINDINGS
    verdicts = printed.document()["verdicts"]
    assert {each["category"] for each in verdicts} == {"forwarding_disabled"}
    assert verdicts[0]["evidence"][0]["file"] == "sysctl.json"


async def test_what_the_client_shows_is_taken_loosely(tmp_path: Path, printed: Printed) -> None:
    folder = case("ok_baseline").write(tmp_path / "case", ("vr.kern.log", "vr.haproxy.log"))
    await on_folder(folder, "--says", "it rained", as_json=True)
    out, err = printed.both()
    assert "--says 'it rained' is not known" in err
    assert "verdicts" in out


@pytest.mark.parametrize(
    ("words", "what"),
    [
        (("--client", "alice"), "is not an IP address"),
        (("--capture", "30"), "--capture and --bundle exclude each other"),
        (("--save", "x"), "--save and --bundle exclude each other"),
    ],
)
async def test_what_does_not_go_together_is_said(
    words: tuple[str, ...], what: str, tmp_path: Path
) -> None:
    folder = case("ok_baseline").write(tmp_path / "case")
    with pytest.raises(CommandError, match=what) as caught:
        await on_folder(folder, *words)
    assert caught.value.code is Exit.USAGE


async def test_a_folder_that_is_no_bundle_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="no folder") as caught:
        await on_folder(tmp_path / "nowhere")
    assert caught.value.code is Exit.USAGE


def router_of(lab: Lab) -> Any:
    assert lab.routers is not None
    name = next(each.name for each in lab.routers.endpoints if each.network == NETWORK)
    return lab.routers.router(name)


async def test_a_healthy_session_of_the_lab(lab: Lab, printed: Printed) -> None:
    await router_of(lab).connect("alice")
    assert await live(lab, "alice") is Exit.FINE
    (verdict,) = printed.document()["verdicts"]
    assert (verdict["user"], verdict["category"], verdict["outcome"]) == (
        "alice",
        "ok",
        "connected",
    )


@pytest.mark.parametrize(
    ("fault", "category"),
    [
        ("forward_off", "forwarding_disabled"),
        ("forward_rule_missing", "forward_rule_missing"),
        ("udp1701_closed", "udp1701_fw_rule_missing"),
        ("xl2tpd_stopped", "xl2tpd_down"),
        ("xl2tpd_bad_config", "xl2tpd_bad_config"),
        ("conn_not_loaded", "vpn_conn_not_loaded"),
        ("no_secrets", "ppp_no_secrets"),
    ],
)
async def test_a_fault_of_the_labs_router_is_found(
    fault: str, category: str, lab: Lab, printed: Printed
) -> None:
    router = router_of(lab)
    router.fault(fault)
    await router.connect("alice")
    assert await live(lab, "--since", "30") is Exit.FINDINGS
    verdicts = printed.document()["verdicts"]
    assert category in {each["category"] for each in verdicts}
    assert verdicts[0]["router"] == router.endpoint.name


@pytest.mark.parametrize(
    ("habit", "category"),
    [
        ("wrong_key", "psk_mismatch"),
        ("old_proposals", "ike_proposal_mismatch"),
        ("pap_only", "ppp_auth_protocol"),
        ("other_selectors", "ts_or_mode_mismatch"),
    ],
)
async def test_what_a_client_does_wrong_is_found_and_a_bundle_says_the_same_later(
    habit: str, category: str, lab: Lab, tmp_path: Path, printed: Printed
) -> None:
    await router_of(lab).connect("alice", habit)
    kept = tmp_path / "kept"
    assert await live(lab, "--since", "30", "--save", str(kept)) is Exit.FINDINGS
    now = printed.document()["verdicts"]
    assert category in {each["category"] for each in now}
    assert await on_folder(kept, as_json=True) is Exit.FINDINGS
    later = printed.document()["verdicts"]
    told = ("client", "user", "category", "outcome", "certainty", "says")
    assert [[each[key] for key in told] for each in later] == [
        [each[key] for key in told] for each in now
    ]


async def test_a_router_that_does_not_exist_is_said(lab: Lab) -> None:
    context = context_for(lab, zones={"*": lab_path(lab)})
    with pytest.raises(CommandError, match="no router 'r-4711-VM'"):
        await why.run_command(context, parser().parse_args(["why", "--router", "r-4711-VM"]))


def test_every_category_has_words_and_its_action_exists() -> None:
    assert set(WORDS) == set(CATEGORIES)
    for name, words in WORDS.items():
        assert words.says, name
        if words.action:
            assert action(words.action).label
    assert set(RUNGS) == set(Rung)


def test_the_page_has_every_category_and_every_symptom() -> None:
    page = (Path(__file__).parents[2] / "docs" / "why.md").read_text("utf-8")
    for name in CATEGORIES:
        assert f"`{name}`" in page or f"### {name}" in page, name
    for symptom in SYMPTOMS:
        assert f"| {symptom.name} |" in page, symptom.name


def test_a_bundle_needs_neither_the_console_nor_ssh_nor_http(tmp_path: Path) -> None:
    folder = case("ok_baseline").write(tmp_path / "case")
    program = (
        "import sys; from tui.__main__ import main; "
        f"code = main(['why', '--bundle', {str(folder)!r}]); "
        "loaded = {name for name in ('textual', 'asyncssh') if name in sys.modules}; "
        "print(loaded or 'none', code)"
    )
    ran = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False, timeout=60
    )
    assert ran.stdout.splitlines()[-1] == "none 0", ran.stderr
