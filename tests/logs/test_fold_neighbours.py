"""Several devices of one address, and logs that tell only a part: each line to its own attempt."""

from tests.router_cases import case
from tui.logs.attempts import Attempt, Rung
from tui.logs.fold import fold_logs

ROUTER = "203.0.113.15"
CLIENT = "198.51.100.124"


def lines(tag: str, *texts: str) -> bytes:
    """`23:45:31 words`, as syslog has them."""
    made = (f"Nov 22 {text[:8]} r-42-VM {tag}: {text[9:]}\n" for text in texts)
    return "".join(made).encode()


def charon(*texts: str) -> bytes:
    return lines("charon", *texts)


def established(number: int, identity: str) -> str:
    ends = f"{ROUTER}[{ROUTER}]...{CLIENT}[{identity}]"
    return f"[IKE] IKE_SA L2TP-PSK[{number}] established between {ends}"


def child(number: int, spi: str) -> str:
    return (
        f"[IKE] CHILD_SA L2TP-PSK{{{number}}} established with SPIs {spi}_i {spi[::-1]}_o and TS "
        f"{ROUTER}/32[udp/l2f] === {CLIENT}/32[udp/l2f]"
    )


def attempts(**logs: bytes) -> list[Attempt]:
    return list(
        fold_logs(
            {f"vr.{name}.log".replace("vr.daemon", "vr"): t for name, t in logs.items()}
        ).attempts
    )


def test_a_call_without_its_number_ends_by_the_process_that_is_ended() -> None:
    files = dict(case("two_clients_same_nat").files)
    files["vr.log"] += lines(
        "xl2tpd[9240]",
        "23:50:00 control_finish: Connection closed to 203.0.113.99, serial 1 ()",
        "23:50:00 Terminating pppd: sending TERM signal to pid 9359",
    )
    ends = {each.pppd: each.end for each in fold_logs(files).attempts if each.pppd}
    assert ends == {9359: "goodbye", 9463: ""}


def test_a_later_child_is_not_that_of_a_try_that_has_failed() -> None:
    """auth.log says of a try only that it began."""
    old, new = attempts(
        auth=charon(
            f"16:13:14 02[IKE] {CLIENT} is initiating a Main Mode IKE_SA",
            f"16:23:04 04{child(95, 'c1f4a902')}",
        )
    )
    assert (old.rung, new.rung) == (Rung.IKE_STARTED, Rung.CHILD_ESTABLISHED)
    (waiting, up) = attempts(
        auth=charon(
            f"16:23:00 02[IKE] {CLIENT} is initiating a Main Mode IKE_SA",
            f"16:23:03 03{established(90, '192.168.1.9')}",
            f"16:23:04 04[IKE] {CLIENT} is initiating a Main Mode IKE_SA",
            f"16:23:05 05{child(95, 'c1f4a902')}",
        )
    )
    assert (waiting.rung, up.rung) == (Rung.CHILD_ESTABLISHED, Rung.IKE_STARTED)


def test_a_rekey_that_two_logs_tell_of_is_one_session() -> None:
    begin = [
        f"16:00:00 02[IKE] {CLIENT} is initiating a Main Mode IKE_SA",
        f"16:00:01 03{established(1, '192.168.1.9')}",
        f"16:00:02 04{child(1, 'c1f4a902')}",
    ]
    rekey = f"16:45:02 06{child(2, 'c99aafd8')}"
    packet = f"received packet: from {CLIENT}[4500] to {ROUTER}[4500] (108 bytes)"
    daemon = [
        f"16:00:00 02[NET] received packet: from {CLIENT}[500] to {ROUTER}[500] (280 bytes)",
        begin[0],
        "16:00:01 03[NET] " + packet,
        begin[1],
        "16:00:02 04[NET] " + packet,
        begin[2],
        "16:45:02 06[NET] " + packet,
        rekey,
    ]
    (only,) = attempts(daemon=charon(*daemon), auth=charon(*begin, rekey))
    assert only.child_sas == (1, 2) and only.end == ""


def test_an_sa_that_another_log_knows_to_be_replaced_ends_nothing() -> None:
    packet = f"received packet: from {CLIENT}[4500] to {ROUTER}[4500] (108 bytes)"
    deleting = (
        f"16:30:12 07[IKE] deleting IKE_SA L2TP-PSK[1] between "
        f"{ROUTER}[{ROUTER}]...{CLIENT}[192.168.1.9]"
    )
    daemon = charon(
        f"16:00:00 02[NET] received packet: from {CLIENT}[500] to {ROUTER}[500] (280 bytes)",
        f"16:00:00 02[IKE] {CLIENT} is initiating a Main Mode IKE_SA",
        f"16:00:01 03[NET] {packet}",
        f"16:00:01 03{established(1, '192.168.1.9')}",
        f"16:00:02 04[NET] {packet}",
        f"16:00:02 04{child(1, 'c1f4a902')}",
        f"16:30:00 05[NET] {packet}",
        f"16:30:00 05[IKE] {CLIENT} is initiating a Main Mode IKE_SA",
        f"16:30:01 06[NET] {packet}",
        f"16:30:01 06{established(2, '192.168.1.9')}",
        "16:30:02 08[IKE] detected reauth of existing IKE_SA, adopting 1 children and 0 "
        "virtual IPs",
        deleting,
    )
    auth = charon(
        f"16:00:00 02[IKE] {CLIENT} is initiating a Main Mode IKE_SA",
        f"16:00:01 03{established(1, '192.168.1.9')}",
        f"16:00:02 04{child(1, 'c1f4a902')}",
        deleting,
    )
    assert [each.end for each in attempts(daemon=daemon, auth=auth)] == [""]


def test_who_comes_back_after_a_try_that_got_nowhere_goes_on_as_the_newest() -> None:
    first = f"received packet: from {CLIENT}[500] to {ROUTER}[500] (280 bytes)"
    second = f"received packet: from {CLIENT}[4500] to {ROUTER}[4500] (108 bytes)"
    initiating = f"[IKE] {CLIENT} is initiating a Main Mode IKE_SA"
    wrong_key, refused, up = attempts(
        daemon=charon(
            f"16:00:00 02[NET] {first}",
            f"16:00:00 02{initiating}",
            f"16:00:01 02[NET] {first}",
            "16:00:01 02[IKE] remote host is behind NAT",
            f"16:00:02 03[NET] {second}",
            "16:00:02 03[ENC] could not decrypt payloads",
            f"16:05:00 02[NET] {first}",
            f"16:05:00 02{initiating}",
            "16:05:00 02[IKE] no proposal found",
            f"16:10:00 02[NET] {first}",
            f"16:10:00 02{initiating}",
            f"16:10:01 02[NET] {first}",
            "16:10:01 02[IKE] remote host is behind NAT",
            f"16:10:02 04[NET] {second}",
            f"16:10:02 04{established(3, '192.168.1.9')}",
            f"16:10:03 04{child(3, 'c1f4a902')}",
        )
    )
    assert wrong_key.rung is Rung.NAT_SEEN and refused.rung is Rung.IKE_STARTED
    assert up.rung is Rung.CHILD_ESTABLISHED and up.ike_sas == (3,)


def test_an_sa_older_than_the_log_belongs_to_who_took_its_session_over() -> None:
    packet = f"received packet: from {CLIENT}[4500] to {ROUTER}[4500] (108 bytes)"
    (only,) = attempts(
        daemon=charon(
            f"16:30:01 06[NET] {packet}",
            f"16:30:01 06{established(37, '192.168.1.9')}",
            "16:30:02 08[IKE] detected reauth of existing IKE_SA, adopting 1 children and 0 "
            "virtual IPs",
            "16:30:12 07[IKE] deleting IKE_SA L2TP-PSK[14] between "
            f"{ROUTER}[{ROUTER}]...{CLIENT}[192.168.1.9]",
        )
    )
    assert only.end == "" and set(only.ike_sas) == {14, 37}


def test_a_neighbour_s_goodbye_ends_no_session_of_another_device() -> None:
    packet = f"received packet: from {CLIENT}[4500] to {ROUTER}[4500] (108 bytes)"
    other = f"received packet: from {CLIENT}[4501] to {ROUTER}[4500] (108 bytes)"
    lives, *_ = attempts(
        daemon=charon(
            f"16:00:00 02[NET] received packet: from {CLIENT}[500] to {ROUTER}[500] (280 bytes)",
            f"16:00:00 02[IKE] {CLIENT} is initiating a Main Mode IKE_SA",
            f"16:00:01 03[NET] {packet}",
            f"16:00:01 03{established(35, '192.168.1.25')}",
            f"16:00:02 04[NET] {packet}",
            f"16:00:02 04{child(35, 'c1f4a902')}",
            f"16:10:00 09[NET] {other}",
            "16:10:00 09[IKE] received DELETE for ESP CHILD_SA with SPI bc65d5d2",
            "16:10:00 09[IKE] received DELETE for IKE_SA L2TP-PSK[30]",
        )
    )
    assert lives.ike_sas == (35,) and lives.end == ""
    assert not [mark for mark in lives.marks if "DELETE" in mark.text]
