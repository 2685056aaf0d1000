"""Wrong settings are refused with a sentence that says what to write instead."""

from __future__ import annotations

from typing import Any

import pytest
from singer_sdk.exceptions import ConfigValidationError

from tap_intercom import settings
from tap_intercom.api_version import ApiVersion
from tap_intercom.tap import TapIntercom

TOKEN = "dG9rOnRoaXMtaXMtYS10b2tlbg=="

DEFAULTS = {
    "api_version": "2.17",
    "lookback_seconds": 3600,
    "concurrency": 32,
    "rate_limit_share": 0.9,
    "page_size": 150,
    "request_timeout": 60,
    "max_retry_seconds": 600,
    "plaintext_bodies": False,
}


def configured(**settings: Any) -> TapIntercom:
    return TapIntercom(config={"access_token": TOKEN, **settings}, setup_mapper=False)


def config_errors(**settings: Any) -> list[str]:
    """Return what the tap says of wrong settings; it has to refuse them."""
    with pytest.raises(ConfigValidationError) as refusal:
        configured(**settings)
    return list(refusal.value.errors)


@pytest.mark.parametrize(
    ("settings", "fragment"),
    [
        ({"region": "mars"}, "region: 'mars' is not one of ['us', 'eu', 'au']"),
        ({"rate_limit_share": 1.1}, "rate_limit_share: 1.1 is greater than the maximum of 1"),
        ({"rate_limit_share": 0}, "rate_limit_share: 0 is less than or equal to the minimum of 0"),
        ({"concurrency": 65}, "concurrency: 65 is greater than the maximum of 64"),
        ({"concurrency": 0}, "concurrency: 0 is less than the minimum of 1"),
        ({"page_size": 151}, "page_size: 151 is greater than the maximum of 150"),
        ({"request_timeout": 0}, "request_timeout: 0 is less than the minimum of 1"),
        ({"max_retry_seconds": 0}, "max_retry_seconds: 0 is less than the minimum of 1"),
        ({"lookback_seconds": -1}, "lookback_seconds: -1 is less than the minimum of 0"),
        ({"pagesize": 5}, "there is no setting pagesize (did you mean page_size?)"),
        ({"api_version": 2.1}, "api_version: has to be of type string"),
        ({"api_version": "newest"}, "write 2.17, another one from 2.7 to 2.18, or Preview"),
        ({"api_version": "preview"}, "or Preview"),
        ({"api_version": "2.6"}, "another one from 2.7 to 2.18"),
        ({"api_version": "2.19"}, "another one from 2.7 to 2.18"),
        ({"api_version": "2.07"}, "another one from 2.7 to 2.18"),
        ({"api_version": "3.0"}, "another one from 2.7 to 2.18"),
        ({"api_version": ""}, "another one from 2.7 to 2.18"),
        ({"start_date": "last week"}, "write 2024-01-31"),
        ({"api_url": "http://api.intercom.io"}, "has to start with https://"),
        ({"api_url": "http://10.0.0.1"}, "has to start with https://"),
        ({"api_url": "http://localhost.example.com"}, "has to start with https://"),
        ({"api_url": "http://127.0.0.1.example.com"}, "has to start with https://"),
        ({"api_url": "ftp://127.0.0.1"}, "has to start with https://"),
        ({"api_url": "https://api.intercom.io/contacts"}, "a scheme and a host"),
        ({"api_url": "https://user:word@api.intercom.io"}, "a scheme and a host"),
        ({"api_url": "api.intercom.io"}, "a scheme and a host"),
        ({"api_url": "https://.intercom.io"}, "a scheme and a host"),
        ({"api_url": "https://*"}, "a scheme and a host"),
        ({"api_url": "https://a b"}, "a scheme and a host"),
        ({"user_agent": "two\nlines"}, "one line"),
        ({"personal_data": "hash"}, "needs personal_data_key"),
        (
            {"workspace_column": True, "emit_activate_version_messages": True},
            "mark the rows of the other workspaces as deleted too",
        ),
        ({"personal_data": "hide"}, "keep"),
        ({"personal_data_key": "k" * 32}, "that is keep"),
        ({"personal_data_key": "k" * 32, "personal_data": "drop"}, "that is drop"),
        ({"message_content": "hash"}, "keep"),
    ],
)
def test_wrong_setting_is_refused(settings: dict[str, Any], fragment: str) -> None:
    (error,) = config_errors(**settings)

    assert fragment in error
    assert next(iter(settings)) in error


def test_all_wrong_settings_are_reported() -> None:
    errors = config_errors(page_size=0, concurrency=0)

    assert len(errors) == 2


@pytest.mark.parametrize("token", ["", "   ", "two words", "töken", ["top-secret"], 5_550_199])
def test_refused_token_is_not_quoted(token: Any) -> None:
    (error,) = config_errors(access_token=token)

    assert error.startswith("access_token ")
    assert not any(secret in error for secret in ("words", "töken", "top-secret", "5550199"))


def test_missing_token_is_named() -> None:
    with pytest.raises(ConfigValidationError) as refusal:
        TapIntercom(config={})

    assert refusal.value.errors == ["'access_token' is a required property"]


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
def test_region_and_api_url_choose_host(settings: dict[str, Any], url: str) -> None:
    assert configured(**settings).run.settings.api_url == url


@pytest.mark.parametrize(
    "date",
    ["2024-01-31", "2024-01-31T00:00:00", "2024-01-31T00:00:00Z", "2024-01-31T01:00+01:00"],
)
@pytest.mark.usefixtures("machine_in_kiribati")
def test_start_date_is_in_utc(date: str) -> None:
    assert configured(start_date=date).run.settings.start_date == 1_706_659_200


@pytest.mark.parametrize(("date", "warnings"), [("2024-01-31", 0), ("2100-01-01", 1)])
def test_future_start_date_logs_a_warning(date: str, warnings: int) -> None:
    assert len(settings.warnings({"start_date": date})) == warnings


def test_preview_is_the_latest_version() -> None:
    assert ApiVersion.parse("Preview") > ApiVersion.parse("2.17") > ApiVersion.parse("2.7")


def test_newline_behind_pasted_token_is_removed() -> None:
    assert configured(access_token=f"{TOKEN}\n").run.settings.access_token == TOKEN


@pytest.mark.parametrize("settings", [{}, dict.fromkeys(DEFAULTS)], ids=["absent", "null"])
def test_absent_settings_have_their_defaults(settings: dict[str, None]) -> None:
    values = configured(**settings).run.settings

    assert {name: getattr(values, name) for name in DEFAULTS} == DEFAULTS


def test_optional_settings_may_be_null() -> None:
    values = configured(start_date=None, api_url=None, user_agent=None).run.settings

    assert values.start_date is None
    assert values.user_agent.startswith("tap-intercom/")


def test_whole_number_may_be_written_as_fraction() -> None:
    assert configured(page_size=20.0).run.settings.page_size == 20
