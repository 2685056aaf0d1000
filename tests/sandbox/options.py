"""Sizes and rules of a sandbox: arguments of `SandboxOptions` and options of the command line."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping  # noqa: TC003 - read by `get_type_hints`
from typing import Any, Final, Literal

WORKSPACE: Final = "workspace"
RULES: Final = "rules"


def _option(group: str, default: Any, text: str) -> Any:
    return dataclasses.field(default=default, metadata={"group": group, "help": text})


def _mapping(group: str, text: str) -> Any:
    return dataclasses.field(default_factory=dict, metadata={"group": group, "help": text})


@dataclasses.dataclass(frozen=True)
class SandboxOptions:
    """The size of the workspace, and rules that may change while the sandbox runs."""

    port: int = _option(WORKSPACE, 0, "TCP port on the loopback interface; 0 takes a free one")
    token: str = _option(WORKSPACE, "sandbox-token", "access token that is accepted")
    workspace_id: str = _option(WORKSPACE, "ecahpwf5", "the workspace's id_code")
    seed: int = _option(WORKSPACE, 1, "equal seeds, sizes and clocks give equal workspaces")
    contacts: int = _option(WORKSPACE, 3000, "number of contacts")
    companies: int = _option(WORKSPACE, 400, "number of companies; one in twenty has no users")
    conversations: int = _option(WORKSPACE, 1200, "number of conversations; some are tickets")
    tickets: int = _option(WORKSPACE, 300, "number of tickets")
    long_conversation_parts: int = _option(
        WORKSPACE, 0, "number of parts of the oldest conversation; 0 for as many as usual"
    )
    list_sizes: Mapping[str, int] = _mapping(WORKSPACE, "rows of a list, such as articles=200")
    clock_start: float | None = _option(
        WORKSPACE, None, "what the clock shows at the start, in epoch seconds; default: real time"
    )
    frozen: bool = _option(WORKSPACE, default=False, text="stop the clock from the start")

    latency: float = _option(RULES, 0.0, "seconds from every request to its response, at least")
    latency_by_path: Mapping[str, float] = _mapping(
        RULES, "the same for paths that match a regular expression, such as ^/events=0.2"
    )
    rate_limit: int = _option(RULES, 1666, "number of requests allowed per window")
    window_seconds: float = _option(RULES, 10.0, "length of a rate limit window in seconds")
    reset_offset: int = _option(
        RULES, 6, "seconds from the end of a window to its X-RateLimit-Reset (recorded: 0, 2, 6)"
    )
    rate_limit_headers: bool = _option(RULES, default=True, text="send the X-RateLimit headers")
    other_requests: int = _option(
        RULES, 0, "requests that another program makes per window, evenly spread"
    )
    other_share: float = _option(
        RULES, 0.0, "share (0 to 1) of the rate limit that another program uses, evenly spread"
    )
    timezone: str = _option(RULES, "America/Los_Angeles", "the workspace's time zone (IANA name)")
    index_delay: Mapping[str, float] = _mapping(
        RULES, "seconds after `updated_at` until searches show a record, such as contacts=300"
    )
    fresh_answers: bool = _option(
        RULES,
        default=False,
        text="searches find and sort records by the late index, but show their current values",
    )
    inclusive_comparisons: bool = _option(
        RULES,
        default=True,
        text="> and < include equality in searches of conversations and tickets (documented) and"
        " at the ends of a range of activity logs (not documented)",
    )
    company_search_days: bool = _option(
        RULES,
        default=False,
        text="searches of companies compare calendar days in the workspace's time zone, not seconds"
        " (not documented)",
    )
    empty_scroll_is_404: bool = _option(
        RULES, default=False, text="answer a scroll over no companies with 404"
    )
    cursor_pages_next: Literal["cursor", "url", "absent"] = _option(
        RULES, "cursor", "what `pages.next` is where the documentation names no parameter for it"
    )
    activity_log_range: float | None = _option(
        RULES, None, "longest range of activity logs in seconds; a longer one is answered with 500"
    )
    event_ids: bool = _option(RULES, default=True, text="data events have an id")
    export_polls: int = _option(RULES, 2, "status requests before an export job ends")
    export_seconds: float = _option(RULES, 60.0, "seconds until an export job ends without them")
    export_outcome: Literal["completed", "failed", "canceled", "no_data"] = _option(
        RULES, "completed", "how new export jobs end"
    )
    export_max_days: float | None = _option(
        RULES, None, "longest period of an export job in days; a job with a longer one fails"
    )
    export_max_rows: int | None = _option(
        RULES, None, "rows of a content data export at most; the others are left out"
    )
    export_archive: bool = _option(
        RULES, default=False, text="content data exports are ZIP archives with a file per event"
    )
    reporting_simple_ids: bool = _option(
        RULES, default=False, text="reporting exports of 2.16 accept ids without a prefix, too"
    )
    refused: Mapping[str, str] = _mapping(
        RULES,
        "error code (token_unauthorized, forbidden, api_plan_restricted) for paths that begin with"
        " a regular expression, such as /tickets=forbidden, which also hides conversations that"
        " are tickets",
    )

    def changed(self, **rules: Any) -> SandboxOptions:
        """These options with other rules; a ValueError, if one of them is fixed."""
        changeable = {f.name for f in dataclasses.fields(self) if f.metadata["group"] == RULES}
        if fixed := rules.keys() - changeable:
            raise ValueError(f"cannot be changed: {', '.join(sorted(fixed))}")
        return dataclasses.replace(self, **rules)
