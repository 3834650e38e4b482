"""Clients that are refused before they have a key, and probes that are no clients."""

import pytest

from tests.diagnose.bundles import bundle_of, bundle_of_case
from tests.diagnose.made_up import CLIENT, ROUTER
from tests.router_cases import case
from tui.diagnose.verdicts import Verdict
from tui.diagnose.why import why

WEAK = "IKE:DES_CBC/HMAC_MD5_96/PRF_HMAC_MD5/MODP_768, IKE:3DES_CBC/HMAC_MD5_96/MODP_1024"
OLD = "IKE:3DES_CBC/HMAC_SHA1_96/PRF_HMAC_SHA1/MODP_1024"
V1 = "parsed ID_PROT request 0 [ SA V V V V ]"
V1_BARE = "parsed ID_PROT request 0 [ SA ]"
V2 = "parsed IKE_SA_INIT request 0 [ SA KE No N(NATD_S_IP) N(NATD_D_IP) ]"


def said(clock: str, *lines: str, thread: str = "07") -> bytes:
    return "".join(f"Nov 23 {clock} r-42-VM charon: {thread}{line}\n" for line in lines).encode()


def packet(client: str = CLIENT, port: int = 500) -> str:
    return f"[NET] received packet: from {client}[{port}] to {ROUTER}[{port}] (408 bytes)"


def refused(clock: str, first: str = V1, offer: str = OLD, client: str = CLIENT) -> bytes:
    """A first packet of IKEv1 with no algorithms in common."""
    return said(
        clock,
        packet(client),
        f"[ENC] {first}",
        f"[IKE] {client} is initiating a Main Mode IKE_SA",
        f"[CFG] received proposals: {offer}",
        "[CFG] configured proposals: IKE:AES_CBC_256/HMAC_SHA1_96/PRF_HMAC_SHA1/MODP_2048",
        "[IKE] no proposal found",
        "[ENC] generating INFORMATIONAL_V1 request 5 [ N(NO_PROP) ]",
    )


def wrong_key(clock: str) -> bytes:
    """IKEv1 with another key, behind NAT."""
    return said(
        clock,
        packet(),
        f"[ENC] {V1}",
        f"[IKE] {CLIENT} is initiating a Main Mode IKE_SA",
        "[CFG] selected proposal: IKE:AES_CBC_256/HMAC_SHA1_96/PRF_HMAC_SHA1/MODP_2048",
        "[IKE] remote host is behind NAT",
        packet(port=4500),
        "[ENC] invalid ID_V1 payload length, decryption failed?",
        "[ENC] could not decrypt payloads",
        "[IKE] message parsing failed",
        "[IKE] ID_PROT request with message ID 0 processing failed",
    )


def behind_nat(clock: str, *more: str) -> bytes:
    """IKEv2 as far as the NAT, and what follows."""
    return said(
        clock,
        packet(),
        f"[ENC] {V2}",
        f"[IKE] {CLIENT} is initiating an IKE_SA",
        "[CFG] selected proposal: IKE:AES_CBC_256/HMAC_SHA2_256_128/PRF_HMAC_SHA2_256/MODP_2048",
        "[IKE] remote host is behind NAT",
        "[ENC] generating IKE_SA_INIT response 0 [ SA KE No N(NATD_S_IP) N(NATD_D_IP) ]",
        *more,
    )


def asks_for(server: str) -> bytes:
    """IKEv2 with a server's identity that charon does not have."""
    return behind_nat(
        "08:00:00",
        packet(port=4500),
        f"[CFG] looking for peer configs matching {ROUTER}[{server}]...{CLIENT}[10.0.0.4]",
        "[CFG] no matching peer config found",
    )


def gave_up(clock: str, client: str = CLIENT) -> bytes:
    return said(clock, f"[JOB] deleting half open IKE_SA with {client} after timeout", thread="05")


def only(*logs: bytes) -> Verdict:
    (verdict,) = why(bundle_of({"vr.log": b"".join(logs)}))
    return verdict


# --- IKEv2 says NAT before it refuses


def test_an_ikev2_client_that_asks_for_eap_is_told_so() -> None:
    verdict = only(
        behind_nat(
            "08:00:00",
            packet(port=4500),
            "[ENC] parsed IKE_AUTH request 1 [ IDi CERTREQ CPRQ(ADDR DNS) SA TSi TSr ]",
            f"[CFG] looking for peer configs matching {ROUTER}[%any]...{CLIENT}[eva]",
            "[CFG] selected peer config 'L2TP-PSK'",
            "[IKE] peer requested EAP, config unacceptable",
            "[CFG] no alternative config found",
        )
    )
    assert (verdict.category, verdict.outcome) == ("ike_auth_method_mismatch", "fail")
    assert verdict.certainty >= 0.9
    assert "EAP" in verdict.says
    assert "peer requested EAP" in verdict.evidence[0].text


@pytest.mark.parametrize("word", ["unacceptable", "inacceptable"])
def test_an_ikev2_client_with_a_certificate_is_told_so(word: str) -> None:
    refusal = f"[CFG] selected peer config 'L2TP-PSK' {word}: non-matching authentication done"
    verdict = only(behind_nat("08:00:00", packet(port=4500), refusal))
    assert verdict.category == "ike_auth_method_mismatch"
    assert "(EAP)" not in verdict.says


def test_an_ikev2_client_without_common_algorithms_is_not_blamed_on_udp_4500() -> None:
    verdict = only(
        said(
            "08:00:00",
            packet(),
            f"[ENC] {V2}",
            f"[IKE] {CLIENT} is initiating an IKE_SA",
            f"[CFG] received proposals: {OLD}",
            "[IKE] remote host is behind NAT",
            "[IKE] received proposals unacceptable",
            "[ENC] generating IKE_SA_INIT response 0 [ N(NO_PROP) ]",
        )
    )
    assert (verdict.category, verdict.outcome) == ("ike_proposal_mismatch", "fail")
    assert verdict.certainty >= 0.9
    assert any(OLD in each.text for each in verdict.evidence)


@pytest.mark.parametrize("asked", ["vpn.example.com", "198.51.100.200"])
def test_an_ikev2_client_that_asks_for_another_server_is_told_which(asked: str) -> None:
    verdict = only(asks_for(asked))
    assert (verdict.category, verdict.outcome) == ("server_id_mismatch", "fail")
    assert verdict.certainty >= 0.7
    assert asked in verdict.says


@pytest.mark.parametrize("asked", ["%any", ROUTER])
def test_a_client_that_asks_for_this_server_is_not_surely_wrong_about_it(asked: str) -> None:
    verdict = only(asks_for(asked))
    assert verdict.certainty < 0.7
    assert "vpn_conn_not_loaded" in verdict.others
    assert verdict.next_look


# --- packets that came to UDP 4500


def test_nothing_on_udp_4500_is_a_block() -> None:
    verdict = only(behind_nat("08:00:00"), gave_up("08:00:30"))
    assert (verdict.category, verdict.certainty) == ("udp4500_blocked", 0.85)


@pytest.mark.parametrize("pieces", ["#1 of 2", "#1"])
def test_a_message_of_which_a_piece_is_missing_is_no_block(pieces: str) -> None:
    verdict = only(
        behind_nat(
            "08:00:00",
            packet(port=4500),
            "[ENC] parsed IKE_AUTH request 1 [ EF(1/2) ]",
            f"[ENC] received fragment {pieces}, waiting for complete IKE message",
        ),
        gave_up("08:00:30"),
    )
    assert (verdict.category, verdict.outcome) == ("ike_fragments_lost", "fail")
    assert verdict.certainty < 0.7
    assert {"udp4500_blocked", "psk_mismatch"} <= set(verdict.others)
    assert "other pieces" in verdict.next_look
    assert "waiting for complete IKE message" in verdict.evidence[0].text


def test_a_message_that_is_complete_lacks_no_piece() -> None:
    verdict = only(
        behind_nat(
            "08:00:00",
            packet(port=4500),
            "[ENC] parsed IKE_AUTH request 1 [ EF(1/2) ]",
            "[ENC] received fragment #1 of 2, waiting for complete IKE message",
            packet(port=4500),
            "[ENC] parsed IKE_AUTH request 1 [ EF(2/2) ]",
            "[ENC] received fragment #2 of 2, reassembled fragmented IKE message (1660 bytes)",
        ),
        gave_up("08:00:30"),
    )
    assert verdict.category not in ("ike_fragments_lost", "udp4500_blocked")
    assert verdict.certainty < 0.7


def test_a_fragment_of_somebody_else_is_not_this_clients() -> None:
    other = "198.51.100.77"
    verdicts = why(
        bundle_of(
            {
                "vr.log": behind_nat("08:00:00")
                + said(
                    "08:00:01",
                    packet(other, 4500),
                    "[ENC] received fragment #1 of 2, waiting for complete IKE message",
                    thread="09",
                )
                + gave_up("08:00:30")
            }
        )
    )
    found = {each.client: each for each in verdicts}
    assert found[CLIENT].category == "udp4500_blocked"


def test_packets_of_an_earlier_attempt_do_not_open_the_port_now() -> None:
    earlier = behind_nat("07:00:00", packet(port=4500)) + gave_up("07:00:30")
    verdict = only(earlier, behind_nat("08:00:00"), gave_up("08:00:30"))
    assert (verdict.category, verdict.certainty) == ("udp4500_blocked", 0.85)


# --- what counts is the last attempt


def test_a_wrong_key_that_was_set_right_does_not_hide_the_last_refusal() -> None:
    verdict = only(
        wrong_key("08:00:00"),
        gave_up("08:00:30"),
        refused("08:00:40"),
        refused("08:00:41"),
    )
    assert (verdict.category, verdict.outcome) == ("ike_proposal_mismatch", "fail")


def test_a_wrong_key_of_an_hour_ago_says_nothing_of_now() -> None:
    late = behind_nat("09:00:00") + gave_up("09:00:30")
    assert only(wrong_key("08:00:00"), gave_up("08:00:30"), late).category == "udp4500_blocked"


def test_a_wrong_key_of_just_now_is_still_the_cause() -> None:
    verdict = only(wrong_key("08:00:00"), gave_up("08:00:30"), behind_nat("08:00:35"))
    assert verdict.category == "psk_mismatch"


def test_a_flood_of_yesterday_says_nothing_of_one_attempt_now() -> None:
    begun = (
        packet(),
        f"[ENC] {V1}",
        f"[IKE] {CLIENT} is initiating a Main Mode IKE_SA",
        "[CFG] selected proposal: IKE:AES_CBC_256/HMAC_SHA1_96/PRF_HMAC_SHA1/MODP_2048",
    )
    old = b"".join(said(f"0{n}:00:00", *begun) + gave_up(f"0{n}:00:30") for n in range(1, 6))
    assert only(old).category != "half_open_flood"
    now = b"".join(said(f"08:0{n}:00", *begun) + gave_up(f"08:0{n}:30") for n in range(5))
    assert only(now).category == "half_open_flood"


def test_a_cookie_that_the_router_asks_of_everybody_makes_nobody_a_flood() -> None:
    verdict = only(
        said(
            "08:00:00",
            packet(),
            f"[ENC] {V2}",
            f"[IKE] {CLIENT} is initiating an IKE_SA",
            f"[NET] sending COOKIE notify to {CLIENT}",
        ),
        gave_up("08:00:30"),
    )
    assert verdict.category != "half_open_flood"


def test_a_router_without_a_key_is_said_to_have_none() -> None:
    lacking = f"[IKE] no shared key found for '{ROUTER}'[{ROUTER}] - '(null)'[{CLIENT}]"
    verdict = only(behind_nat("08:00:00", lacking), gave_up("08:00:30"))
    assert verdict.category == "psk_mismatch"
    assert "the router that has no key" in verdict.says
    assert "the router that has no key" not in only(wrong_key("08:00:00")).says


# --- scanners and clients


def test_a_stray_header_does_not_make_a_client_a_scanner() -> None:
    stray = said("07:59:00", f"[NET] received invalid IKE header from {CLIENT} - ignored")
    tries = b"".join(refused(f"08:00:0{n}") for n in range(3))
    verdict = only(stray, tries)
    assert (verdict.category, verdict.outcome) == ("ike_proposal_mismatch", "fail")


def test_garbage_and_a_bare_probe_are_a_scanner() -> None:
    stray = said("07:59:00", f"[NET] received invalid IKE header from {CLIENT} - ignored")
    assert only(stray, refused("08:00:00", V1_BARE)).category == "scanner_noise"


@pytest.mark.parametrize("clocks", [("08:00:00",), ("08:00:00", "09:00:00", "10:00:00")])
def test_single_bare_packets_with_des_are_a_scanner(clocks: tuple[str, ...]) -> None:
    verdict = only(*(refused(clock, V1_BARE, WEAK) for clock in clocks))
    assert (verdict.category, verdict.outcome) == ("scanner_noise", "n/a")
    assert verdict.certainty >= 0.7


def test_a_bare_packet_with_usual_algorithms_leaves_both_open() -> None:
    verdict = only(refused("08:00:00", V1_BARE))
    assert verdict.category == "scanner_noise"
    assert verdict.certainty < 0.7
    assert verdict.others == ("ike_proposal_mismatch",)
    assert verdict.next_look


def test_des_from_a_client_with_vendor_ids_is_a_client() -> None:
    assert only(refused("08:00:00", V1, WEAK)).category == "ike_proposal_mismatch"


def test_bare_packets_again_and_again_are_a_client() -> None:
    verdict = only(*(refused(f"08:00:0{n}", V1_BARE) for n in range(3)))
    assert verdict.category == "ike_proposal_mismatch"


def test_a_refusal_whose_first_packet_the_log_does_not_show_is_a_clients() -> None:
    log = refused("08:00:00", V1_BARE, WEAK)
    kept = b"".join(line for line in log.splitlines(True) if b"[ENC]" not in line)
    assert only(kept).category == "ike_proposal_mismatch"


def test_an_aggressive_probe_leaves_open_what_an_aggressive_client_makes_sure() -> None:
    verdict = only(
        said(
            "08:00:00",
            packet(),
            "[ENC] parsed AGGRESSIVE request 0 [ SA KE No ID ]",
            f"[IKE] {CLIENT} is initiating a Aggressive Mode IKE_SA",
            "[IKE] Aggressive Mode PSK disabled for security reasons",
        )
    )
    assert (verdict.category, verdict.others) == ("scanner_noise", ("ike_mode_unsupported",))
    assert verdict.certainty < 0.7
    (sure,) = why(bundle_of_case("aggressive_mode"))
    assert (sure.category, sure.certainty) == ("ike_mode_unsupported", 0.95)


def test_the_recorded_client_without_its_vendor_ids_is_told_from_a_probe() -> None:
    log = case("ike_prop_modp1024").files["vr.log"]
    assert b"[ SA V V V V V ]" in log
    (verdict,) = why(bundle_of({"vr.log": log.replace(b"[ SA V V V V V ]", b"[ SA ]")}))
    assert verdict.certainty < 0.7 and "ike_proposal_mismatch" in verdict.others
