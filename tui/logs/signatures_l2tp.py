"""What xl2tpd writes: tunnels and calls, and what becomes of the pppd of each call."""

from typing import Final

from tui.logs.attempts import Rung
from tui.logs.signature import Signature

L2TP_SIGNATURES: Final = (
    Signature(
        "tunnel_established",
        "The L2TP tunnel is up",
        "notice",
        "Connection established to ",
        rung=Rung.TUNNEL,
    ),
    Signature(
        "call_established",
        "The L2TP call is up; the login can begin",
        "notice",
        "Call established with ",
        rung=Rung.CALL,
    ),
    Signature(
        "tunnel_unanswered",
        "The client no longer answers on its L2TP tunnel",
        "error",
        "Maximum retries exceeded for tunnel",
        category="peer_dead_l2tp",
    ),
    Signature(
        "tunnel_timeout",
        "The tunnel is closed because the client no longer answers",
        "warning",
        " closed to ",
        r"Connection \d+ closed to .*\(Timeout\)",
        category="peer_dead_l2tp",
    ),
    Signature(
        "tunnel_goodbye",
        "The client hung up",
        "notice",
        "Connection closed to ",
        r"Connection closed to [^,]+, port \d+",
        category="normal_disconnect",
    ),
    Signature(
        "call_hung_up",
        "The client ended the call",
        "notice",
        "Connection closed to ",
        r"Connection closed to [^,]+, serial \d+",
    ),
    Signature(
        "pool_exhausted",
        "All addresses of the client range are in use",
        "error",
        "Out of IP addresses",
        category="ip_pool_exhausted",
    ),
    Signature(
        "pppd_exit_fine",
        "The session ended without an error",
        "noise",
        "pppd exited for call",
        r"with code 0\b",
    ),
    Signature(
        "pppd_exit_setup",
        "pppd could not start for a call: its options or secrets are wrong",
        "error",
        "pppd exited for call",
        r"with code (?:1|2|3|4|6|7|18)\b",
    ),
    Signature(
        "pppd_exit_auth",
        "The login of a call failed",
        "error",
        "pppd exited for call",
        r"with code 11\b",
    ),
    Signature(
        "pppd_exit_idle",
        "A session ended because nothing was sent for a long time",
        "warning",
        "pppd exited for call",
        r"with code 12\b",
        category="idle_timeout",
    ),
    Signature(
        "pppd_exit_dead",
        "A session ended because the client no longer answered",
        "warning",
        "pppd exited for call",
        r"with code 15\b",
        category="peer_dead_lcp_echo",
    ),
    Signature(
        "pppd_exit",
        "The session of a call ended",
        "warning",
        "pppd exited for call",
        r"with code [1-9]",
    ),
    Signature(
        "pppd_killed",
        "A session was killed, as happens when its user is removed",
        "error",
        "pppd terminated for call",
        category="admin_user_removed",
    ),
    Signature("call_closed", "A call ended", "notice", "call_close: Call "),
    Signature(
        "tunnel_requested_twice",
        "The client asks again for a tunnel that it has: the router's answers do not reach it",
        "warning",
        "twice, ignoring second one",
        r"requested tunnel",
        category="esp_blocked_outbound",
    ),
    Signature(
        "call_requested_twice",
        "The client asks again for a call that it has: the router's answers do not reach it",
        "warning",
        "twice, ignoring second one",
        r"requested call",
    ),
    Signature(
        "tty_not_open",
        "Packets of a client come before its pppd is ready, or on the tunnel of another client",
        "warning",
        "tty is not open yet",
    ),
    Signature(
        "unknown_field",
        "xl2tpd.conf has a line that xl2tpd does not know; it will not start",
        "error",
        "Unknown field",
        category="xl2tpd_bad_config",
    ),
    Signature(
        "l2tp_config_unloadable",
        "xl2tpd cannot read its configuration and does not start",
        "error",
        "Unable to load config file",
        category="xl2tpd_bad_config",
    ),
    Signature(
        "xl2tpd_stopped",
        "xl2tpd was stopped: every session ends",
        "error",
        "Fatal signal",
        category="xl2tpd_down",
    ),
    Signature("xl2tpd_started", "xl2tpd starts", "notice", "xl2tpd version "),
    Signature(
        "xl2tpd_port_taken",
        "xl2tpd cannot listen on its port",
        "error",
        "Unable to bind socket",
        category="xl2tpd_down",
    ),
    Signature(
        "peer_denied",
        "xl2tpd refuses the address of a client",
        "error",
        "Denied connection to unauthorized peer",
    ),
    Signature("udp_xmit_failed", "xl2tpd could not send a packet", "warning", "udp_xmit failed"),
    Signature(
        "select_timeout",
        "The client no longer answers on its L2TP tunnel",
        "warning",
        "select timeout with max retries",
        category="peer_dead_l2tp",
    ),
    Signature(
        "closing_undelivered",
        "The client could not be told that its tunnel is closed",
        "warning",
        "Unable to deliver closing message",
    ),
    Signature(
        "pppd_terminated",
        "xl2tpd ends the pppd of a call",
        "notice",
        "Terminating pppd: sending TERM",
    ),
    Signature(
        "no_transmit_speed",
        "Most clients do not say how fast they send",
        "noise",
        "Peer did not specify transmit speed",
    ),
    Signature(
        "out_of_order",
        "A packet came in another order",
        "noise",
        "Received out of order control packet",
    ),
    Signature(
        "bad_control_packet", "A packet came in another order", "noise", "bad control packet!"
    ),
    Signature("call_gone", "A packet came for a call that has ended", "noise", "can't find call"),
    Signature(
        "tunnel_gone", "A packet came for a tunnel that has ended", "noise", "Can not find tunnel"
    ),
    Signature(
        "call_or_tunnel_gone",
        "A packet came for a tunnel that has ended",
        "noise",
        "unable to find call or tunnel",
    ),
)
"""All of xl2tpd's."""
