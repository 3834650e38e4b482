"""Who is connected: known users, one session each, with addresses of the range."""

import ipaddress
from collections.abc import Iterator

import msgspec

from tui.diagnose.check_drift import pool_ends
from tui.diagnose.subject import Result, Subject, failed, passed, prove, skipped, unknown, warned
from tui.router import commands
from tui.router.survey import Unanswered


class Person(msgspec.Struct, frozen=True):
    """Somebody with a session in the kernel."""

    user: str
    inner_ip: str
    pid: int
    interface: str


def people(subject: Subject) -> tuple[Person, ...] | Unanswered:
    """Who is connected: pppd's records of those processes whose session the kernel has."""
    running, live = subject.fact(commands.PGREP_PPPD), subject.fact(commands.L2TP_SESSION)
    records = subject.fact(commands.TDBDUMP)
    for fact in (running, live, records):
        if isinstance(fact, Unanswered):
            return fact
    return tuple(_real(subject))


def _real(subject: Subject) -> Iterator[Person]:
    running, live = subject.fact(commands.PGREP_PPPD), subject.fact(commands.L2TP_SESSION)
    records = subject.fact(commands.TDBDUMP)
    if (
        isinstance(running, Unanswered)
        or isinstance(live, Unanswered)
        or isinstance(records, Unanswered)
    ):
        return
    there = {(each.tunnel, each.session) for each in live}
    real = {each.pid for each in running if (each.tunnel, each.session) in there}
    for record in records:
        if record.pid in real:
            yield Person(record.user, record.remote_ip, record.pid, record.interface)


def _shown(found: tuple[Person, ...]) -> tuple[str, ...]:
    return tuple(f"pppd {each.pid} {each.interface} {each.user} {each.inner_ip}" for each in found)


def removed_people(subject: Subject) -> Result:
    """Nobody is connected whom CloudStack does not know."""
    found = people(subject)
    if isinstance(found, Unanswered):
        return unknown(found)
    if subject.cloud is None or subject.cloud.users is None:
        return unknown("CloudStack's list of users is not here")
    known = {*subject.cloud.users, *subject.cloud.adding}
    strangers = tuple(each for each in found if each.user and each.user not in known)
    if strangers:
        names = ", ".join(dict.fromkeys(each.user for each in strangers))
        leaving = all(each.user in subject.cloud.removing for each in strangers)
        return failed(
            f"{names} is connected and CloudStack "
            + (f"is removing {names}" if leaving else "does not know the name"),
            prove("tdbdump", *_shown(strangers)),
            "End the session, and take the login out of chap-secrets: `csvpn repair NETWORK "
            "--fix`.",
            "repair",
        )
    return passed("everybody who is connected is known", prove("tdbdump", *_shown(found)))


def inner_addresses(subject: Subject) -> Result:
    """Everybody has an address of the range: a client may take another one, and gets it."""
    found = people(subject)
    if isinstance(found, Unanswered):
        return unknown(found)
    ends = pool_ends(subject.pool)
    if ends is None:
        if not found or not subject.wants_vpn:
            return skipped("there is no range to compare with")
        return unknown("the range of the clients is not known")
    # Who is still logging in has a record and no address yet.
    outside = tuple(each for each in found if each.inner_ip and not _is_within(each.inner_ip, ends))
    if outside:
        return warned(
            f"{outside[0].user or 'somebody'} has {outside[0].inner_ip}, which is not of "
            f"{subject.pool}",
            prove("tdbdump", *_shown(outside)),
            "The client picked it itself, or xl2tpd still hands out an old range (range_loaded). "
            "Rules for the range do not cover it.",
        )
    return passed("everybody has an address of the range", prove("tdbdump", *_shown(found)))


def _is_within(address: str, ends: tuple[int, int]) -> bool:
    try:
        return ends[0] <= int(ipaddress.IPv4Address(address)) <= ends[1]
    except ValueError:
        return False


def shared_logins(subject: Subject) -> Result:
    """One name, one session: the router lets the same name in as often as it likes."""
    found = people(subject)
    if isinstance(found, Unanswered):
        return unknown(found)
    names = [each.user for each in found if each.user]
    doubled = sorted({name for name in names if names.count(name) > 1})
    if doubled:
        several = tuple(each for each in found if each.user in doubled)
        return warned(
            f"{', '.join(doubled)} is connected more than once",
            prove("tdbdump", *_shown(several)),
            "Ask whether that is one person with two machines, or a shared password; give each "
            "person a user.",
            "disconnect",
        )
    return passed("nobody is connected twice")
