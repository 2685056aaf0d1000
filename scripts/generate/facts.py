"""What the code says about each stream, in the words of the documentation."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from tap_intercom.api.request import PREVIEW
from tap_intercom.streams import stream_types
from tap_intercom.sync.stream import IntercomStream
from tap_intercom.webhooks.notification_streams import STREAM_TYPES

ROOT = Path(__file__).resolve().parents[2]

GROUPS = {
    "Contacts": (
        "contacts",
        "contact_activities",
        "deleted_contacts",
        "segments",
        "subscription_types",
    ),
    "Companies": ("companies",),
    "Conversations": (
        "conversations",
        "conversation_content",
        "conversation_quality",
        "conversation_transcripts",
    ),
    "Tickets": ("tickets",),
    "Calls": ("calls",),
    "Workspace": ("workspace", "teams", "tags", "data_attributes", "inbox"),
    "Help Center and content": ("help_center", "content", "news"),
    "Logs and exports": ("activity_logs", "message_engagement", "sync_audit"),
    "Webhooks": ("notification_streams",),
}
"""Heading -> the modules of `tap_intercom/streams/`; another module is a group by itself."""


@dataclass(frozen=True)
class StreamFacts:
    """One stream, read from its class and its schema file."""

    stream_type: type[IntercomStream]

    @property
    def name(self) -> str:
        """The stream's name."""
        return _name(self.stream_type)

    @property
    def summary(self) -> str:
        """The first sentence of the class's docstring."""
        return (self.stream_type.__doc__ or "").split("\n\n")[0].strip()

    @property
    def group(self) -> str:
        """The heading that the stream is listed under."""
        named = (heading for heading, modules in GROUPS.items() if self.module in modules)
        return next(named, self.module.replace("_", " ").capitalize())

    @property
    def module(self) -> str:
        """The module of `tap_intercom/streams/` that has the class."""
        return self.stream_type.__module__.rpartition(".")[2]

    @property
    def primary_keys(self) -> tuple[str, ...]:
        """The columns that identify a row."""
        keys: Any = self.stream_type.primary_keys
        return tuple(keys)

    @property
    def replication_key(self) -> str | None:
        """The column that an incremental stream is read by."""
        key: object = self.stream_type.replication_key  # a property where a class sets none
        return key if isinstance(key, str) else None

    @property
    def permission(self) -> str:
        """What the token needs, as Intercom's Developer Hub calls it; empty if not documented."""
        return self.stream_type.permission

    @property
    def min_api_version(self) -> str:
        """The first API version that has the stream; empty if all have."""
        if self.stream_type.is_preview:
            return PREVIEW
        version = self.stream_type.min_api_version
        return str(version) if version > IntercomStream.min_api_version else ""

    @property
    def is_default(self) -> bool:
        """Whether the stream is selected unless the catalog says otherwise."""
        return bool(self.stream_type.selected_by_default)

    @property
    def parent(self) -> str | None:
        """The parent stream's name."""
        parent = self.stream_type.parent_stream_type
        return _name(parent) if parent else None

    @property
    def endpoint(self) -> str:
        """Where the rows come from: a request, or the parent's records."""
        return self.stream_type.describe_endpoint()

    @cached_property
    def columns(self) -> dict[str, dict[str, Any]]:
        """The JSON Schema of each column."""
        text = (ROOT / "schemas" / f"{self.name}.json").read_text(encoding="utf-8")
        properties: dict[str, dict[str, Any]] = json.loads(text)["properties"]
        return properties


def _name(kind: Any) -> str:
    return str(kind.name)


def read_streams() -> list[StreamFacts]:
    """Return the facts of all streams, by group and in the order of the code."""
    found = [StreamFacts(stream_type) for stream_type in (*stream_types(), *STREAM_TYPES)]
    modules = [module for named in GROUPS.values() for module in named]
    modules += sorted({facts.module for facts in found} - set(modules))
    return sorted(found, key=lambda facts: modules.index(facts.module))
