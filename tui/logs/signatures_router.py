"""What the rest of the router writes: kernel, systemd, CloudStack's scripts, updown, sshd."""

from typing import Final

from tui.logs.signature import Signature

ROUTER_SIGNATURES: Final = (
    Signature(
        "conntrack_full",
        "The table of connections is full: the router drops packets",
        "error",
        "table full, dropping packet",
        category="conntrack_full",
    ),
    Signature("out_of_memory", "The router ran out of memory", "error", "Out of memory: Killed"),
    Signature(
        "packet_logged",
        "A rule of the firewall logged a packet",
        "notice",
        " PROTO=",
        r"\bIN=\S* OUT=",
    ),
    Signature(
        "ipsec_up", "IPsec of a client is up", "notice", " -- ", r"(?:^|vpn: )\+ \S+ \S+ -- "
    ),
    Signature(
        "ipsec_down", "IPsec of a client ended", "notice", " -- ", r"(?:^|vpn: )- \S+ \S+ -- "
    ),
    Signature(
        "unit_failed",
        "A service of the VPN failed to start",
        "error",
        "Failed to start ",
        r"xl2tpd|strongswan",
    ),
    Signature(
        "unit_result",
        "A service of the VPN failed",
        "error",
        ".service: Failed with result",
        r"xl2tpd|strongswan",
    ),
    Signature(
        "unit_stopped",
        "A service of the VPN was stopped",
        "notice",
        "Stopped ",
        r"Stopped (?:xl2tpd|strongswan)",
    ),
    Signature(
        "pppd_kill_ordered",
        "CloudStack ends the session of a user that it removes",
        "warning",
        "Executing: kill -9 ",
        category="admin_user_removed",
    ),
    Signature(
        "users_pushed",
        "CloudStack sends the list of VPN users",
        "notice",
        "Command of type vpnuserlist received",
    ),
    Signature(
        "vpn_pushed",
        "CloudStack sends the settings of the VPN",
        "notice",
        "Command of type remoteaccessvpn received",
    ),
    Signature(
        "users_written",
        "The router's list of VPN users changed",
        "notice",
        "Wrote edited file /etc/ppp/chap-secrets",
    ),
    Signature(
        "script_error",
        "A script of CloudStack failed on the router",
        "error",
        " ERROR ",
        r"^[^A-Za-z]* ERROR ",
    ),
    Signature(
        "ssh_refused",
        "A login to the router over SSH failed",
        "warning",
        "Failed p",
        r"for .* from",
    ),
    Signature(
        "ssh_unknown_user",
        "Somebody tries names on the router's SSH port",
        "warning",
        "Invalid user ",
    ),
    Signature(
        "no_source_nat",
        "Usual while CloudStack sets up a router",
        "noise",
        "Not able to setup source-nat",
    ),
    Signature(
        "policy_rule_left",
        "Usual while clients are connected: CloudStack cannot take away rules of IPsec",
        "noise",
        "-p udp -m policy",
        r"returned non-zero",
    ),
    Signature(
        "reread_early",
        "Usual when the VPN is enabled: strongSwan reads its secrets itself when it starts",
        "noise",
        "returned non-zero",
        r"'ipsec (?:rereadsecrets|update)'.*status 7",
    ),
    Signature("promiscuous", "Somebody captures packets", "noise", " promiscuous mode"),
    Signature(
        "no_crypto_test", "The kernel has no self-test for a cipher", "noise", "alg: No test"
    ),
    Signature(
        "no_locale_file",
        "A file that may be missing is missing",
        "noise",
        "Unable to open env file: /etc/default/locale",
    ),
)
"""All others."""
