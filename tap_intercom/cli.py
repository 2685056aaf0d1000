"""The command line: files, environment variables and catalogs checked, and errors explained."""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Callable
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from singer_sdk.exceptions import AbortedSyncExceptionBase
from singer_sdk.metrics import MetricExclusionFilter, Status, Tag, get_metrics_logger
from singer_sdk.singerlib import Catalog

from tap_intercom.errors import IntercomError, PermissionDeniedError, RetriableError
from tap_intercom.settings import CONFIG_JSONSCHEMA
from tap_intercom.spelling import unknown

if TYPE_CHECKING:
    import logging
    from collections.abc import Iterator, Mapping
    from collections.abc import Set as AbstractSet
    from typing import IO

SDK_ERROR_LINE = "An unhandled error occurred while syncing '%s'"
"""What the SDK logs of any exception that ends a stream, as it writes it (`Stream.sync`)."""

CONFIG_ADVICE = 'It has to be a JSON object such as {"access_token": "..."}'
CATALOG_ADVICE = "Write it anew with --discover, then edit the selection"
STATE_ADVICE = (
    "A state is the last line of what a target wrote: give the one of the last run that ended "
    "well, or leave --state out to load everything anew"
)

ADVICE_BY_CODE = {
    "intercom_version_invalid": "Set api_version to one of Intercom's versions, or leave it out",
}
"""What to do, by Intercom's error code."""

VARIABLE_PREFIX = "TAP_INTERCOM_"
"""Prefix of the environment variables that hold settings."""

OTHER_VARIABLES = ("LOGLEVEL", "LOG_", "_")
"""What follows the prefix in variables that are no settings: the SDK's log, Meltano's extras."""

READERS: dict[str, tuple[Callable[[str], Any], str]] = {
    "integer": (int, "a whole number"),
    "object": (json.loads, "a JSON object"),
    "array": (json.loads, "a JSON array"),
}
"""JSON Schema type -> how the SDK reads it from the environment, and what it has to be."""


def check_config_files(paths: tuple[str, ...]) -> None:
    """See to it that the files given with --config can be used; `ENV` is none.

    A pipe, such as a shell's `<(...)`, is left alone: it can't be read twice.

    Raises:
        click.ClickException: One of them can't.
    """
    for path in paths:
        if path != "ENV" and not Path(path).is_fifo():
            try:
                content = Path(path).read_bytes()
            except OSError as error:
                message = f"The config file {path} can't be read: {error.strerror}"
                raise click.ClickException(message) from None
            _json_object(path, content, CONFIG_ADVICE)


def checked_catalog(file: IO[str]) -> IO[str]:
    """Return the file given with --catalog, if it can be used, to be read anew.

    Raises:
        click.ClickException: It can't.
    """
    content = _content(file)
    try:
        Catalog.from_dict(_json_object(file.name, content, CATALOG_ADVICE))
    except (AttributeError, LookupError, TypeError, ValueError):
        message = f"{file.name} is no Singer catalog. {CATALOG_ADVICE}"
        raise click.ClickException(message) from None
    return io.StringIO(content.decode())


def checked_state(file: IO[str]) -> IO[str]:
    """Return the file given with --state, if it can be used, to be read anew.

    Raises:
        click.ClickException: It can't.
    """
    content = _content(file)
    _json_object(file.name, content, STATE_ADVICE)
    return io.StringIO(content.decode())


def unknown_variables(environment: Mapping[str, str]) -> list[str]:
    """Return a warning for each environment variable that looks like a setting and is none."""
    variables = [
        name
        for name in environment
        if name.startswith(VARIABLE_PREFIX)
        and not name.removeprefix(VARIABLE_PREFIX).startswith(OTHER_VARIABLES)
    ]
    names = unknown(variables, map(_variable, CONFIG_JSONSCHEMA["properties"]))
    return [f"No setting belongs to the environment variable {name}" for name in names]


def unreadable_variables(environment: Mapping[str, str]) -> list[str]:
    """Return an error for each environment variable that has to be a number or JSON, and is not."""
    errors = []
    for name, schema in CONFIG_JSONSCHEMA["properties"].items():
        for kind, (read, expected) in READERS.items():
            value = environment.get(_variable(name))
            if value is None or kind not in schema["type"] or _is_list_of_text(schema):
                continue
            if not _is_readable(read, value):
                errors.append(f"The environment variable {_variable(name)} has to be {expected}")
    return errors


def catalog_warnings(
    catalog: Catalog, offered: AbstractSet[str], all_names: AbstractSet[str]
) -> list[str]:
    """Return what a catalog was probably not meant to do.

    Args:
        catalog: The catalog that was given.
        offered: The streams of the API version in use.
        all_names: The streams of all versions.
    """
    selected = [name for name, entry in catalog.items() if entry.metadata.resolve_selection()[()]]
    warnings = []
    if unknown_names := unknown(selected, all_names):
        warnings.append(f"The catalog selects streams that don't exist: {', '.join(unknown_names)}")
    if missing := sorted((all_names & set(selected)) - offered):
        warnings.append(
            f"This api_version lacks streams that the catalog selects: {', '.join(missing)}"
        )
    if offered.isdisjoint(selected):
        warnings.append("The catalog selects no stream, so nothing will be loaded")
    return warnings


def explain(error: IntercomError) -> str:
    """Return an error's message, and what its user can do about it."""
    if isinstance(error, RetriableError) and not error.status:
        return f"{error}. Check the settings region and api_url, and the network"
    if advice := ADVICE_BY_CODE.get(error.code):
        return f"{error}. {advice}"
    return str(error)


def log_error(logger: logging.Logger, error: IntercomError) -> None:
    """Log an error that ended the run; a traceback would say nothing to a user."""
    logger.error("%s", explain(error))


def failure_message(stream: str, permission: str, error: IntercomError) -> str:
    """Return one line about a stream that was not loaded completely."""
    if not isinstance(error, PermissionDeniedError):
        return (
            f"{stream}: not loaded completely: {explain(error)}. "
            "The next run resumes from its bookmark"
        )
    needed = f'the permission "{permission}"' if permission else "the permission that it needs"
    return f"{stream}: permission denied ({error}). Add {needed} to the app, or deselect the stream"


def is_unexplained(record: logging.LogRecord) -> bool:
    """Whether a line of a stream's log tells what nothing else does, as a filter of loggers.

    The SDK calls every error unhandled: also those that the tap explains, and the end of a
    stream's part in `--test`.
    """
    handled = isinstance(sys.exc_info()[1], IntercomError | AbortedSyncExceptionBase)
    return not (handled and record.msg == SDK_ERROR_LINE)


@contextmanager
def stopping_is_no_failure() -> Iterator[None]:
    """Keep the SDK's metrics from calling a stream failed because `--test` stops it early."""
    exclusion = MetricExclusionFilter(tags={Tag.STATUS: Status.FAILED})
    logger = get_metrics_logger()
    logger.addFilter(exclusion)
    try:
        yield
    finally:
        logger.removeFilter(exclusion)


def _content(file: IO[str]) -> bytes:
    """Read an open text file as bytes, so that what is no UTF-8 is reported as such."""
    return file.buffer.read() if isinstance(file, io.TextIOWrapper) else file.read().encode()


def _json_object(name: str, content: bytes, advice: str) -> dict[str, Any]:
    """Return the JSON object that a file holds.

    Raises:
        click.ClickException: It holds none; nothing of the file is quoted, it may hold secrets.
    """
    problem = "holds no JSON object"
    try:
        value = json.loads(content.decode())
    except json.JSONDecodeError as error:
        problem = f"is no JSON: line {error.lineno} column {error.colno}, {error.msg}"
    except UnicodeDecodeError:
        problem = "is no UTF-8 text"
    else:
        if isinstance(value, dict):
            return value
    if not content.strip():
        problem = "is empty"
    raise click.ClickException(f"{name} {problem}. {advice}") from None


def _variable(setting: str) -> str:
    return f"{VARIABLE_PREFIX}{setting.upper()}"


def _is_list_of_text(schema: Mapping[str, Any]) -> bool:
    """Whether the SDK also reads the setting as texts separated by commas."""
    return "string" in schema.get("items", {}).get("type", ())


def _is_readable(read: Callable[[str], Any], value: str) -> bool:
    try:
        read(value)
    except ValueError:
        return False
    return True
