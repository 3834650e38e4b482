"""What charon's lines are to an attempt, by the name of their signature."""

from typing import Final

REFUSALS: Final = (
    "ike_no_proposal",
    "esp_no_proposal",
    "proposals_unacceptable",
    "esp_unacceptable",
    "selectors_mismatch",
    "selectors_unacceptable",
    "child_failed",
    "aggressive_mode",
    "auth_method",
    "eap_requested",
    "peer_config_unacceptable",
    "no_peer_config",
    "decrypt_failed",
    "request_failed",
    "mac_mismatched",
    "no_shared_key",
    "kernel_refused_ipsec",
)
"""Of the client whose packet the thread works on; each ends an attempt on its way up."""
REMARKS: Final = (
    "proposals_received",
    "proposals_configured",
    "payload_garbled",
    "message_unreadable",
    "client_retransmit",
    "router_behind_nat",
    "client_reports_failed_auth",
    "router_refused_by_client",
    "ike_message_error",
)
"""Likewise, but they end nothing."""
ANSWERS: Final = ("router_refused_by_client", "ike_message_error")
"""To something that the router began: no client comes with them."""
GARBAGE: Final = ("invalid_ike_header", "ike_version_unsupported", "half_open_limit", "ike_cookie")
"""With the client's address in the line."""
