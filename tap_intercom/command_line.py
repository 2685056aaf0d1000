"""What the command line says of files it can't use, and of errors that it can explain."""

from __future__ import annotations

import io
import json
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from singer_sdk.exceptions import AbortedSyncExceptionBase
from singer_sdk.metrics import MetricExclusionFilter, Status, Tag, get_metrics_logger
from singer_sdk.singerlib import Catalog

from tap_intercom.errors import IntercomError, TemporaryError

if TYPE_CHECKING:
    import logging
    from collections.abc import Iterator
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
    "intercom_version_invalid": ("Set api_version to one of Intercom's versions, or leave it out"),
}
"""What to do, by Intercom's error code."""


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


def explained(error: IntercomError) -> str:
    """Return what an error says, and what its user can do about it."""
    if isinstance(error, TemporaryError) and not error.status:
        return f"{error}. Check the settings region and api_url, and the network"
    if advice := ADVICE_BY_CODE.get(error.code):
        return f"{error}. {advice}"
    return str(error)


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
    """Read an open text file as bytes, so that what is no UTF-8 is told as such."""
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
