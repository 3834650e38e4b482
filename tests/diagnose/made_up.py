"""Logs of situations that no recording shows, made of recorded ones and of what the daemons write.

The lines are those of the router's reference: strongSwan 5.9.8, xl2tpd 1.3.18, ppp 2.4.9.
"""

from collections.abc import Iterable

from tests.diagnose.retold import retold

CLIENT = "198.51.100.23"
ROUTER = "192.0.2.44"

Files = dict[str, bytes]


def _charon(lines: Iterable[str], clock: str, thread: str = "07") -> bytes:
    return "".join(f"Nov 23 {clock} r-42-VM charon: {thread}{line}\n" for line in lines).encode()


def _begun(*more: str, clock: str = "08:00:00", thread: str = "07") -> bytes:
    """A client that comes as far as the key exchange, and what follows on the same thread."""
    return _charon(
        (
            f"[NET] received packet: from {CLIENT}[500] to {ROUTER}[500] (280 bytes)",
            "[ENC] parsed ID_PROT request 0 [ SA V V V V V ]",
            f"[IKE] {CLIENT} is initiating a Main Mode IKE_SA",
            "[CFG] selected proposal: IKE:AES_CBC_256/HMAC_SHA1_96/PRF_HMAC_SHA1/MODP_2048",
            "[ENC] generating ID_PROT response 0 [ SA V V V V ]",
            f"[NET] sending packet: from {ROUTER}[500] to {CLIENT}[500] (160 bytes)",
            f"[NET] received packet: from {CLIENT}[500] to {ROUTER}[500] (108 bytes)",
            *more,
        ),
        clock,
        thread,
    )


def xauth() -> Files:
    """A client of the type `Cisco IPsec`."""
    return {
        "vr.log": _begun(
            "[ENC] parsed ID_PROT request 0 [ ID HASH ]",
            f"[CFG] looking for XAuthInitPSK peer configs matching {ROUTER}...{CLIENT}[{CLIENT}]",
            "[IKE] found 1 matching config, but none allows XAuthInitPSK authentication using "
            "Main Mode",
            "[ENC] generating INFORMATIONAL_V1 request 7 [ HASH N(AUTH_FAILED) ]",
        )
    }


def ikev2_wrong_key() -> Files:
    """An IKEv2 client with another key."""
    lines = (
        f"[NET] received packet: from {CLIENT}[500] to {ROUTER}[500] (464 bytes)",
        "[ENC] parsed IKE_SA_INIT request 0 [ SA KE No N(NATD_S_IP) N(NATD_D_IP) ]",
        f"[IKE] {CLIENT} is initiating an IKE_SA",
        "[CFG] selected proposal: IKE:AES_CBC_256/HMAC_SHA2_256_128/PRF_HMAC_SHA2_256/MODP_2048",
        "[ENC] generating IKE_SA_INIT response 0 [ SA KE No N(NATD_S_IP) N(NATD_D_IP) ]",
        f"[NET] received packet: from {CLIENT}[4500] to {ROUTER}[4500] (288 bytes)",
        "[ENC] parsed IKE_AUTH request 1 [ IDi N(INIT_CONTACT) IDr AUTH SA TSi TSr ]",
        f"[CFG] looking for peer configs matching {ROUTER}[{ROUTER}]...{CLIENT}[{CLIENT}]",
        "[CFG] selected peer config 'L2TP-PSK'",
        f"[IKE] tried 1 shared key for '{ROUTER}' - '{CLIENT}', but MAC mismatched",
        "[ENC] generating IKE_AUTH response 1 [ N(AUTH_FAILED) ]",
    )
    return {"vr.log": _charon(lines, "08:00:00")}


def wrong_key_behind_nat() -> Files:
    """A wrong key, found out on UDP 4500."""
    unreadable = (
        f"[NET] received packet: from {CLIENT}[4500] to {ROUTER}[4500] (108 bytes)",
        "[ENC] invalid ID_V1 payload length, decryption failed?",
        "[ENC] could not decrypt payloads",
        "[IKE] message parsing failed",
        "[ENC] generating INFORMATIONAL_V1 request 748 [ HASH N(PLD_MAL) ]",
        "[IKE] ID_PROT request with message ID 0 processing failed",
    )
    late = _charon((f"[JOB] deleting half open IKE_SA with {CLIENT} after timeout",), "08:00:30")
    return {"vr.log": _begun("[IKE] remote host is behind NAT", *unreadable) + late}


def tunnel_mode() -> Files:
    """A client that wants tunnel mode: the selectors look right."""
    start = retold("ts_mismatch")["vr.log"]
    return {"vr.log": start.replace(b"tcp/1723", b"udp/l2f")}


def answers_lost() -> Files:
    """ESP from the router to the client is lost."""
    lines = [f"control_finish: Peer requested tunnel {7485} twice, ignoring second one."] * 4
    lines += [
        "Maximum retries exceeded for tunnel 21305.  Closing.",
        f"Connection 7485 closed to {CLIENT}, port 1701 (Timeout)",
    ]
    said = "".join(f"Nov 22 23:49:3{n} r-42-VM xl2tpd[9684]: {t}\n" for n, t in enumerate(lines))
    return {"vr.log": retold("esp_blocked")["vr.log"] + said.encode()}


def frozen_client() -> Files:
    """The client's PPP does not answer any more."""
    files = retold("ok_baseline", number=0)
    said = "".join(
        f"Nov 23 00:09:06 r-42-VM pppd[16288]: {line}\n"
        for line in (
            "No response to 4 echo-requests",
            "Serial link appears to be disconnected.",
            "Connect time 2.5 minutes.",
            "Sent 252 bytes, received 252 bytes.",
        )
    ).encode()
    call = b"Nov 23 00:09:12 r-42-VM xl2tpd[16168]: child_handler : pppd exited for call 58724 "
    return files | {
        "vr.messages.log": files["vr.messages.log"] + said,
        "vr.log": files["vr.log"] + call + b"with code 16\n",
    }


def silent_at_login() -> Files:
    """The client never answers the CHAP challenge."""
    files = retold("mschapv2_wrong_password", number=0)
    journal = b"".join(
        line
        for line in files["vr.pppd-journal.log"].splitlines(keepends=True)
        if b"CHAP Response" not in line and b"failed CHAP" not in line and b"Failure" not in line
    )
    challenge = next(line for line in journal.splitlines(keepends=True) if b"Challenge" in line)
    messages = files["vr.messages.log"].splitlines(keepends=True)
    return files | {
        "vr.pppd-journal.log": journal.replace(challenge, challenge * 5),
        "vr.messages.log": b"".join(line for line in messages if b"failed CHAP" not in line),
    }


def crashed_and_back() -> Files:
    """The client crashed, came back, and the router cleared the old IKE SA away."""
    first = retold("ok_baseline", number=1)
    again = retold("ok_mschapv2", number=2)
    clear = _charon(
        (
            f"[IKE] schedule delete of duplicate IKE_SA for peer '{CLIENT}' due to uniqueness "
            "policy and suspected reauthentication",
            f"[IKE] destroying duplicate IKE_SA for peer '{CLIENT}', received INITIAL_CONTACT",
        ),
        "00:08:00",
        "15",
    )
    second = again["vr.log"].replace(b"Nov 22 23:3", b"Nov 23 00:0").replace(b" 00:03:", b" 00:08:")
    head, mark, tail = second.partition(b"15[IKE] IKE_SA ")
    start = head.rfind(b"\n") + 1
    log = head[:start] + clear + head[start:] + mark + tail
    return {"vr.log": first["vr.log"] + log, "vr.messages.log": first["vr.messages.log"]}


def scans() -> Files:
    """Garbage on the ports, and a scanner's old proposals."""
    lines = (
        f"[NET] received packet: from {CLIENT}[40112] to {ROUTER}[500] (64 bytes)",
        f"[NET] received invalid IKE header from {CLIENT} - ignored",
        "[ENC] header could not be parsed",
        f"[NET] received packet: from {CLIENT}[40113] to {ROUTER}[500] (92 bytes)",
        f"[NET] received unsupported IKE version 3.0 from {CLIENT}, sending INVALID_MAJOR_VERSION",
    )
    return {"vr.log": _charon(lines, "08:00:00")}


def daemon_stopped_wire() -> Files:
    """charon is stopped: its port is closed, which only the wire shows."""
    packets = "".join(
        f"2026-11-23 08:00:0{n}.000100 IP (tos 0x0, ttl 63, id {n}, offset 0, flags [DF], "
        f"proto UDP (17), length 308)\n"
        f"    {CLIENT}.500 > {ROUTER}.500: isakmp 1.0 msgid 00000000: phase 1 I ident:\n"
        f"2026-11-23 08:00:0{n}.000300 IP (tos 0xc0, ttl 64, id 9{n}, offset 0, flags [none], "
        f"proto ICMP (1), length 336)\n"
        f"    {ROUTER} > {CLIENT}: ICMP {ROUTER} udp port 500 unreachable, length 316\n"
        for n in range(3)
    )
    return {"vr.log": b"", "vr.tcpdump.txt": packets.encode()}


def same_name_twice() -> Files:
    """alice from two places."""
    one = retold("ok_baseline", client="198.51.100.1", inside="10.1.2.2", user="al", number=1)
    other = retold("ok_baseline", client="198.51.100.2", inside="10.1.2.3", user="al", number=2)
    return {name: one[name] + other[name] for name in one if name.endswith(".log")}
