"""Whatever is broken in the lab, the checkup and the diagnosis find over SSH, and nothing else."""

from pathlib import Path

import pytest

from tests.lab.truths import captured, flagged, healthy_lab, looked_at, told
from tui.cloud.listings import ADDRESSES
from tui.diagnose.why import why
from tui.lab.router.scenes import Client
from tui.lab.router.visits import client_of

FLAGS: dict[str, set[str]] = {
    "forward_off": {"ip_forward"},
    "forward_rule_missing": {"forward_rules"},
    "ghost_user": {"users_match"},
    "no_secrets": {"users_match"},
    "range_not_loaded": {"range_loaded"},
    "pool_exhausted": set(),
    "xl2tpd_killed": {"xl2tpd_process", "orphan_session"},
    "xl2tpd_stopped": {"xl2tpd_process"},
    "xl2tpd_bad_config": {"xl2tpd_process"},
    "orphan_pppd": {"orphan_session"},
    "stale_record": {"orphan_session"},
    "ipsec_stopped": {"charon_process", "l2tp_without_ipsec"},
    "cleartext_session": {"charon_process", "l2tp_without_ipsec"},
    "rebooted": {"programmed"},
    "key_drift": {"psk_matches"},
    "conn_not_loaded": {"conn_loaded"},
    "udp500_closed": {"udp500_gate"},
    "udp4500_closed": {"udp4500_gate"},
    "udp1701_closed": {"udp1701_gate"},
    "esp_blocked": set(),
    "conntrack_full": set(),
    "clock_off": set(),
}


async def test_a_healthy_router_flags_nothing(tmp_path: Path) -> None:
    async with healthy_lab(tmp_path) as (_, session, router):
        assert flagged(await looked_at(session)) == set()
        await router.connect("alice")
        await router.connect("bob")
        bundle = await looked_at(session)
        assert flagged(bundle) == set()
        for user in ("alice", "bob"):
            assert told(bundle, client_of(user).public_ip) == ("ok", "connected")


@pytest.mark.parametrize("fault", FLAGS)
async def test_a_fault_is_flagged_by_its_check_alone(tmp_path: Path, fault: str) -> None:
    async with healthy_lab(tmp_path) as (_, session, router):
        router.fault(fault)
        assert flagged(await looked_at(session)) == FLAGS[fault]


async def test_a_deleted_vpn_leaves_its_daemons(tmp_path: Path) -> None:
    async with healthy_lab(tmp_path) as (_, session, router):
        await router.connect("alice")
        assert router.machine.state.vpn is not None
        (address,) = [
            each
            for each in await session.client.fetch(ADDRESSES, listall=True)
            if each.address == router.machine.state.vpn.public_ip
        ]
        await session.client.run("deleteRemoteAccessVpn", publicipid=address.id)
        assert flagged(await looked_at(session)) == {"daemons_after_delete"}


VERDICTS = [
    ("", "alice", "wrong_password", ("ppp_bad_password", "fail")),
    ("", "alice", "wrong_key", ("psk_mismatch", "fail")),
    ("", "alice", "old_proposals", ("ike_proposal_mismatch", "fail")),
    ("", "alice", "aggressive_mode", ("ike_mode_unsupported", "fail")),
    ("", "alice", "server_id", ("server_id_mismatch", "fail")),
    ("", "alice", "old_esp", ("esp_proposal_mismatch", "fail")),
    ("", "alice", "other_selectors", ("ts_or_mode_mismatch", "fail")),
    ("", "alice", "pap_only", ("ppp_auth_protocol", "fail")),
    ("", "alice", "mppe", ("ppp_mppe_required", "fail")),
    ("", "alice", "lcp_timeout", ("ppp_lcp_timeout", "fail")),
    ("", "alice", "static_ip", ("client_chose_own_ip", "connected")),
    ("", "bob", "wrong_password", ("ppp_bad_password", "fail")),
    ("", "trent", "", ("ppp_unknown_user", "fail")),
    ("no_secrets", "alice", "", ("ppp_no_secrets", "fail")),
    ("pool_exhausted", "alice", "", ("ip_pool_exhausted", "fail")),
    ("key_drift", "alice", "", ("psk_mismatch", "fail")),
    ("conn_not_loaded", "alice", "", ("vpn_conn_not_loaded", "fail")),
    ("udp4500_closed", "bob", "", ("udp4500_blocked", "fail")),
    ("udp1701_closed", "alice", "", ("udp1701_fw_rule_missing", "fail")),
    ("xl2tpd_stopped", "alice", "", ("xl2tpd_down", "fail")),
    ("xl2tpd_bad_config", "alice", "", ("xl2tpd_bad_config", "fail")),
    ("forward_off", "alice", "", ("forwarding_disabled", "connected_no_traffic")),
    ("forward_rule_missing", "alice", "", ("forward_rule_missing", "connected_no_traffic")),
    ("range_not_loaded", "alice", "", ("stale_ip_range", "drift")),
    ("conntrack_full", "alice", "", ("conntrack_full", "degraded")),
]


@pytest.mark.parametrize(("fault", "user", "habit", "verdict"), VERDICTS)
async def test_why_somebody_cannot_connect(
    tmp_path: Path, fault: str, user: str, habit: str, verdict: tuple[str, str]
) -> None:
    async with healthy_lab(tmp_path) as (_, session, router):
        if fault:
            router.fault(fault)
        await router.connect(user, habit)
        assert told(await looked_at(session), client_of(user).public_ip) == verdict


async def test_esp_that_does_not_come_tells_after_a_minute(tmp_path: Path) -> None:
    async with healthy_lab(tmp_path) as (_, session, router):
        router.fault("esp_blocked")
        router.connected_since("alice", 60)
        bundle = await looked_at(session)
        assert told(bundle, client_of("alice").public_ip) == ("esp_blocked_inbound", "fail")


async def test_two_behind_one_nat(tmp_path: Path) -> None:
    async with healthy_lab(tmp_path) as (_, session, router):
        for user, inside in (("alice", "192.168.1.11"), ("dave", "192.168.1.12")):
            await router.connect(user, client=Client(user, "198.51.100.9", inside))
        verdicts = why(await looked_at(session))
        assert {each.category for each in verdicts if each.client == "198.51.100.9"} == {
            "same_nat_conflict"
        }


@pytest.mark.parametrize(
    ("fault", "habit", "verdict"),
    [
        ("udp500_closed", "", ("udp500_blocked", "fail")),
        ("rebooted", "", ("ipsec_service_down", "drift")),
        ("ipsec_stopped", "", ("ipsec_service_down", "fail")),
        ("", "no_ipsec", ("no_ipsec_on_client", "fail")),
        ("esp_blocked", "", ("esp_blocked_inbound", "fail")),
        ("udp1701_closed", "", ("udp1701_fw_rule_missing", "fail")),
        ("xl2tpd_killed", "", ("xl2tpd_down", "fail")),
    ],
)
async def test_what_only_the_packets_tell(
    tmp_path: Path, fault: str, habit: str, verdict: tuple[str, str]
) -> None:
    async with healthy_lab(tmp_path) as (_, session, router):
        if fault:
            router.fault(fault)
        bundle = await captured(session, router, "dave", habit)
        assert told(bundle, client_of("dave").public_ip) == verdict
