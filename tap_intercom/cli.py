"""What the command line checks and reports: files, variables, catalogs, totals and failures."""

from __future__ import annotations

import gc
import io
import json
import os
import signal
import sys
import threading
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import click
from singer_sdk.exceptions import ConfigValidationError, MappingError
from singer_sdk.singerlib import Catalog

from tap_intercom.errors import IntercomError, explain, explain_failure
from tap_intercom.spelling import unknown
from tap_intercom.sync import progress, stdout
from tap_intercom.sync.stream import IntercomStream

if TYPE_CHECKING:
    import logging
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from typing import IO

    from singer_sdk import Stream, Tap

    from tap_intercom.sync.run import Run

SDK_ERROR_LINE = "An unhandled error occurred while syncing '%s'"
"""What the SDK logs of any exception that ends a stream, as it writes it (`Stream.sync`)."""

EXPLAINED_ERRORS = (IntercomError, MappingError, BrokenPipeError)
"""What the tap explains in a line of its own."""

CONFIG_ADVICE = 'It has to be a JSON object such as {"access_token": "..."}'
CATALOG_ADVICE = "Write it again with --discover, then edit the selection"
STATE_ADVICE = (
    "A state is the last line of a target's output: give that of the last successful run, or leave "
    "--state out to load everything again"
)

RESUME_ADVICE = "the next run resumes from the last STATE that the target has stored"

VARIABLE_PREFIX = "TAP_INTERCOM_"
"""Prefix of the environment variables that are settings."""

OTHER_VARIABLES = ("LOGLEVEL", "LOG_", "WEBHOOKS_CLIENT_SECRET", "WEBHOOKS_APP_ID", "_")
"""What follows the prefix in variables that are not settings of the tap.

They belong to the SDK's log, to the receiver of webhooks, and to Meltano's extras.
"""

MAX_FLUSH_SECONDS = 3
"""How long a run that was stopped tries to write its last messages."""

SECONDS_BETWEEN_SWITCHES = 0.02
"""How long the working thread may continue; Python's default is 0.005."""

READERS: dict[str, tuple[Callable[[str], Any], str]] = {
    "integer": (int, "a whole number"),
    "object": (json.loads, "a JSON object"),
    "array": (json.loads, "a JSON array"),
}
"""JSON Schema type -> how the SDK reads it from the environment, and what it has to be."""


def check_config_files(paths: tuple[str, ...]) -> None:
    """Check the files given with --config; `ENV` is not a file.

    A pipe, such as a shell's `<(...)`, is not checked: it can't be read twice.

    Raises:
        click.ClickException: A file can't be read, or is not a JSON object.
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
    """Check the file given with --catalog, and return it to be read again.

    Raises:
        click.ClickException: It is not a catalog.
    """
    content = _content(file)
    try:
        Catalog.from_dict(_json_object(file.name, content, CATALOG_ADVICE))
    except (AttributeError, LookupError, TypeError, ValueError):
        message = f"{file.name} is not a Singer catalog. {CATALOG_ADVICE}"
        raise click.ClickException(message) from None
    return io.StringIO(content.decode())


def checked_state(file: IO[str]) -> IO[str]:
    """Check the file given with --state, and return it to be read again.

    Raises:
        click.ClickException: It is not a JSON object.
    """
    content = _content(file)
    _json_object(file.name, content, STATE_ADVICE)
    return io.StringIO(content.decode())


def unknown_variables(
    environment: Mapping[str, str], config_jsonschema: Mapping[str, Any]
) -> list[str]:
    """Return a warning for each environment variable that looks like a setting but is not one."""
    variables = [
        name
        for name in environment
        if name.startswith(VARIABLE_PREFIX)
        and not name.removeprefix(VARIABLE_PREFIX).startswith(OTHER_VARIABLES)
    ]
    names = unknown(variables, map(_variable, config_jsonschema["properties"]))
    return [f"The environment variable {name} is not a setting" for name in names]


def unreadable_variables(
    environment: Mapping[str, str], config_jsonschema: Mapping[str, Any]
) -> list[str]:
    """Return an error for each environment variable that has to be a number or JSON, and is not."""
    errors = []
    for name, schema in config_jsonschema["properties"].items():
        for kind, (read, expected) in READERS.items():
            value = environment.get(_variable(name))
            if value is None or kind not in schema["type"] or _is_list_of_text(schema):
                continue
            if not _is_readable(read, value):
                errors.append(f"The environment variable {_variable(name)} has to be {expected}")
    return errors


@contextmanager
def exit_on_error(logger: logging.Logger) -> Iterator[None]:
    """Log an error that ends the run, without a traceback, and end with exit code 1."""
    try:
        yield
    except ConfigValidationError as invalid:
        for line in (*invalid.errors, invalid):
            logger.error("%s", line)  # noqa: TRY400  # a traceback would not help
        sys.exit(1)
    except (IntercomError, MappingError) as error:
        logger.error("%s", explain(error))  # noqa: TRY400  # as above
        sys.exit(1)


def end_interrupted_run(logger: logging.Logger, tap: Tap | None) -> NoReturn:
    """Log why a run ends, write its STATE, and exit with 1; a target that hangs can't delay it."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)  # Meltano sends both
    deadline = threading.Timer(MAX_FLUSH_SECONDS, os._exit, (1,))
    deadline.daemon = True
    deadline.start()
    if stdout.is_closed():
        logger.error("The target (standard output) is gone; %s", RESUME_ADVICE)
    else:
        logger.error("The run was stopped; %s", RESUME_ADVICE)
        with suppress(BrokenPipeError):
            if tap and tap.state:
                tap.state_writer.write_state(tap.state)
            sys.stdout.flush()
    stdout.discard()
    sys.exit(1)


def log_total(logger: logging.Logger, run: Run, streams: Iterable[Stream], seconds: float) -> None:
    """Log one line about the whole run and its duration (seconds)."""
    summaries = [
        stream.summary
        for stream in streams
        if isinstance(stream, IntercomStream) and stream.selected
    ]
    progress.log_total(logger, summaries, run.client, seconds)


def log_failures(logger: logging.Logger, run: Run, streams: Mapping[str, Stream]) -> bool:
    """Log one line for each stream that was not loaded completely; return if there is any."""
    for name, error in run.failures.items():
        stream = streams[name]
        permission = stream.permission if isinstance(stream, IntercomStream) else ""
        line = explain_failure(name, permission, stream.replication_key, error)
        logger.error("%s", line)
    return bool(run.failures)


def is_unexplained(record: logging.LogRecord) -> bool:
    """Whether a log record says what no other line does; a filter for the streams' loggers.

    The SDK logs every error as unhandled: also those that the tap explains.
    """
    handled = isinstance(sys.exc_info()[1], EXPLAINED_ERRORS)
    return not (handled and record.msg == SDK_ERROR_LINE)


def tune_interpreter() -> None:
    """Set Python up for one thread that works and many that wait for responses."""
    # records have no cycles, and looking for some took a third of a run's processor time
    gc.freeze()
    gc.set_threshold(50_000, 20, 20)
    # a thread whose response has come can wait, and each switch to it costs
    sys.setswitchinterval(SECONDS_BETWEEN_SWITCHES)


def _content(file: IO[str]) -> bytes:
    """Read an open text file as bytes, so that invalid UTF-8 can be reported."""
    return file.buffer.read() if isinstance(file, io.TextIOWrapper) else file.read().encode()


def _json_object(name: str, content: bytes, advice: str) -> dict[str, Any]:
    """Return the JSON object in a file.

    Raises:
        click.ClickException: There is none. The file may have secrets, so it is not quoted.
    """
    reason = "does not contain a JSON object"
    try:
        value = json.loads(content.decode())
    except json.JSONDecodeError as error:
        reason = f"is not JSON: line {error.lineno} column {error.colno}, {error.msg}"
    except UnicodeDecodeError:
        reason = "is not UTF-8 text"
    else:
        if isinstance(value, dict):
            return value
    if not content.strip():
        reason = "is empty"
    raise click.ClickException(f"{name} {reason}. {advice}") from None


def _variable(setting: str) -> str:
    return f"{VARIABLE_PREFIX}{setting.upper()}"


def _is_list_of_text(schema: Mapping[str, Any]) -> bool:
    """Whether the SDK also reads the setting as texts separated by commas."""
    return "string" in schema.get("items", {}).get("type", ())


def _is_readable(read: Callable[[str], Any], value: str) -> bool:
    with suppress(ValueError):
        read(value)
        return True
    return False
