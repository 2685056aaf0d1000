"""The tap: its settings, its streams and its commands."""

from __future__ import annotations

import gc
import os
import sys
import time
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar

import click
from singer_sdk import Stream, Tap
from singer_sdk.exceptions import ConfigValidationError
from singer_sdk.helpers.capabilities import CapabilitiesEnum, PluginCapabilities, TapCapabilities

from tap_intercom import cli, settings
from tap_intercom.compat import override
from tap_intercom.custom import custom_objects, custom_streams, definitions, reporting
from tap_intercom.distribution import distribution_name
from tap_intercom.errors import IntercomError
from tap_intercom.settings import CONFIG_JSONSCHEMA, ApiVersion
from tap_intercom.streams import stream_types
from tap_intercom.sync import incoming_state, progress, writer
from tap_intercom.sync.export_stream import ExportStream
from tap_intercom.sync.run import Run
from tap_intercom.sync.stream import IntercomStream
from tap_intercom.sync.writer import Writer

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from typing import IO

SECONDS_BETWEEN_SWITCHES = 0.02
"""How long the working thread may continue; Python's default is 0.005."""

STREAM_TYPES = stream_types()

STREAM_NAMES = frozenset(stream_type.name for stream_type in STREAM_TYPES)  # type: ignore[misc]
"""Names that a stream defined by a user can't have."""


class TapIntercom(Tap):
    """Singer tap for Intercom."""

    name = "tap-intercom"
    package_name = distribution_name()
    config_jsonschema: ClassVar[dict[str, Any]] = CONFIG_JSONSCHEMA
    message_writer_class = Writer
    message_writer: Writer

    # no BATCH: the SDK's batch files ignore field selection and stream maps (sdk#1117)
    capabilities: ClassVar[list[CapabilitiesEnum]] = [
        TapCapabilities.CATALOG,
        TapCapabilities.STATE,
        TapCapabilities.DISCOVER,
        PluginCapabilities.ABOUT,
        PluginCapabilities.STREAM_MAPS,
        PluginCapabilities.FLATTENING,
        PluginCapabilities.STRUCTURED_LOGGING,
    ]

    # the tap that this process runs: the SDK's entry points create it and keep it to themselves
    _current: ClassVar[TapIntercom | None] = None

    def __init__(self, *, parse_env_config: bool = False, **options: Any) -> None:
        """Check the configuration, beyond its JSON Schema too.

        Without a catalog, schemas are requested from Intercom as far as they differ between
        workspaces: custom attributes and reporting datasets.

        Raises:
            ConfigValidationError: A setting is missing, unknown or wrong.
        """
        TapIntercom._current = self
        try:
            super().__init__(parse_env_config=parse_env_config, **options)
        except ValueError:
            # raised by the SDK, which does not name the variable
            if parse_env_config and (errors := cli.unreadable_variables(os.environ)):
                raise self._invalid(errors) from None
            raise
        self._warn(cli.unknown_variables(os.environ) if parse_env_config else [])
        if self.input_catalog is not None:
            all_names = STREAM_NAMES | self.streams.keys()
            self._warn(cli.catalog_warnings(self.input_catalog, self.streams.keys(), all_names))

    @override
    def _validate_config(self, *, raise_errors: bool = True) -> list[str]:
        settings.read_fractions(self._config)  # the SDK hands out no other way to change it
        errors = self._schema_errors() or [
            *settings.errors(self.config),
            *definitions.errors(self.config, STREAM_NAMES),
        ]
        self.is_configured = not errors
        if not raise_errors:
            self._warn(
                f"Discovery continues, but a sync would be refused: {error}" for error in errors
            )
            return errors
        if errors:
            raise self._invalid(errors)
        self._warn(settings.warnings(self.config))
        return []

    def _schema_errors(self) -> list[str]:
        try:
            return super()._validate_config()
        except ConfigValidationError as error:
            return [settings.without_token(message) for message in error.errors]

    def _warn(self, warnings: Iterable[str]) -> None:
        for warning in warnings:
            self.logger.warning("%s", warning)

    @classmethod
    def _invalid(cls, errors: Iterable[str]) -> ConfigValidationError:
        return ConfigValidationError(
            "Config validation failed", errors=list(errors), schema=cls.config_jsonschema
        )

    @cached_property
    def run(self) -> Run:
        """What all streams share."""
        return Run(
            config=self.config,
            writer=self.message_writer,
            started_at=self.initialized_at // 1000,
            is_configured=self.is_configured,
            has_catalog=self.input_catalog is not None,
        )

    @override
    def discover_streams(self) -> Sequence[IntercomStream]:
        api_version = ApiVersion.parse(self.config.get("api_version", settings.DEFAULT_VERSION))
        found: list[IntercomStream] = [
            stream_type(self, self.run)
            for stream_type in (
                *STREAM_TYPES,
                *custom_objects.stream_types(self.config),
                *custom_streams.stream_types(self.config, STREAM_NAMES),
            )
            if api_version >= stream_type.min_api_version
        ]
        found += reporting.streams(self, self.run)
        for stream in found:
            stream.logger.addFilter(cli.is_unexplained)
        return found

    @property
    @override
    def streams(self) -> dict[str, Stream]:
        """The streams by name, those that may wait for export jobs last."""
        streams = super().streams.items()
        return dict(sorted(streams, key=lambda item: isinstance(item[1], ExportStream)))

    @override
    def load_state(self, value: dict[str, Any]) -> None:
        migrated = incoming_state.migrate_state(value)
        if errors := incoming_state.validate_state(migrated):
            raise self._invalid(errors)
        super().load_state(
            incoming_state.clamp_future_bookmarks(migrated, self.initialized_at // 1000)
        )

    @classmethod
    @override
    def cb_config(cls, ctx: click.Context, param: click.Option, value: tuple[str, ...]) -> Any:
        """Read the files given with `--config`, and say in one line what is wrong with one."""
        cli.check_config_files(value)
        return super().cb_config(ctx, param, value)

    @classmethod
    @override
    def invoke(
        cls,
        *,
        state: IO[str] | None = None,
        catalog: IO[str] | None = None,
        **options: Any,
    ) -> None:
        """Run the command line; end with exit code 1 if anything was not loaded."""
        _save_processor_time()
        writer.enlarge_stdout_buffer()
        state = state and cli.checked_state(state)
        catalog = catalog and cli.checked_catalog(catalog)
        try:
            super().invoke(state=state, catalog=catalog, **options)
        except IntercomError as error:
            cli.log_error(cls.logger, error)
            sys.exit(1)
        except SystemExit as end:
            if end.code or options.get("about"):
                raise
            # the SDK ends a run that a signal stops as if it had loaded everything
            cls.logger.error("The run was stopped; the next run resumes from its last STATE")  # noqa: TRY400  # a traceback says nothing
            sys.exit(1)
        cls._log_total()
        if cls._log_failures():
            sys.exit(1)

    @classmethod
    @override
    def cb_test(
        cls: type[TapIntercom], ctx: click.Context, param: click.Option, value: str
    ) -> None:
        """Try every stream (`--test`); end with exit code 1 if one of them can't be read."""
        try:
            with cli.stopping_is_no_failure():
                super().cb_test(ctx, param, value)
        except ConfigValidationError as refusal:
            for reason in (*refusal.errors, refusal):
                cls.logger.error("%s", reason)  # noqa: TRY400  # a traceback says nothing
            ctx.exit(1)
        except IntercomError as error:
            cli.log_error(cls.logger, error)
            ctx.exit(1)
        except click.exceptions.Exit as end:
            failed = cls._log_failures()
            if value == "all" and not failed:
                cls.logger.info("The test passed: every stream can be read")
            ctx.exit(int(failed) or end.exit_code)

    @classmethod
    def _log_total(cls) -> None:
        """Log one line about the whole run."""
        if tap := cls._current:
            summaries = [
                stream.summary
                for stream in tap.streams.values()
                if isinstance(stream, IntercomStream) and stream.selected
            ]
            seconds = time.time() - tap.initialized_at / 1000
            progress.log_total(cls.logger, summaries, tap.run.client, seconds)

    @classmethod
    def _log_failures(cls) -> bool:
        """Log one line for each stream that was not loaded completely; return if there is any."""
        tap = cls._current
        failures = tap.run.failures if tap else {}
        for name, error in failures.items():
            stream = tap.streams[name] if tap else None
            permission = stream.permission if isinstance(stream, IntercomStream) else ""
            cls.logger.error("%s", cli.failure_message(name, permission, error))
        return bool(failures)


def _save_processor_time() -> None:
    """Set Python up for one thread that works and many that wait for responses."""
    # records have no cycles, and looking for some took a third of a run's processor time
    gc.freeze()
    gc.set_threshold(50_000, 20, 20)
    # a thread whose response has come can wait, and each switch to it costs
    sys.setswitchinterval(SECONDS_BETWEEN_SWITCHES)
