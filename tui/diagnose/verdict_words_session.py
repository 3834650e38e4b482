"""What is said of causes in logging in, in a session, and on the router itself."""

from typing import Final

from tui.diagnose.verdict_words import ON_THE_WAY, Words

_LOGIN: Final[dict[str, Words]] = {
    "ppp_bad_password": Words(
        "The password of {user} is wrong.",
        "Your password is not accepted. Type it again, mind capitals; ask for another one if it "
        "still fails.",
        "Give the user a new password. CloudStack cannot change one: the user is removed and at "
        "once added again.",
        "new_password",
    ),
    "ppp_unknown_user": Words(
        "The router does not know the user {user}.",
        "The user name is not known. Check how it is written, without domain in front.",
        "Add the user to the account, or correct the name on the client. If CloudStack lists it, "
        "the router was not told: repair the VPN.",
        "add_users",
    ),
    "ppp_no_secrets": Words(
        "The router has no user at all who may log in, so every login fails at once.",
        "No user is set up on our side yet; we are on it.",
        "Add a user to the account (that sends all of them again), or repair the VPN.",
        "add_users",
    ),
    "ppp_auth_protocol": Words(
        "Client and router have no common way to log in: the router wants CHAP or MS-CHAPv2, the "
        "client allows something else only (PAP).",
        "Allow MS-CHAP v2 (or CHAP) in the security settings of your connection.",
        "Have the client allow MS-CHAPv2 or CHAP; PAP is not possible here.",
        "kits",
    ),
    "ppp_mppe_required": Words(
        "The client demands MPPE encryption inside the tunnel, which the router does not do; IPsec "
        "encrypts already.",
        "Set data encryption of the connection to optional: it is encrypted by IPsec anyway.",
        "Have the client not require MPPE (Windows: `Optional encryption`).",
        "kits",
    ),
    "ppp_chap_timeout": Words(
        "The client never answers the question for its password.",
        "Your device did not send name and password in time. Enter them when you are asked, or "
        "store them in the connection.",
        "See that the client has name and password stored, and allows MS-CHAPv2.",
        "kits",
    ),
    "ppp_lcp_timeout": Words(
        "The tunnel stands, but the client never says a word of PPP.",
        "Your device builds the tunnel and then says nothing. Restart it, or set up the connection "
        "anew.",
        "Look at the client: its PPP does not start. If several clients do this, capture packets.",
    ),
    "ip_pool_exhausted": Words(
        "No address is left in the client range: everybody who may connect at once is connected.",
        "All places are taken. Please try again when somebody has disconnected.",
        "Disconnect somebody, or give the VPN a larger client range (it is made anew, with a new "
        "key).",
        "change_range",
    ),
}

_SESSION: Final[dict[str, Words]] = {
    "ok": Words("Nothing is wrong that can be seen."),
    "client_chose_own_ip": Words(
        "The client chose its address inside itself, outside the client range, and got it.",
        "Let your device take its address from the server.",
        "Have the client take the address that the router offers; rules for the client range do "
        "not cover this one.",
    ),
    "stale_ip_range": Words(
        "The client range was changed, but the running xl2tpd still hands out the old one.",
        "You are connected with an old address; please connect again when we say so.",
        "Restart xl2tpd on the router: `systemctl restart xl2tpd` (it ends all sessions).",
        "repair",
    ),
    "duplicate_login": Words(
        "{user} has two sessions at once; the router allows it.",
        "Your name is in use twice. If the other one is not you, tell us: the password has leaked.",
        "Ask whose the other session is; if it is not the user's, end it and give a new password. "
        "Everybody should have a name of their own.",
        "disconnect",
    ),
    "reconnect_initial_contact": Words(
        "The client vanished without a goodbye and came back; the router cleared the old "
        "connection away. The old tunnel dies by itself within a minute.",
        "Your device lost the connection and made it again; that is normal after sleep or a change "
        "of network.",
        "Nothing. If it happens often, look at the client's network.",
    ),
    "normal_disconnect": Words(
        "The user disconnected.", "You were disconnected by your own device."
    ),
    "idle_timeout": Words(
        "The session was ended because nothing was sent for a time.",
        "You were disconnected because nothing happened on the connection; connect again.",
        "Nothing, or raise `idle` in /etc/ppp/options.xl2tpd on the router (1800 s as delivered).",
    ),
    "peer_dead_l2tp": Words(
        "The client vanished from the network: it did not answer L2TP any more and was closed "
        "after about 90 s.",
        "Your network was interrupted; connect again.",
        "Nothing on the router. If it happens often, look at the client's network.",
    ),
    "peer_dead_lcp_echo": Words(
        "The client's network was there, but its PPP did not answer any more: the device hung or "
        "slept.",
        "Your device did not answer any more, as after sleep; connect again.",
        "Nothing on the router. Keep the client from sleeping.",
    ),
    "dpd_timeout": Words(
        "The client vanished; dead peer detection (added to this router's configuration) closed "
        "the connection.",
        "Your network was interrupted; connect again.",
        "Nothing. Dead peer detection is not part of the router as delivered: a new router will "
        "not have it.",
    ),
    "admin_user_removed": Words(
        "The user was removed while connected: CloudStack killed the session.",
        "Your access was removed. Ask the administrator if that was not meant.",
        "Nothing if it was meant; otherwise add the user again. Mind that removing `bob` also "
        "disconnects `bobby`.",
        "add_users",
    ),
    "ipsec_restarted": Words(
        "strongSwan was restarted on the router while the client was connected; the client was not "
        "told and has to connect anew. NO_PROPOSAL_CHOSEN after that is a consequence, no cause.",
        "The server was restarted; connect again.",
        "Have everybody connect again; do not restart ipsec in working hours.",
    ),
    "forwarding_disabled": Words(
        "The client is connected and reaches the router, but the router forwards no packets "
        "(net.ipv4.ip_forward is 0).",
        "You are connected, but our router does not pass your packets on; we are on it.",
        "Switch forwarding on: `sysctl -w net.ipv4.ip_forward=1`, and find what switched it off.",
        "restart",
    ),
    "forward_rule_missing": Words(
        "The client is connected and reaches the router, but the rules that pass packets between "
        "VPN and network are missing.",
        "You are connected, but our router does not pass your packets on; we are on it.",
        "Have CloudStack program the VPN again: any change of a firewall rule sends it, or repair "
        "it.",
        "repair",
    ),
    "vpc_acl_denies": Words(
        "The client is connected, but the ACL of the tier does not let the client range in.",
        "You are connected, but the network behind does not let you in yet; we are on it.",
        "Add an entry to the tier's ACL that allows the client range.",
        "allow_clients",
    ),
    "mtu": Words(
        "Full-size packets are at the limit of what passes in one piece.",
        "Set the MTU of your connection to 1400 if large transfers hang.",
        "Set `mtu 1400` and `mru 1400` in /etc/ppp/options.xl2tpd on the router: 1410 is 6 to 8 "
        "bytes too much behind NAT.",
    ),
    "conntrack_full": Words(
        "The router's connection table is full, so packets are dropped at random.",
        "Our router is overloaded; the connection comes up only after several tries.",
        "Find what fills the table (`conntrack -C`, top sources) and raise "
        "net.netfilter.nf_conntrack_max.",
    ),
    "vpn_deleted_daemons_left": Words(
        "The VPN was deleted in CloudStack, but its daemons, key and sessions live on; only the "
        "firewall rules are gone.",
        "This VPN was switched off. Ask for the new one.",
        "Stop the daemons on the router (`systemctl stop ipsec xl2tpd`) or restart the router; or "
        "enable the VPN again.",
        "repair",
    ),
    "mixed": Words("Several clients, each with an outcome of its own."),
}

WORDS: Final[dict[str, Words]] = {**ON_THE_WAY, **_LOGIN, **_SESSION}
"""The words of every category."""
