"""Commands of the registry that show the ends of logs. Their facts are lines without secrets.

For more than the last lines there are `slices` and the followers.
"""

from tui.router.registry import Command, allow, shell
from tui.router.system_facts import read_log_lines


def _tail(name: str, file: str) -> Command[tuple[str, ...]]:
    return allow(name, ("tail", "-n", "40", f"/var/log/{file}"), read_log_lines, statuses=(0, 1))


def _journal(name: str, *words: str) -> Command[tuple[str, ...]]:
    return allow(name, ("journalctl", "--no-pager", *words), read_log_lines, statuses=(0, 1))


TAIL_DAEMON_LOG = _tail("tail_daemon_log", "daemon.log")
TAIL_MESSAGES = _tail("tail_messages", "messages")
TAIL_CLOUD_LOG = _tail("tail_cloud_log", "cloud.log")
TAIL_AUTH_LOG = _tail("tail_auth_log", "auth.log")
TAIL_HAPROXY_LOG = _tail("tail_haproxy_log", "haproxy.log")

_LAST = ("-n", "40", "-o", "json")
JOURNAL_STRONGSWAN = _journal("journal_strongswan", *_LAST, "-u", "strongswan-starter")
JOURNAL_CHARON = _journal("journal_charon", *_LAST, "-t", "charon")
JOURNAL_XL2TPD = _journal("journal_xl2tpd", *_LAST, "-t", "xl2tpd")
JOURNAL_PPPD = _journal("journal_pppd", *_LAST, "-t", "pppd")
JC_PPPD_ERRORS = allow(
    "jc_pppd_errors",
    shell("journalctl --no-pager -n 20 -o short-iso-precise -p err -t pppd"),
    read_log_lines,
    statuses=(0, 1),
)
"""What pppd says of unknown users and missing passwords: in no file at all."""
