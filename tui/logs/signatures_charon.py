"""What charon writes about itself and the router, and its starter.

Names that say `router_…` are about packets that the router itself began: they come after a restart
of strongSwan, when xl2tpd goes on talking to a client whose keys are gone, and say nothing about
the client.
"""

from typing import Final

from tui.logs.signature import Signature, Weight


def _sign(
    name: str, level: Weight, literal: str, says: str, *, pattern: str = "", category: str = ""
) -> Signature:
    return Signature(name, says, level, literal, pattern, None, category)


_ROUTER: Final = (
    _sign(
        "router_initiates",
        "warning",
        "] initiating ",
        "The router calls the client: it has traffic for a client whose keys are gone",
        pattern=r"\] initiating (?:\w+ Mode )?IKE_SA (?!vpn-)",
        category="ipsec_restarted",
    ),
    _sign(
        "router_refused_by_client",
        "warning",
        "received NO_PROPOSAL_CHOSEN",
        "The client refuses what the router began; not a fault of the client",
        pattern=r"received NO_PROPOSAL_CHOSEN (?:error|notify)",
    ),
    _sign(
        "client_reports_failed_auth",
        "warning",
        "received AUTHENTICATION_FAILED",
        "The client says that the router failed to prove itself",
    ),
    _sign(
        "router_behind_nat",
        "warning",
        "local host is behind NAT",
        "The router's address is translated on the way: Windows clients need a registry setting",
    ),
    _sign("charon_stopping", "warning", "received, shutting down", "strongSwan is being stopped"),
    _sign(
        "charon_stopped",
        "warning",
        "charon stopped after",
        "strongSwan has stopped: every client is cut off",
        category="ipsec_restarted",
    ),
    _sign(
        "charon_died",
        "error",
        "charon has died",
        "strongSwan has crashed: every client is cut off",
        category="ipsec_restarted",
    ),
    _sign(
        "charon_starting",
        "notice",
        "Starting IKE charon daemon",
        "strongSwan starts",
        category="ipsec_restarted",
    ),
    _sign("charon_started", "notice", ") started after ", "strongSwan has started"),
    _sign("ike_message_error", "warning", " notify error", "The other side reports a failure"),
)

_NOISE: Final = (
    _sign("forecast", "noise", "using forecast interface", "A plugin looks at the interfaces"),
    _sign(
        "forecast_groups",
        "noise",
        "joining forecast multicast groups",
        "A plugin looks at the interfaces",
    ),
    _sign("tpm", "noise", "plugin 'tpm': failed to load", "There is no TPM; none is needed"),
    _sign("tpm_library", "noise", 'could not load "libtss2', "There is no TPM; none is needed"),
    _sign("pkcs11", "noise", "lacks library path", "No smart card is set up; none is needed"),
    _sign(
        "missing_include",
        "noise",
        "expanding file expression",
        "A file that may be missing is missing",
    ),
    _sign("ha_unset", "noise", "HA config misses", "High availability is not set up"),
    _sign("vendor_id", "noise", " vendor ID", "The client tells what it is capable of"),
    _sign(
        "dpd_request", "noise", "sending DPD request", "The router asks whether the client is there"
    ),
)

CHARON_SIGNATURES: Final = (*_ROUTER, *_NOISE)
"""What is about no client."""
