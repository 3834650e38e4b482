"""Key, range and users: what CloudStack says, what was programmed, what runs."""

import ipaddress
from typing import Final

from tui.diagnose.check_service import RESTART_XL2TPD, processes
from tui.diagnose.checks import Proof
from tui.diagnose.subject import Result, Subject, failed, passed, prove, skipped, unknown, warned
from tui.diagnose.xl2tpd_start import Reading, reading
from tui.router import commands
from tui.router.session_facts import PppProcess
from tui.router.survey import Unanswered
from tui.router.vpn_facts import ProgrammedVpn, Xl2tpdSettings

_REWRITE: Final = (
    "Have CloudStack write it again: a restart of the network without clean-up, or a reboot of the "
    "router by CloudStack."
)
_RESTART: Final = f"{RESTART_XL2TPD} Whoever is connected is cut off and has to connect again."
_JUST_WRITTEN: Final = 20.0
"""Seconds that CloudStack may take from writing the key to saving the firewall's rules."""


def psk_present(subject: Subject) -> Result:
    """There is a key file with a key in it."""
    not_due = subject.not_due(on_standby=True)
    if not_due is not None:
        return not_due
    digest = subject.fact(commands.PSK_SHA256)
    if isinstance(digest, Unanswered):
        return unknown(digest)
    file = subject.quote("conf_stat", "ipsec.any.secrets")
    if not digest:
        why = prove("psk_sha256", "SHA-256 of nothing: no key in ipsec.any.secrets")
        return failed(
            "the router has no pre-shared key: the file is missing or empty",
            (*why, *file, *prove("psk_stat", _complaint(subject, "psk_stat"))),
            f"{_REWRITE} Until then nobody can connect.",
            "restart",
        )
    return passed("a pre-shared key is there", (*prove("psk_sha256", digest), *file))


def _complaint(subject: Subject, name: str) -> str:
    answer = subject.survey.answers.get(name)
    return answer.stderr if answer is not None else ""


def psk_matches(subject: Subject) -> Result:
    """The key on the router is the one that CloudStack hands out."""
    not_due = subject.not_due(on_standby=True)
    if not_due is not None:
        return not_due
    digest = subject.fact(commands.PSK_SHA256)
    if isinstance(digest, Unanswered):
        return unknown(digest)
    if not digest:
        return skipped("follows from psk_present: there is no key to compare")
    if subject.cloud is None:
        return unknown("CloudStack's word is not here, so the key cannot be compared")
    evidence = prove("psk_sha256", digest)
    if not subject.cloud.psk_sha256:
        touched = _key_touched(subject)
        if touched is not None:
            return warned(
                "the key file was changed after CloudStack programmed the router last; what "
                "CloudStack says here has no key to compare it with",
                (*evidence, *touched),
                _REWRITE,
                "restart",
            )
        return skipped("not compared: what CloudStack says here has no key", evidence)
    told = prove("listRemoteAccessVpns", f"SHA-256 {subject.cloud.psk_sha256}")
    if digest == subject.cloud.psk_sha256:
        return passed("the key is the one of CloudStack", (*evidence, *told))
    return failed(
        "the router's pre-shared key is not the one that CloudStack hands out: whoever has that "
        "one is refused",
        (*evidence, *told),
        _REWRITE,
        "restart",
    )


def _key_touched(subject: Subject) -> tuple[Proof, ...] | None:
    """Evidence that somebody else than CloudStack wrote the key file; None where nothing says so.

    CloudStack writes the key, and saves the firewall's rules some seconds after each push.
    """
    files = subject.fact(commands.CONF_STAT)
    clock = subject.fact(commands.DATE)
    if isinstance(files, Unanswered) or isinstance(clock, Unanswered):
        return None
    written = {file.path: file.modified for file in files}
    key = written.get("/etc/ipsec.d/ipsec.any.secrets")
    rules = written.get("/etc/iptables/rules.v4")
    if key is None or rules is None or key <= rules + 2 or clock - key < _JUST_WRITTEN:
        return None
    return subject.quote("conf_stat", "ipsec.any.secrets", "rules.v4")


def range_loaded(subject: Subject) -> Result:
    """The running xl2tpd hands out the addresses that CloudStack says."""
    not_due = subject.not_due()
    if not_due is not None:
        return not_due
    if not subject.pool:
        return unknown("what addresses clients are to get is not known")
    xl2tpd = processes(subject, commands.PGREP_XL2TPD, "xl2tpd")
    if not isinstance(xl2tpd, Unanswered) and not xl2tpd:
        return skipped("follows from xl2tpd_process: nothing hands out addresses")
    handed = _handed_out(subject)
    outside = [each for each in handed if not _is_in_pool(each.remote_ip, subject)]
    shown = prove(
        "pgrep_pppd", *(f"pppd {each.pid} handed {each.remote_ip} out" for each in handed)
    )
    if outside:
        return failed(
            f"xl2tpd still hands out {outside[0].remote_ip}; CloudStack says {subject.pool}",
            (*shown, *subject.quote("xl2tpd_conf", "ip range", "local ip")),
            _RESTART,
            "repair",
        )
    written = subject.fact(commands.XL2TPD_CONF)
    if isinstance(written, Unanswered):
        return unknown(written)
    file = subject.quote("xl2tpd_conf", "ip range", "local ip")
    is_right = _is_pool(written, subject.pool)
    read = reading(subject)
    if isinstance(read, Unanswered):
        if handed or is_right:
            return unknown(read)
        return _wrong_file(subject, written, file)
    if read is not None and (read.is_older or (read.is_older is None and is_right)):
        return _not_read(subject, read, (*read.evidence, *file, *shown), is_right=is_right)
    if not is_right:
        return _wrong_file(subject, written, file)
    return passed(f"addresses of {subject.pool} are handed out", (*file, *shown))


def _not_read(
    subject: Subject, read: Reading, evidence: tuple[Proof, ...], *, is_right: bool
) -> Result:
    """xl2tpd has not read its present file: what it hands out need not be what stands there.

    A session with the right addresses at both ends shows that it does hand out such ones, but not
    that it knows all of them: a range may have grown.
    """
    local_ip = _local_ip(subject)
    shows = any(each.local_ip == local_ip for each in _handed_out(subject)) if local_ip else False
    if shows and not is_right:
        return warned(
            "xl2tpd.conf was changed after xl2tpd was started and has other addresses than "
            f"CloudStack, which says {subject.pool}: they count from the next start of xl2tpd on",
            evidence,
            _REWRITE,
            "restart",
        )
    if shows and not read.is_of_a_push:
        return passed(
            f"addresses of {subject.pool} are handed out; xl2tpd.conf was changed since, by "
            "somebody else than CloudStack",
            evidence,
            "What was added counts once xl2tpd is restarted, which cuts off whoever is connected.",
        )
    if shows or (is_right and not read.is_of_a_push) or read.is_older is None:
        when = "may have been" if read.is_older is None else "was"
        return warned(
            f"xl2tpd {when} started before its file was changed last, so it may still hand out "
            f"addresses of before; CloudStack says {subject.pool}",
            evidence,
            _RESTART,
            "repair",
        )
    return failed(
        "xl2tpd was started before its file was changed last, so it still hands out the "
        f"addresses of before; CloudStack says {subject.pool}",
        evidence,
        _RESTART,
        "repair",
    )


def _local_ip(subject: Subject) -> str:
    """The router's end of every session, as it was programmed, else as it is written."""
    if isinstance(subject.bag, ProgrammedVpn) and subject.bag.local_ip:
        return subject.bag.local_ip
    written = subject.fact(commands.XL2TPD_CONF)
    return "" if isinstance(written, Unanswered) else written.local_ip


def _wrong_file(subject: Subject, written: Xl2tpdSettings, file: tuple[Proof, ...]) -> Result:
    return failed(
        f"xl2tpd hands out {written.pool or 'nothing'}; CloudStack says {subject.pool}",
        file,
        f"{_REWRITE} Then restart xl2tpd.",
        "repair",
    )


def _handed_out(subject: Subject) -> tuple[PppProcess, ...]:
    """Addresses that the running xl2tpd gave: those of pppds whose session the kernel has.

    A pppd that an earlier xl2tpd has left shows what that one handed out.
    """
    running = subject.fact(commands.PGREP_PPPD)
    live = subject.fact(commands.L2TP_SESSION)
    if isinstance(running, Unanswered) or isinstance(live, Unanswered):
        return ()
    there = {(each.tunnel, each.session) for each in live}
    return tuple(each for each in running if (each.tunnel, each.session) in there)


def pool_ends(pool: str) -> tuple[int, int] | None:
    """First and last address of `first-last` as numbers; None for anything else."""
    first, _, last = pool.partition("-")
    try:
        low = ipaddress.IPv4Address(first.strip())
        high = ipaddress.IPv4Address((last or first).strip())
    except ValueError:
        return None
    return (int(low), int(high)) if low <= high else None


def _is_in_pool(address: str, subject: Subject) -> bool:
    ends = pool_ends(subject.pool)
    return ends is None or ends[0] <= int(ipaddress.IPv4Address(address)) <= ends[1]


def _is_pool(written: Xl2tpdSettings, pool: str) -> bool:
    """Whether the file has the pool; a range that begins with the router's own address inside is
    the same one, as it was asked for."""
    have, want = pool_ends(written.pool), pool_ends(pool)
    if have is None or want is None:
        return written.pool == pool
    if have == want:
        return True
    own = pool_ends(written.local_ip)
    return own is not None and want == (own[0], have[1]) and have[0] == own[0] + 1


def files_agree(subject: Subject) -> Result:
    """What CloudStack programmed, and what the files say, is what it lists."""
    not_due = subject.not_due(on_standby=True)
    if not_due is not None:
        return not_due
    written = subject.fact(commands.XL2TPD_CONF)
    bag = subject.bag
    if isinstance(written, Unanswered):
        return unknown(written)
    if isinstance(bag, Unanswered) or bag is None:
        return unknown(bag or "what was programmed is not known")
    evidence = (
        *prove("bag_remoteaccessvpn", f"range {bag.pool}, local {bag.local_ip}"),
        *subject.quote("xl2tpd_conf", "ip range", "local ip"),
    )
    wrong = []
    told = subject.cloud.pool if subject.cloud is not None else ""
    if told and not _is_pool(Xl2tpdSettings(bag.pool, bag.local_ip), told):
        wrong.append(f"the router was told {bag.pool}, CloudStack says {told}")
    if not _is_pool(written, bag.pool) or written.local_ip != bag.local_ip:
        wrong.append(f"xl2tpd.conf has {written.pool}, the router was told {bag.pool}")
    if wrong:
        return warned("; ".join(wrong), evidence, _REWRITE, "restart")
    return passed("files and programming agree with CloudStack", evidence)
