"""Bundles made from recorded cases and states, in memory."""

import json
from collections.abc import Mapping

from tests.router.recorded import recording
from tests.router_cases import case
from tui.diagnose.bundle import Bundle
from tui.diagnose.cloud_json import read_cloud
from tui.diagnose.state_text import answers_of
from tui.router.survey import Answer, Survey

LOGS = (
    "vr.log",
    "vr.messages.log",
    "vr.auth.log",
    "vr.haproxy.log",
    "vr.cloud.log",
    "vr.kern.log",
    "vr.pppd-journal.log",
    "vr.tcpdump.txt",
)


def bundle_of(files: Mapping[str, bytes]) -> Bundle:
    """What a folder with `files` holds."""
    answers: dict[str, Answer] = {}
    for name in sorted(files, key=lambda name: name != "vr.state.txt"):
        for command, answer in answers_of(name, files[name].decode("utf-8", "replace")).items():
            answers.setdefault(command, answer)
    logs = {name: text for name, text in files.items() if name in LOGS}
    return Bundle(survey=Survey("r-42-VM", answers), logs=logs)


def bundle_of_case(name: str, *, only: tuple[str, ...] = (), without: str = "") -> Bundle:
    """The case `name`, or a part of its files."""
    files = case(name).files
    return bundle_of(
        {
            each: text
            for each, text in files.items()
            if (not only or each in only) and each != without
        }
    )


def bundle_of_state(name: str) -> Bundle:
    """The recorded state `name`: answers and the API's word, no logs but their ends."""
    recorded = recording(name)
    answers = {
        each: Answer(
            name=each,
            argv=tuple(answer["argv"]),
            status=answer["rc"],
            stdout=answer["stdout"],
            stderr=answer["stderr"],
        )
        for each, answer in recorded["answers"].items()
    }
    cloud = read_cloud(json.dumps(recorded["cloud"]).encode())
    return Bundle(survey=Survey("r-42-VM", answers), cloud=cloud)
