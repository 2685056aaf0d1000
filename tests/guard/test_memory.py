"""Memory stays under 200 MB for any workspace, and for any answer."""

from __future__ import annotations

import gzip
import sys
from typing import TYPE_CHECKING, Any

import pytest

from tests.guard.process import measured
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
    code, megabytes, log = measured(tmp_path, config)
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
    ],
    ids=["endless", "packed"],
)
@pytest.mark.parametrize("path", ["/admins", "/contacts/search"])
def test_an_answer_that_is_too_long_ends_in_an_error(
    sandbox: Sandbox, config: dict[str, Any], tmp_path: Path, fault: Fault, path: str
) -> None:
    sandbox.control.faults.add(
        Fault(kind=fault.kind, body=fault.body, headers=fault.headers, path=path, times=None)
    )
    code, megabytes, log = measured(tmp_path, config)
    assert code == 1
    assert "bytes" in log or "no whole answer" in log
    assert megabytes < MOST_MEGABYTES
