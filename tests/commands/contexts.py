"""Contexts of headless commands on the embedded lab, and what they have printed."""

import json
from typing import Any

import pytest

from tests.launchers import lab_launcher, saved_profile, secret_of
from tui.commands.opening import Context
from tui.lab.lab import Lab
from tui.settings.model import SshPath


def context_for(
    lab: Lab,
    actor: str = "root",
    *,
    as_json: bool = False,
    read_only: bool = False,
    production: bool = False,
    zones: dict[str, SshPath] | None = None,
) -> Context:
    """The context of a command whose default profile is that of `actor`."""
    saved_profile(lab, "prod", actor, production=production, zones=zones or {})
    return Context(lab_launcher(lab, secret_of(lab, actor), read_only=read_only), "", as_json)


class Printed:
    """What a command has printed since it was last asked."""

    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self._capsys = capsys

    def both(self) -> tuple[str, str]:
        """stdout and stderr."""
        out, err = self._capsys.readouterr()
        return out, err

    def document(self) -> Any:
        """stdout, which has to be one JSON document."""
        return json.loads(self.both()[0])
