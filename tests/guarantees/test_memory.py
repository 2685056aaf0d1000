"""Memory stays under 200 MB for any workspace, and for any answer."""

from __future__ import annotations

import gzip
import sys
import tracemalloc
from typing import TYPE_CHECKING, Any

import pytest

from tap_intercom.sync.spool import Spool
from tap_intercom.timestamps import TimestampedRecord
from tests.guarantees.process import measure_sync
from tests.sandbox.faults import Fault
from tests.sandbox.options import SandboxOptions
from tests.sandbox.server import Sandbox

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

MOST_MEGABYTES = 200
LARGE = SandboxOptions(contacts=20_000, companies=2000, conversations=5000, tickets=1000)
TINY = SandboxOptions(contacts=5, companies=5, conversations=5, tickets=5)
BOMB = gzip.compress(bytes(64 * 1024 * 1024)) * 8
"""Half a megabyte that unpacks to half a gigabyte."""

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")


@pytest.fixture
def sandbox(options: SandboxOptions) -> Iterator[Sandbox]:
    with Sandbox(options) as running:
        yield running


@pytest.fixture
def config(sandbox: Sandbox) -> dict[str, Any]:
    return {"access_token": sandbox.options.token, "api_url": sandbox.url}


@pytest.mark.parametrize("options", [LARGE], indirect=True)
def test_a_large_workspace_fits(sandbox: Sandbox, config: dict[str, Any], tmp_path: Path) -> None:
    sandbox.control.set_options(rate_limit=1_000_000)
    code, megabytes, log = measure_sync(tmp_path, config)
    assert code == 0, log[-2000:]
    details = sum(one.path.startswith("/conversations/2") for one in sandbox.control.requests())
    assert details == 5000
    assert megabytes < MOST_MEGABYTES


@pytest.mark.parametrize("options", [TINY], indirect=True)
@pytest.mark.parametrize(
    "fault",
    [
        Fault(kind="endless_body"),
        Fault(kind="raw_body", body=BOMB, headers={"Content-Encoding": "gzip"}),
        Fault(kind="endless_redirect", url="https://api.intercom.io/x"),
    ],
    ids=["endless", "packed", "redirect"],
)
@pytest.mark.parametrize("path", ["/admins", "/contacts/search"])
def test_an_answer_that_is_too_long_ends_in_an_error(
    sandbox: Sandbox, config: dict[str, Any], tmp_path: Path, fault: Fault, path: str
) -> None:
    sandbox.control.faults.add(
        Fault(
            kind=fault.kind,
            body=fault.body,
            headers=fault.headers,
            url=fault.url,
            path=path,
            times=None,
        )
    )
    code, megabytes, log = measure_sync(tmp_path, config)
    assert code == 1
    assert "bytes" in log or "no whole answer" in log or "302" in log
    assert megabytes < MOST_MEGABYTES


@pytest.mark.parametrize(
    "options",
    [SandboxOptions(contacts=5, companies=5, conversations=40, tickets=5)],
    indirect=True,
)
def test_long_answers_to_all_threads_at_once_fit(
    sandbox: Sandbox, config: dict[str, Any], tmp_path: Path
) -> None:
    sandbox.control.faults.add(Fault(kind="endless_body", path="/conversations/[0-9]+", times=32))
    code, megabytes, log = measure_sync(tmp_path, config)
    assert code == 0, log[-2000:]
    assert megabytes < MOST_MEGABYTES


@pytest.mark.parametrize(
    "options",
    [SandboxOptions(contacts=5, companies=5, conversations=2000, tickets=5)],
    indirect=True,
)
def test_large_records_fit(sandbox: Sandbox, config: dict[str, Any], tmp_path: Path) -> None:
    """60 MB of conversations, more than may wait for a target."""
    sandbox.control.set_options(rate_limit=1_000_000)
    body = f"<p>{'lorem ipsum ' * 2_500}</p>"
    for record in sandbox.control.records("conversations"):
        source = {**record["source"], "body": body}
        sandbox.control.change_quietly("conversations", record["id"], {"source": source})
    code, megabytes, log = measure_sync(tmp_path, config)
    assert code == 0, log[-2000:]
    assert megabytes < MOST_MEGABYTES


def test_a_spool_of_many_records_is_small_and_in_order() -> None:
    tracemalloc.start()
    with Spool() as spool:
        for number in range(100_000):
            spool.add(TimestampedRecord({"id": number}, (number * 7919) % 100_003))
        timestamped_records = spool.oldest_first()
        first = next(timestamped_records)
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        timestamps = [first.timestamp, *(step.timestamp for step in timestamped_records)]
    assert len(timestamps) == 100_000
    assert timestamps == sorted(timestamps)
    assert peak < 10_000_000
