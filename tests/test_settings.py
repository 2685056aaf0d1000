"""Wrong settings are refused with a sentence that says what to write instead."""

from __future__ import annotations

from typing import Any

import pytest
from singer_sdk.exceptions import ConfigValidationError

from tap_intercom.tap import TapIntercom

TOKEN = "dG9rOnRoaXMtaXMtYS10b2tlbg=="


def refused(**settings: Any) -> str:
    with pytest.raises(ConfigValidationError) as refusal:
        TapIntercom(config={"access_token": TOKEN, **settings}, setup_mapper=False)
    return " ".join(refusal.value.errors)


def taken(**settings: Any) -> TapIntercom:
    return TapIntercom(config={"access_token": TOKEN, **settings}, setup_mapper=False)


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"region": "mars"}, "'mars' is not one of ['us', 'eu', 'au']"),
        ({"rate_limit_share": 1.1}, "1.1 is greater than the maximum of 1"),
        ({"rate_limit_share": 0}, "0 is less than or equal to the minimum of 0"),
        ({"concurrency": 65}, "65 is greater than the maximum of 64"),
        ({"concurrency": 0}, "0 is less than the minimum of 1"),
        ({"page_size": 151}, "151 is greater than the maximum of 150"),
        ({"request_timeout": 0}, "0 is less than the minimum of 1"),
        ({"lookback_seconds": -1}, "-1 is less than the minimum of 0"),
        ({"acess_token": "x"}, "'acess_token' was unexpected"),
        ({"api_version": 2.1}, "2.1 is not of type 'string'"),
        ({"api_version": "newest"}, "write one such as 2.16"),
        ({"start_date": "last week"}, "write 2024-01-31"),
        ({"api_url": "http://api.intercom.io"}, "has to start with https://"),
        ({"api_url": "http://10.0.0.1"}, "has to start with https://"),
        ({"api_url": "ftp://127.0.0.1"}, "has to start with https://"),
        ({"api_url": "https://api.intercom.io/contacts"}, "a scheme and a host"),
        ({"api_url": "https://user:word@api.intercom.io"}, "a scheme and a host"),
        ({"api_url": "api.intercom.io"}, "a scheme and a host"),
        ({"user_agent": "two\nlines"}, "one line"),
    ],
)
def test_a_wrong_setting_is_refused(settings: dict[str, Any], sentence: str) -> None:
    assert sentence in refused(**settings)


@pytest.mark.parametrize("token", ["", "   ", "two words", "töken"])
def test_a_token_that_cannot_be_one_is_refused_without_showing_it(token: str) -> None:
    message = refused(access_token=token)
    assert "access_token" in message
    assert "words" not in message
    assert "töken" not in message


def test_a_missing_token_is_named() -> None:
    with pytest.raises(ConfigValidationError) as refusal:
        TapIntercom(config={})
    assert "'access_token' is a required property" in " ".join(refusal.value.errors)


def test_a_token_of_the_wrong_type_is_not_shown() -> None:
    with pytest.raises(ConfigValidationError) as refusal:
        TapIntercom(config={"access_token": ["top-secret"]})
    assert "top-secret" not in " ".join(refusal.value.errors)


@pytest.mark.parametrize(
    ("settings", "url"),
    [
        ({}, "https://api.intercom.io"),
        ({"region": "eu"}, "https://api.eu.intercom.io"),
        ({"region": "au"}, "https://api.au.intercom.io"),
        ({"api_url": "https://proxy.example.com/"}, "https://proxy.example.com"),
        ({"api_url": "http://127.0.0.1:8080"}, "http://127.0.0.1:8080"),
        ({"api_url": "http://localhost:8080"}, "http://localhost:8080"),
        ({"api_url": "http://[::1]:8080"}, "http://[::1]:8080"),
    ],
)
def test_region_and_api_url_choose_the_host(settings: dict[str, Any], url: str) -> None:
    assert taken(**settings).run.settings.api_url == url


@pytest.mark.parametrize(
    "timestamp", ["2024-01-31", "2024-01-31T00:00:00Z", "2024-01-31T01:00+01:00"]
)
def test_a_start_date_may_be_a_date_or_a_moment(timestamp: str) -> None:
    assert taken(start_date=timestamp).run.settings.start_date == 1_706_659_200


def test_a_newline_behind_a_pasted_token_does_no_harm() -> None:
    assert taken(access_token=f"{TOKEN}\n").run.settings.access_token == TOKEN


def test_the_defaults_are_those_of_the_readme() -> None:
    settings = taken().run.settings
    assert (settings.api_version, settings.lookback_seconds, settings.concurrency) == (
        "2.16",
        3600,
        32,
    )
    assert (settings.rate_limit_share, settings.page_size, settings.request_timeout) == (
        0.9,
        150,
        60,
    )
    assert settings.user_agent.startswith("tap-intercom/")
    assert settings.start_date is None
    assert not settings.plaintext_bodies
