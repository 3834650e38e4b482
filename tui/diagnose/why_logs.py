"""The logs that a bundle has: its files, or what commands of the survey showed of their ends."""

from typing import Final

from tui.diagnose.bundle import Bundle

_ENDS: Final = {
    "tail_daemon_log": "vr.log",
    "tail_messages": "vr.messages.log",
    "tail_cloud_log": "vr.cloud.log",
    "tail_auth_log": "vr.auth.log",
}
"""Commands that show the end of a log, and the bundle's name of that log."""


def logs_of(bundle: Bundle) -> tuple[dict[str, bytes], dict[str, str]]:
    """Logs by the bundle's names, and the real names of those that came from a command."""
    texts = dict(bundle.logs)
    renamed = {}
    for command, name in _ENDS.items():
        answer = bundle.survey.answers.get(command)
        if answer is None or not answer.stdout:
            continue
        if texts.setdefault(name, answer.output.stdout) != answer.output.stdout:
            continue
        renamed[name] = answer.file or command
    return texts, renamed
