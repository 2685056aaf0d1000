"""What can be chosen about a sandbox."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclasses.dataclass(frozen=True)
class SandboxOptions:
    """The size of the workspace and the rules that differ between workspaces.

    Those of the second group may be changed while the sandbox runs (`Control.set_options`).

    Attributes:
        port: TCP port on the loopback interface; 0 takes a free one.
        token: the access token that is accepted.
        seed: the same seed, sizes and clock give the same workspace.
        contacts: how many contacts.
        companies: how many companies; every twentieth has no users.
        conversations: how many conversations; every tenth is a ticket, as long as there are some.
        tickets: how many tickets.
        long_conversation_parts: parts of the oldest conversation; 0 leaves it as any other.
        list_sizes: kind of a plain list (articles, macros, calls ...) -> how many rows, in place of
            those in `tests.sandbox.generate.plain_lists.SIZES`.
        clock_start: unix seconds that the clock shows at the start; None is the real time.
        frozen: whether the clock stands still from the start.

        latency: seconds that every request takes at least.
        latency_by_path: path pattern (regular expression) -> seconds, in place of `latency`.
        rate_limit: requests allowed per window.
        window_seconds: length of a rate limit window in seconds.
        rate_limit_headers: whether answers carry the X-RateLimit headers.
        other_requests: requests per window that another program makes, evenly over the window.
        other_share: share (0 to 1) of the limit that another program uses up, evenly.
        timezone: the workspace's time zone (IANA name).
        index_delay: kind -> seconds after its `updated_at` until the search shows a record.
        fresh_answers: whether searches find and sort records as the late index has them, but show
            them as they are now.
        inclusive_comparisons: whether `>` and `<` include equality in conversations/search and
            tickets/search (documented as "Greater (or equal) than"), and the ends of the range
            that activity logs are asked for (not documented).
        empty_scroll_is_404: whether a scroll over no companies at all answers 404.
        cursor_pages_next: what leads from page to page in the plain lists whose `cursor_pages` are
            documented without a request parameter: a cursor, a URL, or nothing but `page` and
            `total_pages`.
        activity_log_range: longest range of `created_at` in seconds that activity logs answer, a
            longer one is a 500 (airbyte#38626); None is any.
        event_ids: whether listed data events have an id of their own.
        export_polls: how often the status of an export job is asked for before the job ends.
        export_seconds: after how many seconds an export job ends, if nobody asks.
        export_outcome: how new export jobs end.
        reporting_simple_ids: whether reporting exports of 2.16 take ids without a prefix as well.
        refused: regular expression for the beginning of a path -> error code
            (token_unauthorized, forbidden, api_plan_restricted) of what the token may not read.
            Without "/tickets", conversations that are tickets vanish from lists and searches.
    """

    port: int = 0
    token: str = "sandbox-token"
    seed: int = 1
    contacts: int = 3000
    companies: int = 400
    conversations: int = 1200
    tickets: int = 300
    long_conversation_parts: int = 0
    list_sizes: Mapping[str, int] = dataclasses.field(default_factory=dict)
    clock_start: float | None = None
    frozen: bool = False

    latency: float = 0.0
    latency_by_path: Mapping[str, float] = dataclasses.field(default_factory=dict)
    rate_limit: int = 1666
    window_seconds: float = 10.0
    rate_limit_headers: bool = True
    other_requests: int = 0
    other_share: float = 0.0
    timezone: str = "America/Los_Angeles"
    index_delay: Mapping[str, float] = dataclasses.field(default_factory=dict)
    fresh_answers: bool = False
    inclusive_comparisons: bool = True
    empty_scroll_is_404: bool = False
    cursor_pages_next: Literal["cursor", "url", "absent"] = "cursor"
    activity_log_range: float | None = None
    event_ids: bool = True
    export_polls: int = 2
    export_seconds: float = 60.0
    export_outcome: Literal["completed", "failed", "canceled", "no_data"] = "completed"
    reporting_simple_ids: bool = False
    refused: Mapping[str, str] = dataclasses.field(default_factory=dict)
