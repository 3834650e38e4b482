"""What clients show when they cannot connect, and what that may mean.

Windows has numbers, the others have sentences; people retell both loosely ("it says error 789"). A
symptom names the likely causes in the order in which to look. With evidence it decides only between
causes that the evidence leaves open; without, it is all there is.
"""

import re
from typing import Final

import msgspec


class Symptom(msgspec.Struct, frozen=True):
    """One message of a client, or one complaint of a user."""

    name: str
    """How it is called: `Windows error 789`."""
    pattern: str
    """Regular expression that finds it in free text, without regard to case."""
    means: str
    """In plain words; also where a common explanation is wrong."""
    causes: tuple[str, ...]
    """Categories, likeliest first."""
    look: str
    """What to look at first."""
    tell: str = ""
    """What to tell the user at once; empty: what the first cause says."""


def _windows(
    number: str, means: str, causes: tuple[str, ...], look: str, tell: str = ""
) -> Symptom:
    return Symptom(
        f"Windows error {number.replace('|', '/')}",
        rf"(?<!\d)(?:{number})(?!\d)",
        means,
        causes,
        look,
        tell,
    )


_NOTHING_ANSWERS: Final = ("udp500_blocked", "udp4500_blocked", "ipsec_service_down")
_AFTER_IPSEC: Final = (
    "udp1701_fw_rule_missing",
    "xl2tpd_down",
    "esp_blocked_inbound",
    "esp_blocked_outbound",
    "xl2tpd_bad_config",
)
_PROPOSALS: Final = (
    "ike_proposal_mismatch",
    "vpn_conn_not_loaded",
    "esp_proposal_mismatch",
)
_LOG: Final = "daemon.log of the router while it is tried"
_CAPTURE: Final = "a packet capture on the router of 60 s while it is tried"

WINDOWS: Final = (
    _windows(
        "809",
        "the server does not answer at all: a firewall, or NAT on the server's side. Where the "
        "router's public address is itself behind NAT, Windows needs "
        "AssumeUDPEncapsulationContextOnSendRule = 2.",
        (*_NOTHING_ANSWERS, "esp_blocked_inbound", "udp1701_fw_rule_missing"),
        _CAPTURE,
    ),
    _windows(
        "789",
        "IPsec failed in the first negotiation: wrong pre-shared key, algorithms, or UDP 4500 that "
        "is lost.",
        (
            "psk_mismatch",
            "ike_proposal_mismatch",
            "udp4500_blocked",
            "vpn_conn_not_loaded",
            "server_id_mismatch",
        ),
        _LOG,
        "Type the pre-shared key again; it is at Properties, Security, Advanced settings.",
    ),
    _windows(
        "788",
        "the negotiation of security found no common ground: algorithms or selectors of phase 2.",
        ("esp_proposal_mismatch", "ts_or_mode_mismatch", "ike_proposal_mismatch"),
        _LOG,
    ),
    _windows(
        "792",
        "the negotiation of security timed out.",
        ("udp4500_blocked", "udp500_blocked", "psk_mismatch", "esp_blocked_inbound"),
        _CAPTURE,
    ),
    _windows(
        "766|768|786|835",
        "IPsec on the client has nothing to prove itself with: no pre-shared key, or a certificate "
        "is wanted.",
        ("ike_auth_method_mismatch", "psk_mismatch", "no_ipsec_on_client"),
        "the client: whether a pre-shared key is entered and the IKE service (IKEEXT) runs",
        "Enter the pre-shared key at Properties, Security, Advanced settings.",
    ),
    _windows(
        "691",
        "name or password refused, or no common way to log in.",
        ("ppp_bad_password", "ppp_unknown_user", "ppp_auth_protocol"),
        "`journalctl -t pppd` on the router",
    ),
    _windows(
        "629|619|628",
        "the connection was closed by the server before it was up: often in logging in.",
        ("ppp_no_secrets", "ip_pool_exhausted", "ppp_auth_protocol", "ppp_mppe_required"),
        "`journalctl -t pppd` and daemon.log of the router",
    ),
    _windows(
        "718",
        "the server did not answer in time while logging in.",
        ("ppp_chap_timeout", "ppp_lcp_timeout", "same_nat_conflict", "esp_blocked_outbound"),
        "`journalctl -t pppd` on the router",
    ),
    _windows(
        "720|733",
        "no address could be agreed.",
        ("ip_pool_exhausted", "client_chose_own_ip", "stale_ip_range"),
        "the client range and who is connected",
    ),
    _windows(
        "734",
        "PPP was ended: no common way to log in or to encrypt.",
        ("ppp_auth_protocol", "ppp_mppe_required", "ppp_no_secrets"),
        "`journalctl -t pppd` on the router",
    ),
    _windows(
        "741|742",
        "client and router do not agree on encryption inside the tunnel (MPPE); IPsec encrypts "
        "already.",
        ("ppp_mppe_required",),
        "`journalctl -t pppd` on the router",
        "Set data encryption of the connection to optional.",
    ),
    _windows(
        "651|678|868|800",
        "the server could not be reached.",
        (*_NOTHING_ANSWERS, *_AFTER_IPSEC[:2]),
        _CAPTURE,
        "Check the server's address: enter the IP address as you were given it.",
    ),
)

SENTENCES: Final = (
    Symptom(
        "IPSec shared secret is missing",
        r"shared secret is (?:missing|required)|secret is missing",
        "the client has no pre-shared key at all.",
        ("psk_mismatch", "no_ipsec_on_client"),
        "the client's settings",
        "Enter the shared secret (the pre-shared key) in the VPN settings.",
    ),
    Symptom(
        "The L2TP-VPN server did not respond (Apple)",
        r"l2tp.{0,3}vpn server did not respond|server did not respond|did not respond",
        "Apple says this for nearly everything before the login: nothing answers, the key is "
        "wrong, or L2TP is lost inside IPsec.",
        ("psk_mismatch", *_NOTHING_ANSWERS, *_AFTER_IPSEC, "same_nat_conflict"),
        _LOG,
    ),
    Symptom(
        "IKE proposal mismatch",
        r"(?:ike|sa) (?:sa )?proposal mismatch|proposal mismatch|NO_PROPOSAL_CHOSEN"
        r"|no[ _]proposal[ _]chosen",
        "no daemon writes `IKE proposal mismatch`; NO_PROPOSAL_CHOSEN means that the algorithms do "
        "not fit (phase 1 or 2), or that no VPN is loaded for the address. A wrong pre-shared key "
        "never gives it, and the IKE version does not matter.",
        _PROPOSALS,
        "daemon.log: `no proposal found`, `no matching proposal found` or `no IKE config found`",
    ),
    Symptom(
        "L2TP timeout",
        r"l2tp.{0,20}time[d ]*-?out|control message timeout|maximum retries exceeded"
        r"|select timeout with max retries",
        "the phrase is not in any log; the client's L2TP got no answer. UDP 1701 need not be open "
        "on the way (it is inside ESP), but CloudStack's firewall must have the rule.",
        _AFTER_IPSEC,
        "`ipsec statusall` (bytes_i and bytes_o) and `ss -lunp` on the router",
    ),
    Symptom(
        "MS-CHAPv2 failure",
        r"ms-?chap(?:-?v?2)? ?(?:authentication )?fail\w*|chap authentication failed|E=691",
        "the login was refused. The router writes the same line for CHAP and MS-CHAPv2, in "
        "/var/log/messages; only the journal tells an unknown user from a wrong password.",
        ("ppp_bad_password", "ppp_unknown_user"),
        "`journalctl -t pppd` on the router",
    ),
    Symptom(
        "AUTHENTICATION_FAILED",
        r"AUTHENTICATION_FAILED|AUTH_FAILED",
        "strongSwan refused how the client proves itself: aggressive mode, XAuth or certificates, "
        "or with IKEv2 a wrong key.",
        ("ike_auth_method_mismatch", "ike_mode_unsupported", "psk_mismatch"),
        _LOG,
    ),
    Symptom(
        "INVALID_ID_INFORMATION",
        r"INVALID_ID_INFORMATION|TS_UNACCEPT\w*",
        "the traffic that the client wants to protect is not L2TP, or it wants tunnel mode.",
        ("ts_or_mode_mismatch",),
        _LOG,
    ),
    Symptom(
        "IDir does not match",
        r"IDir .{0,60}does not match",
        "the client expects a server with another identity.",
        ("server_id_mismatch",),
        "the client's remote id",
    ),
    Symptom(
        "peer not responding",
        r"peer not responding|giving up after \d+ retransmits|sending retransmit",
        "the client's IKE packets are not answered; where it got to message 3, it is the key.",
        ("udp500_blocked", "psk_mismatch", "udp4500_blocked", "ipsec_service_down"),
        _CAPTURE,
    ),
    Symptom(
        "Authentication failed",
        r"authentication failed|login failed|wrong password|user ?name or password"
        r"|password (?:is )?(?:wrong|incorrect|not accepted)|access denied",
        "name or password refused.",
        ("ppp_bad_password", "ppp_unknown_user", "ppp_auth_protocol", "ppp_no_secrets"),
        "`journalctl -t pppd` on the router",
    ),
    Symptom(
        "MPPE required",
        r"mppe",
        "the client demands MPPE; the router does not do it, IPsec encrypts already.",
        ("ppp_mppe_required",),
        "the client's settings",
    ),
    Symptom(
        "No available IP address",
        r"no available ip|no (?:ip )?address(?:es)? (?:left|available)",
        "the client range is used up.",
        ("ip_pool_exhausted",),
        "who is connected",
    ),
    Symptom(
        "connection rejected",
        r"connection (?:was )?(?:rejected|refused)|rejected",
        "said of a login or a negotiation that the server refused.",
        ("ppp_bad_password", "ppp_unknown_user", "psk_mismatch", *_PROPOSALS, "ip_pool_exhausted"),
        _LOG,
    ),
    Symptom(
        "Unable to connect (ChromeOS)",
        r"unable to connect to network|failed to connect to .{0,40}network",
        "ChromeOS says this for everything; first the key and the server's address.",
        ("psk_mismatch", *_NOTHING_ANSWERS, "ppp_bad_password", *_AFTER_IPSEC[:2]),
        _LOG,
    ),
    Symptom(
        "connected but no ping",
        r"no ping|can(?:no|')?t (?:ping|reach|open)|cannot (?:ping|reach|open)|no traffic"
        r"|nothing (?:works|answers)|connected,? but",
        "the session stands and packets are not passed on.",
        (
            "forwarding_disabled",
            "forward_rule_missing",
            "vpc_acl_denies",
            "same_nat_conflict",
            "mtu",
            "vpn_deleted_daemons_left",
        ),
        "`sysctl net.ipv4.ip_forward`, the chain FORWARD, the tier's ACL; a guest's own firewall",
    ),
    Symptom(
        "drops after idle time",
        r"idle|drops? (?:out )?after|disconnect(?:s|ed) (?:after|when|every)|keeps? dropping"
        r"|lost after",
        "the router ends a session after 1800 s without traffic; one that sleeps is ended after "
        "90 to 150 s.",
        ("idle_timeout", "peer_dead_lcp_echo", "peer_dead_l2tp", "dpd_timeout", "ipsec_restarted"),
        "/var/log/messages: `lack of activity`, `No response to 4 echo-requests`",
    ),
    Symptom(
        "large transfers hang",
        r"large|big (?:file|mail|transfer|download)s?|hangs?|stalls?|\bmtu\b|slow",
        "small packets pass and full ones do not: the MTU.",
        ("mtu", "same_nat_conflict", "conntrack_full"),
        _CAPTURE,
    ),
    Symptom(
        "timeout",
        r"time[d ]*-?out|no (?:answer|response)",
        "something does not answer; which step, the log says.",
        (*_NOTHING_ANSWERS, *_AFTER_IPSEC),
        _CAPTURE,
    ),
)

SYMPTOMS: Final[tuple[Symptom, ...]] = (*WINDOWS, *SENTENCES)
"""All of them, in the order in which they are tried: numbers before words."""

_COMPILED: Final = tuple((re.compile(each.pattern, re.IGNORECASE), each) for each in SYMPTOMS)


def symptom_of(text: str) -> Symptom | None:
    """The symptom that `text` retells, or None where it is not known."""
    if not text.strip():
        return None
    plain = " ".join(text.split())
    return next((each for pattern, each in _COMPILED if pattern.search(plain)), None)
