"""The SDK's own test suite for taps, against the sandbox."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from singer_sdk.testing import SuiteConfig, get_tap_test_class

from tap_intercom.tap import TapIntercom
from tests.conftest import SMALL
from tests.expected_rows import KEYS
from tests.sandbox.server import Sandbox
from tests.singer import select_streams

if TYPE_CHECKING:
    from collections.abc import Iterator

# some documented fields are sent to some workspaces only, and the sandbox does likewise
pytestmark = pytest.mark.filterwarnings("ignore:Fields in transformed catalog:UserWarning")

SANDBOX = Sandbox(SMALL)


@pytest.fixture(scope="module", autouse=True)
def running_sandbox() -> Iterator[None]:
    """Stop the sandbox at the end; its address is needed before any fixture is set up."""
    yield
    SANDBOX.stop()


SANDBOX.start()
SANDBOX.control.delete("conversations", SANDBOX.control.records("conversations")[5]["id"])

CONFIG = {"access_token": SANDBOX.options.token, "api_url": SANDBOX.url}

TestTapIntercom = get_tap_test_class(
    TapIntercom,
    config=CONFIG,
    catalog=select_streams(TapIntercom(config=CONFIG).catalog_dict, KEYS),
    suite_config=SuiteConfig(max_records_limit=150),
)
