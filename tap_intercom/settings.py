"""The tap's settings: their declaration, their checks, and the values that the code works with."""

from __future__ import annotations

import ipaddress
import re
from contextlib import suppress
from datetime import UTC, datetime
from importlib.metadata import version
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import urlsplit

import msgspec
from singer_sdk import typing as th
from singer_sdk.typing import DEFAULT_JSONSCHEMA_VALIDATOR

from tap_intercom import api_version
from tap_intercom.api_version import DEFAULT_VERSION, NEWEST, OLDEST, PREVIEW
from tap_intercom.distribution import distribution_name
from tap_intercom.spelling import suggestion, unknown
from tap_intercom.timestamps import start_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

REGION_URLS = {
    "us": "https://api.intercom.io",
    "eu": "https://api.eu.intercom.io",
    "au": "https://api.au.intercom.io",
}
"""Intercom's three API hosts (OpenAPI 2.16, `servers`)."""

PROPERTIES: tuple[th.Property[Any], ...] = (
    th.Property(
        "access_token",
        th.StringType,
        required=True,
        secret=True,
        title="Access token",
        description="Access token of an Intercom app in the workspace to load",
    ),
    th.Property(
        "start_date",
        th.DateTimeType,
        title="Start date",
        description=(
            "The first run reads records updated since this timestamp (RFC 3339, or a bare date). "
            "Without it the first run reads everything"
        ),
    ),
    th.Property(
        "region",
        th.StringType,
        default="us",
        nullable=False,
        allowed_values=list(REGION_URLS),
        title="Region",
        description="Where Intercom hosts the workspace: us, eu or au",
    ),
    th.Property(
        "api_url",
        th.StringType,
        title="API URL",
        description="Overrides the region's API host: an https URL, or http on this machine only",
    ),
    th.Property(
        "api_version",
        th.StringType,
        default=DEFAULT_VERSION,
        nullable=False,
        title="API version",
        description=(
            f"Sent as Intercom-Version with every request: a text from {OLDEST} to {NEWEST}, or "
            f"{PREVIEW}"
        ),
    ),
    th.Property(
        "lookback_seconds",
        th.IntegerType(minimum=0),
        default=3600,
        nullable=False,
        title="Lookback",
        description=(
            "How many seconds before its bookmark a stream starts to read again, "
            "because Intercom's search index runs minutes late"
        ),
    ),
    th.Property(
        "concurrency",
        th.IntegerType(minimum=1, maximum=64),
        default=32,
        nullable=False,
        title="Concurrency",
        description="Requests in flight at most",
    ),
    th.Property(
        "rate_limit_share",
        th.NumberType(exclusive_minimum=0, maximum=1),
        default=0.9,
        nullable=False,
        title="Rate limit share",
        description="The part of the app's rate limit that a sync may use, above 0 and up to 1",
    ),
    th.Property(
        "page_size",
        th.IntegerType(minimum=1, maximum=150),
        default=150,
        nullable=False,
        title="Page size",
        description="Records per page of a search",
    ),
    th.Property(
        "request_timeout",
        th.IntegerType(minimum=1),
        default=60,
        nullable=False,
        title="Request timeout",
        description="Seconds to wait for an answer before the request is tried again",
    ),
    th.Property(
        "max_retry_seconds",
        th.IntegerType(minimum=1),
        default=600,
        nullable=False,
        title="Retry time",
        description="How many seconds one request is retried before it fails",
    ),
    th.Property(
        "user_agent",
        th.StringType,
        title="User agent",
        description="Sent as User-Agent; tap-intercom/<version> unless set",
    ),
    th.Property(
        "company_scroll_hours",
        th.IntegerType(minimum=1),
        default=24,
        nullable=False,
        title="Company scroll hours",
        description=(
            "From API version 2.17 on companies are searched by change, and all of them, those "
            "without users too, by scroll when the last complete scroll is this many hours old"
        ),
    ),
    th.Property(
        "long_conversations",
        th.BooleanType,
        default=True,
        nullable=False,
        title="Long conversations",
        description=(
            "Ask for the parts of conversations with more than 500 by their type, with the API "
            "version Preview on those requests alone"
        ),
    ),
    th.Property(
        "plaintext_bodies",
        th.BooleanType,
        default=False,
        nullable=False,
        title="Plaintext bodies",
        description="Ask Intercom for conversation parts as text instead of HTML",
    ),
    th.Property(
        "emit_activate_version_messages",
        th.BooleanType,
        default=False,
        nullable=False,
        title="Emit ACTIVATE_VERSION messages",
        description=(
            "After a stream was read whole, tell the target to mark the rows as deleted that "
            "Intercom no longer has: small lists, and streams whose replication method in the "
            "catalog is FULL_TABLE"
        ),
    ),
    th.Property(
        "transcripts_with_notes",
        th.BooleanType,
        default=False,
        nullable=False,
        title="Transcripts with notes",
        description="Put the notes of teammates into conversation_transcripts as well",
    ),
    th.Property(
        "workspace_column",
        th.BooleanType,
        default=False,
        nullable=False,
        title="Workspace column",
        description=(
            "Add the workspace's id as _workspace_id to every row, first in every key, so that "
            "several workspaces fit into one schema"
        ),
    ),
    th.Property(
        "custom_attributes_as_json",
        th.BooleanType,
        default=False,
        nullable=False,
        title="Custom attributes as JSON",
        description="Write all custom attributes of a record as one JSON text, without types",
    ),
    th.Property(
        "custom_objects",
        th.ArrayType(th.StringType),
        title="Custom objects",
        description=(
            "Identifiers of custom object types; each is loaded as a stream custom_object_<type>"
        ),
    ),
    th.Property(
        "reporting_datasets",
        th.ArrayType(th.StringType),
        title="Reporting datasets",
        description="Datasets of reports; each is loaded as a stream reporting_<dataset>",
    ),
)
"""The settings of the tap, but for `custom_streams`, which `custom/definitions.py` declares."""


class Settings(msgspec.Struct, frozen=True):
    """The checked configuration of one run.

    `start_date` is in epoch seconds (UTC); `lookback_seconds`, `request_timeout` and
    `max_retry_seconds` are in seconds.
    `api_url` is an origin, with no path and no slash at its end.
    """

    access_token: str
    start_date: int | None
    api_url: str
    api_version: str
    lookback_seconds: int
    concurrency: int
    rate_limit_share: float
    page_size: int
    request_timeout: int
    max_retry_seconds: int
    user_agent: str
    company_scroll_hours: int
    long_conversations: bool
    plaintext_bodies: bool
    emit_activate_version_messages: bool
    transcripts_with_notes: bool
    workspace_column: bool

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> Self:
        """Build the settings from a configuration in which `errors` found nothing."""
        start_date = config.get("start_date")
        converted = {
            "access_token": config["access_token"].strip(),
            "start_date": start_of(start_date) if start_date else None,
            "api_url": (config.get("api_url") or REGION_URLS[config["region"]]).rstrip("/"),
            "user_agent": config.get("user_agent")
            or f"tap-intercom/{version(distribution_name())}",
        }
        # not strict: JSON Schema counts 150.0 as an integer
        return msgspec.convert({**config, **converted}, cls, strict=False)


def complete(config: dict[str, Any], schema: Mapping[str, Any]) -> None:
    """Fill in the defaults, also for null, and convert a fraction given as text to a number.

    The SDK converts only whole numbers of environment variables.
    """
    for name, declared in schema["properties"].items():
        if "default" in declared and config.get(name) is None:
            config[name] = declared["default"]
    with suppress(ValueError):
        if isinstance(share := config["rate_limit_share"], str):
            config["rate_limit_share"] = float(share)


def schema_errors(value: Any, schema: Mapping[str, Any], kind: str = "setting") -> Iterator[str]:
    """Yield what JSON Schema finds wrong with an object, each with the field's name.

    Args:
        value: The configuration, or an object within it.
        schema: The JSON Schema of the object.
        kind: What a property of the object is called.
    """
    for error in DEFAULT_JSONSCHEMA_VALIDATOR(schema).iter_errors(value):
        field = ".".join(map(str, error.path))
        if field.startswith("custom_streams."):
            continue  # `custom/validation.py` reports these with the stream's name
        if field == "access_token":
            yield "access_token has to be text"  # the message of JSON Schema quotes the value
        elif error.validator == "additionalProperties" and not field:
            yield from (
                f"there is no {kind} {name}" for name in unknown(value, schema["properties"])
            )
        elif error.validator == "type":
            yield f"{field}: has to be of type {_type_names(error.validator_value)}"
        elif error.validator == "enum":
            known = map(str, error.validator_value)
            yield f"{field}: {error.message}{suggestion(str(error.instance), known)}"
        else:
            yield f"{field}: {error.message}" if field else error.message


def _type_names(types: str | list[str]) -> str:
    """Name JSON Schema types without the value, which may be a secret within `params`."""
    names = [types] if isinstance(types, str) else types
    return " or ".join(name for name in names if name != "null")


def errors(config: Mapping[str, Any]) -> list[str]:
    """Return what is wrong with a configuration beyond what its JSON Schema can express."""
    return [
        *_token_errors(config.get("access_token")),
        *_start_date_errors(config.get("start_date")),
        *_api_url_errors(config.get("api_url")),
        *api_version.errors(config.get("api_version", DEFAULT_VERSION)),
        *_user_agent_errors(config.get("user_agent")),
        *_shared_table_errors(config),
    ]


def warnings(config: Mapping[str, Any]) -> list[str]:
    """Return a warning for each valid value that is probably a mistake."""
    timestamp = config.get("start_date")
    if timestamp and start_of(timestamp) > datetime.now(UTC).timestamp():
        return [f"start_date {timestamp} is in the future: a first run loads no incremental stream"]
    return []


def _token_errors(token: str | None) -> list[str]:
    if token is not None and not re.fullmatch(r"[!-~]+", token.strip()):
        return ["access_token is empty or contains characters that no Intercom token has"]
    return []


def _start_date_errors(timestamp: str | None) -> list[str]:
    try:
        start_of(timestamp or "1970-01-01")
    except ValueError:
        return [f"start_date {timestamp!r} is not a date: write 2024-01-31 or 2024-01-31T00:00:00Z"]
    return []


def _api_url_errors(url: str | None) -> list[str]:
    if not url:
        return []
    try:
        parts = urlsplit(url)
        host, port_is_valid = parts.hostname or "", parts.port != 0
    except ValueError:
        host, port_is_valid = "", False
    if (
        not _is_host(host)
        or not port_is_valid
        or parts.path.rstrip("/")
        or parts.query
        or parts.username
    ):
        return ["api_url has to be a scheme and a host, such as https://api.intercom.io"]
    if parts.scheme == "https" or (parts.scheme == "http" and _is_loopback(host)):
        return []
    error = (
        "api_url has to start with https://, so that the access token can't be read in transit; "
        "http:// is accepted only for this machine (127.0.0.1, localhost)"
    )
    return [error]


def _is_host(host: str) -> bool:
    """Whether a text is an IP address, or labels with dots between them."""
    return ":" in host or all(
        re.fullmatch(r"[a-z0-9_]([a-z0-9_-]*[a-z0-9])?", label) for label in host.split(".")
    )


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _user_agent_errors(user_agent: str | None) -> list[str]:
    if user_agent and not re.fullmatch(r"[ -~]+", user_agent):
        return ["user_agent has to be plain ASCII text on one line"]
    return []


def _shared_table_errors(config: Mapping[str, Any]) -> list[str]:
    """Refuse messages that would delete the rows of other workspaces: they only name a table."""
    if config.get("workspace_column") and config.get("emit_activate_version_messages"):
        error = (
            "emit_activate_version_messages can't be combined with workspace_column: the target "
            "would mark the rows of the other workspaces as deleted too. Turn one of them off; a "
            "workspace with a schema of its own does not need workspace_column"
        )
        return [error]
    return []
