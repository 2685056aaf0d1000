"""The part of the tap that checks its configuration, with all names in it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from singer_sdk import Tap
from singer_sdk.exceptions import ConfigValidationError

from tap_intercom import settings
from tap_intercom.compat import override
from tap_intercom.custom import custom_objects, map_names, reporting, validation
from tap_intercom.schema import column_names, personal_settings
from tap_intercom.schema.personal_data import allowable_names
from tap_intercom.streams import stream_types
from tap_intercom.sync import stream_maps
from tap_intercom.sync.stream import IntercomStream
from tap_intercom.webhooks import settings as webhooks
from tap_intercom.webhooks.notification_streams import STREAM_TYPES as NOTIFICATION_STREAM_TYPES

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

STREAM_TYPES = stream_types()

STREAM_NAMES = frozenset(
    stream_type.name  # type: ignore[misc]
    for stream_type in (*STREAM_TYPES, *NOTIFICATION_STREAM_TYPES)
)
"""Names that a stream defined by a user can't have."""


class ConfiguredTap(Tap):
    """A tap that refuses a wrong configuration; discovery only warns of it.

    Attributes:
        is_configured: Whether the configuration is complete, so that Intercom can be asked.
    """

    is_configured: bool

    @override
    def _validate_config(self, *, raise_errors: bool = True) -> list[str]:
        self.append_builtin_config(self.config_jsonschema)
        settings.complete(self._config, self.config_jsonschema)  # `config` is a read-only copy
        errors = map_names.else_errors(self._config)
        errors = errors or list(settings.schema_errors(self._config, self.config_jsonschema))
        errors = errors or [
            *settings.errors(self.config),
            *personal_settings.errors(self.config),
            *column_names.errors(self.config),
            *custom_objects.errors(self.config),
            *reporting.errors(self.config),
            *validation.errors(self.config, STREAM_NAMES),
            *webhooks.errors(self.config),
        ]
        self.is_configured = not errors
        if raise_errors:
            self._refuse(errors)
            self._warn(settings.warnings(self.config))
            self._warn(personal_settings.warnings(self.config))
        self._warn_of_errors(errors)
        return errors

    @override
    def setup_mapper(self) -> None:
        """Prepare stream maps and flattening; the SDK would also map the deselected streams.

        Raises:
            ConfigValidationError: A name in a map does not exist, a map is wrong, or two columns
                have the same name.
        """
        self._refuse(map_names.errors(self.config, self.streams, STREAM_NAMES))
        self.mapper = stream_maps.create_mapper(self.config, self.logger)
        self._refuse(stream_maps.errors(self.streams.values()))
        self._warn(map_names.warnings(self.config, self.streams))
        self._warn(stream_maps.warnings(self.streams.values()))
        if self.config.get("personal_data_allowed_attributes"):
            self._warn(personal_settings.name_warnings(self.config, self._allowable_names()))

    def _allowable_names(self) -> set[str]:
        """Return the names of all streams that `personal_data_allowed_attributes` may have."""
        return {
            name
            for stream in self.streams.values()
            if isinstance(stream, IntercomStream)
            for name in allowable_names(stream.own_schema, stream.effective_schema)
        }

    @override
    def run_discovery(self) -> str:
        if self.is_configured:  # or streams that the settings name are missing
            self._warn_of_errors(map_names.errors(self.config, self.streams, STREAM_NAMES))
        return super().run_discovery()

    def _warn(self, warnings: Iterable[str]) -> None:
        for warning in warnings:
            self.logger.warning("%s", warning)

    def _warn_of_errors(self, errors: Iterable[str]) -> None:
        self._warn(f"Discovery continues, but a sync would fail: {error}" for error in errors)

    def _refuse(self, errors: Sequence[str]) -> None:
        if errors:
            raise self._invalid(errors)

    @classmethod
    def _invalid(cls, errors: Iterable[str]) -> ConfigValidationError:
        return ConfigValidationError(
            "Config validation failed", errors=list(errors), schema=cls.config_jsonschema
        )
