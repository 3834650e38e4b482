"""Site-to-site connections that the router begins, and sessions that a new IKE SA takes over."""

import pytest

from tests.logs.test_fold_forms import as_entries
from tests.logs.test_fold_return import CLIENT, ROUTER, log, until_ipsec, until_nat
from tui.logs.attempts import Rung
from tui.logs.fold import Folder, fold_logs

SITE = "192.0.2.71"


def packet(thread: str, source: str, port: int = 500) -> str:
    return f"{thread}[NET] received packet: from {source}[{port}] to {ROUTER}[{port}] (136 bytes)"


def dial(thread: str, mode: str = "Main Mode ", site: str = SITE) -> str:
    return f"{thread}[IKE] initiating {mode}IKE_SA vpn-{site}[30] to {site}"


def answers(thread: str, source: str = SITE, kind: str = "ID_PROT") -> list[str]:
    """What the called gateway sends back, which the router cannot read in the end."""
    return [
        packet(thread, source),
        f"{thread}[ENC] parsed {kind} response 0 [ SA V V V ]",
        f"{thread}[CFG] selected proposal: IKE:AES_CBC_128/HMAC_SHA1_96/PRF_HMAC_SHA1/MODP_2048",
        packet(thread, source),
        f"{thread}[ENC] invalid ID_V1 payload length, decryption failed?",
        f"{thread}[ENC] could not decrypt payloads",
        f"{thread}[IKE] message parsing failed",
    ]


def tries(thread: str, source: str, port: int = 500) -> list[str]:
    return [
        packet(thread, source, port),
        f"{thread}[ENC] parsed ID_PROT request 0 [ SA V V V ]",
        f"{thread}[IKE] {source} is initiating a Main Mode IKE_SA",
        f"{thread}[CFG] selected proposal: IKE:AES_CBC_128/HMAC_SHA1_96/PRF_HMAC_SHA1/MODP_2048",
        f"{thread}[ENC] could not decrypt payloads",
    ]


def who(folder: Folder) -> list[tuple[str, Rung, tuple[int, ...]]]:
    return [(each.client, each.rung, each.ike_sas) for each in folder.attempts]


CONNECTED = until_nat("05") + until_ipsec("05", 1)
THE_CLIENT = (CLIENT, Rung.CHILD_ESTABLISHED, (1,))


@pytest.mark.parametrize("mode", ["Main Mode ", "Aggressive Mode ", ""])
@pytest.mark.parametrize("thread", ["05", "06"])
def test_who_the_router_calls_is_no_client(mode: str, thread: str) -> None:
    called = [dial(thread, mode), f"{thread}[IKE] message parsing failed", *answers("07")]
    assert who(fold_logs(log(CONNECTED, called, called))) == [THE_CLIENT]


@pytest.mark.parametrize("mode", ["Main Mode ", ""])
def test_a_call_in_the_journals_entries(mode: str) -> None:
    called = [dial("06", mode), *answers("07")]
    entries = {name: as_entries(text) for name, text in log(CONNECTED, called).items()}
    assert who(fold_logs(entries)) == [THE_CLIENT]


def test_a_call_says_nothing_of_the_client_that_the_thread_worked_for() -> None:
    folder = fold_logs(log(CONNECTED, [dial("05"), "05[ENC] could not decrypt payloads"]))
    (attempt,) = folder.attempts
    assert not attempt.marks
    assert attempt.end == ""


def test_a_call_in_the_block_before_counts_as_well() -> None:
    folder = Folder()
    whole = log(CONNECTED, [dial("05")], ["05[ENC] could not decrypt payloads"])["vr.log"]
    for line in whole.splitlines(keepends=True):
        folder.feed("vr.log", line)
    folder.finish()
    assert who(folder) == [THE_CLIENT]
    assert not folder.attempts[0].marks


@pytest.mark.parametrize("kind", ["ID_PROT", "AGGRESSIVE", "IKE_SA_INIT"])
def test_an_answer_shows_that_the_router_called_before_the_log(kind: str) -> None:
    assert who(fold_logs(log(answers("07", kind=kind)))) == []


def test_a_gateway_that_calls_back_is_no_client_but_who_is_behind_it_is() -> None:
    folder = fold_logs(log(tries("06", SITE), [dial("07")], tries("08", SITE, 1033)))
    assert who(folder) == [(SITE, Rung.IKE_PROPOSAL, ())]
    assert folder.attempts[0].port == 1033


def test_a_client_that_has_the_address_of_a_gateway_is_a_client() -> None:
    folder = fold_logs(log([dial("07", site=CLIENT)], CONNECTED))
    assert who(folder) == [THE_CLIENT]


def test_the_routers_own_call_to_a_client_is_one() -> None:
    call = f"07[IKE] initiating Main Mode IKE_SA L2TP-PSK[9] to {CLIENT}"
    (attempt,) = fold_logs(log(CONNECTED, [call])).attempts
    assert attempt.has("router_initiates")


ADOPTS = (
    "[IKE] detected reauth of existing IKE_SA, adopting 1 children, 0 child tasks, and 0 virtual "
    "IPs"
)


@pytest.mark.parametrize("thread", ["05", "06", "09"])
def test_a_session_goes_on_under_a_new_ike_sa_whatever_thread_says_so(thread: str) -> None:
    again = until_nat("06") + until_ipsec("06", 2)[:3] + [thread + ADOPTS]
    new_keys = until_ipsec("06", 3)[3].replace("L2TP-PSK{3}", "L2TP-PSK{7}")
    gone = [
        f"10[IKE] deleting IKE_SA L2TP-PSK[1] between {ROUTER}[{ROUTER}]...{CLIENT}[192.168.2.114]"
    ]
    folder = fold_logs(log(CONNECTED, [*again, new_keys], gone))
    (attempt,) = folder.attempts
    assert attempt.ike_sas == (1, 2)
    assert attempt.child_sas == (1, 7)
    assert attempt.end == ""


def test_another_client_at_that_moment_adopts_nothing() -> None:
    again = until_nat("06") + until_ipsec("06", 2)[:3]
    other = [line.replace(CLIENT, "198.51.100.9") for line in until_nat("07")]
    other += [line.replace(CLIENT, "198.51.100.9") for line in until_ipsec("07", 3)[:3]]
    adopting = ["07" + ADOPTS]
    # All in one second, as the job may be late.
    lines = "\n".join(
        f"Nov 25 20:28:00 r-47-VM charon: {line}" for line in again + other + adopting
    )
    folder = fold_logs({"vr.log": log(CONNECTED)["vr.log"] + lines.encode() + b"\n"})
    assert who(folder) == [
        (CLIENT, Rung.CHILD_ESTABLISHED, (1, 2)),
        ("198.51.100.9", Rung.IKE_ESTABLISHED, (3,)),
    ]


def test_adopting_shows_a_session_older_than_the_log() -> None:
    folder = fold_logs(log(until_nat("06") + until_ipsec("06", 2)[:3] + ["04" + ADOPTS]))
    (attempt,) = folder.attempts
    assert (attempt.rung, attempt.started) == (Rung.CHILD_ESTABLISHED, None)
    assert attempt.has("reauthenticated")
