"""A bundle as a folder: the router's answers, the API's word, and logs, to be looked at later.

The answers are `<name>.json` as routers were recorded, the API's word is `cloud.json`, the logs
have the names of recorded cases (`vr.log`, `vr.messages.log`, …). Folders of either kind are read:
what lacks is not known. What the clients wrote (`client*.log`) is never read.
"""

import json
import os
import stat
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from tui.diagnose.bundle import Bundle
from tui.diagnose.cloud_json import UnclearVpn, cloud_document, read_cloud
from tui.diagnose.cloud_side import CloudSide
from tui.diagnose.state_text import answers_of
from tui.router import commands
from tui.router.survey import Survey, Unanswered, redacted
from tui.router.survey_folder import read_answers, write_answers

MOST_OF_A_LOG: Final = 64 * 1024 * 1024
"""Bytes of one log that are read: its end, from the beginning of a line."""

LOGS: Final = (
    "vr.log",
    "vr.messages.log",
    "vr.auth.log",
    "vr.haproxy.log",
    "vr.cloud.log",
    "vr.kern.log",
    "vr.pppd-journal.log",
    "vr.tcpdump.txt",
)
"""Logs that a bundle may have: daemon.log and the others of `/var/log`, the journal of pppd, and
what a packet capture printed."""

STATE_FILES: Final = (
    "vr.state.txt",
    "vr.iptables.txt",
    "vr.systemctl.txt",
    "vr.xfrm_stat.txt",
    "vr.chap-secrets.txt",
    "vr.after.txt",
)
"""Outputs of several commands in one text, as recorded cases have them."""

_TAILS: Final = {
    "vr.log": "tail_daemon_log",
    "vr.messages.log": "tail_messages",
    "vr.auth.log": "tail_auth_log",
    "vr.haproxy.log": "tail_haproxy_log",
    "vr.cloud.log": "tail_cloud_log",
}
"""Answers that are the end of a log, for bundles without the log itself."""

_NEW: Final = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC


class NoBundle(ValueError):
    """A folder is no bundle, or a file in it cannot be used: what, and what to do."""

    def __init__(self, what: str, remedy: str) -> None:
        super().__init__(f"{what}; {remedy}")
        self.what = what
        self.remedy = remedy


def is_bundle(folder: Path) -> bool:
    """Whether `folder` itself has something that belongs to a bundle."""
    try:
        names = {each.name for each in folder.iterdir()}
    except OSError:
        return False
    answers = {f"{name}.json" for name in commands.REGISTRY}
    return bool(names & {"cloud.json", *LOGS, *STATE_FILES, *answers})


def bundles_in(folder: Path) -> tuple[Path, ...]:
    """The bundles that `folder` holds: itself, or those of several routers in it.

    Raises `NoBundle` where there is none.
    """
    if not folder.exists():
        raise NoBundle(f"there is no folder {folder}", "name the folder of a bundle")
    if not folder.is_dir():
        raise NoBundle(f"{folder} is not a folder", "name the folder that a bundle was saved to")
    if is_bundle(folder):
        return (folder,)
    try:
        found = tuple(
            each for each in sorted(folder.iterdir()) if each.is_dir() and is_bundle(each)
        )
    except OSError as error:
        raise NoBundle(
            f"{folder} cannot be read: {error.strerror}", "look at its rights"
        ) from error
    if not found:
        raise NoBundle(
            f"{folder} has neither answers of a router nor its logs",
            "name a folder with `<command>.json`, `cloud.json` or `vr.log` in it",
        )
    return found


def read_bundle(folder: Path) -> Bundle:
    """Read `folder`. Raises `NoBundle` where it is none, or its `cloud.json` cannot be used."""
    if len(bundles_in(folder)) > 1 or not is_bundle(folder):
        raise NoBundle(f"{folder} has bundles of several routers", "name one of the folders in it")
    try:
        survey = read_answers(folder)
    except OSError as error:
        raise NoBundle(
            f"{folder} cannot be read: {error.strerror}", "look at its rights"
        ) from error
    _add_state_files(folder, survey)
    return Bundle(
        survey=survey,
        cloud=_read_cloud(folder, survey),
        logs=_read_logs(folder, survey),
        clock_offset=clock_offset(survey),
    )


def _add_state_files(folder: Path, survey: Survey) -> None:
    more = sorted(path.name for path in folder.glob("vr.*.txt"))
    for name in dict.fromkeys((*STATE_FILES, *more)):
        raw = _content(folder, name)
        if raw is None:
            continue
        for command, answer in answers_of(name, raw.decode("utf-8", "replace")).items():
            if survey.answers.setdefault(command, answer) is answer:
                survey.failures.pop(command, None)


def _read_cloud(folder: Path, survey: Survey) -> CloudSide | None:
    raw = _content(folder, "cloud.json")
    if raw is None:
        return None
    try:
        return read_cloud(raw, _addresses(survey))
    except UnclearVpn:
        return None
    except ValueError as error:
        raise NoBundle(
            f"{folder / 'cloud.json'} cannot be used: {error}",
            "take it away to do without what CloudStack says",
        ) from error


def _addresses(survey: Survey) -> tuple[str, ...]:
    """Public addresses of the router by its own word, that of the programmed VPN first; none where
    it did not say which it has."""
    listed = survey.fact(commands.BAG_IPS)
    own = () if isinstance(listed, Unanswered) else listed
    public = tuple(each.address for each in own if each.kind == "public")
    bag = survey.fact(commands.BAG_REMOTEACCESSVPN)
    if isinstance(bag, Unanswered) or bag is None:
        return public
    return (bag.public_ip, *public)


def _read_logs(folder: Path, survey: Survey) -> Mapping[str, bytes]:
    logs = {name: raw for name in LOGS if (raw := _content(folder, name)) is not None}
    return {**logs_in(survey), **logs}


def logs_in(survey: Survey) -> dict[str, bytes]:
    """The ends of logs that belong to the answers, by the names that a bundle has for the logs."""
    logs = {}
    for name, command in _TAILS.items():
        answer = survey.answers.get(command)
        if answer is not None and answer.status == 0 and answer.stdout:
            logs[name] = answer.output.stdout
    journal = survey.answers.get("journal_pppd")
    if journal is not None and journal.stdout.strip():
        logs["vr.pppd-journal.log"] = journal_text(journal.stdout.splitlines())
    return logs


def journal_text(entries: Iterable[str]) -> bytes:
    """Entries of `journalctl -o json` as lines of a log, in UTC; what is no entry is left out."""
    lines = []
    for entry in entries:
        try:
            read = json.loads(entry)
            seconds = int(read["__REALTIME_TIMESTAMP"]) / 1e6
            message = read.get("MESSAGE") or ""
        except (ValueError, KeyError, TypeError):
            continue
        if isinstance(message, list):
            message = bytes(message).decode("utf-8", "replace")
        when = datetime.fromtimestamp(seconds, UTC)
        host = read.get("_HOSTNAME", "router")
        name = read.get("SYSLOG_IDENTIFIER", "?")
        pid = read.get("_PID") or read.get("SYSLOG_PID") or "?"
        for part in str(message).split("\n"):
            lines.append(f"{when:%b} {when.day:2} {when:%H:%M:%S} {host} {name}[{pid}]: {part}\n")
    return "".join(lines).encode()


def clock_offset(survey: Survey) -> float:
    """The router's clock minus ours in seconds; 0 where no answer says when it was asked."""
    answer = survey.answers.get(commands.DATE.name)
    clock = survey.fact(commands.DATE)
    if answer is None or answer.taken is None or isinstance(clock, Unanswered):
        return 0.0
    return clock - answer.taken.timestamp()


def _content(folder: Path, name: str) -> bytes | None:
    """The file `name`, of a long one its end; None where there is no such plain file.

    A link that leads out of the folder is no part of a bundle; a pipe would never end.
    """
    path = folder / name
    try:
        inside = path.resolve(strict=True)
        if not inside.is_relative_to(folder.resolve()):
            return None
        descriptor = os.open(inside, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return None
    found = os.fstat(descriptor)
    if not stat.S_ISREG(found.st_mode):
        os.close(descriptor)
        return None
    with os.fdopen(descriptor, "rb") as file:
        if found.st_size <= MOST_OF_A_LOG:
            return file.read(MOST_OF_A_LOG)
        file.seek(found.st_size - MOST_OF_A_LOG)
        return file.read(MOST_OF_A_LOG).partition(b"\n")[2]


def write_bundle(folder: Path, bundle: Bundle) -> None:
    """Write `bundle` into `folder`, without its secrets and open to nobody else.

    Raises `NoBundle` where the folder has other things in it, and `OSError`.
    """
    if folder.is_dir() and any(folder.iterdir()) and not is_bundle(folder):
        raise NoBundle(f"{folder} has other things in it", "name a new or an empty folder")
    # Answers and logs of another moment must not be taken for those of this one.
    for old in tuple(folder.glob("*.json")) + tuple(folder.glob("vr.*")) if folder.is_dir() else ():
        old.unlink()
    write_answers(folder, bundle.survey)
    if bundle.cloud is not None:
        _write(folder / "cloud.json", json.dumps(cloud_document(bundle.cloud), indent=1).encode())
    for name, text in bundle.logs.items():
        if name not in LOGS:
            raise ValueError(f"{name!r} is no log of a bundle")
        clean = redacted(text.decode("utf-8", "surrogateescape"))
        _write(folder / name, clean.encode("utf-8", "surrogateescape"))


def _write(path: Path, content: bytes) -> None:
    descriptor = os.open(path, _NEW, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        os.fchmod(descriptor, 0o600)
        file.write(content)
