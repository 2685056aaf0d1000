"""The file of an export: CSV, plain or in a gzip, tar or zip file.

Content data exports are documented as gzipped CSV and were seen as archives of a file of receipts
and one for each kind of event, under several names; reporting data exports are documented as .tgz,
and were seen as gzipped and as plain CSV. So the first bytes of a file decide how it is read, and
the columns of each file in it, not its name, what it holds.
"""

from __future__ import annotations

import csv
import gzip
import io
import tarfile
import zipfile
import zlib
from typing import TYPE_CHECKING

from tap_intercom.errors import ExportFailedError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import IO

ZIP_MAGIC = b"PK\x03\x04"
GZIP_MAGIC = b"\x1f\x8b"
MAX_CELL_LENGTH = 2**31 - 1
"""Characters; the csv module refuses cells above 131,072 by default."""

UNREADABLE = (
    *(OSError, EOFError, ValueError, zlib.error),
    *(zipfile.BadZipFile, tarfile.TarError, csv.Error),
)
"""What the decoders raise for a file that is cut off or is something else."""

Table = tuple[list[str], "Iterator[list[str | None]]"]
"""Column names and rows; an empty cell is None."""


def tables(file: IO[bytes]) -> Iterator[Table]:
    """Yield the tables of an export's file, one per file in an archive; read each before the next.

    Raises:
        ExportFailedError: The file can't be read.
    """
    try:
        for part in _parts(file):
            with io.TextIOWrapper(part, "utf-8-sig", "replace", newline="") as text:
                csv.field_size_limit(MAX_CELL_LENGTH)
                reader = csv.reader(text)
                if header := next(reader, None):
                    yield [name.strip() for name in header], _rows(reader, len(header))
    except UNREADABLE as error:
        message = f"Export file: not readable ({type(error).__name__})"
        raise ExportFailedError(message) from None


def _rows(reader: Iterator[list[str]], width: int) -> Iterator[list[str | None]]:
    try:
        for row in reader:
            if len(row) == width:
                # NUL becomes U+FFFD, as in all other responses: databases refuse it
                yield [cell.replace("\0", "\ufffd") or None for cell in row]
            elif row:
                message = f"Export file: row of {len(row)} cells in a table of {width} columns"
                raise ExportFailedError(message)
    except UNREADABLE as error:
        message = f"Export file: not readable to its end ({type(error).__name__})"
        raise ExportFailedError(message) from None


def _parts(file: IO[bytes]) -> Iterator[IO[bytes]]:
    """Yield a file, or the files in an archive; no path is created from their names."""
    file.seek(0)
    magic = file.read(len(ZIP_MAGIC))
    file.seek(0)
    if magic == ZIP_MAGIC:
        with zipfile.ZipFile(file) as archive:
            for member in archive.infolist():
                if not member.is_dir():
                    yield archive.open(member)
    elif not magic.startswith(GZIP_MAGIC):
        yield file
    elif tarfile.is_tarfile(file):
        file.seek(0)
        with tarfile.open(fileobj=file) as archive:
            for name in archive.getnames():
                if part := archive.extractfile(name):
                    yield part
    else:
        file.seek(0)
        yield io.BufferedReader(gzip.GzipFile(fileobj=file, mode="rb"))
