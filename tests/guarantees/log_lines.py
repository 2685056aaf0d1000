"""What the tap reported its user."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pytest


def info_lines(caplog: pytest.LogCaptureFixture) -> list[str]:
    """Return the lines at INFO; `caplog.set_level` has to ask for them first."""
    return [line.getMessage() for line in caplog.records if line.levelname == "INFO"]


def warning_lines(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [line.getMessage() for line in caplog.records if line.levelname == "WARNING"]
