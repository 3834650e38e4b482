"""Secrets made up by one test must not be redacted from the texts of another."""

from collections.abc import Iterator

import pytest

from tui.safety import redact, secret


@pytest.fixture(autouse=True)
def own_live_values(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Every test starts without live secrets, and takes its own away."""
    monkeypatch.setattr(secret, "_live_values", set())
    monkeypatch.setattr(redact, "_built", (0, str))
    yield
