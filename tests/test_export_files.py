"""Files of export jobs: downloaded whatever their size, and read however they are packed."""

from __future__ import annotations

import gzip
import io
import tarfile
import tempfile
import zipfile
from itertools import count
from types import SimpleNamespace
from typing import TYPE_CHECKING, Literal

import pytest

from tap_intercom.api.client import IntercomClient
from tap_intercom.api.request import Request
from tap_intercom.errors import (
    ExportFailedError,
    InvalidRequestError,
    NotFoundError,
    ResponseTooLargeError,
)
from tap_intercom.tap import TapIntercom
from tests.expected_rows import missing_rows, timestamp
from tests.exports import CONTENT_FILE, ENGAGEMENT, HEADER, ROW, SMALL, respond
from tests.sandbox.faults import Fault

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import IO, Any

    from tests.guarantees.harness import SyncHarness, SyncResult
    from tests.sandbox.options import SandboxOptions

LARGE = Request("/download/large")
UNKNOWN = "/download/content/data/nothing"


@pytest.fixture
def options() -> SandboxOptions:
    return SMALL


@pytest.fixture
def file() -> Iterator[IO[bytes]]:
    with tempfile.TemporaryFile() as opened:
        yield opened


def load_file(harness: SyncHarness, content: bytes) -> SyncResult:
    """Load message_engagement from a job with this file, whatever comes of it."""
    respond(harness, CONTENT_FILE, content)
    return harness.try_sync(select=[ENGAGEMENT], start_date="2025-06-01")


def client_of(harness: SyncHarness, **settings: Any) -> IntercomClient:
    return IntercomClient(TapIntercom(config={**harness.config, **settings}).run.settings)


def zipped(**files: bytes) -> bytes:
    """Return an archive of some CSV files in a folder, by their names."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.mkdir("data")
        for name, content in files.items():
            archive.writestr(f"data/{name}.csv", content)
    return file.getvalue()


OPENS = b"receipt_id,first_open\n1,1749999500\n"
SECOND_ROW = ROW.replace(b"1,", b"2,", 1)
ARCHIVES = {
    "receipts": zipped(open_1=OPENS, receipts_1=HEADER + ROW, receipts_2=HEADER + SECOND_ROW),
    "receipt": zipped(open_1=OPENS, receipt_1=HEADER + ROW, receipt_2=HEADER + SECOND_ROW),
    "other": zipped(a=HEADER + ROW, b=OPENS, c=HEADER + SECOND_ROW, receipts_1=OPENS),
}
"""Archives with the same receipts in files of different names."""


def tarred() -> bytes:
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w:gz") as archive:
        for name in ("receipts_1.csv", "receipts_2.csv"):
            content = HEADER + ROW.replace(b"1,", name[9:10].encode() + b",", 1)
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return file.getvalue()


@pytest.mark.parametrize(
    ("content", "receipt_ids"),
    [
        (HEADER + ROW, ["1"]),
        (b"\xef\xbb\xbf" + HEADER + ROW, ["1"]),
        (gzip.compress(HEADER + ROW), ["1"]),
        *((archive, ["1", "2"]) for archive in ARCHIVES.values()),
        (tarred(), ["1", "2"]),
    ],
    ids=["plain", "byte order mark", "gzip", *ARCHIVES, "tgz"],
)
def test_packed_file_is_read(harness: SyncHarness, content: bytes, receipt_ids: list[str]) -> None:
    run = load_file(harness, content)

    expected = {
        "received_at": timestamp(1_749_999_000),
        "user_id": "-1",
        "content_title": "Hello",
    }
    assert run.records(ENGAGEMENT) == [{"receipt_id": one, **expected} for one in receipt_ids]


@pytest.mark.parametrize(
    "content",
    [
        gzip.compress((HEADER + ROW) * 50)[:-20],
        b"\x1f\x8b no gzip",
        ARCHIVES["receipt"][:-40],
        zipped(open_1=OPENS, receipts_1=OPENS),
        zipped(),
        b"",
        HEADER + b"1,1749999000\n",
        b"<html><body>Sign in</body></html>",
        b"receipt_id,name\n1,x\n",
    ],
    ids=[
        *("cut gzip", "no gzip", "cut zip", "no receipts", "empty zip", "empty"),
        *("short row", "HTML", "no time"),
    ],
)
def test_unreadable_file_writes_no_row(harness: SyncHarness, content: bytes) -> None:
    run = load_file(harness, content)

    assert isinstance(run.failures[ENGAGEMENT], ExportFailedError)
    assert run.records(ENGAGEMENT) == []


def test_long_cell_is_kept(harness: SyncHarness) -> None:
    long = b"x" * 200_000

    run = load_file(harness, HEADER + b'1,1749999000,a,"' + long + b'"\n')

    (row,) = run.records(ENGAGEMENT)
    assert row["content_title"] == long.decode()


def test_nul_in_cell_is_replaced(harness: SyncHarness) -> None:
    run = load_file(harness, HEADER + b"1,1749999000,a\0b,x\n")

    (row,) = run.records(ENGAGEMENT)
    assert row["user_id"] == "a\ufffdb"


def test_file_per_event_is_no_obstacle(harness: SyncHarness) -> None:
    harness.sandbox.set_options(export_archive=True)

    run = harness.sync(select=[ENGAGEMENT])

    assert missing_rows(run, harness.sandbox, ENGAGEMENT) == {}


@pytest.mark.parametrize("kind", ["cut_body", "reset", "status"])
def test_broken_download_is_retried(
    harness: SyncHarness, kind: Literal["cut_body", "reset", "status"]
) -> None:
    harness.sandbox.faults.add(Fault(kind=kind, path=CONTENT_FILE, times=2))

    run = harness.sync(select=[ENGAGEMENT])

    assert missing_rows(run, harness.sandbox, ENGAGEMENT) == {}
    assert len(run.records(ENGAGEMENT)) == len(harness.sandbox.records(ENGAGEMENT))


def test_page_size_is_limited(harness: SyncHarness, monkeypatch: pytest.MonkeyPatch) -> None:
    respond(harness, LARGE.path, b"a" * 500_000)
    monkeypatch.setattr("tap_intercom.api.transport.MAX_BODY_BYTES", 499_999)

    with pytest.raises(ResponseTooLargeError, match="499999 bytes"):
        client_of(harness).fetch(LARGE)


def test_download_may_exceed_page_size(
    harness: SyncHarness, monkeypatch: pytest.MonkeyPatch, file: IO[bytes]
) -> None:
    respond(harness, LARGE.path, b"a" * 500_000)
    monkeypatch.setattr("tap_intercom.api.transport.MAX_BODY_BYTES", 499_999)

    client_of(harness).download(LARGE, file)

    assert file.tell() == 500_000


def test_download_replaces_earlier_attempt(harness: SyncHarness, file: IO[bytes]) -> None:
    respond(harness, LARGE.path, b"a" * 500)
    file.write(b"what an earlier attempt left" * 500)

    client_of(harness).download(LARGE, file)

    file.seek(0)
    assert file.read() == b"a" * 500


def test_download_size_is_limited(
    harness: SyncHarness, monkeypatch: pytest.MonkeyPatch, file: IO[bytes]
) -> None:
    respond(harness, LARGE.path, b"a" * 500_000)
    monkeypatch.setattr("tap_intercom.api.transport.MAX_FILE_BYTES", 300_000)

    with pytest.raises(ResponseTooLargeError, match="300000 bytes"):
        client_of(harness).download(LARGE, file)


def test_slow_download_may_exceed_timeout(
    harness: SyncHarness, monkeypatch: pytest.MonkeyPatch, file: IO[bytes]
) -> None:
    """Each look at the clock is a second later than the last."""
    respond(harness, LARGE.path, b"a" * 600_000)
    client = client_of(harness, request_timeout=30)
    monkeypatch.setattr("tap_intercom.api.transport.CHUNK_BYTES", 4096)
    clock = SimpleNamespace(monotonic=count().__next__)
    monkeypatch.setattr("tap_intercom.api.transport.time", clock)

    client.download(LARGE, file)

    assert file.tell() == 600_000
    assert clock.monotonic() > 100
    assert client.retries == 0


def test_unknown_file_is_not_found(harness: SyncHarness, file: IO[bytes]) -> None:
    request = Request(UNKNOWN, accept="application/octet-stream")

    with pytest.raises(NotFoundError):
        client_of(harness).download(request, file)


def test_download_without_media_type_is_refused(harness: SyncHarness, file: IO[bytes]) -> None:
    with pytest.raises(InvalidRequestError):
        client_of(harness).download(Request(UNKNOWN), file)
