"""The tap: its settings and its list of streams."""

from __future__ import annotations

import gc
import sys
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar

import click
from singer_sdk import Tap
from singer_sdk.exceptions import ConfigValidationError
from singer_sdk.helpers.capabilities import CapabilitiesEnum, PluginCapabilities, TapCapabilities

from tap_intercom import state, streams
from tap_intercom.client import IntercomClient
from tap_intercom.compat import override
from tap_intercom.errors import IntercomError
from tap_intercom.settings import (
    CONFIG_JSONSCHEMA,
    DEFAULT_VERSION,
    Settings,
    problems,
    version_number,
    without_token,
)
from tap_intercom.writer import Writer

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from tap_intercom.errors import PermissionDeniedError
    from tap_intercom.stream import IntercomStream

STREAM_TYPES: tuple[type[IntercomStream], ...] = (
    streams.Workspace,
    streams.Admins,
    streams.Teams,
    streams.TeamAdmins,
    streams.Tags,
    streams.Segments,
    streams.SubscriptionTypes,
    streams.DataAttributes,
    streams.DeletedConversations,
    streams.Contacts,
    streams.ContactTags,
    streams.ContactCompanies,
    streams.Companies,
    streams.CompanyTags,
    streams.CompanySegments,
    streams.Conversations,
    streams.ConversationParts,
    streams.ConversationContacts,
    streams.ConversationTags,
    streams.Tickets,
    streams.TicketParts,
    streams.TicketTypes,
    streams.TicketStates,
)


class TapIntercom(Tap):
    """Singer tap for Intercom."""

    name = "tap-intercom"
    config_jsonschema: ClassVar[dict[str, Any]] = CONFIG_JSONSCHEMA
    message_writer_class = Writer

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

    def __init__(self, *, validate_config: bool = True, **options: Any) -> None:
        """Check the configuration, beyond its JSON Schema too; no request is made.

        Raises:
            ConfigValidationError: A setting is missing, unknown or wrong.
        """
        TapIntercom._current = self
        self.refusals: dict[IntercomStream, PermissionDeniedError] = {}
        super().__init__(validate_config=validate_config, **options)
        if validate_config and (errors := problems(self.config)):
            raise self._invalid(errors)

    @override
    def _validate_config(self, *, raise_errors: bool = True) -> list[str]:
        try:
            return super()._validate_config(raise_errors=raise_errors)
        except ConfigValidationError as error:
            raise self._invalid(map(without_token, error.errors)) from None

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

    @override
    def discover_streams(self) -> Sequence[IntercomStream]:
        version = version_number(self.config.get("api_version", DEFAULT_VERSION))
        return [
            stream_type(self)
            for stream_type in STREAM_TYPES
            if version >= stream_type.first_version
        ]

    @override
    def load_state(self, value: dict[str, Any]) -> None:
        ours = state.taken_over(value)
        if errors := state.problems(ours):
            raise self._invalid(errors)
        super().load_state(state.not_after(ours, self.initialized_at // 1000))

    def refuse(self, stream: IntercomStream, error: PermissionDeniedError) -> None:
        """Note that Intercom denies a stream; the run goes on and fails at its end."""
        self.refusals[stream] = error

    @classmethod
    @override
    def invoke(cls, **options: Any) -> None:
        """Run the command line; end with exit code 1 if anything was not loaded."""
        _look_for_garbage_rarely()
        try:
            super().invoke(**options)
        except IntercomError as error:
            cls.logger.error("%s", error)  # noqa: TRY400  # a traceback says nothing to a user
            sys.exit(1)
        if cls._report_refusals():
            sys.exit(1)

    @classmethod
    @override
    def cb_test(
        cls: type[TapIntercom], ctx: click.Context, param: click.Option, value: str
    ) -> None:
        """Try every stream (`--test`); end with exit code 1 if one of them can't be read."""
        try:
            super().cb_test(ctx, param, value)
        except IntercomError as error:
            cls.logger.error("%s", error)  # noqa: TRY400  # a traceback says nothing to a user
            ctx.exit(1)
        except click.exceptions.Exit as end:
            ctx.exit(int(cls._report_refusals()) or end.exit_code)

    @classmethod
    def _report_refusals(cls) -> bool:
        """Log one line for each stream that Intercom denied; return whether there is any."""
        refusals = cls._current.refusals if cls._current else {}
        for stream, error in refusals.items():
            cls.logger.error(
                "Stream %s was not loaded: %s. Give the access token's app the permission "
                '"%s", or deselect the stream',
                stream.name,
                error,
                stream.permission,
            )
        return bool(refusals)


def _look_for_garbage_rarely() -> None:
    """Spare Python's search for cycles: records have none, and it took a third of a run's CPU."""
    gc.freeze()
    gc.set_threshold(50_000, 20, 20)
