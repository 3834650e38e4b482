"""Packet captures of the recorded cases, counted per client."""

import pytest

from tests.diagnose.bundles import bundle_of_case
from tests.router_cases import case
from tui.diagnose.packets import Capture, ClientPackets, echoes, is_size_test, summarise
from tui.diagnose.why import why


def capture_of(name: str) -> Capture:
    return summarise(case(name).files["vr.tcpdump.txt"].decode())


def only_client(capture: Capture) -> ClientPackets:
    (client,) = capture.clients.values()
    return client


def test_requests_without_a_reply_are_seen() -> None:
    client = only_client(capture_of("udp500_blocked_fw"))
    assert client.client == "203.0.113.77"
    assert (client.got("ike"), client.gave("ike")) == (4, 0)
    assert not client.unreachable


def test_ike_on_4500_is_counted_apart() -> None:
    client = only_client(capture_of("udp4500_blocked_fw"))
    assert (client.got("ike"), client.gave("ike")) == (2, 2)
    assert (client.got("ike_nat"), client.gave("ike_nat")) == (4, 0)


def test_a_closed_port_is_named_with_its_line() -> None:
    text = case("xl2tpd_down").files["vr.tcpdump.txt"].decode()
    packet = only_client(summarise(text)).unreachable[1701]
    assert "udp port 1701 unreachable" in packet.text
    assert "ICMP (1)" in text.split("\n")[packet.line - 1]


def test_clear_text_l2tp_is_told_from_l2tp_inside_ipsec() -> None:
    client = only_client(capture_of("plain_l2tp_no_ipsec"))
    assert client.l2tp_messages == ["SCCRQ", "StopCCN"]
    assert (client.got("l2tp"), client.gave("l2tp"), client.got("esp")) == (9, 0, 0)
    assert only_client(capture_of("xl2tpd_down")).got("l2tp") == 0


def test_fragments_and_a_test_of_sizes() -> None:
    behind_nat = capture_of("mtu_natt_sha1")
    client = only_client(behind_nat)
    assert len(client.fragments) == 4
    assert is_size_test(client, behind_nat.router)
    whole = capture_of("mtu_nonat_sha256")
    assert not only_client(whole).fragments
    assert only_client(whole).largest == 1500
    assert is_size_test(only_client(whole), whole.router)


@pytest.mark.parametrize(
    "name", ["ok_baseline", "ok_mschapv2", "client_vanished", "ip_forward_off"]
)
def test_ordinary_traffic_is_no_test_of_sizes(name: str) -> None:
    capture = capture_of(name)
    assert not is_size_test(only_client(capture), capture.router)


def test_pings_that_the_router_answers_and_those_that_nobody_does() -> None:
    capture = capture_of("ip_forward_off")
    found = echoes(only_client(capture), capture.router)
    assert [packet.size for packet in found.unanswered] == [168, 168, 168]
    assert [packet.size for packet in found.answered].count(168) == 2
    healthy = capture_of("ok_baseline")
    assert not echoes(only_client(healthy), healthy.router).unanswered


def test_a_capture_without_v_is_read_too() -> None:
    text = (
        "00:06:29.846111 IP 203.0.113.77.500 > 203.0.113.10.500: isakmp: phase 1 I ident\n"
        "00:06:31.000000 IP 203.0.113.77 > 203.0.113.10: ESP(spi=0xcb73824e,seq=0x1), length 148\n"
    )
    client = only_client(summarise(text))
    assert (client.got("ike"), client.got("esp")) == (1, 1)
    assert client.ended - client.started == pytest.approx(1.153889)


def test_rubbish_is_passed_over() -> None:
    capture = summarise("tcpdump: listening on eth2\n\x00\x1b[2J\n12:00 IP nonsense\n")
    assert capture.packets == 0
    assert not capture.clients


def test_a_capture_alone_never_claims_that_nobody_tried() -> None:
    (verdict,) = why(bundle_of_case("psk_wrong", only=("vr.tcpdump.txt",)))
    assert (verdict.client, verdict.outcome) == ("203.0.113.77", "fail")
    assert "psk_mismatch" in (verdict.category, *verdict.others)
    assert verdict.certainty < 0.5 and "answered" in verdict.says


def test_packets_both_ways_are_not_called_lost() -> None:
    (verdict,) = why(bundle_of_case("mschapv2_wrong_password", only=("vr.tcpdump.txt",)))
    assert (verdict.category, verdict.outcome) == ("ok", "ipsec_up_only")
    assert "ppp_bad_password" in verdict.others and verdict.certainty < 0.5
