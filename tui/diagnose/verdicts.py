"""What came of a client's attempts to connect, and why."""

from typing import Literal

import msgspec

from tui.logs.attempts import Rung

Outcome = Literal[
    "connected",
    "connected_no_traffic",
    "degraded",
    "ipsec_up_only",
    "fail",
    "dropped",
    "disconnected",
    "drift",
    "n/a",
]
"""What the user got; `drift`: the router is not what CloudStack says, `n/a`: nobody tried."""


class Evidence(msgspec.Struct, frozen=True):
    """A line that proves something."""

    file: str
    """File of a bundle (`vr.log`, `ipsec_statusall.json`), log or command that it stands in."""
    line: int
    """From 1; 0 where the evidence is not one line."""
    text: str
    """Cleaned and redacted."""


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """One client's case, decided as far as the evidence goes."""

    client: str
    """Public address; empty where the verdict is about the router itself."""
    user: str | None = None
    category: str
    """One of `CATEGORIES`."""
    outcome: Outcome
    certainty: float
    """0…1; below 0.7 there are `others`."""
    rung: Rung = Rung.NOTHING
    says: str
    """What happened, in plain words, one or two sentences."""
    tell: str = ""
    """What to tell the user who cannot connect."""
    fix: str = ""
    """What to do, in words."""
    action: str = ""
    """Name of the console's action that does it; empty where there is none."""
    others: tuple[str, ...] = ()
    """Categories that the evidence does not exclude."""
    next_look: str = ""
    """What would tell them apart."""
    evidence: tuple[Evidence, ...] = ()
    identity: str = ""
    """The private address behind NAT, where it tells two clients apart."""
    at: float | None = None
    """When the last attempt began: seconds since the epoch, in the router's clock."""
    attempts: int = 1
    """How many attempts of the client ended the same way."""
    coming: bool = False
    """Its only attempt was going on when the router was asked, and may still come up."""


CATEGORIES: dict[str, str] = {
    "admin_user_removed": "the user was removed during a session",
    "client_chose_own_ip": "the client took an address outside the range",
    "conntrack_full": "the router's connection table is full",
    "dpd_timeout": "the client vanished (dead peer detection)",
    "duplicate_login": "one name, two sessions at once",
    "esp_blocked_inbound": "ESP from the client does not arrive",
    "esp_blocked_outbound": "ESP from the router to the client is lost on the way",
    "esp_proposal_mismatch": "no common algorithms in phase 2 (ESP)",
    "forward_rule_missing": "the router does not pass packets between VPN and network",
    "forwarding_disabled": "the router does not forward packets at all",
    "half_open_flood": "one address begins connections and never completes them",
    "idle_timeout": "disconnected after a time without traffic",
    "ike_auth_method_mismatch": "the client wants XAuth, EAP or certificates, not a pre-shared key",
    "ike_fragments_lost": "IKE packets of the client arrive in part only",
    "ike_mode_unsupported": "the client uses aggressive mode",
    "ike_proposal_mismatch": "no common algorithms in phase 1 (IKE)",
    "ip_pool_exhausted": "no address left in the range",
    "ipsec_restarted": "strongSwan was restarted while the client was connected",
    "ipsec_service_down": "strongSwan is stopped",
    "mixed": "several clients, each with an outcome of its own",
    "mtu": "full-size packets leave in fragments",
    "no_ipsec_on_client": "the client sends L2TP without IPsec",
    "normal_disconnect": "the user disconnected",
    "ok": "nothing is wrong",
    "peer_dead_l2tp": "the client vanished (L2TP hello)",
    "peer_dead_lcp_echo": "the client vanished (LCP echo)",
    "ppp_auth_protocol": "no common way to log in",
    "ppp_bad_password": "wrong password",
    "ppp_chap_timeout": "the client never answers the CHAP challenge",
    "ppp_lcp_timeout": "the client never answers LCP",
    "ppp_mppe_required": "the client demands MPPE encryption",
    "ppp_no_secrets": "the router has no user who may log in",
    "ppp_unknown_user": "the router does not know the user",
    "psk_mismatch": "wrong pre-shared key",
    "reconnect_initial_contact": "the client crashed and came back",
    "same_nat_conflict": "two clients behind one NAT",
    "scanner_noise": "scans and garbage, nobody connects",
    "server_id_mismatch": "the client expects another server identity",
    "stale_ip_range": "the running xl2tpd hands out an old range",
    "ts_or_mode_mismatch": "the client proposes other traffic selectors or tunnel mode",
    "udp1701_fw_rule_missing": "the firewall does not let in UDP 1701",
    "udp4500_blocked": "UDP 4500 does not arrive",
    "udp500_blocked": "UDP 500 does not arrive",
    "vpc_acl_denies": "the tier's ACL does not let VPN clients in",
    "vpn_conn_not_loaded": "strongSwan has no connection for the public address",
    "vpn_deleted_daemons_left": "the VPN was deleted and its daemons still run",
    "xl2tpd_bad_config": "xl2tpd does not start: its configuration is wrong",
    "xl2tpd_down": "xl2tpd does not run",
}
"""The categories of a verdict, each with what it means."""
