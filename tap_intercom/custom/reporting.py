"""Datasets of Intercom's reports: a stream for each that the settings name."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from singer_sdk import Stream

from tap_intercom.api.exports import ExportEndpoint
from tap_intercom.api.request import Request
from tap_intercom.api.response import dicts_in
from tap_intercom.api_version import ApiVersion, configured_version
from tap_intercom.compat import override
from tap_intercom.errors import (
    AuthenticationError,
    ExportFailedError,
    IntercomError,
    InvalidRequestError,
    PermissionDeniedError,
)
from tap_intercom.schema.columns import TEXT
from tap_intercom.schema.personal_data import DEFINED, MARK
from tap_intercom.spelling import suggestion
from tap_intercom.sync.export_stream import ExportStream

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import tzinfo

    from singer_sdk import Tap
    from singer_sdk.helpers.types import Record
    from singer_sdk.singerlib import Catalog

    from tap_intercom.sync.export_stream import JobWindow
    from tap_intercom.sync.run import Run
    from tap_intercom.timestamps import TimestampedRecord

logger = logging.getLogger("tap-intercom")

DATASETS = Request("/export/reporting_data/get_datasets")
ENQUEUE = Request("/export/reporting_data/enqueue", record_keys=())
STATUS = Request("/export/reporting_data/{id}", {"job_identifier": "{id}"}, record_keys=())
DOWNLOAD = Request("/download/reporting_data/{id}", {"job_identifier": "{id}"})


@dataclass(frozen=True)
class Attribute:
    """An attribute of a dataset; `column` is its qualified id, or its id before version 2.16."""

    column: str
    id: str
    title: str

    @property
    def names(self) -> tuple[str, ...]:
        """What its column may be called in a file: some files of 2.16 have plain ids."""
        return (self.column, self.id, self.title)

    @classmethod
    def from_record(cls, record: Record) -> Attribute:
        """Read an attribute of a dataset (OpenAPI 2.16, get_datasets)."""
        column = record.get("qualified_id") or record["id"]
        return cls(str(column), str(record["id"]), str(record.get("name") or ""))


@dataclass(frozen=True)
class Dataset:
    """A dataset; `time` is the column by which a job selects rows, or an empty text."""

    id: str
    attributes: tuple[Attribute, ...] = ()
    time: str = ""

    @classmethod
    def from_record(cls, record: Record) -> Dataset:
        """Read a dataset (OpenAPI 2.16, get_datasets)."""
        attributes = tuple(
            Attribute.from_record(item)
            for item in dicts_in(record.get("attributes"), "attributes")
            if item.get("id")
        )
        time = record.get("default_time_attribute_id")
        columns = [item.column for item in attributes if time in (item.column, item.id)]
        return cls(str(record.get("id")), attributes, columns[0] if columns else "")

    @property
    def key(self) -> tuple[str, ...]:
        """The id of a row's subject, as conversation_id is in the dataset conversation.

        Most datasets have none: their rows are events, and events have no id.
        """
        own_id = f"{self.id}_id"
        return tuple(item.column for item in self.attributes if item.id == own_id)[:1]

    @property
    def schema(self) -> dict[str, Any]:
        """The columns; Intercom gives no types, so all but the time are text."""
        properties: dict[str, Any] = {
            item.column: {**TEXT, "description": item.title, MARK: DEFINED}
            for item in self.attributes
        }
        for column in self.key:
            properties[column] |= {"type": "string", MARK: ""}
        if self.time:
            properties[self.time] |= {"format": "date-time", MARK: ""}
        return {"type": "object", "properties": properties}


class Reporting(ExportStream):
    """Rows of a dataset, by the reporting data export.

    `dataset` may be the error because of which it can't be read: then the stream fails when synced.
    """

    permission = "Export reporting data"
    min_api_version = ApiVersion(2, 14)

    def __init__(
        self, tap: Tap, run: Run, dataset_id: str, dataset: Dataset | IntercomError
    ) -> None:
        """Create the stream of a dataset; no request is made."""
        self._error = dataset if isinstance(dataset, IntercomError) else None
        self.dataset = dataset if isinstance(dataset, Dataset) else Dataset(dataset_id)
        super().__init__(tap, run, name=f"reporting_{dataset_id}")
        self.time_column = self.dataset.time
        self.primary_keys = self.dataset.key
        self.replication_key = self.dataset.time or None

    @override
    def apply_catalog(self, catalog: Catalog) -> None:
        if self._error:  # all that is known of the dataset is in the catalog
            Stream.apply_catalog(self, catalog)
            self.add_workspace_to_key()
            self.add_missing_columns()
        else:
            super().apply_catalog(catalog)

    @property
    @override
    def own_schema(self) -> dict[str, Any]:
        return self.dataset.schema

    @property
    @override
    def endpoint(self) -> ExportEndpoint:
        workspace = self.client.workspace_id
        return ExportEndpoint(
            enqueue=ENQUEUE,
            # client_id is documented as required, but not whose id it is
            status=STATUS.with_params(app_id=workspace, client_id=workspace),
            download=DOWNLOAD.with_params(app_id=workspace),
        )

    @override
    def iterate(self, since: int) -> Iterator[TimestampedRecord]:
        if self._error:
            raise self._error
        yield from super().iterate(since)

    @override
    def job(self, window: JobWindow) -> dict[str, Any]:
        return {
            "dataset_id": self.dataset.id,
            "attribute_ids": [attribute.column for attribute in self._selected_attributes],
            "start_time": window.start - 1,  # not documented whether it is included
            "end_time": window.end,
        }

    @property
    @override
    def required_columns(self) -> set[str]:
        return {attribute.column for attribute in self._selected_attributes}

    @override
    def columns(self, header: list[str]) -> list[str]:
        missing, columns = self._selected_attributes, []
        for name in header:
            attribute = next((item for item in missing if name in item.names), None)
            missing = [item for item in missing if item is not attribute]
            columns.append(attribute.column if attribute else name)
        return columns

    @override
    def timestamp(self, record: Record, default: int) -> int:
        record[self.time_column] = self._with_zone(record[self.time_column])
        return super().timestamp(record, default)

    @property
    def _selected_attributes(self) -> list[Attribute]:
        return [
            attribute
            for attribute in self.dataset.attributes
            if self.mask.get(("properties", attribute.column), False)
        ]

    def _with_zone(self, timestamp: Any) -> Any:
        """Return a timestamp with a zone: some files have times of the workspace's zone."""
        if not isinstance(timestamp, str) or timestamp.isdigit():
            return timestamp
        try:
            parsed = datetime.fromisoformat(timestamp)
        except ValueError:
            return timestamp
        return timestamp if parsed.tzinfo else parsed.replace(tzinfo=self._zone).isoformat()

    @cached_property
    def _zone(self) -> tzinfo:
        name = str(self.client.workspace.get("timezone"))
        try:
            return ZoneInfo(name)
        except (ValueError, LookupError, OSError):
            message = f"{self.name}: time zone {name} is not installed. Install the package tzdata"
            raise ExportFailedError(message) from None


def errors(config: Mapping[str, Any]) -> list[str]:
    """Return what is wrong with the setting `reporting_datasets`."""
    api_version, needed = configured_version(config), Reporting.min_api_version
    if config.get("reporting_datasets") and api_version < needed:
        return [f"reporting_datasets needs api_version {needed} or later: {api_version} has none"]
    return []


def streams(tap: Tap, run: Run) -> list[Reporting]:
    """Return a stream for each dataset in the setting `reporting_datasets`.

    Their columns are requested from Intercom. If the token may not read them, the streams have
    none, and a warning says so. With a catalog, which has the columns, that holds for any error:
    only these streams fail, when they are synced.

    Raises:
        IntercomError: There is no catalog, and Intercom failed or can't be reached.
    """
    names = dict.fromkeys(run.config.get("reporting_datasets") or ())
    if not names or not run.is_configured:
        return []
    try:
        pages = run.attribute_definitions.discover(DATASETS)
    except IntercomError as error:
        if not run.has_catalog and not isinstance(
            error, PermissionDeniedError | AuthenticationError
        ):
            raise
        logger.warning("reporting_datasets: could not read their columns: %s", error)
        return [Reporting(tap, run, name, error) for name in names]
    records = [record for page in pages for record in page.records()]
    offered = {str(record.get("id")): Dataset.from_record(record) for record in records}
    return [Reporting(tap, run, name, _find_dataset(name, offered)) for name in names]


def _find_dataset(name: str, offered: dict[str, Dataset]) -> Dataset | IntercomError:
    """Return a dataset by name, or the error because of which it can't be read."""
    dataset = offered.get(name)
    if dataset and dataset.time:
        return dataset
    reason = "has no default time attribute" if dataset else "does not exist"
    name += "" if dataset else suggestion(name, offered)
    message = f"reporting_datasets: {name} {reason}; Intercom offers {', '.join(offered)}"
    logger.warning("%s", message)
    return InvalidRequestError(message)
