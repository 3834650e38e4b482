"""A client behind a NAT that keeps ports, which comes back before the end of its last attempt."""

import pytest

from tui.logs.attempts import Rung
from tui.logs.fold import fold_logs

ROUTER = "203.0.113.15"
CLIENT = "198.51.100.124"


def until_nat(thread: str) -> list[str]:
    """From the first packet until both know of the NAT."""
    packet = f"received packet: from {CLIENT}[500] to {ROUTER}[500] (280 bytes)"
    return [
        f"{thread}[NET] {packet}",
        f"{thread}[IKE] {CLIENT} is initiating a Main Mode IKE_SA",
        f"{thread}[NET] {packet}",
        f"{thread}[IKE] remote host is behind NAT",
    ]


def went_on(thread: str, port: int) -> str:
    """The packet with which the client goes on from its other port."""
    return f"{thread}[NET] received packet: from {CLIENT}[{port}] to {ROUTER}[4500] (108 bytes)"


def until_ipsec(thread: str, number: int, port: int = 4500) -> list[str]:
    """From there until IPsec is up."""
    ends = f"{ROUTER}[{ROUTER}]...{CLIENT}[192.168.2.114]"
    looked_for = f"looking for pre-shared key peer configs matching {ROUTER}...{CLIENT}"
    return [
        went_on(thread, port),
        f"{thread}[CFG] {looked_for}[192.168.2.114]",
        f"{thread}[IKE] IKE_SA L2TP-PSK[{number}] established between {ends}",
        f"{thread}[IKE] CHILD_SA L2TP-PSK{{{number}}} established with SPIs c000000{number}_i "
        f"c100000{number}_o and TS {ROUTER}/32[udp/l2f] === {CLIENT}/32[udp/l2f]",
    ]


def log(*attempts: list[str]) -> dict[str, bytes]:
    """daemon.log with one attempt a minute."""
    lines = [
        f"Nov 25 20:{27 + minute}:{second:02} r-47-VM charon: {text}"
        for minute, attempt in enumerate(attempts)
        for second, text in enumerate(attempt)
    ]
    return {"vr.log": ("\n".join(lines) + "\n").encode()}


@pytest.mark.parametrize("threads", [("05", "06"), ("05", "05")])
def test_coming_back_from_both_old_ports_is_one_attempt(threads: tuple[str, str]) -> None:
    first, second = threads
    folder = fold_logs(
        log(until_nat(first) + until_ipsec(first, 1), until_nat(second) + until_ipsec(second, 2))
    )
    assert [(each.rung, each.behind_nat) for each in folder.attempts] == [
        (Rung.CHILD_ESTABLISHED, True),
        (Rung.CHILD_ESTABLISHED, True),
    ]


def test_a_wrong_key_at_coming_back_is_that_of_the_new_attempt() -> None:
    garbled = [went_on("06", 4500), "06[ENC] could not decrypt payloads"]
    folder = fold_logs(log(until_nat("05") + until_ipsec("05", 1), until_nat("06") + garbled))
    old, new = folder.attempts
    assert [mark.signature for mark in old.marks] == []
    assert (new.rung, [mark.signature for mark in new.marks]) == (Rung.NAT_SEEN, ["decrypt_failed"])


def test_who_goes_on_from_another_port_leaves_the_old_one_to_the_first() -> None:
    folder = fold_logs(
        log(
            until_nat("05") + until_ipsec("05", 1),
            until_nat("06") + until_ipsec("06", 2, port=1025),
            [went_on("07", 4500), "07[IKE] received DELETE for IKE_SA L2TP-PSK[1]"],
        )
    )
    first, second = folder.attempts
    assert (first.rung, first.end) == (Rung.CHILD_ESTABLISHED, "deleted")
    assert (second.rung, second.end) == (Rung.CHILD_ESTABLISHED, "")
