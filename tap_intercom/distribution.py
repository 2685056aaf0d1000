"""The distribution that this package was installed from."""

from __future__ import annotations

from functools import cache
from importlib.metadata import entry_points

COMMAND = "tap-intercom"


@cache
def distribution_name() -> str:
    """Return the name of the distribution that provides the command `tap-intercom`.

    A release may be built under another name than the command's; see CONTRIBUTING.md.
    """
    for command in entry_points(group="console_scripts", name=COMMAND):
        if command.dist is not None and command.module.startswith("tap_intercom."):
            return command.dist.name
    return COMMAND
