"""What tests of headless commands share."""

import pytest

from tests.commands.contexts import Printed


@pytest.fixture
def printed(capsys: pytest.CaptureFixture[str]) -> Printed:
    """What the command under test has printed."""
    return Printed(capsys)
