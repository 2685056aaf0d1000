"""How long to wait before a request is sent again."""

from __future__ import annotations

import time
from email.utils import formatdate
from itertools import islice

import pytest

from tap_intercom.api.retry import MAX_WAIT_SECONDS, retry_after, waits

NOW = 1_750_000_000


def test_waits_double_up_to_a_minute() -> None:
    longest = [1, 2, 4, 8, 16, 32, MAX_WAIT_SECONDS, MAX_WAIT_SECONDS]

    found = list(islice(waits(), len(longest)))

    assert all(top / 2 <= wait <= top for wait, top in zip(found, longest, strict=True))


def test_waits_of_two_requests_differ() -> None:
    assert list(islice(waits(), 8)) != list(islice(waits(), 8))


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("0", 0),
        ("7", 7),
        (" 7 ", 7),
        ("1.5", 1.5),
        ("-7", 0),
        (formatdate(NOW + 7, usegmt=True), 7),
    ],
)
def test_retry_after_is_seconds_or_a_date(text: str, seconds: float) -> None:
    headers = {"Date": formatdate(NOW, usegmt=True), "Retry-After": text}

    assert retry_after(headers) == seconds


def test_date_that_has_passed_is_no_wait() -> None:
    headers = {"Date": formatdate(NOW), "Retry-After": formatdate(NOW - 7)}

    assert retry_after(headers) == 0


def test_date_is_read_on_this_clock_without_another(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(time, "time", lambda: float(NOW))

    assert retry_after({"Retry-After": formatdate(NOW + 7)}) == 7


@pytest.mark.parametrize("text", ["", "soon", "nan", "inf", "Mon, 99 Jan 2024 00:00:00 GMT"])
def test_senseless_retry_after_is_ignored(text: str) -> None:
    assert retry_after({"Retry-After": text}) is None
