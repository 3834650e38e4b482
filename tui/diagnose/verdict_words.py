"""What is said of each category: to the person on call, to the user, and what to do.

Here stand the causes on the way to an IPsec connection and a tunnel; the ones of logging in, of
sessions and of the router itself are in `verdict_words_session`.
"""

from typing import Final

import msgspec


class Words(msgspec.Struct, frozen=True):
    """The words of one category. `says` may hold `{user}`, `{client}` and `{router}`."""

    says: str
    tell: str = ""
    """For the user who cannot connect."""
    fix: str = ""
    action: str = ""
    """Name of the console's action that does it; empty where there is none."""


_OPEN_PORTS: Final = "open_ports"

ON_THE_WAY: Final[dict[str, Words]] = {
    "udp500_blocked": Words(
        "Packets for UDP 500 reach the public address and nothing answers: they are dropped before "
        "strongSwan sees them.",
        "The first packet of your connection is dropped on our side; we are opening it. Nothing is "
        "wrong with your settings.",
        "Add the firewall rule UDP 500 of the public address again. If it is there, look for a "
        "filter between the client and the router.",
        _OPEN_PORTS,
    ),
    "udp4500_blocked": Words(
        "The client is behind NAT and must go on through UDP 4500; nothing of that arrives at "
        "strongSwan.",
        "Your network goes through NAT and needs UDP 4500, which does not get through. We are "
        "looking at our firewall; please try another network (a phone's hotspot) meanwhile.",
        "Add the firewall rule UDP 4500 of the public address again. If it is there, the client's "
        "own firewall or provider drops UDP 4500.",
        _OPEN_PORTS,
    ),
    "udp1701_fw_rule_missing": Words(
        "IPsec is up and the client's packets are decrypted, but the firewall rule UDP 1701 is "
        "missing, so that they never reach xl2tpd.",
        "The encrypted part works, the step after it is blocked on our side; we are opening it.",
        "Add the firewall rule UDP 1701 of the public address again. It is no hole: without IPsec "
        "the router drops UDP 1701 anyway.",
        _OPEN_PORTS,
    ),
    "esp_blocked_inbound": Words(
        "IPsec looks up, but not one encrypted packet (ESP) of the client arrives at the router.",
        "Something between you and us lets the negotiation through but not the encrypted packets "
        "(IP protocol 50). Please try another network, best one behind NAT.",
        "Find who drops IP protocol 50: a rule on the router's own tables, the provider, the "
        "client's firewall. Behind NAT the packets travel in UDP 4500 and pass.",
    ),
    "esp_blocked_outbound": Words(
        "The client's packets arrive and the router answers, but the answers (ESP) do not reach "
        "the client: it asks for the same tunnel again and again.",
        "Our answers do not reach you: something on the way back drops encrypted packets (IP "
        "protocol 50). Please try another network.",
        "Find who drops IP protocol 50 from the router to the client: provider, client's "
        "firewall, a host firewall in front of the router.",
    ),
    "ike_proposal_mismatch": Words(
        "Client and router have no common algorithms for phase 1 (IKE): usually an old client that "
        "offers only MODP_1024 or DES.",
        "Your device offers only old encryption. Update it, or set up the connection anew with "
        "AES, SHA-1 or SHA-256 and Diffie-Hellman group 14 (MODP 2048).",
        "Give the client a profile with AES and MODP_2048 (a client kit has it). The pre-shared "
        "key has nothing to do with it.",
        "kits",
    ),
    "esp_proposal_mismatch": Words(
        "Phase 1 worked, but client and router have no common algorithms for phase 2 (ESP): the "
        "router takes AES with SHA, no 3DES and no MD5.",
        "Your device offers only old encryption for the data. Set the data encryption to AES with "
        "SHA-1 or SHA-256.",
        "Give the client a profile with AES and SHA (a client kit has it).",
        "kits",
    ),
    "ike_mode_unsupported": Words(
        "The client uses IKEv1 aggressive mode, which strongSwan refuses with a pre-shared key.",
        "Switch aggressive mode off in your VPN settings (leave the group name or id empty).",
        "Have the client use main mode: an empty group name on Apple and Android clients.",
        "kits",
    ),
    "ike_auth_method_mismatch": Words(
        "The client wants XAuth, EAP or certificates; this VPN takes a pre-shared key with L2TP.",
        "Choose the type L2TP/IPsec with pre-shared key, not Cisco IPsec and not a certificate.",
        "Have the client use the type L2TP/IPsec PSK.",
        "kits",
    ),
    "ike_fragments_lost": Words(
        "The client sends an IKE message in several pieces and not all of them arrive: strongSwan "
        "waits for the rest and gives up.",
        "Something between you and us loses large packets. Please try another network (a phone's "
        "hotspot).",
        "Find what loses packets larger than the path lets through: a firewall or provider that "
        "drops fragments, a tunnel on the way. Try the client with an MTU of 1400 on its network. "
        "IKEv2 with certificates or EAP makes such large messages; L2TP/IPsec PSK does not.",
    ),
    "psk_mismatch": Words(
        "The client's pre-shared key is not the router's: its first encrypted packet cannot be "
        "read.",
        "The pre-shared key (shared secret) on your device is wrong. Type it again; copy and paste "
        "it from what you were sent, without blanks.",
        "Send the client the present key; if every client fails, compare the router's key with "
        "CloudStack's.",
        "reveal",
    ),
    "vpn_conn_not_loaded": Words(
        "strongSwan has no connection for the public address, so it refuses everybody with "
        "NO_PROPOSAL_CHOSEN. Key and algorithms are not the cause.",
        "Our side is not set up completely; we are on it. Your settings are right as they are.",
        "Have CloudStack program the VPN again (repair it); on the router the line `left=` in "
        "/etc/ipsec.d/l2tp.conf must be the public address.",
        "repair",
    ),
    "server_id_mismatch": Words(
        "The client expects a server with another identity than the router's, so that the "
        "connection ends before any traffic.",
        "Enter the server's public IP address, exactly as you were given it, as both server and "
        "remote id.",
        "Have the client take the public address as the server's identity, or accept any.",
        "kits",
    ),
    "ts_or_mode_mismatch": Words(
        "Phase 1 worked, but the client proposes other traffic than L2TP (UDP 1701) or tunnel mode "
        "instead of transport mode.",
        "Choose the type L2TP/IPsec; an IPsec-only connection does not work here.",
        "Have the client use L2TP over IPsec in transport mode.",
        "kits",
    ),
    "no_ipsec_on_client": Words(
        "The client sends L2TP in clear text, without IPsec; the router drops that, as it should.",
        "Your device does not encrypt. Choose L2TP/IPsec with the pre-shared key; on Windows undo "
        "the registry value ProhibitIpSec.",
        "Have the client use L2TP over IPsec with the pre-shared key.",
        "kits",
    ),
    "xl2tpd_down": Words(
        "IPsec works, but xl2tpd does not run: nobody can connect, whatever systemctl says.",
        "A service on our side has stopped; we are starting it. Your settings are right.",
        "Restart xl2tpd on the router: `systemctl restart xl2tpd` (`start` does nothing while the "
        "unit claims to be active). End orphaned pppds before that.",
        "repair",
    ),
    "xl2tpd_bad_config": Words(
        "xl2tpd does not start, because its configuration has a line that it does not know.",
        "A service on our side does not start; we are mending it. Your settings are right.",
        "Remove the line that the log names from /etc/xl2tpd/xl2tpd.conf (`max-connections` does "
        "not exist), then `systemctl restart xl2tpd`.",
        "repair",
    ),
    "ipsec_service_down": Words(
        "strongSwan (charon) does not run on the router: nobody can connect.",
        "A service on our side has stopped; we are starting it. Your settings are right.",
        "Start it: `systemctl restart ipsec` on the router, or have CloudStack program the VPN "
        "again.",
        "repair",
    ),
    "half_open_flood": Words(
        "One address begins many connections and completes none; strongSwan ignores it from the "
        "fifth on.",
        "",
        "If nobody knows the address, block it. If it is an office behind one NAT, its users lock "
        "each other out until the half-open connections expire (30 s).",
        "edit_sources",
    ),
    "scanner_noise": Words(
        "Scans and garbage reach the VPN's ports; nobody connects. Every public address sees that.",
        "",
        "Nothing. If it is much, restrict the sources of the firewall rules.",
        "edit_sources",
    ),
    "same_nat_conflict": Words(
        "Two clients behind the same NAT use the same UDP port inside IPsec; the router sends both "
        "clients' packets to the one that connected last.",
        "Two people in your network are connected at the same time, and this kind of VPN can serve "
        "only one of them. Please take turns, or use another network.",
        "Let only one of them connect, or give the site a VPN of its own. The router cannot tell "
        "them apart with L2TP.",
    ),
}
