"""Several people at one address, and people whose address no line says."""

from collections.abc import Iterable

import pytest

from tests.diagnose.bundles import bundle_of
from tests.logs.test_fold_return import CLIENT, ROUTER, until_ipsec, until_nat
from tui.diagnose.verdicts import Verdict
from tui.diagnose.why import why
from tui.diagnose.why_neighbours import strangers
from tui.logs.attempts import Attempt, Rung

NAMED = "192.168.2.114"


def at(clock: str, tag: str, lines: Iterable[str]) -> str:
    return "".join(f"Nov 25 {clock} r-47-VM {tag}: {line}\n" for line in lines)


def pppd(clock: str, pid: int, *lines: str) -> str:
    return at(clock, f"pppd[{pid}]", lines)


def up(pid: int, clock: str = "20:00:02") -> str:
    given = ("local  IP address 10.1.2.1", "remote IP address 10.1.2.2")
    return pppd(clock, pid, "Using interface ppp0", *given)


def connects() -> dict[str, str]:
    """A client behind NAT with a session."""
    opened = f"Connection established to {CLIENT}, 1701.  Local: 51, Remote: 6 (ref=0/0).  LNS"
    called = f"Call established with {CLIENT}, PID: 77, Local: 81, Remote: 9, Serial: 1"
    return {
        "vr.log": at("20:00:00", "charon", until_nat("05") + until_ipsec("05", 1))
        + at("20:00:01", "xl2tpd[9]", (opened, called)),
        "vr.messages.log": up(77),
    }


def fails(clock: str, port: int) -> str:
    """A try with another key."""
    lines = [line.replace("[500] to", f"[{port}] to") for line in until_nat("06")]
    came = f"06[NET] received packet: from {CLIENT}[{port}] to {ROUTER}[500] (108 bytes)"
    bad: tuple[str, ...] = ("06[ENC] invalid ID_V1 payload length, decryption failed?",)
    bad += ("06[ENC] could not decrypt payloads", "06[IKE] message parsing failed")
    return at(clock, "charon", [*lines, came, *bad])


def told(files: dict[str, str]) -> set[tuple[str, str, str]]:
    bundle = bundle_of({name: text.encode() for name, text in files.items()})
    return {(each.identity, each.category, each.outcome) for each in why(bundle)}


HERS = (NAMED, "ok", "connected")
NAMELESS = ("", "psk_mismatch", "fail")


@pytest.mark.parametrize("port", [1033, 33010])
@pytest.mark.parametrize("clock", ["20:10:00", "20:40:00"])
def test_a_neighbour_fails_while_a_client_is_connected(port: int, clock: str) -> None:
    files = connects()
    files["vr.log"] += fails(clock, port)
    assert told(files) == {HERS, NAMELESS}


def test_a_neighbour_failed_in_a_session_that_has_ended_since() -> None:
    files = connects()
    files["vr.log"] += fails("20:10:00", 1033)
    files["vr.messages.log"] += pppd("20:30:00", 77, "LCP terminated by peer (User request)")
    assert told(files) == {(NAMED, "normal_disconnect", "disconnected"), NAMELESS}


def test_a_client_that_comes_back_from_its_port_with_another_key_fails() -> None:
    files = connects()
    files["vr.messages.log"] += pppd("20:30:00", 77, "LCP terminated by peer (User request)")
    files["vr.log"] += fails("20:31:00", 500)
    assert told(files) == {(NAMED, "psk_mismatch", "fail")}


def attempt(port: int, started: float, identity: str = "", **more: object) -> Attempt:
    made = {"client": CLIENT, "port": port, "identity": identity, "rung": Rung.NAT_SEEN, **more}
    return Attempt(number=1, started=started, **made)  # type: ignore[arg-type]


def session(port: int, started: float, **more: object) -> Attempt:
    more = {"rung": Rung.CONNECTED, "connected": started + 1, **more}
    return attempt(port, started, NAMED, **more)


@pytest.mark.parametrize(
    ("port", "started", "is_other"),
    [
        (40157, 995.0, False),  # asks from ports of its own before it begins
        (40157, 500.0, True),
        (1033, 1100.0, True),
        (500, 500.0, False),
        (500, 1100.0, True),  # its session is open: whose try this is, is open too
        (0, 500.0, False),
        (0, 1100.0, True),
    ],
)
def test_the_port_tells_whose_try_it_is(port: int, started: float, is_other: bool) -> None:
    tried = attempt(port, started)
    assert (id(tried) in strangers([session(500, 1000.0), tried])) is is_other


def test_the_port_behind_nat_counts_as_well() -> None:
    ended = session(1033, 1000.0, nat_port=1034, end="goodbye", ended=1500.0)
    assert not strangers([ended, attempt(1034, 1600.0)])
    assert strangers([ended, attempt(1035, 1600.0)])


@pytest.mark.parametrize(("seconds", "is_other"), [("29", False), ("50", True)])
def test_a_first_click_that_is_cleaned_up_later_is_the_same_client(
    seconds: str, is_other: bool
) -> None:
    files = connects()
    late = f"07[JOB] deleting half open IKE_SA with {CLIENT} after timeout"
    files["vr.log"] += at(f"20:00:{seconds}", "charon", (late,))
    found = told(files)
    assert HERS in found
    assert (len(found) > 1) is is_other


def test_one_port_is_one_device() -> None:
    before, within = attempt(500, 995.0), attempt(500, 1100.0)
    assert strangers([session(1044, 1000.0), before, within]) == {id(before), id(within)}


def test_nobody_is_a_stranger_where_several_have_names() -> None:
    other = attempt(7, 1.0, "192.168.2.9")
    assert not strangers([session(500, 1000.0), other, attempt(1033, 1100.0)])


# --- no line says an address


def failed(pid: int, user: str, clock: str = "20:00:01") -> str:
    ended = ("Connection terminated.",)
    return pppd(
        clock, pid, "Using interface ppp3", f"Peer {user} failed CHAP authentication", *ended
    )


def test_people_without_an_address_keep_their_own_results() -> None:
    files = {"vr.messages.log": failed(70, "amy") + up(77, "20:00:31")}
    bundle = bundle_of({name: text.encode() for name, text in files.items()})
    assert {(each.user, each.category, each.outcome) for each in why(bundle)} == {
        ("amy", "ppp_bad_password", "fail"),
        (None, "ok", "connected"),
    }


def test_tries_of_one_user_are_one_case_and_those_of_nobody_count_together() -> None:
    text = failed(70, "amy") + failed(71, "amy", "20:01:01")
    text += up(77, "20:02:01") + up(78, "20:03:01")
    verdicts = why(bundle_of({"vr.messages.log": text.encode()}))
    assert {(each.user, each.attempts) for each in verdicts} == {("amy", 2), (None, 2)}


# --- names


def login(name: str, *more: str) -> dict[str, bytes]:
    response = f'rcvd [CHAP Response id=0x2 <0102030405>, name = "{name}"]'
    return {"vr.pppd-journal.log": pppd("20:00:01", 70, response, *more).encode()}


def of(files: dict[str, bytes], user: str) -> Verdict:
    return why(bundle_of(files), user=user)[0]


@pytest.mark.parametrize("asked", ["CORP\\jane.doe", "jane.doe", "JANE.DOE", "CORP\\\\jane.doe"])
def test_a_name_with_a_domain_is_found_and_the_domain_is_the_fault(asked: str) -> None:
    unknown = "No CHAP secret found for authenticating CORP\\\\jane.doe"
    failing = "Peer CORP\\\\jane.doe failed CHAP authentication"
    verdict = of(login("CORP\\\\jane.doe", unknown, failing), asked)
    assert (verdict.user, verdict.category) == ("CORP\\jane.doe", "ppp_unknown_user")
    assert 'sends the domain "CORP"' in verdict.says
    assert verdict.tell.startswith("Log in as jane.doe,")


def test_a_wrong_password_is_not_put_on_the_domain() -> None:
    refused = 'sent [CHAP Failure id=0x2 "E=691 R=1 C=00 V=0"]'
    verdict = of(login("CORP\\\\jane", refused), "jane")
    assert verdict.category == "ppp_bad_password"
    assert "domain" not in verdict.says


@pytest.mark.parametrize("escaped", ["zo\\303\\253", "zoë", "zo\\xc3\\xab"])
def test_a_name_with_other_letters_is_found(escaped: str) -> None:
    verdict = of(login(escaped, "Peer zoë failed CHAP authentication"), "zoe\u0308")
    assert verdict.user == "zoë"


def test_another_domain_is_another_user() -> None:
    files = login("CORP\\\\jane", "Peer CORP\\\\jane failed CHAP authentication")
    assert of(files, "LAB\\jane").user == "LAB\\jane"


# --- sessions older than the log


@pytest.mark.parametrize(
    ("said", "category", "outcome"),
    [
        ("LCP terminated by peer (User request)", "normal_disconnect", "disconnected"),
        ("Terminating connection due to lack of activity.", "idle_timeout", "disconnected"),
        ("No response to 4 echo-requests", "peer_dead_lcp_echo", "dropped"),
    ],
)
def test_pppds_own_words_prove_a_session_older_than_the_log(
    said: str, category: str, outcome: str
) -> None:
    ends = pppd("20:00:00", 70, said, "Connect time 61.3 minutes.", "Connection terminated.")
    closing = f"Connection closed to {CLIENT}"
    numbers = "port 1701 (), Local: 5112, Remote: 77"
    gone = "closing CHILD_SA L2TP-PSK{22} with SPIs c1234567_i (7 bytes) 89abcdef_o (3 bytes) and"
    gone += f" TS {ROUTER}/32[udp/l2f] === {CLIENT}/32[udp/51200]"
    peers = f"{ROUTER}[{ROUTER}]...{CLIENT}[{NAMED}]"
    files = {
        "vr.log": at(
            "20:00:00",
            "xl2tpd[9]",
            (f"control_finish: {closing}, serial 1 ()", f"control_finish: {closing}, {numbers}"),
        )
        + at(
            "20:00:00",
            "charon",
            (f"09[IKE] {gone}", f"09[IKE] deleting IKE_SA L2TP-PSK[9] between {peers}"),
        ),
        "vr.haproxy.log": at("20:00:00", "vpn", (f"- {NAMED} {CLIENT} -- {ROUTER}",)),
        "vr.messages.log": ends,
    }
    bundle = bundle_of({name: text.encode() for name, text in files.items()})
    (verdict,) = why(bundle)
    assert (verdict.client, verdict.identity) == (CLIENT, NAMED)
    assert (verdict.category, verdict.outcome) == (category, outcome)
    assert verdict.rung == Rung.CONNECTED
    assert verdict.certainty >= 0.7


@pytest.mark.parametrize(
    "said",
    ["Connect time 0.2 minutes.", "Connection terminated.", "CHAP authentication timed out"],
)
def test_what_a_failed_login_says_as_well_proves_no_session(said: str) -> None:
    ends = pppd("20:00:00", 70, said, "Connect time 0.4 minutes.", "Terminating on signal 15")
    for verdict in why(bundle_of({"vr.messages.log": ends.encode()})):
        assert verdict.rung < Rung.CONNECTED
