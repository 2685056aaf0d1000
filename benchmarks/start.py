"""Figure 6: the time to start, and the requests of a run without new records."""

from __future__ import annotations

import subprocess
import sys
import time
from collections import Counter, defaultdict
from statistics import median
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from benchmarks.programs import ENVIRONMENT, tap
from benchmarks.report import Row
from benchmarks.sandbox import run_idle_sandbox

if TYPE_CHECKING:
    from benchmarks.sizes import Sizes
    from tests.sandbox.request_log import LoggedRequest

TARGET_RATIO = 1.5
LIST_PARAMETERS = ("model", "page", "starting_after")
"""Parameters that distinguish lists, and the pages of a list."""

SEARCHES = tuple(
    f"POST /{name}/search" for name in ("contacts", "companies", "conversations", "tickets")
)


def measure(sizes: Sizes) -> list[Row]:
    """Measure the start, and count the requests of a run without new records."""
    return [*_start_rows(sizes.start_rounds), *_idle_rows()]


def _start_rows(rounds: int) -> list[Row]:
    commands = {
        "import": (sys.executable, "-c", "import singer_sdk"),
        **{option: (*tap().command, option) for option in ("--version", "--about")},
    }
    seconds = defaultdict(list)
    for _ in range(rounds):
        for name, command in commands.items():
            seconds[name].append(_seconds(command))
    base = median(seconds.pop("import"))
    return [
        Row(
            f"`tap-intercom {name}` against `import singer_sdk`",
            f"under {TARGET_RATIO} times",
            f"{median(taken) / base:.2f} times ({median(taken):.2f} s; {base:.2f} s)",
            median(taken) / base < TARGET_RATIO,
        )
        for name, taken in seconds.items()
    ]


def _seconds(command: tuple[str, ...]) -> float:
    start = time.monotonic()
    subprocess.run(command, env=ENVIRONMENT, capture_output=True, check=True)  # noqa: S603
    return time.monotonic() - start


def _idle_rows() -> list[Row]:
    streams = [entry["stream"] for entry in tap().catalog["streams"] if _is_default(entry)]
    with run_idle_sandbox(contacts=300, companies=50, conversations=50, tickets=50) as workspace:
        first = tap().sync(workspace.url, streams)
        workspace.control.clear_requests()
        tap().sync(workspace.url, streams, first.state, lookback_seconds=0)
        requests = Counter(map(_name, workspace.control.requests()))
    searches = max(requests.pop(search) for search in SEARCHES)
    details = sum(requests.pop(name) for name in list(requests) if name.endswith("{id}"))
    lists = max(requests.values())
    many = ", ".join(name for name, count in requests.items() if count > 1)
    return [
        Row("nothing new: searches per parent stream", "1", f"{searches}", searches == 1),
        Row("nothing new: requests per page of a list", "1", f"{lists} {many}".strip(), lists == 1),
        Row("nothing new: details of the newest record", "", f"{details}"),
    ]


def _is_default(entry: dict[str, Any]) -> bool:
    """Whether a stream of a catalog is selected by default."""
    (root,) = [item["metadata"] for item in entry["metadata"] if not item["breadcrumb"]]
    return bool(root["selected-by-default"])


def _name(request: LoggedRequest) -> str:
    """Return the method and path of a request, with the parameters that choose a list and page."""
    path = "/".join("{id}" if part.isdecimal() else part for part in request.path.split("/"))
    given = {name: request.query[name] for name in LIST_PARAMETERS if name in request.query}
    return f"{request.method} {path}?{urlencode(given)}" if given else f"{request.method} {path}"
