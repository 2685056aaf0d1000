"""What all streams of one run share."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from io import BytesIO
from tempfile import SpooledTemporaryFile
from typing import IO, TYPE_CHECKING, Any, cast

from tap_intercom.api.client import IntercomClient
from tap_intercom.schema.attributes import MAX_DISCOVERY_SECONDS, AttributeDefinitions
from tap_intercom.schema.personal_data import Protection
from tap_intercom.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tap_intercom.errors import IntercomError
    from tap_intercom.sync.change_feed import ChangeFeed
    from tap_intercom.sync.writer import Writer

MEMORY_BYTES = 16 * 1024 * 1024
"""What a temporary file keeps in memory before it moves to a disk."""


@dataclass
class Run:
    """One run of the tap: its configuration, its client, and which streams failed.

    Attributes:
        config: The tap's configuration.
        writer: Writes Singer messages.
        started_at: When the run started (epoch seconds).
        is_configured: Whether the configuration is complete, so that Intercom can be asked.
        has_catalog: Whether a catalog was given, so that no schema is discovered.
        changes: Names the records that changed, if the run reads only those.
        ended_by: What ended the run before all streams were read.
        failures: Why a stream could not be loaded completely, by its name.
    """

    config: Mapping[str, Any]
    writer: Writer
    started_at: int
    is_configured: bool
    has_catalog: bool
    changes: ChangeFeed | None = None
    ended_by: Exception | None = None
    failures: dict[str, IntercomError] = field(default_factory=dict)

    @cached_property
    def settings(self) -> Settings:
        """The checked settings."""
        return Settings.from_config(self.config)

    @cached_property
    def protection(self) -> Protection:
        """What the settings demand of personal data and of the content of messages."""
        return Protection.from_config(self.config)

    def temporary_file(self) -> IO[bytes]:
        """Return an empty file without a name, which is gone with the process.

        What is kept in it has not been protected yet, so nothing gets on a disk if it has to be.
        """
        if self.protection.unknown:
            return BytesIO()
        return cast("IO[bytes]", SpooledTemporaryFile(MEMORY_BYTES))

    @cached_property
    def client(self) -> IntercomClient:
        """The client that all streams share."""
        return IntercomClient(self.settings)

    @cached_property
    def attribute_definitions(self) -> AttributeDefinitions:
        """The lists that define attributes, read once."""
        max_seconds = min(MAX_DISCOVERY_SECONDS, self.settings.max_retry_seconds)
        return AttributeDefinitions(self.client, max_seconds)
