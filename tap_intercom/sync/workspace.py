"""The workspace that a state is of.

Ids are unique only within a workspace, and a bookmark of one means nothing in another: with a token
of another workspace an incremental run would leave out most of its records without a word.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from tap_intercom.api.client import TOKEN_UNAUTHORIZED
from tap_intercom.errors import RUN_ENDING_ERRORS, IntercomError, OtherWorkspaceError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tap_intercom.sync.run import Run

logger = logging.getLogger("tap-intercom")

STATE_KEY = "workspace_id"
"""Where a state has the id_code of its workspace, beside the bookmarks."""


def from_state(state: Mapping[str, Any]) -> dict[str, str]:
    """Return the part of a state that says of which workspace it is; empty if none does."""
    return {STATE_KEY: state[STATE_KEY]} if state.get(STATE_KEY) else {}


def id_in(state: Mapping[str, Any]) -> str:
    """Return the id of the workspace that a state is of; empty if it is unknown."""
    return str(state.get(STATE_KEY) or "")


def note_workspace(run: Run, state: dict[str, Any]) -> None:
    """Keep the token's workspace in the state, if that is not of another one.

    Without the setting `workspace_column`, a workspace that can't be read is a WARNING.

    Raises:
        OtherWorkspaceError: The state is of another workspace.
        IntercomError: The token or Intercom's host is refused, or no row could have its workspace.
    """
    try:
        found = run.client.workspace_id
    except IntercomError as error:
        is_about_resource = error.code == TOKEN_UNAUTHORIZED  # the token may read others
        ends_run = isinstance(error, RUN_ENDING_ERRORS) and not is_about_resource
        if ends_run or run.settings.workspace_column:
            raise
        logger.warning(
            "Could not read the workspace, so the state was not compared with it: %s", error
        )
        return
    expected = state.setdefault(STATE_KEY, found)
    if expected != found:
        message = f"The access token is of the workspace {found}, but the state of {expected}"
        advice = "Use a token of the state's workspace, or a state of its own for each workspace"
        raise OtherWorkspaceError(message, advice=advice)
