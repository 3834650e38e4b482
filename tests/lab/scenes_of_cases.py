"""Makes the lab's scenes from the recorded cases: lines with seconds, their words taken out.

What ships in `tui/lab/data/router_scenes.json.xz` was made by this; a test compares the two. A row
is `[second, source, tag, text]`; the source `wire` has what tcpdump printed of a packet, without
its time.
"""

import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Final, NamedTuple

from tests.router_cases import Case, case

Row = tuple[int, str, str, str]

FILES: Final = {
    "vr.log": "daemon",
    "vr.messages.log": "messages",
    "vr.kern.log": "kern",
    "vr.auth.log": "auth",
    "vr.haproxy.log": "haproxy",
    "vr.pppd-journal.log": "journal",
}
_TAGS: Final = {
    "daemon": {"charon", "xl2tpd", "systemd"},
    "messages": {"pppd", "kernel"},
    "kern": {"kernel"},
    "auth": {"charon"},
    "haproxy": {"vpn"},
    "journal": {"pppd"},
}
_LINE: Final = re.compile(r"(\w{3} [ \d]\d \d\d:\d\d:\d\d) \S+ ([\w().-]+?)(?:\[(\d+)\])?: ?(.*)")
_PACKET: Final = re.compile(r"(?m)^(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d)\.\d+ ")
UPDOWN: Final = "+ ⟦private⟧ ⟦client⟧ -- ⟦public⟧"
_NOISE: Final = re.compile(r"promiscuous|tmpfiles|NamePolicy")


class Cut(NamedTuple):
    """The part of a case that makes a scene."""

    case: str
    first: str = ""
    """The scene begins with the first line of daemon.log that matches; empty: with the case."""
    last: str = ""
    """It ends with the second of the last line, of any file, that matches; empty: with the case."""
    without_packets: bool = False


CONNECTED: Final = r"remote IP address"
CUTS: Final = {
    "connect": Cut("ok_mschapv2", last=CONNECTED),
    "connect_md5": Cut("ok_baseline", last=CONNECTED),
    "connect_nat": Cut("mtu_natt_sha1", last=CONNECTED),
    "connect_sha256": Cut("mtu_nonat_sha256", last=CONNECTED),
    "static_ip": Cut("client_static_ip", last=CONNECTED),
    "same_nat": Cut("two_clients_same_nat", first=r"\[282\] to", last="write_packet"),
    "wrong_password": Cut("mschapv2_wrong_password"),
    "unknown_user": Cut("mschapv2_unknown_user"),
    "no_secrets": Cut("chap_secrets_empty"),
    "pap_only": Cut("pap_only_client"),
    "mppe": Cut("mppe_required_client"),
    "lcp_timeout": Cut("ppp_lcp_timeout"),
    "wrong_key": Cut("psk_wrong"),
    "old_client": Cut("ike_prop_modp1024"),
    "aggressive": Cut("aggressive_mode"),
    "old_esp": Cut("esp_prop_mismatch"),
    "other_selectors": Cut("ts_mismatch"),
    "server_id": Cut("client_rejects_server_id"),
    "no_connection": Cut("no_ike_config"),
    "blocked_500": Cut("udp500_blocked_fw"),
    "blocked_4500": Cut("udp4500_blocked_fw"),
    "blocked_1701": Cut("udp1701_fw_missing"),
    "esp_blocked": Cut("esp_blocked"),
    "l2tp_down": Cut("xl2tpd_down"),
    "no_ipsec": Cut("plain_l2tp_no_ipsec"),
    "table_full": Cut("conntrack_full"),
    "pool_exhausted": Cut("ip_pool_exhausted", first=r"received packet: from 203.0.113.99\[500\]"),
    "flood": Cut("ike_flood"),
    "bad_config": Cut("xl2tpd_bad_config", last="Failed to start xl2tpd", without_packets=True),
}
"""Name of the scene to its part of a case."""


IPSEC_DOWN: Final = "ipsec_down"
"""What a client meets when charon is stopped: its requests, and the kernel's ICMP to each."""


def ipsec_down() -> list[Row]:
    """The requests of `blocked_500`, each answered in the form of the ICMP of `l2tp_down`."""
    rows: list[Row] = []
    for second, source, tag, text in scene_of("blocked_500"):
        reply = (
            "IP (tos 0xc0, ttl 64, id 2098, offset 0, flags [none], proto ICMP (1), length 336)\n"
            "    ⟦public⟧ > ⟦client⟧: ICMP ⟦public⟧ udp port 500 unreachable, length 316\n"
            f"\t{text.splitlines()[0]}\n{text.splitlines()[1]} [|icmp]"
        )
        rows += [(second, source, tag, text), (second, source, tag, reply)]
    return rows


def scene_of(name: str) -> list[Row]:
    """The scene `name`, made from its case."""
    if name == IPSEC_DOWN:
        return ipsec_down()
    cut = CUTS[name]
    recorded = case(cut.case)
    rows = sorted(_rows(recorded), key=lambda row: row[0])
    firsts = [row[0] for row in rows if row[1] == "daemon" and re.search(cut.first, row[3])]
    lasts = [row[0] for row in rows if re.search(cut.last, row[3])] if cut.last else []
    begin = firsts[0] if cut.first else rows[0][0]
    end = lasts[-1] if lasts else rows[-1][0]
    kept = [
        row
        for row in rows
        if begin <= row[0] <= end and not (cut.without_packets and row[1] == "wire")
    ]
    up = [row for row in kept if row[1] == "daemon" and " CHILD_SA L2TP-PSK{" in row[3]]
    if up and not any(row[1] == "haproxy" for row in kept):
        # Some cases were recorded without haproxy.log, where the updown script writes.
        position = kept.index(up[0]) + 1
        kept.insert(position, (up[0][0], "haproxy", "vpn", UPDOWN))
    blank = _blanks([row[3] for row in kept])
    return [(when - begin, source, tag, blank(text)) for when, source, tag, text in kept]


def _rows(recorded: Case) -> Iterator[Row]:
    """Every line that belongs to the story, with its time; packets before lines of a second."""
    year = datetime(2026, 1, 1, tzinfo=UTC)
    for when, text in _packets(recorded.files.get("vr.tcpdump.txt", b"").decode()):
        yield when, "wire", "tcpdump", text
    for name, source in FILES.items():
        for line in recorded.files.get(name, b"").decode().splitlines():
            found = _LINE.fullmatch(line)
            if found is None or found[2] not in _TAGS[source] or _NOISE.search(line):
                continue
            if found[2] == "xl2tpd" and re.match(r"St(art|opp)ing xl2tpd", found[4]):
                continue
            moment = datetime.strptime(f"{year.year} {found[1]}", "%Y %b %d %H:%M:%S")
            yield int(moment.replace(tzinfo=UTC).timestamp()), source, found[2], found[4]


def _packets(text: str) -> Iterator[tuple[int, str]]:
    parts = _PACKET.split(text)
    for stamp, packet in zip(parts[1::2], parts[2::2], strict=True):
        moment = datetime.strptime(stamp, "%Y-%m-%d %H:%M:%S").replace(tzinfo=UTC)
        yield int(moment.timestamp()), packet.rstrip("\n")


_WORDS: Final = (
    (r"(?<=10\.1\.2\.1:)10\.1\.2\.\d+(?!\d|\.\d)", "offered"),
    (r"r-42-VM|r-77-VM", "router"),
    (r"203\.0\.113\.10(?!\d)", "public"),
    (r"203\.0\.113\.(?:77|99)(?!\d)", "client"),
    (r"192\.168\.77\.1[12](?!\d)", "private"),
    (r"10\.1\.2\.1(?!\d|\.\d)", "local"),
    (r"10\.1\.2\.\d+(?!\d|\.\d)", "inner"),
    (r"\bppp\d\b", "link"),
    (r'(?<=name = ")(?:alice|bob|mallory)|(?<=Peer )(?:alice|bob|mallory)', "user"),
    (r"(?<=authenticating )\w+$", "user"),
    (r"\bcli[AB]\b", "device"),
    (r"(?<=\(pid )\d+", "script_pid"),
    (r"^\[ *\d+\.\d+\]", "kernel"),
)


def _blanks(texts: list[str]) -> Callable[[str], str]:
    """What takes the words of one scene out of its lines."""
    everything = "\n".join(texts)
    exact: dict[str, str] = {}

    def found(pattern: str, *names: str) -> None:
        for match in re.finditer(pattern, everything):
            for value, name in zip(match.groups(), names, strict=True):
                exact.setdefault(value, name)

    found(
        r"Connection established to \S+ \d+\.  Local: (\d+), Remote: (\d+)", "tunnel", "peer_tunnel"
    )
    found(
        r"Call established with \S+ PID: (\d+), Local: (\d+), Remote: (\d+)",
        *("pid", "call", "peer_call"),
    )
    found(r"call_close: Call (\d+) to", "call")
    found(r"ASSND_TUN_ID\((\d+)\)", "peer_tunnel")
    found(r"SPIs (c[0-9a-f]{7})_i (c[0-9a-f]{7})_o", "spi_in", "spi_out")
    ids = re.findall(r"(?:QUICK_MODE|INFORMATIONAL_V1) (?:request|response) (\d{6,})", everything)
    for number, message in enumerate(dict.fromkeys(ids), 1):
        exact.setdefault(message, f"message{number}")
        exact.setdefault(f"{int(message):08x}", f"msgid{number}")
    longest_first = sorted(exact, key=len, reverse=True)
    either = "|".join(map(re.escape, longest_first)) or "(?!)"
    words = re.compile(rf"(?<![\w.])({either})(?![\w.])")
    spis = re.compile(r"(?<=0x)c[0-9a-f]{7}\b|\bc[0-9a-f]{7}(?=_[io]\b)")

    def blank(text: str) -> str:
        for pattern, name in _WORDS:
            text = re.sub(pattern, f"⟦{name}⟧", text)
        text = re.sub(r"^\+ ⟦client⟧ ⟦client⟧", "+ ⟦private⟧ ⟦client⟧", text)
        text = re.sub(r"L2TP-PSK\[\d+\]", "L2TP-PSK[⟦ike⟧]", text)
        text = re.sub(r"L2TP-PSK\{\d+\}", "L2TP-PSK{⟦child⟧}", text)
        text = spis.sub(
            lambda m: f"⟦{exact[m.group()]}⟧" if m.group() in exact else m.group(), text
        )
        text = re.sub(r"<([0-9a-f]{16,})>", lambda m: f"<⟦hex{len(m[1])}⟧>", text)
        text = re.sub(r"S=([0-9A-F]{40})", "S=⟦HEX40⟧", text)
        text = re.sub(r"C=([0-9A-F]{32})", "C=⟦HEX32⟧", text)
        return words.sub(lambda m: f"⟦{exact[m[1]]}⟧", text)

    return blank
