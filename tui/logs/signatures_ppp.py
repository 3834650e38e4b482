"""What pppd writes: the login and the addresses.

Its messages of levels info to warning are in `/var/log/messages`; errors and debug lines are in the
journal only, an unknown user among them.
"""

from typing import Final

from tui.logs.attempts import Rung
from tui.logs.signature import Signature

PPP_SIGNATURES: Final = (
    Signature(
        "ppp_interface",
        "pppd runs for a call",
        "notice",
        "Using interface ppp",
        rung=Rung.PPP_STARTED,
    ),
    Signature(
        "logged_in",
        "Name and password are right",
        "notice",
        "[CHAP Success",
        rung=Rung.AUTHENTICATED,
    ),
    Signature(
        "address_given",
        "The session is up: the client has its address",
        "notice",
        "remote IP address",
        rung=Rung.CONNECTED,
    ),
    Signature("address_local", "The router's own address in the session", "notice", "local  IP"),
    Signature(
        "chap_failed",
        "A login failed: unknown name or wrong password",
        "error",
        "failed CHAP auth",
        category="ppp_bad_password",
    ),
    Signature(
        "unknown_user",
        "The router does not know this user",
        "error",
        "No CHAP secret found",
        category="ppp_unknown_user",
    ),
    Signature(
        "bad_password",
        "The password is wrong",
        "error",
        "[CHAP Failure",
        r'E=691|"Access denied"',
        category="ppp_bad_password",
    ),
    Signature("login_refused", "A login was refused", "error", "[CHAP Failure"),
    Signature(
        "no_secrets",
        "The router has no users at all",
        "error",
        "is required to authenticate itself",
        category="ppp_no_secrets",
    ),
    Signature(
        "no_suitable_secret",
        "The router has no users at all",
        "error",
        "find any suitable secret",
        category="ppp_no_secrets",
    ),
    Signature(
        "auth_refused",
        "The client does not want to log in with any method that the router allows",
        "error",
        "peer refused to authenticate",
        category="ppp_auth_protocol",
    ),
    Signature(
        "wants_pap",
        "The client wants to send its password in the clear (PAP)",
        "warning",
        "<auth pap>",
        r"rcvd \[LCP ConfNak",
        category="ppp_auth_protocol",
    ),
    Signature(
        "rejects_auth",
        "The client rejects a method to log in",
        "warning",
        "rcvd [LCP ConfRej",
        r"<auth ",
        category="ppp_auth_protocol",
    ),
    Signature(
        "chap_timeout",
        "The client never answered when asked for its password",
        "error",
        "CHAP authentication timed out",
        category="ppp_chap_timeout",
    ),
    Signature(
        "lcp_timeout",
        "The client never answered on the new call",
        "error",
        "LCP: timeout sending Config-Requests",
        category="ppp_lcp_timeout",
    ),
    Signature(
        "ipcp_timeout",
        "Client and router did not agree on addresses in time",
        "error",
        "timeout sending Config-Requests",
    ),
    Signature(
        "ccp_rejected",
        "The client asks for compression or MPPE, which the router does not do",
        "notice",
        "Unsupported protocol 'Compression Control Protocol'",
    ),
    Signature(
        "mppe_required",
        "The client insists on MPPE encryption inside IPsec, which the router does not do",
        "error",
        "MPPE required but peer",
        r"terminated by peer",
        category="ppp_mppe_required",
    ),
    Signature(
        "user_hung_up",
        "The user hung up",
        "notice",
        "LCP terminated by peer (User request",
        category="normal_disconnect",
    ),
    Signature(
        "ended_by_client",
        "The client ended the session",
        "warning",
        "LCP terminated by peer",
        r"by peer(?! \(User request)",
    ),
    Signature(
        "echo_unanswered",
        "The client no longer answers inside its session",
        "error",
        " echo-requests",
        r"No response to \d+ echo-requests",
        category="peer_dead_lcp_echo",
    ),
    Signature(
        "link_lost",
        "The session is ended because the client no longer answers",
        "warning",
        "Serial link appears to be disconnected",
        category="peer_dead_lcp_echo",
    ),
    Signature(
        "idle",
        "The session is ended because nothing was sent for a long time",
        "warning",
        "due to lack of activity",
        category="idle_timeout",
    ),
    Signature(
        "time_used_up",
        "The session is ended because its time is up",
        "warning",
        "Connect time expired",
    ),
    Signature(
        "connect_time",
        "How long the session lasted",
        "notice",
        "Connect time ",
        r"Connect time [\d.]+ minutes",
    ),
    Signature("terminated_by_signal", "pppd is told to end", "notice", "Terminating on signal"),
    Signature("hangup", "The call is gone", "notice", "Modem hangup"),
    Signature("ppp_ended", "The session has ended", "notice", "Connection terminated."),
    Signature(
        "address_refused",
        "The client does not accept the addresses",
        "warning",
        "refused to agree to ",
    ),
    Signature(
        "address_not_allowed",
        "The client wants an address that it may not have",
        "error",
        "not authorized to use remote address",
    ),
    Signature(
        "address_unknown",
        "The client does not say its address; one is made up",
        "warning",
        "Could not determine remote IP",
    ),
    Signature(
        "secrets_readable",
        "The file with the passwords can be read by others",
        "warning",
        "has world and/or group access",
    ),
    Signature(
        "secrets_unreadable",
        "pppd cannot read the file with the passwords",
        "error",
        "open chap secret file",
        category="ppp_no_secrets",
    ),
    Signature(
        "pppol2tp_failed",
        "pppd cannot use the tunnel in the kernel",
        "error",
        "Couldn't connect PPPoL2TP socket",
    ),
    Signature(
        "ipv6_off", "IPv6 is off on the router, as it should be", "noise", "if6addr", r"[sc]if6addr"
    ),
    Signature(
        "ipv6_terminated", "IPv6 is off on the router, as it should be", "noise", "[IPV6CP TermReq"
    ),
    Signature(
        "proxy_arp",
        "The client range lies outside the router's networks, as it should",
        "noise",
        "Cannot determine ethernet address for proxy ARP",
    ),
    Signature("mtu_set", "The packet size is set", "noise", "Overriding mtu "),
    Signature("mru_set", "The packet size is set", "noise", "Overriding mru "),
)
"""All of pppd's."""
