"""The daemons of the VPN: processes, sockets, and what charon has loaded.

A unit's word counts for nothing: `xl2tpd.service` says active after its process died, and
`systemctl start` then starts nothing.
"""

import re
from typing import Final

from tui.diagnose.checks import Proof
from tui.diagnose.subject import Result, Subject, failed, passed, prove, skipped, unknown, warned
from tui.diagnose.xl2tpd_start import Reading, reading
from tui.router import commands
from tui.router.commands import Command
from tui.router.ipsec_facts import L2TP_PORT
from tui.router.survey import Unanswered
from tui.router.system_facts import Listener, Process

_OPEN_TO_ALL: Final = ("0.0.0.0", "*")  # noqa: S104 - what a socket says, not where we listen
HOLDERS: Final = {500: "charon", 4500: "charon", L2TP_PORT: "xl2tpd"}
"""The daemon that each port belongs to."""
RESTART_XL2TPD: Final = (
    "Restart xl2tpd on the router (`systemctl restart xl2tpd`; `start` does nothing while its unit "
    "says active). Nothing that CloudStack does short of a reboot starts it again."
)
START_IPSEC: Final = (
    "Stop xl2tpd first, or it accepts L2TP without encryption until strongSwan is up: `systemctl "
    "stop xl2tpd`, `systemctl restart strongswan-starter`, `systemctl restart xl2tpd`."
)
_START_BOTH: Final = (
    "Start strongSwan, then xl2tpd: `systemctl restart strongswan-starter`, `systemctl restart "
    "xl2tpd`."
)
JUST_STARTED: Final = 15
"""Seconds after its start in which charon may still read its plugins and its configuration."""


def charon_process(subject: Subject) -> Result:
    """strongSwan's daemon runs."""
    not_due = subject.not_due()
    if not_due is not None:
        return not_due
    running = processes(subject, commands.PGREP_CHARON, "charon")
    if isinstance(running, Unanswered):
        return unknown(running)
    unit = _unit(subject, "strongswan-starter")
    if running:
        said = prove("pgrep_charon", *(f"{each.pid} {each.arguments}" for each in running))
        return passed(f"charon runs (process {running[0].pid})", said)
    return failed(
        "charon does not run: nobody can connect with IPsec",
        (*prove("pgrep_charon", "no process"), *unit),
        _start_ipsec(subject),
        "repair",
    )


def _start_ipsec(subject: Subject) -> str:
    """How strongSwan is started; an xl2tpd that does not run need not be stopped first."""
    xl2tpd = processes(subject, commands.PGREP_XL2TPD, "xl2tpd")
    return _START_BOTH if not isinstance(xl2tpd, Unanswered) and not xl2tpd else START_IPSEC


def charon_age(subject: Subject) -> int | None:
    """Seconds for which charon has run, where it was started just now; else None."""
    table = subject.fact(commands.PS_VPN)
    if isinstance(table, Unanswered):
        return None
    ages = [each.age for each in table if each.name == "charon"]
    return min(ages) if ages and min(ages) < JUST_STARTED else None


def xl2tpd_process(subject: Subject) -> Result:
    """The L2TP daemon runs."""
    not_due = subject.not_due()
    if not_due is not None:
        return not_due
    running = processes(subject, commands.PGREP_XL2TPD, "xl2tpd")
    if isinstance(running, Unanswered):
        return unknown(running)
    if running:
        said = prove("pgrep_xl2tpd", *(f"{each.pid} {each.arguments}" for each in running))
        return passed(f"xl2tpd runs (process {running[0].pid})", said)
    unit = _unit(subject, "xl2tpd")
    claims = any(proof.text == "xl2tpd: active" for proof in unit)
    says = "xl2tpd does not run: people get as far as IPsec and no further"
    if claims:
        says += "; its unit says active, which means nothing"
    return failed(
        says,
        (*prove("pgrep_xl2tpd", "no process"), *unit),
        f"{_first(subject)}{RESTART_XL2TPD}",
        "repair",
    )


def _first(subject: Subject) -> str:
    """What has to be put right before xl2tpd starts at all."""
    wrong = unknown_xl2tpd_lines(subject)
    if not wrong:
        return ""
    return f"Take `{wrong[0]}` out of /etc/xl2tpd/xl2tpd.conf first: xl2tpd refuses the file. "


def _unit(subject: Subject, name: str) -> tuple[Proof, ...]:
    """What systemd says of a unit."""
    said = subject.fact(commands.SYSTEMCTL_IS_ACTIVE)
    if isinstance(said, Unanswered):
        return ()
    return prove("systemctl_is_active", f"{name}: {said.get(name, 'not known')}")


def processes(
    subject: Subject, command: Command[tuple[Process, ...]], name: str
) -> tuple[Process, ...] | Unanswered:
    """The processes called `name`; what `ps` said counts where `pgrep` was not asked."""
    said = subject.fact(command)
    if not isinstance(said, Unanswered):
        # `pgrep` looks for a part of the name: `xl2tpd-control` is no xl2tpd.
        return tuple(each for each in said if each.name == name)
    table = subject.fact(commands.PS_VPN)
    if not isinstance(table, Unanswered):
        return tuple(Process(each.pid, each.arguments) for each in table if each.name == name)
    sockets = listeners(subject)
    if not isinstance(sockets, Unanswered):
        held = sorted({each.pid for each in sockets if each.process == name})
        if held:
            return tuple(Process(pid, name) for pid in held)
    return said


def listeners(subject: Subject) -> tuple[Listener, ...] | Unanswered:
    """UDP sockets: of the VPN's ports, or all of them where only that was asked."""
    said = subject.fact(commands.SS_VPN_PORTS)
    if not isinstance(said, Unanswered):
        return said
    every = subject.fact(commands.SS_UDP)
    return said if isinstance(every, Unanswered) else every


def open_ports(subject: Subject) -> set[int] | Unanswered:
    """UDP ports that the VPN's own daemons hold open on the public address."""
    said = _public(subject)
    if isinstance(said, Unanswered):
        return said
    return {each.port for each in said if each.process in ("", HOLDERS.get(each.port))}


def _public(subject: Subject) -> tuple[Listener, ...] | Unanswered:
    """The sockets on the public address."""
    said = listeners(subject)
    if isinstance(said, Unanswered):
        return said
    wanted = {*_OPEN_TO_ALL, subject.public_ip}
    return tuple(each for each in said if each.address.partition("%")[0] in wanted)


def _foreign(subject: Subject, closed: list[int]) -> tuple[Listener, ...]:
    """Sockets of other programs on ports that the VPN's daemons lack."""
    said = _public(subject)
    if isinstance(said, Unanswered):
        return ()
    return tuple(
        each
        for each in said
        if each.port in closed and each.process not in ("", HOLDERS.get(each.port))
    )


def ports_listening(subject: Subject) -> Result:
    """The ports are open of those daemons that run."""
    not_due = subject.not_due()
    if not_due is not None:
        return not_due
    open_now = open_ports(subject)
    if isinstance(open_now, Unanswered):
        return unknown(open_now)
    charon = processes(subject, commands.PGREP_CHARON, "charon")
    xl2tpd = processes(subject, commands.PGREP_XL2TPD, "xl2tpd")
    wanted: dict[int, str] = {}
    if not isinstance(charon, Unanswered) and charon:
        wanted |= {500: "charon", 4500: "charon"}
    if not isinstance(xl2tpd, Unanswered) and xl2tpd:
        wanted |= {1701: "xl2tpd"}
    closed = sorted(set(wanted) - open_now)
    evidence = subject.quote("ss_vpn_ports", "UNCONN") or prove("ss_vpn_ports", "no socket")
    if closed:
        if taken := _foreign(subject, closed):
            return _held(taken, {port: wanted[port] for port in closed}, evidence)
        return _closed(subject, {port: wanted[port] for port in closed}, evidence)
    if not wanted:
        silent = next((each for each in (charon, xl2tpd) if isinstance(each, Unanswered)), None)
        if silent is not None:
            return unknown(silent)
        return skipped("follows from charon_process and xl2tpd_process: no daemon runs", evidence)
    ports = ", ".join(str(port) for port in sorted(wanted))
    return passed(f"UDP {ports} open", evidence)


def _silent(ipsec: Unanswered) -> Result:
    """What is said of a charon that runs and does not answer in time."""
    return warned(
        "charon runs and does not answer: it may hang, and then nobody new can connect",
        prove(ipsec.name, ipsec.why),
        "Look again in a minute. If it still does not answer, restart strongSwan, which cuts "
        f"everybody off. {START_IPSEC}",
        "repair",
    )


def _closed(subject: Subject, closed: dict[int, str], evidence: tuple[Proof, ...]) -> Result:
    """What is said of ports that a running daemon does not hold: port to daemon."""
    ports = ", ".join(str(port) for port in closed)
    holders = tuple(dict.fromkeys(closed.values()))
    age = charon_age(subject)
    if holders == ("charon",) and age is not None:
        return unknown(
            f"charon was started {age} s ago and has not opened UDP {ports} yet: look again"
        )
    says = f"UDP {ports} closed although {' and '.join(holders)} runs"
    if "charon" in holders:
        return failed(says, evidence, START_IPSEC, "repair", ("restart_charon",))
    line = _narrow_listen_line(subject)
    if line:
        return failed(
            f"{says}: `{line}` in its file lets it listen there alone",
            (*evidence, *prove("xl2tpd_conf", line)),
            f"Take `{line}` out of /etc/xl2tpd/xl2tpd.conf, then `systemctl restart xl2tpd`. "
            "Whoever is connected has to connect again.",
            "",
            ("edit_xl2tpd", "restart_xl2tpd"),
        )
    return failed(says, evidence, RESTART_XL2TPD, "repair", ("restart_xl2tpd",))


def _narrow_listen_line(subject: Subject) -> str:
    """The line of xl2tpd.conf that keeps xl2tpd off the public address; empty without one."""
    written = subject.fact(commands.XL2TPD_CONF)
    if isinstance(written, Unanswered):
        return ""
    address = written.options.get("listen-addr", "")
    if not address or address in (*_OPEN_TO_ALL, subject.public_ip):
        return ""
    return f"listen-addr = {address}"


def _held(
    taken: tuple[Listener, ...], closed: dict[int, str], evidence: tuple[Proof, ...]
) -> Result:
    """Another program has the port of a daemon that runs."""
    programs = " and ".join(dict.fromkeys(each.process for each in taken))
    pids = " ".join(dict.fromkeys(str(each.pid) for each in taken))
    daemons = " and ".join(dict.fromkeys(closed.values()))
    return failed(
        "; ".join(
            f"UDP {each.port} is held by {each.process}, not by {closed[each.port]}"
            for each in taken
        ),
        evidence,
        f"End {programs} on the router (`kill {pids}`), and see that it does not come again. Then "
        f"restart {daemons}: " + (START_IPSEC if "charon" in daemons else RESTART_XL2TPD),
        "repair",
    )


def conn_loaded(subject: Subject) -> Result:
    """charon has the connection for the public address."""
    not_due = subject.not_due()
    if not_due is not None:
        return not_due
    charon = processes(subject, commands.PGREP_CHARON, "charon")
    if not isinstance(charon, Unanswered) and not charon:
        return skipped("follows from charon_process: charon does not run")
    ipsec = subject.fact(commands.IPSEC_STATUSALL)
    if isinstance(ipsec, Unanswered):
        return (
            unknown(ipsec)
            if isinstance(charon, Unanswered) or not ipsec.is_too_slow
            else _silent(ipsec)
        )
    if not ipsec.running:
        if isinstance(charon, Unanswered):
            return skipped("follows from charon_process: charon does not run")
        age = charon_age(subject)
        if age is not None:
            return unknown(f"charon was started {age} s ago and does not answer yet: look again")
        return unknown("charon runs and does not answer `ipsec statusall`")
    if not subject.public_ip:
        return unknown("the address of the VPN is not known")
    evidence = prove(
        "ipsec_statusall",
        *(f"{each.name}: {each.local}...{each.remote}" for each in ipsec.connections),
    )
    if any(each.local == subject.public_ip for each in ipsec.connections):
        return passed(f"connection for {subject.public_ip} loaded", evidence)
    lines = subject.lines("l2tp_conf")
    written = prove(
        "l2tp_conf",
        *(
            line
            for line in ([] if isinstance(lines, Unanswered) else lines)
            if line.partition("#")[0].strip().startswith(("left=", "leftid="))
        ),
    )
    others = ", ".join(sorted({each.local for each in ipsec.connections}))
    return failed(
        f"charon has no connection for {subject.public_ip}"
        + (f", only for {others}" if others else "")
        + ": clients get NO_PROPOSAL_CHOSEN",
        (*(evidence or prove("ipsec_statusall", "no connection")), *written),
        "Have CloudStack program the router again (restart of the network without clean-up, or a "
        "reboot of the router by CloudStack); if the file is right, `ipsec update` loads it.",
        "repair",
    )


_KNOWN_XL2TPD: Final = re.compile(
    r"port|listen-addr|(no )?(ip range|lac)|lns|assign ip|local ip( range)?|hidden bit|length bit"
    r"|(require|refuse|unix)[ -](pap|chap|authentication)|name|hostname|ppp debug|pass peer"
    r"|pppoptfile|(call |tunnel )?rws|flow bit|challenge|((tx|rx) )?bps|exclusive|max retries"
    r"|cap backoff|debug (tunnel|avp|packet|network|state)|auth file|force userspace"
    r"|(ipsec )?saref( refinfo)?|ipsec refinfo|rand source|access control|auth level|defaultroute"
    r"|(autodial|redial)( timeout)?|max redials"
)
"""Keys that xl2tpd 1.3.18 reads (`file.c`); any other ends it."""


def unknown_xl2tpd_lines(subject: Subject) -> list[str]:
    """Lines of xl2tpd.conf that xl2tpd refuses; none where the file was not read."""
    lines = subject.lines("xl2tpd_conf")
    if isinstance(lines, Unanswered):
        return []
    found = []
    for line in lines:
        bare = line.partition(";")[0].strip()
        key, separator, _ = bare.partition("=")
        words = " ".join(key.lower().split())
        if separator and not bare.startswith(("[", "#")) and not _KNOWN_XL2TPD.fullmatch(words):
            found.append(bare)
    return found


def xl2tpd_settings(subject: Subject) -> Result:
    """Nothing in xl2tpd.conf keeps xl2tpd from starting."""
    not_due = subject.not_due(on_standby=True)
    if not_due is not None:
        return not_due
    lines = subject.lines("xl2tpd_conf")
    if isinstance(lines, Unanswered):
        return unknown(lines)
    wrong = unknown_xl2tpd_lines(subject)
    read = reading(subject)
    has_read_it = isinstance(read, Reading) and read.is_older is False
    if wrong and not has_read_it:
        says = f"xl2tpd does not know `{wrong[0]}` and will not start with it"
        if "max-connections" in wrong[0]:
            says += "; guides recommend it, but xl2tpd has no such key"
        return failed(
            says,
            prove("xl2tpd_conf", *wrong),
            "Take the line out of /etc/xl2tpd/xl2tpd.conf; if xl2tpd does not run, `systemctl "
            "restart xl2tpd`. How many people may be connected is decided by the number of "
            "addresses in the range.",
        )
    return passed("xl2tpd.conf has only keys that xl2tpd knows", prove("xl2tpd_conf", *lines[:8]))


def units_failed(subject: Subject) -> Result:
    """No unit has failed on the router."""
    units = subject.fact(commands.SYSTEMCTL_FAILED)
    if isinstance(units, Unanswered):
        return unknown(units)
    if units:
        return failed(
            f"systemd calls these failed: {', '.join(units)}",
            subject.quote("systemctl_failed"),
            "Look into the journal of the unit; a reboot of the router by CloudStack starts all.",
        )
    return passed("no unit has failed")
