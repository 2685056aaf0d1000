"""The tap: its settings and its list of streams."""

from __future__ import annotations

import gc
import os
import sys
import time
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar

import click
from singer_sdk import Tap
from singer_sdk.exceptions import ConfigValidationError
from singer_sdk.helpers.capabilities import CapabilitiesEnum, PluginCapabilities, TapCapabilities

from tap_intercom import catalog, command_line, progress, settings, state, streams, writer
from tap_intercom.attributes import Declarations
from tap_intercom.client import IntercomClient
from tap_intercom.compat import override
from tap_intercom.errors import IntercomError, PermissionDeniedError
from tap_intercom.settings import CONFIG_JSONSCHEMA, DEFAULT_VERSION, Settings, version_number
from tap_intercom.stream import IntercomStream
from tap_intercom.streams import custom_objects, custom_streams, reporting
from tap_intercom.writer import Writer

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from typing import IO

SECONDS_BETWEEN_SWITCHES = 0.02
"""How long the working thread may go on, where Python has it at 0.005."""

STREAM_TYPES: tuple[type[IntercomStream], ...] = (
    streams.Workspace,
    streams.Admins,
    streams.Teams,
    streams.TeamAdmins,
    streams.Tags,
    streams.Segments,
    streams.SubscriptionTypes,
    streams.DataAttributes,
    streams.ConversationAttributes,
    streams.TicketTypes,
    streams.TicketTypeAttributes,
    streams.TicketStates,
    streams.Brands,
    streams.EmailSettings,
    streams.AwayStatusReasons,
    streams.OfficeHoursSchedules,
    streams.Macros,
    streams.DataConnectors,
    streams.Audiences,
    streams.Articles,
    streams.ArticleStatistics,
    streams.Collections,
    streams.HelpCenters,
    streams.InternalArticles,
    streams.ContentSnippets,
    streams.ExternalPages,
    streams.ContentImportSources,
    streams.NewsItems,
    streams.Newsfeeds,
    streams.ActivityLogs,
    streams.DeletedConversations,
    streams.Contacts,
    streams.ContactTags,
    streams.ContactCompanies,
    streams.ContactSocialProfiles,
    streams.ContactSegments,
    streams.ContactSubscriptions,
    streams.ContactNotes,
    streams.ContactEventSummaries,
    streams.ContactEvents,
    streams.Companies,
    streams.CompanyTags,
    streams.CompanySegments,
    streams.CompanyNotes,
    streams.Conversations,
    streams.ConversationParts,
    streams.ConversationContacts,
    streams.ConversationTags,
    streams.ConversationTeammates,
    streams.ConversationAttachments,
    streams.ConversationPartAttachments,
    streams.ConversationHandlingEvents,
    streams.SideConversations,
    streams.Tickets,
    streams.TicketParts,
    streams.TicketContacts,
    streams.TicketPartAttachments,
    streams.Calls,
    streams.CallTranscripts,
    streams.MessageEngagement,
)

OWN_NAMES = frozenset(stream_type.name for stream_type in STREAM_TYPES)  # type: ignore[misc]
"""Names that a stream of a user's own can't have."""


class TapIntercom(Tap):
    """Singer tap for Intercom."""

    name = "tap-intercom"
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

    # the tap that this process runs: the SDK's entry points make it and keep it to themselves
    _current: ClassVar[TapIntercom | None] = None

    def __init__(self, *, parse_env_config: bool = False, **options: Any) -> None:
        """Check the configuration, beyond its JSON Schema too.

        Without a catalog, the streams' schemas are asked of Intercom as far as they differ between
        workspaces: custom attributes and reporting datasets.

        Raises:
            ConfigValidationError: A setting is missing, unknown or wrong.
        """
        TapIntercom._current = self
        self.failures: dict[IntercomStream, IntercomError] = {}
        try:
            super().__init__(parse_env_config=parse_env_config, **options)
        except ValueError:
            # raised by the SDK, which does not name the variable
            if parse_env_config and (errors := settings.unreadable_variables(os.environ)):
                raise self._invalid(errors) from None
            raise
        self._warn(settings.unknown_variables(os.environ) if parse_env_config else [])
        if self.input_catalog is not None:
            every = OWN_NAMES | self.streams.keys()
            self._warn(catalog.doubts(self.input_catalog, self.streams.keys(), every))

    @override
    def _validate_config(self, *, raise_errors: bool = True) -> list[str]:
        settings.read_fractions(self._config)  # the SDK hands out no other way to change it
        errors = self._schema_errors() or settings.problems(self.config, OWN_NAMES)
        self.is_configured = not errors
        if not raise_errors:
            self._warn(
                f"Discovery goes on, but a sync would be refused: {error}" for error in errors
            )
            return errors
        if errors:
            raise self._invalid(errors)
        self._warn(settings.doubts(self.config))
        return []

    def _schema_errors(self) -> list[str]:
        try:
            return super()._validate_config()
        except ConfigValidationError as error:
            return [settings.without_token(problem) for problem in error.errors]

    def _warn(self, doubts: Iterable[str]) -> None:
        for doubt in doubts:
            self.logger.warning("%s", doubt)

    @classmethod
    def _invalid(cls, errors: Iterable[str]) -> ConfigValidationError:
        return ConfigValidationError(
            "Config validation failed", errors=list(errors), schema=cls.config_jsonschema
        )

    @cached_property
    def settings(self) -> Settings:
        """The run's settings."""
        return Settings.from_config(self.config)

    @cached_property
    def client(self) -> IntercomClient:
        """The client that all streams share."""
        return IntercomClient(self.settings)

    @cached_property
    def declarations(self) -> Declarations:
        """The lists that declare custom attributes, read once."""
        return Declarations(self.client)

    @override
    def discover_streams(self) -> Sequence[IntercomStream]:
        version = version_number(self.config.get("api_version", DEFAULT_VERSION))
        found: list[IntercomStream] = [
            stream_type(self)
            for stream_type in (
                *STREAM_TYPES,
                *custom_objects.stream_types(self.config),
                *custom_streams.stream_types(self.config, OWN_NAMES),
            )
            if version >= stream_type.first_version
        ]
        found += reporting.streams(self)
        for stream in found:
            stream.logger.addFilter(command_line.is_unexplained)
        return found

    @override
    def load_state(self, value: dict[str, Any]) -> None:
        ours = state.taken_over(value)
        if errors := state.problems(ours):
            raise self._invalid(errors)
        super().load_state(state.not_after(ours, self.initialized_at // 1000))

    def note_failure(self, stream: IntercomStream, error: IntercomError) -> None:
        """Note why a stream could not be loaded whole; the run goes on and fails at its end."""
        self.failures[stream] = error

    @classmethod
    @override
    def cb_config(cls, ctx: click.Context, param: click.Option, value: tuple[str, ...]) -> Any:
        """Read the files given with `--config`, and say in one line what is wrong with one."""
        command_line.check_config_files(value)
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
        writer.give_stdout_a_large_buffer()
        state = state and command_line.checked_state(state)
        catalog = catalog and command_line.checked_catalog(catalog)
        try:
            super().invoke(state=state, catalog=catalog, **options)
        except IntercomError as error:
            cls._report(error)
            sys.exit(1)
        except SystemExit as end:
            if end.code or options.get("about"):
                raise
            # the SDK ends a run that a signal stops as if it had loaded everything
            cls.logger.error("The run was stopped; the next one goes on from its last STATE")  # noqa: TRY400  # a traceback says nothing
            sys.exit(1)
        cls._report_total()
        if cls._report_failures():
            sys.exit(1)

    @classmethod
    @override
    def cb_test(
        cls: type[TapIntercom], ctx: click.Context, param: click.Option, value: str
    ) -> None:
        """Try every stream (`--test`); end with exit code 1 if one of them can't be read."""
        try:
            with command_line.stopping_is_no_failure():
                super().cb_test(ctx, param, value)
        except ConfigValidationError as refusal:
            for reason in (*refusal.errors, refusal):
                cls.logger.error("%s", reason)  # noqa: TRY400  # a traceback says nothing
            ctx.exit(1)
        except IntercomError as error:
            cls._report(error)
            ctx.exit(1)
        except click.exceptions.Exit as end:
            failed = cls._report_failures()
            if value == "all" and not failed:
                cls.logger.info("The test passed: every stream can be read")
            ctx.exit(int(failed) or end.exit_code)

    @classmethod
    def _report(cls, error: IntercomError) -> None:
        """Log an error that ended the run; a traceback would say nothing to a user."""
        cls.logger.error("%s", command_line.explained(error))

    @classmethod
    def _report_total(cls) -> None:
        """Log one line about the whole run."""
        if tap := cls._current:
            summaries = [
                stream.summary
                for stream in tap.streams.values()
                if isinstance(stream, IntercomStream) and stream.selected
            ]
            seconds = time.time() - tap.initialized_at / 1000
            progress.log_total(cls.logger, summaries, tap.client, seconds)

    @classmethod
    def _report_failures(cls) -> bool:
        """Log one line for each stream that was not loaded whole; return whether there is any."""
        failures = cls._current.failures if cls._current else {}
        for stream, error in failures.items():
            if isinstance(error, PermissionDeniedError):
                needed = f' "{stream.permission}"' if stream.permission else " that it needs"
                cls.logger.error(
                    "Stream %s was not loaded: %s. Give the access token's app the permission%s, "
                    "or deselect the stream",
                    stream.name,
                    error,
                    needed,
                )
            else:
                cls.logger.error(
                    "Stream %s was not loaded whole: %s. The next run goes on from its bookmark",
                    stream.name,
                    command_line.explained(error),
                )
        return bool(failures)


def _save_processor_time() -> None:
    """Set Python up for one thread that works and many that wait for answers."""
    # records have no cycles, and looking for some took a third of a run's processor time
    gc.freeze()
    gc.set_threshold(50_000, 20, 20)
    # a thread whose answer has come can wait, and each switch to it costs
    sys.setswitchinterval(SECONDS_BETWEEN_SWITCHES)
