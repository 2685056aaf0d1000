"""Memory stays under 200 MB for any workspace, and for any response."""

from __future__ import annotations

import gzip
import sys
import tracemalloc
from tempfile import TemporaryFile
from typing import TYPE_CHECKING, Any

import pytest
from msgspec.structs import replace

from tap_intercom.sync.spool import Spool
from tap_intercom.timestamps import TimestampedRecord
from tests.guarantees.process import measure_sync
from tests.sandbox.faults import Fault
from tests.sandbox.options import SandboxOptions
from tests.sandbox.server import Sandbox

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

MAX_MEGABYTES = 200
MAX_SPOOL_BYTES = 10_000_000
NO_RATE_LIMIT = 1_000_000
LARGE = SandboxOptions(contacts=20_000, companies=2000, conversations=5000, tickets=1000)
TINY = SandboxOptions(contacts=5, companies=5, conversations=5, tickets=5)
SOME_DETAILS = SandboxOptions(contacts=5, companies=5, conversations=40, tickets=5)
MANY_DETAILS = SandboxOptions(contacts=5, companies=5, conversations=2000, tickets=5)
BOMB = gzip.compress(bytes(64 * 1024 * 1024)) * 8
"""Half a megabyte that unpacks to half a gigabyte."""

LONG_RESPONSES = {
    "endless": Fault(kind="endless_body"),
    "gzip bomb": Fault(kind="raw_body", body=BOMB, headers={"Content-Encoding": "gzip"}),
    "redirect": Fault(kind="endless_redirect", url="https://api.intercom.io/x"),
}

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")


@pytest.fixture
def sandbox(options: SandboxOptions) -> Iterator[Sandbox]:
    with Sandbox(options) as running:
        yield running


@pytest.mark.parametrize("options", [LARGE], indirect=True)
def test_large_workspace_fits(sandbox: Sandbox, config: dict[str, Any], tmp_path: Path) -> None:
    sandbox.control.set_options(rate_limit=NO_RATE_LIMIT)

    sync = measure_sync(tmp_path, config)

    assert sync.exit_code == 0, sync.log[-2000:]
    assert sync.peak_megabytes < MAX_MEGABYTES
    details = [one for one in sandbox.control.requests() if one.path.startswith("/conversations/2")]
    assert len(details) == LARGE.conversations


@pytest.mark.parametrize("options", [TINY], indirect=True)
@pytest.mark.parametrize("kind", LONG_RESPONSES)
@pytest.mark.parametrize("path", ["/admins", "/contacts/search"])
def test_too_long_response_fails(
    sandbox: Sandbox, config: dict[str, Any], tmp_path: Path, kind: str, path: str
) -> None:
    sandbox.control.faults.add(replace(LONG_RESPONSES[kind], path=path, times=None))

    sync = measure_sync(tmp_path, config)

    assert sync.exit_code == 1
    assert path in sync.log
    assert sync.peak_megabytes < MAX_MEGABYTES


@pytest.mark.parametrize("options", [SOME_DETAILS], indirect=True)
def test_long_responses_in_parallel_fit(
    sandbox: Sandbox, config: dict[str, Any], tmp_path: Path
) -> None:
    sandbox.control.faults.add(Fault(kind="endless_body", path="/conversations/[0-9]+", times=32))

    sync = measure_sync(tmp_path, config)

    assert sync.exit_code == 0, sync.log[-2000:]
    assert sync.peak_megabytes < MAX_MEGABYTES


@pytest.mark.parametrize("options", [MANY_DETAILS], indirect=True)
def test_large_records_fit(sandbox: Sandbox, config: dict[str, Any], tmp_path: Path) -> None:
    """60 MB of conversations, more than may wait for a target."""
    sandbox.control.set_options(rate_limit=NO_RATE_LIMIT)
    body = f"<p>{'lorem ipsum ' * 2_500}</p>"
    for record in sandbox.control.records("conversations"):
        source = {**record["source"], "body": body}
        sandbox.control.change_quietly("conversations", record["id"], {"source": source})

    sync = measure_sync(tmp_path, config)

    assert sync.exit_code == 0, sync.log[-2000:]
    assert sync.peak_megabytes < MAX_MEGABYTES


def fill_spool(spool: Spool) -> None:
    """Add 100,000 records in no order."""
    for number in range(100_000):
        spool.add(TimestampedRecord({"id": number}, (number * 7919) % 100_003))


def test_spool_of_many_records_is_small() -> None:
    tracemalloc.start()

    with Spool(TemporaryFile()) as spool:
        fill_spool(spool)
        next(spool.oldest_first())
        _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert peak < MAX_SPOOL_BYTES


def test_spool_returns_oldest_first() -> None:
    with Spool(TemporaryFile()) as spool:
        fill_spool(spool)

        timestamps = [record.timestamp for record in spool.oldest_first()]

    assert len(timestamps) == 100_000
    assert timestamps == sorted(timestamps)
