"""What charon writes about clients: IKE and IPsec."""

from typing import Final

from tui.logs.attempts import Rung
from tui.logs.signature import Signature, Weight


def _sign(
    name: str,
    level: Weight,
    literal: str,
    says: str,
    *,
    pattern: str = "",
    rung: Rung | None = None,
    category: str = "",
) -> Signature:
    return Signature(name, says, level, literal, pattern, rung, category)


_STEPS: Final = (
    _sign(
        "ike_initiated",
        "notice",
        " is initiating a",
        "A client begins to connect",
        rung=Rung.IKE_STARTED,
    ),
    _sign(
        "ike_proposal",
        "notice",
        "selected proposal: IKE:",
        "Client and router agree how to protect the key exchange",
        rung=Rung.IKE_PROPOSAL,
    ),
    _sign(
        "client_behind_nat",
        "notice",
        "remote host is behind NAT",
        "The client sits behind a NAT",
        rung=Rung.NAT_SEEN,
    ),
    _sign(
        "psk_accepted",
        "notice",
        "pre-shared key",
        "The client has the right pre-shared key",
        pattern=r"looking for pre-shared key peer configs|' with pre-shared key successful",
        rung=Rung.KEY_ACCEPTED,
    ),
    _sign(
        "ike_established",
        "notice",
        "] established between ",
        "The IKE SA is up",
        rung=Rung.IKE_ESTABLISHED,
    ),
    _sign(
        "esp_proposal",
        "notice",
        "selected proposal: ESP:",
        "Client and router agree how to protect the traffic",
        rung=Rung.ESP_PROPOSAL,
    ),
    _sign(
        "child_established",
        "notice",
        "} established with SPIs",
        "IPsec is up",
        rung=Rung.CHILD_ESTABLISHED,
    ),
)

_REFUSALS: Final = (
    _sign(
        "no_ike_config",
        "error",
        "no IKE config found",
        "No VPN is loaded for the address that the client calls",
        category="vpn_conn_not_loaded",
    ),
    _sign(
        "ike_no_proposal",
        "error",
        "no proposal found",
        "Client and router know no common algorithms for IKE (phase 1)",
        category="ike_proposal_mismatch",
    ),
    _sign(
        "esp_no_proposal",
        "error",
        "no matching proposal found",
        "Client and router know no common algorithms for the traffic (phase 2)",
        category="esp_proposal_mismatch",
    ),
    _sign(
        "proposals_unacceptable",
        "error",
        "received proposals unacceptable",
        "The router accepts none of the algorithms that the IKEv2 client offers",
        category="ike_proposal_mismatch",
    ),
    _sign(
        "esp_unacceptable",
        "error",
        "no acceptable proposal found",
        "The router accepts none of the algorithms that the IKEv2 client offers for the traffic",
        category="esp_proposal_mismatch",
    ),
    _sign(
        "selectors_mismatch",
        "error",
        "no matching CHILD_SA config found",
        "The client wants to protect other traffic than L2TP, or wants tunnel mode",
        category="ts_or_mode_mismatch",
    ),
    _sign(
        "selectors_unacceptable",
        "error",
        "traffic selectors",
        "The IKEv2 client wants to protect other traffic than L2TP",
        pattern=r"traffic selectors .* unacceptable",
        category="ts_or_mode_mismatch",
    ),
    _sign(
        "child_failed",
        "error",
        "failed to establish CHILD_SA",
        "IPsec could not be set up for the client",
    ),
    _sign(
        "aggressive_mode",
        "error",
        "Aggressive Mode PSK disabled",
        "The client uses aggressive mode, which the router does not allow",
        category="ike_mode_unsupported",
    ),
    _sign(
        "auth_method",
        "error",
        "none allows ",
        "The client wants to prove itself in another way than by the pre-shared key",
        category="ike_auth_method_mismatch",
    ),
    _sign(
        "eap_requested",
        "error",
        "peer requested EAP",
        "The IKEv2 client wants to log in by EAP, which the router does not do",
        pattern=r"peer requested EAP, .*acceptable",
        category="ike_auth_method_mismatch",
    ),
    _sign(
        "peer_config_unacceptable",
        "error",
        "acceptable: ",
        "The IKEv2 client proved itself in another way than by the pre-shared key",
        pattern=r"selected peer config '[^']*' (?:un|in)acceptable: ",
        category="ike_auth_method_mismatch",
    ),
    _sign(
        "no_peer_config",
        "error",
        "no matching peer config found",
        "No VPN on the router fits what the client calls itself and the router",
        category="server_id_mismatch",
    ),
    _sign(
        "decrypt_failed",
        "error",
        "could not decrypt payloads",
        "The client's message cannot be read: its pre-shared key differs",
        category="psk_mismatch",
    ),
    _sign(
        "payload_garbled",
        "warning",
        "payload length, decryption failed?",
        "The client's message makes no sense once decrypted",
        category="psk_mismatch",
    ),
    _sign(
        "message_unreadable",
        "warning",
        "message parsing failed",
        "A message of the client cannot be understood",
    ),
    _sign(
        "request_failed",
        "error",
        " processing failed",
        "The router gives up on a message of the client",
        pattern=r"request with message ID \d+ processing failed",
    ),
    _sign(
        "mac_mismatched",
        "error",
        "MAC mismatched",
        "The pre-shared key of the IKEv2 client differs",
        category="psk_mismatch",
    ),
    _sign(
        "no_shared_key",
        "error",
        "no shared key found",
        "The router has no pre-shared key for this client",
        category="psk_mismatch",
    ),
    _sign(
        "kernel_refused_ipsec",
        "error",
        "unable to install ",
        "The kernel did not take the keys or the policy of a connection",
        pattern=r"unable to install (?:inbound|outbound|IPsec|trap)",
    ),
)

_PROPOSALS: Final = (
    _sign(
        "proposals_received",
        "notice",
        "received proposals: ",
        "What the client offers",
    ),
    _sign(
        "proposals_configured",
        "notice",
        "configured proposals: ",
        "What the router accepts",
    ),
    _sign(
        "sent_no_proposal",
        "warning",
        "N(NO_PROP)",
        "One side tells the other that it accepts none of its proposals",
    ),
    _sign("sent_auth_failed", "warning", "N(AUTH_FAILED)", "The other side is told that it failed"),
    _sign("sent_malformed", "warning", "N(PLD_MAL)", "The client is told that it is unreadable"),
    _sign("sent_invalid_id", "warning", "N(INVAL_ID)", "The client is told that it asks too much"),
    _sign(
        "sent_selectors", "warning", "N(TS_UNACCEPT)", "The client is told that it asks too much"
    ),
)

_ENDS: Final = (
    _sign(
        "half_open",
        "warning",
        "deleting half open IKE_SA",
        "The client's next packet never came",
    ),
    _sign(
        "ike_deleted_by_client",
        "notice",
        "received DELETE for IKE_SA",
        "The client ends the IKE SA",
    ),
    _sign("ike_deleted", "notice", "deleting IKE_SA", "The IKE SA ends"),
    _sign(
        "child_deleted_by_client",
        "notice",
        "received DELETE for ESP CHILD_SA",
        "The client ends IPsec",
    ),
    _sign("child_closed", "notice", "closing CHILD_SA", "IPsec ends"),
    _sign(
        "duplicate_ike",
        "notice",
        "delete of duplicate IKE_SA",
        "The same client came again; its older IKE SA is taken away",
        category="reconnect_initial_contact",
    ),
    _sign(
        "initial_contact",
        "notice",
        "destroying duplicate IKE_SA",
        "The client lost its state and came again; its older IKE SA is taken away",
        category="reconnect_initial_contact",
    ),
    _sign(
        "reauthenticated",
        "notice",
        "detected reauth of existing IKE_SA",
        "The client renews its IKE SA; the session goes on",
    ),
    _sign(
        "dpd_timeout",
        "error",
        "DPD check timed out",
        "The client no longer answers dead peer detection",
        category="dpd_timeout",
    ),
    _sign(
        "giving_up",
        "warning",
        "giving up after ",
        "The client never answered the router's packets",
        pattern=r"giving up after \d+ retransmits",
    ),
)

_SCANS: Final = (
    _sign(
        "half_open_limit",
        "error",
        "half-open IKE_SA limit",
        "Too many unfinished attempts from one address: more of them are ignored",
        category="half_open_flood",
    ),
    _sign(
        "ike_cookie",
        "warning",
        "sending COOKIE notify",
        "Many unfinished attempts at once: the router asks clients to prove their address",
        category="half_open_flood",
    ),
    _sign(
        "invalid_ike_header",
        "warning",
        "received invalid IKE header",
        "Something sends packets to the IKE port that are not IKE",
        category="scanner_noise",
    ),
    _sign(
        "header_unparsable",
        "warning",
        "header could not be parsed",
        "A packet on the IKE port is not IKE",
        category="scanner_noise",
    ),
    _sign(
        "no_message_rules",
        "warning",
        "no message rules specified",
        "A packet on the IKE port is of a kind that does not exist",
        category="scanner_noise",
    ),
    _sign(
        "ike_version_unsupported",
        "warning",
        "received unsupported IKE version",
        "A packet claims an IKE version that does not exist",
        category="scanner_noise",
    ),
    _sign(
        "client_retransmit",
        "notice",
        "received retransmit of request",
        "The client sends a packet again: the answer did not reach it",
    ),
    _sign(
        "router_retransmit",
        "notice",
        " of request with message ID",
        "The router sends a packet again",
        pattern=r"retransmit \d+ of request",
    ),
)

IKE_SIGNATURES: Final = (
    *_STEPS,
    *_REFUSALS,
    *_PROPOSALS,
    *_ENDS,
    *_SCANS,
)
"""What is about clients."""
