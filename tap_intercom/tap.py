"""The tap: its settings, its streams and its commands."""

from __future__ import annotations

import json
import os
import sys
import time
from contextlib import contextmanager
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar, NoReturn, cast

import click
from singer_sdk import typing as th
from singer_sdk.helpers.capabilities import CapabilitiesEnum, PluginCapabilities, TapCapabilities

from tap_intercom import cli, settings
from tap_intercom.api_version import configured_version
from tap_intercom.compat import override
from tap_intercom.configured_tap import STREAM_NAMES, STREAM_TYPES, ConfiguredTap
from tap_intercom.custom import reporting
from tap_intercom.custom.custom_objects import custom_object_types
from tap_intercom.custom.custom_streams import custom_stream_types
from tap_intercom.custom.definitions import CUSTOM_STREAMS
from tap_intercom.distribution import distribution_name
from tap_intercom.errors import AuthenticationError, OtherWorkspaceError
from tap_intercom.schema import personal_settings
from tap_intercom.streams.sync_audit import SyncAudit
from tap_intercom.sync import incoming_catalog, incoming_state, stdout, trial, workspace
from tap_intercom.sync.export_stream import ExportStream
from tap_intercom.sync.run import Run
from tap_intercom.sync.writer import Writer
from tap_intercom.webhooks import settings as webhooks
from tap_intercom.webhooks.notification_streams import STREAM_TYPES as NOTIFICATION_STREAM_TYPES

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from types import FrameType
    from typing import IO

    from singer_sdk import Stream

    from tap_intercom.sync.stream import IntercomStream


class TapIntercom(ConfiguredTap):
    """Singer tap for Intercom."""

    name = "tap-intercom"
    package_name = distribution_name()
    config_jsonschema: ClassVar[dict[str, Any]] = th.PropertiesList(
        *settings.PROPERTIES,
        *personal_settings.PROPERTIES,
        CUSTOM_STREAMS,
        *webhooks.PROPERTIES,
        additional_properties=False,
    ).to_dict()
    message_writer_class = Writer
    message_writer: Writer

    # no BATCH: the SDK's batch files ignore field selection and stream maps (sdk#1117)
    capabilities: ClassVar[list[CapabilitiesEnum]] = [
        TapCapabilities.CATALOG,
        TapCapabilities.STATE,
        TapCapabilities.DISCOVER,
        PluginCapabilities.ACTIVATE_VERSION,
        PluginCapabilities.ABOUT,
        PluginCapabilities.STREAM_MAPS,
        PluginCapabilities.FLATTENING,
        PluginCapabilities.STRUCTURED_LOGGING,
    ]

    # the tap that this process runs: the SDK's entry points create it, and don't return it
    _current: ClassVar[TapIntercom | None] = None

    # whether a sync has begun, and has what all rows need
    _can_write_rows = False

    def __init__(self, *, parse_env_config: bool = False, **options: Any) -> None:
        """Check the configuration, and discover the streams.

        Without a catalog, Intercom is asked for what differs between workspaces: custom attributes
        and reporting datasets.

        Raises:
            ConfigValidationError: A setting is missing, unknown or wrong.
            IntercomError: Intercom could not be asked, so columns would be missing.
        """
        TapIntercom._current = self
        environment = os.environ if parse_env_config else {}
        catalog = options.get("catalog")
        if isinstance(catalog, dict):
            options["catalog"] = incoming_catalog.with_replication_methods(catalog)
        try:
            super().__init__(parse_env_config=parse_env_config, **options)
        except ValueError:
            # raised by the SDK, which does not name the variable
            if errors := cli.unreadable_variables(environment, self.config_jsonschema):
                raise self._invalid(errors) from None
            raise
        self._warn(cli.unknown_variables(environment, self.config_jsonschema))
        if isinstance(catalog, dict):
            self._warn(incoming_catalog.catalog_warnings(catalog, self.streams, STREAM_NAMES))

    @cached_property
    def run(self) -> Run:
        """What all streams share."""
        return Run(
            config=self.config,
            writer=self.message_writer,
            started_at=self.initialized_at // 1000,
            is_configured=self.is_configured,
            has_catalog=self.input_catalog is not None,
            changes=webhooks.change_feed(self.config) if self.is_configured else None,
        )

    @override
    def discover_streams(self) -> Sequence[IntercomStream]:
        api_version = configured_version(self.config)
        found: list[IntercomStream] = [
            stream_type(self, self.run)
            for stream_type in (
                *STREAM_TYPES,
                *custom_object_types(self.config),
                *custom_stream_types(self.config, STREAM_NAMES),
                *(NOTIFICATION_STREAM_TYPES if self.config.get("webhooks_database") else ()),
            )
            if api_version >= stream_type.min_api_version
        ]
        found += reporting.streams(self, self.run)
        for stream in found:
            stream.logger.addFilter(cli.is_unexplained)
            stream.add_workspace_to_key()
        return found

    @property
    @override
    def streams(self) -> dict[str, Stream]:
        """The streams by name; those that may wait for export jobs, then `sync_audit` come last."""
        streams = super().streams.items()
        return dict(sorted(streams, key=lambda item: _is_late(item[1])))

    @override
    def load_state(self, value: dict[str, Any]) -> None:
        if not value:
            return
        keys = {name: stream.replication_key for name, stream in self.streams.items()}
        migrated = incoming_state.migrate_state(value, keys)
        self._refuse(incoming_state.state_errors(migrated, keys))
        self._warn(incoming_state.state_warnings(value, keys, STREAM_NAMES | keys.keys()))
        super().load_state(
            incoming_state.clamp_future_bookmarks(migrated, keys, self.run.started_at)
        )
        cast("dict[str, Any]", self.state).update(workspace.from_state(value))

    @override
    def _reset_state_progress_markers(self) -> None:
        """Prepare the state for a sync, before anything is written.

        Raises:
            IntercomError: It is of another workspace than the token; see `note_workspace`.
        """
        super()._reset_state_progress_markers()
        self._can_write_rows = not self.run.settings.workspace_column
        workspace.note_workspace(self.run, cast("dict[str, Any]", self.state))
        self._can_write_rows = True

    def write_audit(self, error: Exception) -> None:
        """Write the rows of `sync_audit`, if it is selected, of a run that an error ends.

        There are none if the token is refused, or is of another workspace.
        """
        is_about_token = isinstance(error, (AuthenticationError, OtherWorkspaceError))
        if self._can_write_rows and not is_about_token and self.streams[SyncAudit.name].selected:
            self.run.ended_by = error
            self.streams[SyncAudit.name].sync()

    @override
    def _handle_termination(self, signum: int, frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    @classmethod
    @override
    def cb_config(cls, ctx: click.Context, param: click.Option, value: tuple[str, ...]) -> Any:
        """Check the files given with `--config`, then let the SDK read them."""
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
        cli.tune_interpreter()
        if stdout.is_file():
            stdout.enlarge_buffer()
            stdout.interrupt_when_closed()
        state = state and cli.checked_state(state)
        catalog = catalog and cli.checked_catalog(catalog)
        try:
            with cli.exit_on_error(cls.logger), cls._auditing_errors():
                super().invoke(state=state, catalog=catalog, **options)
        except (KeyboardInterrupt, BrokenPipeError):
            cli.end_interrupted_run(cls.logger, cls._current)
        if tap := cls._current:
            seconds = time.time() - tap.initialized_at / 1000
            cli.log_total(cls.logger, tap.run, tap.streams.values(), seconds)
        if cls._log_failures():
            sys.exit(1)

    @classmethod
    @contextmanager
    def _auditing_errors(cls) -> Iterator[None]:
        """Write the rows of `sync_audit` also if an error ends the run."""
        try:
            yield
        except OSError:
            raise  # no row can be written either
        except Exception as error:
            if tap := cls._current:
                tap.write_audit(error)
            raise

    @classmethod
    @override
    def cb_discover(
        cls: type[TapIntercom], ctx: click.Context, param: click.Option, value: bool
    ) -> None:
        """Write the catalog (`--discover`); end with exit code 1 if it would lack columns."""
        try:
            with cli.exit_on_error(cls.logger):
                super().cb_discover(ctx, param, value)
        except click.exceptions.Exit as end:
            ctx.exit(end.exit_code or int(cls._log_failures()))

    @classmethod
    @override
    def cb_test(
        cls: type[TapIntercom], ctx: click.Context, param: click.Option, value: str
    ) -> None:
        """Try the selected streams (`--test`); end with exit code 1 if one can't be read."""
        if value == "all":
            cls._try_streams(ctx)
        try:
            with cli.exit_on_error(cls.logger):
                super().cb_test(ctx, param, value)
        except click.exceptions.Exit as end:
            ctx.exit(end.exit_code or int(cls._log_failures()))

    @classmethod
    def _try_streams(cls, ctx: click.Context) -> NoReturn:
        writer = trial.ColumnWriter()
        with cli.exit_on_error(cls.logger):
            tap = cls._from_options(ctx, writer)
            trials = trial.try_streams(tap.streams.values(), writer)
        click.echo(trial.table(trials), err=True)
        has_failed = cls._log_failures()
        if not has_failed:
            cls.logger.info("The test passed: every selected stream can be read")
        ctx.exit(int(has_failed))

    @classmethod
    def _from_options(cls, ctx: click.Context, writer: Writer) -> TapIntercom:
        """Create a tap from the options `--config` and `--catalog` of the command line."""
        config, catalog = ctx.params.get("config"), ctx.params.get("catalog")
        return cls(
            config=config.config if config else {},
            catalog=json.load(cli.checked_catalog(catalog)) if catalog else None,
            parse_env_config=config is not None and config.parse_env,
            validate_config=True,
            message_writer=writer,
        )

    @classmethod
    @override
    def get_singer_command(cls) -> click.Command:
        command = super().get_singer_command()
        for option in command.params:
            if option.name == "catalog":
                option.is_eager = True  # to be read before `--test`, wherever it stands
        return command

    @classmethod
    def _log_failures(cls) -> bool:
        """Log why streams were not loaded completely, and return if there is any."""
        tap = cls._current
        return bool(tap and cli.log_failures(cls.logger, tap.run, tap.streams))


def _is_late(stream: Stream) -> tuple[bool, bool]:
    """Return a sort key: streams that may wait for export jobs, then `sync_audit` come last."""
    return isinstance(stream, SyncAudit), isinstance(stream, ExportStream)
