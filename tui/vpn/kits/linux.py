"""Linux: NetworkManager with its L2TP plugin, and strongSwan with xl2tpd and pppd.

Keys of the plugin as in nm-l2tp-service.c. Of pppd's options only `refuse-*` bind the client's own
login; `require-*` would ask the router to log in. libreswan from 5 on has no IKEv1 by default.
"""

import shlex
import uuid
from typing import Final

from tui.vpn.kits.choices import ASKED, SHOWN, Place
from tui.vpn.kits.escaping import ipsec_secret, keyfile, nmcli_item, ppp_word
from tui.vpn.kits.pages import Block, Code, Head, Page, Points, Steps, Warned, Words
from tui.vpn.kits.settings import Artefact, KitSettings, slug_of
from tui.vpn.kits.words import about_tunnel, page_file, secrets_of

IKE: Final = "aes256-sha256-modp2048,aes256-sha1-modp2048,aes128-sha1-modp2048!"
ESP: Final = "aes256-sha256,aes256-sha1,aes128-sha1!"
"""What a Virtual Router takes, the strongest first; `!` is: nothing else."""

_NAMESPACE: Final = uuid.UUID("b0d2b7a4-5d0e-53a3-8a3b-1a6f9a0e2f77")
_SERVICE: Final = "org.freedesktop.NetworkManager.l2tp"
_FLAGS: Final[dict[Place, str]] = {"shown": "0", "asked": "1", "left-out": "2"}
"""NetworkManager's secret flags: kept in the file, kept by the person's keyring, never kept."""


def vpn_items(settings: KitSettings) -> dict[str, str]:
    """The plugin's settings, without the secrets."""
    user = {"user": settings.user_shown} if settings.user_shown else {}
    return {
        "gateway": settings.server,
        **user,
        "user-auth-type": "password",
        "password-flags": _FLAGS[settings.password_place],
        "ipsec-enabled": "yes",
        "machine-auth-type": "psk",
        "ipsec-psk-flags": _FLAGS[settings.key_place],
        "ipsec-ike": IKE,
        "ipsec-esp": ESP,
        "mtu": str(settings.mtu),
        "mru": str(settings.mtu),
        "refuse-pap": "yes",
        "refuse-chap": "yes",
        "refuse-mschap": "yes",
        "refuse-eap": "yes",
    }


def connection_file(settings: KitSettings) -> str:
    """A connection as NetworkManager keeps it."""
    identity = uuid.uuid5(
        _NAMESPACE, "\n".join((settings.server, settings.label, settings.user_shown))
    )
    lines = [
        "[connection]",
        f"id={keyfile(settings.label)}",
        f"uuid={identity}",
        "type=vpn",
        "autoconnect=false",
        "",
        "[vpn]",
        f"service-type={_SERVICE}",
        *(f"{name}={keyfile(value)}" for name, value in vpn_items(settings).items()),
    ]
    secrets = {"ipsec-psk": settings.key_shown, "password": settings.password_shown}
    if any(secrets.values()):
        shown = (f"{name}={keyfile(value)}" for name, value in secrets.items() if value)
        lines += ["", "[vpn-secrets]", *shown]
    lines += ["", "[ipv4]", "method=auto"]
    if settings.split:
        lines.append("never-default=true")
        lines += [f"route{number}={route}" for number, route in enumerate(settings.routes, 1)]
    if settings.domain:
        lines.append(f"dns-search={keyfile(settings.domain)};")
    return "\n".join([*lines, "", "[ipv6]", "method=disabled", ""])


def nmcli_script(settings: KitSettings) -> str:
    """The same as commands. No secret is in them, because other users of a machine see the
    arguments of every command: NetworkManager asks instead."""
    items = {**vpn_items(settings)}
    for name in ("password-flags", "ipsec-psk-flags"):
        items[name] = _FLAGS[ASKED] if items[name] == _FLAGS[SHOWN] else items[name]
    joined = ", ".join(f"{name}={nmcli_item(value)}" for name, value in items.items())
    words = ["nmcli", "connection", "add", "type", "vpn", "con-name", settings.label]
    words += ["vpn-type", "l2tp", "vpn.data", joined, "ipv6.method", "disabled"]
    if settings.split:
        words += ["ipv4.never-default", "yes", "ipv4.routes", ", ".join(settings.routes)]
    if settings.domain:
        words += ["ipv4.dns-search", settings.domain]
    up = ["nmcli", "--ask", "connection", "up", settings.label]
    return "\n".join(
        [
            "#!/bin/sh",
            "# Makes the connection and connects; asks for what this file does not have.",
            "set -eu",
            shlex.join(words),
            shlex.join(up),
            "",
        ]
    )


def ipsec_conf(settings: KitSettings) -> str:
    """strongSwan's end, to be included from /etc/ipsec.conf."""
    return "\n".join(
        [
            f"conn {slug_of(settings.label)}",
            "    keyexchange=ikev1",
            "    authby=secret",
            "    type=transport",
            "    left=%defaultroute",
            "    leftprotoport=17/1701",
            f"    right={settings.server}",
            "    rightprotoport=17/1701",
            f"    ike={IKE}",
            f"    esp={ESP}",
            "    dpdaction=clear",
            "    dpddelay=30s",
            "    auto=add",
            "",
        ]
    )


def ipsec_secrets(settings: KitSettings) -> str:
    """The pre-shared key for strongSwan; a line to fill in where the kit does not show it."""
    if not settings.key_shown:
        return f'# %any {settings.server} : PSK "the pre-shared key"\n'
    return f"%any {settings.server} : PSK {ipsec_secret(settings.key_shown)}\n"


def xl2tpd_conf(settings: KitSettings) -> str:
    """xl2tpd's end."""
    name = slug_of(settings.label)
    return "\n".join(
        [
            f"[lac {name}]",
            f"lns = {settings.server}",
            f"pppoptfile = /etc/ppp/options.{name}",
            "length bit = yes",
            "",
        ]
    )


def ppp_options(settings: KitSettings) -> str:
    """pppd's options."""
    name = f"name {ppp_word(settings.user_shown)}" if settings.user_shown else '# name "your name"'
    return "\n".join(
        [
            "ipcp-accept-local",
            "ipcp-accept-remote",
            "refuse-eap",
            "refuse-pap",
            "refuse-chap",
            "refuse-mschap",
            "noccp",
            "noauth",
            "nodefaultroute" if settings.split else "defaultroute",
            "usepeerdns",
            f"mtu {settings.mtu}",
            f"mru {settings.mtu}",
            "lcp-echo-interval 30",
            "lcp-echo-failure 4",
            f"ipparam {slug_of(settings.label)}",
            name,
            "",
        ]
    )


def chap_secrets(settings: KitSettings) -> str:
    """The user's line of /etc/ppp/chap-secrets; one to fill in where the kit does not show it."""
    if not (settings.user_shown and settings.password_shown):
        user = settings.user_shown or "your name"
        return f'# {ppp_word(user)} * "the password" *\n'
    return f"{ppp_word(settings.user_shown)} * {ppp_word(settings.password_shown)} *\n"


def routes_script(settings: KitSettings) -> str:
    """What pppd runs when the tunnel is up: the routes, for this connection only."""
    lines = [f'    ip route replace {route} dev "$PPP_IFACE"' for route in settings.routes]
    return "\n".join(
        [
            "#!/bin/sh",
            f'if [ "$PPP_IPPARAM" = {shlex.quote(slug_of(settings.label))} ]; then',
            *lines,
            "fi",
            "",
        ]
    )


def page(settings: KitSettings) -> Page:
    """What to install, and where each file goes."""
    name = slug_of(settings.label)
    return Page(
        f"Linux: {settings.label}",
        (
            about_tunnel(settings),
            Head("With NetworkManager"),
            Words("Install its plugin for L2TP, which most distributions have:"),
            Code("sudo apt install network-manager-l2tp-gnome"),
            Words("Then either copy the file, which has all that this kit knows:"),
            Code(
                f"sudo install -o root -g root -m 600 {name}.nmconnection \\\n"
                "    /etc/NetworkManager/system-connections/\n"
                "sudo nmcli connection reload"
            ),
            Words("or run the commands, which ask for the secrets:"),
            Code("sh nmcli.sh"),
            Points(
                (
                    "A system-wide xl2tpd must not run beside it: sudo systemctl disable --now "
                    "xl2tpd",
                    "Fedora and others forbid the kernel module: take l2tp_ppp out of "
                    "/etc/modprobe.d.",
                    "libreswan 5 and newer refuse IKEv1 until ikev1-policy=accept is set; "
                    "strongSwan needs nothing.",
                )
            ),
            Head("With strongSwan and xl2tpd"),
            Code("sudo apt install strongswan-starter strongswan-charon xl2tpd ppp"),
            Steps(_where(settings, name)),
            Code(
                "sudo systemctl restart strongswan-starter xl2tpd\n"
                f"sudo ipsec up {name}\n"
                f"echo 'c {name}' | sudo tee /var/run/xl2tpd/l2tp-control"
            ),
            Words(f"Disconnect with: echo 'd {name}' | sudo tee /var/run/xl2tpd/l2tp-control"),
            *_warning(settings),
        ),
    )


def _where(settings: KitSettings, name: str) -> tuple[str, ...]:
    routes = (f"ip-up: to /etc/ppp/ip-up.d/{name}, mode 755.",) if settings.split else ()
    return (
        f"ipsec.conf: to /etc/ipsec.d/{name}.conf, and add this line to /etc/ipsec.conf: "
        "include /etc/ipsec.d/*.conf",
        "ipsec.secrets: add its line to /etc/ipsec.secrets (mode 600), with the key filled in.",
        "xl2tpd.conf: add it to /etc/xl2tpd/xl2tpd.conf.",
        f"ppp-options: to /etc/ppp/options.{name}, with your user name.",
        "chap-secrets: add its line to /etc/ppp/chap-secrets (mode 600), with the password.",
        *routes,
    )


def _warning(settings: KitSettings) -> tuple[Block, ...]:
    if not secrets_of(settings):
        return ()
    return (
        Warned(
            "Some of these files have secrets in clear text. Copy them with mode 600, owned by "
            "root, and delete these copies."
        ),
    )


def artefacts(settings: KitSettings) -> tuple[Artefact, ...]:
    """Files for both ways, and the page that explains them."""
    name = slug_of(settings.label)
    key = ("key",) if settings.key_shown else ()
    password = ("password",) if settings.password_shown and settings.user_shown else ()
    texts = [
        (f"linux/{name}.nmconnection", "for NetworkManager", connection_file, None),
        ("linux/nmcli.sh", "the same as nmcli commands", nmcli_script, ()),
        ("linux/ipsec.conf", "strongSwan", ipsec_conf, ()),
        ("linux/ipsec.secrets", "strongSwan: the key", ipsec_secrets, key),
        ("linux/xl2tpd.conf", "xl2tpd", xl2tpd_conf, ()),
        ("linux/ppp-options", "pppd", ppp_options, ()),
        ("linux/chap-secrets", "pppd: the password", chap_secrets, password),
    ]
    if settings.split:
        texts.append(("linux/ip-up", "pppd: the routes", routes_script, ()))
    made = [
        Artefact(
            path,
            what,
            make(settings).encode(),
            secrets_of(settings) if secrets is None else secrets,  # type: ignore[arg-type]
        )
        for path, what, make, secrets in texts
    ]
    return (*made, page_file("linux/linux.md", "what goes where", page(settings)))
